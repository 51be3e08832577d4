// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Readings at the set hours: what was recorded, and each set hour of the span that
// nothing was recorded of. Runs in the reader thread or in a tool. It refuses to fill a
// hole from other rows: what was not read then is no reading.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/set_hour.h"
#include "lib/mem.h"
#include "store/db.h"
#include "store/reader.h"

enum {
	DAY_S = 86400
};

struct dues {
	int64_t *ms;
	size_t n, at;
	int64_t kept_from_ms;
};

static int
by_time(const void *va, const void *vb)
{
	const int64_t a = *(const int64_t *)va, b = *(const int64_t *)vb;
	return a < b ? -1 : a > b;
}

// The set hours of the span that are over, rising.
static struct dues
dues_of(const struct zone *zone, const struct set_hours_query *q)
{
	struct dues d = { .ms = NULL };
	int64_t first = q->from_ms / 1000 / DAY_S - 2,
		last = q->to_ms / 1000 / DAY_S + 2;
	d.ms = xcalloc((size_t)(last - first + 1) * q->n_hours + 1, sizeof(*d.ms));
	for (int64_t date = first; date <= last; date++) {
		for (size_t i = 0; i < q->n_hours; i++) {
			int64_t local = date * DAY_S + (int64_t)q->hours_min[i] * 60;
			int64_t ms = zone_local_to_utc_s(zone, local) * 1000;
			if (ms >= q->from_ms && ms < q->to_ms &&
			    ms + SET_HOUR_WITHIN_MS < q->now_utc_ms)
				d.ms[d.n++] = ms;
		}
	}
	qsort(d.ms, d.n, sizeof(*d.ms), by_time);
	return d;
}

static bool
tell_missing(struct dues *d, int64_t before_ms,
    bool (*row)(void *arg, const struct set_hour_row *s), void *arg, int *n)
{
	bool go_on = true;
	while (go_on && d->at < d->n && d->ms[d->at] < before_ms) {
		struct set_hour_row s = { .due_utc_ms = d->ms[d->at++],
			.value = (double)NAN };
		(void)str_copy(s.reason, sizeof(s.reason),
		    s.due_utc_ms < d->kept_from_ms ? "not_kept" : "not_watched");
		go_on = row(arg, &s);
		(*n)++;
	}
	return go_on;
}

static struct set_hour_row
read_row(sqlite3_stmt *st)
{
	struct set_hour_row s = { .due_utc_ms = sqlite3_column_int64(st, 0),
		.value = (double)NAN };
	const char *reason = (const char *)sqlite3_column_text(st, 3);
	if (sqlite3_column_type(st, 1) != SQLITE_NULL) {
		s.value = sqlite3_column_double(st, 1);
		s.at_utc_ms = sqlite3_column_int64(st, 2);
	}
	(void)str_copy(s.reason, sizeof(s.reason), reason != NULL ? reason : "");
	return s;
}

int
query_kept_from(struct reader *r, int64_t *utc_ms, struct err *err)
{
	reader_begin(r);
	if (db_integer(r->readings, "SELECT n FROM tally WHERE name = 'kept_from_ms'",
		0, utc_ms) != SQLITE_OK)
		return db_err(r->readings, "readings", err);
	return 0;
}

int
query_set_readings(struct reader *r, const struct set_hours_query *q,
    bool (*row)(void *arg, const struct set_hour_row *s), void *arg, struct err *err)
{
	struct day_rule rule;
	int n = 0, rc = SQLITE_DONE;
	bool go_on = true;
	reader_begin(r);
	int64_t kept_from_ms;
	if (reader_day_rule(r, &rule, err) != 0 ||
	    query_kept_from(r, &kept_from_ms, err) != 0)
		return -1;
	sqlite3_stmt *st = reader_prepare(r, r->readings,
	    "SELECT due_utc_ms, value, at_ms, reason FROM set_reading WHERE point = "
	    "(SELECT id FROM point WHERE name = ?1) AND due_utc_ms >= ?2 AND "
	    "due_utc_ms < ?3 ORDER BY due_utc_ms",
	    err);
	if (st == NULL)
		return -1;
	(void)sqlite3_bind_text(st, 1, q->point, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 2, q->from_ms);
	(void)sqlite3_bind_int64(st, 3, q->to_ms);
	struct dues d = dues_of(rule.zone, q);
	d.kept_from_ms = kept_from_ms;
	while (go_on && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct set_hour_row s = read_row(st);
		go_on = tell_missing(&d, s.due_utc_ms, row, arg, &n);
		while (d.at < d.n && d.ms[d.at] == s.due_utc_ms)
			d.at++;
		go_on = go_on && row(arg, &s);
		n++;
	}
	if (go_on && rc == SQLITE_DONE)
		(void)tell_missing(&d, INT64_MAX, row, arg, &n);
	free(d.ms);
	return reader_finish(r->readings, st, rc, err) == 0 ? n : -1;
}
