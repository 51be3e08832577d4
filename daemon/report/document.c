// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See document.h. Writing. The first members are in a fixed order at the begin of the
// text: who keeps it takes the checksum and the bounds from there, and need not read
// the rest. One thread.
#include "report/document.h"

#include <string.h>

#include "lib/mem.h"

const char *
document_kind(enum column_kind k)
{
	static const char *const names[] = {
		[COLUMN_TEXT] = "text",
		[COLUMN_KEY] = "key",
		[COLUMN_CODE] = "code",
		[COLUMN_PLACE] = "place",
		[COLUMN_COUNT] = "count",
		[COLUMN_KPA] = "kpa",
		[COLUMN_TENTHS] = "tenths",
		[COLUMN_TIME] = "time",
		[COLUMN_SPAN] = "span",
		[COLUMN_IDS] = "ids",
	};
	return (size_t)k < sizeof(names) / sizeof(names[0]) ? names[k] : NULL;
}

static void
put_cell(struct buf *b, const struct report_column *col, const struct report_cell *cell)
{
	if (cell->none) {
		json_none(b, NULL);
		return;
	}
	switch (col->kind) {
	case COLUMN_TEXT:
	case COLUMN_KEY:
	case COLUMN_CODE:
		json_str(b, NULL, cell->text);
		return;
	case COLUMN_PLACE:
		json_open(b, NULL, '[');
		json_str(b, NULL, cell->text);
		json_str(b, NULL, cell->text_en);
		json_close(b, ']');
		return;
	case COLUMN_COUNT:
	case COLUMN_TENTHS:
	case COLUMN_TIME:
	case COLUMN_SPAN:
		json_int(b, NULL, cell->n);
		return;
	case COLUMN_KPA:
		json_double(b, NULL, cell->x);
		return;
	case COLUMN_IDS:
		json_open(b, NULL, '[');
		for (size_t i = 0; i < cell->n_ids; i++)
			json_int(b, NULL, cell->ids[i]);
		json_close(b, ']');
		return;
	}
}

static void
put_column(struct buf *b, const struct report_column *c)
{
	json_open(b, NULL, '{');
	json_str(b, "name", c->name);
	json_str(b, "heading", c->heading);
	json_str(b, "kind", document_kind(c->kind));
	json_str(b, "prefix", c->prefix);
	json_bool(b, "json", (c->where & IN_JSON) != 0);
	json_bool(b, "csv", (c->where & IN_CSV) != 0);
	json_bool(b, "print", (c->where & IN_PRINT) != 0);
	json_close(b, '}');
}

static void
put_table(struct buf *b, const struct report_table *t)
{
	json_open(b, NULL, '{');
	json_str(b, "name", t->name);
	json_str(b, "title", t->title);
	json_bool(b, "single", t->single);
	json_open(b, "columns", '[');
	for (size_t i = 0; i < t->n_columns; i++)
		put_column(b, &t->columns[i]);
	json_close(b, ']');
	json_open(b, "rows", '[');
	for (size_t r = 0; r < t->n_rows; r++) {
		json_open(b, NULL, '[');
		for (size_t i = 0; i < t->n_columns; i++)
			put_cell(b, &t->columns[i], &t->cells[r * t->n_columns + i]);
		json_close(b, ']');
	}
	json_close(b, ']');
	json_close(b, '}');
}

static void
put_chart(struct buf *b, const struct report_chart *c)
{
	json_open(b, NULL, '{');
	json_str(b, "point", c->point);
	json_str(b, "place_zh", c->place_zh);
	json_str(b, "place_en", c->place_en);
	json_int(b, "from_ms", c->from_ms);
	json_int(b, "to_ms", c->to_ms);
	json_int(b, "step_ms", c->step_ms);
	json_open(b, "steps", '[');
	for (size_t i = 0; i < c->n; i++) {
		json_double(b, NULL, c->steps[i].min);
		json_double(b, NULL, c->steps[i].mean);
		json_double(b, NULL, c->steps[i].max);
	}
	json_close(b, ']');
	json_close(b, '}');
}

static void
put_begin(struct buf *b, const struct report_frame *f)
{
	char sum[SHA256_HEX];
	json_data_sha256(f->doc, sum);
	json_int(b, "document", 1);
	json_str(b, "data_sha256", sum);
	json_int(b, "as_of_seq", f->as_of.seq);
	json_int(b, "as_of_verdict", f->as_of.verdict);
	json_int(b, "as_of_missed", f->as_of.missed);
	json_int(b, "unclassified", f->unclassified);
}

static void
put_frame(struct buf *b, const struct report_frame *f)
{
	const struct report_site *s = f->request->site;
	json_str(b, "report", f->name);
	json_str(b, "version", WATCHROOM_VERSION);
	json_str(b, "site_id", s->id);
	json_str(b, "site_name_zh", s->name_zh);
	json_str(b, "site_name_en", s->name_en);
	json_str(b, "time_zone", s->time_zone);
	json_int(b, "span", (int64_t)f->span);
	json_str(b, "day", f->day->day);
	json_int(b, "from_ms", f->day->from_ms);
	json_int(b, "to_ms", f->day->to_ms);
	json_bool(b, "closed", f->day->closed);
	json_int(b, "first_seq", f->doc->first_seq);
	json_int(b, "last_seq", f->doc->last_seq);
	json_open(b, "signatures", '[');
	for (size_t i = 0; f->signatures[i] != NULL; i++)
		json_str(b, NULL, f->signatures[i]);
	json_close(b, ']');
}

int
format_document(const struct report_frame *f, struct buf *out, struct err *err)
{
	(void)err; // nothing here can fail
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	put_begin(&b, f);
	put_frame(&b, f);
	json_open(&b, "tables", '[');
	for (size_t i = 0; i < f->doc->n_tables; i++)
		put_table(&b, &f->doc->tables[i]);
	json_close(&b, ']');
	json_open(&b, "charts", '[');
	for (size_t i = 0; i < f->doc->n_charts; i++)
		put_chart(&b, &f->doc->charts[i]);
	json_close(&b, ']');
	json_close(&b, '}');
	buf_add(out, b.data, b.len);
	buf_free(&b);
	return 0;
}
