// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The clocks, and RFC 3339 both ways.
#include "lib/clock.h"
#include "test.h"

static void
virtual_time_moves_only_when_told(void **state)
{
	(void)state;
	struct clock c;
	clock_virtual_init(&c, 100, 2000);
	assert_true(c.virtual_time);
	clock_virtual_advance(&c, 50);
	assert_int_equal(c.mono_ms(&c), 150);
	assert_int_equal(c.utc_ms(&c), 2050);
	clock_virtual_step(&c, -1000);
	assert_int_equal(c.mono_ms(&c), 150);
	assert_int_equal(c.utc_ms(&c), 1050);
}

static void
real_time_is_sane(void **state)
{
	(void)state;
	struct clock *c = clock_real();
	assert_false(c->virtual_time);
	int64_t before = c->mono_ms(c);
	assert_true(c->mono_ms(c) >= before);
	assert_true(c->utc_ms(c) > INT64_C(1577836800000)); // 2020
	(void)clock_synchronised(c); // either answer is right on a test machine
}

static void
times_are_written(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ INT64_C(1767323045678), "2026-01-02T03:04:05.678Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ INT64_C(951782399999), "2000-02-28T23:59:59.999Z" },
		{ INT64_C(951782400000), "2000-02-29T00:00:00.000Z" },
		{ INT64_C(253402300799999), "9999-12-31T23:59:59.999Z" },
		{ INT64_C(-62167219200000), "0000-01-01T00:00:00.000Z" },
		{ INT64_MAX, "9999-12-31T23:59:59.999Z" },
		{ INT64_MIN, "0000-01-01T00:00:00.000Z" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char out[25];
		clock_rfc3339(rows[i].ms, out);
		assert_string_equal(out, rows[i].text);
	}
}

static void
times_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-01-02T03:04:05.678Z", INT64_C(1767323045678) },
		{ "2026-01-02T11:04:05.678+08:00", INT64_C(1767323045678) },
		{ "2026-01-01T22:04:05.678-05:00", INT64_C(1767323045678) },
		{ "2026-01-02t03:04:05.6789999z", INT64_C(1767323045678) },
		{ "2026-01-02 03:04:05,6Z", INT64_C(1767323045600) },
		{ "2000-02-29T00:00:00Z", INT64_C(951782400000) },
		{ "1969-12-31T23:59:59.999Z", -1 },
		{ "2016-12-31T23:59:60Z", INT64_C(1483228800000) },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t ms = 12345;
		assert_int_equal(clock_parse_rfc3339(rows[i].text, &ms), 0);
		assert_int_equal(ms, rows[i].ms);
	}
}

static void
what_is_no_time_is_refused(void **state)
{
	(void)state;
	static const char *const rows[] = { "", "2026", "2026-01-02",
		"2026-01-02T03:04:05", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
		"2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
		"2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
		"2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z",
		"2026-01-01T00:00:00+8:00", "2026-01-01T00:00:00+24:00",
		"2026-01-01T00:00:00+08:60", "2026-01-01T00:00:00Zx",
		"2026-01-01T00:00:00Z ", "-026-01-01T00:00:00Z", "2026-01-01T-1:00:00Z",
		"２０２６-01-01T00:00:00Z" };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t ms;
		if (clock_parse_rfc3339(rows[i], &ms) != -1)
			fail_msg("taken for a time: %s", rows[i]);
	}
}

static void
writing_and_reading_agree(void **state)
{
	(void)state;
	for (int64_t ms = INT64_C(-62167219200000); ms < INT64_C(253402300799999);
	     ms += INT64_C(9876543212345)) {
		char out[25];
		int64_t back;
		clock_rfc3339(ms, out);
		assert_int_equal(clock_parse_rfc3339(out, &back), 0);
		assert_int_equal(back, ms);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(virtual_time_moves_only_when_told),
		cmocka_unit_test(real_time_is_sane),
		cmocka_unit_test(times_are_written),
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(writing_and_reading_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
