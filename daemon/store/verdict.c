// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Rows that follow from a person's word on an alarm: verdicts, and alarms that were
// missed. Written in the transaction of the event, from that event: the two cannot
// differ. Runs in the writer thread.
#include "store/append.h"
#include "store/journal.h"

#define BOTH            "epoch, seq, time_utc_ms, occurrence_id, point, condition, who, "
#define VERDICT_COLUMNS BOTH "incident_id, code, class, verdict, cause, note"
#define MISSED_COLUMNS  BOTH "place_zh, place_en, happened_utc_ms, found"
#define PARAM(name)     "json_extract(?11, '$." name "')"

const char verdict_sql[] =
    "INSERT INTO verdict (" VERDICT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
    "?8, ?9, ?10, " PARAM("verdict") ", " PARAM("cause") ", " PARAM("note") ")";
const char missed_sql[] =
    "INSERT INTO missed (" MISSED_COLUMNS ") VALUES (?1, ?2, ?3, nullif(?4, ''), "
    "nullif(?5, ''), ?6, ?7, nullif(?8, ''), nullif(?9, ''), " PARAM(
	"happened_utc_ms") ", " PARAM("found") ")";

static int
run(struct append *a, enum append_statement s, const struct event *e,
    const char *const more[3])
{
	sqlite3_stmt *st = a->st[s];
	const char *condition =
	    e->condition < 0 ? "" : condition_name((enum condition)e->condition);
	const char *const texts[] = { e->occurrence_id, e->point, condition, e->actor,
		more[0], more[1] };

	(void)sqlite3_bind_blob(
	    st, 1, a->frame.epoch, sizeof(a->frame.epoch), SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 2, e->seq);
	(void)sqlite3_bind_int64(st, 3, e->time_utc_ms);
	for (int i = 0; i < 6; i++)
		(void)sqlite3_bind_text(st, 4 + i, texts[i], -1, SQLITE_STATIC);
	if (more[2] != NULL)
		(void)sqlite3_bind_text(st, 10, more[2], -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 11, e->params, -1, SQLITE_STATIC);
	return append_run(a, s);
}

int
verdict_append(struct append *a, const struct event *e)
{
	const char *class =
	    e->alarm_class < 0 ? "" : class_name((enum alarm_class)e->alarm_class);

	if (e->kind == EVENT_ALARM_VERIFY)
		return run(a, AP_VERDICT, e,
		    (const char *const[]){ e->incident_id, e->code, class });
	if (e->kind == EVENT_ALARM_MISSED)
		return run(a, AP_MISSED, e,
		    (const char *const[]){ e->place_zh, e->place_en, NULL });
	return SQLITE_OK;
}

bool
verdict_bring(sqlite3 *journal, const char *from)
{
	return bring_rows(journal, from, "verdict", "n, " VERDICT_COLUMNS);
}

bool
missed_bring(sqlite3 *journal, const char *from)
{
	return bring_rows(journal, from, "missed", "n, " MISSED_COLUMNS);
}
