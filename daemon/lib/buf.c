// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The growing buffer. Doubles, so adding is cheap on average; the data stays
// NUL-terminated after each call. One thread at a time. It sets no limit of its own:
// whoever adds bytes from outside must have bounded them before.
#include "lib/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

enum {
	FIRST_SIZE = 256
};

// Room for `more` bytes and a NUL.
static void
make_room(struct buf *b, size_t more)
{
	wr_assert(more < SIZE_MAX / 2 - b->len);
	size_t need = b->len + more + 1;
	if (need <= b->size)
		return;
	size_t size = b->size ? b->size : FIRST_SIZE;
	while (size < need)
		size *= 2;
	b->data = xreallocarray(b->data, size, 1);
	b->size = size;
}

void
buf_add(struct buf *b, const void *data, size_t len)
{
	make_room(b, len);
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void
buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	va_list again;
	va_copy(again, ap);
	make_room(b, 0);
	int n = vsnprintf(b->data + b->len, b->size - b->len, fmt, ap);
	va_end(ap);
	wr_assert(n >= 0);
	size_t len = (size_t)n;
	if (len >= b->size - b->len) {
		make_room(b, len);
		(void)vsnprintf(b->data + b->len, b->size - b->len, fmt, again);
	}
	va_end(again);
	b->len += len;
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->need_comma = false;
	if (b->data)
		b->data[0] = '\0';
}

void
buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}

char *
buf_steal(struct buf *b)
{
	make_room(b, 0);
	b->data[b->len] = '\0';
	char *s = b->data;
	*b = (struct buf){ 0 };
	return s;
}
