// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Gauges: minutes merged, a day's figures, the steps of a chart; and the views that
// both files offer to others.
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "core/reading.h"
#include "lib/mem.h"
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
		(void)str_copy(
		    e.params, sizeof(e.params), "{\"occurrences\":1,\"test\":true}");
	store_fixture_add(f, &e);
}

static void
flush(struct store_fixture *f)
{
	assert_true(store_fixture_wait(f, all_done, 20000));
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
	    query_readings(r, &(struct reading_range){ "g", t, t + 3 * MINUTE, MINUTE },
		collect_step, &s, &f.err),
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
	    query_readings(r, &(struct reading_range){ "dead", t, t + MINUTE, MINUTE },
		collect_step, &s, &f.err),
	    1);
	assert_int_equal(s.step[0].minutes, 1);
	assert_true(isnan(s.step[0].mean));
	assert_int_equal(
	    query_readings(r, &(struct reading_range){ "g", t, t + MINUTE, 1000 },
		collect_step, &s, &f.err),
	    -1);
	assert_int_equal(query_readings(r, &(struct reading_range){ "g", 0, t, MINUTE },
			     collect_step, &s, &f.err),
	    -1);
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
		cmocka_unit_test(test_minutes_are_merged),
		cmocka_unit_test(test_pressure_of_a_day),
		cmocka_unit_test(test_views),
	};
	return cmocka_run_group_tests_name("store_readings", tests, NULL, NULL);
}
