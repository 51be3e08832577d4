// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Problems of a load: kept in bounds, put in order, shown with source line and caret.
// Runs in the thread of the load. Refuses to show raw outside text: control characters
// become '?', long texts are cut. Nothing here outlives a crash.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/load.h"
#include "lib/mem.h"

enum {
	SHOW_MAX = 60,
	SUGGEST_LENGTH_MAX = 64
};

static void
record(struct load *l, struct problems *p, struct pos at, const char *text)
{
	if (p->n == PROBLEMS_MAX) {
		p->more++;
		return;
	}
	const char *file = at.file < l->n_sources ? l->sources[at.file].shown : "";
	(void)err_at(&p->items[p->n], file, at.line, at.column, "%s", text);
	p->source[p->n++] = source_line(l, at);
}

void
problem(struct load *l, struct pos at, const char *fmt, ...)
{
	char text[ERR_TEXT];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (l->problems->n < PROBLEMS_MAX)
		l->problem_file[l->problems->n] = at.file;
	record(l, l->problems, at, text);
}

void
note(struct load *l, struct pos at, const char *fmt, ...)
{
	char text[ERR_TEXT];
	va_list ap;

	if (l->trial == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	record(l, &l->trial->notes, at, text);
}

void
problem_hide_line(struct load *l, struct pos at)
{
	struct problems *p = l->problems;

	if (l->n_hidden < PROBLEMS_MAX)
		l->hidden[l->n_hidden++] = at;
	for (size_t i = 0; i < p->n; i++)
		if (l->problem_file[i] == at.file && p->items[i].line == at.line) {
			free(p->source[i]);
			p->source[i] = NULL;
		}
}

const char *
load_show(struct load *l, const char *text)
{
	char cut[SHOW_MAX];
	bool whole = str_copy(cut, sizeof(cut), text);

	for (char *c = cut; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7F)
			*c = '?';
	return arena_printf(l->temp, "\"%s%s\"", cut, whole ? "" : "...");
}

static bool
comes_before(const struct load *l, size_t a, size_t b)
{
	const struct err *x = &l->problems->items[a], *y = &l->problems->items[b];

	if (l->problem_file[a] != l->problem_file[b])
		return l->problem_file[a] < l->problem_file[b];
	if (x->line != y->line)
		return x->line < y->line;
	return x->column < y->column;
}

static void
swap_problems(struct load *l, size_t a, size_t b)
{
	struct problems *p = l->problems;
	struct err e = p->items[a];
	char *line = p->source[a];
	uint16_t file = l->problem_file[a];

	p->items[a] = p->items[b];
	p->items[b] = e;
	p->source[a] = p->source[b];
	p->source[b] = line;
	l->problem_file[a] = l->problem_file[b];
	l->problem_file[b] = file;
}

// Insertion: keeps the order of those at one place, and there are few.
void
problems_sort(struct load *l)
{
	for (size_t i = 1; i < l->problems->n; i++)
		for (size_t k = i; k > 0 && comes_before(l, k, k - 1); k--)
			swap_problems(l, k, k - 1);
}

void
problems_free(struct problems *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->source[i]);
	p->n = 0;
	p->more = 0;
}

// Cells that a character takes on a terminal: East Asian wide and full-width forms take
// two (Unicode Standard Annex 11, the blocks a Chinese text uses).
static unsigned
cells(uint32_t c)
{
	// clang-format off
	static const struct { uint32_t from, to; } wide[] = {
		{ 0x1100, 0x115F }, { 0x2E80, 0x303E }, { 0x3041, 0xA4CF },
		{ 0xAC00, 0xD7A3 }, { 0xF900, 0xFAFF }, { 0xFE30, 0xFE6F },
		{ 0xFF00, 0xFF60 }, { 0xFFE0, 0xFFE6 }, { 0x1F300, 0x1F64F },
		{ 0x20000, 0x3FFFD },
	};
	// clang-format on
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (c >= wide[i].from && c <= wide[i].to)
			return 2;
	return 1;
}

static void
print_caret(const char *line, unsigned column, FILE *out)
{
	const char *s = line;

	(void)fputs("    ", out);
	for (unsigned i = 1; i < column && *s != '\0'; i++) {
		uint32_t c = utf8_next(&s);
		if (c == '\t')
			(void)fputc('\t', out);
		else
			(void)fprintf(out, "%*s", (int)cells(c), "");
	}
	(void)fputs("^\n", out);
}

void
problems_print(const struct problems *p, FILE *out)
{
	problems_print_as(p, "error", out);
}

void
problems_print_as(const struct problems *p, const char *word, FILE *out)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct err *e = &p->items[i];
		if (e->file[0] != '\0')
			(void)fprintf(out, "%s:", e->file);
		if (e->line > 0)
			(void)fprintf(out, "%u:%u:", e->line, e->column);
		(void)fprintf(
		    out, "%s%s: %s\n", e->file[0] != '\0' ? " " : "", word, e->text);
		if (p->source[i] == NULL)
			continue;
		(void)fprintf(out, "    %s\n", p->source[i]);
		print_caret(p->source[i], e->column, out);
	}
	if (p->more > 0)
		(void)fprintf(out, "and %zu more\n", p->more);
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

// Edit distance with transpositions (optimal string alignment): two letters that have
// changed places are one slip.
static unsigned
distance(const char *a, size_t la, const char *b, size_t lb)
{
	unsigned rows[3][SUGGEST_LENGTH_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t k = 0; k <= lb; k++)
		before[k] = last[k] = (unsigned)k;
	for (size_t i = 1; i <= la; i++) {
		row[0] = (unsigned)i;
		for (size_t k = 1; k <= lb; k++) {
			row[k] = least(least(last[k], row[k - 1]) + 1,
			    last[k - 1] + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] &&
			    a[i - 2] == b[k - 1])
				row[k] = least(row[k], before[k - 2] + 1);
		}
		unsigned *free_row = before;
		before = last;
		last = row;
		row = free_row;
	}
	return last[lb];
}

struct suggestion
suggest_begin(const char *found)
{
	return (struct suggestion){ .found = found, .best = NULL, .distance = 4 };
}

void
suggest_offer(struct suggestion *s, const char *candidate)
{
	size_t la = strlen(s->found), lb = strlen(candidate);

	if (la > SUGGEST_LENGTH_MAX || lb > SUGGEST_LENGTH_MAX)
		return;
	unsigned d = distance(s->found, la, candidate, lb);
	// What differs in more than half is no likeness; ties go by the alphabet,
	// whatever the order.
	if (2UL * d > (la > lb ? la : lb) || d > s->distance)
		return;
	if (d == s->distance && (s->best == NULL || strcmp(candidate, s->best) >= 0))
		return;
	s->best = candidate;
	s->distance = d;
}

void
suggest_offer_each(void *suggestion, const char *candidate)
{
	suggest_offer(suggestion, candidate);
}

const char *
suggest_text(struct load *l, const struct suggestion *s)
{
	if (s->best == NULL)
		return "";
	return arena_printf(l->temp, ", did you mean %s?", load_show(l, s->best));
}
