// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Samples around alarms: what was held before, what is passed on after, and no more.
#include <math.h>
#include <stdlib.h>

#include "core/sample_window.h"
#include "lib/mem.h"
#include "test.h"

static const struct sample_window_rule around = {
	.before_ms = 60000, .after_ms = 300000, .keep_months = 12
};

static struct sample_window *
window_of(const struct sample_window_rule *r, uint32_t poll_ms)
{
	uint16_t room = sample_window_room(r, poll_ms);
	struct sample_window *w = xcalloc(1, sizeof(*w) + room * sizeof(w->held[0]));
	w->room = room;
	return w;
}

// A sample a second, the value is its second; UTC is monotonic plus a million.
static bool
feed(struct sample_window *w, const struct sample_window_rule *r, int64_t second,
    struct kept_sample *out)
{
	const struct kept_sample s = { second * 1000 + 1000000, (double)second,
		QUALITY_GOOD, false };
	return sample_window_feed(w, r, &s, second * 1000, out);
}

static void
test_what_was_before_and_what_comes_after(void **state)
{
	(void)state;
	struct sample_window *w = window_of(&around, 1000);
	struct kept_sample s;
	assert_int_equal(w->room, 61);
	for (int64_t t = 1; t <= 200; t++)
		assert_false(feed(w, &around, t, &s));
	sample_window_open(w, &around, 200000);
	for (int64_t t = 140; t <= 200; t++) { // the trip itself and a minute before
		assert_true(sample_window_take(w, &s));
		assert_int_equal((int64_t)s.value, t);
		assert_int_equal(s.at_utc_ms, t * 1000 + 1000000);
		assert_true(s.around);
	}
	assert_false(sample_window_take(w, &s));
	for (int64_t t = 201; t < 500; t++) {
		assert_true(feed(w, &around, t, &s));
		assert_true(s.around);
	}
	assert_false(feed(w, &around, 500, &s));
	free(w);
}

// A second alarm holds it open from then on, and nothing is told twice.
static void
test_a_second_alarm_goes_on_where_the_first_was(void **state)
{
	(void)state;
	struct sample_window *w = window_of(&around, 1000);
	struct kept_sample s;
	(void)feed(w, &around, 1, &s);
	sample_window_open(w, &around, 1000);
	assert_true(sample_window_take(w, &s));
	for (int64_t t = 2; t <= 100; t++)
		assert_true(feed(w, &around, t, &s));
	sample_window_open(w, &around, 100000);
	assert_false(sample_window_take(w, &s));
	assert_true(feed(w, &around, 399, &s));
	assert_false(feed(w, &around, 400, &s));
	free(w);
}

// After a gap what is held is old: it is not around the alarm.
static void
test_what_is_too_old_is_not_taken(void **state)
{
	(void)state;
	struct sample_window *w = window_of(&around, 1000);
	struct kept_sample s;
	for (int64_t t = 1; t <= 10; t++)
		(void)feed(w, &around, t, &s);
	(void)feed(w, &around, 1000, &s);
	sample_window_open(w, &around, 1000000);
	assert_true(sample_window_take(w, &s));
	assert_int_equal((int64_t)s.value, 1000);
	assert_false(sample_window_take(w, &s));
	free(w);
}

static void
test_every_sample_where_the_site_wants_that(void **state)
{
	(void)state;
	const struct sample_window_rule all = { .before_ms = 2000, .every_ms = 1000 };
	struct sample_window *w = window_of(&all, 1000);
	struct kept_sample s;
	for (int64_t t = 1; t <= 5; t++) {
		assert_true(feed(w, &all, t, &s));
		assert_false(s.around);
	}
	// Those before are told again: now they matter for longer.
	sample_window_open(w, &all, 5000);
	for (int64_t t = 3; t <= 5; t++) {
		assert_true(sample_window_take(w, &s));
		assert_int_equal((int64_t)s.value, t);
		assert_true(s.around);
	}
	assert_true(feed(w, &all, 6, &s));
	assert_false(s.around);
	free(w);
}

static void
test_how_much_is_held(void **state)
{
	(void)state;
	const struct sample_window_rule none = { .after_ms = 1000 };
	const struct sample_window_rule long_ago = { .before_ms = 600000 };
	assert_int_equal(sample_window_room(&none, 1000), 0);
	assert_int_equal(sample_window_room(&around, 200), 301);
	assert_int_equal(sample_window_room(&around, 60000), 2);
	assert_int_equal(sample_window_room(&around, 90000), 1);
	assert_int_equal(sample_window_room(&long_ago, 200), SAMPLE_WINDOW_HELD_MAX);
	// Where nothing is held an alarm still passes on what comes.
	struct sample_window *w = window_of(&none, 1000);
	struct kept_sample s;
	assert_false(feed(w, &none, 1, &s));
	sample_window_open(w, &none, 1000);
	assert_false(sample_window_take(w, &s));
	assert_true(feed(w, &none, 1, &s));
	assert_false(feed(w, &none, 2, &s));
	free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_before_and_what_comes_after),
		cmocka_unit_test(test_a_second_alarm_goes_on_where_the_first_was),
		cmocka_unit_test(test_what_is_too_old_is_not_taken),
		cmocka_unit_test(test_every_sample_where_the_site_wants_that),
		cmocka_unit_test(test_how_much_is_held),
	};
	return cmocka_run_group_tests_name("sample_window", tests, NULL, NULL);
}
