// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Programs run beside the loop: output and exit status arrive, limits of time, output
// and memory hold, nothing is left behind. Waits by condition with a deadline.
#include <sys/pidfd.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/loop.h"
#include "test.h"

enum {
	DEADLINE = 20000
};

static void
on_end(void *arg)
{
	loop_stop(arg);
}

struct outcome {
	struct loop *loop;
	int status;
	char out[64];
	size_t len;
	int calls;
};

static void
on_child(void *arg, int status, const char *out, size_t len)
{
	struct outcome *o = arg;
	o->status = status;
	o->len = len;
	(void)strncpy(o->out, out, sizeof o->out - 1);
	o->calls++;
	loop_stop(o->loop);
}

static struct outcome
run_child(const char *script, size_t max_bytes, int64_t timeout_ms, uint64_t memory)
{
	struct loop_timer end;
	struct outcome o = { .loop = loop_new(clock_real()) };
	struct child_options options = {
		.argv = (const char *const[]){ "/bin/sh", "-c", script, NULL },
		.max_bytes = max_bytes,
		.timeout_ms = timeout_ms,
		.max_memory = memory,
	};
	assert_non_null(child_run(o.loop, &options, on_child, &o));
	loop_timer_init(&end, on_end, o.loop);
	loop_timer_in(o.loop, &end, DEADLINE);
	assert_int_equal(loop_run(o.loop), 0);
	assert_int_equal(o.calls, 1);
	loop_timer_stop(o.loop, &end);
	loop_free(o.loop);
	return o;
}

static void
a_child_is_run_and_reaped(void **state)
{
	(void)state;
	struct outcome o = run_child("echo hello; exit 3", 1000, DEADLINE, 0);
	assert_int_equal(o.status, 3);
	assert_string_equal(o.out, "hello\n");
	o = run_child("read x; echo \"[$x]\"", 1000, DEADLINE, 0);
	assert_string_equal(o.out, "[]\n");
	o = run_child("kill -9 $$", 1000, DEADLINE, 0);
	assert_int_equal(o.status, CHILD_SIGNALLED);
	o = run_child("head -c 100000 /dev/zero", 100000, DEADLINE, 0);
	assert_int_equal(o.status, 0);
	assert_int_equal(o.len, 100000);
	// A grandchild that keeps the pipe does not keep us.
	o = run_child("sleep 100 & echo $!", 1000, DEADLINE, 0);
	assert_int_equal(o.status, 0);
	assert_int_equal(kill((pid_t)strtol(o.out, NULL, 10), SIGKILL), 0);
}

static void
a_child_over_its_limits_is_killed(void **state)
{
	(void)state;
	struct outcome o = run_child("exec sleep 100", 1000, 50, 0);
	assert_int_equal(o.status, CHILD_TIMED_OUT);
	o = run_child("while :; do echo xxxxxxxxxxxxxxxx; done", 10000, DEADLINE, 0);
	assert_int_equal(o.status, CHILD_OUTPUT_LIMIT);
	assert_true(o.len <= 10000);
	o = run_child("head -c 300000000 /dev/zero | tail -c 300000000 | wc -c", 1000,
	    DEADLINE, 50000000);
	assert_string_not_equal(o.out, "300000000\n");
}

// A daemon that is killed leaves no report behind that computes for nobody.
static void
a_child_dies_with_who_started_it(void **state)
{
	(void)state;
	int out[2];
	char text[32] = "";
	assert_int_equal(pipe(out), 0);
	pid_t starter = fork();
	if (starter == 0) {
		struct loop *l = loop_new(clock_real());
		char script[64];
		(void)snprintf(script, sizeof script,
		    "echo $$ >/proc/%d/fd/%d; exec sleep 100", (int)getpid(), out[1]);
		struct child_options options = {
			.argv = (const char *const[]){ "/bin/sh", "-c", script, NULL },
			.max_bytes = 1000,
			.timeout_ms = INT64_C(10) * DEADLINE,
		};
		if (child_run(l, &options, on_child, NULL) == NULL)
			_exit(1);
		(void)pause();
		_exit(1);
	}
	assert_true(starter > 0);
	assert_true(read(out[0], text, sizeof text - 1) > 0);
	pid_t child = (pid_t)strtol(text, NULL, 10);
	int fd = pidfd_open(child, 0);
	assert_true(fd >= 0);
	assert_int_equal(kill(starter, SIGKILL), 0);
	assert_int_equal(waitpid(starter, NULL, 0), starter);
	struct pollfd ended = { .fd = fd, .events = POLLIN };
	assert_int_equal(poll(&ended, 1, DEADLINE), 1);
	(void)close(fd);
	(void)close(out[0]);
	(void)close(out[1]);
}

static void
a_program_that_is_not_there_is_an_error(void **state)
{
	(void)state;
	struct loop *l = loop_new(clock_real());
	struct child_options options = {
		.argv = (const char *const[]){ "/nonexistent/program", NULL },
		.max_bytes = 1,
		.timeout_ms = 1,
	};
	errno = 0;
	assert_null(child_run(l, &options, on_child, NULL));
	assert_int_equal(errno, ENOENT);
	child_free(NULL);
	options.argv = (const char *const[]){ "/bin/sleep", "100", NULL };
	child_free(child_run(l, &options, on_child, NULL));
	loop_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_is_run_and_reaped),
		cmocka_unit_test(a_child_over_its_limits_is_killed),
		cmocka_unit_test(a_child_dies_with_who_started_it),
		cmocka_unit_test(a_program_that_is_not_there_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
