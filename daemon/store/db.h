// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The few verbs over SQLite that the store uses, and what an SQLite failure means to
// the store. A connection belongs to one thread at a time.
#ifndef STORE_DB_H
#define STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "store/store.h"

enum db_kind {
	DB_JOURNAL,
	DB_READINGS
};

enum db_open {
	DB_WRITE,     // create where absent, WAL, synchronous=FULL
	DB_TOOL,      // the same beside a daemon: waits up to 5 s for a lock
	DB_READ,      // query only
	DB_ALONE,     // query only, nobody else: needs no room on the disk
	DB_IMMUTABLE, // query only, a file that nobody writes: no locks, no WAL
};

// What went wrong, in the store's words.
struct fault {
	enum store_mode mode;
	bool locked;  // somebody else holds the lock: not yet a mode
	bool refused; // a row of ours breaks a rule of the schema: trying again is no
		      // use
	char detail[64]; // code, and SQLite's number
};

// Opens with the pragmas of the store. Returns an SQLite code; *out is NULL on failure
// and *fault says why.
int db_open(const char *path, enum db_open how, sqlite3 **out, struct fault *fault);
// For reading, also where nothing can be written: a file without a log, in a folder in
// which its index cannot be made, is taken as it is.
int db_open_read(const char *path, sqlite3 **out, struct fault *fault);
void db_close(sqlite3 *db); // NULL is fine

// Fills *fault from the connection's last error.
void db_fault(sqlite3 *db, int rc, struct fault *fault);

// Fills *err from the connection's last error; returns -1.
int db_err(sqlite3 *db, const char *what, struct err *err);

int db_exec(sqlite3 *db, const char *sql);
// Runs a statement with bound text parameters (NULL-terminated list) to its end.
int db_run(sqlite3 *db, const char *sql, const char *a, const char *b);
// First column of the first row; `otherwise` where there is none.
int db_integer(sqlite3 *db, const char *sql, int64_t otherwise, int64_t *out);

// A site setting. false where there is none.
bool db_meta(sqlite3 *db, const char *key, char *out, size_t size);
int db_set_meta(sqlite3 *db, const char *key, const char *value);

// Why a file is not for this program to write.
enum db_refusal {
	DB_ACCEPTED,
	DB_FOREIGN, // another program's
	DB_NEWER,   // of a newer program of ours
};

// Brings a file to this program's schema in one transaction: creates an empty one,
// steps an older one up, refuses a foreign or newer one (*refused set, *err filled).
// A file that is damaged gives SQLITE_CORRUPT or SQLITE_NOTADB.
int db_migrate(
    sqlite3 *db, enum db_kind kind, enum db_refusal *refused, struct err *err);
// The version that this program writes.
int db_schema_version(enum db_kind kind);
// For readers: -1 with *err filled where the file is not of this program's schema.
int db_check_version(sqlite3 *db, enum db_kind kind, struct err *err);
// The same, for who can also do with an older one of ours: *older says that it is one.
int db_check_age(sqlite3 *db, enum db_kind kind, bool *older, struct err *err);

// PRAGMA quick_check for at most limit_ms. false where damage was found in that time.
bool db_sound(sqlite3 *db, int limit_ms);

int64_t db_now_ms(void); // CLOCK_MONOTONIC, for the store's own threads

#endif
