// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See domestic_water.h. Refuses a mean of nothing: without a single value it is none.
#include "report/domestic_water.h"

#include <math.h>
#include <stdlib.h>

// clang-format off
static const struct report_column columns[] = {
	{ "due",     "report.col.set_hour",    COLUMN_TIME,  IN_ALL, "report.whole_day" },
	{ "mean",    "report.col.gauges_mean", COLUMN_KPA,   IN_ALL, NULL },
	{ "unit",    NULL,                     COLUMN_TEXT,  IN_JSON, NULL },
	{ "gauges",  "report.col.gauges_with", COLUMN_COUNT, IN_ALL, NULL },
	{ "of",      "report.col.gauges_all",  COLUMN_COUNT, IN_ALL, NULL },
	{ "points",  "report.col.gauges_in",   COLUMN_TEXT,  IN_ALL, NULL },
	{ "without", "report.col.gauges_out",  COLUMN_TEXT,  IN_ALL, NULL },
};
// clang-format on
static const struct report_table shape = { .name = "domestic_water",
	.title = "report.domestic_water",
	.columns = columns,
	.n_columns = sizeof(columns) / sizeof(columns[0]) };

static bool
is_domestic(const struct site *s, const char *point)
{
	uint32_t i = s != NULL ? site_find_point(s, point) : UINT32_MAX;
	return i != UINT32_MAX && s->points[i].domestic_water;
}

static struct domestic_mean *
mean_of(struct domestic_water *w, int64_t due_utc_ms)
{
	for (size_t i = 0; i < w->n; i++) {
		if (w->means[i].due_utc_ms == due_utc_ms)
			return &w->means[i];
	}
	if (w->n == DOMESTIC_MEANS_MAX)
		return NULL;
	w->means[w->n].due_utc_ms = due_utc_ms;
	return &w->means[w->n++];
}

void
domestic_water_add(
    struct domestic_water *w, int64_t due_utc_ms, const char *point, double value)
{
	struct domestic_mean *m =
	    is_domestic(w->site, point) ? mean_of(w, due_utc_ms) : NULL;
	if (m == NULL)
		return;
	bool some = !isnan(value);
	struct buf *list = some ? &m->points : &m->without;
	buf_str(list, list->len > 0 ? " " : "");
	buf_str(list, point);
	m->all++;
	m->with += some;
	m->sum += some ? value : 0.0;
}

static void
put_points(struct report_cell *c, struct buf *list)
{
	if (list->len > 0) {
		char *text = buf_steal(list);
		doc_put_text(c, text);
		free(text);
	}
	buf_free(list);
}

void
domestic_water_put(struct domestic_water *w, struct report_doc *d)
{
	struct report_table *t = w->n > 0 ? doc_table(d, &shape) : NULL;
	for (size_t i = 0; i < w->n; i++) {
		struct domestic_mean *m = &w->means[i];
		struct report_cell *row = doc_row(t);
		if (m->due_utc_ms != 0)
			doc_put_count(&row[0], m->due_utc_ms);
		if (m->with > 0)
			doc_put_number(&row[1], m->sum / (double)m->with);
		doc_put_text(&row[2], "kPa");
		doc_put_count(&row[3], m->with);
		doc_put_count(&row[4], m->all);
		put_points(&row[5], &m->points);
		put_points(&row[6], &m->without);
	}
	w->n = 0;
}
