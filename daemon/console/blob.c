// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Reference-counted bytes. Owns nothing but the count; runs on the loop thread, so the
// count needs no lock. Refuses to hand out more than it has (asserted).
// Nothing here survives a crash, and nothing needs to.
#include "console/blob.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

// A reference costs libevent a chain of its own, 1 KiB; what is shorter is copied into
// the chain before it, which is cheaper in time and in memory.
enum {
	COPY_MAX = 2048
};

struct blob *
blob_take(struct buf *b)
{
	struct blob *blob = xcalloc(1, sizeof(*blob));

	blob->refs = 1;
	blob->len = b->len;
	// Thousands of these are kept: no slack.
	blob->data = xreallocarray(buf_steal(b), blob->len + 1, 1);
	return blob;
}

struct blob *
blob_copy(const void *data, size_t len)
{
	struct buf b = { 0 };

	buf_add(&b, data, len);
	return blob_take(&b);
}

struct blob *
blob_ref(struct blob *b)
{
	b->refs++;
	return b;
}

void
blob_unref(struct blob *b)
{
	if (b == NULL || --b->refs > 0)
		return;
	free(b->data);
	free(b);
}

static void
on_sent(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	blob_unref(arg);
}

void
blob_send(struct blob *b, size_t from, size_t to, struct evbuffer *out)
{
	wr_assert(from <= to && to <= b->len);
	if (to - from <= COPY_MAX)
		(void)evbuffer_add(out, b->data + from, to - from);
	else if (evbuffer_add_reference(out, b->data + from, to - from, on_sent, b) ==
		 0)
		b->refs++;
}
