// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Counts and JSON of the commissioning ledger. Keeps nothing of its own. A percentage
// is rounded down, so that 100 says that every point is proven.
#include "store/commission_view.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

void
commission_count(struct commission_counts *c, const struct commission_state *s)
{
	c->points++;
	c->of[s->status]++;
}

uint32_t
commission_tenths(const struct commission_counts *c)
{
	if (c->points == 0)
		return 0;
	return (uint32_t)((uint64_t)c->of[STATUS_PROVEN] * 1000 / c->points);
}

void
overview_begin(struct commission_overview *o, const struct site *s)
{
	*o = (struct commission_overview){ .site = s,
		.n_zones = s->n_zones + 1u,
		.n_owners = (size_t)s->n_devices + s->n_gpios };
	o->zones = xcalloc(o->n_zones, sizeof(*o->zones));
	o->owners = xcalloc(o->n_owners + 1, sizeof(*o->owners));
}

void
overview_free(struct commission_overview *o)
{
	free(o->zones);
	free(o->owners);
	*o = (struct commission_overview){ 0 };
}

const char *
overview_owner(const struct site *s, size_t owner)
{
	return owner < s->n_devices ? s->devices[owner].id
				    : s->gpios[owner - s->n_devices].id;
}

size_t
overview_owner_of(const struct site *s, const struct point *p)
{
	if (p->device != INDEX_NONE)
		return p->device;
	return p->gpio != INDEX_NONE ? (size_t)s->n_devices + p->gpio
				     : (size_t)s->n_devices + s->n_gpios;
}

void
overview_add(struct commission_overview *o, const struct commission_state *st)
{
	const struct point *p = &o->site->points[st->point];
	size_t zone = p->zone == INDEX_NONE ? o->n_zones - 1 : p->zone;

	commission_count(&o->all, st);
	commission_count(&o->zones[zone], st);
	commission_count(&o->owners[overview_owner_of(o->site, p)], st);
}

bool
commission_matches(const struct site *s, const struct commission_filter *f,
    const struct commission_state *st)
{
	const struct point *p = &s->points[st->point];
	size_t owner = overview_owner_of(s, p);

	if (f->status >= 0 && st->status != (enum commission_status)f->status)
		return false;
	if (f->zone != NULL &&
	    (p->zone == INDEX_NONE || strcmp(s->zones[p->zone].id, f->zone) != 0))
		return false;
	return f->device == NULL ||
	       (owner < (size_t)s->n_devices + s->n_gpios &&
		   strcmp(overview_owner(s, owner), f->device) == 0);
}

const char *
commission_filter_fault(const struct site *s, const struct commission_filter *f)
{
	bool zone = f->zone == NULL, device = f->device == NULL;

	for (uint16_t i = 0; i < s->n_zones && !zone; i++)
		zone = strcmp(s->zones[i].id, f->zone) == 0;
	for (size_t i = 0; i < (size_t)s->n_devices + s->n_gpios && !device; i++)
		device = strcmp(overview_owner(s, i), f->device) == 0;
	return !zone ? "zone" : !device ? "device" : NULL;
}

static void
put_counts(struct buf *b, const struct commission_counts *c)
{
	json_int(b, "points", c->points);
	for (unsigned i = 0; i < STATUS_COUNT; i++)
		json_int(
		    b, commission_status_name((enum commission_status)i), c->of[i]);
	json_double(b, "percent", commission_tenths(c) / 10.0);
}

static void
put_group(
    struct buf *b, const char *key, const char *id, const struct commission_counts *c)
{
	if (c->points == 0)
		return;
	json_open(b, NULL, '{');
	json_str(b, key, id);
	put_counts(b, c);
	json_close(b, '}');
}

void
commission_put_overview(struct buf *b, const struct commission_overview *o)
{
	json_open(b, "summary", '{');
	put_counts(b, &o->all);
	json_close(b, '}');
	json_open(b, "zones", '[');
	for (size_t i = 0; i < o->n_zones; i++)
		put_group(b, "zone", i + 1 < o->n_zones ? o->site->zones[i].id : NULL,
		    &o->zones[i]);
	json_close(b, ']');
	json_open(b, "devices", '[');
	for (size_t i = 0; i < o->n_owners; i++)
		put_group(b, "device", overview_owner(o->site, i), &o->owners[i]);
	json_close(b, ']');
}

static const char *
or_none(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static void
put_entry(struct buf *b, const struct commission_entry *e)
{
	if (e == NULL) {
		json_none(b, "entry");
		return;
	}
	json_open(b, "entry", '{');
	if (e->seq != 0)
		json_int(b, "seq", e->seq);
	else
		json_none(b, "seq");
	json_time(b, "time", e->time_utc_ms);
	json_str(b, "verdict", commission_verdict_name(e->verdict));
	json_str(b, "at_panel", or_none(e->at_panel));
	json_str(b, "here", or_none(e->here));
	if (e->here_seq != 0)
		json_int(b, "here_seq", e->here_seq);
	else
		json_none(b, "here_seq");
	json_str(b, "who", e->who);
	json_str(b, "note", or_none(e->note));
	json_str(b, "wiring", e->wiring);
	json_close(b, '}');
}

static void
put_sight(struct buf *b, const struct commission_sight *s)
{
	if (s->onset_seq == 0) {
		json_none(b, "seen");
		return;
	}
	json_open(b, "seen", '{');
	json_int(b, "seq", s->onset_seq);
	json_int(b, "clear_seq", s->clear_seq);
	json_time(b, "time", s->onset_utc_ms);
	json_close(b, '}');
}

void
commission_put_state(
    struct buf *b, const struct site *s, const struct commission_state *st)
{
	const struct point *p = &s->points[st->point];
	size_t owner = overview_owner_of(s, p);

	json_open(b, NULL, '{');
	json_str(b, "point", p->id);
	json_open(b, "place", '{');
	json_str(b, "zh", p->place_zh);
	json_str(b, "en", p->place_en);
	json_close(b, '}');
	json_str(b, "zone", p->zone == INDEX_NONE ? NULL : s->zones[p->zone].id);
	json_str(b, "device",
	    owner < (size_t)s->n_devices + s->n_gpios ? overview_owner(s, owner)
						      : NULL);
	json_str(b, "kind", point_kind_name(p->kind));
	json_bool(b, "inferred", site_point_inferred(s, p));
	json_str(b, "expected", condition_name(st->expected));
	json_str(b, "status", commission_status_name(st->status));
	json_str(b, "wiring", st->wiring);
	put_sight(b, &st->sight);
	put_entry(b, st->entry);
	json_close(b, '}');
}

void
commission_put_walk(struct buf *b, const struct commission_walk *w)
{
	json_open(b, NULL, '{');
	json_str(b, "zone", w->of_device ? NULL : w->target);
	json_str(b, "device", w->of_device ? w->target : NULL);
	json_str(b, "who", w->who);
	json_time(b, "opened", w->opened_utc_ms);
	json_close(b, '}');
}
