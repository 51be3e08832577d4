// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See hand_readings.h. Refuses to judge anew: what is said of a reading is what was
// said when it was entered, with the tolerance of then.
#include "report/hand_readings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "report/event_pages.h"
#include "report/params.h"

static const int64_t hour_ms = INT64_C(3600000);
static const int64_t late_ms = INT64_C(25) * 3600000; // so long after it is entered

static const enum event_kind kinds[] = { EVENT_READING_HAND, EVENT_KINDS_END };

// clang-format off
static const struct report_column columns[] = {
	{ "read",       "report.col.hand_at",    COLUMN_TIME,  IN_ALL, NULL },
	{ "by",         "report.col.hand_by",    COLUMN_TEXT,  IN_ALL, NULL },
	{ "place",      "report.col.place",      COLUMN_PLACE, IN_ALL, NULL },
	{ "point",      "report.col.point",      COLUMN_TEXT,  IN_ALL, NULL },
	{ "value",      "report.col.hand",       COLUMN_KPA,   IN_ALL, NULL },
	{ "sensor",     "report.col.sensor",     COLUMN_KPA,   IN_ALL, NULL },
	{ "difference", "report.col.difference", COLUMN_KPA,   IN_ALL, NULL },
	{ "tolerance",  "report.col.tolerance",  COLUMN_KPA,   IN_ALL, NULL },
	{ "unit",       NULL,                    COLUMN_TEXT,  IN_JSON, NULL },
	{ "is",         "report.col.agrees",     COLUMN_KEY,   IN_ALL, "hand." },
	{ "note",       "report.col.note",       COLUMN_TEXT,  IN_ALL, NULL },
	{ "events",     "report.col.seqs",       COLUMN_IDS,   IN_DATA, NULL },
};
static const struct report_table shape = { .name = "hand_readings", .title = "report.hand_readings",
	.columns = columns, .n_columns = sizeof(columns) / sizeof(columns[0]) };
// clang-format on

struct walk {
	struct hand_reads *h;
	const struct day_span *span;
};

static bool
take(void *arg, const struct stored_event *s)
{
	struct walk *w = arg;
	struct hand_reads *h = w->h;
	const struct event *e = &s->event;
	int64_t at = params_number(e->params, "read_utc_ms", e->time_utc_ms);
	if (e->kind != EVENT_READING_HAND || at < w->span->from_ms ||
	    at >= w->span->to_ms)
		return true;
	if (h->n == h->size) {
		h->size = h->size != 0 ? h->size * 2 : 16;
		h->all = xreallocarray(h->all, h->size, sizeof(*h->all));
	}
	struct hand_read *x = &h->all[h->n++];
	*x = (struct hand_read){ .seq = e->seq,
		.read_ms = at,
		.value = e->value,
		.sensor = params_double(e->params, "sensor"),
		.difference = params_double(e->params, "difference"),
		.tolerance = params_double(e->params, "tolerance") };
	(void)str_copy(x->point, sizeof(x->point), e->point);
	(void)str_copy(x->who, sizeof(x->who), e->actor);
	(void)str_copy(x->place_zh, sizeof(x->place_zh), e->place_zh);
	(void)str_copy(x->place_en, sizeof(x->place_en), e->place_en);
	params_text(e->params, "is", x->is, sizeof(x->is));
	params_text(e->params, "note", x->note, sizeof(x->note));
	return true;
}

static int
by_time(const void *va, const void *vb)
{
	const struct hand_read *a = va, *b = vb;
	if (a->read_ms != b->read_ms)
		return a->read_ms < b->read_ms ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

int
hand_reads_read(const struct report_input *in, struct hand_reads *h, struct err *err)
{
	struct walk w = { .h = h, .span = &in->day };
	struct event_filter f = {
		.from_utc_ms = in->day.from_ms,
		.to_utc_ms = in->day.to_ms + late_ms,
		.alarm_class = -1,
		.kinds = kinds,
	};
	*h = (struct hand_reads){ 0 };
	int n = event_pages(in, f, take, &w, err);
	if (h->n > 0)
		qsort(h->all, h->n, sizeof(*h->all), by_time);
	return n < 0 ? -1 : 0;
}

void
hand_reads_free(struct hand_reads *h)
{
	free(h->all);
	*h = (struct hand_reads){ 0 };
}

const struct hand_read *
hand_reads_newest(const struct hand_reads *h, const char *point)
{
	for (size_t i = h->n; i-- > 0;)
		if (strcmp(h->all[i].point, point) == 0)
			return &h->all[i];
	return NULL;
}

static int64_t
distance(int64_t a, int64_t b)
{
	return a < b ? b - a : a - b;
}

const struct hand_read *
hand_reads_near(const struct hand_reads *h, const char *point, int64_t utc_ms)
{
	const struct hand_read *near = NULL;
	for (size_t i = 0; i < h->n; i++) {
		const struct hand_read *x = &h->all[i];
		int64_t far = distance(x->read_ms, utc_ms);
		if (strcmp(x->point, point) != 0 || far > hour_ms)
			continue;
		if (near == NULL || far <= distance(near->read_ms, utc_ms))
			near = x;
	}
	return near;
}

void
hand_reads_put(const struct hand_reads *h, struct report_doc *d)
{
	struct report_table *t = doc_table(d, &shape);
	for (size_t i = 0; i < h->n; i++) {
		const struct hand_read *x = &h->all[i];
		struct report_cell *row = doc_row(t);
		doc_put_count(&row[0], x->read_ms);
		doc_put_text(&row[1], x->who);
		doc_put_place(&row[2], x->place_zh, x->place_en);
		doc_put_text(&row[3], x->point);
		doc_put_number(&row[4], x->value);
		doc_put_number(&row[5], x->sensor);
		doc_put_number(&row[6], x->difference);
		doc_put_number(&row[7], x->tolerance);
		doc_put_text(&row[8], "kPa");
		doc_put_text(&row[9], x->is);
		doc_put_text(&row[10], x->note);
		doc_put_ids(&row[11], &x->seq, 1);
	}
}
