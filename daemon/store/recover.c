// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See recover.h. Rows that this program cannot read are left in the table, logged and
// passed over: one bad row must not keep the daemon from watching. A change made by the
// command line while the daemon was down says nothing about how long it was down.
#include "store/recover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "store/boot.h"
#include "store/db.h"
#include "store/rows.h"
#include "store/unit.h"

enum {
	ROWS_MAX = 1000000
};

// An incident is named after the first occurrence of the alarm that began it. One that
// was closed and came again while the incident went on does not begin it once more.
static const char FIRST_OUT_SQL[] =
    "EXISTS (SELECT 1 FROM event e WHERE e.occurrence_id = a.incident_id "
    "AND e.kind IN ('alarm.onset', 'alarm.carry') AND e.point = a.point "
    "AND e.condition = a.condition AND coalesce(e.code, '') = a.code "
    "AND (e.kind = 'alarm.carry' OR e.time_utc_ms = a.first_utc_ms))";

static const char METAS_SQL[] =
    "SELECT key, value FROM meta WHERE key >= '" META_QUEUE "' AND key < '" META_QUEUE
    "~' OR key >= '" META_RULE "' AND key < '" META_RULE "~' ORDER BY key";

static const char VERDICT_SQL[] =
    "(SELECT v.verdict FROM verdict v WHERE v.occurrence_id = a.occurrence_id "
    "ORDER BY v.n DESC LIMIT 1)";

typedef bool read_fn(sqlite3_stmt *st, void *row);

static bool
read_alarm(sqlite3_stmt *st, void *row)
{
	return alarm_row_read(st, row);
}

static bool
read_notice(sqlite3_stmt *st, void *row)
{
	return notice_row_read(st, row);
}

static bool
read_flag(sqlite3_stmt *st, void *row)
{
	return flag_row_read(st, row);
}

static bool
read_meta(sqlite3_stmt *st, void *row)
{
	struct meta_row *m = row;
	const char *key = (const char *)sqlite3_column_text(st, 0);
	const char *value = (const char *)sqlite3_column_text(st, 1);
	return key != NULL && value != NULL && str_copy(m->key, sizeof(m->key), key) &&
	       str_copy(m->value, sizeof(m->value), value);
}

// What was read before a failure stays in *out. *left_out counts rows that this program
// does not understand.
static int
read_rows(sqlite3 *db, const char *sql, read_fn *read, size_t size, struct rows *out,
    size_t *left_out)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
	while ((rc == SQLITE_OK || rc == SQLITE_ROW) && out->n < ROWS_MAX) {
		rc = sqlite3_step(st);
		if (rc != SQLITE_ROW)
			break;
		if (out->n == out->size) {
			out->size = out->size == 0 ? 16 : out->size * 2;
			out->data = xreallocarray(out->data, out->size, size);
		}
		if (read(st, (char *)out->data + out->n * size))
			out->n++;
		else if ((*left_out)++ == 0)
			log_warnx("store", "a row of another version was left out");
	}
	(void)sqlite3_finalize(st);
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static bool
is_this_boot(sqlite3_stmt *st, int column)
{
	uint8_t now[BOOT_ID], none[BOOT_ID] = { 0 };
	const void *then = sqlite3_column_blob(st, column);
	boot_id(now);
	return then != NULL && sqlite3_column_bytes(st, column) == BOOT_ID &&
	       memcmp(now, none, BOOT_ID) != 0 && memcmp(then, now, BOOT_ID) == 0;
}

static int64_t
number_of(sqlite3 *db, const char *key)
{
	char number[24];
	return db_meta(db, key, number, sizeof(number)) ? strtoll(number, NULL, 10) : 0;
}

// A sign of life after the last event. Within one boot the monotonic clock says what
// was later, whatever was done to the other; each boot has at least the event of its
// start.
static void
take_alive(sqlite3 *db, struct recovered *out)
{
	int64_t utc_ms = number_of(db, STORE_META_ALIVE);
	int64_t mono_ms = number_of(db, STORE_META_ALIVE_MONO);
	bool later = utc_ms > out->last_utc_ms;
	if (out->same_boot && mono_ms != 0)
		later = mono_ms > out->last_mono_ms;
	if (out->last_seq == 0 || !later)
		return;
	out->last_utc_ms = utc_ms;
	out->last_mono_ms = mono_ms;
	out->same_boot = out->same_boot && mono_ms != 0;
}

static int
read_last(sqlite3 *db, struct recovered *out)
{
	sqlite3_stmt *st = NULL;
	int rc = db_integer(db, "SELECT max(seq) FROM event", 0, &out->last_seq);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(db,
		    "SELECT time_utc_ms, kind, mono_ms, boot_id FROM event WHERE kind "
		    "NOT IN "
		    "('user.change', 'journal.restore') "
		    "ORDER BY seq DESC LIMIT 1",
		    -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		const char *kind = (const char *)sqlite3_column_text(st, 1);
		out->last_utc_ms = sqlite3_column_int64(st, 0);
		out->last_mono_ms = sqlite3_column_int64(st, 2);
		out->same_boot = is_this_boot(st, 3);
		out->clean_stop = kind != NULL &&
				  strcmp(kind, event_kind_name(EVENT_DAEMON_STOP)) == 0;
	}
	(void)sqlite3_finalize(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int
recover_flags(sqlite3 *db, struct recovered *out, size_t *left_out)
{
	struct rows flags = { 0 };
	char *sql = xasprintf(
	    "SELECT %s FROM flag ORDER BY flag, target, condition", flag_row_names);
	int rc =
	    read_rows(db, sql, read_flag, sizeof(struct flag_entry), &flags, left_out);
	free(sql);
	free(out->flags);
	out->flags = flags.data;
	out->n_flags = flags.n;
	return rc;
}

int
recover_journal(sqlite3 *db, struct recovered *out)
{
	char *sql = NULL;
	struct rows alarms = { 0 }, notices = { 0 }, metas = { 0 };
	size_t left_out = 0;
	memset(out, 0, sizeof(*out));
	(void)db_meta(db, "epoch", out->epoch, sizeof(out->epoch));
	out->last_boot = number_of(db, "boot");
	int rc = read_last(db, out);
	take_alive(db, out);
	if (rc == SQLITE_OK) {
		sql = xasprintf(
		    "SELECT %s, %s, %s FROM alarm_open a ORDER BY first_utc_ms, point, "
		    "condition, code",
		    alarm_row_names, FIRST_OUT_SQL, VERDICT_SQL);
		rc = read_rows(
		    db, sql, read_alarm, sizeof(struct alarm_row), &alarms, &left_out);
		free(sql);
	}
	if (rc == SQLITE_OK) {
		sql = xasprintf("SELECT %s FROM outbox WHERE state = 'owed' ORDER BY n",
		    notice_row_names);
		rc = read_rows(
		    db, sql, read_notice, sizeof(struct notice), &notices, &left_out);
		free(sql);
	}
	if (rc == SQLITE_OK)
		rc = read_rows(db, METAS_SQL, read_meta, sizeof(struct meta_row),
		    &metas, &left_out);
	if (rc == SQLITE_OK)
		rc = recover_flags(db, out, &left_out);
	out->metas = metas.data;
	out->n_metas = metas.n;
	out->alarms = alarms.data;
	out->n_alarms = alarms.n;
	out->notices = notices.data;
	out->n_notices = notices.n;
	return rc;
}

// ---- of a damaged file
// ----------------------------------------------------------------

static int
compare_alarms(const void *left, const void *right)
{
	const struct alarm_row *a = left, *b = right;
	int by = strcmp(a->point, b->point);
	if (by == 0)
		by = (int)a->condition - (int)b->condition;
	return by != 0 ? by : strcmp(a->code, b->code);
}

static int
compare_notices(const void *left, const void *right)
{
	return strcmp(
	    ((const struct notice *)left)->id, ((const struct notice *)right)->id);
}

static int
compare_metas(const void *left, const void *right)
{
	return strcmp(((const struct meta_row *)left)->key,
	    ((const struct meta_row *)right)->key);
}

// One table, by every way that may lead around the damage: what the ways before could
// read stays, each row once.
struct salvage {
	const char *columns, *from;
	const char *ways[3]; // behind columns and from; NULL = no more
	read_fn *read;
	size_t size;
	int (*compare)(const void *left, const void *right);
};

static void
keep_once(struct rows *rows, const struct salvage *s)
{
	char *data = rows->data;
	size_t kept = 0;
	qsort(data, rows->n, s->size, s->compare);
	for (size_t i = 0; i < rows->n; i++) {
		if (kept > 0 &&
		    s->compare(data + (kept - 1) * s->size, data + i * s->size) == 0)
			continue;
		if (kept != i)
			memcpy(data + kept * s->size, data + i * s->size, s->size);
		kept++;
	}
	rows->n = kept;
}

// Whether all of it could be read.
static bool
salvage(sqlite3 *db, const struct salvage *s, struct rows *out)
{
	size_t left_out = 0;
	int rc = SQLITE_ERROR;
	for (unsigned i = 0; i < 3 && s->ways[i] != NULL && rc != SQLITE_OK; i++) {
		char *sql =
		    xasprintf("SELECT %s%s %s", s->columns, s->from, s->ways[i]);
		bool again = out->n > 0;
		left_out = 0;
		rc = read_rows(db, sql, s->read, s->size, out, &left_out);
		free(sql);
		if (again)
			keep_once(out, s);
	}
	return rc == SQLITE_OK && left_out == 0;
}

void
recover_salvage(sqlite3 *db, struct recovered *out, struct salvaged *all)
{
	static const struct salvage notice = { notice_row_names, "",
		{ "FROM outbox WHERE state = 'owed' ORDER BY n",
		    "FROM outbox NOT INDEXED WHERE state = 'owed'",
		    "FROM outbox NOT INDEXED WHERE state = 'owed' ORDER BY n DESC" },
		read_notice, sizeof(struct notice), compare_notices };
	static const struct salvage meta = { METAS_SQL + sizeof("SELECT"), "",
		{ "", " DESC" }, read_meta, sizeof(struct meta_row), compare_metas };
	struct salvage alarm = { alarm_row_names, NULL,
		{ "FROM alarm_open a", "FROM alarm_open a ORDER BY point DESC, "
				       "condition DESC, code DESC" },
		read_alarm, sizeof(struct alarm_row), compare_alarms };
	struct rows alarms = { 0 }, notices = { 0 }, metas = { 0 };
	// Verdicts come over as rows of their own.
	char *first_out = xasprintf(", %s, ''", FIRST_OUT_SQL);
	memset(out, 0, sizeof(*out));
	(void)db_meta(db, "epoch", out->epoch, sizeof(out->epoch));
	all->tail = read_last(db, out) == SQLITE_OK;
	take_alive(db, out);
	alarm.from = first_out;
	all->alarms = salvage(db, &alarm, &alarms);
	alarm.from = ", 0, ''";
	if (!all->alarms)
		all->alarms = salvage(db, &alarm, &alarms);
	all->notices = salvage(db, &notice, &notices);
	all->settings = salvage(db, &meta, &metas);
	free(first_out);
	out->alarms = alarms.data;
	out->n_alarms = alarms.n;
	out->notices = notices.data;
	out->n_notices = notices.n;
	out->metas = metas.data;
	out->n_metas = metas.n;
}

// ---- of one that cannot be written
// -----------------------------------------------------

bool
recover_unwritable(const char *path, struct recovered *out)
{
	// A full disk has no room for the index of the log, a read-only one no place.
	static const enum db_open ways[] = { DB_ALONE, DB_READ, DB_IMMUTABLE };
	bool ok = false;
	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]) && !ok; i++) {
		struct fault fault;
		struct err err;
		sqlite3 *db = NULL;
		if (db_open(path, ways[i], &db, &fault) != SQLITE_OK)
			continue;
		ok = db_check_version(db, DB_JOURNAL, &err) == 0 &&
		     recover_journal(db, out) == SQLITE_OK;
		if (!ok)
			recover_free(out);
		db_close(db);
	}
	return ok;
}

// The daemon lived at least this long into its last minute of readings.
static int
last_minute(sqlite3 *db, int64_t *utc_ms)
{
	return db_integer(db,
	    "SELECT max(m.minute_utc_ms + m.good_ms) FROM point p JOIN minute m "
	    "ON m.point = p.id AND m.minute_utc_ms = (SELECT max(x.minute_utc_ms) "
	    "FROM minute x WHERE x.point = p.id)",
	    0, utc_ms);
}

void
recover_readings(sqlite3 *readings, int64_t now_utc_ms, struct recovered *out)
{
	int64_t minute = 0;
	if (last_minute(readings, &minute) != SQLITE_OK || minute <= out->last_utc_ms)
		return;
	// A minute that lies ahead was recorded while the clock was wrong.
	if (out->last_seq != 0 && (out->same_boot || minute > now_utc_ms))
		return;
	out->last_utc_ms = minute;
	out->same_boot = false;
}

void
recover_free(struct recovered *r)
{
	free(r->alarms);
	free(r->notices);
	free(r->metas);
	free(r->flags);
	memset(r, 0, sizeof(*r));
}
