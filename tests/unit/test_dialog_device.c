// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Dialogs of a device against a panel on a virtual clock: what is read first, what is
// read next, what is believed, what is written. The profile and the site come from
// YAML.

#include <math.h>
#include <string.h>

#include "dialog_rig.h"
#include "test.h"

// ---- summaries ----------------------------------------------------------------------

#define COUNTERS                                                            \
  "dialogs:\n"                                                              \
  "  full_scan: 60s\n"                                                      \
  "  summaries:\n"                                                          \
  "    - {name: counters, area: holding, address: 4000, printed: \"4000\"," \
  " registers: 2, loop: {from: 1, to: 4, stride: 3}, kind: count,"          \
  " guards: [detector], fire: {registers: [1]}, optional: true}\n"          \
  "    - {name: flags, area: holding, address: 4100, printed: \"4100\","    \
  " kind: flags, decoder: state}\n"

#define LOOPS                                                                    \
  "poll: 1s, accept_budget: {limit: 10min, reason: a test}, points: ["           \
  "{id: d1, item: detector, loop: 1, device: 1, kind: smoke, place: {en: A}}, "  \
  "{id: d30, item: detector, loop: 1, device: 30, kind: smoke, place: {en: B}}," \
  " {id: e1, item: detector, loop: 3, device: 1, kind: smoke, place: {en: C}}]"

enum {
	LOOP1 = 2999,
	LOOP3 = 3199,
	COUNT1 = 4000,
	COUNT3 = 4006,
	FLAGS = 4100,
};

static void
set_up_counters(struct dialog_rig *r)
{
	dialog_rig_init(r, DIALOG_RIG_HEAD COUNTERS, LOOPS);
	r->sim.holding[LOOP1 + 1] = r->sim.holding[LOOP1 + 30] =
	    r->sim.holding[LOOP3 + 1] = 24;
	r->sim.holding[FLAGS] = 24;
}

static void
test_points_behind_a_summary_wait_for_the_full_scan(void **state)
{
	static struct dialog_rig r;
	unsigned d1, e1, counts;

	(void)state;
	set_up_counters(&r);
	dialog_rig_run(&r, 2000);
	assert_non_null(dialog_rig_last(&r, "d1"));
	d1 = r.sim.asked[LOOP1 + 1];
	e1 = r.sim.asked[LOOP3 + 1];
	counts = r.sim.asked[COUNT1];
	dialog_rig_run(&r, 120000);
	assert_in_range(r.sim.asked[LOOP1 + 1] - d1, 2, 3);
	assert_in_range(r.sim.asked[LOOP3 + 1] - e1, 2, 3);
	// Both loops' counters come in one read a period.
	assert_in_range(r.sim.asked[COUNT1] - counts, 115, 122);
	assert_int_equal(r.sim.asked[COUNT3], 0);
	dialog_rig_free(&r);
}

static void
test_a_change_reads_the_loop_it_is_about(void **state)
{
	static struct dialog_rig r;
	unsigned e1;

	(void)state;
	set_up_counters(&r);
	dialog_rig_run(&r, 5000);
	e1 = r.sim.asked[LOOP3 + 1];
	r.sim.holding[LOOP1 + 30] = 41;
	r.sim.holding[COUNT1]++;
	dialog_rig_run(&r, 1500);
	assert_true(dialog_rig_shows(&r, "d30", COND_FAULT, ""));
	assert_int_equal(r.sim.asked[LOOP3 + 1], e1);
	dialog_rig_free(&r);
}

static void
test_a_fire_flag_with_a_point_behind_it(void **state)
{
	static struct dialog_rig r;

	(void)state;
	set_up_counters(&r);
	dialog_rig_run(&r, 5000);
	r.sim.holding[LOOP3 + 1] = 37;
	r.sim.holding[COUNT3 + 1] = 1;
	dialog_rig_run(&r, 1500);
	assert_true(dialog_rig_shows(&r, "e1", COND_FIRE, ""));
	dialog_rig_run(&r, 30000);
	assert_false(dialog_rig_shows(&r, "@panel/dev", COND_FIRE, "unlisted"));
	dialog_rig_free(&r);
}

static void
test_a_fire_flag_with_no_point_behind_it_is_the_panels(void **state)
{
	static struct dialog_rig r;

	(void)state;
	set_up_counters(&r);
	dialog_rig_run(&r, 5000);
	r.sim.holding[COUNT1 + 1] = 1; // a detector that the site does not have
	dialog_rig_run(&r, 3500);
	assert_true(dialog_rig_shows(&r, "@panel/dev", COND_FIRE, "unlisted"));
	assert_false(dialog_rig_shows(&r, "d1", COND_FIRE, ""));
	// The device is lost: nothing is cleared. It is back: the flag is gone.
	r.sim.silent = true;
	dialog_rig_run(&r, 10000);
	assert_true(dialog_rig_shows(&r, "@panel/dev", COND_FIRE, "unlisted"));
	r.sim.silent = false;
	r.sim.holding[COUNT1 + 1] = 0;
	dialog_rig_run(&r, 5000);
	assert_false(dialog_rig_shows(&r, "@panel/dev", COND_FIRE, "unlisted"));
	dialog_rig_free(&r);
}

static void
test_what_a_summary_means_is_the_panels(void **state)
{
	static struct dialog_rig r;

	(void)state;
	set_up_counters(&r);
	dialog_rig_run(&r, 2000);
	assert_int_equal(dialog_rig_last(&r, "@panel/dev")->n_codes, 0);
	r.sim.holding[FLAGS] = 37; // guards nothing: it is the fire itself
	dialog_rig_run(&r, 1500);
	assert_true(dialog_rig_shows(&r, "@panel/dev", COND_FIRE, ""));
	r.sim.holding[FLAGS] = 99;
	dialog_rig_run(&r, 1500);
	assert_true(dialog_rig_shows(&r, "@panel/dev", COND_FAULT, "unknown-code"));
	assert_false(dialog_rig_shows(&r, "@panel/dev", COND_FIRE, ""));
	dialog_rig_free(&r);
}

static void
test_an_absent_summary_guards_nothing(void **state)
{
	static struct dialog_rig r;
	unsigned d1;

	(void)state;
	set_up_counters(&r);
	r.sim.absent_from = 4000;
	r.sim.absent_to = 4050;
	dialog_rig_run(&r, 5000);
	d1 = r.sim.asked[LOOP1 + 1];
	dialog_rig_run(&r, 10000);
	assert_in_range(r.sim.asked[LOOP1 + 1] - d1, 9, 11); // each period again
	assert_int_equal(r.lost, 0);
	assert_int_equal(dialog_rig_last(&r, "@panel/dev")->n_codes, 0); // optional
	r.sim.absent_from = FLAGS;
	r.sim.absent_to = FLAGS;
	dialog_rig_run(&r, 70000);
	assert_true(
	    dialog_rig_shows(&r, "@panel/dev", COND_FAULT, "summary-unreadable"));
	d1 = r.sim.asked[LOOP1 + 1];
	dialog_rig_run(&r, 10000);
	assert_in_range(r.sim.asked[LOOP1 + 1] - d1, 0, 1); // guarded again
	dialog_rig_free(&r);
}

static void
test_one_absent_loop_does_not_cost_the_others(void **state)
{
	static struct dialog_rig r;
	unsigned d1, e1;

	(void)state;
	set_up_counters(&r);
	r.sim.absent_from = COUNT3;
	r.sim.absent_to = COUNT3 + 2;
	dialog_rig_run(&r, 5000);
	d1 = r.sim.asked[LOOP1 + 1];
	e1 = r.sim.asked[LOOP3 + 1];
	dialog_rig_run(&r, 10000);
	assert_in_range(r.sim.asked[LOOP1 + 1] - d1, 0, 1);
	assert_in_range(r.sim.asked[LOOP3 + 1] - e1, 9, 11);
	dialog_rig_free(&r);
}

// ---- alive --------------------------------------------------------------------------

#define SOURCE                                                       \
  "dialogs:\n"                                                       \
  "  alive:\n"                                                       \
  "    - {name: source, area: discrete, address: 9, printed: \"9\"," \
  " code: source, values: [1]}\n"

static void
test_i6_a_live_gateway_in_front_of_a_dead_source(void **state)
{
	static struct dialog_rig r;
	size_t samples;

	(void)state;
	dialog_rig_init(&r, DIALOG_RIG_HEAD SOURCE, DIALOG_RIG_ZONES);
	r.sim.holding[DIALOG_RIG_ZONE + 1] = 24;
	dialog_rig_run(&r, 5000); // the source is dead from the start
	assert_int_equal(r.lost, 1);
	assert_string_equal(r.lost_code, "source");
	assert_int_equal(r.n_samples, 0); // not one value was believed
	r.sim.discrete[9] = 1;
	dialog_rig_run(&r, 3000);
	assert_int_equal(r.lost, 0);
	assert_non_null(dialog_rig_last(&r, "z1"));
	samples = r.n_samples;
	r.sim.discrete[9] = 0;
	r.sim.holding[DIALOG_RIG_ZONE + 1] = 37; // whatever it answers now
	dialog_rig_run(&r, 10000);
	assert_int_equal(r.lost, 1);
	assert_int_equal(r.n_samples, samples);
	r.sim.discrete[9] = 1;
	dialog_rig_run(&r, 3000);
	assert_true(dialog_rig_shows(&r, "z1", COND_FIRE, ""));
	dialog_rig_free(&r);
}

static void
test_a_device_that_does_not_tell_is_read_and_says_so(void **state)
{
	static struct dialog_rig r;

	(void)state;
	dialog_rig_init(&r, DIALOG_RIG_HEAD SOURCE, DIALOG_RIG_ZONES);
	r.sim.absent_from = 9;
	r.sim.absent_to = 9;
	r.sim.holding[DIALOG_RIG_ZONE + 1] = 37;
	dialog_rig_run(&r, 3000);
	assert_int_equal(r.lost, 0);
	assert_true(dialog_rig_shows(&r, "z1", COND_FIRE, ""));
	assert_true(dialog_rig_shows(&r, "@panel/dev", COND_FAULT, "source-unwatched"));
	r.sim.absent_to = 0;
	r.sim.discrete[9] = 1;
	dialog_rig_run(&r, 62000);
	assert_false(
	    dialog_rig_shows(&r, "@panel/dev", COND_FAULT, "source-unwatched"));
	dialog_rig_free(&r);
}

#define GATEWAY                                                        \
  "dialogs:\n"                                                         \
  "  alive:\n"                                                         \
  "    - {name: node, area: input, address: 5099, printed: \"35100\"," \
  " code: source, of: gateway, nodes: 256}\n"

static void
test_the_gateway_speaks_of_its_nodes(void **state)
{
	static struct dialog_rig r;

	(void)state;
	dialog_rig_init(&r, DIALOG_RIG_HEAD GATEWAY,
	    "dialogs: {gateway: {unit: 200, node: 18}}, " DIALOG_RIG_ZONES);
	r.sim.gateway = 200;
	r.sim.gateway_input[5100] = 0x0002; // node 18
	r.sim.holding[DIALOG_RIG_ZONE + 1] = 24;
	dialog_rig_run(&r, 3000);
	assert_int_equal(r.lost, 0);
	assert_non_null(dialog_rig_last(&r, "z1"));
	r.sim.gateway_input[5100] = 0xFFFD;
	dialog_rig_run(&r, 5000);
	assert_int_equal(r.lost, 1);
	assert_string_equal(r.lost_code, "source");
	r.sim.gateway_input[5100] = 0x0002;
	dialog_rig_run(&r, 3000);
	assert_int_equal(r.lost, 0);
	// Its own unit falls silent: the panel is read without its word, and that is
	// told.
	r.sim.gateway_silent = true;
	dialog_rig_run(&r, 20000);
	assert_int_equal(r.lost, 0);
	assert_true(dialog_rig_shows(&r, "@panel/dev", COND_FAULT, "source-unwatched"));
	// The panel goes as well. When it is back it is asked whether it lives, not a
	// minute later.
	r.sim.silent = true;
	dialog_rig_run(&r, 20000);
	assert_int_equal(r.lost, 1);
	r.sim.silent = r.sim.gateway_silent = false;
	dialog_rig_run(&r, 4000);
	assert_int_equal(r.lost, 0);
	assert_false(
	    dialog_rig_shows(&r, "@panel/dev", COND_FAULT, "source-unwatched"));
	dialog_rig_free(&r);
}

static void
test_a_gateway_that_the_site_does_not_name_is_not_asked(void **state)
{
	static struct dialog_rig r;

	(void)state;
	dialog_rig_init(&r, DIALOG_RIG_HEAD GATEWAY, DIALOG_RIG_ZONES);
	dialog_rig_run(&r, 5000);
	assert_int_equal(r.lost, 0);
	assert_int_equal(r.sim.asked[5100], 0);
	assert_int_equal(dialog_rig_last(&r, "@panel/dev")->n_codes, 0);
	dialog_rig_free(&r);
}

static void
test_a_heartbeat_that_stands_still(void **state)
{
	static struct dialog_rig r;

	(void)state;
	dialog_rig_init(&r,
	    DIALOG_RIG_HEAD
	    "dialogs:\n"
	    "  alive:\n"
	    "    - {name: beat, area: holding, address: 107, printed: \"40108\","
	    " code: heartbeat, within: 15s}\n",
	    DIALOG_RIG_ZONES);
	for (int i = 0; i < 10; i++) {
		r.sim.holding[107]++;
		dialog_rig_run(&r, 5000);
	}
	assert_int_equal(r.lost, 0);
	dialog_rig_run(&r, 12000);
	assert_int_equal(r.lost, 0); // within its time
	dialog_rig_run(&r, 15000);
	assert_int_equal(r.lost, 1);
	assert_string_equal(r.lost_code, "heartbeat");
	unsigned links = r.n_links;
	dialog_rig_run(&r, 120000);
	assert_int_equal(r.n_links, links); // no flapping
	r.sim.holding[107]++;
	dialog_rig_run(&r, 3000);
	assert_int_equal(r.lost, 0);
	dialog_rig_free(&r);
}

// ---- selectors and the client's heartbeat
// ----------------------------------------------

#define SELECTOR                                                    \
  "dialogs:\n"                                                      \
  "  writes:\n"                                                     \
  "    - {name: select, for: selector, function: 6, address: 4679," \
  " printed: \"4679\", min: 1, max: 512}\n"                         \
  "  selectors:\n"                                                  \
  "    - {name: numeric, item: heat, write: select, area: holding," \
  " address: 4682, printed: \"4682\", every: 5s, pending: [15],"    \
  " why_off: {en: it harmed others once.}}\n"

#define HEATS                                                         \
  "dialogs: {selectors: [numeric]}, poll: 1s, points: ["              \
  "{id: z1, item: zone, device: 1, kind: smoke, place: {en: A}}, "    \
  "{id: t7, item: heat, device: 7, kind: pressure, place: {en: A}}, " \
  "{id: t9, item: heat, device: 9, kind: pressure, place: {en: B}}]"

enum {
	SELECT = 4679,
	RESULT = 4682,
};

static void
test_values_behind_a_selector(void **state)
{
	static struct dialog_rig r;

	(void)state;
	dialog_rig_init(&r, DIALOG_RIG_HEAD SELECTOR, HEATS);
	r.sim.holding[RESULT] = (uint16_t)-123;
	r.sim.silent = true; // a selector needs a device that is up
	dialog_rig_run(&r, 5000);
	assert_int_equal(r.n_wrote, 0);
	r.sim.silent = false;
	r.sim.exception = 15;
	r.sim.exceptions = 2;
	r.sim.exception_at = RESULT;
	for (int i = 0; i < 50 && !dialog_rig_last(&r, "t7"); i++)
		dialog_rig_run(&r, 100);
	assert_non_null(dialog_rig_last(&r, "t7"));
	assert_int_equal(r.sim.n_writes, 1); // pending: only the read again
	assert_int_equal(r.sim.writes[0].address, SELECT);
	assert_int_equal(r.sim.writes[0].value, 7);
	assert_float_equal(dialog_rig_last(&r, "t7")->value, -12.3, 1e-9);
	dialog_rig_run(&r, 30000);
	assert_in_range(r.sim.n_writes, 11, 14); // two points each 5 s
	for (unsigned i = 1; i < r.sim.n_writes; i++)
		assert_int_equal(r.sim.writes[i].value, i % 2 ? 9 : 7);
	r.sim.exception = 3;
	r.sim.exceptions = 1;
	dialog_rig_run(&r, 10000);
	assert_int_equal(r.n_refused, 0); // the read was refused, not the write
	dialog_rig_free(&r);
}

static void
test_a_selector_without_a_value_is_bad_quality(void **state)
{
	static struct dialog_rig r;

	(void)state;
	dialog_rig_init(&r, DIALOG_RIG_HEAD SELECTOR, HEATS);
	r.sim.exception = 15;
	r.sim.exceptions = 100;
	r.sim.exception_at = SELECT;
	dialog_rig_run(&r, 8000);
	assert_int_equal(dialog_rig_last(&r, "t7")->quality, QUALITY_BAD);
	assert_true(isnan(dialog_rig_last(&r, "t7")->value));
	assert_true(dialog_rig_shows(&r, "t7", COND_FAULT, "no-value"));
	dialog_rig_free(&r);
}

#define BEAT                                                       \
  "dialogs:\n"                                                     \
  "  writes:\n"                                                    \
  "    - {name: beat, for: heartbeat, function: 16, address: 900," \
  " printed: \"900\", min: 1, max: 3}\n"                           \
  "  heartbeat: {write: beat, period: 10s}\n"

static void
test_i8_the_client_beats_only_where_the_site_allows(void **state)
{
	static struct dialog_rig r;

	(void)state;
	dialog_rig_init(&r, DIALOG_RIG_HEAD BEAT, DIALOG_RIG_ZONES);
	dialog_rig_run(&r, 60000);
	assert_int_equal(r.sim.n_writes, 0);
	dialog_rig_free(&r);
	dialog_rig_init(&r, DIALOG_RIG_HEAD BEAT,
	    "dialogs: {allow_writes: true}, " DIALOG_RIG_ZONES);
	dialog_rig_run(&r, 65000);
	assert_int_equal(r.sim.n_writes, 7);
	for (unsigned i = 0; i < 7; i++) {
		assert_int_equal(r.sim.writes[i].function, 16);
		assert_int_equal(r.sim.writes[i].value, i % 3 + 1);
	}
	assert_int_equal(r.n_wrote, 7);
	r.sim.exception = 1;
	r.sim.exceptions = 1;
	r.sim.exception_at = 900;
	dialog_rig_run(&r, 10000);
	assert_true(
	    dialog_rig_shows(&r, "@panel/dev", COND_FAULT, "heartbeat-refused"));
	dialog_rig_run(&r, 10000);
	assert_false(
	    dialog_rig_shows(&r, "@panel/dev", COND_FAULT, "heartbeat-refused"));
	dialog_rig_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_points_behind_a_summary_wait_for_the_full_scan),
		cmocka_unit_test(test_a_change_reads_the_loop_it_is_about),
		cmocka_unit_test(test_a_fire_flag_with_a_point_behind_it),
		cmocka_unit_test(
		    test_a_fire_flag_with_no_point_behind_it_is_the_panels),
		cmocka_unit_test(test_what_a_summary_means_is_the_panels),
		cmocka_unit_test(test_an_absent_summary_guards_nothing),
		cmocka_unit_test(test_one_absent_loop_does_not_cost_the_others),
		cmocka_unit_test(test_i6_a_live_gateway_in_front_of_a_dead_source),
		cmocka_unit_test(test_a_device_that_does_not_tell_is_read_and_says_so),
		cmocka_unit_test(test_the_gateway_speaks_of_its_nodes),
		cmocka_unit_test(
		    test_a_gateway_that_the_site_does_not_name_is_not_asked),
		cmocka_unit_test(test_a_heartbeat_that_stands_still),
		cmocka_unit_test(test_values_behind_a_selector),
		cmocka_unit_test(test_a_selector_without_a_value_is_bad_quality),
		cmocka_unit_test(test_i8_the_client_beats_only_where_the_site_allows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
