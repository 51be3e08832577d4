// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See alarm_tables.h. What alarms that only come and go had beyond their occurrences:
// onsets and clears that were counted while the alarm was held, from the events that
// hold the counts. Such an event is written once an hour and at the end, and is of the
// span in which it was written.
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "report/alarm_tables.h"
#include "report/event_pages.h"
#include "report/params.h"

// clang-format off
static const struct report_column held_columns[] = {
	{ "point",     "report.col.point",       COLUMN_TEXT,  IN_ALL,  NULL },
	{ "place",     "report.col.place",       COLUMN_PLACE, IN_ALL,  NULL },
	{ "condition", "report.col.condition",   COLUMN_KEY,   IN_ALL,  "condition." },
	{ "code",      "report.col.code",        COLUMN_CODE,  IN_ALL,  NULL },
	{ "onsets",    "report.col.held_onsets", COLUMN_COUNT, IN_ALL,  NULL },
	{ "clears",    "report.col.held_clears", COLUMN_COUNT, IN_ALL,  NULL },
	{ "events",    "report.col.seqs",        COLUMN_IDS,   IN_DATA, NULL },
};
static const struct report_table held_shape = { .name = "held", .title = "report.held",
	.columns = held_columns, .n_columns = sizeof(held_columns) / sizeof(held_columns[0]) };
// clang-format on

static const enum event_kind kinds[] = { EVENT_CHATTER_COUNT, EVENT_CHATTER_END,
	EVENT_KINDS_END };

struct held {
	char point[ID_MAX], code[CODE_MAX];
	char place_zh[PLACE_MAX], place_en[PLACE_MAX];
	int condition;
	int64_t seq, onsets, clears;
};

struct walk {
	size_t n, size;
	struct held *all;
};

static bool
take(void *arg, const struct stored_event *s)
{
	struct walk *w = arg;
	const struct event *e = &s->event;

	if (w->n == w->size) {
		w->size = w->size != 0 ? w->size * 2 : 16;
		w->all = xreallocarray(w->all, w->size, sizeof(*w->all));
	}
	struct held *h = &w->all[w->n++];
	*h = (struct held){
		.condition = e->condition,
		.seq = e->seq,
		.onsets = params_number(e->params, "onsets", 0),
		.clears = params_number(e->params, "clears", 0),
	};
	(void)str_copy(h->point, sizeof(h->point), e->point);
	(void)str_copy(h->code, sizeof(h->code), e->code);
	(void)str_copy(h->place_zh, sizeof(h->place_zh), e->place_zh);
	(void)str_copy(h->place_en, sizeof(h->place_en), e->place_en);
	return true;
}

static int
by_key(const struct held *a, const struct held *b)
{
	int c = strcmp(a->point, b->point);

	if (c == 0)
		c = a->condition - b->condition;
	return c != 0 ? c : strcmp(a->code, b->code);
}

static int
by_key_then_seq(const void *va, const void *vb)
{
	const struct held *a = va, *b = vb;
	int c = by_key(a, b);

	return c != 0 ? c : (a->seq > b->seq) - (a->seq < b->seq);
}

static void
put_row(const struct held *of, size_t n, struct report_table *t)
{
	struct report_cell *row = doc_row(t);
	int64_t *ids = xcalloc(n, sizeof(*ids));
	int64_t onsets = 0, clears = 0;

	for (size_t i = 0; i < n; i++) {
		ids[i] = of[i].seq;
		onsets += of[i].onsets;
		clears += of[i].clears;
	}
	doc_put_text(&row[0], of->point);
	doc_put_place(&row[1], of[n - 1].place_zh, of[n - 1].place_en);
	if (of->condition >= 0)
		doc_put_text(&row[2], condition_name((enum condition)of->condition));
	doc_put_text(&row[3], of->code);
	doc_put_count(&row[4], onsets);
	doc_put_count(&row[5], clears);
	doc_put_ids(&row[6], ids, n);
	free(ids);
}

int
alarm_held_build(const struct report_input *in, struct report_doc *d, struct err *err)
{
	struct walk w = { 0 };
	struct event_filter f = {
		.from_utc_ms = in->day.from_ms,
		.to_utc_ms = in->day.to_ms,
		.alarm_class = -1,
		.kinds = kinds,
	};
	struct report_table *t = doc_table(d, &held_shape);
	size_t first = 0;
	int n = event_pages(in, f, take, &w, err);
	if (n >= 0 && w.n > 0)
		qsort(w.all, w.n, sizeof(*w.all), by_key_then_seq);
	for (size_t i = 1; n >= 0 && i <= w.n; i++) {
		if (i < w.n && by_key(&w.all[first], &w.all[i]) == 0)
			continue;
		put_row(&w.all[first], i - first, t);
		first = i;
	}
	free(w.all);
	return n < 0 ? -1 : 0;
}
