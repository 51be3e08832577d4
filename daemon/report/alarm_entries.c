// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See alarm_tables.h. What people wrote down: isolations that touch the span, and
// alarms that nobody heard (漏报) and somebody entered later.
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "report/alarm_tables.h"
#include "report/event_pages.h"
#include "report/params.h"

enum {
	PAGE = 1000,
	REASON = 320
};

// An isolation that was set earlier than this before the span is not found.
static const int64_t reach_ms = INT64_C(31) * 24 * 3600 * 1000;

// clang-format off
static const struct report_column isolation_columns[] = {
	{ "place",  "report.col.place",  COLUMN_PLACE, IN_ALL,  NULL },
	{ "point",  "report.col.point",  COLUMN_TEXT,  IN_ALL,  NULL },
	{ "from",   "report.col.from",   COLUMN_TIME,  IN_ALL,  NULL },
	{ "to",     "report.col.to",     COLUMN_TIME,  IN_ALL,  NULL },
	{ "ms",     "report.col.length", COLUMN_SPAN,  IN_ALL,  NULL },
	{ "who",    "report.col.by",     COLUMN_TEXT,  IN_ALL,  NULL },
	{ "reason", "report.col.reason", COLUMN_TEXT,  IN_ALL,  NULL },
	{ "events", "report.col.seqs",   COLUMN_IDS,   IN_DATA, NULL },
};
static const struct report_column missed_columns[] = {
	{ "time",      "report.col.happened",  COLUMN_TIME,  IN_ALL,  NULL },
	{ "place",     "report.col.place",     COLUMN_PLACE, IN_ALL,  NULL },
	{ "point",     "report.col.point",     COLUMN_TEXT,  IN_ALL,  NULL },
	{ "condition", "report.col.condition", COLUMN_KEY,   IN_ALL,  "condition." },
	{ "found",     "report.col.found",     COLUMN_TEXT,  IN_ALL,  NULL },
	{ "who",       "report.col.by",        COLUMN_TEXT,  IN_ALL,  NULL },
	{ "events",    "report.col.seqs",      COLUMN_IDS,   IN_DATA, NULL },
};
#define COLUMNS(c) .columns = c, .n_columns = sizeof(c) / sizeof((c)[0])
static const struct report_table isolation_shape = { .name = "isolations", .title = "report.isolations", COLUMNS(isolation_columns) };
static const struct report_table missed_shape    = { .name = "missed", .title = "report.missed", COLUMNS(missed_columns) };
// clang-format on

struct isolation {
	struct event start;
	int64_t end_ms, end_seq; // 0 = still isolated
};

struct walk {
	const struct day_span *span;
	struct isolation *all;
	size_t n, size;
	int64_t last_seq;
	struct report_table *missed;
};

static struct isolation *
running(struct walk *w, const char *point)
{
	for (size_t i = w->n; i-- > 0;)
		if (w->all[i].end_ms == 0 && strcmp(w->all[i].start.point, point) == 0)
			return &w->all[i];
	return NULL;
}

static bool
take_isolation(void *arg, const struct stored_event *s)
{
	struct walk *w = arg;
	const struct event *e = &s->event;
	struct isolation *open = running(w, e->point);
	if (e->kind == EVENT_ISOLATE_END && open != NULL) {
		open->end_ms = e->time_utc_ms;
		open->end_seq = e->seq;
	} else if (e->kind == EVENT_ISOLATE_START && open == NULL) { // else prolonged
		if (w->n == w->size) {
			w->size = w->size != 0 ? w->size * 2 : 16;
			w->all = xreallocarray(w->all, w->size, sizeof(*w->all));
		}
		w->all[w->n++] = (struct isolation){ .start = *e };
	}
	return true;
}

// Cut to the span; one that goes on has no end.
static void
put_isolation(const struct isolation *x, const struct day_span *span, int64_t until_ms,
    struct report_table *t)
{
	const struct event *e = &x->start;
	char reason[REASON];
	bool ended = x->end_ms != 0 && x->end_ms < until_ms;
	int64_t from = e->time_utc_ms > span->from_ms ? e->time_utc_ms : span->from_ms;
	int64_t to = ended ? x->end_ms : until_ms;
	if (e->time_utc_ms >= until_ms || to <= span->from_ms)
		return;
	struct report_cell *row = doc_row(t);
	int64_t ids[] = { e->seq, x->end_seq };
	doc_put_place(&row[0], e->place_zh, e->place_en);
	doc_put_text(&row[1], e->point);
	doc_put_count(&row[2], from);
	if (ended)
		doc_put_count(&row[3], to);
	doc_put_count(&row[4], to - from);
	doc_put_text(&row[5], e->actor);
	params_text(e->params, "reason", reason, sizeof(reason));
	doc_put_text(&row[6], reason);
	doc_put_ids(&row[7], ids, ended ? 2 : 1);
}

static int
put_isolations(const struct report_input *in, struct walk *w, struct report_doc *d,
    struct err *err)
{
	struct report_table *t = doc_table(d, &isolation_shape);
	int64_t now = in->request->now_utc_ms;
	int64_t until = now < in->day.to_ms ? now : in->day.to_ms;
	static const enum event_kind kinds[] = { EVENT_ISOLATE_START, EVENT_ISOLATE_END,
		EVENT_KINDS_END };
	struct event_filter f = {
		.from_utc_ms = in->day.from_ms - reach_ms,
		.to_utc_ms = in->day.to_ms,
		.alarm_class = -1,
		.kinds = kinds,
	};
	int n = event_pages(in, f, take_isolation, w, err);
	for (size_t i = 0; i < w->n && n >= 0; i++)
		put_isolation(&w->all[i], &in->day, until, t);
	return n < 0 ? -1 : 0;
}

static bool
take_missed(void *arg, const struct missed_row *m)
{
	struct walk *w = arg;
	w->last_seq = m->n;
	if (m->happened_utc_ms < w->span->from_ms ||
	    m->happened_utc_ms >= w->span->to_ms)
		return true;
	struct report_cell *row = doc_row(w->missed);
	doc_put_count(&row[0], m->happened_utc_ms);
	doc_put_place(&row[1], m->place_zh, m->place_en);
	doc_put_text(&row[2], m->point);
	doc_put_text(&row[3], m->condition);
	doc_put_text(&row[4], m->found);
	doc_put_text(&row[5], m->who);
	doc_put_ids(&row[6], &m->seq, 1);
	return true;
}

static int
put_missed(const struct report_input *in, struct walk *w, struct report_doc *d,
    struct err *err)
{
	int n;
	w->missed = doc_table(d, &missed_shape);
	w->last_seq = 0;
	do {
		n = query_missed(in->reader, w->last_seq, PAGE, take_missed, w, err);
	} while (n == PAGE);
	return n < 0 ? -1 : 0;
}

int
alarm_entries_build(
    const struct report_input *in, struct report_doc *d, struct err *err)
{
	struct walk w = { .span = &in->day };
	int result = put_isolations(in, &w, d, err);
	if (result == 0)
		result = put_missed(in, &w, d, err);
	free(w.all);
	return result;
}
