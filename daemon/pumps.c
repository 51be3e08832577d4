// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See pumps.h. A pump's findings are alarms of its built-in point. What a restart must
// know is kept as a setting: how the pump was, the starts of the statistics day, and
// when it last started, stopped and was exercised. The count of a day belongs to the
// day in which the start was; reports count the events themselves.
#include "pumps.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_impl.h"
#include "lib/mem.h"
#include "local_time.h"
#include "pump_kept.h"

enum {
	DAY_S = DAY_MINUTES * 60,
};

struct pump_run {
	struct pumps *pumps;
	const struct pump_def *def;
	struct pump pump;
	struct pump_kept kept;
	int64_t known_utc_ms; // when it was last known whether it runs; 0 = never
	uint8_t told;         // mask of findings that stand as alarms
	uint32_t doubts;      // mask of findings of which nothing is known
	uint64_t shown; // to the page: verdicts, running, exercises, starts, packed
	struct loop_timer due;
};

// A contact of one pump or of several.
struct pump_contact {
	struct pumps *pumps;
	uint32_t point;
	bool is_run;
	enum contact_state state;
};

struct pumps {
	struct engine *engine;
	struct local_time *local;
	struct loop_timer minute; // of hours and days
	uint16_t n;
	struct pump_run *runs;
	uint32_t n_contacts;
	struct pump_contact *contacts;
};

// ---- time
// --------------------------------------------------------------------------------

static int64_t
utc_of(const struct pump_run *r, int64_t mono_ms)
{
	const struct loop *loop = r->pumps->engine->loop;
	return loop_utc_ms(loop) - (loop_now_ms(loop) - mono_ms);
}

static int64_t
statistics_day(const struct pumps *p, int64_t utc_ms)
{
	int64_t local_s = local_time_s(p->local, utc_ms);
	return (local_s - (int64_t)p->engine->site->statistics_day_min * 60) / DAY_S;
}

// The day's figures begin anew with it.
static void
follow_day(struct pump_run *r)
{
	int64_t day = statistics_day(r->pumps, loop_utc_ms(r->pumps->engine->loop));
	if (day == r->kept.day)
		return;
	r->kept.day = day;
	r->kept.starts = r->kept.ran_ms = 0;
}

// ---- what is kept
// ------------------------------------------------------------------------

static void
kept_key(const struct pump_run *r, char out[static META_KEY_MAX])
{
	(void)snprintf(out, META_KEY_MAX, META_RULE "pump/%s", r->def->id);
}

static void
keep(const struct pump_run *r)
{
	char key[META_KEY_MAX], value[META_VALUE_MAX];
	kept_key(r, key);
	pump_kept_print(&r->kept, value);
	works_meta(r->pumps->engine->works, key, value);
}

// ---- starts and stops
// --------------------------------------------------------------------

static void
write_turn(const struct pump_run *r, const struct pump_turn *t, enum pump_mode mode)
{
	struct engine *e = r->pumps->engine;
	struct event ev;
	event_init(
	    &ev, t->step == PUMP_STEP_START ? EVENT_PUMP_START : EVENT_PUMP_STOP);
	engine_describe_point(&e->site->points[r->def->point], &ev);
	ev.time_utc_ms = utc_of(r, t->at_ms);
	ev.mono_ms = t->at_ms;
	ev.value = t->kpa;
	if (t->after_gap)
		ev.not_before_utc_ms = r->known_utc_ms;
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	json_str(&b, "pump", r->def->id);
	json_str(&b, "by", r->def->rule.has_run ? "contact" : "trend");
	if (t->step == PUMP_STEP_START)
		json_str(&b, "mode", pump_mode_name(mode));
	if (t->step == PUMP_STEP_STOP && t->ran_ms > 0)
		json_int(&b, "ran_ms", t->ran_ms);
	if (t->after_gap)
		json_bool(&b, "found_after_gap", true);
	engine_put_params(&ev, &b);
	(void)works_event(e->works, &ev);
}

static void
note_start(struct pump_run *r, const struct pump_turn *t, enum pump_mode mode)
{
	struct pump_kept *k = &r->kept;
	k->start_utc = k->running_utc = utc_of(r, t->at_ms);
	k->start_kpa = t->kpa;
	k->starts += statistics_day(r->pumps, k->start_utc) == k->day;
	for (enum pump_exercise x = 0; x < PUMP_EXERCISE_COUNT; x++) {
		if (!pump_exercise_counts(x, mode))
			continue;
		k->exercised_utc[x] = k->start_utc;
		k->exercised_mode[x] = (int64_t)mode;
	}
}

static void
note_stop(struct pump_run *r, const struct pump_turn *t)
{
	struct pump_kept *k = &r->kept;
	k->stop_utc = utc_of(r, t->at_ms);
	k->stop_kpa = t->kpa;
	k->running_utc = 0;
	k->ran_ms += t->ran_ms;
}

// What tells of its running is lost: it was known until that was last heard, and not
// until others were.
static void
known_until_heard(struct pump_run *r)
{
	const struct pump_def *d = r->def;
	const struct point_state *st =
	    engine_point(r->pumps->engine, d->rule.has_run ? d->run : d->gauge);
	int64_t heard =
	    st->unknown_since_utc_ms != 0 ? st->unknown_since_utc_ms : st->t_utc_ms;

	if (heard != 0 && heard < r->known_utc_ms)
		r->known_utc_ms = heard;
}

static void
take_turn(struct pump_run *r, const struct pump_turn *t, const struct pump_facts *f)
{
	enum pump_mode mode = pump_mode(&r->def->rule, f);
	enum contact_state running = r->pump.cycle.running;
	bool changed = t->step != PUMP_STEP_NONE;
	if (t->step == PUMP_STEP_START)
		note_start(r, t, mode);
	else if (t->step == PUMP_STEP_STOP)
		note_stop(r, t);
	if (changed)
		write_turn(r, t, mode);
	if (running == CONTACT_UNKNOWN) {
		known_until_heard(r);
		return;
	}
	r->known_utc_ms = loop_utc_ms(r->pumps->engine->loop);
	if (r->kept.run == (int64_t)running && !changed)
		return;
	r->kept.run = (int64_t)running;
	keep(r);
}

// ---- what follows from the facts
// -----------------------------------------------------------

static void
tell_finding(struct pump_run *r, enum pump_finding f, bool on)
{
	struct engine *e = r->pumps->engine;
	const struct pump_look *k = &r->pump.looks[f];
	struct facts now = engine_facts_now(e);
	const struct finding_facts finding = {
		.measured = k->measured,
		.allowed = pump_allowed(&r->def->rule, f),
		.unit = pump_finding_unit(f),
		.since_utc_ms = on ? utc_of(r, k->since_ms) : 0,
	};
	now.value = k->measured;
	now.finding = &finding;
	engine_feed(e, r->def->point, pump_finding_condition(f), pump_finding_code(f),
	    on, &now);
}

static void
note_doubt(struct pump_run *r, enum pump_finding f)
{
	bool watched = pump_verdict(&r->pump, &r->def->rule, f) != PUMP_UNWATCHED;
	const struct rule_doubt d = { r->def->point, pump_finding_condition(f),
		pump_finding_code(f), (unsigned)f, r->pump.looks[f].known };
	if (watched)
		engine_decide_rule(r->pumps->engine, &d, &r->doubts);
}

static void
tell(struct pump_run *r)
{
	bool doubt = false;
	for (enum pump_finding f = 0; f < PUMP_FINDING_COUNT; f++) {
		bool on = pump_stands(&r->pump, f);
		doubt = doubt || (on && !r->pump.looks[f].known);
		note_doubt(r, f);
		if (on == ((r->told & 1U << f) != 0))
			continue;
		r->told = (uint8_t)(r->told ^ 1U << f);
		tell_finding(r, f, on);
	}
	// What stands, and of which nobody knows whether it still does, says so (I6).
	struct engine *e = r->pumps->engine;
	engine_set_quality(e, r->def->point, doubt ? QUALITY_UNKNOWN : QUALITY_GOOD,
	    loop_utc_ms(e->loop));
}

// In this week or month, as far as it has gone.
static bool
exercise_seen(const struct pump_run *r, enum pump_exercise x)
{
	const struct pumps *p = r->pumps;
	int64_t at = r->kept.exercised_utc[x];
	int64_t now_s = local_time_s(p->local, loop_utc_ms(p->engine->loop));
	return at != 0 && local_time_s(p->local, at) >= pump_exercise_begin(x, now_s);
}

static void
show(struct pump_run *r)
{
	uint64_t is = (uint64_t)r->pump.cycle.running;
	for (enum pump_finding f = 0; f < PUMP_FINDING_COUNT; f++)
		is = is << 3 | (uint64_t)pump_verdict(&r->pump, &r->def->rule, f) << 1 |
		     r->pump.looks[f].known;
	for (enum pump_exercise x = 0; x < PUMP_EXERCISE_COUNT; x++)
		is = is << 1 | exercise_seen(r, x);
	is = is << 32 | (uint32_t)r->kept.starts;
	if (r->shown == is)
		return;
	r->shown = is;
	engine_tell_rule(r->pumps->engine, r->def->point);
}

static enum contact_state
state_of(const struct pumps *p, uint32_t point)
{
	for (uint32_t i = 0; i < p->n_contacts; i++) {
		if (p->contacts[i].point == point)
			return p->contacts[i].state;
	}
	return CONTACT_UNKNOWN;
}

static double
gauge_kpa(const struct pumps *p, uint32_t point)
{
	if (point == UINT32_MAX)
		return NAN;
	const struct point_state *st = engine_point(p->engine, point);
	return st->quality == QUALITY_GOOD ? st->value : (double)NAN;
}

static void
update(struct pump_run *r)
{
	struct pumps *p = r->pumps;
	struct loop *loop = p->engine->loop;
	const struct pump_def *d = r->def;
	int64_t now = loop_now_ms(loop);
	int64_t local_s = local_time_s(p->local, loop_utc_ms(loop));
	const struct pump_facts facts = {
		.run = state_of(p, d->run),
		.off_auto = state_of(p, d->auto_contact),
		.manual = state_of(p, d->manual_contact),
		.kpa = gauge_kpa(p, d->gauge),
		.second_kpa = gauge_kpa(p, d->second_gauge),
		.night = schedule_covers(&d->night, schedule_minute(local_s)),
	};
	follow_day(r);
	struct pump_turn turn = pump_feed(&r->pump, &d->rule, &facts, now);
	take_turn(r, &turn, &facts);
	tell(r);
	show(r);
	int64_t due = pump_due(&r->pump, &d->rule, now);
	if (due >= 0)
		loop_timer_at(loop, &r->due, due);
	else
		loop_timer_stop(loop, &r->due);
}

static void
on_due(void *arg)
{
	update(arg);
}

static void
on_minute(void *arg)
{
	struct pumps *p = arg;
	for (uint16_t i = 0; i < p->n; i++)
		update(&p->runs[i]);
	loop_timer_in(p->engine->loop, &p->minute, MINUTE_MS);
}

void
pumps_gauge(struct pumps *p, uint32_t point)
{
	for (uint16_t i = 0; p != NULL && i < p->n; i++) {
		const struct pump_def *d = p->runs[i].def;
		if (d->gauge == point || d->second_gauge == point)
			update(&p->runs[i]);
	}
}

// ---- contacts
// ----------------------------------------------------------------------------

static void
contact_level(void *arg, uint32_t point, const struct sample *s, const struct facts *f)
{
	struct pump_contact *c = arg;
	struct pumps *p = c->pumps;
	(void)f;
	c->state = CONTACT_UNKNOWN;
	if (s != NULL)
		c->state = point_active(&p->engine->site->points[point], s->value)
			       ? CONTACT_ACTIVE
			       : CONTACT_IDLE;
	for (uint16_t i = 0; i < p->n; i++) {
		const struct pump_def *d = p->runs[i].def;
		if (d->run == point || d->auto_contact == point ||
		    d->manual_contact == point)
			update(&p->runs[i]);
	}
}

// A selector is told at its pump; that a pump runs is told at its contact.
static void
contact_list(const void *arg, struct condition_list *out)
{
	const struct pump_contact *c = arg;
	if (!c->is_run || c->state != CONTACT_ACTIVE)
		return;
	out->condition[out->n] = point_kind_condition(KIND_PUMP_RUN);
	out->code[out->n++] = "";
}

static void
no_json(const void *arg, struct buf *out)
{
	(void)arg;
	(void)out;
}

static const struct meaning contact_meaning = { contact_level, contact_list, no_json };

// ---- the page
// ----------------------------------------------------------------------------

static const char *
running_name(enum contact_state c)
{
	return c == CONTACT_ACTIVE ? "running" : c == CONTACT_IDLE ? "idle" : "unknown";
}

static void
json_turn(struct buf *out, const char *name, int64_t utc_ms, double kpa)
{
	json_open(out, name, '{');
	json_time(out, "time", utc_ms);
	json_double(out, "kpa", kpa);
	json_close(out, '}');
}

static void
findings_json(const struct pump_run *r, struct buf *out)
{
	json_open(out, "findings", '{');
	for (enum pump_finding f = 0; f < PUMP_FINDING_COUNT; f++) {
		const struct pump_look *k = &r->pump.looks[f];
		enum pump_verdict v = pump_verdict(&r->pump, &r->def->rule, f);
		if (v == PUMP_UNWATCHED)
			continue;
		json_open(out, pump_finding_name(f), '{');
		json_str(out, "is", pump_verdict_name(v));
		json_bool(out, "known", k->known);
		json_double(out, "measured", k->known ? k->measured : (double)NAN);
		json_double(out, "allowed", pump_allowed(&r->def->rule, f));
		json_str(out, "unit", pump_finding_unit(f));
		json_close(out, '}');
	}
	json_close(out, '}');
}

static void
exercise_json(const struct pump_run *r, enum pump_exercise x, struct buf *out)
{
	const struct pump_kept *k = &r->kept;
	json_open(out, pump_exercise_name(x), '{');
	json_bool(out, "seen", exercise_seen(r, x));
	json_time(out, "last", k->exercised_utc[x]);
	json_str(out, "mode",
	    k->exercised_utc[x] != 0
		? pump_mode_name((enum pump_mode)k->exercised_mode[x])
		: NULL);
	json_close(out, '}');
}

static void
pump_json(const void *arg, struct buf *out)
{
	const struct pump_run *r = arg;
	const struct site *s = r->pumps->engine->site;
	const struct pump_kept *k = &r->kept;
	json_open(out, "pump", '{');
	json_str(out, "id", r->def->id);
	json_str(out, "role", r->def->rule.role == PUMP_JOCKEY ? "jockey" : "main");
	json_str(out, "gauge", s->points[r->def->gauge].id);
	json_double(out, "kpa", gauge_kpa(r->pumps, r->def->gauge));
	json_str(out, "by", r->def->rule.has_run ? "contact" : "trend");
	json_str(out, "is", running_name(r->pump.cycle.running));
	json_time(out, "running_since", k->running_utc);
	json_int(out, "starts_today", k->starts);
	json_int(out, "ran_today_ms", k->ran_ms);
	json_turn(out, "last_start", k->start_utc, k->start_kpa);
	json_turn(out, "last_stop", k->stop_utc, k->stop_kpa);
	findings_json(r, out);
	if (r->def->weekly_start)
		exercise_json(r, PUMP_WEEKLY_START, out);
	if (r->def->monthly_run)
		exercise_json(r, PUMP_MONTHLY_RUN, out);
	json_close(out, '}');
}

static void
pump_level(void *arg, uint32_t point, const struct sample *s, const struct facts *f)
{
	(void)arg;
	(void)point;
	(void)s;
	(void)f;
}

static void
pump_list(const void *arg, struct condition_list *out)
{
	const struct pump_run *r = arg;
	for (enum pump_finding f = 0; f < PUMP_FINDING_COUNT; f++) {
		if ((r->told & 1U << f) == 0)
			continue;
		out->condition[out->n] = pump_finding_condition(f);
		out->code[out->n++] = pump_finding_code(f);
	}
}

static const struct meaning pump_meaning = { pump_level, pump_list, pump_json };

// ---- life
// ---------------------------------------------------------------------------------

static void
add_contact(struct pumps *p, uint32_t point, bool is_run)
{
	if (point == UINT32_MAX)
		return;
	for (uint32_t i = 0; i < p->n_contacts; i++) {
		if (p->contacts[i].point == point)
			return;
	}
	struct pump_contact *c = &p->contacts[p->n_contacts++];
	*c = (struct pump_contact){ p, point, is_run, CONTACT_UNKNOWN };
	engine_give_meaning(p->engine, point, &contact_meaning, c);
}

static void
start(struct pumps *p, uint16_t i)
{
	struct pump_run *r = &p->runs[i];
	r->pumps = p;
	r->def = &p->engine->site->pumps[i];
	r->kept.start_kpa = r->kept.stop_kpa = NAN;
	loop_timer_init(&r->due, on_due, r);
	engine_give_meaning(p->engine, r->def->point, &pump_meaning, r);
	engine_own_rules(p->engine, r->def->gauge)->watched = true;
	if (r->def->second_gauge != UINT32_MAX)
		engine_own_rules(p->engine, r->def->second_gauge)->watched = true;
	add_contact(p, r->def->run, true);
	add_contact(p, r->def->auto_contact, false);
	add_contact(p, r->def->manual_contact, false);
}

struct pumps *
pumps_new(struct engine *e)
{
	if (e->site->n_pumps == 0)
		return NULL;
	struct pumps *p = xcalloc(1, sizeof(*p));
	p->engine = e;
	p->local = local_time_new(e->site->time_zone);
	p->n = e->site->n_pumps;
	p->runs = xcalloc(p->n, sizeof(*p->runs));
	p->contacts = xcalloc((size_t)p->n * 3, sizeof(*p->contacts));
	for (uint16_t i = 0; i < p->n; i++)
		start(p, i);
	loop_timer_init(&p->minute, on_minute, p);
	loop_timer_in(e->loop, &p->minute, MINUTE_MS);
	return p;
}

void
pumps_free(struct pumps *p)
{
	if (p == NULL)
		return;
	loop_timer_stop(p->engine->loop, &p->minute);
	for (uint16_t i = 0; i < p->n; i++)
		loop_timer_stop(p->engine->loop, &p->runs[i].due);
	local_time_free(p->local);
	free(p->runs);
	free(p->contacts);
	free(p);
}

// A finding that the site no longer watches: nothing would ever end it.
static void
withdraw_unwatched(struct pump_run *r, enum pump_finding f)
{
	struct engine *e = r->pumps->engine;
	struct alarm_record *a =
	    alarms_find(e->alarms, e->site->points[r->def->point].id,
		pump_finding_condition(f), pump_finding_code(f));
	if (a != NULL && !r->def->rule.bounds[f].set)
		transition_withdraw(e, a);
}

static void
recover_one(struct pump_run *r, const struct recovered *rec)
{
	struct engine *e = r->pumps->engine;
	char key[META_KEY_MAX];
	kept_key(r, key);
	for (size_t i = 0; i < rec->n_metas; i++) {
		if (strcmp(rec->metas[i].key, key) == 0)
			(void)pump_kept_read(&r->kept, rec->metas[i].value);
	}
	for (enum pump_finding f = 0; f < PUMP_FINDING_COUNT; f++) {
		withdraw_unwatched(r, f);
		if (r->def->rule.bounds[f].set &&
		    engine_stands(e, r->def->point, pump_finding_condition(f),
			pump_finding_code(f)))
			r->told |= (uint8_t)(1U << f);
	}
	if (e->down_since_utc_ms != ENGINE_SINCE_UNKNOWN)
		r->known_utc_ms = e->down_since_utc_ms;
	int64_t ran = r->kept.running_utc;
	int64_t mono = loop_now_ms(e->loop) - (loop_utc_ms(e->loop) - ran);
	pump_restore(
	    &r->pump, r->told, (enum contact_state)r->kept.run, ran != 0 ? mono : 0);
	update(r);
}

void
pumps_recover(struct pumps *p, const struct recovered *r)
{
	for (uint16_t i = 0; p != NULL && i < p->n; i++)
		recover_one(&p->runs[i], r);
}
