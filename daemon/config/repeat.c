// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The key `repeat` of the section engine and of a point: when an alarm that comes again
// and again over hours or days is a fault of its point. Runs in the thread of the load.
// Refuses fewer onsets than make a habit, and a span that is the matter of `chatter`.
// Nothing to keep over a crash.
#include <string.h>

#include "config/sections.h"

#define HOUR_MS (INT64_C(3600) * 1000)
#define DAY_MS  (24 * HOUR_MS)

enum {
	REPEAT_COUNT,
	REPEAT_WITHIN,
	REPEAT_FIELDS
};

static const struct repeat_rule defaults = { .count = 5, .within_ms = DAY_MS };

static const char *
never_name(size_t i)
{
	return i == 0 ? "none" : NULL;
}

// clang-format off
static const struct schema_field repeat_fields[REPEAT_FIELDS] = {
	[REPEAT_COUNT] = { .key = "count", .type = SCHEMA_INTEGER,
	    .min = REPEAT_COUNT_MIN, .max = REPEAT_COUNT_MAX,
	    .help = "so many onsets, default 5" },
	[REPEAT_WITHIN] = { .key = "within", .type = SCHEMA_DURATION,
	    .min = HOUR_MS, .max = 31 * DAY_MS,
	    .help = "in so long, and until none has come for as long; default 24h" },
};
static const struct schema_map repeat_map = { repeat_fields, REPEAT_FIELDS };
const struct schema_field repeat_forms[] = {
	{ .key = "text", .type = SCHEMA_CHOICE, .choice = never_name },
	{ .key = "map", .type = SCHEMA_MAP, .map = &repeat_map },
	{ .key = NULL },
};
// clang-format on

static struct repeat_rule
read_map(struct load *l, const struct yaml_node *node, const struct repeat_rule *base)
{
	struct schema_value v[REPEAT_FIELDS] = { 0 };
	struct repeat_rule rule = *base;

	if (!schema_read(l, node, "repeat", repeat_fields, REPEAT_FIELDS, v))
		return rule;
	if (v[REPEAT_COUNT].ok)
		rule.count = (uint16_t)v[REPEAT_COUNT].number;
	if (v[REPEAT_WITHIN].ok)
		rule.within_ms = (uint32_t)v[REPEAT_WITHIN].number;
	return rule;
}

static struct repeat_rule
read_rule(struct load *l, const struct schema_value *v, const struct repeat_rule *base)
{
	static const struct repeat_rule never = { 0 };

	if (!v->ok)
		return never;
	if (v->node->kind == YAML_MAP)
		return read_map(l, v->node, base);
	if (v->node->kind != YAML_SCALAR)
		problem(l, v->pos, "repeat: must be none or {count, within}");
	else if (strcmp(v->node->text, "none") != 0)
		schema_refuse(l, v->pos, "repeat", v->node->text,
		    "must be none or {count, within}");
	return never;
}

struct repeat_rule
repeat_read(struct load *l, const struct schema_value *v)
{
	return read_rule(l, v, &defaults);
}

// Of a site that counts none, a point begins with the defaults.
const struct repeat_rule *
repeat_read_point(struct load *l, const struct schema_value *v)
{
	struct repeat_rule *rule = arena_alloc(l->arena, 1, sizeof(*rule));

	*rule =
	    read_rule(l, v, l->site->repeat.count > 0 ? &l->site->repeat : &defaults);
	return rule;
}
