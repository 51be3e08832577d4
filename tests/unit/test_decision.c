// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The pool of decisions: 64 a point, one bound for all, and who gives way when it is
// full; checked against plain lists that keep everything.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/decision.h"
#include "lib/text.h"
#include "test.h"

enum {
	POINTS = 40,
	SLOTS = 400,
	WORDS = 16,
};

static struct decision_slot slots[SLOTS];
static struct decision_head heads[POINTS];
static char words[WORDS][CODE_MAX];
static struct decision out[DECISIONS_PER_POINT];

static struct decision_pool
empty(void)
{
	struct decision_pool p = {
		.slots = slots,
		.n_slots = SLOTS,
		.heads = heads,
		.n_points = POINTS,
		.words = words,
		.n_words = WORDS,
	};
	memset(slots, 0, sizeof(slots));
	memset(heads, 0, sizeof(heads));
	memset(words, 0, sizeof(words));
	decision_pool_init(&p);
	return p;
}

static void
note(struct decision_pool *p, uint32_t point, enum decision_kind kind, int64_t t,
    const char *word)
{
	const struct decision d = { kind, t, COND_PROCESS, word, 0.6 };
	decision_note(p, point, &d);
}

static void
test_what_is_told_is_read_back(void **state)
{
	(void)state;
	struct decision_pool p = empty();
	const int64_t t = INT64_C(4102444800123); // the year 2100
	note(&p, 3, DECISION_WITHIN_ON_DELAY, t, "low_low");
	const struct decision none = { DECISION_UNKNOWN, t + 1, COND_COUNT, "",
		(double)NAN };
	decision_note(&p, 3, &none);
	assert_int_equal(decision_list(&p, 3, out), 2);
	assert_int_equal(out[0].kind, DECISION_WITHIN_ON_DELAY);
	assert_int_equal(out[0].t_utc_ms, t);
	assert_int_equal(out[0].condition, COND_PROCESS);
	assert_string_equal(out[0].word, "low_low");
	assert_true(fabs(out[0].value - 0.6) < 1e-6);
	assert_int_equal(out[1].condition, COND_COUNT);
	assert_string_equal(out[1].word, "");
	assert_true(isnan(out[1].value));
	assert_int_equal(decision_list(&p, 4, out), 0);
}

static void
test_a_point_keeps_its_last_64(void **state)
{
	(void)state;
	struct decision_pool p = empty();
	for (int i = 0; i < 1000; i++)
		note(&p, 7, DECISION_EDGE, i, "");
	assert_int_equal(decision_list(&p, 7, out), DECISIONS_PER_POINT);
	for (int i = 0; i < DECISIONS_PER_POINT; i++)
		assert_int_equal(out[i].t_utc_ms, 1000 - DECISIONS_PER_POINT + i);
	assert_int_equal(p.used, DECISIONS_PER_POINT);
}

static void
test_what_repeats_is_kept_once(void **state)
{
	(void)state;
	struct decision_pool p = empty();
	note(&p, 1, DECISION_HYSTERESIS_HELD, 1, "low");
	note(&p, 1, DECISION_HYSTERESIS_HELD, 2, "high"); // of another limit
	note(&p, 1, DECISION_HYSTERESIS_HELD, 3, "low");
	note(&p, 1, DECISION_HYSTERESIS_HELD, 4, "high");
	assert_int_equal(decision_list(&p, 1, out), 2);
	note(&p, 1, DECISION_CLEARED, 5, "low");
	note(&p, 1, DECISION_HYSTERESIS_HELD, 6, "low");
	assert_int_equal(decision_list(&p, 1, out), 4);
	assert_int_equal(out[3].t_utc_ms, 6);
}

// One that chatters and many quiet ones: the quiet keep all they had.
static void
test_a_full_pool_takes_from_those_that_hold_most(void **state)
{
	(void)state;
	struct decision_pool p = empty();
	for (uint32_t i = 20; i < POINTS; i++)
		note(&p, i, DECISION_ONSET, 1, "low");
	for (int i = 0; i < 5000; i++)
		note(&p, (uint32_t)(i % 20), DECISION_EDGE, i, "");
	uint32_t sum = 0;
	for (uint32_t i = 0; i < POINTS; i++) {
		unsigned n = decision_list(&p, i, out);
		if (i >= 20)
			assert_int_equal(n, 1);
		for (unsigned k = 1; k < n; k++)
			assert_true(out[k - 1].t_utc_ms < out[k].t_utc_ms);
		sum += n;
	}
	assert_int_equal(sum, SLOTS);
}

// Each list is the newest part of all that was told, whatever happened in between.
static void
test_lists_are_the_newest_of_what_was_told(void **state)
{
	(void)state;
	static int64_t told[POINTS][20000];
	static size_t n_told[POINTS];
	struct decision_pool p = empty();
	unsigned seed = 4242;
	for (int i = 0; i < 20000; i++) {
		seed = seed * 1103515245U + 12345U;
		uint32_t point = (seed >> 16) % POINTS;
		if ((seed >> 28) % 3 == 0)
			point %= 3; // some more than others
		note(&p, point, DECISION_EDGE, i, "");
		told[point][n_told[point]++] = i;
		unsigned n = decision_list(&p, point, out);
		assert_true(n >= 1 && n <= DECISIONS_PER_POINT);
		for (unsigned k = 0; k < n; k++)
			assert_int_equal(
			    out[k].t_utc_ms, told[point][n_told[point] - n + k]);
	}
	assert_int_equal(p.used, SLOTS);
}

static void
test_a_full_table_of_words_loses_words_only(void **state)
{
	(void)state;
	struct decision_pool p = empty();
	for (int i = 0; i < 100; i++) {
		char word[16];
		(void)snprintf(word, sizeof(word), "code-%d", i);
		note(&p, 2, DECISION_EDGE, i, word);
	}
	assert_int_equal(decision_list(&p, 2, out), DECISIONS_PER_POINT);
	note(&p, 5, DECISION_EDGE, 1, "code-0");
	assert_int_equal(decision_list(&p, 5, out), 1);
	assert_string_equal(out[0].word, "code-0");
}

static void
test_every_decision_has_its_texts(void **state)
{
	(void)state;
	for (enum decision_kind k = 0; k < DECISION_COUNT; k++) {
		char key[80];
		enum decision_kind back;
		assert_true(decision_from_name(decision_name(k), &back));
		assert_int_equal(back, k);
		(void)snprintf(key, sizeof(key), "decision.%s", decision_name(k));
		if (!text_has(key))
			fail_msg("%s is not in the catalogue", key);
		(void)snprintf(key, sizeof(key), "explain.why.%s", decision_name(k));
		if (decision_stops(k) && !text_has(key))
			fail_msg("%s is not in the catalogue", key);
	}
	enum decision_kind none;
	assert_false(decision_from_name("no-such", &none));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_told_is_read_back),
		cmocka_unit_test(test_a_point_keeps_its_last_64),
		cmocka_unit_test(test_what_repeats_is_kept_once),
		cmocka_unit_test(test_a_full_pool_takes_from_those_that_hold_most),
		cmocka_unit_test(test_lists_are_the_newest_of_what_was_told),
		cmocka_unit_test(test_a_full_table_of_words_loses_words_only),
		cmocka_unit_test(test_every_decision_has_its_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
