// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Limits over sequences of values, and the delay filter over time. Each limit remembers
// for itself whether it has tripped, so the hysteresis is per tripped limit.
#include <math.h>

#include "core/limit.h"
#include "test.h"

// One letter per value: 'T' tripped, '.' not. NaN keeps what was.
static void
assert_trips(const struct limit *l, enum limit_kind k, const double *values,
    const char *expected)
{
	bool tripped = false;
	for (size_t i = 0; expected[i] != '\0'; i++) {
		tripped = limit_tripped(l, k, values[i], tripped);
		if (tripped != (expected[i] == 'T'))
			print_error("value %zu (%g)\n", i, values[i]);
		assert_int_equal(tripped, expected[i] == 'T');
	}
}

static void
test_a_low_limit_with_hysteresis(void **ctx)
{
	(void)ctx;
	static const struct limit l = { .set = true, .value = 600, .hysteresis = 10 };
	static const double v[] = { 700, 600, 599.9, 600, 605, 609.9, 610, 605, 600,
		599, 611 };
	assert_trips(&l, LIMIT_LOW, v, "..TTTT...T.");
	assert_trips(&l, LIMIT_LOW_LOW, v, "..TTTT...T.");
}

static void
test_a_high_limit_with_hysteresis(void **ctx)
{
	(void)ctx;
	static const struct limit l = { .set = true, .value = 1200, .hysteresis = 50 };
	static const double v[] = { 1200, 1200.1, 1199, 1150.1, 1150, 1199, 1201, 0 };
	assert_trips(&l, LIMIT_HIGH, v, ".TTT..T.");
	assert_trips(&l, LIMIT_HIGH_HIGH, v, ".TTT..T.");
}

static void
test_without_hysteresis_equality_is_steady(void **ctx)
{
	(void)ctx;
	static const struct limit l = { .set = true, .value = 5 };
	static const double v[] = { 5, 5, 4.9, 5, 5 };
	assert_trips(&l, LIMIT_LOW, v, "..T..");
	static const double w[] = { 5, 5, 5.1, 5, 5 };
	assert_trips(&l, LIMIT_HIGH, w, "..T..");
}

// I6: what is no value neither raises nor clears.
static void
test_I6_nan_neither_trips_nor_clears(void **ctx)
{
	(void)ctx;
	static const struct limit l = { .set = true, .value = 5, .hysteresis = 1 };
	static const double v[] = { NAN, 4, NAN, 5.5, NAN, 6, NAN };
	assert_trips(&l, LIMIT_LOW, v, ".TTTT..");
}

static void
test_an_unset_limit_never_trips(void **ctx)
{
	(void)ctx;
	static const struct limit l = { .set = false, .value = 5 };
	for (int k = 0; k < LIMIT_COUNT; k++) {
		assert_false(limit_tripped(&l, (enum limit_kind)k, -1e9, true));
		assert_false(limit_tripped(&l, (enum limit_kind)k, 1e9, false));
	}
}

static void
test_infinity_is_beyond_every_limit(void **ctx)
{
	(void)ctx;
	static const struct limit l = { .set = true, .value = 5, .hysteresis = 1 };
	assert_true(limit_tripped(&l, LIMIT_HIGH, INFINITY, false));
	assert_true(limit_tripped(&l, LIMIT_LOW, -INFINITY, false));
	assert_false(limit_tripped(&l, LIMIT_LOW, INFINITY, true));
}

static void
test_low_and_low_low_are_two_alarms(void **ctx)
{
	(void)ctx;
	static const struct limit low = { .set = true, .value = 600, .hysteresis = 20 };
	static const struct limit ll = { .set = true, .value = 400, .hysteresis = 5 };
	static const double v[] = { 700, 500, 390, 404, 406, 610, 620 };
	assert_trips(&low, LIMIT_LOW, v, ".TTTTT.");
	assert_trips(&ll, LIMIT_LOW_LOW, v, "..TT...");
}

// Feeds '0' and '1', one a second; returns through out[] what is active after each.
static void
assert_delay(uint32_t on_ms, uint32_t off_ms, const char *raw, const char *expected)
{
	struct delay d = { 0 };
	for (size_t i = 0; raw[i] != '\0'; i++) {
		bool before = d.active;
		bool changed =
		    delay_feed(&d, raw[i] == '1', (int64_t)i * 1000, on_ms, off_ms);
		assert_int_equal(changed, before != d.active);
		if (d.active != (expected[i] == '1'))
			print_error("second %zu of %s\n", i, raw);
		assert_int_equal(d.active, expected[i] == '1');
	}
}

static void
test_delays_over_sequences(void **ctx)
{
	(void)ctx;
	assert_delay(0, 0, "0110100", "0110100");
	assert_delay(3000, 0, "01111100", "00001100");
	assert_delay(3000, 0, "0111011110", "0000000010");
	assert_delay(0, 2000, "1100110001", "1111111101");
	assert_delay(2000, 2000, "11101000111", "00111110001");
	assert_delay(1, 0, "110", "010");
}

static void
test_when_a_delay_wants_to_be_asked_again(void **ctx)
{
	(void)ctx;
	struct delay d = { 0 };
	assert_int_equal(delay_due(&d, 5000, 2000), -1);
	assert_false(delay_feed(&d, true, 100, 5000, 2000));
	assert_int_equal(delay_due(&d, 5000, 2000), 5100);
	assert_false(delay_feed(&d, true, 5099, 5000, 2000));
	assert_true(delay_feed(&d, true, 5100, 5000, 2000));
	assert_int_equal(delay_due(&d, 5000, 2000), -1);
	assert_false(delay_feed(&d, false, 6000, 5000, 2000));
	assert_int_equal(delay_due(&d, 5000, 2000), 8000);
	assert_false(delay_feed(&d, true, 7999, 5000, 2000));
	assert_int_equal(delay_due(&d, 5000, 2000), -1);
}

static void
test_limit_names(void **ctx)
{
	(void)ctx;
	assert_string_equal(limit_name(LIMIT_LOW_LOW), "low_low");
	assert_string_equal(limit_name(LIMIT_LOW), "low");
	assert_string_equal(limit_name(LIMIT_HIGH), "high");
	assert_string_equal(limit_name(LIMIT_HIGH_HIGH), "high_high");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_low_limit_with_hysteresis),
		cmocka_unit_test(test_a_high_limit_with_hysteresis),
		cmocka_unit_test(test_without_hysteresis_equality_is_steady),
		cmocka_unit_test(test_I6_nan_neither_trips_nor_clears),
		cmocka_unit_test(test_an_unset_limit_never_trips),
		cmocka_unit_test(test_infinity_is_beyond_every_limit),
		cmocka_unit_test(test_low_and_low_low_are_two_alarms),
		cmocka_unit_test(test_delays_over_sequences),
		cmocka_unit_test(test_when_a_delay_wants_to_be_asked_again),
		cmocka_unit_test(test_limit_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
