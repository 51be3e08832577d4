// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The roll-ups of the journal, kept in the transaction that adds the events they count:
// alarm_day by point, class_day by class with the number of open alarms, event_block
// for finding a span of time. Counts and bounds are gathered and written once a
// transaction, those of alarms in the order of their key. The invariant: after any
// commit each count equals the number of event rows behind it. A test's events count as
// tests and as nothing else.
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "store/append.h"

enum {
	BLOCK_EVENTS = 1024,
	ALARM_DELTAS = 512, // gathered before they are written
	ALARM_SLOTS = 1024, // a power of two
	ALARM_SLOT_NONE = 0xffff
};

struct alarm_delta {
	int alarm_class, condition;
	char point[ID_MAX], code[CODE_MAX];
	struct class_delta sum;
};

struct alarm_deltas {
	unsigned n;
	struct alarm_delta rows[ALARM_DELTAS];
	uint16_t slots[ALARM_SLOTS]; // indexes of rows, by hash of the key
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

// ---- by alarm
// ---------------------------------------------------------------------------

static const char *
condition_text(int condition)
{
	return condition < 0 ? "" : condition_name((enum condition)condition);
}

// In the order of the table.
static int
by_key(const void *left, const void *right)
{
	const struct alarm_delta *a = left, *b = right;
	int order = 0;
	if (a->alarm_class != b->alarm_class)
		order = strcmp(class_name((enum alarm_class)a->alarm_class),
		    class_name((enum alarm_class)b->alarm_class));
	if (order == 0)
		order = strcmp(a->point, b->point);
	if (order == 0)
		order =
		    strcmp(condition_text(a->condition), condition_text(b->condition));
	return order != 0 ? order : strcmp(a->code, b->code);
}

static void
clear_alarms(struct alarm_deltas *d)
{
	d->n = 0;
	memset(d->slots, 0xff, sizeof(d->slots));
}

static int
write_alarm(struct append *a, const struct alarm_delta *d)
{
	sqlite3_stmt *st = a->st[AP_ALARM_DAY];
	const char *class = class_name((enum alarm_class)d->alarm_class);
	(void)sqlite3_bind_text(st, 1, a->rollup.day.name, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 2, class, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 3, d->point, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 4, condition_text(d->condition), -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 5, d->code, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 6, d->sum.onsets);
	(void)sqlite3_bind_int64(st, 7, d->sum.clears);
	(void)sqlite3_bind_int64(st, 8, d->sum.acknowledged);
	(void)sqlite3_bind_int64(st, 9, d->sum.tests);
	return append_run(a, AP_ALARM_DAY);
}

static int
flush_alarms(struct append *a)
{
	struct alarm_deltas *d = a->rollup.alarms;
	int rc = SQLITE_OK;
	if (d == NULL || d->n == 0)
		return SQLITE_OK;
	qsort(d->rows, d->n, sizeof(d->rows[0]), by_key);
	for (unsigned i = 0; i < d->n && rc == SQLITE_OK; i++)
		rc = write_alarm(a, &d->rows[i]);
	clear_alarms(d);
	return rc;
}

static uint32_t
hash_text(uint32_t h, const char *text)
{
	for (; *text != '\0'; text++)
		h = (h ^ (uint8_t)*text) * 16777619u;
	return h;
}

static bool
same_alarm(const struct alarm_delta *d, const struct event *e)
{
	return d->alarm_class == e->alarm_class && d->condition == e->condition &&
	       strcmp(d->point, e->point) == 0 && strcmp(d->code, e->code) == 0;
}

// The row of the event's alarm, which may be new; NULL where there is no room.
static struct alarm_delta *
alarm_of(struct alarm_deltas *d, const struct event *e)
{
	uint32_t h = 2166136261u ^ (uint32_t)(e->alarm_class * 64 + e->condition);
	h = hash_text(hash_text(h, e->point), e->code);
	unsigned at = h % ALARM_SLOTS;
	for (; d->slots[at] != ALARM_SLOT_NONE; at = (at + 1) % ALARM_SLOTS) {
		if (same_alarm(&d->rows[d->slots[at]], e))
			return &d->rows[d->slots[at]];
	}
	if (d->n == ALARM_DELTAS)
		return NULL;
	d->slots[at] = (uint16_t)d->n;
	struct alarm_delta *new = &d->rows[d->n++];
	*new = (struct alarm_delta){ .alarm_class = e->alarm_class,
		.condition = e->condition };
	(void)str_copy(new->point, sizeof(new->point), e->point);
	(void)str_copy(new->code, sizeof(new->code), e->code);
	return new;
}

static void
add_delta(struct class_delta *to, const struct class_delta *d)
{
	to->onsets += d->onsets;
	to->clears += d->clears;
	to->acknowledged += d->acknowledged;
	to->tests += d->tests;
	to->touched = true;
}

static int
count_alarm(struct append *a, const struct event *e, const struct class_delta *d)
{
	struct rollup *r = &a->rollup;
	int rc = SQLITE_OK;
	if (r->alarms == NULL) {
		r->alarms = xcalloc(1, sizeof(*r->alarms));
		clear_alarms(r->alarms);
	}
	struct alarm_delta *row = alarm_of(r->alarms, e);
	if (row == NULL) {
		rc = flush_alarms(a);
		row = alarm_of(r->alarms, e);
	}
	add_delta(&row->sum, d);
	return rc;
}

int
rollup_flush(struct append *a)
{
	int rc = flush_block(a);
	if (rc == SQLITE_OK)
		rc = flush_alarms(a);
	return rc == SQLITE_OK ? flush_classes(a) : rc;
}

void
rollup_free(struct append *a)
{
	free(a->rollup.alarms);
	a->rollup.alarms = NULL;
}

void
rollup_drop(struct append *a)
{
	rollup_free(a);
	a->rollup = (struct rollup){ .open_stale = true, .block = -1 };
}

int
rollup_day(struct append *a, int64_t utc_ms)
{
	struct rollup *r = &a->rollup;
	if (r->have_day && utc_ms >= r->day.from_ms && utc_ms < r->day.to_ms)
		return SQLITE_OK;
	int rc = r->have_day ? flush_alarms(a) : SQLITE_OK;
	if (rc == SQLITE_OK && r->have_day)
		rc = flush_classes(a);
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
	add_delta(&a->rollup.classes[e->alarm_class], &d);
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
