// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See journal.h. A file that is damaged when the daemon starts, or was written by a
// newer program, is never repaired in place and never deleted: it is renamed, kept for
// whoever must read it, and a new journal with a new epoch begins, because no
// monitoring is worse than a short journal (renew.c). Damage found while running is a
// mode; the rows wait in memory, and where opening again does not help the same is
// done.
#include "store/journal.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "store/carry.h"
#include "store/hex.h"
#include "store/recover.h"

enum {
	SOUND_LIMIT_MS = 100
};

int
journal_ensure_epoch(sqlite3 *db)
{
	uint8_t bytes[EPOCH_BYTES];
	char hex[2 * EPOCH_BYTES + 1];
	if (db_meta(db, "epoch", hex, sizeof(hex)))
		return SQLITE_OK;
	randombytes_buf(bytes, sizeof(bytes));
	hex_encode(bytes, sizeof(bytes), hex);
	return db_run(db,
	    "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
	    "epoch", hex);
}

int
journal_open_file(
    struct journal *j, struct fault *fault, enum db_refusal *refused, struct err *err)
{
	*refused = DB_ACCEPTED;
	int rc = db_open(j->path, DB_WRITE, &j->db, fault);
	if (rc != SQLITE_OK)
		return rc;
	rc = db_migrate(j->db, DB_JOURNAL, refused, err);
	if (rc == SQLITE_OK)
		rc = journal_ensure_epoch(j->db);
	if (rc == SQLITE_OK)
		rc = append_open(&j->append, j->db, &j->rule);
	j->append.key = j->key;
	if (rc != SQLITE_OK) {
		db_fault(j->db, rc, fault);
		db_close(j->db);
		j->db = NULL;
	}
	return rc;
}

void
journal_close(struct journal *j)
{
	if (j->db == NULL)
		return;
	append_close(&j->append);
	db_close(j->db);
	j->db = NULL;
}

// ---- the writer's functions
// -------------------------------------------------------------

static int
op_open(void *ctx, struct fault *fault)
{
	struct journal *j = ctx;
	struct err err = { 0 };
	enum db_refusal refused;
	if (j->db != NULL)
		return 0;
	return journal_open_file(j, fault, &refused, &err) == SQLITE_OK ? 0 : -1;
}

static void
op_close(void *ctx)
{
	journal_close(ctx);
}

static sqlite3 *
op_db(void *ctx)
{
	return ((struct journal *)ctx)->db;
}

// What this run knows about the site, and the day it began in.
static int
settle(struct journal *j)
{
	char minutes[8];
	(void)snprintf(
	    minutes, sizeof(minutes), "%u", (unsigned)j->site->statistics_day_min);
	const char *const rows[][2] = {
		{ "site_id", j->site->site_id },
		{ "site_name_zh", j->site->name_zh },
		{ "site_name_en", j->site->name_en },
		{ "time_zone", j->site->time_zone },
		{ "statistics_day_min", minutes },
	};
	int rc = SQLITE_OK;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]) && rc == SQLITE_OK; i++)
		rc = db_set_meta(j->db, rows[i][0], rows[i][1]);
	if (rc == SQLITE_OK)
		rc = watched_keep(j->db, j->site->watched, j->opened_utc_ms);
	struct day day;
	bool known = true;
	if (rc == SQLITE_OK)
		rc = day_find(j->db, &j->rule, j->opened_utc_ms, &day, &known);
	if (rc == SQLITE_OK && !known)
		rc = day_record(j->db, &day);
	j->settled = rc == SQLITE_OK;
	return rc;
}

static int
op_begin(void *ctx)
{
	struct journal *j = ctx;
	int rc = append_begin(&j->append);
	return rc == SQLITE_OK && !j->settled ? settle(j) : rc;
}

static int
op_apply(void *ctx, struct work *w)
{
	return append_unit(&((struct journal *)ctx)->append, (struct unit *)w);
}

static int
op_commit(void *ctx)
{
	struct journal *j = ctx;
	int rc = append_commit(&j->append);
	if (rc == SQLITE_OK)
		j->doubt.seq = 0;
	return rc;
}

// The log was written to its end, and then something failed: a sync, most likely. Where
// a write failed the end of the transaction is not in the log.
static bool
op_in_doubt(void *ctx)
{
	struct journal *j = ctx;
	const struct append *a = &j->append;
	int why = sqlite3_extended_errcode(j->db);
	if (!a->committing || a->frame.seq == a->begun_seq ||
	    (why & 0xff) != SQLITE_IOERR || why == SQLITE_IOERR_WRITE)
		return false;
	j->doubt.seq = a->frame.seq;
	memcpy(j->doubt.hash, a->frame.hash, sizeof(j->doubt.hash));
	j->doubt.next_seq = a->begun_seq + 1;
	return true;
}

// The hash of its newest event proves each one of them. Another program may have added
// events since.
static bool
op_was_in(void *ctx)
{
	struct journal *j = ctx;
	sqlite3_stmt *st = NULL;
	bool same = false;
	if (j->doubt.seq == 0 ||
	    sqlite3_prepare_v2(j->db, "SELECT hash FROM event WHERE seq = ?1", -1, &st,
		NULL) != SQLITE_OK)
		return false;
	(void)sqlite3_bind_int64(st, 1, j->doubt.seq);
	if (sqlite3_step(st) == SQLITE_ROW &&
	    sqlite3_column_bytes(st, 0) == (int)sizeof(j->doubt.hash))
		same = memcmp(sqlite3_column_blob(st, 0), j->doubt.hash,
			   sizeof(j->doubt.hash)) == 0;
	(void)sqlite3_finalize(st);
	return same;
}

static void
op_confirm(void *ctx, struct work *w)
{
	struct journal *j = ctx;
	struct unit *u = (struct unit *)w;
	struct event *events = u->events.data;
	for (size_t i = 0; i < u->events.n; i++)
		events[i].seq = j->doubt.next_seq++;
	if (j->doubt.next_seq > j->doubt.seq)
		j->doubt.seq = 0;
}

static void
op_rollback(void *ctx)
{
	struct journal *j = ctx;
	append_rollback(&j->append);
	j->settled = false;
}

static int
op_renew(void *ctx, char *aside, size_t size, bool *unread)
{
	struct journal *j = ctx;
	struct carried carried = { 0 };
	struct fault fault = { 0 };
	if (journal_renew(j, STORE_CORRUPT, &carried, &fault) != SQLITE_OK)
		return -1;
	(void)str_copy(aside, size, j->aside);
	*unread = !carried.whole;
	return 0;
}

// SQLITE_ERROR: a statement of ours that does not fit the tables of a file that says it
// has our schema, for a byte of that schema has changed.
static bool
damaged(int rc)
{
	int kind = rc & 0xff;

	return kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB || kind == SQLITE_ERROR;
}

// Opens, and does what the daemon is about to do: takes the tail, writes this run's
// settings, reads the open alarms back. Only damage is an error here; a disk that
// cannot be written is the writer's business.
static int
try_file(struct journal *j, struct fault *fault, enum db_refusal *refused,
    struct recovered *back, struct err *err)
{
	int rc = journal_open_file(j, fault, refused, err);
	if (rc != SQLITE_OK)
		return rc;
	if (!db_sound(j->db, SOUND_LIMIT_MS))
		rc = SQLITE_CORRUPT;
	if (rc == SQLITE_OK)
		rc = op_begin(j);
	if (rc == SQLITE_OK)
		rc = op_commit(j);
	if (rc != SQLITE_OK)
		op_rollback(j);
	if (!damaged(rc))
		rc = recover_journal(j->db, back);
	if (!damaged(rc)) {
		// Something stood open, and what it was could not be read: loud (I11).
		back->unread = rc != SQLITE_OK;
		return SQLITE_OK;
	}
	recover_free(back);
	journal_close(j);
	return rc;
}

// Sets the file aside for a new one; what the old one still owes comes with it.
static int
renew(struct journal *j, struct recovered *back, struct fault *fault, struct err *err)
{
	struct carried carried = { 0 };
	enum db_refusal refused;
	int rc = journal_renew(j, j->aside_mode, &carried, fault);
	if (rc == SQLITE_OK)
		rc = try_file(j, fault, &refused, back, err);
	if (rc != SQLITE_OK)
		return rc;
	back->last_utc_ms = carried.last_utc_ms;
	back->last_mono_ms = carried.last_mono_ms;
	back->same_boot = carried.same_boot;
	back->clean_stop = carried.clean_stop;
	back->unread = !carried.whole;
	return rc;
}

int
journal_first_open(
    struct journal *j, struct recovered *back, struct fault *fault, struct err *err)
{
	enum db_refusal refused;
	journal_settle_names(j->path);
	int rc = try_file(j, fault, &refused, back, err);
	if (refused == DB_FOREIGN)
		return -1;
	j->aside_mode = refused == DB_NEWER ? STORE_NEWER : STORE_CORRUPT;
	if (refused == DB_NEWER || damaged(rc)) {
		rc = renew(j, back, fault, err);
		if (rc != SQLITE_OK)
			fault->mode = j->aside_mode;
	}
	return rc == SQLITE_OK ? 0 : 1;
}

const struct writer_ops journal_ops = {
	.name = "journal",
	.open = op_open,
	.close = op_close,
	.db = op_db,
	.begin = op_begin,
	.apply = op_apply,
	.commit = op_commit,
	.rollback = op_rollback,
	.renew = op_renew,
	.in_doubt = op_in_doubt,
	.was_in = op_was_in,
	.confirm = op_confirm,
};
