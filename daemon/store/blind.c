// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Blind time: rows that follow from events which say that a point, all behind a link,
// or the whole site is not watched, from when and until when. Written in the
// transaction of the event, from that event: the two cannot differ. Each day that such
// a span touches is recorded, so that its sums have a row. Runs in the writer thread.
// It refuses to guess: a span that ends before it began, for the clock was set back
// meanwhile, has no length, and says so.
#include <string.h>

#include "lib/mem.h"
#include "store/append.h"
#include "store/journal.h"

enum {
	DAYS_MOST = 400, // of one span; more is a clock that was wrong
};

#define COLUMNS "epoch, seq, end_seq, point, reason, from_ms, to_ms, measured"
// ?1 epoch, ?2 seq, ?3 time, ?4 point, ?5 params, ?6 reason
#define PARAM(name) \
  "json_extract(CASE WHEN json_valid(?5) THEN ?5 ELSE '{}' END, '$." name "')"
#define SPAN                                                              \
  "(SELECT coalesce(" PARAM("from_utc_ms") ", ?3) AS f, coalesce(" PARAM( \
      "to_utc_ms") ", ?3) AS t, coalesce(" PARAM("by") " <> 'unknown', 1) AS k)"
// Isolation of a point stands beside a value that it does not give.
#define OPEN \
  "point = ?4 AND to_ms IS NULL AND (reason = 'isolated') = (?6 = 'isolated')"

const char blind_whole_sql[] =
    "INSERT INTO blind (" COLUMNS ") SELECT ?1, ?2, ?2, ?4, ?6, f, max(f, t), "
    "t >= f AND k FROM " SPAN " RETURNING from_ms, to_ms";
const char blind_begin_sql[] =
    "INSERT INTO blind (" COLUMNS ") SELECT ?1, ?2, NULL, ?4, ?6, f, NULL, 1 "
    "FROM " SPAN " WHERE NOT EXISTS (SELECT 1 FROM blind WHERE " OPEN ") "
    "RETURNING from_ms, from_ms";
const char blind_end_sql[] =
    "UPDATE blind SET from_ms = f, to_ms = max(f, t), measured = t >= f, reason = ?6, "
    "end_seq = ?2 FROM (SELECT n AS row, coalesce(" PARAM(
	"from_utc_ms") ", from_ms) AS f, coalesce(" PARAM("to_utc_ms") ", ?3) AS t "
								       "FROM blind "
								       "WHERE " OPEN
								       ") WHERE n = "
								       "row RETURNING "
								       "from_ms, to_ms";
// What was not watched when the daemon ended is not watched by a run that is no more.
const char blind_down_sql[] =
    "UPDATE blind SET to_ms = max(from_ms, t), measured = t >= from_ms, end_seq = ?2 "
    "FROM (SELECT coalesce(" PARAM("from_utc_ms") ", " PARAM(
	"last_utc_ms") ", ?3) AS t) "
		       "WHERE to_ms IS NULL AND reason <> 'isolated' RETURNING "
		       "from_ms, to_ms";

// Records the days from one moment to another.
static int
record_days(struct append *a, int64_t from_ms, int64_t to_ms)
{
	int rc = SQLITE_OK;
	struct day day = { .to_ms = from_ms };
	for (int i = 0; i < DAYS_MOST && rc == SQLITE_OK && day.to_ms <= to_ms; i++) {
		bool known;
		rc = day_find(a->db, a->rule, day.to_ms, &day, &known);
		if (rc == SQLITE_OK && !known)
			rc = day_record(a->db, &day);
	}
	return rc;
}

// The spans that a statement wrote lie between the two. *n: how many there are.
static int
step_all(sqlite3_stmt *st, int64_t *from_ms, int64_t *to_ms, int *n)
{
	int rc;
	*n = 0;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		int64_t from = sqlite3_column_int64(st, 0);
		int64_t to = sqlite3_column_int64(st, 1);
		*from_ms = *n == 0 || from < *from_ms ? from : *from_ms;
		*to_ms = *n == 0 || to > *to_ms ? to : *to_ms;
		++*n;
	}
	(void)sqlite3_reset(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int
run(struct append *a, enum append_statement s, const struct event *e, const char *point,
    const char *reason, int *n)
{
	sqlite3_stmt *st = a->st[s];
	int64_t from_ms = 0, to_ms = 0;
	(void)sqlite3_bind_blob(
	    st, 1, a->frame.epoch, sizeof(a->frame.epoch), SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 2, e->seq);
	(void)sqlite3_bind_int64(st, 3, e->time_utc_ms);
	(void)sqlite3_bind_text(st, 4, point, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 5, e->params, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 6, reason, -1, SQLITE_STATIC);
	int rc = step_all(st, &from_ms, &to_ms, n);
	if (rc == SQLITE_OK && *n > 0 && a->rule != NULL)
		rc = record_days(a, from_ms, to_ms);
	return rc;
}

static bool
has(const struct event *e, const char *member)
{
	return strstr(e->params, member) != NULL;
}

static const char *
reason_of(const struct event *e)
{
	if (has(e, "\"reason\":\"flapping\""))
		return "flapping";
	return has(e, "\"reason\":\"quality\"") ? "quality" : "link";
}

// The event of a link, or of a point without a value: it begins a span, ends it, or
// tells of one that nobody began.
static int
of_blind(struct append *a, const struct event *e)
{
	const char *reason = reason_of(e);
	int n, rc;
	if (!has(e, "\"to_utc_ms\""))
		return run(a, AP_BLIND_BEGIN, e, e->point, reason, &n);
	rc = run(a, AP_BLIND_END, e, e->point, reason, &n);
	return rc == SQLITE_OK && n == 0
		   ? run(a, AP_BLIND_WHOLE, e, e->point, reason, &n)
		   : rc;
}

static int
of_mode(struct append *a, const struct event *e)
{
	int n;
	bool good = has(e, "\"to\":\"ok\"") || has(e, "\"to\":\"slow\"");
	return run(a, good ? AP_BLIND_END : AP_BLIND_BEGIN, e, "", "store", &n);
}

static int
of_down(struct append *a, const struct event *e)
{
	int n;
	int rc = run(a, AP_BLIND_DOWN, e, "", "down", &n);
	return rc == SQLITE_OK ? run(a, AP_BLIND_WHOLE, e, "", "down", &n) : rc;
}

int
blind_append(struct append *a, const struct event *e)
{
	int n;
	if (e->kind == EVENT_BLIND)
		return of_blind(a, e);
	if (e->kind == EVENT_STORE_MODE)
		return of_mode(a, e);
	if (e->kind == EVENT_DAEMON_DOWN)
		return of_down(a, e);
	if (e->kind == EVENT_ISOLATE_START)
		return run(a, AP_BLIND_BEGIN, e, e->point, "isolated", &n);
	if (e->kind == EVENT_ISOLATE_END)
		return run(a, AP_BLIND_END, e, e->point, "isolated", &n);
	if (e->kind == EVENT_EVENTS_LOST || e->kind == EVENT_JOURNAL_RESTORE)
		return run(a, AP_BLIND_WHOLE, e, "", "store", &n);
	// Set forward: moments that never were. Set back: a span of no length.
	if (e->kind == EVENT_CLOCK_STEP)
		return run(a, AP_BLIND_WHOLE, e, "", "clock", &n);
	return SQLITE_OK;
}

bool
blind_bring(sqlite3 *journal, const char *from)
{
	bool blind = bring_rows(journal, from, "blind", "n, " COLUMNS);
	return bring_rows(journal, from, "watched", "point, link, from_ms, to_ms") &&
	       blind;
}
