// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Points as a list in YAML, of a device or of a GPIO chip, with what CSV has no column
// for: limits, delays, polarity, classes. Runs in the thread of the load. Refuses
// limits where nothing is measured and in the wrong order, and a fire turned into
// anything less (DESIGN I14). Nothing to keep over a crash.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config/sections.h"
#include "config/units.h"

enum {
	SECOND_MS = 1000,
	HOUR_MS = 3600LL * SECOND_MS,
	DEBOUNCE_MS = 50,
	PANIC_DEBOUNCE_MS = 30 // at most: a hand that slips off is a press
};

// The keys up to POINT_COMMON are those of a device's point and of a GPIO line alike.
enum {
	POINT_ID,
	POINT_KIND,
	POINT_ZONE,
	POINT_LATCH,
	POINT_PLACE,
	POINT_ON_DELAY,
	POINT_OFF_DELAY,
	POINT_ACTIVE,
	POINT_CLASS,
	POINT_SILENT,
	POINT_CHATTER,
	POINT_REPEAT,
	POINT_COMMON,
	POINT_ITEM = POINT_COMMON,
	POINT_LOOP,
	POINT_DEVICE,
	POINT_SCALE,
	POINT_SUPERVISED,
	POINT_LIMITS,
	POINT_RATE,
	POINT_STUCK,
	POINT_HAND_TOLERANCE,
	POINT_DAILY_LOG,
	POINT_DOMESTIC_WATER,
	POINT_FIELDS,
	LINE_LINE = POINT_COMMON,
	LINE_DEBOUNCE,
	LINE_DEBOUNCE_BY,
	LINE_PULSE,
	LINE_BIAS,
	LINE_FIELDS,
	MOST_FIELDS = POINT_COMMON + 11,
};
_Static_assert(POINT_FIELDS <= MOST_FIELDS && LINE_FIELDS <= MOST_FIELDS, "room");

enum {
	LIMIT_VALUE,
	LIMIT_HYSTERESIS,
	LIMIT_ON_DELAY,
	LIMIT_OFF_DELAY,
	LIMIT_FIELDS
};

static const char *
active_name(size_t i)
{
	static const char *const names[] = { "high", "low", NULL };

	return names[i];
}

static const char *
pulse_name(size_t i)
{
	static const char *const names[] = { "latch", NULL };

	return names[i];
}

static const char *
debounce_by_name(size_t i)
{
	static const char *const names[] = { "driver", "kernel", NULL };

	return names[i];
}

static const char *
bias_choice(size_t i)
{
	return i < BIAS_COUNT ? gpio_bias_name((enum gpio_bias)i) : NULL;
}

static const char *
class_choice(size_t i)
{
	return i < CLASS_COUNT ? class_name((enum alarm_class)i) : NULL;
}

// clang-format off
static const struct schema_field class_field = {
	.key = "class", .type = SCHEMA_CHOICE, .choice = class_choice,
};

static const struct schema_field scale_item = {
	.key = "scale", .type = SCHEMA_TEXT, .shape = SHAPE_QUANTITY,
};

static const struct schema_field limit_fields[LIMIT_FIELDS] = {
	[LIMIT_VALUE] = { .key = "value", .type = SCHEMA_TEXT, .required = true,
	    .shape = SHAPE_QUANTITY,
	    .help = "the limit, for example 0.60MPa" },
	[LIMIT_HYSTERESIS] = { .key = "hysteresis", .type = SCHEMA_TEXT,
	    .shape = SHAPE_QUANTITY, .help = "how far back it must come to have ended" },
	[LIMIT_ON_DELAY] = { .key = "on_delay", .type = SCHEMA_DURATION, .max = HOUR_MS,
	    .help = "how long it must last to be an alarm" },
	[LIMIT_OFF_DELAY] = { .key = "off_delay", .type = SCHEMA_DURATION, .max = HOUR_MS,
	    .help = "how long it must be over to have ended" },
};
static const struct schema_map limit_map = { limit_fields, LIMIT_FIELDS };
static const struct schema_field limit_forms[] = {
	{ .key = "value", .type = SCHEMA_TEXT, .shape = SHAPE_QUANTITY },
	{ .key = "map", .type = SCHEMA_MAP, .map = &limit_map },
	{ .key = NULL },
};

static const struct schema_field limit_names[LIMIT_COUNT] = {
	[LIMIT_LOW_LOW] = { .key = "low_low", .type = SCHEMA_ANY, .either = limit_forms,
	    .help = "below it is very low" },
	[LIMIT_LOW] = { .key = "low", .type = SCHEMA_ANY, .either = limit_forms,
	    .help = "below it is low" },
	[LIMIT_HIGH] = { .key = "high", .type = SCHEMA_ANY, .either = limit_forms,
	    .help = "above it is high" },
	[LIMIT_HIGH_HIGH] = { .key = "high_high", .type = SCHEMA_ANY, .either = limit_forms,
	    .help = "above it is very high" },
};
static const struct schema_map limits_map = { limit_names, LIMIT_COUNT };

#define COMMON_FIELDS                                                                  \
	[POINT_ID] = { .key = "id", .type = SCHEMA_TEXT,                               \
	    .help = "the name of the point, stable for ever" },                        \
	[POINT_KIND] = { .key = "kind", .type = SCHEMA_TEXT, .choice = point_kind_choice, \
	    .help = "what it is, for example smoke or pressure" },                     \
	[POINT_ZONE] = { .key = "zone", .type = SCHEMA_TEXT,                           \
	    .help = "the id of its zone" },                                            \
	[POINT_LATCH] = { .key = "latch", .type = SCHEMA_TEXT,                         \
	    .choice = point_latch_choice, .help = "who holds an alarm that is over" }, \
	[POINT_PLACE] = { .key = "place", .type = SCHEMA_NAME,                         \
	    .help = "where it is, in words that an operator knows" },                  \
	[POINT_ON_DELAY] = { .key = "on_delay", .type = SCHEMA_DURATION, .max = HOUR_MS, \
	    .help = "how long it must last to be an alarm" },                          \
	[POINT_OFF_DELAY] = { .key = "off_delay", .type = SCHEMA_DURATION, .max = HOUR_MS, \
	    .help = "how long it must be over to have ended" },                        \
	[POINT_ACTIVE] = { .key = "active", .type = SCHEMA_CHOICE, .choice = active_name, \
	    .help = "the level that means what the kind says" },                       \
	[POINT_CLASS] = { .key = "class", .type = SCHEMA_MAP, .each = &class_field,     \
	    .choice = schema_condition,                                                \
	    .help = "classes of conditions that differ here: {fault: supervisory}" },   \
	[POINT_SILENT] = { .key = "silent", .type = SCHEMA_BOOL,                       \
	    .help = "true: a panic button beside the desk makes no sound here" },      \
	[POINT_CHATTER] = { .key = "chatter", .type = SCHEMA_ANY, .either = chatter_forms, \
	    .help = "in place of the one of the section engine; none: never" },        \
	[POINT_REPEAT] = { .key = "repeat", .type = SCHEMA_ANY, .either = repeat_forms, \
	    .help = "in place of the one of the section engine; none: never" }

static const struct schema_field point_fields[POINT_FIELDS] = {
	COMMON_FIELDS,
	[POINT_ITEM] = { .key = "item", .type = SCHEMA_TEXT,
	    .help = "an item of the device's profile" },
	[POINT_LOOP] = { .key = "loop", .type = SCHEMA_TEXT, .help = "its loop" },
	[POINT_DEVICE] = { .key = "device", .type = SCHEMA_TEXT,
	    .help = "its number in the loop, or in the item" },
	[POINT_SCALE] = { .key = "scale", .type = SCHEMA_MAP, .each = &scale_item,
	    .help = "two values and what they stand for, for example {4mA: 0MPa, 20mA: 1.6MPa}; where one is a fifth of the other, as here, what lies below 3.6mA or above 21mA is a broken sensor" },
	[POINT_SUPERVISED] = { .key = "supervised", .type = SCHEMA_TEXT,
	    .help = "the id of a table of loops: the point is a contact" },
	[POINT_LIMITS] = { .key = "limits", .type = SCHEMA_MAP, .map = &limits_map,
	    .help = "of a measured value; a limit is a value or {value, on_delay, ..}" },
	[POINT_RATE] = { .key = "rate", .type = SCHEMA_MAP, .map = &rate_map,
	    .help = "of a measured value: how far it may move in how long" },
	[POINT_STUCK] = { .key = "stuck", .type = SCHEMA_MAP, .map = &stuck_map,
	    .help = "of a measured value: how long it may stand still" },
	[POINT_HAND_TOLERANCE] = { .key = "hand_tolerance", .type = SCHEMA_TEXT,
	    .shape = SHAPE_QUANTITY,
	    .help = "of a pressure: how far a reading at the dial may be from the sensor, for example 0.02MPa" },
	[POINT_DAILY_LOG] = { .key = "daily_log", .type = SCHEMA_BOOL,
	    .help = "whether its readings stand in the daily book" },
	[POINT_DOMESTIC_WATER] = { .key = "domestic_water", .type = SCHEMA_BOOL,
	    .help = "a pressure gauge of the domestic water: one of their mean in the daily book" },
};
static const struct schema_map point_map = { point_fields, POINT_FIELDS };
const struct schema_field points_item = {
	.key = "a point", .type = SCHEMA_MAP, .map = &point_map,
};

static const struct schema_field line_fields[LINE_FIELDS] = {
	COMMON_FIELDS,
	[LINE_LINE] = { .key = "line", .type = SCHEMA_TEXT, .required = true,
	    .help = "the line's name or its number on the chip" },
	[LINE_DEBOUNCE] = { .key = "debounce", .type = SCHEMA_DURATION,
	    .max = 10LL * SECOND_MS, .fallback = DEBOUNCE_MS,
	    .help = "how long a level must last" },
	[LINE_DEBOUNCE_BY] = { .key = "debounce_by", .type = SCHEMA_CHOICE,
	    .choice = debounce_by_name, .help = "who waits so long" },
	[LINE_PULSE] = { .key = "pulse", .type = SCHEMA_CHOICE, .choice = pulse_name,
	    .help = "latch: a pulse is an alarm at once" },
	[LINE_BIAS] = { .key = "bias", .type = SCHEMA_CHOICE, .choice = bias_choice,
	    .help = "the resistor of the line" },
};
static const struct schema_map line_map = { line_fields, LINE_FIELDS };
const struct schema_field lines_item = {
	.key = "a point", .type = SCHEMA_MAP, .map = &line_map,
};
// clang-format on

static void
read_limit(struct load *l, const struct yaml_node *node, const char *name,
    enum quantity q, struct limit *out)
{
	struct schema_value v[LIMIT_FIELDS] = { 0 };
	const struct schema_field short_form = { .key = name, .type = SCHEMA_TEXT };

	if (node->kind == YAML_MAP) {
		(void)schema_read(l, node, name, limit_fields, LIMIT_FIELDS, v);
	} else if (!schema_scalar(l, node, &short_form, &v[LIMIT_VALUE])) {
		return;
	}
	out->set = schema_quantity(l, &v[LIMIT_VALUE], name, q, &out->value);
	out->on_delay_ms = (uint32_t)v[LIMIT_ON_DELAY].number;
	out->off_delay_ms = (uint32_t)v[LIMIT_OFF_DELAY].number;
	if (schema_quantity(
		l, &v[LIMIT_HYSTERESIS], "hysteresis", q, &out->hysteresis) &&
	    out->hysteresis < 0)
		schema_refuse(l, v[LIMIT_HYSTERESIS].pos, "hysteresis",
		    v[LIMIT_HYSTERESIS].text, "must not be negative");
}

static const struct limit *
read_limits(struct load *l, const struct yaml_node *node, enum point_kind kind)
{
	struct schema_value v[LIMIT_COUNT];
	struct limit *limits = arena_alloc(l->arena, LIMIT_COUNT, sizeof(*limits));
	enum quantity q = point_kind_quantity(kind);
	int below = -1;

	if (q == QUANTITY_NONE) {
		problem(l, node->key_pos, "limits: %s is not measured",
		    point_kind_name(kind));
		return NULL;
	}
	(void)schema_read(l, node, "limits", limit_names, LIMIT_COUNT, v);
	for (int i = 0; i < LIMIT_COUNT; i++) {
		if (!v[i].ok)
			continue;
		read_limit(l, v[i].node, limit_names[i].key, q, &limits[i]);
		if (!limits[i].set)
			continue;
		if (below >= 0 && limits[below].value >= limits[i].value)
			problem(l, v[i].pos, "%s must be above %s", limit_names[i].key,
			    limit_names[below].key);
		below = i;
	}
	return limits;
}

static void
read_class(struct load *l, const struct yaml_node *node, uint8_t *classes)
{
	enum condition c;
	struct schema_value v = { 0 };

	if (!condition_from_name(node->key, &c) || c == COND_LINK) {
		struct suggestion s = suggest_begin(node->key);
		for (int i = 0; i < COND_LINK; i++)
			suggest_offer(&s, condition_name((enum condition)i));
		problem(l, node->key_pos, "class: unknown condition %s%s",
		    load_show(l, node->key), suggest_text(l, &s));
		return;
	}
	if (!schema_scalar(l, node, &class_field, &v))
		return;
	if (c == COND_FIRE && v.number != CLASS_FIRE)
		problem(l, node->pos, "class: a fire stays a fire");
	classes[c] = (uint8_t)v.number;
}

static const uint8_t *
read_class_override(struct load *l, const struct yaml_node *map)
{
	uint8_t *classes = arena_alloc(l->arena, COND_COUNT, 1);

	memset(classes, CLASS_COUNT, COND_COUNT);
	for (const struct yaml_node *c = map->first; c != NULL; c = c->next)
		read_class(l, c, classes);
	return classes;
}

static struct cell
cell_of(const struct schema_value *v)
{
	return (struct cell){
		.text = v->text,
		.pos = v->node != NULL ? v->pos : (struct pos){ 0 },
	};
}

static void
fill_cells(const struct schema_value v[static POINT_FIELDS], bool line,
    struct cell cells[static CELL_COUNT])
{
	cells[CELL_ID] = cell_of(&v[POINT_ID]);
	cells[CELL_KIND] = cell_of(&v[POINT_KIND]);
	cells[CELL_ZONE] = cell_of(&v[POINT_ZONE]);
	cells[CELL_LATCH] = cell_of(&v[POINT_LATCH]);
	cells[CELL_PLACE_ZH] = (struct cell){ v[POINT_PLACE].zh, v[POINT_PLACE].pos };
	cells[CELL_PLACE_EN] = (struct cell){ v[POINT_PLACE].en, v[POINT_PLACE].pos };
	if (v[POINT_PLACE].node != NULL && !v[POINT_PLACE].ok)
		cells[CELL_PLACE_EN].text = "?"; // refused already, not missing
	if (line)
		return;
	cells[CELL_ITEM] = cell_of(&v[POINT_ITEM]);
	cells[CELL_LOOP] = cell_of(&v[POINT_LOOP]);
	cells[CELL_DEVICE] = cell_of(&v[POINT_DEVICE]);
}

static void
read_common(
    struct load *l, const struct schema_value v[static POINT_COMMON], struct point *p)
{
	p->on_delay_ms = (uint32_t)v[POINT_ON_DELAY].number;
	p->off_delay_ms = (uint32_t)v[POINT_OFF_DELAY].number;
	p->active_low = v[POINT_ACTIVE].number == 1;
	if (v[POINT_ACTIVE].node != NULL &&
	    (p->supervised != NULL || !rule_is_contact(l, p)))
		problem(l, v[POINT_ACTIVE].key_pos,
		    "active: the item is no single contact");
	p->silent = v[POINT_SILENT].number == 1;
	if (p->silent && p->kind != KIND_PANIC)
		problem(l, v[POINT_SILENT].key_pos,
		    "silent: only a panic button may be silent");
	if (p->kind == KIND_PANIC && p->on_delay_ms != 0)
		problem(l, v[POINT_ON_DELAY].pos,
		    "on_delay: a panic button reports at once");
	if (v[POINT_CLASS].ok)
		p->class_override = read_class_override(l, v[POINT_CLASS].node);
	if (p->silent && point_class(p, point_kind_condition(p->kind)) == CLASS_FIRE)
		problem(l, v[POINT_SILENT].key_pos,
		    "silent: the site calls it a fire, and a fire is never silent");
	if (v[POINT_CHATTER].ok)
		p->chatter = chatter_read_point(l, &v[POINT_CHATTER]);
	if (v[POINT_REPEAT].ok)
		p->repeat = repeat_read_point(l, &v[POINT_REPEAT]);
}

static const struct decoder *
decoder_of(const struct load *l, const struct point *p)
{
	const struct profile *profile = l->site->devices[p->device].profile;

	return profile == NULL || p->item >= profile->n_items
		   ? NULL
		   : &profile->decoders[profile->items[p->item].decoder];
}

// IEC 60381: a standard signal with a live zero goes from a fifth of its full value up,
// 4 to 20 mA or 1 to 5 V, or what an input makes of it.
static void
read_live_zero(double a, double b, struct point_scale *scale)
{
	double zero = fmin(a, b), full = fmax(a, b);

	if (zero <= 0 || fabs(full - 5 * zero) > full / 1000)
		return;
	scale->zero = zero;
	scale->full = full;
}

// Two pairs "4mA: 0MPa": the line through both.
static void
read_scale(struct load *l, const struct yaml_node *map, struct point *p)
{
	const struct decoder *d = decoder_of(l, p);
	struct point_scale *scale = arena_alloc(l->arena, 1, sizeof(*scale));
	double from[2], to[2];
	char why[WHY_MAX];
	int n = 0;

	if (d == NULL)
		return; // already a problem
	if (point_kind_quantity(p->kind) == QUANTITY_NONE) {
		problem(l, map->key_pos, "scale: %s is not measured",
		    point_kind_name(p->kind));
		return;
	}
	if (d->form != DECODE_ANALOG) {
		problem(l, map->key_pos, "scale: the item is no analog value");
		return;
	}
	for (const struct yaml_node *c = map->first; c != NULL && n < 2; c = c->next) {
		struct schema_value value = { 0 };
		if (units_quantity(c->key, d->quantity, &from[n], why) != 0)
			schema_refuse(l, c->key_pos, "scale", c->key, why);
		else if (schema_scalar(l, c, &scale_item, &value) &&
			 schema_quantity(
			     l, &value, "scale", point_kind_quantity(p->kind), &to[n]))
			n++;
	}
	if (map->n != 2) {
		problem(l, map->pos, "scale: two pairs, found %zu", map->n);
		return;
	}
	if (n < 2)
		return;
	if (!(fabs(from[1] - from[0]) > 0) || !(fabs(to[1] - to[0]) > 0)) {
		problem(l, map->pos, "scale: both pairs must differ");
		return;
	}
	scale->factor = (to[1] - to[0]) / (from[1] - from[0]);
	scale->offset = to[0] - from[0] * scale->factor;
	read_live_zero(from[0], from[1], scale);
	p->scale = scale;
}

static void
read_hand(struct load *l, const struct schema_value *v, struct point *p)
{
	double tolerance;
	if (!v->ok)
		return;
	if (point_kind_quantity(p->kind) != QUANTITY_PRESSURE) {
		problem(l, v->key_pos, "hand_tolerance: %s is not a pressure",
		    point_kind_name(p->kind));
		return;
	}
	if (!schema_quantity(l, v, "hand_tolerance", QUANTITY_PRESSURE, &tolerance))
		return;
	if (!(tolerance > 0)) {
		schema_refuse(
		    l, v->pos, "hand_tolerance", v->text, "must be more than nothing");
		return;
	}
	struct hand_rule *rule = arena_alloc(l->arena, 1, sizeof(*rule));
	rule->tolerance = tolerance;
	p->hand = rule;
}

static void
read_measured(
    struct load *l, const struct schema_value v[static POINT_FIELDS], struct point *p)
{
	if (v[POINT_SCALE].ok && v[POINT_SCALE].node != NULL)
		read_scale(l, v[POINT_SCALE].node, p);
	if (v[POINT_LIMITS].ok)
		p->limits = read_limits(l, v[POINT_LIMITS].node, p->kind);
	trend_read(l, &v[POINT_RATE], &v[POINT_STUCK], p);
	read_hand(l, &v[POINT_HAND_TOLERANCE], p);
	p->domestic_water =
	    v[POINT_DOMESTIC_WATER].ok && v[POINT_DOMESTIC_WATER].number == 1;
	if (p->domestic_water && point_kind_quantity(p->kind) != QUANTITY_PRESSURE)
		problem(l, v[POINT_DOMESTIC_WATER].key_pos,
		    "domestic_water: %s is not a pressure", point_kind_name(p->kind));
	if (!v[POINT_DAILY_LOG].ok)
		return;
	p->daily_log = v[POINT_DAILY_LOG].number == 1;
	if (p->daily_log && point_kind_quantity(p->kind) == QUANTITY_NONE)
		problem(l, v[POINT_DAILY_LOG].key_pos, "daily_log: %s is not measured",
		    point_kind_name(p->kind));
}

static void
read_line(
    struct load *l, const struct schema_value v[static LINE_FIELDS], struct point *p)
{
	p->line = v[LINE_LINE].ok ? arena_text(l->arena, v[LINE_LINE].text) : "";
	p->debounce_ms = (uint32_t)v[LINE_DEBOUNCE].number;
	if (p->kind == KIND_PANIC && v[LINE_DEBOUNCE].node == NULL)
		p->debounce_ms = PANIC_DEBOUNCE_MS;
	if (p->kind == KIND_PANIC && p->debounce_ms > PANIC_DEBOUNCE_MS)
		schema_refuse(l, v[LINE_DEBOUNCE].pos, "debounce",
		    v[LINE_DEBOUNCE].text, "must be at most 30ms for a panic button");
	p->debounce_by_kernel = v[LINE_DEBOUNCE_BY].number == 1;
	p->pulse_latch = v[LINE_PULSE].ok;
	p->bias = (enum gpio_bias)v[LINE_BIAS].number;
	if (p->pulse_latch && p->debounce_by_kernel)
		problem(l, v[LINE_DEBOUNCE_BY].key_pos,
		    "debounce_by: the kernel would swallow a pulse shorter than the "
		    "debounce, which pulse: latch is to report");
}

static void
read_point(struct load *l, const struct yaml_node *node, uint16_t device, uint16_t gpio)
{
	struct schema_value v[MOST_FIELDS];
	struct cell cells[CELL_COUNT] = { { 0 } };
	bool line = gpio != INDEX_NONE;

	if (line)
		(void)schema_read(l, node, "a line", line_fields, LINE_FIELDS, v);
	else
		(void)schema_read(l, node, "a point", point_fields, POINT_FIELDS, v);
	if (node->kind != YAML_MAP)
		return;
	fill_cells(v, line, cells);
	// What the item gives is then not what the kind measures.
	bool turned =
	    !line && (v[POINT_SCALE].node != NULL || v[POINT_SUPERVISED].node != NULL);
	struct point p = point_from_cells(l, node->pos, cells, device, gpio, turned);
	if (!line && v[POINT_SUPERVISED].ok)
		loop_refer(l, v[POINT_SUPERVISED].pos, v[POINT_SUPERVISED].text, &p);
	read_common(l, v, &p);
	if (line)
		read_line(l, v, &p);
	else
		read_measured(l, v, &p);
	point_add(l, v[POINT_ID].ok ? v[POINT_ID].pos : node->pos, &p);
}

void
points_read_list(
    struct load *l, const struct yaml_node *list, uint16_t device, uint16_t gpio)
{
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next)
		read_point(l, c, device, gpio);
}
