// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Rates of change and values that stand still, over sequences of (time, value). The
// rate is held against a search through all values of random walks.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/own_code.h"
#include "core/trend.h"
#include "test.h"

static const struct rate_rule rule = { .change = 50, .within_ms = 60000 };
static const struct stuck_rule still = { .band = 2, .after_ms = 60000 };

struct step {
	int64_t at_ms;
	double value;  // NaN = only looked at
	char expected; // 'Y', 'N', '?'
};

static char
letter(enum trend_answer a)
{
	return a == TREND_YES ? 'Y' : a == TREND_NO ? 'N' : '?';
}

static void
assert_rate(const struct step *steps, size_t n)
{
	struct rate r;
	rate_forget(&r);
	for (size_t i = 0; i < n; i++) {
		rate_feed(&r, &rule, steps[i].value, steps[i].at_ms);
		char got = letter(rate_look(&r, &rule, steps[i].at_ms));
		if (got != steps[i].expected)
			print_error("step %zu: %c\n", i, got);
		assert_int_equal(got, steps[i].expected);
	}
}

static void
test_a_fall_within_its_time(void **state)
{
	static const struct step steps[] = {
		{ 0, 800, '?' }, // not seen for long enough to say no
		{ 30000, 760, '?' },
		{ 59999, NAN, '?' },
		{ 60000, NAN, 'N' },
		{ 100000, 711, 'N' }, // 49 below what stood until now
		{ 101000, 710, 'Y' },
		{ 155000, NAN, 'Y' },
		{ 166000, NAN, 'N' }, // 760 lies more than its time back
		{ 900000, NAN, 'N' },
		{ 900001, 661, 'N' },
		{ 900002, 660, 'Y' }, // the last value stood all the while
		{ 900003, 700, 'N' },
	};
	(void)state;
	assert_rate(steps, ARRAY_LEN(steps));
}

static void
test_a_fall_is_seen_before_its_time_is_full(void **state)
{
	static const struct step steps[] = {
		{ 0, 800, '?' },
		{ 1000, 750, 'Y' },
		{ 61000, NAN, 'Y' },
		{ 65000, NAN, 'N' },
	};
	(void)state;
	assert_rate(steps, ARRAY_LEN(steps));
}

static void
test_i6_nothing_is_said_over_a_gap(void **state)
{
	struct rate r;
	(void)state;
	rate_forget(&r);
	rate_feed(&r, &rule, 800, 0);
	rate_forget(&r);
	assert_int_equal(rate_look(&r, &rule, 1000), TREND_UNKNOWN);
	rate_feed(&r, &rule, 100, 2000);
	assert_int_equal(rate_look(&r, &rule, 2000), TREND_UNKNOWN);
	assert_int_equal(rate_look(&r, &rule, 62000), TREND_NO);
}

// The greatest value that stood at any time since `since`.
static double
greatest_since(const struct step *steps, size_t n, int64_t since)
{
	double most = steps[n - 1].value;
	for (size_t i = n; i-- > 0;) {
		most = fmax(most, steps[i].value);
		if (steps[i].at_ms <= since)
			break;
	}
	return most;
}

// Never missed within its time, and never raised by what lies more than a sixteenth
// and a slot beyond it.
static void
test_a_rate_against_a_search_through_all_values(void **state)
{
	enum {
		WALKS = 200,
		STEPS = 300
	};
	static struct step steps[STEPS];
	uint64_t dice = 1;
	unsigned yes = 0;
	(void)state;
	for (int walk = 0; walk < WALKS; walk++) {
		struct rate r;
		int64_t at = 0;
		rate_forget(&r);
		for (size_t i = 0; i < STEPS; i++) {
			dice = dice * 6364136223846793005U + 1442695040888963407U;
			at += (int64_t)(dice >> 33) % (walk % 2 ? 1000 : 30000);
			steps[i] = (struct step){ at,
				(double)((dice >> 40) % 100) +
				    (i ? steps[i - 1].value * 0.6 : 0),
				0 };
			rate_feed(&r, &rule, steps[i].value, at);
			bool is = rate_look(&r, &rule, at) == TREND_YES;
			double just = greatest_since(steps, i + 1, at - 60000);
			double more =
			    greatest_since(steps, i + 1, at - 60000 - 2 * 3750);
			if (just - steps[i].value >= rule.change)
				assert_true(is);
			if (is)
				assert_true(more - steps[i].value >= rule.change);
			yes += is;
		}
	}
	assert_in_range(yes, 1000, WALKS * STEPS - 1000);
}

static void
test_a_value_that_stands_still(void **state)
{
	static const struct step steps[] = {
		{ 0, 100, '?' },
		{ 59999, 101, '?' },
		{ 60000, NAN, 'Y' },
		{ 70000, 102, 'Y' }, // within the band still
		{ 71000, 102.5, 'N' },
		{ 72000, 103, 'N' },
		{ 131000, NAN, 'Y' },
		{ 140000, 90, 'N' },
	};
	struct stuck s;
	(void)state;
	stuck_forget(&s);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		stuck_feed(&s, &still, steps[i].value, steps[i].at_ms);
		assert_int_equal(
		    letter(stuck_look(&s, &still, steps[i].at_ms)), steps[i].expected);
	}
	stuck_forget(&s);
	assert_int_equal(stuck_look(&s, &still, 999999), TREND_UNKNOWN);
}

// A slow drift is no standstill, however small its steps.
static void
test_a_drift_moves(void **state)
{
	struct stuck s;
	(void)state;
	stuck_forget(&s);
	for (int i = 0; i < 600; i++) {
		stuck_feed(&s, &still, i * 0.5, i * 1000);
		assert_int_not_equal(stuck_look(&s, &still, i * 1000), TREND_YES);
	}
}

static void
test_own_codes(void **state)
{
	(void)state;
	for (enum trend t = 0; t < TREND_COUNT; t++)
		assert_true(own_code(trend_condition(t), trend_name(t)));
	assert_true(own_code(COND_PROCESS, "low_low"));
	assert_false(own_code(COND_FAULT, "low_low"));
	assert_false(own_code(COND_PROCESS, "level-low"));
	assert_false(own_code(COND_PROCESS, ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_fall_within_its_time),
		cmocka_unit_test(test_a_fall_is_seen_before_its_time_is_full),
		cmocka_unit_test(test_i6_nothing_is_said_over_a_gap),
		cmocka_unit_test(test_a_rate_against_a_search_through_all_values),
		cmocka_unit_test(test_a_value_that_stands_still),
		cmocka_unit_test(test_a_drift_moves),
		cmocka_unit_test(test_own_codes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
