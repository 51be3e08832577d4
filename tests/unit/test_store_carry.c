// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A journal that is set aside takes nothing with it that was still open: alarms with
// who acknowledged them and the ladder they are on, notices owed, settings of rules,
// people (I11). Whatever cannot be read is said.
#include <sys/stat.h>

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"
#include "store/db.h"
#include "store/journal.h"
#include "store/reader.h"
#include "store_fixture.h"
#include "test.h"

static bool
written(const struct store_fixture *f)
{
	return store_fixture_idle(f) && f->done_units > 0;
}

static bool
mode_told(const struct store_fixture *f)
{
	return f->modes_seen != 0;
}

static void
run_sql(const struct store_fixture *f, const char *sql)
{
	sqlite3 *db = NULL;
	assert_int_equal(
	    sqlite3_open(store_fixture_path(f, "journal.db"), &db), SQLITE_OK);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int64_t
number(const struct store_fixture *f, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	assert_int_equal(
	    sqlite3_open(store_fixture_path(f, "journal.db"), &db), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	return n;
}

static const struct alarm_row open_row = {
	.point = "p1",
	.condition = COND_FIRE,
	.code = "fire/smoke",
	.alarm_class = CLASS_FIRE,
	.state = ALARM_ACKNOWLEDGED,
	.latch = LATCH_OWN,
	.flags = FLAG_ISOLATED,
	.occurrence_id = "4-7",
	.incident_id = "4-2",
	.occurrences = 3,
	.raised_utc_ms = FIXTURE_UTC_MS - 9000,
	.first_utc_ms = FIXTURE_UTC_MS - 90000,
	.acknowledged_utc_ms = FIXTURE_UTC_MS - 8000,
	.acknowledged_by = "wang",
	.ladder = "night",
	.ladder_next = 2,
	.ladder_rounds = 5,
	.ladder_onset_utc_ms = FIXTURE_UTC_MS - 9000,
	.value = 1.5,
	.quality = QUALITY_GOOD,
};

static void
add_onset(struct store_fixture *f, const char *occurrence)
{
	struct event e;
	store_fixture_event(f, &e, EVENT_ALARM_ONSET, COND_FIRE, 1);
	if (strcmp(occurrence, open_row.incident_id) == 0)
		e.time_utc_ms = open_row.first_utc_ms; // what makes it the first-out
	(void)str_copy(e.code, sizeof(e.code), open_row.code);
	(void)str_copy(e.occurrence_id, sizeof(e.occurrence_id), occurrence);
	(void)str_copy(e.incident_id, sizeof(e.incident_id), "4-2");
	(void)str_copy(e.place_zh, sizeof(e.place_zh), "泵房");
	store_fixture_add(f, &e);
}

// A site in the middle of things: an open alarm that began its incident two
// occurrences ago, two notices owed and one delivered, a bypass, a person, and events
// enough for several pages.
static void
begin(struct store_fixture *f)
{
	const struct person wang = {
		.id = "wang", .role = "operator", .enabled = true
	};
	store_fixture_new(f, false);
	assert_int_equal(store_put_person(f->directory, &wang, 5, &f->err), 0);
	assert_true(store_fixture_open(f));
	add_onset(f, "4-2");
	for (unsigned i = 0; i < 200; i++) {
		struct event e;
		store_fixture_event(f, &e, EVENT_POINT_CHANGE, COND_INFO, i);
		store_fixture_add(f, &e);
	}
	add_onset(f, "4-7");
	struct unit *u = unit_new();
	unit_alarm(u, &open_row);
	unit_meta(u, META_RULE "bypass/door", "1 2 wang cleaning");
	for (unsigned i = 0; i < 3; i++) {
		struct notice n = { .state = i == 2 ? NOTICE_DELIVERED : NOTICE_OWED,
			.created_utc_ms = 7,
			.channel = "duty",
			.ladder = "night",
			.step = (uint8_t)i };
		(void)snprintf(n.id, sizeof(n.id), "4-%u", 10 + i);
		event_init(&n.subject, EVENT_ALARM_ONSET);
		(void)str_copy(n.subject.occurrence_id, MINT_MAX, "4-7");
		unit_notice(u, &n);
	}
	store_fixture_submit(f, u);
	assert_true(store_fixture_wait(f, written, 5000));
	store_fixture_close(f);
	f->modes_seen = 0;
	f->done_units = 0;
	f->next_seq = 0;
}

static void
check_alarm(const struct alarm_row *a, int64_t seq)
{
	struct alarm_row wanted = open_row;
	wanted.onset_seq = a->onset_seq;
	wanted.first_out = true;
	assert_string_equal(a->point, wanted.point);
	assert_int_equal(a->state, wanted.state);
	assert_int_equal(a->flags, wanted.flags);
	assert_int_equal(a->latch, wanted.latch);
	assert_string_equal(a->occurrence_id, wanted.occurrence_id);
	assert_string_equal(a->incident_id, wanted.incident_id);
	assert_string_equal(a->acknowledged_by, "wang");
	assert_int_equal(a->occurrences, 3);
	assert_int_equal(a->ladder_next, 2);
	assert_int_equal(a->ladder_rounds, 5);
	assert_int_equal(a->raised_utc_ms, wanted.raised_utc_ms);
	assert_true(a->first_out);
	assert_true(a->onset_seq > 0 && a->onset_seq <= seq);
}

static void
check_carried(struct store_fixture *f)
{
	const struct recovered *r = store_recovered(f->store);
	assert_int_equal(r->n_alarms, 1);
	check_alarm(&r->alarms[0], r->last_seq);
	assert_int_equal(r->n_notices, 2);
	assert_string_equal(r->notices[0].id, "4-10");
	assert_string_equal(r->notices[1].id, "4-11");
	assert_int_equal(r->notices[0].subject.seq, r->alarms[0].onset_seq);
	assert_int_equal(r->n_metas, 1);
	assert_string_equal(r->metas[0].value, "1 2 wang cleaning");
	assert_false(r->unread);
	assert_false(r->clean_stop);
	assert_true(r->last_boot > 1000000); // never one that was used
}

// What the new file says about itself, and that it stands.
static void
check_file(struct store_fixture *f, const char *why)
{
	char sql[500];
	assert_true(store_fixture_wait(f, mode_told, 5000));
	assert_non_null(strstr(f->detail, why));
	struct event e;
	store_fixture_event(f, &e, EVENT_ALARM_ONSET, COND_FIRE, 3);
	store_fixture_add(f, &e);
	assert_true(store_fixture_wait(f, written, 5000));
	store_fixture_close(f);
	// journal.carry, the alarm twice (its incident's first and its newest), "wang"
	// and the onset.
	assert_int_equal(store_fixture_verify(f), 5);
	(void)snprintf(sql, sizeof(sql),
	    "SELECT count(*) FROM event WHERE kind = 'journal.carry' AND "
	    "json_extract(params, '$.why') = '%s' AND json_extract(params, '$.from') "
	    "LIKE 'journal.db.%s-%%' AND json_extract(params, '$.last_seq') = 203 AND "
	    "length(json_extract(params, '$.hash')) = 64 AND "
	    "json_array_length(params, '$.unread') = 0",
	    why, why);
	assert_int_equal(number(f, sql), 1);
	assert_int_equal(number(f, "SELECT count(*) FROM event WHERE kind = "
				   "'alarm.carry' AND place_zh = '泵房'"),
	    2);
	assert_int_equal(number(f, "SELECT count(*) FROM person"), 1);
	assert_int_equal(
	    number(f, "SELECT open FROM class_day WHERE class = 'fire'"), 1);
	// The next start finds it as it is.
	f->modes_seen = 0;
	assert_true(store_fixture_open(f));
	assert_int_equal(store_recovered(f->store)->n_alarms, 1);
	assert_int_equal(store_current_mode(f->store), STORE_OK);
}

static void
test_i11_newer_journal_hands_over_what_is_open(void **state)
{
	(void)state;
	struct store_fixture f;
	begin(&f);
	run_sql(&f, "PRAGMA user_version = 99");
	assert_true(store_fixture_open(&f));
	assert_int_equal(store_current_mode(f.store), STORE_NEWER);
	check_carried(&f);
	check_file(&f, "newer");
	store_fixture_free(&f);
}

// Overwrites the root page of a table or index.
static void
damage_root(const struct store_fixture *f, const char *name)
{
	char sql[100], junk[4096];
	(void)snprintf(sql, sizeof(sql),
	    "SELECT rootpage FROM sqlite_schema WHERE name = '%s'", name);
	int64_t page = number(f, sql);
	run_sql(f, "PRAGMA wal_checkpoint(TRUNCATE)");
	memset(junk, 0xa5, sizeof(junk));
	int fd = open(store_fixture_path(f, "journal.db"), O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(
	    pwrite(fd, junk, sizeof(junk), (page - 1) * 4096), sizeof(junk));
	(void)close(fd);
}

// Damage beside what is open takes nothing with it; damage of an index is walked
// around.
static void
test_i11_damaged_journal_hands_over_what_is_open(void **state)
{
	(void)state;
	static const char *const beside[] = { "event_class", "alarm_day",
		"outbox_owed" };
	for (unsigned i = 0; i < ARRAY_LEN(beside); i++) {
		struct store_fixture f;
		begin(&f);
		damage_root(&f, beside[i]);
		assert_true(store_fixture_open(&f));
		assert_int_equal(store_current_mode(f.store), STORE_CORRUPT);
		check_carried(&f);
		check_file(&f, "corrupt");
		store_fixture_free(&f);
	}
}

// What cannot be read is said; the rest comes all the same.
static void
test_i11_what_cannot_be_carried_over_is_said(void **state)
{
	(void)state;
	static const struct {
		const char *part, *damage;
		size_t alarms, notices;
	} cases[] = { { "alarms", "alarm_open", 0, 2 }, { "notices", "outbox", 1, 0 },
		{ "people", "person", 1, 2 }, { "flags", "flag", 1, 2 },
		{ "verdicts", "verdict", 1, 2 }, { "missed", "missed", 1, 2 },
		{ "commissioning", "commission", 1, 2 } };
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct store_fixture f;
		char sql[120];
		begin(&f);
		damage_root(&f, cases[i].damage);
		assert_true(store_fixture_open(&f));
		const struct recovered *r = store_recovered(f.store);
		assert_true(r->unread);
		assert_int_equal(r->n_alarms, cases[i].alarms);
		assert_int_equal(r->n_notices, cases[i].notices);
		assert_true(r->last_utc_ms >= FIXTURE_UTC_MS);
		store_fixture_close(&f);
		(void)snprintf(sql, sizeof(sql),
		    "SELECT json_extract(params, '$.unread') = '[\"%s\"]' FROM event "
		    "WHERE kind = 'journal.carry'",
		    cases[i].part);
		assert_int_equal(number(&f, sql), 1);
		store_fixture_free(&f);
	}
}

static bool
ok_again(const struct store_fixture *f)
{
	return (f->modes_seen & 1u << STORE_CORRUPT) != 0 && f->mode == STORE_OK &&
	       store_waiting(f->store) == 0;
}

struct asked {
	bool answered;
	int64_t events;
};

static int
ask_head(struct reader *r, void *arg)
{
	struct asked *a = arg;
	int rc = db_integer(r->journal,
	    "SELECT count(*) FROM event WHERE kind = 'journal.carry'", 0, &a->events);
	return rc == SQLITE_OK ? 0 : -1;
}

static void
take_answer(void *arg, int result)
{
	((struct asked *)arg)->answered = result == 0;
}

static struct asked asked;

static bool
answered(const struct store_fixture *f)
{
	(void)f;
	return asked.answered;
}

static void
add_twenty(struct store_fixture *f)
{
	for (unsigned i = 0; i < 20; i++) {
		struct event e;
		store_fixture_event(f, &e, EVENT_ALARM_ONSET, COND_FIRE, i);
		store_fixture_add(f, &e);
	}
}

// Another connection's commit makes the writer forget what it has in memory.
static void
forget(const struct store_fixture *f)
{
	run_sql(f, "UPDATE meta SET value = value || ' ' WHERE key = 'site_id'");
}

// I2, I3, I11: damage that shows while the daemon runs: what waits is not kept in
// memory for ever but written to a new file, with what was open, and nothing is lost.
static void
test_i11_damage_while_running(void **state)
{
	(void)state;
	struct store_fixture f;
	begin(&f);
	assert_true(store_fixture_open(&f));
	asked = (struct asked){ 0 };
	store_read(f.store, ask_head, take_answer, &asked);
	assert_true(store_fixture_wait(&f, answered, 5000));
	assert_int_equal(asked.events, 0);
	damage_root(&f, "event_point");
	forget(&f);
	add_twenty(&f);
	assert_true(store_fixture_wait(&f, ok_again, 20000));
	assert_int_equal(f.not_durable, 0);
	assert_int_equal(f.durable_events, 20 + 202);
	assert_int_equal(f.unread, 0);
	asked = (struct asked){ 0 };
	store_read(f.store, ask_head, take_answer, &asked);
	assert_true(store_fixture_wait(&f, answered, 5000));
	assert_int_equal(asked.events, 1);
	store_fixture_close(&f);
	assert_int_equal(store_fixture_verify(&f), 4 + 20);
	assert_int_equal(number(&f, "SELECT count(*) FROM alarm_open"), 1);
	// It was set aside after the start, for the writer had tried for a while.
	assert_true(number(&f, "SELECT time_utc_ms FROM event WHERE kind = "
			       "'journal.carry'") > FIXTURE_UTC_MS + 500);
	store_fixture_free(&f);
}

// What could not be read then is told at once, not at the next start.
static void
test_i11_damage_while_running_that_hides_what_is_open_is_told(void **state)
{
	(void)state;
	struct store_fixture f;
	begin(&f);
	assert_true(store_fixture_open(&f));
	damage_root(&f, "person");
	damage_root(&f, "event_point");
	forget(&f);
	add_twenty(&f);
	assert_true(store_fixture_wait(&f, ok_again, 20000));
	assert_int_equal(f.unread, 1);
	store_fixture_close(&f);
	assert_int_equal(number(&f, "SELECT json_extract(params, '$.unread') = "
				    "'[\"people\"]' FROM event "
				    "WHERE kind = 'journal.carry'"),
	    1);
	assert_int_equal(number(&f, "SELECT count(*) FROM person"), 0);
	store_fixture_free(&f);
}

// A header that says a version before the first, above tables that are none of ours.
static void
test_a_negative_version_is_damage(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	store_fixture_close(&f);
	run_sql(&f, "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema; "
		    "PRAGMA user_version = -3");
	assert_true(store_fixture_open(&f));
	assert_int_equal(store_current_mode(f.store), STORE_CORRUPT);
	store_fixture_close(&f);
	assert_int_equal(number(&f, "SELECT count(*) FROM event WHERE kind = "
				    "'journal.carry'"),
	    1);
	store_fixture_free(&f);
}

static void
rename_in(const struct store_fixture *f, const char *from, const char *to)
{
	char *a = xasprintf("%s/%s", f->directory, from);
	char *b = xasprintf("%s/%s", f->directory, to);
	assert_int_equal(rename(a, b), 0);
	free(a);
	free(b);
}

static void
put_file(const struct store_fixture *f, const char *name, const char *text)
{
	int fd =
	    open(store_fixture_path(f, name), O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
}

// A file and its log are set aside together or not at all.
static void
test_a_log_that_cannot_be_set_aside_keeps_its_file(void **state)
{
	(void)state;
	struct store_fixture f;
	char aside[64], log[] = "journal.db-wal", text[8] = "";
	store_fixture_new(&f, false);
	put_file(&f, "journal.db", "file");
	put_file(&f, log, "log");
	// Where the log would go a folder stands.
	assert_int_equal(
	    mkdir(store_fixture_path(&f, "journal.db.corrupt-20260102T000000Z-wal"),
		0700),
	    0);
	char *path = xstrdup(store_fixture_path(&f, "journal.db"));
	assert_int_equal(
	    journal_set_aside(path, "corrupt", 1767312000000, aside, sizeof(aside)),
	    -1);
	for (int i = 0; i < 2; i++) {
		FILE *in = fopen(store_fixture_path(&f, i ? log : "journal.db"), "r");
		assert_non_null(in);
		assert_non_null(fgets(text, sizeof(text), in));
		assert_string_equal(text, i ? "log" : "file");
		(void)fclose(in);
	}
	free(path);
	store_fixture_free(&f);
}

static bool
is_there(const struct store_fixture *f, const char *name)
{
	return access(store_fixture_path(f, name), F_OK) == 0;
}

#define ASIDE "journal.db.corrupt-20260601T000000Z"

// A crash while the names are changed. The old file had left, its log had not: the log
// follows it, and the new file, which is whole, gets its name.
static void
test_i11_crash_while_a_journal_is_set_aside(void **state)
{
	(void)state;
	struct store_fixture f;
	begin(&f);
	rename_in(&f, "journal.db", ASIDE ".new");
	put_file(&f, ASIDE, "the old file");
	put_file(&f, "journal.db-wal", "its log");
	assert_true(store_fixture_open(&f));
	assert_int_equal(store_current_mode(f.store), STORE_OK);
	assert_int_equal(store_recovered(f.store)->n_alarms, 1);
	store_fixture_close(&f);
	assert_true(is_there(&f, ASIDE) && is_there(&f, ASIDE "-wal"));
	assert_false(is_there(&f, ASIDE ".new"));
	store_fixture_free(&f);
}

// The old file was still in its place, with its log, in which the newest may stand:
// half a new file is no use.
static void
test_i11_crash_before_a_journal_is_set_aside(void **state)
{
	(void)state;
	struct store_fixture f;
	begin(&f);
	put_file(&f, ASIDE ".new", "");
	put_file(&f, ASIDE ".new-wal", "");
	assert_true(store_fixture_open(&f));
	assert_int_equal(store_recovered(f.store)->n_alarms, 1);
	assert_false(is_there(&f, ASIDE ".new") || is_there(&f, ASIDE ".new-wal"));
	store_fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i11_newer_journal_hands_over_what_is_open),
		cmocka_unit_test(test_i11_damaged_journal_hands_over_what_is_open),
		cmocka_unit_test(test_i11_what_cannot_be_carried_over_is_said),
		cmocka_unit_test(test_a_log_that_cannot_be_set_aside_keeps_its_file),
		cmocka_unit_test(test_a_negative_version_is_damage),
		cmocka_unit_test(test_i11_damage_while_running),
		cmocka_unit_test(
		    test_i11_damage_while_running_that_hides_what_is_open_is_told),
		cmocka_unit_test(test_i11_crash_while_a_journal_is_set_aside),
		cmocka_unit_test(test_i11_crash_before_a_journal_is_set_aside),
	};
	return cmocka_run_group_tests_name("store_carry", tests, NULL, NULL);
}
