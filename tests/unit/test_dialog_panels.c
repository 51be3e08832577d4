// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The dialogs that the profiles of panels/ declare, one after the other, with a panel
// that answers by its document: what shows that it lives, what is read first.
#include <string.h>

#include "dialog_rig.h"
#include "test.h"

enum {
	SECOND = 1000,
	POLL = SECOND,
};

static struct dialog_rig rig;

static int
tear_down(void **state)
{
	(void)state;
	dialog_rig_free(&rig);
	return 0;
}

static void
assert_lost(const char *code)
{
	assert_int_equal(rig.lost, 1);
	assert_string_equal(rig.lost_code, code);
}

// ---- Sensepoint: 40108 counts on about every 5 s ------------------------------------

static void
test_sensepoint_whose_heartbeat_stands_still_is_lost(void **state)
{
	(void)state;
	dialog_rig_init_panel(&rig, "sensepoint-xcl",
	    "poll: 1s, points: [{id: g, item: status, kind: fault-contact, place: {en: "
	    "A}}]");
	for (int i = 0; i < 20; i++) {
		rig.sim.holding[107]++;
		dialog_rig_run(&rig, 5 * SECOND);
	}
	assert_int_equal(rig.lost, 0);
	rig.sim.holding[105] = 1 << 6; // fault
	dialog_rig_run(&rig, 2 * SECOND);
	assert_true(dialog_rig_shows(&rig, "g", COND_FAULT, ""));
	dialog_rig_run(&rig, 40 * SECOND);
	assert_lost("heartbeat");
	rig.sim.holding[107]++;
	dialog_rig_run(&rig, 5 * SECOND);
	assert_int_equal(rig.lost, 0);
}

// ---- FAAST: 40007, 3 normal; 2 test; 4 disabled, 7 service, 8 isolate
// ----------------

static void
test_faast_that_is_not_watching_is_lost(void **state)
{
	static const struct {
		uint16_t mode;
		bool lives;
	} modes[] = { { 0, false }, { 1, false }, { 2, true }, { 3, true }, { 4, true },
		{ 5, false }, { 6, false }, { 7, true }, { 8, true }, { 9, false },
		{ 10, false }, { 0xFFFF, false } };

	(void)state;
	dialog_rig_init_panel(&rig, "faast-schema-1",
	    "poll: 1s, points: [{id: s, item: smoke, kind: smoke, place: {en: A}}]");
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		rig.sim.holding[6] = modes[i].mode;
		dialog_rig_run(&rig, 10 * SECOND);
		assert_int_equal(rig.lost, !modes[i].lives);
		if (!modes[i].lives)
			assert_string_equal(rig.lost_code, "mode");
	}
	// A fire in a test is one all the same.
	rig.sim.holding[6] = 2;
	rig.sim.holding[12] = 4;
	dialog_rig_run(&rig, 10 * SECOND);
	assert_true(dialog_rig_shows(&rig, "s", COND_FIRE, ""));
	assert_true(dialog_rig_shows(&rig, "dev.mode", COND_TEST, ""));
}

// ---- Tripp Lite: 0x051C, 0 = the card has lost the UPS
// -------------------------------

static void
test_tripp_lite_card_without_its_ups_is_lost(void **state)
{
	(void)state;
	dialog_rig_init_panel(&rig, "tripp-lite-modbuscard",
	    "poll: 1s, points: [{id: b, item: battery-status, kind: fault-contact, "
	    "place: {en: "
	    "A}}]");
	rig.sim.input[0x051C] = 1;
	rig.sim.input[0x041F] = 1;
	dialog_rig_run(&rig, 3 * SECOND);
	assert_int_equal(rig.lost, 0);
	assert_true(dialog_rig_shows(&rig, "b", COND_FAULT, "battery-low"));
	rig.sim.input[0x051C] = 0;
	rig.sim.input[0x041F] = 0; // whatever it answers now
	dialog_rig_run(&rig, 10 * SECOND);
	assert_lost("source");
	assert_true(dialog_rig_shows(&rig, "b", COND_FAULT, "battery-low"));
}

// ---- CLSS: node status, counters of a loop, number of troubles
// ------------------------

#define CLSS_POINTS                                                              \
  "poll: 1s, dialogs: {gateway: {unit: 100, node: 17}}, points: ["               \
  "{id: d1, item: detector, loop: 1, device: 1, kind: smoke, place: {en: A}}, "  \
  "{id: d2, item: detector, loop: 2, device: 7, kind: smoke, place: {en: B}}, "  \
  "{id: m2, item: module, loop: 2, device: 300, kind: module, place: {en: C}}, " \
  "{id: z1, item: zone, device: 1, kind: smoke, place: {en: D}}]"

enum {
	CLSS_D2 = 600 + 6, // 400001 + (n-1)*600, detector 7
	CLSS_M2 = 300 + 600 + 299,
	CLSS_COUNTERS_2 = 14111, // 414112
	INACTIVE = 0x1400,
	FIRE = 0x0C10,
};

static void
start_clss(void)
{
	dialog_rig_init_panel(&rig, "honeywell-clss", CLSS_POINTS);
	rig.sim.gateway = 100;
	rig.sim.gateway_input[20001] = 1 << 0; // node 17: bit 0 of 320002
	for (int i = 0; i < 12000; i++)
		rig.sim.holding[i] = INACTIVE;
	dialog_rig_run(&rig, 20 * SECOND);
	assert_int_equal(rig.lost, 0);
}

static void
test_clss_node_that_is_off_line_is_lost(void **state)
{
	(void)state;
	start_clss();
	rig.sim.gateway_input[20001] = (uint16_t)~1u; // all nodes but this one
	dialog_rig_run(&rig, 10 * SECOND);
	assert_lost("source");
}

static void
test_clss_counters_bring_a_loop_forward(void **state)
{
	unsigned asked_1, asked_2;

	(void)state;
	start_clss();
	asked_1 = rig.sim.asked[0];
	asked_2 = rig.sim.asked[CLSS_D2];
	dialog_rig_run(&rig, 60 * SECOND);
	// Each 3 s, whatever the counters say.
	assert_in_range(rig.sim.asked[0] - asked_1, 18, 22);
	assert_in_range(rig.sim.asked[CLSS_D2] - asked_2, 18, 22);
	assert_in_range(rig.sim.asked[8000], 70, 82); // a zone is behind no summary
	asked_1 = rig.sim.asked[0];
	asked_2 = rig.sim.asked[CLSS_D2];
	for (int i = 0; i < 20; i++) {
		rig.sim.holding[CLSS_COUNTERS_2 + 1]++; // troubles of detectors
		dialog_rig_run(&rig, SECOND);
	}
	assert_in_range(rig.sim.asked[0] - asked_1, 5, 9);
	assert_in_range(rig.sim.asked[CLSS_D2] - asked_2, 18, 30);
}

static void
test_clss_fire_is_seen_within_a_period(void **state)
{
	(void)state;
	start_clss();
	rig.sim.holding[CLSS_D2] = FIRE;
	rig.sim.holding[CLSS_COUNTERS_2] = 1;
	dialog_rig_run(&rig, 2 * POLL);
	assert_true(dialog_rig_shows(&rig, "d2", COND_FIRE, ""));
	assert_false(dialog_rig_shows(&rig, "@panel/dev", COND_FIRE, "unlisted"));
	// A second alarm of a detector that the site does not have.
	rig.sim.holding[CLSS_D2] = INACTIVE;
	dialog_rig_run(&rig, 20 * SECOND);
	assert_true(dialog_rig_shows(&rig, "@panel/dev", COND_FIRE, "unlisted"));
}

static void
test_clss_fires_of_devices_in_no_map(void **state)
{
	(void)state;
	start_clss();
	// A call point that the site does not have.
	rig.sim.holding[CLSS_COUNTERS_2 + 5] = 1;
	dialog_rig_run(&rig, 20 * SECOND);
	assert_true(dialog_rig_shows(&rig, "@panel/dev", COND_FIRE, "unlisted"));
	// It is one that it has.
	rig.sim.holding[CLSS_M2] = FIRE;
	dialog_rig_run(&rig, 20 * SECOND);
	assert_false(dialog_rig_shows(&rig, "@panel/dev", COND_FIRE, "unlisted"));
	// Behind the fire that is shown another one, of a detector in no map.
	rig.sim.holding[CLSS_COUNTERS_2] = 1;
	dialog_rig_run(&rig, 20 * SECOND);
	assert_true(dialog_rig_shows(&rig, "m2", COND_FIRE, ""));
	assert_true(dialog_rig_shows(&rig, "@panel/dev", COND_FIRE, "unlisted"));
	rig.sim.holding[CLSS_COUNTERS_2] = 0;
	dialog_rig_run(&rig, 20 * SECOND);
	assert_false(dialog_rig_shows(&rig, "@panel/dev", COND_FIRE, "unlisted"));
}

static void
test_clss_without_counters_is_read_each_period(void **state)
{
	unsigned asked;

	(void)state;
	dialog_rig_init_panel(&rig, "honeywell-clss", CLSS_POINTS);
	rig.sim.gateway = 100;
	rig.sim.gateway_input[20001] = 1;
	rig.sim.absent_from = 14100; // revision F
	rig.sim.absent_to = 14209;
	dialog_rig_run(&rig, 20 * SECOND);
	asked = rig.sim.asked[CLSS_D2];
	dialog_rig_run(&rig, 20 * SECOND);
	assert_in_range(rig.sim.asked[CLSS_D2] - asked, 18, 22);
	assert_false(
	    dialog_rig_shows(&rig, "@panel/dev", COND_FAULT, "summary-unreadable"));
}

static void
test_clss_number_of_troubles_is_the_panels(void **state)
{
	(void)state;
	start_clss();
	assert_false(dialog_rig_shows(&rig, "@panel/dev", COND_FAULT, "panel-trouble"));
	rig.sim.holding[59999] = 3;
	dialog_rig_run(&rig, 2 * POLL);
	assert_true(dialog_rig_shows(&rig, "@panel/dev", COND_FAULT, "panel-trouble"));
	rig.sim.holding[59999] = 0;
	dialog_rig_run(&rig, 2 * POLL);
	assert_false(dialog_rig_shows(&rig, "@panel/dev", COND_FAULT, "panel-trouble"));
}

// ---- MODBUS-GW: 35100-35115, bit 0 of 35100 is node 1
// ---------------------------------

static void
test_modbus_gw_moved_by_one(void **state)
{
	(void)state;
	// A gateway that counts from another number: all of it moves, the gateway's
	// too.
	dialog_rig_init_panel(&rig, "notifier-modbus-gw",
	    "poll: 1s, address_shift: 1, dialogs: {gateway: {unit: 100, node: 3}}, "
	    "points: [{id: d1, item: detector, loop: 1, device: 1, kind: smoke, place: "
	    "{en: A}}]");
	rig.sim.gateway = 100;
	rig.sim.gateway_input[5100] = 1 << 2;
	rig.sim.holding[1] = FIRE;
	dialog_rig_run(&rig, 5 * SECOND);
	assert_int_equal(rig.lost, 0);
	assert_true(dialog_rig_shows(&rig, "d1", COND_FIRE, ""));
	rig.sim.gateway_input[5100] = 0;
	dialog_rig_run(&rig, 5 * SECOND);
	assert_lost("source");
}

// ---- STT20: LifeCheck 1010, DataChange 1020
// --------------------------------------------

#define STT20_POINTS \
  "points: [{id: f, item: function, device: 1, kind: module, place: {en: A}}]"

static void
test_stt20_data_change_brings_points_forward(void **state)
{
	unsigned asked;

	(void)state;
	dialog_rig_init_panel(&rig, "siemens-stt20", "poll: 1s, " STT20_POINTS);
	dialog_rig_run(&rig, 20 * SECOND);
	assert_int_equal(rig.lost, 0);
	assert_int_equal(rig.sim.asked[1010], 0); // off
	asked = rig.sim.asked[5000];
	dialog_rig_run(&rig, 30 * SECOND);
	assert_in_range(rig.sim.asked[5000] - asked, 5, 7);
	// Wherever the full scan of 5 s stands just then.
	for (int i = 0; i < 6; i++) {
		dialog_rig_run(&rig, 10 * SECOND + i * 900);
		rig.sim.input[1020]++;
		rig.sim.input[5000] ^= 1 << 13;
		dialog_rig_run(&rig, 2 * POLL);
		assert_int_equal(
		    dialog_rig_shows(&rig, "f", COND_FAULT, ""), i % 2 == 0);
	}
	// What is in no map is asked each period.
	asked = rig.sim.asked[9300];
	rig.sim.input[9300] = 1;
	dialog_rig_run(&rig, 20 * SECOND);
	assert_in_range(rig.sim.asked[9300] - asked, 18, 22);
	assert_true(
	    dialog_rig_shows(&rig, "dev.unidentified", COND_FIRE, "unidentified"));
}

static void
test_stt20_life_check_where_the_site_enables_it(void **state)
{
	(void)state;
	dialog_rig_init_panel(&rig, "siemens-stt20",
	    "poll: 1s, dialogs: {alive: [life-check]}, bases: {life-check: 2010, "
	    "data-change: 2020}, " STT20_POINTS);
	for (int i = 0; i < 20; i++) {
		rig.sim.input[2010]++;
		dialog_rig_run(&rig, 10 * SECOND);
	}
	assert_int_equal(rig.lost, 0);
	assert_int_equal(rig.sim.asked[1010] + rig.sim.asked[1020], 0);
	assert_true(rig.sim.asked[2020] > 100);
	dialog_rig_run(&rig, 70 * SECOND);
	assert_lost("heartbeat");
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(test_sensepoint_whose_heartbeat_stands_still_is_lost),
		TEST(test_faast_that_is_not_watching_is_lost),
		TEST(test_tripp_lite_card_without_its_ups_is_lost),
		TEST(test_clss_node_that_is_off_line_is_lost),
		TEST(test_clss_counters_bring_a_loop_forward),
		TEST(test_clss_fire_is_seen_within_a_period),
		TEST(test_clss_fires_of_devices_in_no_map),
		TEST(test_clss_without_counters_is_read_each_period),
		TEST(test_clss_number_of_troubles_is_the_panels),
		TEST(test_modbus_gw_moved_by_one),
		TEST(test_stt20_data_change_brings_points_forward),
		TEST(test_stt20_life_check_where_the_site_enables_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
