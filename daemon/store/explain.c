// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See explain.h. Collects the steps of a trace from the journal and puts them in order;
// explain_show.c writes them. Every question here is bounded, whatever the size of the
// journal.
#include "store/explain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "store/db.h"
#include "store/event_row.h"
#include "store/explain_impl.h"
#include "store/reader.h"

enum {
	BEFORE_MS = 600000, // of an occurrence: what led to it
};

// What a link tells of the points behind it.
static const enum event_kind link_kinds[] = { EVENT_ALARM_ONSET, EVENT_ALARM_CLEAR,
	EVENT_BLIND, EVENT_PANEL_RESET, EVENT_KINDS_END };

void
explain_take_decisions(struct explain_question *q, const struct decision *d, unsigned n)
{
	q->live = true;
	q->n_decisions = n;
	for (unsigned i = 0; i < n; i++) {
		q->decision[i].d = d[i];
		q->decision[i].d.word = "";
		(void)str_copy(
		    q->decision[i].word, sizeof(q->decision[i].word), d[i].word);
	}
}

void
explain_site(struct explain_question *q, const struct site *site, uint32_t point)
{
	const struct point *p = &site->points[point];
	unsigned n = 0;
	if (p->zone != INDEX_NONE)
		(void)str_copy(q->zone, sizeof(q->zone), site->zones[p->zone].id);
	if (p->device != INDEX_NONE) {
		const struct device *d = &site->devices[p->device];
		(void)str_copy(q->link[n++], ID_MAX, site->points[d->link_point].id);
		(void)str_copy(q->link[n++], ID_MAX,
		    site->points[site->buses[d->bus].link_point].id);
	}
	if (p->gpio != INDEX_NONE)
		(void)str_copy(q->link[n++], ID_MAX,
		    site->points[site->gpios[p->gpio].link_point].id);
}

static struct explain_step *
add_step(struct explanation *x, enum explain_source source)
{
	if (x->n_steps == x->room) {
		x->room = x->room == 0 ? 64 : 2 * x->room;
		x->steps = xreallocarray(x->steps, x->room, sizeof(*x->steps));
	}
	struct explain_step *s = &x->steps[x->n_steps++];
	memset(s, 0, sizeof(*s));
	s->source = source;
	event_init(&s->event, EVENT_POINT_CHANGE);
	return s;
}

static bool
take_event(void *arg, const struct stored_event *e)
{
	struct explain_step *s = add_step(arg, EXPLAIN_EVENT);
	s->event = e->event;
	s->what = event_kind_name(e->event.kind);
	return true;
}

// ---- events ---------------------------------------------------------------------

struct newest {
	const char *point;
	const enum event_kind *kinds; // NULL = all
	unsigned limit, n;
	struct explanation *x;
};

static bool
take_newest(void *arg, const struct stored_event *e)
{
	struct newest *w = arg;
	if (w->kinds != NULL && !event_kind_among(w->kinds, e->event.kind))
		return true;
	(void)take_event(w->x, e);
	return ++w->n < w->limit;
}

// Newest first, by the runs of the index.
static int
newest_of_point(struct reader *r, struct newest *w, struct err *err)
{
	char sql[1024];
	int64_t first, last;
	bool more = true;
	(void)snprintf(sql, sizeof(sql),
	    "SELECT %s FROM event INDEXED BY event_point WHERE point = ?1 AND "
	    "seq >> 14 = ?2 ORDER BY seq DESC LIMIT 1000",
	    event_row_names);
	if (db_integer(r->journal, "SELECT min(seq) FROM event", 0, &first) !=
		SQLITE_OK ||
	    db_integer(r->journal, "SELECT max(seq) FROM event", 0, &last) != SQLITE_OK)
		return db_err(r->journal, "events", err);
	sqlite3_stmt *st = reader_prepare(r, r->journal, sql, err);
	if (st == NULL)
		return -1;
	int n = 0;
	(void)sqlite3_bind_text(st, 1, w->point, -1, SQLITE_STATIC);
	for (int64_t run = last >> 14; run >= first >> 14 && more && n >= 0; run--) {
		(void)sqlite3_bind_int64(st, 2, run);
		n = reader_events(r->journal, st, take_newest, w, &more, err);
	}
	(void)sqlite3_finalize(st);
	return n < 0 ? -1 : 0;
}

static int
events_of_point(struct reader *r, const struct explain_question *q,
    struct explanation *x, struct err *err)
{
	struct newest w = { .point = q->point, .limit = EXPLAIN_EVENTS, .x = x };
	if (newest_of_point(r, &w, err) < 0)
		return -1;
	for (unsigned i = 0; i < EXPLAIN_LINKS_MAX; i++) {
		struct newest l = { q->link[i], link_kinds, EXPLAIN_RELATED, 0, x };
		if (q->link[i][0] != '\0' && newest_of_point(r, &l, err) < 0)
			return -1;
	}
	return 0;
}

static void
span_of(const struct explanation *x, int64_t *from, int64_t *to)
{
	*from = INT64_MAX;
	*to = INT64_MIN;
	for (size_t i = 0; i < x->n_steps; i++) {
		int64_t t = x->steps[i].event.time_utc_ms;
		*from = t < *from ? t : *from;
		*to = t > *to ? t : *to;
	}
	*from -= BEFORE_MS;
	*to += 1;
}

// What was told of the links of its point, which the journal names, in a span.
static int
events_of_links(struct reader *r, const struct explain_question *q,
    const struct event_filter *f, struct explanation *x, struct err *err)
{
	struct explain_question there = { .point = "" };
	const struct explain_question *links = q;
	uint32_t point = UINT32_MAX;
	if (q->link[0][0] == '\0' && q->site != NULL)
		point = site_find_point(q->site, x->point);
	if (point != UINT32_MAX) {
		explain_site(&there, q->site, point);
		links = &there;
	}
	struct event_filter related = *f;
	related.limit = EXPLAIN_RELATED;
	related.kinds = link_kinds;
	for (unsigned i = 0; i < EXPLAIN_LINKS_MAX; i++) {
		related.point = links->link[i];
		if (related.point[0] != '\0' &&
		    query_events(r, &related, take_event, x, err) < 0)
			return -1;
	}
	return 0;
}

// Its own events, and what was said of its point and links while it lasted.
static int
events_of_occurrence(struct reader *r, const struct explain_question *q,
    struct explanation *x, struct err *err)
{
	struct event_filter f = {
		.occurrence = q->occurrence, .alarm_class = -1, .limit = EXPLAIN_OWN
	};
	int n = query_events(r, &f, take_event, x, err);
	if (n <= 0)
		return n;
	(void)str_copy(x->point, sizeof(x->point), x->steps[0].event.point);
	f = (struct event_filter){ .alarm_class = -1, .limit = EXPLAIN_EVENTS };
	span_of(x, &f.from_utc_ms, &f.to_utc_ms);
	f.point = x->point;
	if (query_events(r, &f, take_event, x, err) < 0)
		return -1;
	return events_of_links(r, q, &f, x, err) < 0 ? -1 : 1;
}

// What was so of the whole site meanwhile: the daemon was down, the clock was set, the
// store could not write. Of an occurrence that is closed until it was.
static int
events_of_site(struct reader *r, struct explanation *x, struct err *err)
{
	char sql[1536];
	int64_t from, to;
	bool more = true;
	span_of(x, &from, &to);
	if (x->n_steps == 0)
		return 0;
	// The last word of a run is the begin of what was so after it.
	to = x->occurrence[0] == '\0' || x->n_alarms > 0 ? x->now_utc_ms + 1 : to - 1;
	(void)snprintf(sql, sizeof(sql),
	    "SELECT %s FROM event WHERE seq IN (SELECT seq FROM blind b WHERE point = "
	    "'' "
	    "AND from_ms < ?2 AND (to_ms IS NULL OR to_ms >= ?1) AND epoch = (SELECT "
	    "o.epoch FROM event o WHERE o.seq = b.seq) UNION SELECT end_seq FROM blind "
	    "b WHERE point = '' AND from_ms < ?2 AND to_ms >= ?1 AND epoch = (SELECT "
	    "o.epoch FROM event o WHERE o.seq = b.seq)) AND kind IN "
	    "('daemon.down', 'clock.step', 'store.mode', 'events_lost', "
	    "'journal.restore') ORDER BY seq DESC LIMIT %d",
	    event_row_names, EXPLAIN_SITE);
	sqlite3_stmt *st = reader_prepare(r, r->journal, sql, err);
	if (st == NULL)
		return -1;
	(void)sqlite3_bind_int64(st, 1, from);
	(void)sqlite3_bind_int64(st, 2, to);
	int n = reader_events(r->journal, st, take_event, x, &more, err);
	(void)sqlite3_finalize(st);
	return n < 0 ? -1 : 0;
}

// ---- what is open, set and owed -------------------------------------------------

static bool
wanted(const struct explanation *x, const char *occurrence)
{
	return x->occurrence[0] == '\0' || strcmp(x->occurrence, occurrence) == 0;
}

static int
open_alarms(struct reader *r, struct explanation *x, struct err *err)
{
	char sql[1024];
	int rc;
	(void)snprintf(sql, sizeof(sql),
	    "SELECT %s, 0, '' FROM alarm_open WHERE point = ?1 ORDER BY raised_utc_ms",
	    alarm_row_names);
	sqlite3_stmt *st = reader_prepare(r, r->journal, sql, err);
	if (st == NULL)
		return -1;
	(void)sqlite3_bind_text(st, 1, x->point, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct alarm_row row;
		if (!alarm_row_read(st, &row) || !wanted(x, row.occurrence_id))
			continue;
		if (x->n_alarms < EXPLAIN_ALARMS_MAX)
			x->alarms[x->n_alarms++] = row;
	}
	return reader_finish(r->journal, st, rc, err);
}

struct flag_take {
	struct explanation *x;
	const char *zone;
};

static bool
take_flag(void *arg, const struct flag_entry *f)
{
	struct flag_take *t = arg;
	const char *target = f->flag == FLAG_TEST_MODE ? t->zone : t->x->point;
	// One whose time ran out while no daemon was there to end it; an isolation
	// stands until somebody ends it.
	bool runs = f->flag == FLAG_ISOLATED || f->until_utc_ms > t->x->now_utc_ms;
	if (runs && strcmp(f->target, target) == 0 && t->x->n_flags < EXPLAIN_FLAGS_MAX)
		t->x->flags[t->x->n_flags++] = *f;
	return true;
}

static void
add_owed(struct explanation *x, const struct notice *n)
{
	struct explain_step *s = add_step(x, EXPLAIN_NOTICE);
	struct buf b = { 0 };
	s->what = "notice.owed";
	s->event = n->subject;
	s->event.seq = 0;
	s->event.time_utc_ms = n->created_utc_ms;
	s->event.cause_seq = n->subject.seq;
	json_open(&b, NULL, '{');
	json_str(&b, "notice", n->id);
	json_str(&b, "channel", n->channel);
	json_str(&b, "ladder", n->ladder);
	json_int(&b, "step", n->step);
	json_int(&b, "round", n->round);
	json_int(&b, "attempts", n->attempts);
	json_time(&b, "next", n->next_utc_ms);
	json_close(&b, '}');
	(void)str_copy(s->event.params, sizeof(s->event.params), b.data);
	buf_free(&b);
}

static int
owed_notices(struct reader *r, struct explanation *x, struct err *err)
{
	char sql[1024];
	int rc;
	(void)snprintf(sql, sizeof(sql),
	    "SELECT %s FROM outbox WHERE state = 'owed' AND subject_point = ?1 "
	    "ORDER BY n LIMIT %d",
	    notice_row_names, EXPLAIN_EVENTS);
	sqlite3_stmt *st = reader_prepare(r, r->journal, sql, err);
	if (st == NULL)
		return -1;
	(void)sqlite3_bind_text(st, 1, x->point, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct notice n;
		if (notice_row_read(st, &n) && wanted(x, n.subject.occurrence_id))
			add_owed(x, &n);
	}
	return reader_finish(r->journal, st, rc, err);
}

// ---- decisions ------------------------------------------------------------------

// Of an occurrence those in its time.
static void
add_decisions(struct explanation *x, const struct explain_question *q)
{
	int64_t from, to;
	span_of(x, &from, &to);
	bool all = x->occurrence[0] == '\0' || x->n_alarms > 0;
	for (unsigned i = 0; i < q->n_decisions; i++) {
		const struct decision *d = &q->decision[i].d;
		if (x->occurrence[0] != '\0' && d->t_utc_ms < from)
			continue;
		if (!all && d->t_utc_ms >= to)
			continue;
		struct explain_step *s = add_step(x, EXPLAIN_DECISION);
		s->what = decision_name(d->kind);
		s->order = i;
		s->event.time_utc_ms = d->t_utc_ms;
		(void)str_copy(s->event.point, sizeof(s->event.point), x->point);
		s->event.condition = d->condition < COND_COUNT ? (int)d->condition : -1;
		(void)str_copy(
		    s->event.code, sizeof(s->event.code), q->decision[i].word);
		s->event.value = d->value;
		x->last_decision = d->kind;
		if (d->kind == DECISION_ONSET || d->kind == DECISION_CLOSED)
			x->stands = d->kind == DECISION_ONSET;
	}
}

// ---- order ----------------------------------------------------------------------

// By time; in one millisecond a decision comes after the event that it made.
static int
compare(const void *a, const void *b)
{
	const struct explain_step *l = a, *r = b;
	if (l->event.time_utc_ms != r->event.time_utc_ms)
		return l->event.time_utc_ms < r->event.time_utc_ms ? -1 : 1;
	if (l->source != r->source)
		return l->source < r->source ? -1 : 1;
	if (l->event.seq != r->event.seq)
		return l->event.seq < r->event.seq ? -1 : 1;
	return l->order < r->order ? -1 : l->order > r->order;
}

static void
sort_steps(struct explanation *x)
{
	size_t n = 0;
	if (x->n_steps == 0)
		return;
	qsort(x->steps, x->n_steps, sizeof(*x->steps), compare);
	for (size_t i = 0; i < x->n_steps; i++) {
		int64_t seq = x->steps[i].event.seq;
		if (n > 0 && seq != 0 && x->steps[n - 1].event.seq == seq)
			continue; // an occurrence's event is one of its point, too
		x->steps[n++] = x->steps[i];
	}
	x->n_steps = n;
}

static int
collect(struct reader *r, const struct explain_question *q, struct explanation *x,
    struct err *err)
{
	struct flag_take t = { x, q->zone };
	int found = 1;
	if (q->occurrence[0] != '\0')
		found = events_of_occurrence(r, q, x, err);
	else
		found = events_of_point(r, q, x, err) < 0 ? -1 : 1;
	if (found <= 0)
		return found;
	if (open_alarms(r, x, err) < 0 || query_flags(r, take_flag, &t, err) < 0 ||
	    events_of_site(r, x, err) < 0)
		return -1;
	add_decisions(x, q);
	if (owed_notices(r, x, err) < 0)
		return -1;
	sort_steps(x);
	return 1;
}

int
explain_ask(struct reader *r, const struct explain_question *q, int64_t now_utc_ms,
    struct explanation **out, struct err *err)
{
	struct explanation *x = xcalloc(1, sizeof(*x));
	x->now_utc_ms = now_utc_ms;
	x->live = q->live;
	x->last_decision = DECISION_COUNT;
	(void)str_copy(x->point, sizeof(x->point), q->point);
	(void)str_copy(x->occurrence, sizeof(x->occurrence), q->occurrence);
	reader_begin(r); // a daemon that did not answer has taken its time
	int found = collect(r, q, x, err);
	if (found <= 0) {
		explain_free(x);
		return found;
	}
	*out = x;
	return 1;
}

bool
explain_known(const struct explanation *x)
{
	return x->n_steps > 0 || x->n_flags > 0;
}

void
explain_free(struct explanation *x)
{
	if (x == NULL)
		return;
	free(x->steps);
	free(x);
}
