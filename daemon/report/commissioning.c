// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The commissioning sheet: how much of the site is proven, by zone and by device, and
// point by point what should come, what was seen at the panel and here, who says so and
// when. Of now, whatever day is asked for. One thread. Refuses to be made without the
// site: points that nobody has tried are in no journal.
#include <errno.h>
#include <stdlib.h>

#include "report/definitions.h"
#include "report/register_map.h"
#include "store/commission_view.h"

// clang-format off
#define COUNT_COLUMNS                                                        \
	{ "points",   "report.col.points",   COLUMN_COUNT,  IN_ALL, NULL }, \
	{ "proven",   "status.proven",       COLUMN_COUNT,  IN_ALL, NULL }, \
	{ "seen",     "status.seen",         COLUMN_COUNT,  IN_ALL, NULL }, \
	{ "failed",   "status.failed",       COLUMN_COUNT,  IN_ALL, NULL }, \
	{ "changed",  "status.changed",      COLUMN_COUNT,  IN_ALL, NULL }, \
	{ "untested", "status.untested",     COLUMN_COUNT,  IN_ALL, NULL }, \
	{ "percent",  "report.col.percent",  COLUMN_TENTHS, IN_ALL, NULL }

static const struct report_column total_columns[] = {
	{ NULL,       "report.site",         COLUMN_KEY,    IN_TABLE, "report." },
	COUNT_COLUMNS,
};
static const struct report_column zone_columns[] = {
	{ "zone",     "report.col.zone",     COLUMN_TEXT,   IN_ALL, NULL },
	COUNT_COLUMNS,
};
static const struct report_column device_columns[] = {
	{ "device",   "report.col.device",   COLUMN_TEXT,   IN_ALL, NULL },
	COUNT_COLUMNS,
};
static const struct report_column point_columns[] = {
	{ "status",   "report.col.status",   COLUMN_KEY,    IN_ALL, "status." },
	{ "point",    "report.col.point",    COLUMN_TEXT,   IN_ALL, NULL },
	{ "place",    "report.col.place",    COLUMN_PLACE,  IN_ALL, NULL },
	{ "zone",     "report.col.zone",     COLUMN_TEXT,   IN_ALL, NULL },
	{ "device",   "report.col.device",   COLUMN_TEXT,   IN_ALL, NULL },
	{ "expected", "report.col.should",   COLUMN_KEY,    IN_ALL, "condition." },
	{ "at_panel", "report.col.at_panel", COLUMN_TEXT,   IN_ALL, NULL },
	{ "here",     "report.col.here",     COLUMN_KEY,    IN_ALL, "condition." },
	{ "here_events", "report.col.seqs",  COLUMN_IDS,    IN_DATA, NULL },
	{ "who",      "report.col.who",      COLUMN_TEXT,   IN_ALL, NULL },
	{ "time",     "report.col.when",     COLUMN_TIME,   IN_ALL, NULL },
	{ "note",     "report.col.note",     COLUMN_TEXT,   IN_ALL, NULL },
	{ "wiring",   "report.col.wiring",   COLUMN_TEXT,   IN_ALL, NULL },
	{ "proven_wiring", "report.col.proven_wiring", COLUMN_TEXT, IN_ALL, NULL },
	MATURITY_COLUMN,
};

#define COLUMNS(c) .columns = c, .n_columns = sizeof(c) / sizeof((c)[0])
static const struct report_table total_shape  = { .name = "total", .title = "report.total", .single = true, COLUMNS(total_columns) };
static const struct report_table zones_shape  = { .name = "zones", .title = "report.zones", COLUMNS(zone_columns) };
static const struct report_table devices_shape = { .name = "devices", .title = "report.devices", COLUMNS(device_columns) };
static const struct report_table points_shape = { .name = "points", .title = "report.points", COLUMNS(point_columns) };
// clang-format on

// In the order of COUNT_COLUMNS.
static void
put_counts(struct report_cell *row, const struct commission_counts *c)
{
	static const enum commission_status order[] = { STATUS_PROVEN, STATUS_SEEN,
		STATUS_FAILED, STATUS_CHANGED, STATUS_UNTESTED };

	doc_put_count(row++, c->points);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		doc_put_count(row++, c->of[order[i]]);
	doc_put_count(row, commission_tenths(c));
}

static void
put_text(struct report_cell *c, const char *text)
{
	if (text[0] != '\0')
		doc_put_text(c, text);
}

static void
put_entry(struct report_cell *row, const struct commission_entry *e)
{
	put_text(&row[6], e->at_panel);
	if (e->here[0] != '\0')
		doc_put_text(&row[7], e->here);
	if (e->here_seq != 0)
		doc_put_ids(&row[8], &e->here_seq, 1);
	doc_put_text(&row[9], e->who);
	doc_put_count(&row[10], e->time_utc_ms);
	put_text(&row[11], e->note);
	doc_put_text(&row[13], e->wiring);
}

// What waits for a person's word is shown as seen, without one.
static void
put_sight(struct report_cell *row, const struct commission_state *st)
{
	int64_t ids[] = { st->sight.onset_seq, st->sight.clear_seq };

	doc_put_text(&row[7], condition_name(st->expected));
	doc_put_ids(&row[8], ids, 2);
}

struct sheet {
	const struct site *site;
	struct report_table *points;
	struct commission_overview overview;
};

static bool
take_point(void *arg, const struct commission_state *st)
{
	struct sheet *s = arg;
	const struct point *p = &s->site->points[st->point];
	struct report_cell *row = doc_row(s->points);
	enum maturity maturity;

	overview_add(&s->overview, st);
	doc_put_text(&row[0], commission_status_name(st->status));
	doc_put_text(&row[1], p->id);
	doc_put_place(&row[2], p->place_zh, p->place_en);
	if (p->zone != INDEX_NONE)
		doc_put_text(&row[3], s->site->zones[p->zone].id);
	if (overview_owner_of(s->site, p) < s->overview.n_owners)
		doc_put_text(
		    &row[4], overview_owner(s->site, overview_owner_of(s->site, p)));
	doc_put_text(&row[5], condition_name(st->expected));
	doc_put_text(&row[12], st->wiring);
	if (site_point_maturity(s->site, p, &maturity))
		doc_put_text(&row[14], maturity_name(maturity));
	if (st->status == STATUS_SEEN)
		put_sight(row, st);
	else if (st->entry != NULL)
		put_entry(row, st->entry);
	return true;
}

static void
put_groups(struct report_table *zones, struct report_table *devices,
    const struct commission_overview *o)
{
	for (size_t i = 0; i < o->n_zones; i++) {
		if (o->zones[i].points == 0)
			continue;
		struct report_cell *row = doc_row(zones);
		if (i + 1 < o->n_zones)
			doc_put_text(&row[0], o->site->zones[i].id);
		put_counts(&row[1], &o->zones[i]);
	}
	for (size_t i = 0; i < o->n_owners; i++) {
		if (o->owners[i].points == 0)
			continue;
		struct report_cell *row = doc_row(devices);
		doc_put_text(&row[0], overview_owner(o->site, i));
		put_counts(&row[1], &o->owners[i]);
	}
}

int
commissioning_build(
    const struct report_input *in, struct report_doc *d, struct err *err)
{
	struct store_totals totals;
	struct sheet s = { .site = in->request->points };

	if (s.site == NULL)
		return err_set(err, EINVAL,
		    "commissioning: the site is needed (-c FILE): points that nobody "
		    "has tried are in no journal");
	if (query_totals(in->reader, &totals, err) < 0)
		return -1;
	d->first_seq = totals.first_seq;
	d->last_seq = totals.last_seq;
	overview_begin(&s.overview, s.site);
	struct report_table *total = doc_table(d, &total_shape);
	struct report_table *zones = doc_table(d, &zones_shape);
	struct report_table *devices = doc_table(d, &devices_shape);
	s.points = doc_table(d, &points_shape);
	int result = query_commission(
	    in->reader, s.site, commission_all(s.site), take_point, &s, err);
	if (result == 0) {
		struct report_cell *row = doc_row(total);
		doc_put_text(&row[0], "total");
		put_counts(&row[1], &s.overview.all);
		put_groups(zones, devices, &s.overview);
	}
	overview_free(&s.overview);
	return result;
}
