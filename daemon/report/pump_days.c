// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See pump_days.h. Refuses to count as run what nobody saw: time in which the pump was
// not watched is neither run nor stood still, and stands beside the figures.
#include "report/pump_days.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/reading.h"
#include "lib/mem.h"
#include "report/event_pages.h"
#include "report/params.h"

enum {
	WORD = 24,
};

static const int64_t reach_ms = INT64_C(31) * 24 * 3600 * 1000;

static const enum event_kind kinds[] = { EVENT_PUMP_START, EVENT_PUMP_STOP,
	EVENT_KINDS_END };

void
seqs_add(struct seqs *s, int64_t seq)
{
	if (s->n == s->size) {
		s->size = s->size != 0 ? s->size * 2 : 16;
		s->all = xreallocarray(s->all, s->size, sizeof(*s->all));
	}
	s->all[s->n++] = seq;
}

// --- the week and the month ---------------------------------------------------------

static int64_t
local_s(int64_t utc_ms)
{
	time_t s = (time_t)(utc_ms / 1000);
	struct tm tm;
	(void)localtime_r(&s, &tm);
	return (int64_t)s + tm.tm_gmtoff;
}

static int64_t
utc_of_local(int64_t local)
{
	time_t s = (time_t)local;
	struct tm tm;
	(void)gmtime_r(&s, &tm);
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm) * 1000;
}

// --- one pump -----------------------------------------------------------------------

struct walk {
	struct pump_day *day;
	const struct day_span *span;
	int64_t until_ms;
	int64_t running_ms;     // since then; 0 = it stands still, or nobody knows
	struct time_spans runs; // as far as they were seen
};

static enum pump_mode
mode_of(const struct event *e)
{
	char word[WORD];
	params_text(e->params, "mode", word, sizeof(word));
	for (enum pump_mode m = 0; m < PUMP_MODE_COUNT; m++)
		if (strcmp(word, pump_mode_name(m)) == 0)
			return m;
	return PUMP_MODE_UNKNOWN;
}

static void
widen(double x, double *min, double *max)
{
	if (isnan(x))
		return;
	*min = isnan(*min) || x < *min ? x : *min;
	*max = isnan(*max) || x > *max ? x : *max;
}

static void
take_start(struct walk *w, const struct event *e, bool inside)
{
	struct pump_day *d = w->day;
	enum pump_mode mode = mode_of(e);
	w->running_ms = e->time_utc_ms;
	for (enum pump_exercise x = 0; x < PUMP_EXERCISE_COUNT; x++) {
		struct pump_exercised *r = &d->exercised[x];
		if (!pump_exercise_counts(x, mode) || e->time_utc_ms < r->begin_ms ||
		    e->time_utc_ms >= r->end_ms)
			continue;
		r->at_ms = e->time_utc_ms;
		r->seq = e->seq;
		r->mode = mode;
	}
	if (!inside)
		return;
	d->by_mode[mode]++;
	seqs_add(&d->starts, e->seq);
	widen(e->value, &d->start_min, &d->start_max);
}

// One that was found after a gap ended at some moment of it: up to the begin of the gap
// it surely ran.
static void
take_stop(struct walk *w, const struct event *e, bool inside)
{
	int64_t ran = params_number(e->params, "ran_ms", 0);
	int64_t to = e->not_before_utc_ms != 0 ? e->not_before_utc_ms : e->time_utc_ms;
	if (w->running_ms != 0)
		time_spans_add(&w->runs, w->running_ms, to);
	else if (ran > 0) // began before what was asked for
		time_spans_add(&w->runs, e->time_utc_ms - ran, to);
	w->running_ms = 0;
	if (!inside)
		return;
	seqs_add(&w->day->stops, e->seq);
	widen(e->value, &w->day->stop_min, &w->day->stop_max);
}

static bool
take(void *arg, const struct stored_event *s)
{
	struct walk *w = arg;
	const struct event *e = &s->event;
	bool inside = e->time_utc_ms >= w->span->from_ms;
	if (e->kind == EVENT_PUMP_START)
		take_start(w, e, inside);
	else if (e->kind == EVENT_PUMP_STOP)
		take_stop(w, e, inside);
	return true;
}

static int
walk(const struct report_input *in, struct walk *w, const char *point, int64_t from_ms,
    struct err *err)
{
	struct event_filter f = {
		.from_utc_ms = from_ms,
		.to_utc_ms = in->day.to_ms,
		.point = point,
		.alarm_class = -1,
		.kinds = kinds,
	};
	int n = event_pages(in, f, take, w, err);
	if (n >= 0 && w->running_ms != 0)
		time_spans_add(&w->runs, w->running_ms, w->until_ms);
	return n < 0 ? -1 : 0;
}

static bool
take_minute(void *arg, const struct reading_step *m)
{
	if (m->good_ms <= 0)
		time_spans_add(arg, m->from_ms, m->from_ms + MINUTE_MS);
	return true;
}

// What tells of its running: its contact, or the pressure of its header.
static int
read_unwatched(const struct report_input *in, const struct unwatched *u,
    const struct pump_def *d, struct time_spans *out, struct err *err)
{
	const struct site *s = in->request->points;
	int64_t until = u->until_ms - u->until_ms % MINUTE_MS;
	const struct reading_range range = { s->points[d->gauge].id, in->day.from_ms,
		until, MINUTE_MS };
	unwatched_of(u, d->rule.has_run ? d->run : d->gauge, out);
	if (d->rule.has_run || until <= in->day.from_ms)
		return 0;
	return query_readings(in->reader, &range, take_minute, out, err) < 0 ? -1 : 0;
}

static void
take_alarms(struct pump_day *d, const struct occurrences *o, const char *point)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct occurrence *x = &o->all[i];
		if (x->test || strcmp(x->point, point) != 0)
			continue;
		seqs_add(&d->alarms, x->seq);
		for (enum pump_finding f = 0; f < PUMP_FINDING_COUNT; f++)
			if (strcmp(x->code, pump_finding_code(f)) == 0)
				d->found |= 1U << f;
	}
}

static int
read_pump(const struct report_input *in, const struct occurrences *o,
    const struct unwatched *u, struct pump_day *d, struct err *err)
{
	const char *point = in->request->points->points[d->def->point].id;
	struct walk w = { .day = d, .span = &in->day, .until_ms = o->until_ms };
	struct time_spans dark = { 0 };
	int result = walk(in, &w, point, u->from_ms, err);
	if (result == 0)
		result = read_unwatched(in, u, d->def, &dark, err);
	time_spans_merge(&dark, u->from_ms, o->until_ms);
	time_spans_merge(&w.runs, in->day.from_ms, o->until_ms);
	for (size_t i = 0; i < w.runs.n; i++) {
		const struct time_span *r = &w.runs.all[i];
		d->ran_ms += r->to_ms - r->from_ms -
			     time_spans_within(&dark, r->from_ms, r->to_ms);
	}
	d->unwatched_ms = time_spans_within(&dark, in->day.from_ms, o->until_ms);
	for (enum pump_exercise x = 0; x < PUMP_EXERCISE_COUNT; x++) {
		struct pump_exercised *r = &d->exercised[x];
		r->unwatched_ms = time_spans_within(&dark, r->begin_ms, r->end_ms);
	}
	take_alarms(d, o, point);
	time_spans_free(&w.runs);
	time_spans_free(&dark);
	return result;
}

static void
begin(struct pump_day *d, const struct pump_def *def, const struct report_input *in,
    int64_t until_ms)
{
	int64_t local = local_s(in->day.from_ms);
	*d = (struct pump_day){ .def = def,
		.start_min = (double)NAN,
		.start_max = (double)NAN,
		.stop_min = (double)NAN,
		.stop_max = (double)NAN,
		.passed_ms = until_ms - in->day.from_ms };
	for (enum pump_exercise x = 0; x < PUMP_EXERCISE_COUNT; x++) {
		struct pump_exercised *r = &d->exercised[x];
		r->begin_ms = utc_of_local(pump_exercise_begin(x, local));
		r->end_ms = utc_of_local(pump_exercise_next(x, local));
	}
}

int
pump_days_read(const struct report_input *in, const struct occurrences *o,
    struct pump_days *p, struct err *err)
{
	const struct site *s = in->request->points;
	struct unwatched u = { 0 };
	int64_t from = in->day.from_ms - reach_ms;
	int result = 0;
	*p = (struct pump_days){ 0 };
	if (s == NULL || s->n_pumps == 0)
		return 0;
	p->all = xcalloc(s->n_pumps, sizeof(*p->all));
	for (uint16_t i = 0; i < s->n_pumps; i++) {
		struct pump_day *d = &p->all[p->n++];
		begin(d, &s->pumps[i], in, o->until_ms);
		for (enum pump_exercise x = 0; x < PUMP_EXERCISE_COUNT; x++)
			if (d->exercised[x].begin_ms < from)
				from = d->exercised[x].begin_ms;
	}
	result = unwatched_read(in, from, o, &u, err);
	for (size_t i = 0; i < p->n && result == 0; i++)
		result = read_pump(in, o, &u, &p->all[i], err);
	unwatched_free(&u);
	return result;
}

bool
pump_day_known(const struct pump_day *p)
{
	return p->starts.n > 0 || p->unwatched_ms < p->passed_ms;
}

void
pump_days_free(struct pump_days *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->all[i].starts.all);
		free(p->all[i].stops.all);
		free(p->all[i].alarms.all);
	}
	free(p->all);
	*p = (struct pump_days){ 0 };
}
