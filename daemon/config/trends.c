// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The keys `rate` and `stuck` of a measured point. Runs in the thread of the load.
// Refuses them where nothing is measured, a change that is none, and a time in which
// the value is not even read twice. Nothing to keep over a crash.
#include "config/sections.h"
#include "config/units.h"

enum {
	SECOND_MS = 1000,
	RATE_MOST_MS = 24 * 3600 * SECOND_MS,
	STUCK_LEAST_MS = 60 * SECOND_MS,
	READINGS_LEAST = 2, // of the value, within the time of a rule
};
#define STUCK_MOST_MS INT64_C(2592000000) // 30 days

enum {
	RATE_FALL,
	RATE_RISE,
	RATE_FIELDS
};
enum {
	CHANGE_CHANGE,
	CHANGE_WITHIN,
	CHANGE_OFF_DELAY,
	CHANGE_FIELDS
};
enum {
	STUCK_AFTER,
	STUCK_BAND,
	STUCK_FIELDS
};

// clang-format off
static const struct schema_field change_fields[CHANGE_FIELDS] = {
	[CHANGE_CHANGE] = { .key = "change", .type = SCHEMA_TEXT, .required = true,
	    .shape = SHAPE_QUANTITY, .help = "by so much or more, for example 0.05MPa" },
	[CHANGE_WITHIN] = { .key = "within", .type = SCHEMA_DURATION, .required = true,
	    .min = SECOND_MS, .max = RATE_MOST_MS, .help = "in so long, for example 1min" },
	[CHANGE_OFF_DELAY] = { .key = "off_delay", .type = SCHEMA_DURATION,
	    .max = RATE_MOST_MS, .help = "how long it must be over to have ended" },
};
static const struct schema_map change_map = { change_fields, CHANGE_FIELDS };

static const struct schema_field rate_fields[RATE_FIELDS] = {
	[RATE_FALL] = { .key = "fall", .type = SCHEMA_MAP, .map = &change_map,
	    .help = "how far it may not fall" },
	[RATE_RISE] = { .key = "rise", .type = SCHEMA_MAP, .map = &change_map,
	    .help = "how far it may not rise" },
};
const struct schema_map rate_map = { rate_fields, RATE_FIELDS };

static const struct schema_field stuck_fields[STUCK_FIELDS] = {
	[STUCK_AFTER] = { .key = "after", .type = SCHEMA_DURATION, .required = true,
	    .min = STUCK_LEAST_MS, .max = STUCK_MOST_MS,
	    .help = "how long a value that is well never stands still, for example 24h" },
	[STUCK_BAND] = { .key = "band", .type = SCHEMA_TEXT, .shape = SHAPE_QUANTITY,
	    .help = "what moves by no more stands still; absent: only what does not move at all" },
};
const struct schema_map stuck_map = { stuck_fields, STUCK_FIELDS };
// clang-format on

static void
check_readings(struct load *l, const struct schema_value *v, const char *key,
    const struct point *p)
{
	uint32_t poll = l->site->devices[p->device].poll_ms;
	char show[32];

	if (v->ok && v->number < READINGS_LEAST * (int64_t)poll)
		problem(l, v->pos, "%s: must be at least two polls of the device, %s",
		    key, units_show_ms(READINGS_LEAST * (uint64_t)poll, show));
}

static void
read_change(struct load *l, const struct yaml_node *node, const char *name,
    const struct point *p, struct rate_rule *out)
{
	struct schema_value v[CHANGE_FIELDS] = { 0 };
	bool good = schema_read(l, node, name, change_fields, CHANGE_FIELDS, v);

	check_readings(l, &v[CHANGE_WITHIN], "within", p);
	if (!schema_quantity(l, &v[CHANGE_CHANGE], "change",
		point_kind_quantity(p->kind), &out->change))
		return;
	if (out->change <= 0)
		schema_refuse(l, v[CHANGE_CHANGE].pos, "change", v[CHANGE_CHANGE].text,
		    "must be more than nothing");
	out->within_ms = good ? (uint32_t)v[CHANGE_WITHIN].number : 0;
	out->off_delay_ms = (uint32_t)v[CHANGE_OFF_DELAY].number;
}

static void
read_rates(struct load *l, const struct yaml_node *node, const struct point *p,
    struct trend_rules *out)
{
	struct schema_value v[RATE_FIELDS] = { 0 };

	(void)schema_read(l, node, "rate", rate_fields, RATE_FIELDS, v);
	if (v[RATE_FALL].ok)
		read_change(l, v[RATE_FALL].node, "fall", p, &out->fall);
	if (v[RATE_RISE].ok)
		read_change(l, v[RATE_RISE].node, "rise", p, &out->rise);
	if (node->kind == YAML_MAP && node->first == NULL)
		problem(l, node->pos, "rate: neither fall nor rise is there");
}

static void
read_stuck(struct load *l, const struct yaml_node *node, const struct point *p,
    struct stuck_rule *out)
{
	struct schema_value v[STUCK_FIELDS] = { 0 };
	bool good = schema_read(l, node, "stuck", stuck_fields, STUCK_FIELDS, v);

	check_readings(l, &v[STUCK_AFTER], "after", p);
	if (schema_quantity(
		l, &v[STUCK_BAND], "band", point_kind_quantity(p->kind), &out->band) &&
	    out->band < 0)
		schema_refuse(l, v[STUCK_BAND].pos, "band", v[STUCK_BAND].text,
		    "must not be negative");
	out->after_ms = good ? (uint32_t)v[STUCK_AFTER].number : 0;
}

static bool
is_measured(struct load *l, const struct yaml_node *node, const struct point *p)
{
	if (point_kind_quantity(p->kind) != QUANTITY_NONE)
		return true;
	problem(l, node->key_pos, "%s: %s is not measured", node->key,
	    point_kind_name(p->kind));
	return false;
}

void
trend_read(struct load *l, const struct schema_value *rate,
    const struct schema_value *stuck, struct point *p)
{
	bool rates = rate->ok && is_measured(l, rate->node, p);
	bool sticks = stuck->ok && is_measured(l, stuck->node, p);

	if (!rates && !sticks)
		return;
	struct trend_rules *rules = arena_alloc(l->arena, 1, sizeof(*rules));
	if (rates)
		read_rates(l, rate->node, p, rules);
	if (sticks)
		read_stuck(l, stuck->node, p, &rules->stuck);
	p->trend = rules;
}
