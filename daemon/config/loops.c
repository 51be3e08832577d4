// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The section loops: tables of bands for contacts with resistors on an analogue input.
// Runs in the thread of the load. Refuses a table in which a cut or shorted wire could
// be normal, bands out of order, and a band that its hysteresis leaves no room. Nothing
// to keep over a crash.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config/sections.h"
#include "config/units.h"

enum {
	SECOND_MS = 1000,
	FAULT_DELAY_MS = 2 * SECOND_MS, // above what a slow filter takes to settle
	FAULT_DELAY_MOST_MS = 60 * SECOND_MS, // GB 29364, GB 50166: within 100 s
};

enum {
	LOOP_ID,
	LOOP_QUANTITY,
	LOOP_FAULT_DELAY,
	LOOP_BAND_LIST,
	LOOP_FIELDS
};
enum {
	STEP_BELOW,
	STEP_IS,
	STEP_FIELDS
};

static const char *
band_choice(size_t i)
{
	return i < LOOP_BAND_COUNT ? loop_band_name((enum loop_band)i) : NULL;
}

// clang-format off
static const struct schema_field step_fields[STEP_FIELDS] = {
	[STEP_BELOW] = { .key = "below", .type = SCHEMA_TEXT, .shape = SHAPE_QUANTITY,
	    .help = "where the band ends; the last has no end" },
	[STEP_IS] = { .key = "is", .type = SCHEMA_CHOICE, .required = true,
	    .choice = band_choice,
	    .help = "normal, active, short, open or out-of-band" },
};
static const struct schema_map step_map = { step_fields, STEP_FIELDS };
static const struct schema_field step_item = {
	.key = "a band", .type = SCHEMA_MAP, .map = &step_map,
};

static const struct schema_field loop_fields[LOOP_FIELDS] = {
	[LOOP_ID] = { .key = "id", .type = SCHEMA_ID, .required = true,
	    .help = "the name that points refer to" },
	[LOOP_QUANTITY] = { .key = "quantity", .type = SCHEMA_CHOICE, .required = true,
	    .choice = units_quantity_name,
	    .help = "what the input measures, for example resistance" },
	[LOOP_FAULT_DELAY] = { .key = "fault_delay", .type = SCHEMA_DURATION,
	    .max = FAULT_DELAY_MOST_MS, .fallback = FAULT_DELAY_MS,
	    .help = "how long a fault of the line must last" },
	[LOOP_BAND_LIST] = { .key = "bands", .type = SCHEMA_LIST, .required = true,
	    .max = LOOP_STEPS_MAX, .each = &step_item, .help = "from the lowest value up: {below, is}" },
};
static const struct schema_map loop_map = { loop_fields, LOOP_FIELDS };
const struct schema_field loop_item = {
	.key = "a loop", .type = SCHEMA_MAP, .map = &loop_map,
};
// clang-format on

static void
read_below(struct load *l, const struct schema_value *v, enum quantity q,
    struct loop_table *t, bool last)
{
	struct loop_step *step = &t->steps[t->n];
	char why[WHY_MAX];

	step->below = (double)INFINITY;
	if (v->ok && last)
		problem(l, v->key_pos, "below: the last band has no end");
	else if (v->ok && units_quantity(v->text, q, &step->below, why) != 0)
		schema_refuse(l, v->pos, "below", v->text, why);
	else if (v->ok && t->n > 0 && step->below <= t->steps[t->n - 1].below)
		problem(l, v->pos, "below: each band must end above the one before");
}

// What is better than its neighbours is entered by a tenth of its limits.
static void
check_room(struct load *l, struct pos at, const struct loop_table *t, uint8_t i)
{
	const double part = LOOP_HYSTERESIS_PERCENT / 100.0;

	if (loop_band_code(t->steps[i].band) != NULL || i == 0 || i + 1 == t->n)
		return;
	double lower = t->steps[i - 1].below, upper = t->steps[i].below;
	if (lower + fabs(lower) * part > upper - fabs(upper) * part)
		problem(l, at,
		    "bands: %s is narrower than its hysteresis of %d %% on each side",
		    loop_band_name(t->steps[i].band), LOOP_HYSTERESIS_PERCENT);
}

static void
check_ends(struct load *l, struct pos at, const struct loop_table *t)
{
	unsigned seen = 0;

	for (uint8_t i = 0; i < t->n; i++)
		seen |= 1U << t->steps[i].band;
	for (enum loop_band b = 0; b <= LOOP_ACTIVE; b++)
		if ((seen & 1U << b) == 0)
			problem(l, at, "bands: none is %s", loop_band_name(b));
	if ((seen & 1U << LOOP_OPEN) == 0)
		problem(l, at, "bands: none is open: a cut wire must be told apart");
	if (t->n > 0 &&
	    (t->steps[0].band == LOOP_NORMAL || t->steps[t->n - 1].band == LOOP_NORMAL))
		problem(l, at,
		    "bands: neither end may be normal: a cut or shorted wire reads "
		    "there");
}

static void
read_bands(
    struct load *l, const struct yaml_node *list, enum quantity q, struct loop_table *t)
{
	size_t before = l->problems->n;

	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct schema_value v[STEP_FIELDS];
		(void)schema_read(l, c, "a band", step_fields, STEP_FIELDS, v);
		if (v[STEP_BELOW].node == NULL && c->next != NULL &&
		    c->kind == YAML_MAP)
			problem(l, c->pos, "a band: below is missing: where it ends");
		read_below(l, &v[STEP_BELOW], q, t, c->next == NULL);
		t->steps[t->n++].band = (enum loop_band)v[STEP_IS].number;
	}
	if (l->problems->n != before)
		return;
	check_ends(l, list->pos, t);
	for (uint8_t i = 0; i < t->n; i++)
		check_room(l, list->pos, t, i);
}

void
loops_read(struct load *l, const struct node_list *list)
{
	struct site *s = l->site;

	s->loops = arena_alloc(l->arena, list->n, sizeof(*s->loops));
	for (size_t i = 0; i < list->n; i++) {
		struct schema_value v[LOOP_FIELDS];
		struct loop_def *loop = &s->loops[s->n_loops++];
		(void)schema_read(
		    l, list->items[i], "a loop", loop_fields, LOOP_FIELDS, v);
		loop->id = section_id(l, &l->loops, "loop", &v[LOOP_ID], i);
		loop->quantity = (enum quantity)(v[LOOP_QUANTITY].number + 1);
		loop->table.fault_delay_ms = (uint32_t)v[LOOP_FAULT_DELAY].number;
		if (v[LOOP_BAND_LIST].ok && v[LOOP_QUANTITY].ok)
			read_bands(
			    l, v[LOOP_BAND_LIST].node, loop->quantity, &loop->table);
	}
}

void
loop_refer(struct load *l, struct pos at, const char *name, struct point *p)
{
	uint32_t index = section_refer(l, &l->loops, at, "supervised", name);
	const struct profile *profile = l->site->devices[p->device].profile;

	if (index == UINT32_MAX || profile == NULL || p->item >= profile->n_items)
		return;
	const struct loop_def *loop = &l->site->loops[index];
	const struct decoder *d = &profile->decoders[profile->items[p->item].decoder];
	if (point_kind_quantity(p->kind) != QUANTITY_NONE)
		problem(
		    l, at, "supervised: %s is no contact", point_kind_name(p->kind));
	else if (d->form != DECODE_ANALOG || d->quantity != loop->quantity)
		problem(l, at, "supervised: item %s does not measure %s",
		    profile->items[p->item].name,
		    units_quantity_name((size_t)loop->quantity - 1));
	else
		p->supervised = &loop->table;
}
