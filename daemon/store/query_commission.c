// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Where each point of the site stands in the commissioning ledger: its newest entry,
// and what was seen since in the walks that covered it. Runs in the reader thread or in
// a tool; asks point by point, so that its cost is the number of points asked about.
// What was seen must have come and gone again, with the expected condition, inside the
// walk: an alarm that stands is not yet a proof.
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "store/commission.h"
#include "store/db.h"
#include "store/event_row.h"
#include "store/reader.h"

enum {
	RUN_BITS = 14 // of the index event_point
};

struct walk {
	int64_t open_seq, close_seq; // close_seq INT64_MAX = open
	int64_t opened_utc_ms;
	bool of_device;
	char target[ID_MAX], who[ID_MAX];
};

struct ledger {
	struct reader *r;
	const struct site *site;
	struct walk *walks;
	size_t n_walks;
	int64_t last_seq;
	sqlite3_stmt *entry, *onset, *clear;
};

static void
text(sqlite3_stmt *st, int column, char *out, size_t size)
{
	const char *t = (const char *)sqlite3_column_text(st, column);
	(void)str_copy(out, size, t != NULL ? t : "");
}

// --- walks
// -----------------------------------------------------------------------------

static struct walk *
open_walk_of(struct ledger *l, bool of_device, const char *target)
{
	for (size_t i = l->n_walks; i > 0; i--) {
		struct walk *w = &l->walks[i - 1];
		if (w->of_device == of_device && w->close_seq == INT64_MAX &&
		    strcmp(w->target, target) == 0)
			return w;
	}
	return NULL;
}

// A row that opens or closes; a second opening of the same is the first one going on.
static void
take_walk(struct ledger *l, sqlite3_stmt *st)
{
	char step[8], scope[8], target[ID_MAX];

	text(st, 2, step, sizeof(step));
	text(st, 3, scope, sizeof(scope));
	text(st, 4, target, sizeof(target));
	bool of_device = strcmp(scope, "device") == 0;
	int64_t seq = sqlite3_column_int64(st, 0);
	struct walk *w = open_walk_of(l, of_device, target);
	if (strcmp(step, "close") == 0) {
		if (w != NULL)
			w->close_seq = seq;
		return;
	}
	int64_t at = sqlite3_column_int64(st, 1);
	if (w != NULL && at < w->opened_utc_ms + WALK_LASTS_MS)
		return;
	if (w != NULL)
		w->close_seq = seq; // it had ended by itself
	l->walks = xreallocarray(l->walks, l->n_walks + 1, sizeof(*l->walks));
	w = &l->walks[l->n_walks++];
	*w = (struct walk){ .open_seq = seq,
		.close_seq = INT64_MAX,
		.opened_utc_ms = at,
		.of_device = of_device };
	(void)str_copy(w->target, sizeof(w->target), target);
	text(st, 5, w->who, sizeof(w->who));
}

static int
load_walks(struct ledger *l, struct err *err)
{
	sqlite3_stmt *st = reader_prepare(l->r, l->r->journal,
	    "SELECT seq, time_utc_ms, step, scope, target, who FROM commission_walk "
	    "ORDER BY n",
	    err);
	int rc = SQLITE_DONE;

	if (st == NULL)
		return -1;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		take_walk(l, st);
	return reader_finish(l->r->journal, st, rc, err);
}

static bool
covers(const struct ledger *l, const struct walk *w, const struct point *p)
{
	const struct site *s = l->site;

	if (!w->of_device)
		return p->zone != INDEX_NONE &&
		       strcmp(s->zones[p->zone].id, w->target) == 0;
	const char *owner = p->device != INDEX_NONE ? s->devices[p->device].id
			    : p->gpio != INDEX_NONE ? s->gpios[p->gpio].id
						    : "";
	return strcmp(owner, w->target) == 0;
}

// --- what was seen
// ------------------------------------------------------------------------

static int64_t
clear_of(struct ledger *l, const char *occurrence, int64_t after, int64_t until)
{
	sqlite3_stmt *st = l->clear;
	int64_t seq = 0;

	(void)sqlite3_bind_text(st, 1, occurrence, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 2, after);
	(void)sqlite3_bind_int64(st, 3, until);
	if (sqlite3_step(st) == SQLITE_ROW)
		seq = sqlite3_column_int64(st, 0);
	(void)sqlite3_reset(st);
	return seq;
}

// The first alarm of the point in (after, until] that came and went.
static struct commission_sight
look(struct ledger *l, const struct point *p, const struct walk *w, int64_t after,
    const char *config_rev)
{
	int64_t until = w->close_seq < l->last_seq ? w->close_seq : l->last_seq;
	struct commission_sight found = { 0 };
	sqlite3_stmt *st = l->onset;

	for (int64_t run = (after + 1) >> RUN_BITS;
	     run <= until >> RUN_BITS && found.onset_seq == 0; run++) {
		(void)sqlite3_bind_int64(st, 1, run);
		(void)sqlite3_bind_text(st, 2, p->id, -1, SQLITE_STATIC);
		(void)sqlite3_bind_int64(st, 3, after);
		(void)sqlite3_bind_int64(st, 4, until);
		(void)sqlite3_bind_text(st, 5,
		    condition_name(point_kind_condition(p->kind)), -1, SQLITE_STATIC);
		(void)sqlite3_bind_int64(st, 6, w->opened_utc_ms + WALK_LASTS_MS);
		(void)sqlite3_bind_text(st, 7, config_rev, -1, SQLITE_STATIC);
		while (found.onset_seq == 0 && sqlite3_step(st) == SQLITE_ROW) {
			char occurrence[MINT_MAX];
			int64_t seq = sqlite3_column_int64(st, 0);
			text(st, 2, occurrence, sizeof(occurrence));
			int64_t clear = clear_of(l, occurrence, seq, until);
			if (clear != 0)
				found = (struct commission_sight){ seq, clear,
					sqlite3_column_int64(st, 1) };
		}
		(void)sqlite3_reset(st);
	}
	return found;
}

// In the newest walk that saw it. `config_rev` not NULL: with this configuration only.
static struct commission_sight
sight_of(struct ledger *l, const struct point *p, int64_t since, const char *config_rev)
{
	struct commission_sight found = { 0 };

	for (size_t i = l->n_walks; i > 0 && found.onset_seq == 0; i--) {
		const struct walk *w = &l->walks[i - 1];
		if (w->close_seq > since && covers(l, w, p))
			found = look(l, p, w, w->open_seq > since ? w->open_seq : since,
			    config_rev);
	}
	return found;
}

// --- entries
// ------------------------------------------------------------------------------

static void
read_entry(sqlite3_stmt *st, struct commission_entry *e)
{
	char verdict[16];

	memset(e, 0, sizeof(*e));
	e->seq = sqlite3_column_int64(st, 0);
	e->time_utc_ms = sqlite3_column_int64(st, 1);
	text(st, 2, verdict, sizeof(verdict));
	if (!commission_verdict_from_name(verdict, &e->verdict))
		e->verdict = COMMISSION_FAILED; // of a newer program: not proven to us
	text(st, 3, e->expected, sizeof(e->expected));
	text(st, 4, e->at_panel, sizeof(e->at_panel));
	text(st, 5, e->here, sizeof(e->here));
	e->here_seq = sqlite3_column_int64(st, 6);
	text(st, 7, e->who, sizeof(e->who));
	text(st, 8, e->note, sizeof(e->note));
	text(st, 9, e->wiring, sizeof(e->wiring));
}

static enum commission_status
status_of(const struct commission_state *st, bool changed)
{
	if (st->entry != NULL && st->entry->verdict == COMMISSION_PROVEN && !changed)
		return STATUS_PROVEN;
	if (st->sight.onset_seq != 0)
		return STATUS_SEEN;
	if (st->entry == NULL)
		return STATUS_UNTESTED;
	return st->entry->verdict == COMMISSION_PROVEN ? STATUS_CHANGED : STATUS_FAILED;
}

static int
state_of(struct ledger *l, uint32_t index, struct commission_entry *entry,
    struct commission_state *out)
{
	const struct point *p = &l->site->points[index];

	*out = (struct commission_state){ .point = index,
		.expected = point_kind_condition(p->kind) };
	commission_wiring(l->site, p, out->wiring);
	(void)sqlite3_bind_text(l->entry, 1, p->id, -1, SQLITE_STATIC);
	int rc = sqlite3_step(l->entry);
	if (rc == SQLITE_ROW) {
		read_entry(l->entry, entry);
		out->entry = entry;
	}
	(void)sqlite3_reset(l->entry);
	bool changed = out->entry != NULL && entry->verdict == COMMISSION_PROVEN &&
		       strcmp(entry->wiring, out->wiring) != 0;
	out->sight = sight_of(l, p, out->entry != NULL ? entry->seq : 0,
	    changed ? l->site->revision : NULL);
	out->status = status_of(out, changed);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int
ledger_open(struct ledger *l, struct err *err)
{
	sqlite3 *db = l->r->journal;

	if (db_integer(db, "SELECT max(seq) FROM event", 0, &l->last_seq) != SQLITE_OK)
		return db_err(db, "ledger", err);
	// The seq of an entry from an older journal says nothing about this one.
	l->entry = reader_prepare(l->r, db,
	    "SELECT seq * (epoch IS (SELECT epoch FROM event ORDER BY seq DESC LIMIT "
	    "1)), time_utc_ms, verdict, expected, at_panel, here, here_seq, who, note, "
	    "wiring FROM commission WHERE point = ?1 ORDER BY n DESC LIMIT 1",
	    err);
	l->onset = reader_prepare(l->r, db,
	    "SELECT seq, time_utc_ms, occurrence_id FROM event INDEXED BY event_point "
	    "WHERE seq >> 14 = ?1 AND point = ?2 AND seq > ?3 AND seq <= ?4 "
	    "AND kind = 'alarm.onset' AND condition = ?5 AND time_utc_ms < ?6 "
	    "AND (?7 IS NULL OR config_rev = ?7) ORDER BY seq",
	    err);
	l->clear = reader_prepare(l->r, db,
	    "SELECT seq FROM event INDEXED BY event_occurrence WHERE occurrence_id = "
	    "?1 "
	    "AND kind = 'alarm.clear' AND seq > ?2 AND seq <= ?3 ORDER BY seq LIMIT 1",
	    err);
	if (l->entry == NULL || l->onset == NULL || l->clear == NULL)
		return -1;
	return load_walks(l, err);
}

static void
ledger_close(struct ledger *l)
{
	(void)sqlite3_finalize(l->entry);
	(void)sqlite3_finalize(l->onset);
	(void)sqlite3_finalize(l->clear);
	free(l->walks);
}

int
query_commission(struct reader *r, const struct site *s, struct commission_range which,
    bool (*row)(void *arg, const struct commission_state *st), void *arg,
    struct err *err)
{
	struct ledger l = { .r = r, .site = s };
	struct commission_entry entry = { 0 };
	struct commission_state st;

	reader_begin(r);
	int result = ledger_open(&l, err), rc = SQLITE_OK;
	bool more = result == 0;
	for (uint32_t i = which.from; more && i < which.to && i < s->n_site_points;
	     i++) {
		rc = state_of(&l, i, &entry, &st);
		more = rc == SQLITE_OK && row(arg, &st);
	}
	if (rc != SQLITE_OK)
		result = reader_finish(r->journal, NULL, rc, err);
	ledger_close(&l);
	return result;
}

int
query_walks(struct reader *r, int64_t now_utc_ms,
    void (*row)(void *arg, const struct commission_walk *w), void *arg, struct err *err)
{
	struct ledger l = { .r = r };

	reader_begin(r);
	int result = load_walks(&l, err);
	for (size_t i = 0; result == 0 && i < l.n_walks; i++) {
		const struct walk *w = &l.walks[i];
		struct commission_walk out = { .of_device = w->of_device,
			.opened_utc_ms = w->opened_utc_ms };
		if (w->close_seq != INT64_MAX ||
		    now_utc_ms >= w->opened_utc_ms + WALK_LASTS_MS)
			continue;
		(void)str_copy(out.target, sizeof(out.target), w->target);
		(void)str_copy(out.who, sizeof(out.who), w->who);
		row(arg, &out);
	}
	free(l.walks);
	return result;
}
