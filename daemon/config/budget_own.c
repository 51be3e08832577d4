// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See budget_own.h.
#include "config/budget_own.h"

#include <math.h>

#include "config/requests.h"

enum {
	// A time-out is told by the next tick of the loop, after a last look.
	EXPIRY_MS = 2,
	// drivers/modbus_schedule.h: the least that a healthy unit is given.
	IMPATIENT_MIN_MS = 60,
	HELD_MS = 10, // beyond what the gateway waits
	IMPATIENT_FACTOR = 4,
};

static void
add_shape(struct budget_own *o, const struct request *r)
{
	unsigned i = 0;

	while (i < o->n_shapes &&
	       (o->shapes[i].area != r->area || o->shapes[i].count != r->count))
		i++;
	if (i == BUDGET_SHAPES || r->count == 0 ||
	    (i < o->n_shapes && o->shapes[i].address == r->address))
		return; // a write, or the same once more
	if (i == o->n_shapes)
		o->shapes[o->n_shapes++] =
		    (struct budget_shape){ .area = r->area, .count = r->count };
	o->shapes[i].address = r->address;
	o->shapes[i].n++;
	o->shapes[i].of_plan = o->shapes[i].of_plan || !r->first_of_all;
	if (o->shapes[i].of_plan && o->shapes[i].n > o->alike)
		o->alike = o->shapes[i].n;
}

static void
add_own(void *ctx, const struct request *r)
{
	struct budget_own *o = ctx;

	o->cycle_ms += r->ms;
	o->blocks += r->of_points;
	o->requests++;
	o->longest_ms = fmax(o->longest_ms, r->ms);
	o->longest_reply_ms = fmax(o->longest_reply_ms, r->reply_ms);
	add_shape(o, r);
}

struct budget_own
budget_own(const struct site *s, const struct device *d)
{
	struct budget_own o = { 0 };

	requests_each(s, d, add_own, &o);
	o.owes = s->buses[d->bus].kind != BUS_MODBUS_TCP && o.alike > 1;
	return o;
}

// Each of two time-outs, once for each request of the shape, and one loss may have been
// before the contact.
double
budget_owed_ms(const struct device *d, const struct budget_own *o, unsigned losses)
{
	unsigned within = losses < o->alike - 1 ? losses : o->alike - 1;
	unsigned before = losses < o->alike ? losses : o->alike;
	double a = 2.0 * within, b = 2.0 * before - 1;

	return d->timeout_ms * fmax(a, b);
}

double
budget_loss_ms(const struct site *s, const struct device *d, const struct budget_own *o)
{
	const struct bus *b = &s->buses[d->bus];
	double line_ms = b->kind == BUS_MODBUS_TCP ? 0 : o->longest_reply_ms * 1.1;

	return d->timeout_ms + ceil(line_ms) + EXPIRY_MS +
	       (b->kind == BUS_MODBUS_RTU ? 5 : 0);
}

double
budget_hasty_ms(
    const struct site *s, const struct device *d, const struct budget_own *o)
{
	double full = budget_loss_ms(s, d, o), hold = s->buses[d->bus].hold_ms;
	double usual = fmax(IMPATIENT_MIN_MS, IMPATIENT_FACTOR * o->longest_reply_ms);

	return fmin(full, fmax(usual, hold + HELD_MS) + full - d->timeout_ms);
}
