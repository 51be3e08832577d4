// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Changes of the journal by the command line: one transaction beside a running daemon,
// whose writer reads the tail of the chain anew in each of its own. Refuses a journal
// that another process keeps locked, and one of a newer program.
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

#include "lib/clock.h"
#include "lib/mem.h"
#include "store/db.h"
#include "store/journal.h"

void
tool_stamp(struct event *e, int64_t now_utc_ms)
{
	e->time_utc_ms = now_utc_ms;
	e->mono_ms = db_now_ms();
	e->clock_quality =
	    clock_synchronised(clock_real()) ? CLOCK_SYNCED : CLOCK_UNSYNCED;
}

int
tool_change(const char *directory, int (*change)(sqlite3 *db, void *arg), void *arg,
    struct err *err)
{
	struct fault fault = { 0 };
	sqlite3 *db = NULL;
	enum db_refusal refused = DB_ACCEPTED;
	if (sodium_init() < 0)
		return err_set(err, ENOSYS, "libsodium cannot start");
	char *path = xasprintf("%s/journal.db", directory);
	int rc = db_open(path, DB_TOOL, &db, &fault);
	if (rc != SQLITE_OK) {
		(void)err_set(err, EIO, "cannot open %s: %s", path, fault.detail);
		free(path);
		return -1;
	}
	rc = db_migrate(db, DB_JOURNAL, &refused, err);
	if (rc == SQLITE_OK)
		rc = change(db, arg);
	if (rc == SQLITE_BUSY)
		(void)err_set(err, EBUSY, "%s is locked by another process", path);
	else if (rc != SQLITE_OK && refused == DB_ACCEPTED)
		(void)db_err(db, path, err);
	db_close(db);
	free(path);
	return rc == SQLITE_OK ? 0 : -1;
}
