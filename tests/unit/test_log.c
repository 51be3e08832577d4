// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The log: one line a call, control bytes escaped, errno kept, priorities where systemd
// reads it. And where the program looks for its files.
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "lib/paths.h"
#include "test.h"

static char line[8192];
static int pipe_fd[2], saved_stderr;

static void
begin(void)
{
	assert_int_equal(pipe(pipe_fd), 0);
	saved_stderr = dup(STDERR_FILENO);
	assert_true(saved_stderr >= 0);
	assert_true(dup2(pipe_fd[1], STDERR_FILENO) >= 0);
}

static void
end(void)
{
	assert_true(dup2(saved_stderr, STDERR_FILENO) >= 0);
	(void)close(saved_stderr);
	(void)close(pipe_fd[1]);
	ssize_t n = read(pipe_fd[0], line, sizeof line - 1);
	line[n > 0 ? n : 0] = '\0';
	(void)close(pipe_fd[0]);
}

static void
one_line_escaped_and_errno_kept(void **state)
{
	(void)state;
	log_init("tester", false);
	begin();
	errno = ENOENT;
	log_warn("modbus", "bus %s", "a\nb\x1b[31m\x7f火");
	assert_int_equal(errno, ENOENT);
	log_debug("modbus", "not shown");
	end();
	assert_non_null(strstr(line,
	    "tester[")); // time and name, then:
	assert_non_null(strstr(line,
	    "]: modbus: bus a\\x0ab\\x1b[31m\\x7f火: No such file or directory\n"));
	assert_null(strstr(line, "not shown"));
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void
a_flood_is_cut_and_stays_a_line(void **state)
{
	(void)state;
	char *flood = xmalloc(10001);
	memset(flood, '\n', 10000);
	flood[10000] = '\0';
	begin();
	log_info("x", "%s", flood);
	end();
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_true(strlen(line) <= 2048);
	free(flood);
}

static void
systemd_gets_priorities(void **state)
{
	(void)state;
	begin();
	struct stat st;
	char stream[64];
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	(void)snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
	log_init("tester", true);
	log_debug("store", "commit %d", 7);
	end();
	assert_string_equal(line, "<7>store: commit 7\n");
	assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
	log_init("tester", false);
}

static void
files_are_found(void **state)
{
	(void)state;
	assert_int_equal(setenv("WATCHROOM_DATA", "/somewhere", 1), 0);
	char *path = paths_data("panels");
	assert_string_equal(path, "/somewhere/panels");
	free(path);
	assert_int_equal(unsetenv("WATCHROOM_DATA"), 0);
	path = paths_data("no-such-folder-anywhere");
	assert_non_null(strstr(path, "/watchroom/no-such-folder-anywhere"));
	free(path);
	assert_null(paths_program("no-such-program-anywhere"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line_escaped_and_errno_kept),
		cmocka_unit_test(a_flood_is_cut_and_stays_a_line),
		cmocka_unit_test(systemd_gets_priorities),
		cmocka_unit_test(files_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
