// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Points from a spreadsheet: the heading is found and understood
// (config/sheet_words.h), each row below it becomes a point. Runs in the thread of the
// load. Refuses a column that nobody knows, one given twice, a row with more cells than
// the heading, a zone name that two zones have. What is put up with (full-width digits,
// cells that the program left off at the end of a row, columns of a person's own) is
// noted for `watchroom points check`. Every problem has line and column of its cell.
#include <stdio.h>
#include <string.h>

#include "config/csv.h"
#include "config/sheet_words.h"
#include "lib/buf.h"
#include "lib/mem.h"

enum {
	// Rows that a sheet may have above its heading: a title, a date, who made it.
	TITLE_ROWS_MAX = 10,
	HEADINGS_LEAST = 2,
	LEFT_OUT = CELL_COUNT,
	UNNAMED = CELL_COUNT + 1
};

struct sheet {
	struct csv csv;
	struct load *l;
	uint16_t device;
	size_t n_columns;
	int column[CSV_COLUMNS_MAX]; // an enum point_cell, LEFT_OUT or UNNAMED
	bool short_row_noted, zeros_noted;
};

// Headings that are understood in the row just read, each once.
static unsigned
understood(const struct sheet *s)
{
	unsigned seen = 0, n = 0;

	for (size_t i = 0; i < s->csv.n; i++) {
		const char *text =
		    encoding_half_width(s->l->temp, s->csv.cells[i].text);
		enum point_cell column = sheet_column(text);
		if (column != CELL_COUNT && (seen & 1u << column) == 0)
			n++;
		seen |= 1u << column;
	}
	return n;
}

static bool
find_head(struct sheet *s)
{
	struct pos start = s->csv.pos;
	size_t before = s->l->problems->n + s->l->problems->more;
	bool any = false;

	for (int i = 0; i < TITLE_ROWS_MAX && csv_next(&s->csv); i++) {
		any = true;
		if (understood(s) < HEADINGS_LEAST)
			continue;
		if (i > 0)
			note(s->l, s->csv.row,
			    "this row names the columns; what is above it is left out");
		return true;
	}
	if (s->l->problems->n + s->l->problems->more > before)
		return false; // it could not even be read
	if (!any)
		problem(
		    s->l, start, "the file is empty: the first row names the columns");
	else
		problem(s->l, start,
		    "the first row must name the columns, separated by a %s: id, item, "
		    "loop, device, kind, zone, latch, place_zh, place_en (编号, 条目, "
		    "回路, 地址, 类型, 分区, 锁存, 部位, 英文部位)",
		    csv_separator_name(s->csv.separator));
	return false;
}

static int
find_column(struct sheet *s, const struct cell *cell)
{
	const char *text = encoding_half_width(s->l->temp, cell->text);
	enum point_cell column = sheet_column(text);

	if (column != CELL_COUNT)
		return (int)column;
	if (text[0] == '\0')
		return UNNAMED;
	if (sheet_column_left_out(text)) {
		note(s->l, cell->pos, "column %s is left out",
		    load_show(s->l, cell->text));
		return LEFT_OUT;
	}
	struct suggestion hint = suggest_begin(text);
	sheet_each_heading(suggest_offer_each, &hint);
	problem(s->l, cell->pos, "unknown column %s%s", load_show(s->l, cell->text),
	    suggest_text(s->l, &hint));
	return LEFT_OUT;
}

// Which columns there are, for who tries a file.
static void
tell_columns(const struct sheet *s)
{
	struct points_trial *t = s->l->trial;
	struct buf b = { 0 };

	if (t == NULL)
		return;
	for (size_t i = 0; i < s->n_columns; i++) {
		if (s->column[i] == UNNAMED)
			continue;
		buf_printf(&b, "%s%s", b.len > 0 ? ", " : "", s->csv.cells[i].text);
		if (s->column[i] == LEFT_OUT)
			buf_str(&b, " left out");
		else if (strcmp(s->csv.cells[i].text, cell_names[s->column[i]]) != 0)
			buf_printf(&b, " = %s", cell_names[s->column[i]]);
	}
	t->columns = buf_steal(&b);
	t->separator = csv_separator_name(s->csv.separator);
	t->heading_line = s->csv.row.line;
}

static bool
item_is_needed(const struct sheet *s)
{
	const struct profile *p = s->l->site->devices[s->device].profile;

	return p == NULL || profile_only_item(p) < 0;
}

static bool
read_head(struct sheet *s)
{
	bool have[CELL_COUNT] = { false }, complete = true;

	if (!find_head(s))
		return false;
	s->n_columns = s->csv.n;
	for (size_t i = 0; i < s->csv.n; i++) {
		int column = find_column(s, &s->csv.cells[i]);
		if (column < CELL_COUNT && have[column]) {
			problem(s->l, s->csv.cells[i].pos, "column %s is given twice",
			    cell_names[column]);
			column = LEFT_OUT;
		}
		if (column < CELL_COUNT)
			have[column] = true;
		s->column[i] = column;
	}
	tell_columns(s);
	for (enum point_cell c = 0; c < CELL_COUNT; c++) {
		bool needed = c == CELL_ID || c == CELL_KIND ||
			      (c == CELL_ITEM && item_is_needed(s));
		if (needed && !have[c]) {
			problem(
			    s->l, s->csv.row, "column %s is missing", cell_names[c]);
			complete = false;
		}
	}
	return complete;
}

// A place is for people and stays as it is, on one line.
static void
take_place(struct sheet *s, struct cell *cell)
{
	const char *from = cell->text;
	char *to = arena_alloc(s->l->temp, strlen(from) + 1, 1);

	cell->text = to;
	for (; *from != '\0'; from++) {
		bool gap = *from == '\n' || *from == '\r' || *from == '\t';
		if (!gap)
			*to++ = *from;
		else if (to > cell->text && to[-1] != ' ')
			*to++ = ' ';
	}
	while (to > cell->text && to[-1] == ' ')
		to--;
	*to = '\0';
}

static void
refuse_zone(struct sheet *s, const struct cell *cell)
{
	const struct site *site = s->l->site;
	struct suggestion hint = suggest_begin(cell->text);

	for (uint16_t i = 0; i < site->n_zones; i++) {
		suggest_offer(&hint, site->zones[i].id);
		suggest_offer(&hint, site->zones[i].name_zh);
		suggest_offer(&hint, site->zones[i].name_en);
	}
	problem(s->l, cell->pos, "zone: there is no %s%s", load_show(s->l, cell->text),
	    suggest_text(s->l, &hint));
}

static void
take_zone(struct sheet *s, struct cell *cell)
{
	const struct site *site = s->l->site;
	const struct zone *found = NULL;

	if (index_find(&s->l->zones, cell->text) != UINT32_MAX)
		return;
	for (uint16_t i = 0; i < site->n_zones; i++) {
		const struct zone *z = &site->zones[i];
		if (strcmp(z->name_zh, cell->text) != 0 &&
		    strcmp(z->name_en, cell->text) != 0)
			continue;
		if (found != NULL) {
			problem(s->l, cell->pos,
			    "zone: %s is the name of zone %s and of zone %s: write the "
			    "id",
			    load_show(s->l, cell->text), found->id, z->id);
			cell->text = found->id;
			return;
		}
		found = z;
	}
	if (found == NULL)
		refuse_zone(s, cell);
	cell->text = found != NULL ? found->id : NULL;
}

static void
list_word(void *arg, const char *word)
{
	struct buf *b = arg;

	buf_printf(b, "%s%s", b->len > 0 ? ", " : "", word);
}

static void
refuse_kind(struct sheet *s, const struct cell *cell, const struct suggestion *hint)
{
	struct buf words = { 0 };

	if (hint->best == NULL)
		sheet_first_kinds(list_word, &words);
	problem(s->l, cell->pos, "kind: unknown value %s%s%s",
	    load_show(s->l, cell->text),
	    hint->best == NULL ? ", known are, among others, " : "",
	    hint->best == NULL ? words.data : suggest_text(s->l, hint));
	buf_free(&words);
}

// A word that nobody knows is refused here, where the sheet's words can be offered; the
// nearest one, or any, then stands in, so that no second problem is made of it. One
// that is like none of them and in our letters is refused with all of ours.
static void
take_kind(struct sheet *s, struct cell *cell)
{
	const char *kind = sheet_kind(cell->text);
	struct suggestion hint = suggest_begin(cell->text);

	if (kind == NULL)
		sheet_each_kind(suggest_offer_each, &hint);
	if (kind == NULL &&
	    (hint.best != NULL || (unsigned char)cell->text[0] >= 0x80)) {
		refuse_kind(s, cell, &hint);
		kind = sheet_kind(
		    hint.best != NULL ? hint.best : point_kind_name(KIND_MODULE));
	}
	if (kind != NULL)
		cell->text = kind;
}

static void
take_latch(struct cell *cell)
{
	const char *latch = sheet_latch(cell->text);

	if (latch != NULL)
		cell->text = latch;
}

// Panels number their devices 001 to 242, and a sheet has them so: decimal, unlike a
// number in YAML, where a leading zero is refused.
static void
take_number(struct sheet *s, enum point_cell column, struct cell *cell)
{
	const char *digits = cell->text + strspn(cell->text, "0");

	if (digits == cell->text ||
	    strspn(cell->text, "0123456789") != strlen(cell->text))
		return;
	if (*digits == '\0')
		digits--;
	if (digits == cell->text)
		return; // "0"
	if (!s->zeros_noted)
		note(s->l, cell->pos,
		    "%s: %s is read as %s (further leading zeros are not named)",
		    cell_names[column], load_show(s->l, cell->text), digits);
	s->zeros_noted = true;
	cell->text = digits;
}

static void
take_cell(struct sheet *s, enum point_cell column, struct cell *cell)
{
	if (column == CELL_PLACE_ZH || column == CELL_PLACE_EN) {
		take_place(s, cell);
		return;
	}
	const char *half = encoding_half_width(s->l->temp, cell->text);
	if (half != cell->text) {
		note(s->l, cell->pos, "%s: %s is read as %s", cell_names[column],
		    load_show(s->l, cell->text), load_show(s->l, half));
		cell->text = half;
	}
	if (cell->text[0] == '\0')
		return;
	if (column == CELL_ZONE)
		take_zone(s, cell);
	else if (column == CELL_KIND)
		take_kind(s, cell);
	else if (column == CELL_LATCH)
		take_latch(cell);
	else if (column == CELL_LOOP || column == CELL_DEVICE)
		take_number(s, column, cell);
}

// Spreadsheets leave off empty cells at the end of a row, and add some.
static bool
check_length(struct sheet *s)
{
	for (size_t i = 0; i < s->csv.n; i++) {
		bool unnamed = i >= s->n_columns || s->column[i] == UNNAMED;
		if (!unnamed || s->csv.cells[i].text[0] == '\0')
			continue;
		if (i < s->n_columns)
			problem(s->l, s->csv.cells[i].pos,
			    "a cell below no heading: %s",
			    load_show(s->l, s->csv.cells[i].text));
		else
			problem(s->l, s->csv.row,
			    "%zu cells, the row of headings has %zu", s->csv.n,
			    s->n_columns);
		return false;
	}
	if (s->csv.n < s->n_columns && !s->short_row_noted) {
		note(s->l, s->csv.row,
		    "%zu cells, the row of headings has %zu: the others count as empty "
		    "(further such rows are not named)",
		    s->csv.n, s->n_columns);
		s->short_row_noted = true;
	}
	return true;
}

static void
tell_row(const struct sheet *s, bool taken)
{
	struct points_trial *t = s->l->trial;

	if (t == NULL)
		return;
	t->rows++;
	if (!taken)
		return;
	if (t->n_lines == t->lines_size) {
		t->lines_size = t->lines_size ? t->lines_size * 2 : 256;
		t->lines = xreallocarray(t->lines, t->lines_size, sizeof(*t->lines));
	}
	t->lines[t->n_lines++] = s->csv.row.line;
}

static void
take_row(struct sheet *s)
{
	struct cell cells[CELL_COUNT] = { { 0 } };
	struct pos at = s->csv.row;

	for (size_t i = 0; i < s->csv.n && i < s->n_columns; i++) {
		if (s->column[i] >= CELL_COUNT)
			continue;
		cells[s->column[i]] = s->csv.cells[i];
		take_cell(s, (enum point_cell)s->column[i], &cells[s->column[i]]);
	}
	struct point p =
	    point_from_cells(s->l, at, cells, s->device, INDEX_NONE, false);
	point_add(s->l, cells[CELL_ID].pos.line > 0 ? cells[CELL_ID].pos : at, &p);
}

void
points_read_csv(struct load *l, struct pos at, const char *name, enum encoding stated,
    uint16_t device)
{
	int file = source_read_points(l, at, name, stated);
	struct sheet s = { .l = l, .device = device };

	if (l->trial != NULL && file >= 0)
		l->trial->was_in = encoding_name(l->sources[file].encoding);
	if (file < 0)
		return;
	csv_begin(&s.csv, l, (uint16_t)file);
	if (!read_head(&s))
		return;
	while (csv_next(&s.csv)) {
		if (l->n_points == POINTS_MAX) {
			problem(l, s.csv.row, "more than %d points", POINTS_MAX);
			return;
		}
		bool taken = check_length(&s);
		tell_row(&s, taken);
		if (taken)
			take_row(&s);
	}
}
