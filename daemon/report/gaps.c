// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What was not watched during a statistics day: spans in which the daemon was down, a
// device was out of reach, or events were lost, from the events that say so. One
// thread. Missing data is said in the report, never left out.
#include <string.h>

#include "report/definitions.h"
#include "report/event_pages.h"
#include "report/params.h"

enum {
	// An event tells of a span when it ends. One that ends later than this after
	// the day is told of by the alarm that is still open.
	LATE_MS_PER_DAY = 24 * 3600 * 1000,
	LATE_DAYS = 31,
};

// clang-format off
static const struct report_column columns[] = {
	{ "kind",  "report.col.gap",    COLUMN_KEY,   IN_ALL, "event." },
	{ "from",  "report.col.from",   COLUMN_TIME,  IN_ALL, NULL },
	{ "to",    "report.col.to",     COLUMN_TIME,  IN_ALL, NULL },
	{ "ms",    "report.col.length", COLUMN_SPAN,  IN_ALL, NULL },
	{ "place", "report.col.place",  COLUMN_PLACE, IN_ALL, NULL },
	{ "point", "report.col.point",  COLUMN_TEXT,  IN_ALL, NULL },
	{ "events",  "report.col.seqs",   COLUMN_IDS,   IN_DATA, NULL },
};

static const struct report_table shape = { .name = "gaps", .title = "report.gaps",
	.columns = columns, .n_columns = sizeof(columns) / sizeof(columns[0]) };
// clang-format on

static const enum event_kind kinds[] = { EVENT_BLIND, EVENT_DAEMON_DOWN,
	EVENT_EVENTS_LOST, EVENT_KINDS_END };

struct walk {
	struct report_table *table;
	const struct day_span *day;
};

static bool
take(void *arg, const struct stored_event *s)
{
	struct walk *w = arg;
	const struct event *e = &s->event;
	if (e->kind == EVENT_BLIND && strstr(e->params, "\"to_utc_ms\"") == NULL)
		return true; // it begins; the sums have it
	int64_t from = params_number(e->params, "from_utc_ms", e->time_utc_ms);
	int64_t to = params_number(e->params, "to_utc_ms", e->time_utc_ms);
	if (from > to || from >= w->day->to_ms || to < w->day->from_ms)
		return true;
	from = from < w->day->from_ms ? w->day->from_ms : from;
	to = to > w->day->to_ms ? w->day->to_ms : to;
	struct report_cell *row = doc_row(w->table);
	doc_put_text(&row[0], event_kind_name(e->kind));
	doc_put_count(&row[1], from);
	doc_put_count(&row[2], to);
	if (strstr(e->params, "\"by\":\"unknown\"") == NULL)
		doc_put_count(&row[3], to - from);
	doc_put_place(&row[4], e->place_zh, e->place_en);
	doc_put_text(&row[5], e->point);
	doc_put_ids(&row[6], &e->seq, 1);
	return true;
}

int
gaps_build(const struct report_input *in, struct report_doc *d, struct err *err)
{
	struct walk w = { .table = doc_table(d, &shape), .day = &in->day };
	struct event_filter f = {
		.from_utc_ms = in->day.from_ms,
		.to_utc_ms = in->day.to_ms + (int64_t)LATE_DAYS * LATE_MS_PER_DAY,
		.alarm_class = -1,
		.kinds = kinds,
	};
	return event_pages(in, f, take, &w, err);
}
