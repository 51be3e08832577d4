// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a restart needs, read from the open files before the writers start.
#ifndef STORE_RECOVER_H
#define STORE_RECOVER_H

#include <sqlite3.h>
#include <stdbool.h>

#include "store/store.h"

// Fills what the journal knows; last_boot is 0 where it does not know. Returns an
// SQLite code. The caller frees with recover_free in any case.
int recover_journal(sqlite3 *journal, struct recovered *out);
// The same from a file that cannot be opened for writing now. false where it cannot
// even be read.
bool recover_unwritable(const char *path, struct recovered *out);
// The same from a file that is damaged or of another schema, each part as far as it can
// be read; *all says which parts are whole.
struct salvaged {
	bool tail, alarms, notices, settings;
};
void recover_salvage(sqlite3 *journal, struct recovered *out, struct salvaged *all);
// Moves last_utc_ms on where readings are newer than the last event, unless they cannot
// be: within one boot the journal knows better.
void recover_readings(sqlite3 *readings, int64_t now_utc_ms, struct recovered *out);
void recover_free(struct recovered *r);

#endif
