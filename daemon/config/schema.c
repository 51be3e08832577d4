// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The reader of schema tables. Runs in the thread of the load. Reports all it finds and
// goes on; a value that does not fit is left as its default, so that later checks see
// something sane and no second problem is made of the first. Nothing to keep over a
// crash.
#include "config/schema.h"

#include <stdio.h>
#include <string.h>

#include "config/units.h"
#include "lib/mem.h"

void
schema_refuse(
    struct load *l, struct pos at, const char *key, const char *found, const char *why)
{
	problem(l, at, "%s: %s, found %s", key, why, load_show(l, found));
}

static const char *
bool_name(size_t i)
{
	static const char *const names[] = { "false", "true", NULL };

	return names[i];
}

static bool
read_choice(struct load *l, struct pos at, const char *text,
    const struct schema_field *f, int64_t *out)
{
	const char *(*choice)(size_t) = f->type == SCHEMA_BOOL ? bool_name : f->choice;
	struct suggestion s = suggest_begin(text);
	char all[ERR_TEXT - 100]; // room for the words around it
	const size_t most = sizeof(all) - sizeof(", ..");
	size_t used = 0;

	for (size_t i = 0; choice(i) != NULL; i++) {
		if (strcmp(choice(i), text) == 0) {
			*out = (int64_t)i;
			return true;
		}
		suggest_offer(&s, choice(i));
		// Whole words, and a sign where there are more.
		if (used < most && used + strlen(choice(i)) + 2 > most) {
			(void)snprintf(all + used, sizeof(all) - used, ", ..");
			used = most;
		} else if (used < most) {
			used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s",
			    i > 0 ? ", " : "", choice(i));
		}
	}
	if (s.best != NULL)
		problem(l, at, "%s: unknown value %s%s", f->key, load_show(l, text),
		    suggest_text(l, &s));
	else
		problem(l, at, "%s: unknown value %s, must be one of %s", f->key,
		    load_show(l, text), all);
	return false;
}

static int
read_number(const char *text, const struct schema_field *f, struct schema_value *out,
    char why[static WHY_MAX])
{
	uint32_t ms;

	if (f->type == SCHEMA_INTEGER)
		return units_integer(text, f->min, f->max, &out->number, why);
	if (f->type == SCHEMA_DECIMAL)
		return units_decimal(text, &out->decimal, why);
	if (units_duration(text, (uint32_t)f->min, (uint32_t)f->max, &ms, why) != 0)
		return -1;
	out->number = ms;
	return 0;
}

bool
schema_text(struct load *l, struct pos at, const char *text,
    const struct schema_field *f, struct schema_value *out)
{
	char why[WHY_MAX];
	int result = 0;

	switch (f->type) {
	case SCHEMA_TEXT:
		result = text[0] != '\0'
			     ? 0
			     : ((void)snprintf(why, WHY_MAX, "must not be empty"), -1);
		break;
	case SCHEMA_ID:
		result = units_id(text, why);
		break;
	case SCHEMA_BOOL:
	case SCHEMA_CHOICE:
		out->text = text;
		out->ok = read_choice(l, at, text, f, &out->number);
		return out->ok;
	case SCHEMA_INTEGER:
	case SCHEMA_DECIMAL:
	case SCHEMA_DURATION:
		result = read_number(text, f, out, why);
		break;
	case SCHEMA_NAME:
	case SCHEMA_MAP:
	case SCHEMA_LIST:
	case SCHEMA_ANY:
		wr_unreachable("schema_text");
	}
	if (result != 0)
		schema_refuse(l, at, f->key, text, why);
	out->ok = result == 0;
	out->text = text;
	return out->ok;
}

static void
take_place(struct schema_value *out, const struct yaml_node *node)
{
	out->node = node;
	out->pos = node->pos;
	out->key_pos = node->key_pos;
}

bool
schema_scalar(struct load *l, const struct yaml_node *node,
    const struct schema_field *f, struct schema_value *out)
{
	take_place(out, node);
	if (node->kind != YAML_SCALAR) {
		problem(l, node->pos, "%s must be a single value, found %s", f->key,
		    yaml_kind_name(node->kind));
		return false;
	}
	return schema_text(l, node->pos, node->text, f, out);
}

static bool
read_name(struct load *l, const struct yaml_node *node, struct schema_value *out)
{
	static const struct schema_field fields[] = {
		{ .key = "zh", .type = SCHEMA_TEXT, .help = "the Chinese text" },
		{ .key = "en", .type = SCHEMA_TEXT, .help = "the English text" },
	};
	struct schema_value v[2];

	if (!schema_read(l, node, "a text in two languages", fields, 2, v))
		return false;
	if (v[0].text == NULL && v[1].text == NULL) {
		problem(l, node->pos, "zh, en or both must be given");
		return false;
	}
	out->zh = v[0].text != NULL ? v[0].text : v[1].text;
	out->en = v[1].text != NULL ? v[1].text : v[0].text;
	return true;
}

static bool
check_kind(struct load *l, const struct yaml_node *node, const struct schema_field *f)
{
	enum yaml_kind wanted = f->type == SCHEMA_LIST ? YAML_LIST : YAML_MAP;

	if (node->kind != wanted) {
		problem(l, node->pos, "%s must be %s, found %s", f->key,
		    f->type == SCHEMA_NAME ? "{zh: .., en: ..}"
					   : yaml_kind_name(wanted),
		    yaml_kind_name(node->kind));
		return false;
	}
	if (f->type == SCHEMA_LIST && f->max > 0 && node->n > (size_t)f->max) {
		problem(l, node->pos, "%s: at most %lld items, found %zu", f->key,
		    (long long)f->max, node->n);
		return false;
	}
	return true;
}

static bool
read_field(struct load *l, const struct yaml_node *node, const struct schema_field *f,
    struct schema_value *out)
{
	take_place(out, node);
	if (node->kind == YAML_EMPTY) {
		problem(l, node->pos, "%s has no value", f->key);
		return false;
	}
	switch (f->type) {
	case SCHEMA_NAME:
		out->ok = check_kind(l, node, f) && read_name(l, node, out);
		break;
	case SCHEMA_MAP:
	case SCHEMA_LIST:
		out->ok = check_kind(l, node, f);
		break;
	case SCHEMA_ANY:
		out->ok = true;
		break;
	case SCHEMA_TEXT:
	case SCHEMA_ID:
	case SCHEMA_BOOL:
	case SCHEMA_INTEGER:
	case SCHEMA_DECIMAL:
	case SCHEMA_DURATION:
	case SCHEMA_CHOICE:
		out->ok = schema_scalar(l, node, f, out);
		break;
	}
	return out->ok;
}

static void
unknown_key(struct load *l, const struct yaml_node *node, const char *what,
    const struct schema_field *fields, size_t n)
{
	struct suggestion s = suggest_begin(node->key);

	for (size_t i = 0; i < n; i++)
		suggest_offer(&s, fields[i].key);
	problem(l, node->key_pos, "unknown key %s in %s%s", load_show(l, node->key),
	    what, suggest_text(l, &s));
}

// Defaults first; a key given twice was reported by yaml.c, and its first value counts.
bool
schema_read(struct load *l, const struct yaml_node *map, const char *what,
    const struct schema_field *fields, size_t n, struct schema_value *out)
{
	bool good = true;

	for (size_t i = 0; i < n; i++)
		out[i] = (struct schema_value){ .number = fields[i].fallback };
	if (map->kind != YAML_MAP) {
		problem(l, map->pos, "%s must be a map, found %s", what,
		    yaml_kind_name(map->kind));
		return false;
	}
	for (const struct yaml_node *c = map->first; c != NULL; c = c->next) {
		size_t i = 0;
		while (i < n && strcmp(fields[i].key, c->key) != 0)
			i++;
		if (i == n) {
			unknown_key(l, c, what, fields, n);
			good = false;
		} else if (out[i].node == NULL) {
			good &= read_field(l, c, &fields[i], &out[i]);
		}
	}
	for (size_t i = 0; i < n; i++)
		if (fields[i].required && out[i].node == NULL) {
			problem(l, map->pos, "%s: %s is missing: %s", what,
			    fields[i].key, fields[i].help);
			good = false;
		}
	return good;
}

bool
schema_quantity(struct load *l, const struct schema_value *v, const char *key,
    enum quantity q, double *out)
{
	char why[WHY_MAX];

	if (!v->ok || units_quantity(v->text, q, out, why) == 0)
		return v->ok;
	schema_refuse(l, v->pos, key, v->text, why);
	return false;
}

const char *
schema_condition(size_t i)
{
	return i < COND_LINK ? condition_name((enum condition)i) : NULL;
}
