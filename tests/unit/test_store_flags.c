// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What people set and say, as the journal keeps it: flags over a restart, over a file
// that is set aside, over the step from schema 3; verdicts and missed alarms as rows.
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "store/schema.h"
#include "store_fixture.h"
#include "test.h"

static struct flag_row
isolated(const char *point)
{
	struct flag_row row = { .entry = { .flag = FLAG_ISOLATED,
				    .condition = -1,
				    .from_utc_ms = 1000,
				    .until_utc_ms = 2000,
				    .actor = "li",
				    .reason = "焊接",
				    .measure = "guard" } };
	(void)str_copy(row.entry.target, sizeof(row.entry.target), point);
	return row;
}

static void
submit_flag(struct store_fixture *f, const struct flag_row *row)
{
	struct unit *u = unit_new();
	struct event e;
	store_fixture_event(f, &e, EVENT_ISOLATE_START, COND_FIRE, 1);
	(void)unit_event(u, &e);
	unit_flag(u, row);
	store_fixture_submit(f, u);
	assert_true(store_fixture_wait(f, store_fixture_idle, 5000));
}

static void
run_sql(const struct store_fixture *f, const char *sql)
{
	sqlite3 *db = NULL;
	char *text = NULL;
	assert_int_equal(
	    sqlite3_open(store_fixture_path(f, "journal.db"), &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK)
		fail_msg("%s: %s", sql, text);
	(void)sqlite3_close(db);
}

static char *
ask_sql(const struct store_fixture *f, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	assert_int_equal(
	    sqlite3_open(store_fixture_path(f, "journal.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	const char *text = (const char *)sqlite3_column_text(st, 0);
	char *copy = xstrdup(text != NULL ? text : "NULL");
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	return copy;
}

static void
expect_sql(const struct store_fixture *f, const char *sql, const char *wanted)
{
	char *text = ask_sql(f, sql);
	assert_string_equal(text, wanted);
	free(text);
}

static void
expect_one(struct store_fixture *f)
{
	const struct recovered *r = store_recovered(f->store);
	assert_int_equal(r->n_flags, 1);
	const struct flag_entry *e = &r->flags[0];
	assert_int_equal(e->flag, FLAG_ISOLATED);
	assert_string_equal(e->target, "p2");
	assert_int_equal(e->condition, -1);
	assert_int_equal(e->from_utc_ms, 1000);
	assert_int_equal(e->until_utc_ms, 2000);
	assert_string_equal(e->actor, "li");
	assert_string_equal(e->reason, "焊接");
	assert_string_equal(e->measure, "guard");
}

static void
test_flags_are_kept_until_they_end(void **state)
{
	struct store_fixture f;
	(void)state;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	struct flag_row one = isolated("p1"), two = isolated("p2");
	struct flag_row shelf = isolated("p1");
	shelf.entry.flag = FLAG_SHELVED;
	shelf.entry.condition = COND_SECURITY;
	submit_flag(&f, &one);
	submit_flag(&f, &two);
	submit_flag(&f, &shelf);
	store_fixture_close(&f);
	assert_true(store_fixture_open(&f));
	assert_int_equal(store_recovered(f.store)->n_flags, 3);
	one.end = shelf.end = true;
	submit_flag(&f, &one);
	submit_flag(&f, &shelf);
	store_fixture_close(&f);
	assert_true(store_fixture_open(&f));
	expect_one(&f);
	store_fixture_free(&f);
}

static void
test_i12_flags_outlive_a_journal_that_is_set_aside(void **state)
{
	struct store_fixture f;
	(void)state;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	const struct flag_row two = isolated("p2");
	submit_flag(&f, &two);
	store_fixture_close(&f);
	run_sql(&f, "PRAGMA user_version = 99");
	assert_true(store_fixture_open(&f));
	assert_int_equal(store_current_mode(f.store), STORE_NEWER);
	expect_one(&f); // in this run already
	store_fixture_close(&f);
	assert_true(store_fixture_open(&f));
	expect_one(&f);
	store_fixture_free(&f);
}

// A journal of version 3 with an open alarm goes on as version 5.
static void
test_a_journal_of_version_3_is_stepped_up(void **state)
{
	struct store_fixture f;
	(void)state;
	store_fixture_new(&f, false);
	run_sql(&f, schema_journal_1);
	run_sql(&f, schema_journal_2);
	run_sql(&f, schema_journal_3);
	char *sql = sqlite3_mprintf(
	    "PRAGMA application_id = %d; PRAGMA user_version = 3;"
	    "INSERT INTO meta VALUES ('epoch', '00112233445566778899aabbccddeeff');"
	    "INSERT INTO alarm_open VALUES ('p1', 'fire', '', 'fire', "
	    "'unacknowledged', '', 'panel', 0, 0, '1-1', '1-1', 1, 5, 5, 0, '', '', "
	    "0, 0, 0, NULL, 'good', 0)",
	    JOURNAL_APPLICATION_ID);
	run_sql(&f, sql);
	sqlite3_free(sql);
	assert_true(store_fixture_open(&f));
	assert_int_equal(store_current_mode(f.store), STORE_OK);
	assert_int_equal(store_recovered(f.store)->n_alarms, 1);
	assert_int_equal(store_recovered(f.store)->n_flags, 0);
	expect_sql(&f, "PRAGMA user_version", "5");
	const struct flag_row two = isolated("p2");
	submit_flag(&f, &two);
	store_fixture_close(&f);
	assert_true(store_fixture_open(&f));
	expect_one(&f);
	store_fixture_free(&f);
}

static void
add_word(struct store_fixture *f, enum event_kind kind, const char *params)
{
	struct event e;
	store_fixture_event(f, &e, kind, COND_FIRE, 1);
	(void)str_copy(e.actor, sizeof(e.actor), "li");
	(void)str_copy(e.occurrence_id, sizeof(e.occurrence_id), "1-1");
	(void)str_copy(e.params, sizeof(e.params), params);
	store_fixture_add(f, &e);
	assert_true(store_fixture_wait(f, store_fixture_idle, 5000));
}

static void
test_the_last_verdict_counts_and_none_is_changed(void **state)
{
	struct store_fixture f;
	(void)state;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	add_word(&f, EVENT_ALARM_VERIFY, "{\"verdict\":\"real\"}");
	add_word(&f, EVENT_ALARM_VERIFY,
	    "{\"verdict\":\"false\",\"cause\":\"dust\",\"note\":\"cleaned\"}");
	expect_sql(&f,
	    "SELECT group_concat(verdict || coalesce(cause, '-') || counts, ' ') "
	    "FROM (SELECT * FROM v_verdict ORDER BY n)",
	    "real-0 falsedust1");
	expect_sql(&f,
	    "SELECT occurrence_id || condition || class || who || note FROM "
	    "v_verdict WHERE counts",
	    "1-1firefirelicleaned");
	add_word(&f, EVENT_ALARM_MISSED,
	    "{\"happened_utc_ms\":77,\"found\":\"smoke, no alarm\"}");
	expect_sql(&f, "SELECT happened_utc_ms || found || who FROM v_missed",
	    "77smoke, no alarmli");
	sqlite3 *db = NULL;
	assert_int_equal(
	    sqlite3_open(store_fixture_path(&f, "journal.db"), &db), SQLITE_OK);
	static const char *const refused[] = { "DELETE FROM verdict",
		"UPDATE verdict SET verdict = 'real'", "DELETE FROM missed",
		"UPDATE missed SET found = ''" };
	for (unsigned i = 0; i < ARRAY_LEN(refused); i++)
		assert_int_not_equal(
		    sqlite3_exec(db, refused[i], NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
	store_fixture_close(&f);
	run_sql(&f, "PRAGMA user_version = 99");
	assert_true(store_fixture_open(&f));
	expect_sql(&f, "SELECT count(*) FROM verdict", "2");
	expect_sql(&f, "SELECT count(*) FROM missed", "1");
	store_fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flags_are_kept_until_they_end),
		cmocka_unit_test(test_i12_flags_outlive_a_journal_that_is_set_aside),
		cmocka_unit_test(test_a_journal_of_version_3_is_stepped_up),
		cmocka_unit_test(test_the_last_verdict_counts_and_none_is_changed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
