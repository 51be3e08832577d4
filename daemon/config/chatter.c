// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The key `chatter` of the section engine and of a point: when an alarm that only comes
// and goes is held. Runs in the thread of the load. Refuses fewer onsets than
// ISA-18.2 calls chattering, and a quiet time so short that one would end between two
// changes. Nothing to keep over a crash.
#include <string.h>

#include "config/sections.h"
#include "config/units.h"

enum {
	SECOND_MS = 1000,
	MINUTE_MS = 60 * SECOND_MS,
	HOUR_MS = 60 * MINUTE_MS,
	WITHIN_MOST_MS = HOUR_MS,
	QUIET_MOST_MS = 24 * HOUR_MS
};

enum {
	CHATTER_COUNT,
	CHATTER_WITHIN,
	CHATTER_QUIET,
	CHATTER_FIELDS
};

const struct chatter_rule chatter_defaults = {
	.count = 10,
	.within_ms = MINUTE_MS,
	.quiet_ms = 5 * MINUTE_MS,
};

static const char *
never_name(size_t i)
{
	return i == 0 ? "none" : NULL;
}

// clang-format off
static const struct schema_field chatter_fields[CHATTER_FIELDS] = {
	[CHATTER_COUNT] = { .key = "count", .type = SCHEMA_INTEGER,
	    .min = CHATTER_COUNT_MIN, .max = CHATTER_COUNT_MAX,
	    .help = "so many onsets, default 10" },
	[CHATTER_WITHIN] = { .key = "within", .type = SCHEMA_DURATION,
	    .min = SECOND_MS, .max = WITHIN_MOST_MS, .help = "in so long, default 1min" },
	[CHATTER_QUIET] = { .key = "quiet", .type = SCHEMA_DURATION,
	    .min = SECOND_MS, .max = QUIET_MOST_MS,
	    .help = "until it has not changed for so long, default 5min" },
};
static const struct schema_map chatter_map = { chatter_fields, CHATTER_FIELDS };
const struct schema_field chatter_forms[] = {
	{ .key = "text", .type = SCHEMA_CHOICE, .choice = never_name },
	{ .key = "map", .type = SCHEMA_MAP, .map = &chatter_map },
	{ .key = NULL },
};
// clang-format on

static void
read_map(struct load *l, const struct yaml_node *node, struct chatter_rule *rule)
{
	struct schema_value v[CHATTER_FIELDS] = { 0 };
	char show[32];

	if (!schema_read(l, node, "chatter", chatter_fields, CHATTER_FIELDS, v))
		return;
	if (v[CHATTER_COUNT].ok)
		rule->count = (uint16_t)v[CHATTER_COUNT].number;
	if (v[CHATTER_WITHIN].ok)
		rule->within_ms = (uint32_t)v[CHATTER_WITHIN].number;
	if (v[CHATTER_QUIET].ok)
		rule->quiet_ms = (uint32_t)v[CHATTER_QUIET].number;
	if (rule->quiet_ms < rule->within_ms)
		problem(l, node->pos, "quiet: must not be shorter than within, %s",
		    units_show_ms(rule->within_ms, show));
}

struct chatter_rule
chatter_read(
    struct load *l, const struct schema_value *v, const struct chatter_rule *base)
{
	struct chatter_rule rule = *base;

	if (!v->ok)
		return rule;
	if (v->node->kind == YAML_MAP)
		read_map(l, v->node, &rule);
	else if (v->node->kind == YAML_SCALAR && strcmp(v->node->text, "none") == 0)
		rule.count = 0;
	else if (v->node->kind == YAML_SCALAR)
		schema_refuse(l, v->pos, "chatter", v->node->text,
		    "must be none or {count, within, quiet}");
	else
		problem(l, v->pos, "chatter: must be none or {count, within, quiet}");
	return rule;
}

// Of a site that holds none, a point begins with what holds elsewhere.
const struct chatter_rule *
chatter_read_point(struct load *l, const struct schema_value *v)
{
	struct chatter_rule *rule = arena_alloc(l->arena, 1, sizeof(*rule));
	const struct chatter_rule *base =
	    l->site->chatter.count > 0 ? &l->site->chatter : &chatter_defaults;

	*rule = chatter_read(l, v, base);
	return rule;
}
