// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Panel profiles: panels/ID.yaml, read once however many devices use it. Runs in the
// thread of the load. Refuses a profile that does not name its source, an item that
// reaches beyond register 65535, and a decoder that cannot read the item's area. The
// schema is described in watchroom-panel(5).
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/decoder.h"
#include "config/profile_dialog.h"
#include "config/sections.h"
#include "config/units.h"

enum {
	DECODERS_MAX = 64,
	ITEMS_MAX = 256,
	IDENTITY_MAX = 16,
	PROFILES_MAX = 1024
};
// Quantities of one read, MODBUS Application Protocol V1.1b3, 6.1 and 6.3.
enum {
	READ_REGISTERS_MAX = 125,
	READ_BITS_MAX = 2000
};
enum {
	SECOND_MS = 1000
};

enum {
	TOP_PROFILE,
	TOP_NAME,
	TOP_SOURCE,
	TOP_FIRMWARE,
	TOP_MATURITY,
	TOP_PROVENANCE,
	TOP_TRANSPORTS,
	TOP_LIMITS,
	TOP_IDENTITY,
	TOP_DECODERS,
	TOP_ITEMS,
	TOP_DIALOGS,
	TOP_FIELDS,
};

enum {
	LIM_REGISTERS,
	LIM_BITS,
	LIM_GAP,
	LIM_WINDOW,
	LIM_TIMEOUT,
	LIM_FIELDS
};
enum {
	ID_AREA,
	ID_ADDRESS,
	ID_MASK,
	ID_VALUE,
	ID_FIELDS
};
enum {
	RUN_FROM,
	RUN_TO,
	RUN_STRIDE,
	RUN_FIELDS
};

enum {
	ITEM_NAME,
	ITEM_AREA,
	ITEM_BASE,
	ITEM_PRINTED,
	ITEM_LOOP,
	ITEM_DEVICE,
	ITEM_DECODER,
	ITEM_FIELDS,
};

static const char *
maturity_choice(size_t i)
{
	return i <= MATURITY_FIELD_PROVEN ? maturity_name((enum maturity)i) : NULL;
}

static const char *
area_choice(size_t i)
{
	return i < AREA_COUNT ? area_name((enum area)i) : NULL;
}

static const char *
transport_choice(size_t i)
{
	static const char *const names[] = { "tcp", "rtu", NULL };

	return names[i];
}

// clang-format off
static const struct schema_field top_fields[TOP_FIELDS] = {
	[TOP_PROFILE] = { .key = "profile", .type = SCHEMA_ID, .required = true,
	    .help = "the name of this file without .yaml" },
	[TOP_NAME] = { .key = "name", .type = SCHEMA_NAME, .required = true,
	    .help = "what people call the device" },
	[TOP_SOURCE] = { .key = "source", .type = SCHEMA_TEXT, .required = true,
	    .help = "the document, its number and revision" },
	[TOP_FIRMWARE] = { .key = "firmware", .type = SCHEMA_TEXT, .required = true,
	    .help = "which firmware the facts hold for" },
	[TOP_MATURITY] = { .key = "maturity", .type = SCHEMA_CHOICE, .required = true,
	    .choice = maturity_choice, .help = "inferred, documented or field-proven" },
	[TOP_PROVENANCE] = { .key = "provenance", .type = SCHEMA_TEXT, .required = true,
	    .help = "where the facts come from and what is open" },
	[TOP_TRANSPORTS] = { .key = "transports", .type = SCHEMA_LIST, .required = true,
	    .max = 2, .help = "[tcp], [rtu] or both" },
	[TOP_LIMITS] = { .key = "limits", .type = SCHEMA_MAP },
	[TOP_IDENTITY] = { .key = "identity", .type = SCHEMA_LIST, .max = IDENTITY_MAX },
	[TOP_DECODERS] = { .key = "decoders", .type = SCHEMA_LIST, .required = true,
	    .max = DECODERS_MAX, .help = "what raw values mean" },
	[TOP_ITEMS] = { .key = "items", .type = SCHEMA_LIST, .required = true,
	    .max = ITEMS_MAX, .help = "which registers there are" },
	[TOP_DIALOGS] = { .key = "dialogs", .type = SCHEMA_MAP },
};

static const struct schema_field limits_fields[LIM_FIELDS] = {
	[LIM_REGISTERS] = { .key = "max_registers", .type = SCHEMA_INTEGER, .min = 1,
	    .max = READ_REGISTERS_MAX, .fallback = READ_REGISTERS_MAX },
	[LIM_BITS] = { .key = "max_bits", .type = SCHEMA_INTEGER, .min = 1,
	    .max = READ_BITS_MAX, .fallback = READ_BITS_MAX },
	[LIM_GAP] = { .key = "min_gap", .type = SCHEMA_DURATION, .max = 10LL * SECOND_MS },
	[LIM_WINDOW] = { .key = "window", .type = SCHEMA_INTEGER, .min = 1,
	    .max = WINDOW_MAX, .fallback = 1 },
	[LIM_TIMEOUT] = { .key = "timeout", .type = SCHEMA_DURATION, .min = 10,
	    .max = 60LL * SECOND_MS, .fallback = SECOND_MS },
};

static const struct schema_field identity_fields[ID_FIELDS] = {
	[ID_AREA] = { .key = "area", .type = SCHEMA_CHOICE, .required = true,
	    .choice = area_choice, .help = "holding or input" },
	[ID_ADDRESS] = { .key = "address", .type = SCHEMA_INTEGER, .required = true,
	    .max = UINT16_MAX, .help = "the PDU address" },
	[ID_MASK] = { .key = "mask", .type = SCHEMA_INTEGER, .min = 1, .max = UINT16_MAX,
	    .fallback = UINT16_MAX },
	[ID_VALUE] = { .key = "value", .type = SCHEMA_INTEGER, .required = true,
	    .max = UINT16_MAX, .help = "what the right device answers" },
};

static const struct schema_field item_fields[ITEM_FIELDS] = {
	[ITEM_NAME] = { .key = "name", .type = SCHEMA_ID, .required = true,
	    .help = "the name that points refer to" },
	[ITEM_AREA] = { .key = "area", .type = SCHEMA_CHOICE, .required = true,
	    .choice = area_choice, .help = "coil, discrete, holding or input" },
	[ITEM_BASE] = { .key = "base", .type = SCHEMA_INTEGER, .required = true,
	    .max = UINT16_MAX, .help = "the PDU address of the first one, from 0" },
	[ITEM_PRINTED] = { .key = "printed", .type = SCHEMA_TEXT, .required = true,
	    .help = "the number that the manual prints for it" },
	[ITEM_LOOP] = { .key = "loop", .type = SCHEMA_MAP },
	[ITEM_DEVICE] = { .key = "device", .type = SCHEMA_MAP },
	[ITEM_DECODER] = { .key = "decoder", .type = SCHEMA_TEXT, .required = true,
	    .help = "the name of one of the decoders" },
};

static const struct schema_field run_fields[RUN_FIELDS] = {
	[RUN_FROM] = { .key = "from", .type = SCHEMA_INTEGER, .required = true,
	    .max = UINT16_MAX, .help = "the first number" },
	[RUN_TO] = { .key = "to", .type = SCHEMA_INTEGER, .required = true,
	    .min = 1, .max = UINT16_MAX, .help = "the last number" },
	[RUN_STRIDE] = { .key = "stride", .type = SCHEMA_INTEGER, .required = true,
	    .min = 1, .max = UINT16_MAX, .help = "registers from one to the next" },
};

static const struct schema_field transport_field = {
	.key = "transports", .type = SCHEMA_CHOICE, .choice = transport_choice,
};
// clang-format on

static void
read_transports(struct load *l, const struct yaml_node *list, struct profile *p)
{
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct schema_value v = { 0 };
		if (schema_scalar(l, c, &transport_field, &v))
			p->transports |= v.number == 0 ? TRANSPORT_TCP : TRANSPORT_RTU;
	}
	if (list->n == 0)
		problem(l, list->pos, "transports is empty");
}

static void
read_limits(struct load *l, const struct yaml_node *node, struct profile *p)
{
	struct schema_value v[LIM_FIELDS];
	struct yaml_node none = { .kind = YAML_MAP };

	(void)schema_read(
	    l, node != NULL ? node : &none, "limits", limits_fields, LIM_FIELDS, v);
	p->max_registers = (uint16_t)v[LIM_REGISTERS].number;
	p->max_bits = (uint16_t)v[LIM_BITS].number;
	p->min_gap_ms = (uint32_t)v[LIM_GAP].number;
	p->window = (uint8_t)v[LIM_WINDOW].number;
	p->timeout_ms = (uint32_t)v[LIM_TIMEOUT].number;
}

static bool
is_bit_area(enum area a)
{
	return a == AREA_COIL || a == AREA_DISCRETE;
}

static void
read_identity(struct load *l, const struct yaml_node *list, struct profile *p)
{
	struct profile_identity *all = arena_alloc(l->arena, list->n, sizeof(*all));

	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct schema_value v[ID_FIELDS];
		if (!schema_read(l, c, "an identity", identity_fields, ID_FIELDS, v))
			continue;
		struct profile_identity *id = &all[p->n_identity++];
		*id = (struct profile_identity){ .area = (enum area)v[ID_AREA].number,
			.address = (uint16_t)v[ID_ADDRESS].number,
			.mask = (uint16_t)v[ID_MASK].number,
			.value = (uint16_t)v[ID_VALUE].number };
		if (is_bit_area(id->area))
			problem(
			    l, v[ID_AREA].pos, "identity: must be holding or input");
		if ((id->value & ~id->mask) != 0)
			problem(l, v[ID_VALUE].pos,
			    "identity: the value has bits outside the mask");
	}
	p->identity = all;
}

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
read_decoder_name(struct load *l, const struct schema_value *v, const struct profile *p,
    struct profile_item *item)
{
	struct suggestion s = suggest_begin(v->text);

	for (uint16_t i = 0; i < p->n_decoders; i++) {
		if (strcmp(p->decoders[i].name, v->text) == 0) {
			item->decoder = i;
			if (is_bit_area(item->area) !=
			    (p->decoders[i].form == DECODE_BIT))
				problem(l, v->pos,
				    "decoder: form bit is for coil and discrete, the "
				    "others for "
				    "holding and input");
			return;
		}
		suggest_offer(&s, p->decoders[i].name);
	}
	problem(l, v->pos, "decoder: there is no %s%s", load_show(l, v->text),
	    suggest_text(l, &s));
}

// A value must fit into one read, and so must what its decoder asks of the device.
static void
check_one_read(struct load *l, struct pos at, const struct profile *p,
    const struct profile_item *item)
{
	const struct decoder *d = &p->decoders[item->decoder];
	uint16_t low = UINT16_MAX, high = 0;
	uint16_t asked[4];
	size_t n = 0;

	if (d->unit_from_device) {
		asked[n++] = d->unit_address;
		asked[n++] = d->decimals_address;
	}
	if (d->range_from_device) {
		asked[n++] = d->zero_address;
		asked[n++] = d->full_address;
	}
	for (size_t i = 0; i < n; i++) {
		low = asked[i] < low ? asked[i] : low;
		high = asked[i] > high ? asked[i] : high;
	}
	if (n > 0 && high - low >= p->max_registers)
		problem(l, at,
		    "item %s: unit, decimals and range lie more than %u registers "
		    "apart",
		    item->name, p->max_registers);
	if (!is_bit_area(item->area) && decoder_width(d) > p->max_registers)
		problem(l, at, "item %s: a value takes 2 registers, max_registers is 1",
		    item->name);
}

static void
check_last_address(struct load *l, struct pos at, const struct profile *p,
    const struct profile_item *item)
{
	unsigned width = decoder_width(&p->decoders[item->decoder]);
	uint64_t last = item->base + width - 1u;

	last += (uint64_t)(item->loop_max - item->loop_min) * item->loop_stride;
	last += (uint64_t)(item->device_max - item->device_min) * item->device_stride;
	if (last > UINT16_MAX)
		problem(l, at, "item %s ends at address %llu, beyond 65535", item->name,
		    (unsigned long long)last);
}

static void
read_item(struct load *l, const struct yaml_node *node, const struct profile *p,
    struct profile_item *item)
{
	struct schema_value v[ITEM_FIELDS];

	bool good = schema_read(l, node, "an item", item_fields, ITEM_FIELDS, v);
	item->name = v[ITEM_NAME].ok ? arena_text(l->arena, v[ITEM_NAME].text) : "";
	item->printed =
	    v[ITEM_PRINTED].ok ? arena_text(l->arena, v[ITEM_PRINTED].text) : "";
	item->area = (enum area)v[ITEM_AREA].number;
	item->base = (uint16_t)v[ITEM_BASE].number;
	read_run(
	    l, &v[ITEM_LOOP], &item->loop_min, &item->loop_max, &item->loop_stride);
	read_run(l, &v[ITEM_DEVICE], &item->device_min, &item->device_max,
	    &item->device_stride);
	if (!good || p->n_decoders == 0)
		return;
	read_decoder_name(l, &v[ITEM_DECODER], p, item);
	check_last_address(l, node->pos, p, item);
	check_one_read(l, node->pos, p, item);
}

static void
read_items(struct load *l, const struct yaml_node *list, struct profile *p)
{
	struct profile_item *items = arena_alloc(l->arena, list->n, sizeof(*items));

	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct profile_item *item = &items[p->n_items];
		read_item(l, c, p, item);
		for (uint16_t i = 0; i < p->n_items; i++)
			if (item->name[0] != '\0' &&
			    strcmp(items[i].name, item->name) == 0)
				problem(
				    l, c->pos, "item %s is given twice", item->name);
		p->n_items++;
	}
	p->items = items;
}

static void
read_top(
    struct load *l, const struct yaml_node *root, const char *id, struct profile *p)
{
	struct schema_value v[TOP_FIELDS];

	(void)schema_read(l, root, "the profile", top_fields, TOP_FIELDS, v);
	if (v[TOP_PROFILE].ok && strcmp(v[TOP_PROFILE].text, id) != 0)
		schema_refuse(l, v[TOP_PROFILE].pos, "profile", v[TOP_PROFILE].text,
		    "must be the name of the file");
	p->id = arena_text(l->arena, id);
	p->name_zh = v[TOP_NAME].ok ? arena_text(l->arena, v[TOP_NAME].zh) : "";
	p->name_en = v[TOP_NAME].ok ? arena_text(l->arena, v[TOP_NAME].en) : "";
	p->source = v[TOP_SOURCE].ok ? arena_text(l->arena, v[TOP_SOURCE].text) : "";
	p->firmware =
	    v[TOP_FIRMWARE].ok ? arena_text(l->arena, v[TOP_FIRMWARE].text) : "";
	p->provenance =
	    v[TOP_PROVENANCE].ok ? arena_text(l->arena, v[TOP_PROVENANCE].text) : "";
	p->maturity = (enum maturity)v[TOP_MATURITY].number;
	if (v[TOP_TRANSPORTS].ok)
		read_transports(l, v[TOP_TRANSPORTS].node, p);
	read_limits(l, v[TOP_LIMITS].ok ? v[TOP_LIMITS].node : NULL, p);
	if (v[TOP_IDENTITY].ok)
		read_identity(l, v[TOP_IDENTITY].node, p);
	if (v[TOP_DECODERS].ok)
		p->decoders = decoders_read(l, v[TOP_DECODERS].node, &p->n_decoders);
	if (v[TOP_ITEMS].ok)
		read_items(l, v[TOP_ITEMS].node, p);
	if (v[TOP_DIALOGS].ok)
		p->dialogs = dialogs_read(l, v[TOP_DIALOGS].node, p);
}

// Names the profile nearest to one that is not there.
static void
refuse_missing(struct load *l, struct pos at, const char *id)
{
	struct suggestion s = suggest_begin(id);
	DIR *folder = opendir(l->panels);
	const struct dirent *e;

	if (folder == NULL) {
		problem(l, at, "profile: cannot read the folder of profiles %s: %s",
		    l->panels, strerror(errno));
		return;
	}
	while ((e = readdir(folder)) != NULL) {
		size_t len = strlen(e->d_name);
		if (len > 5 && strcmp(e->d_name + len - 5, ".yaml") == 0)
			suggest_offer(&s, arena_bytes(l->temp, e->d_name, len - 5));
	}
	if (folder != NULL)
		(void)closedir(folder);
	problem(
	    l, at, "profile: there is no %s%s", load_show(l, id), suggest_text(l, &s));
}

static bool
exists(const struct load *l, const char *id)
{
	char path[4096];
	FILE *f;

	if (l->copy != NULL)
		return true; // its map knows
	(void)snprintf(path, sizeof(path), "%s/%s.yaml", l->panels, id);
	f = fopen(path, "re");
	if (f != NULL)
		(void)fclose(f);
	return f != NULL;
}

static const struct profile *
load_profile(struct load *l, struct pos at, const char *id)
{
	size_t before = l->problems->n + l->problems->more;
	struct profile *p = arena_alloc(l->arena, 1, sizeof(*p));

	if (!exists(l, id)) {
		refuse_missing(l, at, id);
		return NULL;
	}
	int file = source_read_profile(l, at, id);
	const struct yaml_node *root = file < 0 ? NULL : yaml_parse(l, (uint16_t)file);
	if (root == NULL)
		return NULL;
	read_top(l, root, id, p);
	return l->problems->n + l->problems->more == before ? p : NULL;
}

const struct profile *
profile_get(struct load *l, struct pos at, const char *id)
{
	uint32_t found = index_find(&l->profile_ids, id);

	if (found != UINT32_MAX)
		return l->profiles[found];
	if (l->n_profiles == PROFILES_MAX) {
		problem(l, at, "more than %d profiles", PROFILES_MAX);
		return NULL;
	}
	if (l->profiles == NULL)
		l->profiles =
		    arena_alloc(l->temp, PROFILES_MAX, sizeof(const struct profile *));
	(void)index_add(
	    &l->profile_ids, arena_text(l->temp, id), (uint32_t)l->n_profiles);
	l->profiles[l->n_profiles] = load_profile(l, at, id);
	return l->profiles[l->n_profiles++];
}
