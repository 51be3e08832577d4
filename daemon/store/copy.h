// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What backup and restore share. Blocks; for tools.
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "lib/err.h"
#include "store/db.h"
#include "store/query.h"

enum {
	COPY_CHECK_MS = 600000 // quick_check of the readings; half a minute for 1 GiB
};

// A copy of a database as it is at one moment, on disk when this returns; `last_sql`
// (or NULL) runs in the copy. 0, or -1 with *err.
int copy_database(
    const char *from, const char *to, const char *last_sql, struct err *err);
// In place of a file of an older version a copy of it that is of this one, for as long
// as it is open: the file is not touched. A file of this version stays as it is; one
// that is foreign or newer is refused. 0, or -1 with *err.
int copy_of_this_version(sqlite3 **db, enum db_kind kind, struct err *err);
// Both databases of a folder: chain, anchors, cuts, the files. 0, or -1 with *err.
int copy_check(const char *folder, struct verify_result *out, struct err *err);
int copy_sync(const char *path); // fsync of a file or folder
// A copy of a file that is no database, on disk when this returns. 0, or -1 with errno.
int copy_bytes(const char *from, const char *to);

#endif
