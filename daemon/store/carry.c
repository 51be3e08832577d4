// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See carry.h. The old file is only read. Its numbers mean nothing in the new one,
// where counting begins anew: what names an onset by its seq is given that of the
// alarm.carry event, which has the place as it was then. Runs where the journal is
// opened, or in the writer thread. It refuses to pass over in silence what it cannot
// read.
#include "store/carry.h"

#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "store/db.h"
#include "store/hex.h"
#include "store/journal.h"
#include "store/recover.h"

static void
put_params(struct event *e, struct buf *b)
{
	json_close(b, '}');
	if (!str_copy(e->params, sizeof(e->params), b->data))
		e->params[0] = '\0'; // half an object is none
	buf_free(b);
}

// Hash of the last event that could be read: the new chain says where the old one
// ended.
static void
old_head(sqlite3 *old, int64_t seq, char hex[static 2 * CHAIN_HASH + 1])
{
	sqlite3_stmt *st = NULL;
	hex[0] = '\0';
	if (sqlite3_prepare_v2(old, "SELECT hash FROM event WHERE seq = ?1", -1, &st,
		NULL) == SQLITE_OK) {
		(void)sqlite3_bind_int64(st, 1, seq);
		if (sqlite3_step(st) == SQLITE_ROW &&
		    sqlite3_column_bytes(st, 0) == CHAIN_HASH)
			hex_encode(sqlite3_column_blob(st, 0), CHAIN_HASH, hex);
	}
	(void)sqlite3_finalize(st);
}

static void
unread_names(struct buf *b, const struct salvaged *all, const struct brought *more)
{
	const struct {
		bool whole;
		const char *name;
	} parts[] = { { all->tail, "events" }, { all->alarms, "alarms" },
		{ all->notices, "notices" }, { all->settings, "settings" },
		{ more->people, "people" }, { more->flags, "flags" },
		{ more->verdicts, "verdicts" }, { more->missed, "missed" },
		{ more->commissioning, "commissioning" }, { more->blind, "blind" },
		{ more->reports, "reports" } };
	json_open(b, "unread", '[');
	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!parts[i].whole)
			json_str(b, NULL, parts[i].name);
	}
	json_close(b, ']');
}

static int
append_head(struct append *a, sqlite3 *old, const struct recovered *r,
    const struct salvaged *all, const struct carry_origin *from)
{
	char head[2 * CHAIN_HASH + 1] = "";
	struct event e;
	struct buf b = { 0 };
	event_init(&e, EVENT_JOURNAL_CARRY);
	tool_stamp(&e, from->now_utc_ms);
	e.alarm_class = CLASS_SYSTEM;
	if (old != NULL)
		old_head(old, r->last_seq, head);
	json_open(&b, NULL, '{');
	json_str(&b, "from", from->aside);
	json_str(&b, "why", from->why);
	json_str(&b, "epoch", r->epoch);
	json_int(&b, "last_seq", r->last_seq);
	json_str(&b, "hash", head);
	json_int(&b, "last_utc_ms", r->last_utc_ms);
	json_int(&b, "alarms", (int64_t)r->n_alarms);
	json_int(&b, "notices", (int64_t)r->n_notices);
	json_int(&b, "settings", (int64_t)r->n_metas);
	unread_names(&b, all, &from->brought);
	put_params(&e, &b);
	return append_event(a, &e, "");
}

// The place as the old journal has it.
static void
old_place(sqlite3_stmt *st, int64_t seq, struct event *e)
{
	if (st == NULL || seq == 0)
		return;
	(void)sqlite3_bind_int64(st, 1, seq);
	if (sqlite3_step(st) == SQLITE_ROW) {
		const char *zh = (const char *)sqlite3_column_text(st, 0);
		const char *en = (const char *)sqlite3_column_text(st, 1);
		(void)str_copy(e->place_zh, sizeof(e->place_zh), zh != NULL ? zh : "");
		(void)str_copy(e->place_en, sizeof(e->place_en), en != NULL ? en : "");
	}
	(void)sqlite3_reset(st);
}

static void
describe(const struct alarm_row *r, int64_t now_utc_ms, struct event *e)
{
	struct buf b = { 0 };
	event_init(e, EVENT_ALARM_CARRY);
	tool_stamp(e, now_utc_ms);
	(void)str_copy(e->point, sizeof(e->point), r->point);
	(void)str_copy(e->code, sizeof(e->code), r->code);
	(void)str_copy(e->incident_id, sizeof(e->incident_id), r->incident_id);
	(void)str_copy(e->occurrence_id, sizeof(e->occurrence_id), r->occurrence_id);
	e->condition = (int)r->condition;
	e->alarm_class = (int)r->alarm_class;
	e->value = r->value;
	json_open(&b, NULL, '{');
	json_str(&b, "state", alarm_state_name(r->state));
	json_int(&b, "raised_utc_ms", r->raised_utc_ms);
	json_int(&b, "first_utc_ms", r->first_utc_ms);
	json_int(&b, "occurrences", r->occurrences);
	if (r->acknowledged_by[0] != '\0') {
		json_str(&b, "acknowledged_by", r->acknowledged_by);
		json_int(&b, "acknowledged_utc_ms", r->acknowledged_utc_ms);
	}
	if (r->first_out)
		json_bool(&b, "first_out", true);
	json_int(&b, "old_seq", r->onset_seq);
	if (r->test_onset)
		json_bool(&b, "test", true);
	put_params(e, &b);
}

// An alarm that began its incident is known by the incident's name (recover.c).
static int
append_one(struct append *a, sqlite3_stmt *place, const struct alarm_row *r,
    int64_t now_utc_ms)
{
	struct alarm_row row = *r;
	struct event e;
	int rc = SQLITE_OK;
	describe(r, now_utc_ms, &e);
	old_place(place, r->onset_seq, &e);
	if (r->first_out && strcmp(r->incident_id, r->occurrence_id) != 0) {
		struct event first = e;
		memcpy(first.occurrence_id, r->incident_id, sizeof(r->incident_id));
		rc = append_event(a, &first, "");
	}
	if (rc == SQLITE_OK)
		rc = append_event(a, &e, "");
	row.onset_seq = 0;
	return rc == SQLITE_OK ? append_alarm(a, &row) : rc;
}

static int
append_all(
    struct append *a, sqlite3 *old, const struct recovered *r, int64_t now_utc_ms)
{
	sqlite3_stmt *place = NULL;
	int rc = SQLITE_OK;
	if (old != NULL)
		(void)sqlite3_prepare_v2(old,
		    "SELECT place_zh, place_en FROM event WHERE seq = ?1", -1, &place,
		    NULL);
	for (size_t i = 0; i < r->n_alarms && rc == SQLITE_OK; i++)
		rc = append_one(a, place, &r->alarms[i], now_utc_ms);
	(void)sqlite3_finalize(place);
	for (size_t i = 0; i < r->n_notices && rc == SQLITE_OK; i++) {
		struct notice n = r->notices[i];
		n.subject.seq = 0;
		rc = append_notice(a, &n);
	}
	for (size_t i = 0; i < r->n_metas && rc == SQLITE_OK; i++)
		rc = append_meta(a, &r->metas[i]);
	return rc;
}

static bool
is_whole(const struct brought *b)
{
	return b->people && b->flags && b->verdicts && b->missed && b->commissioning &&
	       b->blind && b->reports;
}

int
carry_over(struct append *a, const struct carry_origin *from, struct carried *out)
{
	struct fault fault = { 0 };
	struct recovered r = { 0 };
	struct salvaged all = { 0 };
	sqlite3 *old = NULL;
	if (db_open_read(from->path, &old, &fault) == SQLITE_OK)
		recover_salvage(old, &r, &all);
	int rc = append_begin(a);
	if (rc == SQLITE_OK)
		rc = append_head(a, old, &r, &all, from);
	if (rc == SQLITE_OK)
		rc = append_all(a, old, &r, from->now_utc_ms);
	if (rc == SQLITE_OK)
		rc = append_commit(a);
	if (rc != SQLITE_OK)
		append_rollback(a);
	*out = (struct carried){
		.whole = all.alarms && all.notices && all.settings &&
			 is_whole(&from->brought),
		.last_utc_ms = r.last_utc_ms,
		.last_mono_ms = r.last_mono_ms,
		.same_boot = r.same_boot,
		.clean_stop = r.clean_stop,
	};
	log_warnx("store",
	    "%zu open alarms, %zu notices and %zu settings were carried over from %s%s",
	    r.n_alarms, r.n_notices, r.n_metas, from->aside,
	    out->whole ? "" : "; NOT ALL COULD BE READ");
	recover_free(&r);
	db_close(old);
	return rc;
}
