// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Statistics days: their lengths around changes of summer time, and what becomes of
// recorded days when the site's rule changes or the clock is stepped back.
#include <sqlite3.h>
#include <string.h>

#include "store/day.h"
#include "store/schema.h"
#include "test.h"

enum {
	HOUR_MS = 3600 * 1000
};
#define FIXTURE_MS INT64_C(1772323200000)

static struct zone *
zone(const char *name)
{
	struct zone *z = zone_load(name, NULL);
	assert_non_null(z);
	return z;
}

static sqlite3 *
database(void)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, schema_journal_1, NULL, NULL, NULL), SQLITE_OK);
	return db;
}

static void
test_lengths(void **state)
{
	(void)state;
	const struct {
		const char *zone;
		uint16_t start_min;
		const char *day;
		int64_t length_ms;
	} cases[] = {
		{ "Asia/Shanghai", 480, "2026-03-29", INT64_C(24) * HOUR_MS },
		{ "Europe/Berlin", 0, "2026-03-29", INT64_C(23) * HOUR_MS },
		{ "Europe/Berlin", 0, "2026-10-25", INT64_C(25) * HOUR_MS },
		// With the day at 08:00 the change belongs to the day that began
		// before.
		{ "Europe/Berlin", 480, "2026-03-28", INT64_C(23) * HOUR_MS },
		{ "Europe/Berlin", 480, "2026-03-29", INT64_C(24) * HOUR_MS },
		{ "Europe/Berlin", 480, "2026-10-24", INT64_C(25) * HOUR_MS },
		{ "America/New_York", 0, "2026-03-08", INT64_C(23) * HOUR_MS },
		{ "America/New_York", 0, "2026-11-01", INT64_C(25) * HOUR_MS },
		{ "Australia/Lord_Howe", 0, "2026-04-05", INT64_C(49) * HOUR_MS / 2 },
		{ "Australia/Lord_Howe", 0, "2026-10-04", INT64_C(47) * HOUR_MS / 2 },
		// A boundary that does not exist: 02:30 becomes 03:30, and the day
		// before has all its 24 hours.
		{ "Europe/Berlin", 150, "2026-03-28", INT64_C(24) * HOUR_MS },
		{ "Europe/Berlin", 150, "2026-03-29", INT64_C(23) * HOUR_MS },
	};
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct zone *z = zone(cases[i].zone);
		struct day_rule rule = { z, cases[i].start_min };
		struct day d;
		assert_int_equal(day_named(&rule, cases[i].day, &d), 0);
		assert_string_equal(d.name, cases[i].day);
		assert_int_equal(d.to_ms - d.from_ms, cases[i].length_ms);
		zone_free(z);
	}
}

// Ten years, each minute near a boundary and each hour: exactly one day contains it,
// and the next begins where it ends.
static void
test_every_moment_has_one_day(void **state)
{
	(void)state;
	const char *const names[] = { "Asia/Shanghai", "Europe/Berlin",
		"America/New_York", "Australia/Lord_Howe" };
	const uint16_t starts[] = { 0, 90, 150, 480, 1439 };
	for (unsigned i = 0; i < ARRAY_LEN(names) * ARRAY_LEN(starts); i++) {
		struct zone *z = zone(names[i / ARRAY_LEN(starts)]);
		struct day_rule rule = { z, starts[i % ARRAY_LEN(starts)] };
		struct day d, next;
		day_natural(&rule, INT64_C(1735689600000), &d);
		for (unsigned n = 0; n < 3650; n++) {
			assert_true(d.from_ms < d.to_ms);
			day_natural(&rule, d.from_ms, &next);
			assert_string_equal(next.name, d.name);
			day_natural(&rule, d.to_ms - 1, &next);
			assert_string_equal(next.name, d.name);
			day_natural(&rule, d.to_ms, &next);
			assert_true(next.from_ms == d.to_ms);
			assert_true(strcmp(next.name, d.name) > 0);
			d = next;
		}
		zone_free(z);
	}
}

static void
test_names(void **state)
{
	(void)state;
	struct zone *z = zone("UTC");
	struct day_rule rule = { z, 0 };
	struct day d;
	assert_int_equal(day_named(&rule, "2024-02-29", &d), 0);
	const char *const bad[] = { "", "2023-02-29", "2024-13-01", "2024-1-01",
		"today", "2024-01-00", "2024-01-011", "+024-01-01", "2024/01/01" };
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(day_named(&rule, bad[i], &d), -1);
	zone_free(z);
}

// 29 February is a day of its own, where there is one, and its month is a day longer.
static void
test_leap_days(void **state)
{
	(void)state;
	static const struct {
		const char *first, *last, *next;
		int days;
	} months[] = {
		{ "2024-02-01", "2024-02-29", "2024-03-01", 29 },
		{ "2023-02-01", "2023-02-28", "2023-03-01", 28 },
		{ "2000-02-01", "2000-02-29", "2000-03-01", 29 },
		{ "2100-02-01", "2100-02-28", "2100-03-01", 28 },
	};
	const uint16_t starts[] = { 0, 480, 1439 };
	struct zone *z = zone("Asia/Shanghai");
	for (unsigned i = 0; i < ARRAY_LEN(months) * ARRAY_LEN(starts); i++) {
		struct day_rule rule = { z, starts[i % ARRAY_LEN(starts)] };
		unsigned m = i / ARRAY_LEN(starts);
		struct day first, last, next;
		assert_int_equal(day_named(&rule, months[m].first, &first), 0);
		assert_int_equal(day_named(&rule, months[m].last, &last), 0);
		assert_true(last.to_ms - first.from_ms ==
			    months[m].days * INT64_C(24) * HOUR_MS);
		day_natural(&rule, last.to_ms - 1, &next);
		assert_string_equal(next.name, months[m].last);
		day_natural(&rule, last.to_ms, &next);
		assert_string_equal(next.name, months[m].next);
		assert_true(day_month(&rule, last.to_ms - 1, 0) == first.from_ms);
		assert_true(day_month(&rule, last.to_ms - 1, 1) == last.to_ms);
		assert_true(day_month(&rule, last.to_ms, -1) == first.from_ms);
		assert_true(day_month(&rule, last.to_ms - 1, 12) > last.to_ms);
	}
	zone_free(z);
}

static void
record_at(sqlite3 *db, const struct day_rule *rule, int64_t utc_ms, struct day *d)
{
	bool known;
	assert_int_equal(day_find(db, rule, utc_ms, d, &known), SQLITE_OK);
	if (!known)
		assert_int_equal(day_record(db, d), SQLITE_OK);
	assert_true(utc_ms >= d->from_ms && utc_ms < d->to_ms);
	bool again;
	struct day same;
	assert_int_equal(day_find(db, rule, utc_ms, &same, &again), SQLITE_OK);
	assert_true(again);
	assert_string_equal(same.name, d->name);
}

// From 00:00 to 08:00: the first day of the new rule reaches from the recorded end to
// the next boundary, under the next name; nothing overlaps and no name is used twice.
static void
test_changed_rule(void **state)
{
	(void)state;
	sqlite3 *db = database();
	struct zone *z = zone("Asia/Shanghai");
	struct day_rule midnight = { z, 0 }, eight = { z, 480 };
	const int64_t noon = INT64_C(1772337600000); // 2026-03-01T12:00 local
	struct day first, second, third;
	record_at(db, &midnight, noon, &first);
	assert_string_equal(first.name, "2026-03-01");
	record_at(db, &eight, noon + 60000, &second);
	assert_string_equal(second.name, "2026-03-01"); // recorded: does not move
	assert_int_equal(second.to_ms, first.to_ms);
	record_at(db, &eight, first.to_ms, &third); // 00:00 of the 2nd
	assert_string_equal(third.name, "2026-03-02");
	assert_int_equal(third.from_ms, first.to_ms);
	assert_int_equal(third.to_ms - third.from_ms, INT64_C(32) * HOUR_MS);
	struct day fourth;
	record_at(db, &eight, third.to_ms, &fourth);
	assert_string_equal(fourth.name, "2026-03-03");
	assert_int_equal(fourth.to_ms - fourth.from_ms, INT64_C(24) * HOUR_MS);
	// And back: a short day.
	struct day fifth;
	record_at(db, &midnight, fourth.to_ms, &fifth);
	assert_string_equal(fifth.name, "2026-03-04");
	assert_int_equal(fifth.to_ms - fifth.from_ms, INT64_C(16) * HOUR_MS);
	zone_free(z);
	(void)sqlite3_close(db);
}

// Whatever the clock and the rule do, recorded days never overlap and each moment finds
// one, so that the roll-ups always have a day to go to.
static void
test_random_clock_and_rules(void **state)
{
	(void)state;
	sqlite3 *db = database();
	struct zone *zones[] = { zone("Asia/Shanghai"), zone("America/New_York"),
		zone("Australia/Lord_Howe") };
	uint64_t x = 88172645463325252u;
	for (unsigned i = 0; i < 3000; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		struct day_rule rule = { zones[x % 3], (uint16_t)((x >> 8) % 4 * 360) };
		int64_t t = FIXTURE_MS + (int64_t)((x >> 16) % (40u * 24u)) * HOUR_MS;
		struct day d;
		bool known;
		assert_int_equal(day_find(db, &rule, t, &d, &known), SQLITE_OK);
		if (!known)
			assert_int_equal(day_record(db, &d), SQLITE_OK);
		sqlite3_stmt *st;
		assert_int_equal(
		    sqlite3_prepare_v2(db,
			"SELECT count(*) FROM day a JOIN day b ON a.day < b.day "
			"AND NOT (a.from_ms < a.to_ms AND a.to_ms <= b.from_ms)",
			-1, &st, NULL),
		    SQLITE_OK);
		assert_int_equal(sqlite3_step(st), SQLITE_ROW);
		assert_int_equal(sqlite3_column_int(st, 0), 0);
		(void)sqlite3_finalize(st);
		(void)sqlite3_prepare_v2(
		    db, "SELECT count(*) FROM day WHERE day = ?1", -1, &st, NULL);
		(void)sqlite3_bind_text(st, 1, d.name, -1, SQLITE_STATIC);
		(void)sqlite3_step(st);
		assert_int_equal(sqlite3_column_int(st, 0), 1);
		(void)sqlite3_finalize(st);
	}
	for (unsigned i = 0; i < ARRAY_LEN(zones); i++)
		zone_free(zones[i]);
	(void)sqlite3_close(db);
}

static void
test_named_day_with_records(void **state)
{
	(void)state;
	sqlite3 *db = database();
	struct zone *z = zone("Asia/Shanghai");
	struct day_rule midnight = { z, 0 }, eight = { z, 480 };
	struct day d, found;
	bool is_date;
	record_at(db, &midnight, INT64_C(1772337600000), &d);
	// Recorded under the old rule.
	assert_int_equal(
	    day_find_named(db, &eight, "2026-03-01", &found, &is_date), SQLITE_OK);
	assert_true(is_date && found.from_ms == d.from_ms && found.to_ms == d.to_ms);
	// Before all records, by the rule.
	assert_int_equal(
	    day_find_named(db, &eight, "2026-01-15", &found, &is_date), SQLITE_OK);
	assert_true(is_date && found.to_ms - found.from_ms == INT64_C(24) * HOUR_MS);
	assert_int_equal(
	    day_find_named(db, &eight, "yesterday", &found, &is_date), SQLITE_OK);
	assert_false(is_date);
	zone_free(z);
	(void)sqlite3_close(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_every_moment_has_one_day),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_leap_days),
		cmocka_unit_test(test_changed_rule),
		cmocka_unit_test(test_random_clock_and_rules),
		cmocka_unit_test(test_named_day_with_records),
	};
	return cmocka_run_group_tests_name("day", tests, NULL, NULL);
}
