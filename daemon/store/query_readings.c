// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Gauges: a day's figures and the steps of a chart, both sums of minute rows. Run in
// the reader thread or in a tool. The mean is weighted by good time, and without good
// time there is none: a dead sensor gives no average.
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/reading.h"
#include "lib/mem.h"
#include "store/db.h"
#include "store/reader.h"

enum {
	STEPS_MAX = 5000,
	POINTS_MAX = 100000
};
static const int64_t SILENT_GAUGE_MS = INT64_C(31) * 24 * 3600 * 1000;

static const char MINUTES_SQL[] =
    "SELECT minute_utc_ms, min, max, min_at_ms, max_at_ms, integral, good_ms, samples "
    "FROM minute WHERE point = (SELECT id FROM point WHERE name = ?1) "
    "AND minute_utc_ms >= ?2 AND minute_utc_ms < ?3 ORDER BY minute_utc_ms";

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
	s->minutes++;
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
	sqlite3_stmt *minutes = reader_prepare(r, r->readings, MINUTES_SQL, err);
	sqlite3_stmt *points = reader_prepare(r, r->readings,
	    "SELECT name FROM point p WHERE EXISTS (SELECT 1 FROM minute m WHERE "
	    "m.point = p.id AND m.minute_utc_ms >= ?1 AND m.minute_utc_ms < ?2) "
	    "ORDER BY name",
	    err);
	if (minutes != NULL && points != NULL) {
		(void)sqlite3_bind_int64(points, 1, d->from_ms - SILENT_GAUGE_MS);
		(void)sqlite3_bind_int64(points, 2, d->to_ms);
		n = 0;
	}
	while (n >= 0 && go_on && (rc = sqlite3_step(points)) == SQLITE_ROW) {
		struct pressure_day p = { 0 };
		const char *name = (const char *)sqlite3_column_text(points, 0);
		(void)str_copy(p.point, sizeof(p.point), name != NULL ? name : "");
		if (day_of_point(r, minutes, d, now_utc_ms, &p, err) != 0) {
			n = -1;
			break;
		}
		n++;
		go_on = row(arg, &p);
	}
	(void)sqlite3_finalize(minutes);
	if (reader_finish(r->readings, points, n < 0 ? SQLITE_OK : rc, err) != 0)
		return -1;
	return n;
}

// ---- steps
// ------------------------------------------------------------------------------

// Fills the step from the rows of its time. The statement stands on a row while *rc is
// SQLITE_ROW.
static void
fill_step(sqlite3_stmt *st, int *rc, int64_t from_ms, int64_t step_ms,
    struct reading_step *out)
{
	struct sum s;
	sum_clear(&s);
	while (*rc == SQLITE_ROW && sqlite3_column_int64(st, 0) < from_ms + step_ms) {
		sum_add(&s, st);
		*rc = sqlite3_step(st);
	}
	sum_end(&s, &out->mean);
	out->from_ms = from_ms;
	out->min = s.min;
	out->max = s.max;
	out->good_ms = s.good_ms;
	out->minutes = s.minutes;
}

int
query_readings(struct reader *r, const struct reading_range *q,
    bool (*row)(void *arg, const struct reading_step *s), void *arg, struct err *err)
{
	int64_t from_ms = q->from_ms, to_ms = q->to_ms, step_ms = q->step_ms;
	from_ms -= ((from_ms % MINUTE_MS) + MINUTE_MS) % MINUTE_MS;
	if (step_ms < MINUTE_MS || step_ms % MINUTE_MS != 0 || to_ms <= from_ms)
		return err_set(err, EINVAL, "step must be a multiple of a minute");
	if ((to_ms - from_ms + step_ms - 1) / step_ms > STEPS_MAX)
		return err_set(err, EINVAL, "more than %d steps", STEPS_MAX);
	reader_begin(r);
	sqlite3_stmt *st = reader_prepare(r, r->readings, MINUTES_SQL, err);
	if (st == NULL)
		return -1;
	bind_span(st, q->point, from_ms, to_ms);
	int n = 0, rc = sqlite3_step(st);
	bool go_on = true;
	for (int64_t at = from_ms; at < to_ms && go_on; at += step_ms) {
		struct reading_step s;
		fill_step(st, &rc, at, step_ms, &s);
		if (rc != SQLITE_ROW && rc != SQLITE_DONE)
			break;
		go_on = row(arg, &s);
		n++;
	}
	return reader_finish(r->readings, st, rc, err) == 0 ? n : -1;
}
