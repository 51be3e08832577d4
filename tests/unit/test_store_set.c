// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Readings at set hours in readings.db: the nearer of two stays, a reason takes no
// reading away, an hour of which nothing was written is told as not watched, and one
// leaves with its minute.
#include <math.h>
#include <sqlite3.h>
#include <string.h>

#include "core/set_hour.h"
#include "lib/mem.h"
#include "store_fixture.h"
#include "test.h"

#define HOUR INT64_C(3600000)
// 2025-10-24T00:00:00Z; the clocks of Berlin go back on the 26th at 01:00Z.
#define AUTUMN_UTC_MS INT64_C(1761264000000)

static const uint16_t hours[] = { 8 * 60, 20 * 60 };

struct rows {
	size_t n;
	struct set_hour_row row[32];
};

static bool
collect(void *arg, const struct set_hour_row *s)
{
	struct rows *all = arg;
	assert_true(all->n < ARRAY_LEN(all->row));
	all->row[all->n++] = *s;
	return true;
}

static struct rows
ask(struct store_fixture *f, int64_t from_ms, int64_t to_ms, int64_t now_ms)
{
	struct rows rows = { .n = 0 };
	struct reader *r = reader_open(f->directory, &f->err);
	const struct set_hours_query q = { "g", from_ms, to_ms, now_ms, hours, 2 };
	assert_non_null(r);
	int n = query_set_readings(r, &q, collect, &rows, &f->err);
	assert_int_equal(n, rows.n);
	reader_close(r);
	return rows;
}

static void
write(struct store_fixture *f, int64_t due_ms, double value, int64_t at_ms,
    const char *reason)
{
	const struct set_reading s = { due_ms, reason == NULL, value, at_ms, reason };
	store_set_reading(f->store, "g", &s);
}

static void
berlin(struct store_fixture *f)
{
	store_fixture_new(f, false);
	f->options.time_zone = "Europe/Berlin";
	assert_true(store_fixture_open(f));
}

static void
test_the_nearer_stays_and_holes_are_told(void **state)
{
	(void)state;
	struct store_fixture f;
	const int64_t first = AUTUMN_UTC_MS + 6 * HOUR; // 08:00 CEST
	berlin(&f);
	write(&f, first, 700, first - 40000, NULL); // before a restart
	write(&f, first, 701, first + 30000, NULL);
	write(&f, first, 702, first + 50000, NULL);
	write(&f, first, 0, 0, "no_sample");
	write(&f, first + 12 * HOUR, 0, 0, "unknown");
	store_fixture_close(&f);
	// Two days and an hour; the clocks go back in the last night.
	struct rows r = ask(&f, first, first + 49 * HOUR, first + 200 * HOUR);
	assert_int_equal(r.n, 4);
	assert_true(fabs(r.row[0].value - 701) < 1e-9);
	assert_int_equal(r.row[0].at_utc_ms, first + 30000);
	assert_string_equal(r.row[0].reason, "");
	assert_true(isnan(r.row[1].value));
	assert_string_equal(r.row[1].reason, "unknown");
	assert_string_equal(r.row[2].reason, "not_watched");
	assert_int_equal(r.row[2].due_utc_ms, first + 24 * HOUR);
	assert_int_equal(r.row[3].due_utc_ms, first + 36 * HOUR);
	// 08:00 CET is 49 hours after the first; the query ends just before it.
	r = ask(&f, first + 48 * HOUR, first + 50 * HOUR, first + 200 * HOUR);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.row[0].due_utc_ms, first + 49 * HOUR);
	// What is not over is not missing.
	r = ask(&f, first + 24 * HOUR, first + 48 * HOUR, first + 24 * HOUR + 30000);
	assert_int_equal(r.n, 0);
	store_fixture_free(&f);
}

static int64_t
count(const struct store_fixture *f)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	assert_int_equal(
	    sqlite3_open(store_fixture_path(f, "readings.db"), &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db, "SELECT count(*) FROM v_set_reading", -1, &st, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	return n;
}

// I13: a reading leaves with the minute that it opens to. And a file of the version
// before has none yet, and gets some.
static void
test_i13_a_reading_leaves_with_its_minute(void **state)
{
	(void)state;
	struct store_fixture f;
	const int64_t first = AUTUMN_UTC_MS + 6 * HOUR;
	berlin(&f);
	store_fixture_close(&f);
	store_fixture_run_sql_on(&f, "readings.db",
	    "DROP VIEW v_set_reading; DROP TRIGGER set_reading_leaves; "
	    "DROP TABLE set_reading; DROP VIEW v_sample; DROP TABLE sample; "
	    "PRAGMA user_version = 3");
	assert_true(store_fixture_open(&f));
	struct minute m = { .minute_utc_ms = first - 60000,
		.samples = 1,
		.good_ms = 60000,
		.min = 1,
		.max = 1,
		.min_at_ms = first - 60000,
		.max_at_ms = first - 60000,
		.integral = 60000 };
	store_minute(f.store, "g", &m);
	m.minute_utc_ms += 12 * HOUR;
	store_minute(f.store, "g", &m);
	write(&f, first, 1, first - 40000, NULL);
	write(&f, first + 12 * HOUR, 1, first + 12 * HOUR - 1, NULL);
	store_fixture_close(&f);
	assert_int_equal(count(&f), 2);
	store_fixture_run_sql_on(&f, "readings.db",
	    "DELETE FROM minute WHERE minute_utc_ms = (SELECT min(minute_utc_ms) FROM "
	    "minute)");
	assert_int_equal(count(&f), 1);
	store_fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_nearer_stays_and_holes_are_told),
		cmocka_unit_test(test_i13_a_reading_leaves_with_its_minute),
	};
	return cmocka_run_group_tests_name("store_set", tests, NULL, NULL);
}
