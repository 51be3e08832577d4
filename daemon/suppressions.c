// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See suppressions.h. The rules of the links (links.c) set the same flag on the alarms
// of built-in points, these on those of the site's points: no alarm has both.
//
// The invariant: a flag stands on just those alarms over which a rule is on; but right
// after a start those of the run before stand, until the state is known (I11).
#include "suppressions.h"

#include <math.h>
#include <stdlib.h>

#include "core/own_code.h"
#include "engine_impl.h"
#include "isolations.h"
#include "lib/mem.h"

enum {
	UNSEEN_MS = 60000 // so long after a start the flags of the run before stand
};

struct suppression_run {
	struct engine *engine;
	const struct suppression_def *def;
	struct suppression state;
	bool unseen;  // since the start
	bool doubted; // its source is not known
	struct loop_timer due;
};

struct suppressions {
	struct engine *engine;
	uint16_t n;
	struct suppression_run *runs;
};

static bool
names_point(const struct suppression_def *d, uint32_t point)
{
	for (uint16_t i = 0; i < d->n_points; i++)
		if (d->points[i] == point)
			return true;
	return false;
}

// Whatever the site calls a fire is one (I14).
static bool
is_over(const struct suppressions *s, const struct suppression_def *d, uint32_t point,
    enum condition c)
{
	return c != COND_FIRE && (d->conditions & 1U << c) != 0 &&
	       names_point(d, point) &&
	       point_class(&s->engine->site->points[point], c) != CLASS_FIRE;
}

// ---- the source -------------------------------------------------------------------

static enum contact_state
state_of(const struct engine *e, uint32_t point)
{
	const struct point_state *st = &e->points[point].state;
	enum condition c = point_kind_condition(e->site->points[point].kind);

	if (!st->seen || st->quality == QUALITY_UNKNOWN || st->quality == QUALITY_BAD)
		return CONTACT_UNKNOWN;
	bool known = true;
	const struct alarm_record *r = alarms_of_point(e->alarms, point);
	for (; r != NULL; r = r->next_of_point) {
		bool stands = r->a.state == ALARM_UNACKNOWLEDGED ||
			      r->a.state == ALARM_ACKNOWLEDGED;
		if (!stands || own_code(r->a.condition, r->code))
			continue;
		if (r->a.condition == c) // of one that is held nobody can say
			return r->chatter != NULL ? CONTACT_UNKNOWN : CONTACT_ACTIVE;
		// What a point does not say then is not "no" (I6).
		if (r->a.condition == COND_FAULT || r->a.condition == COND_DISABLED ||
		    r->a.condition == COND_TEST)
			known = false;
	}
	return known ? CONTACT_IDLE : CONTACT_UNKNOWN;
}

// Its level is not that of its alarm yet.
static bool
is_in_delay(const struct engine *e, uint32_t point)
{
	enum condition c = point_kind_condition(e->site->points[point].kind);
	const struct filter *fl = engine_rules(e, point)->filters;

	for (; fl != NULL; fl = fl->next)
		if (fl->condition == c && fl->delay.pending)
			return true;
	return false;
}

// ---- the alarms under it ------------------------------------------------------------

// A rule that has not seen its source since the start may be over it.
static bool
is_awaited(const struct suppressions *s, uint32_t point, enum condition c)
{
	for (uint16_t i = 0; i < s->n; i++)
		if (s->runs[i].unseen && is_over(s, s->runs[i].def, point, c))
			return true;
	return false;
}

static void
align_point(const struct suppressions *s, uint32_t point)
{
	struct engine *e = s->engine;
	struct alarm_record *r = alarms_of_point(e->alarms, point);

	while (r != NULL) {
		struct alarm_record *next = r->next_of_point;
		bool over = suppressions_over(s, point, r->a.condition, r->code);
		if (over || !is_awaited(s, point, r->a.condition))
			transition_flag(e, r, FLAG_SUPPRESSED, over);
		r = next;
	}
}

static void
tell(const struct suppression_run *run)
{
	struct engine *e = run->engine;
	struct event ev;
	struct buf b = { 0 };

	event_init(&ev, EVENT_SUPPRESS_CHANGE);
	engine_describe_point(&e->site->points[run->def->source], &ev);
	json_open(&b, NULL, '{');
	json_str(&b, "rule", run->def->id);
	json_bool(&b, "on", run->state.on);
	json_int(&b, "points", run->def->n_points);
	engine_put_params(&ev, &b);
	(void)works_event(e->works, &ev);
}

static void
align(const struct suppression_run *run)
{
	const struct suppressions *s = run->engine->suppressions;

	for (uint16_t i = 0; i < run->def->n_points; i++)
		align_point(s, run->def->points[i]);
}

// For the points under it: that they may be hidden now, or may not, or that nobody
// knows.
static void
note(const struct suppression_run *run, enum decision_kind kind)
{
	for (uint16_t i = 0; i < run->def->n_points; i++)
		engine_decide(run->engine, run->def->points[i], kind, COND_COUNT,
		    run->def->id, NAN);
}

static void
note_state(struct suppression_run *run, enum contact_state state)
{
	bool doubted = state == CONTACT_UNKNOWN;
	if (doubted != run->doubted)
		note(run, doubted ? DECISION_RULE_UNKNOWN : DECISION_RULE_KNOWN);
	run->doubted = doubted;
}

static void
feed(struct suppression_run *run, enum contact_state state)
{
	struct loop *loop = run->engine->loop;
	bool first = run->unseen;
	bool changed =
	    suppression_feed(&run->state, &run->def->rule, state, loop_now_ms(loop));
	int64_t due = suppression_due(&run->state);

	run->unseen = false;
	note_state(run, state);
	if (changed)
		note(run,
		    run->state.on ? DECISION_SUPPRESSION_ON : DECISION_SUPPRESSION_OFF);
	if (due >= 0)
		loop_timer_at(loop, &run->due, due);
	else
		loop_timer_stop(loop, &run->due);
	if (changed)
		tell(run);
	if (changed || first)
		align(run);
}

static void
on_due(void *arg)
{
	struct suppression_run *run = arg;

	feed(run, state_of(run->engine, run->def->source));
}

void
suppressions_look(struct suppressions *s, uint32_t point)
{
	for (uint16_t i = 0; s != NULL && i < s->n; i++) {
		struct suppression_run *run = &s->runs[i];
		if (run->def->source != point)
			continue;
		enum contact_state state = state_of(s->engine, point);
		if (state == CONTACT_UNKNOWN && run->unseen)
			continue;
		if (state != CONTACT_UNKNOWN && !run->state.on &&
		    is_in_delay(s->engine, point))
			continue; // the end of the delay looks again
		feed(run, state);
	}
}

bool
suppressions_over(
    const struct suppressions *s, uint32_t point, enum condition c, const char *code)
{
	if (s == NULL || isolations_own(c, code))
		return false;
	for (uint16_t i = 0; i < s->n; i++)
		if (s->runs[i].state.on && is_over(s, s->runs[i].def, point, c))
			return true;
	return false;
}

static bool
is_covered(const struct suppressions *s, const struct alarm_record *r)
{
	for (uint16_t i = 0; s != NULL && i < s->n; i++)
		if (is_over(s, s->runs[i].def, r->point_index, r->a.condition))
			return true;
	return false;
}

void
suppressions_recover(struct engine *e)
{
	size_t n;
	struct alarm_record *const *all = alarms_all(e->alarms, &n);

	while (n-- > 0)
		if (all[n]->point_index < e->site->n_site_points &&
		    !is_covered(e->suppressions, all[n]))
			transition_flag(e, all[n], FLAG_SUPPRESSED, false);
}

void
suppressions_json(const struct suppressions *s, uint32_t point, struct buf *out)
{
	bool any = false;

	for (uint16_t i = 0; s != NULL && i < s->n; i++) {
		const struct suppression_def *d = s->runs[i].def;
		if (!names_point(d, point))
			continue;
		if (!any)
			json_open(out, "suppressions", '[');
		any = true;
		json_open(out, NULL, '{');
		json_str(out, "rule", d->id);
		json_str(out, "by", s->engine->site->points[d->source].id);
		json_bool(out, "on", s->runs[i].state.on);
		json_open(out, "reason", '{');
		json_str(out, "zh", d->reason_zh);
		json_str(out, "en", d->reason_en);
		json_close(out, '}');
		json_close(out, '}');
	}
	if (any)
		json_close(out, ']');
}

// ---- life -------------------------------------------------------------------------

struct suppressions *
suppressions_new(struct engine *e)
{
	if (e->site->n_suppressions == 0)
		return NULL;
	struct suppressions *s = xcalloc(1, sizeof(*s));
	s->engine = e;
	s->n = e->site->n_suppressions;
	s->runs = xcalloc(s->n, sizeof(*s->runs));
	for (uint16_t i = 0; i < s->n; i++) {
		struct suppression_run *run = &s->runs[i];
		run->engine = e;
		run->def = &e->site->suppressions[i];
		run->state.until_ms = -1;
		run->unseen = true;
		loop_timer_init(&run->due, on_due, run);
		loop_timer_in(e->loop, &run->due, UNSEEN_MS);
	}
	return s;
}

void
suppressions_free(struct suppressions *s)
{
	if (s == NULL)
		return;
	for (uint16_t i = 0; i < s->n; i++)
		loop_timer_stop(s->engine->loop, &s->runs[i].due);
	free(s->runs);
	free(s);
}
