// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Doors and panic buttons in the running engine: samples in, alarms, events and the
// API's view out, over restarts, on a virtual clock. START_UTC of the rig is Tuesday
// 2025-11-25 00:00 in Shanghai.
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "engine_rig.h"
#include "lib/buf.h"
#include "test.h"

static const char site_text[] =
    "site: {id: t, name: {zh: 测, en: T}, time_zone: Asia/Shanghai}\n"
    "console: {listen: \"127.0.0.1:0\", desk: [127.0.0.1]}\n"
    "buses: [{id: lan, modbus_tcp: \"127.0.0.1:5020\"},"
    " {id: lan2, modbus_tcp: \"127.0.0.1:5021\"}]\n"
    "devices:\n"
    "  - id: io\n"
    "    bus: lan\n"
    "    unit: 1\n"
    "    profile: iologik-e1200\n"
    "    poll: 1s\n"
    "    points:\n"
    "      - {id: door, item: di, device: 0, kind: door, place: {en: Door}}\n"
    "      - {id: panic, item: di, device: 1, kind: panic, place: {en: Desk}}\n"
    "      - {id: hush, item: di, device: 2, kind: panic, silent: true,"
    " place: {en: Room}}\n"
    "      - {id: day, item: di, device: 3, kind: door, place: {en: Shop}}\n"
    "  - id: io2\n"
    "    bus: lan2\n"
    "    unit: 1\n"
    "    profile: iologik-e1200\n"
    "    poll: 1s\n"
    "    points:\n"
    "      - {id: rex, item: di, device: 0, kind: request-to-exit,"
    " place: {en: Exit}}\n"
    "doors:\n"
    "  - {point: door, grants: [rex], unlock: 5s, entry: 3s, held: 60s, settle: 1200ms,"
    " held_warning: 10s, stuck: 5min}\n"
    "  - {point: day, held: 60s, unlocked: [{days: [tue], from: \"08:00\","
    " to: \"18:00\"}]}\n"
    "channels: [{id: c, webhook: \"http://127.0.0.1:9/x\"}]\n"
    "ladders: [{id: l, classes: [security], steps: [{after: 0s, channels: [c]}]}]\n";

static enum alarm_state
state_of(const struct rig *r, const char *point, enum condition c, const char *code)
{
	const struct alarm_record *a =
	    alarms_find(engine_alarms(r->engine), point, c, code);
	return a != NULL ? a->a.state : ALARM_NORMAL;
}

static enum alarm_state
security(const struct rig *r, const char *point, const char *code)
{
	return state_of(r, point, COND_SECURITY, code);
}

// Both modules answer, everything is shut, and so long that no grant of before counts.
static void
begin(struct rig *r)
{
	rig_set_up_site(r, site_text);
	rig_level(r, "door", false);
	rig_level(r, "rex", false);
	rig_level(r, "day", false);
	rig_pass(r, 10000);
}

static void
expect_json(const struct rig *r, const char *point, const char *part)
{
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	engine_point_json(r->engine, site_find_point(r->site, point), &b);
	json_close(&b, '}');
	if (strstr(b.data, part) == NULL)
		fail_msg("%s: %s has no %s", point, b.data, part);
	buf_free(&b);
}

static enum engine_answer
bypass(const struct rig *r, uint32_t point, const char *actor, uint32_t seconds,
    const char *reason)
{
	const struct bypass_order order = { actor, seconds, reason };
	return engine_bypass(r->engine, point, &order);
}

// The journal's rows of a kind, and of its newest one the actor and what its parameters
// contain.
static unsigned
events(struct rig *r, const char *kind, const char *actor, const char *part)
{
	char path[128];
	unsigned n = 0;
	rig_pass(r, 100);
	(void)snprintf(path, sizeof(path), "%s/journal.db", r->dir);
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	assert_int_equal(
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
			     "SELECT coalesce(actor, ''), coalesce(params, '') FROM "
			     "event WHERE kind = ?1 ORDER BY seq",
			     -1, &st, NULL),
	    SQLITE_OK);
	(void)sqlite3_bind_text(st, 1, kind, -1, SQLITE_STATIC);
	bool found = part == NULL;
	while (sqlite3_step(st) == SQLITE_ROW) {
		n++;
		const char *who = (const char *)sqlite3_column_text(st, 0);
		const char *params = (const char *)sqlite3_column_text(st, 1);
		found = part == NULL ||
			(strstr(params, part) != NULL && strcmp(who, actor) == 0);
	}
	assert_true(found);
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	return n;
}

static void
test_a_door_is_forced_and_then_held(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	expect_json(&r, "door", "\"state\":\"closed\"");
	rig_level(&r, "door", true);
	int64_t opened = loop_utc_ms(r.loop);
	expect_json(&r, "door", "\"state\":\"opening\"");
	assert_int_equal(security(&r, "door", "forced"), ALARM_NORMAL);
	rig_pass(&r, 2000);
	assert_int_equal(security(&r, "door", "forced"), ALARM_UNACKNOWLEDGED);
	// The alarm is of the moment at which it was opened.
	assert_int_equal(
	    alarms_find(engine_alarms(r.engine), "door", COND_SECURITY, "forced")
		->raised_utc_ms,
	    opened);
	assert_true(engine_sound_on(r.engine));
	assert_int_equal(outbox_owed(r.outbox), 1);
	rig_pass(&r, 50000);
	assert_int_equal(
	    state_of(&r, "door", COND_INFO, "held-soon"), ALARM_ACKNOWLEDGED);
	rig_pass(&r, 10000);
	assert_int_equal(security(&r, "door", "held"), ALARM_UNACKNOWLEDGED);
	assert_int_equal(state_of(&r, "door", COND_INFO, "held-soon"), ALARM_NORMAL);
	rig_level(&r, "door", true); // the heartbeat of the block changes nothing
	assert_int_equal(security(&r, "door", "forced"), ALARM_UNACKNOWLEDGED);
	assert_int_equal(security(&r, "door", "held"), ALARM_UNACKNOWLEDGED);
	rig_level(&r, "door", false);
	assert_int_equal(security(&r, "door", "forced"), ALARM_RETURNED);
	assert_int_equal(security(&r, "door", "held"), ALARM_RETURNED);
	rig_tear_down(&r);
}

static void
test_the_exit_button_opens_it_lawfully(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	rig_level(&r, "rex", true);
	rig_pass(&r, 1000);
	rig_level(&r, "rex", false);
	expect_json(&r, "door", "\"state\":\"granted\"");
	rig_pass(&r, 4000);
	rig_level(&r, "door", true);
	expect_json(&r, "door", "\"state\":\"open\"");
	rig_pass(&r, 20000);
	rig_level(&r, "door", false);
	rig_pass(&r, 60000);
	assert_null(rig_open_alarm(&r, "door"));
	assert_int_equal(events(&r, "door.access", "", "\"by\":\"rex\""), 1);
	rig_tear_down(&r);
}

// The button is read by another module, later than the contact that it explains.
static void
test_a_button_that_is_read_later_still_counts(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	rig_level(&r, "door", true);
	rig_pass(&r, 900);
	rig_level(&r, "rex", true);
	rig_pass(&r, 900);
	rig_level(&r, "rex", false);
	rig_pass(&r, 10000);
	assert_null(rig_open_alarm(&r, "door"));
	assert_int_equal(events(&r, "door.access", "", "rex"), 1);
	rig_tear_down(&r);
}

static void
test_a_stuck_button_is_a_fault_and_opens_nothing(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	rig_level(&r, "rex", true);
	rig_pass(&r, 299000);
	assert_int_equal(state_of(&r, "rex", COND_FAULT, "stuck"), ALARM_NORMAL);
	rig_pass(&r, 2000);
	assert_int_equal(
	    state_of(&r, "rex", COND_FAULT, "stuck"), ALARM_UNACKNOWLEDGED);
	expect_json(&r, "rex", "\"state\":\"stuck\"");
	rig_pass(&r, 10000);
	rig_level(&r, "rex", true);
	assert_int_equal(
	    state_of(&r, "rex", COND_FAULT, "stuck"), ALARM_UNACKNOWLEDGED);
	rig_level(&r, "door", true);
	rig_pass(&r, 2000);
	assert_int_equal(security(&r, "door", "forced"), ALARM_UNACKNOWLEDGED);
	rig_level(&r, "rex", false);
	assert_int_equal(state_of(&r, "rex", COND_FAULT, "stuck"), ALARM_RETURNED);
	// A press is an event of nobody: the contact means its door, not an alarm.
	assert_null(alarms_find(engine_alarms(r.engine), "rex", COND_INFO, ""));
	rig_tear_down(&r);
}

static void
test_i6_a_lost_link_neither_forces_nor_closes_a_door(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	rig_level(&r, "door", true);
	rig_pass(&r, 2000);
	engine_link(r.engine, r.site->devices[0].link_point, true, "timeout");
	expect_json(&r, "door", "\"state\":\"unknown\"");
	rig_pass(&r, 600000);
	assert_int_equal(security(&r, "door", "forced"), ALARM_UNACKNOWLEDGED);
	assert_int_equal(security(&r, "door", "held"), ALARM_NORMAL);
	engine_link(r.engine, r.site->devices[0].link_point, false, NULL);
	rig_level(&r, "door", false);
	assert_int_equal(security(&r, "door", "forced"), ALARM_RETURNED);
	// And one that is closed when the link goes, and open when it comes back.
	engine_link(r.engine, r.site->devices[0].link_point, true, "timeout");
	rig_pass(&r, 60000);
	engine_link(r.engine, r.site->devices[0].link_point, false, NULL);
	rig_level(&r, "door", true);
	rig_pass(&r, 2000);
	assert_int_equal(security(&r, "door", "forced"), ALARM_RETURNED);
	assert_int_equal(security(&r, "door", "unproven"), ALARM_UNACKNOWLEDGED);
	rig_tear_down(&r);
}

static void
test_i6_a_bad_contact_is_unknown(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	struct sample s = rig_sample(&r, "door", SAMPLE_LEVEL);
	s.quality = QUALITY_BAD;
	engine_sample(r.engine, &s);
	expect_json(&r, "door", "\"state\":\"unknown\"");
	assert_int_equal(
	    state_of(&r, "door", COND_FAULT, "sensor"), ALARM_UNACKNOWLEDGED);
	rig_level(&r, "door", false);
	assert_int_equal(state_of(&r, "door", COND_FAULT, "sensor"), ALARM_RETURNED);
	expect_json(&r, "door", "\"state\":\"closed\"");
	rig_tear_down(&r);
}

// It is midnight; the hours begin at eight by the clock of the site.
static void
test_unlocked_hours_are_local_time(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	rig_pass(&r, 7 * 3600000LL);
	rig_level(&r, "day", true);
	rig_pass(&r, 1000);
	assert_int_equal(security(&r, "day", "forced"), ALARM_UNACKNOWLEDGED);
	rig_level(&r, "day", false);
	rig_pass(&r, 60000);
	assert_int_equal(security(&r, "day", "forced"), ALARM_RETURNED);
	assert_int_equal(
	    engine_acknowledge(r.engine, rig_open_alarm(&r, "day")->occurrence, "wang"),
	    ENGINE_OK);
	rig_pass(&r, 3600000);
	expect_json(&r, "day", "\"unlocked\":true");
	rig_level(&r, "day", true);
	rig_pass(&r, 9 * 3600000LL);
	assert_null(rig_open_alarm(&r, "day"));
	rig_pass(&r, 3600000); // past six in the evening, and still open
	assert_int_equal(security(&r, "day", "held"), ALARM_UNACKNOWLEDGED);
	assert_int_equal(security(&r, "day", "forced"), ALARM_NORMAL);
	rig_tear_down(&r);
}

static void
test_a_bypass_outlives_a_restart_warns_and_ends(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	uint32_t door = site_find_point(r.site, "door");
	rig_level(&r, "door", true);
	rig_pass(&r, 3000);
	assert_int_equal(security(&r, "door", "forced"), ALARM_UNACKNOWLEDGED);
	assert_int_equal(bypass(&r, door, "wang", 1800, "lock is repaired"), ENGINE_OK);
	assert_int_equal(security(&r, "door", "forced"), ALARM_RETURNED);
	const struct alarm_record *a =
	    alarms_find(engine_alarms(r.engine), "door", COND_DISABLED, "bypass");
	assert_non_null(a);
	assert_int_equal(a->a.state, ALARM_ACKNOWLEDGED);
	assert_string_equal(a->acknowledged_by, "wang");
	assert_int_equal(
	    events(&r, "bypass.start", "wang", "\"reason\":\"lock is repaired\""), 1);
	rig_pass(&r, 600000);
	rig_stop(&r);
	rig_start(&r);
	expect_json(&r, "door", "\"by\":\"wang\"");
	expect_json(&r, "door", "\"reason\":\"lock is repaired\"");
	rig_level(&r, "door", true);
	rig_level(&r, "door", false);
	rig_level(&r, "door", true);
	rig_pass(&r, 870000);
	assert_int_equal(security(&r, "door", "held"), ALARM_NORMAL);
	assert_int_equal(
	    state_of(&r, "door", COND_INFO, "bypass-ending"), ALARM_NORMAL);
	rig_pass(&r, 60000);
	assert_int_equal(
	    state_of(&r, "door", COND_INFO, "bypass-ending"), ALARM_ACKNOWLEDGED);
	rig_pass(&r, 300000);
	assert_int_equal(
	    state_of(&r, "door", COND_INFO, "bypass-ending"), ALARM_NORMAL);
	assert_int_equal(state_of(&r, "door", COND_DISABLED, "bypass"), ALARM_NORMAL);
	assert_int_equal(events(&r, "bypass.end", "", "\"cause\":\"expired\""), 1);
	expect_json(&r, "door", "\"bypass\":null");
	rig_pass(&r, 61000);
	assert_int_equal(security(&r, "door", "held"), ALARM_UNACKNOWLEDGED);
	rig_tear_down(&r);
}

static void
test_a_bypass_that_ran_out_while_nobody_watched_is_over(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	uint32_t door = site_find_point(r.site, "door");
	const char *reason;
	assert_int_equal(bypass(&r, door, "wang", 600, "x"), ENGINE_OK);
	rig_stop(&r);
	clock_virtual_advance(&r.clock, 3600000);
	rig_start(&r);
	assert_int_equal(events(&r, "bypass.end", "", "expired"), 1);
	expect_json(&r, "door", "\"bypass\":null");
	assert_int_equal(
	    engine_bypass_end(r.engine, door, "li", &reason), ENGINE_REFUSED);
	assert_string_equal(reason, "not_bypassed");
	assert_int_equal(bypass(&r, door, "li", 600, "y"), ENGINE_OK);
	assert_int_equal(engine_bypass_end(r.engine, door, "li", &reason), ENGINE_OK);
	assert_int_equal(events(&r, "bypass.end", "li", "\"cause\":\"ended\""), 2);
	uint32_t panic = site_find_point(r.site, "panic");
	assert_int_equal(bypass(&r, panic, "li", 600, "z"), ENGINE_NOT_FOUND);
	rig_tear_down(&r);
}

static void
test_i11_what_stood_before_a_restart_stands_after_it(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	rig_level(&r, "door", true);
	rig_pass(&r, 62000);
	assert_int_equal(security(&r, "door", "held"), ALARM_UNACKNOWLEDGED);
	rig_stop(&r);
	rig_start(&r);
	assert_int_equal(security(&r, "door", "held"), ALARM_UNACKNOWLEDGED);
	rig_level(&r, "rex", false);
	rig_level(&r, "door", true);
	assert_int_equal(security(&r, "door", "held"), ALARM_UNACKNOWLEDGED);
	assert_int_equal(security(&r, "door", "forced"), ALARM_UNACKNOWLEDGED);
	rig_level(&r, "door", false);
	assert_int_equal(security(&r, "door", "held"), ALARM_RETURNED);
	rig_pass(&r, 31000);
	assert_int_equal(security(&r, "door", "forced"), ALARM_RETURNED);
	rig_tear_down(&r);
}

// ---- panic
// ----------------------------------------------------------------------------

static void
test_a_panic_latches_until_the_button_is_reset_and_a_person_resets_it(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	begin(&r);
	uint32_t panic = site_find_point(r.site, "panic");
	rig_level(&r, "panic", true);
	const struct alarm_record *a = rig_open_alarm(&r, "panic");
	assert_int_equal(a->a.state, ALARM_UNACKNOWLEDGED);
	assert_true(engine_sound_on(r.engine));
	assert_int_equal(outbox_owed(r.outbox), 1);
	assert_int_equal(
	    engine_acknowledge(r.engine, a->occurrence, "wang"), ENGINE_OK);
	assert_int_equal(
	    engine_reset(r.engine, panic, "wang", &reason), ENGINE_REFUSED);
	assert_string_equal(reason, "condition_active");
	rig_level(&r, "panic", false); // the button was pulled out again
	assert_int_equal(a->a.state, ALARM_LATCHED_ACKNOWLEDGED);
	engine_link(r.engine, r.site->devices[0].link_point, true, "timeout");
	assert_int_equal(
	    engine_reset(r.engine, panic, "wang", &reason), ENGINE_REFUSED);
	assert_string_equal(reason, "quality_not_good");
	engine_link(r.engine, r.site->devices[0].link_point, false, NULL);
	rig_level(&r, "panic", false);
	assert_int_equal(engine_reset(r.engine, panic, "wang", &reason), ENGINE_OK);
	assert_null(rig_open_alarm(&r, "panic"));
	rig_tear_down(&r);
}

static void
test_a_panic_cannot_be_shelved(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	begin(&r);
	rig_level(&r, "panic", true);
	assert_false(
	    alarm_flag_allowed(&rig_open_alarm(&r, "panic")->a, FLAG_SHELVED, &reason));
	assert_string_equal(reason, "panic_not_shelved");
	rig_stop(&r);
	rig_start(&r);
	assert_false(
	    alarm_flag_allowed(&rig_open_alarm(&r, "panic")->a, FLAG_SHELVED, &reason));
	rig_tear_down(&r);
}

static void
test_a_silent_panic_makes_no_sound_and_runs_the_ladder(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	rig_level(&r, "hush", true);
	assert_int_equal(rig_state(&r, "hush"), ALARM_UNACKNOWLEDGED);
	assert_false(engine_sound_on(r.engine));
	assert_int_equal(r.sound_changes, 0);
	assert_int_equal(outbox_owed(r.outbox), 1);
	rig_stop(&r);
	rig_start(&r);
	assert_false(engine_sound_on(r.engine));
	rig_level(&r, "panic", true); // another one sounds
	assert_true(engine_sound_on(r.engine));
	rig_tear_down(&r);
}

// Whoever stands at the button must not hear that something came up.
static void
test_a_silent_panic_ends_no_silence(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	rig_level(&r, "panic", true);
	engine_silence(r.engine, "li");
	assert_false(engine_sound_on(r.engine));
	rig_level(&r, "hush", true);
	assert_int_equal(rig_state(&r, "hush"), ALARM_UNACKNOWLEDGED);
	assert_false(engine_sound_on(r.engine));
	rig_tear_down(&r);
}

// The exit button's module comes back between the opening and the judgement: whether it
// was pressed is not known.
static void
test_i6_an_exit_button_that_was_unknown_proves_nothing(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	uint32_t link = r.site->devices[1].link_point;
	engine_link(r.engine, link, true, "timeout");
	rig_pass(&r, 60000);
	rig_level(&r, "door", true);
	engine_link(r.engine, link, false, NULL);
	rig_level(&r, "rex", false);
	rig_pass(&r, 3000);
	assert_int_equal(security(&r, "door", "forced"), ALARM_NORMAL);
	assert_int_equal(security(&r, "door", "unproven"), ALARM_UNACKNOWLEDGED);
	rig_tear_down(&r);
}

// Shut when the daemon stopped, open when it looks again (I11); one that stood open
// lawfully then is not accused.
static void
test_i11_a_door_opened_while_nobody_watched_is_unproven(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	rig_level(&r, "rex", true);
	rig_level(&r, "door", true);
	rig_level(&r, "rex", false);
	rig_pass(&r, 1000);
	rig_stop(&r);
	rig_start(&r);
	rig_level(&r, "rex", false);
	rig_level(&r, "door", true);
	rig_pass(&r, 5000);
	assert_int_equal(security(&r, "door", "unproven"), ALARM_NORMAL);
	rig_level(&r, "door", false);
	rig_pass(&r, 1000);
	rig_stop(&r);
	rig_start(&r);
	rig_level(&r, "rex", false);
	rig_level(&r, "door", true);
	rig_pass(&r, 5000);
	assert_int_equal(security(&r, "door", "forced"), ALARM_NORMAL);
	assert_int_equal(security(&r, "door", "unproven"), ALARM_UNACKNOWLEDGED);
	rig_tear_down(&r);
}

// It stops in the moment between an opening and its judgement.
static void
test_i11_an_opening_that_was_not_judged_is_judged_after_a_restart(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	rig_level(&r, "door", true);
	rig_pass(&r, 100);
	rig_stop(&r);
	rig_start(&r);
	rig_level(&r, "rex", false);
	rig_level(&r, "door", true);
	rig_pass(&r, 5000);
	assert_int_equal(security(&r, "door", "unproven"), ALARM_UNACKNOWLEDGED);
	rig_tear_down(&r);
}

// Who breaks in and then presses the button inside: the press was seen to come after
// the opening. Of one that may have come before it nothing is held against anybody.
static void
test_a_button_that_was_pressed_after_the_opening_allows_nothing(void **state)
{
	static const int64_t seen_idle_ms[] = { 100, 1000 }; // before the press is seen
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seen_idle_ms); i++) {
		struct rig r;
		begin(&r);
		rig_level(&r, "door", true);
		rig_pass(&r, 500);
		struct sample s = rig_sample(&r, "rex", SAMPLE_LEVEL);
		s.value = 1;
		s.not_before_utc_ms = s.t_utc_ms - seen_idle_ms[i];
		engine_sample(r.engine, &s);
		rig_pass(&r, 2000);
		assert_int_equal(security(&r, "door", "forced"),
		    i == 0 ? ALARM_UNACKNOWLEDGED : ALARM_NORMAL);
		rig_tear_down(&r);
	}
}

// Each change of what a door shows is told, that which time alone brings too; a sample
// that changes nothing is not.
static void
test_what_the_page_shows_of_a_door_is_told_as_it_changes(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	const unsigned *told = &r.rules_told[site_find_point(r.site, "door")];
	const unsigned *rex = &r.rules_told[site_find_point(r.site, "rex")];
	unsigned before = *told, before_rex = *rex;
	rig_level(&r, "door", false);
	rig_level(&r, "rex", false);
	rig_pass(&r, 5000);
	assert_int_equal(*told, before);
	assert_int_equal(*rex, before_rex);
	rig_level(&r, "rex", true);
	rig_level(&r, "rex", false);
	assert_int_equal(*rex, before_rex + 2);
	assert_int_equal(*told, before + 1);
	expect_json(&r, "door", "\"state\":\"granted\"");
	rig_pass(&r, 10000); // its window ends
	assert_int_equal(*told, before + 2);
	expect_json(&r, "door", "\"state\":\"closed\"");
	rig_level(&r, "door", true);
	rig_pass(&r, 70000); // opening, forced; held soon and held are within forced
	assert_int_equal(*told, before + 4);
	assert_int_equal(
	    bypass(&r, site_find_point(r.site, "door"), "wang", 3600, "x"), ENGINE_OK);
	assert_true(*told > before + 4);
	rig_tear_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_door_is_forced_and_then_held),
		cmocka_unit_test(
		    test_what_the_page_shows_of_a_door_is_told_as_it_changes),
		cmocka_unit_test(test_the_exit_button_opens_it_lawfully),
		cmocka_unit_test(
		    test_a_button_that_was_pressed_after_the_opening_allows_nothing),
		cmocka_unit_test(test_a_button_that_is_read_later_still_counts),
		cmocka_unit_test(test_a_stuck_button_is_a_fault_and_opens_nothing),
		cmocka_unit_test(test_i6_a_lost_link_neither_forces_nor_closes_a_door),
		cmocka_unit_test(test_i6_a_bad_contact_is_unknown),
		cmocka_unit_test(test_unlocked_hours_are_local_time),
		cmocka_unit_test(test_a_bypass_outlives_a_restart_warns_and_ends),
		cmocka_unit_test(
		    test_a_bypass_that_ran_out_while_nobody_watched_is_over),
		cmocka_unit_test(test_i11_what_stood_before_a_restart_stands_after_it),
		cmocka_unit_test(
		    test_a_panic_latches_until_the_button_is_reset_and_a_person_resets_it),
		cmocka_unit_test(test_a_panic_cannot_be_shelved),
		cmocka_unit_test(
		    test_a_silent_panic_makes_no_sound_and_runs_the_ladder),
		cmocka_unit_test(test_a_silent_panic_ends_no_silence),
		cmocka_unit_test(
		    test_i6_an_exit_button_that_was_unknown_proves_nothing),
		cmocka_unit_test(
		    test_i11_a_door_opened_while_nobody_watched_is_unproven),
		cmocka_unit_test(
		    test_i11_an_opening_that_was_not_judged_is_judged_after_a_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
