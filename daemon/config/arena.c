// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Bump allocation from chunks that are never moved, so that pointers into an arena stay
// good until it is freed. Any thread, one at a time. Refuses nothing: the callers bound
// what they ask for (files of 4 MiB, 65,000 points). Keeps nothing across a crash.
#include "config/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

enum {
	// With its own head and that of the allocator 32 pages.
	CHUNK_BYTES = 128 * 1024 - 64
};

// Things fill it from the front, texts from the back: those need no alignment, and a
// site has as many short ones as it has points.
struct chunk {
	struct chunk *next;
	size_t used, size;
	alignas(max_align_t) char data[];
};

struct arena {
	struct chunk *chunks; // the first one has room
};

struct arena *
arena_new(void)
{
	return xcalloc(1, sizeof(struct arena));
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	while (a->chunks != NULL) {
		struct chunk *c = a->chunks;
		a->chunks = c->next;
		free(c);
	}
	free(a);
}

// A big piece gets a chunk of its own behind the first, which keeps its room.
static struct chunk *
add_chunk(struct arena *a, size_t bytes)
{
	size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
	struct chunk *c = xcalloc(1, sizeof(*c) + size);

	c->size = size;
	if (bytes > CHUNK_BYTES / 4 && a->chunks != NULL) {
		c->next = a->chunks->next;
		a->chunks->next = c;
	} else {
		c->next = a->chunks;
		a->chunks = c;
	}
	return c;
}

static struct chunk *
chunk_with(struct arena *a, size_t bytes)
{
	struct chunk *c = a->chunks;

	wr_assert(bytes < SIZE_MAX / 2);
	if (c == NULL || c->size - c->used < bytes)
		c = add_chunk(a, bytes);
	return c;
}

void *
arena_alloc(struct arena *a, size_t n, size_t size)
{
	size_t bytes;

	wr_assert(!__builtin_mul_overflow(n, size, &bytes));
	wr_assert(bytes < SIZE_MAX / 2);
	bytes = (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	struct chunk *c = chunk_with(a, bytes);
	void *p = c->data + c->used;
	c->used += bytes;
	return p;
}

char *
arena_bytes(struct arena *a, const void *data, size_t len)
{
	wr_assert(len < SIZE_MAX / 2);
	struct chunk *c = chunk_with(a, len + 1);

	c->size -= len + 1;
	char *p = c->data + c->size;
	if (len > 0)
		memcpy(p, data, len);
	p[len] = '\0';
	return p;
}

const char *
arena_text(struct arena *a, const char *s)
{
	return s == NULL ? NULL : arena_bytes(a, s, strlen(s));
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *text = NULL;

	va_start(ap, fmt);
	int len = vasprintf(&text, fmt, ap);
	va_end(ap);
	wr_assert(len >= 0);
	char *p = arena_bytes(a, text, (size_t)len);
	free(text);
	return p;
}
