// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Pumps in the running engine: a jockey and a main pump on one header with two gauges,
// and a jockey that only its pressure tells of.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine_journal.h"
#include "test.h"

#define GAUGE(id, unit)                                               \
  "  - {id: " id "-t, bus: line, unit: " unit                         \
  ", profile: pressure-transmitter-ptmb, poll: 1s, points: [{id: " id \
  ", item: pressure, kind: pressure, place: {en: G}}]}\n"

static const char site_text[] =
    "site: {id: t, name: {zh: 测, en: T}, time_zone: Asia/Shanghai}\n"
    "console: {listen: \"127.0.0.1:0\", desk: [127.0.0.1]}\n"
    "buses: [{id: lan, modbus_tcp: \"127.0.0.1:5020\"},"
    " {id: line, modbus_tcp: \"127.0.0.1:5021\"}]\n"
    "devices:\n" GAUGE("main-a", "3") GAUGE("main-b", "4") GAUGE("far",
	"5") "  - id: io\n"
	     "    bus: lan\n"
	     "    unit: 1\n"
	     "    profile: iologik-e1200\n"
	     "    poll: 1s\n"
	     "    points:\n"
	     "      - {id: jockey-run, item: di, device: 0, kind: pump-run, place: "
	     "{en: J}}\n"
	     "      - {id: main-run, item: di, device: 1, kind: pump-run, place: {en: "
	     "M}}\n"
	     "      - {id: auto, item: di, device: 2, kind: pump-auto, place: {en: "
	     "M}}\n"
	     "pumps:\n"
	     "  - {id: jockey, name: {zh: 稳压泵, en: Jockey}, role: jockey, gauge: "
	     "main-a,\n"
	     "     second_gauge: main-b, run: jockey-run, long_run: {after: 60s},\n"
	     "     gauges_differ: {beyond: 30kPa, after: 10s}}\n"
	     "  - {id: fire, role: main, gauge: main-a, run: main-run, auto: auto,\n"
	     "     not_started: {pressure: 0.60MPa, within: 30s}, weekly_start: true,\n"
	     "     monthly_run: true}\n"
	     "  - {id: far-jockey, role: jockey, gauge: far, swing: 0.03MPa}\n";

static void
value(struct rig *r, const char *point, double kpa)
{
	struct sample s = rig_sample(r, point, SAMPLE_ANALOG);
	s.value = kpa;
	s.quality = isnan(kpa) ? QUALITY_BAD : QUALITY_GOOD;
	engine_sample(r->engine, &s);
}

static enum alarm_state
state_of(const struct rig *r, const char *point, enum condition c, const char *code)
{
	const struct alarm_record *a =
	    alarms_find(engine_alarms(r->engine), point, c, code);
	return a != NULL ? a->a.state : ALARM_NORMAL;
}

static void
expect_json(const struct rig *r, const char *point, const char *part)
{
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	engine_point_json(r->engine, site_find_point(r->site, point), &b);
	json_close(&b, '}');
	if (strstr(b.data, part) == NULL)
		fail_msg("%s: %s is not in %s", point, part, b.data);
	buf_free(&b);
}

static void
settle(struct rig *r)
{
	rig_level(r, "jockey-run", false);
	rig_level(r, "main-run", false);
	rig_level(r, "auto", true);
	value(r, "main-a", 780);
	value(r, "main-b", 780);
	value(r, "far", 780);
	rig_pass(r, 1000);
}

static void
jockey_run(struct rig *r)
{
	value(r, "main-a", 720);
	rig_level(r, "jockey-run", true);
	rig_pass(r, 3000);
	value(r, "main-a", 800);
	rig_level(r, "jockey-run", false);
	rig_pass(r, 1000);
}

static void
test_starts_are_events_and_i11_are_counted_on_after_a_restart(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	settle(&r);
	jockey_run(&r);
	jockey_run(&r);
	expect_json(&r, "@pump/jockey", "\"starts_today\":2");
	expect_json(&r, "@pump/jockey", "\"kpa\":720");
	rig_level(&r, "jockey-run", true);
	rig_pass(&r, 1000);
	rig_stop(&r);
	rig_start(&r);
	expect_json(&r, "@pump/jockey", "\"is\":\"unknown\"");
	expect_json(&r, "@pump/jockey", "\"starts_today\":3");
	rig_level(&r, "jockey-run", false);
	rig_pass(&r, 1000);
	jockey_run(&r);
	expect_json(&r, "@pump/jockey", "\"starts_today\":4");
	assert_int_equal(rig_events(&r, "kind = 'pump.start'"), 4);
	assert_int_equal(rig_events(&r, "kind = 'pump.start' AND value = 720"), 3);
	assert_int_equal(
	    rig_events(&r, "kind = 'pump.stop' AND params LIKE '%found_after_gap%'"),
	    1);
	assert_int_equal(
	    rig_events(&r, "kind = 'pump.stop' AND params LIKE '%\"ran_ms\":3000%'"),
	    3);
	rig_tear_down(&r);
}

static void
test_the_trend_makes_events_as_well(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	settle(&r);
	static const double curve[] = { 760, 740, 720, 760, 800, 790, 760 };
	for (size_t i = 0; i < sizeof(curve) / sizeof(curve[0]); i++) {
		value(&r, "far", curve[i]);
		rig_pass(&r, 1000);
	}
	assert_int_equal(
	    rig_events(&r, "kind = 'pump.start' AND value = 720 AND "
			   "params LIKE '%trend%' AND point = '@pump/far-jockey'"),
	    1);
	assert_int_equal(rig_events(&r, "kind = 'pump.stop' AND value = 800"), 1);
	rig_tear_down(&r);
}

static void
test_findings_are_alarms_of_the_pump_with_what_was_measured(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	settle(&r);
	rig_level(&r, "auto", false);
	assert_int_equal(
	    state_of(&r, "@pump/fire", COND_SUPERVISORY, "pump-not-in-auto"),
	    ALARM_UNACKNOWLEDGED);
	assert_null(rig_open_alarm(&r, "auto")); // it is told once
	rig_level(&r, "auto", true);
	assert_int_equal(
	    state_of(&r, "@pump/fire", COND_SUPERVISORY, "pump-not-in-auto"),
	    ALARM_RETURNED);
	value(&r, "main-a", 590);
	value(&r, "main-b", 590);
	rig_pass(&r, 31000);
	assert_int_equal(state_of(&r, "@pump/fire", COND_FAULT, "pump-not-started"),
	    ALARM_UNACKNOWLEDGED);
	assert_int_equal(
	    rig_events(&r, "kind = 'alarm.onset' AND code = 'pump-not-started' AND "
			   "params LIKE '%\"measured\":590,\"allowed\":600,%'"),
	    1);
	rig_level(&r, "main-run", true);
	assert_int_equal(
	    state_of(&r, "main-run", COND_ACTIVATED, ""), ALARM_ACKNOWLEDGED);
	assert_int_equal(
	    state_of(&r, "@pump/fire", COND_FAULT, "pump-not-started"), ALARM_RETURNED);
	expect_json(&r, "@pump/fire", "\"weekly_start\":{\"seen\":true");
	expect_json(&r, "@pump/fire", "\"monthly_run\":{\"seen\":false");
	rig_tear_down(&r);
}

static void
test_i6_a_bad_gauge_makes_a_finding_unknown_and_ends_none(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	settle(&r);
	value(&r, "main-b", 820);
	rig_pass(&r, 11000);
	assert_int_equal(state_of(&r, "@pump/jockey", COND_FAULT, "pump-gauges-differ"),
	    ALARM_UNACKNOWLEDGED);
	uint32_t at = site_find_point(r.site, "@pump/jockey");
	value(&r, "main-b", NAN);
	assert_int_equal(engine_point(r.engine, at)->quality, QUALITY_UNKNOWN);
	rig_pass(&r, 600000);
	assert_int_equal(state_of(&r, "@pump/jockey", COND_FAULT, "pump-gauges-differ"),
	    ALARM_UNACKNOWLEDGED);
	expect_json(&r, "@pump/jockey", "\"is\":\"stands\",\"known\":false");
	rig_stop(&r);
	rig_start(&r);
	assert_int_equal(state_of(&r, "@pump/jockey", COND_FAULT, "pump-gauges-differ"),
	    ALARM_UNACKNOWLEDGED);
	settle(&r);
	assert_int_equal(state_of(&r, "@pump/jockey", COND_FAULT, "pump-gauges-differ"),
	    ALARM_RETURNED);
	engine_link(r.engine, r.site->devices[0].link_point, true, "timeout");
	expect_json(&r, "@pump/jockey", "\"kpa\":null");
	expect_json(&r, "@pump/jockey",
	    "\"gauges_differ\":{\"is\":\"unknown\",\"known\":false");
	rig_tear_down(&r);
}

static void
test_a_long_run_is_told_when_it_is_one(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	settle(&r);
	rig_level(&r, "jockey-run", true);
	rig_pass(&r, 59000);
	assert_int_equal(
	    state_of(&r, "@pump/jockey", COND_PROCESS, "pump-long-run"), ALARM_NORMAL);
	rig_pass(&r, 1500);
	assert_int_equal(state_of(&r, "@pump/jockey", COND_PROCESS, "pump-long-run"),
	    ALARM_UNACKNOWLEDGED);
	rig_tear_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_starts_are_events_and_i11_are_counted_on_after_a_restart),
		cmocka_unit_test(test_the_trend_makes_events_as_well),
		cmocka_unit_test(
		    test_findings_are_alarms_of_the_pump_with_what_was_measured),
		cmocka_unit_test(
		    test_i6_a_bad_gauge_makes_a_finding_unknown_and_ends_none),
		cmocka_unit_test(test_a_long_run_is_told_when_it_is_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
