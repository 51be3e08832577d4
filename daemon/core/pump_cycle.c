// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See pump_cycle.h. Owns nothing; any thread.
#include "core/pump_cycle.h"

#include <math.h>

void
pump_cycle_restore(struct pump_cycle *c, enum contact_state was, int64_t started_ms)
{
	c->was = was;
	c->started_ms = started_ms;
	c->start_kpa = c->peak = NAN;
}

// ---- starts of the hour
// ----------------------------------------------------------------

static void
count_start(struct pump_cycle *c, int64_t at_ms)
{
	if (c->n_starts == PUMP_STARTS_MAX) {
		c->first = (uint8_t)((c->first + 1) % PUMP_STARTS_MAX);
		c->n_starts--;
	}
	c->starts[(c->first + c->n_starts++) % PUMP_STARTS_MAX] = at_ms;
}

int64_t
pump_cycle_runs_since(const struct pump_cycle *c)
{
	return c->started_ms > c->watched_ms ? c->started_ms : c->watched_ms;
}

unsigned
pump_cycle_starts(struct pump_cycle *c, int64_t now_ms)
{
	while (c->n_starts > 0 && c->starts[c->first] <= now_ms - PUMP_HOUR_MS) {
		c->first = (uint8_t)((c->first + 1) % PUMP_STARTS_MAX);
		c->n_starts--;
	}
	return c->n_starts;
}

bool
pump_cycle_watched_hour(const struct pump_cycle *c, int64_t now_ms)
{
	return c->running != CONTACT_UNKNOWN && now_ms - c->watched_ms >= PUMP_HOUR_MS;
}

int64_t
pump_cycle_due(const struct pump_cycle *c, int64_t now_ms)
{
	int64_t due = -1;
	if (c->n_starts > 0)
		due = c->starts[c->first] + PUMP_HOUR_MS;
	if (c->running != CONTACT_UNKNOWN && !pump_cycle_watched_hour(c, now_ms) &&
	    (due < 0 || c->watched_ms + PUMP_HOUR_MS < due))
		due = c->watched_ms + PUMP_HOUR_MS;
	return due;
}

// ---- pressures
// -------------------------------------------------------------------------

static void
look_back(struct pump_extreme *e, double kpa, bool beyond, int64_t now_ms)
{
	if (isnan(kpa)) {
		e->have = false;
		return;
	}
	if (e->have && !beyond && now_ms - e->at_ms <= PUMP_LOOK_BACK_MS)
		return;
	*e = (struct pump_extreme){ true, kpa, now_ms };
}

static double
extreme_kpa(const struct pump_extreme *e)
{
	return e->have ? e->kpa : (double)NAN;
}

// ---- steps
// -----------------------------------------------------------------------------

static void
put_start(struct pump_cycle *c, struct pump_turn *t, double kpa)
{
	t->step = PUMP_STEP_START;
	t->kpa = kpa;
	c->started_ms = t->at_ms;
	c->start_kpa = c->peak = kpa;
	c->high.have = false; // the run's own
	count_start(c, t->at_ms);
}

static void
put_stop(struct pump_cycle *c, struct pump_turn *t, double kpa)
{
	t->step = PUMP_STEP_STOP;
	t->kpa = kpa;
	// A run that was not watched whole may have been two.
	bool whole =
	    c->started_ms != 0 && !t->after_gap && c->started_ms >= c->watched_ms;
	t->ran_ms = whole ? t->at_ms - c->started_ms : 0;
	c->started_ms = 0;
	c->start_kpa = c->peak = NAN;
	c->low.have = false;
}

// It is known to be so at `t->at_ms`; a step where it was otherwise.
static void
become(struct pump_cycle *c, enum contact_state is, double low, double high,
    struct pump_turn *t)
{
	bool first = c->was == CONTACT_UNKNOWN;
	if (c->running == CONTACT_UNKNOWN) {
		t->after_gap = !first;
		c->watched_ms = t->at_ms;
	}
	if (first && is == CONTACT_ACTIVE)
		c->start_kpa = c->peak = NAN; // its start was not seen
	else if (!first && c->was != is && is == CONTACT_ACTIVE)
		put_start(c, t, t->after_gap ? (double)NAN : low);
	else if (!first && c->was != is)
		put_stop(c, t, t->after_gap ? (double)NAN : high);
	c->running = c->was = is;
}

static void
climb(struct pump_cycle *c, double kpa)
{
	if (c->running == CONTACT_ACTIVE && !isnan(kpa) && !(c->peak >= kpa))
		c->peak = kpa;
}

struct pump_turn
pump_cycle_contact(
    struct pump_cycle *c, enum contact_state run, double kpa, int64_t now_ms)
{
	struct pump_turn t = { .at_ms = now_ms, .kpa = NAN };
	look_back(&c->low, kpa, kpa <= c->low.kpa, now_ms);
	look_back(&c->high, kpa, kpa >= c->high.kpa, now_ms);
	if (run == CONTACT_UNKNOWN)
		c->running = CONTACT_UNKNOWN;
	else if (run != c->running)
		become(c, run, extreme_kpa(&c->low), extreme_kpa(&c->high), &t);
	climb(c, kpa);
	return t;
}

// Follows the lowest while it falls and the highest while it rises; both while nobody
// knows which it does.
static void
follow(struct pump_cycle *c, double kpa, int64_t now_ms)
{
	bool rises = c->running == CONTACT_ACTIVE;
	if (!c->low.have || (!rises && kpa <= c->low.kpa))
		c->low = (struct pump_extreme){ true, kpa, now_ms };
	if (!c->high.have || (c->running != CONTACT_IDLE && kpa > c->high.kpa))
		c->high = (struct pump_extreme){ true, kpa, now_ms };
}

struct pump_turn
pump_cycle_trend(struct pump_cycle *c, double kpa, double swing, int64_t now_ms)
{
	struct pump_turn t = { .at_ms = now_ms, .kpa = NAN };
	if (isnan(kpa)) {
		c->running = CONTACT_UNKNOWN;
		c->low.have = c->high.have = false;
		return t;
	}
	follow(c, kpa, now_ms);
	enum contact_state was = c->running;
	if (was != CONTACT_ACTIVE && kpa >= c->low.kpa + swing) {
		t.at_ms = was == CONTACT_IDLE ? c->low.at_ms : now_ms;
		become(c, CONTACT_ACTIVE, c->low.kpa, c->high.kpa, &t);
		c->high = (struct pump_extreme){ true, kpa, now_ms };
	} else if (was != CONTACT_IDLE && kpa <= c->high.kpa - swing) {
		t.at_ms = was == CONTACT_ACTIVE ? c->high.at_ms : now_ms;
		become(c, CONTACT_IDLE, c->low.kpa, c->high.kpa, &t);
		c->low = (struct pump_extreme){ true, kpa, now_ms };
	}
	climb(c, kpa);
	return t;
}
