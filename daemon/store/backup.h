// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Copies of the databases that were proven before they got their name, and the way
// back. For the command line: these block as long as the disk takes.
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"
#include "store/query.h"

enum backup_kind {
	BACKUP_WHOLE,
	BACKUP_OPEN, // for others: without the hashes of PINs
};

struct backup_made {
	char *folder; // the caller frees; NULL = none
	struct verify_result verified;
};

// Copies both databases of `store` beside a running daemon into a new folder
// TARGET/watchroom-YYYYMMDDTHHMMSSZ, named in *out. It
// appears whole, on disk and verified, or not at all. 0, or -1 with *err.
int store_backup(const char *store, const char *target, enum backup_kind kind,
    int64_t now_utc_ms, struct backup_made *out, struct err *err);

struct restore_result {
	int64_t last_seq, last_utc_ms; // of the backup
	int64_t seq;                   // of the event that says so
	char epoch[33];                // the new one
	char aside[80]; // name that the old journal got; "" = there was none
};

// Puts a backup in place of the databases of `store`, with a new epoch and an event
// journal.restore. Refused while a daemon runs, and where the backup is not sound. What
// was there is kept beside it. 0, or -1 with *err.
int store_restore(const char *store, const char *backup, int64_t now_utc_ms,
    struct restore_result *out, struct err *err);

#endif
