// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Refuses a site whose lines have no time left for what does not answer, whose points
// may be seen later than the limit of their class, or whose gateway outlasts the
// daemon. Fills what the driver and the API need to know of the budgets. Runs in the
// thread of the load.
#include <math.h>

#include "config/budget.h"
#include "config/sections.h"
#include "config/units.h"

// " (8 s its own delay)", or "".
static const char *
own_delay(const struct point *p, char out[static 64])
{
	char text[32];

	out[0] = '\0';
	if (budget_own_delay(p) > 0)
		(void)snprintf(out, 64, " (%s its own delay)",
		    units_show_ms(budget_own_delay(p), text));
	return out;
}

struct check {
	struct load *l;
	uint16_t device;
	bool told;
};

// Of the points of a device that are over their limit the first: the others are alike.
static void
check_point(void *ctx, const struct point *p, const struct point_budget *b)
{
	struct check *c = ctx;
	char worst[32], limit[32], own[64];

	if (c->told || b->worst_ms <= b->limit_ms)
		return;
	c->told = true;
	problem(c->l, c->l->device_pos[c->device],
	    "point %s: up to %s from contact to event%s, the limit is %s; %s, "
	    "or write accept_budget: {limit: .., reason: ..}",
	    p->id, units_show_ms(b->worst_ms, worst), own_delay(p, own),
	    units_show_ms(b->limit_ms, limit),
	    budget_own_delay(p) > 0 ? "poll faster, delay less" : "poll faster");
}

// A gateway that waits longer for a unit than the daemon does answers the next one
// late: one dead unit would make its neighbours look dead.
static void
check_gateway(struct load *l, uint16_t index)
{
	const struct device *d = &l->site->devices[index];
	const struct bus *b = &l->site->buses[d->bus];
	char timeout[32], gateway[32];

	if (b->gateway_ms > d->timeout_ms)
		problem(l, l->device_pos[index],
		    "device %s: timeout is %s, and the gateway of bus %s waits %s for "
		    "a "
		    "unit (gateway_timeout): it must not be the shorter one",
		    d->id, units_show_ms(d->timeout_ms, timeout), b->id,
		    units_show_ms(b->gateway_ms, gateway));
}

static void
check_device(struct load *l, uint16_t index, const struct bus_budget *bus)
{
	struct device *d = &l->site->devices[index];
	struct device_budget b = budget_of_device(l->site, d, bus);
	struct check c = { .l = l, .device = index };

	d->budget_ms = budget_of_reading(d, &b);
	d->budget_lost = b.lost_replies;
	d->budget_silent = b.silent;
	budget_of_points(l->site, d, bus, check_point, &c);
}

static void
check_lines(struct load *l)
{
	for (uint16_t i = 0; i < l->site->n_gpios; i++) {
		const struct gpio *g = &l->site->gpios[i];
		for (uint32_t k = 0; k < g->n_points; k++) {
			const struct point *p = &l->site->points[g->points[k]];
			struct point_budget b = budget_of_point(l->site, p, NULL);
			char worst[32], limit[32];
			if (b.worst_ms > b.limit_ms)
				problem(l, l->point_pos[g->points[k]],
				    "point %s: up to %s from contact to event, the "
				    "limit is %s",
				    p->id, units_show_ms(b.worst_ms, worst),
				    units_show_ms(b.limit_ms, limit));
		}
	}
}

void
budget_check(struct load *l)
{
	struct site *s = l->site;

	for (uint16_t i = 0; i < s->n_buses; i++) {
		struct bus_budget bus = budget_of_bus(s, i);
		if (s->buses[i].gateway_ms > 0 && s->buses[i].window > 1)
			problem(l, l->bus_pos[i],
			    "bus %s: gateway_timeout is for a gateway that asks one "
			    "unit "
			    "at a time; with a window of %u it asks others meanwhile",
			    s->buses[i].id, s->buses[i].window);
		if (bus.load * 100 > BUDGET_LOAD_PERCENT)
			problem(l, l->bus_pos[i],
			    "bus %s: planned load %.0f %%, at most %d %%: poll slower, "
			    "raise the "
			    "speed, or use a second line",
			    s->buses[i].id, ceil(bus.load * 100), BUDGET_LOAD_PERCENT);
		for (uint16_t k = 0; k < s->n_devices; k++)
			if (s->devices[k].bus == i) {
				check_device(l, k, &bus);
				check_gateway(l, k);
			}
	}
	check_lines(l);
	budget_check_hosts(l);
}
