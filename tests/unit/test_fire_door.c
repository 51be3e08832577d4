// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The fire door rule: each row of its table, then random walks against an oracle that
// reads the rule off the whole history.
#include <string.h>

#include "core/fire_door.h"
#include "test.h"

enum {
	S = 1000,
	O = 1 << FIRE_DOOR_OPEN,
	OF = 1 << FIRE_DOOR_OPEN_FAULT,
	CF = 1 << FIRE_DOOR_CLOSED_FAULT,
	R = 1 << FIRE_DOOR_RELEASED,
	FB = 1 << FIRE_DOOR_FEEDBACK,
	NC = 1 << FIRE_DOOR_NOT_CLOSED,
};

static const struct fire_door_rule closed_rule = { false, 10 * S, 60 * S, 3 * S,
	30 * S };
static const struct fire_door_rule open_rule = { true, 10 * S, 60 * S, 3 * S, 30 * S };

// Contact 'c' closed, 'o' open, '?' unknown; release '-' idle, 'r' acts, '?' unknown;
// line ' ' well, 'x' fault.
struct look {
	int64_t s;
	const char *facts;
	unsigned conditions;
	enum fire_door_state state;
};

static enum contact_state
contact_of(char c)
{
	if (c == '?')
		return CONTACT_UNKNOWN;
	return c == 'c' || c == 'r' ? CONTACT_ACTIVE : CONTACT_IDLE;
}

static void
walk(const struct fire_door_rule *r, const struct look *looks, size_t n)
{
	struct fire_door d = { 0 };
	for (size_t i = 0; i < n; i++) {
		const struct look *l = &looks[i];
		const struct fire_door_facts f = { contact_of(l->facts[0]),
			contact_of(l->facts[1]), l->facts[2] == 'x' };
		fire_door_feed(&d, r, &f, 5000 + l->s * S);
		if (d.conditions != l->conditions || fire_door_state(&d) != l->state)
			fail_msg("at %d s (\"%s\"): conditions %x, state %s", (int)l->s,
			    l->facts, d.conditions,
			    fire_door_state_name(fire_door_state(&d)));
	}
}

static void
test_normally_closed(void **ctx)
{
	(void)ctx;
	static const struct look looks[] = {
		{ 0, "c- ", 0, FIRE_DOOR_STATE_CLOSED },
		{ 10, "o- ", 0, FIRE_DOOR_STATE_OPEN },
		{ 19, "o- ", 0, FIRE_DOOR_STATE_OPEN },
		{ 20, "o- ", O, FIRE_DOOR_STATE_OPEN },
		{ 69, "o- ", O, FIRE_DOOR_STATE_OPEN },
		{ 70, "o- ", OF, FIRE_DOOR_STATE_OPEN_FAULT },
		{ 500, "o- ", OF, FIRE_DOOR_STATE_OPEN_FAULT },
		{ 501, "c- ", 0, FIRE_DOOR_STATE_CLOSED },
		{ 502, "o- ", 0, FIRE_DOOR_STATE_OPEN },
		{ 503, "c- ", 0, FIRE_DOOR_STATE_CLOSED },
	};
	walk(&closed_rule, looks, ARRAY_LEN(looks));
}

static void
test_normally_open_and_closed_by_hand(void **ctx)
{
	(void)ctx;
	static const struct look looks[] = {
		{ 0, "o- ", 0, FIRE_DOOR_STATE_OPEN },
		{ 900, "o- ", 0, FIRE_DOOR_STATE_OPEN },
		{ 901, "c- ", 0, FIRE_DOOR_STATE_CLOSED },
		{ 904, "c- ", CF, FIRE_DOOR_STATE_CLOSED_FAULT },
		{ 950, "o- ", 0, FIRE_DOOR_STATE_OPEN },
	};
	walk(&open_rule, looks, ARRAY_LEN(looks));
}

static void
test_a_release_is_answered_by_the_door(void **ctx)
{
	(void)ctx;
	static const struct look looks[] = {
		{ 0, "o- ", 0, FIRE_DOOR_STATE_OPEN },
		{ 10, "or ", R, FIRE_DOOR_STATE_RELEASED },
		{ 15, "cr ", R | FB, FIRE_DOOR_STATE_FEEDBACK },
		{ 99, "cr ", R | FB, FIRE_DOOR_STATE_FEEDBACK },
		{ 100, "c- ", 0, FIRE_DOOR_STATE_CLOSED }, // to be opened again by hand
		{ 159, "c- ", 0, FIRE_DOOR_STATE_CLOSED },
		{ 160, "c- ", CF, FIRE_DOOR_STATE_CLOSED_FAULT },
		{ 170, "o- ", 0, FIRE_DOOR_STATE_OPEN },
	};
	walk(&open_rule, looks, ARRAY_LEN(looks));
}

static void
test_a_release_that_closes_nothing_is_a_fault(void **ctx)
{
	(void)ctx;
	static const struct look looks[] = {
		{ 0, "o- ", 0, FIRE_DOOR_STATE_OPEN },
		{ 10, "or ", R, FIRE_DOOR_STATE_RELEASED },
		{ 39, "or ", R, FIRE_DOOR_STATE_RELEASED },
		{ 40, "or ", R | NC, FIRE_DOOR_STATE_NOT_CLOSED },
		{ 50, "cr ", R | FB, FIRE_DOOR_STATE_FEEDBACK },
	};
	walk(&open_rule, looks, ARRAY_LEN(looks));
}

static void
test_i6_a_release_out_of_sight_goes_on(void **ctx)
{
	(void)ctx;
	static const struct look late[] = {
		{ 0, "o- ", 0, FIRE_DOOR_STATE_OPEN },
		{ 10, "or ", R, FIRE_DOOR_STATE_RELEASED },
		{ 30, "o? ", R, FIRE_DOOR_STATE_RELEASED },
		{ 35, "or ", R, FIRE_DOOR_STATE_RELEASED },
		{ 40, "or ", R | NC, FIRE_DOOR_STATE_NOT_CLOSED },
	};
	static const struct look ended[] = {
		{ 0, "o- ", 0, FIRE_DOOR_STATE_OPEN },
		{ 10, "or ", R, FIRE_DOOR_STATE_RELEASED },
		{ 15, "cr ", R | FB, FIRE_DOOR_STATE_FEEDBACK },
		{ 90, "c? ", R | FB, FIRE_DOOR_STATE_FEEDBACK },
		{ 100, "c- ", 0, FIRE_DOOR_STATE_CLOSED }, // to be opened again by hand
		{ 159, "c- ", 0, FIRE_DOOR_STATE_CLOSED },
		{ 160, "c- ", CF, FIRE_DOOR_STATE_CLOSED_FAULT },
	};
	walk(&open_rule, late, ARRAY_LEN(late));
	walk(&open_rule, ended, ARRAY_LEN(ended));
}

static void
test_i6_an_unknown_contact_neither_begins_nor_ends_anything(void **ctx)
{
	(void)ctx;
	static const struct look open[] = {
		{ 0, "c- ", 0, FIRE_DOOR_STATE_CLOSED },
		{ 10, "o- ", 0, FIRE_DOOR_STATE_OPEN },
		{ 30, "?- ", 0, FIRE_DOOR_STATE_UNKNOWN },
		{ 500, "?- ", 0, FIRE_DOOR_STATE_UNKNOWN },
		{ 501, "o- ", OF, FIRE_DOOR_STATE_OPEN_FAULT },
		{ 510, "?- ", OF, FIRE_DOOR_STATE_OPEN_FAULT },
	};
	// What stands is kept, and the state says that nobody knows.
	struct look seen[ARRAY_LEN(open)];
	memcpy(seen, open, sizeof(open));
	seen[5].state = FIRE_DOOR_STATE_UNKNOWN;
	walk(&closed_rule, seen, ARRAY_LEN(seen));
	static const struct look release[] = {
		{ 0, "o- ", 0, FIRE_DOOR_STATE_OPEN },
		{ 10, "c? ", 0, FIRE_DOOR_STATE_CLOSED }, // by a release, or by hand
		{ 99, "c? ", 0, FIRE_DOOR_STATE_CLOSED },
		{ 100, "c- ", CF, FIRE_DOOR_STATE_CLOSED_FAULT },
	};
	walk(&open_rule, release, ARRAY_LEN(release));
}

static void
test_a_fault_of_the_line_is_shown_before_all(void **ctx)
{
	(void)ctx;
	static const struct look looks[] = {
		{ 0, "c- ", 0, FIRE_DOOR_STATE_CLOSED },
		{ 10, "?-x", 0, FIRE_DOOR_STATE_LINE_FAULT },
		{ 20, "c-x", 0, FIRE_DOOR_STATE_LINE_FAULT },
		{ 30, "c- ", 0, FIRE_DOOR_STATE_CLOSED },
	};
	walk(&closed_rule, looks, ARRAY_LEN(looks));
}

// ---- the oracle
// -------------------------------------------------------------------------

enum {
	STEPS = 300,
	WALKS = 3000
};

struct history {
	enum contact_state closed[STEPS], release[STEPS];
};

// Since when the contact is as it is at t, by what was seen.
static int
since(const struct history *h, int t)
{
	int first = t;
	for (int k = t; k >= 0; k--) {
		if (h->closed[k] == CONTACT_UNKNOWN)
			continue;
		if (h->closed[k] != h->closed[t])
			break;
		first = k;
	}
	return first;
}

static unsigned
expect_closed_door(const struct history *h, int t)
{
	if (h->closed[t] == CONTACT_ACTIVE)
		return 0;
	int stands = t - since(h, t);
	return stands >= 60 ? OF : stands >= 10 ? O : 0;
}

static unsigned
expect_release(const struct history *h, int t, unsigned before)
{
	if (h->release[t] == CONTACT_UNKNOWN)
		return before;
	bool released = h->release[t] == CONTACT_ACTIVE;
	unsigned is = released ? R : 0;
	if (h->closed[t] == CONTACT_UNKNOWN)
		return is | (before & (FB | NC));
	if (released && h->closed[t] == CONTACT_ACTIVE)
		return is | FB;
	int begun = t;
	for (int k = t; k >= 0 && h->release[k] != CONTACT_IDLE; k--)
		if (h->release[k] == CONTACT_ACTIVE)
			begun = k;
	// It stood as fault before the release was lost from sight.
	bool late = t - begun >= 30 || (before & NC) != 0;
	return is | (released && late ? NC : 0);
}

static void
test_random_walks_against_the_written_rule(void **ctx)
{
	(void)ctx;
	unsigned seen = 0;
	for (uint32_t number = 1; number <= WALKS; number++) {
		uint32_t seed = number;
		struct history h = { 0 };
		struct fire_door d = { 0 };
		unsigned open = 0, release = 0;
		for (int t = 0; t < STEPS; t++) {
			seed = seed * 1664525u + 1013904223u;
			bool same = t > 0 && (seed >> 8) % 40 != 0;
			h.closed[t] = same ? h.closed[t - 1]
					   : (enum contact_state)((seed >> 16) % 3);
			same = t > 0 && (seed >> 12) % 50 != 0;
			h.release[t] = same ? h.release[t - 1]
					    : (enum contact_state)((seed >> 20) % 3);
			if (h.closed[t] != CONTACT_UNKNOWN)
				open = expect_closed_door(&h, t);
			release = expect_release(&h, t, release);
			const struct fire_door_facts f = { h.closed[t], h.release[t],
				false };
			unsigned before = d.conditions;
			fire_door_feed(&d, &closed_rule, &f, 1000 * S + t * S);
			if (d.conditions != (open | release))
				fail_msg("walk %u, second %d: %x, expected %x", number,
				    t, d.conditions, open | release);
			if (h.closed[t] == CONTACT_UNKNOWN) {
				// I6: not closed, not open, and nothing of it ended.
				assert_int_equal(
				    fire_door_state(&d), FIRE_DOOR_STATE_UNKNOWN);
				assert_int_equal(
				    before & (O | OF) & ~(unsigned)d.conditions, 0);
			}
			seen |= d.conditions;
		}
	}
	assert_int_equal(seen, O | OF | R | FB | NC);
}

// Fed only when something changes and when it asks to be, it says the same.
static void
test_the_deadlines_it_asks_for_are_enough(void **ctx)
{
	(void)ctx;
	for (uint32_t number = 1; number <= WALKS; number++) {
		const struct fire_door_rule *r =
		    number % 2 == 0 ? &open_rule : &closed_rule;
		uint32_t seed = number;
		struct fire_door each = { 0 }, asked = { 0 };
		struct fire_door_facts f = { 0 }, last = { 0 };
		for (int t = 0; t < STEPS; t++) {
			int64_t now = 1000 * S + t * S;
			seed = seed * 1664525u + 1013904223u;
			if (t == 0 || (seed >> 8) % 40 == 0)
				f.closed = (enum contact_state)((seed >> 16) % 3);
			if (t == 0 || (seed >> 12) % 50 == 0)
				f.release = (enum contact_state)((seed >> 20) % 3);
			fire_door_feed(&each, r, &f, now);
			int64_t due = fire_door_due(&asked, r);
			if (t == 0 || f.closed != last.closed ||
			    f.release != last.release || (due >= 0 && due <= now))
				fire_door_feed(&asked, r, &f, now);
			last = f;
			if (asked.conditions != each.conditions)
				fail_msg("walk %u, second %d: %x, not %x", number, t,
				    asked.conditions, each.conditions);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normally_closed),
		cmocka_unit_test(test_normally_open_and_closed_by_hand),
		cmocka_unit_test(test_a_release_is_answered_by_the_door),
		cmocka_unit_test(test_i6_a_release_out_of_sight_goes_on),
		cmocka_unit_test(test_a_release_that_closes_nothing_is_a_fault),
		cmocka_unit_test(
		    test_i6_an_unknown_contact_neither_begins_nor_ends_anything),
		cmocka_unit_test(test_a_fault_of_the_line_is_shown_before_all),
		cmocka_unit_test(test_random_walks_against_the_written_rule),
		cmocka_unit_test(test_the_deadlines_it_asks_for_are_enough),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
