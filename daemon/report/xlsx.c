// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A report as an XLSX workbook: a sheet with the lines around the tables, a sheet for
// each table, one for each curve. Figures are numbers, times are times, and a text is
// never a formula. One thread. The library writes to a file only: a nameless one of
// ours in TMPDIR, gone at the end.
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "lib/mem.h"
#include "report/show.h"

static const double DAY_MS = 86400000.0;

enum {
	IDS_PER_ROW = 2500, // a cell holds 32,767 characters
	PAPER_A4 = 9,       // ECMA-376 part 1, 18.3.1.63
	WIDTH_NUMBER = 12,  // characters
	WIDTH_TIME = 20,
	WIDTH_TEXT = 24,
	SHEET_NAME_MOST = 28, // characters, with room for a number
	SHEET_NAME_BYTES = 4 * 31 + 1,
};

enum look {
	LOOK_TEXT,
	LOOK_HEAD,
	LOOK_TITLE,
	LOOK_COUNT,
	LOOK_MPA,
	LOOK_TENTHS,
	LOOK_TIME,
	LOOK_SPAN,
	LOOK_COUNT_OF
};

static const struct {
	const char *number; // NULL: as it is
	bool bold;
} looks[LOOK_COUNT_OF] = {
	[LOOK_TEXT] = { NULL, false },
	[LOOK_HEAD] = { NULL, true },
	[LOOK_TITLE] = { NULL, true },
	[LOOK_COUNT] = { "0", false },
	[LOOK_MPA] = { "0.000", false },
	[LOOK_TENTHS] = { "0.0", false },
	[LOOK_TIME] = { "yyyy-mm-dd hh:mm:ss", false },
	[LOOK_SPAN] = { "[h]:mm:ss", false },
};

struct book {
	const struct report_frame *f;
	lxw_workbook *workbook;
	lxw_worksheet *sheet;
	lxw_row_t row; // the next
	lxw_format *looks[LOOK_COUNT_OF];
};

static void
make_looks(struct book *b)
{
	for (int i = 0; i < LOOK_COUNT_OF; i++) {
		b->looks[i] = workbook_add_format(b->workbook);
		format_set_align(b->looks[i], LXW_ALIGN_VERTICAL_TOP);
		if (looks[i].number != NULL)
			format_set_num_format(b->looks[i], looks[i].number);
		if (looks[i].bold)
			format_set_bold(b->looks[i]);
	}
	format_set_text_wrap(b->looks[LOOK_TEXT]);
	format_set_text_wrap(b->looks[LOOK_HEAD]);
	format_set_bg_color(b->looks[LOOK_HEAD], 0xEEEEEE);
	format_set_font_size(b->looks[LOOK_TITLE], 14.0);
}

static void
put_text(struct book *b, lxw_col_t col, const char *text, enum look look)
{
	if (text != NULL && text[0] != '\0')
		(void)worksheet_write_string(
		    b->sheet, b->row, col, text, b->looks[look]);
}

static void
put_number(struct book *b, lxw_col_t col, double x, enum look look)
{
	(void)worksheet_write_number(b->sheet, b->row, col, x, b->looks[look]);
}

static lxw_datetime
local_of(int64_t utc_ms)
{
	time_t s = (time_t)(utc_ms / 1000);
	struct tm tm;
	(void)localtime_r(&s, &tm);
	return (lxw_datetime){ .year = tm.tm_year + 1900,
		.month = tm.tm_mon + 1,
		.day = tm.tm_mday,
		.hour = tm.tm_hour,
		.min = tm.tm_min,
		.sec = tm.tm_sec };
}

static void
put_time(struct book *b, lxw_col_t col, int64_t utc_ms)
{
	lxw_datetime at = local_of(utc_ms);
	(void)worksheet_write_datetime(b->sheet, b->row, col, &at, b->looks[LOOK_TIME]);
}

static void
put_ids(struct book *b, lxw_col_t col, const struct report_cell *cell, size_t from)
{
	struct buf text = { 0 };
	for (size_t i = from; i < cell->n_ids && i < from + IDS_PER_ROW; i++)
		buf_printf(
		    &text, "%s%lld", i > from ? " " : "", (long long)cell->ids[i]);
	put_text(b, col, text.data, LOOK_TEXT);
	buf_free(&text);
}

static void
put_shown(struct book *b, lxw_col_t col, const struct report_column *column,
    const struct report_cell *cell)
{
	struct buf text = { 0 };
	show_cell(&text, b->f->request->lang, column, cell);
	put_text(b, col, text.data, LOOK_TEXT);
	buf_free(&text);
}

static void
put_cell(struct book *b, lxw_col_t col, const struct report_column *column,
    const struct report_cell *cell)
{
	enum column_kind kind = column->kind;
	if (kind == COLUMN_IDS)
		put_ids(b, col, cell, 0);
	else if (cell->none)
		put_shown(b, col, column, cell);
	else if (kind == COLUMN_COUNT)
		put_number(b, col, (double)cell->n, LOOK_COUNT);
	else if (kind == COLUMN_KPA)
		put_number(b, col, cell->x / 1000.0, LOOK_MPA);
	else if (kind == COLUMN_TENTHS)
		put_number(b, col, (double)cell->n / 10.0, LOOK_TENTHS);
	else if (kind == COLUMN_SPAN)
		put_number(b, col, (double)cell->n / DAY_MS, LOOK_SPAN);
	else if (kind == COLUMN_TIME)
		put_time(b, col, cell->n);
	else
		put_shown(b, col, column, cell);
}

static bool
shown(const struct report_column *col)
{
	return (col->where & IN_CSV) != 0;
}

// Rows beneath, with nothing else on them, for the ids that one cell does not hold.
static void
put_more_ids(
    struct book *b, const struct report_table *t, const struct report_cell *row)
{
	size_t longest = 0;
	for (size_t i = 0; i < t->n_columns; i++)
		longest = row[i].n_ids > longest ? row[i].n_ids : longest;
	for (size_t from = IDS_PER_ROW; from < longest; from += IDS_PER_ROW) {
		lxw_col_t col = 0;
		for (size_t i = 0; i < t->n_columns; i++) {
			if (!shown(&t->columns[i]))
				continue;
			if (t->columns[i].kind == COLUMN_IDS)
				put_ids(b, col, &row[i], from);
			col++;
		}
		b->row++;
	}
}

static void
put_rows(struct book *b, const struct report_table *t)
{
	for (size_t r = 0; r < t->n_rows; r++) {
		const struct report_cell *row = &t->cells[r * t->n_columns];
		lxw_col_t col = 0;
		for (size_t i = 0; i < t->n_columns; i++) {
			if (shown(&t->columns[i]))
				put_cell(b, col++, &t->columns[i], &row[i]);
		}
		b->row++;
		put_more_ids(b, t, row);
	}
	if (t->n_rows == 0) {
		put_text(b, 0, text_get(b->f->request->lang, "report.none"), LOOK_TEXT);
		b->row++;
	}
}

static double
width_of(enum column_kind kind)
{
	if (kind == COLUMN_TIME)
		return WIDTH_TIME;
	return show_is_number(kind) ? WIDTH_NUMBER : WIDTH_TEXT;
}

// A title as a sheet's name may be: at most 31 characters, none of []:*?/\ and no
// apostrophe at an end (libxlsxwriter, workbook_validate_sheet_name), each once.
static void
name_sheet(struct book *b, const char *title, char out[static SHEET_NAME_BYTES])
{
	size_t len = 0, chars = 0;

	for (const char *p = title; *p != '\0'; p++) {
		bool begins = ((unsigned char)*p & 0xC0U) != 0x80U;
		if (begins && chars++ == SHEET_NAME_MOST)
			break;
		out[len++] = strchr("[]:*?/\\'", *p) != NULL ? ' ' : *p;
	}
	out[len] = '\0';
	for (int n = 2;
	     n < 100 && workbook_validate_sheet_name(b->workbook, out) != LXW_NO_ERROR;
	     n++)
		(void)snprintf(out + len, SHEET_NAME_BYTES - len, " %d", n);
}

// A sheet of its own, set up for A4 lying, as wide as the page.
static void
new_sheet(struct book *b, const char *title)
{
	char name[SHEET_NAME_BYTES];

	name_sheet(b, title, name);
	b->sheet = workbook_add_worksheet(b->workbook, name);
	wr_assert(b->sheet != NULL);
	b->row = 0;
	worksheet_set_landscape(b->sheet);
	worksheet_set_paper(b->sheet, PAPER_A4);
	worksheet_fit_to_pages(b->sheet, 1, 0);
	(void)worksheet_set_header(b->sheet, "&C&\"-,Bold\"&F");
	(void)worksheet_set_footer(b->sheet, "&L&A&R&P / &N");
}

static void
put_headings(struct book *b, const struct report_table *t)
{
	enum lang lang = b->f->request->lang;
	lxw_col_t col = 0;
	for (size_t i = 0; i < t->n_columns; i++) {
		const struct report_column *c = &t->columns[i];
		if (!shown(c))
			continue;
		(void)worksheet_set_column(b->sheet, col, col, width_of(c->kind), NULL);
		put_text(b, col++, text_get(lang, c->heading), LOOK_HEAD);
	}
	b->row++;
	worksheet_freeze_panes(b->sheet, 1, 0);
	(void)worksheet_repeat_rows(b->sheet, 0, 0);
	lxw_row_t last = t->n_rows > 0 ? (lxw_row_t)t->n_rows : 1;
	(void)worksheet_autofilter(b->sheet, 0, 0, last, (lxw_col_t)(col - 1));
}

static void
put_tables(struct book *b)
{
	const struct report_doc *d = b->f->doc;
	for (size_t i = 0; i < d->n_tables; i++) {
		const struct report_table *t = &d->tables[i];
		if (t->title != NULL) {
			new_sheet(b, text_get(b->f->request->lang, t->title));
			put_headings(b, t);
		}
		put_rows(b, t);
	}
}

static void
put_lines(struct book *b, const struct show_line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		put_text(b, 0, lines[i].heading, LOOK_HEAD);
		put_text(b, 1, lines[i].text, LOOK_TEXT);
		b->row++;
	}
}

static void
put_front(struct book *b)
{
	const struct report_frame *f = b->f;
	struct show_line lines[SHOW_LINES_MAX];
	new_sheet(b, text_get(f->request->lang, "report.front"));
	(void)worksheet_set_column(b->sheet, 0, 0, WIDTH_TEXT, NULL);
	(void)worksheet_set_column(b->sheet, 1, 1, 4.0 * WIDTH_TEXT, NULL);
	put_text(b, 0, show_title(f), LOOK_TITLE);
	b->row += 2;
	put_lines(b, lines, show_head(f, lines));
	put_lines(b, lines, show_foot(f, lines));
	b->row++;
	for (size_t i = 0; f->signatures[i] != NULL; i++) {
		put_text(b, 0, text_get(f->request->lang, f->signatures[i]), LOOK_HEAD);
		b->row += 2;
	}
}

static void
put_steps(struct book *b, const struct report_chart *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const double values[] = { c->steps[i].min, c->steps[i].mean,
			c->steps[i].max };
		put_time(b, 0, c->from_ms + (int64_t)i * c->step_ms);
		for (lxw_col_t k = 0; k < 3; k++) {
			if (isfinite(values[k]))
				put_number(b, (lxw_col_t)(k + 1), values[k] / 1000.0,
				    LOOK_MPA);
		}
		b->row++;
	}
}

// The steps, and the line drawn from them; a step without a value stays a gap.
static void
put_chart(struct book *b, const struct report_chart *c, size_t index)
{
	static const char *const headings[] = { "report.col.from", "report.col.min",
		"report.col.mean", "report.col.max" };
	enum lang lang = b->f->request->lang;
	char name[32], title[200];
	(void)snprintf(
	    name, sizeof(name), "%s %zu", text_get(lang, "report.curve"), index + 1);
	(void)snprintf(title, sizeof(title), "%s (%s)",
	    show_in(lang, c->place_zh, c->place_en), c->point);
	new_sheet(b, name);
	(void)worksheet_set_column(b->sheet, 0, 0, WIDTH_TIME, NULL);
	for (lxw_col_t i = 0; i < 4; i++)
		put_text(b, i, text_get(lang, headings[i]), LOOK_HEAD);
	b->row++;
	put_steps(b, c);
	if (c->n == 0)
		return;
	lxw_chart *chart = workbook_add_chart(b->workbook, LXW_CHART_LINE);
	for (lxw_col_t i = 1; i < 4; i++) {
		lxw_chart_series *s = chart_add_series(chart, NULL, NULL);
		chart_series_set_categories(s, name, 1, 0, (lxw_row_t)c->n, 0);
		chart_series_set_values(s, name, 1, i, (lxw_row_t)c->n, i);
		chart_series_set_name(s, text_get(lang, headings[i]));
	}
	chart_title_set_name(chart, title);
	chart_axis_set_num_format(chart->x_axis, "hh:mm");
	lxw_chart_options size = { .x_scale = 2.0, .y_scale = 1.5 };
	(void)worksheet_insert_chart_opt(b->sheet, 1, 5, chart, &size);
}

static int
read_file(const char *name, struct buf *out, struct err *err)
{
	char block[8192];
	ssize_t n;
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, errno, "%s: %s", name, strerror(errno));
	while ((n = read(fd, block, sizeof(block))) > 0)
		buf_add(out, block, (size_t)n);
	int result = n < 0 ? err_set(err, errno, "%s: %s", name, strerror(errno)) : 0;
	(void)close(fd);
	return result;
}

static int
write_book(const struct report_frame *f, char *name, struct err *err)
{
	// The library copies them, and asks for what may be changed.
	char *author = xasprintf("Watchroom %s", f->version);
	char *title = xstrdup(show_title(f));
	// Its own time is the report's: the same figures give the same bytes.
	lxw_doc_properties about = { .title = title,
		.author = author,
		.created = (time_t)(f->request->now_utc_ms / 1000) };
	struct book b = { .f = f, .workbook = workbook_new(name) };
	if (b.workbook != NULL)
		(void)workbook_set_properties(b.workbook, &about);
	free(title);
	free(author);
	if (b.workbook == NULL)
		return err_set(err, ENOMEM, "xlsx: no workbook");
	make_looks(&b);
	put_front(&b);
	put_tables(&b);
	for (size_t i = 0; i < f->doc->n_charts; i++)
		put_chart(&b, &f->doc->charts[i], i);
	lxw_error result = workbook_close(b.workbook);
	if (result != LXW_NO_ERROR)
		return err_set(err, EIO, "xlsx: %s", lxw_strerror(result));
	return 0;
}

int
format_xlsx(const struct report_frame *f, struct buf *out, struct err *err)
{
	const char *folder = getenv("TMPDIR");
	char *name =
	    xasprintf("%s/watchroom-report.XXXXXX", folder != NULL ? folder : "/tmp");
	int fd = mkostemp(name, O_CLOEXEC);
	int result = fd < 0 ? err_set(err, errno, "%s: %s", name, strerror(errno)) : 0;

	if (fd >= 0) {
		(void)close(fd);
		result = write_book(f, name, err);
		if (result == 0)
			result = read_file(name, out, err);
		(void)unlink(name);
	}
	free(name);
	return result;
}
