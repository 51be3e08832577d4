// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The roll-ups of the journal, kept in the transaction that adds the events they count:
// alarm_day by point, class_day by class with the number of open alarms, event_block
// for finding a span of time. Counts of a class and bounds of a block are gathered and
// written once a transaction. The invariant: after any commit each count equals the
// number of event rows behind it. A test's events count as tests and as nothing else.
#include <string.h>

#include "lib/mem.h"
#include "store/append.h"

enum {
	BLOCK_EVENTS = 1024
};

int
rollup_load(struct append *a)
{
	struct rollup *r = &a->rollup;
	sqlite3_stmt *st = NULL;
	memset(r->open, 0, sizeof(r->open));
	int rc = sqlite3_prepare_v2(a->db,
	    "SELECT class, count(*) FROM alarm_open GROUP BY class", -1, &st, NULL);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(st);
		const char *name =
		    rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
		enum alarm_class c;
		if (name != NULL && class_from_name(name, &c))
			r->open[c] = sqlite3_column_int64(st, 1);
	}
	(void)sqlite3_finalize(st);
	r->open_stale = rc != SQLITE_DONE;
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int
flush_block(struct append *a)
{
	struct rollup *r = &a->rollup;
	if (r->block < 0)
		return SQLITE_OK;
	sqlite3_stmt *st = a->st[AP_BLOCK];
	(void)sqlite3_bind_int64(st, 1, r->block);
	(void)sqlite3_bind_int64(st, 2, r->min_utc_ms);
	(void)sqlite3_bind_int64(st, 3, r->max_utc_ms);
	(void)sqlite3_bind_int64(st, 4, r->last_seq);
	r->block = -1;
	return append_run(a, AP_BLOCK);
}

static int
count_block(struct append *a, const struct event *e)
{
	struct rollup *r = &a->rollup;
	int64_t block = (e->seq - 1) / BLOCK_EVENTS;
	int rc = r->block == block ? SQLITE_OK : flush_block(a);
	if (r->block < 0) {
		r->block = block;
		r->min_utc_ms = r->max_utc_ms = e->time_utc_ms;
	}
	if (e->time_utc_ms < r->min_utc_ms)
		r->min_utc_ms = e->time_utc_ms;
	if (e->time_utc_ms > r->max_utc_ms)
		r->max_utc_ms = e->time_utc_ms;
	r->last_seq = e->seq;
	return rc;
}

static int
flush_class(struct append *a, enum alarm_class c)
{
	struct class_delta *d = &a->rollup.classes[c];
	sqlite3_stmt *st = a->st[AP_CLASS_DAY];
	if (!d->touched)
		return SQLITE_OK;
	(void)sqlite3_bind_text(st, 1, a->rollup.day.name, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 2, class_name(c), -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 3, d->onsets);
	(void)sqlite3_bind_int64(st, 4, d->clears);
	(void)sqlite3_bind_int64(st, 5, d->acknowledged);
	(void)sqlite3_bind_int64(st, 6, d->tests);
	(void)sqlite3_bind_int64(st, 7, a->rollup.open[c]);
	*d = (struct class_delta){ 0 };
	return append_run(a, AP_CLASS_DAY);
}

static int
flush_classes(struct append *a)
{
	int rc = SQLITE_OK;
	for (unsigned c = 0; c < CLASS_COUNT && rc == SQLITE_OK; c++)
		rc = flush_class(a, (enum alarm_class)c);
	return rc;
}

int
rollup_flush(struct append *a)
{
	int rc = flush_block(a);
	return rc == SQLITE_OK ? flush_classes(a) : rc;
}

int
rollup_day(struct append *a, int64_t utc_ms)
{
	struct rollup *r = &a->rollup;
	if (r->have_day && utc_ms >= r->day.from_ms && utc_ms < r->day.to_ms)
		return SQLITE_OK;
	int rc = r->have_day ? flush_classes(a) : SQLITE_OK;
	bool known = false;
	struct day day = { 0 };
	if (rc == SQLITE_OK)
		rc = day_find(a->db, a->rule, utc_ms, &day, &known);
	if (rc == SQLITE_OK && !known)
		rc = day_record(a->db, &day);
	if (rc == SQLITE_OK) {
		r->day = day;
		r->have_day = true;
	}
	return rc;
}

// What an event counts as; nothing where all are zero.
static struct class_delta
delta_of(const struct event *e)
{
	struct class_delta d = { 0 };
	bool test = event_row_test(e);
	if (e->kind == EVENT_ALARM_ONSET) {
		d.tests = test;
		d.onsets = !test;
	} else if (e->kind == EVENT_ALARM_CLEAR) {
		d.clears = !test;
	} else if (e->kind == EVENT_ALARM_ACKNOWLEDGE) {
		d.acknowledged = !test;
	}
	d.touched = d.tests + d.onsets + d.clears + d.acknowledged > 0;
	return d;
}

static int
count_alarm(struct append *a, const struct event *e, const struct class_delta *d)
{
	sqlite3_stmt *st = a->st[AP_ALARM_DAY];
	const char *condition =
	    e->condition < 0 ? "" : condition_name((enum condition)e->condition);
	const char *class = class_name((enum alarm_class)e->alarm_class);
	(void)sqlite3_bind_text(st, 1, a->rollup.day.name, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 2, class, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 3, e->point, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 4, condition, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 5, e->code, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 6, d->onsets);
	(void)sqlite3_bind_int64(st, 7, d->clears);
	(void)sqlite3_bind_int64(st, 8, d->acknowledged);
	(void)sqlite3_bind_int64(st, 9, d->tests);
	return append_run(a, AP_ALARM_DAY);
}

int
rollup_event(struct append *a, const struct event *e)
{
	int rc = count_block(a, e);
	struct class_delta d = delta_of(e);
	if (rc != SQLITE_OK || !d.touched || e->alarm_class < 0 || a->rule == NULL)
		return rc;
	rc = rollup_day(a, e->time_utc_ms);
	if (rc == SQLITE_OK)
		rc = count_alarm(a, e, &d);
	struct class_delta *sum = &a->rollup.classes[e->alarm_class];
	sum->onsets += d.onsets;
	sum->clears += d.clears;
	sum->acknowledged += d.acknowledged;
	sum->tests += d.tests;
	sum->touched = true;
	return rc;
}

int
rollup_open(struct append *a, enum alarm_class c, int delta)
{
	int rc = a->rule == NULL ? SQLITE_OK : rollup_day(a, a->last_utc_ms);
	a->rollup.open[c] += delta;
	a->rollup.classes[c].touched = a->rule != NULL;
	return rc;
}
