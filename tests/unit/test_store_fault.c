// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the disk can do to a journal: the process killed at any instant, bytes changed
// by hand, no room, locked by others, damaged when opened, and gone for so long that
// the memory is full.
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

// ---- kill -9
// ----------------------------------------------------------------------------

// Tells the parent, for each commit, how many events are durable.
struct child {
	struct store_fixture *f;
	int pipe;
};

static void
on_child_done(void *arg, const struct unit *u, bool durable)
{
	const struct child *c = arg;
	const struct event *events;
	size_t n = unit_events(u, &events);
	if (durable && n > 0 &&
	    write(c->pipe, &events[n - 1].seq, sizeof(int64_t)) != sizeof(int64_t))
		_exit(3);
}

static void
child_unit(struct child *c, unsigned round, unsigned i)
{
	struct unit *u = unit_new();
	struct event e;
	struct notice n;
	struct alarm_row a;
	for (unsigned k = 0; k <= i % 5; k++) {
		store_fixture_event(c->f, &e, EVENT_ALARM_ONSET, COND_FIRE, i % 90);
		(void)snprintf(
		    e.occurrence_id, sizeof(e.occurrence_id), "%u-%u.%u", round, i, k);
		(void)unit_event(u, &e);
	}
	memset(&n, 0, sizeof(n));
	(void)strcpy(n.id, e.occurrence_id);
	(void)strcpy(n.channel, "hook");
	n.subject = e;
	unit_notice(u, &n);
	memset(&a, 0, sizeof(a));
	(void)strcpy(a.point, e.point);
	(void)strcpy(a.code, e.code);
	(void)strcpy(a.occurrence_id, e.occurrence_id);
	a.state = ALARM_UNACKNOWLEDGED;
	a.close = i % 3 == 0;
	unit_alarm(u, &a);
	unit_on_done(u, on_child_done, c);
	store_submit(c->f->store, u);
}

static void
child_main(struct store_fixture *parent, unsigned round, int out)
{
	struct store_fixture f = *parent; // the folder is the parent's
	f.loop = loop_new(clock_real());
	f.options.directory = parent->directory;
	struct child c = { &f, out };
	if (!store_fixture_open(&f))
		_exit(2);
	for (unsigned i = 0;; i++) {
		child_unit(&c, round, i);
		loop_run_ready(f.loop);
		if (i % 20 == 19)
			(void)store_fixture_wait(&f, store_fixture_idle, 5000);
	}
}

// Every number that the pipe carried was durable when it was said.
static int64_t
last_said(int fd)
{
	int64_t seq, last = 0;
	while (read(fd, &seq, sizeof(seq)) == sizeof(seq))
		last = seq;
	return last;
}

static int64_t
one_integer(const struct store_fixture *f, const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	assert_int_equal(
	    sqlite3_open(store_fixture_path(f, "journal.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	return n;
}

// I3, I4, I5: killed twenty times at random moments: what was said to be durable is
// there, the chain has no hole, each outbox row has its event and each event that owed
// a notice its row, and the roll-ups equal the events behind them.
static void
test_i3_i4_i5_killed_twenty_times(void **state)
{
	(void)state;
	struct store_fixture f;
	int64_t durable = 0;
	store_fixture_new(&f, true);
	srand((unsigned)getpid());
	for (unsigned round = 1; round <= 20; round++) {
		int fds[2];
		assert_int_equal(pipe(fds), 0);
		pid_t pid = fork();
		if (pid == 0) {
			(void)close(fds[0]);
			child_main(&f, round, fds[1]);
		}
		(void)close(fds[1]);
		int64_t first;
		assert_int_equal(read(fds[0], &first, sizeof(first)), sizeof(first));
		assert_true(first > durable);
		int64_t kill_after = first + rand() % 400;
		int64_t seq = first;
		while (seq < kill_after)
			assert_int_equal(read(fds[0], &seq, sizeof(seq)), sizeof(seq));
		assert_int_equal(kill(pid, SIGKILL), 0);
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		int64_t later = last_said(fds[0]);
		(void)close(fds[0]);
		durable = later > seq ? later : seq;
		int64_t events = store_fixture_verify(&f);
		assert_true(events >= durable);
		durable = events;
	}
	assert_int_equal(
	    one_integer(&f, "SELECT count(*) FROM outbox o LEFT JOIN event e "
			    "ON e.seq = o.subject_seq AND "
			    "e.occurrence_id = o.id WHERE e.seq IS NULL"),
	    0);
	assert_int_equal(one_integer(&f, "SELECT count(*) = (SELECT n FROM tally WHERE "
					 "name = 'notices/owed') FROM outbox"),
	    1);
	assert_int_equal(one_integer(&f, "SELECT sum(onsets) FROM alarm_day"), durable);
	assert_int_equal(one_integer(&f, "SELECT sum(onsets) FROM class_day"), durable);
	assert_int_equal(
	    one_integer(&f, "SELECT (SELECT open FROM class_day WHERE class = "
			    "'fire' ORDER BY day DESC LIMIT 1) = "
			    "(SELECT count(*) FROM alarm_open)"),
	    1);
	store_fixture_free(&f);
}

// ---- bytes changed by hand
// --------------------------------------------------------------

static struct verify_result
verify(const struct store_fixture *f)
{
	struct verify_result v;
	struct err err = { 0 };
	assert_int_equal(
	    store_verify(store_fixture_path(f, "journal.db"), &v, &err), 0);
	return v;
}

static void
run_sql(const struct store_fixture *f, const char *sql)
{
	sqlite3 *db = NULL;
	char *message = NULL;
	assert_int_equal(
	    sqlite3_open(store_fixture_path(f, "journal.db"), &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
	(void)sqlite3_close(db);
}

static void
test_events_cannot_be_changed(void **state)
{
	(void)state;
	const char *const attempts[] = { "UPDATE event SET actor = 'me' WHERE seq = 2",
		"DELETE FROM event WHERE seq = 2",
		"INSERT OR REPLACE INTO event SELECT * FROM event WHERE seq = 2",
		"INSERT INTO event SELECT seq + 2, epoch, time_utc_ms, mono_ms, "
		"boot_id, "
		"clock_quality, kind, point, place_zh, place_en, condition, code, "
		"occurrence_id, incident_id, class, actor, value, quality, params, "
		"not_before_utc_ms, device_time, cause_seq, config_rev, prev_hash, "
		"hash "
		"FROM event WHERE seq = 3" };
	struct store_fixture f;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	add_some(&f, 0, 3);
	store_fixture_close(&f);
	for (unsigned i = 0; i < ARRAY_LEN(attempts); i++) {
		sqlite3 *db = NULL;
		assert_int_equal(
		    sqlite3_open(store_fixture_path(&f, "journal.db"), &db), SQLITE_OK);
		assert_int_equal(
		    sqlite3_exec(db, attempts[i], NULL, NULL, NULL), SQLITE_CONSTRAINT);
		(void)sqlite3_close(db);
	}
	assert_int_equal(store_fixture_verify(&f), 3);
	store_fixture_free(&f);
}

// Each column of a row changed behind the triggers' back is found and named; and so is
// a row taken out, put in twice over, or cut off at the end.
static void
test_i4_changed_rows_are_named(void **state)
{
	(void)state;
	const struct {
		const char *sql;
		int64_t seq;
		const char *reason;
	} cases[] = {
		{ "UPDATE event SET time_utc_ms = time_utc_ms + 1 WHERE seq = 5", 5,
		    "hash" },
		{ "UPDATE event SET mono_ms = mono_ms + 1 WHERE seq = 5", 5, "hash" },
		{ "UPDATE event SET epoch = x'00' WHERE seq = 5", 5, "hash" },
		{ "UPDATE event SET boot_id = zeroblob(16) WHERE seq = 5", 5, "hash" },
		{ "UPDATE event SET clock_quality = 'unsynced' WHERE seq = 5", 5,
		    "hash" },
		{ "UPDATE event SET kind = 'alarm.clear' WHERE seq = 5", 5, "hash" },
		{ "UPDATE event SET point = NULL WHERE seq = 5", 5, "hash" },
		{ "UPDATE event SET point = '' WHERE seq = 5", 5, "hash" },
		{ "UPDATE event SET actor = 'x' WHERE seq = 5", 5, "hash" },
		{ "UPDATE event SET value = 0 WHERE seq = 5", 5, "hash" },
		{ "UPDATE event SET params = '{}' WHERE seq = 5", 5, "hash" },
		{ "UPDATE event SET config_rev = 'x' WHERE seq = 5", 5, "hash" },
		{ "UPDATE event SET cause_seq = 1 WHERE seq = 5", 5, "hash" },
		{ "UPDATE event SET prev_hash = hash WHERE seq = 5", 5, "hash" },
		{ "UPDATE event SET hash = prev_hash WHERE seq = 5", 5, "hash" },
		{ "DELETE FROM event WHERE seq = 5", 5, "gap" },
		{ "DELETE FROM event WHERE seq = 1", 1, "gap" },
		{ "DELETE FROM event WHERE seq = 9", 9, "gap" },
		{ "UPDATE event SET seq = 0 WHERE seq = 1", 1, "gap" },
	};
	struct store_fixture f;
	store_fixture_new(&f, false);
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		(void)unlink(store_fixture_path(&f, "journal.db"));
		assert_true(store_fixture_open(&f));
		add_some(&f, 0, 9);
		store_fixture_close(&f);
		assert_int_equal(store_fixture_verify(&f), 9);
		run_sql(
		    &f, "DROP TRIGGER event_no_update; DROP TRIGGER event_no_delete");
		assert_string_equal(verify(&f).reason, "trigger");
		run_sql(&f, cases[i].sql);
		struct verify_result v = verify(&f);
		assert_string_equal(v.reason, cases[i].reason);
		assert_int_equal(v.first_bad_seq, cases[i].seq);
	}
	store_fixture_free(&f);
}

// A whole row replaced, with its own hash made right: the next row gives it away.
static void
test_i4_rehashed_row_breaks_the_chain(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	add_some(&f, 0, 9);
	store_fixture_close(&f);
	run_sql(&f, "DROP TRIGGER event_no_update; DROP TRIGGER event_no_delete;"
		    "DROP TRIGGER event_append;"
		    // Rows 4 to 9 of one journal after rows 1 to 3 of another.
		    "UPDATE event SET seq = seq + 100 WHERE seq >= 4;"
		    "DELETE FROM event WHERE seq = 104;"
		    "UPDATE event SET seq = 4 WHERE seq = 105");
	struct verify_result v = verify(&f);
	assert_int_equal(v.first_bad_seq, 4);
	store_fixture_free(&f);
}

static size_t
read_file(const char *path, uint8_t *data, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	ssize_t n = read(fd, data, size);
	(void)close(fd);
	assert_true(n > 0 && (size_t)n < size);
	return (size_t)n;
}

static void
write_file(const char *path, const uint8_t *data, size_t n)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_TRUNC | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, n), n);
	(void)close(fd);
}

// Any byte of a row's text flipped in the file itself: the row is named.
static void
test_i4_flipped_bytes_of_the_file(void **state)
{
	(void)state;
	static uint8_t data[1 << 20], copy[1 << 20];
	struct store_fixture f;
	char path[200];
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	add_some(&f, 11, 30);
	struct event e;
	store_fixture_event(&f, &e, EVENT_ALARM_NOTE, COND_FIRE, 50);
	(void)strcpy(e.params, "{\"text\":\"FINDME-FINDME-FINDME\"}");
	store_fixture_add(&f, &e); // seq 31
	add_some(&f, 60, 5);
	store_fixture_close(&f);
	(void)snprintf(path, sizeof(path), "%s", store_fixture_path(&f, "journal.db"));
	size_t len = read_file(path, data, sizeof(data));
	const uint8_t *at = memmem(data, len, "{\"text\"", 7);
	assert_non_null(at);
	// The params, and what is behind them up to the end of the record: config_rev,
	// prev_hash and hash.
	size_t from = (size_t)(at - data), to = from + strlen(e.params) + 16 + 64;
	for (size_t i = from; i < to; i++) {
		memcpy(copy, data, len);
		copy[i] ^= 0x04;
		write_file(path, copy, len);
		struct verify_result v = verify(&f);
		assert_int_equal(v.first_bad_seq, 31);
		assert_int_equal(v.events, 30);
	}
	write_file(path, data, len);
	assert_int_equal(store_fixture_verify(&f), 36);
	store_fixture_free(&f);
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
	// In the writer's hands: 4,096 units. Then the queue: 900 rows for all.
	unsigned in_hand = 4096, others = 3000, fires = 90;
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
	assert_int_equal(row.e.event.seq, 10 + in_hand + 1);
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
		store_fixture_new(&f, false);
		assert_true(store_fixture_open(&f));
		(void)strcpy(epoch, store_recovered(f.store)->epoch);
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
		assert_int_equal(r->last_boot > 1000000, journal);
		f.done_units = 0;
		f.next_seq = 0;
		add_some(&f, 0, 3);
		assert_true(store_fixture_wait(&f, all_done, 5000));
		assert_int_equal(store_current_mode(f.store), STORE_OK);
		assert_int_equal(store_fixture_verify(&f), journal ? 3 : 103);
		store_fixture_free(&f);
	}
}

static void
test_newer_schema_is_refused(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	store_fixture_close(&f);
	run_sql(&f, "PRAGMA user_version = 99");
	assert_false(store_fixture_open(&f));
	assert_non_null(strstr(f.err.text, "newer"));
	assert_null(reader_open(f.directory, &f.err));
	run_sql(&f, "PRAGMA user_version = 1; PRAGMA application_id = 5");
	assert_false(store_fixture_open(&f));
	assert_non_null(strstr(f.err.text, "not a file of this program"));
	store_fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i3_i4_i5_killed_twenty_times),
		cmocka_unit_test(test_events_cannot_be_changed),
		cmocka_unit_test(test_i4_changed_rows_are_named),
		cmocka_unit_test(test_i4_rehashed_row_breaks_the_chain),
		cmocka_unit_test(test_i4_flipped_bytes_of_the_file),
		cmocka_unit_test(test_i2_full_disk),
		cmocka_unit_test(test_close_with_a_full_disk),
		cmocka_unit_test(test_bounded_queue_counts_what_is_lost),
		cmocka_unit_test(test_i2_locked_by_another_process),
		cmocka_unit_test(test_short_lock_is_no_mode),
		cmocka_unit_test(test_damaged_files_are_set_aside),
		cmocka_unit_test(test_newer_schema_is_refused),
	};
	return cmocka_run_group_tests_name("store_fault", tests, NULL, NULL);
}
