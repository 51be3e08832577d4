// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What outlives a journal that was set aside: rows of its tables, copied into the one
// that was begun in its place. Runs once, at opening. What cannot be read stays behind;
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

void
bring_rows(sqlite3 *journal, const char *from, const char *table, const char *columns)
{
	static const char marks[] = "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?";
	struct fault fault = { 0 };
	sqlite3 *old = NULL;
	sqlite3_stmt *in = NULL, *out = NULL;
	char sql[512];
	unsigned n = count_columns(columns);

	wr_assert(n <= BRING_COLUMNS);
	if (db_open_read(from, &old, &fault) != SQLITE_OK)
		return;
	(void)snprintf(
	    sql, sizeof(sql), "SELECT %s FROM %s ORDER BY 1", columns, table);
	int rc = sqlite3_prepare_v2(old, sql, -1, &in, NULL);
	(void)snprintf(sql, sizeof(sql), "INSERT INTO %s (%s) VALUES (%.*s)", table,
	    columns, (int)(3 * n - 2), marks);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(journal, sql, -1, &out, NULL);
	// One commit for all: there may be tens of thousands, and nothing is watched
	// meanwhile.
	(void)sqlite3_exec(journal, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	while (rc == SQLITE_OK && sqlite3_step(in) == SQLITE_ROW)
		rc = copy_row(in, out);
	(void)sqlite3_finalize(in);
	(void)sqlite3_finalize(out);
	if (sqlite3_get_autocommit(journal) == 0)
		(void)sqlite3_exec(journal, "COMMIT", NULL, NULL, NULL);
	db_close(old);
}
