// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A4 pages, lying, that text, tables and curves flow down, with "page x / y" at the
// foot of each. Lengths in points (1/72 inch). Inside report/ only. One thread.
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include <cairo.h>
#include <pango/pangocairo.h>

#include "lib/buf.h"
#include "report/show.h"

enum {
	PAGE_COLUMNS_MAX = 24
};

struct page {
	const struct report_frame *f;
	cairo_surface_t *surface;
	cairo_t *cairo;
	PangoLayout *layout;             // for every text; its font is set for each
	double y;                        // how far this page is filled
	int number, total;               // total: as counted before
	double widths[PAGE_COLUMNS_MAX]; // of the last table's columns
};

static const double PAGE_WIDTH = 841.89; // ISO 216 A4
static const double PAGE_HEIGHT = 595.28;
static const double PAGE_MARGIN = 36.0;
static const double PAGE_INNER = 841.89 - 2 * 36.0;
static const double PAGE_BOTTOM = 595.28 - 50.0;

// Opens the first page; the bytes of the pdf go to `out`.
void page_begin(
    struct page *p, const struct report_frame *f, struct buf *out, int total);
// Ends the last one. How many pages there are.
int page_end(struct page *p);

// Sees that `height` is free on this page, by way of a new one. True where it is new.
bool page_room(struct page *p, double height);

// Sets the layout to a text, broken at `width`; its height.
double page_set(struct page *p, const char *text, double width, double size, bool bold);
// Draws the layout as it was last set, its upper left corner at x, y.
void page_draw(struct page *p, double x, double y);

void page_table(struct page *p, const struct report_table *t);
void page_chart(struct page *p, const struct report_chart *c);

#endif
