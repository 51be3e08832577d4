// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See reader.h. Runs in the store's reader thread, or in a tool. Every statement has a
// deadline by SQLite's progress handler, so that no question can pin the write-ahead
// log or keep a console waiting for long. It refuses files of another schema version.
#include "store/reader.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"
#include "store/db.h"
#include "store/event_row.h"

enum {
	PROGRESS_OPS = 1000
};

static int
on_progress(void *arg)
{
	return db_now_ms() >= ((const struct reader *)arg)->until_ms;
}

static sqlite3 *
open_one(struct reader *r, const char *directory, const char *name, enum db_kind kind,
    struct err *err)
{
	struct fault fault = { 0 };
	sqlite3 *db = NULL;
	char *path = xasprintf("%s/%s", directory, name);
	if (access(path, W_OK) != 0)
		r->passing = true;
	if (db_open_read(path, &db, &fault) != SQLITE_OK) {
		(void)err_set(err, EIO, "cannot open %s: %s", path, fault.detail);
	} else if (db_check_version(db, kind, err) != 0) {
		db_close(db);
		db = NULL;
	} else {
		sqlite3_progress_handler(db, PROGRESS_OPS, on_progress, r);
	}
	free(path);
	return db;
}

static void
read_inodes(const char *directory, uint64_t inodes[static 2])
{
	static const char *const names[] = { "journal.db", "readings.db" };
	for (unsigned i = 0; i < 2; i++) {
		struct stat st;
		char *path = xasprintf("%s/%s", directory, names[i]);
		inodes[i] = stat(path, &st) == 0 ? (uint64_t)st.st_ino : 0;
		free(path);
	}
}

bool
reader_stale(const struct reader *r, const char *directory)
{
	uint64_t now[2];
	read_inodes(directory, now);
	return now[0] != r->inodes[0] || now[1] != r->inodes[1];
}

struct reader *
reader_open(const char *directory, struct err *err)
{
	struct reader *r = xcalloc(1, sizeof(*r));
	r->until_ms = INT64_MAX;
	read_inodes(directory, r->inodes);
	r->journal = open_one(r, directory, "journal.db", DB_JOURNAL, err);
	if (r->journal != NULL)
		r->readings = open_one(r, directory, "readings.db", DB_READINGS, err);
	if (r->readings != NULL)
		return r;
	reader_close(r);
	return NULL;
}

void
reader_close(struct reader *r)
{
	if (r == NULL)
		return;
	db_close(r->journal);
	db_close(r->readings);
	zone_free(r->zone);
	free(r);
}

int
reader_begin_job(struct reader *r, struct err *err)
{
	r->until_ms = db_now_ms() + READ_LIMIT_MS;
	r->in_job = true;
	if (db_exec(r->journal, "BEGIN") != SQLITE_OK)
		return db_err(r->journal, "journal", err);
	if (db_exec(r->readings, "BEGIN") != SQLITE_OK)
		return db_err(r->readings, "readings", err);
	return 0;
}

void
reader_end_job(struct reader *r)
{
	sqlite3 *const dbs[] = { r->journal, r->readings };
	for (unsigned i = 0; i < 2; i++) {
		if (sqlite3_get_autocommit(dbs[i]) == 0)
			(void)db_exec(dbs[i], "ROLLBACK");
	}
	r->in_job = false;
	r->until_ms = INT64_MAX;
}

void
reader_begin(struct reader *r)
{
	if (!r->in_job)
		r->until_ms = db_now_ms() + READ_LIMIT_MS;
}

sqlite3_stmt *
reader_prepare(struct reader *r, sqlite3 *db, const char *sql, struct err *err)
{
	sqlite3_stmt *st = NULL;
	(void)r;
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		(void)db_err(db, "query", err);
	return st;
}

int
reader_finish(sqlite3 *db, sqlite3_stmt *st, int rc, struct err *err)
{
	int result = 0;
	if (rc == SQLITE_INTERRUPT)
		result = err_set(err, ETIMEDOUT, "the question took longer than %d ms",
		    READ_LIMIT_MS);
	else if (rc != SQLITE_DONE && rc != SQLITE_ROW && rc != SQLITE_OK)
		result = db_err(db, "query", err);
	(void)sqlite3_finalize(st);
	return result;
}

int
reader_day_rule(struct reader *r, struct day_rule *rule, struct err *err)
{
	char name[64], minutes[8];
	if (!db_meta(r->journal, "time_zone", name, sizeof(name)) ||
	    !db_meta(r->journal, "statistics_day_min", minutes, sizeof(minutes)))
		return err_set(err, ENOENT, "the journal does not know its site yet");
	if (r->zone == NULL || strcmp(name, r->zone_name) != 0) {
		zone_free(r->zone);
		r->zone = zone_load(name, err);
		if (r->zone == NULL)
			return -1;
		(void)str_copy(r->zone_name, sizeof(r->zone_name), name);
	}
	rule->zone = r->zone;
	rule->start_min = (uint16_t)strtoul(minutes, NULL, 10);
	return 0;
}

int
reader_events(sqlite3 *db, sqlite3_stmt *st,
    bool (*row)(void *arg, const struct stored_event *e), void *arg, bool *more,
    struct err *err)
{
	int rc = SQLITE_DONE, n = 0;
	bool readable = true;
	while (*more && readable && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct cell cells[COL_COUNT];
		struct stored_event e;
		event_row_columns(st, 0, cells);
		readable = event_row_read(cells, &e);
		if (!readable) {
			(void)err_set(err, EINVAL, "event %lld is not readable",
			    (long long)cells[COL_SEQ].integer);
			break;
		}
		n++;
		*more = row(arg, &e);
	}
	(void)sqlite3_reset(st);
	if (!readable || (rc != SQLITE_ROW && reader_finish(db, NULL, rc, err) != 0))
		return -1;
	return n;
}

int
reader_seq_span(struct reader *r, int64_t from_ms, int64_t to_ms, int64_t *first,
    int64_t *last, struct err *err)
{
	sqlite3_stmt *st = reader_prepare(r, r->journal,
	    "SELECT min(block) * 1024 + 1, max(last_seq) FROM event_block "
	    "WHERE max_utc_ms >= ?1 AND min_utc_ms < ?2",
	    err);
	*first = 1;
	*last = 0;
	if (st == NULL)
		return -1;
	(void)sqlite3_bind_int64(st, 1, from_ms);
	(void)sqlite3_bind_int64(st, 2, to_ms);
	int rc = sqlite3_step(st);
	if (rc == SQLITE_ROW && sqlite3_column_type(st, 0) != SQLITE_NULL) {
		*first = sqlite3_column_int64(st, 0);
		*last = sqlite3_column_int64(st, 1);
	}
	return reader_finish(r->journal, st, rc, err);
}
