// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Lines of the log about links: each change once, and few lines however long a link
// stays away or however often it goes.

#include "drivers/link_log.h"
#include "test.h"

enum {
	SECOND = 1000,
	MINUTE = 60 * SECOND,
	DAY = 24 * 60 * MINUTE,
};

static void
test_it_went_it_is_still_gone_it_is_back(void **state)
{
	struct link_log l = { 0 };
	int64_t said[8];
	unsigned n = 0;

	(void)state;
	assert_true(link_log_went(&l, 5 * SECOND));
	assert_int_equal(l.times, 1);
	for (int64_t now = 6 * SECOND; now < 20 * MINUTE; now += SECOND)
		if (link_log_still(&l, now)) {
			assert_true(n < 8);
			said[n++] = now;
		}
	// After 1, 2, 4 and 8 minutes more.
	assert_int_equal(n, 4);
	assert_int_equal(said[0], 5 * SECOND + MINUTE);
	assert_int_equal(said[1] - said[0], 2 * MINUTE);
	assert_int_equal(said[2] - said[1], 4 * MINUTE);
	assert_int_equal(said[3] - said[2], 8 * MINUTE);
	assert_int_equal(l.tries, 20 * 60 - 6);
	assert_true(link_log_back(&l, 20 * MINUTE));
	assert_false(link_log_flaps(&l, 20 * MINUTE));
}

static void
test_gone_for_a_day_is_a_line_an_hour(void **state)
{
	struct link_log l = { 0 };
	unsigned n = 0;

	(void)state;
	assert_true(link_log_went(&l, 1));
	for (int64_t now = SECOND; now < DAY; now += SECOND)
		n += link_log_still(&l, now);
	assert_in_range(n, 24, 30);
}

static void
test_flapping_every_second_for_a_day_is_few_lines(void **state)
{
	struct link_log l = { 0 };
	unsigned lines = 0;
	uint32_t counted = 0;

	(void)state;
	for (int64_t now = SECOND; now < DAY; now += 2 * SECOND) {
		if (link_log_went(&l, now)) {
			lines++;
			counted += l.times;
			l.times = 0;
		}
		lines += link_log_still(&l, now + 500);
		lines += link_log_back(&l, now + SECOND);
	}
	assert_true(link_log_flaps(&l, DAY));
	assert_in_range(lines, 20, 80);
	assert_true(
	    counted > DAY / 2 / SECOND / 2); // all but those since the last line
}

static void
test_calm_is_forgotten(void **state)
{
	struct link_log l = { 0 };
	int64_t now = 0;

	(void)state;
	for (int i = 0; i < 20; i++) {
		now += SECOND;
		(void)link_log_went(&l, now);
		now += SECOND;
		(void)link_log_back(&l, now);
	}
	assert_true(link_log_flaps(&l, now));
	now += LINK_LOG_CALM_MS;
	assert_false(link_log_flaps(&l, now));
	assert_true(link_log_went(&l, now));
	assert_int_equal(l.times, 1);
	assert_false(link_log_flaps(&l, now));
	assert_true(link_log_back(&l, now + SECOND));
}

// A device that goes with its bus has no line, unless it does not come back with it.
static void
test_gone_with_another(void **state)
{
	struct link_log l = { 0 };

	(void)state;
	link_log_with(&l, SECOND);
	link_log_with(&l, 10 * MINUTE);
	assert_false(link_log_still(&l, 10 * MINUTE + SECOND));
	assert_true(link_log_still(&l, 12 * MINUTE));
	assert_true(link_log_back(&l, 13 * MINUTE));
	link_log_with(&l, 14 * MINUTE);
	assert_false(link_log_back(&l, 15 * MINUTE));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_went_it_is_still_gone_it_is_back),
		cmocka_unit_test(test_gone_for_a_day_is_a_line_an_hour),
		cmocka_unit_test(test_flapping_every_second_for_a_day_is_few_lines),
		cmocka_unit_test(test_calm_is_forgotten),
		cmocka_unit_test(test_gone_with_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
