// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The door rule in random walks against an oracle that reads the rule off the whole
// history, second by second, and knows nothing of the machine.
#include <string.h>

#include "core/door.h"
#include "test.h"

enum {
	S = 1000,
	F = 1 << DOOR_FORCED,
	P = 1 << DOOR_UNPROVEN,
	H = 1 << DOOR_HELD,
	W = 1 << DOOR_HELD_SOON,
};

enum {
	STEPS = 240, // seconds of one walk
	WALKS = 3000,
	// Short times, so that a walk meets all of them.
	WINDOW = 8,
	RELOCK = 2,
	SETTLE = 3,
	HELD = 20,
	SOON = 5,
	LEAST = 30,
};

struct history {
	enum contact_state contact[STEPS], grant[STEPS];
	bool unlocked[STEPS], bypassed[STEPS];
	bool lawful[STEPS]; // an opening of this second was access
};

static bool
permitted(const struct history *h, int t)
{
	return h->unlocked[t] || h->bypassed[t];
}

// The newest second before t at which the contact was known, or -1.
static int
known_before(const struct history *h, int t)
{
	do {
		t--;
	} while (t >= 0 && h->contact[t] == CONTACT_UNKNOWN);
	return t;
}

static bool
is_opening(const struct history *h, int t)
{
	int before = known_before(h, t);
	return h->contact[t] == CONTACT_ACTIVE && before >= 0 &&
	       h->contact[before] == CONTACT_IDLE;
}

static bool
acted(const struct history *h, int s)
{
	return h->grant[s] == CONTACT_ACTIVE ||
	       (s > 0 && h->grant[s - 1] == CONTACT_ACTIVE);
}

// A grant at s allows an opening at t, and no opening in between has locked it again.
static bool
allows(const struct history *h, int s, int t)
{
	if (!acted(h, s) || t - s > WINDOW)
		return false;
	for (int k = s; k < t; k++) {
		if (h->lawful[k] && t > k + RELOCK)
			return false;
	}
	return true;
}

// A grant may have acted that nobody saw, and would allow an opening at t.
static bool
may_have_been_granted(const struct history *h, int t)
{
	for (int s = 0; s <= t; s++) {
		bool unknown = h->grant[s] == CONTACT_UNKNOWN ||
			       (s > 0 && h->grant[s - 1] == CONTACT_UNKNOWN);
		if (unknown && t - s <= WINDOW)
			return true;
	}
	return false;
}

// What stands of forced and unproven at each second. Openings that fall into one time
// of judgement are judged together, by the first one's deadline.
static void
expect_intrusions(struct history *h, uint8_t out[static STEPS])
{
	memset(h->lawful, 0, sizeof(h->lawful));
	unsigned stands = 0;
	int raised = 0, deadline = -1;
	bool unseen = false, blind = false;
	for (int t = 0; t < STEPS; t++) {
		bool gap = t > 0 && h->contact[t - 1] == CONTACT_UNKNOWN;
		bool waits = deadline >= 0;
		if (is_opening(h, t) && !permitted(h, t)) {
			bool allowed = false;
			for (int s = 0; s <= t && !gap && !allowed; s++)
				allowed = allows(h, s, t);
			if (allowed) {
				h->lawful[t] = true;
			} else {
				deadline = waits ? deadline : t + SETTLE;
				unseen = gap || (waits && unseen);
				blind = may_have_been_granted(h, t) || (waits && blind);
			}
		}
		if (h->bypassed[t])
			deadline = -1;
		if (deadline >= 0 && !unseen && h->grant[t] == CONTACT_ACTIVE) {
			h->lawful[t] = true;
			deadline = -1;
		}
		if (deadline == t) {
			stands |=
			    unseen || blind || h->grant[t] == CONTACT_UNKNOWN ? P : F;
			raised = t;
			deadline = -1;
		}
		bool known = h->contact[t] != CONTACT_UNKNOWN;
		if (known && (h->bypassed[t] || (h->contact[t] == CONTACT_IDLE &&
						    t - raised >= LEAST)))
			stands = 0;
		out[t] = (uint8_t)stands;
	}
}

// Held: open now, at every look since then, and at none of them permitted.
static unsigned
held_at(const struct history *h, int t)
{
	int since = t;
	for (int k = t; k >= 0; k--) {
		if (h->contact[k] == CONTACT_UNKNOWN)
			continue;
		if (h->contact[k] == CONTACT_IDLE || permitted(h, k))
			break;
		since = k;
	}
	if (t - since >= HELD)
		return H;
	return t - since >= HELD - SOON ? W : 0;
}

static void
expect_held(const struct history *h, uint8_t out[static STEPS])
{
	unsigned stands = 0;
	for (int t = 0; t < STEPS; t++) {
		bool known = h->contact[t] != CONTACT_UNKNOWN;
		if (known)
			stands = h->contact[t] == CONTACT_IDLE || permitted(h, t)
				     ? 0
				     : held_at(h, t);
		out[t] |= (uint8_t)stands;
	}
}

static uint32_t seed;

static uint32_t
any(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

// Long stays, so that every time of the rule can run out.
static void
make_history(struct history *h)
{
	memset(h, 0, sizeof(*h));
	for (int t = 0; t < STEPS; t++) {
		bool first = t == 0;
		h->contact[t] = first || any(7) == 0 ? (enum contact_state)any(3)
						     : h->contact[t - 1];
		if (h->contact[t] == CONTACT_UNKNOWN && any(2) == 0)
			h->contact[t] = first ? CONTACT_IDLE : h->contact[t - 1];
		h->grant[t] =
		    first || any(9) == 0 ? (enum contact_state)any(3) : h->grant[t - 1];
		if (h->grant[t] == CONTACT_ACTIVE && any(2) == 0)
			h->grant[t] = CONTACT_IDLE;
		h->unlocked[t] = first          ? any(4) == 0
				 : any(40) == 0 ? !h->unlocked[t - 1]
						: h->unlocked[t - 1];
		h->bypassed[t] = first          ? false
				 : any(60) == 0 ? !h->bypassed[t - 1]
						: h->bypassed[t - 1] && any(20) != 0;
	}
}

static const struct door_rule walk_rule = {
	.forced = true,
	.window_ms = WINDOW * S,
	.relock_ms = RELOCK * S,
	.settle_ms = SETTLE * S,
	.held_ms = HELD * S,
	.held_soon_ms = SOON * S,
	.forced_least_ms = LEAST * S,
};

static struct door_facts
facts_at(const struct history *h, int t, int64_t now)
{
	return (struct door_facts){ h->contact[t], now, h->grant[t], 0, h->unlocked[t],
		h->bypassed[t] };
}

static void
test_random_walks_against_the_written_rule(void **ctx)
{
	(void)ctx;
	unsigned seen = 0, unknown_and_standing = 0;
	for (seed = 1; seed <= WALKS; seed++) {
		uint32_t number = seed;
		struct history h;
		uint8_t expected[STEPS] = { 0 };
		struct door d = { 0 };
		make_history(&h);
		expect_intrusions(&h, expected);
		expect_held(&h, expected);
		for (int t = 0; t < STEPS; t++) {
			int64_t now = 1000 * S + t * S;
			struct door_facts f = facts_at(&h, t, now);
			uint8_t before = d.conditions;
			bool access = door_feed(&d, &walk_rule, &f, now);
			if (d.conditions != expected[t] || access != h.lawful[t])
				fail_msg("walk %u, second %d: conditions %x, expected "
					 "%x; access %d, expected %d",
				    number, t, d.conditions, expected[t], access,
				    h.lawful[t]);
			bool unknown = h.contact[t] == CONTACT_UNKNOWN;
			enum door_state s = door_state(&d, now);
			if (unknown) {
				// I6: never closed, and nothing that stood is gone.
				assert_int_equal(s, DOOR_STATE_UNKNOWN);
				assert_int_equal(before & ~d.conditions, 0);
				unknown_and_standing += d.conditions != 0;
			}
			assert_int_equal(
			    s == DOOR_STATE_CLOSED || s == DOOR_STATE_GRANTED,
			    h.contact[t] == CONTACT_IDLE);
			seen |= d.conditions;
		}
		seed = number;
	}
	assert_int_equal(seen, F | P | H | W);
	assert_true(unknown_and_standing > 1000);
}

// Fed only when something changes and when it asks to be, it says the same.
static void
test_the_deadlines_it_asks_for_are_enough(void **ctx)
{
	(void)ctx;
	for (seed = 1; seed <= WALKS; seed++) {
		uint32_t number = seed;
		struct history h;
		struct door each = { 0 }, asked = { 0 };
		make_history(&h);
		for (int t = 0; t < STEPS; t++) {
			int64_t now = 1000 * S + t * S;
			struct door_facts f = facts_at(&h, t, now);
			(void)door_feed(&each, &walk_rule, &f, now);
			int64_t due = door_due(&asked, &walk_rule);
			bool changed = t == 0 || h.contact[t] != h.contact[t - 1] ||
				       h.grant[t] != h.grant[t - 1] ||
				       permitted(&h, t) != permitted(&h, t - 1) ||
				       h.bypassed[t] != h.bypassed[t - 1];
			if (changed || (due >= 0 && due <= now))
				(void)door_feed(&asked, &walk_rule, &f, now);
			// A grant that acts on keeps the window open by itself.
			if (h.grant[t] == CONTACT_ACTIVE)
				asked.window_until_ms = each.window_until_ms;
			if (asked.conditions != each.conditions)
				fail_msg("walk %u, second %d: %x, not %x", number, t,
				    asked.conditions, each.conditions);
		}
		seed = number;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_walks_against_the_written_rule),
		cmocka_unit_test(test_the_deadlines_it_asks_for_are_enough),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
