// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The journal against violence: the process killed at any instant, and rows and bytes
// changed by hand. What was said to be durable is there, and every change is named.
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"
#include "store_fixture.h"
#include "test.h"

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
	(void)str_copy(n.id, sizeof(n.id), e.occurrence_id);
	(void)str_copy(n.channel, sizeof(n.channel), "hook");
	n.subject = e;
	unit_notice(u, &n);
	memset(&a, 0, sizeof(a));
	(void)str_copy(a.point, sizeof(a.point), e.point);
	(void)str_copy(a.code, sizeof(a.code), e.code);
	(void)str_copy(a.occurrence_id, sizeof(a.occurrence_id), e.occurrence_id);
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
	    store_verify(store_fixture_path(f, "journal.db"), NULL, &v, &err), 0);
	return v;
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
		store_fixture_run_sql(
		    &f, "DROP TRIGGER event_no_update; DROP TRIGGER event_no_delete");
		assert_string_equal(verify(&f).reason, "trigger");
		store_fixture_run_sql(&f, cases[i].sql);
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
	store_fixture_run_sql(&f,
	    "DROP TRIGGER event_no_update; DROP TRIGGER event_no_delete;"
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
	(void)str_copy(
	    e.params, sizeof(e.params), "{\"text\":\"FINDME-FINDME-FINDME\"}");
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i3_i4_i5_killed_twenty_times),
		cmocka_unit_test(test_events_cannot_be_changed),
		cmocka_unit_test(test_i4_changed_rows_are_named),
		cmocka_unit_test(test_i4_rehashed_row_breaks_the_chain),
		cmocka_unit_test(test_i4_flipped_bytes_of_the_file),
	};
	return cmocka_run_group_tests_name("store_journal", tests, NULL, NULL);
}
