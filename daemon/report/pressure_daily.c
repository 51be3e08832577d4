// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The pump pressure sheet: the sheet as the paper has it and the pumps (files of their
// own), then per gauge the least and greatest value with their times, the
// time-weighted mean over good time, and how much of the day there was a value for. One
// thread. Refuses to flatter: coverage is rounded down, a mean without good time is
// none, and a gauge of the site without a single row is listed as such. Left out is
// only what the site itself keeps off the sheet (daily_log: false).
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/reading.h"
#include "lib/mem.h"
#include "report/definitions.h"
#include "report/domestic_water.h"
#include "report/pressure_sheet.h"
#include "report/register_map.h"

// clang-format off
static const struct report_column gauge_columns[] = {
	{ "place",       "report.col.place",    COLUMN_PLACE,  IN_ALL, NULL },
	{ "point",       "report.col.point",    COLUMN_TEXT,   IN_ALL, NULL },
	{ "min",         "report.col.min",      COLUMN_KPA,    IN_ALL, NULL },
	{ "min_at",      "report.col.min_at",   COLUMN_TIME,   IN_ALL, NULL },
	{ "mean",        "report.col.mean",     COLUMN_KPA,    IN_ALL, NULL },
	{ "max",         "report.col.max",      COLUMN_KPA,    IN_ALL, NULL },
	{ "max_at",      "report.col.max_at",   COLUMN_TIME,   IN_ALL, NULL },
	{ "unit",        NULL,                  COLUMN_TEXT,   IN_JSON, NULL },
	{ "coverage_percent", "report.col.coverage", COLUMN_TENTHS, IN_ALL, NULL },
	{ "good_ms",     "report.col.good",     COLUMN_SPAN,   IN_ALL, NULL },
	{ "expected_ms", "report.col.expected", COLUMN_SPAN,   IN_ALL, NULL },
	{ "samples",     "report.col.samples",  COLUMN_COUNT,  IN_ALL, NULL },
	{ "minutes",     "report.col.minutes",  COLUMN_COUNT,  IN_ALL, NULL },
	MATURITY_COLUMN,
};

static const struct report_column gap_columns[] = {
	{ "place", "report.col.place",  COLUMN_PLACE, IN_ALL, NULL },
	{ "point", "report.col.point",  COLUMN_TEXT,  IN_ALL, NULL },
	{ "from",  "report.col.from",   COLUMN_TIME,  IN_ALL, NULL },
	{ "to",    "report.col.to",     COLUMN_TIME,  IN_ALL, NULL },
	{ "ms",    "report.col.length", COLUMN_SPAN,  IN_ALL, NULL },
};

static const struct report_column set_columns[] = {
	{ "place",  "report.col.place",    COLUMN_PLACE, IN_ALL, NULL },
	{ "point",  "report.col.point",    COLUMN_TEXT,  IN_ALL, NULL },
	{ "due",    "report.col.set_hour", COLUMN_TIME,  IN_ALL, NULL },
	{ "value",  "report.col.reading",  COLUMN_KPA,   IN_ALL, NULL },
	{ "unit",   NULL,                  COLUMN_TEXT,  IN_JSON, NULL },
	{ "at",     "report.col.read_at",  COLUMN_TIME,  IN_ALL, NULL },
	{ "reason", "report.col.no_reading", COLUMN_KEY, IN_ALL, "reading.none." },
	{ "hand",   "report.col.hand",     COLUMN_KPA,   IN_ALL, NULL },
	{ "hand_at", "report.col.hand_at", COLUMN_TIME,  IN_ALL, NULL },
	{ "hand_difference", "report.col.difference", COLUMN_KPA, IN_ALL, NULL },
};

#define COLUMNS(c) .columns = c, .n_columns = sizeof(c) / sizeof((c)[0])
static const struct report_table gauges_shape = { .name = "gauges", .title = "report.gauges", COLUMNS(gauge_columns) };
static const struct report_table set_shape    = { .name = "set_readings", .title = "report.set_readings", COLUMNS(set_columns) };
static const struct report_table gaps_shape   = { .name = "no_value", .title = "report.no_value", COLUMNS(gap_columns) };
// clang-format on

static const int64_t CURVE_STEP_MS = (int64_t)5 * MINUTE_MS;

struct gauges {
	const struct site *site; // NULL: not known
	struct pressure_day *rows;
	size_t n, size;
};

// A gauge that the site no longer names had its day all the same.
static bool
on_sheet(const struct site *s, const char *point)
{
	uint32_t i = s != NULL ? site_find_point(s, point) : UINT32_MAX;
	return i == UINT32_MAX || s->points[i].daily_log;
}

static bool
take_gauge(void *arg, const struct pressure_day *p)
{
	struct gauges *g = arg;
	if (!on_sheet(g->site, p->point))
		return true;
	if (g->n == g->size) {
		g->size = g->size != 0 ? g->size * 2 : 16;
		g->rows = xreallocarray(g->rows, g->size, sizeof(*g->rows));
	}
	g->rows[g->n++] = *p;
	return true;
}

static bool
has_gauge(const struct gauges *g, const char *point)
{
	for (size_t i = 0; i < g->n; i++) {
		if (strcmp(g->rows[i].point, point) == 0)
			return true;
	}
	return false;
}

// Gauges of the site that have no row at all.
static void
add_silent_gauges(struct gauges *g, const struct site *s, int64_t expected_ms)
{
	for (uint32_t i = 0; s != NULL && i < s->n_site_points; i++) {
		const struct point *p = &s->points[i];
		if (point_kind_quantity(p->kind) != QUANTITY_PRESSURE ||
		    has_gauge(g, p->id))
			continue;
		struct pressure_day none = { .min = (double)NAN,
			.max = (double)NAN,
			.mean = (double)NAN,
			.expected_ms = expected_ms };
		(void)str_copy(none.point, sizeof(none.point), p->id);
		(void)take_gauge(g, &none);
	}
}

static int
by_point(const void *va, const void *vb)
{
	const struct pressure_day *a = va, *b = vb;
	return strcmp(a->point, b->point);
}

static void
put_place(struct report_cell *c, const struct site *s, const char *point)
{
	uint32_t i = s != NULL ? site_find_point(s, point) : UINT32_MAX;
	if (i != UINT32_MAX)
		doc_put_place(c, s->points[i].place_zh, s->points[i].place_en);
}

static void
put_gauge(struct report_table *t, const struct site *s, const struct register_map *map,
    const struct pressure_day *p)
{
	bool known = p->good_ms > 0;
	struct report_cell *row = doc_row(t);
	put_place(&row[0], s, p->point);
	doc_put_text(&row[1], p->point);
	if (known) {
		doc_put_number(&row[2], p->min);
		doc_put_count(&row[3], p->min_at_ms);
		doc_put_number(&row[4], p->mean);
		doc_put_number(&row[5], p->max);
		doc_put_count(&row[6], p->max_at_ms);
	}
	doc_put_text(&row[7], "kPa");
	if (p->expected_ms > 0)
		doc_put_count(&row[8], coverage_tenths(p->good_ms, p->expected_ms));
	doc_put_count(&row[9], p->good_ms);
	doc_put_count(&row[10], p->expected_ms);
	doc_put_count(&row[11], p->samples);
	doc_put_count(&row[12], p->minutes);
	register_map_put(map, p->point, &row[13]);
}

struct set_walk {
	size_t gauge;
	struct sheet_readings *readings;
};

static bool
take_set_reading(void *arg, const struct set_hour_row *s)
{
	const struct set_walk *w = arg;
	struct sheet_readings *r = w->readings;
	if (r->n == r->size) {
		r->size = r->size != 0 ? r->size * 2 : 16;
		r->all = xreallocarray(r->all, r->size, sizeof(*r->all));
	}
	r->all[r->n++] = (struct sheet_reading){ w->gauge, *s };
	return true;
}

static int
read_set_readings(const struct report_input *in, const struct gauges *g,
    struct sheet_readings *r, struct err *err)
{
	const struct site *site = in->request->points;
	int result = 0;
	for (size_t i = 0; i < g->n && result == 0; i++) {
		struct set_walk w = { i, r };
		const struct set_hours_query q = { .point = g->rows[i].point,
			.from_ms = in->day.from_ms,
			.to_ms = in->day.to_ms,
			.now_utc_ms = in->request->now_utc_ms,
			.hours_min = site != NULL ? site->set_hours_min : NULL,
			.n_hours = site != NULL ? site->n_set_hours : 0 };
		if (query_set_readings(in->reader, &q, take_set_reading, &w, err) < 0)
			result = -1;
	}
	return result;
}

static void
put_set_reading(struct report_table *t, const struct site *site, const char *point,
    const struct set_hour_row *s, const struct hand_read *hand)
{
	struct report_cell *row = doc_row(t);
	put_place(&row[0], site, point);
	doc_put_text(&row[1], point);
	doc_put_count(&row[2], s->due_utc_ms);
	doc_put_number(&row[3], s->value);
	doc_put_text(&row[4], "kPa");
	if (s->at_utc_ms != 0)
		doc_put_count(&row[5], s->at_utc_ms);
	if (s->reason[0] != '\0')
		doc_put_text(&row[6], s->reason);
	if (hand == NULL)
		return;
	doc_put_number(&row[7], hand->value);
	doc_put_count(&row[8], hand->read_ms);
	doc_put_number(&row[9], hand->difference);
}

static void
put_set_readings(const struct report_input *in, struct report_doc *d,
    const struct gauges *g, const struct sheet_readings *r, const struct hand_reads *h)
{
	const struct site *site = in->request->points;
	struct report_table *t = doc_table(d, &set_shape);
	struct domestic_water domestic = { .site = site };
	for (size_t i = 0; i < r->n; i++) {
		const char *point = g->rows[r->all[i].gauge].point;
		const struct set_hour_row *s = &r->all[i].row;
		domestic_water_add(&domestic, s->due_utc_ms, point, s->value);
		put_set_reading(
		    t, site, point, s, hand_reads_near(h, point, s->due_utc_ms));
	}
	for (size_t i = 0; i < g->n; i++)
		domestic_water_add(&domestic, 0, g->rows[i].point,
		    g->rows[i].good_ms > 0 ? g->rows[i].mean : (double)NAN);
	domestic_water_put(&domestic, d);
}

// Walks a gauge's minutes; each run of minutes without a good value is one row.
struct silence {
	struct report_table *table;
	const struct site *site;
	const char *point;
	int64_t next_ms; // up to here everything is told
};

static void
put_silence(struct silence *w, int64_t to_ms)
{
	if (to_ms <= w->next_ms)
		return;
	struct report_cell *row = doc_row(w->table);
	put_place(&row[0], w->site, w->point);
	doc_put_text(&row[1], w->point);
	doc_put_count(&row[2], w->next_ms);
	doc_put_count(&row[3], to_ms);
	doc_put_count(&row[4], to_ms - w->next_ms);
}

static bool
take_minute(void *arg, const struct reading_step *m)
{
	struct silence *w = arg;
	if (m->good_ms <= 0)
		return true;
	put_silence(w, m->from_ms);
	w->next_ms = m->from_ms + MINUTE_MS;
	return true;
}

static int
put_silences(const struct report_input *in, struct report_table *t, const char *point,
    int64_t until_ms, struct err *err)
{
	struct silence w = { .table = t,
		.site = in->request->points,
		.point = point,
		.next_ms = in->day.from_ms };
	const struct reading_range range = { point, in->day.from_ms, until_ms,
		MINUTE_MS };
	if (until_ms <= in->day.from_ms)
		return 0; // no whole minute of it has passed yet
	if (query_readings(in->reader, &range, take_minute, &w, err) < 0)
		return -1;
	put_silence(&w, until_ms);
	return 0;
}

static bool
take_step(void *arg, const struct reading_step *m)
{
	chart_put(arg, m->min, m->mean, m->max);
	return true;
}

// The day's curve: five minutes a step, up to now.
static int
put_curve(const struct report_input *in, struct report_doc *d, const char *point,
    int64_t until_ms, struct err *err)
{
	const struct site *s = in->request->points;
	uint32_t i = s != NULL ? site_find_point(s, point) : UINT32_MAX;
	bool known = i != UINT32_MAX;
	struct report_chart *c = doc_chart(d, point, known ? s->points[i].place_zh : "",
	    known ? s->points[i].place_en : "");
	const struct reading_range range = { point, in->day.from_ms, until_ms,
		CURVE_STEP_MS };

	c->from_ms = in->day.from_ms;
	c->to_ms = in->day.to_ms;
	c->step_ms = CURVE_STEP_MS;
	return until_ms > in->day.from_ms &&
		       query_readings(in->reader, &range, take_step, c, err) < 0
		   ? -1
		   : 0;
}

// How far the day has gone.
static int64_t
day_until(const struct report_input *in)
{
	int64_t now = in->request->now_utc_ms;
	return now < in->day.to_ms ? now : in->day.to_ms;
}

// What the sheet is made of beside the gauges' days.
struct sheet {
	struct sheet_readings readings;
	struct occurrences occurrences;
	struct pump_days pumps;
	struct hand_reads hand;
};

static int
read_all(const struct report_input *in, struct report_doc *d, struct gauges *g,
    struct sheet *s, struct err *err)
{
	int64_t until = day_until(in);
	if (query_edges(in->reader, &in->day, &d->first_seq, &d->last_seq, err) < 0 ||
	    query_pressure_daily(
		in->reader, &in->day, in->request->now_utc_ms, take_gauge, g, err) < 0)
		return -1;
	add_silent_gauges(g, in->request->points,
	    until > in->day.from_ms ? until - in->day.from_ms : 0);
	if (g->n > 0)
		qsort(g->rows, g->n, sizeof(*g->rows), by_point);
	if (read_set_readings(in, g, &s->readings, err) < 0 ||
	    occurrences_read(in, &s->occurrences, err) < 0 ||
	    hand_reads_read(in, &s->hand, err) < 0)
		return -1;
	return pump_days_read(in, &s->occurrences, &s->pumps, err);
}

static void
put_gauges(const struct report_input *in, struct report_doc *d, const struct gauges *g)
{
	struct register_map map;
	struct report_table *t = doc_table(d, &gauges_shape);
	register_map_init(&map, in->request->points);
	for (size_t i = 0; i < g->n; i++)
		put_gauge(t, in->request->points, &map, &g->rows[i]);
	register_map_free(&map);
}

// The first table is filled when it is known which gauges were silent, and when.
static int
put_all(const struct report_input *in, struct report_doc *d, const struct gauges *g,
    const struct sheet *s, struct err *err)
{
	const struct site *site = in->request->points;
	int64_t until = day_until(in);
	struct report_table *sheet = pressure_sheet_table(d, &s->readings);
	pump_days_put(in, &s->pumps, d);
	put_gauges(in, d, g);
	put_set_readings(in, d, g, &s->readings, &s->hand);
	hand_reads_put(&s->hand, d);
	// Whole minutes only: the running one is not missing yet.
	until -= until % MINUTE_MS;
	struct report_table *t = doc_table(d, &gaps_shape);
	for (size_t i = 0; i < g->n; i++) {
		size_t before = t->n_rows;
		uint32_t p =
		    site != NULL ? site_find_point(site, g->rows[i].point) : UINT32_MAX;
		if (put_silences(in, t, g->rows[i].point, until, err) < 0)
			return -1;
		const struct sheet_gauge row = { .number = i,
			.day = &g->rows[i],
			.point = p != UINT32_MAX ? &site->points[p] : NULL,
			.silences = t->n_rows - before,
			.hand = hand_reads_newest(&s->hand, g->rows[i].point) };
		pressure_sheet_put(
		    sheet, &row, &s->readings, &s->occurrences, &s->pumps, site);
	}
	for (size_t i = 0; i < g->n; i++) {
		if (put_curve(in, d, g->rows[i].point, until, err) < 0)
			return -1;
	}
	return 0;
}

int
pressure_daily_build(
    const struct report_input *in, struct report_doc *d, struct err *err)
{
	struct gauges g = { .site = in->request->points };
	struct sheet s = { 0 };
	int result = read_all(in, d, &g, &s, err);
	if (result == 0)
		result = put_all(in, d, &g, &s, err);
	pump_days_free(&s.pumps);
	hand_reads_free(&s.hand);
	occurrences_free(&s.occurrences);
	free(s.readings.all);
	free(g.rows);
	return result;
}
