// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What values mean, from YAML. Runs in the thread of the load. Refuses an unknown
// condition, a value given twice, a table without a meaning for values that it does not
// hold (DESIGN I6), and an edge that does not say what is over.
#include "config/outcome.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/profile_load.h"
#include "config/units.h"
#include "core/own_code.h"

enum {
	VALUES_MAX = 4096,
	NUMBER_MAX = UINT16_MAX
};

enum {
	VALUE_VALUE,
	VALUE_MEANS,
	VALUE_EFFECT,
	VALUE_EDGE_KEY,
	VALUE_ENDS,
	VALUE_NOTE,
	VALUE_FIELDS
};

enum {
	TABLE_NAME,
	TABLE_VALUES,
	TABLE_FROM_SITE,
	TABLE_UNKNOWN,
	TABLE_NOTE,
	TABLE_FIELDS
};

const char *
effect_choice(size_t i)
{
	static const char *const names[] = { "test", "no-value", NULL };

	return names[i];
}

// clang-format off
static const struct schema_field condition_item = {
	.key = "condition", .type = SCHEMA_TEXT, .shape = SHAPE_CONDITION,
	.help = "a condition, or a condition with a code: fire/co",
};

const struct schema_field means_forms[] = {
	{ .key = "text", .type = SCHEMA_TEXT, .shape = SHAPE_MEANING },
	{ .key = "list", .type = SCHEMA_LIST, .max = 2, .each = &condition_item },
	{ .key = NULL },
};

const struct schema_field condition_forms[] = {
	{ .key = "text", .type = SCHEMA_TEXT, .shape = SHAPE_CONDITION },
	{ .key = "list", .type = SCHEMA_LIST, .max = 2, .each = &condition_item },
	{ .key = NULL },
};

static const struct schema_field value_forms[] = {
	{ .key = "text", .type = SCHEMA_TEXT, .shape = SHAPE_VALUE },
	{ .key = "list", .type = SCHEMA_LIST, .max = 2, .each = &condition_item },
	{ .key = NULL },
};

static const struct schema_field ends_forms[] = {
	{ .key = "text", .type = SCHEMA_TEXT, .shape = SHAPE_ENDS },
	{ .key = "list", .type = SCHEMA_LIST, .max = COND_COUNT, .each = &condition_item },
	{ .key = NULL },
};

static const struct schema_field value_fields[VALUE_FIELDS] = {
	[VALUE_VALUE] = { .key = "value", .type = SCHEMA_INTEGER, .required = true,
	    .max = NUMBER_MAX, .help = "the value" },
	[VALUE_MEANS] = { .key = "means", .type = SCHEMA_ANY, .either = value_forms,
	    .help = "a condition, a list of two, none, or empty: it says nothing" },
	[VALUE_EFFECT] = { .key = "effect", .type = SCHEMA_CHOICE, .choice = effect_choice,
	    .help = "test: alarms of the point are tests; no-value: the point has none" },
	[VALUE_EDGE_KEY] = { .key = "edge", .type = SCHEMA_TEXT, .shape = SHAPE_CONDITION,
	    .help = "what happened, where the value is an event and no state" },
	[VALUE_ENDS] = { .key = "ends", .type = SCHEMA_ANY, .either = ends_forms,
	    .help = "conditions that are over with it, or all" },
	[VALUE_NOTE] = { .key = "note", .type = SCHEMA_TEXT,
	    .help = "what the manual calls it" },
};

static const struct schema_map value_map = { value_fields, VALUE_FIELDS };
const struct schema_field value_item = {
	.key = "a value", .type = SCHEMA_MAP, .map = &value_map,
};

static const struct schema_field table_fields[TABLE_FIELDS] = {
	[TABLE_NAME] = { .key = "name", .type = SCHEMA_ID, .required = true,
	    .help = "the name that fields refer to" },
	[TABLE_VALUES] = { .key = "values", .type = SCHEMA_LIST, .max = VALUES_MAX,
	    .each = &value_item, .help = "a list of {value, means}" },
	[TABLE_FROM_SITE] = { .key = "from_site", .type = SCHEMA_BOOL,
	    .help = "true: no document gives the values, so each device of a site must" },
	[TABLE_UNKNOWN] = { .key = "unknown", .type = SCHEMA_ANY, .required = true,
	    .either = condition_forms, .help = "what a value that is not in the table means" },
	[TABLE_NOTE] = { .key = "note", .type = SCHEMA_TEXT, .help = "for people" },
};

static const struct schema_map table_map = { table_fields, TABLE_FIELDS };
const struct schema_field tables_item = {
	.key = "a table", .type = SCHEMA_MAP, .map = &table_map,
};
// clang-format on

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
	if (own_code(out->condition, code)) {
		problem(l, node->pos,
		    "means: %s is raised by limits and rules of a point alone, and no "
		    "device says it",
		    load_show(l, node->text));
		return false;
	}
	out->code = load_code(l, node->pos, code);
	return true;
}

void
outcome_read(struct load *l, const struct yaml_node *node, bool may_be_none,
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
			    "%s: none is not possible here: what nobody knows is not "
			    "normal",
			    node->key != NULL ? node->key : "means");
		return;
	}
	if (read_condition(l, node, &out->is[0]))
		out->n = 1;
}

static uint16_t
read_ends(struct load *l, const struct yaml_node *node)
{
	uint16_t mask = 0;

	if (node->kind == YAML_SCALAR && strcmp(node->text, "all") == 0)
		return (1U << COND_COUNT) - 1;
	if (node->kind != YAML_LIST) {
		problem(l, node->pos, "ends: must be a list of conditions, or all");
		return 0;
	}
	for (const struct yaml_node *c = node->first; c != NULL; c = c->next) {
		enum condition which;
		if (c->kind == YAML_SCALAR && condition_from_name(c->text, &which))
			mask |= (uint16_t)(1U << which);
		else
			problem(l, c->pos, "ends: must be a condition");
	}
	return mask;
}

static void
read_edge(struct load *l, const struct schema_value v[static VALUE_FIELDS],
    struct decode_value *value)
{
	value->role = VALUE_EDGE;
	value->means.n = 1;
	(void)read_condition(l, v[VALUE_EDGE_KEY].node, &value->means.is[0]);
	if (v[VALUE_ENDS].ok)
		value->ends = read_ends(l, v[VALUE_ENDS].node);
	else if (v[VALUE_ENDS].node == NULL)
		problem(l, v[VALUE_EDGE_KEY].key_pos,
		    "edge: ends is missing: the conditions that are over with it");
}

static void
read_meaning(struct load *l, const struct yaml_node *node,
    const struct schema_value v[static VALUE_FIELDS], struct decode_value *value)
{
	const struct yaml_node *means = v[VALUE_MEANS].node;

	if ((means != NULL) == (v[VALUE_EDGE_KEY].node != NULL)) {
		problem(l, node->pos, "a value has either means or edge");
		return;
	}
	if (v[VALUE_ENDS].node != NULL && means != NULL)
		problem(l, v[VALUE_ENDS].key_pos, "ends is for an edge only");
	if (v[VALUE_EDGE_KEY].ok)
		read_edge(l, v, value);
	else if (means != NULL && means->kind == YAML_SCALAR &&
		 strcmp(means->text, "empty") == 0)
		value->role = VALUE_EMPTY;
	else if (means != NULL)
		outcome_read(l, means, true, &value->means);
	if (v[VALUE_EFFECT].ok)
		value->means.effect = (uint8_t)(v[VALUE_EFFECT].number + 1);
	if (v[VALUE_EFFECT].ok && value->role != VALUE_LEVEL)
		problem(l, v[VALUE_EFFECT].key_pos,
		    "effect: only a state has one, not an edge and not empty");
}

static int
compare_values(const void *a, const void *b)
{
	const struct decode_value *x = a, *y = b;

	return (int)x->value - (int)y->value;
}

const struct decode_value *
values_read(struct load *l, const struct yaml_node *list, uint16_t most, uint16_t *n)
{
	struct decode_value *values = arena_alloc(l->arena, list->n, sizeof(*values));

	*n = 0;
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct schema_value v[VALUE_FIELDS];
		struct decode_value *value = &values[*n];
		(void)schema_read(l, c, "a value", value_fields, VALUE_FIELDS, v);
		if (c->kind == YAML_MAP)
			read_meaning(l, c, v, value);
		if (!v[VALUE_VALUE].ok)
			continue;
		value->value = (uint16_t)v[VALUE_VALUE].number;
		if (value->value > most)
			problem(l, v[VALUE_VALUE].pos,
			    "value: the field holds at most 0x%02X", (unsigned)most);
		for (uint16_t i = 0; i < *n; i++)
			if (values[i].value == value->value)
				problem(l, v[VALUE_VALUE].pos,
				    "value 0x%02X is given twice",
				    (unsigned)value->value);
		++*n;
	}
	qsort(values, *n, sizeof(*values), compare_values);
	return values;
}

// The values of a table: the profile's own, or the site's where the profile says so.
static void
read_table_values(struct load *l, const struct yaml_node *node,
    const struct schema_value v[static TABLE_FIELDS], const struct yaml_node *of_site,
    struct value_table *t)
{
	const struct yaml_node *given = profile_child(of_site, t->name);
	bool from_site = v[TABLE_FROM_SITE].number == 1;

	if (from_site == (v[TABLE_VALUES].node != NULL)) {
		problem(l, node->pos, "table %s has either values or from_site: true",
		    t->name);
		return;
	}
	if (!from_site && given != NULL) {
		problem(l, given->key_pos, "tables: the profile itself has table %s",
		    t->name);
		return;
	}
	if (from_site && given == NULL) {
		problem(l, l->device_at,
		    "a device: tables is missing: {%s: [{value, means}, ..]}, for no "
		    "document gives them",
		    t->name);
		return;
	}
	if (given != NULL && given->kind != YAML_LIST) {
		problem(l, given->pos, "tables: %s must be a list of {value, means}",
		    t->name);
		return;
	}
	if (given != NULL || v[TABLE_VALUES].ok)
		t->values = values_read(
		    l, given != NULL ? given : v[TABLE_VALUES].node, NUMBER_MAX, &t->n);
}

static void
read_table(struct load *l, const struct yaml_node *node,
    const struct yaml_node *of_site, struct value_table *t)
{
	struct schema_value v[TABLE_FIELDS];

	t->name = "";
	(void)schema_read(l, node, "a table", table_fields, TABLE_FIELDS, v);
	if (v[TABLE_UNKNOWN].ok)
		outcome_read(l, v[TABLE_UNKNOWN].node, false, &t->unknown);
	if (!v[TABLE_NAME].ok)
		return;
	t->name = v[TABLE_NAME].text;
	read_table_values(l, node, v, of_site, t);
}

static void
refuse_strangers(
    struct load *l, const struct yaml_node *of_site, const struct value_tables *tables)
{
	const struct yaml_node *c = of_site != NULL ? of_site->first : NULL;

	for (; c != NULL; c = c->next) {
		struct suggestion s = suggest_begin(c->key);
		bool found = false;
		for (size_t i = 0; i < tables->n; i++) {
			found |= strcmp(tables->all[i].name, c->key) == 0;
			suggest_offer(&s, tables->all[i].name);
		}
		if (!found)
			problem(l, c->key_pos, "tables: the profile has no %s%s",
			    load_show(l, c->key), suggest_text(l, &s));
	}
}

struct value_tables
tables_read(
    struct load *l, const struct yaml_node *list, const struct yaml_node *of_site)
{
	struct value_tables tables = { 0 };

	if (list != NULL)
		tables.all = arena_alloc(l->temp, list->n, sizeof(*tables.all));
	for (const struct yaml_node *c = list != NULL ? list->first : NULL; c != NULL;
	     c = c->next) {
		struct value_table *t = &tables.all[tables.n];
		read_table(l, c, of_site, t);
		for (size_t i = 0; i < tables.n; i++)
			if (t->name[0] != '\0' &&
			    strcmp(tables.all[i].name, t->name) == 0)
				problem(l, c->pos, "table %s is given twice", t->name);
		tables.n++;
	}
	refuse_strangers(l, of_site, &tables);
	return tables;
}

const struct value_table *
tables_find(
    struct load *l, const struct value_tables *tables, const struct schema_value *v)
{
	struct suggestion s = suggest_begin(v->text);

	for (size_t i = 0; i < tables->n; i++) {
		if (strcmp(tables->all[i].name, v->text) == 0)
			return &tables->all[i];
		suggest_offer(&s, tables->all[i].name);
	}
	problem(l, v->pos, "table: there is no %s%s", load_show(l, v->text),
	    suggest_text(l, &s));
	return NULL;
}
