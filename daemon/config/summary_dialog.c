// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What --check says of a device's dialogs: every write there can be, who else must keep
// away from its queue, what is off and why, what is not watched. Pure but for the
// stream it writes to. English, as the rest of the summary.
#include <stdio.h>

#include "config/device_dialog.h"
#include "config/units.h"
#include "core/profile_dialog.h"

static bool
write_is_on(const struct device *d, const struct profile_dialogs *g, uint16_t w)
{
	for (uint8_t i = 0; i < g->n_selectors; i++)
		if (g->selectors[i].write == w && (d->dialogs.selectors & 1u << i) != 0)
			return true;
	return (g->queue != NULL && g->queue->acknowledge == w && d->dialogs.queue) ||
	       (g->beat != NULL && g->beat->write == w && d->dialogs.allow_writes);
}

static void
print_writes(const struct device *d, const struct profile_dialogs *g, FILE *out)
{
	for (uint16_t i = 0; i < g->n_writes; i++) {
		const struct profile_write *w = &g->writes[i];
		if (write_is_on(d, g, i))
			(void)fprintf(out,
			    "  %-20s writes %s (%s): function %d to %u (printed %s), "
			    "values %u to %u\n",
			    "", w->name, write_purpose_name(w->purpose),
			    (int)w->function, w->address, w->printed, w->min, w->max);
	}
}

static void
print_queue(const struct device *d, const struct profile_dialogs *g, FILE *out)
{
	if (g->queue == NULL)
		return;
	if (!d->dialogs.queue)
		(void)fprintf(out,
		    "  %-20s event queue: off; its records are left to others\n", "");
	else
		(void)fprintf(out,
		    "  %-20s event queue: this must be its only client; another one "
		    "takes records from this one%s\n",
		    "",
		    g->queue->acknowledge < 0
			? ", and a crash while one is being stored loses it"
			: "");
}

static void
print_selectors(const struct device *d, const struct profile_dialogs *g, FILE *out)
{
	for (uint8_t i = 0; i < g->n_selectors; i++)
		(void)fprintf(out, "  %-20s selector %s: %s; off by default, for %s\n",
		    "", g->selectors[i].name,
		    (d->dialogs.selectors & 1u << i) != 0 ? "ENABLED" : "off",
		    g->selectors[i].why_off_en);
}

static void
print_alive(const struct device *d, const struct profile_dialogs *g, FILE *out)
{
	for (uint8_t i = 0; i < g->n_alive; i++) {
		const struct profile_alive *a = &g->alive[i];
		if (a->off && (d->dialogs.alive & 1u << i) == 0)
			(void)fprintf(out,
			    "  %-20s %s: off (dialogs: {alive: [%s]}); off by default, "
			    "for %s\n",
			    "", a->name, a->name, a->why_off_en);
		else if (a->of_gateway && !d->dialogs.gateway)
			(void)fprintf(out,
			    "  %-20s %s is not watched: the gateway's unit is missing "
			    "(dialogs: {gateway: {unit: .., node: ..}})\n",
			    "", a->name);
		else
			(void)fprintf(out, "  %-20s %s is watched\n", "", a->name);
	}
}

void
device_dialogs_print(const struct device *d, FILE *out)
{
	const struct profile_dialogs *g = d->profile->dialogs;
	char full[32];

	if (g == NULL)
		return;
	print_alive(d, g, out);
	if (g->n_summaries > 0)
		(void)fprintf(out,
		    "  %-20s points behind a summary are read when it differs, and "
		    "each %s\n",
		    "", units_show_ms(d->dialogs.full_scan_ms, full));
	print_queue(d, g, out);
	print_selectors(d, g, out);
	if (g->beat != NULL && !d->dialogs.allow_writes)
		(void)fprintf(out,
		    "  %-20s heartbeat: off (dialogs: {allow_writes: true})\n", "");
	print_writes(d, g, out);
}
