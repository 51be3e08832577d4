// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The reader thread: runs the console's questions one after the other, each in one read
// transaction, and hands the results back to the loop.
#ifndef STORE_READ_THREAD_H
#define STORE_READ_THREAD_H

#include <stdbool.h>

#include "lib/loop.h"
#include "store/store.h"

struct read_thread;

// `directory` is copied.
struct read_thread *read_thread_start(const char *directory, struct loop *loop);
// Ends it; questions not yet answered get done(arg, -1). Waits at most as long as a
// question may take.
void read_thread_stop(struct read_thread *t);
void read_thread_ask(struct read_thread *t, store_job *job,
    void (*done)(void *arg, int result), void *arg);

#endif
