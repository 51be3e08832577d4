// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Memory that is there or the process ends; assertions that stay on in every build. Any
// thread. A control room is safer with a restart than with half an alarm: the store
// recovers everything that was confirmed, so ending here loses nothing promised.
#include "lib/mem.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void
die(const char *line)
{
	// No formatting, no allocation: there may be no memory left.
	ssize_t written = write(STDERR_FILENO, line, strlen(line));
	(void)written;
	abort();
}

void *
xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);
	if (!p)
		die("out of memory\n");
	return p;
}

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);
	if (!p)
		die("out of memory\n");
	return p;
}

void *
xreallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(n, size, &bytes))
		die("size of an array overflows\n");
	void *grown = realloc(p, bytes ? bytes : 1);
	if (!grown)
		die("out of memory\n");
	return grown;
}

char *
xstrdup(const char *s)
{
	size_t len = strlen(s) + 1;
	return memcpy(xmalloc(len), s, len);
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *s = NULL;
	if (vasprintf(&s, fmt, ap) < 0 || !s)
		die("out of memory\n");
	va_end(ap);
	return s;
}

void
mem_big_pieces_apart(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, 64 * 1024);
}

bool
str_copy(char *dst, size_t size, const char *src)
{
	wr_assert(size > 0);
	size_t len = strnlen(src, size);
	if (len < size) {
		memcpy(dst, src, len + 1);
		return true;
	}
	// Back to the first byte of the character that does not fit.
	len = size - 1;
	while (len > 0 && ((unsigned char)src[len] & 0xC0) == 0x80)
		len--;
	memcpy(dst, src, len);
	dst[len] = '\0';
	return false;
}

_Noreturn void
wr_assert_failed(const char *expr, const char *file, int line)
{
	char text[400];
	(void)snprintf(
	    text, sizeof text, "assertion failed: %s (%s:%d)\n", expr, file, line);
	die(text);
}
