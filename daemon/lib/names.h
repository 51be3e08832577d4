// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Name look-ups for a loop that must not wait: getaddrinfo in short-lived threads, a
// bounded number at once. A resolver that hangs holds those threads and nobody else;
// whoever asks has a deadline of their own and cancels. On the loop it was made for.
#ifndef LIB_NAMES_H
#define LIB_NAMES_H

#include <sys/socket.h>

#include "lib/loop.h"

struct names;
struct names_query;

// The first address found, or why there is none.
struct names_answer {
	int error;                       // 0, or EAI_* of getaddrinfo
	struct sockaddr_storage address; // the port is 0
	socklen_t len;
};

typedef void names_done(void *arg, const struct names_answer *a);

// At most `at_once` threads.
struct names *names_new(struct loop *l, unsigned at_once);

// Queries under way are dropped, no done comes; a thread that hangs ends by itself
// later. NULL is fine.
void names_free(struct names *n);

// Calls done once, later, unless cancelled. The name is copied.
struct names_query *names_ask(
    struct names *n, const char *name, names_done *done, void *arg);
void names_cancel(struct names_query *q);

// A numeric address needs no thread. False where it is a name.
bool names_numeric(const char *text, struct names_answer *out);

#endif
