// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A report as JSON for programs: exact numbers in their base unit, ids as numbers,
// times in UTC. One thread. The checksum covers the bytes of the value of "data" as
// they stand; docs/reports.md shows how to verify it.
#include <string.h>

#include "report/definitions.h"

static void
put_cell(struct buf *b, const struct report_column *col, const struct report_cell *cell)
{
	if (cell->none && col->kind != COLUMN_IDS) {
		json_none(b, col->name);
		return;
	}
	switch (col->kind) {
	case COLUMN_TEXT:
	case COLUMN_KEY:
	case COLUMN_CODE:
		json_str(b, col->name, cell->text);
		return;
	case COLUMN_PLACE:
		json_open(b, col->name, '{');
		json_str(b, "zh", cell->text);
		json_str(b, "en", cell->text_en);
		json_close(b, '}');
		return;
	case COLUMN_COUNT:
	case COLUMN_SPAN:
		json_int(b, col->name, cell->n);
		return;
	case COLUMN_KPA:
		json_double(b, col->name, cell->x);
		return;
	case COLUMN_TENTHS:
		json_double(b, col->name, (double)cell->n / 10.0);
		return;
	case COLUMN_TIME:
		json_time(b, col->name, cell->n);
		return;
	case COLUMN_IDS:
		json_open(b, col->name, '[');
		for (size_t i = 0; i < cell->n_ids; i++)
			json_int(b, NULL, cell->ids[i]);
		json_close(b, ']');
		return;
	}
}

static void
put_row(struct buf *b, const char *key, const struct report_table *t, size_t row)
{
	json_open(b, key, '{');
	for (size_t i = 0; i < t->n_columns; i++) {
		if ((t->columns[i].where & IN_JSON) != 0)
			put_cell(b, &t->columns[i], &t->cells[row * t->n_columns + i]);
	}
	json_close(b, '}');
}

static void
put_data(struct buf *b, const struct report_doc *d)
{
	json_open(b, NULL, '{');
	json_int(b, "first_seq", d->first_seq);
	json_int(b, "last_seq", d->last_seq);
	for (size_t i = 0; i < d->n_tables; i++) {
		const struct report_table *t = &d->tables[i];
		if (t->single) {
			put_row(b, t->name, t, 0);
			continue;
		}
		json_open(b, t->name, '[');
		for (size_t r = 0; r < t->n_rows; r++)
			put_row(b, NULL, t, r);
		json_close(b, ']');
	}
	json_close(b, '}');
}

static void
put_site(struct buf *b, const struct report_site *s)
{
	json_open(b, "site", '{');
	json_str(b, "id", s->id);
	json_open(b, "name", '{');
	json_str(b, "zh", s->name_zh);
	json_str(b, "en", s->name_en);
	json_close(b, '}');
	json_str(b, "time_zone", s->time_zone);
	json_close(b, '}');
}

static void
put_day(struct buf *b, enum report_span span, const struct day_span *day)
{
	static const char *const spans[] = { "day", "week", "month", "year" };
	char from[LOCAL_TIME_MAX], to[LOCAL_TIME_MAX];
	doc_local_time(day->from_ms, from);
	doc_local_time(day->to_ms, to);
	json_str(b, "span", spans[span]);
	json_str(b, "day", day->day);
	json_time(b, "from", day->from_ms);
	json_time(b, "to", day->to_ms);
	json_str(b, "from_local", from);
	json_str(b, "to_local", to);
	json_bool(b, "closed", day->closed);
}

static void
put_revision(struct buf *b, const char *key, const struct revision *r)
{
	json_open(b, key, '{');
	json_int(b, "revision", r->revision);
	json_str(b, "by", r->who);
	json_open(b, "name", '{');
	json_str(b, "zh", r->name_zh);
	json_str(b, "en", r->name_en);
	json_close(b, '}');
	json_str(b, "role", r->role);
	json_time(b, "time", r->time_utc_ms);
	json_int(b, "seq", r->seq);
	json_int(b, "unclassified", r->unclassified);
	json_str(b, "reason", r->reason[0] != '\0' ? r->reason : NULL);
	json_str(b, "note", r->note[0] != '\0' ? r->note : NULL);
	json_str(b, "data_sha256", r->data_sha256);
	json_str(b, "document_sha256", r->document_sha256);
	json_close(b, '}');
}

// Of a report that nobody signs neither member.
static void
put_signing(struct buf *b, const struct report_frame *f)
{
	if (!f->signable)
		return;
	if (f->copy_of != NULL)
		json_int(b, "revision", f->copy_of->revision);
	else
		json_none(b, "revision");
	if (f->copy_of != NULL) {
		put_revision(b, "signed", f->copy_of);
		return;
	}
	json_none(b, "signed");
	if (f->newest == NULL) {
		json_none(b, "newest");
		return;
	}
	put_revision(b, "newest", f->newest);
	json_int(b, "changed_since", f->n_changes);
}

void
json_data_sha256(const struct report_doc *d, char out[static SHA256_HEX])
{
	struct buf data = { 0 };
	put_data(&data, d);
	report_sha256(data.data, data.len, out);
	buf_free(&data);
}

int
format_json(const struct report_frame *f, struct buf *out, struct err *err)
{
	(void)err; // nothing here can fail
	struct buf data = { 0 };
	char sum[SHA256_HEX];
	put_data(&data, f->doc);
	report_sha256(data.data, data.len, sum);

	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	json_str(&b, "report", f->name);
	put_site(&b, f->request->site);
	put_day(&b, f->span, f->day);
	json_raw(&b, "data", data.data);
	json_int(&b, "rows", (int64_t)doc_rows(f->doc));
	put_signing(&b, f);
	json_str(&b, "sha256", sum);
	if (f->anchor->seq != 0) {
		json_open(&b, "anchor", '{');
		json_int(&b, "seq", f->anchor->seq);
		json_str(&b, "hash", f->anchor->hash);
		json_str(&b, "public_key", f->anchor->public_key);
		json_time(&b, "time", f->anchor->time_utc_ms);
		json_close(&b, '}');
	}
	json_time(&b, "produced", f->request->now_utc_ms);
	json_str(&b, "version", f->version);
	json_close(&b, '}');
	buf_str(&b, "\n");
	buf_add(out, b.data, b.len);
	buf_free(&b);
	buf_free(&data);
	return 0;
}
