// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Checks a journal from the first event to the last, without the daemon: seq has no
// gap, each row names the hash of the one before, and its own hash is that of its
// canonical bytes. Reads in pages of short transactions, so that it may run beside a
// writer. It refuses to trust anything the file says about itself but the rows.
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"
#include "store/db.h"
#include "store/event_row.h"
#include "store/hex.h"
#include "store/query.h"

enum {
	PAGE_ROWS = 20000,
	SQL_MAX = 700
};

struct chain_state {
	int64_t seq; // of the last sound row
	uint8_t hash[CHAIN_HASH];
};

static void
bad(struct verify_result *out, int64_t seq, const char *reason)
{
	out->first_bad_seq = seq;
	(void)str_copy(out->reason, sizeof(out->reason), reason);
}

// Returns false at the first bad row.
static bool
check_row(sqlite3_stmt *st, struct chain_state *c, struct verify_result *out)
{
	struct cell cells[COL_COUNT];
	event_row_columns(st, 0, cells);
	int64_t seq = cells[COL_SEQ].integer;
	const char *reason = NULL;
	if (seq != c->seq + 1) {
		bad(out, c->seq + 1, "gap");
		return false;
	}
	reason = event_row_check(cells);
	if (reason == NULL &&
	    (cells[COL_PREV_HASH].len != CHAIN_HASH ||
		memcmp(cells[COL_PREV_HASH].data, c->hash, CHAIN_HASH) != 0))
		reason = "prev_hash";
	if (reason != NULL) {
		bad(out, seq, reason);
		return false;
	}
	c->seq = seq;
	memcpy(c->hash, cells[COL_HASH].data, CHAIN_HASH);
	return true;
}

// One page. Returns rows read, or -1 where the walk ends at a bad row or an error.
static int
check_page(sqlite3_stmt *st, struct chain_state *c, struct verify_result *out)
{
	int rc, n = 0;
	bool sound = true;
	(void)sqlite3_bind_int64(st, 1, c->seq);
	while (sound && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		sound = check_row(st, c, out);
		n++;
	}
	(void)sqlite3_reset(st);
	if (sound && rc != SQLITE_DONE) {
		bad(out, c->seq + 1, "corrupt");
		return -1;
	}
	return sound ? n : -1;
}

static int
check_chain(sqlite3 *db, struct verify_result *out, struct err *err)
{
	char sql[SQL_MAX];
	sqlite3_stmt *st = NULL;
	struct chain_state c = { 0 };
	(void)snprintf(sql, sizeof(sql),
	    "SELECT %s FROM event NOT INDEXED WHERE seq > ?1 ORDER BY seq LIMIT %d",
	    event_row_names, PAGE_ROWS);
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		return db_err(db, "verify", err);
	int n;
	do
		n = check_page(st, &c, out);
	while (n == PAGE_ROWS);
	(void)sqlite3_finalize(st);
	out->events = c.seq;
	hex_encode(c.hash, CHAIN_HASH, out->head_hash);
	return 0;
}

// A row before the first one is a gap too; and what the last block says is the end.
static void
check_ends(sqlite3 *db, struct verify_result *out)
{
	int64_t first = 0, last = 0;
	if (db_integer(db, "SELECT min(seq) FROM event", 1, &first) != SQLITE_OK ||
	    db_integer(db, "SELECT max(last_seq) FROM event_block", 0, &last) !=
		SQLITE_OK)
		bad(out, -1, "corrupt");
	else if (first < 1)
		bad(out, first, "gap");
	else if (last > out->events)
		bad(out, out->events + 1, "gap");
}

static void
check_triggers(sqlite3 *db, struct verify_result *out)
{
	int64_t n = 0;
	int rc = db_integer(db,
	    "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND "
	    "tbl_name = 'event' AND name IN ('event_append', 'event_no_update', "
	    "'event_no_delete')",
	    0, &n);
	if (rc != SQLITE_OK || n != 3)
		bad(out, -1, "trigger");
}

static void
check_file(sqlite3 *db, struct verify_result *out)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	const char *text =
	    rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
	if (text == NULL || strcmp(text, "ok") != 0)
		bad(out, -1, "integrity");
	(void)sqlite3_finalize(st);
}

int
store_verify(const char *file, struct verify_result *out, struct err *err)
{
	sqlite3 *db = NULL;
	struct fault fault = { 0 };
	memset(out, 0, sizeof(*out));
	if (sodium_init() < 0)
		return err_set(err, ENOSYS, "libsodium cannot start");
	if (access(file, R_OK) != 0)
		return err_set(err, errno, "cannot read %s", file);
	if (db_open_read(file, &db, &fault) != SQLITE_OK)
		return err_set(err, EIO, "cannot open %s: %s", file, fault.detail);
	int result = db_check_version(db, DB_JOURNAL, err);
	if (result == 0) {
		(void)db_meta(db, "epoch", out->epoch, sizeof(out->epoch));
		result = check_chain(db, out, err);
	}
	if (result == 0 && out->reason[0] == '\0')
		check_ends(db, out);
	if (result == 0 && out->reason[0] == '\0')
		check_triggers(db, out);
	if (result == 0 && out->reason[0] == '\0')
		check_file(db, out);
	db_close(db);
	return result;
}
