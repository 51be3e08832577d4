// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Questions of the day close (revision.h): what is signed, what nobody has judged yet,
// what came to be known since. Runs in the reader thread, or in a tool. Which alarms
// lie in a span is found by the blocks of events, as everywhere.
#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "store/db.h"
#include "store/hex.h"
#include "store/reader.h"
#include "store/revision_impl.h"

#define ALARM_COLUMNS                                                        \
  "o.seq, o.time_utc_ms, o.occurrence_id, o.point, o.place_zh, o.place_en, " \
  "o.condition, o.code, o.class"
enum {
	NAMES_SIZE = 200
};

static void
copy(sqlite3_stmt *st, int column, char *out, size_t size)
{
	const char *s = (const char *)sqlite3_column_text(st, column);
	(void)str_copy(out, size, s != NULL ? s : "");
}

static void
read_alarm(sqlite3_stmt *st, int from, struct day_alarm *a)
{
	*a = (struct day_alarm){ .seq = sqlite3_column_int64(st, from),
		.time_utc_ms = sqlite3_column_int64(st, from + 1) };
	copy(st, from + 2, a->occurrence, sizeof(a->occurrence));
	copy(st, from + 3, a->point, sizeof(a->point));
	copy(st, from + 4, a->place_zh, sizeof(a->place_zh));
	copy(st, from + 5, a->place_en, sizeof(a->place_en));
	copy(st, from + 6, a->condition, sizeof(a->condition));
	copy(st, from + 7, a->code, sizeof(a->code));
	copy(st, from + 8, a->alarm_class, sizeof(a->alarm_class));
}

// ---- revisions
// --------------------------------------------------------------------------

static void
read_hex(sqlite3_stmt *st, int column, char out[static REVISION_SHA256])
{
	const void *data = sqlite3_column_blob(st, column);
	out[0] = '\0';
	if (data != NULL && sqlite3_column_bytes(st, column) == REVISION_SHA256 / 2)
		hex_encode(data, REVISION_SHA256 / 2, out);
}

static void
read_revision(sqlite3_stmt *st, struct revision *r)
{
	const struct {
		int column;
		char *out;
		size_t size;
	} texts[] = {
		{ 0, r->report, sizeof(r->report) },
		{ 1, r->day, sizeof(r->day) },
		{ 9, r->reason, sizeof(r->reason) },
		{ 10, r->note, sizeof(r->note) },
		{ 11, r->who, sizeof(r->who) },
		{ 12, r->name_zh, sizeof(r->name_zh) },
		{ 13, r->name_en, sizeof(r->name_en) },
		{ 14, r->role, sizeof(r->role) },
		{ 19, r->data_sha256, sizeof(r->data_sha256) },
		{ 20, r->document_sha256, sizeof(r->document_sha256) },
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		copy(st, texts[i].column, texts[i].out, texts[i].size);
	r->revision = sqlite3_column_int64(st, 2);
	r->from_utc_ms = sqlite3_column_int64(st, 3);
	r->to_utc_ms = sqlite3_column_int64(st, 4);
	r->as_of.seq = sqlite3_column_int64(st, 5);
	r->as_of.verdict = sqlite3_column_int64(st, 6);
	r->as_of.missed = sqlite3_column_int64(st, 7);
	r->unclassified = sqlite3_column_int64(st, 8);
	r->seq = sqlite3_column_int64(st, 16);
	r->time_utc_ms = sqlite3_column_int64(st, 18);
	read_hex(st, 17, r->hash);
	read_hex(st, 21, r->public_key);
}

int
query_revision(struct reader *r, const struct revision_key *key, struct revision *out,
    struct err *err)
{
	*out = (struct revision){ 0 };
	reader_begin(r);
	sqlite3_stmt *st = reader_prepare(r, r->journal,
	    key->document
		? "SELECT " REVISION_COLUMNS " FROM report_revision WHERE report = ?1 "
		  "AND day = ?2 AND (?3 = 0 OR revision = ?3) ORDER BY revision DESC "
		  "LIMIT 1"
		: "SELECT " REVISION_SIGNED ", public_key FROM report_revision WHERE "
		  "report = ?1 AND day = ?2 AND (?3 = 0 OR revision = ?3) ORDER BY "
		  "revision DESC LIMIT 1",
	    err);
	if (st == NULL)
		return -1;
	(void)sqlite3_bind_text(st, 1, key->report, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 2, key->day, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 3, key->revision);
	int rc = sqlite3_step(st);
	bool found = rc == SQLITE_ROW;
	if (found)
		read_revision(st, out);
	if (found && key->document)
		out->document = xstrdup((const char *)sqlite3_column_text(st, 23));
	if (reader_finish(r->journal, st, rc, err) == 0)
		return found ? 1 : 0;
	revision_free(out);
	return -1;
}

int
query_as_of(struct reader *r, struct as_of *out, struct err *err)
{
	*out = (struct as_of){ 0 };
	reader_begin(r);
	sqlite3_stmt *st = reader_prepare(r, r->journal,
	    "SELECT (SELECT max(seq) FROM event), (SELECT max(n) FROM verdict), "
	    "(SELECT max(n) FROM missed)",
	    err);
	if (st == NULL)
		return -1;
	int rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		out->seq = sqlite3_column_int64(st, 0);
		out->verdict = sqlite3_column_int64(st, 1);
		out->missed = sqlite3_column_int64(st, 2);
	}
	return reader_finish(r->journal, st, rc, err);
}

// ---- alarms of a day
// ---------------------------------------------------------------------

// "'fire', 'prealarm', ..." of those that verdict_asked names.
static void
asked_names(char out[static NAMES_SIZE])
{
	out[0] = '\0';
	for (unsigned c = 0; c < CLASS_COUNT; c++) {
		size_t len = strlen(out);
		if (verdict_asked((enum alarm_class)c))
			(void)snprintf(out + len, NAMES_SIZE - len, "%s'%s'",
			    len > 0 ? ", " : "", class_name((enum alarm_class)c));
	}
}

static int
walk_alarms(
    struct reader *r, sqlite3_stmt *st, day_alarm_fn *row, void *arg, struct err *err)
{
	int rc, n = 0;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct day_alarm a;
		n++;
		if (row == NULL)
			continue;
		read_alarm(st, 0, &a);
		if (!row(arg, &a))
			row = NULL;
	}
	return reader_finish(r->journal, st, rc, err) == 0 ? n : -1;
}

int
query_unclassified(struct reader *r, const struct day_span *d, day_alarm_fn *row,
    void *arg, struct err *err)
{
	char sql[900], names[NAMES_SIZE];
	int64_t first, last;
	reader_begin(r);
	if (reader_seq_span(r, d->from_ms, d->to_ms, &first, &last, err) != 0)
		return -1;
	asked_names(names);
	(void)snprintf(sql, sizeof(sql),
	    "SELECT " ALARM_COLUMNS
	    " FROM event o INDEXED BY event_class WHERE o.seq >= ?1 AND "
	    "o.seq <= ?2 AND o.time_utc_ms >= ?3 AND o.time_utc_ms < ?4 AND "
	    "o.kind = 'alarm.onset' AND o.class IN (%s) AND "
	    "o.class IS NOT NULL AND "
	    "instr(coalesce(o.params, ''), '\"test\":true') = 0 AND "
	    "NOT EXISTS (SELECT 1 FROM verdict v WHERE v.occurrence_id = "
	    "o.occurrence_id) ORDER BY o.seq",
	    names);
	sqlite3_stmt *st = reader_prepare(r, r->journal, sql, err);
	if (st == NULL)
		return -1;
	(void)sqlite3_bind_int64(st, 1, first);
	(void)sqlite3_bind_int64(st, 2, last);
	(void)sqlite3_bind_int64(st, 3, d->from_ms);
	(void)sqlite3_bind_int64(st, 4, d->to_ms);
	return walk_alarms(r, st, row, arg, err);
}

int
query_still_open(struct reader *r, const struct day_span *d, day_alarm_fn *row,
    void *arg, struct err *err)
{
	reader_begin(r);
	sqlite3_stmt *st = reader_prepare(r, r->journal,
	    "SELECT a.onset_seq, a.raised_utc_ms, a.occurrence_id, a.point, "
	    "o.place_zh, "
	    "o.place_en, a.condition, nullif(a.code, ''), a.class FROM alarm_open a "
	    "LEFT JOIN event o ON o.seq = a.onset_seq WHERE a.first_utc_ms < ?1 AND "
	    "a.state IN ('unacknowledged', 'acknowledged', 'latched_unacknowledged', "
	    "'latched_acknowledged') ORDER BY a.first_utc_ms, a.point, a.condition, "
	    "a.code",
	    err);
	if (st == NULL)
		return -1;
	(void)sqlite3_bind_int64(st, 1, d->to_ms);
	return walk_alarms(r, st, row, arg, err);
}

// ---- what came later
// ---------------------------------------------------------------------

// Each: seq and time of what says so, before, after, who, then the alarm it is about.
static const char verdicts_since_sql[] =
    "SELECT v.seq, v.time_utc_ms, coalesce((SELECT b.verdict FROM verdict b WHERE "
    "b.occurrence_id = v.occurrence_id AND b.n <= ?1 ORDER BY b.n DESC LIMIT 1), "
    "'pending'), v.verdict, v.who, " ALARM_COLUMNS " FROM verdict v JOIN event o ON "
    "o.occurrence_id = v.occurrence_id AND o.kind = 'alarm.onset' WHERE v.n > ?1 AND "
    "o.time_utc_ms >= ?2 AND o.time_utc_ms < ?3 AND NOT EXISTS (SELECT 1 FROM verdict "
    "l WHERE l.occurrence_id = v.occurrence_id AND l.n > v.n) ORDER BY v.n";
static const char missed_since_sql[] =
    "SELECT m.seq, m.time_utc_ms, NULL, NULL, m.who, 0, m.happened_utc_ms, "
    "m.occurrence_id, m.point, m.place_zh, m.place_en, m.condition, NULL, NULL FROM "
    "missed m WHERE m.n > ?1 AND m.happened_utc_ms >= ?2 AND m.happened_utc_ms < ?3 "
    "ORDER BY m.n";
static const char late_since_sql[] =
    "SELECT o.seq, o.time_utc_ms, NULL, NULL, o.actor, " ALARM_COLUMNS " FROM event o "
    "NOT INDEXED WHERE o.seq > ?1 AND o.seq <= ?4 AND o.time_utc_ms >= ?2 AND "
    "o.time_utc_ms < ?3 AND o.kind IN ('alarm.onset', 'alarm.clear', "
    "'alarm.acknowledge') ORDER BY o.seq";

struct changes {
	struct reader *r;
	const struct day_span *day;
	int64_t last_seq;
	day_change_fn *row;
	void *arg;
};

static int
walk_changes(struct changes *c, const char *what, const char *sql, int64_t after,
    struct err *err)
{
	int rc, n = 0;
	sqlite3_stmt *st = reader_prepare(c->r, c->r->journal, sql, err);
	if (st == NULL)
		return -1;
	(void)sqlite3_bind_int64(st, 1, after);
	(void)sqlite3_bind_int64(st, 2, c->day->from_ms);
	(void)sqlite3_bind_int64(st, 3, c->day->to_ms);
	(void)sqlite3_bind_int64(st, 4, c->last_seq); // of one of them
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct day_change d = { .what = what,
			.seq = sqlite3_column_int64(st, 0),
			.time_utc_ms = sqlite3_column_int64(st, 1) };
		n++;
		copy(st, 2, d.before, sizeof(d.before));
		copy(st, 3, d.after, sizeof(d.after));
		copy(st, 4, d.who, sizeof(d.who));
		read_alarm(st, 5, &d.about);
		if (c->row != NULL && !c->row(c->arg, &d))
			c->row = NULL;
	}
	return reader_finish(c->r->journal, st, rc, err) == 0 ? n : -1;
}

int
query_day_changes(struct reader *r, const struct day_span *d, const struct as_of *since,
    day_change_fn *row, void *arg, struct err *err)
{
	struct changes c = { .r = r, .day = d, .row = row, .arg = arg };
	int64_t first;
	reader_begin(r);
	if (reader_seq_span(r, d->from_ms, d->to_ms, &first, &c.last_seq, err) != 0)
		return -1;
	int verdicts =
	    walk_changes(&c, "verdict", verdicts_since_sql, since->verdict, err);
	int missed = verdicts < 0 ? -1
				  : walk_changes(&c, "missed", missed_since_sql,
					since->missed, err);
	int late =
	    missed < 0 ? -1 : walk_changes(&c, "late", late_since_sql, since->seq, err);
	return late < 0 ? -1 : verdicts + missed + late;
}

// ---- how a day stands
// ------------------------------------------------------------------------

static int
is_gone(struct reader *r, const struct day_span *d, bool *out, struct err *err)
{
	int64_t first = 0;
	if (db_integer(r->journal, "SELECT min(min_utc_ms) FROM event_block", INT64_MAX,
		&first) != SQLITE_OK)
		return db_err(r->journal, "days", err);
	*out = d->to_ms <= first;
	return 0;
}

int
query_day_close(struct reader *r, const char *report, bool judged,
    const struct day_span *d, struct day_close *out, struct err *err)
{
	const struct revision_key key = { .report = report, .day = d->day };
	*out = (struct day_close){ .day = *d };
	reader_begin(r);
	int found = query_revision(r, &key, &out->newest, err);
	if (found < 0 || is_gone(r, d, &out->gone, err) < 0)
		return -1;
	if (!judged)
		return 0;
	out->unclassified = query_unclassified(r, d, NULL, NULL, err);
	if (out->unclassified >= 0)
		out->still_open = query_still_open(r, d, NULL, NULL, err);
	if (found > 0 && out->unclassified >= 0 && out->still_open >= 0)
		out->changes =
		    query_day_changes(r, d, &out->newest.as_of, NULL, NULL, err);
	bool known =
	    out->unclassified >= 0 && out->still_open >= 0 && out->changes >= 0;
	return known ? 0 : -1;
}
