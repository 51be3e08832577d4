// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The section suppressions: which alarms say nothing new while another point is in a
// known state. Runs in the thread of the load. Refuses a fire and a panic button among
// them (I14), a source that is measured or has a rule of its own, and rules that hide
// each other in a circle. Nothing to keep over a crash.
#include <string.h>

#include "config/sections.h"

enum {
	SECOND_MS = 1000,
	HOLD_MOST_MS = 3600 * SECOND_MS,
	POINTS_MOST = 4096,
};

enum {
	SUPPRESSION_ID,
	SUPPRESSION_POINTS,
	SUPPRESSION_CONDITIONS,
	SUPPRESSION_WHILE,
	SUPPRESSION_UNLESS,
	SUPPRESSION_HOLD,
	SUPPRESSION_REASON,
	SUPPRESSION_FIELDS
};

// clang-format off
static const struct schema_field condition_item = {
	.key = "conditions", .type = SCHEMA_CHOICE, .choice = schema_condition,
};

static const struct schema_field suppression_fields[SUPPRESSION_FIELDS] = {
	[SUPPRESSION_ID] = { .key = "id", .type = SCHEMA_ID, .required = true,
	    .help = "the name of the rule, for the journal" },
	[SUPPRESSION_POINTS] = { .key = "points", .type = SCHEMA_LIST, .required = true,
	    .max = POINTS_MOST, .each = &rule_point_item,
	    .help = "whose alarms are suppressed" },
	[SUPPRESSION_CONDITIONS] = { .key = "conditions", .type = SCHEMA_LIST,
	    .max = COND_COUNT, .each = &condition_item,
	    .help = "of which conditions; absent: process" },
	[SUPPRESSION_WHILE] = { .key = "while", .type = SCHEMA_TEXT,
	    .help = "a point: suppressed while it is active" },
	[SUPPRESSION_UNLESS] = { .key = "unless", .type = SCHEMA_TEXT,
	    .help = "a point: suppressed while it is known not to be active" },
	[SUPPRESSION_HOLD] = { .key = "hold", .type = SCHEMA_DURATION, .max = HOLD_MOST_MS,
	    .help = "so long after that state has ended they are suppressed still" },
	[SUPPRESSION_REASON] = { .key = "reason", .type = SCHEMA_NAME, .required = true,
	    .help = "why, in words that an operator reads" },
};
static const struct schema_map suppression_map = { suppression_fields, SUPPRESSION_FIELDS };
const struct schema_field suppression_item = {
	.key = "a suppression", .type = SCHEMA_MAP, .map = &suppression_map,
};
// clang-format on

static uint32_t
refer(struct load *l, const struct yaml_node *node, const char *key)
{
	struct schema_value v = { 0 };
	struct schema_field field = rule_point_item;

	field.key = key;
	if (!schema_scalar(l, node, &field, &v))
		return UINT32_MAX;
	return section_refer(l, &l->points, node->pos, key, v.text);
}

static void
read_points(struct load *l, const struct yaml_node *list, struct suppression_def *d)
{
	d->points = arena_alloc(l->arena, list->n, sizeof(*d->points));
	if (list->n == 0)
		problem(l, list->pos, "points is empty");
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		uint32_t at = refer(l, c, "points");
		if (at == UINT32_MAX)
			continue;
		if (l->point[at].kind == KIND_PANIC)
			problem(
			    l, c->pos, "points: %s is a panic button", l->point[at].id);
		d->points[d->n_points++] = at;
	}
}

static void
read_conditions(struct load *l, const struct yaml_node *list, struct suppression_def *d)
{
	if (list->n == 0)
		problem(l, list->pos, "conditions is empty");
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct schema_value v = { 0 };
		if (!schema_scalar(l, c, &condition_item, &v))
			continue;
		if (v.number == COND_FIRE)
			problem(l, c->pos, "conditions: a fire is never suppressed");
		d->conditions |= (uint16_t)(1U << v.number);
	}
}

static void
read_source(struct load *l, const struct schema_value *v, const char *key,
    struct suppression_def *d)
{
	d->source = refer(l, v->node, key);
	if (d->source == UINT32_MAX)
		return;
	const struct point *p = &l->point[d->source];
	if (point_kind_quantity(p->kind) != QUANTITY_NONE)
		problem(l, v->pos, "%s: %s is measured, and has no state", key, p->id);
	uint32_t use = index_find(&l->ruled, p->id);
	if (use != UINT32_MAX && use != RULE_PUMP_RUN) // that still says what it is
		problem(l, v->pos, "%s: %s has its meaning from a rule of its own", key,
		    p->id);
}

// Whatever the site calls a fire is one (I14).
static void
check_class(
    struct load *l, struct pos at, const struct suppression_def *d, uint32_t point)
{
	const struct point *p = &l->point[point];

	for (int c = 0; c < COND_LINK; c++)
		if (c != COND_FIRE && (d->conditions & 1U << c) != 0 &&
		    point_class(p, (enum condition)c) == CLASS_FIRE)
			problem(l, at,
			    "points: %s is of the class fire by its %s, and a fire is "
			    "never suppressed",
			    p->id, condition_name((enum condition)c));
}

static void
read_suppression(struct load *l, const struct yaml_node *node)
{
	struct schema_value v[SUPPRESSION_FIELDS] = { 0 };
	struct suppression_def *d = &l->site->suppressions[l->site->n_suppressions++];
	bool inverse;

	*d = (struct suppression_def){ .id = "", .source = UINT32_MAX };
	(void)schema_read(
	    l, node, "a suppression", suppression_fields, SUPPRESSION_FIELDS, v);
	if (node->kind != YAML_MAP)
		return;
	if (v[SUPPRESSION_ID].ok)
		d->id = arena_text(l->arena, v[SUPPRESSION_ID].text);
	inverse = v[SUPPRESSION_UNLESS].node != NULL;
	if (inverse == (v[SUPPRESSION_WHILE].node != NULL))
		problem(l, node->pos, "a suppression has either while or unless");
	else
		read_source(l, &v[inverse ? SUPPRESSION_UNLESS : SUPPRESSION_WHILE],
		    inverse ? "unless" : "while", d);
	d->rule.while_it_is = inverse ? CONTACT_IDLE : CONTACT_ACTIVE;
	d->rule.hold_ms = (uint32_t)v[SUPPRESSION_HOLD].number;
	if (v[SUPPRESSION_POINTS].ok)
		read_points(l, v[SUPPRESSION_POINTS].node, d);
	if (v[SUPPRESSION_CONDITIONS].ok)
		read_conditions(l, v[SUPPRESSION_CONDITIONS].node, d);
	else
		d->conditions = 1U << COND_PROCESS;
	for (uint16_t i = 0; i < d->n_points; i++)
		check_class(l, node->pos, d, d->points[i]);
	if (v[SUPPRESSION_REASON].ok) {
		d->reason_zh = arena_text(l->arena, v[SUPPRESSION_REASON].zh);
		d->reason_en = arena_text(l->arena, v[SUPPRESSION_REASON].en);
	}
}

// What a rule is over: points by index, rules by theirs.
struct reach {
	bool *hidden, *followed;
};

static void
follow(const struct site *s, uint16_t rule, struct reach *r)
{
	const struct suppression_def *d = &s->suppressions[rule];

	r->followed[rule] = true;
	for (uint16_t k = 0; k < d->n_points; k++)
		r->hidden[d->points[k]] = true;
}

// A parent that is hidden itself, its own parent standing, hides on: an operator sees
// the one at the top. In a circle nobody would.
static bool
is_circle(const struct load *l, uint16_t rule, struct reach *r)
{
	const struct site *s = l->site;
	bool more = true;

	memset(r->hidden, 0, l->n_points * sizeof(bool));
	memset(r->followed, 0, s->n_suppressions * sizeof(bool));
	follow(s, rule, r);
	while (more) {
		more = false;
		for (uint16_t k = 0; k < s->n_suppressions; k++) {
			uint32_t source = s->suppressions[k].source;
			if (r->followed[k] || source == UINT32_MAX ||
			    !r->hidden[source])
				continue;
			follow(s, k, r);
			more = true;
		}
	}
	return r->hidden[s->suppressions[rule].source];
}

// What a rule shows must not hang on what it hides.
static void
check_one(struct load *l, const struct yaml_node *node, uint16_t i, struct reach *r)
{
	const struct site *s = l->site;
	const struct suppression_def *d = &s->suppressions[i];

	for (uint16_t k = 0; k < i; k++)
		if (d->id[0] != '\0' && strcmp(s->suppressions[k].id, d->id) == 0)
			problem(l, node->pos, "id: %s is already a suppression", d->id);
	if (d->source != UINT32_MAX && is_circle(l, i, r))
		problem(l, node->pos,
		    "the state of %s decides here, and this rule hides it, by itself "
		    "or by others that follow from it",
		    l->point[d->source].id);
}

void
suppressions_read(struct load *l, const struct node_list *list)
{
	l->site->suppressions =
	    arena_alloc(l->arena, list->n, sizeof(*l->site->suppressions));
	for (size_t i = 0; i < list->n; i++)
		read_suppression(l, list->items[i]);
	struct reach r = { arena_alloc(l->temp, l->n_points + 1, sizeof(bool)),
		arena_alloc(l->temp, list->n + 1, sizeof(bool)) };
	for (size_t i = 0; i < list->n; i++)
		check_one(l, list->items[i], (uint16_t)i, &r);
}
