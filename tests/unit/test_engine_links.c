// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A link that is lost, in the running engine: one alarm until it is back, whatever
// becomes of the reason, over a restart too.
#include <string.h>

#include "engine_journal.h"
#include "engine_rig.h"
#include "test.h"

static uint32_t
link_of(const struct rig *r)
{
	return r->site->devices[0].link_point;
}

static const struct alarm_record *
link_alarm(const struct rig *r, const char *code)
{
	return alarms_find(
	    engine_alarms(r->engine), r->site->points[link_of(r)].id, COND_LINK, code);
}

#define NOTES "kind = 'point.change' AND point = '@device/fap'"

static void
test_another_reason_is_a_note_and_no_new_alarm(void **state)
{
	struct rig r;
	char occurrence[MINT_MAX];

	(void)state;
	rig_set_up(&r, NULL, NULL);
	engine_link(r.engine, link_of(&r), false, NULL);
	engine_link(r.engine, link_of(&r), true, "timeout");
	memcpy(occurrence, link_alarm(&r, "timeout")->occurrence, sizeof(occurrence));
	assert_int_equal(engine_acknowledge(r.engine, occurrence, "wang"), ENGINE_OK);
	rig_pass(&r, 5000);
	engine_link(r.engine, link_of(&r), true, "timeout"); // says nothing new
	assert_int_equal(rig_events(&r, NOTES), 0);
	engine_link(r.engine, link_of(&r), true, "refused");
	assert_string_equal(engine_link_reason(r.engine, link_of(&r)), "refused");
	const struct alarm_record *a = link_alarm(&r, "timeout");
	assert_non_null(a);
	assert_int_equal(a->a.state, ALARM_ACKNOWLEDGED);
	assert_string_equal(a->occurrence, occurrence);
	assert_null(link_alarm(&r, "refused"));
	assert_int_equal(
	    rig_events(&r, NOTES " AND code = 'timeout' AND params LIKE '%refused%'"),
	    1);
	engine_link(r.engine, link_of(&r), false, NULL);
	assert_null(engine_link_reason(r.engine, link_of(&r)));
	assert_null(link_alarm(&r, "timeout"));
	rig_tear_down(&r);
}

// One that comes and goes writes no line each time, and the last word is told.
static void
test_a_reason_that_goes_to_and_fro_is_told_once_a_minute(void **state)
{
	struct rig r;

	(void)state;
	rig_set_up(&r, NULL, NULL);
	engine_link(r.engine, link_of(&r), false, NULL);
	engine_link(r.engine, link_of(&r), true, "timeout");
	for (int i = 0; i < 31; i++) {
		engine_link(
		    r.engine, link_of(&r), true, i % 2 == 0 ? "refused" : "reset");
		rig_pass(&r, 1000);
	}
	engine_link(r.engine, link_of(&r), true, "unreachable");
	assert_int_equal(rig_events(&r, NOTES), 1);
	rig_pass(&r, 60000);
	assert_int_equal(rig_events(&r, NOTES), 2);
	assert_int_equal(rig_events(&r, NOTES " AND params LIKE '%unreachable%'"), 1);
	rig_tear_down(&r);
}

static void
test_i11_a_loss_stands_on_over_a_restart_whatever_the_reason_then(void **state)
{
	struct rig r;
	char occurrence[MINT_MAX];

	(void)state;
	rig_set_up(&r, NULL, NULL);
	engine_link(r.engine, link_of(&r), false, NULL);
	engine_link(r.engine, link_of(&r), true, "timeout");
	memcpy(occurrence, link_alarm(&r, "timeout")->occurrence, sizeof(occurrence));
	rig_pass(&r, 100);
	rig_stop(&r);
	rig_start(&r);
	engine_link(r.engine, link_of(&r), true, "refused");
	assert_null(link_alarm(&r, "refused"));
	const struct alarm_record *a = link_alarm(&r, "timeout");
	assert_non_null(a);
	assert_string_equal(a->occurrence, occurrence);
	assert_int_equal(a->a.state, ALARM_UNACKNOWLEDGED);
	assert_string_equal(engine_link_reason(r.engine, link_of(&r)), "refused");
	rig_tear_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_another_reason_is_a_note_and_no_new_alarm),
		cmocka_unit_test(
		    test_a_reason_that_goes_to_and_fro_is_told_once_a_minute),
		cmocka_unit_test(
		    test_i11_a_loss_stands_on_over_a_restart_whatever_the_reason_then),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
