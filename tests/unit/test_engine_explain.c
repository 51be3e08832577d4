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

static const char rules_site[] =
    "site: {id: t, name: {zh: 测, en: T}, time_zone: Asia/Shanghai}\n"
    "console: {listen: \"127.0.0.1:0\", desk: [127.0.0.1]}\n"
    "buses: [{id: lan, modbus_tcp: \"127.0.0.1:5020\"},"
    " {id: io-lan, modbus_tcp: \"127.0.0.1:5021\"}]\n"
    "devices:\n"
    "  - {id: g, bus: lan, unit: 1, profile: pressure-transmitter-ptmb, poll: 1s,"
    " points: [{id: main, item: pressure, kind: pressure, place: {en: Pump room},"
    " rate: {fall: {change: 0.05MPa, within: 1min}}}]}\n"
    "  - id: io\n"
    "    bus: io-lan\n"
    "    unit: 1\n"
    "    profile: iologik-e1210\n"
    "    poll: 1s\n"
    "    points:\n"
    "      - {id: run, item: di, device: 0, kind: pump-run, place: {en: Pump}}\n"
    "      - {id: valve, item: di, device: 1, kind: valve, place: {en: V}}\n"
    "      - {id: door, item: di, device: 2, kind: door, place: {en: Door}}\n"
    "      - {id: rex, item: di, device: 3, kind: request-to-exit, place: {en: X}}\n"
    "suppressions:\n"
    "  - {id: standing, points: [valve], conditions: [supervisory], unless: run,"
    " reason: {zh: 泵未运行, en: the pump stands}}\n"
    "doors: [{point: door, grants: [rex], unlock: 5s, held: 60s, settle: 1200ms,"
    " unlocked: [{days: [tue], from: \"08:00\", to: \"18:00\"}]}]\n"
    "pumps: [{id: fire, role: main, gauge: main, run: run,"
    " not_started: {pressure: 0.60MPa, within: 30s}}]\n";

static void
measure(const struct rig *r, double kpa, enum quality q)
{
	struct sample s = rig_sample(r, "main", SAMPLE_ANALOG);
	s.value = kpa;
	s.quality = q;
	engine_sample(r->engine, &s);
}

// Whether this was decided about the point, of this word.
static bool
has(const struct rig *r, const char *point, enum decision_kind kind, const char *word)
{
	struct decision d[DECISIONS_PER_POINT];
	unsigned n = list(r, point, d);
	for (unsigned i = 0; i < n; i++)
		if (d[i].kind == kind && strcmp(d[i].word, word) == 0)
			return true;
	return false;
}

static void
test_i6_a_rate_and_a_pump_say_when_they_cannot_judge(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, rules_site);
	rig_level(&r, "run", false);
	measure(&r, 800, QUALITY_GOOD);
	assert_true(has(&r, "main", DECISION_RULE_UNKNOWN, "rate-fall"));
	assert_false(has(&r, "main", DECISION_RULE_KNOWN, "rate-fall"));
	for (int i = 0; i < 90; i++) {
		rig_pass(&r, 1000);
		measure(&r, 800 + i % 2, QUALITY_GOOD);
	}
	assert_true(has(&r, "main", DECISION_RULE_KNOWN, "rate-fall"));
	expect(&r, "main", "seen rule_unknown rule_known"); // each change once
	measure(&r, 800, QUALITY_BAD);
	assert_true(has(&r, "@pump/fire", DECISION_RULE_UNKNOWN, "pump-not-started"));
	measure(&r, 800, QUALITY_GOOD);
	assert_true(has(&r, "@pump/fire", DECISION_RULE_KNOWN, "pump-not-started"));
	rig_tear_down(&r);
}

static void
test_i6_a_suppression_names_itself_at_what_it_is_over(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, rules_site);
	rig_level(&r, "valve", false);
	rig_level(&r, "run", false);
	assert_true(has(&r, "valve", DECISION_SUPPRESSION_ON, "standing"));
	assert_false(has(&r, "run", DECISION_SUPPRESSION_ON, "standing"));
	rig_level(&r, "run", true);
	assert_true(has(&r, "valve", DECISION_SUPPRESSION_OFF, "standing"));
	struct sample s = rig_sample(&r, "run", SAMPLE_LEVEL);
	s.quality = QUALITY_UNKNOWN;
	engine_sample(r.engine, &s);
	assert_true(has(&r, "valve", DECISION_RULE_UNKNOWN, "standing"));
	rig_level(&r, "run", true);
	assert_true(has(&r, "valve", DECISION_RULE_KNOWN, "standing"));
	rig_tear_down(&r);
}

static void
test_a_door_says_why_its_opening_is_no_alarm(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, rules_site);
	rig_level(&r, "door", false);
	assert_true(has(&r, "door", DECISION_RULE_UNKNOWN, "grant"));
	rig_level(&r, "rex", false);
	assert_true(has(&r, "door", DECISION_RULE_KNOWN, "grant"));
	rig_pass(&r, 10000);
	rig_level(&r, "rex", true);
	rig_pass(&r, 1000);
	rig_level(&r, "door", true);
	rig_pass(&r, 2000);
	assert_true(has(&r, "door", DECISION_DOOR_ALLOWED, "rex"));
	assert_null(rig_open_alarm(&r, "door"));
	assert_false(has(&r, "door", DECISION_DOOR_UNLOCKED, ""));
	rig_pass(&r, INT64_C(9) * 3600 * 1000); // Tuesday 09:00
	assert_true(has(&r, "door", DECISION_DOOR_UNLOCKED, ""));
	rig_pass(&r, INT64_C(10) * 3600 * 1000);
	assert_true(has(&r, "door", DECISION_DOOR_LOCKED, ""));
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
		cmocka_unit_test(test_i6_a_rate_and_a_pump_say_when_they_cannot_judge),
		cmocka_unit_test(test_i6_a_suppression_names_itself_at_what_it_is_over),
		cmocka_unit_test(test_a_door_says_why_its_opening_is_no_alarm),
		cmocka_unit_test(test_who_hides_it_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
