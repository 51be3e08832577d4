// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The dead-man watch: each row of its table, and random nights against a count of what
// must be asked and missed.
#include "core/deadman.h"
#include "test.h"

enum {
	S = 1000,
	MIN = 60 * S
};

static const struct deadman_rule rule = {
	.day_ms = 120 * MIN, .night_ms = 60 * MIN, .answer_ms = 45 * S
};

static void
test_asked_and_answered(void **ctx)
{
	(void)ctx;
	struct deadman d;
	int64_t took;
	deadman_start(&d, false, 0, 0);
	assert_int_equal(deadman_due(&d, &rule, true), 60 * MIN);
	assert_int_equal(deadman_feed(&d, &rule, true, 60 * MIN - 1), DEADMAN_NOTHING);
	assert_int_equal(deadman_feed(&d, &rule, true, 60 * MIN), DEADMAN_ASK);
	assert_int_equal(deadman_due(&d, &rule, true), 60 * MIN + 45 * S);
	assert_int_equal(
	    deadman_feed(&d, &rule, true, 60 * MIN + 44 * S), DEADMAN_NOTHING);
	assert_true(deadman_alive(&d, 60 * MIN + 44 * S, &took));
	assert_int_equal(took, 44 * S);
	assert_int_equal(deadman_due(&d, &rule, true), 120 * MIN + 44 * S);
}

static void
test_missed_until_somebody_answers(void **ctx)
{
	(void)ctx;
	struct deadman d;
	int64_t took;
	deadman_start(&d, false, 0, 0);
	assert_int_equal(deadman_feed(&d, &rule, true, 60 * MIN), DEADMAN_ASK);
	assert_int_equal(
	    deadman_feed(&d, &rule, true, 60 * MIN + 45 * S), DEADMAN_MISS);
	assert_true(d.missed && d.asked);
	assert_int_equal(deadman_due(&d, &rule, true), -1);
	// Nothing but a person ends it: neither time nor the day.
	assert_int_equal(deadman_feed(&d, &rule, true, 600 * MIN), DEADMAN_NOTHING);
	const struct deadman_rule night_only = { 0, 60 * MIN, 45 * S, 0 };
	assert_int_equal(
	    deadman_feed(&d, &night_only, false, 601 * MIN), DEADMAN_NOTHING);
	assert_true(d.missed);
	assert_true(deadman_alive(&d, 602 * MIN, &took));
	assert_int_equal(took, 542 * MIN);
	assert_false(d.missed || d.asked);
}

static void
test_who_handles_an_alarm_is_not_asked(void **ctx)
{
	(void)ctx;
	struct deadman d;
	int64_t took;
	deadman_start(&d, false, 0, 0);
	assert_false(deadman_alive(&d, 59 * MIN, &took));
	assert_int_equal(deadman_feed(&d, &rule, true, 60 * MIN), DEADMAN_NOTHING);
	assert_int_equal(deadman_due(&d, &rule, true), 119 * MIN);
	assert_int_equal(deadman_feed(&d, &rule, true, 119 * MIN), DEADMAN_ASK);
}

static void
test_day_and_night_have_their_own_interval(void **ctx)
{
	(void)ctx;
	struct deadman d;
	deadman_start(&d, false, 0, 0);
	assert_int_equal(deadman_feed(&d, &rule, false, 90 * MIN), DEADMAN_NOTHING);
	assert_int_equal(deadman_due(&d, &rule, false), 120 * MIN);
	assert_int_equal(deadman_feed(&d, &rule, true, 90 * MIN), DEADMAN_ASK);
}

static void
test_by_day_nobody_is_asked_where_the_site_says_so(void **ctx)
{
	(void)ctx;
	const struct deadman_rule night_only = { 0, 60 * MIN, 45 * S, 0 };
	struct deadman d;
	deadman_start(&d, false, 0, 0);
	assert_int_equal(deadman_feed(&d, &night_only, true, 60 * MIN), DEADMAN_ASK);
	assert_int_equal(
	    deadman_feed(&d, &night_only, false, 60 * MIN + 1), DEADMAN_TAKE_BACK);
	assert_int_equal(deadman_due(&d, &night_only, false), -1);
	assert_int_equal(
	    deadman_feed(&d, &night_only, false, 900 * MIN), DEADMAN_NOTHING);
	// The night begins with a whole interval.
	assert_int_equal(
	    deadman_feed(&d, &night_only, true, 900 * MIN + 1), DEADMAN_NOTHING);
	assert_int_equal(deadman_feed(&d, &night_only, true, 960 * MIN), DEADMAN_ASK);
}

static void
test_what_was_missed_before_a_restart_is_owed_after_it(void **ctx)
{
	(void)ctx;
	struct deadman d;
	int64_t took;
	deadman_start(&d, true, 5 * S, 5 * S);
	assert_true(d.asked && d.missed);
	assert_int_equal(deadman_due(&d, &rule, true), -1);
	assert_true(deadman_alive(&d, 10 * S, &took));
}

static void
test_a_restart_is_no_sign_of_life(void **ctx)
{
	(void)ctx;
	struct deadman d;
	deadman_start(&d, false, -50 * MIN, 0); // of another boot
	assert_int_equal(deadman_due(&d, &rule, true), 10 * MIN);
	deadman_start(&d, false, 0, 61 * MIN); // what was asked is asked again
	assert_int_equal(deadman_feed(&d, &rule, true, 61 * MIN), DEADMAN_ASK);
	assert_int_equal(deadman_due(&d, &rule, true), 61 * MIN + 45 * S);
}

// Minute by minute: somebody is asked exactly one interval after the newest sign of
// life, and it is missed exactly where none follows in the time to answer.
static void
test_random_nights_against_a_count(void **ctx)
{
	(void)ctx;
	const struct deadman_rule r = { 0, 10 * MIN, 2 * MIN, 0 };
	uint32_t seed = 3;
	unsigned asked = 0, missed = 0, answered = 0;
	for (unsigned night = 0; night < 500; night++) {
		struct deadman d;
		int64_t newest = 0;
		bool is_missed = false;
		deadman_start(&d, false, 0, 0);
		for (int64_t m = 1; m < 200; m++) {
			seed = seed * 1664525u + 1013904223u;
			enum deadman_step step = deadman_feed(&d, &r, true, m * MIN);
			bool ask = !is_missed && m - newest == 10;
			bool miss = !is_missed && m - newest == 12;
			assert_int_equal(step, ask    ? DEADMAN_ASK
					       : miss ? DEADMAN_MISS
						      : DEADMAN_NOTHING);
			is_missed = is_missed || miss;
			asked += ask;
			missed += miss;
			if ((seed >> 8) % 11 != 0)
				continue;
			int64_t took;
			bool answers = deadman_alive(&d, m * MIN, &took);
			assert_int_equal(answers, m - newest >= 10);
			answered += answers;
			newest = m;
			is_missed = false;
		}
	}
	assert_true(asked > 500 && missed > 300 && answered > 500);
}

// By chance it asks sooner, never later, and not before the spread.
static void
test_a_question_comes_sooner_by_chance(void **ctx)
{
	(void)ctx;
	const struct deadman_rule random = { 30 * MIN, 60 * MIN, 45 * S, 10 * MIN };
	static const struct {
		uint32_t draw;
		int64_t sooner;
	} rows[] = { { 0, 0 }, { 10 * MIN, 10 * MIN }, { 10 * MIN + 1, 0 },
		{ 3 * MIN, 3 * MIN } };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct deadman d;
		deadman_start(&d, false, 0, 0);
		deadman_draw(&d, &random, rows[i].draw);
		int64_t due = 30 * MIN - rows[i].sooner;
		assert_int_equal(deadman_due(&d, &random, false), due);
		assert_int_equal(
		    deadman_feed(&d, &random, false, due - 1), DEADMAN_NOTHING);
		assert_int_equal(deadman_feed(&d, &random, false, due), DEADMAN_ASK);
	}
	struct deadman d; // without a spread it is as it was
	deadman_start(&d, false, 0, 0);
	deadman_draw(&d, &rule, 12345);
	assert_int_equal(d.sooner_ms, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_question_comes_sooner_by_chance),
		cmocka_unit_test(test_asked_and_answered),
		cmocka_unit_test(test_missed_until_somebody_answers),
		cmocka_unit_test(test_who_handles_an_alarm_is_not_asked),
		cmocka_unit_test(test_day_and_night_have_their_own_interval),
		cmocka_unit_test(test_by_day_nobody_is_asked_where_the_site_says_so),
		cmocka_unit_test(
		    test_what_was_missed_before_a_restart_is_owed_after_it),
		cmocka_unit_test(test_a_restart_is_no_sign_of_life),
		cmocka_unit_test(test_random_nights_against_a_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
