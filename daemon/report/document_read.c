// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See document.h. Reading. It refuses a text in which anything is not as it was
// written: a signed report is shown whole or not at all. One thread.
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "report/document.h"

// NULL where it is null or missing.
static const char *
text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static bool
take_text(const json_t *o, const char *key, char *out, size_t size)
{
	const char *s = text_of(o, key);
	return s != NULL && str_copy(out, size, s);
}

static bool
take_int(const json_t *o, const char *key, int64_t *out)
{
	const json_t *v = json_object_get(o, key);
	*out = json_integer_value(v);
	return json_is_integer(v);
}

// ---- tables
// -----------------------------------------------------------------------------

static bool
read_column(const json_t *o, struct report_column *out)
{
	const char *kind = text_of(o, "kind");
	*out = (struct report_column){ .name = text_of(o, "name"),
		.heading = text_of(o, "heading"),
		.prefix = text_of(o, "prefix") };
	unsigned where = 0;
	where |= json_is_true(json_object_get(o, "json")) ? IN_JSON : 0;
	where |= json_is_true(json_object_get(o, "csv")) ? IN_CSV : 0;
	where |= json_is_true(json_object_get(o, "print")) ? IN_PRINT : 0;
	out->where = (enum column_where)where;
	for (unsigned k = 0; kind != NULL && document_kind((enum column_kind)k) != NULL;
	     k++) {
		out->kind = (enum column_kind)k;
		if (strcmp(kind, document_kind(out->kind)) == 0)
			return out->kind != COLUMN_KEY || out->prefix != NULL;
	}
	return false;
}

static bool
read_ids(const json_t *v, struct report_cell *out)
{
	size_t n = json_array_size(v);
	int64_t *ids = xcalloc(n + 1, sizeof(*ids));
	bool good = json_is_array(v);
	for (size_t i = 0; i < n; i++) {
		good = good && json_is_integer(json_array_get(v, i));
		ids[i] = json_integer_value(json_array_get(v, i));
	}
	doc_put_ids(out, ids, n);
	free(ids);
	return good;
}

static bool
read_place(const json_t *v, struct report_cell *out)
{
	const char *zh = json_string_value(json_array_get(v, 0));
	const char *en = json_string_value(json_array_get(v, 1));
	if (zh == NULL || en == NULL)
		return false;
	doc_put_place(out, zh, en);
	return true;
}

static bool
read_cell(const json_t *v, enum column_kind kind, struct report_cell *out)
{
	if (json_is_null(v))
		return true;
	switch (kind) {
	case COLUMN_TEXT:
	case COLUMN_KEY:
	case COLUMN_CODE:
		if (!json_is_string(v))
			return false;
		doc_put_text(out, json_string_value(v));
		return true;
	case COLUMN_PLACE:
		return read_place(v, out);
	case COLUMN_COUNT:
	case COLUMN_TENTHS:
	case COLUMN_TIME:
	case COLUMN_SPAN:
		doc_put_count(out, json_integer_value(v));
		return json_is_integer(v);
	case COLUMN_KPA:
		doc_put_number(out, json_number_value(v));
		return json_is_number(v);
	case COLUMN_IDS:
		return read_ids(v, out);
	}
	return false;
}

static bool
read_row(const json_t *row, struct report_table *t)
{
	struct report_cell *cells = doc_row(t);
	bool good = json_array_size(row) == t->n_columns;
	for (size_t i = 0; i < t->n_columns && good; i++)
		good = read_cell(json_array_get(row, i), t->columns[i].kind, &cells[i]);
	return good;
}

static bool
read_table(const json_t *o, struct report_doc *d)
{
	const json_t *columns = json_object_get(o, "columns");
	const json_t *rows = json_object_get(o, "rows"), *row;
	size_t n = json_array_size(columns), i;
	bool good = n > 0 && json_is_array(rows) && d->n_tables < DOC_TABLES_MAX;
	if (!good)
		return false;
	struct report_column *of = xcalloc(n, sizeof(*of));
	struct report_table *t =
	    doc_table(d, &(struct report_table){ .name = text_of(o, "name"),
			     .title = text_of(o, "title"),
			     .single = json_is_true(json_object_get(o, "single")),
			     .columns = of,
			     .n_columns = n });
	for (i = 0; i < n && good; i++)
		good = read_column(json_array_get(columns, i), &of[i]);
	for (i = 0; i < json_array_size(rows) && good; i++) {
		row = json_array_get(rows, i);
		good = read_row(row, t);
	}
	// What is one object has one row, and a table under another has one above it.
	return good && t->name != NULL && (!t->single || t->n_rows == 1) &&
	       (t->title != NULL || d->n_tables > 1);
}

// ---- curves
// -----------------------------------------------------------------------------

static double
number_or_none(const json_t *v)
{
	return json_is_number(v) ? json_number_value(v) : (double)NAN;
}

static bool
read_chart(const json_t *o, struct report_doc *d)
{
	const char *point = text_of(o, "point");
	const char *zh = text_of(o, "place_zh"), *en = text_of(o, "place_en");
	const json_t *steps = json_object_get(o, "steps");
	if (point == NULL || zh == NULL || en == NULL || !json_is_array(steps) ||
	    json_array_size(steps) % 3 != 0)
		return false;
	struct report_chart *c = doc_chart(d, point, zh, en);
	for (size_t i = 0; i < json_array_size(steps); i += 3)
		chart_put(c, number_or_none(json_array_get(steps, i)),
		    number_or_none(json_array_get(steps, i + 1)),
		    number_or_none(json_array_get(steps, i + 2)));
	return take_int(o, "from_ms", &c->from_ms) && take_int(o, "to_ms", &c->to_ms) &&
	       take_int(o, "step_ms", &c->step_ms);
}

// ---- the whole
// --------------------------------------------------------------------------

static bool
read_signatures(const json_t *root, struct document *out)
{
	const json_t *a = json_object_get(root, "signatures");
	size_t n = json_array_size(a);
	bool good = json_is_array(a) && n <= DOCUMENT_SIGNATURES;
	for (size_t i = 0; i < n && good; i++) {
		out->signatures[i] = json_string_value(json_array_get(a, i));
		good = out->signatures[i] != NULL;
	}
	return good;
}

static bool
read_frame(const json_t *root, struct document *out)
{
	struct report_site *s = &out->site;
	int64_t version, span;
	bool good = take_int(root, "document", &version) && version == 1 &&
		    take_int(root, "span", &span) && span >= REPORT_DAY &&
		    span <= REPORT_YEAR;
	if (!good)
		return false;
	out->span = (enum report_span)span;
	out->day.closed = json_is_true(json_object_get(root, "closed"));
	return take_text(root, "data_sha256", out->data_sha256, SHA256_HEX) &&
	       take_text(root, "report", out->name, sizeof(out->name)) &&
	       take_text(root, "version", out->version, sizeof(out->version)) &&
	       take_text(root, "site_id", s->id, sizeof(s->id)) &&
	       take_text(root, "site_name_zh", s->name_zh, sizeof(s->name_zh)) &&
	       take_text(root, "site_name_en", s->name_en, sizeof(s->name_en)) &&
	       take_text(root, "time_zone", s->time_zone, sizeof(s->time_zone)) &&
	       take_text(root, "day", out->day.day, sizeof(out->day.day)) &&
	       take_int(root, "from_ms", &out->day.from_ms) &&
	       take_int(root, "to_ms", &out->day.to_ms) &&
	       take_int(root, "first_seq", &out->doc.first_seq) &&
	       take_int(root, "last_seq", &out->doc.last_seq) &&
	       read_signatures(root, out);
}

static bool
read_parts(const json_t *root, struct report_doc *d)
{
	const json_t *tables = json_object_get(root, "tables");
	const json_t *charts = json_object_get(root, "charts");
	bool good = json_is_array(tables) && json_is_array(charts);
	for (size_t i = 0; i < json_array_size(tables) && good; i++)
		good = read_table(json_array_get(tables, i), d);
	for (size_t i = 0; i < json_array_size(charts) && good; i++)
		good = read_chart(json_array_get(charts, i), d);
	return good;
}

int
document_read(const char *json, struct document *out, struct err *err)
{
	char sum[SHA256_HEX];
	json_error_t why;
	*out = (struct document){ 0 };
	json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, &why);
	out->text = root;
	if (root == NULL)
		return err_set(
		    err, EIO, "the signed report cannot be read: %s", why.text);
	if (!read_frame(root, out) || !read_parts(root, &out->doc))
		return err_set(err, EIO, "the signed report is not of a known form");
	json_data_sha256(&out->doc, sum);
	if (strcmp(sum, out->data_sha256) != 0)
		return err_set(err, EIO,
		    "the figures of the signed report have the checksum %s, signed was "
		    "%s",
		    sum, out->data_sha256);
	return 0;
}

void
document_free(struct document *d)
{
	const struct report_column *columns[DOC_TABLES_MAX];
	size_t n = d->doc.n_tables;
	for (size_t i = 0; i < n; i++)
		columns[i] = d->doc.tables[i].columns;
	doc_free(&d->doc);
	for (size_t i = 0; i < n; i++)
		free((void *)(uintptr_t)columns[i]);
	json_decref(d->text);
	*d = (struct document){ 0 };
}
