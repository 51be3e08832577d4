// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Patrols in the running engine: a night of rounds on a virtual clock, over a restart
// and a lost link. It begins at midnight in Shanghai.
#include <stdio.h>
#include <string.h>

#include "engine_journal.h"
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
    "      - {id: p1, item: di, device: 0, kind: patrol-point, place: {en: A}}\n"
    "      - {id: p2, item: di, device: 1, kind: patrol-point, place: {en: B}}\n"
    "patrols:\n"
    "  - id: night\n"
    "    starts: [\"01:00\", \"03:00\"]\n"
    "    repeat: 5min\n"
    "    stops: [{point: p1, to: 10min}, {point: p2, from: 10min, to: 20min}]\n";

static enum alarm_state
missed(const struct rig *r, const char *point)
{
	const struct alarm_record *a = alarms_find(
	    engine_alarms(r->engine), point, COND_SECURITY, "patrol-missed");
	return a != NULL ? a->a.state : ALARM_NORMAL;
}

static void
press(struct rig *r, const char *point)
{
	rig_level(r, point, true);
	rig_level(r, point, false);
}

// The routes as the API shows them must contain this.
static void
expect_results(const struct rig *r, const char *first, const char *second)
{
	struct buf b = { 0 };
	char part[120], second_part[120];
	(void)snprintf(part, sizeof(part),
	    "{\"point\":\"p1\",\"place\":{\"zh\":\"A\",\"en\":\"A\"},\"result\":\"%"
	    "s\",",
	    first);
	(void)snprintf(second_part, sizeof(second_part),
	    "{\"point\":\"p2\",\"place\":{\"zh\":\"B\",\"en\":\"B\"},\"result\":\"%"
	    "s\",",
	    second);
	engine_patrol_json(r->engine, 0, &b);
	if (strstr(b.data, part) == NULL || strstr(b.data, second_part) == NULL)
		fail_msg("%s has no %s %s", b.data, part, second_part);
	buf_free(&b);
}

static void
begin(struct rig *r)
{
	rig_set_up_site(r, site_text);
	rig_level(r, "p1", false);
	rig_level(r, "p2", false);
}

static void
test_a_round_on_time_and_one_that_is_missed(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	press(&r, "p1"); // before any round: counts for nothing
	rig_pass(&r, 65LL * MINUTE);
	expect_results(&r, "waits", "waits");
	press(&r, "p1");
	rig_pass(&r, 6LL * MINUTE);
	press(&r, "p2");
	expect_results(&r, "on-time", "on-time");
	rig_pass(&r, 30LL * MINUTE);
	assert_int_equal(missed(&r, "p1"), ALARM_NORMAL);
	rig_pass(&r, 100LL * MINUTE); // the round of three is over
	expect_results(&r, "missed", "missed");
	assert_int_equal(missed(&r, "p1"), ALARM_UNACKNOWLEDGED);
	assert_int_equal(missed(&r, "p2"), ALARM_UNACKNOWLEDGED);
	unsigned told = r.rounds_told;
	press(&r, "p2");
	assert_true(r.rounds_told > told);
	expect_results(&r, "missed", "late");
	assert_int_equal(missed(&r, "p2"), ALARM_RETURNED);
	assert_int_equal(missed(&r, "p1"), ALARM_UNACKNOWLEDGED);
	rig_tear_down(&r);
}

static void
test_i11_a_restart_keeps_what_was_visited_and_blames_nobody(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	rig_pass(&r, 65LL * MINUTE);
	press(&r, "p1");
	rig_pass(&r, 8LL * MINUTE); // within the window of the second stop
	rig_stop(&r);
	rig_start(&r);
	rig_level(&r, "p1", false);
	rig_level(&r, "p2", false);
	expect_results(&r, "on-time", "waits");
	rig_pass(&r, 20LL * MINUTE);
	expect_results(&r, "on-time", "unwatched");
	assert_int_equal(missed(&r, "p2"), ALARM_NORMAL);
	rig_tear_down(&r);
}

static void
test_i6_a_stop_behind_a_lost_link_is_unwatched(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	rig_pass(&r, 62LL * MINUTE);
	engine_link(r.engine, r.site->devices[0].link_point, true, "timeout");
	rig_pass(&r, 2LL * MINUTE);
	engine_link(r.engine, r.site->devices[0].link_point, false, NULL);
	rig_level(&r, "p1", true); // closed when it comes back: no visit
	rig_level(&r, "p2", false);
	rig_pass(&r, 20LL * MINUTE);
	expect_results(&r, "unwatched", "missed");
	assert_int_equal(missed(&r, "p1"), ALARM_NORMAL);
	assert_int_equal(missed(&r, "p2"), ALARM_UNACKNOWLEDGED);
	rig_tear_down(&r);
}

// The link is lost before the window opens and back while it is open, all within one
// minute of the clock: what was pressed in the first seconds of it nobody saw.
static void
test_i6_a_gap_over_the_begin_of_a_window_is_unwatched(void **state)
{
	(void)state;
	static char text[2048];
	static const char stops[] = "{point: p1, to: 10min}";
	const char *at = strstr(site_text, stops);
	struct rig r;
	(void)snprintf(text, sizeof(text), "%.*s{point: p1, from: 90s, to: 10min}%s",
	    (int)(at - site_text), site_text, at + strlen(stops));
	rig_set_up_site(&r, text);
	rig_level(&r, "p1", false);
	rig_level(&r, "p2", false);
	rig_pass(&r, 61LL * MINUTE + 10000);
	engine_link(r.engine, r.site->devices[0].link_point, true, "timeout");
	rig_pass(&r, 40000);
	engine_link(r.engine, r.site->devices[0].link_point, false, NULL);
	rig_level(&r, "p1", false);
	rig_level(&r, "p2", false);
	rig_pass(&r, 30LL * MINUTE);
	expect_results(&r, "unwatched", "missed");
	assert_int_equal(missed(&r, "p1"), ALARM_NORMAL);
	rig_tear_down(&r);
}

static void
test_a_stop_that_is_passed_over(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	rig_pass(&r, 61LL * MINUTE);
	press(&r, "p2");
	expect_results(&r, "skipped", "early");
	rig_pass(&r, 10LL * MINUTE);
	expect_results(&r, "missed", "early");
	assert_int_equal(missed(&r, "p1"), ALARM_UNACKNOWLEDGED);
	rig_stop(&r);
	rig_start(&r);
	assert_int_equal(missed(&r, "p1"), ALARM_UNACKNOWLEDGED);
	rig_level(&r, "p1", false);
	rig_level(&r, "p1", true);
	assert_int_equal(missed(&r, "p1"), ALARM_RETURNED);
	rig_tear_down(&r);
}

#define STOPS(result) \
  "kind = 'patrol.stop' AND params LIKE '%" result "%' AND params LIKE '%night%'"
#define ROUNDS "kind = 'patrol.round'"

// The same route in New York, where the clock is put forward or back meanwhile.
static void
begin_in_new_york(struct rig *r, const char *starts, int64_t utc_s)
{
	static char text[2048];
	static const char before[] = "Asia/Shanghai", times[] = "\"01:00\", \"03:00\"";
	const char *zone = strstr(site_text, before), *at = strstr(site_text, times);
	(void)snprintf(text, sizeof(text), "%.*sAmerica/New_York%.*s%s%s",
	    (int)(zone - site_text), site_text, (int)(at - (zone + strlen(before))),
	    zone + strlen(before), starts, at + strlen(times));
	rig_set_up_site(r, text);
	clock_virtual_step(&r->clock, utc_s * 1000 - loop_utc_ms(r->loop));
	rig_pass(r, 1000);
	rig_level(r, "p1", false);
	rig_level(r, "p2", false);
}

// 2026-03-08, 02:00 is 03:00: the next round begins while this one has just begun.
static void
test_i10_a_clock_put_forward_ends_the_round_with_a_verdict(void **state)
{
	(void)state;
	struct rig r;
	begin_in_new_york(&r, "\"01:55\", \"03:00\"", 1772952600); // 01:50 EST
	rig_pass(&r, 6LL * MINUTE);
	expect_results(&r, "waits", "waits");
	rig_pass(&r, 5LL * MINUTE); // 03:01 EDT
	assert_int_equal(rig_events(&r, STOPS("unwatched")), 2);
	assert_int_equal(rig_events(&r, ROUNDS), 1);
	expect_results(&r, "waits", "waits");
	press(&r, "p1");
	expect_results(&r, "on-time", "waits");
	rig_tear_down(&r);
}

// 2026-11-01, 02:00 is 01:00 again: the round that runs goes on, and none comes twice.
static void
test_i10_an_hour_that_comes_twice_has_one_round(void **state)
{
	(void)state;
	struct rig r;
	begin_in_new_york(&r, "\"00:30\", \"01:55\"", 1793512200); // 01:50 EDT
	rig_pass(&r, 6LL * MINUTE);
	press(&r, "p1");
	rig_pass(&r, 9LL * MINUTE); // 01:05 EST, ten minutes after its begin
	press(&r, "p2");
	expect_results(&r, "on-time", "on-time");
	rig_pass(&r, 60LL * MINUTE); // 01:55 has come once more
	expect_results(&r, "on-time", "on-time");
	assert_int_equal(rig_events(&r, ROUNDS), 1);
	rig_tear_down(&r);
}

static void
test_a_visit_minutes_before_the_round_is_one_of_it(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	rig_pass(&r, 55LL * MINUTE);
	press(&r, "p1");
	rig_pass(&r, 6LL * MINUTE);
	expect_results(&r, "early", "waits");
	assert_int_equal(rig_events(&r, STOPS("early")), 1);
	rig_pass(&r, 30LL * MINUTE);
	assert_int_equal(missed(&r, "p1"), ALARM_NORMAL);
	rig_tear_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_i10_a_clock_put_forward_ends_the_round_with_a_verdict),
		cmocka_unit_test(test_i10_an_hour_that_comes_twice_has_one_round),
		cmocka_unit_test(test_i6_a_gap_over_the_begin_of_a_window_is_unwatched),
		cmocka_unit_test(test_a_visit_minutes_before_the_round_is_one_of_it),
		cmocka_unit_test(test_a_round_on_time_and_one_that_is_missed),
		cmocka_unit_test(
		    test_i11_a_restart_keeps_what_was_visited_and_blames_nobody),
		cmocka_unit_test(test_i6_a_stop_behind_a_lost_link_is_unwatched),
		cmocka_unit_test(test_a_stop_that_is_passed_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
