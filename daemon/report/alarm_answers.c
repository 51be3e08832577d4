// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See alarm_tables.h. How fast people answered, what they left standing, and what they
// found on second thought. Percentiles are nearest rank: one of the times that were.
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "report/alarm_tables.h"

enum {
	MEDIAN = 50,
	P95 = 95,
};

// ISA-18.2 and IEC 62682, clause 16: stale is what stands for more than a day.
static const int64_t stale_ms = INT64_C(24) * 3600 * 1000;

// clang-format off
#define RESPONSE_COLUMNS \
	{ "onsets",            "report.col.onsets",            COLUMN_COUNT, IN_ALL,  NULL }, \
	{ "answered",          "report.col.answered",          COLUMN_COUNT, IN_ALL,  NULL }, \
	{ "median_ms",         "report.col.median",            COLUMN_SPAN,  IN_ALL,  NULL }, \
	{ "p95_ms",            "report.col.p95",               COLUMN_SPAN,  IN_ALL,  NULL }, \
	{ "longest_ms",        "report.col.longest",           COLUMN_SPAN,  IN_ALL,  NULL }, \
	{ "unanswered",        "report.col.unanswered",        COLUMN_COUNT, IN_ALL,  NULL }, \
	{ "longest_events",    "report.col.longest_events",    COLUMN_IDS,   IN_DATA, NULL }, \
	{ "answered_events",   "report.col.answered_events",   COLUMN_IDS,   IN_DATA, NULL }, \
	{ "unanswered_events", "report.col.unanswered_events", COLUMN_IDS,   IN_DATA, NULL }
static const struct report_column class_columns[] = {
	{ "class", "report.col.class", COLUMN_KEY, IN_ALL, "class." }, RESPONSE_COLUMNS };
static const struct report_column all_columns[] = {
	{ NULL, NULL, COLUMN_KEY, IN_TABLE, "report." }, RESPONSE_COLUMNS };
static const struct report_column standing_columns[] = {
	{ "class",  "report.col.class",  COLUMN_KEY,   IN_ALL,  "class." },
	{ "place",  "report.col.place",  COLUMN_PLACE, IN_ALL,  NULL },
	{ "point",  "report.col.point",  COLUMN_TEXT,  IN_ALL,  NULL },
	{ "code",   "report.col.code",   COLUMN_CODE,  IN_ALL,  NULL },
	{ "since",  "report.col.since",  COLUMN_TIME,  IN_ALL,  NULL },
	{ "ms",     "report.col.length", COLUMN_SPAN,  IN_ALL,  NULL },
	{ "events", "report.col.seqs",   COLUMN_IDS,   IN_DATA, NULL },
};
static const struct report_column revision_columns[] = {
	{ "place",        "report.col.place",        COLUMN_PLACE, IN_ALL,  NULL },
	{ "point",        "report.col.point",        COLUMN_TEXT,  IN_ALL,  NULL },
	{ "time",         "report.col.when_raised",  COLUMN_TIME,  IN_ALL,  NULL },
	{ "verdict",      "report.col.verdict",      COLUMN_KEY,   IN_ALL,  "verdict." },
	{ "verdicts",     "report.col.verdicts",     COLUMN_COUNT, IN_ALL,  NULL },
	{ "events",       "report.col.seqs",         COLUMN_IDS,   IN_DATA, NULL },
};
#define COLUMNS(c) .columns = c, .n_columns = sizeof(c) / sizeof((c)[0])
static const struct report_table class_shape    = { .name = "responses", .title = "report.responses", COLUMNS(class_columns) };
static const struct report_table all_shape      = { .name = "response_total", .single = true, COLUMNS(all_columns) };
static const struct report_table standing_shape = { .name = "standing", .title = "report.standing", COLUMNS(standing_columns) };
static const struct report_table revision_shape = { .name = "verdict_revisions", .title = "report.verdict_revisions", COLUMNS(revision_columns) };
// clang-format on

struct answers {
	size_t n, n_answered, n_unanswered;
	const struct occurrence **answered; // by time to acknowledge
	int64_t *ids;
	int64_t *unanswered;
};

// A clock that was set back makes no time negative.
static int64_t
time_to_answer(const struct occurrence *x)
{
	int64_t ms = x->acknowledged_ms - x->time_ms;
	return ms > 0 ? ms : 0;
}

static int
fastest_first(const void *va, const void *vb)
{
	const struct occurrence *const *a = va, *const *b = vb;
	int64_t x = time_to_answer(*a), y = time_to_answer(*b);
	if (x != y)
		return x < y ? -1 : 1;
	return ((*a)->seq > (*b)->seq) - ((*a)->seq < (*b)->seq);
}

static int64_t
rank(const struct answers *a, size_t percent)
{
	size_t at = (a->n_answered * percent + 99) / 100;
	return time_to_answer(a->answered[at - 1]);
}

static void
put_answers(const struct answers *a, struct report_cell *cells)
{
	doc_put_count(&cells[0], (int64_t)a->n);
	doc_put_count(&cells[1], (int64_t)a->n_answered);
	doc_put_count(&cells[5], (int64_t)a->n_unanswered);
	for (size_t i = 0; i < a->n_answered; i++)
		a->ids[i] = a->answered[i]->acknowledged_seq;
	doc_put_ids(&cells[7], a->ids, a->n_answered);
	doc_put_ids(&cells[8], a->unanswered, a->n_unanswered);
	if (a->n_answered == 0)
		return;
	doc_put_count(&cells[2], rank(a, MEDIAN));
	doc_put_count(&cells[3], rank(a, P95));
	doc_put_count(&cells[4], rank(a, 100));
	doc_put_ids(&cells[6], &a->ids[a->n_answered - 1], 1);
}

// Of one class; -1 = of all.
static void
count_answers(const struct occurrences *o, int alarm_class, struct answers *a)
{
	a->n = a->n_answered = a->n_unanswered = 0;
	for (size_t i = 0; i < o->n; i++) {
		const struct occurrence *x = &o->all[i];
		if (!occurrence_is_alarm(x) ||
		    (alarm_class >= 0 && x->alarm_class != alarm_class))
			continue;
		a->n++;
		if (x->acknowledged_seq != 0)
			a->answered[a->n_answered++] = x;
		else
			a->unanswered[a->n_unanswered++] = x->seq;
	}
	qsort(a->answered, a->n_answered, sizeof(struct occurrence *), fastest_first);
}

static void
put_responses(const struct occurrences *o, struct report_doc *d)
{
	struct answers a = { .answered = xcalloc(o->n + 1, sizeof(*a.answered)),
		.ids = xcalloc(o->n + 1, sizeof(*a.ids)),
		.unanswered = xcalloc(o->n + 1, sizeof(*a.unanswered)) };
	struct report_table *t = doc_table(d, &class_shape);
	for (int c = 0; c < CLASS_COUNT; c++) {
		count_answers(o, c, &a);
		if (a.n == 0)
			continue;
		struct report_cell *row = doc_row(t);
		doc_put_text(&row[0], class_name((enum alarm_class)c));
		put_answers(&a, &row[1]);
	}
	count_answers(o, -1, &a);
	struct report_cell *row = doc_row(doc_table(d, &all_shape));
	doc_put_text(&row[0], "total_alarms");
	put_answers(&a, &row[1]);
	free(a.answered);
	free(a.ids);
	free(a.unanswered);
}

static void
put_standing(const struct occurrences *o, struct report_doc *d)
{
	struct report_table *t = doc_table(d, &standing_shape);
	for (size_t i = 0; i < o->n; i++) {
		const struct occurrence *x = &o->all[i];
		bool over = x->end_ms != 0 && x->end_ms <= o->until_ms;
		int64_t ms = o->until_ms - x->time_ms;
		if (x->test || x->alarm_class == CLASS_INFO || over || ms <= stale_ms)
			continue;
		struct report_cell *row = doc_row(t);
		if (x->alarm_class >= 0)
			doc_put_text(
			    &row[0], class_name((enum alarm_class)x->alarm_class));
		doc_put_place(&row[1], x->place_zh, x->place_en);
		doc_put_text(&row[2], x->point);
		doc_put_text(&row[3], x->code);
		doc_put_count(&row[4], x->time_ms);
		doc_put_count(&row[5], ms);
		doc_put_ids(&row[6], &x->seq, 1);
	}
}

static void
put_revisions(const struct occurrences *o, struct report_doc *d)
{
	struct report_table *t = doc_table(d, &revision_shape);
	for (size_t i = 0; i < o->n; i++) {
		const struct occurrence *x = &o->all[i];
		if (!x->inside || x->n_verdicts < 2)
			continue;
		struct report_cell *row = doc_row(t);
		doc_put_place(&row[0], x->place_zh, x->place_en);
		doc_put_text(&row[1], x->point);
		doc_put_count(&row[2], x->time_ms);
		doc_put_text(&row[3], x->verdict);
		doc_put_count(&row[4], (int64_t)x->n_verdicts);
		doc_put_ids(&row[5], x->verdicts, x->n_verdicts);
	}
}

void
alarm_answers_build(const struct occurrences *o, struct report_doc *d)
{
	put_responses(o, d);
	put_standing(o, d);
	put_revisions(o, d);
}
