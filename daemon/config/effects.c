// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The section effects: what must follow an alarm within a time. Runs in the thread of
// the load. Refuses a cause that can never begin, an effect that nothing shows, one
// that is its own cause, and a time that is over before the effect can be told. Nothing
// to keep over a crash.
#include <math.h>
#include <string.h>

#include "config/budget.h"
#include "config/sections.h"
#include "config/units.h"
#include "core/own_code.h"

enum {
	SECOND_MS = 1000,
	DAY_MS = 24 * 3600 * SECOND_MS,
	CAUSES_MOST = 64,
};

enum {
	EFFECT_ID,
	EFFECT_CAUSES,
	EFFECT_EFFECT,
	EFFECT_WITHIN,
	EFFECT_MESSAGE,
	EFFECT_FIELDS
};

enum {
	CAUSE_POINT,
	CAUSE_ZONE,
	CAUSE_CLASS,
	CAUSE_CONDITIONS,
	CAUSE_CODE,
	CAUSE_FIELDS
};

enum {
	WHAT_POINT,
	WHAT_IS,
	WHAT_CONDITIONS,
	WHAT_CODE,
	WHAT_LEAST,
	WHAT_MOST,
	WHAT_FIELDS
};

static const char *
class_choice(size_t i)
{
	return i < CLASS_COUNT ? class_name((enum alarm_class)i) : NULL;
}

static const char *
is_choice(size_t i)
{
	static const char *const names[] = { "active", "idle", NULL };

	return names[i];
}

// clang-format off
static const struct schema_field condition_item = {
	.key = "conditions", .type = SCHEMA_CHOICE, .choice = schema_condition,
};

static const struct schema_field cause_fields[CAUSE_FIELDS] = {
	[CAUSE_POINT] = { .key = "point", .type = SCHEMA_TEXT,
	    .help = "an alarm of this point" },
	[CAUSE_ZONE] = { .key = "zone", .type = SCHEMA_TEXT,
	    .help = "an alarm of any point of this zone" },
	[CAUSE_CLASS] = { .key = "class", .type = SCHEMA_CHOICE, .choice = class_choice,
	    .help = "of this class" },
	[CAUSE_CONDITIONS] = { .key = "conditions", .type = SCHEMA_LIST, .max = COND_COUNT,
	    .each = &condition_item, .help = "of these conditions; absent: what its kind reports" },
	[CAUSE_CODE] = { .key = "code", .type = SCHEMA_TEXT,
	    .help = "with this code; absent: with any" },
};
static const struct schema_map cause_map = { cause_fields, CAUSE_FIELDS };
static const struct schema_field cause_item = {
	.key = "a cause", .type = SCHEMA_MAP, .map = &cause_map,
};

static const struct schema_field what_fields[WHAT_FIELDS] = {
	[WHAT_POINT] = { .key = "point", .type = SCHEMA_TEXT, .required = true,
	    .help = "the point that shows it" },
	[WHAT_IS] = { .key = "is", .type = SCHEMA_CHOICE, .choice = is_choice,
	    .help = "active, or known not to be; absent: active" },
	[WHAT_CONDITIONS] = { .key = "conditions", .type = SCHEMA_LIST, .max = COND_COUNT,
	    .each = &condition_item, .help = "any of these stands; absent: what its kind reports" },
	[WHAT_CODE] = { .key = "code", .type = SCHEMA_TEXT,
	    .help = "with this code; absent: with any" },
	[WHAT_LEAST] = { .key = "least", .type = SCHEMA_TEXT, .shape = SHAPE_QUANTITY,
	    .help = "it measures so much or more, for example 0.70MPa" },
	[WHAT_MOST] = { .key = "most", .type = SCHEMA_TEXT, .shape = SHAPE_QUANTITY,
	    .help = "it measures so much or less" },
};
static const struct schema_map what_map = { what_fields, WHAT_FIELDS };

static const struct schema_field effect_fields[EFFECT_FIELDS] = {
	[EFFECT_ID] = { .key = "id", .type = SCHEMA_ID, .required = true,
	    .help = "the name of the rule, for the journal" },
	[EFFECT_CAUSES] = { .key = "causes", .type = SCHEMA_LIST, .required = true,
	    .max = CAUSES_MOST, .each = &cause_item,
	    .help = "the alarms of which any asks for the effect" },
	[EFFECT_EFFECT] = { .key = "effect", .type = SCHEMA_MAP, .required = true,
	    .map = &what_map, .help = "what must follow" },
	[EFFECT_WITHIN] = { .key = "within", .type = SCHEMA_DURATION, .required = true,
	    .min = SECOND_MS, .max = DAY_MS,
	    .help = "so long after the cause at the latest, for example 60s" },
	[EFFECT_MESSAGE] = { .key = "message", .type = SCHEMA_NAME, .required = true,
	    .help = "what did not happen and what to do then, in words that an operator reads" },
};
static const struct schema_map effect_map = { effect_fields, EFFECT_FIELDS };
const struct schema_field effect_item = {
	.key = "an effect", .type = SCHEMA_MAP, .map = &effect_map,
};
// clang-format on

static bool
is_measured(const struct point *p)
{
	return point_kind_quantity(p->kind) != QUANTITY_NONE;
}

static uint16_t
read_conditions(struct load *l, const struct schema_value *v)
{
	uint16_t mask = 0;

	if (!v->ok || v->node == NULL)
		return 0;
	if (v->node->n == 0)
		problem(l, v->node->pos, "conditions is empty");
	for (const struct yaml_node *c = v->node->first; c != NULL; c = c->next) {
		struct schema_value one = { 0 };
		if (schema_scalar(l, c, &condition_item, &one))
			mask |= (uint16_t)(1U << one.number);
	}
	return mask;
}

// A code that nothing gives would switch the rule off without a word.
static const char *
read_code(struct load *l, const struct schema_value *v)
{
	bool known = !v->ok || index_find(&l->codes, v->text) != UINT32_MAX;

	for (enum condition c = 0; c < COND_COUNT; c++)
		known = known || own_code(c, v->text);
	if (!known)
		problem(l, v->pos, "code: no point of this site has the code %s",
		    load_show(l, v->text));
	else if (v->ok && own_code(COND_FAULT, v->text) &&
		 strcmp(v->text, "no-effect") == 0)
		problem(l, v->pos, "code: what did not happen causes nothing");
	return v->ok ? arena_text(l->arena, v->text) : "";
}

// ---- causes -------------------------------------------------------------------------

static bool
zone_has_points(const struct load *l, uint32_t zone)
{
	for (size_t i = 0; i < l->n_points; i++)
		if (l->point[i].zone == zone)
			return true;
	return false;
}

static void
read_where(struct load *l, const struct schema_value *v, struct effect_trigger *t,
    struct pos at)
{
	if (v[CAUSE_POINT].node != NULL && v[CAUSE_ZONE].node != NULL)
		problem(l, at, "a cause has a point or a zone, not both");
	if (v[CAUSE_POINT].ok)
		t->point = section_refer(
		    l, &l->points, v[CAUSE_POINT].pos, "point", v[CAUSE_POINT].text);
	if (!v[CAUSE_ZONE].ok)
		return;
	uint32_t zone =
	    section_refer(l, &l->zones, v[CAUSE_ZONE].pos, "zone", v[CAUSE_ZONE].text);
	if (zone == UINT32_MAX)
		return;
	t->zone = (uint16_t)zone;
	if (!zone_has_points(l, zone))
		problem(
		    l, v[CAUSE_ZONE].pos, "zone: %s has no points", v[CAUSE_ZONE].text);
}

static void
read_which(struct load *l, const struct schema_value *v, struct effect_trigger *t,
    struct pos at)
{
	bool by_class = v[CAUSE_CLASS].node != NULL;

	if (by_class && v[CAUSE_CONDITIONS].node != NULL)
		problem(l, at, "a cause has a class or conditions, not both");
	t->conditions = read_conditions(l, &v[CAUSE_CONDITIONS]);
	t->code = read_code(l, &v[CAUSE_CODE]);
	if (by_class) {
		t->alarm_class = (enum alarm_class)v[CAUSE_CLASS].number;
		return;
	}
	if (v[CAUSE_CONDITIONS].node != NULL)
		return;
	if (v[CAUSE_POINT].node == NULL) {
		problem(l, at, "a cause without a point needs a class or conditions");
		return;
	}
	if (t->point == UINT32_MAX)
		return; // already a problem
	const struct point *p = &l->point[t->point];
	t->conditions = (uint16_t)(1U << point_kind_condition(p->kind));
	if (is_measured(p) && p->limits == NULL && p->trend == NULL)
		problem(l, v[CAUSE_POINT].pos,
		    "point: %s has no limits, and so no alarm of what it measures",
		    p->id);
}

static void
read_causes(struct load *l, const struct yaml_node *list, struct effect_def *d)
{
	d->causes = arena_alloc(l->arena, list->n, sizeof(*d->causes));
	if (list->n == 0)
		problem(l, list->pos, "causes is empty");
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct schema_value v[CAUSE_FIELDS] = { 0 };
		struct effect_trigger *t = &d->causes[d->n_causes++];
		*t = (struct effect_trigger){
			.point = UINT32_MAX, .zone = INDEX_NONE, .code = ""
		};
		(void)schema_read(l, c, "a cause", cause_fields, CAUSE_FIELDS, v);
		if (c->kind != YAML_MAP)
			continue;
		read_where(l, v, t, c->pos);
		read_which(l, v, t, c->pos);
	}
}

// ---- the effect ---------------------------------------------------------------------

static void
read_bounds(struct load *l, const struct schema_value *v, const struct point *p,
    struct effect_def *d)
{
	enum quantity q = point_kind_quantity(p->kind);

	d->by = EFFECT_BY_VALUE;
	if (v[WHAT_IS].node != NULL)
		problem(l, v[WHAT_IS].pos,
		    "is: %s is measured: it has least or most, or conditions", p->id);
	(void)schema_quantity(l, &v[WHAT_LEAST], "least", q, &d->least);
	(void)schema_quantity(l, &v[WHAT_MOST], "most", q, &d->most);
	if (d->least > d->most)
		problem(l, v[WHAT_MOST].pos, "most: must not be below least");
	if (v[WHAT_LEAST].node == NULL && v[WHAT_MOST].node == NULL)
		problem(l, v[WHAT_POINT].pos,
		    "point: %s is measured: it needs least or most, or conditions",
		    p->id);
}

static void
read_state(struct load *l, const struct schema_value *v, const struct point *p,
    struct effect_def *d)
{
	bool placed = p->device != INDEX_NONE || p->gpio != INDEX_NONE;

	for (unsigned i = WHAT_LEAST; i <= WHAT_MOST; i++)
		if (v[i].node != NULL)
			problem(l, v[i].pos, "%s: %s measures nothing",
			    what_fields[i].key, p->id);
	d->inverse = v[WHAT_IS].number == 1;
	if (d->conditions == 0 && !placed)
		problem(l, v[WHAT_POINT].pos,
		    "point: %s is no contact: it needs conditions", p->id);
	d->by = d->conditions == 0 && rule_is_contact(l, p) ? EFFECT_BY_CONTACT
							    : EFFECT_BY_CONDITIONS;
	if (d->conditions == 0)
		d->conditions = (uint16_t)(1U << point_kind_condition(p->kind));
}

static void
read_what(struct load *l, const struct yaml_node *node, struct effect_def *d)
{
	struct schema_value v[WHAT_FIELDS] = { 0 };

	(void)schema_read(l, node, "effect", what_fields, WHAT_FIELDS, v);
	if (!v[WHAT_POINT].ok)
		return;
	d->point = section_refer(
	    l, &l->points, v[WHAT_POINT].pos, "point", v[WHAT_POINT].text);
	d->conditions = read_conditions(l, &v[WHAT_CONDITIONS]);
	d->code = read_code(l, &v[WHAT_CODE]);
	if (d->point == UINT32_MAX)
		return;
	const struct point *p = &l->point[d->point];
	if (is_measured(p) && v[WHAT_CONDITIONS].node == NULL)
		read_bounds(l, v, p, d);
	else
		read_state(l, v, p, d);
	if (d->code[0] != '\0' && d->by != EFFECT_BY_CONDITIONS)
		problem(l, v[WHAT_CODE].pos,
		    "code: %s has no codes here; name conditions", p->id);
}

// What shows the effect would at once be what asks for it.
static void
check_own_cause(struct load *l, struct pos at, const struct effect_def *d)
{
	for (uint16_t i = 0; i < d->n_causes; i++) {
		const struct effect_trigger *t = &d->causes[i];
		if (t->point == d->point && d->point != UINT32_MAX &&
		    (t->conditions & d->conditions) != 0 &&
		    strcmp(t->code, d->code) == 0)
			problem(l, at, "%s is both the cause and the effect",
			    l->point[d->point].id);
	}
}

static void
add_point(struct site *s, uint32_t point)
{
	for (uint16_t i = 0; i < s->n_effect_points; i++)
		if (s->effect_points[i] == point)
			return;
	s->effect_points[s->n_effect_points++] = point;
}

static void
read_effect(struct load *l, const struct yaml_node *node)
{
	struct schema_value v[EFFECT_FIELDS] = { 0 };
	struct site *s = l->site;
	struct effect_def *d = &s->effects[s->n_effects++];

	*d = (struct effect_def){
		.id = "", .point = UINT32_MAX, .code = "", .least = NAN, .most = NAN
	};
	(void)schema_read(l, node, "an effect", effect_fields, EFFECT_FIELDS, v);
	if (node->kind != YAML_MAP)
		return;
	if (v[EFFECT_ID].ok)
		d->id = arena_text(l->arena, v[EFFECT_ID].text);
	for (uint16_t i = 0; i + 1 < s->n_effects; i++)
		if (d->id[0] != '\0' && strcmp(s->effects[i].id, d->id) == 0)
			problem(l, node->pos, "id: %s is already an effect", d->id);
	if (v[EFFECT_CAUSES].ok)
		read_causes(l, v[EFFECT_CAUSES].node, d);
	if (v[EFFECT_EFFECT].ok)
		read_what(l, v[EFFECT_EFFECT].node, d);
	check_own_cause(l, node->pos, d);
	d->within_ms = (uint32_t)v[EFFECT_WITHIN].number;
	if (v[EFFECT_MESSAGE].ok) {
		d->message_zh = arena_text(l->arena, v[EFFECT_MESSAGE].zh);
		d->message_en = arena_text(l->arena, v[EFFECT_MESSAGE].en);
	}
	if (d->point != UINT32_MAX)
		add_point(s, d->point);
}

void
effects_read(struct load *l, const struct node_list *list)
{
	struct site *s = l->site;

	s->effects = arena_alloc(l->arena, list->n, sizeof(*s->effects));
	s->effect_points = arena_alloc(l->arena, list->n, sizeof(*s->effect_points));
	for (size_t i = 0; i < list->n; i++)
		read_effect(l, list->items[i]);
}

// ---- the plan -----------------------------------------------------------------------

static uint32_t
told_within_ms(const struct site *s, const struct point *p)
{
	struct bus_budget bus = { 0 };

	if (p->device != INDEX_NONE)
		bus = budget_of_bus(s, s->devices[p->device].bus);
	else if (p->gpio == INDEX_NONE)
		return 0; // a host's: it has its own times
	struct point_budget b = budget_of_point(s, p, &bus);
	return b.worst_ms;
}

void
effects_settle(struct load *l, const struct node_list *list)
{
	for (uint16_t i = 0; i < l->site->n_effects; i++) {
		struct effect_def *d = &l->site->effects[i];
		const struct point *p = &l->site->points[d->point];
		char told[32], within[32];

		d->told_ms = told_within_ms(l->site, p);
		if (d->told_ms >= d->within_ms)
			problem(l, list->items[i]->pos,
			    "within: %s, but a change of %s may be told only after %s",
			    units_show_ms(d->within_ms, within), p->id,
			    units_show_ms(d->told_ms, told));
	}
}
