// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Retention of events (anchor.h). Each transaction deletes a few and signs the row that
// they ended with, so that a crash at any instant leaves a chain that begins exactly at
// a signed cut. Figures of the days that go stay in the roll-ups; the ledger of
// commissioning stays whole. Runs in the writer thread. It refuses what people still
// need: onsets of open alarms, what a notice owed is about.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "store/anchor.h"
#include "store/db.h"

int
cut_last(sqlite3 *db, struct mark *out)
{
	sqlite3_stmt *st = NULL;
	*out = (struct mark){ 0 };
	int rc = sqlite3_prepare_v2(db,
	    "SELECT " CUT_COLUMNS " FROM cut ORDER BY last_seq DESC LIMIT 1", -1, &st,
	    NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW && !mark_read(st, true, out))
		out->seq = -1;
	(void)sqlite3_finalize(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

// The first seq that must stay.
static int
first_kept(const struct append *a, int64_t *seq)
{
	static const char *const needs[] = {
		"SELECT min(onset_seq) FROM alarm_open WHERE onset_seq > 0",
		"SELECT min(e.seq) FROM alarm_open a CROSS JOIN event e "
		"ON e.occurrence_id = a.occurrence_id",
		"SELECT min(e.seq) FROM alarm_open a CROSS JOIN event e "
		"ON e.occurrence_id = a.incident_id",
		"SELECT min(subject_seq) FROM outbox WHERE state = 'owed'",
		"SELECT min(e.seq) FROM outbox o CROSS JOIN event e "
		"ON e.occurrence_id = o.subject_occurrence_id WHERE o.state = 'owed'",
	};
	int rc = SQLITE_OK;
	*seq = a->frame.seq;
	for (unsigned i = 0; i < sizeof(needs) / sizeof(needs[0]) && rc == SQLITE_OK;
	     i++) {
		int64_t need;
		rc = db_integer(a->db, needs[i], INT64_MAX, &need);
		if (need < *seq)
			*seq = need;
	}
	return rc;
}

// Before which moment this run deletes: whole recorded days only, so that no day keeps
// a part of its events.
static int
choose_end(
    struct append *a, const struct cut_order *o, int64_t first_seq, int64_t *before)
{
	int64_t oldest;
	sqlite3_stmt *st = NULL;
	*before = o->before_utc_ms;
	if (*before != 0)
		return SQLITE_OK;
	char *sql = xasprintf(
	    "SELECT time_utc_ms FROM event WHERE seq = %lld", (long long)first_seq);
	int rc = db_integer(a->db, sql, o->limit_utc_ms, &oldest);
	free(sql);
	*before = oldest < o->limit_utc_ms ? day_month(a->rule, oldest, 1) : oldest;
	if (*before > o->limit_utc_ms)
		*before = o->limit_utc_ms;
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(a->db,
		    "SELECT from_ms FROM day WHERE from_ms <= ?1 AND to_ms > ?1", -1,
		    &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(st, 1, *before);
	if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
		*before = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

// The run of events that may go, into *m. A time that lies ahead of now was stamped by
// a wrong clock and holds up nothing.
static int
gather(struct append *a, unsigned most, int64_t now_utc_ms, struct mark *m, bool *more)
{
	int64_t kept, base = m->seq;
	unsigned n = 0;
	sqlite3_stmt *st = NULL;
	*more = false;
	int rc = first_kept(a, &kept);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(a->db,
		    "SELECT seq, hash, time_utc_ms, epoch FROM event NOT INDEXED "
		    "WHERE seq > ?1 ORDER BY seq",
		    -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(st, 1, base);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		*more = n == most;
		if (*more || (rc = sqlite3_step(st)) != SQLITE_ROW)
			break;
		int64_t seq = sqlite3_column_int64(st, 0);
		int64_t utc_ms = sqlite3_column_int64(st, 2);
		if (seq >= kept || (utc_ms >= m->before_utc_ms && utc_ms <= now_utc_ms))
			break;
		const void *hash = sqlite3_column_blob(st, 1);
		if (hash == NULL || sqlite3_column_bytes(st, 1) != CHAIN_HASH)
			rc = SQLITE_CORRUPT;
		else
			memcpy(m->hash, hash, CHAIN_HASH);
		const void *epoch = sqlite3_column_blob(st, 3);
		if (epoch == NULL || sqlite3_column_bytes(st, 3) != EPOCH_BYTES)
			rc = SQLITE_CORRUPT;
		else
			memcpy(m->epoch, epoch, EPOCH_BYTES);
		if (m->events == 0 || utc_ms < m->from_utc_ms)
			m->from_utc_ms = utc_ms;
		if (m->events == 0 || utc_ms > m->to_utc_ms)
			m->to_utc_ms = utc_ms;
		m->events++;
		m->seq = seq;
		n++;
	}
	(void)sqlite3_finalize(st);
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static int
put_cut(sqlite3 *db, const struct mark *m)
{
	sqlite3_stmt *st = NULL;
	const struct cell cells[] = {
		cell_bytes(m->epoch, sizeof(m->epoch)),
		cell_integer(m->seq),
		cell_bytes(m->hash, sizeof(m->hash)),
		cell_integer(m->time_utc_ms),
		cell_bytes(m->public_key, sizeof(m->public_key)),
		cell_bytes(m->signature, sizeof(m->signature)),
		cell_integer(m->before_utc_ms),
		cell_integer(m->events),
		cell_integer(m->from_utc_ms),
		cell_integer(m->to_utc_ms),
	};
	int rc = sqlite3_prepare_v2(db,
	    "INSERT INTO cut (" CUT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
	    "?8, ?9, ?10) ON CONFLICT (before_utc_ms) DO UPDATE SET "
	    "epoch = excluded.epoch, last_seq = excluded.last_seq, "
	    "hash = excluded.hash, time_utc_ms = excluded.time_utc_ms, "
	    "public_key = excluded.public_key, signature = excluded.signature, "
	    "events = excluded.events, from_utc_ms = excluded.from_utc_ms, "
	    "to_utc_ms = excluded.to_utc_ms",
	    -1, &st, NULL);
	for (int i = 0; i < 10 && rc == SQLITE_OK; i++)
		rc = cell_bind(st, i + 1, &cells[i]);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	(void)sqlite3_finalize(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int
delete_rows(sqlite3 *db, int64_t last_seq)
{
	static const char *const deletes[] = {
		"DELETE FROM event WHERE seq <= ?1",
		"DELETE FROM event_block WHERE last_seq <= ?1",
		"DELETE FROM outbox WHERE subject_seq <= ?1 AND state <> 'owed'",
	};
	int rc = SQLITE_OK;
	for (unsigned i = 0; i < 3 && rc == SQLITE_OK; i++) {
		sqlite3_stmt *st = NULL;
		rc = sqlite3_prepare_v2(db, deletes[i], -1, &st, NULL);
		if (rc == SQLITE_OK)
			rc = sqlite3_bind_int64(st, 1, last_seq);
		if (rc == SQLITE_OK)
			rc = sqlite3_step(st);
		(void)sqlite3_finalize(st);
		rc = rc == SQLITE_DONE ? SQLITE_OK : rc;
	}
	return rc == SQLITE_OK ? db_exec(db, "PRAGMA incremental_vacuum(256)") : rc;
}

int
cut_append(struct append *a, const struct cut_order *order, int64_t now_utc_ms,
    struct cut_done *out)
{
	struct mark m;
	*out = (struct cut_done){ 0 };
	if (a->key == NULL || a->rule == NULL)
		return SQLITE_OK;
	int rc = cut_last(a->db, &m);
	if (rc != SQLITE_OK || m.seq < 0)
		return rc != SQLITE_OK ? rc : SQLITE_CORRUPT;
	int64_t before, was = m.before_utc_ms, base = m.seq;
	rc = choose_end(a, order, base + 1, &before);
	if (was != before)
		m.events = 0; // a row of its own
	m.before_utc_ms = before;
	int64_t events = m.events;
	if (rc == SQLITE_OK)
		rc = gather(a, order->most, now_utc_ms, &m, &out->more);
	out->before_utc_ms = before;
	out->last_seq = m.seq;
	out->events = m.events - events;
	if (rc != SQLITE_OK || out->events == 0)
		return rc;
	m.time_utc_ms = now_utc_ms;
	mark_sign(&m, true, a->key);
	rc = put_cut(a->db, &m);
	return rc == SQLITE_OK ? delete_rows(a->db, m.seq) : rc;
}
