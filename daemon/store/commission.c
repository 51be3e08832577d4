// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Writing of the commissioning ledger: the rows that follow from its events, inside the
// same transaction. Runs in the writer thread or in a tool. The texts of a row are
// taken from the event's parameters: the two cannot differ.
#include "store/commission.h"

#include <stdio.h>
#include <string.h>

#include "store/append.h"
#include "store/db.h"
#include "store/journal.h"

static int
run(struct append *a, enum append_statement s, const struct event *e)
{
	sqlite3_stmt *st = a->st[s];

	(void)sqlite3_bind_int64(st, 1, e->seq);
	(void)sqlite3_bind_int64(st, 2, e->time_utc_ms);
	(void)sqlite3_bind_text(st, 3, e->actor, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 4, e->params, -1, SQLITE_STATIC);
	if (s == AP_COMMISSION) {
		(void)sqlite3_bind_text(st, 5, e->point, -1, SQLITE_STATIC);
		(void)sqlite3_bind_blob(
		    st, 6, a->frame.epoch, sizeof(a->frame.epoch), SQLITE_STATIC);
		(void)sqlite3_bind_text(st, 7, a->frame.config_rev, -1, SQLITE_STATIC);
	} else {
		(void)sqlite3_bind_text(st, 5,
		    e->kind == EVENT_COMMISSION_OPEN ? "open" : "close", -1,
		    SQLITE_STATIC);
	}
	return append_run(a, s);
}

int
commission_append(struct append *a, const struct event *e)
{
	if (e->kind == EVENT_COMMISSION_MARK)
		return run(a, AP_COMMISSION, e);
	if (e->kind == EVENT_COMMISSION_OPEN || e->kind == EVENT_COMMISSION_CLOSE)
		return run(a, AP_COMMISSION_WALK, e);
	return SQLITE_OK;
}

bool
commission_bring(sqlite3 *journal, const char *from)
{
	return bring_rows(journal, from, "commission",
	    "n, epoch, seq, time_utc_ms, point, verdict, expected, at_panel, here, "
	    "here_seq, who, note, wiring, config_rev");
}

// --- tools
// ----------------------------------------------------------------------------

struct put {
	struct event *e;
	const char *config_rev;
};

static int
put_in_transaction(sqlite3 *db, void *arg)
{
	const struct put *p = arg;
	struct append a;
	int rc = journal_ensure_epoch(db);

	if (rc == SQLITE_OK)
		rc = append_open(&a, db, NULL);
	if (rc != SQLITE_OK)
		return rc;
	rc = append_begin(&a);
	if (rc == SQLITE_OK)
		rc = append_event(&a, p->e, p->config_rev);
	if (rc == SQLITE_OK)
		rc = append_commit(&a);
	if (rc != SQLITE_OK)
		append_rollback(&a);
	append_close(&a);
	return rc;
}

int
store_put_event(const char *directory, struct event *e, const char *config_rev,
    int64_t now_utc_ms, struct err *err)
{
	struct put p = { e, config_rev };

	tool_stamp(e, now_utc_ms);
	return tool_change(directory, put_in_transaction, &p, err);
}
