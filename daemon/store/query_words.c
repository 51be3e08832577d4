// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Questions about what people have set and said: flags, alarms that were missed. Run in
// the reader thread or in a tool.
#include <stdio.h>
#include <string.h>

#include "lib/mem.h"
#include "store/db.h"
#include "store/reader.h"
#include "store/rows.h"

static const char MISSED_SQL[] =
    "SELECT n, seq, time_utc_ms, happened_utc_ms, point, place_zh, place_en, "
    "condition, occurrence_id, found, who FROM missed WHERE n > ?1 ORDER BY n "
    "LIMIT ?2";

static void
copy(sqlite3_stmt *st, int column, char *out, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(st, column);
	(void)str_copy(out, size, text != NULL ? text : "");
}

static void
read_missed(sqlite3_stmt *st, struct missed_row *m)
{
	m->n = sqlite3_column_int64(st, 0);
	m->seq = sqlite3_column_int64(st, 1);
	m->time_utc_ms = sqlite3_column_int64(st, 2);
	m->happened_utc_ms = sqlite3_column_int64(st, 3);
	copy(st, 4, m->point, sizeof(m->point));
	copy(st, 5, m->place_zh, sizeof(m->place_zh));
	copy(st, 6, m->place_en, sizeof(m->place_en));
	copy(st, 7, m->condition, sizeof(m->condition));
	copy(st, 8, m->occurrence, sizeof(m->occurrence));
	copy(st, 9, m->found, sizeof(m->found));
	copy(st, 10, m->who, sizeof(m->who));
}

int
query_missed(struct reader *r, int64_t after, unsigned limit,
    bool (*row)(void *arg, const struct missed_row *m), void *arg, struct err *err)
{
	int count = 0, rc;
	reader_begin(r);
	sqlite3_stmt *st = reader_prepare(r, r->journal, MISSED_SQL, err);
	if (st == NULL)
		return -1;
	(void)sqlite3_bind_int64(st, 1, after);
	(void)sqlite3_bind_int64(st, 2, limit);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct missed_row m;
		read_missed(st, &m);
		count++;
		if (!row(arg, &m))
			break;
	}
	return reader_finish(r->journal, st, rc, err) == 0 ? count : -1;
}

int
query_flags(struct reader *r, bool (*row)(void *arg, const struct flag_entry *f),
    void *arg, struct err *err)
{
	char sql[256];
	int count = 0, rc;
	reader_begin(r);
	(void)snprintf(sql, sizeof(sql),
	    "SELECT %s FROM flag ORDER BY flag, target, condition", flag_row_names);
	sqlite3_stmt *st = reader_prepare(r, r->journal, sql, err);
	if (st == NULL)
		return -1;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct flag_entry f;
		if (!flag_row_read(st, &f))
			continue; // of another program
		count++;
		if (!row(arg, &f))
			break;
	}
	return reader_finish(r->journal, st, rc, err) == 0 ? count : -1;
}

// What a person does here stands as `disabled`, too: a door's bypass, an isolation that
// is past its end.
static const char DISABLED_SQL[] =
    "SELECT point, min(raised_utc_ms) FROM alarm_open WHERE condition = 'disabled' "
    "AND state IN ('unacknowledged', 'acknowledged') "
    "AND code NOT IN ('bypass', 'isolation-forgotten') GROUP BY point";

int
query_disabled(struct reader *r,
    bool (*row)(void *arg, const char *point, int64_t since_utc_ms), void *arg,
    struct err *err)
{
	int count = 0, rc;
	reader_begin(r);
	sqlite3_stmt *st = reader_prepare(r, r->journal, DISABLED_SQL, err);
	if (st == NULL)
		return -1;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		char point[ID_MAX];
		copy(st, 0, point, sizeof(point));
		count++;
		if (!row(arg, point, sqlite3_column_int64(st, 1)))
			break;
	}
	return reader_finish(r->journal, st, rc, err) == 0 ? count : -1;
}
