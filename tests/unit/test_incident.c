// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Which occurrences belong together: fires that are open at the same time, a fire that
// returns within 20 s after its panel was reset (EN 54-2, 7.6), and nothing else.
#include <stdio.h>
#include <string.h>

#include "core/incident.h"
#include "test.h"

enum {
	NOBODY = UINT32_MAX
};

static struct incident_state state;

static int
fresh_state(void **ctx)
{
	(void)ctx;
	memset(&state, 0, sizeof(state));
	return 0;
}

static struct incident_choice
fire(uint32_t device, int64_t now_ms, const char *fresh)
{
	struct incident_facts f = { .alarm_class = CLASS_FIRE,
		.device = device,
		.now_ms = now_ms,
		.own = "",
		.fresh = fresh };
	return incident_join(&state, &f);
}

static struct incident_choice
test_fire(uint32_t device, const char *fresh)
{
	struct incident_facts f = { .alarm_class = CLASS_FIRE,
		.test = true,
		.device = device,
		.own = "",
		.fresh = fresh };
	return incident_join(&state, &f);
}

static void
assert_choice(struct incident_choice c, const char *id, bool first_out)
{
	assert_string_equal(c.id, id);
	assert_int_equal(c.first_out, first_out);
}

static void
test_fires_open_together_are_one_incident_led_by_the_first(void **ctx)
{
	(void)ctx;
	assert_choice(fire(1, 0, "1-1"), "1-1", true);
	assert_choice(fire(1, 100, "1-2"), "1-1", false);
	assert_choice(fire(7, 3600000, "1-3"), "1-1", false);
	incident_close(&state, false, "1-1", 3600001);
	incident_close(&state, false, "1-1", 3600002);
	assert_choice(fire(2, 3600003, "1-4"), "1-1", false); // one is still open
	incident_close(&state, false, "1-1", 3600004);
	incident_close(&state, false, "1-1", 3600005);
	assert_choice(fire(2, 3600006, "1-5"), "1-5", true);
}

static void
test_a_fire_within_20_s_of_its_panels_reset_returns(void **ctx)
{
	(void)ctx;
	assert_choice(fire(1, 0, "1-1"), "1-1", true);
	incident_close(&state, false, "1-1", 50000);
	incident_panel_reset(&state, 1, 50000);
	assert_choice(fire(1, 70000, "1-2"), "1-1", false);
	incident_close(&state, false, "1-1", 80000);
	incident_panel_reset(&state, 1, 80000);
	assert_choice(fire(1, 100001, "1-3"), "1-3", true);
}

static void
test_i11_a_reset_of_a_run_before_counts_for_the_rest_of_its_20_s(void **ctx)
{
	(void)ctx;
	incident_restore_reset(&state, 1, -15000, "1-1"); // before this machine's begin
	assert_choice(fire(1, 5000, "2-1"), "1-1", false);
	incident_close(&state, false, "1-1", 5500);
	assert_choice(fire(2, 5600, "2-2"), "2-2", true);
	incident_close(&state, false, "2-2", 5700);
	assert_choice(fire(1, 5001, "2-3"), "2-3", true);
}

static void
test_the_reset_may_be_seen_before_the_clears(void **ctx)
{
	(void)ctx;
	(void)fire(1, 0, "1-1");
	incident_panel_reset(&state, 1, 50000);
	incident_close(&state, false, "1-1", 50010);
	assert_choice(fire(1, 60000, "1-2"), "1-1", false);
}

static void
test_another_devices_reset_brings_nothing_back(void **ctx)
{
	(void)ctx;
	(void)fire(1, 0, "1-1");
	incident_close(&state, false, "1-1", 1000);
	incident_panel_reset(&state, 1, 1000);
	assert_choice(fire(2, 2000, "1-2"), "1-2", true);
}

static void
test_a_reset_long_after_the_incident_brings_nothing_back(void **ctx)
{
	(void)ctx;
	(void)fire(1, 0, "1-1");
	incident_close(&state, false, "1-1", 1000);
	incident_panel_reset(&state, 1, 21001);
	assert_choice(fire(1, 21500, "1-2"), "1-2", true);
}

static void
test_a_reset_with_no_incident_at_all(void **ctx)
{
	(void)ctx;
	incident_panel_reset(&state, 1, 1000);
	assert_choice(fire(1, 1500, "1-1"), "1-1", true);
	assert_choice(fire(NOBODY, 1600, "1-2"), "1-1", false);
}

static void
test_a_record_still_open_keeps_its_incident(void **ctx)
{
	(void)ctx;
	struct incident_facts f = {
		.alarm_class = CLASS_FIRE, .device = 1, .own = "1-1", .fresh = "1-9"
	};
	(void)fire(1, 0, "1-1");
	assert_choice(incident_join(&state, &f), "1-1", false);
	incident_close(&state, false, "1-1", 10); // one record, so one close ends it
	assert_choice(fire(3, 20, "1-10"), "1-10", true);
}

static void
test_other_classes_are_incidents_of_their_own(void **ctx)
{
	(void)ctx;
	(void)fire(1, 0, "1-1");
	for (int c = CLASS_PREALARM; c < CLASS_COUNT; c++) {
		struct incident_facts f = { .alarm_class = (enum alarm_class)c,
			.device = 1,
			.own = "",
			.fresh = "1-7" };
		assert_choice(incident_join(&state, &f), "1-7", true);
		f.own = "1-3";
		assert_choice(incident_join(&state, &f), "1-3", false);
	}
	incident_close(&state, false, "1-7", 5); // not a fire's: counts for nothing
	assert_choice(fire(1, 10, "1-8"), "1-1", false);
}

static void
test_a_test_fire_never_leads_a_real_incident(void **ctx)
{
	(void)ctx;
	assert_choice(test_fire(1, "1-1"), "1-1", true);
	assert_choice(fire(2, 10, "1-2"), "1-2", true);
	assert_choice(test_fire(1, "1-3"), "1-1", false);
	assert_choice(fire(3, 20, "1-4"), "1-2", false);
	incident_close(&state, false, "1-1", 30);
	incident_close(&state, false, "1-1", 30);
	assert_choice(test_fire(1, "1-5"), "1-5", true);
}

static void
test_a_fire_that_outlives_its_test_leads_a_real_incident(void **ctx)
{
	(void)ctx;
	assert_choice(test_fire(1, "1-1"), "1-1", true);
	assert_choice(test_fire(2, "1-2"), "1-1", false);
	incident_test_ended(&state, "1-1");
	incident_close(&state, true, "1-1", 10); // the other one was a test
	assert_choice(fire(3, 20, "1-3"), "1-1", false);
	incident_close(&state, false, "1-1", 30);
	incident_close(&state, false, "1-1", 30);
	assert_choice(fire(3, 40, "1-4"), "1-4", true);
	assert_choice(test_fire(2, "1-5"), "1-5", true);
	incident_test_ended(&state, "1-5"); // a real one runs: each stays what it is
	incident_close(&state, false, "1-4", 50);
	assert_choice(fire(3, 60, "1-6"), "1-6", true);
}

static void
test_many_resets_at_once(void **ctx)
{
	(void)ctx;
	(void)fire(0, 0, "1-1");
	incident_close(&state, false, "1-1", 100);
	for (uint32_t d = 0; d < 40; d++)
		incident_panel_reset(&state, d, 100);
	assert_choice(fire(39, 200, "1-2"), "1-1", false);
	incident_close(&state, false, "1-1", 300);
	assert_choice(fire(24, 301, "1-3"), "1-1", false);
	incident_close(&state, false, "1-1", 302);
	assert_choice(fire(23, 303, "1-4"), "1-4", true); // the ring holds 16
}

static void
test_open_fires_found_at_start_go_on(void **ctx)
{
	(void)ctx;
	incident_restore(&state, false, "3-5");
	incident_restore(&state, false, "3-5");
	assert_choice(fire(1, 10, "4-1"), "3-5", false);
	for (int i = 0; i < 3; i++)
		incident_close(&state, false, "3-5", 20);
	assert_choice(fire(1, 30, "4-2"), "4-2", true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    test_fires_open_together_are_one_incident_led_by_the_first,
		    fresh_state),
		cmocka_unit_test_setup(
		    test_a_fire_within_20_s_of_its_panels_reset_returns, fresh_state),
		cmocka_unit_test_setup(
		    test_i11_a_reset_of_a_run_before_counts_for_the_rest_of_its_20_s,
		    fresh_state),
		cmocka_unit_test_setup(
		    test_the_reset_may_be_seen_before_the_clears, fresh_state),
		cmocka_unit_test_setup(
		    test_another_devices_reset_brings_nothing_back, fresh_state),
		cmocka_unit_test_setup(
		    test_a_reset_long_after_the_incident_brings_nothing_back,
		    fresh_state),
		cmocka_unit_test_setup(
		    test_a_reset_with_no_incident_at_all, fresh_state),
		cmocka_unit_test_setup(
		    test_a_record_still_open_keeps_its_incident, fresh_state),
		cmocka_unit_test_setup(
		    test_other_classes_are_incidents_of_their_own, fresh_state),
		cmocka_unit_test_setup(
		    test_a_test_fire_never_leads_a_real_incident, fresh_state),
		cmocka_unit_test_setup(
		    test_a_fire_that_outlives_its_test_leads_a_real_incident,
		    fresh_state),
		cmocka_unit_test_setup(test_many_resets_at_once, fresh_state),
		cmocka_unit_test_setup(
		    test_open_fires_found_at_start_go_on, fresh_state),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
