// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Daily alarm statistics: counts per class, and per class and place with the events
// behind them. All counting is the store's. One thread. Refuses to print figures that
// do not add up (I13): class totals, sums of rows and numbers of ids must be the same;
// while the daemon writes they may be read a moment apart, so it asks again before it
// refuses.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "report/definitions.h"
#include "report/register_map.h"

enum {
	TRIES = 5
};

// clang-format off
static const struct report_column class_columns[] = {
	{ "class",        "report.col.class",        COLUMN_KEY,   IN_ALL, "class." },
	{ "onsets",       "report.col.onsets",       COLUMN_COUNT, IN_ALL, NULL },
	{ "clears",       "report.col.clears",       COLUMN_COUNT, IN_ALL, NULL },
	{ "acknowledged", "report.col.acknowledged", COLUMN_COUNT, IN_ALL, NULL },
	{ "tests",        "report.col.tests",        COLUMN_COUNT, IN_ALL, NULL },
	{ "open",         "report.col.open",         COLUMN_COUNT, IN_ALL, NULL },
};

static const struct report_column total_columns[] = {
	{ NULL,           NULL,                      COLUMN_KEY,   IN_TABLE, "report." },
	{ "onsets",       NULL,                      COLUMN_COUNT, IN_ALL, NULL },
	{ "clears",       NULL,                      COLUMN_COUNT, IN_ALL, NULL },
	{ "acknowledged", NULL,                      COLUMN_COUNT, IN_ALL, NULL },
	{ "tests",        NULL,                      COLUMN_COUNT, IN_ALL, NULL },
	{ "open",         NULL,                      COLUMN_COUNT, IN_ALL, NULL },
};

static const struct report_column row_columns[] = {
	{ "class",        "report.col.class",        COLUMN_KEY,   IN_ALL, "class." },
	{ "condition",    "report.col.condition",    COLUMN_KEY,   IN_ALL, "condition." },
	{ "place",        "report.col.place",        COLUMN_PLACE, IN_ALL, NULL },
	{ "point",        "report.col.point",        COLUMN_TEXT,  IN_ALL, NULL },
	{ "code",         "report.col.code",         COLUMN_CODE,  IN_ALL, NULL },
	{ "onsets",       "report.col.onsets",       COLUMN_COUNT, IN_ALL, NULL },
	{ "clears",       "report.col.clears",       COLUMN_COUNT, IN_ALL, NULL },
	{ "acknowledged", "report.col.acknowledged", COLUMN_COUNT, IN_ALL, NULL },
	{ "tests",        "report.col.tests",        COLUMN_COUNT, IN_ALL, NULL },
	{ "events",             "report.col.onset_events",       COLUMN_IDS, IN_DATA, NULL },
	{ "clear_events",       "report.col.clear_events",       COLUMN_IDS, IN_DATA, NULL },
	{ "acknowledge_events", "report.col.acknowledge_events", COLUMN_IDS, IN_DATA, NULL },
	{ "test_events",        "report.col.test_events",        COLUMN_IDS, IN_DATA, NULL },
	MATURITY_COLUMN,
};

#define COLUMNS(c) .columns = c, .n_columns = sizeof(c) / sizeof((c)[0])
static const struct report_table classes_shape = { .name = "classes", .title = "report.classes", COLUMNS(class_columns) };
static const struct report_table total_shape   = { .name = "total", .single = true, COLUMNS(total_columns) };
static const struct report_table rows_shape    = { .name = "rows", .title = "report.by_place", COLUMNS(row_columns) };
// clang-format on

// What a row counts; each count has its events.
enum what {
	ONSETS,
	CLEARS,
	ACKNOWLEDGED,
	TESTS,
	WHAT_COUNT
};

struct day_row {
	struct alarm_count count; // without its lists
	uint32_t n[WHAT_COUNT];
	int64_t *ids[WHAT_COUNT];
	size_t n_ids[WHAT_COUNT];
};

struct figures {
	struct class_count classes;
	uint64_t sums[CLASS_COUNT][WHAT_COUNT]; // of the rows
	uint64_t ids[CLASS_COUNT][WHAT_COUNT];
	struct day_row *rows;
	size_t n_rows, size;
};

static void
figures_free(struct figures *f)
{
	for (size_t i = 0; i < f->n_rows; i++) {
		for (int w = 0; w < WHAT_COUNT; w++)
			free(f->rows[i].ids[w]);
	}
	free(f->rows);
	*f = (struct figures){ 0 };
}

static void
copy_ids(struct day_row *r, enum what w, uint32_t count, const int64_t *ids, size_t n)
{
	r->n[w] = count;
	r->n_ids[w] = n;
	r->ids[w] = xcalloc(n + 1, sizeof(*r->ids[w]));
	if (n > 0)
		memcpy(r->ids[w], ids, n * sizeof(*ids));
}

static bool
take_row(void *arg, const struct alarm_count *c)
{
	struct figures *f = arg;
	wr_assert(c->alarm_class >= 0 && c->alarm_class < CLASS_COUNT);
	if (f->n_rows == f->size) {
		f->size = f->size != 0 ? f->size * 2 : 64;
		f->rows = xreallocarray(f->rows, f->size, sizeof(*f->rows));
	}
	struct day_row *r = &f->rows[f->n_rows++];
	*r = (struct day_row){ .count = *c };
	copy_ids(r, ONSETS, c->onsets, c->seqs, c->n_seqs);
	copy_ids(r, CLEARS, c->clears, c->clear_seqs, c->n_clear_seqs);
	copy_ids(r, ACKNOWLEDGED, c->acknowledged, c->acknowledge_seqs,
	    c->n_acknowledge_seqs);
	copy_ids(r, TESTS, c->tests, c->test_seqs, c->n_test_seqs);
	for (int w = 0; w < WHAT_COUNT; w++) {
		f->sums[c->alarm_class][w] += r->n[w];
		f->ids[c->alarm_class][w] += r->n_ids[w];
	}
	return true;
}

// A class's total, the sum of its rows and the number of its events are one figure. The
// roll-up of a class has no tests of its own.
static int
figures_reconcile(const struct figures *f, struct err *err)
{
	static const char *const names[] = { "onsets", "clears", "acknowledged",
		"tests" };
	for (int c = 0; c < CLASS_COUNT; c++) {
		const uint64_t totals[] = { f->classes.onsets[c], f->classes.clears[c],
			f->classes.acknowledged[c], f->sums[c][TESTS] };
		for (int w = 0; w < WHAT_COUNT; w++) {
			if (totals[w] == f->sums[c][w] && totals[w] == f->ids[c][w])
				continue;
			return err_set(err, EIO,
			    "figures of class %s do not add up: %s %llu, in rows %llu, "
			    "events %llu",
			    class_name((enum alarm_class)c), names[w],
			    (unsigned long long)totals[w],
			    (unsigned long long)f->sums[c][w],
			    (unsigned long long)f->ids[c][w]);
		}
	}
	return 0;
}

static int
by_class_then_place(const void *va, const void *vb)
{
	const struct alarm_count *a = &((const struct day_row *)va)->count;
	const struct alarm_count *b = &((const struct day_row *)vb)->count;
	if (a->alarm_class != b->alarm_class)
		return a->alarm_class < b->alarm_class ? -1 : 1;
	int c = strcmp(a->point, b->point);
	if (c == 0)
		c = (a->condition > b->condition) - (a->condition < b->condition);
	return c != 0 ? c : strcmp(a->code, b->code);
}

static int
figures_read(const struct report_input *in, struct figures *f, struct err *err)
{
	for (int i = 0; i < TRIES; i++) {
		figures_free(f);
		if (query_class_counts(in->reader, &in->day, &f->classes, err) < 0 ||
		    query_alarms_daily(in->reader, &in->day, take_row, f, err) < 0)
			return -1;
		if (figures_reconcile(f, err) == 0)
			return 0;
	}
	return -1;
}

static void
put_classes(const struct figures *f, struct report_doc *d)
{
	uint64_t totals[WHAT_COUNT] = { 0 }, open = 0;
	struct report_table *t = doc_table(d, &classes_shape);
	for (int c = 0; c < CLASS_COUNT; c++) {
		struct report_cell *row = doc_row(t);
		doc_put_text(&row[0], class_name((enum alarm_class)c));
		for (int w = 0; w < WHAT_COUNT; w++) {
			doc_put_count(&row[1 + w], (int64_t)f->sums[c][w]);
			totals[w] += f->sums[c][w];
		}
		doc_put_count(&row[1 + WHAT_COUNT], f->classes.open[c]);
		open += f->classes.open[c];
	}
	struct report_cell *row = doc_row(doc_table(d, &total_shape));
	doc_put_text(&row[0], "total");
	for (int w = 0; w < WHAT_COUNT; w++)
		doc_put_count(&row[1 + w], (int64_t)totals[w]);
	doc_put_count(&row[1 + WHAT_COUNT], (int64_t)open);
}

static void
put_rows(const struct figures *f, const struct site *site, struct report_doc *d)
{
	struct register_map map;

	register_map_init(&map, site);
	struct report_table *t = doc_table(d, &rows_shape);
	for (size_t i = 0; i < f->n_rows; i++) {
		const struct day_row *r = &f->rows[i];
		const struct alarm_count *c = &r->count;
		struct report_cell *row = doc_row(t);
		doc_put_text(&row[0], class_name((enum alarm_class)c->alarm_class));
		if (c->condition >= 0)
			doc_put_text(
			    &row[1], condition_name((enum condition)c->condition));
		doc_put_place(&row[2], c->place_zh, c->place_en);
		doc_put_text(&row[3], c->point);
		doc_put_text(&row[4], c->code);
		for (int w = 0; w < WHAT_COUNT; w++) {
			doc_put_count(&row[5 + w], r->n[w]);
			doc_put_ids(&row[5 + WHAT_COUNT + w], r->ids[w], r->n_ids[w]);
		}
		register_map_put(&map, c->point, &row[5 + 2 * WHAT_COUNT]);
	}
	register_map_free(&map);
}

int
alarms_daily_build(const struct report_input *in, struct report_doc *d, struct err *err)
{
	struct figures f = { 0 };
	int result = figures_read(in, &f, err);
	if (result == 0) {
		if (f.n_rows > 0)
			qsort(f.rows, f.n_rows, sizeof(*f.rows), by_class_then_place);
		d->first_seq = f.classes.first_seq;
		d->last_seq = f.classes.last_seq;
		put_classes(&f, d);
		put_rows(&f, in->request->points, d);
		result = gaps_build(in, d, err);
	}
	figures_free(&f);
	return result;
}
