// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The alarm statistics of a day, from the roll-ups; and the events behind each count,
// read beside them in the same order (I13). Run in the reader thread or in a tool.
// Counts never come from events, so a busy month costs no more than a quiet one; only
// the lists of seq grow with the day, up to a bound.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "store/db.h"
#include "store/reader.h"

struct seq_list {
	size_t n, size;
	int64_t *seq;
};

// The four lists of one row.
enum seq_of {
	SEQ_ONSET,
	SEQ_CLEAR,
	SEQ_ACKNOWLEDGE,
	SEQ_TEST,
	SEQ_OF_COUNT
};

struct daily {
	struct reader *r;
	const struct day_span *span;
	sqlite3_stmt *rows, *events, *place, *point;
	int64_t first, last; // seq span of the day
	int event_rc; // SQLITE_ROW while `events` stands on an event not yet used
	struct seq_list lists[SEQ_OF_COUNT];
	struct alarm_count count;
};

// Both in the same order, so that they are read side by side.
static const char ROWS_SQL[] =
    "SELECT point, condition, code, onsets, clears, acknowledged, tests FROM alarm_day "
    "WHERE day = ?1 AND class = ?2 ORDER BY point, condition, code";
static const char EVENTS_SQL[] =
    "SELECT p, c, k, kind, test, seq FROM (SELECT coalesce(point, '') AS p, "
    "coalesce(condition, '') AS c, coalesce(code, '') AS k, kind, "
    "coalesce(instr(params, '\"test\":true'), 0) > 0 AS test, seq "
    "FROM event INDEXED BY event_class WHERE class = ?1 AND seq BETWEEN ?2 AND ?3 "
    "AND time_utc_ms >= ?4 AND time_utc_ms < ?5 AND kind IN ('alarm.onset', "
    "'alarm.clear', 'alarm.acknowledge') ORDER BY seq) "
    "ORDER BY p, c, k, seq";
static const char PLACE_SQL[] = "SELECT place_zh, place_en FROM event WHERE seq = ?1";

static const char POINT_SQL[] =
    "SELECT place_zh, place_en FROM event INDEXED BY event_point "
    "WHERE seq >> 14 = ?1 AND point = ?2 LIMIT 1";

static void
add_seq(struct seq_list *l, int64_t seq)
{
	if (l->n == l->size) {
		l->size = l->size == 0 ? 16 : l->size * 2;
		l->seq = xreallocarray(l->seq, l->size, sizeof(*l->seq));
	}
	l->seq[l->n++] = seq;
}

static const char *
text_of(sqlite3_stmt *st, int column)
{
	const char *text = (const char *)sqlite3_column_text(st, column);
	return text != NULL ? text : "";
}

// Order of the event's key against the row's.
static int
compare(const struct daily *q)
{
	int order = 0;
	for (int i = 0; i < 3 && order == 0; i++)
		order = strcmp(text_of(q->events, i), text_of(q->rows, i));
	return order;
}

static struct seq_list *
list_for(struct daily *q, const char *kind, bool test)
{
	if (strcmp(kind, event_kind_name(EVENT_ALARM_ONSET)) == 0)
		return &q->lists[test ? SEQ_TEST : SEQ_ONSET];
	if (test)
		return NULL;
	bool clear = strcmp(kind, event_kind_name(EVENT_ALARM_CLEAR)) == 0;
	return &q->lists[clear ? SEQ_CLEAR : SEQ_ACKNOWLEDGE];
}

static int
collect_seqs(struct daily *q, struct err *err)
{
	for (unsigned i = 0; i < SEQ_OF_COUNT; i++)
		q->lists[i].n = 0;
	int order;
	while (q->event_rc == SQLITE_ROW && (order = compare(q)) <= 0) {
		struct seq_list *l = order < 0
					 ? NULL
					 : list_for(q, text_of(q->events, 3),
					       sqlite3_column_int(q->events, 4) != 0);
		if (l != NULL)
			add_seq(l, sqlite3_column_int64(q->events, 5));
		q->event_rc = sqlite3_step(q->events);
	}
	if (q->event_rc != SQLITE_ROW && q->event_rc != SQLITE_DONE)
		return reader_finish(q->r->journal, NULL, q->event_rc, err);
	return 0;
}

// Reads the place from a statement that selects it. false where there is no row.
static bool
take_place(sqlite3_stmt *st, struct alarm_count *c)
{
	bool found = sqlite3_step(st) == SQLITE_ROW;
	if (found) {
		(void)str_copy(c->place_zh, sizeof(c->place_zh), text_of(st, 0));
		(void)str_copy(c->place_en, sizeof(c->place_en), text_of(st, 1));
	}
	(void)sqlite3_reset(st);
	return found;
}

// The place as it was at the newest of the events; where none of them is listed, at
// some event of the point in the day.
static void
find_place(struct daily *q)
{
	struct alarm_count *c = &q->count;
	int64_t newest = 0;
	for (unsigned i = 0; i < SEQ_OF_COUNT; i++) {
		const struct seq_list *l = &q->lists[i];
		if (l->n > 0 && l->seq[l->n - 1] > newest)
			newest = l->seq[l->n - 1];
	}
	c->place_zh[0] = c->place_en[0] = '\0';
	if (newest > 0) {
		(void)sqlite3_bind_int64(q->place, 1, newest);
		(void)take_place(q->place, c);
		return;
	}
	bool found = false;
	(void)sqlite3_bind_text(q->point, 2, c->point, -1, SQLITE_STATIC);
	for (int64_t run = q->first >> 14; run <= q->last >> 14 && !found; run++) {
		(void)sqlite3_bind_int64(q->point, 1, run);
		found = take_place(q->point, c);
	}
}

static int
fill_count(struct daily *q, struct err *err)
{
	struct alarm_count *c = &q->count;
	char name[CODE_MAX];
	enum condition condition;
	if (collect_seqs(q, err) != 0)
		return -1;
	(void)str_copy(c->point, sizeof(c->point), text_of(q->rows, 0));
	(void)str_copy(name, sizeof(name), text_of(q->rows, 1));
	c->condition = condition_from_name(name, &condition) ? (int)condition : -1;
	(void)str_copy(c->code, sizeof(c->code), text_of(q->rows, 2));
	c->onsets = (uint32_t)sqlite3_column_int64(q->rows, 3);
	c->clears = (uint32_t)sqlite3_column_int64(q->rows, 4);
	c->acknowledged = (uint32_t)sqlite3_column_int64(q->rows, 5);
	c->tests = (uint32_t)sqlite3_column_int64(q->rows, 6);
	find_place(q);
	c->n_seqs = q->lists[SEQ_ONSET].n;
	c->seqs = q->lists[SEQ_ONSET].seq;
	c->n_clear_seqs = q->lists[SEQ_CLEAR].n;
	c->clear_seqs = q->lists[SEQ_CLEAR].seq;
	c->n_acknowledge_seqs = q->lists[SEQ_ACKNOWLEDGE].n;
	c->acknowledge_seqs = q->lists[SEQ_ACKNOWLEDGE].seq;
	c->n_test_seqs = q->lists[SEQ_TEST].n;
	c->test_seqs = q->lists[SEQ_TEST].seq;
	return 0;
}

static void
start_events(struct daily *q, enum alarm_class class)
{
	(void)sqlite3_reset(q->events);
	(void)sqlite3_bind_text(q->events, 1, class_name(class), -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(q->events, 2, q->first);
	(void)sqlite3_bind_int64(q->events, 3, q->last);
	(void)sqlite3_bind_int64(q->events, 4, q->span->from_ms);
	(void)sqlite3_bind_int64(q->events, 5, q->span->to_ms);
	q->event_rc = sqlite3_step(q->events);
}

// Rows of one class. Returns how many, or -1; *more false where row() had enough.
static int
daily_of_class(struct daily *q, enum alarm_class class,
    bool (*row)(void *arg, const struct alarm_count *c), void *arg, bool *more,
    struct err *err)
{
	int rc = SQLITE_DONE, n = 0;
	q->count.alarm_class = (int)class;
	(void)sqlite3_bind_text(q->rows, 1, q->span->day, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(q->rows, 2, class_name(class), -1, SQLITE_STATIC);
	while (*more && (rc = sqlite3_step(q->rows)) == SQLITE_ROW) {
		if (n == 0)
			start_events(q, class);
		if (fill_count(q, err) != 0)
			return -1;
		*more = row(arg, &q->count);
		n++;
	}
	(void)sqlite3_reset(q->rows);
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		return reader_finish(q->r->journal, NULL, rc, err);
	return n;
}

int
query_alarms_daily(struct reader *r, const struct day_span *d,
    bool (*row)(void *arg, const struct alarm_count *c), void *arg, struct err *err)
{
	struct daily q = { .r = r, .span = d };
	bool more = true;
	int sum = -1;
	reader_begin(r);
	q.rows = reader_prepare(r, r->journal, ROWS_SQL, err);
	q.events = reader_prepare(r, r->journal, EVENTS_SQL, err);
	q.place = reader_prepare(r, r->journal, PLACE_SQL, err);
	q.point = reader_prepare(r, r->journal, POINT_SQL, err);
	if (q.rows != NULL && q.events != NULL && q.place != NULL && q.point != NULL)
		sum = reader_seq_span(r, d->from_ms, d->to_ms, &q.first, &q.last, err);
	for (unsigned c = 0; c < CLASS_COUNT && more && sum >= 0; c++) {
		int n = daily_of_class(&q, (enum alarm_class)c, row, arg, &more, err);
		sum = n < 0 ? -1 : sum + n;
	}
	(void)sqlite3_finalize(q.rows);
	(void)sqlite3_finalize(q.events);
	(void)sqlite3_finalize(q.place);
	(void)sqlite3_finalize(q.point);
	for (unsigned i = 0; i < SEQ_OF_COUNT; i++)
		free(q.lists[i].seq);
	return sum;
}

// ---- by class
// ---------------------------------------------------------------------------

// The newest row up to the day: its own counts, if it is of the day, and the number
// open, which is carried from the last day in which it changed.
static const char CLASS_SQL[] =
    "SELECT day = ?2, onsets, clears, acknowledged, open FROM class_day "
    "WHERE class = ?1 AND day <= ?2 ORDER BY day DESC LIMIT 1";
static const char OPEN_SQL[] = "SELECT 0, 0, 0, 0, open FROM class_day "
			       "WHERE class = ?1 ORDER BY day DESC LIMIT 1";

// Of all classes. `last`: open as at the last row of all.
static int
each_class(struct reader *r, const struct day_span *d, bool last,
    struct class_count *out, struct err *err)
{
	sqlite3_stmt *st =
	    reader_prepare(r, r->journal, last ? OPEN_SQL : CLASS_SQL, err);
	int rc = SQLITE_OK;
	if (st == NULL)
		return -1;
	for (unsigned c = 0; c < CLASS_COUNT; c++) {
		(void)sqlite3_bind_text(
		    st, 1, class_name((enum alarm_class)c), -1, SQLITE_STATIC);
		if (!last)
			(void)sqlite3_bind_text(st, 2, d->day, -1, SQLITE_STATIC);
		rc = sqlite3_step(st);
		if (rc == SQLITE_ROW && sqlite3_column_int(st, 0) != 0) {
			out->onsets[c] = (uint32_t)sqlite3_column_int64(st, 1);
			out->clears[c] = (uint32_t)sqlite3_column_int64(st, 2);
			out->acknowledged[c] = (uint32_t)sqlite3_column_int64(st, 3);
		}
		if (rc == SQLITE_ROW)
			out->open[c] = (uint32_t)sqlite3_column_int64(st, 4);
		else if (rc != SQLITE_DONE)
			break;
		(void)sqlite3_reset(st);
	}
	return reader_finish(r->journal, st, rc, err);
}

int
query_class_counts(struct reader *r, const struct day_span *d, struct class_count *out,
    struct err *err)
{
	*out = (struct class_count){ 0 };
	reader_begin(r);
	if (each_class(r, d, false, out, err) != 0)
		return -1;
	return d->closed ? 0 : each_class(r, d, true, out, err);
}

// ---- the events of a span
// ---------------------------------------------------------------

static int
edge_seq(struct reader *r, const struct day_span *d, const char *sql,
    const int64_t span[2], int64_t *out, struct err *err)
{
	sqlite3_stmt *st = reader_prepare(r, r->journal, sql, err);
	*out = 0;
	if (st == NULL)
		return -1;
	(void)sqlite3_bind_int64(st, 1, span[0]);
	(void)sqlite3_bind_int64(st, 2, span[1]);
	(void)sqlite3_bind_int64(st, 3, d->from_ms);
	(void)sqlite3_bind_int64(st, 4, d->to_ms);
	int rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	return reader_finish(r->journal, st, rc, err);
}

#define EDGE_SQL                                                   \
  "SELECT seq FROM event NOT INDEXED WHERE seq BETWEEN ?1 AND ?2 " \
  "AND time_utc_ms >= ?3 AND time_utc_ms < ?4 ORDER BY seq "

int
query_edges(struct reader *r, const struct day_span *d, int64_t *first, int64_t *last,
    struct err *err)
{
	int64_t span[2];
	reader_begin(r);
	if (reader_seq_span(r, d->from_ms, d->to_ms, &span[0], &span[1], err) != 0 ||
	    edge_seq(r, d, EDGE_SQL "LIMIT 1", span, first, err) != 0)
		return -1;
	return edge_seq(r, d, EDGE_SQL "DESC LIMIT 1", span, last, err);
}
