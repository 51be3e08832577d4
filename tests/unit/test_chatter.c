// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// When an alarm chatters and when that has ended: the rule step by step, and random
// histories against a model that keeps all of them and counts by the definition.
#include <stdlib.h>
#include <string.h>

#include "core/chatter.h"
#include "core/own_code.h"
#include "test.h"

enum {
	COUNT = 4,
	WITHIN = 100,
	QUIET = 120,
	TICKS = 4000,
	HISTORIES = 300
};

static const struct chatter_rule rule = { COUNT, WITHIN, QUIET };

static int64_t ring[CHATTER_COUNT_MAX];

static struct chatter
fresh(void)
{
	memset(ring, 0, sizeof(ring));
	return (struct chatter){ .onsets_ms = ring };
}

static void
test_so_many_in_so_long(void **state)
{
	struct chatter c = fresh();
	(void)state;
	assert_false(chatter_onset(&c, &rule, 0));
	assert_false(chatter_onset(&c, &rule, 40));
	assert_false(chatter_onset(&c, &rule, 80));
	assert_false(chatter_onset(&c, &rule, 101)); // the first is too old by one
	assert_int_equal(chatter_first_ms(&c, &rule), 0);
	assert_true(chatter_onset(&c, &rule, 140)); // 40 to 140: any span counts
	assert_int_equal(chatter_first_ms(&c, &rule), 40);
	assert_true(c.on && c.active && c.known);
	assert_int_equal(c.tally.onsets + c.tally.clears, 0);
}

static void
test_changes_are_counted_and_quiet_ends_it(void **state)
{
	struct chatter c = fresh();
	(void)state;
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(chatter_onset(&c, &rule, 10 * i), i == COUNT - 1);
	assert_int_equal(chatter_due(&c, &rule), 30 + QUIET);
	assert_true(chatter_told(&c, false, true, 40));
	assert_false(chatter_told(&c, false, true, 50)); // said again, no change
	assert_true(chatter_told(&c, true, true, 60));
	assert_true(chatter_told(&c, false, true, 70));
	assert_int_equal(c.tally.onsets, 1);
	assert_int_equal(c.tally.clears, 2);
	struct chatter_tally since = chatter_count(&c);
	assert_int_equal(since.onsets, 1);
	assert_int_equal(since.clears, 2);
	since = chatter_count(&c);
	assert_int_equal(since.onsets + since.clears, 0);
	assert_false(chatter_ends(&c, &rule, 70 + QUIET - 1));
	assert_true(chatter_ends(&c, &rule, 70 + QUIET));
	assert_false(c.on);
	assert_false(c.active); // what the alarm is to be
	assert_true(chatter_forgotten(&c, &rule, 70 + QUIET));
	assert_int_equal(chatter_due(&c, &rule), -1);
}

static void
test_i6_the_unknown_never_ends_it(void **state)
{
	struct chatter c = fresh();
	(void)state;
	for (int i = 0; i < COUNT; i++)
		(void)chatter_onset(&c, &rule, i);
	chatter_lost(&c);
	assert_int_equal(chatter_due(&c, &rule), -1);
	assert_false(chatter_ends(&c, &rule, 1000000));
	assert_false(chatter_told(&c, true, true, 1000000)); // heard again: as it was
	assert_false(chatter_ends(&c, &rule, 1000000 + QUIET - 1));
	// A bad value may say that it is on; it does not make it known.
	assert_true(chatter_told(&c, false, false, 1000100));
	assert_false(chatter_ends(&c, &rule, 9000000));
	assert_false(chatter_told(&c, false, true, 9000000));
	assert_true(chatter_ends(&c, &rule, 9000000 + QUIET));
}

static void
test_never(void **state)
{
	static const struct chatter_rule never = { 0, WITHIN, QUIET };
	struct chatter c = fresh();
	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_false(chatter_onset(&c, &never, i));
}

static void
test_old_onsets_are_forgotten(void **state)
{
	struct chatter c = fresh();
	(void)state;
	assert_true(chatter_forgotten(&c, &rule, 0));
	(void)chatter_onset(&c, &rule, 5);
	assert_false(chatter_forgotten(&c, &rule, 5 + WITHIN));
	assert_true(chatter_forgotten(&c, &rule, 6 + WITHIN));
}

static void
test_its_fault_is_no_profiles(void **state)
{
	(void)state;
	assert_true(own_code(COND_FAULT, "chatter"));
	assert_false(own_code(COND_PROCESS, "chatter"));
}

// ---- random histories
// -----------------------------------------------------------------

// All that happened since it was last off, and the answers by the definition.
struct model {
	int64_t onsets[TICKS];
	unsigned n;
	bool on, active, known;
	int64_t still_from; // neither a change nor a doubt since
	unsigned told_onsets, told_clears;
};

static bool
model_onset(struct model *m, int64_t now)
{
	unsigned recent = 0;
	m->onsets[m->n++] = now;
	for (unsigned i = 0; i < m->n; i++)
		recent += now - m->onsets[i] <= WITHIN;
	if (recent < COUNT)
		return false;
	*m = (struct model){ .on = true, .active = true, .known = true };
	m->still_from = now;
	return true;
}

static void
model_told(struct model *m, bool active, bool known, int64_t now)
{
	if (active != m->active || !m->known)
		m->still_from = now;
	m->told_onsets += active && !m->active;
	m->told_clears += !active && m->active;
	m->active = active;
	m->known = known;
}

static void
step(struct chatter *c, struct model *m, int64_t now)
{
	int dice = rand() % 100;
	if (!m->on) {
		if (dice < 3 || (dice < 40 && m->n > 0 && now % 3 == 0))
			assert_int_equal(
			    chatter_onset(c, &rule, now), model_onset(m, now));
		return;
	}
	if (dice < 2) {
		bool active = rand() % 2 == 0, known = rand() % 5 != 0;
		(void)chatter_told(c, active, known, now);
		model_told(m, active, known, now);
	} else if (dice == 4 && rand() % 8 == 0) {
		chatter_lost(c);
		m->known = false;
	}
}

static void
test_random_histories(void **state)
{
	unsigned begun = 0, ended = 0;
	(void)state;
	for (unsigned seed = 1; seed <= HISTORIES; seed++) {
		static struct model m;
		struct chatter c = fresh();
		m = (struct model){ 0 };
		srand(seed);
		for (int64_t now = 1; now < TICKS; now++) {
			bool was = m.on;
			bool ends = m.on && m.known && now - m.still_from >= QUIET;
			assert_int_equal(chatter_ends(&c, &rule, now), ends);
			ended += ends;
			if (ends)
				m = (struct model){ 0 };
			step(&c, &m, now);
			begun += m.on && !was;
			assert_int_equal(c.on, m.on);
			if (!m.on)
				continue;
			assert_int_equal(c.active, m.active);
			assert_int_equal(c.tally.onsets, m.told_onsets);
			assert_int_equal(c.tally.clears, m.told_clears);
			// When it is off it has one onset less or one more.
			assert_in_range(c.tally.clears - c.tally.onsets, 0, 1);
		}
	}
	assert_in_range(begun, HISTORIES, UINT32_MAX);
	assert_in_range(ended, HISTORIES, UINT32_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_so_many_in_so_long),
		cmocka_unit_test(test_changes_are_counted_and_quiet_ends_it),
		cmocka_unit_test(test_i6_the_unknown_never_ends_it),
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_old_onsets_are_forgotten),
		cmocka_unit_test(test_its_fault_is_no_profiles),
		cmocka_unit_test(test_random_histories),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
