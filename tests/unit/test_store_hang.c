// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A disk that takes no answer at all: how long the journal's writer has been silent is
// known from outside (core/alive.h goes by it), while a disk that says no is not
// silent. The test's own fdatasync and fsync stand in front of the C library's.
#include <sys/syscall.h>

#include <sqlite3.h>
#include <stdatomic.h>
#include <unistd.h>

#include "store_fixture.h"
#include "test.h"

static atomic_bool hanging;

static int
sync_when_let(long call, int fd)
{
	while (atomic_load(&hanging))
		(void)usleep(1000);
	return (int)syscall(call, fd);
}

int
fdatasync(int fd)
{
	return sync_when_let(SYS_fdatasync, fd);
}

int
fsync(int fd)
{
	return sync_when_let(SYS_fsync, fd);
}

static void
add_one(struct store_fixture *f)
{
	struct event e;

	store_fixture_event(f, &e, EVENT_ALARM_ONSET, COND_FIRE, 1);
	store_fixture_add(f, &e);
}

static bool
silent(const struct store_fixture *f)
{
	return store_silent_ms(f->store) >= 300;
}

static bool
speaks(const struct store_fixture *f)
{
	return store_fixture_idle(f) && store_silent_ms(f->store) == 0;
}

static void
test_i9_a_writer_that_hangs_is_silent(void **state)
{
	struct store_fixture f;

	(void)state;
	store_fixture_new(&f, true);
	assert_true(store_fixture_open(&f));
	add_one(&f);
	assert_true(store_fixture_wait(&f, speaks, 20000));
	atomic_store(&hanging, true);
	add_one(&f);
	assert_true(store_fixture_wait(&f, silent, 20000));
	atomic_store(&hanging, false);
	assert_true(store_fixture_wait(&f, speaks, 20000));
	assert_int_equal(store_fixture_verify(&f), 2);
	store_fixture_free(&f);
}

static bool
lost(const struct store_fixture *f)
{
	return store_current_mode(f->store) == STORE_WRITER_LOST;
}

static int64_t
late_rows(const struct store_fixture *f)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;

	assert_int_equal(
	    sqlite3_open(store_fixture_path(f, "journal.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
			     "SELECT count(*) FROM event WHERE "
			     "json_extract(params, '$.late_ms') >= 9000",
			     -1, &st, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	return n;
}

// I2, I9: a writer that does not come back is a mode of its own; what waits behind it
// is written when it does, marked late, and what comes after is not.
static void
test_i9_a_writer_that_does_not_come_back_is_lost(void **state)
{
	struct store_fixture f;

	(void)state;
	store_fixture_new(&f, true);
	assert_true(store_fixture_open(&f));
	add_one(&f);
	assert_true(store_fixture_wait(&f, speaks, 20000));
	atomic_store(&hanging, true);
	add_one(&f);
	assert_true(store_fixture_wait(&f, silent, 20000));
	add_one(&f);
	assert_false(store_fixture_wait(&f, lost, 5000));
	assert_true(store_fixture_wait(&f, lost, 20000));
	assert_string_equal(store_mode_name(STORE_WRITER_LOST), "writer_lost");
	add_one(&f);
	atomic_store(&hanging, false);
	assert_true(store_fixture_wait(&f, speaks, 20000));
	assert_false(lost(&f));
	add_one(&f);
	assert_true(store_fixture_wait(&f, speaks, 20000));
	assert_int_equal(store_fixture_verify(&f), 5);
	// The second stood behind the attempt that hung, in which the first was.
	assert_int_equal(late_rows(&f), 1);
	store_fixture_free(&f);
}

static bool
mode_slow(const struct store_fixture *f)
{
	return f->mode == STORE_SLOW || f->mode == STORE_IO_ERROR;
}

// Each refusal ends an attempt, however often it comes.
static void
test_i9_a_disk_that_says_no_is_not_silent(void **state)
{
	struct store_fixture f;
	sqlite3 *db;

	(void)state;
	store_fixture_new(&f, true);
	assert_true(store_fixture_open(&f));
	add_one(&f);
	assert_true(store_fixture_wait(&f, speaks, 20000));
	assert_int_equal(
	    sqlite3_open(store_fixture_path(&f, "journal.db"), &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	add_one(&f);
	assert_true(store_fixture_wait(&f, mode_slow, 20000)); // after a second
	assert_true(store_silent_ms(f.store) < 1000);
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_true(store_fixture_wait(&f, store_fixture_idle, 20000));
	store_fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i9_a_writer_that_hangs_is_silent),
		cmocka_unit_test(test_i9_a_writer_that_does_not_come_back_is_lost),
		cmocka_unit_test(test_i9_a_disk_that_says_no_is_not_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
