// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What outlives a journal that was set aside: rows of its tables, copied into the one
// that was begun in its place, before it has events. What cannot be read stays behind;
// it is still in the file that was set aside.
#include <stdio.h>
#include <string.h>

#include "lib/mem.h"
#include "store/db.h"
#include "store/journal.h"

static unsigned
count_columns(const char *columns)
{
	unsigned n = 1;
	for (; *columns != '\0'; columns++)
		n += *columns == ',';
	return n;
}

static int
copy_row(sqlite3_stmt *in, sqlite3_stmt *out)
{
	int rc = SQLITE_OK;
	for (int i = 0; i < sqlite3_column_count(in) && rc == SQLITE_OK; i++)
		rc = sqlite3_bind_value(out, i + 1, sqlite3_column_value(in, i));
	if (rc == SQLITE_OK && sqlite3_step(out) != SQLITE_DONE)
		rc = SQLITE_ERROR; // the rest cannot be kept either
	(void)sqlite3_reset(out);
	return rc;
}

// A table that the file does not have, for its version is older.
static bool
is_of_later(sqlite3 *old)
{
	int64_t version = 0;

	return db_integer(old, "PRAGMA user_version", 0, &version) == SQLITE_OK &&
	       version >= 1 && version < db_schema_version(DB_JOURNAL);
}

static int
copy_rows(sqlite3_stmt *in, sqlite3_stmt *out)
{
	int read, kept = SQLITE_OK;

	while ((read = sqlite3_step(in)) == SQLITE_ROW && kept == SQLITE_OK)
		kept = copy_row(in, out);
	return read == SQLITE_DONE ? kept : SQLITE_CORRUPT;
}

bool
bring_rows(sqlite3 *journal, const char *from, const char *table, const char *columns)
{
	static const char marks[] = "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
				    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?";
	struct fault fault = { 0 };
	sqlite3 *old = NULL;
	sqlite3_stmt *in = NULL, *out = NULL;
	char sql[640];
	unsigned n = count_columns(columns);

	wr_assert(n <= BRING_COLUMNS);
	if (db_open_read(from, &old, &fault) != SQLITE_OK)
		return false;
	(void)snprintf(
	    sql, sizeof(sql), "SELECT %s FROM %s ORDER BY 1", columns, table);
	int rc = sqlite3_prepare_v2(old, sql, -1, &in, NULL);
	bool none = rc == SQLITE_ERROR && is_of_later(old);
	(void)snprintf(sql, sizeof(sql), "INSERT INTO %s (%s) VALUES (%.*s)", table,
	    columns, (int)(3 * n - 2), marks);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(journal, sql, -1, &out, NULL);
	// One commit for all: there may be tens of thousands, and nothing is watched
	// meanwhile.
	(void)sqlite3_exec(journal, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = copy_rows(in, out);
	(void)sqlite3_finalize(in);
	(void)sqlite3_finalize(out);
	if (sqlite3_get_autocommit(journal) == 0 &&
	    sqlite3_exec(journal, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		rc = SQLITE_ERROR;
	db_close(old);
	return rc == SQLITE_OK || none;
}
