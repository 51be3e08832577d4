// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See patrols.h. A visit is a contact that closes; one that is closed when it is first
// seen is none. A round is known by the local time at which it began, and is kept as a
// setting "BEGIN RESULTS", so that a restart knows which stops were visited. Stops
// whose window was open while nobody watched are unwatched, not missed.
#include "patrols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_impl.h"
#include "lib/mem.h"
#include "local_time.h"

enum {
	DAY_S = DAY_MINUTES * 60,
	SET_BACK_MOST_S = 2 * 3600, // summer time ends; beyond that the clock was wrong
	LATE_BEGIN_MS = 90000,      // a round found to run so long began unwatched
};

static const char code_missed[] = "patrol-missed";

struct stop_point {
	struct patrols *patrols;
	uint32_t point;
	enum contact_state contact;
	bool missed; // stands as an alarm
	int64_t visited_utc_ms;
};

struct route_run {
	const struct patrol_def *def;
	struct patrol round;
	int64_t begin_local_s; // of the newest round; 0 = none yet
	bool over;             // its end is told
	struct stop_point *stops[PATROL_STOPS_MAX];
};

struct patrols {
	struct engine *engine;
	struct local_time *local;
	struct route_run *routes;
	struct stop_point *points;
	uint32_t n_points;
	struct loop_timer due; // at least once a minute
};

static const struct point *
point_of(const struct stop_point *s)
{
	return &s->patrols->engine->site->points[s->point];
}

// ---- what is told and kept
// ----------------------------------------------------------------

// The round as it is now, for a restart and for the page.
static void
keep(const struct patrols *p, const struct route_run *r)
{
	char key[META_KEY_MAX], value[META_VALUE_MAX];
	(void)snprintf(key, sizeof(key), META_RULE "patrol/%s", r->def->id);
	int n = snprintf(value, sizeof(value), "%lld ", (long long)r->begin_local_s);
	for (unsigned i = 0; i < r->def->rule.n; i++)
		value[n++] =
		    patrol_result_letter((enum patrol_result)r->round.results[i]);
	value[n] = '\0';
	works_meta(p->engine->works, key, value);
	engine_tell_round(p->engine, (uint16_t)(r - p->routes));
}

static void
write_stop(const struct route_run *r, unsigned stop, enum patrol_result result)
{
	const struct stop_point *s = r->stops[stop];
	struct event ev;
	event_init(&ev, EVENT_PATROL_STOP);
	engine_describe_point(point_of(s), &ev);
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	json_str(&b, "route", r->def->id);
	json_int(&b, "stop", stop + 1);
	json_str(&b, "result", patrol_result_name(result));
	engine_put_params(&ev, &b);
	(void)works_event(s->patrols->engine->works, &ev);
}

static void
write_round(const struct patrols *p, const struct route_run *r)
{
	unsigned counts[PATROL_RESULT_COUNT] = { 0 };
	struct event ev;
	for (unsigned i = 0; i < r->def->rule.n; i++)
		counts[r->round.results[i]]++;
	event_init(&ev, EVENT_PATROL_ROUND);
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	json_str(&b, "route", r->def->id);
	json_int(&b, "begun_local_s", r->begin_local_s);
	for (enum patrol_result k = PATROL_EARLY; k < PATROL_RESULT_COUNT; k++)
		json_int(&b, patrol_result_name(k), counts[k]);
	engine_put_params(&ev, &b);
	(void)works_event(p->engine->works, &ev);
}

static void
tell_missed(struct stop_point *s, bool missed)
{
	if (s->missed == missed)
		return;
	struct facts now = engine_facts_now(s->patrols->engine);
	s->missed = missed;
	engine_feed(
	    s->patrols->engine, s->point, COND_SECURITY, code_missed, missed, &now);
	engine_tell_rule(s->patrols->engine, s->point);
}

// ---- rounds
// -------------------------------------------------------------------------------

// The newest begin of a round that is not after `local_s`; 0 = none in two days.
static int64_t
newest_begin(const struct patrol_def *d, int64_t local_s)
{
	int64_t newest = 0;
	for (int back = 0; back <= 1; back++) {
		int64_t day = local_s / DAY_S - back;
		unsigned weekday = schedule_minute(day * DAY_S) / DAY_MINUTES;
		for (unsigned i = 0; i < d->n_starts; i++) {
			int64_t at = day * DAY_S + (int64_t)d->starts[i] * 60;
			if ((d->days & 1U << weekday) != 0 && at <= local_s &&
			    at > newest)
				newest = at;
		}
	}
	return newest;
}

// How long ago a local time was, in ms: not what the clock of the wall has moved by,
// for it may have been put forward or back since.
static int64_t
age_of(const struct patrols *p, int64_t local_s)
{
	int64_t utc_ms = loop_utc_ms(p->engine->loop);
	int64_t age_s = local_time_s(p->local, utc_ms) - local_s;
	age_s += local_time_s(p->local, utc_ms - age_s * 1000) - local_s;
	return age_s * 1000 + utc_ms % 1000;
}

static int64_t
longest_ms(const struct patrol_def *d)
{
	return (int64_t)d->rule.stops[d->rule.n - 1].to_ms;
}

static void
write_stops(const struct route_run *r, uint64_t stops)
{
	for (unsigned i = 0; i < r->def->rule.n; i++) {
		if ((stops & 1ULL << i) != 0)
			write_stop(r, i, (enum patrol_result)r->round.results[i]);
	}
}

// The clock was put forward into the next round: what is open has its verdict first.
static void
end_round(struct patrols *p, struct route_run *r)
{
	if (!r->round.runs || r->over)
		return;
	write_stops(r, patrol_cut(&r->round, &r->def->rule));
	write_round(p, r);
	r->over = true;
}

static void
begin_round(struct patrols *p, struct route_run *r, int64_t begin_local_s, int64_t age)
{
	int64_t now = loop_now_ms(p->engine->loop);
	end_round(p, r);
	r->begin_local_s = begin_local_s;
	r->over = false;
	write_stops(r, patrol_begin(&r->round, &r->def->rule, now - age));
	for (unsigned i = 0; age > LATE_BEGIN_MS && i < r->def->rule.n; i++)
		r->round.blind[i] = (int64_t)r->def->rule.stops[i].from_ms < age;
	keep(p, r);
}

static void
update_route(struct patrols *p, struct route_run *r)
{
	const struct loop *loop = p->engine->loop;
	int64_t now = loop_now_ms(loop);
	int64_t local_s = local_time_s(p->local, loop_utc_ms(loop));
	int64_t begin = newest_begin(r->def, local_s);
	// An hour that comes twice brings no round twice, and cuts none short.
	if (r->begin_local_s > local_s + SET_BACK_MOST_S)
		r->begin_local_s = 0;
	if (begin > r->begin_local_s && age_of(p, begin) < longest_ms(r->def))
		begin_round(p, r, begin, age_of(p, begin));
	if (!r->round.runs)
		return;
	for (unsigned i = 0; i < r->def->rule.n; i++) {
		if (r->stops[i]->contact == CONTACT_UNKNOWN)
			patrol_blind(&r->round, &r->def->rule, i, now);
	}
	uint64_t ended = patrol_feed(&r->round, &r->def->rule, now);
	write_stops(r, ended);
	for (unsigned i = 0; i < r->def->rule.n; i++) {
		if ((ended & 1ULL << i) != 0 && r->round.results[i] == PATROL_MISSED)
			tell_missed(r->stops[i], true);
	}
	bool over = patrol_over(&r->round, &r->def->rule);
	if (over && !r->over)
		write_round(p, r);
	if (ended != 0 || over != r->over)
		keep(p, r);
	r->over = over;
}

static void
update(struct patrols *p)
{
	struct loop *loop = p->engine->loop;
	int64_t now = loop_now_ms(loop);
	int64_t due = now + MINUTE_MS - loop_utc_ms(loop) % MINUTE_MS;
	for (uint16_t i = 0; i < p->engine->site->n_patrols; i++) {
		struct route_run *r = &p->routes[i];
		update_route(p, r);
		int64_t ends = patrol_due(&r->round, &r->def->rule);
		if (ends >= 0 && ends < due)
			due = ends;
	}
	loop_timer_at(loop, &p->due, due);
}

static void
on_due(void *arg)
{
	update(arg);
}

// ---- visits
// -------------------------------------------------------------------------------

static void
visit_route(struct patrols *p, struct route_run *r, unsigned stop)
{
	uint64_t skipped;
	enum patrol_result result = patrol_visit(
	    &r->round, &r->def->rule, stop, loop_now_ms(p->engine->loop), &skipped);
	if (result == PATROL_WAITS)
		return;
	write_stop(r, stop, result);
	for (unsigned i = 0; i < stop; i++) {
		if ((skipped & 1ULL << i) != 0)
			write_stop(r, i, PATROL_SKIPPED);
	}
	keep(p, r);
}

static void
visit(struct stop_point *s)
{
	struct patrols *p = s->patrols;
	s->visited_utc_ms = loop_utc_ms(p->engine->loop);
	engine_tell_rule(p->engine, s->point);
	update(p); // what ended before now
	for (uint16_t i = 0; i < p->engine->site->n_patrols; i++) {
		struct route_run *r = &p->routes[i];
		for (unsigned k = 0; k < r->def->rule.n; k++) {
			if (r->stops[k] == s)
				visit_route(p, r, k);
		}
	}
	tell_missed(s, false);
	update(p);
}

static void
stop_level(void *arg, uint32_t point, const struct sample *s, const struct facts *f)
{
	struct stop_point *stop = arg;
	enum contact_state before = stop->contact;
	(void)point;
	(void)f;
	if (before == CONTACT_UNKNOWN && s != NULL)
		update(stop->patrols); // of a window that opened meanwhile
	stop->contact = CONTACT_UNKNOWN;
	if (s != NULL)
		stop->contact = point_active(point_of(stop), s->value) ? CONTACT_ACTIVE
								       : CONTACT_IDLE;
	if (before == CONTACT_IDLE && stop->contact == CONTACT_ACTIVE)
		visit(stop);
	else if (stop->contact == CONTACT_UNKNOWN)
		update(stop->patrols);
}

static void
stop_list(const void *arg, struct condition_list *out)
{
	const struct stop_point *s = arg;
	if (!s->missed)
		return;
	out->condition[out->n] = COND_SECURITY;
	out->code[out->n++] = code_missed;
}

static void
stop_json(const void *arg, struct buf *out)
{
	const struct stop_point *s = arg;
	json_open(out, "patrol", '{');
	json_bool(out, "missed", s->missed);
	json_time(out, "visited", s->visited_utc_ms);
	json_close(out, '}');
}

static const struct meaning stop_meaning = { stop_level, stop_list, stop_json };

// ---- life
// ---------------------------------------------------------------------------------

static struct stop_point *
stop_point(struct patrols *p, uint32_t point)
{
	for (uint32_t i = 0; i < p->n_points; i++) {
		if (p->points[i].point == point)
			return &p->points[i];
	}
	struct stop_point *s = &p->points[p->n_points++];
	s->patrols = p;
	s->point = point;
	engine_give_meaning(p->engine, point, &stop_meaning, s);
	return s;
}

struct patrols *
patrols_new(struct engine *e)
{
	const struct site *s = e->site;
	if (s->n_patrols == 0)
		return NULL;
	struct patrols *p = xcalloc(1, sizeof(*p));
	p->engine = e;
	p->local = local_time_new(s->time_zone);
	p->routes = xcalloc(s->n_patrols, sizeof(*p->routes));
	p->points =
	    xcalloc((size_t)s->n_patrols * PATROL_STOPS_MAX, sizeof(*p->points));
	for (uint16_t i = 0; i < s->n_patrols; i++) {
		struct route_run *r = &p->routes[i];
		r->def = &s->patrols[i];
		for (unsigned k = 0; k < r->def->rule.n; k++)
			r->stops[k] = stop_point(p, r->def->points[k]);
	}
	loop_timer_init(&p->due, on_due, p);
	return p;
}

void
patrols_free(struct patrols *p)
{
	if (p == NULL)
		return;
	loop_timer_stop(p->engine->loop, &p->due);
	local_time_free(p->local);
	free(p->routes);
	free(p->points);
	free(p);
}

static void
restore(const struct patrols *p, struct route_run *r, const char *text)
{
	char *letters;
	const struct loop *loop = p->engine->loop;
	int64_t begin = strtoll(text, &letters, 10);
	int64_t age = age_of(p, begin);
	if (*letters != ' ' || strlen(letters + 1) != r->def->rule.n || age < 0)
		return; // another route under this name
	r->begin_local_s = begin;
	(void)patrol_begin(&r->round, &r->def->rule, loop_now_ms(loop) - age);
	for (unsigned i = 0; i < r->def->rule.n; i++) {
		enum patrol_result result;
		if (patrol_result_from_letter(letters[1 + i], &result))
			r->round.results[i] = (uint8_t)result;
		// From here on back to the stop of the daemon nobody watched.
		r->round.blind[i] = (int64_t)r->def->rule.stops[i].from_ms <= age;
	}
	r->over = patrol_over(&r->round, &r->def->rule);
}

void
patrols_recover(struct patrols *p, const struct recovered *r)
{
	if (p == NULL)
		return;
	for (uint32_t i = 0; i < p->n_points; i++)
		p->points[i].missed = engine_stands(
		    p->engine, p->points[i].point, COND_SECURITY, code_missed);
	for (uint16_t i = 0; i < p->engine->site->n_patrols; i++) {
		char key[META_KEY_MAX];
		(void)snprintf(
		    key, sizeof(key), META_RULE "patrol/%s", p->routes[i].def->id);
		for (size_t k = 0; k < r->n_metas; k++) {
			if (strcmp(r->metas[k].key, key) == 0)
				restore(p, &p->routes[i], r->metas[k].value);
		}
	}
	update(p);
}

// `began`: the UTC of the round's begin; 0 = there is none.
static void
stop_result_json(
    const struct route_run *r, unsigned stop, int64_t began, struct buf *out)
{
	const struct patrol_stop *window = &r->def->rule.stops[stop];
	json_open(out, NULL, '{');
	const struct point *point = point_of(r->stops[stop]);
	json_str(out, "point", point->id);
	json_open(out, "place", '{');
	json_str(out, "zh", point->place_zh);
	json_str(out, "en", point->place_en);
	json_close(out, '}');
	json_str(out, "result",
	    patrol_result_name((enum patrol_result)r->round.results[stop]));
	json_time(out, "from", began != 0 ? began + window->from_ms : 0);
	json_time(out, "to", began != 0 ? began + window->to_ms : 0);
	json_close(out, '}');
}

void
patrols_json(const struct patrols *p, uint16_t patrol, struct buf *out)
{
	const struct route_run *r = &p->routes[patrol];
	const struct loop *loop = p->engine->loop;
	int64_t since = loop_now_ms(loop) - r->round.begin_ms;
	int64_t began = r->round.runs ? loop_utc_ms(loop) - since : 0;
	json_open(out, NULL, '{');
	json_str(out, "id", r->def->id);
	json_open(out, "name", '{');
	json_str(out, "zh", r->def->name_zh);
	json_str(out, "en", r->def->name_en);
	json_close(out, '}');
	json_bool(out, "runs", r->round.runs && !r->over);
	json_time(out, "begun", began);
	json_open(out, "stops", '[');
	for (unsigned k = 0; k < r->def->rule.n; k++)
		stop_result_json(r, k, began, out);
	json_close(out, ']');
	json_close(out, '}');
}
