// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Escalation over virtual time: who is due when, repeats until answered, what a restart
// finds, and the retry delay. Times are seconds in the tables, milliseconds in the
// code.
#include <stdio.h>
#include <string.h>

#include "core/ladder.h"
#include "test.h"

static const struct ladder three = {
	.id = "fire",
	.n_steps = 3,
	.steps = { { .after_ms = 0 }, { .after_ms = 60000 },
	    { .after_ms = 180000, .repeat_ms = 60000 } },
};

// Takes everything due at each time and writes "step.round@second ".
static void
climb(const struct ladder *l, struct ladder_climb *c, const int *seconds, size_t n,
    char *out, size_t size)
{
	size_t used = 0;
	out[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		int64_t now = c->onset_ms + (int64_t)seconds[i] * 1000;
		struct ladder_due due;
		for (int guard = 0; guard < 50; guard++) {
			due = ladder_take(l, c, now);
			if (!due.due)
				break;
			int w = snprintf(out + used, size - used, "%u.%u@%d ", due.step,
			    due.round, seconds[i]);
			used += (size_t)w;
			assert_true(used < size);
		}
		assert_false(due.due);
		int64_t next = ladder_next(l, c);
		assert_true(next == -1 || next > now);
	}
}

static void
test_steps_in_order_then_repeats_until_answered(void **ctx)
{
	(void)ctx;
	static const int s[] = { 0, 30, 59, 60, 61, 179, 180, 239, 240, 300, 3600 };
	struct ladder_climb c = { .onset_ms = 5000 };
	char out[400];
	climb(&three, &c, s, ARRAY_LEN(s), out, sizeof(out));
	assert_string_equal(out, "0.0@0 1.0@60 2.0@180 2.1@240 2.2@300 2.57@3600 ");
}

// Ask exactly when told to, for a day: nothing comes late, early or twice.
static void
test_asking_when_told_misses_nothing(void **ctx)
{
	(void)ctx;
	struct ladder_climb c = { .onset_ms = 1000 };
	int64_t expected[] = { 1000, 61000, 181000 };
	for (int i = 0; i < 1440; i++) {
		int64_t at = i < 3 ? expected[i] : 181000 + (i - 2) * 60000;
		assert_int_equal(ladder_next(&three, &c), at);
		assert_false(ladder_take(&three, &c, at - 1).due);
		struct ladder_due due = ladder_take(&three, &c, at);
		assert_true(due.due);
		assert_int_equal(due.step, i < 3 ? i : 2);
		assert_int_equal(due.round, i < 3 ? 0 : i - 2);
	}
}

// I11: after a time down each missed step is due at once, missed repeats as one.
static void
test_I11_a_restart_skips_no_step_and_makes_no_burst(void **ctx)
{
	(void)ctx;
	static const int s[] = { 0, 36000, 36001, 36060 };
	struct ladder_climb c = { 0 };
	char out[400];
	climb(&three, &c, s, ARRAY_LEN(s), out, sizeof(out));
	assert_string_equal(out, "0.0@0 1.0@36000 2.0@36000 2.597@36000 2.598@36060 ");
}

static void
test_an_earlier_repeat_goes_on_when_the_next_step_speaks_once(void **ctx)
{
	(void)ctx;
	static const struct ladder l = { .n_steps = 2,
		.steps = {
		    { .after_ms = 0, .repeat_ms = 60000 }, { .after_ms = 150000 } } };
	static const int s[] = { 0, 60, 120, 150, 180, 240 };
	struct ladder_climb c = { 0 };
	char out[400];
	climb(&l, &c, s, ARRAY_LEN(s), out, sizeof(out));
	assert_string_equal(out, "0.0@0 0.1@60 0.2@120 1.0@150 0.3@180 0.4@240 ");
}

static void
test_a_later_repeat_takes_over(void **ctx)
{
	(void)ctx;
	static const struct ladder l = { .n_steps = 2,
		.steps = { { .after_ms = 0, .repeat_ms = 60000 },
		    { .after_ms = 120000, .repeat_ms = 30000 } } };
	static const int s[] = { 0, 60, 120, 150, 180 };
	struct ladder_climb c = { 0 };
	char out[400];
	climb(&l, &c, s, ARRAY_LEN(s), out, sizeof(out));
	assert_string_equal(out, "0.0@0 0.1@60 1.0@120 1.1@150 1.2@180 ");
}

static void
test_a_ladder_without_repeat_or_steps_ends(void **ctx)
{
	(void)ctx;
	static const struct ladder once = { .n_steps = 1,
		.steps = { { .after_ms = 10 } } };
	static const struct ladder empty = { .n_steps = 0 };
	struct ladder_climb c = { 0 };
	assert_int_equal(ladder_next(&once, &c), 10);
	assert_true(ladder_take(&once, &c, 10).due);
	assert_int_equal(ladder_next(&once, &c), -1);
	assert_false(ladder_take(&once, &c, INT64_MAX / 2).due);
	c = (struct ladder_climb){ 0 };
	assert_int_equal(ladder_next(&empty, &c), -1);
	assert_false(ladder_take(&empty, &c, 1000).due);
}

// The round counter has 16 bits; an alarm left for months must not fall silent.
static void
test_repeats_never_end(void **ctx)
{
	(void)ctx;
	static const struct ladder l = { .n_steps = 1,
		.steps = { { .after_ms = 0, .repeat_ms = 1000 } } };
	struct ladder_climb c = { 0 };
	assert_true(ladder_take(&l, &c, 0).due);
	for (int i = 1; i < 200000; i++) {
		int64_t at = (int64_t)i * 1000;
		assert_int_equal(ladder_next(&l, &c), at);
		assert_true(ladder_take(&l, &c, at).due);
		assert_false(ladder_take(&l, &c, at).due);
	}
	assert_true(ladder_take(&l, &c, (int64_t)900000 * 1000).due);
	assert_int_equal(ladder_next(&l, &c), (int64_t)900001 * 1000);
}

static void
test_backoff_doubles_to_a_minute_within_a_quarter(void **ctx)
{
	(void)ctx;
	static const uint32_t base[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000,
		60000, 60000 };
	uint32_t differing = 0;
	for (size_t i = 0; i < ARRAY_LEN(base); i++) {
		uint32_t least = UINT32_MAX, most = 0;
		for (uint32_t seed = 0; seed < 2000; seed++) {
			uint32_t ms = ladder_backoff_ms((uint16_t)(i + 1), seed);
			assert_int_equal(
			    ms, ladder_backoff_ms((uint16_t)(i + 1), seed));
			assert_in_range(ms, base[i] * 3 / 4, base[i] * 5 / 4);
			least = ms < least ? ms : least;
			most = ms > most ? ms : most;
		}
		assert_true(most - least > base[i] * 4 / 10); // the jitter is real
		differing++;
	}
	assert_int_equal(differing, ARRAY_LEN(base));
	assert_in_range(ladder_backoff_ms(UINT16_MAX, 7), 45000, 75000);
	assert_in_range(ladder_backoff_ms(0, 7), 750, 1250);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps_in_order_then_repeats_until_answered),
		cmocka_unit_test(test_asking_when_told_misses_nothing),
		cmocka_unit_test(test_I11_a_restart_skips_no_step_and_makes_no_burst),
		cmocka_unit_test(
		    test_an_earlier_repeat_goes_on_when_the_next_step_speaks_once),
		cmocka_unit_test(test_a_later_repeat_takes_over),
		cmocka_unit_test(test_a_ladder_without_repeat_or_steps_ends),
		cmocka_unit_test(test_repeats_never_end),
		cmocka_unit_test(test_backoff_doubles_to_a_minute_within_a_quarter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
