// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Alarm statistics of a day, week, month or year: counts per class, and per class and
// place with the events behind them, from the roll-ups of the days; then what is made
// of single occurrences. One thread. Refuses to print figures that do not add up (I13):
// class totals, sums of rows and numbers of ids must be the same; while the daemon
// writes they may be read a moment apart, so it asks again before it refuses.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "report/alarm_tables.h"
#include "report/interval.h"
#include "report/register_map.h"

enum {
	TRIES = 5,
	WEEK = 7,
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

static const struct report_column comparison_columns[] = {
	{ "class",    "report.col.class",    COLUMN_KEY,    IN_ALL, "class." },
	{ "onsets",   "report.col.onsets",   COLUMN_COUNT,  IN_ALL, NULL },
	{ "previous", "report.col.previous", COLUMN_COUNT,  IN_ALL, NULL },
	{ "mean7",    "report.col.mean7",    COLUMN_TENTHS, IN_ALL, NULL },
};

static const struct report_column day_columns[] = {
	{ "day",          "report.col.day",          COLUMN_TEXT,  IN_ALL, NULL },
	{ "fire",         "class.fire",              COLUMN_COUNT, IN_ALL, NULL },
	{ "prealarm",     "class.prealarm",          COLUMN_COUNT, IN_ALL, NULL },
	{ "security",     "class.security",          COLUMN_COUNT, IN_ALL, NULL },
	{ "supervisory",  "class.supervisory",       COLUMN_COUNT, IN_ALL, NULL },
	{ "fault",        "class.fault",             COLUMN_COUNT, IN_ALL, NULL },
	{ "disabled",     "class.disabled",          COLUMN_COUNT, IN_ALL, NULL },
	{ "process",      "class.process",           COLUMN_COUNT, IN_ALL, NULL },
	{ "info",         "class.info",              COLUMN_COUNT, IN_ALL, NULL },
	{ "system",       "class.system",            COLUMN_COUNT, IN_ALL, NULL },
	{ "onsets",       "report.col.onsets",       COLUMN_COUNT, IN_ALL, NULL },
	{ "clears",       "report.col.clears",       COLUMN_COUNT, IN_ALL, NULL },
	{ "acknowledged", "report.col.acknowledged", COLUMN_COUNT, IN_ALL, NULL },
	{ "events",       "report.col.onset_events", COLUMN_IDS,   IN_DATA, NULL },
};

#define COLUMNS(c) .columns = c, .n_columns = sizeof(c) / sizeof((c)[0])
static const struct report_table classes_shape = { .name = "classes", .title = "report.classes", COLUMNS(class_columns) };
static const struct report_table total_shape   = { .name = "total", .single = true, COLUMNS(total_columns) };
static const struct report_table rows_shape    = { .name = "rows", .title = "report.by_place", COLUMNS(row_columns) };
static const struct report_table comparison_shape = { .name = "comparison", .title = "report.comparison", COLUMNS(comparison_columns) };
static const struct report_table span_comparison_shape = { .name = "comparison", .title = "report.comparison",
	.columns = comparison_columns, .n_columns = sizeof(comparison_columns) / sizeof(comparison_columns[0]) - 1 }; // without the mean
static const struct report_table days_shape    = { .name = "days", .title = "report.days", COLUMNS(day_columns) };
// clang-format on
_Static_assert(sizeof(day_columns) / sizeof(day_columns[0]) == 1 + CLASS_COUNT + 4,
    "a day has a column for each class");

// What a row counts; each count has its events.
enum what {
	ONSETS,
	CLEARS,
	ACKNOWLEDGED,
	TESTS,
	WHAT_COUNT
};

struct day_row {                  // of one day, and of the span once they are merged
	struct alarm_count count; // without its lists
	uint32_t n[WHAT_COUNT];
	int64_t *ids[WHAT_COUNT];
	size_t n_ids[WHAT_COUNT];
	size_t order; // as the days come
};

struct figures {
	struct class_count classes; // of all days; open as at the end
	int64_t first_seq, last_seq;
	struct day_of_span {
		struct day_span span;
		struct class_count count;
	} * days;
	size_t n_days;
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
	free(f->days);
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
	*r = (struct day_row){ .count = *c, .order = f->n_rows };
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

// What the tables of occurrences are made of is what the roll-ups counted.
static int
occurrences_reconcile(
    const struct figures *f, const struct occurrences *o, struct err *err)
{
	uint64_t n[CLASS_COUNT] = { 0 };
	for (size_t i = 0; i < o->n; i++) {
		const struct occurrence *x = &o->all[i];
		if (occurrence_counts(x) && x->alarm_class >= 0)
			n[x->alarm_class]++;
	}
	for (int c = 0; c < CLASS_COUNT; c++)
		if (n[c] != f->classes.onsets[c])
			return err_set(err, EIO,
			    "figures of class %s do not add up: onsets %llu, "
			    "occurrences %llu",
			    class_name((enum alarm_class)c),
			    (unsigned long long)f->classes.onsets[c],
			    (unsigned long long)n[c]);
	return 0;
}

static int
by_class_then_place(const void *va, const void *vb)
{
	const struct day_row *x = va, *y = vb;
	const struct alarm_count *a = &x->count, *b = &y->count;
	if (a->alarm_class != b->alarm_class)
		return a->alarm_class < b->alarm_class ? -1 : 1;
	int c = strcmp(a->point, b->point);
	if (c == 0)
		c = (a->condition > b->condition) - (a->condition < b->condition);
	if (c == 0)
		c = strcmp(a->code, b->code);
	return c != 0 ? c : (x->order > y->order) - (x->order < y->order);
}

static bool
same_alarm(const struct day_row *a, const struct day_row *b)
{
	return a->count.alarm_class == b->count.alarm_class &&
	       a->count.condition == b->count.condition &&
	       strcmp(a->count.point, b->count.point) == 0 &&
	       strcmp(a->count.code, b->count.code) == 0;
}

static void
add_day(struct figures *f, const struct day_span *span, const struct class_count *c)
{
	struct class_count *sum = &f->classes;
	for (int i = 0; i < CLASS_COUNT; i++) {
		sum->onsets[i] += c->onsets[i];
		sum->clears[i] += c->clears[i];
		sum->acknowledged[i] += c->acknowledged[i];
		sum->open[i] = c->open[i];
	}
	f->days = xreallocarray(f->days, f->n_days + 1, sizeof(*f->days));
	f->days[f->n_days++] = (struct day_of_span){ .span = *span, .count = *c };
}

// Each day of the span that has begun.
static int
figures_walk(const struct report_input *in, struct figures *f, struct err *err)
{
	int64_t now = in->request->now_utc_ms, at = in->day.from_ms;
	struct day_span day = in->day;
	while (at < in->day.to_ms && (at <= now || at == in->day.from_ms)) {
		struct class_count c = { 0 };
		if (in->span != REPORT_DAY &&
		    interval_day_at(in->reader, at, now, &day, err) < 0)
			return -1;
		if (query_class_counts(in->reader, &day, &c, err) < 0 ||
		    query_alarms_daily(in->reader, &day, take_row, f, err) < 0)
			return -1;
		add_day(f, &day, &c);
		at = day.to_ms;
	}
	return query_edges(in->reader, &in->day, &f->first_seq, &f->last_seq, err);
}

static void
add_ids(struct day_row *to, struct day_row *from, int w)
{
	size_t n = to->n_ids[w] + from->n_ids[w];
	to->ids[w] = xreallocarray(to->ids[w], n + 1, sizeof(*to->ids[w]));
	memcpy(to->ids[w] + to->n_ids[w], from->ids[w],
	    from->n_ids[w] * sizeof(*from->ids[w]));
	free(from->ids[w]);
	to->n_ids[w] = n;
	to->n[w] += from->n[w];
}

// Rows of one alarm on several days become one, with its newest place.
static void
figures_merge(struct figures *f)
{
	size_t kept = 0;
	if (f->n_rows > 0)
		qsort(f->rows, f->n_rows, sizeof(*f->rows), by_class_then_place);
	for (size_t i = 0; i < f->n_rows; i++) {
		struct day_row *r = &f->rows[i],
			       *to = kept > 0 ? &f->rows[kept - 1] : NULL;
		if (to == NULL || !same_alarm(to, r)) {
			f->rows[kept++] = *r;
			continue;
		}
		for (int w = 0; w < WHAT_COUNT; w++)
			add_ids(to, r, w);
		(void)str_copy(
		    to->count.place_zh, sizeof(to->count.place_zh), r->count.place_zh);
		(void)str_copy(
		    to->count.place_en, sizeof(to->count.place_en), r->count.place_en);
	}
	f->n_rows = kept;
}

static int
figures_read(const struct report_input *in, struct figures *f, struct occurrences *o,
    struct err *err)
{
	for (int i = 0; i < TRIES; i++) {
		figures_free(f);
		occurrences_free(o);
		if (figures_walk(in, f, err) < 0 || occurrences_read(in, o, err) < 0)
			return -1;
		if (figures_reconcile(f, err) == 0 &&
		    occurrences_reconcile(f, o, err) == 0) {
			figures_merge(f);
			return 0;
		}
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
		bool alarm = c != CLASS_INFO;
		for (int w = 0; w < WHAT_COUNT; w++) {
			doc_put_count(&row[1 + w], (int64_t)f->sums[c][w]);
			totals[w] += alarm ? f->sums[c][w] : 0;
		}
		doc_put_count(&row[1 + WHAT_COUNT], f->classes.open[c]);
		open += alarm ? f->classes.open[c] : 0;
	}
	struct report_cell *row = doc_row(doc_table(d, &total_shape));
	doc_put_text(&row[0], "total_alarms");
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

// Onsets of a span by its roll-ups alone.
static int
onsets_of(const struct report_input *in, const struct day_span *span,
    uint32_t out[static CLASS_COUNT], struct err *err)
{
	int64_t at = span->from_ms;
	while (at < span->to_ms) {
		struct day_span day;
		struct class_count c = { 0 };
		if (interval_day_at(
			in->reader, at, in->request->now_utc_ms, &day, err) < 0 ||
		    query_class_counts(in->reader, &day, &c, err) < 0)
			return -1;
		for (int i = 0; i < CLASS_COUNT; i++)
			out[i] += c.onsets[i];
		at = day.to_ms;
	}
	return 0;
}

static int
put_comparison(const struct report_input *in, const struct figures *f,
    struct report_doc *d, struct err *err)
{
	struct report_table *t = doc_table(
	    d, in->span == REPORT_DAY ? &comparison_shape : &span_comparison_shape);
	int64_t now = in->request->now_utc_ms;
	uint32_t previous[CLASS_COUNT] = { 0 }, week[CLASS_COUNT] = { 0 };
	struct day_span before, day = in->day;
	if (interval_before(in->reader, in->span, &in->day, now, &before, err) < 0 ||
	    onsets_of(in, &before, previous, err) < 0)
		return -1;
	for (int i = 0; i < WEEK && in->span == REPORT_DAY; i++)
		if (interval_day_at(in->reader, day.from_ms - 1, now, &day, err) < 0 ||
		    onsets_of(in, &day, week, err) < 0)
			return -1;
	for (int c = 0; c < CLASS_COUNT; c++) {
		struct report_cell *row = doc_row(t);
		doc_put_text(&row[0], class_name((enum alarm_class)c));
		doc_put_count(&row[1], f->classes.onsets[c]);
		doc_put_count(&row[2], previous[c]);
		if (in->span == REPORT_DAY)
			doc_put_count(&row[3], (week[c] * 10 + WEEK / 2) / WEEK);
	}
	return 0;
}

static void
put_day(const struct day_of_span *day, const struct occurrences *o, int64_t *ids,
    struct report_table *t)
{
	struct report_cell *row = doc_row(t);
	int64_t onsets = 0, clears = 0, acknowledged = 0;
	size_t n = occurrences_within(o, day->span.from_ms, day->span.to_ms, ids);
	doc_put_text(&row[0], day->span.day);
	for (int c = 0; c < CLASS_COUNT; c++) {
		doc_put_count(&row[1 + c], day->count.onsets[c]);
		if (c == CLASS_INFO)
			continue;
		onsets += day->count.onsets[c];
		clears += day->count.clears[c];
		acknowledged += day->count.acknowledged[c];
	}
	row += 1 + CLASS_COUNT;
	doc_put_count(&row[0], onsets);
	doc_put_count(&row[1], clears);
	doc_put_count(&row[2], acknowledged);
	doc_put_ids(&row[3], ids, n);
}

static void
put_days(const struct figures *f, const struct occurrences *o, struct report_doc *d)
{
	struct report_table *t = doc_table(d, &days_shape);
	int64_t *ids = xcalloc(o->n + 1, sizeof(*ids));
	for (size_t i = 0; i < f->n_days; i++)
		put_day(&f->days[i], o, ids, t);
	free(ids);
}

static int
put_all(const struct report_input *in, const struct figures *f, struct occurrences *o,
    struct report_doc *d, struct err *err)
{
	d->first_seq = f->first_seq;
	d->last_seq = f->last_seq;
	put_classes(f, d);
	put_rows(f, in->request->points, d);
	if (gaps_build(in, d, err) < 0 || blind_build(in, d, err) < 0 ||
	    put_comparison(in, f, d, err) < 0)
		return -1;
	if (in->span != REPORT_DAY)
		put_days(f, o, d);
	alarm_groups_build(in, o, d);
	alarm_answers_build(o, d);
	alarm_load_build(in, o, d);
	if (alarm_effects_build(in, d, err) < 0 || alarm_held_build(in, d, err) < 0 ||
	    alarm_repeats_build(in, d, err) < 0)
		return -1;
	return alarm_entries_build(in, d, err);
}

int
alarms_build(const struct report_input *in, struct report_doc *d, struct err *err)
{
	struct figures f = { 0 };
	struct occurrences o = { 0 };
	int result = figures_read(in, &f, &o, err);
	if (result == 0)
		result = put_all(in, &f, &o, d, err);
	figures_free(&f);
	occurrences_free(&o);
	return result;
}
