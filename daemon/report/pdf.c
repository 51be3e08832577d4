// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A report as PDF: the flow of its parts over pages, which are laid out twice, since
// "page x / y" needs their number. Fonts are embedded. The file's own time is the
// report's: the same figures give the same bytes.
#include <cairo-pdf.h>
#include <errno.h>

#include "report/page.h"

static const double TITLE = 15.0, HEADING = 11.0, TEXT = 9.0;
static const double LINE_HEADING = 150.0; // width of a line's heading
static const double FOOT_LINES = 5.0;
static const char FONT[] = "Noto Sans CJK SC, Noto Sans, sans-serif";

static cairo_status_t
take(void *arg, const unsigned char *data, unsigned len)
{
	buf_add(arg, data, len);
	return CAIRO_STATUS_SUCCESS;
}

static void
foot(struct page *p)
{
	char text[40];
	(void)snprintf(text, sizeof(text), "%d / %d", p->number, p->total);
	(void)page_set(p, text, PAGE_INNER, TEXT, false);
	pango_layout_set_alignment(p->layout, PANGO_ALIGN_RIGHT);
	page_draw(p, PAGE_MARGIN, PAGE_HEIGHT - PAGE_MARGIN);
	pango_layout_set_alignment(p->layout, PANGO_ALIGN_LEFT);
}

void
page_begin(struct page *p, const struct report_frame *f, struct buf *out, int total)
{
	char when[40];
	time_t s = (time_t)(f->request->now_utc_ms / 1000);
	struct tm tm;
	(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&s, &tm));
	*p = (struct page){ .f = f, .total = total, .number = 1, .y = PAGE_MARGIN };
	p->surface =
	    cairo_pdf_surface_create_for_stream(take, out, PAGE_WIDTH, PAGE_HEIGHT);
	cairo_pdf_surface_set_metadata(
	    p->surface, CAIRO_PDF_METADATA_CREATE_DATE, when);
	cairo_pdf_surface_set_metadata(
	    p->surface, CAIRO_PDF_METADATA_TITLE, show_title(f));
	cairo_pdf_surface_set_metadata(
	    p->surface, CAIRO_PDF_METADATA_CREATOR, "Watchroom " WATCHROOM_VERSION);
	p->cairo = cairo_create(p->surface);
	p->layout = pango_cairo_create_layout(p->cairo);
	pango_layout_set_wrap(p->layout, PANGO_WRAP_WORD_CHAR);
}

int
page_end(struct page *p)
{
	foot(p);
	g_object_unref(p->layout);
	cairo_destroy(p->cairo);
	cairo_surface_finish(p->surface);
	return p->number;
}

bool
page_room(struct page *p, double height)
{
	if (p->y + height <= PAGE_BOTTOM)
		return false;
	foot(p);
	cairo_show_page(p->cairo);
	p->number++;
	p->y = PAGE_MARGIN;
	return true;
}

double
page_set(struct page *p, const char *text, double width, double size, bool bold)
{
	PangoFontDescription *font = pango_font_description_from_string(FONT);
	int height;

	pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
	pango_font_description_set_weight(
	    font, bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
	pango_layout_set_font_description(p->layout, font);
	pango_font_description_free(font);
	pango_layout_set_width(p->layout, (int)(width * PANGO_SCALE));
	pango_layout_set_text(p->layout, text, -1);
	pango_layout_get_size(p->layout, NULL, &height);
	return (double)height / PANGO_SCALE;
}

void
page_draw(struct page *p, double x, double y)
{
	cairo_move_to(p->cairo, x, y);
	pango_cairo_show_layout(p->cairo, p->layout);
}

static void
put_text(struct page *p, const char *text, double size, double before, bool bold)
{
	double height = page_set(p, text, PAGE_INNER, size, bold);
	(void)page_room(p, before + height);
	p->y += before;
	page_draw(p, PAGE_MARGIN, p->y);
	p->y += height;
}

static void
put_lines(struct page *p, const struct show_line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double width = PAGE_INNER - LINE_HEADING;
		double left = page_set(p, lines[i].heading, LINE_HEADING, TEXT, false);
		double height = page_set(p, lines[i].text, width, TEXT, false);
		height = left > height ? left : height;
		(void)page_room(p, height);
		page_draw(p, PAGE_MARGIN + LINE_HEADING, p->y);
		(void)page_set(p, lines[i].heading, LINE_HEADING, TEXT, false);
		page_draw(p, PAGE_MARGIN, p->y);
		p->y += height;
	}
}

static void
put_signatures(struct page *p)
{
	static const double HEIGHT = 60.0, GAP = 24.0;
	enum lang lang = p->f->request->lang;
	size_t n = 0;

	while (p->f->signatures[n] != NULL)
		n++;
	// The lines beneath are kept with them.
	(void)page_room(p, HEIGHT + FOOT_LINES * 1.5 * TEXT);
	double width = (PAGE_INNER + GAP) / (double)n - GAP;
	for (size_t i = 0; i < n; i++) {
		double x = PAGE_MARGIN + (double)i * (width + GAP);
		(void)page_set(
		    p, text_get(lang, p->f->signatures[i]), width, TEXT, false);
		page_draw(p, x, p->y + 14.0);
		cairo_move_to(p->cairo, x, p->y + HEIGHT - 10.0);
		cairo_rel_line_to(p->cairo, width, 0.0);
	}
	cairo_set_line_width(p->cairo, 0.7);
	cairo_stroke(p->cairo);
	p->y += HEIGHT;
}

static void
put_tables(struct page *p)
{
	const struct report_doc *d = p->f->doc;
	static const double HEADING_AND_ROWS = 90.0; // a heading is not left alone

	for (size_t i = 0; i < d->n_tables; i++) {
		if (d->tables[i].title != NULL) {
			(void)page_room(p, HEADING_AND_ROWS);
			put_text(p, text_get(p->f->request->lang, d->tables[i].title),
			    HEADING, 12.0, true);
			p->y += 3.0;
		}
		page_table(p, &d->tables[i]);
	}
}

static int
lay_out(
    const struct report_frame *f, struct buf *out, int total, cairo_status_t *status)
{
	struct page p;
	struct show_line lines[SHOW_LINES_MAX];

	page_begin(&p, f, out, total);
	pango_layout_set_alignment(p.layout, PANGO_ALIGN_CENTER);
	put_text(&p, show_title(f), TITLE, 0.0, true);
	pango_layout_set_alignment(p.layout, PANGO_ALIGN_LEFT);
	p.y += 6.0;
	put_lines(&p, lines, show_head(f, lines));
	put_tables(&p);
	for (size_t i = 0; i < f->doc->n_charts; i++)
		page_chart(&p, &f->doc->charts[i]);
	put_signatures(&p);
	put_lines(&p, lines, show_foot(f, lines));
	int pages = page_end(&p);
	*status = cairo_surface_status(p.surface);
	cairo_surface_destroy(p.surface);
	return pages;
}

int
format_pdf(const struct report_frame *f, struct buf *out, struct err *err)
{
	struct buf counted = { 0 };
	cairo_status_t status;
	int total = lay_out(f, &counted, 0, &status);

	buf_free(&counted);
	if (status == CAIRO_STATUS_SUCCESS)
		(void)lay_out(f, out, total, &status);
	if (status != CAIRO_STATUS_SUCCESS)
		return err_set(err, EIO, "pdf: %s", cairo_status_to_string(status));
	return 0;
}
