// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A report as CSV for a spreadsheet: UTF-8 with BOM, RFC 4180 quoting and line ends,
// the same number of fields on each line. One thread. Refuses to let data act as a
// formula: a text that begins with = + - @ tab or CR gets a ' before it, also where the
// sign is of double width, which a Chinese Excel takes for the narrow one; a plain
// number does not.
//
// The checksum covers every byte above its own line, so that anybody can verify it:
// head -n -2 report.csv | sha256sum
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "report/show.h"

enum {
	SHORT_HEX = 16,
	HEAD_FIELDS = 5,     // fields that the head needs
	IDS_PER_LINE = 2500, // a cell holds 32,767 characters in Excel
};

struct csv {
	struct buf *out;
	enum lang lang;
	size_t width;  // fields on each line
	size_t column; // next field
};

static bool
plain_number(const char *s)
{
	char *end;
	if (strspn(s, "+-.0123456789eE") != strlen(s))
		return false;
	(void)strtod(s, &end);
	return end != s && *end == '\0';
}

static bool
looks_like_formula(const char *s)
{
	static const char *const wide[] = { "＝", "＋", "－", "＠" };

	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (strncmp(s, wide[i], strlen(wide[i])) == 0)
			return true;
	return s[0] != '\0' && strchr("=+-@\t\r", s[0]) != NULL && !plain_number(s);
}

static void
put_field(struct csv *c, const char *s)
{
	wr_assert(c->column < c->width);
	if (c->column++ > 0)
		buf_str(c->out, ",");
	const char *guard = looks_like_formula(s) ? "'" : "";
	size_t len = strlen(s);
	bool quote = strpbrk(s, "\",\r\n") != NULL ||
		     (len > 0 && (s[0] == ' ' || s[len - 1] == ' '));
	if (!quote) {
		buf_str(c->out, guard);
		buf_add(c->out, s, len);
		return;
	}
	buf_str(c->out, "\"");
	buf_str(c->out, guard);
	for (const char *p = s; *p != '\0'; p++) {
		if (*p == '"')
			buf_add(c->out, "\"", 1);
		buf_add(c->out, p, 1);
	}
	buf_str(c->out, "\"");
}

static void
put_key(struct csv *c, const char *key)
{
	put_field(c, text_get(c->lang, key));
}

static void
put_int(struct csv *c, int64_t n)
{
	char text[24];
	(void)snprintf(text, sizeof(text), "%lld", (long long)n);
	put_field(c, text);
}

static void
put_local(struct csv *c, int64_t utc_ms)
{
	char text[LOCAL_TIME_MAX];
	doc_local_time(utc_ms, text);
	put_field(c, text);
}

static void
end_line(struct csv *c)
{
	while (c->column < c->width)
		put_field(c, "");
	buf_str(c->out, "\r\n");
	c->column = 0;
}

static void
put_ids(struct csv *c, const struct report_cell *cell, size_t from)
{
	struct buf b = { 0 };
	for (size_t i = from; i < cell->n_ids && i < from + IDS_PER_LINE; i++)
		buf_printf(&b, "%s%lld", i > from ? " " : "", (long long)cell->ids[i]);
	put_field(c, b.data != NULL ? b.data : "");
	buf_free(&b);
}

static void
put_cell(struct csv *c, const struct report_column *col, const struct report_cell *cell)
{
	struct buf text = { 0 };

	if (col->kind == COLUMN_IDS) {
		put_ids(c, cell, 0);
		return;
	}
	show_cell(&text, c->lang, col, cell);
	put_field(c, text.data != NULL ? text.data : "");
	buf_free(&text);
}

static bool
shown(const struct report_column *col)
{
	return (col->where & IN_CSV) != 0;
}

static size_t
longest_ids(const struct report_table *t, const struct report_cell *row)
{
	size_t n = 0;
	for (size_t i = 0; i < t->n_columns; i++)
		n = row[i].n_ids > n ? row[i].n_ids : n;
	return n;
}

// Further lines of a row whose ids do not fit into one cell; nothing else is on them,
// so that sums over a column stay right.
static void
put_more_ids(struct csv *c, const struct report_table *t, const struct report_cell *row)
{
	size_t n = longest_ids(t, row);
	for (size_t from = IDS_PER_LINE; from < n; from += IDS_PER_LINE) {
		for (size_t i = 0; i < t->n_columns; i++) {
			if (!shown(&t->columns[i]))
				continue;
			if (t->columns[i].kind == COLUMN_IDS)
				put_ids(c, &row[i], from);
			else
				put_field(c, "");
		}
		end_line(c);
	}
}

static void
put_headings(struct csv *c, const struct report_table *t)
{
	end_line(c);
	put_key(c, t->title);
	end_line(c);
	for (size_t i = 0; i < t->n_columns; i++) {
		if (shown(&t->columns[i]))
			put_key(c, t->columns[i].heading);
	}
	end_line(c);
}

static void
put_table(struct csv *c, const struct report_table *t)
{
	if (t->title != NULL)
		put_headings(c, t);
	if (t->n_rows == 0) {
		put_key(c, "report.none");
		end_line(c);
	}
	for (size_t r = 0; r < t->n_rows; r++) {
		const struct report_cell *row = &t->cells[r * t->n_columns];
		for (size_t i = 0; i < t->n_columns; i++) {
			if (shown(&t->columns[i]))
				put_cell(c, &t->columns[i], &row[i]);
		}
		end_line(c);
		put_more_ids(c, t, row);
	}
}

static void
put_head(struct csv *c, const struct report_frame *f)
{
	const struct report_site *s = f->request->site;
	put_field(c, show_title(f));
	end_line(c);
	put_key(c, "report.site");
	put_field(c, show_in(c->lang, s->name_zh, s->name_en));
	put_field(c, s->id);
	end_line(c);
	put_key(c, f->span == REPORT_DAY ? "report.day" : "report.span");
	put_field(c, f->day->day);
	put_local(c, f->day->from_ms);
	put_local(c, f->day->to_ms);
	put_field(c, s->time_zone);
	end_line(c);
	put_key(c, "report.state");
	put_field(c, show_state(f));
	if (!f->day->closed)
		put_local(c, f->request->now_utc_ms);
	end_line(c);
	struct show_line lines[SHOW_LINES_MAX];
	size_t n = show_signing(f, lines);
	for (size_t i = 0; i < n; i++) {
		put_field(c, lines[i].heading);
		put_field(c, lines[i].text);
		end_line(c);
	}
}

// The first digits of a hash or key: enough to find the whole one.
static void
put_short(struct csv *c, const char *hex)
{
	char text[SHORT_HEX + 1];
	(void)snprintf(text, sizeof(text), "%.*s", SHORT_HEX, hex);
	put_field(c, text);
}

static void
put_foot(struct csv *c, const struct report_frame *f)
{
	char sum[SHA256_HEX];
	end_line(c);
	put_key(c, "report.rows");
	put_int(c, (int64_t)doc_rows(f->doc));
	end_line(c);
	put_key(c, "report.as_of");
	put_int(c, f->doc->last_seq);
	end_line(c);
	if (f->anchor->seq != 0) {
		put_key(c, "report.anchor");
		put_int(c, f->anchor->seq);
		put_short(c, f->anchor->hash);
		put_short(c, f->anchor->public_key);
		end_line(c);
	}
	report_sha256(c->out->data, c->out->len, sum);
	put_key(c, "report.checksum");
	put_field(c, sum);
	end_line(c);
	put_key(c, "report.produced");
	put_local(c, f->request->now_utc_ms);
	char by[REPORT_TEXT + 16];
	(void)snprintf(by, sizeof(by), "Watchroom %s", f->version);
	put_field(c, by);
	end_line(c);
}

int
format_csv(const struct report_frame *f, struct buf *out, struct err *err)
{
	(void)err; // nothing here can fail
	struct buf text = { 0 };
	struct csv c = { .out = &text, .lang = f->request->lang, .width = HEAD_FIELDS };
	for (size_t i = 0; i < f->doc->n_tables; i++) {
		const struct report_table *t = &f->doc->tables[i];
		size_t width = 0;
		for (size_t k = 0; k < t->n_columns; k++)
			width += shown(&t->columns[k]) ? 1 : 0;
		c.width = width > c.width ? width : c.width;
	}
	buf_str(&text, "\xEF\xBB\xBF");
	put_head(&c, f);
	for (size_t i = 0; i < f->doc->n_tables; i++)
		put_table(&c, &f->doc->tables[i]);
	put_foot(&c, f);
	buf_add(out, text.data, text.len);
	buf_free(&text);
	return 0;
}
