// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The section fire_doors: which contacts a fire door has, how it stands normally, and
// its times. Runs in the thread of the load. Refuses a fault that would come before the
// line that warns of it. Nothing to keep over a crash.
#include "config/sections.h"

enum {
	SECOND_MS = 1000,
	HOUR_MS = 3600 * SECOND_MS,
	// As makers have them: open for 10 s is told, for 60 s a fault; GB 29364-2012:
	// the release within 30 s.
	OPEN_MS = 10 * SECOND_MS,
	FAULT_MS = 60 * SECOND_MS,
	CLOSED_MS = 3 * SECOND_MS,
	FEEDBACK_MS = 30 * SECOND_MS,
};

enum {
	FIRE_DOOR_CLOSED,
	FIRE_DOOR_NORMALLY,
	FIRE_DOOR_RELEASE,
	FIRE_DOOR_LINE,
	FIRE_DOOR_OPEN_AFTER,
	FIRE_DOOR_FAULT_AFTER,
	FIRE_DOOR_CLOSED_AFTER,
	FIRE_DOOR_FEEDBACK_WITHIN,
	FIRE_DOOR_FIELDS
};

static const char *
normally_choice(size_t i)
{
	static const char *const names[] = { "closed", "open", NULL };

	return names[i];
}

// clang-format off
static const struct schema_field fire_door_fields[FIRE_DOOR_FIELDS] = {
	[FIRE_DOOR_CLOSED] = { .key = "closed", .type = SCHEMA_TEXT, .required = true,
	    .help = "the contact that acts while the door is closed" },
	[FIRE_DOOR_NORMALLY] = { .key = "normally", .type = SCHEMA_CHOICE, .required = true,
	    .choice = normally_choice, .help = "closed or open" },
	[FIRE_DOOR_RELEASE] = { .key = "release", .type = SCHEMA_TEXT,
	    .help = "a contact that acts while the door is released" },
	[FIRE_DOOR_LINE] = { .key = "line_fault", .type = SCHEMA_TEXT,
	    .help = "a contact that acts while the door's line has a fault" },
	[FIRE_DOOR_OPEN_AFTER] = { .key = "open_after", .type = SCHEMA_DURATION,
	    .max = HOUR_MS, .fallback = OPEN_MS,
	    .help = "normally closed: open for so long it is told" },
	[FIRE_DOOR_FAULT_AFTER] = { .key = "fault_after", .type = SCHEMA_DURATION,
	    .max = HOUR_MS, .fallback = FAULT_MS,
	    .help = "not as it should stand for so long is a fault" },
	[FIRE_DOOR_CLOSED_AFTER] = { .key = "closed_after", .type = SCHEMA_DURATION,
	    .max = HOUR_MS, .fallback = CLOSED_MS,
	    .help = "normally open: closed without a release for so long is a fault" },
	[FIRE_DOOR_FEEDBACK_WITHIN] = { .key = "feedback_within", .type = SCHEMA_DURATION,
	    .min = SECOND_MS, .max = HOUR_MS, .fallback = FEEDBACK_MS,
	    .help = "released, it must be closed within so long" },
};
static const struct schema_map fire_door_map = { fire_door_fields, FIRE_DOOR_FIELDS };
// clang-format on
const struct schema_field fire_door_item = {
	.key = "a fire door",
	.type = SCHEMA_MAP,
	.map = &fire_door_map,
};

static uint32_t
read_point(
    struct load *l, const struct schema_value *v, const char *key, enum rule_use use)
{
	return v->ok ? rule_point(l, v->node, key, use) : UINT32_MAX;
}

static void
read_fire_door(struct load *l, const struct yaml_node *node)
{
	struct schema_value v[FIRE_DOOR_FIELDS];
	struct fire_door_def *d = &l->site->fire_doors[l->site->n_fire_doors++];

	(void)schema_read(
	    l, node, "a fire door", fire_door_fields, FIRE_DOOR_FIELDS, v);
	if (node->kind != YAML_MAP)
		return;
	d->closed = read_point(l, &v[FIRE_DOOR_CLOSED], "closed", RULE_FIRE_DOOR);
	d->release = read_point(l, &v[FIRE_DOOR_RELEASE], "release", RULE_RELEASE);
	d->line_fault = read_point(l, &v[FIRE_DOOR_LINE], "line_fault", RULE_LINE);
	d->rule.normally_open = v[FIRE_DOOR_NORMALLY].number == 1;
	d->rule.open_ms = (uint32_t)v[FIRE_DOOR_OPEN_AFTER].number;
	d->rule.fault_ms = (uint32_t)v[FIRE_DOOR_FAULT_AFTER].number;
	d->rule.closed_ms = (uint32_t)v[FIRE_DOOR_CLOSED_AFTER].number;
	d->rule.feedback_ms = (uint32_t)v[FIRE_DOOR_FEEDBACK_WITHIN].number;
	if (d->rule.fault_ms <= d->rule.open_ms)
		problem(l,
		    v[FIRE_DOOR_FAULT_AFTER].ok ? v[FIRE_DOOR_FAULT_AFTER].pos
						: node->pos,
		    "fault_after: must be longer than open_after");
}

void
fire_doors_read(struct load *l, const struct node_list *list)
{
	l->site->fire_doors =
	    arena_alloc(l->arena, list->n, sizeof(*l->site->fire_doors));
	for (size_t i = 0; i < list->n; i++)
		read_fire_door(l, list->items[i]);
}
