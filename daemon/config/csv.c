// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The rows of a CSV file. Refuses a quote that is never closed, text behind a closing
// quote, a cell over 1,024 bytes, a carriage return alone and control characters: a
// file that was cut, or is none. Keeps cells in the temporary arena of the load.
#include "config/csv.h"

#include <stdio.h>
#include <string.h>

static const char separators[] = { ',', ';', '\t' };

enum {
	N_SEPARATORS = sizeof(separators)
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

// A row that cannot be read: the next one is tried, so that all faults are told at
// once.
static bool
give_up_row(struct csv *c, struct pos at, const char *text)
{
	problem(c->l, at, "%s", text);
	while (*c->s != '\0' && *c->s != '\n')
		step(c);
	if (*c->s == '\n')
		step(c);
	c->n = 0;
	return false;
}

// Line ends are for the quoted cells only; a tab that is no separator is a space.
static bool
take_character(struct csv *c, struct pos cell, char *out, size_t *len)
{
	unsigned char byte = (unsigned char)*c->s;

	if (*len == CSV_CELL_MAX)
		return give_up_row(c, cell, "a cell of more than 1024 bytes");
	if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') ||
	    byte == 0x7F) {
		char text[40];
		(void)snprintf(
		    text, sizeof(text), "control character 0x%02X in a cell", byte);
		return give_up_row(c, c->pos, text);
	}
	out[(*len)++] = (char)byte;
	return true;
}

// A cell in quotes; "" inside stands for one.
static bool
quoted_cell(struct csv *c, char *out, size_t *len)
{
	struct pos at = c->pos;

	step(c);
	for (;; step(c)) {
		if (*c->s == '\0')
			return give_up_row(c, at, "the quote is never closed");
		if (*c->s == '"') {
			step(c);
			if (*c->s != '"')
				break;
		}
		if (!take_character(c, at, out, len))
			return false;
	}
	while (*c->s == ' ')
		step(c);
	if (*c->s != c->separator && !at_line_end(c))
		return give_up_row(c, c->pos, "text behind the closing quote");
	return true;
}

static bool
plain_cell(struct csv *c, char *out, size_t *len)
{
	struct pos at = c->pos;

	for (; *c->s != c->separator && !at_line_end(c); step(c)) {
		if (*c->s == '"')
			return give_up_row(c, c->pos,
			    "a quote inside a cell that does not begin with one");
		if (*c->s == '\r')
			return give_up_row(c, c->pos,
			    "a carriage return alone: save the file with the line "
			    "ends of Windows or Unix");
		if (!take_character(c, at, out, len))
			return false;
	}
	while (*len > 0 && out[*len - 1] == ' ')
		(*len)--;
	return true;
}

static bool
read_cell(struct csv *c)
{
	char text[CSV_CELL_MAX];
	size_t len = 0;

	while (*c->s == ' ')
		step(c);
	if (c->s[0] == '=' &&
	    c->s[1] == '"') // ="001": keeps its zeros in a spreadsheet
		step(c);
	struct cell *cell = &c->cells[c->n];
	cell->pos = c->pos;
	if (*c->s == '"' ? !quoted_cell(c, text, &len) : !plain_cell(c, text, &len))
		return false;
	cell->text = arena_bytes(c->l->temp, text, len);
	c->n++;
	return true;
}

// False with a problem.
static bool
read_row(struct csv *c)
{
	c->n = 0;
	c->row = c->pos;
	for (;;) {
		if (c->n == CSV_COLUMNS_MAX)
			return give_up_row(c, c->pos, "more than 64 columns");
		if (!read_cell(c))
			return false;
		if (*c->s != c->separator)
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

bool
csv_next(struct csv *c)
{
	while (*c->s != '\0')
		if (read_row(c) && !row_is_empty(c))
			return true;
	return false;
}

// How often each separator stands outside quotes in the line at s; the line's end.
static const char *
count_separators(const char *s, unsigned count[static N_SEPARATORS])
{
	bool quoted = false;

	for (; *s != '\0' && (quoted || *s != '\n'); s++) {
		quoted ^= *s == '"';
		for (size_t i = 0; i < N_SEPARATORS && !quoted; i++)
			count[i] += *s == separators[i];
	}
	return *s == '\0' ? s : s + 1;
}

static char
guess_separator(const char *s)
{
	while (*s != '\0') {
		unsigned count[N_SEPARATORS] = { 0 };
		size_t best = 0;
		s = count_separators(s, count);
		for (size_t i = 1; i < N_SEPARATORS; i++)
			if (count[i] > count[best])
				best = i;
		if (count[best] > 0)
			return separators[best];
	}
	return ',';
}

const char *
csv_separator_name(char separator)
{
	return separator == ';' ? "semicolon" : separator == '\t' ? "tab" : "comma";
}

void
csv_begin(struct csv *c, struct load *l, uint16_t file)
{
	*c = (struct csv){
		.l = l,
		.s = l->sources[file].text,
		.pos = { .file = file, .line = 1, .column = 1 },
	};
	bool told = strncasecmp(c->s, "sep=", 4) == 0 &&
		    memchr(separators, c->s[4], N_SEPARATORS) != NULL &&
		    (c->s[5] == '\n' || c->s[5] == '\r');
	c->separator = told ? c->s[4] : guess_separator(c->s);
	while (told && c->pos.line == 1 && *c->s != '\0')
		step(c);
}
