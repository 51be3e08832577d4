// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a restart needs, read from the open files before the writers start.
#ifndef STORE_RECOVER_H
#define STORE_RECOVER_H

#include <sqlite3.h>
#include <stdint.h>

#include "store/store.h"

// Either database may be NULL (it could not be opened): the rest is read all the same.
// `fallback_boot` is the boot counter to go on from where the journal cannot tell.
// Returns an SQLite code; *out is owned by the caller (recover_free).
int recover_read(
    sqlite3 *journal, sqlite3 *readings, int64_t fallback_boot, struct recovered *out);
void recover_free(struct recovered *r);

#endif
