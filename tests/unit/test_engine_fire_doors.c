// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Fire doors in the running engine: one normally closed, one normally open with its
// release and a contact for its line.
#include <stdio.h>
#include <string.h>

#include "engine_rig.h"
#include "test.h"

static const char site_text[] =
    "site: {id: t, name: {zh: 测, en: T}, time_zone: Asia/Shanghai}\n"
    "console: {listen: \"127.0.0.1:0\", desk: [127.0.0.1]}\n"
    "buses: [{id: lan, modbus_tcp: \"127.0.0.1:5020\"}]\n"
    "devices:\n"
    "  - id: io\n"
    "    bus: lan\n"
    "    unit: 1\n"
    "    profile: iologik-e1200\n"
    "    poll: 1s\n"
    "    points:\n"
    "      - {id: stairs, item: di, device: 0, kind: fire-door, place: {en: S}}\n"
    "      - {id: lobby, item: di, device: 1, kind: fire-door, place: {en: L}}\n"
    "      - {id: release, item: di, device: 2, kind: fire-door-release,"
    " place: {en: L}}\n"
    "      - {id: line, item: di, device: 3, kind: fault-contact, place: {en: L}}\n"
    "fire_doors:\n"
    "  - {closed: stairs, normally: closed}\n"
    "  - {closed: lobby, normally: open, release: release, line_fault: line}\n";

static enum alarm_state
state_of(const struct rig *r, const char *point, enum condition c, const char *code)
{
	const struct alarm_record *a =
	    alarms_find(engine_alarms(r->engine), point, c, code);
	return a != NULL ? a->a.state : ALARM_NORMAL;
}

static void
expect_state(const struct rig *r, const char *point, const char *state)
{
	struct buf b = { 0 };
	char part[64];
	(void)snprintf(part, sizeof(part), "\"state\":\"%s\"", state);
	json_open(&b, NULL, '{');
	engine_point_json(r->engine, site_find_point(r->site, point), &b);
	json_close(&b, '}');
	if (strstr(b.data, part) == NULL)
		fail_msg("%s: %s is not %s", point, b.data, state);
	buf_free(&b);
}

static void
begin(struct rig *r)
{
	rig_set_up_site(r, site_text);
	rig_level(r, "stairs", true);
	rig_level(r, "lobby", false);
	rig_level(r, "release", false);
	rig_level(r, "line", false);
	rig_pass(r, 1000);
}

static void
test_a_normally_closed_door_that_stays_open(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	expect_state(&r, "stairs", "closed");
	const unsigned *told = &r.rules_told[site_find_point(r.site, "stairs")];
	unsigned before = *told;
	rig_level(&r, "stairs", true);
	assert_int_equal(*told, before);
	rig_level(&r, "stairs", false);
	assert_int_equal(*told, before + 1);
	rig_pass(&r, 11000);
	assert_int_equal(
	    state_of(&r, "stairs", COND_INFO, "fire-door-open"), ALARM_ACKNOWLEDGED);
	rig_pass(&r, 50000);
	assert_int_equal(
	    state_of(&r, "stairs", COND_INFO, "fire-door-open"), ALARM_NORMAL);
	assert_int_equal(
	    state_of(&r, "stairs", COND_FAULT, "open-fault"), ALARM_UNACKNOWLEDGED);
	expect_state(&r, "stairs", "open-fault");
	rig_stop(&r);
	rig_start(&r);
	expect_state(&r, "stairs", "unknown");
	rig_level(&r, "stairs", false);
	assert_int_equal(
	    state_of(&r, "stairs", COND_FAULT, "open-fault"), ALARM_UNACKNOWLEDGED);
	rig_level(&r, "stairs", true);
	assert_int_equal(
	    state_of(&r, "stairs", COND_FAULT, "open-fault"), ALARM_RETURNED);
	rig_tear_down(&r);
}

static void
test_a_release_its_feedback_and_a_door_closed_by_hand(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	expect_state(&r, "lobby", "open");
	rig_level(&r, "release", true);
	expect_state(&r, "lobby", "released");
	assert_int_equal(
	    state_of(&r, "lobby", COND_ACTIVATED, "released"), ALARM_ACKNOWLEDGED);
	assert_null(rig_open_alarm(&r, "release"));
	rig_pass(&r, 31000);
	expect_state(&r, "lobby", "not-closed");
	assert_int_equal(
	    state_of(&r, "lobby", COND_FAULT, "not-closed"), ALARM_UNACKNOWLEDGED);
	rig_level(&r, "lobby", true);
	expect_state(&r, "lobby", "feedback");
	assert_int_equal(
	    state_of(&r, "lobby", COND_FEEDBACK, "door-closed"), ALARM_ACKNOWLEDGED);
	assert_int_equal(
	    state_of(&r, "lobby", COND_FAULT, "not-closed"), ALARM_RETURNED);
	rig_level(&r, "release", false);
	rig_level(&r, "lobby", false);
	expect_state(&r, "lobby", "open");
	rig_level(&r, "lobby", true);
	rig_pass(&r, 4000);
	assert_int_equal(
	    state_of(&r, "lobby", COND_FAULT, "closed-fault"), ALARM_UNACKNOWLEDGED);
	expect_state(&r, "lobby", "closed-fault");
	rig_tear_down(&r);
}

static void
test_i6_a_line_with_a_fault_is_neither_open_nor_closed(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	rig_level(&r, "line", true);
	expect_state(&r, "lobby", "line-fault");
	assert_int_equal(state_of(&r, "line", COND_FAULT, ""), ALARM_UNACKNOWLEDGED);
	rig_level(&r, "line", false);
	expect_state(&r, "lobby", "open");
	assert_int_equal(state_of(&r, "line", COND_FAULT, ""), ALARM_RETURNED);
	struct sample s = rig_sample(&r, "lobby", SAMPLE_LEVEL);
	s.quality = QUALITY_BAD;
	engine_sample(r.engine, &s);
	expect_state(&r, "lobby", "line-fault");
	engine_link(r.engine, r.site->devices[0].link_point, true, "timeout");
	expect_state(&r, "stairs", "unknown");
	rig_pass(&r, 600000);
	assert_null(rig_open_alarm(&r, "stairs"));
	rig_tear_down(&r);
}

// It closed under a release that ended; then the daemon was started anew. It is no
// closed door by hand for that.
static void
test_i11_a_restart_does_not_forget_why_a_door_is_closed(void **state)
{
	(void)state;
	for (int ended_before = 0; ended_before < 2; ended_before++) {
		struct rig r;
		begin(&r);
		rig_level(&r, "release", true);
		rig_level(&r, "lobby", true);
		rig_pass(&r, 1000);
		if (ended_before)
			rig_level(&r, "release", false);
		rig_pass(&r, 1000);
		rig_stop(&r);
		rig_start(&r);
		rig_level(&r, "stairs", true);
		rig_level(&r, "lobby", true);
		rig_level(&r, "release", false);
		rig_level(&r, "line", false);
		rig_pass(&r, 20000); // by hand it would be a fault after 3 s
		assert_int_equal(
		    state_of(&r, "lobby", COND_FAULT, "closed-fault"), ALARM_NORMAL);
		rig_pass(&r, 45000); // but nobody opened it again
		assert_int_equal(state_of(&r, "lobby", COND_FAULT, "closed-fault"),
		    ALARM_UNACKNOWLEDGED);
		rig_tear_down(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_i11_a_restart_does_not_forget_why_a_door_is_closed),
		cmocka_unit_test(test_a_normally_closed_door_that_stays_open),
		cmocka_unit_test(test_a_release_its_feedback_and_a_door_closed_by_hand),
		cmocka_unit_test(
		    test_i6_a_line_with_a_fault_is_neither_open_nor_closed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
