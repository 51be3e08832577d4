// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What people set beside the states, in the running engine: shelving, the isolation
// ledger, test mode; over time, over restarts, and under I14.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_rig.h"
#include "test.h"

enum {
	MINUTE = 60000,
	HOUR = 60 * MINUTE
};

static struct flag_order
order_of(
    const struct rig *r, enum alarm_flag flag, const char *target, uint32_t seconds)
{
	struct flag_order o = {
		.flag = flag,
		.on = seconds > 0,
		.seconds = seconds,
		.actor = "li",
		.reason = "dust",
		.measure = "",
	};
	o.target = flag == FLAG_TEST_MODE ? 0 : site_find_point(r->site, target);
	return o;
}

static enum engine_answer
shelve(struct rig *r, const char *point, enum condition c, uint32_t seconds,
    const char **reason)
{
	struct flag_order o = order_of(r, FLAG_SHELVED, point, seconds);
	o.condition = c;
	return engine_flag(r->engine, &o, reason);
}

static enum engine_answer
isolate(struct rig *r, const char *point, uint32_t seconds, const char **reason)
{
	struct flag_order o = order_of(r, FLAG_ISOLATED, point, seconds);
	o.measure = "guard every 30 min";
	return engine_flag(r->engine, &o, reason);
}

static enum engine_answer
test_zone(struct rig *r, uint32_t seconds, const char **reason)
{
	const struct flag_order o = order_of(r, FLAG_TEST_MODE, "z", seconds);
	return engine_flag(r->engine, &o, reason);
}

static const struct alarm_record *
find(const struct rig *r, const char *point, enum condition c, const char *code)
{
	return alarms_find(engine_alarms(r->engine), point, c, code);
}

// Waits until all is durable, and counts rows.
static int
count(struct rig *r, const char *sql)
{
	char path[128];
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	rig_pass(r, 1);
	(void)snprintf(path, sizeof(path), "%s/journal.db", r->dir);
	assert_int_equal(
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int n = sqlite3_column_int(st, 0);
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	return n;
}

static char *
page(const struct rig *r, enum alarm_flag flag, uint32_t from, unsigned limit,
    uint32_t *next)
{
	struct buf b = { 0 };
	json_open(&b, NULL, '[');
	*next = engine_flag_page(r->engine, flag, from, limit, &b);
	json_close(&b, ']');
	return buf_steal(&b);
}

static void
expect_page(const struct rig *r, enum alarm_flag flag, const char *wanted)
{
	uint32_t next;
	char *text = page(r, flag, 0, 100, &next);
	if (strstr(text, wanted) == NULL)
		fail_msg("no %s in %s", wanted, text);
	free(text);
}

static void
test_a_shelved_condition_is_quiet_and_comes_back_by_itself(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	rig_set_up(&r, NULL, NULL);
	rig_level(&r, "door", true);
	rig_pass(&r, 6000);
	const struct alarm_record *a = rig_open_alarm(&r, "door");
	assert_true(engine_sound_on(r.engine));
	assert_int_equal(shelve(&r, "door", COND_SECURITY, 1800, &reason), ENGINE_OK);
	assert_false(engine_sound_on(r.engine));
	assert_int_equal(a->a.state, ALARM_UNACKNOWLEDGED);
	assert_true(alarm_hidden(&a->a));
	// Another condition of the same point is not.
	assert_int_equal(shelve(&r, "run", COND_FAULT, 60, &reason), ENGINE_OK);
	expect_page(&r, FLAG_SHELVED, "\"condition\":\"security\",\"by\":\"li\"");
	// It goes and comes again underneath.
	rig_level(&r, "door", false);
	rig_level(&r, "door", true);
	rig_pass(&r, 6000);
	assert_false(engine_sound_on(r.engine));
	assert_int_equal(count(&r, "SELECT count(*) FROM flag"), 2);
	rig_pass(&r, 30 * MINUTE);
	assert_true(engine_sound_on(r.engine));
	assert_int_equal(rig_state(&r, "door"), ALARM_UNACKNOWLEDGED);
	assert_int_equal(count(&r, "SELECT count(*) FROM flag"), 0);
	assert_int_equal(count(&r, "SELECT count(*) FROM event WHERE kind = "
				   "'shelve.end' AND actor IS NULL AND params LIKE "
				   "'%expired%'"),
	    2);
	rig_tear_down(&r);
}

static void
test_a_shelf_is_ended_by_hand_and_only_once(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	rig_set_up(&r, NULL, NULL);
	assert_int_equal(shelve(&r, "door", COND_SECURITY, 0, &reason), ENGINE_REFUSED);
	assert_string_equal(reason, "not_shelved");
	assert_int_equal(shelve(&r, "door", COND_SECURITY, 600, &reason), ENGINE_OK);
	rig_level(&r, "door", true);
	rig_pass(&r, 6000);
	assert_false(engine_sound_on(r.engine)); // born under it
	assert_int_equal(shelve(&r, "door", COND_SECURITY, 0, &reason), ENGINE_OK);
	assert_true(engine_sound_on(r.engine));
	assert_int_equal(shelve(&r, "door", COND_SECURITY, 0, &reason), ENGINE_REFUSED);
	rig_tear_down(&r);
}

static void
test_i14_what_is_never_shelved(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	rig_set_up(&r, NULL, NULL);
	rig_fire(&r, "s1", true);
	assert_int_equal(shelve(&r, "s1", COND_FIRE, 600, &reason), ENGINE_REFUSED);
	assert_string_equal(reason, "fire_not_shelved");
	assert_int_equal(
	    shelve(&r, "panic", COND_SECURITY, 600, &reason), ENGINE_REFUSED);
	assert_string_equal(reason, "panic_not_shelved");
	assert_int_equal(
	    shelve(&r, "@store", COND_FAULT, 600, &reason), ENGINE_REFUSED);
	assert_string_equal(reason, "system_not_shelved");
	assert_true(engine_sound_on(r.engine));
	assert_int_equal(count(&r, "SELECT count(*) FROM flag"), 0);
	rig_tear_down(&r);
}

static void
test_i11_flags_survive_a_restart_and_end_in_time(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	rig_set_up(&r, NULL, NULL);
	rig_level(&r, "door", true);
	rig_pass(&r, 6000);
	assert_int_equal(shelve(&r, "door", COND_SECURITY, 600, &reason), ENGINE_OK);
	assert_int_equal(isolate(&r, "run", 600, &reason), ENGINE_OK);
	assert_int_equal(test_zone(&r, 600, &reason), ENGINE_OK);
	rig_stop(&r);
	rig_start(&r);
	assert_false(engine_sound_on(r.engine));
	assert_true(alarm_hidden(&rig_open_alarm(&r, "door")->a));
	expect_page(&r, FLAG_SHELVED, "\"reason\":\"dust\"");
	expect_page(&r, FLAG_ISOLATED, "\"measure\":\"guard every 30 min\"");
	expect_page(&r, FLAG_TEST_MODE, "\"test\":{\"by\":\"li\"");
	rig_pass(&r, 11 * MINUTE);
	assert_true(engine_sound_on(r.engine));
	expect_page(&r, FLAG_TEST_MODE, "\"test\":null");
	expect_page(&r, FLAG_ISOLATED, "\"forgotten\":true");
	rig_stop(&r);
	rig_start(&r); // what is said once is not said again
	assert_int_equal(count(&r, "SELECT count(*) FROM event WHERE kind = "
				   "'alarm.onset' AND code = 'isolation-forgotten'"),
	    1);
	rig_tear_down(&r);
}

static void
test_what_the_site_has_no_more_ends_as_withdrawn(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	char path[128];
	rig_set_up(&r, NULL, NULL);
	assert_int_equal(isolate(&r, "run", 6000, &reason), ENGINE_OK);
	assert_int_equal(test_zone(&r, 6000, &reason), ENGINE_OK);
	rig_fire(&r, "s1", true);
	assert_false(engine_sound_on(r.engine));
	rig_stop(&r);
	(void)snprintf(path, sizeof(path), "%s/site.yaml", r.dir);
	rig_write_site(path, "{id: run,", "{id: run2,");
	rig_start(&r);
	assert_int_equal(count(&r, "SELECT count(*) FROM event WHERE kind = "
				   "'isolate.end' AND point = 'run' AND params LIKE "
				   "'%withdrawn%'"),
	    1);
	assert_int_equal(count(&r, "SELECT count(*) FROM flag"), 1);
	rig_tear_down(&r);
}

static void
test_i14_an_isolated_fire_point_still_raises_a_fire(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	rig_set_up(&r, NULL, NULL);
	assert_int_equal(isolate(&r, "s1", 3600, &reason), ENGINE_OK);
	rig_fire(&r, "s1", true);
	const struct alarm_record *a = find(&r, "s1", COND_FIRE, "");
	assert_non_null(a);
	assert_true((a->a.flags & FLAG_ISOLATED) != 0);
	assert_false(alarm_hidden(&a->a));
	assert_true(engine_sound_on(r.engine));
	assert_int_equal(outbox_owed(r.outbox), 1);
	rig_tear_down(&r);
}

// Whatever the site calls a fire is one: a door behind which only fires are.
static void
test_i14_no_flag_hides_what_the_site_calls_a_fire(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	rig_set_up(&r, "kind: door, zone: z, on_delay: 5s,",
	    "kind: door, zone: z, class: {security: fire},");
	assert_int_equal(
	    shelve(&r, "door", COND_SECURITY, 600, &reason), ENGINE_REFUSED);
	assert_string_equal(reason, "fire_not_shelved");
	assert_int_equal(
	    isolate(&r, "door", 600, &reason), ENGINE_OK); // a ledger entry
	rig_level(&r, "door", true);
	const struct alarm_record *a = rig_open_alarm(&r, "door");
	assert_int_equal(a->alarm_class, CLASS_FIRE);
	assert_true((a->a.flags & FLAG_ISOLATED) != 0);
	assert_false(alarm_hidden(&a->a));
	assert_true(engine_sound_on(r.engine));
	assert_int_equal(outbox_owed(r.outbox), 1);
	assert_int_equal(test_zone(&r, 600, &reason), ENGINE_REFUSED);
	assert_string_equal(reason, "fire_open");
	rig_stop(&r);
	rig_start(&r);
	assert_false(alarm_hidden(&rig_open_alarm(&r, "door")->a));
	assert_true(engine_sound_on(r.engine));
	assert_int_equal(engine_acknowledge(
			     r.engine, rig_open_alarm(&r, "door")->occurrence, "wang"),
	    ENGINE_OK);
	assert_int_equal(rig_state(&r, "door"), ALARM_ACKNOWLEDGED);
	rig_tear_down(&r);
}

static void
test_an_isolation_warns_and_is_an_alarm_when_forgotten(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	rig_set_up(&r, NULL, NULL);
	assert_int_equal(isolate(&r, "@store", 60, &reason), ENGINE_NOT_FOUND);
	assert_int_equal(isolate(&r, "run", 0, &reason), ENGINE_REFUSED);
	assert_string_equal(reason, "not_isolated");
	assert_int_equal(isolate(&r, "run", 2 * 3600, &reason), ENGINE_OK);
	rig_level(&r, "run", true);
	rig_pass(&r, HOUR + 29 * MINUTE);
	assert_null(find(&r, "run", COND_INFO, "isolation-ending"));
	rig_pass(&r, 2 * MINUTE);
	const struct alarm_record *ending =
	    find(&r, "run", COND_INFO, "isolation-ending");
	assert_non_null(ending);
	assert_int_equal(ending->a.state, ALARM_ACKNOWLEDGED); // it asks nothing
	rig_pass(&r, 30 * MINUTE);
	assert_null(find(&r, "run", COND_INFO, "isolation-ending"));
	const struct alarm_record *a =
	    find(&r, "run", COND_DISABLED, "isolation-forgotten");
	assert_non_null(a);
	assert_int_equal(a->a.state, ALARM_UNACKNOWLEDGED);
	assert_int_equal(a->a.flags, 0);
	assert_true(engine_sound_on(r.engine));
	// No sample of the point ends it; being restored does.
	rig_level(&r, "run", false);
	rig_level(&r, "run", true);
	assert_int_equal(a->a.state, ALARM_UNACKNOWLEDGED);
	assert_int_equal(isolate(&r, "run", 0, &reason), ENGINE_OK);
	a = find(&r, "run", COND_DISABLED, "isolation-forgotten");
	assert_non_null(a);
	assert_int_equal(a->a.state, ALARM_RETURNED); // somebody still has to see it
	rig_tear_down(&r);
}

static void
test_prolonging_a_forgotten_isolation_begins_anew(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	rig_set_up(&r, NULL, NULL);
	assert_int_equal(isolate(&r, "run", 60, &reason), ENGINE_OK);
	rig_pass(&r, 2 * MINUTE);
	assert_int_equal(isolate(&r, "run", 3 * 60, &reason), ENGINE_OK);
	expect_page(&r, FLAG_ISOLATED, "\"forgotten\":false");
	assert_int_equal(
	    count(&r, "SELECT count(*) FROM event WHERE kind = 'isolate.start' "
		      "AND params LIKE '%extended%'"),
	    1);
	rig_pass(&r, 4 * MINUTE);
	expect_page(&r, FLAG_ISOLATED, "\"forgotten\":true");
	rig_tear_down(&r);
}

static void
report_disabled(struct rig *r, const char *point, bool on)
{
	struct sample s = rig_sample(r, point, SAMPLE_CODE);
	s.raw = on ? 0x0101 : 0x1400;
	s.n_codes = on ? 1 : 0;
	s.codes[0].condition = COND_DISABLED;
	s.codes[0].code = 0;
	engine_sample(r->engine, &s);
}

static void
test_the_ledger_holds_what_the_panel_disabled_and_the_coverage(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	uint32_t next;
	rig_set_up(&r, NULL, NULL);
	expect_page(&r, FLAG_TEST_MODE, "\"detectors\":2,\"isolated\":0");
	report_disabled(&r, "s1", true);
	expect_page(&r, FLAG_ISOLATED, "\"point\":\"s1\"");
	expect_page(&r, FLAG_ISOLATED, "\"source\":\"panel\",\"by\":null");
	expect_page(&r, FLAG_TEST_MODE, "\"detectors\":2,\"isolated\":1");
	// Both here and there is one detector less, and two entries.
	assert_int_equal(isolate(&r, "s1", 3600, &reason), ENGINE_OK);
	expect_page(&r, FLAG_TEST_MODE, "\"detectors\":2,\"isolated\":1");
	assert_int_equal(isolate(&r, "s2", 3600, &reason), ENGINE_OK);
	expect_page(&r, FLAG_TEST_MODE, "\"detectors\":2,\"isolated\":2");
	char *text = page(&r, FLAG_ISOLATED, 0, 1, &next);
	assert_int_equal(next, site_find_point(r.site, "s2"));
	assert_non_null(strstr(text, "\"source\":\"here\""));
	assert_non_null(strstr(text, "\"source\":\"panel\""));
	free(text);
	text = page(&r, FLAG_ISOLATED, next, 1, &next);
	assert_int_equal(next, UINT32_MAX);
	assert_non_null(strstr(text, "\"point\":\"s2\""));
	free(text);
	report_disabled(&r, "s1", false);
	assert_int_equal(isolate(&r, "s1", 0, &reason), ENGINE_OK);
	expect_page(&r, FLAG_TEST_MODE, "\"detectors\":2,\"isolated\":1");
	rig_tear_down(&r);
}

static void
test_i14_a_test_has_its_own_sound_and_no_ladder(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	rig_set_up(&r, NULL, NULL);
	assert_int_equal(test_zone(&r, 0, &reason), ENGINE_REFUSED);
	assert_string_equal(reason, "not_in_test");
	assert_int_equal(test_zone(&r, 3600, &reason), ENGINE_OK);
	rig_fire(&r, "s1", true);
	const struct alarm_record *a = rig_open_alarm(&r, "s1");
	assert_true(a->a.test_onset);
	assert_int_equal(alarm_voice(&a->a), VOICE_TEST);
	assert_false(engine_sound_on(r.engine));
	assert_int_equal(outbox_owed(r.outbox), 0);
	// A test may be prolonged while its fires are open.
	assert_int_equal(test_zone(&r, 7200, &reason), ENGINE_OK);
	assert_int_equal(
	    count(&r, "SELECT tests FROM class_day WHERE class = 'fire'"), 1);
	assert_int_equal(
	    count(&r, "SELECT onsets FROM class_day WHERE class = 'fire'"), 0);
	rig_tear_down(&r);
}

static void
test_i14_a_test_is_refused_while_a_fire_of_the_zone_is_open(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	rig_set_up(&r, NULL, NULL);
	rig_fire(&r, "s1", true);
	assert_int_equal(test_zone(&r, 3600, &reason), ENGINE_REFUSED);
	assert_string_equal(reason, "fire_open");
	rig_fire(&r, "s1", false); // reset at the panel, and nobody has seen it
	assert_int_equal(test_zone(&r, 3600, &reason), ENGINE_REFUSED);
	assert_int_equal(
	    engine_acknowledge(r.engine, rig_open_alarm(&r, "s1")->occurrence, "wang"),
	    ENGINE_OK);
	assert_int_equal(test_zone(&r, 3600, &reason), ENGINE_OK);
	rig_tear_down(&r);
}

static void
test_i14_a_fire_still_open_when_its_test_ends_is_real(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	rig_set_up(&r, NULL, NULL);
	assert_int_equal(test_zone(&r, 600, &reason), ENGINE_OK);
	rig_fire(&r, "s1", true);
	rig_fire(&r, "s2", true);
	const struct alarm_record *a = rig_open_alarm(&r, "s1");
	const struct alarm_record *gone = rig_open_alarm(&r, "s2");
	assert_int_equal(
	    engine_acknowledge(r.engine, a->occurrence, "wang"), ENGINE_OK);
	rig_fire(&r, "s2", false); // its reset at the panel, unacknowledged
	assert_int_equal(gone->a.state, ALARM_RETURNED);
	rig_pass(&r, 12 * MINUTE);
	assert_int_equal(a->a.state, ALARM_UNACKNOWLEDGED);
	assert_false(a->a.test_onset);
	assert_int_equal(a->acknowledged_utc_ms, 0);
	assert_true(engine_sound_on(r.engine));
	// The one that is over stays a test: its onset was one, and nobody is called.
	assert_true(gone->a.test_onset);
	assert_null(gone->ladder);
	assert_int_equal(outbox_owed(r.outbox), 2); // step 0 and step 60 s of the one
	assert_int_equal(
	    count(&r, "SELECT count(*) FROM event WHERE kind = 'alarm.realarm' "
		      "AND params LIKE '%test_ended%'"),
	    1);
	// A fire that comes now belongs to it: one real incident.
	char incident[MINT_MAX];
	memcpy(incident, a->incident, sizeof(incident));
	assert_int_equal(
	    engine_acknowledge(r.engine, gone->occurrence, "wang"), ENGINE_OK);
	rig_fire(&r, "s2", true);
	assert_string_equal(rig_open_alarm(&r, "s2")->incident, incident);
	rig_tear_down(&r);
}

static void
test_a_test_labels_other_alarms_and_hides_none(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	rig_set_up(&r, NULL, NULL);
	rig_level(&r, "door", true);
	rig_pass(&r, 6000);
	assert_int_equal(test_zone(&r, 600, &reason), ENGINE_OK);
	const struct alarm_record *a = rig_open_alarm(&r, "door");
	assert_true((a->a.flags & FLAG_TEST_MODE) != 0);
	assert_false(a->a.test_onset); // it began before
	assert_true(engine_sound_on(r.engine));
	assert_int_equal(test_zone(&r, 0, &reason), ENGINE_OK);
	assert_int_equal(a->a.flags, 0);
	rig_tear_down(&r);
}

static void
test_info_that_was_hidden_asks_nothing_when_it_is_shown(void **state)
{
	(void)state;
	struct rig r;
	const char *reason;
	rig_set_up(&r, NULL, NULL);
	rig_level(&r, "run", true); // a running pump is information
	assert_int_equal(rig_state(&r, "run"), ALARM_ACKNOWLEDGED);
	assert_int_equal(isolate(&r, "run", 600, &reason), ENGINE_OK);
	assert_int_equal(isolate(&r, "run", 0, &reason), ENGINE_OK);
	assert_int_equal(rig_state(&r, "run"), ALARM_ACKNOWLEDGED);
	assert_false(engine_sound_on(r.engine));
	rig_tear_down(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_a_shelved_condition_is_quiet_and_comes_back_by_itself),
		cmocka_unit_test(test_a_shelf_is_ended_by_hand_and_only_once),
		cmocka_unit_test(test_i14_what_is_never_shelved),
		cmocka_unit_test(test_i11_flags_survive_a_restart_and_end_in_time),
		cmocka_unit_test(test_what_the_site_has_no_more_ends_as_withdrawn),
		cmocka_unit_test(test_i14_an_isolated_fire_point_still_raises_a_fire),
		cmocka_unit_test(test_i14_no_flag_hides_what_the_site_calls_a_fire),
		cmocka_unit_test(
		    test_an_isolation_warns_and_is_an_alarm_when_forgotten),
		cmocka_unit_test(test_prolonging_a_forgotten_isolation_begins_anew),
		cmocka_unit_test(
		    test_the_ledger_holds_what_the_panel_disabled_and_the_coverage),
		cmocka_unit_test(test_i14_a_test_has_its_own_sound_and_no_ladder),
		cmocka_unit_test(
		    test_i14_a_test_is_refused_while_a_fire_of_the_zone_is_open),
		cmocka_unit_test(test_i14_a_fire_still_open_when_its_test_ends_is_real),
		cmocka_unit_test(test_a_test_labels_other_alarms_and_hides_none),
		cmocka_unit_test(
		    test_info_that_was_hidden_asks_nothing_when_it_is_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
