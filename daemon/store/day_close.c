// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Of the day close (revision.h) what asks no database. Any thread.
#include <stdlib.h>

#include "store/revision.h"

void
revision_free(struct revision *r)
{
	free(r->document);
	r->document = NULL;
}

const char *
day_close_state(const struct day_close *c)
{
	if (!c->day.closed)
		return "running";
	if (c->newest.revision != 0)
		return c->changes > 0 ? "changed" : "signed";
	return c->gone ? "gone" : "open";
}
