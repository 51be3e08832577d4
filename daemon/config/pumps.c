// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The section pumps: which gauge and contacts a pump has, and what of it is watched. A
// finding that the site does not name is not watched: there are no limits of ours. Runs
// in the thread of the load. Refuses a finding for which the pump has no gauge or
// contact. Nothing to keep over a crash.
#include "config/sections.h"
#include "config/units.h"

enum {
	SECOND_MS = 1000,
	MINUTE_MS = 60 * SECOND_MS,
	HOUR_MS = 60 * MINUTE_MS,
	STARTS_MOST = 100, // an hour; core/pump_cycle.h counts up to 128
	FORM_FIELDS = 4,
};

// What a key of a finding is.
enum part {
	PART_PRESSURE, // the limit
	PART_STARTS,   // the same, a number
	PART_HYSTERESIS,
	PART_STARTS_HYSTERESIS,
	PART_AFTER,
	PART_OFF,
	PART_HOURS,
};

// clang-format off
static const struct schema_field cycling_fields[] = {
	{ .key = "starts_per_hour", .type = SCHEMA_INTEGER, .required = true, .min = 1,
	    .max = STARTS_MOST, .help = "more starts than that in an hour are too many" },
	{ .key = "hysteresis", .type = SCHEMA_INTEGER, .max = STARTS_MOST,
	    .help = "how many fewer they must be to have ended" },
};
static const struct schema_field long_run_fields[] = {
	{ .key = "after", .type = SCHEMA_DURATION, .required = true,
	    .min = SECOND_MS, .max = 24LL * HOUR_MS, .help = "it may run for so long" },
	{ .key = "clear_after", .type = SCHEMA_DURATION, .max = HOUR_MS,
	    .help = "how long it must be over to have ended" },
};
static const struct schema_field leak_fields[] = {
	{ .key = "per_hour", .type = SCHEMA_TEXT, .required = true,
	    .shape = SHAPE_QUANTITY, .help = "so much pressure an hour may be lost, for example 0.02MPa" },
	{ .key = "hysteresis", .type = SCHEMA_TEXT, .shape = SHAPE_QUANTITY,
	    .help = "how far back it must come to have ended" },
	{ .key = "over", .type = SCHEMA_DURATION, .required = true,
	    .min = MINUTE_MS, .max = 24LL * HOUR_MS, .help = "measured over so long of standing still" },
	{ .key = "hours", .type = SCHEMA_LIST, .required = true, .max = 8,
	    .each = &rule_hours_item, .help = "when nobody draws water: the night" },
};
static const struct schema_field rise_fields[] = {
	{ .key = "rise", .type = SCHEMA_TEXT, .required = true,
	    .shape = SHAPE_QUANTITY, .help = "so much the pressure must rise when it runs" },
	{ .key = "within", .type = SCHEMA_DURATION, .required = true,
	    .min = SECOND_MS, .max = 24LL * HOUR_MS, .help = "in so long" },
};
static const struct schema_field started_fields[] = {
	{ .key = "pressure", .type = SCHEMA_TEXT, .required = true,
	    .shape = SHAPE_QUANTITY, .help = "the start point: at it the pump must run" },
	{ .key = "hysteresis", .type = SCHEMA_TEXT, .shape = SHAPE_QUANTITY,
	    .help = "how far back it must come to have ended" },
	{ .key = "within", .type = SCHEMA_DURATION, .required = true,
	    .min = SECOND_MS, .max = 24LL * HOUR_MS, .help = "in so long" },
};
static const struct schema_field auto_fields[] = {
	{ .key = "after", .type = SCHEMA_DURATION,
	    .max = 24LL * HOUR_MS, .help = "how long it must last to be an alarm" },
	{ .key = "clear_after", .type = SCHEMA_DURATION, .max = HOUR_MS,
	    .help = "how long it must be over to have ended" },
};
static const struct schema_field differ_fields[] = {
	{ .key = "beyond", .type = SCHEMA_TEXT, .required = true,
	    .shape = SHAPE_QUANTITY, .help = "so far the two gauges may be apart" },
	{ .key = "hysteresis", .type = SCHEMA_TEXT, .shape = SHAPE_QUANTITY,
	    .help = "how far back it must come to have ended" },
	{ .key = "after", .type = SCHEMA_DURATION, .required = true,
	    .max = 24LL * HOUR_MS, .help = "how long it must last to be an alarm" },
	{ .key = "clear_after", .type = SCHEMA_DURATION, .max = HOUR_MS,
	    .help = "how long it must be over to have ended" },
};
// clang-format on

// A finding: its keys, and what each of them is.
struct form {
	struct schema_map map;
	enum part parts[FORM_FIELDS];
};

#define FORM(f)                     \
  {                                 \
    (f), sizeof(f) / sizeof((f)[0]) \
  }
static const struct form forms[PUMP_FINDING_COUNT] = {
	[PUMP_SHORT_CYCLING] = { FORM(cycling_fields),
	    { PART_STARTS, PART_STARTS_HYSTERESIS } },
	[PUMP_LONG_RUN] = { FORM(long_run_fields), { PART_AFTER, PART_OFF } },
	[PUMP_LEAK_DOWN] = { FORM(leak_fields),
	    { PART_PRESSURE, PART_HYSTERESIS, PART_AFTER, PART_HOURS } },
	[PUMP_NO_RISE] = { FORM(rise_fields), { PART_PRESSURE, PART_AFTER } },
	[PUMP_NOT_STARTED] = { FORM(started_fields),
	    { PART_PRESSURE, PART_HYSTERESIS, PART_AFTER } },
	[PUMP_NOT_IN_AUTO] = { FORM(auto_fields), { PART_AFTER, PART_OFF } },
	[PUMP_GAUGES_DIFFER] = { FORM(differ_fields),
	    { PART_PRESSURE, PART_HYSTERESIS, PART_AFTER, PART_OFF } },
};

enum {
	PUMP_FIRST_FINDING, // in the order of enum pump_finding
	PUMP_ID = PUMP_FIRST_FINDING + PUMP_FINDING_COUNT,
	PUMP_NAME,
	PUMP_ROLE,
	PUMP_GAUGE,
	PUMP_SECOND_GAUGE,
	PUMP_RUN,
	PUMP_AUTO,
	PUMP_MANUAL,
	PUMP_SWING,
	PUMP_WEEKLY,
	PUMP_MONTHLY,
	PUMP_FIELDS
};

static const char *
role_choice(size_t i)
{
	static const char *const names[] = {
		[PUMP_JOCKEY] = "jockey", [PUMP_MAIN] = "main", [PUMP_MAIN + 1] = NULL
	};

	return names[i];
}

// clang-format off
static const struct schema_field pump_fields[PUMP_FIELDS] = {
	// The findings, in the order of their enum.
	{ .key = "short_cycling", .type = SCHEMA_MAP,
	    .map = &forms[PUMP_SHORT_CYCLING].map, .help = "it starts too often" },
	{ .key = "long_run", .type = SCHEMA_MAP,
	    .map = &forms[PUMP_LONG_RUN].map, .help = "it runs for too long" },
	{ .key = "leak_down", .type = SCHEMA_MAP,
	    .map = &forms[PUMP_LEAK_DOWN].map, .help = "the header loses pressure at night" },
	{ .key = "no_rise", .type = SCHEMA_MAP,
	    .map = &forms[PUMP_NO_RISE].map, .help = "it runs, and the pressure does not rise" },
	{ .key = "not_started", .type = SCHEMA_MAP,
	    .map = &forms[PUMP_NOT_STARTED].map, .help = "it does not run at its start point" },
	{ .key = "not_in_auto", .type = SCHEMA_MAP,
	    .map = &forms[PUMP_NOT_IN_AUTO].map, .help = "its controller is not in automatic" },
	{ .key = "gauges_differ", .type = SCHEMA_MAP,
	    .map = &forms[PUMP_GAUGES_DIFFER].map, .help = "the two gauges disagree" },
	[PUMP_ID] = { .key = "id", .type = SCHEMA_ID, .required = true,
	    .help = "the name of the pump" },
	[PUMP_NAME] = { .key = "name", .type = SCHEMA_NAME, .help = "as people call it" },
	[PUMP_ROLE] = { .key = "role", .type = SCHEMA_CHOICE, .required = true,
	    .choice = role_choice, .help = "jockey or main" },
	[PUMP_GAUGE] = { .key = "gauge", .type = SCHEMA_TEXT, .required = true,
	    .help = "the point of its header's pressure" },
	[PUMP_SECOND_GAUGE] = { .key = "second_gauge", .type = SCHEMA_TEXT,
	    .help = "another on the same header" },
	[PUMP_RUN] = { .key = "run", .type = SCHEMA_TEXT,
	    .help = "a contact that acts while it runs, of kind pump-run" },
	[PUMP_AUTO] = { .key = "auto", .type = SCHEMA_TEXT,
	    .help = "a contact of its controller, of kind pump-auto" },
	[PUMP_MANUAL] = { .key = "manual", .type = SCHEMA_TEXT,
	    .help = "a contact of its controller, of kind pump-manual" },
	[PUMP_SWING] = { .key = "swing", .type = SCHEMA_TEXT, .shape = SHAPE_QUANTITY,
	    .help = "without a run contact: so far the pressure turns at a start and a stop" },
	[PUMP_WEEKLY] = { .key = "weekly_start", .type = SCHEMA_BOOL,
	    .help = "true: the books ask for a start by itself each week" },
	[PUMP_MONTHLY] = { .key = "monthly_run", .type = SCHEMA_BOOL,
	    .help = "true: the books ask for a run by hand each month" },
};
static const struct schema_map pump_map = { pump_fields, PUMP_FIELDS };
// clang-format on
const struct schema_field pump_item = {
	.key = "a pump",
	.type = SCHEMA_MAP,
	.map = &pump_map,
};

static bool
read_pressure(
    struct load *l, const struct schema_value *v, const char *key, double *out)
{
	if (!schema_quantity(l, v, key, QUANTITY_PRESSURE, out))
		return false;
	if (*out >= 0)
		return true;
	schema_refuse(l, v->pos, key, v->text, "must not be negative");
	return false;
}

static void
read_part(struct load *l, const struct schema_value *v, const struct schema_field *f,
    enum part part, struct pump_def *d, struct pump_bound *b)
{
	switch (part) {
	case PART_PRESSURE:
		if (read_pressure(l, v, f->key, &b->limit) && b->limit <= 0)
			schema_refuse(
			    l, v->pos, f->key, v->text, "must be more than nothing");
		break;
	case PART_HYSTERESIS:
		(void)read_pressure(l, v, f->key, &b->hysteresis);
		break;
	case PART_STARTS:
		b->limit = (double)v->number;
		break;
	case PART_STARTS_HYSTERESIS:
		b->hysteresis = (double)v->number;
		break;
	case PART_AFTER:
		b->after_ms = (uint32_t)v->number;
		break;
	case PART_OFF:
		b->off_ms = (uint32_t)v->number;
		break;
	case PART_HOURS:
		if (v->ok && v->node->n == 0)
			problem(l, v->pos, "hours is empty");
		else if (v->ok)
			rule_hours(l, v->node, &d->night);
		break;
	}
}

static void
read_finding(struct load *l, const struct yaml_node *node, enum pump_finding f,
    struct pump_def *d)
{
	const struct form *form = &forms[f];
	struct schema_value v[FORM_FIELDS] = { 0 };
	struct pump_bound *b = &d->rule.bounds[f];

	b->set = schema_read(
	    l, node, pump_finding_name(f), form->map.fields, form->map.n, v);
	if (!b->set)
		return;
	for (size_t i = 0; i < form->map.n; i++)
		read_part(l, &v[i], &form->map.fields[i], form->parts[i], d, b);
	bool back = f == PUMP_SHORT_CYCLING || f == PUMP_LEAK_DOWN ||
		    f == PUMP_GAUGES_DIFFER; // what ends below its limit
	if (back && b->hysteresis >= b->limit && b->hysteresis > 0)
		problem(l, v[1].pos, "hysteresis: must be less than %s",
		    form->map.fields[0].key);
}

static uint32_t
read_contact(
    struct load *l, const struct schema_value *v, const char *key, enum rule_use use)
{
	return v->ok ? rule_point(l, v->node, key, use) : UINT32_MAX;
}

static uint32_t
read_gauge(struct load *l, const struct schema_value *v, const char *key)
{
	if (!v->ok)
		return UINT32_MAX;
	uint32_t index = section_refer(l, &l->points, v->pos, key, v->text);
	if (index == UINT32_MAX)
		return UINT32_MAX;
	const struct point *p = &l->point[index];
	if (p->kind == KIND_PRESSURE)
		return index;
	problem(l, v->pos, "%s: %s is of kind %s, must be pressure", key, p->id,
	    point_kind_name(p->kind));
	return UINT32_MAX;
}

// What a finding hangs on must be there.
static void
check_needs(struct load *l, const struct schema_value *v)
{
	static const struct {
		enum pump_finding finding;
		int key, or_key;
	} needs[] = {
		{ PUMP_LONG_RUN, PUMP_RUN, PUMP_RUN },
		{ PUMP_NO_RISE, PUMP_RUN, PUMP_RUN },
		{ PUMP_NOT_IN_AUTO, PUMP_AUTO, PUMP_MANUAL },
		{ PUMP_GAUGES_DIFFER, PUMP_SECOND_GAUGE, PUMP_SECOND_GAUGE },
	};

	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		const struct schema_value *f =
		    &v[PUMP_FIRST_FINDING + needs[i].finding];
		bool has =
		    v[needs[i].key].node != NULL || v[needs[i].or_key].node != NULL;
		if (f->node != NULL && !has)
			problem(l, f->key_pos, "%s: the pump has no %s",
			    pump_finding_name(needs[i].finding),
			    pump_fields[needs[i].key].key);
	}
}

static void
check_how_it_is_seen(
    struct load *l, const struct yaml_node *node, const struct schema_value *v)
{
	bool run = v[PUMP_RUN].node != NULL, swing = v[PUMP_SWING].node != NULL;

	if (run && swing)
		problem(l, v[PUMP_SWING].key_pos,
		    "swing: the pump has a run contact, which says when it starts");
	if (!run && v[PUMP_ROLE].ok && v[PUMP_ROLE].number == PUMP_MAIN)
		problem(l, node->pos, "run is missing: a main pump must have one");
	else if (!run && !swing)
		problem(l, node->pos,
		    "swing is missing: without a run contact the pressure says when "
		    "the pump starts");
}

static void
read_times(struct load *l, const struct schema_value *v, struct pump_def *d)
{
	d->weekly_start = v[PUMP_WEEKLY].number != 0;
	d->monthly_run = v[PUMP_MONTHLY].number != 0;
	if (d->rule.role == PUMP_JOCKEY && v[PUMP_ROLE].ok)
		for (int i = PUMP_WEEKLY; i <= PUMP_MONTHLY; i++)
			if (v[i].ok && v[i].number != 0)
				problem(l, v[i].key_pos,
				    "%s: is asked of main pumps only",
				    pump_fields[i].key);
}

static void
read_pump(struct load *l, struct name_index *ids, const struct yaml_node *node)
{
	struct schema_value v[PUMP_FIELDS];
	struct pump_def *d = &l->site->pumps[l->site->n_pumps];

	(void)schema_read(l, node, "a pump", pump_fields, PUMP_FIELDS, v);
	d->id = section_id(l, ids, "pump", &v[PUMP_ID], l->site->n_pumps++);
	if (node->kind != YAML_MAP)
		return;
	d->name_zh = v[PUMP_NAME].ok ? arena_text(l->arena, v[PUMP_NAME].zh) : d->id;
	d->name_en = v[PUMP_NAME].ok ? arena_text(l->arena, v[PUMP_NAME].en) : d->id;
	d->rule.role = (enum pump_role)v[PUMP_ROLE].number;
	d->gauge = read_gauge(l, &v[PUMP_GAUGE], "gauge");
	d->second_gauge = read_gauge(l, &v[PUMP_SECOND_GAUGE], "second_gauge");
	if (d->gauge != UINT32_MAX && d->gauge == d->second_gauge)
		problem(l, v[PUMP_SECOND_GAUGE].pos, "second_gauge: is the first one");
	d->run = read_contact(l, &v[PUMP_RUN], "run", RULE_PUMP_RUN);
	d->auto_contact = read_contact(l, &v[PUMP_AUTO], "auto", RULE_PUMP_AUTO);
	d->manual_contact =
	    read_contact(l, &v[PUMP_MANUAL], "manual", RULE_PUMP_MANUAL);
	d->rule.has_run = d->run != UINT32_MAX;
	d->rule.has_auto = d->auto_contact != UINT32_MAX;
	d->rule.has_manual = d->manual_contact != UINT32_MAX;
	if (read_pressure(l, &v[PUMP_SWING], "swing", &d->rule.swing) &&
	    d->rule.swing <= 0)
		schema_refuse(l, v[PUMP_SWING].pos, "swing", v[PUMP_SWING].text,
		    "must be more than nothing");
	for (enum pump_finding f = 0; f < PUMP_FINDING_COUNT; f++)
		if (v[PUMP_FIRST_FINDING + f].ok)
			read_finding(l, v[PUMP_FIRST_FINDING + f].node, f, d);
	// A selector is there to be watched, with a delay or without.
	if (d->rule.has_auto || d->rule.has_manual)
		d->rule.bounds[PUMP_NOT_IN_AUTO].set = true;
	check_needs(l, v);
	check_how_it_is_seen(l, node, v);
	read_times(l, v, d);
}

void
pumps_read(struct load *l, const struct node_list *list)
{
	struct name_index ids = { 0 };

	l->site->pumps = arena_alloc(l->arena, list->n, sizeof(*l->site->pumps));
	for (size_t i = 0; i < list->n; i++)
		read_pump(l, &ids, list->items[i]);
	index_free(&ids);
}
