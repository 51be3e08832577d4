// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A log that is damaged in the middle: it is kept beside the file, once for each
// damage, however often the store starts before the log is begun anew. Each life of the
// store is a process of its own that ends without a word.
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"
#include "store/wal_tail.h"
#include "store_fixture.h"
#include "test.h"

enum {
	HOUR_MS = 3600 * 1000,
	WAIT_MS = 10000,
	EXIT_QUIET = 0, // the mode was never other than "ok"
	EXIT_CORRUPT = 1,
	EXIT_FAILED = 2,
};

static bool
written(const struct store_fixture *f)
{
	return store_fixture_idle(f) && f->done_units > 0;
}

static bool
commit_each(struct store_fixture *f, unsigned events)
{
	for (unsigned i = 0; i < events; i++) {
		struct event e;
		store_fixture_event(f, &e, EVENT_ALARM_ONSET, COND_FIRE, i % 90);
		f->done_units = 0;
		store_fixture_add(f, &e);
		if (!store_fixture_wait(f, written, WAIT_MS))
			return false;
	}
	return true;
}

// How a life ended that commits so many events one by one, an hour after the last.
static int
live(struct store_fixture *f, unsigned events)
{
	int status = 0;
	clock_virtual_step(&f->clock, HOUR_MS);
	pid_t child = fork();
	if (child == 0) {
		f->loop = loop_new(&f->clock);
		if (!store_fixture_open(f) || !commit_each(f, events))
			_exit(EXIT_FAILED);
		_exit((f->modes_seen & 1U << STORE_CORRUPT) != 0 ? EXIT_CORRUPT
								 : EXIT_QUIET);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static const char *
log_of(const struct store_fixture *f)
{
	return store_fixture_path(f, "journal.db-wal");
}

static void
damage(const struct store_fixture *f, off_t at)
{
	static const char junk[64] = "junk";
	int fd = open(log_of(f), O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, junk, sizeof(junk), at), sizeof(junk));
	(void)close(fd);
}

static off_t
size_of_log(const struct store_fixture *f)
{
	struct stat st;
	assert_int_equal(stat(log_of(f), &st), 0);
	return st.st_size;
}

static size_t
copies(const struct store_fixture *f)
{
	glob_t found = { 0 };
	(void)glob(store_fixture_path(f, "journal.db-wal.corrupt-*"), 0, NULL, &found);
	size_t n = found.gl_pathc;
	globfree(&found);
	return n;
}

static void
test_a_damaged_log_is_kept_once_for_each_damage(void **state)
{
	(void)state;
	struct store_fixture f;
	long from = 0, later = 0;
	store_fixture_new(&f, false);
	assert_int_equal(live(&f, 30), EXIT_QUIET);
	off_t size = size_of_log(&f);
	damage(&f, size / 4);
	assert_true(wal_tail_lost(store_fixture_path(&f, "journal.db"), &from));
	assert_in_range(from, size / 8, size / 4);
	// What is lost lies there still after each of these lives.
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(live(&f, 1), EXIT_CORRUPT);
		assert_true(
		    wal_tail_lost(store_fixture_path(&f, "journal.db"), &later));
		assert_true(later > from);
		assert_int_equal(size_of_log(&f), size);
		assert_int_equal(copies(&f), 1);
		from = later;
	}
	// Another damage is kept too, be it before that place or behind it.
	damage(&f, from - 2000);
	assert_int_equal(live(&f, 1), EXIT_CORRUPT);
	assert_int_equal(copies(&f), 2);
	damage(&f, size - 2000);
	assert_int_equal(live(&f, 1), EXIT_CORRUPT);
	assert_int_equal(copies(&f), 3);
	assert_int_equal(live(&f, 1), EXIT_CORRUPT);
	assert_int_equal(copies(&f), 3);
	assert_true(store_fixture_verify(&f) > 0);
	store_fixture_free(&f);
}

// A copy that a crash cut short holds nothing.
static void
test_half_a_copy_is_none(void **state)
{
	(void)state;
	struct store_fixture f;
	char name[80];
	long from = 0;
	store_fixture_new(&f, false);
	assert_int_equal(live(&f, 30), EXIT_QUIET);
	damage(&f, size_of_log(&f) / 4);
	assert_int_equal(live(&f, 1), EXIT_CORRUPT);
	char *path = xasprintf("%s", store_fixture_path(&f, "journal.db"));
	assert_true(wal_tail_lost(path, &from));
	assert_true(wal_tail_kept(path, from, name, sizeof(name)));
	assert_int_equal(truncate(store_fixture_path(&f, name), from + 100), 0);
	assert_false(wal_tail_kept(path, from, name, sizeof(name)));
	free(path);
	assert_int_equal(live(&f, 1), EXIT_CORRUPT);
	assert_int_equal(copies(&f), 2);
	store_fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_damaged_log_is_kept_once_for_each_damage),
		cmocka_unit_test(test_half_a_copy_is_none),
	};
	return cmocka_run_group_tests_name("store_wal_tail", tests, NULL, NULL);
}
