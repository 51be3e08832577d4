// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the sections share that give points a meaning in time: the points they name and
// hours of the week. Runs in the thread of the load. Refuses a point of the wrong kind,
// one that is no single contact, one that two rules claim, and one with delays of its
// own, for the rule has the times. Nothing to keep over a crash.
#include <stdio.h>
#include <string.h>

#include "config/sections.h"
#include "config/units.h"

static const char *const uses[RULE_COUNT] = {
	[RULE_DOOR] = "a door",
	[RULE_GRANT] = "a grant",
	[RULE_ANSWER] = "an answer to the dead-man watch",
	[RULE_FIRE_DOOR] = "a fire door",
	[RULE_RELEASE] = "the release of a fire door",
	[RULE_LINE] = "the line of a fire door",
	[RULE_PUMP_RUN] = "the run contact of a pump",
	[RULE_PUMP_AUTO] = "the automatic contact of a pump",
	[RULE_PUMP_MANUAL] = "the manual contact of a pump",
	[RULE_PATROL] = "a stop of a patrol",
};

enum {
	SPAN_DAYS,
	SPAN_FROM,
	SPAN_TO,
	SPAN_FIELDS
};

static const char *
day_choice(size_t i)
{
	return i < WEEK_DAYS ? schedule_day_name((unsigned)i) : NULL;
}

// clang-format off
const struct schema_field rule_day_item = {
	.key = "days",
	.type = SCHEMA_CHOICE,
	.choice = day_choice,
};

static const struct schema_field span_fields[SPAN_FIELDS] = {
	[SPAN_DAYS] = { .key = "days", .type = SCHEMA_LIST, .max = WEEK_DAYS,
	    .each = &rule_day_item, .help = "of the week, default all" },
	[SPAN_FROM] = { .key = "from", .type = SCHEMA_TEXT, .required = true,
	    .help = "a time of day, for example \"08:00\"" },
	[SPAN_TO] = { .key = "to", .type = SCHEMA_TEXT, .required = true,
	    .help = "a time of day, for example \"18:00\"" },
};
static const struct schema_map span_map = { span_fields, SPAN_FIELDS };
const struct schema_field rule_hours_item = {
	.key = "hours", .type = SCHEMA_MAP, .map = &span_map,
};
// clang-format on

const struct schema_field rule_point_item = { .key = "point", .type = SCHEMA_TEXT };

bool
rule_is_contact(const struct load *l, const struct point *p)
{
	if (p->device == INDEX_NONE || p->supervised != NULL)
		return true;
	const struct profile *profile = l->site->devices[p->device].profile;
	if (profile == NULL || p->item >= profile->n_items)
		return true; // already a problem
	const struct decoder *d = &profile->decoders[profile->items[p->item].decoder];
	return d->form == DECODE_BIT && d->n_bits == 0;
}

static bool
kind_fits(struct load *l, const struct point *p, enum rule_use use,
    const struct yaml_node *node, const char *key)
{
	static const enum point_kind kinds[RULE_COUNT] = {
		[RULE_DOOR] = KIND_DOOR,
		[RULE_GRANT] = KIND_REX,
		[RULE_ANSWER] = KIND_ANSWER,
		[RULE_FIRE_DOOR] = KIND_FIRE_DOOR,
		[RULE_RELEASE] = KIND_FIRE_DOOR_RELEASE,
		[RULE_LINE] = KIND_FAULT_CONTACT,
		[RULE_PUMP_RUN] = KIND_PUMP_RUN,
		[RULE_PUMP_AUTO] = KIND_PUMP_AUTO,
		[RULE_PUMP_MANUAL] = KIND_PUMP_MANUAL,
		[RULE_PATROL] = KIND_PATROL,
	};

	if (p->kind != kinds[use]) {
		problem(l, node->pos, "%s: %s is of kind %s, must be %s", key, p->id,
		    point_kind_name(p->kind), point_kind_name(kinds[use]));
		return false;
	}
	if (!rule_is_contact(l, p)) {
		problem(l, node->pos, "%s: the item of %s is no contact", key, p->id);
		return false;
	}
	if (p->on_delay_ms != 0 || p->off_delay_ms != 0) {
		problem(l, node->pos,
		    "%s: %s has an on_delay or off_delay; as %s it has the times of "
		    "its rule",
		    key, p->id, uses[use]);
		return false;
	}
	return true;
}

uint32_t
rule_point(
    struct load *l, const struct yaml_node *node, const char *key, enum rule_use use)
{
	struct schema_value v = { 0 };
	struct schema_field field = rule_point_item;

	field.key = key;
	if (!schema_scalar(l, node, &field, &v))
		return UINT32_MAX;
	uint32_t index = section_refer(l, &l->points, node->pos, key, v.text);
	if (index == UINT32_MAX || !kind_fits(l, &l->point[index], use, node, key))
		return UINT32_MAX;
	uint32_t had = index_add(&l->ruled, l->point[index].id, (uint32_t)use);
	// Two leaves of one door have one button between them; routes meet; two pumps
	// have one selector.
	bool shared = use == RULE_GRANT || use == RULE_PATROL ||
		      use == RULE_PUMP_AUTO || use == RULE_PUMP_MANUAL;
	if (had == UINT32_MAX || (shared && had == (uint32_t)use))
		return index;
	problem(l, node->pos, "%s: %s already is %s", key, v.text, uses[had]);
	return UINT32_MAX;
}

// ---- hours
// ----------------------------------------------------------------------------

uint8_t
rule_days(struct load *l, const struct yaml_node *list)
{
	uint8_t days = 0;

	if (list->n == 0)
		problem(l, list->pos, "days is empty");
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct schema_value v = { 0 };
		if (schema_scalar(l, c, &rule_day_item, &v))
			days |= (uint8_t)(1U << v.number);
	}
	return days;
}

static void
read_time(struct load *l, const struct schema_value *v, const char *key, uint16_t *out)
{
	char why[WHY_MAX];

	if (v->ok && units_time_of_day(v->text, out, why) != 0)
		schema_refuse(l, v->pos, key, v->text, why);
}

void
rule_hours(struct load *l, const struct yaml_node *list, struct schedule *out)
{
	struct week_span *spans = arena_alloc(l->arena, list->n, sizeof(*spans));

	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct schema_value v[SPAN_FIELDS];
		struct week_span *span = &spans[out->n++];
		span->days = (1U << WEEK_DAYS) - 1;
		(void)schema_read(l, c, "hours", span_fields, SPAN_FIELDS, v);
		if (v[SPAN_DAYS].ok)
			span->days = rule_days(l, v[SPAN_DAYS].node);
		read_time(l, &v[SPAN_FROM], "from", &span->from_min);
		read_time(l, &v[SPAN_TO], "to", &span->to_min);
	}
	out->spans = spans;
}

size_t
rule_times(struct load *l, const struct yaml_node *list,
    const struct schema_field *item, uint16_t *out)
{
	size_t n = 0;

	if (list->n == 0)
		problem(l, list->pos, "%s is empty", item->key);
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct schema_value v = { 0 };
		char why[WHY_MAX];
		uint16_t minute;
		if (!schema_scalar(l, c, item, &v))
			continue;
		if (units_time_of_day(v.text, &minute, why) != 0)
			schema_refuse(l, c->pos, item->key, v.text, why);
		else if (n > 0 && minute <= out[n - 1])
			problem(l, c->pos, "%s: each must be later than the one before",
			    item->key);
		else
			out[n++] = minute;
	}
	return n;
}
