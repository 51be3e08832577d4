// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Debounce on a clock made of numbers: when a change is told, with which stamp, and
// that a level read back always wins over the edges. Also every short sequence of
// edges: what was told last is what the line is.

#include <stdbool.h>

#include "drivers/gpio_settle.h"
#include "test.h"

enum {
	DEBOUNCE = 50,
	NO_LATCH = -1
};

static void
assert_change(struct settle_change c, bool level, int64_t t)
{
	assert_true(c.changed);
	assert_int_equal(c.level, level);
	assert_int_equal(c.t_ms, t);
}

static void
test_a_door_opens_and_closes(void **state)
{
	struct settle s;

	(void)state;
	settle_init(&s, false);
	assert_int_equal(settle_due(&s, DEBOUNCE), -1);
	assert_false(settle_edge(&s, true, 1000, DEBOUNCE, NO_LATCH).changed);
	assert_int_equal(settle_due(&s, DEBOUNCE), 1050);
	assert_false(settle_judge(&s, true, 1049, DEBOUNCE).changed);
	assert_change(settle_judge(&s, true, 1050, DEBOUNCE), true, 1000);
	assert_int_equal(settle_due(&s, DEBOUNCE), -1);
	assert_false(settle_edge(&s, false, 2000, DEBOUNCE, NO_LATCH).changed);
	assert_change(settle_judge(&s, false, 2050, DEBOUNCE), false, 2000);
}

static void
test_bounces_are_one_change_at_the_first_edge(void **state)
{
	struct settle s;

	(void)state;
	settle_init(&s, false);
	for (int i = 0; i < 5; i++)
		assert_false(
		    settle_edge(&s, i % 2 == 0, 1000 + 10 * i, DEBOUNCE, NO_LATCH)
			.changed);
	assert_int_equal(settle_due(&s, DEBOUNCE), 1090);
	assert_change(settle_judge(&s, true, 1090, DEBOUNCE), true, 1000);
}

static void
test_a_glitch_is_nothing(void **state)
{
	struct settle s;

	(void)state;
	settle_init(&s, false);
	settle_edge(&s, true, 1000, DEBOUNCE, NO_LATCH);
	settle_edge(&s, false, 1010, DEBOUNCE, NO_LATCH);
	assert_false(settle_judge(&s, false, 1060, DEBOUNCE).changed);
	assert_int_equal(settle_due(&s, DEBOUNCE), -1);
}

static void
test_a_contact_that_never_settles_is_told_all_the_same(void **state)
{
	struct settle s;
	int64_t t = 1000;

	(void)state;
	settle_init(&s, false);
	for (int i = 0; i < 60; i++, t += 10)
		settle_edge(&s, i % 2 == 0, t, DEBOUNCE, NO_LATCH);
	assert_int_equal(settle_due(&s, DEBOUNCE), 1000 + DEBOUNCE * SETTLE_PATIENCE);
	assert_change(settle_judge(&s, true, t, DEBOUNCE), true, 1000);
}

static void
test_a_latched_pulse_is_told_at_once(void **state)
{
	struct settle s;

	(void)state;
	settle_init(&s, false);
	assert_change(settle_edge(&s, true, 1000, DEBOUNCE, 1), true, 1000);
	assert_false(settle_edge(&s, false, 1005, DEBOUNCE, 1).changed);
	assert_change(settle_judge(&s, false, 1055, DEBOUNCE), false, 1005);
	// Active low: the fall is the pulse.
	settle_init(&s, true);
	assert_change(settle_edge(&s, false, 2000, DEBOUNCE, 0), false, 2000);
	assert_false(settle_edge(&s, true, 2003, DEBOUNCE, 0).changed);
	assert_change(settle_judge(&s, true, 2053, DEBOUNCE), true, 2003);
}

static void
test_without_debounce_each_edge_is_told(void **state)
{
	struct settle s;

	(void)state;
	settle_init(&s, false);
	assert_change(settle_edge(&s, true, 1000, 0, NO_LATCH), true, 1000);
	assert_change(settle_edge(&s, false, 1001, 0, NO_LATCH), false, 1001);
	assert_false(settle_judge(&s, false, 1001, 0).changed);
}

// The kernel kept the oldest edges and dropped the last one.
static void
test_the_level_wins_over_the_edges(void **state)
{
	struct settle s;

	(void)state;
	settle_init(&s, false);
	for (int i = 0; i < 16; i++)
		settle_edge(&s, i % 2 == 0, 1000 + i, DEBOUNCE, NO_LATCH);
	assert_change(settle_judge(&s, true, 1100, DEBOUNCE), true, 1000);
	assert_change(settle_edge(&s, false, 2000, 0, NO_LATCH), false, 2000);
	assert_change(settle_judge(&s, true, 2005, 0), true, 2005);
	// No edge at all.
	assert_change(settle_judge(&s, false, 3000, DEBOUNCE), false, 3000);
}

static void
test_every_short_story_ends_with_the_line(void **state)
{
	(void)state;
	for (unsigned story = 0; story < 1U << 12; story++)
		for (int latch = -1; latch <= 1; latch++)
			for (uint32_t debounce = 0; debounce <= 20; debounce += 20) {
				struct settle s;
				bool line = story & 1, told = line;
				int64_t t = 1000;

				settle_init(&s, line);
				for (int i = 1; i < 12; i++, t += 7) {
					bool next = story >> i & 1;
					struct settle_change c = { .changed = false };

					if (next != line)
						c = settle_edge(
						    &s, next, t, debounce, latch);
					line = next;
					if (c.changed)
						told = c.level;
					c = settle_judge(&s, line, t, debounce);
					if (c.changed) {
						assert_int_not_equal(c.level, told);
						assert_true(c.t_ms <= t);
						told = c.level;
					}
				}
				t += 20 * SETTLE_PATIENCE;
				if (settle_judge(&s, line, t, debounce).changed)
					told = line;
				assert_int_equal(told, line);
				assert_int_equal(s.level, line);
			}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_door_opens_and_closes),
		cmocka_unit_test(test_bounces_are_one_change_at_the_first_edge),
		cmocka_unit_test(test_a_glitch_is_nothing),
		cmocka_unit_test(
		    test_a_contact_that_never_settles_is_told_all_the_same),
		cmocka_unit_test(test_a_latched_pulse_is_told_at_once),
		cmocka_unit_test(test_without_debounce_each_edge_is_told),
		cmocka_unit_test(test_the_level_wins_over_the_edges),
		cmocka_unit_test(test_every_short_story_ends_with_the_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
