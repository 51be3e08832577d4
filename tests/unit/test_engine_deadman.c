// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The dead-man watch in the running engine: a night on a virtual clock. It begins at
// midnight in Shanghai.
#include <string.h>

#include "engine_rig.h"
#include "test.h"

enum {
	MINUTE = 60000
};

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
    "      - {id: button, item: di, device: 0, kind: answer-button,"
    " place: {en: Desk}}\n"
    "      - {id: panic, item: di, device: 1, kind: panic, place: {en: Desk}}\n"
    "deadman: {night: 60min, answer: 45s, points: [button]}\n"
    "channels: [{id: c, webhook: \"http://127.0.0.1:9/x\"}]\n"
    "ladders: [{id: l, classes: [security], steps: [{after: 0s, channels: [c]}]}]\n";

static enum alarm_state
missed(const struct rig *r)
{
	const struct alarm_record *a = alarms_find(
	    engine_alarms(r->engine), "@deadman", COND_SECURITY, "no-answer");
	return a != NULL ? a->a.state : ALARM_NORMAL;
}

static bool
asked(const struct rig *r)
{
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	engine_rules_json(r->engine, &b);
	json_close(&b, '}');
	bool is = strstr(b.data, "\"asked\":null") == NULL;
	assert_int_equal(strstr(b.data, "\"missed\":true") != NULL,
	    missed(r) == ALARM_UNACKNOWLEDGED);
	buf_free(&b);
	return is;
}

static void
test_nobody_answers_and_people_are_told(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	rig_set_up_site(&r, site_text);
	assert_int_equal(engine_alive(r.engine, "desk", &reason), ENGINE_REFUSED);
	assert_string_equal(reason, "not_asked");
	rig_pass(&r, 60 * MINUTE - 1000);
	assert_false(asked(&r));
	rig_pass(&r, 2000);
	assert_true(asked(&r));
	rig_pass(&r, 43000);
	assert_int_equal(missed(&r), ALARM_NORMAL);
	rig_pass(&r, 2000);
	assert_int_equal(missed(&r), ALARM_UNACKNOWLEDGED);
	assert_int_equal(outbox_owed(r.outbox), 1);
	// A restart forgets nothing.
	rig_stop(&r);
	rig_start(&r);
	assert_int_equal(missed(&r), ALARM_UNACKNOWLEDGED);
	assert_true(asked(&r));
	assert_int_equal(engine_alive(r.engine, "desk", &reason), ENGINE_OK);
	assert_int_equal(missed(&r), ALARM_RETURNED);
	assert_false(asked(&r));
	rig_tear_down(&r);
}

static void
test_a_press_of_the_button_answers_and_a_taped_one_does_not(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	rig_level(&r, "button", true); // closed when it is first seen
	rig_pass(&r, 60 * MINUTE + 1000);
	assert_true(asked(&r));
	rig_level(&r, "button", true);
	assert_true(asked(&r));
	rig_level(&r, "button", false);
	assert_true(asked(&r));
	rig_level(&r, "button", true);
	assert_false(asked(&r));
	assert_null(rig_open_alarm(&r, "button"));
	// A link that comes back with the button closed is no press.
	rig_level(&r, "button", false);
	rig_pass(&r, 61 * MINUTE);
	assert_int_equal(missed(&r), ALARM_UNACKNOWLEDGED);
	engine_link(r.engine, r.site->devices[0].link_point, true, "timeout");
	engine_link(r.engine, r.site->devices[0].link_point, false, NULL);
	rig_level(&r, "button", true);
	assert_int_equal(missed(&r), ALARM_UNACKNOWLEDGED);
	rig_tear_down(&r);
}

// As the console has it of the desk.
static void
acknowledge_at_the_desk(const struct rig *r, const char *point)
{
	assert_int_equal(
	    engine_acknowledge(r->engine, rig_open_alarm(r, point)->occurrence, "wang"),
	    ENGINE_OK);
	engine_present(r->engine, "wang");
}

static void
test_who_acknowledges_from_elsewhere_is_not_at_the_desk(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	rig_set_up_site(&r, site_text);
	rig_pass(&r, 62 * MINUTE);
	assert_int_equal(missed(&r), ALARM_UNACKNOWLEDGED);
	// The leader takes note of it, by phone: nobody is awake for that.
	assert_int_equal(engine_acknowledge(r.engine,
			     rig_open_alarm(&r, "@deadman")->occurrence, "li"),
	    ENGINE_OK);
	assert_int_equal(missed(&r), ALARM_ACKNOWLEDGED);
	engine_silence(r.engine, "li");
	rig_pass(&r, 120 * MINUTE);
	assert_int_equal(missed(&r), ALARM_ACKNOWLEDGED);
	assert_int_equal(engine_alive(r.engine, "desk", &reason), ENGINE_OK);
	assert_int_equal(missed(&r), ALARM_NORMAL);
	// Nor does it put off the next question.
	rig_pass(&r, 50 * MINUTE);
	engine_silence(r.engine, "li");
	rig_pass(&r, 10 * MINUTE + 1000);
	assert_true(asked(&r));
	rig_tear_down(&r);
}

static void
test_i11_a_restart_is_no_sign_of_life(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	rig_pass(&r, 50 * MINUTE);
	rig_stop(&r);
	rig_start(&r);
	rig_pass(&r, 9 * MINUTE);
	assert_false(asked(&r));
	rig_pass(&r, MINUTE + 1000);
	assert_true(asked(&r));
	// Nor does one take a question back.
	rig_stop(&r);
	rig_start(&r);
	rig_pass(&r, 1000);
	assert_true(asked(&r));
	rig_pass(&r, 46000);
	assert_int_equal(missed(&r), ALARM_UNACKNOWLEDGED);
	rig_tear_down(&r);
}

static void
test_who_handles_an_alarm_is_awake_and_a_panel_is_nobody(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	rig_pass(&r, 50 * MINUTE);
	rig_level(&r, "panic", true);
	assert_int_equal(engine_acknowledge(r.engine,
			     rig_open_alarm(&r, "panic")->occurrence, "panel:x"),
	    ENGINE_OK);
	rig_pass(&r, 10 * MINUTE + 1000);
	assert_true(asked(&r));
	acknowledge_at_the_desk(&r, "panic");
	assert_false(asked(&r));
	rig_pass(&r, 30 * MINUTE);
	engine_present(r.engine, "desk");
	rig_pass(&r, 40 * MINUTE);
	assert_false(asked(&r));
	rig_tear_down(&r);
}

static void
test_by_day_nobody_is_asked(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	for (int minute = 0; minute < 6 * 60; minute += 30) {
		rig_pass(&r, 30LL * MINUTE);
		engine_present(r.engine, "desk");
	}
	rig_pass(&r, 12LL * 60 * MINUTE); // from six in the morning
	assert_false(asked(&r));
	assert_int_equal(missed(&r), ALARM_NORMAL);
	rig_pass(&r, 6LL * 60 * MINUTE); // past midnight
	assert_int_equal(missed(&r), ALARM_UNACKNOWLEDGED);
	rig_tear_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_answers_and_people_are_told),
		cmocka_unit_test(
		    test_a_press_of_the_button_answers_and_a_taped_one_does_not),
		cmocka_unit_test(
		    test_who_handles_an_alarm_is_awake_and_a_panel_is_nobody),
		cmocka_unit_test(
		    test_who_acknowledges_from_elsewhere_is_not_at_the_desk),
		cmocka_unit_test(test_by_day_nobody_is_asked),
		cmocka_unit_test(test_i11_a_restart_is_no_sign_of_life),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
