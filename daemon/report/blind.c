// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Sums of blind time: of the whole site, of each link and of each point that was not
// watched for a time of its own, worst first. One thread. Counting is the store's.
#include "report/definitions.h"

// clang-format off
static const struct report_column columns[] = {
	{ "place",      "report.col.place",      COLUMN_PLACE, IN_ALL, NULL },
	{ "point",      "report.col.point",      COLUMN_TEXT,  IN_ALL, NULL },
	{ "points",     "report.col.points",     COLUMN_COUNT, IN_ALL, NULL },
	{ "blind_ms",   "report.col.blind",      COLUMN_SPAN,  IN_ALL, NULL },
	{ "link_ms",    "report.col.blind.link", COLUMN_SPAN,  IN_ALL, NULL },
	{ "quality_ms", "report.col.blind.quality",  COLUMN_SPAN, IN_ALL, NULL },
	{ "isolated_ms", "report.col.blind.isolated", COLUMN_SPAN, IN_ALL, NULL },
	{ "down_ms",    "report.col.blind.down", COLUMN_SPAN,  IN_ALL, NULL },
	{ "clock_ms",   "report.col.blind.clock", COLUMN_SPAN, IN_ALL, NULL },
	{ "store_ms",   "report.col.blind.store", COLUMN_SPAN, IN_ALL, NULL },
	{ "unmeasured", "report.col.unmeasured", COLUMN_COUNT, IN_ALL, NULL },
	{ "events",     "report.col.seqs",       COLUMN_IDS,   IN_DATA, NULL },
};
// clang-format on

static const struct report_table shape = { .name = "blind",
	.title = "report.blind",
	.columns = columns,
	.n_columns = sizeof(columns) / sizeof(columns[0]) };

struct rows {
	struct report_table *table;
	const struct site *site; // or NULL
};

static void
put_place(const struct rows *w, const char *point, struct report_cell *c)
{
	uint32_t i = w->site != NULL ? site_find_point(w->site, point) : UINT32_MAX;
	if (point[0] == '\0')
		doc_put_place(c, text_get(LANG_ZH, "report.whole_site"),
		    text_get(LANG_EN, "report.whole_site"));
	else if (i != UINT32_MAX)
		doc_put_place(
		    c, w->site->points[i].place_zh, w->site->points[i].place_en);
}

static bool
take(void *arg, const struct blind_sum *s)
{
	const struct rows *w = arg;
	struct report_cell *row = doc_row(w->table);
	put_place(w, s->point, &row[0]);
	if (s->point[0] != '\0')
		doc_put_text(&row[1], s->point);
	doc_put_count(&row[2], s->points);
	doc_put_count(&row[3], s->blind_ms);
	for (int i = 0; i < BLIND_REASON_COUNT; i++)
		doc_put_count(&row[4 + i], s->by_ms[i]);
	row += 4 + BLIND_REASON_COUNT;
	doc_put_count(&row[0], s->unmeasured);
	doc_put_ids(&row[1], s->seqs, s->n_seqs);
	return true;
}

int
blind_build(const struct report_input *in, struct report_doc *d, struct err *err)
{
	struct rows w = { doc_table(d, &shape), in->request->points };
	const struct blind_query q = { .from_ms = in->day.from_ms,
		.to_ms = in->day.to_ms,
		.now_utc_ms = in->request->now_utc_ms };
	return query_blind(in->reader, &q, take, &w, err) < 0 ? -1 : 0;
}
