// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See alarm_tables.h. The load on who answers alarms, in the terms of alarm management:
// ANSI/ISA-18.2-2016 and IEC 62682:2014, both clause 16 (monitoring and assessment),
// and EEMUA 191. Those are figures of process plants; here they show trends and
// outliers and are never a pass or fail. Every onset but tests counts, fires too: the
// load is what a person has to look at.
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "report/alarm_tables.h"

enum {
	PERIOD_MS = 10 * 60 * 1000, // of all three: per operator and 10 minutes
	FLOOD_BEGINS_ABOVE = 10,    // ISA-18.2 16, EEMUA 191: more than 10 in 10 min
	FLOOD_ENDS_BELOW = 5,       // the same: fewer than 5 in 10 min
	CHATTER_MS = 60 * 1000,     // ISA-18.2 16: three or more within a minute
	CHATTER = 3,
};

// clang-format off
static const struct report_column rate_columns[] = {
	{ "onsets",         "report.col.onsets",       COLUMN_COUNT,  IN_ALL,  NULL },
	{ "periods",        "report.col.periods",      COLUMN_COUNT,  IN_ALL,  NULL },
	{ "mean",           "report.col.per_period",   COLUMN_TENTHS, IN_ALL,  NULL },
	{ "busiest",        "report.col.busiest",      COLUMN_COUNT,  IN_ALL,  NULL },
	{ "busiest_from",   "report.col.busiest_from", COLUMN_TIME,   IN_ALL,  NULL },
	{ "over",           "report.col.over",         COLUMN_COUNT,  IN_ALL,  NULL },
	{ "over_share",     "report.col.over_share",   COLUMN_TENTHS, IN_ALL,  NULL },
	{ "flood_ms",       "report.col.flood",        COLUMN_SPAN,   IN_ALL,  NULL },
	{ "busiest_events", "report.col.seqs",         COLUMN_IDS,    IN_DATA, NULL },
};
static const struct report_column flood_columns[] = {
	{ "from",   "report.col.from",   COLUMN_TIME,  IN_ALL,  NULL },
	{ "to",     "report.col.to",     COLUMN_TIME,  IN_ALL,  NULL },
	{ "ms",     "report.col.length", COLUMN_SPAN,  IN_ALL,  NULL },
	{ "onsets", "report.col.onsets", COLUMN_COUNT, IN_ALL,  NULL },
	{ "events", "report.col.seqs",   COLUMN_IDS,   IN_DATA, NULL },
};
static const struct report_column chatter_columns[] = {
	{ "point",     "report.col.point",     COLUMN_TEXT,  IN_ALL,  NULL },
	{ "place",     "report.col.place",     COLUMN_PLACE, IN_ALL,  NULL },
	{ "condition", "report.col.condition", COLUMN_KEY,   IN_ALL,  "condition." },
	{ "code",      "report.col.code",      COLUMN_CODE,  IN_ALL,  NULL },
	{ "onsets",    "report.col.onsets",    COLUMN_COUNT, IN_ALL,  NULL },
	{ "events",    "report.col.seqs",      COLUMN_IDS,   IN_DATA, NULL },
};
#define COLUMNS(c) .columns = c, .n_columns = sizeof(c) / sizeof((c)[0])
static const struct report_table rate_shape    = { .name = "rate", .title = "report.rate", .single = true, COLUMNS(rate_columns) };
static const struct report_table flood_shape   = { .name = "floods", .title = "report.floods", COLUMNS(flood_columns) };
static const struct report_table chatter_shape = { .name = "chattering", .title = "report.chattering", COLUMNS(chatter_columns) };
// clang-format on

struct load {
	const struct occurrences *o;
	int64_t from_ms, until_ms;
	size_t n_periods;
	uint32_t *counts; // of each period
	int64_t *ids;     // room for all
};

static int64_t
begin_of(const struct load *l, size_t period)
{
	return l->from_ms + (int64_t)period * PERIOD_MS;
}

static void
put_flood(const struct load *l, size_t from, size_t to, struct report_table *t)
{
	int64_t end = begin_of(l, to) < l->until_ms ? begin_of(l, to) : l->until_ms;
	size_t n = occurrences_within(l->o, begin_of(l, from), end, l->ids);
	struct report_cell *row = doc_row(t);
	doc_put_count(&row[0], begin_of(l, from));
	doc_put_count(&row[1], end);
	doc_put_count(&row[2], end - begin_of(l, from));
	doc_put_count(&row[3], (int64_t)n);
	doc_put_ids(&row[4], l->ids, n);
}

// Returns the milliseconds in flood.
static int64_t
put_floods(const struct load *l, struct report_doc *d)
{
	struct report_table *t = doc_table(d, &flood_shape);
	bool flood = false;
	size_t from = 0;
	int64_t sum = 0;
	for (size_t i = 0; i <= l->n_periods; i++) {
		bool end = i == l->n_periods || l->counts[i] < FLOOD_ENDS_BELOW;
		if (flood && end) {
			put_flood(l, from, i, t);
			sum += t->cells[(t->n_rows - 1) * t->n_columns + 2].n;
			flood = false;
		} else if (!flood && !end && l->counts[i] > FLOOD_BEGINS_ABOVE) {
			flood = true;
			from = i;
		}
	}
	return sum;
}

static void
put_rate(const struct load *l, struct report_table *t, int64_t flood_ms)
{
	size_t busiest = 0, over = 0, total = 0, n = l->n_periods;
	for (size_t i = 0; i < n; i++) {
		total += l->counts[i];
		over += l->counts[i] > FLOOD_BEGINS_ABOVE;
		if (l->counts[i] > l->counts[busiest])
			busiest = i;
	}
	struct report_cell *row = doc_row(t);
	doc_put_count(&row[0], (int64_t)total);
	doc_put_count(&row[1], (int64_t)n);
	doc_put_count(&row[7], flood_ms);
	if (n == 0)
		return;
	int64_t begin = begin_of(l, busiest);
	doc_put_count(&row[2], (int64_t)((total * 10 + n / 2) / n));
	doc_put_count(&row[3], l->counts[busiest]);
	if (l->counts[busiest] > 0)
		doc_put_count(&row[4], begin);
	doc_put_count(&row[5], (int64_t)over);
	doc_put_count(&row[6], (int64_t)((over * 1000 + n / 2) / n));
	doc_put_ids(&row[8], l->ids,
	    occurrences_within(l->o, begin, begin + PERIOD_MS, l->ids));
}

static int
by_alarm_then_time(const void *va, const void *vb)
{
	const struct occurrence *const *a = va, *const *b = vb;
	int c = strcmp((*a)->point, (*b)->point);
	if (c == 0)
		c = (*a)->condition - (*b)->condition;
	if (c == 0)
		c = strcmp((*a)->code, (*b)->code);
	if (c == 0)
		c = ((*a)->time_ms > (*b)->time_ms) - ((*a)->time_ms < (*b)->time_ms);
	return c != 0 ? c : ((*a)->seq > (*b)->seq) - ((*a)->seq < (*b)->seq);
}

static bool
same_alarm(const struct occurrence *a, const struct occurrence *b)
{
	return a->condition == b->condition && strcmp(a->point, b->point) == 0 &&
	       strcmp(a->code, b->code) == 0;
}

// Whether the i-th of one alarm's onsets is one of three within a minute.
static bool
chatters(struct occurrence *const *of, size_t n, size_t i)
{
	size_t first = i >= CHATTER - 1 ? i - (CHATTER - 1) : 0;
	for (size_t k = first; k <= i && k + CHATTER <= n; k++)
		if (of[k + CHATTER - 1]->time_ms - of[k]->time_ms < CHATTER_MS)
			return true;
	return false;
}

static void
put_chatter(const struct load *l, struct occurrence *const *of, size_t n,
    struct report_table *t)
{
	size_t marked = 0;
	for (size_t i = 0; i < n; i++)
		if (chatters(of, n, i))
			l->ids[marked++] = of[i]->seq;
	if (marked == 0)
		return;
	struct report_cell *row = doc_row(t);
	doc_put_text(&row[0], of[0]->point);
	doc_put_place(&row[1], of[n - 1]->place_zh, of[n - 1]->place_en);
	if (of[0]->condition >= 0)
		doc_put_text(&row[2], condition_name((enum condition)of[0]->condition));
	doc_put_text(&row[3], of[0]->code);
	doc_put_count(&row[4], (int64_t)marked);
	doc_put_ids(&row[5], l->ids, marked);
}

static void
put_chattering(const struct load *l, struct report_doc *d)
{
	struct report_table *t = doc_table(d, &chatter_shape);
	struct occurrence **of = xcalloc(l->o->n + 1, sizeof(*of));
	size_t n = 0, first = 0;
	for (size_t i = 0; i < l->o->n; i++)
		if (occurrence_is_alarm(&l->o->all[i]))
			of[n++] = &l->o->all[i];
	qsort(of, n, sizeof(struct occurrence *), by_alarm_then_time);
	for (size_t i = 1; i <= n; i++) {
		if (i < n && same_alarm(of[first], of[i]))
			continue;
		put_chatter(l, of + first, i - first, t);
		first = i;
	}
	free(of);
}

void
alarm_load_build(
    const struct report_input *in, struct occurrences *o, struct report_doc *d)
{
	struct load l = { .o = o, .from_ms = in->day.from_ms, .until_ms = o->until_ms };
	if (l.until_ms > l.from_ms)
		l.n_periods =
		    (size_t)((l.until_ms - l.from_ms + PERIOD_MS - 1) / PERIOD_MS);
	l.counts = xcalloc(l.n_periods + 1, sizeof(*l.counts));
	l.ids = xcalloc(o->n + 1, sizeof(*l.ids));
	for (size_t i = 0; i < o->n; i++) {
		const struct occurrence *x = &o->all[i];
		size_t period = (size_t)((x->time_ms - l.from_ms) / PERIOD_MS);
		if (occurrence_is_alarm(x) && period < l.n_periods)
			l.counts[period]++;
	}
	struct report_table *rate = doc_table(d, &rate_shape);
	put_rate(&l, rate, put_floods(&l, d));
	put_chattering(&l, d);
	free(l.ids);
	free(l.counts);
}
