// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The minutes and the kept samples of gauges in pages, for an export: each page is a
// question of its own, so no read transaction lasts and the writer's log can be taken
// back in between.
#include <math.h>
#include <string.h>

#include "core/reading.h"
#include "lib/mem.h"
#include "store/db.h"
#include "store/reader.h"

enum {
	PAGE = 2000
};

static double
real_or_none(sqlite3_stmt *st, int column)
{
	return sqlite3_column_type(st, column) == SQLITE_NULL
		   ? (double)NAN
		   : sqlite3_column_double(st, column);
}

static struct minute
read_minute(sqlite3_stmt *st)
{
	return (struct minute){
		.minute_utc_ms = sqlite3_column_int64(st, 0),
		.min = real_or_none(st, 1),
		.max = real_or_none(st, 2),
		.min_at_ms = sqlite3_column_int64(st, 3),
		.max_at_ms = sqlite3_column_int64(st, 4),
		.integral = sqlite3_column_double(st, 5),
		.good_ms = (int32_t)sqlite3_column_int64(st, 6),
		.samples = (uint32_t)sqlite3_column_int64(st, 7),
		.last = real_or_none(st, 8),
	};
}

// The gauge after the one that is done, or the only one asked for.
static int
next_gauge(struct reader *r, struct reading_walk *w, struct err *err)
{
	sqlite3_stmt *st = reader_prepare(r, r->readings,
	    w->only != NULL ? "SELECT name FROM point WHERE name = ?1"
			    : "SELECT name FROM point WHERE name > ?1 ORDER BY name "
			      "LIMIT 1",
	    err);
	if (st == NULL)
		return -1;
	bool again = w->only != NULL && w->point[0] != '\0';
	(void)sqlite3_bind_text(
	    st, 1, w->only != NULL ? w->only : w->point, -1, SQLITE_TRANSIENT);
	int rc = again ? SQLITE_DONE : sqlite3_step(st);
	w->done = rc != SQLITE_ROW;
	if (rc == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(st, 0);
		(void)str_copy(w->point, sizeof(w->point), name != NULL ? name : "");
		w->next_ms = w->from_ms;
		w->in_gauge = true;
	}
	return reader_finish(r->readings, st, rc, err);
}

// The statement of a page of the gauge that the walk is in.
static sqlite3_stmt *
page_of(
    struct reader *r, const struct reading_walk *w, const char *sql, struct err *err)
{
	sqlite3_stmt *st = reader_prepare(r, r->readings, sql, err);
	if (st == NULL)
		return NULL;
	(void)sqlite3_bind_text(st, 1, w->point, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 2, w->next_ms);
	(void)sqlite3_bind_int64(st, 3, w->to_ms != 0 ? w->to_ms : INT64_MAX);
	(void)sqlite3_bind_int(st, 4, w->page != 0 ? w->page : PAGE);
	return st;
}

static int
end_page(struct reader *r, struct reading_walk *w, sqlite3_stmt *st, int rc, int n,
    struct err *err)
{
	w->in_gauge = n == (w->page != 0 ? w->page : PAGE);
	return reader_finish(r->readings, st, rc, err) == 0 ? n : -1;
}

int
query_minutes(struct reader *r, struct reading_walk *w,
    bool (*row)(void *arg, const char *point, const struct minute *m), void *arg,
    struct err *err)
{
	int n = 0, rc = SQLITE_DONE;
	bool go_on = true;
	reader_begin(r);
	if (!w->in_gauge)
		return next_gauge(r, w, err);
	sqlite3_stmt *st = page_of(r, w,
	    "SELECT minute_utc_ms, min, max, min_at_ms, max_at_ms, integral, good_ms, "
	    "samples, last FROM minute WHERE point = (SELECT id FROM point WHERE "
	    "name = ?1) AND minute_utc_ms >= ?2 AND minute_utc_ms < ?3 "
	    "ORDER BY minute_utc_ms LIMIT ?4",
	    err);
	if (st == NULL)
		return -1;
	while (go_on && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct minute m = read_minute(st);
		w->next_ms = m.minute_utc_ms + MINUTE_MS;
		go_on = row(arg, w->point, &m);
		n++;
	}
	return end_page(r, w, st, rc, n, err);
}

static struct kept_sample
read_sample(sqlite3_stmt *st)
{
	struct kept_sample s = { .at_utc_ms = sqlite3_column_int64(st, 0),
		.value = real_or_none(st, 1),
		.quality = QUALITY_UNKNOWN,
		.around = sqlite3_column_int(st, 3) != 0 };
	const char *word = (const char *)sqlite3_column_text(st, 2);
	for (enum quality q = 0; q < QUALITY_COUNT && word != NULL; q++)
		if (strcmp(quality_name(q), word) == 0)
			s.quality = q;
	return s;
}

int
query_samples(struct reader *r, struct reading_walk *w,
    bool (*row)(void *arg, const char *point, const struct kept_sample *s), void *arg,
    struct err *err)
{
	int n = 0, rc = SQLITE_DONE;
	bool go_on = true;
	reader_begin(r);
	if (!w->in_gauge)
		return next_gauge(r, w, err);
	sqlite3_stmt *st = page_of(r, w,
	    "SELECT at_ms, value, quality, around FROM sample WHERE point = (SELECT id "
	    "FROM point WHERE name = ?1) AND at_ms >= ?2 AND at_ms < ?3 "
	    "ORDER BY at_ms LIMIT ?4",
	    err);
	if (st == NULL)
		return -1;
	while (go_on && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct kept_sample s = read_sample(st);
		w->next_ms = s.at_utc_ms + 1;
		go_on = row(arg, w->point, &s);
		n++;
	}
	return end_page(r, w, st, rc, n, err);
}
