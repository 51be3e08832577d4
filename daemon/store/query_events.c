// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Questions about events, days and totals. Run in the reader thread or in a tool. A
// span of time becomes a span of seq first, so that any page costs about its own length
// whatever the size of the journal. They refuse to count event by event: counts are
// roll-ups.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/mem.h"
#include "store/db.h"
#include "store/event_row.h"
#include "store/reader.h"

enum {
	LIMIT_MAX = 1000,
	KINDS_MAX = 1024,
	SQL_MAX = 1280 + KINDS_MAX
};

int
query_meta(struct reader *r, const char *key, char *out, size_t size, struct err *err)
{
	(void)err;
	out[0] = '\0';
	reader_begin(r);
	return db_meta(r->journal, key, out, size) ? 1 : 0;
}

// "AND kind IN (...)" of the list. The names are our own constants.
static void
kinds_sql(const enum event_kind *kinds, char out[static KINDS_MAX])
{
	size_t used = 0;
	out[0] = '\0';
	for (; kinds != NULL && *kinds != EVENT_KINDS_END; kinds++) {
		int n = snprintf(out + used, KINDS_MAX - used, "%s'%s'",
		    used == 0 ? "AND kind IN (" : ", ", event_kind_name(*kinds));
		used += (size_t)n;
		wr_assert(used + 2 < KINDS_MAX);
	}
	if (used > 0)
		(void)str_copy(out + used, KINDS_MAX - used, ")");
}

struct span {
	int64_t after, last; // seq
};

static const char in_time[] = "AND time_utc_ms >= ?3 AND time_utc_ms < ?4";

// Of one class at one point: the class is asked of its index, and before the time. Each
// event of another class would be a page of its own to read, and most are.
static const char in_class[] =
    "AND CASE WHEN EXISTS (SELECT 1 FROM event c INDEXED BY event_class WHERE "
    "c.class = ?7 AND c.seq = event.seq) THEN time_utc_ms >= ?3 AND time_utc_ms < ?4 "
    "END";

static sqlite3_stmt *
prepare_filter(struct reader *r, const struct event_filter *f, struct err *err)
{
	char sql[SQL_MAX], kinds[KINDS_MAX];
	const char *index = f->occurrence != NULL ? "INDEXED BY event_occurrence"
			    : f->point != NULL    ? "INDEXED BY event_point"
			    : f->alarm_class >= 0 ? "INDEXED BY event_class"
						  : "NOT INDEXED";
	bool of_runs = f->point != NULL && f->occurrence == NULL;
	bool by_index = of_runs && f->alarm_class >= 0;
	kinds_sql(f->kinds, kinds);
	(void)snprintf(sql, sizeof(sql),
	    "SELECT %s FROM event %s WHERE seq > ?1 AND seq <= ?2 %s %s %s %s %s "
	    "ORDER BY seq LIMIT ?5",
	    event_row_names, index, by_index ? in_class : in_time, kinds,
	    f->occurrence != NULL ? "AND occurrence_id = ?9" : "",
	    f->point == NULL ? ""
	    : of_runs        ? "AND point = ?6 AND seq >> 14 = ?8"
			     : "AND point = ?6",
	    f->alarm_class >= 0 && !by_index ? "AND class = ?7" : "");
	return reader_prepare(r, r->journal, sql, err);
}

static void
bind_filter(sqlite3_stmt *st, const struct event_filter *f, const struct span *s)
{
	(void)sqlite3_bind_int64(st, 1, s->after);
	(void)sqlite3_bind_int64(st, 2, s->last);
	(void)sqlite3_bind_int64(
	    st, 3, f->from_utc_ms != 0 ? f->from_utc_ms : INT64_MIN);
	(void)sqlite3_bind_int64(st, 4, f->to_utc_ms != 0 ? f->to_utc_ms : INT64_MAX);
	(void)sqlite3_bind_int64(st, 5, f->limit);
	if (f->point != NULL)
		(void)sqlite3_bind_text(st, 6, f->point, -1, SQLITE_STATIC);
	if (f->occurrence != NULL)
		(void)sqlite3_bind_text(st, 9, f->occurrence, -1, SQLITE_STATIC);
	if (f->alarm_class >= 0)
		(void)sqlite3_bind_text(st, 7,
		    class_name((enum alarm_class)f->alarm_class), -1, SQLITE_STATIC);
}

// The span of seq that the filter can lie in.
static int
narrow(struct reader *r, const struct event_filter *f, struct span *s, struct err *err)
{
	int64_t first = 1;
	if (db_integer(r->journal, "SELECT max(seq) FROM event", 0, &s->last) !=
	    SQLITE_OK)
		return db_err(r->journal, "events", err);
	if ((f->from_utc_ms != 0 || f->to_utc_ms != 0) &&
	    reader_seq_span(r, f->from_utc_ms != 0 ? f->from_utc_ms : INT64_MIN,
		f->to_utc_ms != 0 ? f->to_utc_ms : INT64_MAX, &first, &s->last,
		err) != 0)
		return -1;
	s->after = f->after_seq > first - 1 ? f->after_seq : first - 1;
	return 0;
}

struct walk {
	struct reader *r;
	sqlite3_stmt *st;
	bool (*row)(void *arg, const struct stored_event *e);
	void *arg;
};

// The index by point has runs of 16,384 events: one after the other.
static int
walk_runs(const struct walk *w, const struct span *s, unsigned limit, struct err *err)
{
	int sum = 0;
	bool more = true;
	for (int64_t run = (s->after + 1) >> 14;
	     run <= s->last >> 14 && more && sum < (int)limit; run++) {
		(void)sqlite3_bind_int64(w->st, 8, run);
		(void)sqlite3_bind_int64(w->st, 5, (int64_t)limit - sum);
		int n = reader_events(w->r->journal, w->st, w->row, w->arg, &more, err);
		if (n < 0)
			return -1;
		sum += n;
	}
	return sum;
}

int
query_events(struct reader *r, const struct event_filter *f,
    bool (*row)(void *arg, const struct stored_event *e), void *arg, struct err *err)
{
	struct span s;
	bool more = true;
	if (f->limit < 1 || f->limit > LIMIT_MAX || f->alarm_class >= CLASS_COUNT)
		return err_set(err, EINVAL, "limit must be 1 to %d", LIMIT_MAX);
	reader_begin(r);
	if (narrow(r, f, &s, err) != 0)
		return -1;
	const struct walk w = { r, prepare_filter(r, f, err), row, arg };
	if (w.st == NULL)
		return -1;
	bind_filter(w.st, f, &s);
	int n = f->point != NULL && f->occurrence == NULL
		    ? walk_runs(&w, &s, f->limit, err)
		    : reader_events(r->journal, w.st, row, arg, &more, err);
	(void)sqlite3_finalize(w.st);
	return n;
}

int
query_day(struct reader *r, const char *day, int64_t now_utc_ms, struct day_span *out,
    struct err *err)
{
	struct day_rule rule;
	struct day d;
	bool known = false, is_date = true;
	reader_begin(r);
	if (reader_day_rule(r, &rule, err) != 0)
		return -1;
	int rc = strcmp(day, "today") == 0
		     ? day_find(r->journal, &rule, now_utc_ms, &d, &known)
		     : day_find_named(r->journal, &rule, day, &d, &is_date);
	if (rc != SQLITE_OK)
		return db_err(r->journal, "day", err);
	if (!is_date)
		return err_set(err, EINVAL, "day must be today or YYYY-MM-DD");
	(void)str_copy(out->day, sizeof(out->day), d.name);
	out->from_ms = d.from_ms;
	out->to_ms = d.to_ms;
	out->closed = d.to_ms <= now_utc_ms;
	return 0;
}

static int
totals_of_events(struct reader *r, struct store_totals *out, struct err *err)
{
	if (db_integer(r->journal, "SELECT min(seq) FROM event", 0, &out->first_seq) !=
		SQLITE_OK ||
	    db_integer(r->journal, "SELECT max(seq) FROM event", 0, &out->last_seq) !=
		SQLITE_OK)
		return db_err(r->journal, "totals", err);
	// seq has no gaps.
	out->events = out->last_seq == 0 ? 0 : out->last_seq - out->first_seq + 1;
	return 0;
}

int
query_totals(struct reader *r, struct store_totals *out, struct err *err)
{
	const struct {
		const char *sql;
		int64_t *n;
	} notices[] = {
		{ "SELECT n FROM tally WHERE name = 'notices/delivered'",
		    &out->notices_delivered },
		{ "SELECT n FROM tally WHERE name = 'notices/failed'",
		    &out->notices_failed },
		{ "SELECT n FROM tally WHERE name = 'notices/owed'",
		    &out->notices_owed },
	};
	*out = (struct store_totals){ 0 };
	reader_begin(r);
	if (totals_of_events(r, out, err) != 0)
		return -1;
	for (unsigned i = 0; i < 3; i++) {
		if (db_integer(r->journal, notices[i].sql, 0, notices[i].n) !=
		    SQLITE_OK)
			return db_err(r->journal, "totals", err);
	}
	if (db_integer(r->readings, "SELECT n FROM tally WHERE name = 'minutes'", 0,
		&out->minutes) != SQLITE_OK)
		return db_err(r->readings, "totals", err);
	return 0;
}
