// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See pump.h. Each finding is judged by a function of its own: whether it is so, is
// not, or is not known; what is common, delays above all, is done once. Owns nothing;
// any thread.
#include "core/pump.h"

#include <assert.h>
#include <math.h>

// Whether a finding is so.
enum is {
	IS_UNKNOWN,
	IS_NOT,
	IS_SO,
};

struct moment {
	struct pump *pump;
	const struct pump_rule *rule;
	const struct pump_facts *facts;
	int64_t now_ms;
};

static const struct {
	const char *name;
	enum condition condition;
	const char *code, *unit;
} findings[PUMP_FINDING_COUNT] = {
#define X(id, name, condition, code, unit) [id] = { name, condition, code, unit },
	PUMP_FINDINGS(X)
#undef X
};

static const char *const verdict_names[PUMP_VERDICT_COUNT] = {
#define X(id, name) [id] = name,
	PUMP_VERDICTS(X)
#undef X
};

static const char *const mode_names[PUMP_MODE_COUNT] = {
#define X(id, name) [id] = name,
	PUMP_MODES(X)
#undef X
};

// ---- the findings
// ----------------------------------------------------------------------

// Above the limit; one that stands, above the limit less its hysteresis.
static bool
above(double value, const struct pump_bound *b, bool stands)
{
	return value > (stands ? b->limit - b->hysteresis : b->limit);
}

static enum is
judge_short_cycling(const struct moment *m, struct pump_look *k)
{
	const struct pump_bound *b = &m->rule->bounds[PUMP_SHORT_CYCLING];
	unsigned starts = pump_cycle_starts(&m->pump->cycle, m->now_ms);
	k->measured = starts;
	if (above(starts, b, k->delay.active))
		return IS_SO;
	// Of an hour that was not watched whole the starts may have been more.
	return pump_cycle_watched_hour(&m->pump->cycle, m->now_ms) ? IS_NOT
								   : IS_UNKNOWN;
}

static enum is
judge_long_run(const struct moment *m, struct pump_look *k)
{
	const struct pump_cycle *c = &m->pump->cycle;
	k->measured = NAN;
	if (c->running == CONTACT_UNKNOWN)
		return IS_UNKNOWN;
	if (c->running == CONTACT_IDLE)
		return IS_NOT;
	k->measured = (double)(m->now_ms - pump_cycle_runs_since(c)) / 1000.0;
	return IS_SO;
}

static enum is
judge_leak_down(const struct moment *m, struct pump_look *k)
{
	const struct pump_leak *l = &m->pump->leak;
	k->measured = l->measured ? l->per_hour : (double)NAN;
	if (!l->measured)
		return IS_UNKNOWN;
	return above(l->per_hour, &m->rule->bounds[PUMP_LEAK_DOWN], k->delay.active)
		   ? IS_SO
		   : IS_NOT;
}

static enum is
judge_no_rise(const struct moment *m, struct pump_look *k)
{
	const struct pump_cycle *c = &m->pump->cycle;
	k->measured = NAN;
	if (c->running == CONTACT_IDLE)
		return IS_NOT;
	if (c->running == CONTACT_UNKNOWN || isnan(c->start_kpa))
		return IS_UNKNOWN;
	k->measured = c->peak - c->start_kpa;
	if (k->measured >= m->rule->bounds[PUMP_NO_RISE].limit)
		return IS_NOT;
	return isnan(m->facts->kpa) ? IS_UNKNOWN : IS_SO;
}

static enum is
judge_not_started(const struct moment *m, struct pump_look *k)
{
	const struct pump_bound *b = &m->rule->bounds[PUMP_NOT_STARTED];
	double ends = k->delay.active ? b->limit + b->hysteresis : b->limit;
	bool low = m->facts->kpa <= ends; // NaN is not
	k->measured = m->facts->kpa;
	if (m->pump->cycle.running == CONTACT_ACTIVE)
		return IS_NOT;
	if (isnan(m->facts->kpa))
		return IS_UNKNOWN;
	if (!low)
		return IS_NOT;
	// By the trend, what does not rise does not run.
	bool idle = m->pump->cycle.running == CONTACT_IDLE || !m->rule->has_run;
	return idle ? IS_SO : IS_UNKNOWN;
}

static enum is
judge_not_in_auto(const struct moment *m, struct pump_look *k)
{
	const struct pump_rule *r = m->rule;
	const struct pump_facts *f = m->facts;
	k->measured = NAN;
	if ((r->has_auto && f->off_auto == CONTACT_ACTIVE) ||
	    (r->has_manual && f->manual == CONTACT_ACTIVE))
		return IS_SO;
	if ((r->has_auto && f->off_auto == CONTACT_UNKNOWN) ||
	    (r->has_manual && f->manual == CONTACT_UNKNOWN))
		return IS_UNKNOWN;
	return IS_NOT;
}

static enum is
judge_gauges_differ(const struct moment *m, struct pump_look *k)
{
	k->measured = fabs(m->facts->kpa - m->facts->second_kpa);
	if (isnan(k->measured))
		return IS_UNKNOWN;
	return above(k->measured, &m->rule->bounds[PUMP_GAUGES_DIFFER], k->delay.active)
		   ? IS_SO
		   : IS_NOT;
}

static enum is (*const judges[PUMP_FINDING_COUNT])(
    const struct moment *m, struct pump_look *k) = {
	[PUMP_SHORT_CYCLING] = judge_short_cycling,
	[PUMP_LONG_RUN] = judge_long_run,
	[PUMP_LEAK_DOWN] = judge_leak_down,
	[PUMP_NO_RISE] = judge_no_rise,
	[PUMP_NOT_STARTED] = judge_not_started,
	[PUMP_NOT_IN_AUTO] = judge_not_in_auto,
	[PUMP_GAUGES_DIFFER] = judge_gauges_differ,
};

// ---- what is common
// --------------------------------------------------------------------

// What is measured over a time has waited already.
static uint32_t
on_delay(const struct pump_bound *b, enum pump_finding f)
{
	return f == PUMP_LEAK_DOWN || f == PUMP_SHORT_CYCLING ? 0 : b->after_ms;
}

// A run that began before it was known began then: the delay runs from its start.
static int64_t
began_ms(const struct moment *m, enum pump_finding f)
{
	const struct pump_cycle *c = &m->pump->cycle;
	return f == PUMP_LONG_RUN ? pump_cycle_runs_since(c) : m->now_ms;
}

static void
look_at(const struct moment *m, enum pump_finding f)
{
	const struct pump_bound *b = &m->rule->bounds[f];
	struct pump_look *k = &m->pump->looks[f];
	if (!b->set)
		return;
	enum is is = judges[f](m, k);
	k->known = is != IS_UNKNOWN;
	if (!k->known) {
		k->delay.pending = false;
		return;
	}
	bool fresh = is == IS_SO && !k->delay.active && !k->delay.pending;
	if (fresh)
		k->since_ms = began_ms(m, f);
	if (fresh && k->since_ms < m->now_ms) // the time up to now counts
		(void)delay_feed(
		    &k->delay, true, k->since_ms, on_delay(b, f), b->off_ms);
	(void)delay_feed(&k->delay, is == IS_SO, m->now_ms, on_delay(b, f), b->off_ms);
}

struct pump_turn
pump_feed(struct pump *p, const struct pump_rule *r, const struct pump_facts *f,
    int64_t now_ms)
{
	const struct moment m = { p, r, f, now_ms };
	struct pump_turn t =
	    r->has_run ? pump_cycle_contact(&p->cycle, f->run, f->kpa, now_ms)
		       : pump_cycle_trend(&p->cycle, f->kpa, r->swing, now_ms);
	// It rose before it was known to run: the span ends at its lowest.
	if (t.step == PUMP_STEP_START && p->leak.in_span && !isnan(t.kpa))
		p->leak.last_kpa = t.kpa;
	if (r->bounds[PUMP_LEAK_DOWN].set)
		(void)pump_leak_feed(&p->leak, p->cycle.running, f->night, f->kpa,
		    r->bounds[PUMP_LEAK_DOWN].after_ms, now_ms);
	for (enum pump_finding i = 0; i < PUMP_FINDING_COUNT; i++)
		look_at(&m, i);
	return t;
}

static void
sooner(int64_t *due, int64_t at)
{
	if (at >= 0 && (*due < 0 || at < *due))
		*due = at;
}

int64_t
pump_due(const struct pump *p, const struct pump_rule *r, int64_t now_ms)
{
	int64_t due = -1;
	for (enum pump_finding i = 0; i < PUMP_FINDING_COUNT; i++) {
		const struct pump_bound *b = &r->bounds[i];
		if (b->set && p->looks[i].known)
			sooner(&due,
			    delay_due(&p->looks[i].delay, on_delay(b, i), b->off_ms));
	}
	if (r->bounds[PUMP_SHORT_CYCLING].set)
		sooner(&due, pump_cycle_due(&p->cycle, now_ms));
	return due;
}

void
pump_restore(
    struct pump *p, unsigned standing, enum contact_state was, int64_t started_ms)
{
	pump_cycle_restore(&p->cycle, was, started_ms);
	for (enum pump_finding i = 0; i < PUMP_FINDING_COUNT; i++)
		p->looks[i].delay.active = (standing & 1U << i) != 0;
}

bool
pump_stands(const struct pump *p, enum pump_finding f)
{
	assert((unsigned)f < PUMP_FINDING_COUNT);
	return p->looks[f].delay.active;
}

enum pump_verdict
pump_verdict(const struct pump *p, const struct pump_rule *r, enum pump_finding f)
{
	assert((unsigned)f < PUMP_FINDING_COUNT);
	if (!r->bounds[f].set)
		return PUMP_UNWATCHED;
	if (p->looks[f].delay.active)
		return PUMP_STANDS;
	return p->looks[f].known ? PUMP_NORMAL : PUMP_UNKNOWN;
}

double
pump_allowed(const struct pump_rule *r, enum pump_finding f)
{
	assert((unsigned)f < PUMP_FINDING_COUNT);
	if (f == PUMP_NOT_IN_AUTO)
		return (double)NAN;
	return f == PUMP_LONG_RUN ? r->bounds[f].after_ms / 1000.0 : r->bounds[f].limit;
}

enum pump_mode
pump_mode(const struct pump_rule *r, const struct pump_facts *f)
{
	if ((r->has_auto && f->off_auto == CONTACT_ACTIVE) ||
	    (r->has_manual && f->manual == CONTACT_ACTIVE))
		return PUMP_MODE_MANUAL;
	if ((r->has_auto && f->off_auto == CONTACT_IDLE) ||
	    (r->has_manual && !r->has_auto && f->manual == CONTACT_IDLE))
		return PUMP_MODE_AUTOMATIC;
	return PUMP_MODE_UNKNOWN;
}

enum condition
pump_finding_condition(enum pump_finding f)
{
	assert((unsigned)f < PUMP_FINDING_COUNT);
	return findings[f].condition;
}

const char *
pump_finding_code(enum pump_finding f)
{
	assert((unsigned)f < PUMP_FINDING_COUNT);
	return findings[f].code;
}

const char *
pump_finding_name(enum pump_finding f)
{
	assert((unsigned)f < PUMP_FINDING_COUNT);
	return findings[f].name;
}

const char *
pump_finding_unit(enum pump_finding f)
{
	assert((unsigned)f < PUMP_FINDING_COUNT);
	return findings[f].unit;
}

const char *
pump_verdict_name(enum pump_verdict v)
{
	assert((unsigned)v < PUMP_VERDICT_COUNT);
	return verdict_names[v];
}

const char *
pump_mode_name(enum pump_mode m)
{
	assert((unsigned)m < PUMP_MODE_COUNT);
	return mode_names[m];
}
