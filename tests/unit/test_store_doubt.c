// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// I4: a commit whose fsync failed may be in the file or not; nobody is told. Where it
// is found in the log when that is read anew, its events are not written a second time.
#include <sys/syscall.h>

#include <errno.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store_fixture.h"
#include "test.h"

// In place of the C library's, for the log of the journal alone: it was written, and
// the disk says that it does not know whether it is safe.
static atomic_bool fails;
static atomic_int failed;

static int
sync_or_not(int fd, long call)
{
	char link[40], name[512] = "";
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, name, sizeof(name) - 1);
	name[n > 0 ? n : 0] = '\0';
	if (atomic_load(&fails) && strstr(name, "journal.db-wal") != NULL) {
		atomic_fetch_add(&failed, 1);
		errno = EIO;
		return -1;
	}
	return (int)syscall(call, fd);
}

int
fsync(int fd)
{
	return sync_or_not(fd, SYS_fsync);
}

int
fdatasync(int fd)
{
	return sync_or_not(fd, SYS_fdatasync);
}

static bool
all_done(const struct store_fixture *f)
{
	return store_fixture_idle(f) && f->done_units > 0;
}

static bool
mode_bad(const struct store_fixture *f)
{
	return f->mode == STORE_IO_ERROR;
}

static bool
mode_ok(const struct store_fixture *f)
{
	return f->mode == STORE_OK && store_waiting(f->store) == 0;
}

static void
add_some(struct store_fixture *f, unsigned from, unsigned n)
{
	for (unsigned i = from; i < from + n; i++) {
		struct event e;
		store_fixture_event(f, &e, EVENT_ALARM_ONSET, COND_FIRE, i % 90);
		(void)snprintf(e.code, sizeof(e.code), "n%u", i);
		store_fixture_add(f, &e);
	}
}

// How many events there are, and of how many codes.
static void
expect_rows(const struct store_fixture *f, int rows)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	assert_int_equal(
	    sqlite3_open(store_fixture_path(f, "journal.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
			     "SELECT count(*), count(DISTINCT code), "
			     "(SELECT sum(onsets) FROM alarm_day) FROM event "
			     "WHERE kind = 'alarm.onset'",
			     -1, &st, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(st, 1), rows);
	assert_int_equal(sqlite3_column_int(st, 0), rows);
	assert_int_equal(sqlite3_column_int(st, 2), rows);
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
}

// Waits in real time: the writer's pauses are real.
static void
wait_failures(struct store_fixture *f, int n)
{
	int until = atomic_load(&failed) + n;
	for (int i = 0; i < 1000 && atomic_load(&failed) < until; i++) {
		(void)usleep(20000);
		(void)store_fixture_wait(f, mode_bad, 1);
	}
	assert_true(atomic_load(&failed) >= until);
}

static void
test_i4_a_commit_in_doubt_is_not_written_twice(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	add_some(&f, 0, 10);
	assert_true(store_fixture_wait(&f, all_done, 5000));
	for (unsigned round = 0; round < 2; round++) {
		atomic_store(&fails, true);
		add_some(&f, 10 + 20 * round, 10);
		assert_true(store_fixture_wait(&f, mode_bad, 10000));
		add_some(&f, 20 + 20 * round, 10); // these wait behind them
		wait_failures(&f, 10);             // and the file is opened anew
		atomic_store(&fails, false);
		assert_true(store_fixture_wait(&f, mode_ok, 20000));
	}
	add_some(&f, 50, 5);
	assert_true(store_fixture_wait(&f, mode_ok, 5000));
	assert_int_equal(f.durable_events, 55);
	assert_false(f.out_of_order);
	assert_int_equal(store_fixture_verify(&f), 55);
	expect_rows(&f, 55);
	store_fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i4_a_commit_in_doubt_is_not_written_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
