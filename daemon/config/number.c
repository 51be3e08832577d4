// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Decoders of numbers, from YAML: forms analog and counter. Runs in the thread of the
// load. Refuses a number without a unit, a unit of another quantity, limits the wrong
// way round, and a raw value that is no number but has no meaning either.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config/decoder.h"
#include "config/schema.h"
#include "config/units.h"

enum {
	SENTINELS_MAX = 16,
	WRAP_MIN = 2,
	NUMBER_MAX = UINT16_MAX
};
#define RAW_MAX  0xFFFFFFFFLL
#define WRAP_MAX (1LL << 48)

enum {
	NUMBER_TYPE = DECODER_COMMON,
	NUMBER_ORDER,
	NUMBER_SENTINELS,
	NUMBER_NOTE,
	NUMBER_COMMON,
	ANALOG_SCALE = NUMBER_COMMON,
	ANALOG_OFFSET,
	ANALOG_QUANTITY,
	ANALOG_UNIT,
	ANALOG_PLAUSIBLE,
	ANALOG_UNIT_FROM,
	ANALOG_DECIMALS_FROM,
	ANALOG_RANGE_FROM,
	ANALOG_FIELDS,
	COUNTER_WRAP = NUMBER_COMMON,
	COUNTER_FIELDS,
};

enum {
	SENTINEL_VALUE,
	SENTINEL_MEANS,
	SENTINEL_NOTE,
	SENTINEL_FIELDS
};
enum {
	FROM_UNIT,
	FROM_UNITS,
	FROM_FIELDS
};
enum {
	RANGE_ZERO,
	RANGE_FULL,
	RANGE_FIELDS
};
enum {
	PLAUSIBLE_FROM,
	PLAUSIBLE_TO,
	PLAUSIBLE_FIELDS
};

static const char *
type_choice(size_t i)
{
	static const char *const names[] = {
		[NUMBER_INT16] = "int16",
		[NUMBER_UINT16] = "uint16",
		[NUMBER_INT32] = "int32",
		[NUMBER_UINT32] = "uint32",
		[NUMBER_FLOAT32] = "float32",
		[NUMBER_UINT48] = "uint48",
		NULL,
	};

	return names[i];
}

static const char *
order_choice(size_t i)
{
	static const char *const names[] = {
		[ORDER_ABCD] = "abcd",
		[ORDER_CDAB] = "cdab",
		[ORDER_BADC] = "badc",
		[ORDER_DCBA] = "dcba",
		NULL,
	};

	return names[i];
}

// clang-format off
static const struct schema_field sentinel_fields[SENTINEL_FIELDS] = {
	[SENTINEL_VALUE] = { .key = "value", .type = SCHEMA_INTEGER, .required = true,
	    .max = RAW_MAX, .help = "the raw value, as its bits on the wire" },
	[SENTINEL_MEANS] = { .key = "means", .type = SCHEMA_ANY, .required = true,
	    .either = condition_forms, .help = "why there is no number, for example fault/not-available" },
	[SENTINEL_NOTE] = { .key = "note", .type = SCHEMA_TEXT, .help = "for people" },
};
static const struct schema_map sentinel_map = { sentinel_fields, SENTINEL_FIELDS };
static const struct schema_field sentinel_item = {
	.key = "a sentinel", .type = SCHEMA_MAP, .map = &sentinel_map,
};

static const struct schema_field unit_item = {
	.key = "unit", .type = SCHEMA_TEXT, .shape = SHAPE_UNIT,
};

static const struct schema_field from_fields[FROM_FIELDS] = {
	[FROM_UNIT] = { .key = "address", .type = SCHEMA_INTEGER, .required = true,
	    .max = NUMBER_MAX, .help = "the PDU address of the unit's number" },
	[FROM_UNITS] = { .key = "units", .type = SCHEMA_MAP, .required = true,
	    .each = &unit_item, .help = "the unit of each number, for example {0: MPa, 1: kPa}" },
};
static const struct schema_map from_map = { from_fields, FROM_FIELDS };

static const struct schema_field range_fields[RANGE_FIELDS] = {
	[RANGE_ZERO] = { .key = "zero", .type = SCHEMA_INTEGER, .required = true,
	    .max = NUMBER_MAX, .help = "the PDU address of the lower end" },
	[RANGE_FULL] = { .key = "full", .type = SCHEMA_INTEGER, .required = true,
	    .max = NUMBER_MAX, .help = "the PDU address of the upper end" },
};
static const struct schema_map range_map = { range_fields, RANGE_FIELDS };

static const struct schema_field plausible_fields[PLAUSIBLE_FIELDS] = {
	[PLAUSIBLE_FROM] = { .key = "from", .type = SCHEMA_TEXT, .shape = SHAPE_QUANTITY, .required = true,
	    .help = "the least a healthy sensor gives, for example 3.6mA" },
	[PLAUSIBLE_TO] = { .key = "to", .type = SCHEMA_TEXT, .shape = SHAPE_QUANTITY, .required = true,
	    .help = "the most a healthy sensor gives, for example 21mA" },
};
static const struct schema_map plausible_map = { plausible_fields, PLAUSIBLE_FIELDS };

#define NUMBER_COMMON_FIELDS                                                           \
	DECODER_COMMON_FIELDS,                                                         \
	[NUMBER_TYPE] = { .key = "type", .type = SCHEMA_CHOICE, .required = true,      \
	    .choice = type_choice,                                                     \
	    .help = "int16, uint16, int32, uint32, float32 or uint48" },               \
	[NUMBER_ORDER] = { .key = "order", .type = SCHEMA_CHOICE, .choice = order_choice, \
	    .help = "of the bytes on the wire, a the most significant" },              \
	[NUMBER_SENTINELS] = { .key = "sentinels", .type = SCHEMA_LIST,                \
	    .max = SENTINELS_MAX, .each = &sentinel_item,                              \
	    .help = "raw values that are no number" },                                 \
	[NUMBER_NOTE] = { .key = "note", .type = SCHEMA_TEXT, .help = "for people" }

static const struct schema_field analog_fields[ANALOG_FIELDS] = {
	NUMBER_COMMON_FIELDS,
	[ANALOG_SCALE] = { .key = "scale", .type = SCHEMA_DECIMAL,
	    .help = "value = raw * scale + offset; Q8.8 is 0.00390625" },
	[ANALOG_OFFSET] = { .key = "offset", .type = SCHEMA_DECIMAL,
	    .help = "value = raw * scale + offset" },
	[ANALOG_QUANTITY] = { .key = "quantity", .type = SCHEMA_CHOICE, .required = true,
	    .choice = units_quantity_name, .help = "what is measured, for example pressure" },
	[ANALOG_UNIT] = { .key = "unit", .type = SCHEMA_TEXT, .shape = SHAPE_UNIT,
	    .help = "the unit of the value, for example kPa" },
	[ANALOG_PLAUSIBLE] = { .key = "plausible", .type = SCHEMA_MAP, .map = &plausible_map,
	    .help = "a value outside is a sensor fault" },
	[ANALOG_UNIT_FROM] = { .key = "unit_from_device", .type = SCHEMA_MAP, .map = &from_map,
	    .help = "the device itself holds the unit" },
	[ANALOG_DECIMALS_FROM] = { .key = "decimals_from_device", .type = SCHEMA_INTEGER,
	    .max = NUMBER_MAX, .help = "the PDU address of the number of decimals" },
	[ANALOG_RANGE_FROM] = { .key = "range_from_device", .type = SCHEMA_MAP,
	    .map = &range_map, .help = "the device itself holds its range; outside is a sensor fault" },
};
const struct schema_map analog_map = { analog_fields, ANALOG_FIELDS };

static const struct schema_field counter_fields[COUNTER_FIELDS] = {
	NUMBER_COMMON_FIELDS,
	[COUNTER_WRAP] = { .key = "wrap", .type = SCHEMA_INTEGER, .min = WRAP_MIN,
	    .max = WRAP_MAX, .help = "the number that is 0 again; without it the type's own" },
};
const struct schema_map counter_map = { counter_fields, COUNTER_FIELDS };
// clang-format on

static void
read_sentinels(struct load *l, const struct yaml_node *list, struct decoder *d)
{
	struct decode_sentinel *all = arena_alloc(l->arena, list->n, sizeof(*all));

	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct schema_value v[SENTINEL_FIELDS];
		struct decode_sentinel *s = &all[d->n_sentinels];
		if (!schema_read(
			l, c, "a sentinel", sentinel_fields, SENTINEL_FIELDS, v))
			continue;
		s->raw = (uint32_t)v[SENTINEL_VALUE].number;
		outcome_read(l, v[SENTINEL_MEANS].node, false, &s->means);
		if (decoder_width(d) == 1 && s->raw > NUMBER_MAX)
			problem(l, v[SENTINEL_VALUE].pos,
			    "value: a register holds at most 0xFFFF");
		d->n_sentinels++;
	}
	d->sentinels = all;
}

static void
read_number(struct load *l, const struct schema_value *v, struct decoder *d)
{
	d->number = (enum number_type)v[NUMBER_TYPE].number;
	d->order = (enum word_order)v[NUMBER_ORDER].number;
	d->scale = d->unit_factor = 1;
	if (v[NUMBER_SENTINELS].ok)
		read_sentinels(l, v[NUMBER_SENTINELS].node, d);
}

static void
read_units(struct load *l, const struct yaml_node *map, struct decoder *d)
{
	char why[WHY_MAX];
	int64_t number;

	for (const struct yaml_node *c = map->first; c != NULL; c = c->next) {
		if (units_integer(c->key, 0, UNITS_MAX - 1, &number, why) != 0) {
			schema_refuse(l, c->key_pos, "units", c->key, why);
			continue;
		}
		if (c->kind != YAML_SCALAR ||
		    !units_factor(c->text, d->quantity, &d->unit_factors[number]))
			schema_refuse(l, c->pos, "units",
			    c->kind == YAML_SCALAR ? c->text : "",
			    "not a unit of the quantity");
	}
	if (map->first == NULL)
		problem(l, map->pos, "units is empty");
}

static void
read_unit(struct load *l, const struct yaml_node *node,
    const struct schema_value v[static ANALOG_FIELDS], struct decoder *d)
{
	const struct schema_value *unit = &v[ANALOG_UNIT], *from = &v[ANALOG_UNIT_FROM];
	struct schema_value f[FROM_FIELDS];

	if (from->ok && schema_read(l, from->node, "unit_from_device", from_fields,
			    FROM_FIELDS, f)) {
		d->unit_from_device = true;
		d->unit_address = (uint16_t)f[FROM_UNIT].number;
		read_units(l, f[FROM_UNITS].node, d);
	}
	if (d->quantity == QUANTITY_NUMBER && unit->node == NULL && from->node == NULL)
		return;
	if ((unit->node != NULL) == (from->node != NULL))
		problem(l, node->pos, "decoder %s: either unit or unit_from_device",
		    d->name);
	else if (unit->ok && !units_factor(unit->text, d->quantity, &d->unit_factor))
		schema_refuse(
		    l, unit->pos, "unit", unit->text, "not a unit of the quantity");
}

static bool
read_bound(struct load *l, const struct schema_value *v, const char *key,
    enum quantity q, double *out)
{
	char why[WHY_MAX];

	if (!v->ok)
		return false;
	if (units_quantity(v->text, q, out, why) == 0)
		return true;
	schema_refuse(l, v->pos, key, v->text, why);
	return false;
}

static void
read_plausible(struct load *l, const struct yaml_node *node, struct decoder *d)
{
	struct schema_value v[PLAUSIBLE_FIELDS];

	(void)schema_read(l, node, "plausible", plausible_fields, PLAUSIBLE_FIELDS, v);
	bool from =
	    read_bound(l, &v[PLAUSIBLE_FROM], "from", d->quantity, &d->plausible_min);
	bool to = read_bound(l, &v[PLAUSIBLE_TO], "to", d->quantity, &d->plausible_max);
	d->has_plausible = from && to;
	if (d->has_plausible && d->plausible_min >= d->plausible_max)
		problem(l, v[PLAUSIBLE_TO].pos, "plausible: to must be above from");
}

static void
read_range(struct load *l, const struct yaml_node *node, struct decoder *d)
{
	struct schema_value v[RANGE_FIELDS];

	if (!schema_read(l, node, "range_from_device", range_fields, RANGE_FIELDS, v))
		return;
	d->range_from_device = true;
	d->zero_address = (uint16_t)v[RANGE_ZERO].number;
	d->full_address = (uint16_t)v[RANGE_FULL].number;
}

void
decoder_read_analog(struct load *l, const struct yaml_node *node, struct decoder *d)
{
	struct schema_value v[ANALOG_FIELDS];

	(void)schema_read(l, node, "a decoder", analog_fields, ANALOG_FIELDS, v);
	d->quantity = (enum quantity)(v[ANALOG_QUANTITY].number + 1);
	read_number(l, v, d);
	if (v[ANALOG_SCALE].ok)
		d->scale = v[ANALOG_SCALE].decimal;
	if (fpclassify(d->scale) == FP_ZERO)
		problem(l, v[ANALOG_SCALE].pos,
		    "scale: must not be 0: every value would be the same");
	d->offset = v[ANALOG_OFFSET].decimal;
	read_unit(l, node, v, d);
	d->decimals_from_device = v[ANALOG_DECIMALS_FROM].ok;
	d->decimals_address = (uint16_t)v[ANALOG_DECIMALS_FROM].number;
	if (v[ANALOG_PLAUSIBLE].ok)
		read_plausible(l, v[ANALOG_PLAUSIBLE].node, d);
	if (v[ANALOG_RANGE_FROM].ok)
		read_range(l, v[ANALOG_RANGE_FROM].node, d);
}

void
decoder_read_counter(struct load *l, const struct yaml_node *node, struct decoder *d)
{
	struct schema_value v[COUNTER_FIELDS];

	(void)schema_read(l, node, "a decoder", counter_fields, COUNTER_FIELDS, v);
	d->quantity = QUANTITY_NUMBER;
	read_number(l, v, d);
	if (v[NUMBER_TYPE].ok && d->number != NUMBER_UINT16 &&
	    d->number != NUMBER_UINT32 && d->number != NUMBER_UINT48)
		schema_refuse(l, v[NUMBER_TYPE].pos, "type", v[NUMBER_TYPE].text,
		    "a counter is uint16, uint32 or uint48");
	uint64_t own = (uint64_t)1 << (16U * decoder_width(d));
	d->wrap = v[COUNTER_WRAP].ok ? (uint64_t)v[COUNTER_WRAP].number : own;
	if (d->wrap > own)
		problem(l, v[COUNTER_WRAP].pos, "wrap: the type holds less");
}
