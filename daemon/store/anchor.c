// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See anchor.h. An anchor is written by the writer thread in a transaction of its own
// unit, so what it signs is durable with it or not at all. It refuses to sign nothing:
// an empty journal has no head.
#include "store/anchor.h"

#include <string.h>

#include "store/hex.h"
#include "store/reader.h"

enum {
	ANCHOR_CELLS = 5,
	CUT_CELLS = 9
};

static size_t
signed_cells(const struct mark *m, bool cut, struct cell out[static CUT_CELLS])
{
	out[0] = cell_text(cut ? "watchroom-cut" : "watchroom-anchor");
	out[1] = cell_bytes(m->epoch, sizeof(m->epoch));
	out[2] = cell_integer(m->seq);
	out[3] = cell_bytes(m->hash, sizeof(m->hash));
	out[4] = cell_integer(m->time_utc_ms);
	if (!cut)
		return ANCHOR_CELLS;
	out[5] = cell_integer(m->before_utc_ms);
	out[6] = cell_integer(m->events);
	out[7] = cell_integer(m->from_utc_ms);
	out[8] = cell_integer(m->to_utc_ms);
	return CUT_CELLS;
}

static bool
read_bytes(sqlite3_stmt *st, int column, void *out, int len)
{
	const void *data = sqlite3_column_blob(st, column);
	if (data == NULL || sqlite3_column_bytes(st, column) != len)
		return false;
	memcpy(out, data, (size_t)len);
	return true;
}

bool
mark_read(sqlite3_stmt *st, bool cut, struct mark *out)
{
	*out = (struct mark){ 0 };
	out->seq = sqlite3_column_int64(st, 1);
	out->time_utc_ms = sqlite3_column_int64(st, 3);
	if (cut) {
		out->before_utc_ms = sqlite3_column_int64(st, 6);
		out->events = sqlite3_column_int64(st, 7);
		out->from_utc_ms = sqlite3_column_int64(st, 8);
		out->to_utc_ms = sqlite3_column_int64(st, 9);
	}
	return read_bytes(st, 0, out->epoch, sizeof(out->epoch)) &&
	       read_bytes(st, 2, out->hash, sizeof(out->hash)) &&
	       read_bytes(st, 4, out->public_key, sizeof(out->public_key)) &&
	       read_bytes(st, 5, out->signature, sizeof(out->signature));
}

bool
mark_genuine(const struct mark *m, bool cut)
{
	struct cell cells[CUT_CELLS];
	size_t n = signed_cells(m, cut, cells);
	return seal_check(m->public_key, cells, n, m->signature);
}

void
mark_sign(struct mark *m, bool cut, const struct seal_key *key)
{
	struct cell cells[CUT_CELLS];
	memcpy(m->public_key, key->public_key, sizeof(m->public_key));
	size_t n = signed_cells(m, cut, cells);
	seal_sign(key, cells, n, m->signature);
}

static void
show(const struct mark *m, struct store_anchor *out)
{
	out->seq = m->seq;
	out->time_utc_ms = m->time_utc_ms;
	hex_encode(m->epoch, sizeof(m->epoch), out->epoch);
	hex_encode(m->hash, sizeof(m->hash), out->hash);
	hex_encode(m->public_key, sizeof(m->public_key), out->public_key);
	hex_encode(m->signature, sizeof(m->signature), out->signature);
}

int
anchor_append(struct append *a, int64_t now_utc_ms, struct store_anchor *out)
{
	*out = (struct store_anchor){ 0 };
	if (a->key == NULL || a->frame.seq == 0)
		return SQLITE_OK;
	struct mark m = { .seq = a->frame.seq, .time_utc_ms = now_utc_ms };
	memcpy(m.epoch, a->frame.epoch, sizeof(m.epoch));
	memcpy(m.hash, a->frame.hash, sizeof(m.hash));
	mark_sign(&m, false, a->key);
	const struct cell cells[] = {
		cell_bytes(m.epoch, sizeof(m.epoch)),
		cell_integer(m.seq),
		cell_bytes(m.hash, sizeof(m.hash)),
		cell_integer(m.time_utc_ms),
		cell_bytes(m.public_key, sizeof(m.public_key)),
		cell_bytes(m.signature, sizeof(m.signature)),
	};
	int rc = SQLITE_OK;
	for (int i = 0; i < 6 && rc == SQLITE_OK; i++)
		rc = cell_bind(a->st[AP_ANCHOR], i + 1, &cells[i]);
	if (rc == SQLITE_OK)
		rc = append_run(a, AP_ANCHOR);
	if (rc == SQLITE_OK)
		show(&m, out);
	return rc;
}

int
query_anchor(struct reader *r, struct store_anchor *out, struct err *err)
{
	struct mark m = { 0 };
	reader_begin(r);
	*out = (struct store_anchor){ 0 };
	sqlite3_stmt *st = reader_prepare(r, r->journal,
	    "SELECT " ANCHOR_COLUMNS " FROM anchor ORDER BY n DESC LIMIT 1", err);
	if (st == NULL)
		return -1;
	int rc = sqlite3_step(st);
	bool found = rc == SQLITE_ROW && mark_read(st, false, &m);
	if (found)
		show(&m, out);
	if (reader_finish(r->journal, st, rc, err) != 0)
		return -1;
	return found ? 1 : 0;
}

int
query_anchors(struct reader *r, int64_t after, unsigned limit,
    bool (*row)(void *arg, const struct store_anchor *a), void *arg, struct err *err)
{
	int count = 0, rc;
	reader_begin(r);
	sqlite3_stmt *st = reader_prepare(r, r->journal,
	    "SELECT " ANCHOR_COLUMNS ", n FROM anchor WHERE n > ?1 ORDER BY n LIMIT ?2",
	    err);
	if (st == NULL)
		return -1;
	(void)sqlite3_bind_int64(st, 1, after);
	(void)sqlite3_bind_int64(st, 2, limit);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct mark m;
		struct store_anchor a = { 0 };
		if (mark_read(st, false, &m))
			show(&m, &a);
		a.n = sqlite3_column_int64(st, 6);
		count++;
		if (!row(arg, &a))
			break;
	}
	return reader_finish(r->journal, st, rc, err) == 0 ? count : -1;
}
