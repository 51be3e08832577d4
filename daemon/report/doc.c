// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The tables of doc.h, and local time. Owned by report_render for one report. Cells
// copy what they are given, since rows of a query live during its call only.
#include "report/doc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/mem.h"

struct report_table *
doc_table(struct report_doc *d, const struct report_table *shape)
{
	wr_assert(d->n_tables < DOC_TABLES_MAX);
	struct report_table *t = &d->tables[d->n_tables++];
	*t = *shape;
	return t;
}

struct report_cell *
doc_row(struct report_table *t)
{
	if (t->n_rows == t->rows_size) {
		t->rows_size = t->rows_size != 0 ? t->rows_size * 2 : 16;
		t->cells = xreallocarray(
		    t->cells, t->rows_size * t->n_columns, sizeof(*t->cells));
	}
	struct report_cell *row = &t->cells[t->n_rows++ * t->n_columns];
	for (size_t i = 0; i < t->n_columns; i++)
		row[i] = (struct report_cell){ .none = true };
	return row;
}

void
doc_put_count(struct report_cell *c, int64_t n)
{
	c->none = false;
	c->n = n;
}

void
doc_put_number(struct report_cell *c, double x)
{
	c->none = !isfinite(x);
	c->x = x;
}

void
doc_put_text(struct report_cell *c, const char *s)
{
	c->none = s[0] == '\0';
	c->text = xstrdup(s);
}

void
doc_put_place(struct report_cell *c, const char *zh, const char *en)
{
	c->none = zh[0] == '\0' && en[0] == '\0';
	c->text = xstrdup(zh);
	c->text_en = xstrdup(en);
}

void
doc_put_ids(struct report_cell *c, const int64_t *ids, size_t n)
{
	c->none = n == 0;
	c->n_ids = n;
	c->ids = xcalloc(n + 1, sizeof(*ids));
	if (n > 0)
		memcpy(c->ids, ids, n * sizeof(*ids));
}

struct report_chart *
doc_chart(
    struct report_doc *d, const char *point, const char *place_zh, const char *place_en)
{
	d->charts = xreallocarray(d->charts, d->n_charts + 1, sizeof(*d->charts));
	struct report_chart *c = &d->charts[d->n_charts++];
	*c = (struct report_chart){ .point = xstrdup(point),
		.place_zh = xstrdup(place_zh),
		.place_en = xstrdup(place_en) };
	return c;
}

void
chart_put(struct report_chart *c, double min, double mean, double max)
{
	if (c->n == c->size) {
		c->size = c->size != 0 ? c->size * 2 : 64;
		c->steps = xreallocarray(c->steps, c->size, sizeof(*c->steps));
	}
	c->steps[c->n++] = (struct chart_step){ min, mean, max };
}

size_t
doc_rows(const struct report_doc *d)
{
	size_t n = 0;
	for (size_t i = 0; i < d->n_tables; i++)
		n += d->tables[i].single ? 0 : d->tables[i].n_rows;
	return n;
}

void
doc_free(struct report_doc *d)
{
	for (size_t i = 0; i < d->n_tables; i++) {
		struct report_table *t = &d->tables[i];
		for (size_t k = 0; k < t->n_rows * t->n_columns; k++) {
			free(t->cells[k].text);
			free(t->cells[k].text_en);
			free(t->cells[k].ids);
		}
		free(t->cells);
		free(t->owned);
	}
	for (size_t i = 0; i < d->n_charts; i++) {
		free(d->charts[i].point);
		free(d->charts[i].place_zh);
		free(d->charts[i].place_en);
		free(d->charts[i].steps);
	}
	free(d->charts);
	*d = (struct report_doc){ 0 };
}

void
doc_local_time(int64_t utc_ms, char out[static LOCAL_TIME_MAX])
{
	time_t s = (time_t)(utc_ms / 1000);
	struct tm tm;
	(void)localtime_r(&s, &tm);
	size_t n = strftime(out, LOCAL_TIME_MAX, "%Y-%m-%dT%H:%M:%S%z", &tm);
	wr_assert(n > 5 && n + 2 <= LOCAL_TIME_MAX);
	// "+0800" becomes "+08:00" (RFC 3339)
	memmove(out + n - 1, out + n - 2, 3);
	out[n - 2] = ':';
}
