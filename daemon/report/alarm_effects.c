// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See alarm_tables.h. What was expected to follow an alarm: whether it came, after how
// long, and which alarm asked for it. One row for each event, so that each opens (I13).
#include <stdio.h>
#include <string.h>

#include "report/alarm_tables.h"
#include "report/event_pages.h"
#include "report/params.h"

enum {
	TENTH_MS = 100,
	NAME = 96
};

// clang-format off
static const struct report_column effect_columns[] = {
	{ "time",   "report.col.judged",   COLUMN_TIME,   IN_ALL,  NULL },
	{ "place",  "report.col.place",    COLUMN_PLACE,  IN_ALL,  NULL },
	{ "point",  "report.col.point",    COLUMN_TEXT,   IN_ALL,  NULL },
	{ "rule",   "report.col.rule",     COLUMN_TEXT,   IN_ALL,  NULL },
	{ "cause",  "report.col.asked_by", COLUMN_TEXT,   IN_ALL,  NULL },
	{ "result", "report.col.result",   COLUMN_KEY,    IN_ALL,  "report.effect." },
	{ "reason", "report.col.why",      COLUMN_KEY,    IN_ALL,  "ui.effect.reason." },
	{ "delay",  "report.col.delay_s",  COLUMN_TENTHS, IN_ALL,  NULL },
	{ "real",   "report.col.real",     COLUMN_KEY,    IN_ALL,  "report.effect." },
	{ "events", "report.col.seqs",     COLUMN_IDS,    IN_DATA, NULL },
};
// clang-format on
static const struct report_table effect_shape = { .name = "effects",
	.title = "report.effects",
	.columns = effect_columns,
	.n_columns = sizeof(effect_columns) / sizeof(effect_columns[0]) };

// A delay that is an upper bound says so.
static void
put_result(struct report_cell *row, const struct event *e)
{
	char result[NAME], shown[NAME + 8], reason[NAME];
	int64_t delay = params_number(e->params, "delay_ms", -1);
	bool at_most = strstr(e->params, "\"at_most\":true") != NULL;
	params_text(e->params, "result", result, sizeof(result));
	(void)snprintf(shown, sizeof(shown), "%s%s", result, at_most ? "-most" : "");
	doc_put_text(&row[5], shown);
	params_text(e->params, "reason", reason, sizeof(reason));
	if (reason[0] != '\0')
		doc_put_text(&row[6], reason);
	if (delay >= 0)
		doc_put_count(&row[7], (delay + TENTH_MS / 2) / TENTH_MS);
}

static bool
take_effect(void *arg, const struct stored_event *s)
{
	const struct event *e = &s->event;
	bool test = strstr(e->params, "\"test\":true") != NULL;
	char rule[NAME], cause[NAME];
	struct report_cell *row = doc_row(arg);
	params_text(e->params, "rule", rule, sizeof(rule));
	params_text(e->params, "point", cause, sizeof(cause)); // the only one in it
	doc_put_count(&row[0], e->time_utc_ms);
	doc_put_place(&row[1], e->place_zh, e->place_en);
	doc_put_text(&row[2], e->point);
	doc_put_text(&row[3], rule);
	doc_put_text(&row[4], cause);
	put_result(row, e);
	doc_put_text(&row[8], test ? "test" : "real");
	doc_put_ids(&row[9], &e->seq, 1);
	return true;
}

int
alarm_effects_build(
    const struct report_input *in, struct report_doc *d, struct err *err)
{
	static const enum event_kind kinds[] = { EVENT_EFFECT_SEEN, EVENT_EFFECT_MISSED,
		EVENT_EFFECT_OVER, EVENT_KINDS_END };
	struct event_filter f = {
		.from_utc_ms = in->day.from_ms,
		.to_utc_ms = in->day.to_ms,
		.alarm_class = -1,
		.kinds = kinds,
	};
	return event_pages(in, f, take_effect, doc_table(d, &effect_shape), err);
}
