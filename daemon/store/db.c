// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Opening, errors and small statements. Runs in whichever thread owns the connection.
// It refuses to open a database file in any other way than through SQLite: closing a
// descriptor of our own would drop SQLite's locks on the file.
#include "store/db.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"

enum {
	WRITER_CACHE_KIB = 4096,
	READER_CACHE_KIB = 1024,
	READER_BUSY_MS = 1000,
	TOOL_BUSY_MS = 5000
};

int64_t
db_now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static enum store_mode
mode_of_errno(int e)
{
	switch (e) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return STORE_FULL;
	case EROFS:
	case EACCES:
	case EPERM:
		return STORE_READ_ONLY;
	default:
		return STORE_IO_ERROR;
	}
}

static enum store_mode
mode_of(int rc, int system_errno)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return STORE_FULL;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return STORE_READ_ONLY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return STORE_CORRUPT;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return mode_of_errno(system_errno);
	default:
		return STORE_IO_ERROR;
	}
}

// errno of the last failed call on the database or its log. SQLite keeps it by file;
// its own sqlite3_system_errno() does not hear of a failing COMMIT.
static int
last_errno(sqlite3 *db)
{
	int e = sqlite3_system_errno(db);
	sqlite3_file *log = NULL;
	if (e == 0)
		(void)sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &e);
	if (e == 0 &&
	    sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) ==
		SQLITE_OK &&
	    log != NULL && log->pMethods != NULL)
		(void)log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &e);
	return e;
}

void
db_fault(sqlite3 *db, int rc, struct fault *fault)
{
	int extended = db != NULL ? sqlite3_extended_errcode(db) : rc;
	if ((extended & 0xff) != (rc & 0xff))
		extended = rc;
	fault->locked = (rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED;
	fault->refused = (rc & 0xff) == SQLITE_CONSTRAINT ||
			 (rc & 0xff) == SQLITE_TOOBIG || (rc & 0xff) == SQLITE_RANGE;
	fault->mode = mode_of(rc, db != NULL ? last_errno(db) : 0);
	if (fault->locked)
		(void)str_copy(fault->detail, sizeof(fault->detail), "locked");
	else
		(void)snprintf(fault->detail, sizeof(fault->detail), "%s (sqlite %d)",
		    store_mode_name(fault->mode), extended);
}

int
db_err(sqlite3 *db, const char *what, struct err *err)
{
	return err_set(err, EIO, "%s: %s", what,
	    db != NULL ? sqlite3_errmsg(db) : "out of memory");
}

int
db_exec(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

int
db_run(sqlite3 *db, const char *sql, const char *a, const char *b)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
	if (rc == SQLITE_OK && a != NULL)
		rc = sqlite3_bind_text(st, 1, a, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK && b != NULL)
		rc = sqlite3_bind_text(st, 2, b, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK) {
		do
			rc = sqlite3_step(st);
		while (rc == SQLITE_ROW);
	}
	(void)sqlite3_finalize(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int
db_integer(sqlite3 *db, const char *sql, int64_t otherwise, int64_t *out)
{
	sqlite3_stmt *st = NULL;
	*out = otherwise;
	int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW && sqlite3_column_type(st, 0) != SQLITE_NULL)
		*out = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

bool
db_meta(sqlite3 *db, const char *key, char *out, size_t size)
{
	sqlite3_stmt *st = NULL;
	out[0] = '\0';
	int rc = sqlite3_prepare_v2(
	    db, "SELECT value FROM meta WHERE key = ?1", -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	const char *value =
	    rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
	if (value != NULL)
		(void)str_copy(out, size, value);
	(void)sqlite3_finalize(st);
	return value != NULL;
}

int
db_set_meta(sqlite3 *db, const char *key, const char *value)
{
	return db_run(db,
	    "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) "
	    "DO UPDATE SET value = excluded.value WHERE value <> excluded.value",
	    key, value);
}

// auto_vacuum works only before the first table: it is what lets a retention give
// space back later.
static const char WRITER_PRAGMAS[] = "PRAGMA auto_vacuum = INCREMENTAL;"
				     "PRAGMA journal_mode = WAL;"
				     "PRAGMA synchronous = FULL;"
				     "PRAGMA wal_autocheckpoint = 0;";
static const char PRAGMAS[] = "PRAGMA foreign_keys = ON;"
			      "PRAGMA trusted_schema = OFF;"
			      "PRAGMA temp_store = MEMORY;";

static bool
writes(enum db_open how)
{
	return how == DB_WRITE || how == DB_TOOL;
}

static int
configure(sqlite3 *db, enum db_open how)
{
	char cache[48];
	(void)snprintf(cache, sizeof(cache), "PRAGMA cache_size = -%d",
	    writes(how) ? WRITER_CACHE_KIB : READER_CACHE_KIB);
	(void)sqlite3_extended_result_codes(db, 1);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	// The writer does not wait inside SQLite: it asks again, so that it can stop.
	static const int busy_ms[] = {
		[DB_WRITE] = 0,
		[DB_TOOL] = TOOL_BUSY_MS,
		[DB_READ] = READER_BUSY_MS,
		[DB_ALONE] = 0,
		[DB_IMMUTABLE] = 0,
	};
	(void)sqlite3_busy_timeout(db, busy_ms[how]);
	// The index of the log then stays in memory, and the log stays as it is.
	if (how == DB_ALONE) {
		(void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		(void)db_exec(db, "PRAGMA locking_mode = EXCLUSIVE");
	}
	int rc = db_exec(db, PRAGMAS);
	if (rc == SQLITE_OK)
		rc = db_exec(db, cache);
	if (rc == SQLITE_OK)
		rc = db_exec(
		    db, writes(how) ? WRITER_PRAGMAS : "PRAGMA query_only = ON");
	return rc;
}

// A path as an SQLite URI.
static char *
uri_of(const char *path, const char *query)
{
	char *escaped = xmalloc(strlen(path) * 3 + 1), *at = escaped;
	for (const char *p = path; *p != '\0'; p++) {
		if (strchr("%?#", *p) != NULL)
			at += sprintf(at, "%%%02X", (unsigned char)*p);
		else
			*at++ = *p;
	}
	*at = '\0';
	char *uri = xasprintf("file:%s?%s", escaped, query);
	free(escaped);
	return uri;
}

// SQLite's own accounting takes a lock for each allocation; nobody reads it.
static void
configure_library(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int
db_open(const char *path, enum db_open how, sqlite3 **out, struct fault *fault)
{
	static const int access_flags[] = {
		[DB_WRITE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		[DB_TOOL] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		[DB_READ] = SQLITE_OPEN_READONLY,
		[DB_ALONE] = SQLITE_OPEN_READWRITE,
		[DB_IMMUTABLE] = SQLITE_OPEN_READONLY,
	};
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI | access_flags[how];
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	(void)pthread_once(&once, configure_library);
	char *uri = uri_of(path, how == DB_IMMUTABLE ? "immutable=1" : "cache=private");
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(uri, &db, flags, NULL);
	free(uri);
	// SQLite opens a file that it may not write for reading only.
	if (rc == SQLITE_OK && writes(how) && sqlite3_db_readonly(db, "main") == 1)
		rc = SQLITE_READONLY;
	if (rc == SQLITE_OK)
		rc = configure(db, how);
	if (rc != SQLITE_OK) {
		db_fault(db, rc, fault);
		db_close(db);
		db = NULL;
	}
	*out = db;
	return rc;
}

int
db_open_read(const char *path, sqlite3 **out, struct fault *fault)
{
	int64_t n;
	char *log = xasprintf("%s-wal", path);
	int rc = db_open(path, DB_READ, out, fault);
	if (rc == SQLITE_OK)
		rc = db_integer(*out, "SELECT count(*) FROM sqlite_schema", 0, &n);
	if ((rc & 0xff) == SQLITE_CANTOPEN && access(log, F_OK) != 0) {
		db_close(*out);
		rc = db_open(path, DB_IMMUTABLE, out, fault);
	}
	free(log);
	return *out != NULL ? SQLITE_OK : rc;
}

void
db_close(sqlite3 *db)
{
	if (db == NULL)
		return;
	sqlite3_stmt *st;
	while ((st = sqlite3_next_stmt(db, NULL)) != NULL)
		(void)sqlite3_finalize(st);
	int rc = sqlite3_close(db);
	wr_assert(rc == SQLITE_OK);
}

// A check of a file is one instruction of SQLite's: before 3.41 it asks no progress
// handler, however long it takes, but it does see that it was interrupted.
struct patience {
	sqlite3 *db;
	struct timespec until; // CLOCK_MONOTONIC
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool over, out; // the check has ended; the time had run out before
};

static void *
watch_patience(void *arg)
{
	struct patience *p = arg;
	(void)pthread_mutex_lock(&p->mutex);
	while (!p->over && !p->out)
		p->out = pthread_cond_timedwait(&p->changed, &p->mutex, &p->until) != 0;
	if (!p->over)
		sqlite3_interrupt(p->db);
	(void)pthread_mutex_unlock(&p->mutex);
	return NULL;
}

static void
patience_begin(struct patience *p, pthread_t *thread, int limit_ms)
{
	pthread_condattr_t attr;
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&p->changed, &attr);
	(void)pthread_condattr_destroy(&attr);
	(void)pthread_mutex_init(&p->mutex, NULL);
	int64_t until_ms = db_now_ms() + limit_ms;
	p->until = (struct timespec){ .tv_sec = until_ms / 1000,
		.tv_nsec = until_ms % 1000 * 1000000 };
	int rc = pthread_create(thread, NULL, watch_patience, p);
	wr_assert(rc == 0);
}

static void
patience_end(struct patience *p, pthread_t thread)
{
	(void)pthread_mutex_lock(&p->mutex);
	p->over = true;
	(void)pthread_cond_signal(&p->changed);
	(void)pthread_mutex_unlock(&p->mutex);
	(void)pthread_join(thread, NULL);
	(void)pthread_cond_destroy(&p->changed);
	(void)pthread_mutex_destroy(&p->mutex);
}

bool
db_sound(sqlite3 *db, int limit_ms)
{
	struct patience p = { .db = db };
	pthread_t thread;
	sqlite3_stmt *st = NULL;
	patience_begin(&p, &thread, limit_ms);
	int rc = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	patience_end(&p, thread);
	bool sound = rc != SQLITE_CORRUPT && rc != SQLITE_NOTADB;
	// What a check says that was broken off is of pages it has not seen.
	if (rc == SQLITE_ROW && !p.out) {
		const char *text = (const char *)sqlite3_column_text(st, 0);
		sound = text != NULL && strcmp(text, "ok") == 0;
		if (!sound)
			log_warnx("store", "quick check: %s", text);
	}
	(void)sqlite3_finalize(st);
	return sound;
}
