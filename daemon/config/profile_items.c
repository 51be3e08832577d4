// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The items of a profile: which registers there are and by which formula, from YAML.
// Runs in the thread of the load. Refuses an item that reaches beyond register 65535, a
// point that does not fit into one read with all its parts, and a decoder that cannot
// read what the item has.
#include <stdio.h>
#include <string.h>

#include "config/profile_load.h"
#include "config/units.h"
#include "core/profile_dialog.h"

enum {
	WORD_BITS = 16,
	READ_REGISTERS_MAX = 125,
	FRESH_MIN_MS = 100,
	HOUR_MS = 3600000
};

enum {
	ITEM_NAME,
	ITEM_AREA,
	ITEM_BASE,
	ITEM_PRINTED,
	ITEM_LOOP,
	ITEM_DEVICE,
	ITEM_DECODER,
	ITEM_PACK,
	ITEM_SKIP,
	ITEM_WITH,
	ITEM_FRESH,
	ITEM_MAX_REGISTERS,
	ITEM_ALWAYS,
	ITEM_OUTPUT,
	ITEM_MATURITY,
	ITEM_NOTE,
	ITEM_FIELDS,
};
enum {
	RUN_FROM,
	RUN_TO,
	RUN_STRIDE,
	RUN_FIELDS
};
enum {
	PACK_BITS,
	PACK_FIRST,
	PACK_FIELDS
};
enum {
	PART_BASE,
	PART_PRINTED,
	PART_LOOP_STRIDE,
	PART_DEVICE_STRIDE,
	PART_DECODER,
	PART_FIELDS,
	FRESH_WITHIN = PART_DECODER,
	FRESH_FIELDS
};

static const char *
first_choice(size_t i)
{
	static const char *const names[] = { "low-bits", "high-bits", NULL };

	return names[i];
}

// An item may be inferred in a profile that is not.
static const char *
maturity_choice(size_t i)
{
	return i <= MATURITY_FIELD_PROVEN ? maturity_name((enum maturity)i) : NULL;
}

// clang-format off
static const struct schema_field run_fields[RUN_FIELDS] = {
	[RUN_FROM] = { .key = "from", .type = SCHEMA_INTEGER, .required = true,
	    .max = UINT16_MAX, .help = "the first number" },
	[RUN_TO] = { .key = "to", .type = SCHEMA_INTEGER, .required = true,
	    .min = 1, .max = UINT16_MAX, .help = "the last number" },
	[RUN_STRIDE] = { .key = "stride", .type = SCHEMA_INTEGER, .required = true,
	    .min = 1, .max = UINT16_MAX, .help = "registers from one to the next" },
};
static const struct schema_map run_map = { run_fields, RUN_FIELDS };

static const struct schema_field pack_fields[PACK_FIELDS] = {
	[PACK_BITS] = { .key = "bits", .type = SCHEMA_INTEGER, .required = true,
	    .min = 1, .max = WORD_BITS / 2, .help = "of one point: 1, 2, 4 or 8" },
	[PACK_FIRST] = { .key = "first", .type = SCHEMA_CHOICE, .required = true,
	    .choice = first_choice, .help = "where in a register the first point is: low-bits, high-bits" },
};
static const struct schema_map pack_map = { pack_fields, PACK_FIELDS };

#define PLACE_FIELDS                                                                   \
	[PART_BASE] = { .key = "base", .type = SCHEMA_INTEGER, .required = true,       \
	    .max = UINT16_MAX, .help = "the PDU address of the first one, from 0" },   \
	[PART_PRINTED] = { .key = "printed", .type = SCHEMA_TEXT, .required = true,    \
	    .help = "the number that the manual prints for it" },                      \
	[PART_LOOP_STRIDE] = { .key = "loop_stride", .type = SCHEMA_INTEGER,           \
	    .max = UINT16_MAX, .help = "registers from one loop to the next" },        \
	[PART_DEVICE_STRIDE] = { .key = "device_stride", .type = SCHEMA_INTEGER,       \
	    .max = UINT16_MAX, .help = "registers from one device to the next" }

static const struct schema_field part_fields[PART_FIELDS] = {
	PLACE_FIELDS,
	[PART_DECODER] = { .key = "decoder", .type = SCHEMA_TEXT, .required = true,
	    .help = "the name of a decoder of form word" },
};
static const struct schema_map part_map = { part_fields, PART_FIELDS };
static const struct schema_field part_item = {
	.key = "a part", .type = SCHEMA_MAP, .map = &part_map,
};

static const struct schema_field fresh_fields[FRESH_FIELDS] = {
	PLACE_FIELDS,
	[FRESH_WITHIN] = { .key = "within", .type = SCHEMA_DURATION, .required = true,
	    .min = FRESH_MIN_MS, .max = HOUR_MS,
	    .help = "when it stands still for longer, there is no value" },
};
static const struct schema_map fresh_map = { fresh_fields, FRESH_FIELDS };

static const struct schema_field item_fields[ITEM_FIELDS] = {
	[ITEM_NAME] = { .key = "name", .type = SCHEMA_ID, .required = true,
	    .help = "the name that points refer to" },
	[ITEM_AREA] = { .key = "area", .type = SCHEMA_CHOICE, .required = true,
	    .choice = profile_area_choice, .help = "coil, discrete, holding or input" },
	[ITEM_BASE] = { .key = "base", .type = SCHEMA_INTEGER, .required = true,
	    .max = UINT16_MAX, .help = "the PDU address of the first one, from 0" },
	[ITEM_PRINTED] = { .key = "printed", .type = SCHEMA_TEXT, .required = true,
	    .help = "the number that the manual prints for it" },
	[ITEM_LOOP] = { .key = "loop", .type = SCHEMA_MAP, .map = &run_map,
	    .help = "the loops there are" },
	[ITEM_DEVICE] = { .key = "device", .type = SCHEMA_MAP, .map = &run_map,
	    .help = "the devices there are" },
	[ITEM_DECODER] = { .key = "decoder", .type = SCHEMA_TEXT, .required = true,
	    .help = "the name of one of the decoders" },
	[ITEM_PACK] = { .key = "pack", .type = SCHEMA_MAP, .map = &pack_map,
	    .help = "several points share a register; strides count points" },
	[ITEM_SKIP] = { .key = "skip", .type = SCHEMA_INTEGER, .max = UINT16_MAX,
	    .help = "places before the first point, from base on" },
	[ITEM_WITH] = { .key = "with", .type = SCHEMA_LIST, .max = ITEM_PARTS_MAX,
	    .each = &part_item, .help = "further registers of each point: status, mode" },
	[ITEM_FRESH] = { .key = "fresh", .type = SCHEMA_MAP, .map = &fresh_map,
	    .help = "a register that moves with each new value" },
	[ITEM_MAX_REGISTERS] = { .key = "max_registers", .type = SCHEMA_INTEGER, .min = 1,
	    .max = READ_REGISTERS_MAX, .help = "of one read in which the item is" },
	[ITEM_ALWAYS] = { .key = "always", .type = SCHEMA_BOOL,
	    .help = "true: each device has the point, whether the site lists it or not" },
	[ITEM_OUTPUT] = { .key = "output", .type = SCHEMA_BOOL,
	    .help = "true: coils that a site may write as outputs of its own" },
	[ITEM_MATURITY] = { .key = "maturity", .type = SCHEMA_CHOICE,
	    .choice = maturity_choice, .help = "where it is not that of the profile" },
	[ITEM_NOTE] = { .key = "note", .type = SCHEMA_TEXT, .help = "for people" },
};
static const struct schema_map item_map = { item_fields, ITEM_FIELDS };
const struct schema_field items_item = {
	.key = "an item", .type = SCHEMA_MAP, .map = &item_map,
};
// clang-format on

static void
read_run(struct load *l, const struct schema_value *map, uint16_t *from, uint16_t *to,
    uint16_t *stride)
{
	struct schema_value v[RUN_FIELDS];

	if (!map->ok ||
	    !schema_read(l, map->node, map->node->key, run_fields, RUN_FIELDS, v))
		return;
	*from = (uint16_t)v[RUN_FROM].number;
	*to = (uint16_t)v[RUN_TO].number;
	*stride = (uint16_t)v[RUN_STRIDE].number;
	if (*from <= *to)
		return;
	problem(l, v[RUN_TO].pos, "%s: to must not be below from", map->node->key);
	*from = *to;
}

static void
read_pack(struct load *l, const struct yaml_node *node, struct profile_item *item)
{
	struct schema_value v[PACK_FIELDS];

	if (!schema_read(l, node, "pack", pack_fields, PACK_FIELDS, v))
		return;
	item->pack = (uint8_t)v[PACK_BITS].number;
	item->pack_high_first = v[PACK_FIRST].number == 1;
	if (WORD_BITS % item->pack != 0)
		schema_refuse(l, v[PACK_BITS].pos, "bits", v[PACK_BITS].text,
		    "must be 1, 2, 4 or 8");
	if (area_is_bits(item->area))
		problem(l, node->key_pos, "pack is for holding and input");
}

// The place of a further register; `v` are the PLACE_FIELDS.
static void
read_place(struct profile_load *pl, const struct schema_value *v, struct item_part *out)
{
	out->base = profile_shift(pl, v[PART_BASE].pos, v[PART_BASE].number);
	out->printed = arena_text(pl->l->arena, v[PART_PRINTED].text);
	out->loop_stride = (uint16_t)v[PART_LOOP_STRIDE].number;
	out->device_stride = (uint16_t)v[PART_DEVICE_STRIDE].number;
}

static void
read_part(struct profile_load *pl, const struct yaml_node *node, struct item_part *part,
    struct profile_item *item)
{
	struct schema_value v[PART_FIELDS];

	if (!schema_read(pl->l, node, "a part", part_fields, PART_FIELDS, v))
		return;
	read_place(pl, v, part);
	if (!decoders_find(pl->l, &pl->decoders, &v[PART_DECODER], &part->decoder))
		return;
	if (pl->decoders.all[part->decoder].form != DECODE_WORD ||
	    pl->decoders.width[part->decoder] != WORD_BITS) {
		problem(pl->l, v[PART_DECODER].pos,
		    "decoder: a part needs form word, of 16 bits");
		return;
	}
	item->n_parts++;
}

// Parts, and behind them the register that must move.
static void
read_parts(struct profile_load *pl, const struct schema_value *with,
    const struct schema_value *fresh, struct profile_item *item)
{
	struct schema_value v[FRESH_FIELDS];
	struct item_part *parts;

	if (with->node == NULL && fresh->node == NULL)
		return;
	parts = arena_alloc(pl->l->arena, ITEM_PARTS_MAX + 1, sizeof(*parts));
	item->parts = parts;
	if (with->ok && with->node != NULL)
		for (const struct yaml_node *c = with->node->first; c != NULL;
		     c = c->next)
			read_part(pl, c, &parts[item->n_parts], item);
	if (!fresh->ok ||
	    !schema_read(pl->l, fresh->node, "fresh", fresh_fields, FRESH_FIELDS, v))
		return;
	read_place(pl, v, &parts[item->n_parts]);
	item->has_fresh = true;
	item->fresh_within_ms = (uint32_t)v[FRESH_WITHIN].number;
}

// Form and width of the decoder are those of the item's places.
static void
check_decoder(struct profile_load *pl, struct pos at, const struct profile_item *item)
{
	enum decoder_form form = pl->decoders.all[item->decoder].form;
	uint8_t width = pl->decoders.width[item->decoder];

	if (area_is_bits(item->area) && form != DECODE_BIT)
		problem(pl->l, at, "decoder: coil and discrete need form bit");
	else if (item->pack > 0 &&
		 (form == DECODE_BIT || form == DECODE_WORD ? width != item->pack
							    : true))
		problem(pl->l, at,
		    "decoder: a point of %u bits needs form bit, or form word of that "
		    "width",
		    item->pack);
	else if (item->pack == 0 && form == DECODE_WORD && width != WORD_BITS)
		problem(pl->l, at, "decoder: a whole register needs a width of 16");
	if (item->pack > 0 && pl->decoders.all[item->decoder].repeat > 1)
		problem(pl->l, at, "decoder: repeat is for whole registers");
}

static uint32_t
last_address(const struct profile_load *pl, const struct profile_item *item)
{
	uint32_t most = profile_place(item, item->loop_max, item->device_max).pdu;

	most += area_is_bits(item->area)
		    ? 0
		    : decoder_width(&pl->decoders.all[item->decoder]) - 1u;
	for (uint8_t i = 0; i < item->n_parts + item->has_fresh; i++) {
		const struct item_part *part = &item->parts[i];
		uint32_t end =
		    profile_part_pdu(item, part, item->loop_max, item->device_max);
		if (i < item->n_parts)
			end += decoder_width(&pl->decoders.all[part->decoder]) - 1u;
		most = end > most ? end : most;
	}
	return most;
}

// A value must fit into one read with all that belongs to it, and so must what its
// decoder asks of the device.
static void
check_one_read(struct profile_load *pl, struct pos at, const struct profile_item *item)
{
	uint32_t most = profile_read_max(pl->p, item);
	uint16_t helper_low, helper_high;
	const uint16_t loops[2] = { item->loop_min, item->loop_max };
	const uint16_t devices[2] = { item->device_min, item->device_max };

	// Addresses are linear in both numbers: the widest span is at a corner.
	for (int i = 0; i < 4; i++) {
		uint16_t loop = loops[i / 2], device = devices[i % 2];
		struct item_span span = profile_span(
		    pl->p, item, profile_place(item, loop, device).pdu, loop, device);
		if (span.high - span.low < most)
			continue;
		problem(pl->l, at,
		    "item %s: a point takes registers %u to %u, more than the %u of "
		    "one read",
		    item->name, span.low, span.high, most);
		return;
	}
	if (decoder_helper_span(
		&pl->decoders.all[item->decoder], &helper_low, &helper_high) &&
	    helper_high - helper_low >= (int)most)
		problem(pl->l, at,
		    "item %s: unit, decimals and range lie more than %u registers "
		    "apart",
		    item->name, most);
}

static void
check_always(struct profile_load *pl, struct pos at, const struct profile_item *item)
{
	enum decoder_form form = pl->decoders.all[item->decoder].form;

	if (item->always && (item->loop_max > 0 || item->device_max > 0))
		problem(
		    pl->l, at, "always: item %s has more than one point", item->name);
	if (item->always && form != DECODE_WORD && form != DECODE_BIT)
		problem(pl->l, at, "always: item %s is a number", item->name);
}

static void
check_item(struct profile_load *pl, const struct schema_value v[static ITEM_FIELDS],
    struct pos at, const struct profile_item *item)
{
	uint32_t last = last_address(pl, item);

	check_decoder(pl, v[ITEM_DECODER].pos, item);
	check_always(pl, v[ITEM_ALWAYS].pos, item);
	if (item->output && (item->area != AREA_COIL || item->loop_max > 0))
		problem(pl->l, v[ITEM_OUTPUT].pos,
		    "output: item %s must be of area coil and without loops",
		    item->name);
	if (item->skip > 0 && item->pack == 0)
		problem(pl->l, v[ITEM_SKIP].key_pos, "skip is for pack only");
	if (last > UINT16_MAX)
		problem(pl->l, at, "item %s ends at address %u, beyond 65535",
		    item->name, last);
	else
		check_one_read(pl, at, item);
}

static uint16_t
base_of(struct profile_load *pl, const struct schema_value *base, const char *name)
{
	const struct yaml_node *given = profile_child(pl->site->bases, name);
	struct schema_value v = { 0 };

	if (given == NULL || name[0] == '\0')
		return profile_shift(pl, base->pos, base->number);
	(void)schema_scalar(pl->l, given, &item_fields[ITEM_BASE], &v);
	return (uint16_t)v.number;
}

static void
read_item(
    struct profile_load *pl, const struct yaml_node *node, struct profile_item *item)
{
	struct schema_value v[ITEM_FIELDS];
	struct load *l = pl->l;

	bool good = schema_read(l, node, "an item", item_fields, ITEM_FIELDS, v);
	item->name = v[ITEM_NAME].ok ? arena_text(l->arena, v[ITEM_NAME].text) : "";
	item->printed =
	    v[ITEM_PRINTED].ok ? arena_text(l->arena, v[ITEM_PRINTED].text) : "";
	item->area = (enum area)v[ITEM_AREA].number;
	item->base = base_of(pl, &v[ITEM_BASE], item->name);
	read_run(
	    l, &v[ITEM_LOOP], &item->loop_min, &item->loop_max, &item->loop_stride);
	read_run(l, &v[ITEM_DEVICE], &item->device_min, &item->device_max,
	    &item->device_stride);
	if (v[ITEM_PACK].ok)
		read_pack(l, v[ITEM_PACK].node, item);
	item->skip = (uint16_t)v[ITEM_SKIP].number;
	item->max_registers = (uint16_t)v[ITEM_MAX_REGISTERS].number;
	item->always = v[ITEM_ALWAYS].number == 1;
	item->output = v[ITEM_OUTPUT].number == 1;
	item->maturity = v[ITEM_MATURITY].ok ? (enum maturity)v[ITEM_MATURITY].number
					     : pl->p->maturity;
	if (!good || pl->decoders.n == 0)
		return;
	read_parts(pl, &v[ITEM_WITH], &v[ITEM_FRESH], item);
	if (decoders_find(l, &pl->decoders, &v[ITEM_DECODER], &item->decoder))
		check_item(pl, v, node->pos, item);
}

static bool
is_name(struct suggestion *s, const char *name)
{
	suggest_offer(s, name);
	return strcmp(name, s->found) == 0;
}

static bool
has_base(const struct profile *p, struct suggestion *s)
{
	const struct profile_dialogs *d = p->dialogs;
	bool found = false;

	for (uint16_t i = 0; i < p->n_items; i++)
		found |= is_name(s, p->items[i].name);
	for (uint8_t i = 0; d != NULL && i < d->n_alive; i++)
		found |= is_name(s, d->alive[i].name);
	for (uint8_t i = 0; d != NULL && i < d->n_summaries; i++)
		found |= is_name(s, d->summaries[i].name);
	return found;
}

void
profile_check_bases(struct profile_load *pl)
{
	const struct yaml_node *c =
	    pl->site->bases != NULL ? pl->site->bases->first : NULL;

	for (; c != NULL; c = c->next) {
		struct suggestion s = suggest_begin(c->key);
		if (!has_base(pl->p, &s))
			problem(pl->l, c->key_pos,
			    "bases: the profile has no item %s%s",
			    load_show(pl->l, c->key), suggest_text(pl->l, &s));
	}
}

// A decoder's own addresses move with the others.
static void
shift_helpers(struct profile_load *pl, struct pos at)
{
	for (uint16_t i = 0; i < pl->decoders.n && pl->site->shift != 0; i++) {
		struct decoder *d = &pl->decoders.all[i];
		if (d->unit_from_device)
			d->unit_address = profile_shift(pl, at, d->unit_address);
		if (d->decimals_from_device)
			d->decimals_address =
			    profile_shift(pl, at, d->decimals_address);
		if (!d->range_from_device)
			continue;
		d->zero_address = profile_shift(pl, at, d->zero_address);
		d->full_address = profile_shift(pl, at, d->full_address);
	}
}

void
profile_read_items(struct profile_load *pl, const struct yaml_node *list)
{
	struct load *l = pl->l;
	struct profile *p = pl->p;
	struct profile_item *items = arena_alloc(l->arena, list->n, sizeof(*items));

	shift_helpers(pl, list->pos);
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct profile_item *item = &items[p->n_items];
		read_item(pl, c, item);
		for (uint16_t i = 0; i < p->n_items; i++)
			if (item->name[0] != '\0' &&
			    strcmp(items[i].name, item->name) == 0)
				problem(
				    l, c->pos, "item %s is given twice", item->name);
		p->n_items++;
	}
	p->items = items;
}
