// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Points from their cells, whether these came from CSV or YAML: the same words, the
// same checks, the same messages. Runs in the thread of the load. Refuses a kind that
// does not fit what the item measures, an address outside the profile's range, an
// address used twice, and a fire or panic that would clear by itself.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/device_dialog.h"
#include "config/sections.h"
#include "config/units.h"
#include "core/event.h"
#include "core/profile_dialog.h"
#include "lib/mem.h"

const char *const cell_names[CELL_COUNT] = {
	[CELL_ID] = "id",
	[CELL_ITEM] = "item",
	[CELL_LOOP] = "loop",
	[CELL_DEVICE] = "device",
	[CELL_KIND] = "kind",
	[CELL_ZONE] = "zone",
	[CELL_LATCH] = "latch",
	[CELL_PLACE_ZH] = "place_zh",
	[CELL_PLACE_EN] = "place_en",
};

// The kinds of a site's points; those from KIND_LINK on are built in.
const char *
point_kind_choice(size_t i)
{
	return i < KIND_LINK ? point_kind_name((enum point_kind)i) : NULL;
}

const char *
point_latch_choice(size_t i)
{
	return i < LATCH_COUNT ? latch_name((enum latch)i) : NULL;
}

static const struct schema_field id_field = { .key = "id", .type = SCHEMA_ID };
static const struct schema_field kind_field = {
	.key = "kind",
	.type = SCHEMA_CHOICE,
	.choice = point_kind_choice,
};
static const struct schema_field latch_field = {
	.key = "latch",
	.type = SCHEMA_CHOICE,
	.choice = point_latch_choice,
};

static bool
given(const struct cell *c)
{
	return c->text != NULL && c->text[0] != '\0';
}

static const char *
read_id(struct load *l, struct pos at, const struct cell *c)
{
	struct schema_value v = { 0 };

	if (!given(c))
		problem(
		    l, at, "a point: id is missing: a name that is stable for ever");
	else if (schema_text(l, c->pos, c->text, &id_field, &v))
		return arena_text(l->arena, c->text);
	return "";
}

static bool
read_kind(struct load *l, struct pos at, const struct cell *c, enum point_kind *out)
{
	struct schema_value v = { 0 };

	if (!given(c))
		problem(
		    l, at, "a point: kind is missing: what it is, for example smoke");
	else if (schema_text(l, c->pos, c->text, &kind_field, &v)) {
		*out = (enum point_kind)v.number;
		return true;
	}
	return false;
}

static enum latch
read_latch(struct load *l, const struct cell *c, bool kind_known, enum point_kind kind)
{
	struct schema_value v = { 0 };
	enum latch latch;

	if (!given(c))
		return kind_known ? point_kind_latch(kind) : LATCH_NONE;
	if (!schema_text(l, c->pos, c->text, &latch_field, &v))
		return LATCH_NONE;
	latch = (enum latch)v.number;
	if (kind_known && alarm_latch_for(point_kind_condition(kind),
			      kind == KIND_PANIC, latch) != latch)
		problem(l, c->pos,
		    "latch: a fire or panic never clears by itself: own or panel");
	return latch;
}

static uint16_t
read_zone(struct load *l, const struct cell *c)
{
	if (!given(c))
		return INDEX_NONE;
	uint32_t zone = section_refer(l, &l->zones, c->pos, "zone", c->text);
	return zone == UINT32_MAX ? INDEX_NONE : (uint16_t)zone;
}

// The journal keeps the place as it was then, whole.
static void
check_place(struct load *l, const struct cell *c)
{
	if (given(c) && strlen(c->text) >= PLACE_MAX)
		problem(l, c->pos, "place: found %zu bytes, allowed at most %d",
		    strlen(c->text), PLACE_MAX - 1);
}

static void
read_place(struct load *l, struct pos at, const struct cell cells[static CELL_COUNT],
    struct point *p)
{
	const struct cell *zh = &cells[CELL_PLACE_ZH], *en = &cells[CELL_PLACE_EN];

	if (!given(zh) && !given(en)) {
		problem(l, at,
		    "a point: place is missing: where it is, in Chinese or English");
		p->place_zh = p->place_en = "";
		return;
	}
	check_place(l, zh);
	if (en->text != zh->text) // one may stand in for the other
		check_place(l, en);
	p->place_zh = arena_text(l->arena, given(zh) ? zh->text : en->text);
	p->place_en = given(en) ? arena_text(l->arena, en->text) : p->place_zh;
}

static const struct profile_item *
read_item(struct load *l, struct pos at, const struct cell *c,
    const struct profile *profile, uint16_t *index)
{
	int only = profile_only_item(profile);

	if (!given(c) && only >= 0) {
		*index = (uint16_t)only; // no choice
		return &profile->items[only];
	}
	if (!given(c)) {
		problem(l, at, "a point: item is missing: which item of profile %s",
		    profile->id);
		return NULL;
	}
	struct suggestion s = suggest_begin(c->text);
	for (uint16_t i = 0; i < profile->n_items; i++) {
		if (strcmp(profile->items[i].name, c->text) == 0) {
			*index = i;
			return &profile->items[i];
		}
		suggest_offer(&s, profile->items[i].name);
	}
	problem(l, c->pos, "item: profile %s has no %s%s", profile->id,
	    load_show(l, c->text), suggest_text(l, &s));
	return NULL;
}

// One coordinate of an item's formula: refused where the item has none (max 0).
static bool
read_coordinate(struct load *l, struct pos at,
    const struct cell cells[static CELL_COUNT], enum point_cell which,
    const struct profile_item *item, uint16_t *out)
{
	const struct cell *c = &cells[which];
	bool loop = which == CELL_LOOP;
	uint16_t min = loop ? item->loop_min : item->device_min;
	uint16_t max = loop ? item->loop_max : item->device_max;
	char why[WHY_MAX];
	int64_t number;

	*out = 0;
	if (max == 0) {
		if (given(c))
			problem(l, c->pos, "%s: item %s has none", cell_names[which],
			    item->name);
		return !given(c);
	}
	if (!given(c)) {
		problem(l, at, "a point: %s is missing: item %s has %u to %u",
		    cell_names[which], item->name, min, max);
		return false;
	}
	if (units_integer(c->text, min, max, &number, why) != 0) {
		problem(l, c->pos, "%s: item %s: %s, found %s", cell_names[which],
		    item->name, why, load_show(l, c->text));
		return false;
	}
	*out = (uint16_t)number;
	return true;
}

static void
check_fits(struct load *l, struct pos at, const struct profile_item *item,
    const struct decoder *d, enum point_kind kind)
{
	enum quantity wants = point_kind_quantity(kind);
	enum quantity has = d->quantity;

	if (wants == has)
		return;
	if (has == QUANTITY_NONE)
		problem(l, at, "kind: %s needs a measured value, item %s has none",
		    point_kind_name(kind), item->name);
	else
		problem(l, at, "kind: item %s measures %s, which %s does not take",
		    item->name, units_quantity_name((size_t)has - 1),
		    point_kind_name(kind));
}

// `scaled`: the site says how what the item gives becomes what the kind measures.
static void
read_address(struct load *l, struct pos at, const struct cell cells[static CELL_COUNT],
    bool kind_known, bool scaled, struct point *p)
{
	const struct profile *profile = l->site->devices[p->device].profile;

	if (profile == NULL)
		return; // reported where the device names it
	uint16_t index;
	const struct profile_item *item =
	    read_item(l, at, &cells[CELL_ITEM], profile, &index);
	if (item == NULL)
		return;
	device_dialogs_point(
	    l, cells[CELL_ITEM].pos, &l->site->devices[p->device], item);
	if (kind_known && !scaled)
		check_fits(l, cells[CELL_KIND].pos, item,
		    &profile->decoders[item->decoder], p->kind);
	bool good = read_coordinate(l, at, cells, CELL_LOOP, item, &p->loop);
	good &= read_coordinate(l, at, cells, CELL_DEVICE, item, &p->number);
	if (!good)
		return;
	p->item = index;
	// In range: config/profile_items.c has checked the item's last address.
	struct item_place place = profile_place(item, p->loop, p->number);
	p->pdu = (uint16_t)place.pdu;
	p->shift = place.shift;
}

struct point
point_from_cells(struct load *l, struct pos at,
    const struct cell cells[static CELL_COUNT], uint16_t device, uint16_t gpio,
    bool scaled)
{
	struct point p = {
		.device = device,
		.gpio = gpio,
		.item = INDEX_NONE, // until its address is known to be good
		.line = "",
	};

	p.id = read_id(l, at, &cells[CELL_ID]);
	enum point_kind kind = p.kind;
	bool kind_known = read_kind(l, at, &cells[CELL_KIND], &kind);
	p.kind = kind;
	p.latch = read_latch(l, &cells[CELL_LATCH], kind_known, p.kind);
	p.zone = read_zone(l, &cells[CELL_ZONE]);
	p.daily_log = kind_known && point_kind_quantity(p.kind) != QUANTITY_NONE;
	read_place(l, at, cells, &p);
	if (device != INDEX_NONE)
		read_address(l, at, cells, kind_known, scaled, &p);
	else if (kind_known && point_kind_quantity(p.kind) != QUANTITY_NONE)
		problem(l, cells[CELL_KIND].pos,
		    "kind: %s needs a measured value, a line has none",
		    point_kind_name(p.kind));
	return p;
}

void
point_add(struct load *l, struct pos at, const struct point *p)
{
	if (l->n_points == POINTS_MAX) {
		problem(l, at, "more than %d points", POINTS_MAX);
		return;
	}
	if (p->id[0] != '\0' &&
	    index_add(&l->points, p->id, (uint32_t)l->n_points) != UINT32_MAX) {
		struct pos first = l->point_pos[index_find(&l->points, p->id)];
		problem(l, at, "id %s is already used by the point in %s:%u",
		    load_show(l, p->id), l->sources[first.file].shown, first.line);
	}
	if (l->n_points == l->points_size) {
		l->points_size = l->points_size ? l->points_size * 2 : 256;
		l->point = xreallocarray(l->point, l->points_size, sizeof(*l->point));
		l->point_pos =
		    xreallocarray(l->point_pos, l->points_size, sizeof(struct pos));
	}
	l->point[l->n_points] = *p;
	l->point_pos[l->n_points++] = at;
}

static const struct profile_item *
item_of(const struct load *l, const struct point *p)
{
	const struct profile *profile = l->site->devices[p->device].profile;

	return profile == NULL || p->item >= profile->n_items
		   ? NULL
		   : &profile->items[p->item];
}

static int
compare(unsigned long long a, unsigned long long b)
{
	return a < b ? -1 : a > b;
}

// The item's number among those behind a selector, from 1; 0 where it has registers of
// its own.
static unsigned long long
selected(const struct load *l, const struct point *p)
{
	const struct profile *profile = l->site->devices[p->device].profile;

	return item_of(l, p) != NULL && profile_selector_of(profile, p->item) != NULL
		   ? p->item + 1ull
		   : 0;
}

// Those behind a selector last; by (area, pdu, shift), and as they came where all are
// the same; a point without an address last of all, so that it does not stand between
// two of one place.
static int
compare_points(const void *a, const void *b, void *arg)
{
	const struct load *l = arg;
	const struct point *p = &l->point[*(const uint32_t *)a];
	const struct point *q = &l->point[*(const uint32_t *)b];
	const struct profile_item *x = item_of(l, p), *y = item_of(l, q);
	int order = compare(x == NULL, y == NULL);

	if (order == 0)
		order = compare(selected(l, p), selected(l, q));
	if (order == 0 && x != NULL && y != NULL)
		order = compare(x->area, y->area);
	if (order == 0)
		order = compare(p->pdu, q->pdu);
	if (order == 0)
		order = compare(p->shift, q->shift);
	return order != 0 ? order : compare(*(const uint32_t *)a, *(const uint32_t *)b);
}

static void
refuse_same_address(struct load *l, const uint32_t *points, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		const struct point *p = &l->point[points[i - 1]],
				   *q = &l->point[points[i]];
		const struct profile_item *x = item_of(l, p), *y = item_of(l, q);
		if (x != NULL && y != NULL && x->area == y->area && p->pdu == q->pdu &&
		    p->shift == q->shift && x->pack == y->pack &&
		    selected(l, p) == selected(l, q))
			problem(l, l->point_pos[points[i]],
			    "point %s has the address of point %s", load_show(l, q->id),
			    load_show(l, p->id));
	}
}

const uint32_t *
points_run(struct load *l, size_t first, uint32_t *n)
{
	*n = (uint32_t)(l->n_points - first);
	uint32_t *run = arena_alloc(l->arena, *n, sizeof(*run));
	for (uint32_t i = 0; i < *n; i++)
		run[i] = (uint32_t)first + i;
	if (*n > 0 && l->point[first].device != INDEX_NONE) {
		qsort_r(run, *n, sizeof(*run), compare_points, l);
		refuse_same_address(l, run, *n);
	}
	return run;
}

static bool
is_listed(const struct load *l, size_t first, uint16_t item)
{
	for (size_t i = first; i < l->n_points; i++)
		if (l->point[i].item == item)
			return true;
	return false;
}

void
points_always(struct load *l, uint16_t device, size_t first)
{
	const struct device *d = &l->site->devices[device];
	const struct profile *profile = d->profile;

	for (uint16_t i = 0; profile != NULL && i < profile->n_items; i++) {
		const struct profile_item *item = &profile->items[i];
		if (!item->always || is_listed(l, first, i))
			continue;
		struct item_place place = profile_place(item, 0, 0);
		struct point p = {
			.id = arena_printf(l->arena, "%s.%s", d->id, item->name),
			.place_zh = d->name_zh[0] != '\0' ? d->name_zh : d->id,
			.place_en = d->name_en[0] != '\0' ? d->name_en : d->id,
			.kind = KIND_PANEL,
			.latch = point_kind_latch(KIND_PANEL),
			.zone = INDEX_NONE,
			.device = device,
			.gpio = INDEX_NONE,
			.item = i,
			.pdu = (uint16_t)place.pdu,
			.shift = place.shift,
			.line = "",
		};
		point_add(l, l->device_pos[device], &p);
	}
}
