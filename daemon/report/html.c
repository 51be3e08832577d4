// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A report as one HTML page that prints on A4, lying: nothing is fetched, nothing runs.
// Every text of data is escaped. One thread.
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "report/chart.h"
#include "report/show.h"

static const char STYLE[] =
    "@page{size:A4 landscape;margin:14mm 12mm 16mm;@bottom-right{content:counter(page)"
    "\" / \"counter(pages);font:9pt sans-serif}}"
    "body{font:10pt/1.35 \"Noto Sans CJK SC\",\"Noto Sans SC\",\"Microsoft YaHei\","
    "sans-serif;color:#000;background:#fff;max-width:270mm;margin:6mm auto;"
    "padding:0 4mm}"
    "h1{font-size:16pt;margin:0 0 3mm;text-align:center}"
    "h2{font-size:11.5pt;margin:6mm 0 1.5mm;break-after:avoid}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{border:1px solid #777;padding:1mm 1.6mm;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}"
    "th{background:#eee}thead{display:table-header-group}tr{break-inside:avoid}"
    ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    ".t td{font-weight:bold}.h{width:auto}.h th{background:none}"
    ".h th,.h td{border:0;padding:.3mm 4mm .3mm 0}"
    ".s{display:flex;flex-wrap:wrap;gap:4mm 12mm;margin:10mm 0 4mm;"
    "break-inside:avoid}.s div{flex:1 1 60mm;border-bottom:1px solid #000;"
    "padding-bottom:7mm}"
    "figure{margin:4mm 0;break-inside:avoid}svg{width:100%;height:auto}"
    "@media screen and (max-width:700px){.w{overflow-x:auto}}";

static void
escape(struct buf *b, const char *s)
{
	static const char *const entities[] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;"
	};

	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;
		if (c < sizeof(entities) / sizeof(entities[0]) && entities[c] != NULL)
			buf_str(b, entities[c]);
		else
			buf_add(b, s, 1);
	}
}

static void
element(struct buf *b, const char *open, const char *text, const char *close)
{
	buf_str(b, open);
	escape(b, text);
	buf_str(b, close);
}

static void
put_lines(struct buf *b, const struct show_line *lines, size_t n)
{
	buf_str(b, "<table class=h>");
	for (size_t i = 0; i < n; i++) {
		element(b, "<tr><th>", lines[i].heading, "</th>");
		element(b, "<td>", lines[i].text, "</td></tr>");
	}
	buf_str(b, "</table>\n");
}

static bool
printed(const struct report_column *col)
{
	return (col->where & IN_PRINT) != 0;
}

static void
put_row(
    struct buf *b, const struct report_frame *f, const struct report_table *t, size_t r)
{
	struct buf text = { 0 };

	buf_str(b, t->single ? "<tr class=t>" : "<tr>");
	for (size_t i = 0; i < t->n_columns; i++) {
		const struct report_column *col = &t->columns[i];
		if (!printed(col))
			continue;
		buf_clear(&text);
		show_on_paper(&text, f, col, &t->cells[r * t->n_columns + i]);
		element(b, show_is_number(col->kind) ? "<td class=n>" : "<td>",
		    text.data != NULL ? text.data : "", "</td>");
	}
	buf_str(b, "</tr>\n");
	buf_free(&text);
}

static void
put_headings(struct buf *b, enum lang lang, const struct report_table *t)
{
	element(b, "<h2>", text_get(lang, t->title),
	    "</h2>\n<div class=w><table><thead><tr>");
	for (size_t i = 0; i < t->n_columns; i++) {
		const struct report_column *col = &t->columns[i];
		if (printed(col))
			element(b, show_is_number(col->kind) ? "<th class=n>" : "<th>",
			    text_get(lang, col->heading), "</th>");
	}
	buf_str(b, "</tr></thead>\n");
}

static void
put_tables(struct buf *b, const struct report_frame *f)
{
	const struct report_doc *d = f->doc;
	enum lang lang = f->request->lang;

	for (size_t i = 0; i < d->n_tables; i++) {
		const struct report_table *t = &d->tables[i];
		if (t->title != NULL)
			put_headings(b, lang, t);
		for (size_t r = 0; r < t->n_rows; r++)
			put_row(b, f, t, r);
		if (t->n_rows == 0)
			element(b, "<tr><td colspan=99>", text_get(lang, "report.none"),
			    "</td></tr>\n");
		if (i + 1 == d->n_tables || d->tables[i + 1].title != NULL)
			buf_str(b, "</table></div>\n");
	}
}

static void
put_dots(struct buf *b, const struct chart_dot *dots, size_t n, bool backwards)
{
	for (size_t i = 0; i < n; i++) {
		const struct chart_dot *d = &dots[backwards ? n - 1 - i : i];
		buf_printf(b, "%.1f,%.1f ", d->x, d->y);
	}
}

// The band between least and greatest, then the mean; a gap stays a gap.
static void
put_curve(struct buf *b, const struct chart_plan *p, const struct report_chart *c)
{
	struct chart_dot *dots = xcalloc(c->n + 2, sizeof(*dots));
	size_t begin, end, n;

	for (size_t from = 0; chart_run(c, from, &begin, &end); from = end) {
		buf_str(b, "<polygon fill=\"#bbb\" points=\"");
		n = chart_outline(
		    p, c, begin, end, offsetof(struct chart_step, max), dots);
		put_dots(b, dots, n, false);
		n = chart_outline(
		    p, c, begin, end, offsetof(struct chart_step, min), dots);
		put_dots(b, dots, n, true);
		buf_str(b, "\"/><polyline fill=\"none\" stroke=\"#000\" points=\"");
		n = chart_outline(
		    p, c, begin, end, offsetof(struct chart_step, mean), dots);
		put_dots(b, dots, n, false);
		buf_str(b, "\"/>");
	}
	free(dots);
}

static void
put_axes(struct buf *b, const struct chart_plan *p)
{
	for (size_t i = 0; i < p->n_values; i++) {
		double y = p->values[i].at;
		buf_printf(b,
		    "<path stroke=\"#ddd\" d=\"M0 %.1fH%.0f\"/><text x=\"-6\" "
		    "y=\"%.1f\" "
		    "text-anchor=\"end\">%s</text>",
		    y, p->width, y + 4, p->values[i].text);
	}
	for (size_t i = 0; i < p->n_times; i++) {
		double x = p->times[i].at;
		buf_printf(b,
		    "<path stroke=\"#ddd\" d=\"M%.1f 0V%.0f\"/><text x=\"%.1f\" "
		    "y=\"%.0f\" "
		    "text-anchor=\"middle\">%s</text>",
		    x, p->height, x, p->height + 16, p->times[i].text);
	}
}

static void
put_chart(struct buf *b, enum lang lang, const struct report_chart *c)
{
	struct chart_plan p;

	buf_str(b, "<figure>");
	element(b, "<figcaption>", show_in(lang, c->place_zh, c->place_en), " (");
	element(b, "", c->point, "), MPa");
	if (!chart_plan(c, 900, 170, &p)) {
		element(
		    b, ": ", text_get(lang, "report.none"), "</figcaption></figure>\n");
		return;
	}
	buf_str(b, "</figcaption><svg viewBox=\"-60 -10 975 200\" font-size=\"12\" "
		   "role=\"img\">");
	put_axes(b, &p);
	put_curve(b, &p, c);
	buf_printf(b,
	    "<path fill=\"none\" stroke=\"#000\" d=\"M0 "
	    "0V%.0fH%.0f\"/></svg></figure>\n",
	    p.height, p.width);
}

static void
put_signatures(struct buf *b, const struct report_frame *f)
{
	enum lang lang = f->request->lang;

	buf_str(b, "<div class=s>");
	for (size_t i = 0; f->signatures[i] != NULL; i++)
		element(b, "<div>", text_get(lang, f->signatures[i]), "</div>");
	buf_str(b, "</div>\n");
}

int
format_html(const struct report_frame *f, struct buf *out, struct err *err)
{
	(void)err; // nothing here can fail
	struct show_line lines[SHOW_LINES_MAX];
	enum lang lang = f->request->lang;

	buf_printf(out,
	    "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">"
	    "<meta name=\"viewport\" content=\"width=device-width\">",
	    lang == LANG_ZH ? "zh-CN" : "en");
	element(out, "<title>", show_title(f), " ");
	element(out, "", f->day->day, "</title><style>");
	buf_str(out, STYLE);
	element(out, "</style></head>\n<body><h1>", show_title(f), "</h1>\n");
	put_lines(out, lines, show_head(f, lines));
	put_tables(out, f);
	for (size_t i = 0; i < f->doc->n_charts; i++)
		put_chart(out, lang, &f->doc->charts[i]);
	put_signatures(out, f);
	put_lines(out, lines, show_foot(f, lines));
	buf_str(out, "</body></html>\n");
	return 0;
}
