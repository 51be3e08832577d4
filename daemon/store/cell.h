// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// One value of a row as SQLite keeps it: the meeting point of binding, reading and
// hashing, so that what is hashed is what is stored. Plain data; text and bytes are
// borrowed. Any thread.
#ifndef STORE_CELL_H
#define STORE_CELL_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

// The values stand in the canonical bytes and never change.
enum cell_type {
	CELL_ABSENT = 0,
	CELL_INTEGER = 1,
	CELL_REAL = 2,
	CELL_TEXT = 3,
	CELL_BYTES = 4,
};

struct cell {
	enum cell_type type;
	int64_t integer;
	double real;
	const void *data; // text or bytes, no NUL needed
	size_t len;
};

struct cell cell_absent(void);
struct cell cell_integer(int64_t value);
// NaN is kept as absent: SQLite has no other way, and an event's NaN means "none".
struct cell cell_real(double value);
struct cell cell_text(const char *text); // "" is absent
struct cell cell_bytes(const void *data, size_t len);

// Binds without copying: the data must live until the statement is reset.
int cell_bind(sqlite3_stmt *st, int parameter, const struct cell *c);
// Borrowed from the statement until its next step.
struct cell cell_column(sqlite3_stmt *st, int column);

#endif
