// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See checkpoint.h.
#include "store/checkpoint.h"

#include <sqlite3.h>
#include <stddef.h>

#include "lib/log.h"

enum {
	CHECKPOINT_PAGES = 1000,
	TRUNCATE_PAGES = 64 * 1024 * 1024 / 4096
};

static int
on_wal(void *arg, sqlite3 *db, const char *name, int pages)
{
	(void)db;
	(void)name;
	((struct checkpoint *)arg)->pages = pages;
	return SQLITE_OK;
}

void
checkpoint_watch(struct checkpoint *c, sqlite3 *db)
{
	if (db != NULL && db != c->db)
		(void)sqlite3_wal_hook(db, on_wal, c);
	c->db = db;
}

void
checkpoint_run(struct checkpoint *c, const char *name)
{
	if (c->pages < CHECKPOINT_PAGES)
		c->due = CHECKPOINT_PAGES; // the log began anew
	if (c->pages < c->due)
		return;
	c->due = c->pages + CHECKPOINT_PAGES;
	int mode = c->pages > TRUNCATE_PAGES ? SQLITE_CHECKPOINT_TRUNCATE
					     : SQLITE_CHECKPOINT_PASSIVE;
	int in_log = 0, moved = 0;
	int rc = sqlite3_wal_checkpoint_v2(c->db, NULL, mode, &in_log, &moved);
	if (rc != SQLITE_OK && rc != SQLITE_BUSY)
		log_warnx("store", "%s: checkpoint: %s", name, sqlite3_errmsg(c->db));
	if (rc == SQLITE_OK && moved >= in_log)
		c->due = CHECKPOINT_PAGES;
}
