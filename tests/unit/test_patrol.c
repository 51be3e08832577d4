// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Patrol rounds: each row of the table, then random rounds against an oracle that reads
// each stop's result off the list of its visits.
#include "core/patrol.h"
#include "test.h"

enum {
	MIN = 60000
};

// Three stops, ten minutes each, with five in between.
static const struct patrol_stop stops[] = { { 0, 10 * MIN }, { 15 * MIN, 25 * MIN },
	{ 30 * MIN, 40 * MIN } };
static const struct patrol_rule rule = { 3, stops, 5 * MIN, 10 * MIN };

static struct patrol
round_of(void)
{
	struct patrol p = { 0 };
	(void)patrol_begin(&p, &rule, 1000 * MIN);
	return p;
}

static enum patrol_result
at(struct patrol *p, unsigned stop, int64_t minute, uint64_t *skipped)
{
	return patrol_visit(p, &rule, stop, (1000 + minute) * MIN, skipped);
}

static void
test_early_on_time_and_late(void **ctx)
{
	(void)ctx;
	struct patrol p = round_of();
	uint64_t skipped;
	assert_int_equal(at(&p, 0, 9, &skipped), PATROL_ON_TIME);
	assert_int_equal(at(&p, 1, 14, &skipped), PATROL_EARLY);
	assert_int_equal(skipped, 0);
	assert_int_equal(patrol_due(&p, &rule), 1040 * MIN);
	assert_int_equal(patrol_feed(&p, &rule, 1040 * MIN - 1), 0);
	assert_int_equal(patrol_feed(&p, &rule, 1040 * MIN), 1 << 2);
	assert_int_equal(p.results[2], PATROL_MISSED);
	assert_true(patrol_over(&p, &rule));
	assert_int_equal(at(&p, 2, 41, &skipped), PATROL_LATE);
	assert_int_equal(p.results[2], PATROL_LATE);
}

static void
test_a_stop_that_is_passed_over_is_skipped_until_it_is_visited(void **ctx)
{
	(void)ctx;
	struct patrol p = round_of();
	uint64_t skipped;
	assert_int_equal(at(&p, 2, 5, &skipped), PATROL_EARLY);
	assert_int_equal(skipped, 1 << 0 | 1 << 1);
	assert_int_equal(p.results[0], PATROL_SKIPPED);
	assert_int_equal(at(&p, 1, 16, &skipped), PATROL_ON_TIME);
	assert_int_equal(skipped, 0); // said once
	assert_int_equal(patrol_feed(&p, &rule, 1026 * MIN), 1 << 0);
	assert_int_equal(p.results[0], PATROL_MISSED);
}

static void
test_a_second_visit_within_the_time_counts_for_nothing(void **ctx)
{
	(void)ctx;
	struct patrol p = round_of();
	uint64_t skipped;
	assert_int_equal(at(&p, 0, 1, &skipped), PATROL_ON_TIME);
	assert_int_equal(at(&p, 0, 2, &skipped), PATROL_WAITS);
	assert_int_equal(at(&p, 0, 9, &skipped), PATROL_WAITS); // visited already
	// The last visit of one round is none of the next.
	const struct patrol_rule strict = { 3, stops, 5 * MIN, 0 };
	struct patrol q = { 0 };
	assert_int_equal(patrol_visit(&q, &rule, 0, 999 * MIN, &skipped), PATROL_WAITS);
	assert_int_equal(patrol_begin(&q, &strict, 1000 * MIN), 0);
	assert_int_equal(at(&q, 0, 1, &skipped), PATROL_WAITS);
	assert_int_equal(at(&q, 0, 4, &skipped), PATROL_ON_TIME);
}

static void
test_i6_what_could_not_be_seen_is_neither_visited_nor_missed(void **ctx)
{
	(void)ctx;
	struct patrol p = round_of();
	uint64_t skipped;
	patrol_blind(&p, &rule, 0, 1005 * MIN);
	patrol_blind(&p, &rule, 1, 1005 * MIN); // before its window: it is seen in it
	assert_int_equal(patrol_feed(&p, &rule, 1026 * MIN), 1 << 0 | 1 << 1);
	assert_int_equal(p.results[0], PATROL_UNWATCHED);
	assert_int_equal(p.results[1], PATROL_MISSED);
	assert_int_equal(at(&p, 0, 27, &skipped), PATROL_LATE);
}

static void
test_names_and_letters_go_both_ways(void **ctx)
{
	(void)ctx;
	for (unsigned i = 0; i < PATROL_RESULT_COUNT; i++) {
		enum patrol_result r = (enum patrol_result)i, back;
		assert_true(patrol_result_from_letter(patrol_result_letter(r), &back));
		assert_int_equal(back, r);
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(patrol_result_name(r),
			    patrol_result_name((enum patrol_result)k));
	}
	enum patrol_result any;
	assert_false(patrol_result_from_letter('x', &any));
}

// ---- the oracle
// -------------------------------------------------------------------------

enum {
	MINUTES = 60,
	ROUNDS = 5000
};

// The result of a stop from its minutes of visits and of blindness alone.
static enum patrol_result
expected(const bool *visits, const bool *blind, const struct patrol_stop *s)
{
	int from = (int)s->from_ms / MIN, to = (int)s->to_ms / MIN;
	bool unseen = false;
	for (int m = from; m < to; m++)
		unseen = unseen || blind[m];
	// The first visit counts, the others are repeats.
	for (int m = 0; m < MINUTES; m++) {
		if (visits[m])
			return m < from ? PATROL_EARLY
			       : m < to ? PATROL_ON_TIME
					: PATROL_LATE;
	}
	return unseen ? PATROL_UNWATCHED : PATROL_MISSED;
}

static void
test_random_rounds_against_the_written_rule(void **ctx)
{
	(void)ctx;
	unsigned seen = 0;
	uint32_t seed = 11;
	for (unsigned number = 0; number < ROUNDS; number++) {
		struct patrol p = round_of();
		bool visits[3][MINUTES] = { 0 }, blind[3][MINUTES] = { 0 };
		unsigned missed = 0;
		for (int m = 0; m < MINUTES; m++) {
			uint64_t ended = patrol_feed(&p, &rule, (1000LL + m) * MIN);
			for (unsigned i = 0; i < 3; i++)
				missed |= (ended & 1ULL << i) != 0 ? 1U << i : 0;
			for (unsigned i = 0; i < 3; i++) {
				seed = seed * 1664525u + 1013904223u;
				uint64_t skipped;
				visits[i][m] = (seed >> 8) % 40 == 0;
				blind[i][m] = (seed >> 16) % 60 == 0;
				if (blind[i][m])
					patrol_blind(&p, &rule, i, (1000LL + m) * MIN);
				if (visits[i][m])
					(void)at(&p, i, m, &skipped);
			}
		}
		for (unsigned i = 0; i < 3; i++) {
			enum patrol_result wanted =
			    expected(visits[i], blind[i], &stops[i]);
			assert_int_equal(p.results[i], wanted);
			bool ended = wanted >= PATROL_LATE;
			assert_int_equal((missed & 1U << i) != 0, ended);
			seen |= 1U << wanted;
		}
		assert_true(patrol_over(&p, &rule));
	}
	assert_int_equal(seen, 1 << PATROL_EARLY | 1 << PATROL_ON_TIME |
				   1 << PATROL_LATE | 1 << PATROL_MISSED |
				   1 << PATROL_UNWATCHED);
}

// The guard sets out some minutes before the round: that visit is one of it, once.
static void
test_a_visit_shortly_before_the_round_is_early(void **ctx)
{
	(void)ctx;
	static const struct {
		int64_t minute;
		bool counts;
	} rows[] = { { -11, false }, { -10, true }, { -1, true } };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct patrol p = { 0 };
		uint64_t skipped;
		assert_int_equal(at(&p, 0, rows[i].minute, &skipped), PATROL_WAITS);
		assert_int_equal(
		    patrol_begin(&p, &rule, 1000 * MIN), rows[i].counts ? 1 : 0);
		assert_int_equal(
		    p.results[0], rows[i].counts ? PATROL_EARLY : PATROL_WAITS);
		assert_int_equal(patrol_begin(&p, &rule, 1005 * MIN), 0);
	}
	struct patrol p = round_of(); // one that counted for its round is no other's
	uint64_t skipped;
	assert_int_equal(at(&p, 0, 9, &skipped), PATROL_ON_TIME);
	assert_int_equal(patrol_begin(&p, &rule, 1010 * MIN), 0);
	assert_int_equal(p.results[0], PATROL_WAITS);
}

static void
test_a_round_that_is_cut_short_blames_nobody(void **ctx)
{
	(void)ctx;
	struct patrol p = round_of();
	uint64_t skipped;
	assert_int_equal(at(&p, 1, 16, &skipped), PATROL_ON_TIME);
	assert_int_equal(patrol_cut(&p, &rule), 1 << 0 | 1 << 2);
	assert_int_equal(p.results[0], PATROL_UNWATCHED);
	assert_int_equal(p.results[1], PATROL_ON_TIME);
	assert_true(patrol_over(&p, &rule));
	assert_int_equal(patrol_cut(&p, &rule), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_visit_shortly_before_the_round_is_early),
		cmocka_unit_test(test_a_round_that_is_cut_short_blames_nobody),
		cmocka_unit_test(test_early_on_time_and_late),
		cmocka_unit_test(
		    test_a_stop_that_is_passed_over_is_skipped_until_it_is_visited),
		cmocka_unit_test(
		    test_a_second_visit_within_the_time_counts_for_nothing),
		cmocka_unit_test(
		    test_i6_what_could_not_be_seen_is_neither_visited_nor_missed),
		cmocka_unit_test(test_names_and_letters_go_both_ways),
		cmocka_unit_test(test_random_rounds_against_the_written_rule),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
