// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See alarm_tables.h. Which alarms became repeat offenders in the span, and which are
// none any more. One row for each event, so that each opens (I13).
#include "report/alarm_tables.h"
#include "report/event_pages.h"
#include "report/params.h"

// clang-format off
static const struct report_column repeat_columns[] = {
	{ "time",      "report.col.time",          COLUMN_TIME,  IN_ALL,  NULL },
	{ "place",     "report.col.place",         COLUMN_PLACE, IN_ALL,  NULL },
	{ "point",     "report.col.point",         COLUMN_TEXT,  IN_ALL,  NULL },
	{ "condition", "report.col.condition",     COLUMN_KEY,   IN_ALL,  "condition." },
	{ "code",      "report.col.code",          COLUMN_CODE,  IN_ALL,  NULL },
	{ "result",    "report.col.result",        COLUMN_KEY,   IN_ALL,  "report.repeat." },
	{ "onsets",    "report.col.repeat_onsets", COLUMN_COUNT, IN_ALL,  NULL },
	{ "since",     "report.col.since",         COLUMN_TIME,  IN_ALL,  NULL },
	{ "events",    "report.col.seqs",          COLUMN_IDS,   IN_DATA, NULL },
};
static const struct report_table repeat_shape = { .name = "repeat", .title = "report.repeat",
	.columns = repeat_columns, .n_columns = sizeof(repeat_columns) / sizeof(repeat_columns[0]) };
// clang-format on

static const enum event_kind kinds[] = { EVENT_REPEAT_START, EVENT_REPEAT_END,
	EVENT_KINDS_END };

static bool
take(void *arg, const struct stored_event *s)
{
	const struct event *e = &s->event;
	struct report_cell *row = doc_row(arg);

	doc_put_count(&row[0], e->time_utc_ms);
	doc_put_place(&row[1], e->place_zh, e->place_en);
	doc_put_text(&row[2], e->point);
	if (e->condition >= 0)
		doc_put_text(&row[3], condition_name((enum condition)e->condition));
	doc_put_text(&row[4], e->code);
	doc_put_text(&row[5], e->kind == EVENT_REPEAT_START ? "began" : "over");
	doc_put_count(&row[6], params_number(e->params, "onsets", 0));
	doc_put_count(&row[7], params_number(e->params, "since_utc_ms", 0));
	doc_put_ids(&row[8], &e->seq, 1);
	return true;
}

int
alarm_repeats_build(
    const struct report_input *in, struct report_doc *d, struct err *err)
{
	struct event_filter f = {
		.from_utc_ms = in->day.from_ms,
		.to_utc_ms = in->day.to_ms,
		.alarm_class = -1,
		.kinds = kinds,
	};
	return event_pages(in, f, take, doc_table(d, &repeat_shape), err);
}
