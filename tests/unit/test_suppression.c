// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Suppression by a state, over sequences of (time, state).
#include "core/suppression.h"
#include "test.h"

struct step {
	int64_t at_ms;
	enum contact_state state;
	bool on;
	int64_t due_ms;
};

static void
assert_steps(const struct suppression_rule *rule, const struct step *steps, size_t n)
{
	struct suppression s = { .until_ms = -1 };
	for (size_t i = 0; i < n; i++) {
		bool was = s.on;
		bool changed =
		    suppression_feed(&s, rule, steps[i].state, steps[i].at_ms);
		if (s.on != steps[i].on)
			print_error("step %zu\n", i);
		assert_int_equal(s.on, steps[i].on);
		assert_int_equal(changed, s.on != was);
		assert_int_equal(suppression_due(&s), steps[i].due_ms);
	}
}

static void
test_while_a_state_lasts(void **state)
{
	static const struct suppression_rule rule = { CONTACT_IDLE, 0 };
	static const struct step steps[] = {
		{ 0, CONTACT_UNKNOWN, false, -1 },
		{ 1, CONTACT_ACTIVE, false, -1 },
		{ 2, CONTACT_IDLE, true, -1 },
		{ 3, CONTACT_IDLE, true, -1 },
		{ 4, CONTACT_ACTIVE, false, -1 },
	};
	(void)state;
	assert_steps(&rule, steps, ARRAY_LEN(steps));
}

static void
test_and_for_a_while_after(void **state)
{
	static const struct suppression_rule rule = { CONTACT_IDLE, 1000 };
	static const struct step steps[] = {
		{ 0, CONTACT_IDLE, true, -1 },
		{ 100, CONTACT_ACTIVE, true, 1100 },
		{ 600, CONTACT_ACTIVE, true, 1100 },
		{ 700, CONTACT_IDLE, true, -1 }, // anew
		{ 800, CONTACT_ACTIVE, true, 1800 },
		{ 1800, CONTACT_ACTIVE, false, -1 },
		{ 1900, CONTACT_ACTIVE, false, -1 },
	};
	(void)state;
	assert_steps(&rule, steps, ARRAY_LEN(steps));
}

// I6: not even for the rest of its time.
static void
test_i6_an_unknown_state_suppresses_nothing(void **state)
{
	static const struct suppression_rule rule = { CONTACT_ACTIVE, 1000 };
	static const struct step steps[] = {
		{ 0, CONTACT_ACTIVE, true, -1 },
		{ 100, CONTACT_UNKNOWN, false, -1 },
		{ 200, CONTACT_ACTIVE, true, -1 },
		{ 300, CONTACT_IDLE, true, 1300 },
		{ 400, CONTACT_UNKNOWN, false, -1 },
		{ 500, CONTACT_IDLE, false, -1 },
	};
	(void)state;
	assert_steps(&rule, steps, ARRAY_LEN(steps));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_while_a_state_lasts),
		cmocka_unit_test(test_and_for_a_while_after),
		cmocka_unit_test(test_i6_an_unknown_state_suppresses_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
