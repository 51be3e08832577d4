// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the disk can do to a store: no room, locked by others, gone for so long that the
// memory is full, and damaged when opened.
#include <sys/resource.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"
#include "store/db.h"
#include "store/queue.h"
#include "store_fixture.h"
#include "test.h"

static bool
all_done(const struct store_fixture *f)
{
	return store_fixture_idle(f) && f->done_units > 0;
}

static void
add_some(struct store_fixture *f, unsigned from, unsigned n)
{
	for (unsigned i = from; i < from + n; i++) {
		struct event e;
		store_fixture_event(f, &e, EVENT_ALARM_ONSET, COND_FIRE, i % 90);
		e.mono_ms = i;
		store_fixture_add(f, &e);
	}
}

// ---- a disk that gives up
// ---------------------------------------------------------------

static bool
mode_full(const struct store_fixture *f)
{
	return f->mode == STORE_FULL;
}

static bool
mode_ok(const struct store_fixture *f)
{
	return f->mode == STORE_OK && store_waiting(f->store) == 0;
}

static void
limit_files(rlim_t bytes)
{
	struct rlimit l;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
	l.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

// I2, I3: no room: the mode is told, nothing is lost, virtual time goes on, callbacks
// come in order once there is room.
static void
test_i2_full_disk(void **state)
{
	(void)state;
	struct store_fixture f;
	(void)signal(SIGXFSZ, SIG_IGN);
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	add_some(&f, 0, 10);
	assert_true(store_fixture_wait(&f, all_done, 5000));
	f.next_seq = 11;
	struct stat st;
	assert_int_equal(stat(store_fixture_path(&f, "journal.db-wal"), &st), 0);
	limit_files((rlim_t)st.st_size + 8192);
	add_some(&f, 10, 500);
	int64_t before = loop_now_ms(f.loop);
	assert_true(store_fixture_wait(&f, mode_full, 10000));
	assert_int_equal(store_current_mode(f.store), STORE_FULL);
	assert_true(store_waiting(f.store) > 0);
	assert_non_null(strstr(f.detail, "full"));
	// Alarms go on meanwhile.
	add_some(&f, 510, 100);
	struct event e;
	store_fixture_event(&f, &e, EVENT_ALARM_ONSET, COND_FIRE, 7);
	assert_true(loop_now_ms(f.loop) > before);
	assert_true(store_waiting_ms(f.store) > 0);
	limit_files(RLIM_INFINITY);
	assert_true(store_fixture_wait(&f, mode_ok, 10000));
	assert_int_equal(f.durable_events, 610);
	assert_false(f.out_of_order);
	assert_int_equal(f.not_durable, 0);
	assert_int_equal(store_fixture_verify(&f), 610);
	store_fixture_free(&f);
}

// A full disk that stays full: closing does not hang, and says what is not durable.
static void
test_close_with_a_full_disk(void **state)
{
	(void)state;
	struct store_fixture f;
	(void)signal(SIGXFSZ, SIG_IGN);
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	add_some(&f, 0, 10);
	assert_true(store_fixture_wait(&f, all_done, 5000));
	limit_files(4096);
	add_some(&f, 10, 5000);
	assert_true(store_fixture_wait(&f, mode_full, 10000));
	store_close(f.store, 100);
	f.store = NULL;
	limit_files(RLIM_INFINITY);
	assert_int_equal(f.done_units, 5010);
	assert_int_equal(f.not_durable, 5000);
	assert_int_equal(store_fixture_verify(&f), 10);
	store_fixture_free(&f);
}

// I2, I11: a restart with a full disk: monitoring starts, what was open is known all
// the same, and everything is written when there is room.
static void
test_i11_start_with_a_full_disk(void **state)
{
	(void)state;
	struct store_fixture f;
	(void)signal(SIGXFSZ, SIG_IGN);
	for (unsigned fresh = 0; fresh < 2; fresh++) {
		store_fixture_new(&f, false);
		if (!fresh) {
			struct unit *u = unit_new();
			struct alarm_row a = { .point = "p1",
				.state = ALARM_ACKNOWLEDGED };
			assert_true(store_fixture_open(&f));
			add_some(&f, 0, 5);
			unit_alarm(u, &a);
			unit_meta(u, "boot", "7");
			store_fixture_submit(&f, u);
			store_fixture_close(&f);
		}
		limit_files(0);
		bool open = store_fixture_open(&f);
		if (open) {
			add_some(&f, 5, 10);
			(void)store_fixture_wait(&f, mode_full, 3000);
		}
		limit_files(RLIM_INFINITY);
		assert_true(open);
		assert_int_equal(f.mode, STORE_FULL);
		const struct recovered *r = store_recovered(f.store);
		assert_int_equal(r->n_alarms, fresh ? 0 : 1);
		// The number that could not be written must not be used again.
		assert_int_equal(r->last_boot, FIXTURE_UTC_MS);
		assert_true(store_fixture_wait(&f, mode_ok, 10000));
		assert_int_equal(store_fixture_verify(&f), fresh ? 10 : 15);
		store_fixture_free(&f);
	}
}

static uint32_t
lost_sum(const struct store_fixture *f)
{
	uint32_t sum = 0;
	for (unsigned i = 0; i < CLASS_COUNT; i++)
		sum += f->lost[i];
	return sum;
}

struct lost_row {
	struct stored_event e;
	unsigned n;
};

static bool
find_lost(void *arg, const struct stored_event *e)
{
	struct lost_row *l = arg;
	if (e->event.kind == EVENT_EVENTS_LOST) {
		l->e = *e;
		l->n++;
	}
	return true;
}

static bool
told_ok(const struct store_fixture *f)
{
	return store_current_mode(f->store) == STORE_OK &&
	       store_waiting(f->store) == 0 && f->lost_calls > 0;
}

// A storm of 40,000 events/s for 10 s, each with its open alarm as the engine has it,
// fits into what may wait while the disk does not take it: none is lost.
static void
test_i2_a_storm_fits_into_what_waits(void **state)
{
	enum {
		UNITS = 1000,
		STORM = 400000
	};
	(void)state;
	struct store_fixture f;
	struct unit_queue q;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	queue_init(&q, STORE_QUEUE_ROWS, STORE_QUEUE_BYTES);
	for (unsigned i = 0; i < UNITS; i++) {
		struct unit *u = unit_new();
		struct event e;
		struct alarm_row row = { .condition = COND_FAULT,
			.alarm_class = CLASS_FAULT };
		store_fixture_event(&f, &e, EVENT_ALARM_ONSET, COND_FAULT, i);
		(void)str_copy(row.point, sizeof(row.point), e.point);
		(void)snprintf(
		    row.occurrence_id, sizeof(row.occurrence_id), "12-%u", i);
		(void)snprintf(row.incident_id, sizeof(row.incident_id), "12-%u", i);
		(void)unit_event(u, &e);
		unit_alarm(u, &row);
		assert_true(queue_add(&q, u));
	}
	size_t rows = q.rows / UNITS * STORM, bytes = q.bytes / UNITS * STORM;
	assert_true(rows <= STORE_QUEUE_ROWS - STORE_QUEUE_ROWS / 10);
	if (bytes > STORE_QUEUE_BYTES - STORE_QUEUE_BYTES / 10)
		fail_msg("%zu bytes of a unit", q.bytes / UNITS);
	for (unsigned i = 0; i < UNITS; i++)
		unit_free(queue_take(&q));
	store_fixture_free(&f);
}

// The queue is bounded: beyond it events are counted into one row; fires have the
// reserved tenth and none of them is lost.
static void
test_bounded_queue_counts_what_is_lost(void **state)
{
	(void)state;
	struct store_fixture f;
	struct event e;
	(void)signal(SIGXFSZ, SIG_IGN);
	store_fixture_new(&f, false);
	f.options.queue_events = 1000;
	assert_true(store_fixture_open(&f));
	add_some(&f, 0, 10);
	assert_true(store_fixture_wait(&f, all_done, 5000));
	limit_files(4096);
	// In the writer's hands: 4,000 rows. Then the queue: 900 rows for all. A fire
	// takes what waits of its point along, into the writer's hands up to 4,096
	// units.
	unsigned in_hand = 4000, others = 3000, fires = 90, most_in_hand = 4096;
	for (unsigned i = 0; i < in_hand + others; i++) {
		store_fixture_event(&f, &e, EVENT_ALARM_ONSET, COND_FAULT, i % 50);
		store_fixture_add(&f, &e);
	}
	for (unsigned i = 0; i < fires; i++) {
		store_fixture_event(&f, &e, EVENT_ALARM_ONSET, COND_FIRE, i % 50);
		store_fixture_add(&f, &e);
	}
	assert_true(store_fixture_wait(&f, mode_full, 10000));
	limit_files(RLIM_INFINITY);
	assert_true(store_fixture_wait(&f, told_ok, 20000));
	assert_int_equal(f.lost_calls, 1);
	assert_int_equal(f.lost[CLASS_FAULT], others - 900);
	assert_int_equal(lost_sum(&f), others - 900);
	assert_int_equal(f.not_durable, others - 900);
	assert_int_equal(
	    store_fixture_verify(&f), 10 + (int64_t)in_hand + 900 + fires + 1);
	struct reader *r = reader_open(f.directory, &f.err);
	assert_non_null(r);
	struct lost_row row = { .n = 0 };
	struct event_filter filter = { .alarm_class = CLASS_SYSTEM, .limit = 1000 };
	assert_true(query_events(r, &filter, find_lost, &row, &f.err) >= 0);
	assert_int_equal(row.n, 1);
	assert_non_null(strstr(row.e.event.params, "\"fault\":2100"));
	// Said before what waited behind the writer's hands.
	assert_int_equal(row.e.event.seq, 10 + most_in_hand + 1);
	reader_close(r);
	store_fixture_free(&f);
}

static sqlite3 *
lock_journal(const struct store_fixture *f)
{
	sqlite3 *db = NULL;
	assert_int_equal(
	    sqlite3_open(store_fixture_path(f, "journal.db"), &db), SQLITE_OK);
	(void)sqlite3_busy_timeout(db, 2000);
	assert_int_equal(
	    sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	return db;
}

static void
unlock_journal(sqlite3 *db)
{
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static bool
mode_slow(const struct store_fixture *f)
{
	return f->mode == STORE_SLOW;
}

static bool
mode_error(const struct store_fixture *f)
{
	return f->mode == STORE_IO_ERROR;
}

// I2: locked by somebody else: slow after a second, an error only after five, and all
// is written when the lock goes.
static void
test_i2_locked_by_another_process(void **state)
{
	(void)state;
	struct store_fixture f;
	struct clock *real = clock_real();
	store_fixture_new(&f, true);
	assert_true(store_fixture_open(&f));
	add_some(&f, 0, 1);
	assert_true(store_fixture_wait(&f, all_done, 5000));
	sqlite3 *db = lock_journal(&f);
	int64_t from = real->mono_ms(real);
	add_some(&f, 1, 5);
	assert_true(store_fixture_wait(&f, mode_slow, 4000));
	assert_true(real->mono_ms(real) - from >= 1000);
	assert_string_equal(f.detail, "locked");
	assert_true(store_fixture_wait(&f, mode_error, 10000));
	assert_true(real->mono_ms(real) - from >= 5000);
	assert_string_equal(f.detail, "locked");
	unlock_journal(db);
	assert_true(store_fixture_wait(&f, mode_ok, 5000));
	assert_int_equal(store_fixture_verify(&f), 6);
	store_fixture_free(&f);
}

static void
test_short_lock_is_no_mode(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_new(&f, true);
	assert_true(store_fixture_open(&f));
	add_some(&f, 0, 1);
	assert_true(store_fixture_wait(&f, all_done, 5000));
	f.modes_seen = 0;
	sqlite3 *db = lock_journal(&f);
	add_some(&f, 1, 5);
	assert_false(store_fixture_wait(&f, store_fixture_idle, 300));
	unlock_journal(db);
	assert_true(store_fixture_wait(&f, store_fixture_idle, 5000));
	assert_int_equal(f.modes_seen & ~(1u << STORE_OK | 1u << STORE_SLOW), 0);
	store_fixture_free(&f);
}

// ---- a row that the schema refuses
// --------------------------------------------------------

static bool
never(const struct store_fixture *f)
{
	(void)f;
	return false;
}

static void
count_refused(void *arg, const struct unit *u, bool durable)
{
	unsigned *n = arg;
	(void)u;
	assert_false(durable);
	(*n)++;
}

// I4: a fault of ours in one row keeps no other from the disk, and is counted as lost.
static void
test_i4_a_refused_row_keeps_nothing_else_from_the_disk(void **state)
{
	(void)state;
	struct store_fixture f;
	struct event e;
	unsigned refused = 0;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	store_fixture_close(&f);
	store_fixture_run_sql(&f,
	    "CREATE TRIGGER bad BEFORE INSERT ON event WHEN NEW.point = 'bad' "
	    "BEGIN SELECT RAISE(ABORT, 'refused'); END");
	assert_true(store_fixture_open(&f));
	for (unsigned i = 0; i < 300; i++) {
		add_some(&f, i, 1);
		if (i % 100 != 50)
			continue;
		struct unit *u = unit_new();
		store_fixture_event(&f, &e, EVENT_ALARM_ONSET, COND_FIRE, 1);
		(void)str_copy(e.point, sizeof(e.point), "bad");
		(void)unit_event(u, &e);
		unit_on_done(u, count_refused, &refused);
		store_submit(f.store, u);
	}
	assert_true(store_fixture_wait(&f, told_ok, 10000));
	assert_int_equal(f.durable_events, 300);
	assert_false(f.out_of_order);
	assert_int_equal(refused, 3);
	assert_int_equal(f.lost[CLASS_FIRE], 3);
	store_fixture_close(&f);
	struct reader *r = reader_open(f.directory, &f.err);
	struct lost_row lost = { 0 };
	const struct event_filter all = { .alarm_class = CLASS_SYSTEM, .limit = 10 };
	assert_true(query_events(r, &all, find_lost, &lost, &f.err) >= 1);
	assert_true(lost.n >= 1);
	reader_close(r);
	assert_int_equal(store_fixture_verify(&f), 300 + lost.n);
	// A schema that refuses everything: nothing is written, and it comes to an end.
	store_fixture_run_sql(&f, "CREATE TRIGGER all_bad BEFORE INSERT ON event "
				  "BEGIN SELECT RAISE(ABORT, 'refused'); END");
	assert_true(store_fixture_open(&f));
	f.not_durable = 0;
	add_some(&f, 0, 20);
	assert_true(store_fixture_wait(&f, store_fixture_idle, 10000));
	assert_false(store_fixture_wait(&f, never, 200));
	assert_int_equal(store_waiting(f.store), 0);
	assert_int_equal(f.not_durable, 20);
	store_fixture_free(&f);
}

// ---- damage at opening
// ------------------------------------------------------------------

static bool
mode_told(const struct store_fixture *f)
{
	return f->modes_seen != 0;
}

static void
damage(const struct store_fixture *f, const char *name, off_t at)
{
	int fd = open(store_fixture_path(f, name), O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	char junk[4096];
	memset(junk, 0xa5, sizeof(junk));
	assert_int_equal(pwrite(fd, junk, sizeof(junk), at), sizeof(junk));
	(void)close(fd);
}

static int
user_version(const struct store_fixture *f, const char *name)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	assert_int_equal(sqlite3_open(store_fixture_path(f, name), &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int version = sqlite3_column_int(st, 0);
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	return version;
}

static struct person
stored_person(const struct store_fixture *f, const char *id)
{
	struct err err = { 0 };
	struct person p = { 0 };
	struct reader *r = reader_open(f->directory, &err);
	assert_non_null(r);
	assert_int_equal(query_person(r, id, &p, &err), 1);
	reader_close(r);
	return p;
}

// Monitoring starts all the same: the damaged file is kept, a new epoch begins, ids are
// not used twice, and the mode is loud until the first commit.
static void
test_damaged_files_are_set_aside(void **state)
{
	(void)state;
	const struct {
		const char *name;
		off_t at;
	} cases[] = { { "journal.db", 0 }, { "journal.db", 8192 },
		{ "readings.db", 0 } };
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct store_fixture f;
		char epoch[33];
		bool journal = strcmp(cases[i].name, "journal.db") == 0;
		const struct person wang = { .id = "wang", .role = "operator" };
		store_fixture_new(&f, false);
		assert_int_equal(store_put_person(f.directory, &wang, 5, &f.err), 0);
		assert_true(store_fixture_open(&f));
		(void)str_copy(epoch, sizeof(epoch), store_recovered(f.store)->epoch);
		add_some(&f, 0, 100);
		store_fixture_close(&f);
		damage(&f, cases[i].name, cases[i].at);
		assert_true(store_fixture_open(&f));
		assert_int_equal(
		    store_current_mode(f.store), journal ? STORE_CORRUPT : STORE_OK);
		assert_true(store_fixture_wait(&f, mode_told, 5000));
		assert_int_equal(f.modes_seen, 1u << STORE_CORRUPT);
		assert_non_null(strstr(f.detail, ".corrupt-20260301T000000Z"));
		const struct recovered *r = store_recovered(f.store);
		assert_int_equal(strcmp(r->epoch, epoch) == 0, !journal);
		assert_true(r->last_boot > 1000000); // never one that was used
		f.done_units = 0;
		f.next_seq = 0;
		add_some(&f, 0, 3);
		assert_true(store_fixture_wait(&f, all_done, 5000));
		assert_int_equal(store_current_mode(f.store), STORE_OK);
		// One event says what was carried over, one is for "wang"; of a file
		// without a head nothing can be read.
		bool headless = journal && cases[i].at == 0;
		assert_int_equal(
		    store_fixture_verify(&f), journal ? 4 + !headless : 1 + 103);
		if (!headless)
			assert_string_equal(stored_person(&f, "wang").id, "wang");
		store_fixture_free(&f);
	}
}

// I2, I12: after a step back to an older program monitoring goes on in new files, loud
// until they work; nothing of the newer ones is touched, and who could log in still
// can.
static void
test_i12_files_of_a_newer_program_are_set_aside(void **state)
{
	(void)state;
	static const char *const names[] = { "journal.db", "readings.db" };
	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		struct store_fixture f;
		const struct person wang = { .id = "wang",
			.role = "operator",
			.enabled = true,
			.pin_hash = "$argon2id$x" };
		bool journal = i == 0;
		store_fixture_new(&f, false);
		assert_int_equal(store_put_person(f.directory, &wang, 5, &f.err), 0);
		assert_true(store_fixture_open(&f));
		add_some(&f, 0, 10);
		store_fixture_close(&f);
		store_fixture_run_sql_on(&f, names[i], "PRAGMA user_version = 99");
		assert_null(reader_open(f.directory, &f.err));
		assert_non_null(strstr(f.err.text, "newer"));
		assert_true(store_fixture_open(&f));
		assert_int_equal(
		    store_current_mode(f.store), journal ? STORE_NEWER : STORE_OK);
		assert_true(store_fixture_wait(&f, mode_told, 5000));
		assert_int_equal(f.modes_seen, 1u << STORE_NEWER);
		const char *aside = strstr(f.detail, names[i]);
		assert_non_null(aside);
		assert_non_null(strstr(aside, ".newer-20260301T000000Z"));
		assert_int_equal(user_version(&f, aside), 99);
		f.done_units = 0;
		f.next_seq = 0;
		add_some(&f, 0, 3);
		assert_true(store_fixture_wait(&f, all_done, 5000));
		assert_int_equal(store_current_mode(f.store), STORE_OK);
		struct person p = stored_person(&f, "wang");
		assert_true(p.enabled);
		assert_string_equal(p.pin_hash, wang.pin_hash);
		// "wang" was one event, brought over another, and that it was is one.
		assert_int_equal(store_fixture_verify(&f), journal ? 2 + 3 : 1 + 13);
		store_fixture_free(&f);
	}
}

static int64_t
time_of_check(sqlite3 *db, int limit_ms)
{
	int64_t began = db_now_ms(), n = 0;
	assert_true(db_sound(db, limit_ms));
	int64_t took = db_now_ms() - began;
	assert_int_equal(db_integer(db, "SELECT count(*) FROM t", 0, &n), SQLITE_OK);
	return took;
}

// A start looks at a file for a while and no longer, however large the file is: what it
// has not seen by then is not damage, and the connection works on.
static void
test_i11_a_check_of_a_large_file_ends_in_time(void **state)
{
	(void)state;
	struct store_fixture f;
	struct fault fault;
	sqlite3 *db = NULL;
	store_fixture_new(&f, false);
	char *path = xasprintf("%s/large.db", f.directory);
	assert_int_equal(db_open(path, DB_WRITE, &db, &fault), SQLITE_OK);
	assert_int_equal(
	    db_exec(db, "CREATE TABLE t (a); WITH RECURSIVE n (k) AS (SELECT 1 UNION "
			"ALL SELECT k + 1 FROM n LIMIT 1000) "
			"INSERT INTO t SELECT zeroblob(100000) FROM n"),
	    SQLITE_OK);
	(void)time_of_check(db, 600000); // from now on it is read from memory
	int64_t whole = time_of_check(db, 600000), best = INT64_MAX;
	for (unsigned i = 0; i < 5; i++) {
		int64_t took = time_of_check(db, 1);
		best = took < best ? took : best;
	}
	if (best > whole / 2)
		fail_msg("%d ms of %d", (int)best, (int)whole);
	db_close(db);
	free(path);
	store_fixture_free(&f);
}

static void
test_a_file_of_another_program_is_refused(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_new(&f, false);
	store_fixture_run_sql(
	    &f, "CREATE TABLE event (what TEXT); PRAGMA application_id = 5");
	assert_false(store_fixture_open(&f));
	assert_non_null(strstr(f.err.text, "not a file of this program"));
	store_fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i2_full_disk),
		cmocka_unit_test(test_close_with_a_full_disk),
		cmocka_unit_test(test_i11_start_with_a_full_disk),
		cmocka_unit_test(test_i2_a_storm_fits_into_what_waits),
		cmocka_unit_test(test_bounded_queue_counts_what_is_lost),
		cmocka_unit_test(test_i2_locked_by_another_process),
		cmocka_unit_test(test_short_lock_is_no_mode),
		cmocka_unit_test(
		    test_i4_a_refused_row_keeps_nothing_else_from_the_disk),
		cmocka_unit_test(test_damaged_files_are_set_aside),
		cmocka_unit_test(test_i12_files_of_a_newer_program_are_set_aside),
		cmocka_unit_test(test_i11_a_check_of_a_large_file_ends_in_time),
		cmocka_unit_test(test_a_file_of_another_program_is_refused),
	};
	return cmocka_run_group_tests_name("store_fault", tests, NULL, NULL);
}
