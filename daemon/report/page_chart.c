// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A curve on a page: the band between least and greatest, the mean as a line; where
// there was no value there is a gap.
#include <stddef.h>
#include <stdlib.h>

#include "lib/mem.h"
#include "report/chart.h"
#include "report/page.h"

static const double TEXT = 8.0, HEIGHT = 110.0, LEFT = 44.0, UNDER = 14.0;

static void
put_axes(struct page *p, const struct chart_plan *plan, double x0, double y0)
{
	cairo_new_path(p->cairo);
	cairo_set_line_width(p->cairo, 0.3);
	cairo_set_source_rgb(p->cairo, 0.75, 0.75, 0.75);
	for (size_t i = 0; i < plan->n_values; i++) {
		cairo_move_to(p->cairo, x0, y0 + plan->values[i].at);
		cairo_rel_line_to(p->cairo, plan->width, 0.0);
	}
	for (size_t i = 0; i < plan->n_times; i++) {
		cairo_move_to(p->cairo, x0 + plan->times[i].at, y0);
		cairo_rel_line_to(p->cairo, 0.0, plan->height);
	}
	cairo_stroke(p->cairo);
	cairo_set_source_rgb(p->cairo, 0.0, 0.0, 0.0);
	for (size_t i = 0; i < plan->n_values; i++) {
		double h = page_set(p, plan->values[i].text, LEFT - 6.0, TEXT, false);
		pango_layout_set_alignment(p->layout, PANGO_ALIGN_RIGHT);
		page_draw(p, PAGE_MARGIN, y0 + plan->values[i].at - h / 2);
	}
	pango_layout_set_alignment(p->layout, PANGO_ALIGN_CENTER);
	for (size_t i = 0; i < plan->n_times; i++) {
		(void)page_set(p, plan->times[i].text, 60.0, TEXT, false);
		page_draw(p, x0 + plan->times[i].at - 30.0, y0 + plan->height + 2.0);
	}
	pango_layout_set_alignment(p->layout, PANGO_ALIGN_LEFT);
}

static void
line_through(struct page *p, const struct chart_dot *dots, size_t n, bool backwards)
{
	for (size_t i = 0; i < n; i++) {
		const struct chart_dot *d = &dots[backwards ? n - 1 - i : i];
		cairo_line_to(p->cairo, d->x, d->y);
	}
}

static void
put_curve(struct page *p, const struct chart_plan *plan, const struct report_chart *c)
{
	struct chart_dot *dots = xcalloc(c->n + 2, sizeof(*dots));
	size_t begin, end, n;

	for (size_t from = 0; chart_run(c, from, &begin, &end); from = end) {
		cairo_new_path(p->cairo);
		n = chart_outline(
		    plan, c, begin, end, offsetof(struct chart_step, max), dots);
		line_through(p, dots, n, false);
		n = chart_outline(
		    plan, c, begin, end, offsetof(struct chart_step, min), dots);
		line_through(p, dots, n, true);
		cairo_close_path(p->cairo);
		cairo_set_source_rgb(p->cairo, 0.75, 0.75, 0.75);
		cairo_fill(p->cairo);
		n = chart_outline(
		    plan, c, begin, end, offsetof(struct chart_step, mean), dots);
		line_through(p, dots, n, false);
		cairo_set_source_rgb(p->cairo, 0.0, 0.0, 0.0);
		cairo_set_line_width(p->cairo, 0.8);
		cairo_stroke(p->cairo);
	}
	free(dots);
}

void
page_chart(struct page *p, const struct report_chart *c)
{
	enum lang lang = p->f->request->lang;
	struct chart_plan plan;
	bool drawn = chart_plan(c, PAGE_INNER - LEFT, HEIGHT, &plan);
	char *title = xasprintf("%s (%s), MPa%s%s",
	    show_in(lang, c->place_zh, c->place_en), c->point, drawn ? "" : ": ",
	    drawn ? "" : text_get(lang, "report.none"));
	double height = page_set(p, title, PAGE_INNER, TEXT + 1.0, true);

	(void)page_room(p, height + (drawn ? HEIGHT + UNDER + 14.0 : 10.0));
	p->y += 8.0;
	(void)page_set(p, title, PAGE_INNER, TEXT + 1.0, true);
	page_draw(p, PAGE_MARGIN, p->y);
	p->y += height + 3.0;
	if (drawn) {
		put_axes(p, &plan, PAGE_MARGIN + LEFT, p->y);
		cairo_save(p->cairo);
		cairo_translate(p->cairo, PAGE_MARGIN + LEFT, p->y);
		put_curve(p, &plan, c);
		cairo_restore(p->cairo);
		p->y += HEIGHT + UNDER;
	}
	free(title);
}
