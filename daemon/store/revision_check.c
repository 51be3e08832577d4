// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Whether the signed reports of a journal are what was signed: each row's signature,
// the bytes of its report, and its event, which has the same hash; and no event without
// its row. One that retention took has left its mark in the signature. In a tool. It
// names the first report that is not sound.
#include <stdio.h>
#include <string.h>

#include "store/db.h"
#include "store/hex.h"
#include "store/revision_impl.h"

enum {
	COL_REPORT,
	COL_DAY,
	COL_REVISION,
	COL_OF_SEQ = 16,
	COL_DOCUMENT_SHA256 = 20,
	COL_KEY = REVISION_SIGNED_CELLS,
	COL_SIGNATURE,
	COL_DOCUMENT,
	COL_EVENT, // 1 the event is as it was, 0 another stands there, NULL none does
	COL_HERE,  // the row is of the journal's own epoch
};

static const char rows_sql[] =
    "SELECT " REVISION_COLUMNS ", (SELECT e.kind = 'report.sign' AND e.hash IS r.hash "
    "AND e.epoch IS r.epoch FROM event e WHERE e.seq = r.seq AND e.epoch IS r.epoch), "
    "lower(hex(r.epoch)) IS (SELECT value FROM meta WHERE key = 'epoch') "
    "FROM report_revision r ORDER BY n";
static const char lost_sql[] =
    "SELECT seq FROM event e WHERE kind = 'report.sign' AND NOT EXISTS (SELECT 1 FROM "
    "report_revision r WHERE r.seq = e.seq AND r.epoch IS e.epoch) LIMIT 1";

static const char *
text(sqlite3_stmt *st, int column)
{
	const char *s = (const char *)sqlite3_column_text(st, column);
	return s != NULL ? s : "";
}

static void
bad(sqlite3_stmt *st, const char *why, struct verify_result *out)
{
	int64_t seq = sqlite3_column_int64(st, COL_OF_SEQ);
	out->first_bad_seq = seq > 0 ? seq : -1;
	(void)snprintf(out->reason, sizeof(out->reason),
	    "%s: %.24s %.10s revision %lld", why, text(st, COL_REPORT),
	    text(st, COL_DAY), (long long)sqlite3_column_int64(st, COL_REVISION));
}

static bool
genuine(sqlite3_stmt *st)
{
	struct cell cells[1 + REVISION_SIGNED_CELLS];
	const void *key = sqlite3_column_blob(st, COL_KEY);
	const void *signature = sqlite3_column_blob(st, COL_SIGNATURE);
	if (key == NULL || sqlite3_column_bytes(st, COL_KEY) != SEAL_PUBLIC ||
	    signature == NULL ||
	    sqlite3_column_bytes(st, COL_SIGNATURE) != SEAL_SIGNATURE)
		return false;
	cells[0] = cell_text("watchroom-report");
	for (int i = 0; i < REVISION_SIGNED_CELLS; i++)
		cells[1 + i] = cell_column(st, i);
	return seal_check(key, cells, 1 + REVISION_SIGNED_CELLS, signature);
}

// Why the row is not sound, or NULL.
static const char *
fault_of(sqlite3_stmt *st, const char *trusted, int64_t cut_seq)
{
	char sum[REVISION_SHA256], key[2 * SEAL_PUBLIC + 1];
	const char *document = text(st, COL_DOCUMENT);
	if (!genuine(st))
		return "report_signature";
	hex_encode(sqlite3_column_blob(st, COL_KEY), SEAL_PUBLIC, key);
	if (trusted != NULL && strcmp(key, trusted) != 0)
		return "report_key";
	revision_sha256(document, (size_t)sqlite3_column_bytes(st, COL_DOCUMENT), sum);
	if (strcmp(sum, text(st, COL_DOCUMENT_SHA256)) != 0)
		return "report";
	bool gone = sqlite3_column_type(st, COL_EVENT) == SQLITE_NULL;
	if (!gone)
		return sqlite3_column_int(st, COL_EVENT) != 0 ? NULL : "report_event";
	bool here = sqlite3_column_int(st, COL_HERE) != 0;
	return here && sqlite3_column_int64(st, COL_OF_SEQ) > cut_seq ? "report_event"
								      : NULL;
}

static void
check_lost(sqlite3 *db, struct verify_result *out)
{
	int64_t seq = 0;
	if (db_integer(db, lost_sql, -1, &seq) != SQLITE_OK)
		seq = -1;
	out->first_bad_seq = seq;
	(void)snprintf(out->reason, sizeof(out->reason), "report_missing");
}

static void
check_triggers(sqlite3 *db, struct verify_result *out)
{
	int64_t n = 0;
	int rc = db_integer(db,
	    "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND name IN "
	    "('report_revision_no_update', 'report_revision_no_delete')",
	    0, &n);
	if (rc == SQLITE_OK && n == 2)
		return;
	out->first_bad_seq = -1;
	(void)snprintf(out->reason, sizeof(out->reason), "trigger");
}

void
revision_check(
    sqlite3 *db, const char *trusted, int64_t signs, struct verify_result *out)
{
	sqlite3_stmt *st = NULL;
	const char *why = NULL;
	int64_t with_event = 0;
	int rc = sqlite3_prepare_v2(db, rows_sql, -1, &st, NULL);
	while (
	    rc == SQLITE_OK && why == NULL && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		rc = SQLITE_OK;
		why = fault_of(st, trusted, out->cut_seq);
		if (why != NULL)
			bad(st, why, out);
		with_event += sqlite3_column_type(st, COL_EVENT) != SQLITE_NULL;
		out->reports += why == NULL;
	}
	(void)sqlite3_finalize(st);
	if (why == NULL && rc != SQLITE_DONE) {
		out->first_bad_seq = -1;
		(void)snprintf(out->reason, sizeof(out->reason), "corrupt");
	} else if (why == NULL && with_event < signs) {
		check_lost(db, out);
	} else if (why == NULL) {
		check_triggers(db, out);
	}
}
