// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Points from a CSV file as a spreadsheet writes it: RFC 4180 with quotes, UTF-8 (a
// byte order mark is fine) or GB 18030, the first row naming the columns in any order.
// Runs in the thread of the load. Refuses unknown and missing columns and rows of
// another length. Every problem has line and column of its cell.
#include <stdio.h>
#include <string.h>

#include "config/sections.h"
#include "lib/mem.h"

enum {
	COLUMNS_MAX = 32,
	CELL_BYTES_MAX = 1024
};

struct csv {
	struct load *l;
	const char *s;  // what is left
	struct pos pos; // of s
	size_t n;
	struct cell cells[COLUMNS_MAX];
	size_t n_columns;
	enum point_cell column[COLUMNS_MAX]; // CELL_COUNT: unknown, ignored
};

static void
step(struct csv *c)
{
	if (*c->s == '\n') {
		c->pos.line++;
		c->pos.column = 1;
	} else if ((*c->s & 0xC0) != 0x80) {
		c->pos.column++;
	}
	c->s++;
}

static bool
at_line_end(const struct csv *c)
{
	return *c->s == '\0' || *c->s == '\n' || (*c->s == '\r' && c->s[1] == '\n');
}

static bool
stop(struct csv *c, struct pos at, const char *text)
{
	problem(c->l, at, "%s", text);
	c->s += strlen(c->s);
	return false;
}

// A cell in quotes; "" inside stands for one. False: the rest cannot be read.
static bool
quoted_cell(struct csv *c, char *out, size_t *len)
{
	struct pos at = c->pos;

	step(c);
	for (;; step(c)) {
		if (*c->s == '\0')
			return stop(c, at, "the quote is never closed");
		if (*c->s == '"') {
			step(c);
			if (*c->s != '"')
				break;
		}
		if (*len == CELL_BYTES_MAX)
			return stop(c, at, "a cell of more than 1024 bytes");
		out[(*len)++] = *c->s;
	}
	if (*c->s != ',' && !at_line_end(c))
		return stop(c, c->pos, "text behind the closing quote");
	return true;
}

static bool
plain_cell(struct csv *c, char *out, size_t *len)
{
	struct pos at = c->pos;

	for (; *c->s != ',' && !at_line_end(c); step(c)) {
		if (*c->s == '"')
			return stop(c, c->pos,
			    "a quote inside a cell that does not begin with one");
		if (*len == CELL_BYTES_MAX)
			return stop(c, at, "a cell of more than 1024 bytes");
		out[(*len)++] = *c->s;
	}
	while (*len > 0 && out[*len - 1] == ' ')
		(*len)--;
	return true;
}

static bool
read_cell(struct csv *c)
{
	char text[CELL_BYTES_MAX];
	size_t len = 0;

	while (*c->s == ' ')
		step(c);
	struct cell *cell = &c->cells[c->n];
	cell->pos = c->pos;
	if (*c->s == '"' ? !quoted_cell(c, text, &len) : !plain_cell(c, text, &len))
		return false;
	cell->text = arena_bytes(c->l->temp, text, len);
	c->n++;
	return true;
}

// One row into c->cells. False at the end, or where nothing more can be read.
static bool
read_row(struct csv *c)
{
	c->n = 0;
	if (*c->s == '\0')
		return false;
	for (;;) {
		if (c->n == COLUMNS_MAX)
			return stop(c, c->pos, "more than 32 columns");
		if (!read_cell(c))
			return false;
		if (*c->s != ',')
			break;
		step(c);
	}
	if (*c->s == '\r')
		step(c);
	if (*c->s == '\n')
		step(c);
	return true;
}

static bool
row_is_empty(const struct csv *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->cells[i].text[0] != '\0')
			return false;
	return true;
}

static enum point_cell
find_column(struct csv *c, const struct cell *cell)
{
	struct suggestion s = suggest_begin(cell->text);

	for (enum point_cell i = 0; i < CELL_COUNT; i++) {
		if (strcmp(cell_names[i], cell->text) == 0)
			return i;
		suggest_offer(&s, cell_names[i]);
	}
	problem(c->l, cell->pos, "unknown column %s%s", load_show(c->l, cell->text),
	    suggest_text(c->l, &s));
	return CELL_COUNT;
}

// A file without a head is told so once, not cell by cell.
static bool
names_columns(const struct csv *c)
{
	for (size_t i = 0; i < c->n; i++)
		for (enum point_cell k = 0; k < CELL_COUNT; k++)
			if (strcmp(c->cells[i].text, cell_names[k]) == 0)
				return true;
	return false;
}

static bool
read_head(struct csv *c)
{
	static const enum point_cell needed[] = { CELL_ID, CELL_ITEM, CELL_KIND };
	bool have[CELL_COUNT + 1] = { false }, complete = true;
	struct pos start = c->pos;

	if (!read_row(c)) {
		if (c->l->sources[start.file].len == 0)
			problem(c->l, start,
			    "the file is empty: the first row names the columns");
		return false;
	}
	if (!names_columns(c)) {
		problem(c->l, start,
		    "the first row must name the columns: id, item, loop, "
		    "device, kind, zone, latch, place_zh, place_en");
		return false;
	}
	for (size_t i = 0; i < c->n; i++) {
		enum point_cell column = find_column(c, &c->cells[i]);
		if (column != CELL_COUNT && have[column]) {
			problem(c->l, c->cells[i].pos, "column %s is given twice",
			    c->cells[i].text);
			column = CELL_COUNT;
		}
		have[column] = true;
		c->column[i] = column;
	}
	c->n_columns = c->n;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!have[needed[i]]) {
			problem(
			    c->l, start, "column %s is missing", cell_names[needed[i]]);
			complete = false;
		}
	return complete;
}

static void
take_row(struct csv *c, struct pos at, uint16_t device)
{
	struct cell cells[CELL_COUNT] = { { 0 } };

	if (c->n != c->n_columns) {
		problem(
		    c->l, at, "%zu cells, the first row has %zu", c->n, c->n_columns);
		return;
	}
	for (size_t i = 0; i < c->n; i++)
		if (c->column[i] != CELL_COUNT)
			cells[c->column[i]] = c->cells[i];
	struct point p = point_from_cells(c->l, at, cells, device, INDEX_NONE);
	point_add(c->l, cells[CELL_ID].pos.line > 0 ? cells[CELL_ID].pos : at, &p);
}

void
points_read_csv(struct load *l, struct pos at, const char *name, uint16_t device)
{
	int file = source_read(l, at, name, SOURCE_POINTS);

	if (file < 0)
		return;
	struct csv c = {
		.l = l,
		.s = l->sources[file].text,
		.pos = { .file = (uint16_t)file, .line = 1, .column = 1 },
	};
	if (!read_head(&c))
		return;
	for (;;) {
		struct pos row = c.pos;
		if (!read_row(&c))
			return;
		if (!row_is_empty(&c))
			take_row(&c, row, device);
		if (l->n_points == POINTS_MAX && *c.s != '\0') {
			problem(l, c.pos, "more than %d points", POINTS_MAX);
			return;
		}
	}
}
