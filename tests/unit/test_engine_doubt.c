// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The engine where something is in doubt: a value that went bad, a link that is gone, a
// clock behind, a limit taken out of the site.
#include <stdio.h>
#include <string.h>

#include "core/limit.h"
#include "engine_rig.h"
#include "test.h"

static void
test_i6_an_off_delay_does_not_run_on_while_the_value_is_bad(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, "on_delay: 5s", "off_delay: 5s");
	rig_level(&r, "door", true);
	rig_level(&r, "door", false);
	rig_pass(&r, 2000);
	struct sample s = rig_sample(&r, "door", SAMPLE_LEVEL);
	s.quality = QUALITY_BAD;
	engine_sample(r.engine, &s);
	rig_pass(&r, 60000);
	const struct alarm_record *a = alarms_find(
	    engine_alarms(r.engine), "door", point_kind_condition(KIND_DOOR), "");
	assert_non_null(a);
	assert_int_equal(a->a.state, ALARM_UNACKNOWLEDGED);
	rig_level(&r, "door", false);
	rig_pass(&r, 6000);
	assert_int_equal(a->a.state, ALARM_RETURNED);
	rig_tear_down(&r);
}

static struct sample
level_with_code(const struct rig *r, const char *point, bool level, const char *code)
{
	struct sample s = rig_sample(r, point, SAMPLE_LEVEL);
	s.value = level ? 1 : 0;
	s.n_codes = 1;
	s.codes[0] = (struct condition_code){ COND_FAULT, rig_code(r, code) };
	return s;
}

static void
test_a_fault_stands_beside_the_level_of_a_contact(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	const struct alarms *t = engine_alarms(r.engine);
	struct sample s = level_with_code(&r, "panic", true, "overflow");
	engine_sample(r.engine, &s);
	assert_int_equal(
	    alarms_find(t, "panic", COND_SECURITY, "")->a.state, ALARM_UNACKNOWLEDGED);
	assert_int_equal(alarms_find(t, "panic", COND_FAULT, "overflow")->a.state,
	    ALARM_UNACKNOWLEDGED);
	rig_level(&r, "panic", true);
	assert_int_equal(
	    alarms_find(t, "panic", COND_SECURITY, "")->a.state, ALARM_UNACKNOWLEDGED);
	assert_int_equal(
	    alarms_find(t, "panic", COND_FAULT, "overflow")->a.state, ALARM_RETURNED);
	rig_tear_down(&r);
}

static void
test_i6_a_contact_that_cannot_be_read_is_a_fault_that_says_why(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	const struct alarms *t = engine_alarms(r.engine);
	rig_level(&r, "panic", true);
	struct sample s = level_with_code(&r, "panic", false, "line-busy");
	s.quality = QUALITY_BAD;
	engine_sample(r.engine, &s);
	assert_int_equal(alarms_find(t, "panic", COND_FAULT, "line-busy")->a.state,
	    ALARM_UNACKNOWLEDGED);
	assert_int_equal(
	    alarms_find(t, "panic", COND_SECURITY, "")->a.state, ALARM_UNACKNOWLEDGED);
	assert_null(alarms_find(t, "panic", COND_FAULT, "sensor"));
	rig_tear_down(&r);
}

static void
test_i6_a_lost_point_is_unknown_since_its_device_was_heard(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	rig_fire(&r, "s1", true);
	rig_pass(&r, 3600000); // it changes no more, and is read every second
	engine_heard(r.engine, 0, loop_now_ms(r.loop));
	int64_t heard = loop_utc_ms(r.loop);
	rig_pass(&r, 3000);
	engine_link(r.engine, r.site->devices[0].link_point, true, "timeout");
	assert_int_equal(
	    engine_point(r.engine, site_find_point(r.site, "s1"))->unknown_since_utc_ms,
	    heard);
	rig_tear_down(&r);
}

static void
test_i12_the_last_good_alarm_outlives_a_slow_loop(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	uint32_t point = r.site->loop_point;
	const char *id = r.site->points[point].id;
	engine_system_one(r.engine, point, true, "last-good-configuration");
	engine_system_one(r.engine, point, true, "lag");
	engine_system_one(r.engine, point, false, "lag");
	const struct alarms *t = engine_alarms(r.engine);
	assert_int_equal(
	    alarms_find(t, id, COND_FAULT, "last-good-configuration")->a.state,
	    ALARM_UNACKNOWLEDGED);
	assert_int_equal(
	    alarms_find(t, id, COND_FAULT, "lag")->a.state, ALARM_RETURNED);
	rig_tear_down(&r);
}

static void
test_acknowledge_answers_for_notices_of_older_occurrences(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	rig_fire(&r, "s1", true);
	rig_fire(&r, "s1", false);
	rig_fire(&r, "s1", true);
	assert_int_equal(outbox_owed(r.outbox), 2);
	assert_int_equal(
	    engine_acknowledge(r.engine, rig_open_alarm(&r, "s1")->occurrence, "wang"),
	    ENGINE_OK);
	assert_int_equal(outbox_owed(r.outbox), 0);
	rig_tear_down(&r);
}

static void
test_i10_a_clock_behind_at_restart_does_not_put_the_ladder_off(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	rig_fire(&r, "s1", true);
	rig_pass(&r, 1000);
	rig_stop(&r);
	clock_virtual_step(&r.clock, -86400000);
	rig_start(&r);
	assert_int_equal(outbox_owed(r.outbox), 1);
	rig_pass(&r, 61000);
	assert_int_equal(outbox_owed(r.outbox), 2);
	rig_tear_down(&r);
}

// A gauge on a line of its own, written in place of the line "devices:".
#define GAUGE(limits)                                          \
  "  - {id: line, modbus_rtu: /dev/null, line: 9600 8N1}\n"    \
  "devices:\n"                                                 \
  "  - id: g\n"                                                \
  "    bus: line\n"                                            \
  "    unit: 2\n"                                              \
  "    profile: pressure-transmitter-ptmb\n"                   \
  "    poll: 1s\n"                                             \
  "    points:\n"                                              \
  "      - {id: main, item: pressure, kind: pressure, " limits \
  " place: {zh: 泵, en: Main}}\n"

static void
test_an_alarm_of_a_limit_that_was_taken_out_is_withdrawn(void **state)
{
	(void)state;
	struct rig r;
	char path[128];
	rig_set_up(&r, "devices:\n", GAUGE("limits: {low: 0.6MPa},"));
	struct sample s = rig_sample(&r, "main", SAMPLE_ANALOG);
	s.value = 0.1;
	engine_sample(r.engine, &s);
	assert_int_equal(rig_state(&r, "main"), ALARM_UNACKNOWLEDGED);
	rig_stop(&r);
	(void)snprintf(path, sizeof(path), "%s/site.yaml", r.dir);
	rig_write_site(path, "devices:\n", GAUGE(""));
	rig_start(&r);
	assert_int_equal(rig_state(&r, "main"), ALARM_RETURNED);
	assert_int_equal(rig_open_alarm(&r, "main")->a.cause, CAUSE_WITHDRAWN);
	rig_tear_down(&r);
}

// A GST point says "shield released": of its fire it says nothing.
static void
test_i6_a_sample_ends_only_what_it_speaks_of(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	struct sample s = rig_sample(&r, "s1", SAMPLE_CODE);
	s.n_codes = 2;
	s.codes[0] = (struct condition_code){ COND_FIRE, 0 };
	s.codes[1] = (struct condition_code){ COND_DISABLED, 0 };
	engine_sample(r.engine, &s);
	s.n_codes = 0;
	s.silent = (uint16_t)(((1U << COND_COUNT) - 1) & ~(1U << COND_DISABLED));
	engine_sample(r.engine, &s);
	const struct alarms *t = engine_alarms(r.engine);
	assert_int_equal(
	    alarms_find(t, "s1", COND_FIRE, "")->a.state, ALARM_UNACKNOWLEDGED);
	assert_int_equal(
	    alarms_find(t, "s1", COND_DISABLED, "")->a.state, ALARM_RETURNED);
	s.silent = 0;
	engine_sample(r.engine, &s);
	assert_int_not_equal(
	    alarms_find(t, "s1", COND_FIRE, "")->a.state, ALARM_UNACKNOWLEDGED);
	rig_tear_down(&r);
}

static void
test_i9_a_clock_without_a_time_service_is_an_alarm_while_it_lasts(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	rig_pass(&r, 20 * 60000);
	assert_null(rig_open_alarm(&r, "@clock"));
	r.clock.unsynchronised = true;
	rig_pass(&r, 9 * 60000); // a service that is started anew is no fault
	assert_null(rig_open_alarm(&r, "@clock"));
	rig_pass(&r, 2 * 60000);
	assert_int_equal(rig_state(&r, "@clock"), ALARM_UNACKNOWLEDGED);
	assert_string_equal(rig_open_alarm(&r, "@clock")->code, "unsynchronised");
	r.clock.unsynchronised = false;
	rig_pass(&r, 60000);
	assert_int_equal(rig_state(&r, "@clock"), ALARM_RETURNED);
	rig_tear_down(&r);
}

// The panel is reset, the daemon is started anew, and the fire is back: within 20 s it
// is the incident of before, later a new one.
static void
test_i11_a_fire_back_after_a_reset_and_a_restart_is_the_same_incident(void **state)
{
	(void)state;
	for (int late = 0; late < 2; late++) {
		struct rig r;
		char incident[MINT_MAX], occurrence[MINT_MAX];
		rig_set_up(&r, NULL, NULL);
		rig_fire(&r, "s1", true);
		const struct alarm_record *a = rig_open_alarm(&r, "s1");
		memcpy(incident, a->incident, sizeof(incident));
		memcpy(occurrence, a->occurrence, sizeof(occurrence));
		assert_int_equal(
		    engine_acknowledge(r.engine, occurrence, "wang"), ENGINE_OK);
		rig_fire(&r, "s1", false);
		assert_null(rig_open_alarm(&r, "s1"));
		rig_pass(&r, 5000);
		rig_stop(&r);
		rig_start(&r);
		rig_fire(&r, "s2", false);
		rig_pass(&r, late ? 16000 : 10000);
		rig_fire(&r, "s2", true);
		a = rig_open_alarm(&r, "s2");
		assert_non_null(a);
		assert_string_not_equal(a->occurrence, occurrence);
		assert_int_equal(strcmp(a->incident, incident) != 0, late);
		assert_int_equal(a->first_out, late);
		rig_tear_down(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_i11_a_fire_back_after_a_reset_and_a_restart_is_the_same_incident),
		cmocka_unit_test(
		    test_i6_an_off_delay_does_not_run_on_while_the_value_is_bad),
		cmocka_unit_test(test_a_fault_stands_beside_the_level_of_a_contact),
		cmocka_unit_test(
		    test_i6_a_contact_that_cannot_be_read_is_a_fault_that_says_why),
		cmocka_unit_test(
		    test_i6_a_lost_point_is_unknown_since_its_device_was_heard),
		cmocka_unit_test(test_i12_the_last_good_alarm_outlives_a_slow_loop),
		cmocka_unit_test(
		    test_acknowledge_answers_for_notices_of_older_occurrences),
		cmocka_unit_test(
		    test_i10_a_clock_behind_at_restart_does_not_put_the_ladder_off),
		cmocka_unit_test(
		    test_an_alarm_of_a_limit_that_was_taken_out_is_withdrawn),
		cmocka_unit_test(test_i6_a_sample_ends_only_what_it_speaks_of),
		cmocka_unit_test(
		    test_i9_a_clock_without_a_time_service_is_an_alarm_while_it_lasts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
