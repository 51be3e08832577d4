// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The registers by which a device is known, from YAML. Runs in the thread of the load.
// Refuses an identity that nothing could fail, and a name that the site gives a text
// for and the profile does not have.
#include <stdio.h>
#include <string.h>

#include "config/profile_load.h"
#include "config/units.h"

enum {
	TEXT_REGISTERS_MAX = 60
};

enum {
	ID_NAME,
	ID_AREA,
	ID_ADDRESS,
	ID_PRINTED,
	ID_MASK,
	ID_VALUE,
	ID_FROM,
	ID_TO,
	ID_REGISTERS,
	ID_BYTES,
	ID_TEXT,
	ID_NOTE,
	ID_FIELDS
};

static const char *
bytes_choice(size_t i)
{
	static const char *const names[] = { "high-first", "low-first", NULL };

	return names[i];
}

// clang-format off
static const struct schema_field identity_fields[ID_FIELDS] = {
	[ID_NAME] = { .key = "name", .type = SCHEMA_ID,
	    .help = "what a site calls it that gives the text itself" },
	[ID_AREA] = { .key = "area", .type = SCHEMA_CHOICE, .required = true,
	    .choice = profile_area_choice, .help = "holding or input" },
	[ID_ADDRESS] = { .key = "address", .type = SCHEMA_INTEGER, .required = true,
	    .max = UINT16_MAX, .help = "the PDU address" },
	[ID_PRINTED] = { .key = "printed", .type = SCHEMA_TEXT,
	    .help = "the number that the manual prints for it" },
	[ID_MASK] = { .key = "mask", .type = SCHEMA_INTEGER, .min = 1, .max = UINT16_MAX,
	    .fallback = UINT16_MAX, .help = "the bits that are compared" },
	[ID_VALUE] = { .key = "value", .type = SCHEMA_INTEGER, .max = UINT16_MAX,
	    .help = "what the right device answers" },
	[ID_FROM] = { .key = "from", .type = SCHEMA_INTEGER, .max = UINT16_MAX,
	    .help = "the least that the right device answers" },
	[ID_TO] = { .key = "to", .type = SCHEMA_INTEGER, .max = UINT16_MAX,
	    .help = "the most that the right device answers" },
	[ID_REGISTERS] = { .key = "registers", .type = SCHEMA_INTEGER, .min = 1,
	    .max = TEXT_REGISTERS_MAX, .help = "of a text, two characters each" },
	[ID_BYTES] = { .key = "bytes", .type = SCHEMA_CHOICE, .choice = bytes_choice,
	    .help = "which character of a register comes first" },
	[ID_TEXT] = { .key = "text", .type = SCHEMA_TEXT,
	    .help = "what the text of the right device begins with" },
	[ID_NOTE] = { .key = "note", .type = SCHEMA_TEXT, .help = "for people" },
};
static const struct schema_map identity_keys = { identity_fields, ID_FIELDS };
const struct schema_field identity_item = {
	.key = "an identity", .type = SCHEMA_MAP, .map = &identity_keys,
};
// clang-format on

static void
read_number(struct load *l, const struct yaml_node *node,
    const struct schema_value v[static ID_FIELDS], struct profile_identity *id)
{
	bool range = v[ID_FROM].node != NULL && v[ID_TO].node != NULL;
	bool half = v[ID_FROM].node != NULL || v[ID_TO].node != NULL;

	if (v[ID_VALUE].node != NULL ? half : !range) {
		problem(l, node->pos,
		    "an identity has either value, or from and to, or registers");
		return;
	}
	id->min = (uint16_t)v[range ? ID_FROM : ID_VALUE].number;
	id->max = (uint16_t)v[range ? ID_TO : ID_VALUE].number;
	if (id->min > id->max)
		problem(l, v[ID_TO].pos, "identity: to must not be below from");
	if ((id->max & ~id->mask) != 0)
		problem(l, v[range ? ID_TO : ID_VALUE].pos,
		    "identity: the value has bits outside the mask");
}

// A text that the profile knows, or that the site gives. False where there is none:
// then there is nothing to compare.
static bool
read_text(struct profile_load *pl, const struct yaml_node *node,
    const struct schema_value v[static ID_FIELDS], struct profile_identity *id)
{
	const struct yaml_node *given = profile_child(pl->site->identity, id->name);
	struct schema_value text = { 0 };

	id->registers = (uint16_t)v[ID_REGISTERS].number;
	id->low_byte_first = v[ID_BYTES].number == 1;
	for (int i = ID_MASK; i <= ID_TO; i++)
		if (v[i].node != NULL)
			problem(pl->l, v[i].key_pos, "identity: a text has no %s",
			    identity_fields[i].key);
	if (v[ID_TEXT].node == NULL && id->name[0] == '\0')
		problem(pl->l, node->pos,
		    "identity: text is missing, or name, for a site to give it");
	if (id->name[0] != '\0' && given != NULL) {
		if (schema_scalar(pl->l, given, &identity_fields[ID_TEXT], &text))
			id->text = arena_text(pl->l->arena, text.text);
		return text.ok;
	}
	if (v[ID_TEXT].ok)
		id->text = arena_text(pl->l->arena, v[ID_TEXT].text);
	return v[ID_TEXT].ok;
}

static bool
read_one(
    struct profile_load *pl, const struct yaml_node *node, struct profile_identity *id)
{
	struct schema_value v[ID_FIELDS];
	struct load *l = pl->l;

	if (!schema_read(l, node, "an identity", identity_fields, ID_FIELDS, v))
		return false;
	*id = (struct profile_identity){
		.area = (enum area)v[ID_AREA].number,
		.address = profile_shift(pl, v[ID_ADDRESS].pos, v[ID_ADDRESS].number),
		.mask = (uint16_t)v[ID_MASK].number,
		.name = v[ID_NAME].ok ? arena_text(l->arena, v[ID_NAME].text) : "",
	};
	if (area_is_bits(id->area))
		problem(l, v[ID_AREA].pos, "identity: must be holding or input");
	if (v[ID_REGISTERS].node != NULL)
		return read_text(pl, node, v, id);
	for (int i = ID_BYTES; i <= ID_TEXT; i++)
		if (v[i].node != NULL)
			problem(l, v[i].key_pos, "identity: %s needs registers",
			    identity_fields[i].key);
	read_number(l, node, v, id);
	return true;
}

static void
refuse_strangers(struct profile_load *pl, const struct yaml_node *list)
{
	const struct yaml_node *c =
	    pl->site->identity != NULL ? pl->site->identity->first : NULL;

	for (; c != NULL; c = c->next) {
		struct suggestion s = suggest_begin(c->key);
		bool found = false;
		for (const struct yaml_node *i = list != NULL ? list->first : NULL;
		     i != NULL; i = i->next) {
			const struct yaml_node *name = profile_child(i, "name");
			if (name == NULL || name->kind != YAML_SCALAR)
				continue;
			found |= strcmp(name->text, c->key) == 0;
			suggest_offer(&s, name->text);
		}
		if (!found)
			problem(pl->l, c->key_pos, "identity: the profile has no %s%s",
			    load_show(pl->l, c->key), suggest_text(pl->l, &s));
	}
}

void
profile_read_identity(struct profile_load *pl, const struct yaml_node *list)
{
	struct profile_identity *all =
	    arena_alloc(pl->l->arena, list != NULL ? list->n : 0, sizeof(*all));

	for (const struct yaml_node *c = list != NULL ? list->first : NULL; c != NULL;
	     c = c->next)
		if (read_one(pl, c, &all[pl->p->n_identity]))
			pl->p->n_identity++;
	pl->p->identity = all;
	refuse_strangers(pl, list);
}
