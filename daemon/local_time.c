// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See local_time.h. Reads one file when it is made; immutable after that.
#include "local_time.h"

#include <stdlib.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "store/zone.h"

struct local_time {
	struct zone *zone; // NULL = UTC
};

struct local_time *
local_time_new(const char *name)
{
	struct local_time *t = xcalloc(1, sizeof(*t));
	struct err e = { 0 };
	t->zone = zone_load(name, &e);
	if (t->zone == NULL)
		log_warnx("clock", "%s; hours go by UTC", e.text);
	return t;
}

void
local_time_free(struct local_time *t)
{
	if (t == NULL)
		return;
	zone_free(t->zone);
	free(t);
}

int64_t
local_time_s(const struct local_time *t, int64_t utc_ms)
{
	int64_t utc_s = utc_ms / 1000 - (utc_ms % 1000 < 0);
	return utc_s + (t->zone != NULL ? zone_offset_s(t->zone, utc_s) : 0);
}
