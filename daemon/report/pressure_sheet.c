// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See pressure_sheet.h. The columns of the set hours are made here and belong to the
// document. Refuses to call a gauge normal of which a part of the day, or what is
// normal, is not known (I6).
#include "report/pressure_sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/mem.h"

// clang-format off
static const struct report_column first_columns[] = {
	{ "place",    "report.col.place",    COLUMN_PLACE,  IN_ALL, NULL },
	{ "point",    "report.col.point",    COLUMN_TEXT,   IN_ALL, NULL },
};
static const struct report_column last_columns[] = {
	{ "min",      "report.col.min",      COLUMN_KPA,    IN_TABLE, NULL },
	{ "mean",     "report.col.mean",     COLUMN_KPA,    IN_TABLE, NULL },
	{ "max",      "report.col.max",      COLUMN_KPA,    IN_TABLE, NULL },
	{ "low",      "report.col.low",      COLUMN_KPA,    IN_ALL, NULL },
	{ "high",     "report.col.high",     COLUMN_KPA,    IN_ALL, NULL },
	{ "unit",     NULL,                  COLUMN_TEXT,   IN_JSON, NULL },
	{ "coverage_percent", "report.col.coverage", COLUMN_TENTHS, IN_TABLE, NULL },
	{ "hand",     "report.col.hand",     COLUMN_KPA,    IN_ALL, NULL },
	{ "hand_difference", "report.col.difference", COLUMN_KPA, IN_ALL, NULL },
	{ "jockey_starts", "report.col.jockey_starts", COLUMN_COUNT, IN_ALL, NULL },
	{ "jockey_unwatched_ms", "report.col.jockey_unwatched", COLUMN_SPAN, IN_ALL, NULL },
	{ "judgement", "report.col.judgement", COLUMN_KEY,  IN_ALL, "judgement." },
	{ "start_events", "report.col.start_events", COLUMN_IDS, IN_DATA, NULL },
	{ "alarm_events", "report.col.alarm_events", COLUMN_IDS, IN_DATA, NULL },
	{ "hand_events", "report.col.hand_events", COLUMN_IDS, IN_DATA, NULL },
};
static const struct report_column hour_column = { NULL, NULL, COLUMN_KPA, IN_TABLE, NULL };
// clang-format on

enum {
	FIRST = sizeof(first_columns) / sizeof(first_columns[0]),
	LAST = sizeof(last_columns) / sizeof(last_columns[0]),
	HEADING = 8, // "08:00"
};

// Owned by the table.
struct made_columns {
	struct report_column columns[FIRST + SHEET_HOURS_MAX + LAST];
	char headings[SHEET_HOURS_MAX][HEADING];
};

// The hours that were due, rising; 0 where they are too many for columns.
static size_t
hours_of(const struct sheet_readings *r, int64_t due[static SHEET_HOURS_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < r->n; i++) {
		int64_t x = r->all[i].row.due_utc_ms;
		size_t at = 0;
		while (at < n && due[at] < x)
			at++;
		if (at < n && due[at] == x)
			continue;
		if (n == SHEET_HOURS_MAX)
			return 0;
		memmove(&due[at + 1], &due[at], (n - at) * sizeof(*due));
		due[at] = x;
		n++;
	}
	return n;
}

struct report_table *
pressure_sheet_table(struct report_doc *d, const struct sheet_readings *readings)
{
	struct made_columns *m = xcalloc(1, sizeof(*m));
	int64_t due[SHEET_HOURS_MAX];
	size_t n = hours_of(readings, due);
	memcpy(m->columns, first_columns, sizeof(first_columns));
	for (size_t i = 0; i < n; i++) {
		time_t s = (time_t)(due[i] / 1000);
		struct tm tm;
		(void)localtime_r(&s, &tm);
		(void)strftime(m->headings[i], HEADING, "%H:%M", &tm);
		m->columns[FIRST + i] = hour_column;
		m->columns[FIRST + i].heading = m->headings[i];
	}
	memcpy(&m->columns[FIRST + n], last_columns, sizeof(last_columns));
	const struct report_table shape = { .name = "sheet",
		.title = "report.sheet",
		.columns = m->columns,
		.n_columns = FIRST + n + LAST,
		.owned = m };
	return doc_table(d, &shape);
}

// The closer one of the two limits on this side, or NULL.
static const struct limit *
closer(const struct point *p, enum limit_kind near, enum limit_kind far)
{
	if (p == NULL || p->limits == NULL)
		return NULL;
	if (p->limits[near].set)
		return &p->limits[near];
	return p->limits[far].set ? &p->limits[far] : NULL;
}

int64_t
coverage_tenths(int64_t good_ms, int64_t expected_ms)
{
	int64_t t = good_ms * 1000 / expected_ms;
	return t < 1000 ? t : 1000;
}

static const char *
judge(const struct sheet_gauge *g, const struct limit *low, const struct limit *high,
    size_t alarms)
{
	const struct pressure_day *p = g->day;
	bool some = p->good_ms > 0;
	if (some && ((low != NULL && p->min < low->value) ||
			(high != NULL && p->max > high->value)))
		return "out_of_limits";
	if (alarms > 0)
		return "alarm";
	if (!some)
		return "no_value";
	if (g->silences > 0)
		return "incomplete";
	return low != NULL || high != NULL ? "normal" : "no_limits";
}

static void
put_hours(struct report_cell *row, const struct sheet_gauge *g,
    const struct sheet_readings *r)
{
	int64_t due[SHEET_HOURS_MAX];
	size_t n = hours_of(r, due);
	for (size_t i = 0; i < r->n; i++) {
		for (size_t k = 0; k < n && r->all[i].gauge == g->number; k++)
			if (r->all[i].row.due_utc_ms == due[k])
				doc_put_number(&row[k], r->all[i].row.value);
	}
}

// Of all jockey pumps on the gauge's header. Where nobody watched one of them at all
// there is no number.
static void
put_starts(struct report_cell *row, const struct sheet_gauge *g, const struct site *s,
    const struct pump_days *pumps, struct report_cell *ids)
{
	struct seqs starts = { 0 };
	int64_t unwatched = 0;
	bool any = false, known = true;
	for (size_t i = 0; i < pumps->n; i++) {
		const struct pump_day *p = &pumps->all[i];
		if (p->def->rule.role != PUMP_JOCKEY ||
		    &s->points[p->def->gauge] != g->point)
			continue;
		any = true;
		known = known && pump_day_known(p);
		unwatched = p->unwatched_ms > unwatched ? p->unwatched_ms : unwatched;
		for (size_t k = 0; k < p->starts.n; k++)
			seqs_add(&starts, p->starts.all[k]);
	}
	if (any && known)
		doc_put_count(&row[0], (int64_t)starts.n);
	if (any)
		doc_put_count(&row[1], unwatched);
	doc_put_ids(ids, starts.all, starts.n);
	free(starts.all);
}

static void
add_alarms(const struct occurrences *o, const char *point, struct seqs *out)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct occurrence *x = &o->all[i];
		bool bad = x->condition == COND_PROCESS || x->condition == COND_FAULT ||
			   x->condition == COND_LINK;
		if (bad && !x->test && strcmp(x->point, point) == 0)
			seqs_add(out, x->seq);
	}
}

void
pressure_sheet_put(struct report_table *t, const struct sheet_gauge *g,
    const struct sheet_readings *readings, const struct occurrences *o,
    const struct pump_days *pumps, const struct site *s)
{
	const struct pressure_day *p = g->day;
	const struct limit *low = closer(g->point, LIMIT_LOW, LIMIT_LOW_LOW);
	const struct limit *high = closer(g->point, LIMIT_HIGH, LIMIT_HIGH_HIGH);
	struct report_cell *row = doc_row(t), *last = row + t->n_columns - LAST;
	struct seqs alarms = { 0 };
	add_alarms(o, p->point, &alarms);
	if (g->point != NULL)
		doc_put_place(&row[0], g->point->place_zh, g->point->place_en);
	doc_put_text(&row[1], p->point);
	put_hours(&row[FIRST], g, readings);
	if (p->good_ms > 0) {
		doc_put_number(&last[0], p->min);
		doc_put_number(&last[1], p->mean);
		doc_put_number(&last[2], p->max);
	}
	doc_put_number(&last[3], low != NULL ? low->value : (double)NAN);
	doc_put_number(&last[4], high != NULL ? high->value : (double)NAN);
	doc_put_text(&last[5], "kPa");
	if (p->expected_ms > 0)
		doc_put_count(&last[6], coverage_tenths(p->good_ms, p->expected_ms));
	put_starts(&last[9], g, s, pumps, &last[12]);
	doc_put_text(&last[11], judge(g, low, high, alarms.n));
	doc_put_ids(&last[13], alarms.all, alarms.n);
	if (g->hand != NULL) {
		doc_put_number(&last[7], g->hand->value);
		doc_put_number(&last[8], g->hand->difference);
		doc_put_ids(&last[14], &g->hand->seq, 1);
	}
	free(alarms.all);
}
