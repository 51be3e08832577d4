// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// libcurl's multi interface on a loop: transfers run by the loop's own watches and one
// timer, never by a call that waits. For what talks outward, on the thread that does
// (docs/adr/0005-outward.md); each user has a multi of its own.
#ifndef LIB_MULTI_H
#define LIB_MULTI_H

#include <curl/curl.h>

#include "lib/loop.h"

struct multi;

// A transfer has ended by itself. It is still in the multi: take it out.
typedef void multi_ended(void *transfer, CURLcode code);

// At most `per_host` connections to one host and port at once; others of it wait.
struct multi *multi_new(struct loop *l, long per_host, multi_ended *ended);

// Drops all connections. Its transfers must have been taken out. NULL is fine.
void multi_free(struct multi *m);

// Starts it; `ended` gets `transfer` (CURLOPT_PRIVATE) once, from the loop. Not from
// within a callback of libcurl's.
void multi_add(struct multi *m, CURL *easy, void *transfer);

// Ends it, `ended` does not come (again). Not from within a callback of libcurl's.
void multi_remove(struct multi *m, CURL *easy);

#endif
