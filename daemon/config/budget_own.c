// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See budget_own.h.
#include "config/budget_own.h"

#include <math.h>

enum {
	// A time-out is told by the next tick of the loop, after a last look.
	EXPIRY_MS = 2,
	// drivers/modbus_schedule.h: the least that a healthy unit is given.
	IMPATIENT_MIN_MS = 60,
	HELD_MS = 10, // beyond what the gateway waits
	IMPATIENT_FACTOR = 4,
};

// Of the data in its reply; 0 = a write.
static uint32_t
bytes_of(const struct request *r)
{
	return area_is_bits(r->area) ? (r->count + 7) / 8 : r->count * 2;
}

static unsigned
find_shape(const struct budget_own *o, const struct request *r)
{
	unsigned i = 0;

	while (i < o->n_shapes &&
	       (o->shapes[i].area != r->area || o->shapes[i].bytes != bytes_of(r)))
		i++;
	return i;
}

static void
add_shape(struct budget_own *o, const struct request *r)
{
	unsigned i = find_shape(o, r);
	struct budget_shape *s = &o->shapes[i];

	if (i == BUDGET_SHAPES || r->count == 0 ||
	    (i < o->n_shapes && s->address == r->address))
		return; // a write, or the same once more
	if (i == o->n_shapes) {
		*s = (struct budget_shape){ .area = r->area, .bytes = bytes_of(r) };
		o->n_shapes++;
	}
	s->address = r->address;
	s->n++;
	s->of_plan = s->of_plan || !r->first_of_all;
	if (s->of_plan && s->n > o->alike)
		o->alike = s->n;
}

static void
add_period(struct budget_own *o, const struct request *r)
{
	uint8_t i = 0;

	while (i < o->n_periods && o->periods[i].ms != r->period_ms)
		i++;
	if (i == BUDGET_PERIODS)
		return;
	if (i == o->n_periods)
		o->n_periods++;
	o->periods[i].ms = r->period_ms;
	o->periods[i].busy_ms += r->ms;
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
	add_period(o, r);
}

struct budget_own
budget_own(const struct site *s, const struct device *d)
{
	struct budget_own o = { 0 };

	requests_each(s, d, add_own, &o);
	o.owes = s->buses[d->bus].kind != BUS_MODBUS_TCP && o.alike > 1;
	return o;
}

bool
budget_own_of_one_shape(const struct budget_own *o, const struct request *r)
{
	unsigned i = find_shape(o, r);

	return i < o->n_shapes && o->shapes[i].n == 1;
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
