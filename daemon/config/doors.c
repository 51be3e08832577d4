// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The section doors: what grants an opening, how long a door may stand open, when it
// need not be closed. Runs in the thread of the load. Refuses a warning that would come
// before the opening. Nothing to keep over a crash.
#include <string.h>

#include "config/budget.h"
#include "config/sections.h"

enum {
	SECOND_MS = 1000,
	MINUTE_MS = 60 * SECOND_MS,
	HOUR_MS = 60 * MINUTE_MS,
	// What access-control units do unless they are told otherwise.
	UNLOCK_MS = 5 * SECOND_MS,
	ENTRY_MS = 3 * SECOND_MS,
	RELOCK_MS = SECOND_MS,
	HELD_MS = 60 * SECOND_MS,
	HELD_SOON_MS = 10 * SECOND_MS,
	FORCED_MS = 30 * SECOND_MS,
	STUCK_MS = 5 * MINUTE_MS,
	SETTLE_MS = 200, // above the time within which a grant is told
	HOURS_MAX = 32,
};

enum {
	DOOR_POINT,
	DOOR_GRANTS,
	DOOR_UNLOCK,
	DOOR_ENTRY,
	DOOR_RELOCK,
	DOOR_SETTLE,
	DOOR_FORCED_ON,
	DOOR_FORCED_STAYS,
	DOOR_HELD_AFTER,
	DOOR_HELD_WARNING,
	DOOR_STUCK,
	DOOR_UNLOCKED,
	DOOR_FIELDS
};

// clang-format off
static const struct schema_field grant_item = { .key = "grants", .type = SCHEMA_TEXT };
static const struct schema_field point_forms[] = {
	{ .key = "id", .type = SCHEMA_TEXT },
	{ .key = NULL },
};

static const struct schema_field door_fields[DOOR_FIELDS] = {
	[DOOR_POINT] = { .key = "point", .type = SCHEMA_ANY, .required = true,
	    .either = point_forms,
	    .help = "the id of the door's contact" },
	[DOOR_GRANTS] = { .key = "grants", .type = SCHEMA_LIST, .max = DOOR_GRANTS_MAX,
	    .each = &grant_item, .help = "points whose acting makes an opening an access" },
	[DOOR_UNLOCK] = { .key = "unlock", .type = SCHEMA_DURATION, .max = HOUR_MS,
	    .fallback = UNLOCK_MS, .help = "how long a grant unlocks it" },
	[DOOR_ENTRY] = { .key = "entry", .type = SCHEMA_DURATION, .max = HOUR_MS,
	    .fallback = ENTRY_MS, .help = "how long after that it may still be opened" },
	[DOOR_RELOCK] = { .key = "relock", .type = SCHEMA_DURATION, .max = HOUR_MS,
	    .fallback = RELOCK_MS, .help = "so long after an opening a grant is used up" },
	[DOOR_SETTLE] = { .key = "settle", .type = SCHEMA_DURATION, .min = SETTLE_MS,
	    .max = 30LL * SECOND_MS,
	    .help = "so long an opening waits for a grant that is read later" },
	[DOOR_FORCED_ON] = { .key = "forced", .type = SCHEMA_BOOL, .fallback = 1,
	    .help = "false: an inner handle is free and tells nobody" },
	[DOOR_FORCED_STAYS] = { .key = "forced_stays", .type = SCHEMA_DURATION,
	    .min = FORCED_MS, .max = HOUR_MS, .fallback = FORCED_MS,
	    .help = "how long forced stands at least" },
	[DOOR_HELD_AFTER] = { .key = "held", .type = SCHEMA_DURATION, .max = 24LL * HOUR_MS,
	    .fallback = HELD_MS, .help = "how long it may stand open; 0s: always" },
	[DOOR_HELD_WARNING] = { .key = "held_warning", .type = SCHEMA_DURATION,
	    .max = HOUR_MS, .fallback = HELD_SOON_MS,
	    .help = "so long before that a line appears" },
	[DOOR_STUCK] = { .key = "stuck", .type = SCHEMA_DURATION, .max = 24LL * HOUR_MS,
	    .fallback = STUCK_MS, .help = "so long a grant may act; 0s: always" },
	[DOOR_UNLOCKED] = { .key = "unlocked", .type = SCHEMA_LIST, .max = HOURS_MAX,
	    .each = &rule_hours_item, .help = "hours in which it may be opened and stand open" },
};
static const struct schema_map door_map = { door_fields, DOOR_FIELDS };
const struct schema_field door_item = {
	.key = "a door", .type = SCHEMA_MAP, .map = &door_map,
};
// clang-format on

// A grant that several doors have counts as stuck by the shortest of their times.
static uint16_t
grant_of(struct load *l, uint32_t point, uint32_t stuck_ms)
{
	struct site *s = l->site;

	for (uint16_t i = 0; i < s->n_grants; i++) {
		struct grant_def *g = &s->grants[i];
		if (g->point != point)
			continue;
		if (stuck_ms != 0 && (g->stuck_ms == 0 || stuck_ms < g->stuck_ms))
			g->stuck_ms = stuck_ms;
		return i;
	}
	s->grants[s->n_grants] = (struct grant_def){ point, stuck_ms };
	return s->n_grants++;
}

static void
read_grants(struct load *l, const struct yaml_node *list, uint32_t stuck_ms,
    struct door_def *door)
{
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		uint32_t point = rule_point(l, c, "grants", RULE_GRANT);
		if (point != UINT32_MAX)
			door->grants[door->n_grants++] = grant_of(l, point, stuck_ms);
	}
}

// Whoever pressed the button before the door was opened did so lawfully, though the
// reply that tells it be lost: an opening waits as long as the plan gives a grant to be
// told.
static uint32_t
told_within_ms(const struct site *s, const struct door_def *door)
{
	uint32_t most = 0;

	for (unsigned i = 0; i < door->n_grants; i++) {
		const struct point *p = &s->points[s->grants[door->grants[i]].point];
		struct bus_budget bus = { 0 };

		if (p->device != INDEX_NONE)
			bus = budget_of_bus(s, s->devices[p->device].bus);
		struct point_budget b = budget_of_point(s, p, &bus);
		most = b.worst_ms > most ? b.worst_ms : most;
	}
	return most;
}

void
doors_settle(const struct load *l)
{
	const struct site *s = l->site;

	for (uint16_t i = 0; i < s->n_doors; i++) {
		struct door_def *door = &s->doors[i];

		if (door->settles_by_plan && door->n_grants > 0)
			door->rule.settle_ms = told_within_ms(s, door) + SETTLE_MS;
	}
}

static void
read_held(struct load *l, const struct schema_value v[static DOOR_FIELDS],
    struct door_rule *rule)
{
	const struct schema_value *warning = &v[DOOR_HELD_WARNING];

	rule->held_ms = (uint32_t)v[DOOR_HELD_AFTER].number;
	rule->held_soon_ms = (uint32_t)warning->number;
	if (warning->node == NULL && rule->held_soon_ms >= rule->held_ms)
		rule->held_soon_ms = rule->held_ms / 2;
	if (rule->held_ms > 0 && rule->held_soon_ms >= rule->held_ms)
		problem(l, warning->pos, "held_warning: must be shorter than held");
}

static void
read_door(struct load *l, const struct yaml_node *node)
{
	struct schema_value v[DOOR_FIELDS];
	struct door_def *door = &l->site->doors[l->site->n_doors++];

	(void)schema_read(l, node, "a door", door_fields, DOOR_FIELDS, v);
	if (node->kind != YAML_MAP)
		return;
	if (v[DOOR_POINT].ok)
		door->point = rule_point(l, v[DOOR_POINT].node, "point", RULE_DOOR);
	if (v[DOOR_GRANTS].ok)
		read_grants(
		    l, v[DOOR_GRANTS].node, (uint32_t)v[DOOR_STUCK].number, door);
	struct door_rule *rule = &door->rule;
	rule->window_ms = (uint32_t)(v[DOOR_UNLOCK].number + v[DOOR_ENTRY].number);
	rule->relock_ms = (uint32_t)v[DOOR_RELOCK].number;
	rule->settle_ms = (uint32_t)v[DOOR_SETTLE].number;
	door->settles_by_plan = v[DOOR_SETTLE].node == NULL;
	rule->forced = v[DOOR_FORCED_ON].number == 1;
	rule->forced_least_ms = (uint32_t)v[DOOR_FORCED_STAYS].number;
	read_held(l, v, rule);
	if (v[DOOR_UNLOCKED].ok)
		rule_hours(l, v[DOOR_UNLOCKED].node, &door->unlocked);
}

void
doors_read(struct load *l, const struct node_list *list)
{
	struct site *s = l->site;

	s->doors = arena_alloc(l->arena, list->n, sizeof(*s->doors));
	s->grants =
	    arena_alloc(l->arena, list->n * DOOR_GRANTS_MAX, sizeof(*s->grants));
	for (size_t i = 0; i < list->n; i++)
		read_door(l, list->items[i]);
}
