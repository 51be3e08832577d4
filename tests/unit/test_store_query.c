// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Questions to the store: pages of events, the day's alarm statistics and the events
// behind each count, gauges. Figures are compared with a count by hand or by another
// query.
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/reading.h"
#include "store_fixture.h"
#include "test.h"

enum {
	MINUTE = 60000
};
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
		(void)strcpy(e.params, "{\"occurrences\":1,\"test\":true}");
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
		assert_int_equal(count.first_seq, last_seq + 1);
		last_seq = count.last_seq;
	}
	assert_int_equal(last_seq, 4000);
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
	(void)strcpy(a.point, e.point);
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

// ---- gauges
// -----------------------------------------------------------------------------

static struct minute
minute_of(int64_t start, double value, int32_t good_ms, uint32_t samples)
{
	return (struct minute){
		.minute_utc_ms = start,
		.samples = samples,
		.good_ms = good_ms,
		.min = value - 1,
		.max = value + 1,
		.min_at_ms = start + 10,
		.max_at_ms = start + 20,
		.integral = value * good_ms,
		.last = value,
	};
}

static int64_t minutes_expected;

static bool
minutes_written(const struct store_fixture *f)
{
	struct store_totals t = { 0 };
	struct err err;
	struct reader *r = reader_open(f->directory, &err);
	bool ok = r != NULL && query_totals(r, &t, &err) == 0 &&
		  t.minutes == minutes_expected;
	reader_close(r);
	return ok;
}

struct steps {
	size_t n;
	struct reading_step step[200];
};

static bool
collect_step(void *arg, const struct reading_step *s)
{
	struct steps *all = arg;
	all->step[all->n++] = *s;
	return true;
}

// A restart inside a minute: the two halves become one row with both extremes; a minute
// lived twice after the clock went back never counts more time than it has.
static void
test_minutes_are_merged(void **state)
{
	(void)state;
	struct store_fixture f;
	const int64_t t = FIXTURE_UTC_MS;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	struct minute a = minute_of(t, 700, 20000, 20);
	store_minute(f.store, "g", &a);
	minutes_expected = 1;
	assert_true(store_fixture_wait(&f, minutes_written, 5000));
	store_fixture_close(&f);
	assert_true(store_fixture_open(&f));
	assert_int_equal(store_recovered(f.store)->last_utc_ms, t + 20000);
	struct minute b = minute_of(t, 400, 30000, 30);
	b.max = 800;
	b.min_at_ms = t + 31000;
	b.max_at_ms = t + 32000;
	store_minute(f.store, "g", &b);
	struct minute none = minute_of(t, 0, 0, 0);
	store_minute(f.store, "g", &none); // nothing known: changes nothing
	struct minute twice = minute_of(t + MINUTE, 100, 60000, 60);
	store_minute(f.store, "g", &twice);
	struct minute again = minute_of(t + MINUTE, 200, 60000, 60);
	store_minute(f.store, "g", &again);
	store_minute(f.store, "dead", &none);
	minutes_expected = 3;
	assert_true(store_fixture_wait(&f, minutes_written, 5000));

	struct reader *r = reader_open(f.directory, &f.err);
	struct steps s = { .n = 0 };
	assert_int_equal(
	    query_readings(r, "g", t, t + 3 * MINUTE, MINUTE, collect_step, &s, &f.err),
	    3);
	assert_true(fabs(s.step[0].min - 399) < 1e-9);
	assert_true(fabs(s.step[0].max - 800) < 1e-9);
	assert_true(
	    fabs(s.step[0].mean - (700.0 * 20000 + 400.0 * 30000) / 50000) < 1e-9);
	assert_int_equal(s.step[0].good_ms, 50000);
	assert_int_equal(s.step[1].good_ms, 60000);
	assert_true(fabs(s.step[1].mean - 150) < 1e-9);
	assert_int_equal(s.step[2].minutes, 0);
	assert_true(isnan(s.step[2].min) && isnan(s.step[2].mean));
	s.n = 0;
	assert_int_equal(
	    query_readings(r, "dead", t, t + MINUTE, MINUTE, collect_step, &s, &f.err),
	    1);
	assert_int_equal(s.step[0].minutes, 1);
	assert_true(isnan(s.step[0].mean));
	assert_int_equal(
	    query_readings(r, "g", t, t + MINUTE, 1000, collect_step, &s, &f.err), -1);
	assert_int_equal(
	    query_readings(r, "g", 0, t, MINUTE, collect_step, &s, &f.err), -1);
	reader_close(r);
	store_fixture_free(&f);
}

struct gauges {
	size_t n;
	struct pressure_day p[8];
};

static bool
collect_gauge(void *arg, const struct pressure_day *p)
{
	struct gauges *g = arg;
	g->p[g->n++] = *p;
	return true;
}

static void
test_pressure_of_a_day(void **state)
{
	(void)state;
	struct store_fixture f;
	const int64_t t = FIXTURE_UTC_MS;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	for (int i = -60; i < 24 * 60 + 60; i++) {
		struct minute m = minute_of(t + i * MINUTE, i, 60000, 60);
		store_minute(f.store, "ramp", &m);
	}
	struct minute old = minute_of(t - 40 * 24 * HOUR, 1, 60000, 1);
	store_minute(f.store, "removed", &old);
	struct minute silent = minute_of(t - 2 * 24 * HOUR, 1, 60000, 1);
	store_minute(f.store, "silent", &silent);
	minutes_expected = 26 * 60 + 2;
	assert_true(store_fixture_wait(&f, minutes_written, 10000));
	struct reader *r = reader_open(f.directory, &f.err);
	struct day_span d;
	struct gauges g = { .n = 0 };
	assert_int_equal(query_day(r, "2026-03-01", t + 48 * HOUR, &d, &f.err), 0);
	assert_int_equal(
	    query_pressure_daily(r, &d, t + 48 * HOUR, collect_gauge, &g, &f.err), 2);
	assert_string_equal(g.p[0].point, "ramp");
	assert_true(fabs(g.p[0].min + 1) < 1e-9);
	assert_int_equal(g.p[0].min_at_ms, t + 10);
	assert_true(fabs(g.p[0].max - 1440) < 1e-9);
	assert_int_equal(g.p[0].max_at_ms, t + 1439 * (int64_t)MINUTE + 20);
	assert_true(fabs(g.p[0].mean - 719.5) < 1e-6);
	assert_int_equal(g.p[0].good_ms, 24 * HOUR);
	assert_int_equal(g.p[0].expected_ms, 24 * HOUR);
	assert_int_equal(g.p[0].minutes, 1440);
	assert_int_equal(g.p[0].samples, 1440 * 60);
	// Silent for two days: there, with nothing.
	assert_string_equal(g.p[1].point, "silent");
	assert_true(isnan(g.p[1].mean) && isnan(g.p[1].min));
	assert_int_equal(g.p[1].minutes, 0);
	// A day that runs.
	g.n = 0;
	assert_int_equal(query_day(r, "2026-03-01", t + HOUR, &d, &f.err), 0);
	assert_int_equal(
	    query_pressure_daily(r, &d, t + HOUR, collect_gauge, &g, &f.err), 2);
	assert_int_equal(g.p[0].expected_ms, HOUR);
	reader_close(r);
	store_fixture_free(&f);
}

static int64_t
one_integer(const struct store_fixture *f, const char *file, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	assert_int_equal(sqlite3_open(store_fixture_path(f, file), &db), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	return n;
}

// The views are the contract for others: they agree with the tables, and both files
// hold the same days.
static void
test_views(void **state)
{
	(void)state;
	struct store_fixture f;
	const int64_t t = FIXTURE_UTC_MS;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	add_at(&f, t, EVENT_ALARM_ONSET, COND_FIRE, 1, false);
	add_at(&f, t + 1000, EVENT_ALARM_ACKNOWLEDGE, COND_FIRE, 1, false);
	add_at(&f, t + 2000, EVENT_ALARM_CLEAR, COND_FIRE, 1, false);
	add_at(&f, t + 3000, EVENT_ALARM_ONSET, COND_FIRE, 2, true);
	set_alarm(&f, t + 4000, 5, false);
	struct minute m = minute_of(t + 25 * HOUR, 5, 60000, 60);
	store_minute(f.store, "g", &m);
	minutes_expected = 1;
	flush(&f);
	assert_true(store_fixture_wait(&f, minutes_written, 5000));
	store_fixture_close(&f);
	const struct {
		const char *file, *sql;
		int64_t n;
	} cases[] = {
		{ "journal.db", "SELECT count(*) FROM v_event", 5 },
		{ "journal.db",
		    "SELECT count(*) FROM v_event WHERE time = "
		    "'2026-03-01T00:00:01.000Z' "
		    "AND length(hash) = 64 AND kind = 'alarm.acknowledge'",
		    1 },
		{ "journal.db",
		    "SELECT count(*) FROM v_alarm WHERE state = "
		    "'unacknowledged' AND code IS NULL",
		    1 },
		{ "journal.db",
		    "SELECT count(*) FROM v_occurrence WHERE occurrence_id = '1-1' AND "
		    "clear_utc_ms - onset_utc_ms = 2000 AND acknowledged_utc_ms - "
		    "onset_utc_ms = 1000 AND test = 0",
		    1 },
		{ "journal.db", "SELECT count(*) FROM v_occurrence WHERE test = 1", 1 },
		{ "journal.db", "SELECT sum(onsets) FROM v_alarm_daily", 2 },
		{ "journal.db", "SELECT sum(tests) FROM v_alarm_daily", 1 },
		{ "readings.db", "SELECT mean = 5 FROM v_reading_minute", 1 },
		{ "readings.db",
		    "SELECT count(*) FROM v_reading_daily WHERE day = '2026-03-02' AND "
		    "point = 'g' AND mean = 5",
		    1 },
		{ "readings.db", "SELECT count(*) FROM day", 2 },
	};
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(
		    one_integer(&f, cases[i].file, cases[i].sql), cases[i].n);
	// The journal learns the readings' days at the next start, and the other way.
	assert_true(store_fixture_open(&f));
	store_fixture_close(&f);
	assert_int_equal(one_integer(&f, "journal.db", "SELECT count(*) FROM day"), 2);
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
		cmocka_unit_test(test_open_at_the_end_of_a_day),
		cmocka_unit_test(test_minutes_are_merged),
		cmocka_unit_test(test_pressure_of_a_day),
		cmocka_unit_test(test_views),
	};
	return cmocka_run_group_tests_name("store_query", tests, NULL, NULL);
}
