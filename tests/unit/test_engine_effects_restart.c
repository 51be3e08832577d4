// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Expected effects over a restart (I11): a wait that goes on, one whose time was over
// while nobody watched, a cause that ended meanwhile, rules that came or went.
#include "effects_rig.h"
#include "test.h"

static void
stop_for(struct rig *r, int64_t ms)
{
	rig_stop(r);
	r->clock.mono += ms;
	r->clock.utc += ms;
	rig_start(r);
}

static void
begin(struct rig *r)
{
	effects_set_up(r, NULL, NULL);
	rig_level(r, "run", false);
	rig_level(r, "fan", false);
	rig_fire(r, "s1", true);
	rig_pass(r, 2000);
}

static void
test_i11_a_wait_goes_on(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	stop_for(&r, 3000);
	rig_level(&r, "run", false);
	rig_pass(&r, 4500);
	assert_null(no_effect(&r, "run"));
	rig_pass(&r, 700);
	assert_true(is_no_effect(&r, "run"));
	assert_int_equal(
	    rig_events(&r, "kind = 'alarm.onset' AND code = 'no-effect' AND"
			   " params LIKE '%\"not-seen\"%\"point\":\"s1\"%'"),
	    1);
	rig_tear_down(&r);
}

static void
test_i11_it_came_while_down_in_time(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	stop_for(&r, 3000);
	rig_level(&r, "run", true);
	assert_int_equal(
	    rig_events(&r, "kind = 'effect.seen' AND point = 'run' AND params LIKE"
			   " '%\"in-time\",\"delay_ms\":5%\"at_most\":true%'"),
	    1);
	rig_tear_down(&r);
}

static void
test_i11_the_time_was_over_while_down(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	stop_for(&r, 60000);
	assert_null(no_effect(&r, "run")); // it may be known in a moment
	rig_level(&r, "run", true);
	assert_int_equal(
	    rig_events(&r, "kind = 'effect.seen' AND point = 'run' AND params LIKE"
			   " '%\"found\"%' AND params NOT LIKE '%delay_ms%'"),
	    1);
	assert_null(no_effect(&r, "run"));
	rig_tear_down(&r);

	begin(&r);
	stop_for(&r, 60000);
	rig_level(&r, "run", false);
	assert_true(is_no_effect(&r, "run"));
	rig_tear_down(&r);

	begin(&r);
	stop_for(&r, 60000);
	rig_pass(&r, 9500);
	assert_null(no_effect(&r, "run"));
	rig_pass(&r, 700); // nobody ever knew
	assert_true(is_no_effect(&r, "run"));
	assert_int_equal(
	    rig_events(&r, "kind = 'effect.missed' AND point = 'run' AND params LIKE"
			   " '%\"unknown\"%'"),
	    1);
	rig_tear_down(&r);
}

static void
test_i11_a_miss_stays_and_names_its_cause(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	rig_pass(&r, 9000);
	assert_true(is_no_effect(&r, "run"));
	stop_for(&r, 5000);
	assert_true(is_no_effect(&r, "run"));
	expect_point(&r, "run", "\"state\":\"missed\"");
	expect_point(&r, "run", "\"cause\":{\"point\":\"s1\"");
	rig_level(&r, "run", false);
	assert_true(is_no_effect(&r, "run"));
	assert_int_equal(no_effect(&r, "run")->occurrences, 1);
	rig_fire(&r, "s1", false); // ended while nobody watched
	rig_pass(&r, 100);
	assert_int_equal(no_effect(&r, "run")->a.state, ALARM_RETURNED);
	stop_for(&r, 1000);
	assert_int_equal(no_effect(&r, "run")->a.state, ALARM_RETURNED);
	struct effect_miss m = engine_miss(r.engine, no_effect(&r, "run"));
	assert_string_equal(m.rule, "fire-pump");
	assert_string_equal(m.reason, "not-seen");
	assert_string_equal(m.point, "s1");
	assert_string_equal(m.occurrence, rig_open_alarm(&r, "s1")->occurrence);
	assert_int_equal(rig_events(&r, "kind = 'effect.missed' AND point = 'run'"), 1);
	rig_tear_down(&r);
}

static void
test_i11_what_came_is_not_asked_for_again(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	rig_level(&r, "run", true);
	rig_level(&r, "run", false);
	stop_for(&r, 5000);
	rig_level(&r, "run", false);
	rig_pass(&r, 30000);
	assert_null(no_effect(&r, "run"));
	assert_int_equal(rig_events(&r, "kind LIKE 'effect.%' AND point = 'run'"), 1);
	// The same detector, reset and in alarm again, is another cause.
	rig_fire(&r, "s1", false);
	rig_fire(&r, "s1", true);
	rig_pass(&r, 10100);
	assert_true(is_no_effect(&r, "run"));
	rig_tear_down(&r);
}

// A clock that was set back puts nothing off.
static void
test_i10_a_clock_set_back_while_down(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	rig_stop(&r);
	r.clock.utc -= 3600000;
	rig_start(&r);
	rig_level(&r, "run", false);
	rig_pass(&r, 10100);
	assert_true(is_no_effect(&r, "run"));
	rig_tear_down(&r);
}

static void
test_a_rule_that_is_gone_withdraws(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	rig_pass(&r, 9000);
	assert_true(is_no_effect(&r, "run"));
	rig_stop(&r);
	// Another rule has the same effect still; it was not missed.
	effects_rewrite(&r, "{zone: z, class: fire}", "{zone: y, class: fire}");
	rig_start(&r);
	assert_int_equal(no_effect(&r, "run")->a.state, ALARM_RETURNED);
	assert_int_equal(no_effect(&r, "run")->a.cause, CAUSE_WITHDRAWN);
	rig_tear_down(&r);

	begin(&r);
	rig_pass(&r, 9000);
	rig_stop(&r);
	effects_rewrite(&r, "effect: {point: run}, within: 10s",
	    "effect: {point: valve}, within: 10s");
	rig_start(&r);
	assert_int_equal(no_effect(&r, "run")->a.state, ALARM_RETURNED);
	assert_int_equal(no_effect(&r, "run")->a.cause, CAUSE_WITHDRAWN);
	// The rule asks for another effect now: it has its time from here.
	rig_level(&r, "valve", false);
	rig_pass(&r, 9500);
	assert_null(no_effect(&r, "valve"));
	rig_pass(&r, 700);
	assert_true(is_no_effect(&r, "valve"));
	rig_tear_down(&r);
}

static void
test_a_new_rule_waits_from_its_start(void **state)
{
	(void)state;
	struct rig r;
	effects_set_up(&r, "{zone: z, class: fire}", "{zone: y, class: fire}");
	rig_level(&r, "run", false);
	rig_fire(&r, "s1", true);
	rig_pass(&r, 60000);
	assert_null(no_effect(&r, "run"));
	rig_stop(&r);
	effects_rewrite(&r, NULL, NULL);
	rig_start(&r);
	rig_level(&r, "run", false);
	rig_pass(&r, 9500);
	assert_null(no_effect(&r, "run"));
	rig_pass(&r, 700);
	assert_true(is_no_effect(&r, "run"));
	rig_tear_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i11_a_wait_goes_on),
		cmocka_unit_test(test_i11_it_came_while_down_in_time),
		cmocka_unit_test(test_i11_the_time_was_over_while_down),
		cmocka_unit_test(test_i11_a_miss_stays_and_names_its_cause),
		cmocka_unit_test(test_i11_what_came_is_not_asked_for_again),
		cmocka_unit_test(test_i10_a_clock_set_back_while_down),
		cmocka_unit_test(test_a_rule_that_is_gone_withdraws),
		cmocka_unit_test(test_a_new_rule_waits_from_its_start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
