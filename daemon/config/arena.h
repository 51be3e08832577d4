// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// An arena: memory of one owner, freed whole. Holds a site, or what a load needs while
// it runs. One thread at a time.
#ifndef CONFIG_ARENA_H
#define CONFIG_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a); // NULL is fine

// Zeroed, aligned for anything; never NULL. n * size is checked for overflow.
void *arena_alloc(struct arena *a, size_t n, size_t size);

// Copies; NULL stays NULL.
const char *arena_text(struct arena *a, const char *s);
char *arena_bytes(struct arena *a, const void *data, size_t len); // and a NUL; not
								  // aligned
char *arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
