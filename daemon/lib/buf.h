// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A growing text buffer and a JSON writer on top of it. One thread at a time. The
// writer puts commas itself; strings are escaped and invalid UTF-8 becomes U+FFFD.
#ifndef LIB_BUF_H
#define LIB_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data; // NUL-terminated once something was added; may be NULL
	size_t len, size;
	bool need_comma; // of the JSON writer
};

void buf_add(struct buf *b, const void *data, size_t len);
void buf_str(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void buf_clear(struct buf *b);  // keeps the memory
void buf_free(struct buf *b);   // leaves it empty and usable
char *buf_steal(struct buf *b); // caller frees; never NULL

// Not json_string and json_null: those are jansson's, and one program has both.
// key == NULL inside an array. A NULL string and a NaN become null.
void json_open(struct buf *b, const char *key, char bracket); // '{' or '['
void json_close(struct buf *b, char bracket);                 // '}' or ']'
void json_str(struct buf *b, const char *key, const char *value);
void json_int(struct buf *b, const char *key, int64_t value);
void json_double(
    struct buf *b, const char *key, double value); // shortest that reads back
void json_bool(struct buf *b, const char *key, bool value);
void json_none(struct buf *b, const char *key);
void json_time(struct buf *b, const char *key, int64_t utc_ms);  // RFC 3339; 0 -> null
void json_raw(struct buf *b, const char *key, const char *json); // already JSON

#endif
