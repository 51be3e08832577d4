// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Values that change too fast or stand still, in the running engine: raised and ended
// by values and by time, left alone by whatever is not known, and by a restart.
#include <stdio.h>
#include <string.h>

#include "engine_rig.h"
#include "test.h"

static const char site_text[] =
    "site: {id: t, name: {zh: 测, en: T}, time_zone: Asia/Shanghai}\n"
    "console: {listen: \"127.0.0.1:0\", desk: [127.0.0.1]}\n"
    "buses: [{id: lan, modbus_tcp: \"127.0.0.1:5020\"}]\n"
    "devices:\n"
    "  - id: g\n"
    "    bus: lan\n"
    "    unit: 1\n"
    "    profile: pressure-transmitter-ptmb\n"
    "    poll: 1s\n"
    "    points:\n"
    "      - id: main\n"
    "        item: pressure\n"
    "        kind: pressure\n"
    "        place: {en: Pump room}\n"
    "        limits: {low: 0.60MPa}\n"
    "        rate: {fall: {change: 0.05MPa, within: 1min}}\n"
    "        stuck: {after: 10min, band: 0.002MPa}\n";

static void
measure(const struct rig *r, double mpa)
{
	struct sample s = rig_sample(r, "main", SAMPLE_ANALOG);
	s.value = mpa * 1e3;
	engine_sample(r->engine, &s);
}

static enum alarm_state
state_of(const struct rig *r, enum condition c, const char *code)
{
	const struct alarm_record *a =
	    alarms_find(engine_alarms(r->engine), "main", c, code);
	return a != NULL ? a->a.state : ALARM_NORMAL;
}

static void
lose(const struct rig *r, bool lost)
{
	engine_link(r->engine, r->site->devices[0].link_point, lost, "timeout");
}

static void
test_a_fall_raises_and_time_ends_it(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	measure(&r, 0.80);
	rig_pass(&r, 90000);
	measure(&r, 0.76);
	assert_int_equal(state_of(&r, COND_PROCESS, "rate-fall"), ALARM_NORMAL);
	rig_pass(&r, 20000);
	measure(&r, 0.75);
	assert_int_equal(state_of(&r, COND_PROCESS, "rate-fall"), ALARM_UNACKNOWLEDGED);
	// A further value neither ends it nor the limit's alarm that comes with it.
	measure(&r, 0.55);
	assert_int_equal(state_of(&r, COND_PROCESS, "low"), ALARM_UNACKNOWLEDGED);
	assert_int_equal(state_of(&r, COND_PROCESS, "rate-fall"), ALARM_UNACKNOWLEDGED);
	rig_pass(&r, 55000);
	assert_int_equal(state_of(&r, COND_PROCESS, "rate-fall"), ALARM_UNACKNOWLEDGED);
	rig_pass(&r, 15000);
	assert_int_equal(state_of(&r, COND_PROCESS, "rate-fall"), ALARM_RETURNED);
	assert_int_equal(state_of(&r, COND_PROCESS, "low"), ALARM_UNACKNOWLEDGED);
	rig_tear_down(&r);
}

static void
test_a_value_that_stands_is_a_fault_until_it_moves(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	measure(&r, 0.80);
	rig_pass(&r, 599000);
	assert_int_equal(state_of(&r, COND_FAULT, "stuck-value"), ALARM_NORMAL);
	rig_pass(&r, 2000);
	assert_int_equal(state_of(&r, COND_FAULT, "stuck-value"), ALARM_UNACKNOWLEDGED);
	measure(&r, 0.801);
	assert_int_equal(state_of(&r, COND_FAULT, "stuck-value"), ALARM_UNACKNOWLEDGED);
	measure(&r, 0.81);
	assert_int_equal(state_of(&r, COND_FAULT, "stuck-value"), ALARM_RETURNED);
	rig_tear_down(&r);
}

static void
test_i6_a_gap_raises_and_ends_nothing(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	measure(&r, 0.80);
	rig_pass(&r, 90000);
	lose(&r, true);
	rig_pass(&r, 900000);
	assert_int_equal(state_of(&r, COND_FAULT, "stuck-value"), ALARM_NORMAL);
	lose(&r, false);
	measure(&r, 0.70); // nobody knows how fast it came there
	assert_int_equal(state_of(&r, COND_PROCESS, "rate-fall"), ALARM_NORMAL);
	rig_pass(&r, 1000);
	measure(&r, 0.65);
	assert_int_equal(state_of(&r, COND_PROCESS, "rate-fall"), ALARM_UNACKNOWLEDGED);
	lose(&r, true);
	rig_pass(&r, 900000);
	lose(&r, false);
	measure(&r, 0.65);
	assert_int_equal(state_of(&r, COND_PROCESS, "rate-fall"), ALARM_UNACKNOWLEDGED);
	rig_pass(&r, 70000);
	assert_int_equal(state_of(&r, COND_PROCESS, "rate-fall"), ALARM_RETURNED);
	rig_tear_down(&r);
}

static void
test_i11_a_restart_leaves_them_as_they_are(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	measure(&r, 0.80);
	rig_pass(&r, 601000);
	measure(&r, 0.80);
	assert_int_equal(state_of(&r, COND_FAULT, "stuck-value"), ALARM_UNACKNOWLEDGED);
	rig_stop(&r);
	rig_start(&r);
	measure(&r, 0.80);
	rig_pass(&r, 300000);
	assert_int_equal(state_of(&r, COND_FAULT, "stuck-value"), ALARM_UNACKNOWLEDGED);
	measure(&r, 0.79);
	assert_int_equal(state_of(&r, COND_FAULT, "stuck-value"), ALARM_RETURNED);
	rig_tear_down(&r);
}

static void
write_without_stuck(const struct rig *r)
{
	char path[96];
	const char *cut = strstr(site_text, "        stuck:");
	(void)snprintf(path, sizeof(path), "%s/site.yaml", r->dir);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(
	    fwrite(site_text, 1, (size_t)(cut - site_text), f), cut - site_text);
	assert_int_equal(fclose(f), 0);
}

// The rule is taken out of the site: nothing would ever end its alarm.
static void
test_a_rule_that_is_gone_withdraws_its_alarm(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	measure(&r, 0.80);
	rig_pass(&r, 601000);
	assert_int_equal(state_of(&r, COND_FAULT, "stuck-value"), ALARM_UNACKNOWLEDGED);
	rig_stop(&r);
	write_without_stuck(&r);
	rig_start(&r);
	assert_int_equal(state_of(&r, COND_FAULT, "stuck-value"), ALARM_RETURNED);
	rig_tear_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_fall_raises_and_time_ends_it),
		cmocka_unit_test(test_a_value_that_stands_is_a_fault_until_it_moves),
		cmocka_unit_test(test_i6_a_gap_raises_and_ends_nothing),
		cmocka_unit_test(test_i11_a_restart_leaves_them_as_they_are),
		cmocka_unit_test(test_a_rule_that_is_gone_withdraws_its_alarm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
