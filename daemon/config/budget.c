// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Loads and detection budgets of buses. Pure; runs in the thread of the load and for
// --check. The rules are those of drivers/modbus_schedule.c, and a test searches for
// the worst that they can do (tests/unit/test_budget.c).
#include "config/budget.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "config/requests.h"
#include "core/link.h"
#include "core/profile_dialog.h"

enum {
	// drivers/modbus_schedule.h: due times are rounded up to these.
	SLOT_MS = 20,
	// More lost replies than these in a row of polls make a unit sick, and the
	// bound is no longer its (drivers/device_link.c).
	LOST_MOST = 2,
	// A time-out is told by the next tick of the loop, after a last look.
	EXPIRY_MS = 2,
	CHARACTER_BITS = 11, // as drivers count
	// An opened link that has been unheard twice is opened anew.
	REOPEN_LOSSES = 2,
	FEW_DEVICES = 3,
	LONG_PERIODS = 4, // drivers/modbus_schedule.c
	// drivers/modbus_schedule.h: the least that a healthy unit is given.
	IMPATIENT_MIN_MS = 60,
	HELD_MS = 10, // beyond what the gateway waits
	IMPATIENT_FACTOR = 4,
	SHAPES_MOST = 32, // told apart
	// drivers/dialog_cursor.h
	SELECTOR_RETRY_MS = 250,
};

// ---- buses -----------------------------------------------------------------------

struct bus_sum {
	const struct device *d;
	struct bus_budget *out;
};

// False where there is no room for its period.
static bool
add_period(struct bus_budget *b, const struct request *r)
{
	uint8_t i = 0;

	while (i < b->n_periods && b->periods[i].ms != r->period_ms)
		i++;
	if (i == BUDGET_PERIODS)
		return false;
	if (i == b->n_periods)
		b->n_periods++;
	b->periods[i].ms = r->period_ms;
	b->periods[i].busy_ms += r->ms;
	b->periods[i].drift_ms += r->drifts ? r->ms : 0;
	b->periods[i].first_ms += r->first_of_all ? r->ms : 0;
	return true;
}

static void
add_request(void *ctx, const struct request *r)
{
	struct bus_sum *sum = ctx;
	struct bus_budget *b = sum->out;

	b->requests++;
	b->blocks += r->of_points;
	b->cycle_ms += r->ms;
	b->load += r->ms / r->period_ms;
	b->longest_ms = fmax(b->longest_ms, r->ms);
	b->drift_ms += r->drifts ? r->ms : 0;
	b->rest_ms += add_period(b, r) ? 0 : r->ms;
}

// Backed off, then in turn with the other dead units, which together get their share of
// the time, each try costing a time-out (drivers/modbus_schedule.c).
static uint32_t
ceiling(uint64_t timeouts_ms)
{
	uint64_t ms = timeouts_ms * LINK_DEAD_SHARE;

	ms = ms < LINK_BACKOFF_MAX_MS ? LINK_BACKOFF_MAX_MS : ms;
	return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

struct bus_budget
budget_of_bus(const struct site *s, uint16_t bus)
{
	struct bus_budget out = { 0 };
	struct bus_sum sum = { .out = &out };
	uint64_t timeouts = 0, longest = 0;

	for (uint16_t i = 0; i < s->n_devices; i++) {
		sum.d = &s->devices[i];
		if (sum.d->bus != bus)
			continue;
		out.devices++;
		requests_each(s, sum.d, add_request, &sum);
		longest = sum.d->timeout_ms > longest ? sum.d->timeout_ms : longest;
		timeouts += sum.d->timeout_ms;
	}
	out.window = s->buses[bus].window > 1 ? s->buses[bus].window : 1;
	out.ceiling_one_ms = ceiling(longest);
	out.ceiling_all_ms = ceiling(timeouts);
	return out;
}

// ---- devices ---------------------------------------------------------------------

struct shape {
	enum area area;
	uint32_t count, address; // the latter of the last
	unsigned n;
};

// Of the device itself.
struct own {
	double cycle_ms, longest_ms, longest_reply_ms;
	uint32_t blocks, requests;
	// Reads of one shape, and the most there are of one.
	struct shape shapes[SHAPES_MOST];
	unsigned n_shapes;
	unsigned alike;
	bool owes; // a late reply to one would pass for the reply to another
};

static void
add_shape(struct own *o, const struct request *r)
{
	unsigned i = 0;

	while (i < o->n_shapes &&
	       (o->shapes[i].area != r->area || o->shapes[i].count != r->count))
		i++;
	if (i == SHAPES_MOST || r->count == 0 ||
	    (i < o->n_shapes && o->shapes[i].address == r->address))
		return; // a write, or the same once more
	if (i == o->n_shapes)
		o->shapes[o->n_shapes++] =
		    (struct shape){ .area = r->area, .count = r->count };
	o->shapes[i].address = r->address;
	o->shapes[i].n++;
	o->alike = o->shapes[i].n > o->alike ? o->shapes[i].n : o->alike;
}

static void
add_own(void *ctx, const struct request *r)
{
	struct own *o = ctx;

	o->cycle_ms += r->ms;
	o->blocks += r->of_points;
	o->requests++;
	o->longest_ms = fmax(o->longest_ms, r->ms);
	o->longest_reply_ms = fmax(o->longest_reply_ms, r->reply_ms);
	add_shape(o, r);
}

static void
count_block(void *ctx, const struct request *r)
{
	*(uint32_t *)ctx += r->of_points;
}

uint32_t
budget_blocks(const struct site *s, const struct device *d)
{
	uint32_t blocks = 0;

	requests_each(s, d, count_block, &blocks);
	return blocks;
}

static struct own
own_of(const struct site *s, const struct device *d)
{
	struct own o = { 0 };

	requests_each(s, d, add_own, &o);
	o.owes = s->buses[d->bus].kind != BUS_MODBUS_TCP && o.alike > 1;
	return o;
}

// What waits because a late reply would pass for its own: each of two time-outs, once
// for each request of the shape, and one loss may have been before the contact.
static double
owed_ms(const struct device *d, unsigned losses, unsigned alike)
{
	unsigned within = losses < alike - 1 ? losses : alike - 1;
	unsigned before = losses < alike ? losses : alike;
	double a = 2.0 * within, b = 2.0 * before - 1;

	return d->timeout_ms * fmax(a, b);
}

// How long the bus waits for a reply that does not come.
static double
loss_ms(const struct site *s, const struct device *d, const struct own *o)
{
	const struct bus *b = &s->buses[d->bus];
	double line_ms = b->kind == BUS_MODBUS_TCP ? 0 : o->longest_reply_ms * 1.1;

	return d->timeout_ms + ceil(line_ms) + EXPIRY_MS +
	       (b->kind == BUS_MODBUS_RTU ? 5 : 0);
}

// The same right after another time-out, for a unit that was well until then.
static double
hasty_ms(const struct site *s, const struct device *d, const struct own *o)
{
	double full = loss_ms(s, d, o), hold = bus_hold_ms(&s->buses[d->bus], d);
	double usual = fmax(IMPATIENT_MIN_MS, IMPATIENT_FACTOR * o->longest_reply_ms);

	return fmin(full, fmax(usual, hold + HELD_MS) + full - d->timeout_ms);
}

// Of a reply of ours that is lost and a unit that falls silent only one costs a whole
// time-out, where nobody has to wait for a whole period of its own.
static double
spared_ms(const struct site *s, const struct device *d, const struct device *u,
    const struct bus_budget *bus)
{
	struct own a = own_of(s, d), z = own_of(s, u);
	double most = bus->cycle_ms + bus->longest_ms;

	if (most > d->poll_ms || most > u->poll_ms)
		return 0;
	return fmin(loss_ms(s, d, &a) - hasty_ms(s, d, &a),
	    loss_ms(s, u, &z) - hasty_ms(s, u, &z));
}

// What other units that fall silent cost: the first time, and each further one.
struct others {
	double total_ms; // the first time and those between our own tries
	double all_ms;   // all of their tries, until they are lost
	double hasty_ms; // one more that is given less
	double dead_ms;  // one that is dead already is tried with its whole time-out
	uint32_t n;
	uint8_t silent; // at once
};

// The greatest so many, in falling order.
struct greatest {
	uint8_t n;
	double ms[SILENT_UNITS_MAX];
};

static void
offer(struct greatest *g, double ms, uint8_t most)
{
	uint8_t i = g->n;

	if (i == most && (most == 0 || g->ms[i - 1] >= ms))
		return;
	if (i == most)
		i--;
	for (; i > 0 && g->ms[i - 1] < ms; i--)
		g->ms[i] = g->ms[i - 1];
	g->ms[i] = ms;
	if (g->n < most)
		g->n++;
}

static double
sum_of(const struct greatest *g)
{
	double ms = 0;

	for (uint8_t i = 0; i < g->n; i++)
		ms += g->ms[i];
	return ms;
}

// Its tries between ours, after the first one.
static double
further_ms(const struct device *d, const struct device *u, const struct own *o,
    double try_ms, unsigned losses, bool owed)
{
	// By turns, until it has cost as much as we have.
	double before = floor((double)d->timeout_ms * (losses + 1) / u->timeout_ms) - 1;
	double ms;

	if (losses == 0)
		return 0;
	if (owed) // it has had its turns meanwhile, but for what is in flight and the
		  // next
		before = fmin(before, 2);
	ms = try_ms * fmax(0, fmin(u->retries, before));
	if (o->owes && u->timeout_ms < d->timeout_ms)
		ms = fmax(ms, 2.0 * u->timeout_ms);
	return ms;
}

static struct others
others_of(const struct site *s, const struct device *d, const struct bus_budget *bus,
    unsigned losses, double idle_ms, bool owed)
{
	const struct bus *b = &s->buses[d->bus];
	struct others out = { .silent = b->silent_units };
	struct greatest total = { 0 }, all = { 0 };
	struct greatest full = { 0 }; // of two that fill the last places
	unsigned places = 1;

	for (uint16_t i = 0; i < s->n_devices; i++) {
		const struct device *u = &s->devices[i];
		if (u->bus != d->bus || u == d)
			continue;
		out.n++;
		struct own o = own_of(s, u);
		double cost = loss_ms(s, u, &o);
		if (b->window > 1) {
			offer(&full, cost, 2);
			places = u->window > places ? u->window : places;
			continue;
		}
		out.dead_ms = fmax(out.dead_ms, cost);
		double further = further_ms(d, u, &o, cost + idle_ms, losses, owed);
		offer(&all, cost * (1 + u->retries), out.silent);
		if (losses > 0)
			cost -= spared_ms(s, d, u, bus);
		offer(&total, cost + further, out.silent);
		out.hasty_ms = fmax(out.hasty_ms, hasty_ms(s, u, &o));
	}
	out.all_ms = sum_of(&all);
	out.total_ms = sum_of(&total);
	if (losses == 0 && total.n > 0) // we go next: the others are given less
		out.total_ms = total.ms[0] + (total.n - 1) * out.hasty_ms;
	out.silent = out.n < out.silent ? (uint8_t)out.n : out.silent;
	// Several in flight: the silent, and one of the dead, may take all places,
	// until the first of them is given up; else there is room beside them. One unit
	// alone leaves a place.
	bool dead = out.n > out.silent;
	places = places < b->window ? places : b->window - 1U;
	if (b->window > 1 && full.n == 2 && out.silent + dead >= 2 &&
	    out.silent * places + dead >= b->window)
		out.total_ms = full.ms[1];
	return out;
}

// Until nobody who is well is waiting: each once, and what comes due meanwhile. Where
// several requests may be in flight a silent unit leaves one place.
static double
until_idle_ms(const struct bus_budget *bus, const struct own *own, double most_ms)
{
	double t = bus->cycle_ms - own->cycle_ms;

	for (int i = 0; i < 64; i++) {
		double next = bus->rest_ms - own->cycle_ms;
		for (uint8_t k = 0; k < bus->n_periods; k++)
			next += bus->periods[k].busy_ms *
				(1 + floor(t / bus->periods[k].ms));
		if (next <= t || next > most_ms)
			return fmin(next, most_ms);
		t = next;
	}
	return most_ms;
}

// What comes before a request of this period, and not always.
static double
varies_ms(const struct bus_budget *bus, uint32_t period)
{
	double ms = bus->drift_ms + bus->rest_ms;

	for (uint8_t i = 0; i < bus->n_periods; i++) {
		uint32_t each = bus->periods[i].ms;
		if (period % each != 0)
			ms += bus->periods[i].busy_ms - bus->periods[i].drift_ms;
		// What goes first comes again while the others are waited for.
		ms += bus->periods[i].first_ms * floor(bus->cycle_ms / each);
	}
	return ms / bus->window;
}

struct widest {
	const struct bus_budget *bus;
	double ms;
};

static void
take_widest(void *ctx, const struct request *r)
{
	struct widest *w = ctx;

	if (r->of_points)
		w->ms = fmax(w->ms, varies_ms(w->bus, r->period_ms));
}

// The faults of a shared bus.
static void
add_others(const struct site *s, const struct device *d, const struct bus_budget *bus,
    const struct own *own, bool owed, struct device_budget *out)
{
	double most = LONG_PERIODS * fmax(d->poll_ms, d->timeout_ms) + bus->cycle_ms;
	double idle = until_idle_ms(bus, own, most) + bus->longest_ms;
	struct others o = others_of(s, d, bus, out->lost_replies, idle, owed);

	out->silent = o.silent;
	// After a time-out of one that is dead the silent are given less, and after
	// theirs the dead have had their share.
	double total =
	    o.n > o.silent ? fmax(o.total_ms, o.dead_ms) + o.hasty_ms : o.total_ms;
	out->faults_ms += SLOT_MS + total + out->lost_replies * idle;
	out->drift_ms = fmax(0, o.all_ms - o.total_ms);
}

struct device_budget
budget_of_device(
    const struct site *s, const struct device *d, const struct bus_budget *bus)
{
	struct own own = own_of(s, d);
	struct device_budget out = {
		.lost_replies = d->retries < LOST_MOST ? d->retries : LOST_MOST,
		.own_ms = own.cycle_ms,
	};
	struct widest widest = { .bus = bus };
	bool owed = own.owes && out.lost_replies > 0;

	requests_each(s, d, take_widest, &widest);
	out.varies_ms = widest.ms;
	out.wait_ms =
	    SLOT_MS + own.longest_ms + (bus->window > 1 ? bus->longest_ms : 0);
	out.faults_ms = out.lost_replies * loss_ms(s, d, &own);
	if (out.lost_replies > 0) // asked again with another request, in another order
		out.faults_ms += bus->cycle_ms / bus->window +
				 (out.lost_replies - 1.0) * own.cycle_ms;
	if (owed)
		out.faults_ms += owed_ms(d, out.lost_replies, own.alike);
	if (bus->devices > 1)
		add_others(s, d, bus, &own, owed, &out);
	if (bus->devices <= FEW_DEVICES) { // else others are heard meanwhile
		unsigned losses = (unsigned)out.lost_replies + out.silent;
		unsigned reopened = losses / REOPEN_LOSSES;
		out.faults_ms += (double)reopened * s->buses[d->bus].settle_ms;
	}
	return out;
}

uint32_t
budget_of_reading(const struct device *d, const struct device_budget *b)
{
	return (uint32_t)ceil(d->poll_ms + b->varies_ms + b->wait_ms + b->faults_ms);
}

// ---- points ----------------------------------------------------------------------

static uint32_t
limit_delay(const struct point *p)
{
	uint32_t most = 0;

	for (int i = 0; p->limits != NULL && i < LIMIT_COUNT; i++)
		if (p->limits[i].set && p->limits[i].on_delay_ms > most)
			most = p->limits[i].on_delay_ms;
	return most;
}

uint32_t
budget_own_delay(const struct point *p)
{
	return p->on_delay_ms + limit_delay(p);
}

static uint32_t
limit_of(const struct point *p)
{
	enum condition c = point_kind_condition(p->kind);

	return point_class(p, c) == CLASS_FIRE ? BUDGET_FIRE_MS : BUDGET_OTHER_MS;
}

static struct point_budget
of_line(const struct point *p)
{
	uint32_t ms = (p->pulse_latch ? 0 : p->debounce_ms) + budget_own_delay(p);

	return (struct point_budget){
		.worst_ms = ms, .calm_ms = ms, .pulse_ms = ms, .limit_ms = limit_of(p)
	};
}

struct points_walk {
	const struct site *s;
	const struct device *d;
	const struct bus_budget *bus;
	struct device_budget b;
	budget_point_fn *fn;
	void *ctx;
};

static void
tell(const struct points_walk *w, const struct point *p, double calm, double faults)
{
	struct point_budget out = { .limit_ms = limit_of(p) };

	out.calm_ms = (uint32_t)ceil(calm) + budget_own_delay(p);
	out.worst_ms = (uint32_t)ceil(calm + faults) + budget_own_delay(p);
	out.pulse_ms = out.worst_ms;
	if (w->d->accept_ms > out.limit_ms)
		out.limit_ms = w->d->accept_ms;
	w->fn(w->ctx, p, &out);
}

// A point is read with its block; behind a revision also next after that one.
static void
tell_block(void *ctx, const struct request *r)
{
	const struct points_walk *w = ctx;
	double period = r->period_ms + varies_ms(w->bus, r->period_ms) + w->b.wait_ms;

	if (!r->of_points)
		return;
	for (uint32_t i = r->first; i < r->first + r->n; i++) {
		const struct point *p = &w->s->points[w->d->points[i]];
		double calm = period;
		if (request_revision_of(w->d, p) != NULL)
			calm = fmin(period,
			    w->d->poll_ms + varies_ms(w->bus, w->d->poll_ms) +
				w->b.wait_ms + w->bus->longest_ms + w->b.own_ms);
		tell(w, p, calm, w->b.faults_ms);
	}
}

static void
tell_selected(const struct points_walk *w)
{
	double wait = w->bus->cycle_ms;
	uint32_t period = request_selector_ms(w->s, w->d, wait);

	for (uint32_t i = 0; i < w->d->n_points; i++) {
		const struct point *p = &w->s->points[w->d->points[i]];
		const struct profile_selector *sel =
		    profile_selector_of(w->d->profile, p->item);
		double faults =
		    w->b.faults_ms + w->b.lost_replies * (double)SELECTOR_RETRY_MS;
		if (sel == NULL)
			continue;
		if (w->b.silent > 0) // each step may come after one of its tries
			faults += w->b.drift_ms + period / (LINK_DEAD_SHARE - 1.0);
		if (faults + sel->wait_ms + 2 * wait >= sel->patience_ms)
			faults += period;
		tell(w, p, period + 2 * wait + sel->wait_ms + w->b.wait_ms, faults);
	}
}

void
budget_of_points(const struct site *s, const struct device *d,
    const struct bus_budget *bus, budget_point_fn *fn, void *ctx)
{
	struct points_walk w = { .s = s, .d = d, .bus = bus, .fn = fn, .ctx = ctx };

	w.b = budget_of_device(s, d, bus);
	requests_each(s, d, tell_block, &w);
	tell_selected(&w);
}

struct one {
	const struct point *p;
	struct point_budget b;
};

static void
take_one(void *ctx, const struct point *p, const struct point_budget *b)
{
	struct one *one = ctx;

	if (p == one->p)
		one->b = *b;
}

struct point_budget
budget_of_point(
    const struct site *s, const struct point *p, const struct bus_budget *bus)
{
	struct one one = { .p = p };

	if (p->gpio != INDEX_NONE)
		return of_line(p);
	budget_of_points(s, &s->devices[p->device], bus, take_one, &one);
	return one.b;
}
