// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Suppression by the state of another point in the running engine: what stands is
// hidden and comes back, what begins under it is hidden from its onset; a fire never
// is, and neither is anything while the state is unknown.
#include <stdio.h>
#include <string.h>

#include "engine_rig.h"
#include "test.h"

static const char site_text[] =
    "site: {id: t, name: {zh: 测, en: T}, time_zone: Asia/Shanghai}\n"
    "console: {listen: \"127.0.0.1:0\", desk: [127.0.0.1]}\n"
    "buses: [{id: lan, modbus_tcp: \"127.0.0.1:5020\"},"
    " {id: io-lan, modbus_tcp: \"127.0.0.1:5021\"}]\n"
    "devices:\n"
    "  - {id: g, bus: lan, unit: 1, profile: pressure-transmitter-ptmb, poll: 1s,"
    " points: [{id: main, item: pressure, kind: pressure, place: {en: Pump room},"
    " limits: {low: 0.60MPa}}]}\n"
    "  - id: io\n"
    "    bus: io-lan\n"
    "    unit: 1\n"
    "    profile: iologik-e1210\n"
    "    poll: 1s\n"
    "    points:\n"
    "      - {id: run, item: di, device: 0, kind: pump-run, place: {en: Pump}}\n"
    "      - {id: fire, item: di, device: 1, kind: fire-contact, place: {en: F}}\n"
    "      - {id: valve, item: di, device: 2, kind: valve, place: {en: V}}\n"
    "      - {id: drain, item: di, device: 3, kind: valve, place: {en: D}}\n"
    "suppressions:\n"
    "  - {id: standing, points: [main, fire, valve],"
    " conditions: [process, supervisory], unless: run, hold: 10s,"
    " reason: {zh: 泵未运行, en: the pump stands}}\n";

static void
measure(const struct rig *r, double mpa)
{
	struct sample s = rig_sample(r, "main", SAMPLE_ANALOG);
	s.value = mpa * 1e3;
	engine_sample(r->engine, &s);
}

static const struct alarm_record *
low(const struct rig *r)
{
	return alarms_find(engine_alarms(r->engine), "main", COND_PROCESS, "low");
}

static bool
is_suppressed(const struct alarm_record *a)
{
	return a != NULL && (a->a.flags & FLAG_SUPPRESSED) != 0;
}

static void
lose_io(const struct rig *r, bool lost)
{
	engine_link(r->engine, r->site->devices[1].link_point, lost, "timeout");
}

static void
test_hidden_while_the_pump_stands(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	rig_level(&r, "run", false);
	measure(&r, 0.50);
	assert_true(is_suppressed(low(&r)));
	assert_false(engine_sound_on(r.engine));
	// It runs: after the hold the alarm is there, and sounds.
	rig_level(&r, "run", true);
	assert_true(is_suppressed(low(&r)));
	rig_pass(&r, 10100);
	assert_false(is_suppressed(low(&r)));
	assert_true(engine_sound_on(r.engine));
	rig_level(&r, "run", false);
	assert_true(is_suppressed(low(&r)));
	assert_false(engine_sound_on(r.engine));
	rig_tear_down(&r);
}

static void
test_other_conditions_and_i14_a_fire_are_not(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	rig_level(&r, "run", false);
	rig_level(&r, "valve", true);
	assert_true(is_suppressed(rig_open_alarm(&r, "valve")));
	rig_level(&r, "fire", true);
	assert_false(is_suppressed(rig_open_alarm(&r, "fire")));
	assert_true(engine_sound_on(r.engine));
	struct sample s = rig_sample(&r, "main", SAMPLE_ANALOG);
	s.quality = QUALITY_BAD;
	engine_sample(r.engine, &s);
	const struct alarm_record *fault =
	    alarms_find(engine_alarms(r.engine), "main", COND_FAULT, "sensor");
	assert_non_null(fault);
	assert_false(is_suppressed(fault));
	rig_tear_down(&r);
}

static void
test_i6_an_unknown_state_hides_nothing(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	measure(&r, 0.50); // the pump was never seen
	assert_false(is_suppressed(low(&r)));
	rig_level(&r, "run", false);
	assert_true(is_suppressed(low(&r)));
	lose_io(&r, true);
	assert_false(is_suppressed(low(&r)));
	assert_true(engine_sound_on(r.engine));
	lose_io(&r, false);
	assert_false(is_suppressed(low(&r)));
	rig_level(&r, "run", false);
	assert_true(is_suppressed(low(&r)));
	rig_tear_down(&r);
}

// The first sight of a running pump is no moment of standing.
static void
test_the_first_sample_is_taken_whole(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	measure(&r, 0.50);
	rig_level(&r, "run", true);
	assert_false(is_suppressed(low(&r)));
	rig_pass(&r, 20000);
	assert_false(is_suppressed(low(&r)));
	rig_tear_down(&r);
}

static void
test_i11_a_restart_keeps_what_is_hidden_until_the_state_is_known(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	rig_level(&r, "run", false);
	measure(&r, 0.50);
	rig_stop(&r);
	rig_start(&r);
	assert_true(is_suppressed(low(&r)));
	rig_pass(&r, 5000);
	rig_level(&r, "run", false);
	assert_true(is_suppressed(low(&r)));
	rig_stop(&r);
	rig_start(&r);
	rig_pass(&r, 5000);
	rig_level(&r, "run", true);
	assert_false(is_suppressed(low(&r)));
	rig_level(&r, "run", false);
	rig_stop(&r);
	rig_start(&r);
	rig_pass(&r, 61000); // and never seen
	assert_false(is_suppressed(low(&r)));
	assert_true(engine_sound_on(r.engine));
	rig_tear_down(&r);
}

// I6: what is in test, disabled or faulty does not say that it is not active.
static void
test_i6_a_source_that_says_something_else_is_not_idle(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	rig_level(&r, "run", false);
	measure(&r, 0.50);
	assert_true(is_suppressed(low(&r)));
	struct sample s = rig_sample(&r, "run", SAMPLE_LEVEL);
	s.value = 0;
	s.n_codes = 1;
	s.codes[0] = (struct condition_code){ COND_DISABLED, 0 };
	engine_sample(r.engine, &s);
	assert_false(is_suppressed(low(&r)));
	rig_level(&r, "run", false);
	assert_true(is_suppressed(low(&r)));
	rig_tear_down(&r);
}

static void
set_up_with(struct rig *r, const char *from, const char *to)
{
	char text[sizeof(site_text) + 512];
	const char *at = strstr(site_text, from);
	assert_non_null(at);
	(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - site_text), site_text,
	    to, at + strlen(from));
	rig_set_up_site(r, text);
}

// A pump that runs, but whose alarm is within its delay, does not stand.
static void
test_a_source_within_its_delay_is_not_idle(void **state)
{
	(void)state;
	struct rig r;
	set_up_with(&r, "kind: pump-run,", "kind: pump-run, on_delay: 5s,");
	measure(&r, 0.50);
	rig_level(&r, "run", true);
	assert_false(is_suppressed(low(&r)));
	rig_pass(&r, 6000);
	assert_false(is_suppressed(low(&r)));
	rig_level(&r, "run", false);
	assert_true(is_suppressed(low(&r)));
	rig_tear_down(&r);
}

// I11: the rule that is seen first after a start does not speak for the other.
static void
test_i11_two_rules_over_one_point(void **state)
{
	(void)state;
	struct rig r;
	set_up_with(&r, "suppressions:\n",
	    "suppressions:\n"
	    "  - {id: drained, points: [main], while: drain, reason: {en: drained}}\n");
	rig_level(&r, "drain", false);
	rig_level(&r, "run", false);
	measure(&r, 0.50);
	assert_true(is_suppressed(low(&r)));
	rig_stop(&r);
	rig_start(&r);
	rig_level(&r, "drain", false);
	assert_true(is_suppressed(low(&r)));
	rig_level(&r, "run", false);
	assert_true(is_suppressed(low(&r)));
	rig_level(&r, "run", true);
	rig_pass(&r, 11000);
	assert_false(is_suppressed(low(&r)));
	rig_tear_down(&r);
}

// ---- two levels: drain explains valve, valve explains main --------------------------

static void
set_up_levels(struct rig *r)
{
	set_up_with(r, "suppressions:\n",
	    "suppressions:\n"
	    "  - {id: top, points: [valve], conditions: [supervisory], while: drain,"
	    " hold: 10s, reason: {en: drained}}\n"
	    "  - {id: below, points: [main], while: valve, hold: 10s,"
	    " reason: {en: shut}}\n");
	rig_level(r, "run", true); // the rule of the site itself is out of the way
	rig_level(r, "drain", false);
	rig_level(r, "valve", false);
}

static void
test_a_parent_that_is_hidden_hides_on(void **state)
{
	(void)state;
	struct rig r;
	set_up_levels(&r);
	measure(&r, 0.50);
	assert_false(is_suppressed(low(&r)));
	rig_level(&r, "valve", true);
	assert_true(is_suppressed(low(&r)));
	assert_true(engine_sound_on(r.engine)); // the valve's
	rig_level(&r, "drain", true);
	assert_true(is_suppressed(rig_open_alarm(&r, "valve")));
	assert_true(is_suppressed(low(&r)));
	assert_false(is_suppressed(rig_open_alarm(&r, "drain")));
	assert_true(engine_sound_on(r.engine)); // of three one is heard: the cause
	// It goes, and the one in the middle is heard again; the last one still not.
	rig_level(&r, "drain", false);
	rig_pass(&r, 10100);
	assert_false(is_suppressed(rig_open_alarm(&r, "valve")));
	assert_true(is_suppressed(low(&r)));
	rig_level(&r, "valve", false);
	rig_pass(&r, 10100);
	assert_false(is_suppressed(low(&r)));
	rig_tear_down(&r);
}

// I6: what is above a parent that nobody knows speaks for what it names, and no more.
static void
test_i6_an_unknown_parent_in_the_middle(void **state)
{
	(void)state;
	struct rig r;
	set_up_levels(&r);
	rig_level(&r, "drain", true);
	rig_level(&r, "valve", true);
	measure(&r, 0.50);
	assert_true(is_suppressed(low(&r)));
	struct sample s = rig_sample(&r, "valve", SAMPLE_LEVEL);
	s.value = 1;
	s.quality = QUALITY_BAD;
	engine_sample(r.engine, &s);
	assert_true(is_suppressed(rig_open_alarm(&r, "drain")) == false);
	assert_false(is_suppressed(low(&r)));
	lose_io(&r, true);
	const struct alarm_record *valve =
	    alarms_find(engine_alarms(r.engine), "valve", COND_SUPERVISORY, "");
	assert_false(is_suppressed(valve));
	assert_false(is_suppressed(low(&r)));
	rig_tear_down(&r);
}

static void
test_i11_two_levels_over_a_restart(void **state)
{
	(void)state;
	struct rig r;
	set_up_levels(&r);
	rig_level(&r, "drain", true);
	rig_level(&r, "valve", true);
	measure(&r, 0.50);
	rig_stop(&r);
	rig_start(&r);
	assert_true(is_suppressed(rig_open_alarm(&r, "valve")));
	assert_true(is_suppressed(low(&r)));
	rig_level(&r, "drain", true);
	rig_level(&r, "run", true);
	rig_pass(&r, 30000); // the valve is not heard of yet
	assert_true(is_suppressed(low(&r)));
	rig_level(&r, "valve", true);
	rig_pass(&r, 60000);
	assert_true(is_suppressed(rig_open_alarm(&r, "valve")));
	assert_true(is_suppressed(low(&r)));
	rig_tear_down(&r);
}

static void
test_what_the_point_says_of_it(void **state)
{
	(void)state;
	struct rig r;
	struct buf b = { 0 };
	rig_set_up_site(&r, site_text);
	rig_level(&r, "run", false);
	json_open(&b, NULL, '{');
	engine_point_json(r.engine, site_find_point(r.site, "main"), &b);
	json_close(&b, '}');
	assert_string_equal(b.data,
	    "{\"suppressions\":[{\"rule\":\"standing\",\"by\":\"run\",\"on\":true,"
	    "\"reason\":{\"zh\":\"泵未运行\",\"en\":\"the pump stands\"}}]}");
	buf_free(&b);
	rig_tear_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hidden_while_the_pump_stands),
		cmocka_unit_test(test_other_conditions_and_i14_a_fire_are_not),
		cmocka_unit_test(test_i6_an_unknown_state_hides_nothing),
		cmocka_unit_test(test_the_first_sample_is_taken_whole),
		cmocka_unit_test(
		    test_i11_a_restart_keeps_what_is_hidden_until_the_state_is_known),
		cmocka_unit_test(test_i6_a_source_that_says_something_else_is_not_idle),
		cmocka_unit_test(test_a_source_within_its_delay_is_not_idle),
		cmocka_unit_test(test_i11_two_rules_over_one_point),
		cmocka_unit_test(test_a_parent_that_is_hidden_hides_on),
		cmocka_unit_test(test_i6_an_unknown_parent_in_the_middle),
		cmocka_unit_test(test_i11_two_levels_over_a_restart),
		cmocka_unit_test(test_what_the_point_says_of_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
