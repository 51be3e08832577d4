// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Runs a program beside the loop: its standard output is gathered up to a limit, its
// time and memory are limited, it is killed and reaped when it goes over. Used on the
// loop; nothing here waits, but child_free. A virtual clock stands still meanwhile.
#ifndef LIB_CHILD_H
#define LIB_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/loop.h"

struct child;

struct child_options {
	const char *const *argv; // argv[0] is the program's path; NULL-terminated
	size_t max_bytes;        // of output; more kills the program
	bool errors_too;         // standard error belongs to the output
	int64_t timeout_ms;      // after this the program is killed
	uint64_t max_memory;     // bytes of address space (RLIMIT_AS); 0 = no limit
};

// How it ended where it did not exit by itself.
enum child_failure {
	CHILD_TIMED_OUT = -1,
	CHILD_OUTPUT_LIMIT = -2,
	CHILD_SIGNALLED = -3,
};

// `status` is the exit status 0..255 or an enum child_failure. `out` is NUL-terminated
// and valid during the call. The child is freed after it.
typedef void child_done(void *arg, int status, const char *out, size_t len);

// Starts the program with standard input empty, standard error shared unless it belongs
// to the output, nothing else
// open, signals at their defaults, in a process group of its own, killed when the
// thread that started it ends. `done` runs on the loop, exactly once, later. NULL with
// errno where it cannot be started.
struct child *child_run(
    struct loop *l, const struct child_options *o, child_done *done, void *arg);

// Kills it; done still comes, with CHILD_SIGNALLED unless it ended before.
void child_kill(struct child *c);

// For shutdown: kills it, waits until it is gone (a killed process is gone in
// milliseconds) and frees it; done does not come. NULL is fine.
void child_free(struct child *c);

#endif
