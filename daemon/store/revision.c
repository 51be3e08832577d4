// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Writing of signed reports. The number, the event that names the checksums, the anchor
// that seals that event, and the row with the report are one transaction: all of it is
// durable, or none. Runs in the writer thread. Refuses to write what it cannot sign.
#include "store/revision.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "store/anchor.h"
#include "store/hex.h"
#include "store/journal.h"
#include "store/revision_impl.h"

const char revision_sql[] =
    "INSERT INTO report_revision (" REVISION_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, "
    "?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, "
    "?23, ?24)";
const char revision_last_sql[] =
    "SELECT coalesce(max(revision), 0) + 1 FROM report_revision "
    "WHERE report = ?1 AND day = ?2";

void
revision_sha256(const void *data, size_t len, char out[static REVISION_SHA256])
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	(void)crypto_hash_sha256(hash, data, len);
	hex_encode(hash, sizeof(hash), out);
}

static void
put_params(const struct revision *r, struct event *e)
{
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	json_str(&b, "report", r->report);
	json_str(&b, "day", r->day);
	json_int(&b, "revision", r->revision);
	json_str(&b, "data_sha256", r->data_sha256);
	json_str(&b, "document_sha256", r->document_sha256);
	json_int(&b, "unclassified", r->unclassified);
	if (r->reason[0] != '\0')
		json_str(&b, "reason", r->reason);
	json_close(&b, '}');
	bool fits = str_copy(e->params, sizeof(e->params), b.data);
	wr_assert(fits); // the reason is bounded: twice its bytes, escaped
	buf_free(&b);
}

int
revision_number(struct append *a, struct revision *r, struct event *e)
{
	sqlite3_stmt *st = a->st[AP_REVISION_LAST];
	int rc = sqlite3_bind_text(st, 1, r->report, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(st, 2, r->day, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		r->revision = sqlite3_column_int64(st, 0);
	(void)sqlite3_reset(st);
	if (rc != SQLITE_ROW)
		return rc;
	revision_sha256(r->document, strlen(r->document), r->document_sha256);
	put_params(r, e);
	return SQLITE_OK;
}

static void
signed_cells(const struct append *a, const struct revision *r,
    struct cell out[static REVISION_SIGNED_CELLS])
{
	const struct cell cells[REVISION_SIGNED_CELLS] = {
		cell_text(r->report),
		cell_text(r->day),
		cell_integer(r->revision),
		cell_integer(r->from_utc_ms),
		cell_integer(r->to_utc_ms),
		cell_integer(r->as_of.seq),
		cell_integer(r->as_of.verdict),
		cell_integer(r->as_of.missed),
		cell_integer(r->unclassified),
		cell_text(r->reason),
		cell_text(r->note),
		cell_text(r->who),
		cell_text(r->name_zh),
		cell_text(r->name_en),
		cell_text(r->role),
		cell_bytes(a->frame.epoch, sizeof(a->frame.epoch)),
		cell_integer(r->seq),
		cell_bytes(a->frame.hash, sizeof(a->frame.hash)),
		cell_integer(r->time_utc_ms),
		cell_text(r->data_sha256),
		cell_text(r->document_sha256),
	};
	memcpy(out, cells, sizeof(cells));
}

static int
put_row(struct append *a, const struct revision *r)
{
	struct cell cells[1 + REVISION_SIGNED_CELLS + 3];
	uint8_t signature[SEAL_SIGNATURE];
	cells[0] = cell_text("watchroom-report");
	signed_cells(a, r, cells + 1);
	seal_sign(a->key, cells, 1 + REVISION_SIGNED_CELLS, signature);
	struct cell *more = cells + 1 + REVISION_SIGNED_CELLS;
	more[0] = cell_bytes(a->key->public_key, sizeof(a->key->public_key));
	more[1] = cell_bytes(signature, sizeof(signature));
	more[2] = cell_text(r->document);
	int rc = SQLITE_OK;
	for (int i = 1; i < 1 + REVISION_SIGNED_CELLS + 3 && rc == SQLITE_OK; i++)
		rc = cell_bind(a->st[AP_REVISION], i, &cells[i]);
	return rc == SQLITE_OK ? append_run(a, AP_REVISION) : rc;
}

int
revision_seal(struct append *a, struct revision *r, const struct event *e)
{
	struct store_anchor anchor;
	if (a->key == NULL)
		return SQLITE_CONSTRAINT;
	r->seq = e->seq;
	r->time_utc_ms = e->time_utc_ms;
	int rc = anchor_append(a, e->time_utc_ms, &anchor);
	return rc == SQLITE_OK ? put_row(a, r) : rc;
}

bool
revision_bring(sqlite3 *journal, const char *from)
{
	return bring_rows(journal, from, "report_revision", "n, " REVISION_COLUMNS);
}
