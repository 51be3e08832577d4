// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Numbers as people write them, in the unit of a dial, and the comparison with the
// sensor: against integers of micro-kPa, in which nothing rounds.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/hand.h"
#include "test.h"

static void
test_numbers_are_the_same_pressure_in_each_unit(void **ctx)
{
	(void)ctx;
	for (int kpa = -100; kpa <= 10000; kpa += 7) {
		char text[32];
		double as_kpa, as_mpa, as_bar;
		int a = kpa < 0 ? -kpa : kpa;
		const char *sign = kpa < 0 ? "-" : "";
		(void)snprintf(text, sizeof(text), "%d", kpa);
		assert_true(hand_parse(text, HAND_KPA, &as_kpa));
		(void)snprintf(
		    text, sizeof(text), "%s%d.%03d", sign, a / 1000, a % 1000);
		assert_true(hand_parse(text, HAND_MPA, &as_mpa));
		(void)snprintf(text, sizeof(text), "%s%d.%02d", sign, a / 100, a % 100);
		assert_true(hand_parse(text, HAND_BAR, &as_bar));
		assert_true(fabs(as_kpa - kpa) < 1e-9);
		assert_true(fabs(as_mpa - kpa) < 1e-9);
		assert_true(fabs(as_bar - kpa) < 1e-9);
	}
}

static void
test_what_could_be_read_in_two_ways_is_no_number(void **ctx)
{
	static const char *const wrong[] = { "", "-", ".", "-.", ".5", "5.", "0,652",
		"1e3", "0x10", " 1", "1 ", "+1", "--1", "1.2.3", "1-", "nan", "inf",
		"1234567890", "0.65MPa" };
	double out;
	(void)ctx;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		for (enum hand_unit u = 0; u < HAND_UNIT_COUNT; u++)
			assert_false(hand_parse(wrong[i], u, &out));
	assert_false(hand_parse("652", HAND_MPA, &out)); // a unit was mistaken
	assert_false(hand_parse("10000.1", HAND_KPA, &out));
	assert_false(hand_parse("-100.1", HAND_KPA, &out));
	assert_true(hand_parse("10000", HAND_KPA, &out));
	assert_true(hand_parse("10", HAND_MPA, &out));
}

// Every pair on a grid of 1 kPa around the tolerance.
static void
test_the_tolerance_itself_agrees(void **ctx)
{
	const struct hand_rule rule = { .tolerance = 20.0 };
	(void)ctx;
	for (int dial = 600; dial <= 700; dial++) {
		for (int sensor = 560; sensor <= 740; sensor++) {
			char text[16];
			double value;
			int far = sensor > dial ? sensor - dial : dial - sensor;
			(void)snprintf(text, sizeof(text), "0.%03d", dial);
			assert_true(hand_parse(text, HAND_MPA, &value));
			assert_int_equal(hand_compare(value, sensor, &rule),
			    far <= 20 ? HAND_AGREES : HAND_DIFFERS);
			assert_int_equal(
			    hand_compare(value, sensor, NULL), HAND_NO_TOLERANCE);
		}
		assert_int_equal(
		    hand_compare(dial, (double)NAN, &rule), HAND_NO_SENSOR);
		assert_int_equal(hand_compare(dial, (double)NAN, NULL), HAND_NO_SENSOR);
	}
}

static void
test_units_and_answers_have_names(void **ctx)
{
	enum hand_unit u;
	(void)ctx;
	for (enum hand_unit i = 0; i < HAND_UNIT_COUNT; i++) {
		assert_true(hand_unit_from_name(hand_unit_name(i), &u));
		assert_int_equal(u, i);
	}
	assert_false(hand_unit_from_name("psi", &u));
	assert_false(hand_unit_from_name("mpa", &u));
	for (enum hand_answer a = 0; a < HAND_ANSWER_COUNT; a++)
		assert_true(strlen(hand_answer_name(a)) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_are_the_same_pressure_in_each_unit),
		cmocka_unit_test(test_what_could_be_read_in_two_ways_is_no_number),
		cmocka_unit_test(test_the_tolerance_itself_agrees),
		cmocka_unit_test(test_units_and_answers_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
