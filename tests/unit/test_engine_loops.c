// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Supervised loops in the running engine: a panic button and a guarded door on analogue
// inputs. A cut wire is a fault, never rest, and clears nothing.
#include <math.h>
#include <string.h>

#include "engine_rig.h"
#include "test.h"

static const char site_text[] =
    "site: {id: t, name: {zh: 测, en: T}, time_zone: Asia/Shanghai}\n"
    "console: {listen: \"127.0.0.1:0\", desk: [127.0.0.1]}\n"
    "buses: [{id: lan, modbus_tcp: \"127.0.0.1:5020\"}]\n"
    "loops:\n"
    "  - id: eol\n"
    "    quantity: number\n"
    "    bands: [{below: 1000, is: short}, {below: 3500, is: active},"
    " {below: 8000, is: out-of-band}, {below: 13000, is: normal},"
    " {below: 20000, is: out-of-band}, {is: open}]\n"
    "devices:\n"
    "  - id: io\n"
    "    bus: lan\n"
    "    unit: 1\n"
    "    profile: iologik-e1240\n"
    "    poll: 1s\n"
    "    points:\n"
    "      - {id: panic, item: ai, device: 0, kind: panic, supervised: eol,"
    " place: {en: Desk}}\n"
    "      - {id: door, item: ai, device: 1, kind: door, supervised: eol,"
    " place: {en: Door}}\n"
    "doors: [{point: door}]\n";

static void
measure(const struct rig *r, const char *point, double value)
{
	struct sample s = rig_sample(r, point, SAMPLE_ANALOG);
	s.value = value;
	engine_sample(r->engine, &s);
}

static enum alarm_state
state_of(const struct rig *r, const char *point, enum condition c, const char *code)
{
	const struct alarm_record *a =
	    alarms_find(engine_alarms(r->engine), point, c, code);
	return a != NULL ? a->a.state : ALARM_NORMAL;
}

static enum quality
quality_of(const struct rig *r, const char *point)
{
	return engine_point(r->engine, site_find_point(r->site, point))->quality;
}

static void
test_active_drives_the_kind_and_a_cut_wire_a_fault(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	measure(&r, "panic", 10400);
	assert_null(rig_open_alarm(&r, "panic"));
	assert_int_equal(quality_of(&r, "panic"), QUALITY_GOOD);
	measure(&r, "panic", 2200);
	assert_int_equal(
	    state_of(&r, "panic", COND_SECURITY, ""), ALARM_UNACKNOWLEDGED);
	// Then its wire is cut: what it said stands, and the line is a fault.
	measure(&r, "panic", 1e6);
	rig_pass(&r, 2100);
	assert_int_equal(
	    state_of(&r, "panic", COND_SECURITY, ""), ALARM_UNACKNOWLEDGED);
	assert_int_equal(
	    state_of(&r, "panic", COND_FAULT, "loop-open"), ALARM_UNACKNOWLEDGED);
	assert_int_equal(quality_of(&r, "panic"), QUALITY_BAD);
	measure(&r, "panic", 100);
	rig_pass(&r, 2100);
	assert_int_equal(
	    state_of(&r, "panic", COND_FAULT, "loop-short"), ALARM_UNACKNOWLEDGED);
	assert_int_equal(
	    state_of(&r, "panic", COND_FAULT, "loop-open"), ALARM_RETURNED);
	measure(&r, "panic", 5000);
	rig_pass(&r, 2100);
	assert_int_equal(state_of(&r, "panic", COND_FAULT, "loop-out-of-band"),
	    ALARM_UNACKNOWLEDGED);
	measure(&r, "panic", 10400);
	assert_int_equal(
	    state_of(&r, "panic", COND_FAULT, "loop-out-of-band"), ALARM_RETURNED);
	assert_int_equal(
	    state_of(&r, "panic", COND_SECURITY, ""), ALARM_LATCHED_UNACKNOWLEDGED);
	assert_null(
	    alarms_find(engine_alarms(r.engine), "panic", COND_FAULT, "sensor"));
	rig_tear_down(&r);
}

static void
test_i6_a_cut_wire_is_not_normal_from_the_first_value_on(void **state)
{
	(void)state;
	struct rig r;
	struct buf b = { 0 };
	rig_set_up_site(&r, site_text);
	measure(&r, "panic", 1e6);
	assert_int_equal(quality_of(&r, "panic"), QUALITY_UNKNOWN);
	rig_pass(&r, 2100);
	assert_int_equal(quality_of(&r, "panic"), QUALITY_BAD);
	json_open(&b, NULL, '{');
	engine_point_json(r.engine, site_find_point(r.site, "panic"), &b);
	assert_non_null(
	    strstr(b.data, "\"loop\":{\"band\":\"open\",\"value\":1000000"));
	buf_free(&b);
	engine_link(r.engine, r.site->devices[0].link_point, true, "timeout");
	assert_int_equal(quality_of(&r, "panic"), QUALITY_UNKNOWN);
	assert_int_equal(
	    state_of(&r, "panic", COND_FAULT, "loop-open"), ALARM_UNACKNOWLEDGED);
	rig_tear_down(&r);
}

static void
test_what_the_device_says_beside_the_value_is_kept(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	struct sample s = rig_sample(&r, "panic", SAMPLE_ANALOG);
	s.value = 2200;
	s.n_codes = 1;
	s.codes[0] = (struct condition_code){ COND_FAULT, rig_code(&r, "over-range") };
	engine_sample(r.engine, &s);
	assert_int_equal(
	    state_of(&r, "panic", COND_SECURITY, ""), ALARM_UNACKNOWLEDGED);
	assert_int_equal(
	    state_of(&r, "panic", COND_FAULT, "over-range"), ALARM_UNACKNOWLEDGED);
	measure(&r, "panic", 10400);
	assert_int_equal(
	    state_of(&r, "panic", COND_FAULT, "over-range"), ALARM_RETURNED);
	rig_tear_down(&r);
}

static void
test_a_guarded_door_on_a_loop(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	measure(&r, "door", 10400);
	measure(&r, "door", 1e6); // the loop is cut, not the door opened
	rig_pass(&r, 3000);
	assert_int_equal(state_of(&r, "door", COND_SECURITY, "forced"), ALARM_NORMAL);
	assert_int_equal(
	    state_of(&r, "door", COND_FAULT, "loop-open"), ALARM_UNACKNOWLEDGED);
	measure(&r, "door", 10400);
	measure(&r, "door", 2200);
	rig_pass(&r, 1000);
	assert_int_equal(
	    state_of(&r, "door", COND_SECURITY, "forced"), ALARM_UNACKNOWLEDGED);
	assert_int_equal(state_of(&r, "door", COND_FAULT, "loop-open"), ALARM_RETURNED);
	rig_tear_down(&r);
}

// A broken sensor that still answers: its number is none, and never rest (I6).
static void
test_i6_no_number_is_no_rest(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	measure(&r, "panic", 10400);
	assert_int_equal(quality_of(&r, "panic"), QUALITY_GOOD);
	measure(&r, "panic", (double)NAN);
	assert_int_not_equal(quality_of(&r, "panic"), QUALITY_GOOD);
	measure(&r, "panic", 2200);
	assert_int_equal(
	    state_of(&r, "panic", COND_SECURITY, ""), ALARM_UNACKNOWLEDGED);
	measure(&r, "panic", (double)NAN);
	assert_int_equal(
	    state_of(&r, "panic", COND_SECURITY, ""), ALARM_UNACKNOWLEDGED);
	rig_tear_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_active_drives_the_kind_and_a_cut_wire_a_fault),
		cmocka_unit_test(
		    test_i6_a_cut_wire_is_not_normal_from_the_first_value_on),
		cmocka_unit_test(test_what_the_device_says_beside_the_value_is_kept),
		cmocka_unit_test(test_a_guarded_door_on_a_loop),
		cmocka_unit_test(test_i6_no_number_is_no_rest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
