// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Questions to the store: pages of events, the day's alarm statistics and the events
// behind each count. Figures are compared with a count by hand or by another
// query.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "store_fixture.h"
#include "test.h"

#define HOUR INT64_C(3600000)

static bool
all_done(const struct store_fixture *f)
{
	return store_fixture_idle(f) && f->done_units > 0;
}

static void
add_at(struct store_fixture *f, int64_t utc_ms, enum event_kind kind, enum condition c,
    unsigned n, bool test)
{
	struct event e;
	store_fixture_event(f, &e, kind, c, n);
	e.time_utc_ms = utc_ms;
	if (test)
		(void)str_copy(
		    e.params, sizeof(e.params), "{\"occurrences\":1,\"test\":true}");
	store_fixture_add(f, &e);
}

static void
flush(struct store_fixture *f)
{
	assert_true(store_fixture_wait(f, all_done, 20000));
}

// ---- events
// -----------------------------------------------------------------------------

struct page {
	size_t n;
	int64_t seqs[1000];
};

static bool
collect(void *arg, const struct stored_event *e)
{
	struct page *p = arg;
	p->seqs[p->n++] = e->event.seq;
	return true;
}

static bool
matches(const struct event_filter *f, const struct event *e)
{
	return e->seq > f->after_seq &&
	       (f->point == NULL || strcmp(e->point, f->point) == 0) &&
	       (f->alarm_class < 0 || e->alarm_class == f->alarm_class) &&
	       (f->from_utc_ms == 0 || e->time_utc_ms >= f->from_utc_ms) &&
	       (f->to_utc_ms == 0 || e->time_utc_ms < f->to_utc_ms);
}

enum {
	MANY = 3000
};

// Every filter against the plain truth, with a clock that was stepped back and forth.
static void
test_filters(void **state)
{
	(void)state;
	static struct event all[MANY];
	struct store_fixture f;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	srand(7);
	for (unsigned i = 0; i < MANY; i++) {
		struct event e;
		store_fixture_event(&f, &e, EVENT_ALARM_ONSET,
		    (enum condition)(rand() % COND_LINK), (unsigned)rand() % 20u);
		e.time_utc_ms = FIXTURE_UTC_MS + (int64_t)i * 1000 -
				(i > 1000 && i < 1500 ? 5 * HOUR : 0);
		if (i % 50 == 0)
			e.point[0] = '\0';
		store_fixture_add(&f, &e);
		all[i] = e;
		all[i].seq = i + 1;
	}
	flush(&f);
	struct reader *r = reader_open(f.directory, &f.err);
	assert_non_null(r);
	for (unsigned round = 0; round < 400; round++) {
		char point[8];
		(void)snprintf(point, sizeof(point), "p%u", (unsigned)rand() % 20u);
		struct event_filter filter = {
			.after_seq = rand() % 3 == 0 ? rand() % MANY : 0,
			.point = rand() % 2 == 0 ? point : NULL,
			.alarm_class = rand() % 2 == 0 ? rand() % CLASS_COUNT : -1,
			.limit = 1 + (unsigned)rand() % 200u,
		};
		if (rand() % 2 == 0)
			filter.from_utc_ms =
			    FIXTURE_UTC_MS - 6 * HOUR + rand() % (8 * 3600) * 1000;
		if (rand() % 2 == 0)
			filter.to_utc_ms =
			    FIXTURE_UTC_MS - 6 * HOUR + rand() % (8 * 3600) * 1000;
		struct page page = { .n = 0 };
		int n = query_events(r, &filter, collect, &page, &f.err);
		size_t expected = 0;
		for (unsigned i = 0; i < MANY && expected < filter.limit; i++) {
			if (!matches(&filter, &all[i]))
				continue;
			assert_true(expected < page.n);
			assert_int_equal(page.seqs[expected++], all[i].seq);
		}
		assert_int_equal(n, expected);
	}
	struct event_filter bad = { .alarm_class = -1, .limit = 1001 };
	assert_int_equal(query_events(r, &bad, collect, NULL, &f.err), -1);
	reader_close(r);
	store_fixture_free(&f);
}

static void
test_totals(void **state)
{
	(void)state;
	struct store_fixture f;
	struct store_totals t;
	struct notice n = { .id = "1-1", .channel = "hook" };
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	event_init(&n.subject, EVENT_ALARM_ONSET);
	for (unsigned i = 0; i < 10; i++) {
		struct unit *u = unit_new();
		(void)snprintf(n.id, sizeof(n.id), "1-%u", i);
		n.state = i < 4   ? NOTICE_DELIVERED
			  : i < 7 ? NOTICE_FAILED
				  : NOTICE_OWED;
		unit_notice(u, &n);
		if (i == 9) {
			n.state = NOTICE_DELIVERED;
			unit_notice(u, &n);
			unit_notice(u, &n); // the same again counts once
		}
		store_fixture_submit(&f, u);
		add_at(&f, FIXTURE_UTC_MS, EVENT_POINT_CHANGE, COND_INFO, i, false);
	}
	flush(&f);
	struct reader *r = reader_open(f.directory, &f.err);
	assert_int_equal(query_totals(r, &t, &f.err), 0);
	assert_int_equal(t.events, 10);
	assert_int_equal(t.first_seq, 1);
	assert_int_equal(t.last_seq, 10);
	assert_int_equal(t.notices_delivered, 5);
	assert_int_equal(t.notices_failed, 3);
	assert_int_equal(t.notices_owed, 2);
	reader_close(r);
	store_fixture_free(&f);
}

// ---- statistics
// -------------------------------------------------------------------------

static void
test_day_names(void **state)
{
	(void)state;
	struct store_fixture f;
	struct day_span d;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	struct reader *r = reader_open(f.directory, &f.err);
	// 2026-03-01 08:00 in Shanghai: the day begins now.
	assert_int_equal(query_day(r, "today", FIXTURE_UTC_MS, &d, &f.err), 0);
	assert_string_equal(d.day, "2026-03-01");
	assert_int_equal(d.from_ms, FIXTURE_UTC_MS);
	assert_int_equal(d.to_ms, FIXTURE_UTC_MS + 24 * HOUR);
	assert_false(d.closed);
	assert_int_equal(query_day(r, "today", FIXTURE_UTC_MS - 1, &d, &f.err), 0);
	assert_string_equal(d.day, "2026-02-28");
	assert_int_equal(query_day(r, "2026-02-28", FIXTURE_UTC_MS, &d, &f.err), 0);
	assert_true(d.closed);
	assert_int_equal(query_day(r, "2026-02-30", FIXTURE_UTC_MS, &d, &f.err), -1);
	assert_int_equal(query_day(r, "tomorrow", FIXTURE_UTC_MS, &d, &f.err), -1);
	reader_close(r);
	store_fixture_free(&f);
}

struct daily {
	unsigned rows;
	uint64_t onsets[CLASS_COUNT], clears[CLASS_COUNT], acknowledged[CLASS_COUNT];
	uint64_t tests[CLASS_COUNT];
	int last_class;
	struct alarm_count p1; // of point p1, fire
};

static void
assert_ascending(const int64_t *seqs, size_t n)
{
	for (size_t i = 1; i < n; i++)
		assert_true(seqs[i - 1] < seqs[i]);
}

static bool
sum_row(void *arg, const struct alarm_count *c)
{
	struct daily *d = arg;
	d->rows++;
	assert_true(c->alarm_class >= d->last_class);
	d->last_class = c->alarm_class;
	d->onsets[c->alarm_class] += c->onsets;
	d->clears[c->alarm_class] += c->clears;
	d->acknowledged[c->alarm_class] += c->acknowledged;
	d->tests[c->alarm_class] += c->tests;
	// I13: every count opens to as many events.
	assert_int_equal(c->n_seqs, c->onsets);
	assert_int_equal(c->n_clear_seqs, c->clears);
	assert_int_equal(c->n_acknowledge_seqs, c->acknowledged);
	assert_int_equal(c->n_test_seqs, c->tests);
	assert_ascending(c->seqs, c->n_seqs);
	assert_ascending(c->clear_seqs, c->n_clear_seqs);
	if (strcmp(c->point, "p1") == 0 && c->alarm_class == CLASS_FIRE)
		d->p1 = *c;
	return true;
}

// I13: the roll-ups of three days against the events counted one by one, across the
// boundary of the statistics day; tests count apart.
static void
test_i13_daily_counts_reconcile(void **state)
{
	(void)state;
	static const enum event_kind kinds[] = { EVENT_ALARM_ONSET, EVENT_ALARM_CLEAR,
		EVENT_ALARM_ACKNOWLEDGE, EVENT_ALARM_CLOSE, EVENT_POINT_CHANGE,
		EVENT_ALARM_REALARM };
	struct store_fixture f;
	uint64_t truth[3][4][CLASS_COUNT] = { 0 };
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	srand(3);
	for (unsigned i = 0; i < 4000; i++) {
		enum event_kind kind = kinds[(unsigned)rand() % ARRAY_LEN(kinds)];
		enum condition c = (enum condition)(rand() % COND_LINK);
		bool test = rand() % 8 == 0;
		int64_t at = FIXTURE_UTC_MS + (int64_t)i * 3 * 24 * HOUR / 4000;
		add_at(&f, at, kind, c, (unsigned)rand() % 6u, test);
		uint64_t(*day)[CLASS_COUNT] =
		    truth[(at - FIXTURE_UTC_MS) / (24 * HOUR)];
		enum alarm_class class = condition_class(c);
		if (kind == EVENT_ALARM_ONSET)
			day[test ? 3 : 0][class]++;
		else if (kind == EVENT_ALARM_CLEAR && !test)
			day[1][class]++;
		else if (kind == EVENT_ALARM_ACKNOWLEDGE && !test)
			day[2][class]++;
	}
	flush(&f);
	struct reader *r = reader_open(f.directory, &f.err);
	int64_t last_seq = 0;
	for (unsigned i = 0; i < 3; i++) {
		struct day_span d;
		struct daily sums = { .last_class = 0 };
		struct class_count count;
		int64_t now = FIXTURE_UTC_MS + 100 * 24 * HOUR;
		char name[11];
		(void)snprintf(name, sizeof(name), "2026-03-%02u", i + 1);
		assert_int_equal(query_day(r, name, now, &d, &f.err), 0);
		int rows = query_alarms_daily(r, &d, sum_row, &sums, &f.err);
		assert_int_equal(rows, sums.rows);
		assert_true(sums.rows > 50);
		assert_int_equal(query_class_counts(r, &d, &count, &f.err), 0);
		for (unsigned c = 0; c < CLASS_COUNT; c++) {
			assert_int_equal(sums.onsets[c], truth[i][0][c]);
			assert_int_equal(sums.clears[c], truth[i][1][c]);
			assert_int_equal(sums.acknowledged[c], truth[i][2][c]);
			assert_int_equal(sums.tests[c], truth[i][3][c]);
			assert_int_equal(count.onsets[c], truth[i][0][c]);
			assert_int_equal(count.clears[c], truth[i][1][c]);
			assert_int_equal(count.acknowledged[c], truth[i][2][c]);
		}
		assert_string_equal(sums.p1.place_zh, "1层走廊");
		int64_t first;
		int64_t before = last_seq;
		assert_int_equal(query_edges(r, &d, &first, &last_seq, &f.err), 0);
		assert_int_equal(first, before + 1);
	}
	assert_int_equal(last_seq, 4000);
	reader_close(r);
	store_fixture_free(&f);
}

struct storm {
	uint64_t onsets, listed, placed;
};

static bool
sum_storm(void *arg, const struct alarm_count *c)
{
	struct storm *s = arg;
	s->onsets += c->onsets;
	s->listed += c->n_seqs;
	s->placed += c->place_zh[0] != '\0';
	return true;
}

// A day of many events: counts and lists are whole, each row has its place (I13).
static void
test_storm_day_is_counted_whole(void **state)
{
	(void)state;
	enum {
		STORM = 10400,
		POINTS = 50
	};
	struct store_fixture f;
	struct day_span d;
	struct storm s = { 0 };
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	struct unit *u = NULL;
	for (unsigned i = 0; i < STORM; i++) {
		struct event e;
		u = u == NULL ? unit_new() : u;
		store_fixture_event(&f, &e, EVENT_ALARM_ONSET, COND_FAULT, i % POINTS);
		// The last point appears only after all others are over.
		if (i >= STORM - 10)
			(void)str_copy(e.point, sizeof(e.point), "late");
		(void)unit_event(u, &e);
		if (i % 100 == 99) {
			store_fixture_submit(&f, u);
			u = NULL;
		}
	}
	flush(&f);
	struct reader *r = reader_open(f.directory, &f.err);
	assert_int_equal(query_day(r, "today", FIXTURE_UTC_MS, &d, &f.err), 0);
	assert_int_equal(query_alarms_daily(r, &d, sum_storm, &s, &f.err), POINTS + 1);
	assert_int_equal(s.onsets, STORM);
	assert_int_equal(s.listed, STORM);
	assert_int_equal(s.placed, POINTS + 1);
	reader_close(r);
	store_fixture_free(&f);
}

static void
set_alarm(struct store_fixture *f, int64_t utc_ms, unsigned n, bool close)
{
	struct unit *u = unit_new();
	struct event e;
	struct alarm_row a;
	store_fixture_event(
	    f, &e, close ? EVENT_ALARM_CLOSE : EVENT_ALARM_ONSET, COND_FAULT, n);
	e.time_utc_ms = utc_ms;
	(void)unit_event(u, &e);
	memset(&a, 0, sizeof(a));
	(void)str_copy(a.point, sizeof(a.point), e.point);
	a.condition = COND_FAULT;
	a.alarm_class = CLASS_FAULT;
	a.state = ALARM_UNACKNOWLEDGED;
	a.close = close;
	unit_alarm(u, &a);
	store_fixture_submit(f, u);
}

// The number of open alarms at the end of each day, also of days in which nothing
// happened.
static void
test_open_at_the_end_of_a_day(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	const int64_t day = 24 * HOUR, t0 = FIXTURE_UTC_MS;
	set_alarm(&f, t0 + 1, 1, false);
	set_alarm(&f, t0 + 2, 2, false);
	set_alarm(&f, t0 + 3, 2, false); // again: still one
	set_alarm(&f, t0 + day, 3, false);
	set_alarm(&f, t0 + day + 1, 1, true);
	// nothing on the third day
	set_alarm(&f, t0 + 3 * day, 2, true);
	set_alarm(&f, t0 + 3 * day, 2, true); // gone already
	flush(&f);
	struct reader *r = reader_open(f.directory, &f.err);
	const uint32_t expected[] = { 2, 2, 2, 1, 1 };
	for (unsigned i = 0; i < 5; i++) {
		struct day_span d;
		struct class_count c;
		char name[11];
		(void)snprintf(name, sizeof(name), "2026-03-%02u", i + 1);
		assert_int_equal(query_day(r, name, t0 + 4 * day + 5, &d, &f.err), 0);
		assert_int_equal(d.closed, i < 4);
		assert_int_equal(query_class_counts(r, &d, &c, &f.err), 0);
		assert_int_equal(c.open[CLASS_FAULT], expected[i]);
	}
	reader_close(r);
	store_fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_totals),
		cmocka_unit_test(test_day_names),
		cmocka_unit_test(test_i13_daily_counts_reconcile),
		cmocka_unit_test(test_storm_day_is_counted_whole),
		cmocka_unit_test(test_open_at_the_end_of_a_day),
	};
	return cmocka_run_group_tests_name("store_query", tests, NULL, NULL);
}
