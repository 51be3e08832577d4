// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A points file tried in the place where it would be used: one load of the whole site
// with that file instead of the device's own points. Nothing is written.
#include "config/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/load.h"

static void
refuse_device(struct load *l)
{
	struct suggestion s = suggest_begin(l->asked->device);

	index_each(&l->devices, suggest_offer_each, &s);
	problem(l, (struct pos){ .file = UINT16_MAX }, "device: there is no %s%s",
	    load_show(l, l->asked->device), suggest_text(l, &s));
}

struct site *
site_try_points(
    const char *file, const char *panels, struct points_trial *t, struct problems *p)
{
	struct load l;

	load_begin(&l, panels, p);
	l.asked = t;
	struct site *site = load_run(&l, file);
	if (!t->met && (site != NULL || l.devices.n > 0)) {
		refuse_device(&l);
		site_free(site);
		site = NULL;
	}
	load_end(&l);
	return site;
}

void
points_trial_free(struct points_trial *t)
{
	free(t->columns);
	free(t->lines);
	problems_free(&t->notes);
}
