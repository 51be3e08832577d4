// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Hours of the week: every day, over midnight, over the end of the week, and every
// minute of the week against a plain count.
#include "core/schedule.h"
#include "test.h"

enum {
	MON = 1 << 0,
	FRI = 1 << 4,
	SUN = 1 << 6,
	ALL = (1 << WEEK_DAYS) - 1
};

static unsigned
at(unsigned day, unsigned hour, unsigned minute)
{
	return day * DAY_MINUTES + hour * 60 + minute;
}

static void
test_a_moment_becomes_a_minute_of_the_week(void **ctx)
{
	(void)ctx;
	assert_int_equal(schedule_minute(0), at(3, 0, 0)); // a Thursday
	assert_int_equal(schedule_minute(4 * 86400), at(0, 0, 0));
	assert_int_equal(schedule_minute(4 * 86400 - 1), at(6, 23, 59));
	assert_int_equal(schedule_minute(-1), at(2, 23, 59));
	assert_int_equal(schedule_minute(-4 * 86400), at(6, 0, 0));
	// 2026-11-26 08:30, a Thursday.
	assert_int_equal(schedule_minute(1795681800), at(3, 8, 30));
}

static void
test_working_hours(void **ctx)
{
	(void)ctx;
	const struct week_span span = { MON | FRI, 8 * 60, 18 * 60 };
	const struct schedule s = { 1, &span };
	assert_false(schedule_covers(&s, at(0, 7, 59)));
	assert_true(schedule_covers(&s, at(0, 8, 0)));
	assert_true(schedule_covers(&s, at(0, 17, 59)));
	assert_false(schedule_covers(&s, at(0, 18, 0)));
	assert_false(schedule_covers(&s, at(1, 12, 0)));
	assert_true(schedule_covers(&s, at(4, 12, 0)));
}

static void
test_over_midnight_belongs_to_the_day_on_which_it_begins(void **ctx)
{
	(void)ctx;
	const struct week_span span = { SUN, 22 * 60, 6 * 60 };
	const struct schedule s = { 1, &span };
	assert_false(schedule_covers(&s, at(6, 5, 0)));
	assert_true(schedule_covers(&s, at(6, 22, 0)));
	assert_true(schedule_covers(&s, at(0, 5, 59)));
	assert_false(schedule_covers(&s, at(0, 6, 0)));
}

static void
test_the_same_time_twice_is_a_whole_day(void **ctx)
{
	(void)ctx;
	const struct week_span span = { ALL, 0, 0 };
	const struct schedule s = { 1, &span }, none = { 0 };
	for (unsigned m = 0; m < WEEK_MINUTES; m++) {
		assert_true(schedule_covers(&s, m));
		assert_false(schedule_covers(&none, m));
	}
}

// Marks the minutes of each span one by one, and compares the whole week.
static void
test_every_minute_against_a_count(void **ctx)
{
	(void)ctx;
	static const struct week_span spans[] = { { MON | SUN, 1320, 61 },
		{ FRI, 30, 31 }, { 1 << 2, 600, 600 } };
	const struct schedule s = { 3, spans };
	static uint8_t marked[WEEK_MINUTES];
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned day = 0; day < WEEK_DAYS; day++) {
			unsigned m = at(day, 0, 0) + spans[i].from_min;
			if ((spans[i].days & 1U << day) == 0)
				continue;
			do {
				marked[m % WEEK_MINUTES] = 1;
				m++;
			} while (m % DAY_MINUTES != spans[i].to_min);
		}
	}
	for (unsigned m = 0; m < WEEK_MINUTES; m++)
		assert_int_equal(schedule_covers(&s, m), marked[m]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_moment_becomes_a_minute_of_the_week),
		cmocka_unit_test(test_working_hours),
		cmocka_unit_test(
		    test_over_midnight_belongs_to_the_day_on_which_it_begins),
		cmocka_unit_test(test_the_same_time_twice_is_a_whole_day),
		cmocka_unit_test(test_every_minute_against_a_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
