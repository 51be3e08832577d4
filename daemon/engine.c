// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See engine.h. This file turns samples and link reports into conditions that began or
// ended; transitions.c decides what that does to an alarm.
//
// The invariant: only a good (or uncertain) sample clears a condition. A lost link, a
// bad value, a restart leave every alarm as it is (I6).
#include "engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blind.h"
#include "chatters.h"
#include "core/own_code.h"
#include "deadman.h"
#include "doors.h"
#include "effects.h"
#include "engine_impl.h"
#include "fire_doors.h"
#include "flags.h"
#include "lib/mem.h"
#include "loops.h"
#include "patrols.h"
#include "pumps.h"
#include "repeats.h"
#include "suppressions.h"
#include "trends.h"

static bool
record_true(const struct alarm_record *r)
{
	return r->a.state == ALARM_UNACKNOWLEDGED || r->a.state == ALARM_ACKNOWLEDGED;
}

const struct point_rules *
engine_rules(const struct engine *e, uint32_t point)
{
	static const struct point_rules none;
	const struct point_rules *own = e->points[point].rules;
	return own != NULL ? own : &none;
}

struct point_rules *
engine_own_rules(struct engine *e, uint32_t point)
{
	struct point_run *run = &e->points[point];
	if (run->rules == NULL)
		run->rules = xcalloc(1, sizeof(*run->rules));
	return run->rules;
}

// ---- delays -------------------------------------------------------------------

// One timer for each pending delay: a storm may have thousands of them.
static void
arm_delay(struct engine *e, struct filter *fl)
{
	int64_t due = delay_due(&fl->delay, fl->on_delay_ms, fl->off_delay_ms);
	if (due >= 0)
		loop_timer_at(e->loop, &fl->due, due);
	else
		loop_timer_stop(e->loop, &fl->due);
}

static void
on_delay(void *arg)
{
	struct filter *fl = arg;
	struct facts f = fl->facts;
	struct engine *e = fl->engine;
	uint32_t point = fl->point;
	engine_filter_feed(e, fl, fl->raw, &f);
	suppressions_look(e->suppressions, point);
}

struct filter *
engine_filter(struct engine *e, uint32_t point, enum condition c, const char *code,
    uint32_t on_delay_ms, uint32_t off_delay_ms)
{
	struct filter *fl = engine_rules(e, point)->filters;
	for (; fl != NULL; fl = fl->next) {
		if (fl->condition == c && strcmp(fl->code, code) == 0)
			return fl;
	}
	fl = xcalloc(1, sizeof(*fl));
	fl->engine = e;
	loop_timer_init(&fl->due, on_delay, fl);
	fl->point = point;
	fl->condition = c;
	(void)str_copy(fl->code, sizeof(fl->code), code);
	fl->on_delay_ms = on_delay_ms;
	fl->off_delay_ms = off_delay_ms;
	const struct alarm_record *r =
	    alarms_find(e->alarms, e->site->points[point].id, c, code);
	fl->raw = fl->delay.active = r != NULL && record_true(r);
	struct point_rules *rules = engine_own_rules(e, point);
	fl->next = rules->filters;
	rules->filters = fl;
	return fl;
}

void
engine_filter_feed(struct engine *e, struct filter *fl, bool raw, const struct facts *f)
{
	int64_t now = loop_now_ms(e->loop);
	if (raw != fl->raw || !fl->delay.pending)
		fl->facts = *f;
	bool was_pending = fl->delay.pending;
	fl->raw = raw;
	if (delay_feed(&fl->delay, raw, now, fl->on_delay_ms, fl->off_delay_ms))
		transition_condition(e, fl->point, fl->condition, fl->code,
		    fl->delay.active, &fl->facts);
	else
		engine_decide_delay(e, fl, was_pending);
	if (!fl->delay.pending)
		chatters_still(e, fl, f);
	arm_delay(e, fl);
}

// A pending delay does not run on while nobody knows the state.
void
engine_forget_pending(struct engine *e, uint32_t point)
{
	struct filter *fl = engine_rules(e, point)->filters;
	for (; fl != NULL; fl = fl->next) {
		if (fl->delay.pending)
			engine_decide(e, point, DECISION_DELAY_STOPPED, fl->condition,
			    fl->code, NAN);
		fl->raw = fl->delay.active;
		fl->delay.pending = false;
		arm_delay(e, fl);
	}
}

void
engine_feed(struct engine *e, uint32_t point, enum condition c, const char *code,
    bool raw, const struct facts *f)
{
	const struct point *p = &e->site->points[point];
	if (p->on_delay_ms == 0 && p->off_delay_ms == 0) {
		transition_condition(e, point, c, code, raw, f);
		return;
	}
	struct filter *fl =
	    engine_filter(e, point, c, code, p->on_delay_ms, p->off_delay_ms);
	engine_filter_feed(e, fl, raw, f);
}

// ---- the set of conditions ------------------------------------------------------

static bool
in_set(const struct condition_list *s, enum condition c, const char *code)
{
	for (unsigned i = 0; i < s->n; i++) {
		if (s->condition[i] == c && strcmp(s->code[i], code) == 0)
			return true;
	}
	return false;
}

// Whether the set says that this is over.
static bool
clears(const struct condition_list *s, enum condition c, const char *code)
{
	return !own_code(c, code) && (s->silent & 1U << c) == 0 && !in_set(s, c, code);
}

void
engine_apply_set(struct engine *e, uint32_t point, const struct condition_list *s,
    const struct facts *f)
{
	if (s->silent != 0)
		chatters_lost(e, point, s->silent);
	for (unsigned i = 0; i < s->n; i++)
		engine_feed(e, point, s->condition[i], s->code[i], true, f);

	struct alarm_record *r = alarms_of_point(e->alarms, point);
	while (r != NULL) {
		struct alarm_record *next = r->next_of_point;
		if (record_true(r) && clears(s, r->a.condition, r->code))
			engine_feed(e, point, r->a.condition, r->code, false, f);
		r = next;
	}
	struct filter *fl = engine_rules(e, point)->filters;
	for (; fl != NULL; fl = fl->next) {
		if (fl->raw && clears(s, fl->condition, fl->code))
			engine_filter_feed(e, fl, false, f);
	}
}

static void
set_of_sample(struct engine *e, const struct sample *s, struct condition_list *out)
{
	const struct point *p = &e->site->points[s->point];
	const struct point_rules *rules = engine_rules(e, s->point);
	bool level = s->kind == SAMPLE_LEVEL && s->quality != QUALITY_BAD;
	out->n = 0;
	out->silent = s->silent;
	if (rules->meaning != NULL) {
		rules->meaning->list(rules->meaning_arg, out);
	} else if (level && point_active(p, s->value)) {
		out->condition[out->n] = point_kind_condition(p->kind);
		out->code[out->n++] = "";
	}
	for (unsigned i = 0; i < s->n_codes && out->n < SAMPLE_CODES_MAX; i++) {
		wr_assert(s->codes[i].code < e->site->n_codes);
		out->condition[out->n] = s->codes[i].condition;
		out->code[out->n++] = e->site->codes[s->codes[i].code];
	}
}

void
engine_give_meaning(
    struct engine *e, uint32_t point, const struct meaning *m, void *arg)
{
	struct point_rules *rules = engine_own_rules(e, point);
	wr_assert(rules->meaning == NULL);
	rules->meaning = m;
	rules->meaning_arg = arg;
}

bool
engine_stands(
    const struct engine *e, uint32_t point, enum condition c, const char *code)
{
	const struct alarm_record *r =
	    alarms_find(e->alarms, e->site->points[point].id, c, code);
	return r != NULL && record_true(r);
}

// ---- samples --------------------------------------------------------------------

void
engine_set_quality(struct engine *e, uint32_t point, enum quality q, int64_t utc_ms)
{
	struct point_state *st = &e->points[point].state;
	if (st->quality == q)
		return;
	if (q == QUALITY_UNKNOWN || q == QUALITY_BAD)
		engine_decide(e, point,
		    q == QUALITY_BAD ? DECISION_NO_VALUE : DECISION_UNKNOWN, COND_COUNT,
		    "", NAN);
	else if (point >= e->site->n_site_points) // those of others come as samples
		engine_decide(e, point, DECISION_SEEN, COND_COUNT, "", NAN);
	bool site_point = point < e->site->n_site_points;
	if (site_point && st->quality == QUALITY_UNKNOWN)
		e->points_unknown--;
	if (site_point && q == QUALITY_UNKNOWN)
		e->points_unknown++;
	st->quality = q;
	blinds_quality(e, point, q, utc_ms);
	st->unknown_since_utc_ms = q == QUALITY_UNKNOWN ? utc_ms : 0;
	const struct point_rules *rules = engine_rules(e, point);
	if (q == QUALITY_UNKNOWN) {
		loops_lost(e->loops, point);
		gauge_window_lost(e, point);
	}
	if (q == QUALITY_UNKNOWN || q == QUALITY_BAD) {
		trend_lost(e, point);
		chatters_lost(e, point, CONDITIONS_ALL);
		suppressions_look(e->suppressions, point);
		effects_lost(rules->expected ? e->effects : NULL, point);
	}
	if (rules->meaning != NULL && (q == QUALITY_UNKNOWN || q == QUALITY_BAD))
		rules->meaning->level(rules->meaning_arg, point, NULL, NULL);
	if (rules->watched && (q == QUALITY_UNKNOWN || q == QUALITY_BAD))
		pumps_gauge(e->pumps, point);
	struct alarm_record *r = alarms_of_point(e->alarms, point);
	for (; r != NULL; r = r->next_of_point)
		e->host.alarm(e->host.ctx, r, false);
}

static void
note_raw(struct engine *e, const struct sample *s, size_t events_before)
{
	struct point_state *st = &e->points[s->point].state;
	bool changed = st->raw_known && st->raw != s->raw;
	st->raw = s->raw;
	st->raw_known = true;
	if (!changed || s->kind != SAMPLE_CODE ||
	    works_stream(e->works) != events_before)
		return;
	const struct point *p = &e->site->points[s->point];
	struct event ev;
	event_init(&ev, EVENT_POINT_CHANGE);
	engine_describe_point(p, &ev);
	ev.quality = (int)s->quality;
	ev.not_before_utc_ms = s->not_before_utc_ms;
	(void)snprintf(ev.params, sizeof(ev.params), "{\"raw\":%u}", s->raw);
	(void)works_event(e->works, &ev);
}

static void
good_sample(struct engine *e, const struct sample *s, struct facts *f)
{
	struct point_state *st = &e->points[s->point].state;
	uint64_t before = works_stream(e->works);
	// The first sight of a point after start or a gap: what differs now happened at
	// an unknown moment in between.
	int64_t known = st->t_utc_ms != 0 ? st->t_utc_ms : e->down_since_utc_ms;
	f->found_after_gap = st->quality == QUALITY_UNKNOWN && known != 0;
	if (f->found_after_gap && f->not_before_utc_ms == 0 &&
	    known != ENGINE_SINCE_UNKNOWN)
		f->not_before_utc_ms = known;
	if (st->quality == QUALITY_UNKNOWN || st->quality == QUALITY_BAD)
		engine_decide(e, s->point,
		    f->found_after_gap ? DECISION_FOUND_AFTER_GAP : DECISION_SEEN,
		    COND_COUNT, "", f->value);
	engine_set_quality(e, s->point, s->quality, s->t_utc_ms);
	st->seen = true;
	st->t_utc_ms = s->t_utc_ms;
	if (s->kind != SAMPLE_CODE)
		st->value = s->value;

	bool number = s->kind == SAMPLE_ANALOG || s->kind == SAMPLE_COUNT;
	if (number)
		trend_feed(e, s, f);
	if (number && s->n_codes == 0 && alarms_of_point(e->alarms, s->point) == NULL &&
	    engine_rules(e, s->point)->filters == NULL &&
	    e->site->points[s->point].limits == NULL)
		return;
	const struct point_rules *rules = engine_rules(e, s->point);
	if (rules->meaning != NULL && s->kind == SAMPLE_LEVEL)
		rules->meaning->level(rules->meaning_arg, s->point, s, f);
	struct condition_list set;
	set_of_sample(e, s, &set);
	engine_apply_set(e, s->point, &set, f);
	if (number)
		gauge_limits(e, s, f);
	note_raw(e, s, before);
}

// A device that answers "no value": the fault is raised, nothing is cleared.
static void
bad_sample(struct engine *e, const struct sample *s, const struct facts *f)
{
	// An off-delay that ran when the value was lost would clear without a value
	// (I6).
	if (e->points[s->point].state.quality != s->quality)
		engine_forget_pending(e, s->point);
	engine_set_quality(e, s->point, s->quality, s->t_utc_ms);
	if (s->quality == QUALITY_UNKNOWN)
		return;
	struct condition_list set;
	set_of_sample(e, s, &set);
	if (set.n == 0) {
		set.condition[0] = COND_FAULT;
		set.code[0] = "sensor";
		set.n = 1;
	}
	for (unsigned i = 0; i < set.n; i++)
		engine_feed(e, s->point, set.condition[i], set.code[i], true, f);
}

static void
edge_sample(struct engine *e, const struct sample *s)
{
	const struct point *p = &e->site->points[s->point];
	struct event ev;
	event_init(&ev, EVENT_POINT_EDGE);
	ev.time_utc_ms = s->t_utc_ms;
	ev.mono_ms = s->t_mono_ms;
	engine_describe_point(p, &ev);
	if (s->n_codes > 0) {
		wr_assert(s->codes[0].code < e->site->n_codes);
		ev.condition = (int)s->codes[0].condition;
		(void)str_copy(
		    ev.code, sizeof(ev.code), e->site->codes[s->codes[0].code]);
	}
	ev.value = s->value;
	ev.quality = (int)s->quality;
	ev.not_before_utc_ms = s->not_before_utc_ms;
	(void)works_event(e->works, &ev);
	engine_decide(e, s->point, DECISION_EDGE,
	    s->n_codes > 0 ? s->codes[0].condition : COND_COUNT, ev.code, s->value);
}

void
engine_sample(struct engine *e, const struct sample *s)
{
	wr_assert(s->point < e->site->n_points);
	gauge_feed(e, s);
	if (!loops_sample(e->loops, s))
		engine_take(e, s);
	if (engine_rules(e, s->point)->watched)
		pumps_gauge(e->pumps, s->point);
}

void
engine_take(struct engine *e, const struct sample *s)
{
	if (s->kind == SAMPLE_EDGE) {
		edge_sample(e, s);
		return;
	}
	struct facts f = {
		.t_utc_ms = s->t_utc_ms,
		.t_mono_ms = s->t_mono_ms,
		.not_before_utc_ms = s->not_before_utc_ms,
		.device_time_ms = s->device_time_ms,
		.value = s->kind == SAMPLE_CODE ? (double)NAN : s->value,
		.quality = s->quality,
		.raw = s->raw,
	};
	if (s->quality == QUALITY_GOOD || s->quality == QUALITY_UNCERTAIN)
		good_sample(e, s, &f);
	else
		bad_sample(e, s, &f);
	suppressions_look(e->suppressions, s->point);
	if (engine_rules(e, s->point)->expected)
		effects_look(e->effects, s->point);
}

// ---- life -----------------------------------------------------------------------

static void
on_realarm(void *arg)
{
	struct engine *e = arg;
	int64_t now = loop_now_ms(e->loop);
	size_t n;
	struct alarm_record *const *all = alarms_all(e->alarms, &n);
	for (size_t i = 0; i < n; i++) {
		struct alarm_record *r = all[i];
		if (r->acknowledged_utc_ms != 0 &&
		    now - r->acknowledged_mono_ms >= e->site->realarm_ms)
			transition_realarm(e, r);
	}
	loop_timer_in(e->loop, &e->realarm_timer, 1000);
}

static void
on_resound(void *arg)
{
	struct engine *e = arg;
	e->silenced = false;
	transition_update_sound(e);
}

struct engine *
engine_new(struct loop *loop, const struct site *site, struct store *store,
    struct works *works, const struct engine_host *host)
{
	struct engine *e = xcalloc(1, sizeof(*e));
	e->loop = loop;
	e->site = site;
	e->store = store;
	e->works = works;
	e->host = *host;
	e->alarms = alarms_new(site->n_points);
	e->points = xcalloc(site->n_points + 1, sizeof(*e->points));
	e->heard_mono_ms = xcalloc((size_t)site->n_devices + 1, sizeof(int64_t));
	e->device_fires = xcalloc((size_t)site->n_devices + 1, sizeof(uint32_t));
	e->points_unknown = site->n_site_points;
	int64_t now = loop_utc_ms(loop);
	for (uint32_t i = 0; i < site->n_points; i++) {
		e->points[i].state.quality = QUALITY_UNKNOWN;
		e->points[i].state.value = NAN;
		e->points[i].state.unknown_since_utc_ms = now;
	}
	e->decisions = decisions_new(site);
	e->chatters = chatters_new(e);
	e->repeats = repeats_new(e);
	links_init(e);
	gauges_init(e);
	trends_init(e);
	e->flags = flags_new(e);
	e->loops = loops_new(e);
	e->doors = doors_new(e);
	e->fire_doors = fire_doors_new(e);
	e->suppressions = suppressions_new(e);
	e->effects = effects_new(e);
	e->pumps = pumps_new(e);
	e->patrols = patrols_new(e);
	e->blinds = blinds_new(e);
	e->deadman = deadman_watch_new(e);
	loop_timer_init(&e->realarm_timer, on_realarm, e);
	loop_timer_init(&e->resound_timer, on_resound, e);
	if (site->realarm_ms > 0)
		loop_timer_in(loop, &e->realarm_timer, 1000);
	return e;
}

static void
free_rules(struct engine *e, uint32_t point)
{
	struct point_rules *rules = e->points[point].rules;
	struct filter *fl = rules != NULL ? rules->filters : NULL;
	while (fl != NULL) {
		struct filter *next = fl->next;
		loop_timer_stop(e->loop, &fl->due);
		free(fl);
		fl = next;
	}
	free(rules);
	e->points[point].rules = NULL;
}

void
engine_free(struct engine *e)
{
	if (e == NULL)
		return;
	loop_timer_stop(e->loop, &e->realarm_timer);
	loop_timer_stop(e->loop, &e->resound_timer);
	gauges_free(e);
	trends_free(e);
	doors_free(e->doors);
	fire_doors_free(e->fire_doors);
	suppressions_free(e->suppressions);
	effects_free(e->effects);
	pumps_free(e->pumps);
	blinds_free(e->blinds);
	patrols_free(e->patrols);
	deadman_watch_free(e->deadman);
	loops_free(e->loops);
	for (uint32_t i = 0; i < e->site->n_points; i++)
		free_rules(e, i);
	flags_free(e->flags);
	chatters_free(e->chatters);
	repeats_free(e->repeats);
	alarms_free(e->alarms);
	free(e->points);
	links_free(e);
	decisions_free(e->decisions);
	free(e->heard_mono_ms);
	free(e->device_fires);
	free(e);
}

const struct alarms *
engine_alarms(const struct engine *e)
{
	return e->alarms;
}

const struct point_state *
engine_point(const struct engine *e, uint32_t point)
{
	return &e->points[point].state;
}

uint32_t
engine_points_unknown(const struct engine *e)
{
	return e->points_unknown;
}

int64_t
engine_device_heard_utc(const struct engine *e, uint32_t device)
{
	int64_t heard = e->heard_mono_ms[device];
	if (heard == 0)
		return 0;
	return loop_utc_ms(e->loop) - (loop_now_ms(e->loop) - heard);
}
