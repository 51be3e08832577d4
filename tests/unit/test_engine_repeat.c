// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Alarms that come again and again, in the running engine with the real store: what is
// counted and what is not, the one fault, that it touches nothing else, and that a
// restart forgets nothing.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_journal.h"
#include "engine_rig.h"
#include "repeats.h"
#include "test.h"

static const char site_text[] =
    "site: {id: t, name: {zh: 测, en: T}, time_zone: Asia/Shanghai}\n"
    "console: {listen: \"127.0.0.1:0\", desk: [127.0.0.1]}\n"
    "engine: {repeat: {count: 4, within: 3h}}\n"
    "zones: [{id: z, name: {en: Z}}]\n"
    "buses: [{id: io-lan, modbus_tcp: \"127.0.0.1:5021\"}]\n"
    "devices:\n"
    "  - id: io\n"
    "    bus: io-lan\n"
    "    unit: 1\n"
    "    profile: iologik-e1210\n"
    "    poll: 1s\n"
    "    points:\n"
    "      - {id: valve, item: di, device: 0, kind: valve, place: {en: V}}\n"
    "      - {id: fire, item: di, device: 1, kind: fire-contact, zone: z,"
    " place: {en: F}}\n"
    "      - {id: panic, item: di, device: 2, kind: panic, place: {en: P}}\n"
    "      - {id: run, item: di, device: 3, kind: pump-run, place: {en: R}}\n"
    "      - {id: free, item: di, device: 4, kind: valve, repeat: none,"
    " place: {en: N}}\n"
    "      - {id: often, item: di, device: 5, kind: valve,"
    " repeat: {count: 6}, place: {en: O}}\n"
    "      - {id: flow, item: di, device: 6, kind: flow-switch, place: {en: L}}\n"
    "suppressions:\n"
    "  - {id: runs, points: [flow], conditions: [supervisory], while: run,"
    " reason: {en: runs}}\n";

enum {
	SECOND = 1000,
	MINUTE = 60 * SECOND,
	HOUR = 60 * MINUTE,
	COUNT = 4 // of the site
};

static const struct alarm_record *
alarm_of(const struct rig *r, const char *point, enum condition c, const char *code)
{
	return alarms_find(engine_alarms(r->engine), point, c, code);
}

static const struct alarm_record *
fault_of(const struct rig *r, const char *point)
{
	return alarm_of(r, point, COND_FAULT, "repeat");
}

// How many onsets it says; 0 = it is none.
static uint32_t
said(const struct rig *r, const struct alarm_record *a)
{
	int64_t since = 0;
	uint32_t onsets = 0;
	assert_non_null(a);
	if (!repeats_view(r->engine, a, &since, &onsets))
		return 0;
	assert_true(since > 0);
	return onsets;
}

// Comes and goes so many times, one in half an hour.
static void
come(struct rig *r, const char *point, unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		rig_level(r, point, true);
		rig_pass(r, MINUTE);
		rig_level(r, point, false);
		rig_pass(r, 29 * MINUTE);
	}
}

static void
test_it_is_marked_counted_and_one_fault(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	supervise_consoles(r.supervise, 1, 1);
	come(&r, "valve", COUNT - 1);
	assert_null(fault_of(&r, "valve"));
	rig_level(&r, "valve", true);
	const struct alarm_record *a = alarm_of(&r, "valve", COND_SUPERVISORY, "");
	assert_int_equal(a->a.state, ALARM_UNACKNOWLEDGED); // as ever
	assert_int_equal(a->occurrences, COUNT);
	assert_null(a->chatter);
	assert_int_equal(said(&r, a), COUNT);
	assert_int_equal(said(&r, fault_of(&r, "valve")), COUNT);
	// It comes on: heard each time, counted, and no second fault.
	rig_level(&r, "valve", false);
	assert_int_equal(
	    engine_acknowledge(r.engine, fault_of(&r, "valve")->occurrence, "wang"),
	    ENGINE_OK);
	come(&r, "valve", 3);
	a = alarm_of(&r, "valve", COND_SUPERVISORY, "");
	assert_int_equal(a->occurrences, COUNT + 3);
	assert_int_equal(said(&r, a), COUNT + 3);
	assert_int_equal(fault_of(&r, "valve")->a.state, ALARM_ACKNOWLEDGED);
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	engine_point_json(r.engine, site_find_point(r.site, "valve"), &b);
	json_close(&b, '}');
	assert_non_null(strstr(b.data,
	    "\"repeat\":[{\"condition\":\"supervisory\",\"code\":null,\"since\":"));
	assert_non_null(strstr(b.data, "\"onsets\":7}]"));
	buf_free(&b);
	assert_int_equal(
	    rig_events(&r, "kind = 'repeat.start' AND point = 'valve' AND "
			   "json_extract(params, '$.onsets') = 4 AND "
			   "json_extract(params, '$.within_ms') = 10800000"),
	    1);
	assert_int_equal(rig_events(&r, "kind = 'alarm.onset' AND code = 'repeat'"), 1);
	rig_tear_down(&r);
}

static void
test_a_quiet_span_ends_it(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	come(&r, "valve", COUNT);
	rig_pass(&r, 2 * HOUR + 25 * MINUTE);
	assert_int_equal(fault_of(&r, "valve")->a.state, ALARM_UNACKNOWLEDGED);
	rig_pass(&r, 6 * MINUTE);
	assert_int_equal(fault_of(&r, "valve")->a.state, ALARM_RETURNED);
	assert_int_equal(said(&r, alarm_of(&r, "valve", COND_SUPERVISORY, "")), 0);
	assert_int_equal(rig_events(&r, "kind = 'repeat.end' AND point = 'valve' AND "
					"condition = 'supervisory' AND "
					"json_extract(params, '$.onsets') = 4 AND "
					"json_extract(params, '$.reason') = 'quiet'"),
	    1);
	come(&r, "valve", COUNT - 1);
	assert_int_equal(fault_of(&r, "valve")->a.state, ALARM_RETURNED);
	rig_tear_down(&r);
}

// Onsets that lie too far apart are none.
static void
test_seldom_is_not_often(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	for (int i = 0; i < 12; i++) {
		come(&r, "valve", 1);
		rig_pass(&r, 40 * MINUTE);
	}
	assert_null(fault_of(&r, "valve"));
	rig_tear_down(&r);
}

static void
test_a_points_own_rule_and_none(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	come(&r, "free", 10);
	assert_null(fault_of(&r, "free"));
	come(&r, "often", 5);
	assert_null(fault_of(&r, "often"));
	come(&r, "often", 1);
	assert_int_equal(said(&r, fault_of(&r, "often")), 6);
	rig_tear_down(&r);
}

// I14: the fire is the fire it was, sounds anew each time, and is first in the list.
static void
test_i14_a_fire_is_counted_and_stays_a_fire(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	supervise_consoles(r.supervise, 1, 1);
	for (unsigned i = 0; i < COUNT + 2; i++) {
		engine_silence(r.engine, "wang");
		rig_level(&r, "fire", true);
		assert_true(engine_sound_on(r.engine));
		const struct alarm_record *a = alarm_of(&r, "fire", COND_FIRE, "");
		assert_int_equal(a->a.state, ALARM_UNACKNOWLEDGED);
		assert_int_equal(a->alarm_class, CLASS_FIRE);
		assert_int_equal(a->a.flags, 0);
		assert_int_equal(a->occurrences, i + 1);
		assert_int_equal(said(&r, a), i + 1 < COUNT ? 0 : i + 1);
		struct alarm_record **all = alarms_sorted(engine_alarms(r.engine));
		assert_ptr_equal(all[0], a);
		free(all);
		rig_pass(&r, MINUTE);
		rig_level(&r, "fire", false);
		rig_pass(&r, 20 * MINUTE);
	}
	assert_int_equal(fault_of(&r, "fire")->alarm_class, CLASS_FAULT);
	rig_tear_down(&r);
}

static void
test_a_panic_is_none(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	come(&r, "panic", 8);
	assert_null(fault_of(&r, "panic"));
	rig_tear_down(&r);
}

// What a rule explains is no habit of the point.
static void
test_what_is_suppressed_is_not_counted(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	rig_level(&r, "run", true);
	come(&r, "flow", 8);
	assert_null(fault_of(&r, "flow"));
	rig_level(&r, "run", false);
	come(&r, "flow", COUNT);
	assert_int_equal(said(&r, fault_of(&r, "flow")), COUNT);
	rig_tear_down(&r);
}

static void
flag(struct rig *r, enum alarm_flag f, uint32_t target, bool on)
{
	const char *reason;
	const struct flag_order o = { .flag = f,
		.on = on,
		.target = target,
		.seconds = 8 * 3600,
		.condition = COND_SUPERVISORY,
		.actor = "li",
		.reason = "works",
		.measure = "guard" };
	assert_int_equal(engine_flag(r->engine, &o, &reason), ENGINE_OK);
}

static void
test_tests_and_works_are_not_counted_but_shelved_ones_are(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	flag(&r, FLAG_TEST_MODE, 0, true);
	come(&r, "fire", 8);
	flag(&r, FLAG_TEST_MODE, 0, false);
	assert_null(fault_of(&r, "fire"));
	uint32_t valve = site_find_point(r.site, "valve");
	flag(&r, FLAG_ISOLATED, valve, true);
	come(&r, "valve", 8);
	flag(&r, FLAG_ISOLATED, valve, false);
	assert_null(fault_of(&r, "valve"));
	flag(&r, FLAG_SHELVED, valve, true);
	come(&r, "valve", COUNT);
	assert_non_null(fault_of(&r, "valve"));
	assert_false(alarm_hidden(&fault_of(&r, "valve")->a));
	rig_tear_down(&r);
}

static void
lose_io(const struct rig *r, bool lost)
{
	engine_link(r->engine, r->site->devices[0].link_point, lost, "timeout");
}

static void
test_i6_a_lost_link_is_no_quiet_time(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	come(&r, "valve", COUNT);
	lose_io(&r, true);
	rig_pass(&r, 12 * HOUR);
	assert_int_equal(fault_of(&r, "valve")->a.state, ALARM_UNACKNOWLEDGED);
	lose_io(&r, false);
	rig_level(&r, "valve", false);
	rig_pass(&r, 2 * HOUR + 25 * MINUTE);
	assert_int_equal(fault_of(&r, "valve")->a.state, ALARM_UNACKNOWLEDGED);
	rig_pass(&r, 10 * MINUTE);
	assert_int_equal(fault_of(&r, "valve")->a.state, ALARM_RETURNED);
	rig_tear_down(&r);
}

static void
test_i11_a_restart_forgets_nothing(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	come(&r, "often", 1); // of another slot
	come(&r, "valve", COUNT - 1);
	rig_stop(&r);
	rig_start(&r);
	assert_null(fault_of(&r, "valve"));
	come(&r, "valve", 1);
	assert_int_equal(said(&r, fault_of(&r, "valve")), COUNT);
	rig_stop(&r);
	rig_start(&r);
	assert_int_equal(fault_of(&r, "valve")->a.state, ALARM_UNACKNOWLEDGED);
	assert_int_equal(said(&r, fault_of(&r, "valve")), COUNT);
	come(&r, "valve", 1);
	assert_int_equal(said(&r, fault_of(&r, "valve")), COUNT + 1);
	come(&r, "often", 4); // and the one of before has left its span
	assert_null(fault_of(&r, "often"));
	assert_int_equal(rig_events(&r, "kind = 'repeat.start'"), 1);
	rig_pass(&r, 3 * HOUR);
	assert_int_equal(fault_of(&r, "valve")->a.state, ALARM_RETURNED);
	rig_tear_down(&r);
}

// Nobody heard it while this system was down, and nobody while its link was lost.
static void
test_i6_i11_time_that_was_not_watched_is_no_quiet_time(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	come(&r, "valve", COUNT);
	lose_io(&r, true);
	rig_pass(&r, 2 * HOUR);
	engine_close(r.engine);
	rig_stop(&r);
	clock_virtual_advance(&r.clock, 9 * (int64_t)HOUR);
	rig_start(&r);
	rig_level(&r, "valve", false);
	rig_pass(&r, 2 * HOUR + 25 * MINUTE);
	assert_int_equal(fault_of(&r, "valve")->a.state, ALARM_UNACKNOWLEDGED);
	rig_pass(&r, 10 * MINUTE);
	assert_int_equal(fault_of(&r, "valve")->a.state, ALARM_RETURNED);
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

static void
test_i11_a_rule_that_was_taken_out(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	come(&r, "valve", COUNT);
	rig_stop(&r);
	replace_site(&r, "engine: {repeat: {count: 4, within: 3h}}\n", "");
	rig_start(&r);
	assert_int_equal(fault_of(&r, "valve")->a.state, ALARM_RETURNED);
	assert_int_equal(
	    rig_events(&r, "kind = 'repeat.end' AND "
			   "json_extract(params, '$.reason') = 'rule_removed'"),
	    1);
	come(&r, "valve", 8);
	assert_int_equal(fault_of(&r, "valve")->a.state, ALARM_RETURNED);
	rig_tear_down(&r);
}

static void
test_i11_a_point_that_was_taken_out(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up_site(&r, site_text);
	come(&r, "valve", COUNT);
	rig_stop(&r);
	replace_site(&r, "id: valve", "id: other");
	rig_start(&r);
	assert_int_equal(fault_of(&r, "valve")->a.state, ALARM_RETURNED);
	come(&r, "other", COUNT);
	assert_int_equal(said(&r, fault_of(&r, "other")), COUNT);
	rig_tear_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_is_marked_counted_and_one_fault),
		cmocka_unit_test(test_a_quiet_span_ends_it),
		cmocka_unit_test(test_seldom_is_not_often),
		cmocka_unit_test(test_a_points_own_rule_and_none),
		cmocka_unit_test(test_i14_a_fire_is_counted_and_stays_a_fire),
		cmocka_unit_test(test_a_panic_is_none),
		cmocka_unit_test(test_what_is_suppressed_is_not_counted),
		cmocka_unit_test(
		    test_tests_and_works_are_not_counted_but_shelved_ones_are),
		cmocka_unit_test(test_i6_a_lost_link_is_no_quiet_time),
		cmocka_unit_test(test_i11_a_restart_forgets_nothing),
		cmocka_unit_test(
		    test_i6_i11_time_that_was_not_watched_is_no_quiet_time),
		cmocka_unit_test(test_i11_a_rule_that_was_taken_out),
		cmocka_unit_test(test_i11_a_point_that_was_taken_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
