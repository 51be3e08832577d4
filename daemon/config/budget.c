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

#include "config/budget_idle.h"
#include "config/budget_others.h"
#include "config/budget_own.h"
#include "config/requests.h"
#include "core/link.h"
#include "core/profile_dialog.h"

enum {
	// drivers/modbus_schedule.h: due times are rounded up to these.
	SLOT_MS = 20,
	// More lost replies than these in a row of polls make a unit sick, and the
	// bound is no longer its (drivers/device_link.c).
	LOST_MOST = 2,
	CHARACTER_BITS = 11, // as drivers count
	// An opened link that has been unheard twice is opened anew.
	REOPEN_LOSSES = 2,
	FEW_DEVICES = 3,
	LONG_PERIODS = 4,  // drivers/modbus_schedule.c
	GATEWAY_TRIES = 2, // drivers/modbus_gateway.h
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
	out.timeout_ms = (double)longest;
	out.ceiling_one_ms = ceiling(longest);
	out.ceiling_all_ms = ceiling(timeouts);
	return out;
}

// ---- devices ---------------------------------------------------------------------

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

// What comes before a request of this period, and not always.
static double
varies_ms(const struct bus_budget *bus, uint32_t period)
{
	double ms = bus->drift_ms + bus->rest_ms;

	for (uint8_t i = 0; i < bus->n_periods; i++) {
		uint32_t each = bus->periods[i].ms;
		if (period % each != 0)
			ms += bus->periods[i].busy_ms - bus->periods[i].drift_ms;
		// What goes first comes again while the others are waited for; and an
		// output that was just looked at, written and read back may change.
		ms += bus->periods[i].first_ms * (1 + floor(bus->cycle_ms / each));
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

// The faults of a shared bus, for a device. It waits for those who are well after each
// of its losses, longer where others wasted time too.
struct shared {
	struct budget_loser of;
	struct budget_idle after_own, after_others;
	double own_ms, others_ms; // until nobody waits, after these
	double part;              // of such times it has to wait; 0 = a place is free
};

// With so much to wait for after each loss, and `once_ms` in all.
static double
shared_ms(const struct shared *f, double own_ms, double others_ms, double once_ms)
{
	double begun = f->part > 0 ? f->of.bus->longest_ms : 0;
	struct budget_others o = budget_others(&f->of, others_ms * f->part + begun);
	double longer = fmin(f->of.losses, o.wastes), losses = f->of.losses;

	return once_ms * f->part + losses * begun + o.total_ms +
	       (longer * others_ms + (losses - longer) * own_ms) * f->part;
}

// Requests with this period and longer ones do not come due again in each wait: within
// `within_ms` there are no more of them than their periods allow.
static double
sparse_ms(const struct shared *f, uint32_t period, double within_ms)
{
	const struct bus_budget *bus = f->of.bus;
	double once = 0;

	for (uint8_t i = 0; i < bus->n_periods; i++)
		if (bus->periods[i].ms >= period)
			once += bus->periods[i].busy_ms *
				(1 + floor((within_ms + bus->timeout_ms) /
					   bus->periods[i].ms));
	return shared_ms(f, budget_idle_of_shorter_ms(&f->after_own, period, f->own_ms),
	    budget_idle_of_shorter_ms(&f->after_others, period, f->others_ms), once);
}

static void
add_others(const struct shared *f, struct device_budget *out)
{
	double begun = f->part > 0 ? f->of.bus->longest_ms : 0;
	struct budget_others o = budget_others(&f->of, f->others_ms * f->part + begun);
	double before =
	    f->of.d->poll_ms + out->varies_ms + out->wait_ms + out->faults_ms + SLOT_MS;
	double ms = shared_ms(f, f->own_ms, f->others_ms, 0);

	for (uint8_t i = 0; f->of.losses > 0 && i < f->of.bus->n_periods; i++)
		ms = fmin(ms, sparse_ms(f, f->of.bus->periods[i].ms, before + ms));
	out->silent = o.silent;
	out->faults_ms += SLOT_MS + ms;
	out->drift_ms = fmax(0, o.all_ms - o.total_ms);
}

// The driver finds out how long a gateway waits: drivers/modbus_gateway.c.
static double
tries_ms(const struct bus *b, const struct bus_budget *bus)
{
	bool untold = b->gateway_ms == 0 && b->hold_ms > 0;

	return untold ? GATEWAY_TRIES * bus->longest_ms : 0;
}

static struct shared
shared_of(const struct budget_loser *of, bool room)
{
	const struct device *d = of->d;
	double most =
	    LONG_PERIODS * fmax(d->poll_ms, d->timeout_ms) + of->bus->cycle_ms;
	double loss =
	    budget_loss_ms(of->s, d, of->own) +
	    of->s->buses[d->bus].silent_units * budget_hasty_ms(of->s, d, of->own);
	struct shared f = {
		.of = *of,
		.after_own = { of->bus, { of->own }, loss, most },
		.after_others = { of->bus, { of->own }, of->bus->timeout_ms, most },
		.part = room ? 0 : 1.0 / of->bus->window,
	};

	f.own_ms = budget_idle_ms(&f.after_own);
	f.others_ms = fmax(f.own_ms, budget_idle_ms(&f.after_others));
	f.of.most_ms = most;
	return f;
}

// `alike`: for a block that waits for late replies to others of its shape.
static struct device_budget
of_device(const struct site *s, const struct device *d, const struct bus_budget *bus,
    bool alike)
{
	struct budget_own own = budget_own(s, d);
	struct device_budget out = {
		.lost_replies = d->retries < LOST_MOST ? d->retries : LOST_MOST,
		.own_ms = own.cycle_ms,
	};
	struct widest widest = { .bus = bus };
	bool owed = alike && own.owes && out.lost_replies > 0;
	bool room = bus->window > 1 && budget_others_leave_room(s, d);

	requests_each(s, d, take_widest, &widest);
	out.varies_ms = widest.ms;
	out.wait_ms =
	    SLOT_MS + own.longest_ms + (bus->window > 1 && !room ? bus->longest_ms : 0);
	out.faults_ms = out.lost_replies * budget_loss_ms(s, d, &own);
	if (out.lost_replies > 0) // asked again with another request, in another order
		out.faults_ms += bus->cycle_ms / bus->window +
				 (out.lost_replies - 1.0) * own.cycle_ms;
	if (owed)
		out.faults_ms += budget_owed_ms(d, &own, out.lost_replies);
	if (bus->devices > 1) {
		struct budget_loser of = { s, d, bus, &own, out.lost_replies, owed, 0 };
		struct shared f = shared_of(&of, room);
		out.faults_ms += tries_ms(&s->buses[d->bus], bus);
		add_others(&f, &out);
	}
	// Else others are heard meanwhile; and a serial port is no connection.
	if (bus->devices <= FEW_DEVICES && s->buses[d->bus].kind != BUS_MODBUS_RTU) {
		unsigned losses = (unsigned)out.lost_replies + out.silent;
		unsigned reopened = losses / REOPEN_LOSSES;
		out.faults_ms += (double)reopened * s->buses[d->bus].settle_ms;
	}
	return out;
}

struct device_budget
budget_of_device(
    const struct site *s, const struct device *d, const struct bus_budget *bus)
{
	struct device_budget alike = of_device(s, d, bus, true);
	struct device_budget alone = of_device(s, d, bus, false);

	return alike.faults_ms > alone.faults_ms ? alike : alone;
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
	struct budget_own own;
	struct device_budget b, alone; // `alone`: for blocks of a shape of their own
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
	double faults =
	    budget_own_of_one_shape(&w->own, r) ? w->alone.faults_ms : w->b.faults_ms;

	if (!r->of_points)
		return;
	for (uint32_t i = r->first; i < r->first + r->n; i++) {
		const struct point *p = &w->s->points[w->d->points[i]];
		double calm = period;
		if (request_revision_of(w->d, p) != NULL)
			calm = fmin(period,
			    w->d->poll_ms + varies_ms(w->bus, w->d->poll_ms) +
				w->b.wait_ms + w->bus->longest_ms + w->b.own_ms);
		tell(w, p, calm, faults);
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
		tell(w, p, period + 2 * wait + sel->wait_ms + w->b.wait_ms, faults);
	}
}

void
budget_of_points(const struct site *s, const struct device *d,
    const struct bus_budget *bus, budget_point_fn *fn, void *ctx)
{
	struct points_walk w = { .s = s, .d = d, .bus = bus, .fn = fn, .ctx = ctx };

	w.own = budget_own(s, d);
	w.b = budget_of_device(s, d, bus);
	w.alone = of_device(s, d, bus, false);
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
