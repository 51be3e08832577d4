// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Decoders from YAML. Runs in the thread of the load. Refuses a word of which a bit is
// not accounted for: every bit is named, reserved or part of the field, so that no bit
// of a fire panel is silently "normal"; and a field without a meaning for values that
// are not in its table (DESIGN I6).
#include "config/decoder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/schema.h"
#include "config/units.h"

enum {
	WORD_BITS = 16,
	VALUES_MAX = 4096,
	NUMBER_MAX = UINT16_MAX
};

enum {
	DEC_NAME,
	DEC_FORM,
	DEC_COMMON,
	WORD_ABSENT = DEC_COMMON,
	WORD_BIT_LIST,
	WORD_RESERVED,
	WORD_FIELD,
	WORD_FIELDS,
	ANALOG_TYPE = DEC_COMMON,
	ANALOG_ORDER,
	ANALOG_SCALE,
	ANALOG_OFFSET,
	ANALOG_QUANTITY,
	ANALOG_UNIT,
	ANALOG_ZERO_IS_NONE,
	ANALOG_UNIT_FROM,
	ANALOG_RANGE_FROM,
	ANALOG_FIELDS,
};

enum {
	BIT_BIT,
	BIT_MEANS,
	BIT_WHEN,
	BIT_NOTE,
	BIT_FIELDS
};
enum {
	FIELD_MASK,
	FIELD_VALID,
	FIELD_VALUES,
	FIELD_UNKNOWN,
	FIELD_FIELDS
};
enum {
	VALID_MASK,
	VALID_VALUE,
	VALID_FIELDS
};
enum {
	VALUE_VALUE,
	VALUE_MEANS,
	VALUE_NOTE,
	VALUE_FIELDS
};
enum {
	FROM_UNIT,
	FROM_DECIMALS,
	FROM_UNITS,
	FROM_FIELDS
};
enum {
	RANGE_ZERO,
	RANGE_FULL,
	RANGE_FIELDS
};

static const char *
form_name(size_t i)
{
	static const char *const names[] = {
		[DECODE_BIT] = "bit",
		[DECODE_WORD] = "word",
		[DECODE_ANALOG] = "analog",
		NULL,
	};

	return names[i];
}

static const char *
type_name(size_t i)
{
	static const char *const names[] = {
		[NUMBER_INT16] = "int16",
		[NUMBER_UINT16] = "uint16",
		[NUMBER_INT32] = "int32",
		[NUMBER_UINT32] = "uint32",
		[NUMBER_FLOAT32] = "float32",
		NULL,
	};

	return names[i];
}

static const char *
order_name(size_t i)
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
#define COMMON_FIELDS                                                                  \
	[DEC_NAME] = { .key = "name", .type = SCHEMA_ID, .required = true,             \
	    .help = "the name that items refer to" },                                  \
	[DEC_FORM] = { .key = "form", .type = SCHEMA_CHOICE, .required = true,         \
	    .choice = form_name, .help = "bit, word or analog" }

static const struct schema_field bit_form_fields[DEC_COMMON] = { COMMON_FIELDS };

static const struct schema_field word_form_fields[WORD_FIELDS] = {
	COMMON_FIELDS,
	[WORD_ABSENT] = { .key = "absent", .type = SCHEMA_LIST, .max = DECODE_ABSENT_MAX },
	[WORD_BIT_LIST] = { .key = "bits", .type = SCHEMA_LIST, .max = DECODE_BITS_MAX },
	[WORD_RESERVED] = { .key = "reserved", .type = SCHEMA_LIST, .max = WORD_BITS },
	[WORD_FIELD] = { .key = "field", .type = SCHEMA_MAP },
};

static const struct schema_field analog_form_fields[ANALOG_FIELDS] = {
	COMMON_FIELDS,
	[ANALOG_TYPE] = { .key = "type", .type = SCHEMA_CHOICE, .required = true,
	    .choice = type_name, .help = "int16, uint16, int32, uint32 or float32" },
	[ANALOG_ORDER] = { .key = "order", .type = SCHEMA_CHOICE, .choice = order_name },
	[ANALOG_SCALE] = { .key = "scale", .type = SCHEMA_DECIMAL },
	[ANALOG_OFFSET] = { .key = "offset", .type = SCHEMA_DECIMAL },
	[ANALOG_QUANTITY] = { .key = "quantity", .type = SCHEMA_CHOICE, .required = true,
	    .choice = units_quantity_name, .help = "what is measured, for example pressure" },
	[ANALOG_UNIT] = { .key = "unit", .type = SCHEMA_TEXT },
	[ANALOG_ZERO_IS_NONE] = { .key = "zero_is_none", .type = SCHEMA_BOOL },
	[ANALOG_UNIT_FROM] = { .key = "unit_from_device", .type = SCHEMA_MAP },
	[ANALOG_RANGE_FROM] = { .key = "range_from_device", .type = SCHEMA_MAP },
};

static const struct schema_field bit_fields[BIT_FIELDS] = {
	[BIT_BIT] = { .key = "bit", .type = SCHEMA_INTEGER, .required = true,
	    .max = WORD_BITS - 1, .help = "0 is the least significant" },
	[BIT_MEANS] = { .key = "means", .type = SCHEMA_ANY, .required = true,
	    .help = "a condition, or none" },
	[BIT_WHEN] = { .key = "when", .type = SCHEMA_INTEGER, .max = 1, .fallback = 1 },
	[BIT_NOTE] = { .key = "note", .type = SCHEMA_TEXT },
};

static const struct schema_field field_fields[FIELD_FIELDS] = {
	[FIELD_MASK] = { .key = "mask", .type = SCHEMA_INTEGER, .required = true,
	    .min = 1, .max = NUMBER_MAX, .help = "the bits of the field, for example 0x00FF" },
	[FIELD_VALID] = { .key = "valid", .type = SCHEMA_MAP },
	[FIELD_VALUES] = { .key = "values", .type = SCHEMA_LIST, .required = true,
	    .max = VALUES_MAX, .help = "a list of {value, means}" },
	[FIELD_UNKNOWN] = { .key = "unknown", .type = SCHEMA_ANY, .required = true,
	    .help = "what a value that is not in the table means" },
};

static const struct schema_field valid_fields[VALID_FIELDS] = {
	[VALID_MASK] = { .key = "mask", .type = SCHEMA_INTEGER, .required = true,
	    .min = 1, .max = NUMBER_MAX, .help = "the bits that say whether the field counts" },
	[VALID_VALUE] = { .key = "value", .type = SCHEMA_INTEGER, .required = true,
	    .max = NUMBER_MAX, .help = "what they are when it counts" },
};

static const struct schema_field value_fields[VALUE_FIELDS] = {
	[VALUE_VALUE] = { .key = "value", .type = SCHEMA_INTEGER, .required = true,
	    .max = NUMBER_MAX, .help = "the value of the field" },
	[VALUE_MEANS] = { .key = "means", .type = SCHEMA_ANY, .required = true,
	    .help = "a condition, a list of two, or none" },
	[VALUE_NOTE] = { .key = "note", .type = SCHEMA_TEXT },
};

static const struct schema_field from_fields[FROM_FIELDS] = {
	[FROM_UNIT] = { .key = "unit", .type = SCHEMA_INTEGER, .required = true,
	    .max = NUMBER_MAX, .help = "the PDU address of the unit's number" },
	[FROM_DECIMALS] = { .key = "decimals", .type = SCHEMA_INTEGER, .required = true,
	    .max = NUMBER_MAX, .help = "the PDU address of the number of decimals" },
	[FROM_UNITS] = { .key = "units", .type = SCHEMA_LIST, .required = true,
	    .max = UNITS_MAX, .help = "the units, from number 0 on" },
};

static const struct schema_field range_fields[RANGE_FIELDS] = {
	[RANGE_ZERO] = { .key = "zero", .type = SCHEMA_INTEGER, .required = true,
	    .max = NUMBER_MAX, .help = "the PDU address of the lower end" },
	[RANGE_FULL] = { .key = "full", .type = SCHEMA_INTEGER, .required = true,
	    .max = NUMBER_MAX, .help = "the PDU address of the upper end" },
};
// clang-format on

unsigned
decoder_width(const struct decoder *d)
{
	if (d->form != DECODE_ANALOG)
		return 1;
	switch (d->number) {
	case NUMBER_INT16:
	case NUMBER_UINT16:
		return 1;
	case NUMBER_INT32:
	case NUMBER_UINT32:
	case NUMBER_FLOAT32:
		return 2;
	}
	return 1;
}

static bool
unknown_condition(struct load *l, const struct yaml_node *node, const char *name)
{
	struct suggestion s = suggest_begin(name);

	for (int i = 0; i < COND_LINK; i++)
		suggest_offer(&s, condition_name((enum condition)i));
	problem(l, node->pos, "means: unknown condition %s%s", load_show(l, name),
	    suggest_text(l, &s));
	return false;
}

// "fire" or "fire/co": a condition and its code.
static bool
read_condition(struct load *l, const struct yaml_node *node, struct condition_code *out)
{
	char why[WHY_MAX];

	if (node->kind != YAML_SCALAR) {
		problem(l, node->pos, "means: must be a condition, found %s",
		    yaml_kind_name(node->kind));
		return false;
	}
	size_t len = strcspn(node->text, "/");
	const char *name = arena_bytes(l->temp, node->text, len);
	const char *code = node->text[len] == '/' ? node->text + len + 1 : "";
	if (!condition_from_name(name, &out->condition) || out->condition == COND_LINK)
		return unknown_condition(l, node, name);
	if (node->text[len] == '/' && units_id(code, why) != 0) {
		schema_refuse(l, node->pos, "means", code, why);
		return false;
	}
	out->code = load_code(l, node->pos, code);
	return true;
}

// A condition, a list of two, or "none".
static void
read_outcome(struct load *l, const struct yaml_node *node, bool may_be_none,
    struct decode_outcome *out)
{
	if (node->kind == YAML_LIST) {
		if (node->n < 1 || node->n > 2) {
			problem(l, node->pos, "means: one or two conditions, found %zu",
			    node->n);
			return;
		}
		for (const struct yaml_node *c = node->first; c != NULL; c = c->next)
			if (read_condition(l, c, &out->is[out->n]))
				out->n++;
		return;
	}
	if (node->kind == YAML_SCALAR && strcmp(node->text, "none") == 0) {
		if (!may_be_none)
			problem(l, node->pos,
			    "unknown: a value nobody knows is not normal");
		return;
	}
	if (read_condition(l, node, &out->is[0]))
		out->n = 1;
}

static void
claim(struct load *l, struct pos at, uint16_t mask, uint16_t *claimed)
{
	if ((*claimed & mask) != 0)
		problem(
		    l, at, "bits 0x%04X are given twice", (unsigned)(*claimed & mask));
	*claimed |= mask;
}

static void
read_bits(
    struct load *l, const struct yaml_node *list, struct decoder *d, uint16_t *claimed)
{
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct schema_value v[BIT_FIELDS];
		struct decode_bit *bit = &d->bits[d->n_bits++];
		(void)schema_read(l, c, "a bit", bit_fields, BIT_FIELDS, v);
		bit->when = v[BIT_WHEN].number == 1;
		if (v[BIT_MEANS].ok)
			read_outcome(l, v[BIT_MEANS].node, true, &bit->means);
		if (!v[BIT_BIT].ok)
			continue;
		bit->mask = (uint16_t)(1u << v[BIT_BIT].number);
		claim(l, v[BIT_BIT].pos, bit->mask, claimed);
	}
}

static bool
read_integer(struct load *l, const struct yaml_node *node, const char *key, int64_t max,
    int64_t *out)
{
	const struct schema_field f = {
		.key = key, .type = SCHEMA_INTEGER, .max = max
	};
	struct schema_value v = { 0 };
	bool good = schema_scalar(l, node, &f, &v);

	*out = v.number;
	return good;
}

static void
read_reserved(
    struct load *l, const struct yaml_node *list, struct decoder *d, uint16_t *claimed)
{
	int64_t bit;

	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		if (!read_integer(l, c, "reserved", WORD_BITS - 1, &bit))
			continue;
		claim(l, c->pos, (uint16_t)(1u << bit), claimed);
		d->reserved_mask |= (uint16_t)(1u << bit);
	}
}

static void
read_absent(struct load *l, const struct yaml_node *list, struct decoder *d)
{
	int64_t value;

	for (const struct yaml_node *c = list->first; c != NULL; c = c->next)
		if (read_integer(l, c, "absent", NUMBER_MAX, &value))
			d->absent[d->n_absent++] = (uint16_t)value;
}

static int
compare_values(const void *a, const void *b)
{
	const struct decode_value *x = a, *y = b;

	return (int)x->value - (int)y->value;
}

static void
read_values(struct load *l, const struct yaml_node *list, struct decoder *d)
{
	struct decode_value *values = arena_alloc(l->arena, list->n, sizeof(*values));
	uint16_t most = (uint16_t)(d->field_mask >> d->field_shift);

	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct schema_value v[VALUE_FIELDS];
		struct decode_value *value = &values[d->n_values];
		(void)schema_read(l, c, "a value", value_fields, VALUE_FIELDS, v);
		if (v[VALUE_MEANS].ok)
			read_outcome(l, v[VALUE_MEANS].node, true, &value->means);
		if (!v[VALUE_VALUE].ok)
			continue;
		value->value = (uint16_t)v[VALUE_VALUE].number;
		if (value->value > most)
			problem(l, v[VALUE_VALUE].pos,
			    "value: the field holds at most 0x%02X", (unsigned)most);
		for (uint16_t i = 0; i < d->n_values; i++)
			if (values[i].value == value->value)
				problem(l, v[VALUE_VALUE].pos,
				    "value 0x%02X is given twice",
				    (unsigned)value->value);
		d->n_values++;
	}
	qsort(values, d->n_values, sizeof(*values), compare_values);
	d->values = values;
}

static void
read_valid(struct load *l, const struct yaml_node *node, struct decoder *d)
{
	struct schema_value v[VALID_FIELDS];

	if (!schema_read(l, node, "valid", valid_fields, VALID_FIELDS, v))
		return;
	d->valid_mask = (uint16_t)v[VALID_MASK].number;
	d->valid_value = (uint16_t)v[VALID_VALUE].number;
	if ((d->valid_value & ~d->valid_mask) != 0)
		problem(l, v[VALID_VALUE].pos,
		    "valid: the value has bits outside the mask");
}

static void
read_enum_field(
    struct load *l, const struct yaml_node *node, struct decoder *d, uint16_t *claimed)
{
	struct schema_value v[FIELD_FIELDS];

	(void)schema_read(l, node, "field", field_fields, FIELD_FIELDS, v);
	if (!v[FIELD_MASK].ok)
		return;
	d->field_mask = (uint16_t)v[FIELD_MASK].number;
	d->field_shift = (uint8_t)__builtin_ctz(d->field_mask);
	uint32_t run = (uint32_t)d->field_mask >> d->field_shift;
	if ((run & (run + 1)) != 0)
		problem(l, v[FIELD_MASK].pos, "mask: the bits must be neighbours");
	claim(l, v[FIELD_MASK].pos, d->field_mask, claimed);
	if (v[FIELD_VALID].ok)
		read_valid(l, v[FIELD_VALID].node, d);
	if (v[FIELD_VALUES].ok)
		read_values(l, v[FIELD_VALUES].node, d);
	if (v[FIELD_UNKNOWN].ok)
		read_outcome(l, v[FIELD_UNKNOWN].node, false, &d->unknown);
}

static void
read_word(struct load *l, const struct yaml_node *node, struct decoder *d)
{
	struct schema_value v[WORD_FIELDS];
	uint16_t claimed = 0;

	(void)schema_read(l, node, "a decoder", word_form_fields, WORD_FIELDS, v);
	if (v[WORD_ABSENT].ok)
		read_absent(l, v[WORD_ABSENT].node, d);
	if (v[WORD_BIT_LIST].ok)
		read_bits(l, v[WORD_BIT_LIST].node, d, &claimed);
	if (v[WORD_RESERVED].ok)
		read_reserved(l, v[WORD_RESERVED].node, d, &claimed);
	if (v[WORD_FIELD].ok)
		read_enum_field(l, v[WORD_FIELD].node, d, &claimed);
	if (claimed != UINT16_MAX)
		problem(l, node->pos,
		    "decoder %s: bits 0x%04X are neither named, reserved nor in the "
		    "field",
		    d->name, (unsigned)(uint16_t)~claimed);
}

static void
read_unit_from_device(struct load *l, const struct yaml_node *node, struct decoder *d)
{
	struct schema_value v[FROM_FIELDS];

	if (!schema_read(l, node, "unit_from_device", from_fields, FROM_FIELDS, v))
		return;
	d->unit_from_device = true;
	d->unit_address = (uint16_t)v[FROM_UNIT].number;
	d->decimals_address = (uint16_t)v[FROM_DECIMALS].number;
	for (const struct yaml_node *c = v[FROM_UNITS].node->first; c; c = c->next) {
		double *factor = &d->unit_factors[d->n_units++];
		if (c->kind != YAML_SCALAR ||
		    !units_factor(c->text, d->quantity, factor))
			schema_refuse(l, c->pos, "units",
			    c->kind == YAML_SCALAR ? c->text : "",
			    "not a unit of the quantity");
	}
	if (d->n_units == 0)
		problem(l, v[FROM_UNITS].pos, "units is empty");
}

static void
read_unit(struct load *l, const struct yaml_node *node,
    const struct schema_value v[static ANALOG_FIELDS], struct decoder *d)
{
	const struct schema_value *unit = &v[ANALOG_UNIT];

	d->unit_factor = 1;
	if (v[ANALOG_UNIT_FROM].ok)
		read_unit_from_device(l, v[ANALOG_UNIT_FROM].node, d);
	if ((unit->node != NULL) == (v[ANALOG_UNIT_FROM].node != NULL))
		problem(l, node->pos, "decoder %s: either unit or unit_from_device",
		    d->name);
	else if (unit->ok && !units_factor(unit->text, d->quantity, &d->unit_factor))
		schema_refuse(
		    l, unit->pos, "unit", unit->text, "not a unit of the quantity");
}

static void
read_analog(struct load *l, const struct yaml_node *node, struct decoder *d)
{
	struct schema_value v[ANALOG_FIELDS], range[RANGE_FIELDS];

	(void)schema_read(l, node, "a decoder", analog_form_fields, ANALOG_FIELDS, v);
	d->number = (enum number_type)v[ANALOG_TYPE].number;
	d->order = (enum word_order)v[ANALOG_ORDER].number;
	d->scale = v[ANALOG_SCALE].ok ? v[ANALOG_SCALE].decimal : 1;
	if (fpclassify(d->scale) == FP_ZERO)
		problem(l, v[ANALOG_SCALE].pos,
		    "scale: must not be 0: every value would be the same");
	d->offset = v[ANALOG_OFFSET].decimal;
	d->quantity = (enum quantity)(v[ANALOG_QUANTITY].number + 1);
	d->zero_is_none = v[ANALOG_ZERO_IS_NONE].number == 1;
	read_unit(l, node, v, d);
	if (!v[ANALOG_RANGE_FROM].ok ||
	    !schema_read(l, v[ANALOG_RANGE_FROM].node, "range_from_device",
		range_fields, RANGE_FIELDS, range))
		return;
	d->range_from_device = true;
	d->zero_address = (uint16_t)range[RANGE_ZERO].number;
	d->full_address = (uint16_t)range[RANGE_FULL].number;
}

// The form decides which keys there are, so it is looked up before the map is read.
static enum decoder_form
form_of(const struct yaml_node *node, bool *known)
{
	*known = false;
	for (const struct yaml_node *c = node->first; c != NULL; c = c->next)
		for (size_t i = 0; form_name(i) != NULL; i++)
			if (c->key != NULL && strcmp(c->key, "form") == 0 &&
			    c->kind == YAML_SCALAR &&
			    strcmp(c->text, form_name(i)) == 0) {
				*known = true;
				return (enum decoder_form)i;
			}
	return DECODE_BIT;
}

static void
read_decoder(struct load *l, const struct yaml_node *node, struct decoder *d)
{
	struct schema_value v[DEC_COMMON];
	bool known;

	d->name = "";
	d->form = form_of(node, &known);
	for (const struct yaml_node *c = node->first; c != NULL; c = c->next)
		if (c->key != NULL && strcmp(c->key, "name") == 0 &&
		    c->kind == YAML_SCALAR)
			d->name = arena_text(l->arena, c->text);
	switch (d->form) {
	case DECODE_BIT:
		(void)schema_read(l, node,
		    known ? "a decoder of form bit" : "a decoder", bit_form_fields,
		    DEC_COMMON, v);
		break;
	case DECODE_WORD:
		read_word(l, node, d);
		break;
	case DECODE_ANALOG:
		read_analog(l, node, d);
		break;
	}
}

struct decoder *
decoders_read(struct load *l, const struct yaml_node *list, uint16_t *n)
{
	struct decoder *decoders = arena_alloc(l->arena, list->n, sizeof(*decoders));

	*n = 0;
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		read_decoder(l, c, &decoders[*n]);
		for (uint16_t i = 0; i < *n; i++)
			if (decoders[*n].name[0] != '\0' &&
			    strcmp(decoders[i].name, decoders[*n].name) == 0)
				problem(l, c->pos, "decoder %s is given twice",
				    load_show(l, decoders[*n].name));
		++*n;
	}
	return decoders;
}
