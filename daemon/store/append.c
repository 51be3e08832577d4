// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See append.h. Runs in whichever thread owns the connection. The invariant that must
// survive a crash: seq follows seq and hash follows hash, because both are taken from
// the last row inside the same BEGIN IMMEDIATE that adds the next. It refuses to guess:
// any SQLite error ends the transaction and everything in it.
#include "store/append.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "store/anchor.h"
#include "store/boot.h"
#include "store/db.h"
#include "store/hex.h"
#include "store/revision_impl.h"
#include "store/rows.h"

enum {
	LATE_MS = 1000, // DESIGN I5: the store then counts as degraded
	CLOCK_UNITS = 64,
	LATE_MARK = 48
};

#define PARAM(name) "json_extract(?4, '$." name "')"
static const char commission_sql[] =
    "INSERT INTO commission (epoch, seq, time_utc_ms, point, verdict, expected, "
    "at_panel, here, here_seq, who, note, wiring, config_rev) VALUES (?6, ?1, ?2, "
    "?5, " PARAM("verdict") ", " PARAM("expected") ", " PARAM("at_panel") ", " PARAM(
	"here") ", " PARAM("here_seq") ", ?3, " PARAM("note") ", " PARAM("wiring") ", "
										   "?7"
										   ")";
static const char commission_walk_sql[] =
    "INSERT INTO commission_walk (seq, time_utc_ms, step, scope, target, who) "
    "VALUES (?1, ?2, ?5, " PARAM("scope") ", " PARAM("target") ", ?3)";
#undef PARAM

static const char *const fixed_sql[AP_COUNT] = {
	[AP_TAIL] =
	    "SELECT seq, hash, time_utc_ms FROM event ORDER BY seq DESC LIMIT 1",
	[AP_ONSET_SEQ] = "SELECT seq FROM event WHERE occurrence_id = ?1 "
			 "AND kind IN ('alarm.onset', 'alarm.carry') "
			 "ORDER BY seq DESC LIMIT 1",
	[AP_ALARM_CLASS] = "SELECT class FROM alarm_open WHERE point = ?1 "
			   "AND condition = ?2 AND code = ?3",
	[AP_ALARM_DELETE] = "DELETE FROM alarm_open WHERE point = ?1 "
			    "AND condition = ?2 AND code = ?3",
	[AP_ANCHOR] = "INSERT INTO anchor (" ANCHOR_COLUMNS ") "
		      "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[AP_META] = "INSERT INTO meta (key, value) VALUES (?1, ?2) "
		    "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
	[AP_FLAG_DELETE] = "DELETE FROM flag WHERE flag = ?1 AND target = ?2 "
			   "AND condition = ?3",
	[AP_BLOCK] =
	    "INSERT INTO event_block (block, min_utc_ms, max_utc_ms, last_seq) "
	    "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (block) DO UPDATE SET "
	    "min_utc_ms = min(min_utc_ms, excluded.min_utc_ms), "
	    "max_utc_ms = max(max_utc_ms, excluded.max_utc_ms), "
	    "last_seq = excluded.last_seq",
	[AP_ALARM_DAY] =
	    "INSERT INTO alarm_day (day, class, point, condition, code, onsets, "
	    "clears, "
	    "acknowledged, tests) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) "
	    "ON CONFLICT DO UPDATE SET onsets = onsets + excluded.onsets, "
	    "clears = clears + excluded.clears, "
	    "acknowledged = acknowledged + excluded.acknowledged, "
	    "tests = tests + excluded.tests",
	[AP_CLASS_DAY] =
	    "INSERT INTO class_day (day, class, onsets, clears, acknowledged, tests, "
	    "open) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
	    "ON CONFLICT DO UPDATE SET onsets = onsets + excluded.onsets, "
	    "clears = clears + excluded.clears, "
	    "acknowledged = acknowledged + excluded.acknowledged, "
	    "tests = tests + excluded.tests, open = excluded.open",
	[AP_COMMISSION] = commission_sql,
	[AP_COMMISSION_WALK] = commission_walk_sql,
	[AP_VERDICT] = verdict_sql,
	[AP_MISSED] = missed_sql,
	[AP_BLIND_WHOLE] = blind_whole_sql,
	[AP_BLIND_BEGIN] = blind_begin_sql,
	[AP_BLIND_END] = blind_end_sql,
	[AP_BLIND_DOWN] = blind_down_sql,
	[AP_REVISION] = revision_sql,
	[AP_REVISION_LAST] = revision_last_sql,
};

static int
prepare(struct append *a, enum append_statement s, const char *sql)
{
	return sqlite3_prepare_v3(
	    a->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &a->st[s], NULL);
}

static int
prepare_all(struct append *a)
{
	char sql[2048];
	int rc = SQLITE_OK;
	for (unsigned i = 0; i < AP_COUNT && rc == SQLITE_OK; i++) {
		if (fixed_sql[i] != NULL)
			rc = prepare(a, (enum append_statement)i, fixed_sql[i]);
	}
	(void)snprintf(sql, sizeof(sql), "INSERT OR FAIL INTO event (%s) VALUES (%s)",
	    event_row_names, event_row_parameters);
	if (rc == SQLITE_OK)
		rc = prepare(a, AP_EVENT, sql);
	(void)snprintf(sql, sizeof(sql), "REPLACE INTO alarm_open (%s) VALUES (%s)",
	    alarm_row_names, alarm_row_parameters);
	if (rc == SQLITE_OK)
		rc = prepare(a, AP_ALARM_PUT, sql);
	(void)snprintf(sql, sizeof(sql), "REPLACE INTO flag (%s) VALUES (%s)",
	    flag_row_names, flag_row_parameters);
	if (rc == SQLITE_OK)
		rc = prepare(a, AP_FLAG_PUT, sql);
	(void)snprintf(sql, sizeof(sql),
	    "INSERT INTO outbox (%s) VALUES (%s) ON CONFLICT (id) DO UPDATE SET "
	    "state = excluded.state, attempts = excluded.attempts, "
	    "next_utc_ms = excluded.next_utc_ms, repeated = excluded.repeated, "
	    "saved = excluded.saved",
	    notice_row_names, notice_row_parameters);
	if (rc == SQLITE_OK)
		rc = prepare(a, AP_NOTICE, sql);
	return rc;
}

int
append_open(struct append *a, sqlite3 *db, const struct day_rule *rule)
{
	char epoch[2 * EPOCH_BYTES + 1];
	*a = (struct append){ .db = db, .rule = rule };
	if (!db_meta(db, "epoch", epoch, sizeof(epoch)) ||
	    !hex_decode(epoch, a->frame.epoch, EPOCH_BYTES))
		return SQLITE_CORRUPT;
	boot_id(a->frame.boot_id);
	a->rollup.open_stale = true;
	a->rollup.block = -1;
	int rc = prepare_all(a);
	if (rc != SQLITE_OK)
		append_close(a);
	return rc;
}

void
append_close(struct append *a)
{
	for (unsigned i = 0; i < AP_COUNT; i++) {
		(void)sqlite3_finalize(a->st[i]);
		a->st[i] = NULL;
	}
	rollup_free(a);
}

int
append_run(struct append *a, enum append_statement s)
{
	int rc = sqlite3_step(a->st[s]);
	(void)sqlite3_reset(a->st[s]);
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static int
read_tail(struct append *a)
{
	sqlite3_stmt *st = a->st[AP_TAIL];
	int rc = sqlite3_step(st);
	a->frame.seq = 0;
	memset(a->frame.hash, 0, sizeof(a->frame.hash));
	if (rc == SQLITE_ROW) {
		a->frame.seq = sqlite3_column_int64(st, 0);
		const void *hash = sqlite3_column_blob(st, 1);
		if (hash != NULL && sqlite3_column_bytes(st, 1) == CHAIN_HASH)
			memcpy(a->frame.hash, hash, CHAIN_HASH);
		else
			rc = SQLITE_CORRUPT;
		a->last_utc_ms = sqlite3_column_int64(st, 2);
	}
	(void)sqlite3_reset(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int
append_begin(struct append *a)
{
	a->units = 0;
	int rc = db_exec(a->db, "BEGIN IMMEDIATE");
	if (rc == SQLITE_OK)
		rc = read_tail(a);
	if (rc == SQLITE_OK && a->rollup.open_stale)
		rc = rollup_load(a);
	a->begun_seq = a->frame.seq;
	a->committing = false;
	return rc;
}

int
append_event(struct append *a, struct event *e, const char *config_rev)
{
	struct event_frame *f = &a->frame;
	struct cell cells[COL_COUNT];
	memcpy(f->prev_hash, f->hash, sizeof(f->prev_hash));
	(void)str_copy(f->config_rev, sizeof(f->config_rev), config_rev);
	f->seq++;
	event_row_cells(e, f, cells);
	int rc = SQLITE_OK;
	for (int i = 0; i < COL_COUNT && rc == SQLITE_OK; i++)
		rc = cell_bind(a->st[AP_EVENT], i + 1, &cells[i]);
	if (rc == SQLITE_OK)
		rc = append_run(a, AP_EVENT);
	if (rc != SQLITE_OK)
		return rc;
	e->seq = f->seq;
	a->last_utc_ms = e->time_utc_ms;
	rc = commission_append(a, e);
	if (rc == SQLITE_OK)
		rc = verdict_append(a, e);
	if (rc == SQLITE_OK)
		rc = blind_append(a, e);
	return rc == SQLITE_OK ? rollup_event(a, e) : rc;
}

// Seq of the newest onset of an occurrence, or of where it was carried over; 0 where
// there is none.
static int
onset_seq(struct append *a, const char *occurrence_id, int64_t *seq)
{
	sqlite3_stmt *st = a->st[AP_ONSET_SEQ];
	int rc = sqlite3_bind_text(st, 1, occurrence_id, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	*seq = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
	(void)sqlite3_reset(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int
bind_key(sqlite3_stmt *st, const struct alarm_row *row)
{
	int rc = sqlite3_bind_text(st, 1, row->point, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(
		    st, 2, condition_name(row->condition), -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(st, 3, row->code, -1, SQLITE_STATIC);
	return rc;
}

// Class of the row as it stands; *was is CLASS_COUNT where there is none.
static int
standing_class(struct append *a, const struct alarm_row *row, enum alarm_class *was)
{
	sqlite3_stmt *st = a->st[AP_ALARM_CLASS];
	*was = CLASS_COUNT;
	int rc = bind_key(st, row);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	const char *name =
	    rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
	if (name != NULL && !class_from_name(name, was))
		*was = CLASS_COUNT;
	(void)sqlite3_reset(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int
put_alarm(struct append *a, const struct alarm_row *row)
{
	struct alarm_row copy = *row;
	int rc = SQLITE_OK;
	if (copy.onset_seq == 0 && copy.occurrence_id[0] != '\0')
		rc = onset_seq(a, copy.occurrence_id, &copy.onset_seq);
	if (rc == SQLITE_OK)
		rc = alarm_row_bind(a->st[AP_ALARM_PUT], &copy);
	return rc == SQLITE_OK ? append_run(a, AP_ALARM_PUT) : rc;
}

static int
delete_alarm(struct append *a, const struct alarm_row *row)
{
	int rc = bind_key(a->st[AP_ALARM_DELETE], row);
	return rc == SQLITE_OK ? append_run(a, AP_ALARM_DELETE) : rc;
}

int
append_alarm(struct append *a, const struct alarm_row *row)
{
	enum alarm_class was, now = row->close ? CLASS_COUNT : row->alarm_class;
	int rc = standing_class(a, row, &was);
	if (rc == SQLITE_OK)
		rc = row->close ? delete_alarm(a, row) : put_alarm(a, row);
	if (rc == SQLITE_OK && was != now && was != CLASS_COUNT)
		rc = rollup_open(a, was, -1);
	if (rc == SQLITE_OK && was != now && now != CLASS_COUNT)
		rc = rollup_open(a, now, 1);
	return rc;
}

int
append_notice(struct append *a, const struct notice *n)
{
	int64_t seq = n->subject.seq;
	int rc = SQLITE_OK;
	if (seq == 0 && n->subject.occurrence_id[0] != '\0')
		rc = onset_seq(a, n->subject.occurrence_id, &seq);
	if (rc == SQLITE_OK)
		rc = notice_row_bind(a->st[AP_NOTICE], n, seq);
	return rc == SQLITE_OK ? append_run(a, AP_NOTICE) : rc;
}

int
append_meta(struct append *a, const struct meta_row *m)
{
	int rc = sqlite3_bind_text(a->st[AP_META], 1, m->key, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(a->st[AP_META], 2, m->value, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = append_run(a, AP_META);
	// Each minute: so that a day without events has its row.
	if (rc == SQLITE_OK && a->rule != NULL && strcmp(m->key, STORE_META_ALIVE) == 0)
		rc = rollup_day(a, strtoll(m->value, NULL, 10));
	return rc;
}

static int
append_flag(struct append *a, const struct flag_row *row)
{
	enum append_statement s = row->end ? AP_FLAG_DELETE : AP_FLAG_PUT;
	int rc = row->end ? flag_key_bind(a->st[s], &row->entry)
			  : flag_row_bind(a->st[s], &row->entry);
	return rc == SQLITE_OK ? append_run(a, s) : rc;
}

// What an event that waited in memory for the disk says of it, put at the end of the
// parameters of its row. Returns the bytes added, 0 where there is no room.
static size_t
mark_late(struct event *e, int64_t late_ms)
{
	size_t len = strlen(e->params);
	char mark[LATE_MARK];
	bool empty = len <= 2; // "" or "{}"
	int n = snprintf(mark, sizeof(mark), "%s\"late_ms\":%lld}", empty ? "{" : ",",
	    (long long)late_ms);
	size_t at = empty ? 0 : len - 1;
	if (at + (size_t)n >= sizeof(e->params))
		return 0;
	memcpy(e->params + at, mark, (size_t)n + 1);
	return at + (size_t)n - len;
}

// The mark is of this attempt: the unit's own event goes on without it.
static int
append_late(struct append *a, struct event *e, const struct unit *u, int64_t waited_ms)
{
	size_t len = strlen(e->params);
	char two[3];
	(void)str_copy(two, sizeof(two), len <= 2 ? e->params : "");
	size_t added = mark_late(e, waited_ms);
	int rc = append_event(a, e, u->config_rev);
	if (added == 0)
		return rc;
	if (len <= 2)
		memcpy(e->params, two, len + 1);
	else
		memcpy(e->params + len - 1, "}", 2);
	return rc;
}

// How long the unit has waited. The clock is asked once in a few units: the question
// costs more than a row.
static int64_t
waited(struct append *a, const struct unit *u)
{
	if (a->units++ % CLOCK_UNITS == 0)
		a->now_ms = db_now_ms();
	return u->real_ms != 0 ? a->now_ms - u->real_ms : 0;
}

static int
append_one(struct append *a, struct event *e, const struct unit *u, int64_t waited_ms)
{
	struct revision *signs = e->kind == EVENT_REPORT_SIGN ? u->revision : NULL;
	int rc = signs != NULL ? revision_number(a, signs, e) : SQLITE_OK;
	if (rc == SQLITE_OK)
		rc = waited_ms >= LATE_MS ? append_late(a, e, u, waited_ms)
					  : append_event(a, e, u->config_rev);
	return rc == SQLITE_OK && signs != NULL ? revision_seal(a, signs, e) : rc;
}

int
append_unit(struct append *a, struct unit *u)
{
	struct event *events = u->events.data;
	const struct alarm_row *alarms = u->alarms.data;
	const struct notice *notices = u->notices.data;
	const struct meta_row *metas = u->metas.data;
	const struct flag_row *flags = u->flags.data;
	int64_t waited_ms = waited(a, u);
	int rc = SQLITE_OK;
	for (size_t i = 0; i < u->events.n && rc == SQLITE_OK; i++)
		rc = append_one(a, &events[i], u, waited_ms);
	for (size_t i = 0; i < u->alarms.n && rc == SQLITE_OK; i++)
		rc = append_alarm(a, &alarms[i]);
	for (size_t i = 0; i < u->notices.n && rc == SQLITE_OK; i++)
		rc = append_notice(a, &notices[i]);
	for (size_t i = 0; i < u->metas.n && rc == SQLITE_OK; i++)
		rc = append_meta(a, &metas[i]);
	for (size_t i = 0; i < u->flags.n && rc == SQLITE_OK; i++)
		rc = append_flag(a, &flags[i]);
	if (rc == SQLITE_OK && u->anchor != NULL)
		rc = anchor_append(a, u->upkeep_utc_ms, u->anchor);
	if (rc == SQLITE_OK && u->order.most > 0)
		rc = cut_append(a, &u->order, u->upkeep_utc_ms, &u->cut);
	return rc;
}

int
append_commit(struct append *a)
{
	int rc = rollup_flush(a);
	a->committing = rc == SQLITE_OK;
	return rc == SQLITE_OK ? db_exec(a->db, "COMMIT") : rc;
}

void
append_rollback(struct append *a)
{
	if (sqlite3_get_autocommit(a->db) == 0)
		(void)db_exec(a->db, "ROLLBACK");
	rollup_drop(a);
}
