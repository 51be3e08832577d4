// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See json_schema.h. What a table does not say (a map without its keys, a list without
// its items) is open in the schema, too; tests/unit/check_json_schema.py refuses that.
#include "config/json_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/schema.h"
#include "config/sections.h"
#include "config/units.h"
#include "core/condition.h"
#include "lib/mem.h"

enum {
	PATTERN_MAX = 1024
};

static void print_type(struct buf *b, const struct schema_field *f);

static void
print_field(struct buf *b, const char *key, const struct schema_field *f)
{
	json_open(b, key, '{');
	if (f->help != NULL)
		json_str(b, "description", f->help);
	print_type(b, f);
	json_close(b, '}');
}

// ---- texts --------------------------------------------------------------------------

struct pattern {
	char text[PATTERN_MAX];
	size_t used;
};

static void
add(struct pattern *p, const char *text)
{
	p->used +=
	    (size_t)snprintf(p->text + p->used, sizeof(p->text) - p->used, "%s", text);
	wr_assert(p->used < sizeof(p->text));
}

// "a|b|c" of the names; no character of theirs is special but the full stop's like.
static void
add_each(struct pattern *p, const char *(*name)(size_t i), size_t n)
{
	add(p, "(");
	for (size_t i = 0; i < n && name(i) != NULL; i++) {
		add(p, i > 0 ? "|" : "");
		add(p, name(i));
	}
	add(p, ")");
}

static void
print_pattern(struct buf *b, const struct pattern *p)
{
	json_str(b, "type", "string");
	json_str(b, "pattern", p->text);
}

// Words that an editor offers, or a condition with a code.
static void
print_meaning(struct buf *b, const char *const *words)
{
	struct pattern p = { 0 };

	json_open(b, "anyOf", '[');
	json_open(b, NULL, '{');
	json_open(b, "enum", '[');
	for (size_t i = 0; schema_condition(i) != NULL; i++)
		json_str(b, NULL, schema_condition(i));
	for (; *words != NULL; words++)
		json_str(b, NULL, *words);
	json_close(b, ']');
	json_close(b, '}');
	add(&p, "^");
	add_each(&p, schema_condition, COND_LINK);
	add(&p, "/[a-z0-9][a-z0-9._-]*$");
	json_open(b, NULL, '{');
	print_pattern(b, &p);
	json_close(b, '}');
	json_close(b, ']');
}

static void
print_units(struct buf *b)
{
	json_open(b, "enum", '[');
	for (size_t i = 0; units_unit_name(i) != NULL; i++)
		if (units_unit_name(i)[0] != '\0')
			json_str(b, NULL, units_unit_name(i));
	json_close(b, ']');
}

// "0.60MPa"; a bare number is one too, where the quantity is a number.
static void
print_quantity(struct buf *b)
{
	struct pattern p = { 0 };

	add(&p, "^[-+]?[0-9]+([.][0-9]+)? *");
	add_each(&p, units_unit_name, SIZE_MAX);
	add(&p, "$");
	json_open(b, "anyOf", '[');
	json_open(b, NULL, '{');
	json_str(b, "type", "number");
	json_close(b, '}');
	json_open(b, NULL, '{');
	print_pattern(b, &p);
	json_close(b, '}');
	json_close(b, ']');
}

static void
print_shape(struct buf *b, enum schema_shape shape)
{
	static const char *const none[] = { "none", NULL };
	static const char *const empty[] = { "none", "empty", NULL };
	static const char *const all[] = { "all", NULL };

	switch (shape) {
	case SHAPE_ANY:
		// A scalar of YAML that is a number is a text here, too.
		json_raw(b, "type", "[\"string\",\"number\",\"boolean\"]");
		json_int(b, "minLength", 1);
		return;
	case SHAPE_QUANTITY:
		print_quantity(b);
		return;
	case SHAPE_UNIT:
		print_units(b);
		return;
	case SHAPE_TIME_OF_DAY:
		json_str(b, "type", "string");
		json_str(b, "pattern", "^([01][0-9]|2[0-3]):[0-5][0-9]$");
		return;
	case SHAPE_LINE:
		json_str(b, "type", "string");
		json_str(b, "pattern", "^[0-9]+ +8[NEO][12]$");
		return;
	case SHAPE_CONDITION:
		print_meaning(b, none + 1);
		return;
	case SHAPE_MEANING:
		print_meaning(b, none);
		return;
	case SHAPE_VALUE:
		print_meaning(b, empty);
		return;
	case SHAPE_ENDS:
		print_meaning(b, all);
		return;
	}
	wr_unreachable("schema_shape");
}

static void
print_choice(struct buf *b, const char *(*choice)(size_t i))
{
	json_open(b, "enum", '[');
	for (size_t i = 0; choice(i) != NULL; i++) {
		const char *name = choice(i);
		if (name[0] != '\0' && strspn(name, "0123456789") == strlen(name))
			json_int(b, NULL, strtoll(name, NULL, 10));
		json_str(b, NULL, name);
	}
	json_close(b, ']');
}

static void
print_duration(struct buf *b)
{
	struct pattern p = { 0 };

	add(&p, "^[0-9]+([.][0-9]+)? *");
	add_each(&p, units_time_name, SIZE_MAX);
	add(&p, "$");
	print_pattern(b, &p);
}

static void
print_id(struct buf *b)
{
	json_raw(b, "type", "[\"string\",\"integer\"]");
	json_str(b, "pattern", "^[a-z0-9][a-z0-9._-]*$");
	json_int(b, "maxLength", ID_LENGTH_MAX);
}

// ---- what has something inside ------------------------------------------------------

// `form`: the alternative of a list of forms that this is, or NULL. A choice of the map
// that has this name is it (a decoder's form).
static void
print_map(struct buf *b, const struct schema_map *map, const char *form)
{
	json_str(b, "type", "object");
	json_open(b, "properties", '{');
	for (size_t i = 0; i < map->n; i++) {
		const struct schema_field *f = &map->fields[i];
		const char *one = NULL;
		for (size_t k = 0;
		     form != NULL && f->type == SCHEMA_CHOICE && f->choice(k) != NULL;
		     k++)
			if (strcmp(f->choice(k), form) == 0)
				one = form;
		if (one == NULL) {
			print_field(b, f->key, f);
			continue;
		}
		json_open(b, f->key, '{');
		if (f->help != NULL)
			json_str(b, "description", f->help);
		json_str(b, "const", one);
		json_close(b, '}');
	}
	json_close(b, '}');
	json_open(b, "required", '[');
	for (size_t i = 0; i < map->n; i++)
		if (map->fields[i].required)
			json_str(b, NULL, map->fields[i].key);
	json_close(b, ']');
	json_bool(b, "additionalProperties", false);
}

static void
print_name(struct buf *b)
{
	static const struct schema_field languages[] = {
		{ .key = "zh", .type = SCHEMA_TEXT, .help = "the Chinese text" },
		{ .key = "en", .type = SCHEMA_TEXT, .help = "the English text" },
	};
	static const struct schema_map map = { languages, 2 };

	print_map(b, &map, NULL);
	json_int(b, "minProperties", 1);
}

static void
print_list(struct buf *b, const struct schema_field *f)
{
	json_str(b, "type", "array");
	if (f->each != NULL)
		print_field(b, "items", f->each);
	if (f->max > 0)
		json_int(b, "maxItems", f->max);
}

static void
print_either(struct buf *b, const struct schema_field *f)
{
	if (f->either == NULL)
		return;
	json_open(b, "anyOf", '[');
	for (const struct schema_field *e = f->either; e->key != NULL; e++) {
		json_open(b, NULL, '{');
		if (e->type == SCHEMA_MAP && e->map != NULL)
			print_map(b, e->map, e->key);
		else
			print_type(b, e);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void
print_inside(struct buf *b, const struct schema_field *f)
{
	if (f->map != NULL) {
		print_map(b, f->map, NULL);
		return;
	}
	json_str(b, "type", "object");
	if (f->each != NULL)
		print_field(b, "additionalProperties", f->each);
	if (f->choice == NULL)
		return;
	json_open(b, "propertyNames", '{');
	print_choice(b, f->choice);
	json_close(b, '}');
}

static void
print_type(struct buf *b, const struct schema_field *f)
{
	switch (f->type) {
	case SCHEMA_TEXT:
		if (f->choice != NULL)
			print_choice(b, f->choice);
		else
			print_shape(b, f->shape);
		return;
	case SCHEMA_ID:
		print_id(b);
		return;
	case SCHEMA_BOOL:
		json_str(b, "type", "boolean");
		return;
	case SCHEMA_INTEGER:
		json_str(b, "type", "integer");
		json_int(b, "minimum", f->min);
		json_int(b, "maximum", f->max);
		return;
	case SCHEMA_DECIMAL:
		json_str(b, "type", "number");
		return;
	case SCHEMA_DURATION:
		print_duration(b);
		return;
	case SCHEMA_CHOICE:
		print_choice(b, f->choice);
		return;
	case SCHEMA_NAME:
		print_name(b);
		return;
	case SCHEMA_MAP:
		print_inside(b, f);
		return;
	case SCHEMA_LIST:
		print_list(b, f);
		return;
	case SCHEMA_ANY:
		print_either(b, f);
		return;
	}
	wr_unreachable("schema_type");
}

bool
json_schema_print(struct buf *out, const char *of)
{
	bool profile = strcmp(of, "profile") == 0;

	if (!profile && strcmp(of, "site") != 0)
		return false;
	json_open(out, NULL, '{');
	json_str(out, "$schema", "http://json-schema.org/draft-07/schema#");
	json_str(out, "title", profile ? "Watchroom panel profile" : "Watchroom site");
	print_map(out, profile ? &profile_map : &site_file_map, NULL);
	json_close(out, '}');
	return true;
}
