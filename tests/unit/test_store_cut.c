// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Retention: whole months leave behind a signed cut, what people still need stays, the
// figures of every day stay right, and verify takes a chain that begins at a cut and no
// other.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "store_fixture.h"
#include "test.h"

#define DAY_MS INT64_C(86400000)

enum {
	PER_DAY = 30,
	DAYS = 100, // from 2026-03-01: into June
};

static void
new_fixture(struct store_fixture *f)
{
	store_fixture_new(f, false);
	f->options.key_directory = f->directory;
	f->poll_ms = 600000;
	f->options.keep_events_months = 1;
	f->options.keep_minutes_months = 1;
}

static void
write_days(struct store_fixture *f)
{
	for (unsigned day = 0; day < DAYS; day++) {
		struct unit *u = unit_new();
		for (unsigned i = 0; i < PER_DAY; i++) {
			struct event e;
			store_fixture_event(
			    f, &e, EVENT_ALARM_ONSET, COND_FIRE, day * PER_DAY + i);
			e.time_utc_ms = FIXTURE_UTC_MS + day * DAY_MS + i * 60000;
			(void)unit_event(u, &e);
		}
		store_fixture_submit(f, u);
		struct minute m = {
			.minute_utc_ms = FIXTURE_UTC_MS + day * DAY_MS,
			.min = 1.0,
			.max = 2.0,
			.integral = 60000.0,
			.good_ms = 60000,
			.samples = 60,
			.last = 1.0,
		};
		store_minute(f->store, "g1", &m);
		// One gauge has a reading at the set hour, the other only a reason.
		const struct set_reading had = { m.minute_utc_ms, true, 1.0,
			m.minute_utc_ms, NULL };
		const struct set_reading none = { m.minute_utc_ms, false, 0, 0,
			"no_sample" };
		store_set_reading(f->store, "g1", &had);
		store_set_reading(f->store, "g2", &none);
	}
	assert_true(store_fixture_wait(f, store_fixture_idle, 20000));
}

static int64_t
one_integer(const struct store_fixture *f, const char *file, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	assert_int_equal(sqlite3_open(store_fixture_path(f, file), &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	return n;
}

// The clock goes to the day after the last one; the store opens anew and cuts.
static void
reopen_late(struct store_fixture *f)
{
	store_fixture_close(f);
	loop_free(f->loop);
	clock_virtual_init(&f->clock, 1000, FIXTURE_UTC_MS + DAYS * DAY_MS);
	f->loop = loop_new(&f->clock);
	f->next_seq = 0;
	assert_true(store_fixture_open(f));
}

static bool
cut_once(const struct store_fixture *f)
{
	return f->cuts >= 1 && store_fixture_idle(f);
}

static bool
cut_twice(const struct store_fixture *f)
{
	return f->cuts >= 2 && store_fixture_idle(f);
}

static bool
a_week_later(const struct store_fixture *f)
{
	return loop_now_ms(f->loop) > 7 * DAY_MS;
}

static struct verify_result
verify(const struct store_fixture *f)
{
	struct verify_result v;
	struct err err = { 0 };
	assert_int_equal(
	    store_verify(store_fixture_path(f, "journal.db"), NULL, &v, &err), 0);
	return v;
}

static bool
take_set(void *arg, const struct set_hour_row *s)
{
	*(struct set_hour_row *)arg = *s;
	return false;
}

// A set hour before it is not said to have had nobody who watched.
static void
expect_kept_from(struct store_fixture *f, int64_t utc_ms)
{
	struct err err = { 0 };
	struct set_hour_row s = { 0 };
	int64_t kept_from_ms = 0;
	const uint16_t eight = 480;
	const struct set_hours_query q = { "g2", utc_ms - DAY_MS, utc_ms,
		utc_ms + DAY_MS, &eight, 1 };
	struct reader *r = reader_open(f->directory, &err);
	assert_non_null(r);
	assert_int_equal(query_kept_from(r, &kept_from_ms, &err), 0);
	assert_int_equal(kept_from_ms, utc_ms);
	assert_int_equal(query_set_readings(r, &q, take_set, &s, &err), 1);
	assert_string_equal(s.reason, "not_kept");
	reader_close(r);
}

// March has 31 statistics days from 08:00; the fixture begins on March 1 at 08:00 in
// Shanghai.
static void
test_i4_a_month_a_day_leaves_a_signed_cut(void **state)
{
	(void)state;
	struct store_fixture f;
	new_fixture(&f);
	assert_true(store_fixture_open(&f));
	write_days(&f);
	reopen_late(&f);
	assert_true(store_fixture_wait(&f, cut_once, 20000));
	assert_int_equal(f.cut_seq, 31 * PER_DAY);
	assert_true(store_fixture_wait(&f, cut_twice, 20000));
	assert_int_equal(f.cut_seq, (31 + 30) * PER_DAY);
	// May and June stay, whatever time passes within this month.
	assert_true(store_fixture_wait(&f, a_week_later, 20000));
	assert_int_equal(f.cuts, 2);
	store_fixture_close(&f);
	struct verify_result v = verify(&f);
	assert_string_equal(v.reason, "");
	assert_int_equal(v.cut_seq, (31 + 30) * PER_DAY);
	assert_int_equal(v.events, (DAYS - 31 - 30) * PER_DAY);
	assert_int_equal(
	    one_integer(&f, "journal.db", "SELECT sum(events) FROM cut"), v.cut_seq);
	assert_int_equal(
	    one_integer(&f, "journal.db", "SELECT sum(onsets) FROM alarm_day"),
	    DAYS * PER_DAY);
	assert_int_equal(
	    one_integer(&f, "readings.db", "SELECT count(*) FROM minute"), DAYS - 61);
	assert_int_equal(one_integer(&f, "readings.db",
			     "SELECT n FROM tally WHERE name = 'minutes'"),
	    DAYS - 61);
	// Their hours and days left with them (I13).
	assert_int_equal(
	    one_integer(&f, "readings.db", "SELECT count(*) FROM reading_day"),
	    DAYS - 61);
	assert_int_equal(
	    one_integer(&f, "readings.db", "SELECT count(*) FROM reading_hour"),
	    DAYS - 61);
	// So did the set hours, those without a reading too; and it is told.
	assert_int_equal(
	    one_integer(&f, "readings.db",
		"SELECT count(*) FROM set_reading WHERE value IS NOT NULL"),
	    DAYS - 61);
	assert_int_equal(one_integer(&f, "readings.db",
			     "SELECT count(*) FROM set_reading WHERE value IS NULL"),
	    DAYS - 61);
	expect_kept_from(&f, FIXTURE_UTC_MS + 61 * DAY_MS);
	// And it goes on: a new event follows the last.
	assert_true(store_fixture_open(&f));
	f.next_seq = DAYS * PER_DAY + 1;
	struct event e;
	store_fixture_event(&f, &e, EVENT_ALARM_ONSET, COND_FIRE, 1);
	store_fixture_add(&f, &e);
	assert_true(store_fixture_wait(&f, store_fixture_idle, 10000));
	assert_false(f.out_of_order);
	store_fixture_free(&f);
}

static struct alarm_row
open_alarm(unsigned n)
{
	struct alarm_row a = { .condition = COND_FIRE,
		.alarm_class = CLASS_FIRE,
		.state = ALARM_UNACKNOWLEDGED };
	(void)snprintf(a.point, sizeof(a.point), "p%u", n);
	(void)snprintf(a.occurrence_id, sizeof(a.occurrence_id), "1-%u", n);
	(void)snprintf(a.incident_id, sizeof(a.incident_id), "1-%u", n);
	return a;
}

static void
test_i11_what_is_open_stays(void **state)
{
	(void)state;
	struct store_fixture f;
	new_fixture(&f);
	assert_true(store_fixture_open(&f));
	write_days(&f);
	struct unit *u = unit_new();
	struct alarm_row a = open_alarm(99); // seq 100
	unit_alarm(u, &a);
	store_fixture_submit(&f, u);
	assert_true(store_fixture_wait(&f, store_fixture_idle, 10000));
	reopen_late(&f);
	assert_true(store_fixture_wait(&f, a_week_later, 20000));
	assert_int_equal(f.cut_seq, 99);
	// Closed: the rest goes.
	a.close = true;
	u = unit_new();
	unit_alarm(u, &a);
	store_fixture_submit(&f, u);
	f.cuts = 0;
	assert_true(store_fixture_wait(&f, cut_twice, 20000));
	assert_int_equal(f.cut_seq, 61 * PER_DAY);
	store_fixture_close(&f);
	assert_string_equal(verify(&f).reason, "");
	store_fixture_free(&f);
}

static void
submit_notice(struct store_fixture *f, enum notice_state state, unsigned n)
{
	struct unit *u = unit_new();
	struct notice notice = { .state = state };
	(void)snprintf(notice.id, sizeof(notice.id), "1-n%u", n);
	(void)str_copy(notice.channel, sizeof(notice.channel), "hook");
	event_init(&notice.subject, EVENT_ALARM_ONSET);
	notice.subject.seq = n + 1;
	unit_notice(u, &notice);
	store_fixture_submit(f, u);
	assert_true(store_fixture_wait(f, store_fixture_idle, 10000));
}

static void
test_i5_what_is_owed_stays_and_what_is_settled_goes(void **state)
{
	(void)state;
	struct store_fixture f;
	new_fixture(&f);
	assert_true(store_fixture_open(&f));
	write_days(&f);
	submit_notice(&f, NOTICE_DELIVERED, 10);
	submit_notice(&f, NOTICE_OWED, 200);
	submit_notice(&f, NOTICE_DELIVERED, 2500);
	reopen_late(&f);
	assert_true(store_fixture_wait(&f, a_week_later, 20000));
	assert_int_equal(f.cut_seq, 200);
	store_fixture_close(&f);
	assert_int_equal(
	    one_integer(&f, "journal.db", "SELECT count(*) FROM outbox"), 2);
	assert_int_equal(one_integer(&f, "journal.db",
			     "SELECT n FROM tally WHERE name = 'notices/delivered'"),
	    1);
	assert_string_equal(verify(&f).reason, "");
	store_fixture_free(&f);
}

// Nothing is deleted that no cut signs; and no forged begin is taken.
static void
test_i4_a_chain_begins_at_a_signed_cut_only(void **state)
{
	(void)state;
	static const struct {
		const char *sql, *reason;
	} changes[] = {
		{ "DROP TRIGGER event_no_delete; DELETE FROM event WHERE seq = 931",
		    "cut" },
		{ "DROP TRIGGER cut_no_delete; DELETE FROM cut", "gap" },
		{ "DROP TRIGGER cut_forward; UPDATE cut SET last_seq = 931",
		    "signature" },
		{ "DROP TRIGGER cut_forward; UPDATE cut SET events = 1", "signature" },
		{ "DROP TRIGGER cut_forward; UPDATE cut SET hash = zeroblob(32)",
		    "signature" },
		{ "DROP TRIGGER cut_forward; UPDATE cut SET from_utc_ms = 1",
		    "signature" },
	};
	for (unsigned i = 0; i < ARRAY_LEN(changes); i++) {
		struct store_fixture f;
		new_fixture(&f);
		assert_true(store_fixture_open(&f));
		write_days(&f);
		reopen_late(&f);
		assert_true(store_fixture_wait(&f, cut_once, 20000));
		store_fixture_close(&f);
		store_fixture_run_sql(&f, changes[i].sql);
		struct verify_result v = verify(&f);
		assert_string_equal(v.reason, changes[i].reason);
		assert_true(v.first_bad_seq != 0);
		store_fixture_free(&f);
	}
}

static void
test_i4_events_above_the_cut_cannot_be_deleted(void **state)
{
	(void)state;
	struct store_fixture f;
	sqlite3 *db = NULL;
	new_fixture(&f);
	assert_true(store_fixture_open(&f));
	write_days(&f);
	reopen_late(&f);
	assert_true(store_fixture_wait(&f, cut_once, 20000));
	store_fixture_close(&f);
	assert_int_equal(
	    sqlite3_open(store_fixture_path(&f, "journal.db"), &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "DELETE FROM event WHERE seq = 931", NULL, NULL, NULL),
	    SQLITE_CONSTRAINT);
	assert_int_equal(
	    sqlite3_exec(db, "UPDATE cut SET last_seq = last_seq", NULL, NULL, NULL),
	    SQLITE_CONSTRAINT);
	assert_int_equal(
	    sqlite3_exec(db, "DELETE FROM cut", NULL, NULL, NULL), SQLITE_CONSTRAINT);
	(void)sqlite3_close(db);
	store_fixture_free(&f);
}

// Without a key there is nobody to sign: nothing goes.
static void
test_no_key_no_cut(void **state)
{
	(void)state;
	struct store_fixture f;
	new_fixture(&f);
	f.options.key_directory = NULL;
	assert_true(store_fixture_open(&f));
	write_days(&f);
	reopen_late(&f);
	assert_true(store_fixture_wait(&f, a_week_later, 20000));
	assert_int_equal(f.cuts, 0);
	store_fixture_close(&f);
	assert_int_equal(verify(&f).events, DAYS * PER_DAY);
	store_fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i4_a_month_a_day_leaves_a_signed_cut),
		cmocka_unit_test(test_i11_what_is_open_stays),
		cmocka_unit_test(test_i5_what_is_owed_stays_and_what_is_settled_goes),
		cmocka_unit_test(test_i4_a_chain_begins_at_a_signed_cut_only),
		cmocka_unit_test(test_i4_events_above_the_cut_cannot_be_deleted),
		cmocka_unit_test(test_no_key_no_cut),
	};
	return cmocka_run_group_tests_name("store_cut", tests, NULL, NULL);
}
