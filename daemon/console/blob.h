// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Bytes shared by several owners: a page, a snapshot, an item of the stream. Counted
// because a thousand streams send the same bytes and none may copy them; the owners are
// evbuffers of libevent, which let go at times of their own. The loop thread only.
#ifndef CONSOLE_BLOB_H
#define CONSOLE_BLOB_H

#include <stddef.h>

#include "lib/buf.h"

struct evbuffer;

struct blob {
	unsigned refs;
	size_t len;
	char *data;
};

// Takes what is in *b, which is empty afterwards. One reference, the caller's.
struct blob *blob_take(struct buf *b);
struct blob *blob_copy(const void *data, size_t len);

struct blob *blob_ref(struct blob *b); // returns b
void blob_unref(struct blob *b);       // NULL is fine

// Appends bytes [from, to); long ones are not copied, the evbuffer then holds a
// reference of its own.
void blob_send(struct blob *b, size_t from, size_t to, struct evbuffer *out);

#endif
