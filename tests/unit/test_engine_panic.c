// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A panic button in bad moments: its module is lost, its zone is in test, it is
// isolated, the desk was silenced, the daemon is started anew. It is heard and stays
// until somebody has been there.
#include <string.h>

#include "engine_journal.h"
#include "engine_rig.h"
#include "test.h"

enum {
	MINUTE = 60000
};

static const char fire_only[] = "classes: [fire],";
static const char with_security[] = "classes: [fire, security],";

static void
link_of_io(struct rig *r, bool lost)
{
	for (uint16_t d = 0; d < r->site->n_devices; d++)
		if (strcmp(r->site->devices[d].id, "io") == 0)
			engine_link(r->engine, r->site->devices[d].link_point, lost,
			    lost ? "timeout" : NULL);
}

static enum engine_answer
set(struct rig *r, enum alarm_flag flag, uint32_t seconds, const char **reason)
{
	const struct flag_order o = {
		.flag = flag,
		.on = seconds > 0,
		.seconds = seconds,
		.target =
		    flag == FLAG_TEST_MODE ? 0 : site_find_point(r->site, "panic"),
		.condition = COND_SECURITY,
		.actor = "li",
		.reason = "work",
		.measure = "a guard at the desk",
	};
	return engine_flag(r->engine, &o, reason);
}

static enum engine_answer
reset(struct rig *r, const char **reason)
{
	return engine_reset(
	    r->engine, site_find_point(r->site, "panic"), "wang", reason);
}

static bool
quality_is(const struct rig *r, enum quality q)
{
	uint32_t point = site_find_point(r->site, "panic");
	return engine_point(r->engine, point)->quality == q;
}

static void
test_i6_a_lost_module_takes_no_panic_back(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	rig_set_up(&r, NULL, NULL);
	rig_level(&r, "panic", false);
	rig_level(&r, "panic", true);
	link_of_io(&r, true);
	assert_true(quality_is(&r, QUALITY_UNKNOWN));
	assert_int_equal(rig_state(&r, "panic"), ALARM_UNACKNOWLEDGED);
	assert_true(engine_sound_on(r.engine));
	rig_pass(&r, 10LL * MINUTE);
	assert_int_equal(rig_state(&r, "panic"), ALARM_UNACKNOWLEDGED);
	assert_int_equal(reset(&r, &reason), ENGINE_REFUSED);
	link_of_io(&r, false);
	rig_level(&r, "panic", false);
	assert_int_equal(rig_state(&r, "panic"), ALARM_LATCHED_UNACKNOWLEDGED);
	assert_true(engine_sound_on(r.engine));
	assert_int_equal(engine_acknowledge(
			     r.engine, rig_open_alarm(&r, "panic")->occurrence, "wang"),
	    ENGINE_OK);
	// Nobody can say that the button is out again.
	link_of_io(&r, true);
	assert_int_equal(reset(&r, &reason), ENGINE_REFUSED);
	assert_string_equal(reason, "quality_not_good");
	rig_tear_down(&r);
}

static void
test_i6_a_panic_pressed_while_its_module_was_lost(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	rig_level(&r, "panic", false);
	link_of_io(&r, true);
	rig_pass(&r, 3LL * MINUTE);
	link_of_io(&r, false);
	rig_level(&r, "panic", true);
	assert_int_equal(rig_state(&r, "panic"), ALARM_UNACKNOWLEDGED);
	assert_true(engine_sound_on(r.engine));
	assert_int_equal(
	    rig_events(&r, "kind = 'alarm.onset' AND point = 'panic' AND params LIKE "
			   "'%\"found_after_gap\":true%' AND time_utc_ms - "
			   "not_before_utc_ms >= 180000"),
	    1);
	rig_tear_down(&r);
}

static void
test_i14_a_panic_in_a_zone_under_test_is_heard_and_told(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	rig_set_up(&r, fire_only, with_security);
	assert_int_equal(set(&r, FLAG_TEST_MODE, 600, &reason), ENGINE_OK);
	rig_level(&r, "panic", true);
	assert_true(engine_sound_on(r.engine));
	assert_false(alarm_hidden(&rig_open_alarm(&r, "panic")->a));
	assert_non_null(rig_open_alarm(&r, "panic")->ladder);
	assert_int_equal(outbox_owed(r.outbox), 1);
	rig_tear_down(&r);
}

static void
test_an_isolated_panic_is_heard_when_the_isolation_ends(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	rig_set_up(&r, fire_only, with_security);
	assert_int_equal(set(&r, FLAG_SHELVED, 600, &reason), ENGINE_REFUSED);
	assert_string_equal(reason, "panic_not_shelved");
	assert_int_equal(set(&r, FLAG_ISOLATED, 600, &reason), ENGINE_OK);
	rig_level(&r, "panic", true);
	rig_level(&r, "panic", false);
	assert_int_equal(rig_state(&r, "panic"), ALARM_LATCHED_UNACKNOWLEDGED);
	assert_false(engine_sound_on(r.engine));
	assert_int_equal(outbox_owed(r.outbox), 0);
	// Acknowledging what nobody was shown moves nothing.
	assert_int_equal(engine_acknowledge(
			     r.engine, rig_open_alarm(&r, "panic")->occurrence, "wang"),
	    ENGINE_OK);
	assert_int_equal(rig_state(&r, "panic"), ALARM_LATCHED_UNACKNOWLEDGED);
	assert_int_equal(set(&r, FLAG_ISOLATED, 0, &reason), ENGINE_OK);
	assert_true(engine_sound_on(r.engine));
	assert_int_equal(outbox_owed(r.outbox), 1);
	rig_tear_down(&r);
}

static void
test_a_panic_ends_a_silence(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	rig_fire(&r, "s1", true);
	engine_silence(r.engine, "wang");
	assert_false(engine_sound_on(r.engine));
	rig_level(&r, "panic", true);
	assert_true(engine_sound_on(r.engine));
	rig_tear_down(&r);
}

static void
test_i11_a_panic_stands_over_a_restart(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	rig_set_up(&r, NULL, NULL);
	rig_level(&r, "panic", true);
	engine_silence(r.engine, "wang");
	rig_stop(&r);
	rig_start(&r);
	// Nobody has answered, and nothing is known of the button yet.
	assert_int_equal(rig_state(&r, "panic"), ALARM_UNACKNOWLEDGED);
	assert_true(engine_sound_on(r.engine));
	assert_int_equal(set(&r, FLAG_SHELVED, 600, &reason), ENGINE_REFUSED);
	assert_false(
	    alarm_flag_allowed(&rig_open_alarm(&r, "panic")->a, FLAG_SHELVED, &reason));
	assert_int_equal(engine_acknowledge(
			     r.engine, rig_open_alarm(&r, "panic")->occurrence, "wang"),
	    ENGINE_OK);
	assert_int_equal(reset(&r, &reason), ENGINE_REFUSED);
	rig_level(&r, "panic", false); // pulled out meanwhile
	assert_int_equal(rig_state(&r, "panic"), ALARM_LATCHED_ACKNOWLEDGED);
	rig_stop(&r);
	rig_start(&r);
	assert_int_equal(rig_state(&r, "panic"), ALARM_LATCHED_ACKNOWLEDGED);
	assert_int_equal(reset(&r, &reason), ENGINE_REFUSED);
	rig_level(&r, "panic", false);
	assert_int_equal(reset(&r, &reason), ENGINE_OK);
	assert_null(rig_open_alarm(&r, "panic"));
	rig_tear_down(&r);
}

static void
test_i11_a_silent_panic_is_silent_after_a_restart(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, "kind: panic, zone: z,", "kind: panic, silent: true, zone: z,");
	rig_level(&r, "panic", true);
	assert_false(engine_sound_on(r.engine));
	rig_stop(&r);
	rig_start(&r);
	assert_int_equal(rig_state(&r, "panic"), ALARM_UNACKNOWLEDGED);
	assert_false(engine_sound_on(r.engine));
	rig_fire(&r, "s1", true);
	assert_true(engine_sound_on(r.engine));
	rig_tear_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i6_a_lost_module_takes_no_panic_back),
		cmocka_unit_test(test_i6_a_panic_pressed_while_its_module_was_lost),
		cmocka_unit_test(
		    test_i14_a_panic_in_a_zone_under_test_is_heard_and_told),
		cmocka_unit_test(
		    test_an_isolated_panic_is_heard_when_the_isolation_ends),
		cmocka_unit_test(test_a_panic_ends_a_silence),
		cmocka_unit_test(test_i11_a_panic_stands_over_a_restart),
		cmocka_unit_test(test_i11_a_silent_panic_is_silent_after_a_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
