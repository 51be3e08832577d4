// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A bounds-checked reader for bytes from outside. Each read checks the length first. A
// read past the end gives 0 and sets a sticky error: read a whole message, then ask
// cursor_ok once. It never moves back and never writes. Any thread; owns nothing.
#ifndef LIB_CURSOR_H
#define LIB_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
	const uint8_t *at;
	size_t left;
	bool failed;
};

// `data` may be NULL where len is 0. Must outlive the cursor.
static inline struct cursor
cursor_new(const void *data, size_t len)
{
	return (struct cursor){ .at = data, .left = len };
}

// Moves over `n` bytes and returns where they begin; NULL (and failed) where there are
// fewer, or after any earlier failure.
static inline const uint8_t *
cursor_take(struct cursor *c, size_t n)
{
	if (c->failed || n > c->left) {
		c->failed = true;
		c->left = 0;
		return NULL;
	}
	const uint8_t *p = c->at;
	if (n > 0)
		c->at += n;
	c->left -= n;
	return p;
}

static inline void
cursor_skip(struct cursor *c, size_t n)
{
	(void)cursor_take(c, n);
}

static inline uint8_t
cursor_u8(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 1);
	return p ? p[0] : 0;
}

static inline uint16_t
cursor_u16be(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 2);
	return (uint16_t)(p ? (unsigned)p[0] << 8 | p[1] : 0);
}

static inline uint16_t
cursor_u16le(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 2);
	return (uint16_t)(p ? (unsigned)p[1] << 8 | p[0] : 0);
}

static inline uint32_t
cursor_u32be(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 4);
	if (!p)
		return 0;
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

// Bytes not yet read; 0 after a failure.
static inline size_t
cursor_left(const struct cursor *c)
{
	return c->left;
}

static inline bool
cursor_ok(const struct cursor *c)
{
	return !c->failed;
}

#endif
