// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See alarm_tables.h. Every table is the same: a key of each occurrence, and for each
// key how many there are and which. Tests count in none of them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/verdict.h"
#include "lib/mem.h"
#include "report/alarm_tables.h"
#include "report/register_map.h"

enum {
	TOP = 10
};

// clang-format off
#define GROUP_COLUMNS \
	{ "onsets", "report.col.onsets", COLUMN_COUNT,  IN_ALL,  NULL }, \
	{ "share",  "report.col.share",  COLUMN_TENTHS, IN_ALL,  NULL }, \
	{ "events", "report.col.seqs",   COLUMN_IDS,    IN_DATA, NULL }
enum { GROUP_COLUMN_COUNT = 3 };

static const struct report_column verdict_columns[] = {
	{ "verdict", "report.col.verdict", COLUMN_KEY, IN_ALL, "verdict." }, GROUP_COLUMNS };
static const struct report_column cause_columns[] = {
	{ "cause",  "report.col.cause",  COLUMN_KEY,   IN_ALL, "verdict.cause." }, GROUP_COLUMNS };
static const struct report_column zone_columns[] = {
	{ "zone",   "report.col.zone",   COLUMN_TEXT,  IN_ALL, NULL },
	{ "name",   "report.col.name",   COLUMN_PLACE, IN_ALL, NULL }, GROUP_COLUMNS };
static const struct report_column device_columns[] = {
	{ "device", "report.col.device", COLUMN_TEXT,  IN_ALL, NULL },
	{ "name",   "report.col.name",   COLUMN_PLACE, IN_ALL, NULL }, GROUP_COLUMNS };
static const struct report_column shift_columns[] = {
	{ "shift",  "report.col.shift",  COLUMN_TEXT,  IN_ALL, NULL }, GROUP_COLUMNS };
static const struct report_column hour_columns[] = {
	{ "hour",   "report.col.hour",   COLUMN_TEXT,  IN_ALL, NULL }, GROUP_COLUMNS };
static const struct report_column repeater_columns[] = {
	{ "point",  "report.col.point",  COLUMN_TEXT,  IN_ALL, NULL },
	{ "place",  "report.col.place",  COLUMN_PLACE, IN_ALL, NULL }, GROUP_COLUMNS };
// clang-format on

struct lookup {
	const struct site *site; // NULL: known from the journal only
	struct register_map map;
	struct occurrence **sorted;
	struct group {
		struct occurrence **first;
		size_t n;
	} * groups;
};

struct grouping {
	struct report_table shape;
	bool (*key)(const struct lookup *l, struct occurrence *o); // false = in none
	void (*name)(const struct lookup *l, const struct occurrence *o,
	    struct report_cell *c); // NULL = the table has no such column
	size_t most;                // the largest so many; 0 = all, by key
};

static void
set_key(struct occurrence *o, const char *key)
{
	(void)str_copy(o->key, sizeof(o->key), key);
}

static bool
key_verdict(const struct lookup *l, struct occurrence *o)
{
	(void)l;
	set_key(o, o->verdict[0] != '\0' ? o->verdict : "pending");
	return true;
}

static bool
key_cause(const struct lookup *l, struct occurrence *o)
{
	(void)l;
	set_key(o, o->cause);
	return strcmp(o->verdict, verdict_name(VERDICT_FALSE)) == 0;
}

static bool
key_zone(const struct lookup *l, struct occurrence *o)
{
	const struct point *p = register_map_point(&l->map, o->point);
	bool in_zone = p != NULL && p->zone < l->site->n_zones;
	set_key(o, in_zone ? l->site->zones[p->zone].id : "");
	return true;
}

static void
put_words(struct report_cell *c, const char *key)
{
	doc_put_place(c, text_get(LANG_ZH, key), text_get(LANG_EN, key));
}

static void
name_zone(const struct lookup *l, const struct occurrence *o, struct report_cell *c)
{
	const struct point *p = register_map_point(&l->map, o->point);
	if (p != NULL && p->zone < l->site->n_zones)
		doc_put_place(c, l->site->zones[p->zone].name_zh,
		    l->site->zones[p->zone].name_en);
	else
		put_words(c, "report.no_zone");
}

static const struct device *
device_of(const struct lookup *l, const struct occurrence *o)
{
	const struct point *p = register_map_point(&l->map, o->point);
	if (p == NULL)
		return NULL;
	if (p->device < l->site->n_devices)
		return &l->site->devices[p->device];
	for (size_t i = 0; i < l->site->n_devices; i++) { // "@device/ID" is its own
		const struct device *d = &l->site->devices[i];
		if (&l->site->points[d->link_point] == p)
			return d;
	}
	return NULL;
}

static bool
key_device(const struct lookup *l, struct occurrence *o)
{
	const struct device *d = device_of(l, o);
	set_key(o, d != NULL ? d->id : "");
	return true;
}

static void
name_device(const struct lookup *l, const struct occurrence *o, struct report_cell *c)
{
	const struct device *d = device_of(l, o);
	if (d != NULL)
		doc_put_place(c, d->name_zh, d->name_en);
	else
		put_words(c, "report.no_device");
}

static struct tm
local(const struct occurrence *o)
{
	struct tm tm = { 0 };
	time_t s = (time_t)(o->time_ms / 1000);
	(void)localtime_r(&s, &tm);
	return tm;
}

// The shift that had begun last, by the clock on the wall; before the first of the day
// it is the last of the day before.
static bool
key_shift(const struct lookup *l, struct occurrence *o)
{
	struct tm tm = local(o);
	unsigned minute = (unsigned)(tm.tm_hour * 60 + tm.tm_min);
	if (l->site == NULL || l->site->n_shifts == 0)
		return false;
	unsigned at = l->site->n_shifts - 1u;
	for (unsigned i = 0; i < l->site->n_shifts; i++)
		if (l->site->shifts[i] <= minute)
			at = i;
	unsigned from = l->site->shifts[at];
	unsigned to = l->site->shifts[(at + 1) % l->site->n_shifts];
	(void)snprintf(o->key, sizeof(o->key), "%02u:%02u-%02u:%02u", from / 60,
	    from % 60, to / 60, to % 60);
	return true;
}

static bool
key_hour(const struct lookup *l, struct occurrence *o)
{
	(void)l;
	(void)snprintf(o->key, sizeof(o->key), "%02d", local(o).tm_hour);
	return true;
}

static bool
key_point(const struct lookup *l, struct occurrence *o)
{
	(void)l;
	set_key(o, o->point);
	return true;
}

static void
name_place(const struct lookup *l, const struct occurrence *o, struct report_cell *c)
{
	(void)l;
	doc_put_place(c, o->place_zh, o->place_en);
}

// clang-format off
#define SHAPE(n, c) { .name = n, .title = "report." n, .columns = c, \
	.n_columns = sizeof(c) / sizeof((c)[0]) }
static const struct grouping groupings[] = {
	{ SHAPE("by_verdict", verdict_columns),  key_verdict, NULL,        0 },
	{ SHAPE("by_cause",   cause_columns),    key_cause,   NULL,        0 },
	{ SHAPE("by_zone",    zone_columns),     key_zone,    name_zone,   0 },
	{ SHAPE("by_device",  device_columns),   key_device,  name_device, 0 },
	{ SHAPE("by_shift",   shift_columns),    key_shift,   NULL,        0 },
	{ SHAPE("by_hour",    hour_columns),     key_hour,    NULL,        0 },
	{ SHAPE("repeaters",  repeater_columns), key_point,   name_place,  TOP },
};
// clang-format on

static int
by_key(const void *va, const void *vb)
{
	const struct occurrence *const *a = va, *const *b = vb;
	int c = strcmp((*a)->key, (*b)->key);
	return c != 0 ? c : ((*a)->seq > (*b)->seq) - ((*a)->seq < (*b)->seq);
}

static int
largest_first(const void *va, const void *vb)
{
	const struct group *a = va, *b = vb;
	if (a->n != b->n)
		return a->n > b->n ? -1 : 1;
	return strcmp((*a->first)->key, (*b->first)->key);
}

static void
put_group(const struct lookup *l, const struct grouping *g, const struct group *of,
    size_t total, struct report_table *t)
{
	const struct occurrence *newest = of->first[of->n - 1];
	struct report_cell *row = doc_row(t);
	int64_t *ids = xcalloc(of->n, sizeof(*ids));
	for (size_t i = 0; i < of->n; i++)
		ids[i] = of->first[i]->seq;
	doc_put_text(&row[0], newest->key);
	if (g->name != NULL)
		g->name(l, newest, &row[1]);
	row += t->n_columns - GROUP_COLUMN_COUNT;
	doc_put_count(&row[0], (int64_t)of->n);
	doc_put_count(&row[1], (int64_t)((of->n * 1000 + total / 2) / total));
	doc_put_ids(&row[2], ids, of->n);
	free(ids);
}

static void
put_grouping(const struct lookup *l, const struct grouping *g, struct occurrences *o,
    struct report_doc *d)
{
	size_t n = 0, n_groups = 0, total = 0;
	struct report_table *t = doc_table(d, &g->shape);
	for (size_t i = 0; i < o->n; i++) {
		if (!occurrence_is_alarm(&o->all[i]))
			continue;
		total++;
		if (g->key(l, &o->all[i]))
			l->sorted[n++] = &o->all[i];
	}
	qsort(l->sorted, n, sizeof(struct occurrence *), by_key);
	for (size_t i = 0; i < n; i++) {
		struct occurrence **at = &l->sorted[i];
		if (i == 0 || strcmp((*at)->key, at[-1]->key) != 0)
			l->groups[n_groups++] = (struct group){ .first = at };
		l->groups[n_groups - 1].n++;
	}
	if (g->most != 0)
		qsort(l->groups, n_groups, sizeof(*l->groups), largest_first);
	for (size_t i = 0; i < n_groups && (g->most == 0 || i < g->most); i++)
		put_group(l, g, &l->groups[i], total, t);
}

void
alarm_groups_build(
    const struct report_input *in, struct occurrences *o, struct report_doc *d)
{
	struct lookup l = { .site = in->request->points };
	register_map_init(&l.map, l.site);
	l.sorted = xcalloc(o->n + 1, sizeof(struct occurrence *));
	l.groups = xcalloc(o->n + 1, sizeof(*l.groups));
	for (size_t i = 0; i < sizeof(groupings) / sizeof(groupings[0]); i++)
		put_grouping(&l, &groupings[i], o, d);
	free(l.groups);
	free(l.sorted);
	register_map_free(&l.map);
}
