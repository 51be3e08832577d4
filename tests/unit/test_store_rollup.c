// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Hours and statistics days of a gauge are sums of its minutes, whatever order minutes
// come in, however often one is merged, and when retention takes some; and a chart is
// made from the rows that its step fits.
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "core/reading.h"
#include "lib/mem.h"
#include "store_fixture.h"
#include "test.h"

#define HOUR   INT64_C(3600000)
#define MINUTE INT64_C(60000)
// 2025-10-24T00:00:00Z; the clocks of Berlin go back on the 26th at 01:00Z.
#define AUTUMN_UTC_MS INT64_C(1761264000000)
// 2025-03-28T00:00:00Z; they go forward on the 30th at 01:00Z.
#define SPRING_UTC_MS INT64_C(1743120000000)

static void
berlin(struct store_fixture *f, uint16_t day_min)
{
	store_fixture_new(f, false);
	f->options.time_zone = "Europe/Berlin";
	f->options.statistics_day_min = day_min;
	assert_true(store_fixture_open(f));
}

static int64_t
one_integer(const struct store_fixture *f, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	assert_int_equal(
	    sqlite3_open(store_fixture_path(f, "readings.db"), &db), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	return n;
}

static uint32_t dice;

static unsigned
chance(unsigned sides)
{
	dice = dice * 1664525u + 1013904223u;
	return (dice >> 8) % sides;
}

// A minute of which no two have the same extreme; one in seven has no good time.
static struct minute
any_minute(int64_t start)
{
	struct minute m = { .minute_utc_ms = start };
	if (chance(7) == 0)
		return m;
	double value = (double)chance(100000000) / 1000.0;
	m.samples = 1 + chance(60);
	m.good_ms = (int32_t)(1000 * (1 + chance(60)));
	m.min = value - 0.25;
	m.max = value + 0.25;
	m.min_at_ms = start + chance(60000);
	m.max_at_ms = start + chance(60000);
	m.integral = value * m.good_ms;
	m.last = value;
	return m;
}

// Sums made anew from the minutes, beside those that were kept. What differs is
// counted.
static int64_t
sums_that_differ(const struct store_fixture *f)
{
	return one_integer(f,
	    "WITH spans AS (SELECT 'hour' AS kind, from_ms, from_ms + 3600000 AS "
	    "to_ms, "
	    "point, min, max, min_at_ms, max_at_ms, integral, good_ms, samples, "
	    "minutes "
	    "FROM reading_hour UNION ALL SELECT 'day', r.from_ms, d.to_ms, point, min, "
	    "max, min_at_ms, max_at_ms, integral, good_ms, samples, minutes FROM "
	    "reading_day r JOIN day d ON d.from_ms = r.from_ms) "
	    "SELECT count(*) FROM spans s WHERE NOT EXISTS (SELECT 1 FROM (SELECT "
	    "min(m.min) AS min, max(m.max) AS max, sum(m.integral) AS integral, "
	    "sum(m.good_ms) AS good_ms, sum(m.samples) AS samples, count(*) AS minutes "
	    "FROM minute m WHERE m.point = s.point AND m.minute_utc_ms >= s.from_ms "
	    "AND "
	    "m.minute_utc_ms < s.to_ms) t WHERE t.min IS s.min AND t.max IS s.max AND "
	    "t.good_ms = s.good_ms AND t.samples = s.samples AND t.minutes = s.minutes "
	    "AND abs(t.integral - s.integral) <= 1e-9 * abs(t.integral)) "
	    "OR (s.min IS NOT NULL AND NOT EXISTS (SELECT 1 FROM minute m WHERE "
	    "m.point "
	    "= s.point AND m.minute_utc_ms >= s.from_ms AND m.minute_utc_ms < s.to_ms "
	    "AND m.min = s.min AND m.min_at_ms = s.min_at_ms)) "
	    "OR (s.max IS NOT NULL AND NOT EXISTS (SELECT 1 FROM minute m WHERE "
	    "m.point "
	    "= s.point AND m.minute_utc_ms >= s.from_ms AND m.minute_utc_ms < s.to_ms "
	    "AND m.max = s.max AND m.max_at_ms = s.max_at_ms))");
}

// Every minute has its hour and its day.
static int64_t
minutes_left_out(const struct store_fixture *f)
{
	return one_integer(f,
	    "SELECT (SELECT count(*) FROM minute) * 2 - (SELECT sum(minutes) FROM "
	    "reading_hour) - (SELECT sum(minutes) FROM reading_day)");
}

// Four days by chance: late minutes, merged ones, holes, a day without any.
static void
write_by_chance(struct store_fixture *f, int64_t from_ms)
{
	static const char *const gauges[] = { "g1", "g2", "g3" };
	for (int i = 0; i < 9000; i++) {
		int64_t at = chance(4 * 24 * 60);
		if (at / (24 * 60) == 2)
			continue;
		struct minute m = any_minute(from_ms + at * MINUTE);
		store_minute(f->store, gauges[chance(3)], &m);
	}
}

static void
test_i13_sums_are_sums_of_minutes(void **state)
{
	static const uint16_t days[] = { 0, 8 * 60, 8 * 60 + 30, 2 * 60 + 30 };
	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(days); i++) {
		struct store_fixture f;
		dice = i + 1;
		berlin(&f, days[i]);
		write_by_chance(&f, AUTUMN_UTC_MS);
		write_by_chance(&f, SPRING_UTC_MS);
		store_fixture_close(&f);
		assert_int_equal(sums_that_differ(&f), 0);
		assert_int_equal(minutes_left_out(&f), 0);
		assert_true(
		    one_integer(&f, "SELECT max(minutes) FROM reading_day") > 300);
		store_fixture_free(&f);
	}
}

struct steps {
	size_t n;
	struct reading_step step[100];
};

static bool
collect(void *arg, const struct reading_step *s)
{
	struct steps *all = arg;
	assert_true(all->n < ARRAY_LEN(all->step));
	all->step[all->n++] = *s;
	return true;
}

static void
write_full(struct store_fixture *f, int64_t from_ms, int64_t hours)
{
	for (int64_t at = from_ms; at < from_ms + hours * HOUR; at += MINUTE) {
		struct minute m = { .minute_utc_ms = at,
			.samples = 60,
			.good_ms = 60000,
			.min = 1,
			.max = 3,
			.min_at_ms = at,
			.max_at_ms = at,
			.integral = 2.0 * 60000,
			.last = 2 };
		store_minute(f->store, "g", &m);
	}
}

// A chart by days: each is a statistics day, of 23, 24 or 25 hours, and those without a
// row are there as well, also where nothing was ever recorded.
static void
test_a_day_of_a_chart_is_a_statistics_day(void **state)
{
	(void)state;
	struct store_fixture f;
	berlin(&f, 8 * 60);
	write_full(&f, AUTUMN_UTC_MS, 96);
	write_full(&f, SPRING_UTC_MS, 72);
	store_fixture_close(&f);
	const struct {
		int64_t from_ms, to_ms;
		size_t n;
		int64_t hours[5]; // of the day
		int64_t good[5];  // of them with a value
	} cases[] = {
		{ AUTUMN_UTC_MS, AUTUMN_UTC_MS + 72 * HOUR, 4, { 24, 24, 25, 24 },
		    { 6, 24, 25, 24 } },
		{ SPRING_UTC_MS, SPRING_UTC_MS + 72 * HOUR, 4, { 24, 24, 23, 24 },
		    { 7, 24, 23, 18 } },
		// Two days before anything was recorded.
		{ SPRING_UTC_MS - 48 * HOUR, SPRING_UTC_MS - 24 * HOUR, 2, { 24, 24 },
		    { 0, 0 } },
	};
	struct reader *r = reader_open(f.directory, &f.err);
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		const struct reading_range q = { "g", cases[i].from_ms, cases[i].to_ms,
			24 * HOUR };
		struct steps s = { .n = 0 };
		assert_int_equal(
		    query_readings(r, &q, collect, &s, &f.err), cases[i].n);
		for (size_t k = 0; k < s.n; k++) {
			assert_int_equal(s.step[k].to_ms - s.step[k].from_ms,
			    cases[i].hours[k] * HOUR);
			assert_int_equal(s.step[k].good_ms, cases[i].good[k] * HOUR);
			assert_int_equal(s.step[k].minutes, cases[i].good[k] * 60);
			assert_true(k == 0 || s.step[k].from_ms == s.step[k - 1].to_ms);
		}
	}
	reader_close(r);
	store_fixture_free(&f);
}

// A chart by hours is made from whole hours; the same figures as from minutes.
static void
test_an_hour_of_a_chart_is_its_minutes(void **state)
{
	(void)state;
	struct store_fixture f;
	dice = 77;
	berlin(&f, 8 * 60);
	write_by_chance(&f, AUTUMN_UTC_MS);
	store_fixture_close(&f);
	struct reader *r = reader_open(f.directory, &f.err);
	struct steps hours = { .n = 0 };
	const struct reading_range by_hour = { "g1", AUTUMN_UTC_MS + 17 * MINUTE,
		AUTUMN_UTC_MS + 30 * HOUR + MINUTE, 2 * HOUR };
	assert_int_equal(query_readings(r, &by_hour, collect, &hours, &f.err), 16);
	for (size_t i = 0; i < hours.n; i++) {
		const struct reading_step *h = &hours.step[i];
		struct steps m = { .n = 0 };
		const struct reading_range by_minute = { "g1", h->from_ms, h->to_ms,
			90 * MINUTE };
		assert_int_equal(h->from_ms, AUTUMN_UTC_MS + (int64_t)i * 2 * HOUR);
		assert_int_equal(query_readings(r, &by_minute, collect, &m, &f.err),
		    i + 1 < hours.n ? 2 : 1);
		m.step[1] = m.n == 2 ? m.step[1]
				     : (struct reading_step){ .min = m.step[0].min,
					       .max = m.step[0].max };
		assert_int_equal(h->good_ms, m.step[0].good_ms + m.step[1].good_ms);
		assert_int_equal(h->minutes, m.step[0].minutes + m.step[1].minutes);
		assert_true(fabs(h->min - fmin(m.step[0].min, m.step[1].min)) < 1e-9);
		assert_true(fabs(h->max - fmax(m.step[0].max, m.step[1].max)) < 1e-9);
	}
	assert_int_equal(hours.step[15].to_ms - hours.step[15].from_ms, HOUR);
	reader_close(r);
	store_fixture_free(&f);
}

// Takes a file back to what an earlier version had written.
static void
make_old(const struct store_fixture *f, int version)
{
	store_fixture_run_sql_on(f, "readings.db",
	    "DROP VIEW v_sample; DROP TABLE sample; "
	    "DROP VIEW v_set_reading; DROP TRIGGER set_reading_leaves; "
	    "DROP TABLE set_reading; DROP TRIGGER minute_hour; DROP TRIGGER "
	    "minute_day; "
	    "DROP TRIGGER minute_merge_hour; DROP TRIGGER minute_merge_day; "
	    "DROP TRIGGER minute_leaves; DROP VIEW v_reading_hourly; "
	    "DROP VIEW v_reading_daily; DROP TABLE reading_hour; "
	    "DROP TABLE reading_day; CREATE VIEW v_reading_daily AS SELECT 1 AS day; "
	    "PRAGMA user_version = 2");
	if (version == 1)
		store_fixture_run_sql_on(f, "readings.db",
		    "DROP TRIGGER minute_tally_delete; PRAGMA user_version = 1");
}

// A file of each released version gets the sums of what it holds.
static void
test_older_readings_are_stepped_up(void **state)
{
	(void)state;
	for (int version = 1; version <= 2; version++) {
		struct store_fixture f;
		dice = 5;
		berlin(&f, 8 * 60 + 30);
		write_by_chance(&f, AUTUMN_UTC_MS);
		store_fixture_close(&f);
		int64_t minutes = one_integer(&f, "SELECT count(*) FROM minute");
		int64_t hours = one_integer(&f, "SELECT count(*) FROM reading_hour");
		int64_t days = one_integer(&f, "SELECT count(*) FROM reading_day");
		make_old(&f, version);
		assert_true(store_fixture_open(&f));
		write_by_chance(&f, SPRING_UTC_MS);
		store_fixture_close(&f);
		assert_true(one_integer(&f, "SELECT count(*) FROM minute") > minutes);
		assert_true(
		    one_integer(&f, "SELECT count(*) FROM reading_hour") > hours);
		assert_true(one_integer(&f, "SELECT count(*) FROM reading_day") > days);
		assert_int_equal(sums_that_differ(&f), 0);
		assert_int_equal(minutes_left_out(&f), 0);
		assert_int_equal(
		    one_integer(&f, "SELECT count(*) FROM v_reading_daily"),
		    one_integer(&f, "SELECT count(*) FROM reading_day"));
		store_fixture_free(&f);
	}
}

// What leaves takes its hour and its day along: the rest still opens to its minutes.
static void
test_i13_no_sum_outlives_a_minute_of_it(void **state)
{
	(void)state;
	struct store_fixture f;
	dice = 9;
	berlin(&f, 8 * 60);
	write_by_chance(&f, AUTUMN_UTC_MS);
	store_fixture_close(&f);
	store_fixture_run_sql_on(&f, "readings.db",
	    "DELETE FROM minute WHERE minute_utc_ms < 1761264000000 + 30 * 3600000 + "
	    "600000");
	assert_int_equal(sums_that_differ(&f), 0);
	assert_int_equal(one_integer(&f, "SELECT count(*) FROM reading_hour WHERE "
					 "from_ms <= 1761264000000 + 30 * 3600000"),
	    0);
	// The day from 2025-10-25 08:00 (06:00Z) on lost ten minutes: it is gone.
	assert_int_equal(one_integer(&f, "SELECT count(*) FROM v_reading_daily WHERE "
					 "day = '2025-10-25'"),
	    0);
	assert_true(one_integer(&f, "SELECT count(*) FROM reading_day") > 0);
	store_fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i13_sums_are_sums_of_minutes),
		cmocka_unit_test(test_a_day_of_a_chart_is_a_statistics_day),
		cmocka_unit_test(test_an_hour_of_a_chart_is_its_minutes),
		cmocka_unit_test(test_older_readings_are_stepped_up),
		cmocka_unit_test(test_i13_no_sum_outlives_a_minute_of_it),
	};
	return cmocka_run_group_tests_name("store_rollup", tests, NULL, NULL);
}
