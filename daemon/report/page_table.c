// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A table on pages: columns as wide as what is in them, made narrower together where
// the page is; rows whole; the headings again on each page.
#include <math.h>
#include <string.h>

#include "lib/mem.h"
#include "report/page.h"

static const double TEXT = 8.0, PAD = 3.0;
static const double LEAST = 34.0;     // of a column that is made narrower
static const double GREATEST = 230.0; // of a column before it is wrapped

struct grid {
	struct page *page;
	const struct report_table *table;
	size_t n;
	size_t columns[PAGE_COLUMNS_MAX]; // indices in the table
	double *widths;                   // with padding
};

static const struct report_column *
column(const struct grid *g, size_t i)
{
	return &g->table->columns[g->columns[i]];
}

static void
text_at(const struct grid *g, size_t row, size_t i, struct buf *out)
{
	buf_clear(out);
	show_on_paper(out, g->page->f, column(g, i),
	    &g->table->cells[row * g->table->n_columns + g->columns[i]]);
	buf_str(out, "");
}

// As wide as the text is on one line.
static double
natural(struct page *p, const char *text, bool bold)
{
	int width;
	(void)page_set(p, text, GREATEST, TEXT, bold);
	pango_layout_get_size(p->layout, &width, NULL);
	return (double)width / PANGO_SCALE + 2 * PAD + 0.5;
}

// What is wider than its part gives way, the narrow keep what they need.
static void
fit(struct grid *g)
{
	double sum = 0.0, spare = 0.0;
	for (size_t i = 0; i < g->n; i++) {
		sum += g->widths[i];
		spare += fmax(g->widths[i] - LEAST, 0.0);
	}
	double over = sum - PAGE_INNER;
	if (over > 0.0 && spare > 0.0) {
		for (size_t i = 0; i < g->n; i++)
			g->widths[i] -= over * fmax(g->widths[i] - LEAST, 0.0) / spare;
	} else if (over < 0.0) {
		for (size_t i = 0; i < g->n; i++)
			g->widths[i] *= PAGE_INNER / sum;
	}
}

static void
measure(struct grid *g)
{
	struct buf text = { 0 };
	enum lang lang = g->page->f->request->lang;
	for (size_t i = 0; i < g->n; i++) {
		const char *heading = column(g, i)->heading;
		g->widths[i] = heading != NULL
				   ? natural(g->page, text_get(lang, heading), true)
				   : LEAST;
		for (size_t r = 0; r < g->table->n_rows; r++) {
			text_at(g, r, i, &text);
			g->widths[i] =
			    fmax(g->widths[i], natural(g->page, text.data, false));
		}
	}
	buf_free(&text);
	fit(g);
}

// Draws a row's frames and texts; `texts` holds one for each column.
static void
draw_row(struct grid *g, char *const *texts, double height, bool heading, bool bold)
{
	struct page *p = g->page;
	double x = PAGE_MARGIN;
	for (size_t i = 0; i < g->n; i++) {
		if (heading) {
			cairo_set_source_rgb(p->cairo, 0.93, 0.93, 0.93);
			cairo_rectangle(p->cairo, x, p->y, g->widths[i], height);
			cairo_fill(p->cairo);
			cairo_set_source_rgb(p->cairo, 0.0, 0.0, 0.0);
		}
		cairo_rectangle(p->cairo, x, p->y, g->widths[i], height);
		cairo_set_line_width(p->cairo, 0.4);
		cairo_stroke(p->cairo);
		(void)page_set(p, texts[i], g->widths[i] - 2 * PAD, TEXT, bold);
		if (show_is_number(column(g, i)->kind))
			pango_layout_set_alignment(p->layout, PANGO_ALIGN_RIGHT);
		page_draw(p, x + PAD, p->y + PAD);
		pango_layout_set_alignment(p->layout, PANGO_ALIGN_LEFT);
		x += g->widths[i];
	}
	p->y += height;
}

static double
height_of(struct grid *g, char *const *texts, bool bold)
{
	double height = 0.0;
	for (size_t i = 0; i < g->n; i++) {
		double h =
		    page_set(g->page, texts[i], g->widths[i] - 2 * PAD, TEXT, bold);
		height = fmax(height, h);
	}
	return height + 2 * PAD;
}

static void
free_texts(struct grid *g, char **texts)
{
	for (size_t i = 0; i < g->n; i++)
		free(texts[i]);
}

static void
put_headings(struct grid *g)
{
	char *texts[PAGE_COLUMNS_MAX] = { 0 };
	if (g->table->title == NULL)
		return;
	for (size_t i = 0; i < g->n; i++)
		texts[i] =
		    xstrdup(text_get(g->page->f->request->lang, column(g, i)->heading));
	draw_row(g, texts, height_of(g, texts, true), true, true);
	free_texts(g, texts);
}

static void
put_row(struct grid *g, size_t row)
{
	char *texts[PAGE_COLUMNS_MAX] = { 0 };
	struct buf text = { 0 };
	for (size_t i = 0; i < g->n; i++) {
		text_at(g, row, i, &text);
		texts[i] = xstrdup(text.data);
	}
	buf_free(&text);
	bool bold = g->table->single;
	double height = height_of(g, texts, bold);
	if (page_room(g->page, height))
		put_headings(g);
	draw_row(g, texts, height, false, bold);
	free_texts(g, texts);
}

static void
put_none(struct page *p)
{
	const char *none = text_get(p->f->request->lang, "report.none");
	double height = page_set(p, none, PAGE_INNER, TEXT, false);
	(void)page_room(p, height);
	page_draw(p, PAGE_MARGIN, p->y);
	p->y += height;
}

void
page_table(struct page *p, const struct report_table *t)
{
	struct grid g = { .page = p, .table = t, .widths = p->widths };
	for (size_t i = 0; i < t->n_columns; i++) {
		if ((t->columns[i].where & IN_PRINT) == 0)
			continue;
		wr_assert(g.n < PAGE_COLUMNS_MAX);
		g.columns[g.n++] = i;
	}
	if (t->n_rows == 0) {
		put_none(p);
		return;
	}
	if (t->title != NULL) // else it goes on in the columns of the one before
		measure(&g);
	put_headings(&g);
	for (size_t r = 0; r < t->n_rows; r++)
		put_row(&g, r);
}
