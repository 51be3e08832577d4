// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Memory that is there or the process ends, and assertions that are always on. Any
// thread.
#ifndef LIB_MEM_H
#define LIB_MEM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
// n * size checked for overflow.
void *xreallocarray(void *p, size_t n, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), malloc, returns_nonnull));

// For a process that runs for years, at its start: what it needs for a moment goes back
// to the system. From 64 KiB on each piece has pages of its own, which leave no holes
// in the heap, and of which those that are never touched cost nothing. glibc's own
// threshold grows with the first big piece that is freed.
void mem_big_pieces_apart(void);

// Copies at most size - 1 bytes, never cutting a UTF-8 character; always terminated.
// Returns false where it had to cut.
bool str_copy(char *dst, size_t size, const char *src);

// For our own bugs only; outside input must never trip one. Always on.
#define wr_assert(x) ((x) ? (void)0 : wr_assert_failed(#x, __FILE__, __LINE__))
_Noreturn void wr_assert_failed(const char *expr, const char *file, int line);
#define wr_unreachable(name) wr_assert_failed("unreachable: " name, __FILE__, __LINE__)

#endif
