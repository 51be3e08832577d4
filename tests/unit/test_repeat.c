// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// When an alarm is a repeat offender and when that has ended: the rule step by step,
// and random histories against a model that keeps all onsets and counts by the
// definition.
#include <stdlib.h>
#include <string.h>

#include "core/own_code.h"
#include "core/repeat.h"
#include "test.h"

enum {
	COUNT = 4,
	WITHIN = 100,
	TICKS = 3000,
	HISTORIES = 300
};

static const struct repeat_rule rule = { COUNT, WITHIN };

static int64_t ring[REPEAT_COUNT_MAX];

static struct repeat
fresh(void)
{
	memset(ring, 0, sizeof(ring));
	return (struct repeat){ .onsets_ms = ring };
}

static void
test_so_many_in_so_long(void **state)
{
	struct repeat r = fresh();
	(void)state;
	assert_false(repeat_onset(&r, &rule, -60)); // of the run before
	assert_false(repeat_onset(&r, &rule, -20));
	assert_false(repeat_onset(&r, &rule, 20));
	assert_false(repeat_onset(&r, &rule, 41)); // the first is too old by one
	assert_int_equal(repeat_nth_ms(&r, &rule, 0), 41);
	assert_int_equal(repeat_nth_ms(&r, &rule, 3), -60);
	assert_true(repeat_onset(&r, &rule, 80)); // -20 to 80: any span counts
	assert_int_equal(r.first_ms, -20);
	assert_int_equal(r.onsets, COUNT);
	assert_false(repeat_onset(&r, &rule, 81)); // it is one already
	assert_int_equal(r.onsets, COUNT + 1);
}

static void
test_a_quiet_span_ends_it(void **state)
{
	struct repeat r = fresh();
	(void)state;
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(repeat_onset(&r, &rule, i), i == COUNT - 1);
	assert_false(repeat_ends(&r, &rule, 3 + WITHIN));
	(void)repeat_onset(&r, &rule, 50);
	assert_false(repeat_ends(&r, &rule, 50 + WITHIN));
	assert_true(repeat_ends(&r, &rule, 51 + WITHIN));
	assert_false(repeat_ends(&r, &rule, 52 + WITHIN));
	assert_true(repeat_forgotten(&r, &rule, 52 + WITHIN));
	for (int i = 0; i < COUNT; i++) // and it begins with none
		assert_int_equal(repeat_onset(&r, &rule, 200 + i), i == COUNT - 1);
}

static void
test_i6_what_nobody_could_hear_is_no_quiet(void **state)
{
	struct repeat r = fresh();
	(void)state;
	for (int i = 0; i < COUNT; i++)
		(void)repeat_onset(&r, &rule, 0);
	repeat_unheard(&r, 1000);
	assert_false(repeat_ends(&r, &rule, 1000 + WITHIN));
	assert_true(repeat_ends(&r, &rule, 1001 + WITHIN));
}

static void
test_what_is_remembered_begins_nothing(void **state)
{
	struct repeat r = fresh();
	(void)state;
	for (int i = 0; i < 2 * COUNT; i++)
		repeat_remember(&r, &rule, i);
	assert_false(r.on);
	assert_int_equal(r.n, COUNT);
	assert_true(repeat_onset(&r, &rule, 2 * COUNT));
	assert_int_equal(r.first_ms, COUNT + 1);
}

static void
test_never_and_forgotten(void **state)
{
	static const struct repeat_rule never = { 0, WITHIN };
	struct repeat r = fresh();
	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_false(repeat_onset(&r, &never, i));
	assert_true(repeat_forgotten(&r, &rule, 0));
	(void)repeat_onset(&r, &rule, 5);
	assert_false(repeat_forgotten(&r, &rule, 5 + WITHIN));
	assert_true(repeat_forgotten(&r, &rule, 6 + WITHIN));
}

static void
test_its_fault_is_no_profiles(void **state)
{
	(void)state;
	assert_true(own_code(COND_FAULT, "repeat"));
	assert_false(own_code(COND_PROCESS, "repeat"));
}

// ---- random histories ---------------------------------------------------------------

// All that came since it was last off.
struct model {
	int64_t onsets[TICKS];
	unsigned n;
	bool on;
	int64_t first;
	unsigned counted, unheard; // heard in none of so many ticks since the last
};

static void
model_onset(struct model *m, int64_t now)
{
	unsigned recent = 0;
	int64_t first = now;
	m->onsets[m->n++] = now;
	m->counted++;
	m->unheard = 0;
	for (unsigned i = m->n; i-- > 0 && now - m->onsets[i] <= WITHIN;) {
		recent++;
		if (recent <= COUNT)
			first = m->onsets[i];
	}
	if (m->on || recent < COUNT)
		return;
	m->on = true;
	m->first = first;
	m->counted = COUNT;
}

static void
play(unsigned seed, unsigned *begun, unsigned *ended)
{
	static struct model m;
	struct repeat r = fresh();
	int rarely = 10 + rand() % 60;
	srand(seed);
	m = (struct model){ 0 };
	for (int64_t now = 1; now < TICKS; now++) {
		bool ends = m.on && now - m.onsets[m.n - 1] - m.unheard > WITHIN;
		assert_int_equal(repeat_ends(&r, &rule, now), ends);
		if (ends)
			m = (struct model){ 0 };
		*ended += ends;
		if (now / 200 % 3 == 2)
			continue; // a quiet time
		if (m.on && rand() % 40 == 0) {
			repeat_unheard(&r, 1);
			m.unheard++;
		}
		if (rand() % rarely != 0)
			continue;
		bool was = m.on;
		model_onset(&m, now);
		assert_int_equal(repeat_onset(&r, &rule, now), m.on && !was);
		*begun += m.on && !was;
		assert_int_equal(r.on, m.on);
		if (m.on) {
			assert_int_equal(r.onsets, m.counted);
			assert_int_equal(r.first_ms, m.first);
		}
	}
}

static void
test_random_histories(void **state)
{
	unsigned begun = 0, ended = 0;
	(void)state;
	for (unsigned seed = 1; seed <= HISTORIES; seed++)
		play(seed, &begun, &ended);
	assert_true(begun > HISTORIES && ended > HISTORIES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_so_many_in_so_long),
		cmocka_unit_test(test_a_quiet_span_ends_it),
		cmocka_unit_test(test_i6_what_nobody_could_hear_is_no_quiet),
		cmocka_unit_test(test_what_is_remembered_begins_nothing),
		cmocka_unit_test(test_never_and_forgotten),
		cmocka_unit_test(test_its_fault_is_no_profiles),
		cmocka_unit_test(test_random_histories),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
