// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See engine_journal.h.
#include "engine_journal.h"

#include <sqlite3.h>
#include <stdio.h>

#include "test.h"

unsigned
rig_events(struct rig *r, const char *where)
{
	char path[128], sql[512];
	sqlite3 *db;
	sqlite3_stmt *st;

	rig_pass(r, 100);
	(void)snprintf(path, sizeof(path), "%s/journal.db", r->dir);
	(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM event WHERE %s", where);
	assert_int_equal(
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	unsigned n = (unsigned)sqlite3_column_int(st, 0);
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	return n;
}
