// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See cell.h. No state of its own; runs wherever the statement's owner runs. It refuses
// nothing: types are judged by who knows the table.
#include "store/cell.h"

#include <math.h>
#include <string.h>

#include "lib/mem.h"

struct cell
cell_absent(void)
{
	return (struct cell){ .type = CELL_ABSENT };
}

struct cell
cell_integer(int64_t value)
{
	return (struct cell){ .type = CELL_INTEGER, .integer = value };
}

struct cell
cell_real(double value)
{
	if (isnan(value))
		return cell_absent();
	// SQLite keeps a whole number without its sign of zero.
	if (fpclassify(value) == FP_ZERO)
		value = 0.0;
	return (struct cell){ .type = CELL_REAL, .real = value };
}

struct cell
cell_text(const char *text)
{
	size_t len = strlen(text);
	if (len == 0)
		return cell_absent();
	return (struct cell){ .type = CELL_TEXT, .data = text, .len = len };
}

struct cell
cell_bytes(const void *data, size_t len)
{
	return (struct cell){ .type = CELL_BYTES, .data = data, .len = len };
}

int
cell_bind(sqlite3_stmt *st, int parameter, const struct cell *c)
{
	switch (c->type) {
	case CELL_ABSENT:
		return sqlite3_bind_null(st, parameter);
	case CELL_INTEGER:
		return sqlite3_bind_int64(st, parameter, c->integer);
	case CELL_REAL:
		return sqlite3_bind_double(st, parameter, c->real);
	case CELL_TEXT:
		return sqlite3_bind_text(
		    st, parameter, c->data, (int)c->len, SQLITE_STATIC);
	case CELL_BYTES:
		return sqlite3_bind_blob(
		    st, parameter, c->data, (int)c->len, SQLITE_STATIC);
	}
	wr_unreachable("cell type");
}

struct cell
cell_column(sqlite3_stmt *st, int column)
{
	switch (sqlite3_column_type(st, column)) {
	case SQLITE_INTEGER:
		return cell_integer(sqlite3_column_int64(st, column));
	case SQLITE_FLOAT:
		return (struct cell){
			.type = CELL_REAL,
			.real = sqlite3_column_double(st, column),
		};
	case SQLITE_TEXT:
		return (struct cell){
			.type = CELL_TEXT,
			.data = sqlite3_column_text(st, column),
			.len = (size_t)sqlite3_column_bytes(st, column),
		};
	case SQLITE_BLOB:
		return (struct cell){
			.type = CELL_BYTES,
			.data = sqlite3_column_blob(st, column),
			.len = (size_t)sqlite3_column_bytes(st, column),
		};
	default: // SQLITE_NULL
		return cell_absent();
	}
}
