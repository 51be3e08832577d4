// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What came to be known about a day since somebody signed its alarm statistics: a table
// of the next revision, which says in words why it is one. One thread.
#include "report/definitions.h"

// clang-format off
static const struct report_column columns[] = {
	{ "since",  "report.col.since_revision", COLUMN_COUNT, IN_ALL,  NULL },
	{ "what",   "report.col.change",         COLUMN_KEY,   IN_ALL,  "report.change." },
	{ "time",   "report.col.entered",        COLUMN_TIME,  IN_ALL,  NULL },
	{ "by",     "report.col.by",             COLUMN_TEXT,  IN_ALL,  NULL },
	{ "place",  "report.col.place",          COLUMN_PLACE, IN_ALL,  NULL },
	{ "point",  "report.col.point",          COLUMN_TEXT,  IN_ALL,  NULL },
	{ "happened", "report.col.when_raised",  COLUMN_TIME,  IN_ALL,  NULL },
	{ "before", "report.col.before",         COLUMN_KEY,   IN_ALL,  "verdict." },
	{ "after",  "report.col.after",          COLUMN_KEY,   IN_ALL,  "verdict." },
	{ "events", "report.col.seqs",           COLUMN_IDS,   IN_DATA, NULL },
};
// clang-format on
static const struct report_table shape = { .name = "changes",
	.title = "report.changes",
	.columns = columns,
	.n_columns = sizeof(columns) / sizeof(columns[0]) };

struct walk {
	struct report_table *t;
	int64_t since;
};

static bool
take(void *arg, const struct day_change *c)
{
	const struct walk *w = arg;
	const struct day_alarm *a = &c->about;
	struct report_cell *row = doc_row(w->t);
	const int64_t ids[] = { c->seq, a->seq };
	doc_put_count(&row[0], w->since);
	doc_put_text(&row[1], c->what);
	doc_put_count(&row[2], c->time_utc_ms);
	doc_put_text(&row[3], c->who);
	doc_put_place(&row[4], a->place_zh, a->place_en);
	doc_put_text(&row[5], a->point);
	doc_put_count(&row[6], a->time_utc_ms);
	doc_put_text(&row[7], c->before);
	doc_put_text(&row[8], c->after);
	doc_put_ids(&row[9], ids, a->seq != 0 && a->seq != c->seq ? 2 : 1);
	return true;
}

int
changes_build(const struct report_input *in, const struct revision *newest,
    struct report_doc *d, struct err *err)
{
	struct walk w = { .since = newest->revision };
	int n =
	    query_day_changes(in->reader, &in->day, &newest->as_of, NULL, NULL, err);
	if (n <= 0)
		return n;
	w.t = doc_table(d, &shape);
	return query_day_changes(in->reader, &in->day, &newest->as_of, take, &w, err);
}
