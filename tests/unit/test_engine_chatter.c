// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Alarms that only come and go, in the running engine with the real store: what is held
// and what is counted, what it never touches, and that every change is in the journal
// as an event or in a count.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/decision.h"
#include "engine_journal.h"
#include "engine_rig.h"
#include "test.h"

static const char site_text[] =
    "site: {id: t, name: {zh: 测, en: T}, time_zone: Asia/Shanghai}\n"
    "console: {listen: \"127.0.0.1:0\", desk: [127.0.0.1]}\n"
    "engine: {chatter: {count: 5, within: 1min, quiet: 5min}}\n"
    "buses: [{id: lan, modbus_tcp: \"127.0.0.1:5020\"},"
    " {id: io-lan, modbus_tcp: \"127.0.0.1:5021\"}]\n"
    "devices:\n"
    "  - {id: g, bus: lan, unit: 1, profile: pressure-transmitter-ptmb, poll: 1s,"
    " points: [{id: main, item: pressure, kind: pressure, place: {en: Pump room},"
    " limits: {low: 0.60MPa}}]}\n"
    "  - id: io\n"
    "    bus: io-lan\n"
    "    unit: 1\n"
    "    profile: iologik-e1210\n"
    "    poll: 1s\n"
    "    points:\n"
    "      - {id: valve, item: di, device: 0, kind: valve, place: {en: V}}\n"
    "      - {id: fire, item: di, device: 1, kind: fire-contact, place: {en: F}}\n"
    "      - {id: panic, item: di, device: 2, kind: panic, place: {en: P}}\n"
    "      - {id: run, item: di, device: 3, kind: pump-run, place: {en: R}}\n"
    "      - {id: free, item: di, device: 4, kind: valve, chatter: none,"
    " place: {en: N}}\n"
    "      - {id: quick, item: di, device: 5, kind: valve,"
    " chatter: {count: 3, within: 10s, quiet: 20s}, place: {en: Q}}\n"
    "      - {id: flow, item: di, device: 6, kind: flow-switch, latch: own,"
    " place: {en: L}}\n"
    "      - {id: slow, item: di, device: 7, kind: valve, off_delay: 2s,"
    " place: {en: S}}\n"
    "suppressions:\n"
    "  - {id: shut, points: [main], while: valve, reason: {en: shut}}\n";

enum {
	SECOND = 1000,
	MINUTE = 60 * SECOND,
	COUNT = 5 // of the site
};

static const struct alarm_record *
alarm_of(const struct rig *r, const char *point, enum condition c, const char *code)
{
	return alarms_find(engine_alarms(r->engine), point, c, code);
}

static const struct alarm_record *
fault_of(const struct rig *r, const char *point)
{
	return alarm_of(r, point, COND_FAULT, "chatter");
}

static const struct alarm_record *
valve(const struct rig *r)
{
	return alarm_of(r, "valve", COND_SUPERVISORY, "");
}

static void
acknowledge(const struct rig *r, const struct alarm_record *a)
{
	assert_non_null(a);
	assert_int_equal(
	    engine_acknowledge(r->engine, a->occurrence, "wang"), ENGINE_OK);
}

// Comes and goes so many times, a second each.
static void
flip(struct rig *r, const char *point, unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		rig_level(r, point, true);
		rig_pass(r, SECOND);
		rig_level(r, point, false);
		rig_pass(r, SECOND);
	}
}

static void
lose_io(const struct rig *r, bool lost)
{
	engine_link(r->engine, r->site->devices[1].link_point, lost, "timeout");
}

static void
test_it_is_held_and_one_fault(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	supervise_consoles(r.supervise, 1, 1);
	flip(&r, "valve", COUNT - 1);
	assert_null(fault_of(&r, "valve"));
	rig_level(&r, "valve", true); // the fifth within the minute
	const struct alarm_record *a = valve(&r);
	assert_int_equal(a->a.state, ALARM_UNACKNOWLEDGED);
	assert_int_equal(a->occurrences, COUNT);
	assert_non_null(a->chatter);
	assert_int_equal(fault_of(&r, "valve")->a.state, ALARM_UNACKNOWLEDGED);
	acknowledge(&r, valve(&r));
	acknowledge(&r, fault_of(&r, "valve"));
	unsigned sounds = r.sound_changes;
	flip(&r, "valve", 40);
	assert_ptr_equal(valve(&r), a);
	assert_int_equal(a->a.state, ALARM_ACKNOWLEDGED);
	assert_int_equal(a->occurrences, COUNT);
	assert_int_equal(r.sound_changes, sounds);
	assert_false(engine_sound_on(r.engine));
	assert_int_equal(rig_events(&r, "kind = 'alarm.onset' AND point = 'valve' "
					"AND condition = 'supervisory'"),
	    COUNT);
	// It is clear and quiet: the alarm becomes what the field says.
	rig_pass(&r, 5 * MINUTE - 2 * SECOND);
	assert_non_null(valve(&r));
	rig_pass(&r, 2 * SECOND);
	assert_null(valve(&r));
	assert_null(fault_of(&r, "valve"));
	// 40 clears and 39 onsets without an event, each of them counted.
	assert_int_equal(rig_events(&r, "kind = 'chatter.start'"), 1);
	assert_int_equal(rig_events(&r, "kind = 'chatter.end' AND "
					"json_extract(params, '$.all_onsets') = 39 AND "
					"json_extract(params, '$.all_clears') = 40 AND "
					"json_extract(params, '$.reason') = 'quiet'"),
	    1);
	rig_tear_down(&r);
}

// The change that ended last is true: the alarm stands on, and has nothing to tell.
static void
test_what_stands_at_its_end_stands(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	flip(&r, "valve", 8);
	rig_level(&r, "valve", true);
	rig_pass(&r, 5 * MINUTE + SECOND);
	assert_int_equal(valve(&r)->a.state, ALARM_UNACKNOWLEDGED);
	assert_null(valve(&r)->chatter);
	// Nobody has answered for the fault: it has returned.
	assert_int_equal(fault_of(&r, "valve")->a.state, ALARM_RETURNED);
	acknowledge(&r, valve(&r));
	rig_level(&r, "valve", false);
	assert_null(valve(&r));
	flip(&r, "valve", COUNT - 1); // it counts from the beginning
	assert_null(valve(&r)->chatter);
	rig_tear_down(&r);
}

static void
test_an_unanswered_one_returns(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	flip(&r, "valve", 8);
	assert_true(engine_sound_on(r.engine));
	rig_pass(&r, 5 * MINUTE + SECOND);
	assert_int_equal(valve(&r)->a.state, ALARM_RETURNED);
	assert_int_equal(rig_events(&r, "kind = 'alarm.clear' AND point = 'valve' AND "
					"condition = 'supervisory' AND "
					"not_before_utc_ms = time_utc_ms - 300000"),
	    1);
	rig_tear_down(&r);
}

static void
test_i6_unknown_never_ends_it(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	flip(&r, "valve", 8);
	lose_io(&r, true);
	rig_pass(&r, 60 * MINUTE);
	assert_non_null(valve(&r)->chatter);
	lose_io(&r, false);
	rig_pass(&r, 60 * MINUTE); // the link is back, nothing is heard of the point
	assert_non_null(valve(&r)->chatter);
	struct sample s = rig_sample(&r, "valve", SAMPLE_LEVEL);
	s.quality = QUALITY_BAD;
	engine_sample(r.engine, &s);
	rig_pass(&r, 60 * MINUTE);
	assert_non_null(valve(&r)->chatter);
	rig_level(&r, "valve", false);
	rig_pass(&r, 5 * MINUTE - SECOND);
	assert_non_null(valve(&r)->chatter);
	rig_pass(&r, 2 * SECOND);
	assert_int_equal(valve(&r)->a.state, ALARM_RETURNED);
	rig_tear_down(&r);
}

// A limit of a gauge chatters as a contact does; what a good sample leaves open is
// unknown as well.
static void
test_a_limit_and_i6_what_a_sample_is_silent_of(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	struct sample s = rig_sample(&r, "main", SAMPLE_ANALOG);
	for (int i = 0; i < 2 * COUNT + 1; i++) {
		s.value = i % 2 == 0 ? 590 : 610;
		engine_sample(r.engine, &s);
		rig_pass(&r, SECOND);
	}
	const struct alarm_record *low = alarm_of(&r, "main", COND_PROCESS, "low");
	assert_non_null(low->chatter);
	rig_pass(&r, 5 * MINUTE);
	assert_null(alarm_of(&r, "main", COND_PROCESS, "low")->chatter);
	flip(&r, "valve", 8);
	s = rig_sample(&r, "valve", SAMPLE_LEVEL);
	s.silent = 1U << COND_SUPERVISORY;
	engine_sample(r.engine, &s);
	rig_pass(&r, 20 * MINUTE);
	assert_non_null(valve(&r)->chatter);
	rig_tear_down(&r);
}

// Of a sensor that is broken now and then; that it is so now is no quality to end with.
static void
test_i6_a_bad_value_does_not_end_it(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	for (int i = 0; i < 2 * COUNT - 1; i++) {
		struct sample s = rig_sample(&r, "main", SAMPLE_ANALOG);
		s.value = 700;
		s.quality = i % 2 == 0 ? QUALITY_BAD : QUALITY_GOOD;
		engine_sample(r.engine, &s);
		rig_pass(&r, SECOND);
	}
	const struct alarm_record *a = alarm_of(&r, "main", COND_FAULT, "sensor");
	assert_non_null(a->chatter);
	rig_pass(&r, 20 * MINUTE);
	assert_non_null(a->chatter);
	struct sample s = rig_sample(&r, "main", SAMPLE_ANALOG);
	s.value = 700;
	engine_sample(r.engine, &s);
	rig_pass(&r, 5 * MINUTE + SECOND);
	assert_int_equal(a->a.state, ALARM_RETURNED);
	assert_null(a->chatter);
	rig_tear_down(&r);
}

static unsigned
onsets_of(struct rig *r, const char *point)
{
	char where[128];
	(void)snprintf(where, sizeof(where),
	    "kind = 'alarm.onset' AND point = '%s' AND code IS NULL", point);
	return rig_events(r, where);
}

// Reset as a panel would, so that each is a new occurrence.
static void
test_i14_a_fire_a_panic_and_info_never(void **state)
{
	(void)state;
	static const char *const points[] = { "fire", "panic", "run", "free" };
	struct rig r;
	const char *reason;
	rig_set_up_site(&r, site_text);
	for (size_t k = 0; k < ARRAY_LEN(points); k++) {
		for (int i = 0; i < 30; i++) {
			rig_level(&r, points[k], true);
			const struct alarm_record *a = rig_open_alarm(&r, points[k]);
			bool info = a->alarm_class == CLASS_INFO;
			assert_int_equal(a->a.state,
			    info ? ALARM_ACKNOWLEDGED : ALARM_UNACKNOWLEDGED);
			assert_int_equal(engine_sound_on(r.engine), !info);
			acknowledge(&r, a);
			rig_level(&r, points[k], false);
			(void)engine_reset(r.engine, site_find_point(r.site, points[k]),
			    "wang", &reason);
			assert_null(rig_open_alarm(&r, points[k]));
		}
		assert_int_equal(onsets_of(&r, points[k]), 30);
	}
	assert_int_equal(rig_events(&r, "kind LIKE 'chatter.%'"), 0);
	rig_tear_down(&r);
}

static void
test_built_in_points_never(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	for (int i = 0; i < 30; i++) {
		engine_system(r.engine, r.site->clock_point, true, "unsynchronised");
		engine_system(r.engine, r.site->clock_point, false, NULL);
	}
	assert_int_equal(rig_events(&r, "kind LIKE 'chatter.%'"), 0);
	assert_int_equal(
	    rig_events(&r, "kind = 'alarm.onset' AND point = '@clock'"), 30);
	rig_tear_down(&r);
}

static void
test_a_point_of_its_own(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	flip(&r, "quick", 4);
	assert_non_null(rig_open_alarm(&r, "quick"));
	assert_non_null(fault_of(&r, "quick"));
	acknowledge(&r, alarm_of(&r, "quick", COND_SUPERVISORY, ""));
	acknowledge(&r, fault_of(&r, "quick"));
	rig_pass(&r, 20 * SECOND);
	assert_null(rig_open_alarm(&r, "quick"));
	rig_tear_down(&r);
}

// What we latch is latched when it ends, not before.
static void
test_a_latch_of_ours(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	flip(&r, "flow", 8);
	const struct alarm_record *a = alarm_of(&r, "flow", COND_SUPERVISORY, "");
	assert_int_equal(a->a.state, ALARM_UNACKNOWLEDGED);
	const char *reason = NULL;
	acknowledge(&r, a);
	assert_int_equal(
	    engine_reset(r.engine, a->point_index, "wang", &reason), ENGINE_REFUSED);
	rig_pass(&r, 5 * MINUTE + SECOND);
	assert_int_equal(a->a.state, ALARM_LATCHED_ACKNOWLEDGED);
	rig_tear_down(&r);
}

// An off-delay that runs at the end of the quiet time decides as ever.
static void
test_delays_come_first(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	flip(&r, "slow", 30); // a second off: never gone
	assert_int_equal(onsets_of(&r, "slow"), 1);
	for (int i = 0; i < 8; i++) {
		rig_level(&r, "slow", true);
		rig_pass(&r, SECOND);
		rig_level(&r, "slow", false);
		rig_pass(&r, 3 * SECOND);
	}
	assert_non_null(alarm_of(&r, "slow", COND_SUPERVISORY, "")->chatter);
	assert_int_equal(onsets_of(&r, "slow"), 1 + COUNT);
	rig_pass(&r, 5 * MINUTE);
	assert_int_equal(
	    alarm_of(&r, "slow", COND_SUPERVISORY, "")->a.state, ALARM_RETURNED);
	rig_tear_down(&r);
}

// Nobody can say what the valve is: what it would hide is shown.
static void
test_i6_it_suppresses_nothing(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	rig_level(&r, "valve", true);
	struct sample s = rig_sample(&r, "main", SAMPLE_ANALOG);
	s.value = 500;
	engine_sample(r.engine, &s);
	const struct alarm_record *low = alarm_of(&r, "main", COND_PROCESS, "low");
	assert_true(alarm_hidden(&low->a));
	flip(&r, "valve", 8);
	assert_false(alarm_hidden(&low->a));
	rig_level(&r, "valve", true);
	assert_false(alarm_hidden(&low->a));
	rig_pass(&r, 5 * MINUTE + SECOND);
	assert_true(alarm_hidden(&low->a)); // it is shut, for sure
	rig_tear_down(&r);
}

static void
test_each_hour_has_its_count(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	for (int i = 0; i < 200; i++) {
		rig_level(&r, "valve", i % 2 == 0);
		rig_pass(&r, i < 20 ? SECOND : MINUTE);
	}
	rig_pass(&r, 10 * MINUTE);
	assert_int_equal(rig_events(&r, "kind = 'chatter.count'"), 3);
	// 100 onsets: five with an event, the rest in the counts and the end.
	assert_int_equal(rig_events(&r, "kind = 'chatter.end' AND "
					"json_extract(params, '$.all_onsets') = 95 AND "
					"json_extract(params, '$.all_clears') = 96"),
	    1);
	assert_int_equal(
	    rig_events(&r,
		"kind = 'chatter.end' AND 95 = (SELECT "
		"sum(json_extract(params, '$.onsets')) FROM v_event WHERE kind IN "
		"('chatter.count', 'chatter.end'))"),
	    1);
	rig_tear_down(&r);
}

static void
test_i11_it_goes_on_after_a_restart(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	flip(&r, "valve", 8); // three onsets more than it took
	rig_pass(&r, 6 * SECOND);
	rig_stop(&r);
	rig_start(&r);
	assert_non_null(valve(&r)->chatter);
	assert_non_null(fault_of(&r, "valve"));
	rig_pass(&r, 60 * MINUTE); // nothing is known of it yet
	assert_non_null(valve(&r)->chatter);
	flip(&r, "valve", 2);
	assert_int_equal(valve(&r)->occurrences, COUNT);
	rig_pass(&r, 5 * MINUTE);
	assert_int_equal(valve(&r)->a.state, ALARM_RETURNED);
	assert_int_equal(fault_of(&r, "valve")->a.state, ALARM_RETURNED);
	assert_int_equal(rig_events(&r, "kind = 'chatter.start'"), 1);
	assert_int_equal(rig_events(&r, "kind = 'chatter.end' AND "
					"json_extract(params, '$.all_onsets') = 5 AND "
					"json_extract(params, '$.at_least') = 1"),
	    1);
	// And is not there any more at the start after that.
	rig_stop(&r);
	rig_start(&r);
	assert_null(valve(&r)->chatter);
	rig_tear_down(&r);
}

static void
replace_site(const struct rig *r, const char *from, const char *to)
{
	char path[128];
	const char *at = strstr(site_text, from);
	(void)snprintf(path, sizeof(path), "%s/site.yaml", r->dir);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_non_null(at);
	(void)fwrite(site_text, 1, (size_t)(at - site_text), f);
	(void)fputs(to, f);
	(void)fputs(at + strlen(from), f);
	assert_int_equal(fclose(f), 0);
}

// The alarm is as any other then, and stands until it is heard of.
static void
test_i11_a_rule_that_was_taken_out(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	flip(&r, "valve", 8);
	acknowledge(&r, fault_of(&r, "valve"));
	rig_stop(&r);
	replace_site(
	    &r, "chatter: {count: 5, within: 1min, quiet: 5min}", "chatter: none");
	rig_start(&r);
	assert_null(valve(&r)->chatter);
	assert_int_equal(valve(&r)->a.state, ALARM_UNACKNOWLEDGED);
	assert_null(fault_of(&r, "valve"));
	assert_int_equal(
	    rig_events(&r, "kind = 'chatter.end' AND "
			   "json_extract(params, '$.reason') = 'rule_removed'"),
	    1);
	rig_level(&r, "valve", false);
	assert_int_equal(valve(&r)->a.state, ALARM_RETURNED);
	rig_tear_down(&r);
}

static void
test_i11_a_point_that_was_taken_out(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	flip(&r, "quick", 6);
	rig_stop(&r);
	replace_site(&r, "id: quick", "id: other");
	rig_start(&r);
	assert_int_equal(
	    rig_events(&r, "kind = 'chatter.end' AND point = 'quick' AND "
			   "json_extract(params, '$.reason') = 'withdrawn'"),
	    1);
	assert_int_equal(
	    alarm_of(&r, "quick", COND_SUPERVISORY, "")->a.state, ALARM_RETURNED);
	rig_tear_down(&r);
}

static void
test_explain_says_that_it_is_held(void **state)
{
	(void)state;
	struct rig r;
	struct decision d[DECISIONS_PER_POINT];
	bool held = false, chatters = false;
	rig_set_up_site(&r, site_text);
	flip(&r, "valve", 8);
	unsigned n = engine_decisions(r.engine, site_find_point(r.site, "valve"), d);
	for (unsigned i = 0; i < n; i++) {
		chatters |= d[i].kind == DECISION_CHATTERS;
		held |= d[i].kind == DECISION_HELD_CHATTERS && chatters &&
			d[i].condition == COND_SUPERVISORY;
	}
	assert_true(held);
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	engine_point_json(r.engine, site_find_point(r.site, "valve"), &b);
	json_close(&b, '}');
	assert_non_null(strstr(b.data, "\"chatter\":[{\"condition\":\"supervisory\""));
	assert_non_null(strstr(b.data, "\"onsets\":3"));
	buf_free(&b);
	rig_tear_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_is_held_and_one_fault),
		cmocka_unit_test(test_what_stands_at_its_end_stands),
		cmocka_unit_test(test_an_unanswered_one_returns),
		cmocka_unit_test(test_i6_unknown_never_ends_it),
		cmocka_unit_test(test_a_limit_and_i6_what_a_sample_is_silent_of),
		cmocka_unit_test(test_i6_a_bad_value_does_not_end_it),
		cmocka_unit_test(test_i14_a_fire_a_panic_and_info_never),
		cmocka_unit_test(test_built_in_points_never),
		cmocka_unit_test(test_a_point_of_its_own),
		cmocka_unit_test(test_a_latch_of_ours),
		cmocka_unit_test(test_delays_come_first),
		cmocka_unit_test(test_i6_it_suppresses_nothing),
		cmocka_unit_test(test_each_hour_has_its_count),
		cmocka_unit_test(test_i11_it_goes_on_after_a_restart),
		cmocka_unit_test(test_i11_a_rule_that_was_taken_out),
		cmocka_unit_test(test_i11_a_point_that_was_taken_out),
		cmocka_unit_test(test_explain_says_that_it_is_held),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
