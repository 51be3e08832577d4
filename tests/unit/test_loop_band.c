// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Bands of supervised loops: each row of the tables that makers give, the hysteresis,
// the delay of faults, and random walks in which no value outside the normal band is
// ever reported as normal.
#include <math.h>

#include "core/loop_band.h"
#include "test.h"

enum {
	S = 1000
};

// 2.2 kOhm in series, 8.2 kOhm in parallel, contact open at rest: 10.4 normal, 2.2
// active.
static const struct loop_table eol = {
	.n = 6,
	.fault_delay_ms = 2 * S,
	.steps = { { 1000, LOOP_SHORT }, { 3500, LOOP_ACTIVE },
	    { 8000, LOOP_OUT_OF_BAND }, { 13000, LOOP_NORMAL },
	    { 20000, LOOP_OUT_OF_BAND }, { (double)INFINITY, LOOP_OPEN } },
};

// Two resistors of 1 kOhm: 1 k normal, 0.5 k or 2 k active, 0 short, open beyond.
static const struct loop_table pair = {
	.n = 5,
	.fault_delay_ms = 0,
	.steps = { { 200, LOOP_SHORT }, { 750, LOOP_ACTIVE }, { 1500, LOOP_NORMAL },
	    { 3000, LOOP_ACTIVE }, { (double)INFINITY, LOOP_OPEN } },
};

static enum loop_band
settled(const struct loop_table *t, double value)
{
	struct loop_state l = { 0 };
	(void)loop_feed(&l, t, value, 1 * S);
	(void)loop_feed(&l, t, value, 1 * S + (int64_t)t->fault_delay_ms);
	assert_true(l.told);
	return l.reported;
}

static void
test_each_row_of_the_tables(void **ctx)
{
	(void)ctx;
	assert_int_equal(settled(&eol, 0), LOOP_SHORT);
	assert_int_equal(settled(&eol, 2200), LOOP_ACTIVE);
	assert_int_equal(settled(&eol, 6000), LOOP_OUT_OF_BAND);
	assert_int_equal(settled(&eol, 10400), LOOP_NORMAL);
	assert_int_equal(settled(&eol, 15000), LOOP_OUT_OF_BAND);
	assert_int_equal(settled(&eol, 1e9), LOOP_OPEN);
	assert_int_equal(settled(&eol, (double)INFINITY), LOOP_OPEN);
	assert_int_equal(settled(&pair, 0), LOOP_SHORT);
	assert_int_equal(settled(&pair, 500), LOOP_ACTIVE);
	assert_int_equal(settled(&pair, 1000), LOOP_NORMAL);
	assert_int_equal(settled(&pair, 2000), LOOP_ACTIVE);
	assert_int_equal(settled(&pair, 1e6), LOOP_OPEN);
}

static void
test_the_contact_counts_at_once_a_fault_after_its_delay(void **ctx)
{
	(void)ctx;
	struct loop_state l = { 0 };
	assert_true(loop_feed(&l, &eol, 10400, 10 * S));
	assert_int_equal(l.reported, LOOP_NORMAL);
	// It closes, and passes through the band between.
	assert_false(loop_feed(&l, &eol, 6000, 11 * S));
	assert_int_equal(loop_due(&l, &eol), 13 * S);
	assert_true(loop_feed(&l, &eol, 2200, 12 * S));
	assert_int_equal(l.reported, LOOP_ACTIVE);
	assert_int_equal(loop_due(&l, &eol), -1);
	assert_false(loop_feed(&l, &eol, 1e9, 20 * S));
	assert_int_equal(l.reported, LOOP_ACTIVE);
	assert_false(loop_feed(&l, &eol, 1e9, 22 * S - 1));
	assert_true(loop_feed(&l, &eol, 1e9, 22 * S));
	assert_int_equal(l.reported, LOOP_OPEN);
	assert_true(loop_feed(&l, &eol, 10400, 23 * S));
	assert_int_equal(l.reported, LOOP_NORMAL);
}

static void
test_i6_a_loose_wire_between_two_faults_is_a_fault(void **ctx)
{
	(void)ctx;
	struct loop_state l = { 0 };
	(void)loop_feed(&l, &eol, 10400, 1 * S);
	for (int64_t now = 10 * S; now < 12 * S; now += S / 2) {
		assert_false(loop_feed(&l, &eol, now % S == 0 ? 1e9 : 15000, now));
		assert_int_equal(loop_due(&l, &eol), 12 * S);
	}
	assert_true(loop_feed(&l, &eol, 1e9, 12 * S));
	assert_int_equal(l.reported, LOOP_OPEN);
	// One that is told is told until another has lasted.
	assert_false(loop_feed(&l, &eol, 15000, 13 * S));
	assert_int_equal(loop_due(&l, &eol), 15 * S);
	assert_true(loop_feed(&l, &eol, 15000, 15 * S));
	assert_int_equal(l.reported, LOOP_OUT_OF_BAND);
}

static void
test_a_value_on_a_limit_rests_on_the_worse_side(void **ctx)
{
	(void)ctx;
	struct loop_state l = { 0 };
	(void)loop_feed(&l, &pair, 1000, 1 * S);
	(void)loop_feed(&l, &pair, 749, 2 * S); // at the limit, towards what is worse
	assert_int_equal(l.reported, LOOP_ACTIVE);
	(void)loop_feed(&l, &pair, 824, 3 * S); // 750 and a tenth is 825
	assert_int_equal(l.reported, LOOP_ACTIVE);
	(void)loop_feed(&l, &pair, 825, 4 * S);
	assert_int_equal(l.reported, LOOP_NORMAL);
	(void)loop_feed(&l, &pair, 3000, 5 * S);
	assert_int_equal(l.reported, LOOP_OPEN);
	(void)loop_feed(&l, &pair, 2701, 6 * S);
	assert_int_equal(l.reported, LOOP_OPEN);
	(void)loop_feed(&l, &pair, 2700, 7 * S);
	assert_int_equal(l.reported, LOOP_ACTIVE);
	// From one fault to another there is nothing better: at once.
	(void)loop_feed(&l, &pair, 199, 8 * S);
	assert_int_equal(l.reported, LOOP_SHORT);
	(void)loop_feed(&l, &pair, 3001, 9 * S);
	assert_int_equal(l.reported, LOOP_OPEN);
}

static void
test_nothing_is_known_before_a_value_and_after_it_is_forgotten(void **ctx)
{
	(void)ctx;
	struct loop_state l = { 0 };
	assert_int_equal(loop_due(&l, &eol), -1);
	assert_false(loop_feed(&l, &eol, (double)NAN, 1 * S));
	assert_false(l.told);
	assert_true(loop_feed(&l, &eol, 10400, 2 * S));
	assert_false(loop_feed(&l, &eol, (double)NAN, 3 * S));
	assert_int_equal(l.reported, LOOP_NORMAL);
	loop_forget(&l);
	assert_false(l.told);
	assert_true(loop_feed(&l, &eol, 10400, 4 * S));
}

static void
test_i6_no_walk_reports_normal_outside_the_normal_band(void **ctx)
{
	(void)ctx;
	static const double values[] = { 0, 999, 1000, 1100, 2200, 3149, 3151, 3499,
		3500, 3900, 7999, 8000, 8799, 8801, 10400, 11699, 11701, 12999, 13000,
		14500, 19999, 20000, 22001, 1e9 };
	uint32_t seed = 7;
	unsigned normal = 0, kept = 0;
	for (unsigned walk = 0; walk < 2000; walk++) {
		struct loop_state l = { 0 };
		int64_t now = 1 * S;
		double value = 0;
		int64_t since = now;
		for (unsigned i = 0; i < 200; i++) {
			seed = seed * 1664525u + 1013904223u;
			double next = values[(seed >> 8) % ARRAY_LEN(values)];
			now += (seed >> 4) % 1500;
			if (fabs(next - value) > 0)
				since = now;
			value = next;
			(void)loop_feed(&l, &eol, value, now);
			bool inside = value >= 8000 && value < 13000;
			bool deep = value >= 8800 && value <= 11700;
			if (!l.told)
				continue;
			// A value may be in a fault's band for its delay; then it is
			// told.
			bool settles = now - since < 2 * S;
			if (l.reported == LOOP_NORMAL) {
				assert_true(inside || settles);
				normal += inside;
				kept += !inside;
			}
			if (deep)
				assert_int_equal(l.reported, LOOP_NORMAL);
			if (value >= 1100 && value <= 3150)
				assert_int_equal(l.reported, LOOP_ACTIVE);
		}
	}
	assert_true(normal > 1000 && kept > 0);
}

// It passes through a fault's band and comes to rest near the limit of its own: the
// fault has not counted, and holds nothing back.
static void
test_a_contact_that_closes_near_its_limit_counts_at_once(void **ctx)
{
	(void)ctx;
	struct loop_state l = { 0 };
	(void)loop_feed(&l, &eol, 10400, 10 * S);
	(void)loop_feed(&l, &eol, 6000, 11 * S);
	assert_true(loop_feed(&l, &eol, 3400, 12 * S));
	assert_int_equal(l.reported, LOOP_ACTIVE);
	assert_int_equal(loop_due(&l, &eol), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_row_of_the_tables),
		cmocka_unit_test(
		    test_the_contact_counts_at_once_a_fault_after_its_delay),
		cmocka_unit_test(test_i6_a_loose_wire_between_two_faults_is_a_fault),
		cmocka_unit_test(test_a_value_on_a_limit_rests_on_the_worse_side),
		cmocka_unit_test(
		    test_nothing_is_known_before_a_value_and_after_it_is_forgotten),
		cmocka_unit_test(
		    test_i6_no_walk_reports_normal_outside_the_normal_band),
		cmocka_unit_test(
		    test_a_contact_that_closes_near_its_limit_counts_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
