// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// An expected effect over sequences of (time, what happens), and against a judge
// written another way: over all sequences of a few moments, from the whole history at
// once.
#include "core/effect.h"
#include "test.h"

enum what {
	CAUSE,
	OVER,
	LOOK,
};

struct move {
	int64_t at_ms;
	enum what what;
	enum effect_sight sight;
	enum effect_step step;
	enum effect_state state;
	int64_t due_ms;
};

enum {
	WITHIN = 1000
};

static enum effect_step
apply(struct effect *e, const struct move *m)
{
	switch (m->what) {
	case CAUSE:
		return effect_cause(e, WITHIN, m->sight, m->at_ms);
	case OVER:
		return effect_over(e);
	case LOOK:
		break;
	}
	return effect_look(e, WITHIN, m->sight, m->at_ms);
}

static void
assert_moves(struct effect *e, const struct move *moves, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum effect_step step = apply(e, &moves[i]);
		if (step != moves[i].step || e->state != moves[i].state)
			print_error("move %zu: %s, %s\n", i, effect_step_name(step),
			    effect_state_name(e->state));
		assert_int_equal(step, moves[i].step);
		assert_int_equal(e->state, moves[i].state);
		assert_int_equal(effect_due(e), moves[i].due_ms);
	}
}

#define SEEN    EFFECT_SIGHT_SEEN
#define ABSENT  EFFECT_SIGHT_ABSENT
#define UNKNOWN EFFECT_SIGHT_UNKNOWN
#define STEP(s) EFFECT_STEP_##s

static void
test_in_time_late_and_present(void **state)
{
	static const struct move moves[] = {
		{ 0, LOOK, SEEN, STEP(NONE), EFFECT_IDLE, -1 },
		{ 100, CAUSE, ABSENT, STEP(BEGAN), EFFECT_WAITS, 1100 },
		{ 1100, LOOK, SEEN, STEP(IN_TIME), EFFECT_CAME, -1 },
		{ 1200, LOOK, ABSENT, STEP(NONE), EFFECT_CAME, -1 },
		{ 1300, OVER, ABSENT, STEP(NONE), EFFECT_IDLE, -1 },
		{ 2000, CAUSE, SEEN, STEP(PRESENT), EFFECT_CAME, -1 },
		{ 2010, CAUSE, SEEN, STEP(NONE), EFFECT_CAME, -1 },       // another one
		{ 2020, CAUSE, ABSENT, STEP(BEGAN), EFFECT_WAITS, 3020 }, // it is gone
		{ 2500, CAUSE, ABSENT, STEP(NONE), EFFECT_WAITS, 3020 },  // joins
		{ 3019, LOOK, ABSENT, STEP(NONE), EFFECT_WAITS, 3020 },
		{ 3020, LOOK, ABSENT, STEP(MISSED), EFFECT_MISSED, -1 },
		{ 3030, CAUSE, ABSENT, STEP(NONE), EFFECT_MISSED, -1 },
		{ 3040, LOOK, ABSENT, STEP(NONE), EFFECT_MISSED, -1 },
		{ 9000, LOOK, SEEN, STEP(LATE), EFFECT_CAME, -1 },
	};
	(void)state;
	struct effect e = { 0 };
	assert_moves(&e, moves, ARRAY_LEN(moves));
}

static void
test_a_cause_that_ends(void **state)
{
	static const struct move moves[] = {
		{ 0, OVER, ABSENT, STEP(NONE), EFFECT_IDLE, -1 },
		{ 0, CAUSE, ABSENT, STEP(BEGAN), EFFECT_WAITS, 1000 },
		{ 999, OVER, ABSENT, STEP(OVER), EFFECT_IDLE, -1 },
		{ 1000, LOOK, ABSENT, STEP(NONE), EFFECT_IDLE, -1 },
		{ 2000, CAUSE, ABSENT, STEP(BEGAN), EFFECT_WAITS, 3000 },
		{ 3000, LOOK, ABSENT, STEP(MISSED), EFFECT_MISSED, -1 },
		{ 4000, OVER, ABSENT, STEP(ENDED), EFFECT_IDLE, -1 },
	};
	(void)state;
	struct effect e = { 0 };
	assert_moves(&e, moves, ARRAY_LEN(moves));
}

// Whatever does not show the effect is a miss, and says why.
static void
test_i6_no_other_sight_is_the_effect(void **state)
{
	(void)state;
	for (enum effect_sight s = 0; s < EFFECT_SIGHT_COUNT; s++) {
		struct effect e = { 0 };
		assert_int_equal(effect_cause(&e, WITHIN, ABSENT, 0), STEP(BEGAN));
		enum effect_step step = effect_look(&e, WITHIN, s, WITHIN);
		assert_int_equal(step, s == SEEN ? STEP(IN_TIME) : STEP(MISSED));
		if (s != SEEN)
			assert_int_equal(e.why, s);
		struct effect had = { 0 };
		step = effect_cause(&had, WITHIN, s, 0);
		assert_int_equal(step, s == SEEN ? STEP(PRESENT) : STEP(BEGAN));
	}
}

// Nobody knew when the time was over: what is there afterwards may have been in time.
static void
test_i6_found_when_known_again(void **state)
{
	static const struct move found[] = {
		{ 0, CAUSE, UNKNOWN, STEP(BEGAN), EFFECT_WAITS, 1000 },
		{ 1000, LOOK, UNKNOWN, STEP(MISSED), EFFECT_MISSED, -1 },
		{ 1500, LOOK, UNKNOWN, STEP(NONE), EFFECT_MISSED, -1 },
		{ 2000, LOOK, SEEN, STEP(FOUND), EFFECT_CAME, -1 },
	};
	static const struct move late[] = {
		{ 0, CAUSE, UNKNOWN, STEP(BEGAN), EFFECT_WAITS, 1000 },
		{ 1000, LOOK, UNKNOWN, STEP(MISSED), EFFECT_MISSED, -1 },
		{ 1500, LOOK, ABSENT, STEP(NONE), EFFECT_MISSED, -1 },
		{ 1600, LOOK, UNKNOWN, STEP(NONE), EFFECT_MISSED, -1 },
		{ 2000, LOOK, SEEN, STEP(LATE), EFFECT_CAME, -1 },
	};
	(void)state;
	struct effect e = { 0 }, z = { 0 };
	assert_moves(&e, found, ARRAY_LEN(found));
	assert_true(e.blind);
	assert_moves(&z, late, ARRAY_LEN(late));
}

static void
restore(struct effect *e, enum effect_state s, int64_t since_ms, int64_t now_ms)
{
	effect_restore(
	    e, s, s == EFFECT_MISSED ? ABSENT : SEEN, since_ms, WITHIN, now_ms);
}

static void
test_i11_a_wait_goes_on_over_a_restart(void **state)
{
	static const struct move moves[] = {
		{ 700, LOOK, UNKNOWN, STEP(NONE), EFFECT_WAITS, 1000 },
		{ 900, LOOK, SEEN, STEP(IN_TIME), EFFECT_CAME, -1 },
	};
	static const struct move missed[] = {
		{ 700, LOOK, ABSENT, STEP(NONE), EFFECT_WAITS, 1000 },
		{ 1000, LOOK, ABSENT, STEP(MISSED), EFFECT_MISSED, -1 },
	};
	(void)state;
	struct effect e = { 0 };
	restore(&e, EFFECT_WAITS, 0, 600);
	assert_moves(&e, moves, ARRAY_LEN(moves));
	assert_true(e.blind); // when it came nobody saw
	restore(&e, EFFECT_WAITS, 0, 600);
	assert_moves(&e, missed, ARRAY_LEN(missed));
}

static void
test_i11_a_time_that_was_over_while_down(void **state)
{
	static const struct move found[] = {
		{ 5000, LOOK, UNKNOWN, STEP(NONE), EFFECT_WAITS, 6000 },
		{ 5500, LOOK, SEEN, STEP(FOUND), EFFECT_CAME, -1 },
	};
	static const struct move absent[] = {
		{ 5000, LOOK, UNKNOWN, STEP(NONE), EFFECT_WAITS, 6000 },
		{ 5500, LOOK, ABSENT, STEP(MISSED), EFFECT_MISSED, -1 },
		{ 5600, LOOK, SEEN, STEP(LATE), EFFECT_CAME, -1 },
	};
	static const struct move never[] = {
		{ 5999, LOOK, UNKNOWN, STEP(NONE), EFFECT_WAITS, 6000 },
		{ 6000, LOOK, UNKNOWN, STEP(MISSED), EFFECT_MISSED, -1 },
		{ 7000, LOOK, SEEN, STEP(FOUND), EFFECT_CAME, -1 },
	};
	(void)state;
	struct effect e = { 0 };
	restore(&e, EFFECT_WAITS, 0, 5000);
	assert_moves(&e, found, ARRAY_LEN(found));
	restore(&e, EFFECT_WAITS, 0, 5000);
	assert_moves(&e, absent, ARRAY_LEN(absent));
	restore(&e, EFFECT_WAITS, 0, 5000);
	assert_moves(&e, never, ARRAY_LEN(never));
	// A long wait is judged a minute after the start.
	effect_restore(&e, EFFECT_WAITS, SEEN, 0, 600000, 700000);
	assert_int_equal(effect_due(&e), 700000 + EFFECT_GRACE_MS);
}

static void
test_i11_what_was_judged_stays_so(void **state)
{
	(void)state;
	struct effect e = { 0 };
	restore(&e, EFFECT_MISSED, 0, 5000);
	assert_int_equal(effect_due(&e), -1);
	assert_int_equal(e.why, ABSENT);
	assert_int_equal(effect_look(&e, WITHIN, UNKNOWN, 5000), STEP(NONE));
	assert_int_equal(effect_look(&e, WITHIN, SEEN, 5001), STEP(LATE));
	restore(&e, EFFECT_CAME, 0, 5000);
	assert_int_equal(effect_look(&e, WITHIN, ABSENT, 5001), STEP(NONE));
	assert_int_equal(effect_over(&e), STEP(NONE));
}

// ---- by an independent judge
// ----------------------------------------------------------

enum {
	MOMENTS = 5,
	STEP_MS = 400, // three of them are more than the time, two are less
	CHOICES = 5,   // cause, over, and three sights
};

// The whole history: what was decided at each moment. A cause is of the moment in which
// no wait or miss stands; the sights between it and its end decide.
struct history {
	unsigned move[MOMENTS]; // 0 cause, 1 over, 2 seen, 3 absent, 4 unknown
	enum effect_sight sight[MOMENTS];
};

static struct history
history_of(unsigned n)
{
	struct history h;
	enum effect_sight last = ABSENT;
	for (unsigned i = 0; i < MOMENTS; i++, n /= CHOICES) {
		static const enum effect_sight sights[] = { SEEN, ABSENT, UNKNOWN };
		h.move[i] = n % CHOICES;
		if (h.move[i] >= 2)
			last = sights[h.move[i] - 2];
		h.sight[i] = last;
	}
	return h;
}

// Whether it is missed at the end of moment `at`: some cause since the last end of all
// began while nothing showed the effect, its time is over, and no sight since.
static bool
judged_missed(const struct history *h, unsigned at)
{
	bool missed = false;
	for (unsigned i = 0; i <= at; i++) {
		if (h->move[i] != 0 || h->sight[i] == SEEN)
			continue;
		bool over = false, seen = false;
		for (unsigned k = i + 1; k <= at; k++) {
			over = over || h->move[k] == 1;
			seen = seen || (!over && h->sight[k] == SEEN);
		}
		if (!over && !seen && (at - i) * STEP_MS >= WITHIN)
			missed = true;
	}
	return missed;
}

static void
test_all_sequences_by_another_judge(void **state)
{
	(void)state;
	unsigned all = 1, misses = 0;
	for (unsigned i = 0; i < MOMENTS; i++)
		all *= CHOICES;
	for (unsigned n = 0; n < all; n++) {
		struct history h = history_of(n);
		struct effect e = { 0 };
		for (unsigned i = 0; i < MOMENTS; i++) {
			int64_t now = (int64_t)i * STEP_MS;
			if (h.move[i] == 0)
				(void)effect_cause(&e, WITHIN, h.sight[i], now);
			else if (h.move[i] == 1)
				(void)effect_over(&e);
			(void)effect_look(&e, WITHIN, h.sight[i], now);
			bool missed = e.state == EFFECT_MISSED;
			if (missed != judged_missed(&h, i))
				fail_msg("sequence %u, moment %u", n, i);
			misses += missed;
		}
	}
	assert_true(misses > 100);
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(effect_state_name(EFFECT_MISSED), "missed");
	assert_string_equal(effect_state_name(EFFECT_STATE_COUNT), "");
	assert_string_equal(effect_sight_name(EFFECT_SIGHT_DISABLED), "disabled");
	assert_string_equal(effect_step_name(EFFECT_STEP_FOUND), "found");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_time_late_and_present),
		cmocka_unit_test(test_a_cause_that_ends),
		cmocka_unit_test(test_i6_no_other_sight_is_the_effect),
		cmocka_unit_test(test_i6_found_when_known_again),
		cmocka_unit_test(test_i11_a_wait_goes_on_over_a_restart),
		cmocka_unit_test(test_i11_a_time_that_was_over_while_down),
		cmocka_unit_test(test_i11_what_was_judged_stays_so),
		cmocka_unit_test(test_all_sequences_by_another_judge),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
