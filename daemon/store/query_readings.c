// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Gauges: a day's figures and the steps of a chart, from the rows that fit: minutes,
// hours or statistics days. Run in the reader thread or in a tool. The mean is weighted
// by good time, and without good time there is none: a dead sensor gives no average.
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/reading.h"
#include "lib/mem.h"
#include "store/db.h"
#include "store/reader.h"

static const int64_t SILENT_GAUGE_MS = INT64_C(31) * 24 * 3600 * 1000;

#define OF_POINT  "WHERE point = (SELECT id FROM point WHERE name = ?1) "
#define ROLLED_UP "min, max, min_at_ms, max_at_ms, integral, good_ms, samples, minutes "

// The same columns from each: begin, then the figures.
static const char *const rows_sql[] = {
	[ROWS_MINUTE] = "SELECT minute_utc_ms, min, max, min_at_ms, max_at_ms, "
			"integral, good_ms, samples, 1 FROM minute " OF_POINT
			"AND minute_utc_ms >= ?2 AND minute_utc_ms < ?3 "
			"ORDER BY minute_utc_ms",
	[ROWS_HOUR] = "SELECT from_ms, " ROLLED_UP "FROM reading_hour " OF_POINT
		      "AND from_ms >= ?2 AND from_ms < ?3 ORDER BY from_ms",
	[ROWS_DAY] = "SELECT from_ms, " ROLLED_UP "FROM reading_day " OF_POINT
		     "AND from_ms >= ?2 AND from_ms < ?3 ORDER BY from_ms",
};

struct sum {
	double min, max, integral;
	int64_t min_at_ms, max_at_ms, good_ms;
	uint32_t minutes, samples;
};

static void
sum_clear(struct sum *s)
{
	*s = (struct sum){ .min = (double)NAN, .max = (double)NAN };
}

static void
sum_add(struct sum *s, sqlite3_stmt *st)
{
	s->minutes += (uint32_t)sqlite3_column_int64(st, 8);
	s->integral += sqlite3_column_double(st, 5);
	s->good_ms += sqlite3_column_int64(st, 6);
	s->samples += (uint32_t)sqlite3_column_int64(st, 7);
	if (sqlite3_column_type(st, 1) == SQLITE_NULL)
		return;
	double min = sqlite3_column_double(st, 1), max = sqlite3_column_double(st, 2);
	if (isnan(s->min) || min < s->min) {
		s->min = min;
		s->min_at_ms = sqlite3_column_int64(st, 3);
	}
	if (isnan(s->max) || max > s->max) {
		s->max = max;
		s->max_at_ms = sqlite3_column_int64(st, 4);
	}
}

// What NaN is promised for: no good time.
static void
sum_end(struct sum *s, double *mean)
{
	*mean = s->good_ms > 0 ? s->integral / (double)s->good_ms : (double)NAN;
	if (s->good_ms == 0)
		s->min = s->max = (double)NAN;
}

static void
bind_span(sqlite3_stmt *st, const char *point, int64_t from_ms, int64_t to_ms)
{
	(void)sqlite3_bind_text(st, 1, point, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 2, from_ms);
	(void)sqlite3_bind_int64(st, 3, to_ms);
}

// ---- a day
// ------------------------------------------------------------------------------

static int
day_of_point(struct reader *r, sqlite3_stmt *st, const struct day_span *d,
    int64_t now_utc_ms, struct pressure_day *p, struct err *err)
{
	struct sum s;
	int rc;
	sum_clear(&s);
	bind_span(st, p->point, d->from_ms, d->to_ms);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		sum_add(&s, st);
	(void)sqlite3_reset(st);
	if (rc != SQLITE_DONE)
		return reader_finish(r->readings, NULL, rc, err);
	sum_end(&s, &p->mean);
	int64_t end = now_utc_ms < d->to_ms ? now_utc_ms : d->to_ms;
	p->min = s.min;
	p->max = s.max;
	p->min_at_ms = s.min_at_ms;
	p->max_at_ms = s.max_at_ms;
	p->good_ms = s.good_ms;
	p->expected_ms = end > d->from_ms ? end - d->from_ms : 0;
	p->minutes = s.minutes;
	p->samples = s.samples;
	return 0;
}

int
query_pressure_daily(struct reader *r, const struct day_span *d, int64_t now_utc_ms,
    bool (*row)(void *arg, const struct pressure_day *p), void *arg, struct err *err)
{
	int n = -1, rc = SQLITE_OK;
	bool go_on = true;
	reader_begin(r);
	sqlite3_stmt *days = reader_prepare(r, r->readings, rows_sql[ROWS_DAY], err);
	sqlite3_stmt *points = reader_prepare(r, r->readings,
	    "SELECT name FROM point p WHERE EXISTS (SELECT 1 FROM minute m WHERE "
	    "m.point = p.id AND m.minute_utc_ms >= ?1 AND m.minute_utc_ms < ?2) "
	    "ORDER BY name",
	    err);
	if (days != NULL && points != NULL) {
		(void)sqlite3_bind_int64(points, 1, d->from_ms - SILENT_GAUGE_MS);
		(void)sqlite3_bind_int64(points, 2, d->to_ms);
		n = 0;
	}
	while (n >= 0 && go_on && (rc = sqlite3_step(points)) == SQLITE_ROW) {
		struct pressure_day p = { 0 };
		const char *name = (const char *)sqlite3_column_text(points, 0);
		(void)str_copy(p.point, sizeof(p.point), name != NULL ? name : "");
		if (day_of_point(r, days, d, now_utc_ms, &p, err) != 0) {
			n = -1;
			break;
		}
		n++;
		go_on = row(arg, &p);
	}
	(void)sqlite3_finalize(days);
	if (reader_finish(r->readings, points, n < 0 ? SQLITE_OK : rc, err) != 0)
		return -1;
	return n;
}

// ---- steps
// ------------------------------------------------------------------------------

struct walk {
	struct reader *r;
	const struct reading_range *q;
	sqlite3_stmt *rows; // stands on a row while rc is SQLITE_ROW
	int rc;
	bool (*row)(void *arg, const struct reading_step *s);
	void *arg;
	int n;
	bool go_on;
};

// Tells the step that ends there, from the rows of its time.
static void
tell_step(struct walk *w, int64_t from_ms, int64_t to_ms)
{
	struct sum s;
	struct reading_step out = { .from_ms = from_ms, .to_ms = to_ms };
	sum_clear(&s);
	while (w->rc == SQLITE_ROW && sqlite3_column_int64(w->rows, 0) < to_ms) {
		sum_add(&s, w->rows);
		w->rc = sqlite3_step(w->rows);
	}
	if (w->rc != SQLITE_ROW && w->rc != SQLITE_DONE) {
		w->go_on = false;
		return;
	}
	sum_end(&s, &out.mean);
	out.min = s.min;
	out.max = s.max;
	out.good_ms = s.good_ms;
	out.minutes = s.minutes;
	w->n++;
	w->go_on = w->row(w->arg, &out);
}

static void
walk_steps(struct walk *w, int64_t from_ms, int64_t row_ms)
{
	int64_t to_ms = w->q->to_ms + row_ms - 1;
	to_ms -= ((to_ms % row_ms) + row_ms) % row_ms;
	bind_span(w->rows, w->q->point, from_ms, to_ms);
	w->rc = sqlite3_step(w->rows);
	for (int64_t at = from_ms; at < to_ms && w->go_on; at += w->q->step_ms) {
		int64_t end = at + w->q->step_ms;
		tell_step(w, at, end < to_ms ? end : to_ms); // the last may be shorter
	}
}

// The end of the statistics day that begins there: recorded, else by the rule. `days`
// stands on the recorded day at or after it while *rc is SQLITE_ROW.
static int
day_end(struct walk *w, const struct day_rule *rule, sqlite3_stmt *days, int *rc,
    int64_t from_ms, int64_t *to_ms)
{
	while (*rc == SQLITE_ROW && sqlite3_column_int64(days, 0) < from_ms)
		*rc = sqlite3_step(days);
	if (*rc == SQLITE_ROW && sqlite3_column_int64(days, 0) == from_ms) {
		*to_ms = sqlite3_column_int64(days, 1);
		return SQLITE_OK;
	}
	struct day d;
	bool known;
	int found = day_find(w->r->readings, rule, from_ms, &d, &known);
	*to_ms = d.to_ms;
	return found;
}

static int
walk_days(struct walk *w, const struct day_rule *rule, sqlite3_stmt *days)
{
	struct day first;
	bool known;
	int rc = day_find(w->r->readings, rule, w->q->from_ms, &first, &known);
	if (rc != SQLITE_OK)
		return rc;
	bind_span(w->rows, w->q->point, first.from_ms, INT64_MAX);
	w->rc = sqlite3_step(w->rows);
	(void)sqlite3_bind_int64(days, 1, first.from_ms);
	int stood = sqlite3_step(days);
	int64_t at = first.from_ms, many = w->q->step_ms / READING_DAY_MS;
	while (at < w->q->to_ms && w->go_on && rc == SQLITE_OK) {
		int64_t to_ms = at;
		for (int64_t i = 0; i < many && rc == SQLITE_OK; i++) {
			int64_t begin = to_ms;
			if (db_now_ms() >= w->r->until_ms) {
				rc = SQLITE_INTERRUPT;
				break;
			}
			rc = day_end(w, rule, days, &stood, begin, &to_ms);
			if (rc == SQLITE_OK && to_ms <= begin)
				rc = SQLITE_CORRUPT; // a day without a length
		}
		if (rc == SQLITE_OK)
			tell_step(w, at, to_ms);
		at = to_ms;
	}
	return rc;
}

static int
read_days(struct walk *w, struct err *err)
{
	struct day_rule rule;
	if (reader_day_rule(w->r, &rule, err) != 0)
		return -1;
	sqlite3_stmt *days = reader_prepare(w->r, w->r->readings,
	    "SELECT from_ms, to_ms FROM day WHERE from_ms >= ?1 ORDER BY from_ms", err);
	if (days == NULL)
		return -1;
	int rc = walk_days(w, &rule, days);
	return reader_finish(w->r->readings, days, rc, err);
}

static int
refuse_range(const struct reading_range *q, struct err *err)
{
	if (q->step_ms < MINUTE_MS || q->step_ms % MINUTE_MS != 0 ||
	    q->to_ms <= q->from_ms)
		return err_set(err, EINVAL, "step must be a multiple of a minute");
	if (reading_steps(q->from_ms, q->to_ms, q->step_ms) > READING_STEPS_MAX)
		return err_set(err, EINVAL, "more than %d steps", READING_STEPS_MAX);
	return 0;
}

int
query_readings(struct reader *r, const struct reading_range *q,
    bool (*row)(void *arg, const struct reading_step *s), void *arg, struct err *err)
{
	enum reading_rows rows = reading_rows_of(q->step_ms);
	if (refuse_range(q, err) != 0)
		return -1;
	reader_begin(r);
	struct walk w = { .r = r, .q = q, .row = row, .arg = arg, .go_on = true };
	w.rc = SQLITE_DONE;
	w.rows = reader_prepare(r, r->readings, rows_sql[rows], err);
	if (w.rows == NULL)
		return -1;
	int result = 0;
	int64_t row_ms = rows == ROWS_HOUR ? READING_HOUR_MS : MINUTE_MS;
	if (rows == ROWS_DAY)
		result = read_days(&w, err);
	else
		walk_steps(
		    &w, q->from_ms - ((q->from_ms % row_ms) + row_ms) % row_ms, row_ms);
	int finished =
	    reader_finish(r->readings, w.rows, w.rc, result == 0 ? err : NULL);
	return result == 0 && finished == 0 ? w.n : -1;
}
