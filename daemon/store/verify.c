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
#include "store/anchor.h"
#include "store/copy.h"
#include "store/db.h"
#include "store/event_row.h"
#include "store/hex.h"
#include "store/query.h"
#include "store/revision_impl.h"

enum {
	PAGE_ROWS = 20000,
	SQL_MAX = 700
};

struct chain_state {
	int64_t seq; // of the last sound row
	uint8_t hash[CHAIN_HASH];
	uint8_t epoch[EPOCH_BYTES]; // once a row was seen
	bool seen;
	int64_t signs; // events report.sign
};

static void
bad(struct verify_result *out, int64_t seq, const char *reason)
{
	out->first_bad_seq = seq;
	(void)str_copy(out->reason, sizeof(out->reason), reason);
}

static bool
is_kind(const struct cell *kind, const char *name)
{
	return kind->len == strlen(name) && memcmp(kind->data, name, kind->len) == 0;
}

// A new epoch begins only with the event that says that a backup was restored.
static bool
epoch_follows(const struct chain_state *c, const struct cell cells[static COL_COUNT])
{
	const struct cell *epoch = &cells[COL_EPOCH];
	if (epoch->len != EPOCH_BYTES)
		return false;
	return !c->seen || memcmp(epoch->data, c->epoch, EPOCH_BYTES) == 0 ||
	       is_kind(&cells[COL_KIND], "journal.restore");
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
	if (reason == NULL && !epoch_follows(c, cells))
		reason = "epoch";
	if (reason != NULL) {
		bad(out, seq, reason);
		return false;
	}
	c->seq = seq;
	c->seen = true;
	c->signs += is_kind(&cells[COL_KIND], "report.sign");
	memcpy(c->epoch, cells[COL_EPOCH].data, EPOCH_BYTES);
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

// ---- signatures
// -------------------------------------------------------------------------

// Whether the row is signed, and by whom it should be.
static bool
check_mark(sqlite3_stmt *st, bool cut, const char *trusted, struct mark *m,
    struct verify_result *out)
{
	char key[2 * SEAL_PUBLIC + 1];
	const char *reason = NULL;
	if (!mark_read(st, cut, m) || !mark_genuine(m, cut))
		reason = "signature";
	hex_encode(m->public_key, sizeof(m->public_key), key);
	if (reason == NULL && trusted != NULL && strcmp(key, trusted) != 0)
		reason = "key";
	if (reason != NULL)
		bad(out, m->seq, reason);
	else
		(void)str_copy(out->public_key, sizeof(out->public_key), key);
	return reason == NULL;
}

// Cuts in their order; the chain begins at the last.
static void
check_cuts(
    sqlite3 *db, const char *trusted, struct chain_state *c, struct verify_result *out)
{
	sqlite3_stmt *st = NULL;
	bool sound = true;
	int rc = sqlite3_prepare_v2(
	    db, "SELECT " CUT_COLUMNS " FROM cut ORDER BY last_seq", -1, &st, NULL);
	while (rc == SQLITE_OK && sound && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct mark m;
		rc = SQLITE_OK;
		sound = check_mark(st, true, trusted, &m, out);
		if (!sound)
			break;
		c->seq = m.seq;
		memcpy(c->hash, m.hash, sizeof(c->hash));
		out->cut_seq = m.seq;
		out->cut_utc_ms = m.before_utc_ms;
	}
	if (sound && rc != SQLITE_DONE)
		bad(out, -1, "corrupt");
	(void)sqlite3_finalize(st);
}

// Each anchor against the row it names, which may have gone with a cut.
static void
check_anchors(sqlite3 *db, const char *trusted, struct verify_result *out)
{
	sqlite3_stmt *st = NULL;
	bool sound = true;
	int rc = sqlite3_prepare_v2(db,
	    "SELECT a.epoch, a.seq, a.hash, a.time_utc_ms, a.public_key, a.signature, "
	    "e.hash IS a.hash AND e.epoch IS a.epoch, a.seq > (SELECT "
	    "coalesce(max(seq), 0) FROM "
	    "event) FROM anchor a LEFT JOIN event e ON e.seq = a.seq "
	    "ORDER BY a.seq, a.n",
	    -1, &st, NULL);
	while (rc == SQLITE_OK && sound && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct mark m;
		rc = SQLITE_OK;
		sound = check_mark(st, false, trusted, &m, out);
		bool stands = sqlite3_column_int(st, 6) != 0;
		if (sound && !stands && m.seq > out->cut_seq) {
			bad(out, m.seq,
			    sqlite3_column_int(st, 7) != 0 ? "anchor_ahead" : "anchor");
			sound = false;
		}
		if (!sound)
			break;
		out->anchors++;
		out->anchor_seq = m.seq;
		out->anchor_utc_ms = m.time_utc_ms;
	}
	if (sound && rc != SQLITE_DONE)
		bad(out, -1, "corrupt");
	(void)sqlite3_finalize(st);
}

// ---- the whole
// --------------------------------------------------------------------------

static int
check_chain(
    sqlite3 *db, struct chain_state *c, struct verify_result *out, struct err *err)
{
	char sql[SQL_MAX];
	sqlite3_stmt *st = NULL;
	(void)snprintf(sql, sizeof(sql),
	    "SELECT %s FROM event NOT INDEXED WHERE seq > ?1 ORDER BY seq LIMIT %d",
	    event_row_names, PAGE_ROWS);
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		return db_err(db, "verify", err);
	int n;
	do {
		n = check_page(st, c, out);
		if (sqlite3_get_autocommit(db) == 0)
			(void)db_exec(db, "COMMIT");
	} while (n == PAGE_ROWS);
	(void)sqlite3_finalize(st);
	out->events = c->seq - out->cut_seq;
	hex_encode(c->hash, CHAIN_HASH, out->head_hash);
	return 0;
}

// Where the chain has to begin, and how far what the blocks say it reaches at least.
static void
check_begin(sqlite3 *db, int64_t *least, struct verify_result *out)
{
	int64_t first = 0;
	if (db_integer(db, "SELECT min(seq) FROM event", out->cut_seq + 1, &first) !=
		SQLITE_OK ||
	    db_integer(db, "SELECT max(last_seq) FROM event_block", 0, least) !=
		SQLITE_OK)
		bad(out, -1, "corrupt");
	else if (first != out->cut_seq + 1)
		bad(out, out->cut_seq > 0 ? first : out->cut_seq + 1,
		    out->cut_seq > 0 ? "cut" : "gap");
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

// Where the chain begins and its first page are one transaction: a cut may go on
// meanwhile. The rest is pages of their own, so that the log of a running daemon does
// not grow.
static int
check_all(sqlite3 *db, const char *trusted, struct verify_result *out, struct err *err)
{
	struct chain_state c = { 0 };
	int64_t least = 0;
	(void)db_meta(db, "epoch", out->epoch, sizeof(out->epoch));
	if (db_exec(db, "BEGIN") != SQLITE_OK)
		return db_err(db, "verify", err);
	check_cuts(db, trusted, &c, out);
	if (out->reason[0] == '\0')
		check_begin(db, &least, out);
	int result = out->reason[0] == '\0' ? check_chain(db, &c, out, err) : 0;
	if (sqlite3_get_autocommit(db) == 0)
		(void)db_exec(db, "COMMIT");
	if (result == 0 && out->reason[0] == '\0' && c.seq < least)
		bad(out, c.seq + 1, "gap");
	if (result == 0 && out->reason[0] == '\0')
		check_anchors(db, trusted, out);
	if (result == 0 && out->reason[0] == '\0')
		revision_check(db, trusted, c.signs, out);
	if (result == 0 && out->reason[0] == '\0')
		check_triggers(db, out);
	if (result == 0 && out->reason[0] == '\0')
		check_file(db, out);
	return result;
}

int
store_verify(const char *file, const char *trusted_key, struct verify_result *out,
    struct err *err)
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
	int result = copy_of_this_version(&db, DB_JOURNAL, err);
	if (result == 0)
		result = check_all(db, trusted_key, out, err);
	db_close(db);
	return result;
}
