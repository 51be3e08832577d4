// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the running engine writes into its book of decisions: each rule that stands
// between a sample and an alarm leaves its name, in order.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/decision.h"
#include "engine_rig.h"
#include "test.h"

static unsigned
list(const struct rig *r, const char *point, struct decision *d)
{
	return engine_decisions(r->engine, site_find_point(r->site, point), d);
}

// The names in order, as one text.
static void
expect(const struct rig *r, const char *point, const char *wanted)
{
	struct decision d[DECISIONS_PER_POINT];
	char text[2048] = "";
	size_t used = 0;
	unsigned n = list(r, point, d);
	for (unsigned i = 0; i < n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
		    i > 0 ? " " : "", decision_name(d[i].kind));
	assert_string_equal(text, wanted);
}

static void
test_a_delay_that_was_not_outlasted(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	rig_level(&r, "door", false);
	rig_level(&r, "door", true);
	rig_pass(&r, 3000);
	expect(&r, "door", "seen within_on_delay");
	rig_level(&r, "door", false);
	rig_pass(&r, 10000);
	expect(&r, "door", "seen within_on_delay gone_within_delay");
	rig_level(&r, "door", true);
	rig_pass(&r, 6000);
	expect(&r, "door",
	    "seen within_on_delay gone_within_delay within_on_delay onset sounds "
	    "no_ladder");
	struct decision d[DECISIONS_PER_POINT];
	(void)list(&r, "door", d);
	assert_int_equal(d[4].condition, COND_SECURITY);
	assert_int_equal(d[4].t_utc_ms - d[3].t_utc_ms, 5000);
	rig_tear_down(&r);
}

static void
test_I6_the_unknown_stops_a_delay(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	rig_level(&r, "door", false);
	rig_level(&r, "door", true);
	engine_link(r.engine, site_find_point(r.site, "@bus/lan2"), true, "timeout");
	engine_link(r.engine, site_find_point(r.site, "@device/io"), true, "timeout");
	rig_pass(&r, 6000);
	struct decision d[DECISIONS_PER_POINT];
	unsigned n = list(&r, "door", d);
	bool stopped = false, unknown = false;
	for (unsigned i = 0; i < n; i++) {
		stopped = stopped || d[i].kind == DECISION_DELAY_STOPPED;
		unknown = unknown || d[i].kind == DECISION_UNKNOWN;
		assert_int_not_equal(d[i].kind, DECISION_ONSET);
	}
	assert_true(stopped && unknown);
	rig_tear_down(&r);
}

static void
test_a_fire_its_ladder_and_its_answer(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	rig_fire(&r, "s1", true);
	expect(&r, "s1", "seen onset sounds ladder");
	struct decision d[DECISIONS_PER_POINT];
	assert_int_equal(list(&r, "s1", d), 4);
	assert_string_equal(d[3].word, "l");
	const struct alarm_record *a = rig_open_alarm(&r, "s1");
	assert_int_equal(
	    engine_acknowledge(r.engine, a->occurrence, "wang"), ENGINE_OK);
	rig_fire(&r, "s1", false);
	expect(&r, "s1", "seen onset sounds ladder acknowledged cleared closed");
	rig_tear_down(&r);
}

static void
test_who_hides_it_is_named(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	rig_set_up(&r, NULL, NULL);
	rig_level(&r, "run", false);
	struct flag_order o = {
		.flag = FLAG_ISOLATED,
		.on = true,
		.target = site_find_point(r.site, "auto"),
		.seconds = 600,
		.actor = "li",
		.reason = "dust",
		.measure = "",
	};
	assert_int_equal(engine_flag(r.engine, &o, &reason), ENGINE_OK);
	rig_level(&r, "auto", false);
	struct decision d[DECISIONS_PER_POINT];
	unsigned n = list(&r, "auto", d);
	bool hidden = false;
	for (unsigned i = 0; i < n; i++)
		hidden = hidden || d[i].kind == DECISION_HIDDEN_ISOLATED;
	assert_true(hidden);
	o.on = false;
	assert_int_equal(engine_flag(r.engine, &o, &reason), ENGINE_OK);
	n = list(&r, "auto", d);
	assert_true(n >= 2);
	assert_int_equal(d[n - 1].kind, DECISION_NO_LADDER); // of the re-alarm
	rig_tear_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_delay_that_was_not_outlasted),
		cmocka_unit_test(test_I6_the_unknown_stops_a_delay),
		cmocka_unit_test(test_a_fire_its_ladder_and_its_answer),
		cmocka_unit_test(test_who_hides_it_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
