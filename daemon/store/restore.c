// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See backup.h. The backup is proven, copied beside the databases, given its new epoch
// and its event there, and then each file takes the place of the old one by one rename.
// A kill leaves the old file or the new one under the name; done again, it ends the
// same way. The boot counter goes on from a number that was never used: what was minted
// after the backup is known to receivers. It refuses a directory in use.
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "store/backup.h"
#include "store/copy.h"
#include "store/db.h"
#include "store/hex.h"
#include "store/journal.h"
#include "store/lock.h"
#include "store/reader.h"
#include "store/wal_tail.h"

enum {
	ASIDE_TRIES = 100
};

static int
new_epoch(sqlite3 *db, int64_t now_utc_ms, char epoch[static 33])
{
	uint8_t bytes[EPOCH_BYTES];
	char number[24];
	randombytes_buf(bytes, sizeof(bytes));
	hex_encode(bytes, sizeof(bytes), epoch);
	(void)snprintf(number, sizeof(number), "%lld", (long long)now_utc_ms);
	int rc = db_set_meta(db, "epoch", epoch);
	return rc == SQLITE_OK ? db_set_meta(db, "boot", number) : rc;
}

// The event says from what backup, and the span of which nothing is known here.
static void
make_event(struct event *e, const char *backup, const struct append *a,
    const char *old_epoch, int64_t now_utc_ms)
{
	struct buf b = { 0 };
	const char *slash = strrchr(backup, '/');
	event_init(e, EVENT_JOURNAL_RESTORE);
	tool_stamp(e, now_utc_ms);
	(void)str_copy(e->actor, sizeof(e->actor), "cli");
	json_open(&b, NULL, '{');
	json_str(&b, "backup", slash != NULL && slash[1] != '\0' ? slash + 1 : backup);
	json_str(&b, "epoch", old_epoch);
	json_int(&b, "last_seq", a->frame.seq);
	json_int(&b, "from_utc_ms", a->last_utc_ms);
	json_int(&b, "to_utc_ms", now_utc_ms);
	json_close(&b, '}');
	if (!str_copy(e->params, sizeof(e->params), b.data))
		e->params[0] = '\0';
	buf_free(&b);
}

static int
add_event(
    sqlite3 *db, const char *backup, int64_t now_utc_ms, struct restore_result *out)
{
	char old_epoch[33];
	struct append a;
	struct event e;
	(void)db_meta(db, "epoch", old_epoch, sizeof(old_epoch));
	int rc = new_epoch(db, now_utc_ms, out->epoch);
	if (rc == SQLITE_OK)
		rc = append_open(&a, db, NULL);
	if (rc != SQLITE_OK)
		return rc;
	rc = append_begin(&a);
	out->last_seq = a.frame.seq;
	out->last_utc_ms = a.last_utc_ms;
	make_event(&e, backup, &a, old_epoch, now_utc_ms);
	if (rc == SQLITE_OK)
		rc = append_event(&a, &e, "");
	if (rc == SQLITE_OK)
		rc = append_commit(&a);
	out->seq = e.seq;
	append_close(&a);
	return rc;
}

static int
prepare_journal(const char *fresh, const char *backup, int64_t now_utc_ms,
    struct restore_result *out, struct err *err)
{
	struct fault fault = { 0 };
	sqlite3 *db = NULL;
	if (db_open(fresh, DB_TOOL, &db, &fault) != SQLITE_OK)
		return err_set(err, EIO, "cannot open %s: %s", fresh, fault.detail);
	enum db_refusal refused;
	int rc = db_migrate(db, DB_JOURNAL, &refused, err);
	if (rc == SQLITE_OK)
		rc = add_event(db, backup, now_utc_ms, out);
	if (rc == SQLITE_OK)
		rc = db_exec(db, "PRAGMA journal_mode = DELETE");
	if (rc != SQLITE_OK)
		(void)db_err(db, fresh, err);
	db_close(db);
	return rc == SQLITE_OK ? 0 : -1;
}

// Moves what is in the log into the file, where that can be done: then one file is all.
// Of a damaged log only the beginning could be, and the rest would be gone with it.
static void
fold_log(const char *path)
{
	struct fault fault = { 0 };
	sqlite3 *db = NULL;
	if (access(path, F_OK) != 0 || wal_tail_lost(path, NULL) ||
	    db_open(path, DB_TOOL, &db, &fault) != SQLITE_OK)
		return;
	(void)sqlite3_wal_checkpoint_v2(
	    db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	(void)db_exec(db, "PRAGMA journal_mode = DELETE");
	db_close(db);
}

// A second name for the file that is about to be replaced.
static bool
keep_aside(const char *path, int64_t now_utc_ms, char *aside, size_t size)
{
	char stamp[32];
	time_t t = (time_t)(now_utc_ms / 1000);
	struct tm tm;
	bool kept = false;
	(void)strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&t, &tm));
	for (int n = 0; n < ASIDE_TRIES && !kept; n++) {
		char *name = n == 0 ? xasprintf("%s.replaced-%s", path, stamp)
				    : xasprintf("%s.replaced-%s-%d", path, stamp, n);
		kept = link(path, name) == 0;
		bool taken = !kept && errno == EEXIST;
		(void)str_copy(aside, size, strrchr(name, '/') + 1);
		free(name);
		if (!taken)
			break;
	}
	return kept;
}

static int
put_in_place(const char *path, const char *fresh, int64_t now_utc_ms, char *aside,
    size_t size, struct err *err)
{
	char *log = xasprintf("%s-wal", path);
	aside[0] = '\0';
	fold_log(path);
	bool ok = true;
	if (access(log, F_OK) == 0) // it is damaged: file and log go together
		ok = journal_set_aside(path, "replaced", now_utc_ms, aside, size) == 0;
	else if (access(path, F_OK) == 0)
		ok = keep_aside(path, now_utc_ms, aside, size);
	ok = ok && rename(fresh, path) == 0;
	int error = errno;
	free(log);
	return ok ? 0
		  : err_set(err, error, "cannot replace %s: %s", path,
			strerrordesc_np(error));
}

static int
restore_files(const char *store, const char *backup, int64_t now_utc_ms,
    struct restore_result *out, struct err *err)
{
	static const char *const names[] = { "readings.db", "journal.db" };
	char aside[2][sizeof(out->aside)];
	char *fresh[2], *path[2];
	int result = 0;
	for (unsigned i = 0; i < 2; i++) {
		char *from = xasprintf("%s/%s", backup, names[i]);
		path[i] = xasprintf("%s/%s", store, names[i]);
		fresh[i] = xasprintf("%s/%s.part", store, names[i]);
		(void)unlink(fresh[i]); // of one that was killed
		if (result == 0)
			result = copy_database(from, fresh[i], NULL, err);
		free(from);
	}
	if (result == 0)
		result = prepare_journal(fresh[1], backup, now_utc_ms, out, err);
	for (unsigned i = 0; i < 2 && result == 0; i++)
		result = put_in_place(
		    path[i], fresh[i], now_utc_ms, aside[i], sizeof(aside[i]), err);
	if (result == 0 && copy_sync(store) != 0)
		result = err_set(err, errno, "cannot sync %s", store);
	if (result == 0)
		memcpy(out->aside, aside[1], sizeof(out->aside));
	for (unsigned i = 0; i < 2; i++) {
		if (result != 0)
			(void)unlink(fresh[i]);
		free(fresh[i]);
		free(path[i]);
	}
	return result;
}

int
store_restore(const char *store, const char *backup, int64_t now_utc_ms,
    struct restore_result *out, struct err *err)
{
	struct verify_result v;
	int lock = -1;
	*out = (struct restore_result){ 0 };
	if (copy_check(backup, &v, err) != 0 || store_lock(store, &lock, err) != 0)
		return -1;
	int result = restore_files(store, backup, now_utc_ms, out, err);
	if (lock >= 0)
		(void)close(lock);
	return result;
}
