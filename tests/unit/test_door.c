// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The door rule: each row of its table. test_door_walk.c walks at random.
#include "core/door.h"
#include "test.h"

enum {
	S = 1000,
	F = 1 << DOOR_FORCED,
	P = 1 << DOOR_UNPROVEN,
	H = 1 << DOOR_HELD,
	W = 1 << DOOR_HELD_SOON,
};

static const struct door_rule rule = {
	.forced = true,
	.window_ms = 8 * S,
	.relock_ms = 1 * S,
	.settle_ms = 2 * S,
	.held_ms = 60 * S,
	.held_soon_ms = 10 * S,
	.forced_least_ms = 30 * S,
};

// One look at the door: contact 'c' closed, 'o' open, '?' unknown; grant '-' idle, 'g'
// acts, '?' unknown; permitted ' ' no, 'u' unlocked hours, 'b' bypassed.
struct look {
	int64_t s;
	const char *facts;
	unsigned conditions;
	enum door_state state;
	bool access;
};

static enum contact_state
contact_of(char c)
{
	if (c == '?')
		return CONTACT_UNKNOWN;
	return c == 'o' || c == 'g' ? CONTACT_ACTIVE : CONTACT_IDLE;
}

static void
walk(const struct door_rule *r, const struct look *looks)
{
	struct door d = { 0 };
	for (size_t i = 0; looks[i].facts != NULL; i++) {
		const struct look *l = &looks[i];
		int64_t now = 5000 + l->s * S; // no time is 0
		const struct door_facts f = {
			.contact = contact_of(l->facts[0]),
			.earliest_ms = now,
			.grant = contact_of(l->facts[1]),
			.unlocked = l->facts[2] == 'u',
			.bypassed = l->facts[2] == 'b',
		};
		bool access = door_feed(&d, r, &f, now);
		if (d.conditions != l->conditions || door_state(&d, now) != l->state ||
		    access != l->access)
			fail_msg("at %d s (\"%s\"): conditions %x, state %s, access %d",
			    (int)l->s, l->facts, d.conditions,
			    door_state_name(door_state(&d, now)), access);
	}
}

#define END       \
  {               \
    .facts = NULL \
  }

static void
test_opened_without_a_grant_it_is_forced(void **ctx)
{
	(void)ctx;
	static const struct look looks[] = {
		{ 0, "c- ", 0, DOOR_STATE_CLOSED, false },
		{ 10, "o- ", 0, DOOR_STATE_OPENING, false },
		{ 11, "o- ", 0, DOOR_STATE_OPENING, false },
		{ 12, "o- ", F, DOOR_STATE_FORCED, false },
		{ 20, "c- ", F, DOOR_STATE_CLOSED, false }, // for 30 s at least
		{ 41, "c- ", F, DOOR_STATE_CLOSED, false },
		{ 42, "c- ", 0, DOOR_STATE_CLOSED, false },
		END,
	};
	walk(&rule, looks);
}

static void
test_forced_stays_until_it_is_closed(void **ctx)
{
	(void)ctx;
	static const struct look looks[] = {
		{ 0, "c- ", 0, DOOR_STATE_CLOSED, false },
		{ 10, "o- ", 0, DOOR_STATE_OPENING, false },
		{ 12, "o- ", F, DOOR_STATE_FORCED, false },
		{ 60, "o- ", F | W, DOOR_STATE_FORCED, false },
		{ 70, "o- ", F | H, DOOR_STATE_FORCED, false },
		{ 900, "o- ", F | H, DOOR_STATE_FORCED, false },
		{ 901, "c- ", 0, DOOR_STATE_CLOSED, false },
		END,
	};
	walk(&rule, looks);
}

static void
test_a_door_slammed_at_once_was_still_forced(void **ctx)
{
	(void)ctx;
	static const struct look looks[] = {
		{ 0, "c- ", 0, DOOR_STATE_CLOSED, false },
		{ 10, "o- ", 0, DOOR_STATE_OPENING, false },
		{ 11, "c- ", 0, DOOR_STATE_CLOSED, false },
		{ 12, "c- ", F, DOOR_STATE_CLOSED, false },
		{ 42, "c- ", 0, DOOR_STATE_CLOSED, false },
		END,
	};
	walk(&rule, looks);
}

static void
test_opening_it_again_and_again_puts_nothing_off(void **ctx)
{
	(void)ctx;
	static const struct look looks[] = {
		{ 0, "c- ", 0, DOOR_STATE_CLOSED, false },
		{ 1, "o- ", 0, DOOR_STATE_OPENING, false },
		{ 2, "c- ", 0, DOOR_STATE_CLOSED, false },
		{ 3, "o- ", F, DOOR_STATE_FORCED, false },
		END,
	};
	walk(&rule, looks);
}

static void
test_a_grant_opens_its_window_once(void **ctx)
{
	(void)ctx;
	static const struct look looks[] = {
		{ 0, "c- ", 0, DOOR_STATE_CLOSED, false },
		{ 10, "cg ", 0, DOOR_STATE_GRANTED, false },
		{ 11, "c- ", 0, DOOR_STATE_GRANTED, false },
		{ 19, "o- ", 0, DOOR_STATE_OPEN, true }, // 8 s after it was released
		{ 21, "c- ", 0, DOOR_STATE_CLOSED, false },
		{ 22, "o- ", 0, DOOR_STATE_OPENING, false }, // relocked since 20 s
		{ 24, "o- ", F, DOOR_STATE_FORCED, false },
		END,
	};
	walk(&rule, looks);
	static const struct look late[] = {
		{ 0, "c- ", 0, DOOR_STATE_CLOSED, false },
		{ 10, "cg ", 0, DOOR_STATE_GRANTED, false },
		{ 11, "c- ", 0, DOOR_STATE_GRANTED, false },
		{ 20, "o- ", 0, DOOR_STATE_OPENING, false },
		{ 22, "o- ", F, DOOR_STATE_FORCED, false },
		END,
	};
	walk(&rule, late);
}

static void
test_a_grant_that_is_told_after_the_opening_is_one(void **ctx)
{
	(void)ctx;
	static const struct look looks[] = {
		{ 0, "c- ", 0, DOOR_STATE_CLOSED, false },
		{ 10, "o- ", 0, DOOR_STATE_OPENING, false },
		{ 12, "og ", 0, DOOR_STATE_OPEN, true },
		{ 13, "o- ", 0, DOOR_STATE_OPEN, false },
		END,
	};
	walk(&rule, looks);
}

static void
test_held_has_a_warning_and_ends_with_the_door(void **ctx)
{
	(void)ctx;
	static const struct look looks[] = {
		{ 0, "c- ", 0, DOOR_STATE_CLOSED, false },
		{ 1, "cg ", 0, DOOR_STATE_GRANTED, false },
		{ 2, "og ", 0, DOOR_STATE_OPEN, true },
		{ 51, "o- ", 0, DOOR_STATE_OPEN, false },
		{ 52, "o- ", W, DOOR_STATE_HELD_SOON, false },
		{ 61, "o- ", W, DOOR_STATE_HELD_SOON, false },
		{ 62, "o- ", H, DOOR_STATE_HELD, false },
		{ 99, "c- ", 0, DOOR_STATE_CLOSED, false },
		END,
	};
	walk(&rule, looks);
}

static void
test_without_a_held_time_it_may_stay_open(void **ctx)
{
	(void)ctx;
	struct door_rule r = rule;
	r.held_ms = 0;
	static const struct look looks[] = {
		{ 0, "cg ", 0, DOOR_STATE_GRANTED, false },
		{ 1, "og ", 0, DOOR_STATE_OPEN, true },
		{ 99999, "o- ", 0, DOOR_STATE_OPEN, false },
		END,
	};
	walk(&r, looks);
}

static void
test_forced_can_be_switched_off(void **ctx)
{
	(void)ctx;
	struct door_rule r = rule;
	r.forced = false;
	static const struct look looks[] = {
		{ 0, "c- ", 0, DOOR_STATE_CLOSED, false },
		{ 1, "o- ", 0, DOOR_STATE_OPEN, false },
		{ 9, "o- ", 0, DOOR_STATE_OPEN, false },
		{ 61, "o- ", H, DOOR_STATE_HELD, false },
		END,
	};
	walk(&r, looks);
}

static void
test_unlocked_hours_suppress_both(void **ctx)
{
	(void)ctx;
	static const struct look looks[] = {
		{ 0, "c-u", 0, DOOR_STATE_CLOSED, false },
		{ 1, "o-u", 0, DOOR_STATE_OPEN, false },
		{ 500, "o-u", 0, DOOR_STATE_OPEN, false },
		{ 600, "o- ", 0, DOOR_STATE_OPEN, false }, // the time runs from now
		{ 650, "o- ", W, DOOR_STATE_HELD_SOON, false },
		{ 660, "o- ", H, DOOR_STATE_HELD, false },
		{ 700, "o-u", 0, DOOR_STATE_OPEN, false },
		END,
	};
	walk(&rule, looks);
	static const struct look forced[] = {
		{ 0, "c- ", 0, DOOR_STATE_CLOSED, false },
		{ 1, "o- ", 0, DOOR_STATE_OPENING, false },
		{ 3, "o- ", F, DOOR_STATE_FORCED, false },
		{ 50, "o-u", F, DOOR_STATE_FORCED,
		    false }, // it was forced all the same
		{ 51, "c-u", 0, DOOR_STATE_CLOSED, false },
		END,
	};
	walk(&rule, forced);
}

static void
test_a_bypass_ends_all_of_it(void **ctx)
{
	(void)ctx;
	static const struct look looks[] = {
		{ 0, "c- ", 0, DOOR_STATE_CLOSED, false },
		{ 1, "o- ", 0, DOOR_STATE_OPENING, false },
		{ 3, "o- ", F, DOOR_STATE_FORCED, false },
		{ 61, "o- ", F | H, DOOR_STATE_FORCED, false },
		{ 70, "o-b", 0, DOOR_STATE_OPEN, false },
		{ 80, "c-b", 0, DOOR_STATE_CLOSED, false },
		{ 81, "o-b", 0, DOOR_STATE_OPEN, false },
		{ 90, "o- ", 0, DOOR_STATE_OPEN, false },
		{ 150, "o- ", H, DOOR_STATE_HELD, false },
		END,
	};
	walk(&rule, looks);
}

static void
test_i6_an_unknown_contact_neither_begins_nor_ends_anything(void **ctx)
{
	(void)ctx;
	static const struct look stands[] = {
		{ 0, "c- ", 0, DOOR_STATE_CLOSED, false },
		{ 1, "o- ", 0, DOOR_STATE_OPENING, false },
		{ 3, "o- ", F, DOOR_STATE_FORCED, false },
		{ 61, "o- ", F | H, DOOR_STATE_FORCED, false },
		{ 62, "?- ", F | H, DOOR_STATE_UNKNOWN, false },
		{ 900, "?- ", F | H, DOOR_STATE_UNKNOWN, false },
		{ 901, "?-u", F | H, DOOR_STATE_UNKNOWN, false },
		{ 902, "?-b", F | H, DOOR_STATE_UNKNOWN, false },
		{ 903, "o- ", F | H, DOOR_STATE_FORCED, false },
		{ 904, "c- ", 0, DOOR_STATE_CLOSED, false },
		END,
	};
	walk(&rule, stands);
	static const struct look nothing[] = {
		{ 0, "o- ", 0, DOOR_STATE_OPEN, false }, // found open: nobody saw how
		{ 30, "?- ", 0, DOOR_STATE_UNKNOWN, false },
		{ 500, "?- ", 0, DOOR_STATE_UNKNOWN, false },
		{ 501, "o- ", H, DOOR_STATE_HELD, false },
		END,
	};
	walk(&rule, nothing);
}

static void
test_what_cannot_be_known_to_be_lawful_is_unproven_and_not_forced(void **ctx)
{
	(void)ctx;
	static const struct look gap[] = {
		{ 0, "c- ", 0, DOOR_STATE_CLOSED, false },
		{ 5, "?- ", 0, DOOR_STATE_UNKNOWN, false },
		{ 9, "o- ", 0, DOOR_STATE_OPENING, false },
		{ 11, "o- ", P, DOOR_STATE_FORCED, false },
		{ 12, "c- ", P, DOOR_STATE_CLOSED, false },
		{ 41, "c- ", 0, DOOR_STATE_CLOSED, false },
		END,
	};
	walk(&rule, gap);
	static const struct look button[] = {
		{ 0, "c? ", 0, DOOR_STATE_CLOSED, false },
		{ 9, "o? ", 0, DOOR_STATE_OPENING, false },
		{ 11, "o? ", P, DOOR_STATE_FORCED, false },
		END,
	};
	walk(&rule, button);
}

static void
test_an_opening_between_two_polls_may_lie_within_the_window(void **ctx)
{
	(void)ctx;
	struct door d = { 0 };
	struct door_facts f = { CONTACT_IDLE, 0, CONTACT_ACTIVE, 0, false, false };
	assert_false(door_feed(&d, &rule, &f, 1 * S));
	f.grant = CONTACT_IDLE;
	assert_false(door_feed(&d, &rule, &f, 2 * S)); // the window ends at 10 s
	f.contact = CONTACT_ACTIVE;
	f.earliest_ms = 10 * S;
	assert_true(door_feed(&d, &rule, &f, 12 * S));
}

static void
test_what_stood_before_a_restart_stands(void **ctx)
{
	(void)ctx;
	struct door d = { 0 };
	struct door_facts f = { CONTACT_UNKNOWN, 0, CONTACT_IDLE, 0, false, false };
	door_restore(&d, F | H, CONTACT_ACTIVE, 1 * S);
	assert_false(door_feed(&d, &rule, &f, 2 * S));
	assert_int_equal(d.conditions, F | H);
	f.contact = CONTACT_ACTIVE;
	assert_false(door_feed(&d, &rule, &f, 100 * S));
	assert_int_equal(d.conditions, F | H);
	f.contact = CONTACT_IDLE;
	assert_false(door_feed(&d, &rule, &f, 101 * S));
	assert_int_equal(d.conditions, 0);
}

static void
test_a_grant_that_does_not_end_is_stuck_and_opens_nothing(void **ctx)
{
	(void)ctx;
	struct grant g = { 0 };
	assert_int_equal(grant_due(&g, 300 * S), -1);
	assert_int_equal(
	    grant_feed(&g, CONTACT_ACTIVE, 300 * S, 10 * S), CONTACT_ACTIVE);
	assert_int_equal(grant_due(&g, 300 * S), 310 * S);
	assert_int_equal(
	    grant_feed(&g, CONTACT_ACTIVE, 300 * S, 309 * S), CONTACT_ACTIVE);
	assert_false(g.stuck);
	assert_int_equal(
	    grant_feed(&g, CONTACT_ACTIVE, 300 * S, 310 * S), CONTACT_IDLE);
	assert_true(g.stuck);
	assert_int_equal(grant_due(&g, 300 * S), -1);
	// A lost link frees no button.
	assert_int_equal(
	    grant_feed(&g, CONTACT_UNKNOWN, 300 * S, 311 * S), CONTACT_UNKNOWN);
	assert_true(g.stuck);
	assert_int_equal(grant_feed(&g, CONTACT_IDLE, 300 * S, 312 * S), CONTACT_IDLE);
	assert_false(g.stuck);
	assert_int_equal(grant_feed(&g, CONTACT_ACTIVE, 0, 313 * S), CONTACT_ACTIVE);
	assert_int_equal(grant_due(&g, 0), -1);
}

// Within the window a grant may have acted that nobody saw (I6).
static void
test_i6_a_grant_that_was_unknown_shortly_before(void **ctx)
{
	(void)ctx;
	static const struct look at_the_opening[] = {
		{ 0, "c- ", 0, DOOR_STATE_CLOSED, false },
		{ 5, "c? ", 0, DOOR_STATE_CLOSED, false },
		{ 10, "o? ", 0, DOOR_STATE_OPENING, false },
		{ 11, "o- ", 0, DOOR_STATE_OPENING, false },
		{ 12, "o- ", P, DOOR_STATE_FORCED, false },
		END,
	};
	walk(&rule, at_the_opening);
	static const struct look before_it[] = {
		{ 0, "c? ", 0, DOOR_STATE_CLOSED, false },
		{ 10, "c- ", 0, DOOR_STATE_CLOSED, false },
		{ 17, "o- ", 0, DOOR_STATE_OPENING, false },
		{ 19, "o- ", P, DOOR_STATE_FORCED, false },
		END,
	};
	walk(&rule, before_it);
	static const struct look long_before_it[] = {
		{ 0, "c? ", 0, DOOR_STATE_CLOSED, false },
		{ 10, "c- ", 0, DOOR_STATE_CLOSED, false },
		{ 19, "o- ", 0, DOOR_STATE_OPENING, false },
		{ 21, "o- ", F, DOOR_STATE_FORCED, false },
		END,
	};
	walk(&rule, long_before_it);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opened_without_a_grant_it_is_forced),
		cmocka_unit_test(test_forced_stays_until_it_is_closed),
		cmocka_unit_test(test_a_door_slammed_at_once_was_still_forced),
		cmocka_unit_test(test_opening_it_again_and_again_puts_nothing_off),
		cmocka_unit_test(test_a_grant_opens_its_window_once),
		cmocka_unit_test(test_a_grant_that_is_told_after_the_opening_is_one),
		cmocka_unit_test(test_held_has_a_warning_and_ends_with_the_door),
		cmocka_unit_test(test_without_a_held_time_it_may_stay_open),
		cmocka_unit_test(test_forced_can_be_switched_off),
		cmocka_unit_test(test_unlocked_hours_suppress_both),
		cmocka_unit_test(test_a_bypass_ends_all_of_it),
		cmocka_unit_test(
		    test_i6_an_unknown_contact_neither_begins_nor_ends_anything),
		cmocka_unit_test(
		    test_what_cannot_be_known_to_be_lawful_is_unproven_and_not_forced),
		cmocka_unit_test(
		    test_an_opening_between_two_polls_may_lie_within_the_window),
		cmocka_unit_test(test_what_stood_before_a_restart_stands),
		cmocka_unit_test(
		    test_a_grant_that_does_not_end_is_stuck_and_opens_nothing),
		cmocka_unit_test(test_i6_a_grant_that_was_unknown_shortly_before),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
