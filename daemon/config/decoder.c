// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Decoders from YAML: contacts, flags and enumerations; number.c has the numbers. Runs
// in the thread of the load. Refuses a word of which a bit is not accounted for: every
// bit is named, reserved or part of a field, so that no bit of a fire panel is silently
// "normal" (DESIGN I6).
#include "config/decoder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config/schema.h"
#include "config/units.h"

enum {
	WORD_BITS = 16,
	FIELDS_MAX = 8,
	VALUES_MAX = 4096,
	NUMBER_MAX = UINT16_MAX
};

enum {
	ONE_MEANS = DECODER_COMMON,
	ONE_WHEN,
	ONE_NOTE,
	ONE_FIELDS,
	WORD_WIDTH = DECODER_COMMON,
	WORD_REPEAT,
	WORD_ABSENT,
	WORD_BIT_LIST,
	WORD_RESERVED,
	WORD_FIELD_LIST,
	WORD_IF_EMPTY,
	WORD_FIELDS,
};

enum {
	BIT_BIT,
	BIT_MEANS,
	BIT_WHEN,
	BIT_EFFECT,
	BIT_NOTE,
	BIT_FIELDS
};
enum {
	FIELD_MASK,
	FIELD_VALID,
	FIELD_VALUES,
	FIELD_TABLE,
	FIELD_UNKNOWN,
	FIELD_NOTE,
	FIELD_FIELDS
};
enum {
	VALID_MASK,
	VALID_VALUE,
	VALID_FIELDS
};

const char *
decoder_form_choice(size_t i)
{
	static const char *const names[] = {
		[DECODE_BIT] = "bit",
		[DECODE_WORD] = "word",
		[DECODE_ANALOG] = "analog",
		[DECODE_COUNTER] = "counter",
		NULL,
	};

	return names[i];
}

// clang-format off
static const struct schema_field one_form_fields[ONE_FIELDS] = {
	DECODER_COMMON_FIELDS,
	[ONE_MEANS] = { .key = "means", .type = SCHEMA_ANY, .either = means_forms,
	    .help = "a condition; without it the kind of the point says" },
	[ONE_WHEN] = { .key = "when", .type = SCHEMA_INTEGER, .max = 1, .fallback = 1,
	    .help = "the value that means it" },
	[ONE_NOTE] = { .key = "note", .type = SCHEMA_TEXT, .help = "for people" },
};

static const struct schema_field absent_item = {
	.key = "absent", .type = SCHEMA_INTEGER, .max = NUMBER_MAX,
};

static const struct schema_field reserved_item = {
	.key = "reserved", .type = SCHEMA_INTEGER, .max = WORD_BITS - 1,
};

static const struct schema_field bit_fields[BIT_FIELDS] = {
	[BIT_BIT] = { .key = "bit", .type = SCHEMA_INTEGER, .required = true,
	    .max = WORD_BITS - 1, .help = "0 is the least significant" },
	[BIT_MEANS] = { .key = "means", .type = SCHEMA_ANY, .required = true,
	    .either = means_forms, .help = "a condition, a list of two, or none" },
	[BIT_WHEN] = { .key = "when", .type = SCHEMA_INTEGER, .max = 1, .fallback = 1,
	    .help = "the bit's value that means it: 0 where 1 is healthy" },
	[BIT_EFFECT] = { .key = "effect", .type = SCHEMA_CHOICE, .choice = effect_choice,
	    .help = "test: alarms of the point are tests; no-value: the point has none" },
	[BIT_NOTE] = { .key = "note", .type = SCHEMA_TEXT,
	    .help = "what the manual calls it" },
};
static const struct schema_map bit_map = { bit_fields, BIT_FIELDS };
static const struct schema_field bit_item = {
	.key = "a bit", .type = SCHEMA_MAP, .map = &bit_map,
};

static const struct schema_field valid_fields[VALID_FIELDS] = {
	[VALID_MASK] = { .key = "mask", .type = SCHEMA_INTEGER, .required = true,
	    .min = 1, .max = NUMBER_MAX, .help = "the bits that say whether the field counts" },
	[VALID_VALUE] = { .key = "value", .type = SCHEMA_INTEGER, .required = true,
	    .max = NUMBER_MAX, .help = "what they are when it counts" },
};
static const struct schema_map valid_map = { valid_fields, VALID_FIELDS };

static const struct schema_field field_fields[FIELD_FIELDS] = {
	[FIELD_MASK] = { .key = "mask", .type = SCHEMA_INTEGER, .required = true,
	    .min = 1, .max = NUMBER_MAX, .help = "the bits of the field, for example 0x00FF" },
	[FIELD_VALID] = { .key = "valid", .type = SCHEMA_MAP, .map = &valid_map,
	    .help = "what the word must be for the field to count" },
	[FIELD_VALUES] = { .key = "values", .type = SCHEMA_LIST, .max = VALUES_MAX,
	    .each = &value_item, .help = "a list of {value, means}" },
	[FIELD_TABLE] = { .key = "table", .type = SCHEMA_TEXT,
	    .help = "the name of one of the tables, in place of values" },
	[FIELD_UNKNOWN] = { .key = "unknown", .type = SCHEMA_ANY, .either = condition_forms,
	    .help = "what a value that is not in the table means; with table, where it differs" },
	[FIELD_NOTE] = { .key = "note", .type = SCHEMA_TEXT, .help = "for people" },
};
static const struct schema_map field_map = { field_fields, FIELD_FIELDS };
static const struct schema_field field_item = {
	.key = "a field", .type = SCHEMA_MAP, .map = &field_map,
};

static const struct schema_field word_form_fields[WORD_FIELDS] = {
	DECODER_COMMON_FIELDS,
	[WORD_WIDTH] = { .key = "width", .type = SCHEMA_INTEGER, .min = 1, .max = WORD_BITS,
	    .fallback = WORD_BITS, .help = "bits, where several points share a register" },
	[WORD_REPEAT] = { .key = "repeat", .type = SCHEMA_INTEGER, .min = 1,
	    .max = DECODE_REPEAT_MAX, .fallback = 1,
	    .help = "so many registers of the same kind, for example a list of codes" },
	[WORD_ABSENT] = { .key = "absent", .type = SCHEMA_LIST, .max = DECODE_ABSENT_MAX,
	    .each = &absent_item, .help = "whole values that mean: not present" },
	[WORD_BIT_LIST] = { .key = "bits", .type = SCHEMA_LIST, .max = DECODE_BITS_MAX,
	    .each = &bit_item, .help = "flags" },
	[WORD_RESERVED] = { .key = "reserved", .type = SCHEMA_LIST, .max = WORD_BITS,
	    .each = &reserved_item, .help = "bits without a meaning; noted when set" },
	[WORD_FIELD_LIST] = { .key = "fields", .type = SCHEMA_LIST, .max = FIELDS_MAX,
	    .each = &field_item, .help = "enumerations" },
	[WORD_IF_EMPTY] = { .key = "if_empty", .type = SCHEMA_ANY, .either = condition_forms,
	    .help = "what a word means in which nothing says anything; without it: normal" },
};

static const struct schema_map one_map = { one_form_fields, ONE_FIELDS };
static const struct schema_map word_map = { word_form_fields, WORD_FIELDS };

static const struct schema_field decoder_forms[] = {
	{ .key = "bit", .type = SCHEMA_MAP, .map = &one_map },
	{ .key = "word", .type = SCHEMA_MAP, .map = &word_map },
	{ .key = "analog", .type = SCHEMA_MAP, .map = &analog_map },
	{ .key = "counter", .type = SCHEMA_MAP, .map = &counter_map },
	{ .key = NULL },
};
const struct schema_field decoders_item = {
	.key = "a decoder", .type = SCHEMA_ANY, .either = decoder_forms,
};
// clang-format on

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
			outcome_read(l, v[BIT_MEANS].node, true, &bit->means);
		if (v[BIT_EFFECT].ok)
			bit->means.effect = (uint8_t)(v[BIT_EFFECT].number + 1);
		if (!v[BIT_BIT].ok)
			continue;
		bit->mask = (uint16_t)(1u << v[BIT_BIT].number);
		claim(l, v[BIT_BIT].pos, bit->mask, claimed);
	}
}

bool
decoder_integer(struct load *l, const struct yaml_node *node, const char *key,
    int64_t max, int64_t *out)
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
		if (!decoder_integer(l, c, "reserved", WORD_BITS - 1, &bit))
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
		if (decoder_integer(l, c, "absent", NUMBER_MAX, &value))
			d->absent[d->n_absent++] = (uint16_t)value;
}

static void
read_valid(struct load *l, const struct yaml_node *node, struct decode_field *f)
{
	struct schema_value v[VALID_FIELDS];

	if (!schema_read(l, node, "valid", valid_fields, VALID_FIELDS, v))
		return;
	f->valid_mask = (uint16_t)v[VALID_MASK].number;
	f->valid_value = (uint16_t)v[VALID_VALUE].number;
	if ((f->valid_value & ~f->valid_mask) != 0)
		problem(l, v[VALID_VALUE].pos,
		    "valid: the value has bits outside the mask");
}

static void
use_table(struct load *l, const struct schema_value *name,
    const struct value_tables *tables, uint16_t most, struct decode_field *f)
{
	const struct value_table *t = tables_find(l, tables, name);

	if (t == NULL)
		return;
	f->values = t->values;
	f->n_values = t->n;
	f->unknown = t->unknown;
	if (t->n > 0 && t->values[t->n - 1].value > most)
		problem(l, name->pos,
		    "table %s has value 0x%02X, the field holds at most 0x%02X",
		    t->name, (unsigned)t->values[t->n - 1].value, (unsigned)most);
}

// In place of the table's, where there is one.
static void
read_unknown(struct load *l, const struct yaml_node *node, struct decode_field *f)
{
	f->unknown = (struct decode_outcome){ 0 };
	outcome_read(l, node, false, &f->unknown);
}

static void
read_field(struct load *l, const struct yaml_node *node,
    const struct value_tables *tables, struct decode_field *f, uint16_t *claimed)
{
	struct schema_value v[FIELD_FIELDS];

	(void)schema_read(l, node, "a field", field_fields, FIELD_FIELDS, v);
	if (!v[FIELD_MASK].ok)
		return;
	f->mask = (uint16_t)v[FIELD_MASK].number;
	f->shift = (uint8_t)__builtin_ctz(f->mask);
	uint16_t most = (uint16_t)(f->mask >> f->shift);
	if ((most & (most + 1u)) != 0)
		problem(l, v[FIELD_MASK].pos, "mask: the bits must be neighbours");
	claim(l, v[FIELD_MASK].pos, f->mask, claimed);
	if (v[FIELD_VALID].ok)
		read_valid(l, v[FIELD_VALID].node, f);
	bool own = v[FIELD_VALUES].node != NULL && v[FIELD_UNKNOWN].node != NULL;
	if (v[FIELD_TABLE].node != NULL ? v[FIELD_VALUES].node != NULL : !own) {
		problem(
		    l, node->pos, "a field has either values and unknown, or table");
		return;
	}
	if (v[FIELD_TABLE].ok)
		use_table(l, &v[FIELD_TABLE], tables, most, f);
	if (v[FIELD_VALUES].ok)
		f->values = values_read(l, v[FIELD_VALUES].node, most, &f->n_values);
	if (v[FIELD_UNKNOWN].ok)
		read_unknown(l, v[FIELD_UNKNOWN].node, f);
}

static void
read_fields(struct load *l, const struct yaml_node *list,
    const struct value_tables *tables, struct decoder *d, uint16_t *claimed)
{
	struct decode_field *fields = arena_alloc(l->arena, list->n, sizeof(*fields));

	for (const struct yaml_node *c = list->first; c != NULL; c = c->next)
		read_field(l, c, tables, &fields[d->n_fields++], claimed);
	d->fields = fields;
}

static void
read_word(struct load *l, const struct yaml_node *node,
    const struct value_tables *tables, struct decoder *d, uint8_t *width)
{
	struct schema_value v[WORD_FIELDS];
	uint16_t claimed = 0;

	(void)schema_read(l, node, "a decoder", word_form_fields, WORD_FIELDS, v);
	*width = (uint8_t)v[WORD_WIDTH].number;
	d->repeat = (uint8_t)v[WORD_REPEAT].number;
	if (v[WORD_ABSENT].ok)
		read_absent(l, v[WORD_ABSENT].node, d);
	if (v[WORD_BIT_LIST].ok)
		read_bits(l, v[WORD_BIT_LIST].node, d, &claimed);
	if (v[WORD_RESERVED].ok)
		read_reserved(l, v[WORD_RESERVED].node, d, &claimed);
	if (v[WORD_FIELD_LIST].ok)
		read_fields(l, v[WORD_FIELD_LIST].node, tables, d, &claimed);
	if (v[WORD_IF_EMPTY].ok)
		outcome_read(l, v[WORD_IF_EMPTY].node, false, &d->if_empty);
	uint16_t all = (uint16_t)(UINT16_MAX >> (WORD_BITS - *width));
	if ((all & ~claimed) != 0)
		problem(l, node->pos,
		    "decoder %s: bits 0x%04X are neither named, reserved nor in a "
		    "field",
		    d->name, (unsigned)(uint16_t)(all & ~claimed));
	if ((claimed & ~all) != 0)
		problem(l, node->pos, "decoder %s: bits 0x%04X lie outside its width",
		    d->name, (unsigned)(uint16_t)(claimed & ~all));
}

static void
read_one(struct load *l, const struct yaml_node *node, bool known, struct decoder *d)
{
	struct schema_value v[ONE_FIELDS];

	(void)schema_read(l, node, known ? "a decoder of form bit" : "a decoder",
	    one_form_fields, ONE_FIELDS, v);
	d->bits[0] = (struct decode_bit){ .mask = 1, .when = v[ONE_WHEN].number == 1 };
	if (v[ONE_MEANS].node == NULL && v[ONE_WHEN].node != NULL)
		problem(l, v[ONE_WHEN].key_pos,
		    "when: says nothing without means; a point has active: low");
	if (!v[ONE_MEANS].ok)
		return;
	d->n_bits = 1;
	outcome_read(l, v[ONE_MEANS].node, true, &d->bits[0].means);
}

// The form decides which keys there are, so it is looked up before the map is read.
static enum decoder_form
form_of(const struct yaml_node *node, bool *known)
{
	*known = false;
	for (const struct yaml_node *c = node->first; c != NULL; c = c->next)
		for (size_t i = 0; decoder_form_choice(i) != NULL; i++)
			if (c->key != NULL && strcmp(c->key, "form") == 0 &&
			    c->kind == YAML_SCALAR &&
			    strcmp(c->text, decoder_form_choice(i)) == 0) {
				*known = true;
				return (enum decoder_form)i;
			}
	return DECODE_BIT;
}

static void
read_decoder(struct load *l, const struct yaml_node *node,
    const struct value_tables *tables, struct decoder *d, uint8_t *width)
{
	bool known;

	d->name = "";
	d->form = form_of(node, &known);
	*width = 1;
	for (const struct yaml_node *c = node->first; c != NULL; c = c->next)
		if (c->key != NULL && strcmp(c->key, "name") == 0 &&
		    c->kind == YAML_SCALAR)
			d->name = arena_text(l->arena, c->text);
	switch (d->form) {
	case DECODE_BIT:
		read_one(l, node, known, d);
		break;
	case DECODE_WORD:
		read_word(l, node, tables, d, width);
		break;
	case DECODE_ANALOG:
		decoder_read_analog(l, node, d);
		break;
	case DECODE_COUNTER:
		decoder_read_counter(l, node, d);
		break;
	case DECODER_FORM_COUNT:
		break;
	}
}

struct decoders
decoders_read(
    struct load *l, const struct yaml_node *list, const struct value_tables *tables)
{
	struct decoders out = {
		.all = arena_alloc(l->arena, list->n, sizeof(*out.all)),
		.width = arena_alloc(l->temp, list->n, 1),
	};

	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct decoder *d = &out.all[out.n];
		read_decoder(l, c, tables, d, &out.width[out.n]);
		for (uint16_t i = 0; i < out.n; i++)
			if (d->name[0] != '\0' && strcmp(out.all[i].name, d->name) == 0)
				problem(l, c->pos, "decoder %s is given twice",
				    load_show(l, d->name));
		out.n++;
	}
	return out;
}

bool
decoders_find(struct load *l, const struct decoders *decoders,
    const struct schema_value *v, uint16_t *index)
{
	struct suggestion s = suggest_begin(v->text);

	for (uint16_t i = 0; i < decoders->n; i++) {
		if (strcmp(decoders->all[i].name, v->text) == 0) {
			*index = i;
			return true;
		}
		suggest_offer(&s, decoders->all[i].name);
	}
	problem(l, v->pos, "decoder: there is no %s%s", load_show(l, v->text),
	    suggest_text(l, &s));
	return false;
}
