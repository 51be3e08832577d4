// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The owner of the outputs on a virtual clock, with the real engine and journal and a
// field that a test can break: alarms, silence, what does not follow, what is out of
// reach, the heartbeat, the end. Each change is an event with its reason.

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "engine_impl.h"
#include "engine_rig.h"
#include "test.h"

static const char site_text[] =
    "site: {id: t, name: {zh: 测, en: T}, time_zone: Asia/Shanghai}\n"
    "console: {listen: \"127.0.0.1:0\", desk: [127.0.0.1]}\n"
    "buses: [{id: lan, modbus_tcp: \"127.0.0.1:5020\"}, {id: lan2, modbus_tcp:"
    " \"127.0.0.1:5021\"}]\n"
    "devices:\n"
    "  - {id: fap, bus: lan, unit: 1, profile: notifier-modbus-gw, points: [\n"
    "      {id: s1, item: detector, loop: 1, device: 1, kind: smoke, place: {en: A}},\n"
    "      {id: s2, item: detector, loop: 1, device: 2, kind: smoke, place: {en: "
    "B}}]}\n"
    "  - {id: io, bus: lan2, unit: 1, profile: iologik-e1200, points: [\n"
    "      {id: door, item: di, device: 0, kind: door, place: {en: Door}},\n"
    "      {id: runs, item: di, device: 1, kind: module, place: {en: Siren runs}}]}\n"
    "outputs:\n"
    "  - {id: siren, role: sounder, device: io, item: do, number: 0, within: 2s,"
    " steady: [fire], blink: [security, system], feedback: runs, allow_write: true}\n"
    "  - {id: lamp, role: lamp, device: io, item: do, number: 1, within: 2s,"
    " fail_safe: on, allow_write: true}\n"
    "  - {id: beat, role: heartbeat, device: io, item: do, number: 2, period: 2s,"
    " allow_write: true}\n"
    "  - {id: off, role: lamp, device: io, item: do, number: 3}\n";

enum {
	SIREN,
	LAMP,
	BEAT,
	OFF,
	OUTPUTS
};

static struct {
	struct rig *rig;
	bool on[OUTPUTS], stuck[OUTPUTS], deaf[OUTPUTS];
	unsigned drives[OUTPUTS];
} field;

static void
report(uint16_t output, enum output_told told, bool on, const char *code)
{
	const struct output_report r = { output, told, on, code };

	outputs_report(field.rig->outputs, &r);
}

static void
on_drive(void *ctx, uint16_t output, bool on)
{
	(void)ctx;
	field.drives[output]++;
	if (field.deaf[output])
		return;
	if (!field.stuck[output])
		field.on[output] = on;
	report(output, OUTPUT_TAKEN, on, NULL);
	report(output, OUTPUT_READ, field.on[output], NULL);
}

static void
begin(struct rig *r)
{
	rig_set_up_site(r, site_text);
	memset(&field, 0, sizeof(field));
	field.rig = r;
	outputs_attach(r->outputs, on_drive, NULL);
	rig_level(r, "runs", false);
	outputs_alive(r->outputs, NULL);
	supervise_consoles(r->supervise, 1, 1); // or that is an alarm after a minute
}

// Time passes; the siren's own contact follows what it does.
static void
pass(struct rig *r, int64_t ms)
{
	for (; ms > 0; ms -= 100) {
		rig_level(r, "runs", field.on[SIREN]);
		rig_pass(r, 100);
	}
}

// The newest change of an output: "on alarm fire steady wang", ...
static const char *
last_change(struct rig *r, const char *point, unsigned *n)
{
	static char text[128];
	char path[128];
	sqlite3 *db;
	sqlite3_stmt *st;

	rig_pass(r, 1000); // the journal has what was decided
	(void)snprintf(path, sizeof(path), "%s/journal.db", r->dir);
	assert_int_equal(
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db,
		"SELECT substr(kind, 8) || ' ' || (params ->> 'reason') || ' ' ||"
		" coalesce(class, '-') || ' ' || (params ->> 'pattern') ||"
		" coalesce(' ' || actor, ''), count(*) OVER () FROM v_event WHERE"
		" point = ?1 AND kind LIKE 'output.%' ORDER BY seq DESC",
		-1, &st, NULL),
	    SQLITE_OK);
	(void)sqlite3_bind_text(st, 1, point, -1, SQLITE_STATIC);
	text[0] = '\0';
	*n = 0;
	if (sqlite3_step(st) == SQLITE_ROW) {
		(void)snprintf(
		    text, sizeof(text), "%s", (const char *)sqlite3_column_text(st, 0));
		*n = (unsigned)sqlite3_column_int(st, 1);
	}
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	return text;
}

static void
assert_last(struct rig *r, const char *point, unsigned n, const char *text)
{
	unsigned found;

	assert_string_equal(last_change(r, point, &found), text);
	assert_int_equal(found, n);
}

static struct output_look
look(const struct rig *r, uint16_t output)
{
	struct output_look v;

	outputs_look(r->outputs, output, &v);
	return v;
}

static void
silence(struct rig *r, const char *actor)
{
	outputs_by(r->outputs, actor);
	engine_silence(r->engine, actor);
	outputs_by(r->outputs, NULL);
}

// A fire of a zone that is in test mode.
static void
rig_test_mode(struct rig *r, const char *point)
{
	struct alarm_record *a;

	rig_fire(r, point, true);
	a = alarms_by_occurrence(
	    engine_alarms(r->engine), rig_open_alarm(r, point)->occurrence);
	enum alarm_voice before = alarm_voice(&a->a);
	a->a.flags |= FLAG_TEST_MODE;
	a->a.test_onset = true;
	transition_settle(r->engine, a, before);
}

static void
acknowledge(struct rig *r, const char *point)
{
	assert_int_equal(
	    engine_acknowledge(r->engine, rig_open_alarm(r, point)->occurrence, "wang"),
	    ENGINE_OK);
}

static void
test_i2_a_fire_sounds_in_the_same_moment(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	assert_false(field.on[SIREN] || field.on[LAMP]);
	assert_int_equal(field.drives[SIREN], 1); // a defined state from the start on
	rig_fire(&r, "s1", true);
	assert_true(field.on[SIREN] && field.on[LAMP]); // no time has passed
	assert_last(&r, "@output/siren", 1, "on alarm fire steady");
	silence(&r, "li");
	assert_false(field.on[SIREN]);
	assert_true(field.on[LAMP]);
	assert_last(&r, "@output/siren", 2, "off silenced fire off li");
	rig_fire(&r, "s2", true); // a new alarm sounds again
	assert_true(field.on[SIREN]);
	acknowledge(&r, "s1");
	assert_true(field.on[SIREN]);
	acknowledge(&r, "s2");
	assert_false(field.on[SIREN] || field.on[LAMP]);
	assert_last(&r, "@output/siren", 4, "off alarm - off");
	assert_int_equal(look(&r, SIREN).pattern, PATTERN_OFF);
	rig_tear_down(&r);
}

static void
test_a_silenced_fire_sounds_again_after_a_while(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	rig_fire(&r, "s1", true);
	silence(&r, "li");
	assert_true(look(&r, SIREN).silenced);
	pass(&r, 59000);
	assert_false(field.on[SIREN]);
	pass(&r, 2000);
	assert_true(field.on[SIREN]);
	assert_last(&r, "@output/siren", 3, "on resound fire steady");
	rig_tear_down(&r);
}

// It returned by itself, and nobody has acknowledged: the lamp stays.
static void
test_the_lamp_stays_until_somebody_acknowledges(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	rig_level(&r, "door", true);
	assert_true(field.on[SIREN] && field.on[LAMP]);
	pass(&r, 600);
	assert_false(field.on[SIREN]); // it blinks
	pass(&r, 500);
	assert_true(field.on[SIREN]);
	rig_level(&r, "door", false);
	assert_false(field.on[SIREN]);
	assert_true(field.on[LAMP]);
	acknowledge(&r, "door");
	assert_false(field.on[LAMP]);
	rig_tear_down(&r);
}

static void
test_i14_no_flag_silences_a_fire_and_a_test_has_its_own_sound(void **state)
{
	struct rig r;
	struct alarm_record *a;

	(void)state;
	begin(&r);
	rig_fire(&r, "s1", true);
	a = alarms_by_occurrence(
	    engine_alarms(r.engine), rig_open_alarm(&r, "s1")->occurrence);
	a->a.flags |= FLAG_ISOLATED | FLAG_SHELVED | FLAG_SUPPRESSED;
	outputs_alarm(r.outputs, a, false);
	assert_int_equal(look(&r, SIREN).pattern, PATTERN_STEADY);
	a->a.flags = FLAG_TEST_MODE;
	a->a.test_onset = true;
	outputs_alarm(r.outputs, a, false);
	assert_int_equal(look(&r, SIREN).pattern, PATTERN_TEST);
	rig_fire(&r, "s2", true); // a real one beside it
	assert_int_equal(look(&r, SIREN).pattern, PATTERN_STEADY);
	a->a.flags = 0;
	a->a.test_onset = false;
	outputs_alarm(r.outputs, a, false);
	rig_tear_down(&r);
}

static const struct alarm_record *
fault_of(const struct rig *r, const char *code)
{
	return alarms_find(engine_alarms(r->engine), "@output/siren", COND_FAULT, code);
}

static bool
stands(const struct alarm_record *a)
{
	return a != NULL && a->a.state == ALARM_UNACKNOWLEDGED;
}

static void
test_i9_what_does_not_follow_is_an_alarm(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	pass(&r, 10000);
	assert_null(fault_of(&r, "output-feedback"));
	field.stuck[SIREN] = true;
	rig_fire(&r, "s1", true);
	pass(&r, 1800);
	assert_null(fault_of(&r, "output-feedback"));
	pass(&r, 800);
	assert_true(stands(fault_of(&r, "output-feedback")));
	assert_int_equal(fault_of(&r, "output-feedback")->alarm_class, CLASS_SYSTEM);
	assert_string_equal(look(&r, SIREN).state, "failed");
	// Its own fault is of a class that it blinks for: it does not drive itself.
	acknowledge(&r, "s1");
	assert_int_equal(look(&r, SIREN).pattern, PATTERN_OFF);
	pass(&r, 1000);
	assert_false(stands(fault_of(&r, "output-feedback")));
	assert_int_equal(look(&r, SIREN).pattern, PATTERN_OFF);
	rig_tear_down(&r);
}

// The coil is on, and the contact of the siren itself is not.
static void
test_i9_a_contact_that_does_not_follow(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	rig_fire(&r, "s1", true);
	pass(&r, 3000);
	assert_null(fault_of(&r, "output-feedback"));
	rig_level(&r, "runs", false);
	rig_pass(&r, 2500);
	assert_true(stands(fault_of(&r, "output-feedback")));
	pass(&r, 1000);
	assert_false(stands(fault_of(&r, "output-feedback")));
	// A contact that is unknown follows nothing (I6).
	engine_link(r.engine, r.site->devices[1].link_point, true, "timeout");
	rig_pass(&r, 3000);
	assert_true(stands(fault_of(&r, "output-feedback")));
	rig_tear_down(&r);
}

static void
test_i9_out_of_reach_refused_and_back(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	report(SIREN, OUTPUT_LOST, false, "timeout");
	field.deaf[SIREN] = true;
	rig_pass(&r, 500);
	assert_true(stands(fault_of(&r, "output-lost")));
	assert_string_equal(look(&r, SIREN).why, "timeout");
	rig_fire(&r, "s1", true);
	rig_pass(&r, 5000);
	assert_null(fault_of(&r, "output-feedback")); // one fault, not two
	field.deaf[SIREN] = false;
	on_drive(NULL, SIREN, true); // the driver writes it when the link is back
	pass(&r, 500);
	assert_false(stands(fault_of(&r, "output-lost")));
	assert_string_equal(look(&r, SIREN).state, "ok");
	report(SIREN, OUTPUT_REFUSED, true, "exception-02");
	pass(&r, 500);
	assert_true(stands(fault_of(&r, "output-refused")));
	rig_tear_down(&r);
}

// Nothing is said at all: neither taken nor lost.
static void
test_i9_a_wish_that_nobody_takes_is_lost(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	field.deaf[SIREN] = true;
	rig_fire(&r, "s1", true);
	pass(&r, 1800);
	assert_null(fault_of(&r, "output-lost"));
	pass(&r, 800);
	assert_true(stands(fault_of(&r, "output-lost")));
	rig_tear_down(&r);
}

static void
test_i9_the_heartbeat_beats_while_people_can_be_alerted(void **state)
{
	struct rig r;
	unsigned drives;

	(void)state;
	begin(&r);
	drives = field.drives[BEAT];
	pass(&r, 10000);
	assert_int_equal(field.drives[BEAT], drives + 10); // two edges each 2 s
	assert_last(&r, "@output/beat", 1, "on alive - beat");
	outputs_alive(r.outputs, "writer-silent");
	assert_false(field.on[BEAT]);
	drives = field.drives[BEAT];
	pass(&r, 10000);
	assert_int_equal(field.drives[BEAT], drives);
	assert_last(&r, "@output/beat", 2, "off writer-silent - off");
	outputs_alive(r.outputs, NULL);
	pass(&r, 2000);
	assert_true(field.drives[BEAT] > drives);
	rig_tear_down(&r);
}

static void
test_i8_what_is_not_enabled_is_left_alone(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	rig_fire(&r, "s1", true);
	pass(&r, 5000);
	assert_int_equal(field.drives[OFF], 0);
	assert_string_equal(look(&r, OFF).state, "disabled");
	rig_tear_down(&r);
	assert_int_equal(field.drives[OFF], 0); // at the end neither
}

static unsigned ended;

static void
on_ended(void *arg)
{
	(void)arg;
	ended++;
}

static void
test_the_end_drives_the_fail_safe_state(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	rig_fire(&r, "s1", true);
	acknowledge(&r, "s1");
	rig_level(&r, "door", true);
	pass(&r, 300);
	ended = 0;
	outputs_end(r.outputs, on_ended, NULL);
	assert_false(field.on[SIREN] || field.on[BEAT]);
	assert_true(field.on[LAMP]); // fail_safe: on
	rig_pass(&r, 10);
	assert_int_equal(ended, 1);
	rig_fire(&r, "s2", true); // nothing drives them any more
	pass(&r, 3000);
	assert_false(field.on[SIREN] || field.on[BEAT]);
	assert_last(&r, "@output/siren", 4, "off exit security off");
	rig_tear_down(&r);
}

static void
test_the_end_does_not_wait_for_ever(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	rig_fire(&r, "s1", true);
	field.deaf[SIREN] = true; // gone, and nobody has said so yet
	ended = 0;
	outputs_end(r.outputs, on_ended, NULL);
	rig_pass(&r, OUTPUTS_END_MS - 100);
	assert_int_equal(ended, 0);
	rig_pass(&r, 200);
	assert_int_equal(ended, 1);
	rig_tear_down(&r);
}

// After a restart it sounds for what was open before, and a fault of before ends.
static void
test_i11_a_restart_sounds_again(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	rig_fire(&r, "s1", true);
	report(SIREN, OUTPUT_LOST, true, "timeout");
	pass(&r, 1000);
	assert_true(stands(fault_of(&r, "output-lost")));
	rig_stop(&r);
	rig_start(&r);
	memset(&field, 0, sizeof(field));
	field.rig = &r;
	assert_false(stands(fault_of(&r, "output-lost")));
	outputs_attach(r.outputs, on_drive, NULL);
	assert_true(field.on[SIREN]);
	rig_tear_down(&r);
}

// s1 is a fire of a zone in test mode and nothing else is open: its sound can be
// stopped, comes back after a while, and a second one is heard again.
static void
test_a_fire_in_test_mode_that_sounds_alone_can_be_silenced(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	rig_test_mode(&r, "s1");
	assert_int_equal(look(&r, SIREN).pattern, PATTERN_TEST);
	silence(&r, "li");
	assert_int_equal(look(&r, SIREN).pattern, PATTERN_OFF);
	assert_last(&r, "@output/siren", 3, "off silenced fire off li");
	rig_level(&r, "door", true); // what is no test ends it as ever
	rig_level(&r, "door", false);
	acknowledge(&r, "door");
	assert_int_equal(look(&r, SIREN).pattern, PATTERN_TEST);
	silence(&r, "li");
	pass(&r, 61000);
	assert_int_equal(look(&r, SIREN).pattern, PATTERN_TEST);
	silence(&r, "li");
	rig_test_mode(&r, "s2");
	assert_int_equal(look(&r, SIREN).pattern, PATTERN_TEST);
	acknowledge(&r, "s1");
	acknowledge(&r, "s2");
	assert_int_equal(look(&r, SIREN).pattern, PATTERN_OFF);
	assert_false(engine_silenced(r.engine));
	rig_tear_down(&r);
}

// The contact is polled each second; the quarter of a second of a test and a blink fall
// between its polls, and that is no fault of the siren. What stood before stands on.
static void
test_i9_a_pattern_quicker_than_the_contact_is_read_is_not_judged_by_it(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	rig_test_mode(&r, "s1");
	for (int i = 0; i < 20; i++) {
		rig_pass(&r, 950);
		rig_level(&r, "runs", field.on[SIREN]);
		rig_pass(&r, 50);
	}
	assert_null(fault_of(&r, "output-feedback"));
	acknowledge(&r, "s1");
	rig_level(&r, "runs", false);
	rig_fire(&r, "s2", true); // steady, and the contact stays away
	rig_pass(&r, 3000);
	assert_true(stands(fault_of(&r, "output-feedback")));
	acknowledge(&r, "s2");
	rig_level(&r, "door", true); // a blink
	rig_level(&r, "runs", false);
	rig_pass(&r, 5000);
	assert_true(stands(fault_of(&r, "output-feedback")));
	rig_level(&r, "door", false);
	acknowledge(&r, "door");
	rig_pass(&r, 1000);
	assert_false(stands(fault_of(&r, "output-feedback")));
	rig_tear_down(&r);
}

// Somebody else wrote the coil, or the module restarted: it is written again, and
// somebody hears of it.
static void
test_i9_what_was_changed_behind_our_back_is_an_alarm(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	rig_fire(&r, "s1", true);
	pass(&r, 5000);
	report(SIREN, OUTPUT_CHANGED, false, NULL);
	report(SIREN, OUTPUT_TAKEN, true, NULL); // it was written again at once
	report(SIREN, OUTPUT_READ, true, NULL);
	rig_pass(&r, 100);
	pass(&r, 200);
	assert_non_null(fault_of(&r, "output-changed"));
	pass(&r, 1000);
	assert_false(stands(fault_of(&r, "output-changed")));
	rig_tear_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i2_a_fire_sounds_in_the_same_moment),
		cmocka_unit_test(test_a_silenced_fire_sounds_again_after_a_while),
		cmocka_unit_test(test_the_lamp_stays_until_somebody_acknowledges),
		cmocka_unit_test(
		    test_i14_no_flag_silences_a_fire_and_a_test_has_its_own_sound),
		cmocka_unit_test(test_i9_what_does_not_follow_is_an_alarm),
		cmocka_unit_test(test_i9_a_contact_that_does_not_follow),
		cmocka_unit_test(test_i9_out_of_reach_refused_and_back),
		cmocka_unit_test(test_i9_a_wish_that_nobody_takes_is_lost),
		cmocka_unit_test(
		    test_i9_the_heartbeat_beats_while_people_can_be_alerted),
		cmocka_unit_test(test_i8_what_is_not_enabled_is_left_alone),
		cmocka_unit_test(test_the_end_drives_the_fail_safe_state),
		cmocka_unit_test(test_the_end_does_not_wait_for_ever),
		cmocka_unit_test(test_i11_a_restart_sounds_again),
		cmocka_unit_test(
		    test_a_fire_in_test_mode_that_sounds_alone_can_be_silenced),
		cmocka_unit_test(
		    test_i9_a_pattern_quicker_than_the_contact_is_read_is_not_judged_by_it),
		cmocka_unit_test(test_i9_what_was_changed_behind_our_back_is_an_alarm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
