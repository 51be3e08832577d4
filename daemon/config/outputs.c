// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The section outputs: what the site lets the daemon drive. Runs in the thread of the
// load, after all points. Refuses a coil that the profile does not declare an output, a
// line or coil that something else has, a feedback that is no contact, and keys that
// would say nothing for the role.
#include <stdio.h>
#include <string.h>

#include "config/sections.h"
#include "config/units.h"

enum {
	SECOND_MS = 1000,
	MINUTE_MS = 60 * SECOND_MS,
	WITHIN_MS = 5 * SECOND_MS,
	PERIOD_MS = 2 * SECOND_MS,
	REFRESH_MS = 10 * SECOND_MS
};

enum {
	OUTPUT_ID,
	OUTPUT_NAME,
	OUTPUT_ROLE,
	OUTPUT_ALLOW,
	OUTPUT_GPIO,
	OUTPUT_LINE,
	OUTPUT_ACTIVE,
	OUTPUT_DEVICE,
	OUTPUT_ITEM,
	OUTPUT_NUMBER,
	OUTPUT_COIL,
	OUTPUT_REFRESH,
	OUTPUT_STEADY,
	OUTPUT_BLINK,
	OUTPUT_SILENT_ALARMS,
	OUTPUT_FEEDBACK,
	OUTPUT_WITHIN,
	OUTPUT_FAIL_SAFE,
	OUTPUT_PERIOD,
	OUTPUT_FIELDS
};

static const char *
role_choice(size_t i)
{
	return i < OUTPUT_ROLE_COUNT ? output_role_name((enum output_role)i) : NULL;
}

static const char *
exit_choice(size_t i)
{
	return i < OUTPUT_EXIT_COUNT ? output_exit_name((enum output_exit)i) : NULL;
}

static const char *
active_choice(size_t i)
{
	static const char *const names[] = { "high", "low", NULL };

	return names[i];
}

static const char *
class_choice(size_t i)
{
	return i < CLASS_COUNT ? class_name((enum alarm_class)i) : NULL;
}

// clang-format off
static const struct schema_field steady_class = {
	.key = "steady", .type = SCHEMA_CHOICE, .choice = class_choice,
};
static const struct schema_field blink_class = {
	.key = "blink", .type = SCHEMA_CHOICE, .choice = class_choice,
};

static const struct schema_field output_fields[OUTPUT_FIELDS] = {
	[OUTPUT_ID] = { .key = "id", .type = SCHEMA_ID, .required = true,
	    .help = "the name of the output, stable for ever" },
	[OUTPUT_NAME] = { .key = "name", .type = SCHEMA_NAME, .help = "what people call it" },
	[OUTPUT_ROLE] = { .key = "role", .type = SCHEMA_CHOICE, .required = true,
	    .choice = role_choice, .help = "sounder, lamp or heartbeat" },
	[OUTPUT_ALLOW] = { .key = "allow_write", .type = SCHEMA_BOOL,
	    .help = "true: it is driven; without it nothing is ever written" },
	[OUTPUT_GPIO] = { .key = "gpio", .type = SCHEMA_TEXT,
	    .help = "the id of its gpio chip" },
	[OUTPUT_LINE] = { .key = "line", .type = SCHEMA_TEXT,
	    .help = "the name or number of the line" },
	[OUTPUT_ACTIVE] = { .key = "active", .type = SCHEMA_CHOICE,
	    .choice = active_choice, .help = "the level of the line that is on" },
	[OUTPUT_DEVICE] = { .key = "device", .type = SCHEMA_TEXT,
	    .help = "the id of its device" },
	[OUTPUT_ITEM] = { .key = "item", .type = SCHEMA_TEXT,
	    .help = "an item of the device's profile with output: true" },
	[OUTPUT_NUMBER] = { .key = "number", .type = SCHEMA_INTEGER, .max = UINT16_MAX,
	    .help = "of the coil within the item" },
	[OUTPUT_COIL] = { .key = "coil", .type = SCHEMA_INTEGER, .max = UINT16_MAX,
	    .help = "the PDU address, in place of item and number" },
	[OUTPUT_REFRESH] = { .key = "refresh", .type = SCHEMA_DURATION, .min = SECOND_MS,
	    .max = 10 * MINUTE_MS, .fallback = REFRESH_MS,
	    .help = "how often a coil is written anew" },
	[OUTPUT_STEADY] = { .key = "steady", .type = SCHEMA_LIST, .max = CLASS_COUNT,
	    .each = &steady_class, .help = "classes at which it is on" },
	[OUTPUT_BLINK] = { .key = "blink", .type = SCHEMA_LIST, .max = CLASS_COUNT,
	    .each = &blink_class, .help = "classes at which it blinks" },
	[OUTPUT_SILENT_ALARMS] = { .key = "silent_alarms", .type = SCHEMA_BOOL,
	    .help = "whether it shows silent alarms, too" },
	[OUTPUT_FEEDBACK] = { .key = "feedback", .type = SCHEMA_TEXT,
	    .help = "the id of the contact that must follow" },
	[OUTPUT_WITHIN] = { .key = "within", .type = SCHEMA_DURATION, .min = 200,
	    .max = 10 * MINUTE_MS, .fallback = WITHIN_MS,
	    .help = "how soon the contact must follow" },
	[OUTPUT_FAIL_SAFE] = { .key = "fail_safe", .type = SCHEMA_CHOICE,
	    .choice = exit_choice, .help = "what is driven when the daemon ends" },
	[OUTPUT_PERIOD] = { .key = "period", .type = SCHEMA_DURATION, .min = 500,
	    .max = MINUTE_MS, .fallback = PERIOD_MS, .help = "of a heartbeat" },
};
static const struct schema_map output_map = { output_fields, OUTPUT_FIELDS };
const struct schema_field output_item = {
	.key = "an output", .type = SCHEMA_MAP, .map = &output_map,
};
// clang-format on

// ---- where it is ------------------------------------------------------------------

static void
check_line(struct load *l, const struct schema_value *line, const struct output *o)
{
	const struct gpio *g = &l->site->gpios[o->gpio];

	for (uint32_t i = 0; i < g->n_points; i++) {
		const struct point *p = &l->point[g->points[i]];
		if (strcmp(p->line, o->line) == 0)
			problem(l, line->pos, "line: %s is watched for point %s",
			    load_show(l, o->line), load_show(l, p->id));
	}
	for (const struct output *other = l->site->outputs; other < o; other++)
		if (other->gpio == o->gpio && strcmp(other->line, o->line) == 0)
			problem(l, line->pos, "line: %s is already output %s",
			    load_show(l, o->line), load_show(l, other->id));
}

static void
read_gpio(struct load *l, struct pos at,
    const struct schema_value v[static OUTPUT_FIELDS], struct output *o)
{
	static const int strangers[] = { OUTPUT_ITEM, OUTPUT_NUMBER, OUTPUT_COIL,
		OUTPUT_REFRESH };
	uint32_t chip = UINT32_MAX;

	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
		if (v[strangers[i]].node != NULL)
			problem(l, v[strangers[i]].key_pos,
			    "%s is for an output of a device",
			    output_fields[strangers[i]].key);
	if (v[OUTPUT_GPIO].ok)
		chip = section_refer(
		    l, &l->gpios, v[OUTPUT_GPIO].pos, "gpio", v[OUTPUT_GPIO].text);
	o->active_low = v[OUTPUT_ACTIVE].number == 1;
	if (v[OUTPUT_LINE].node == NULL)
		problem(l, at,
		    "an output: line is missing: the name or number of the line");
	if (chip == UINT32_MAX || !v[OUTPUT_LINE].ok)
		return;
	o->gpio = (uint16_t)chip;
	o->line = arena_text(l->arena, v[OUTPUT_LINE].text);
	check_line(l, &v[OUTPUT_LINE], o);
}

// "do (0 to 5 from address 16)", ..., or "none".
static const char *
outputs_of(struct load *l, const struct profile *p)
{
	const char *list = "none";
	bool any = false;

	for (uint16_t i = 0; i < p->n_items; i++) {
		const struct profile_item *item = &p->items[i];
		if (!item->output)
			continue;
		list =
		    arena_printf(l->temp, "%s%s%s (number %u to %u, from address %u)",
			any ? list : "", any ? ", " : "", item->name, item->device_min,
			item->device_max, item->base);
		any = true;
	}
	return list;
}

static const struct profile_item *
item_named(const struct profile *p, const char *name)
{
	for (uint16_t i = 0; i < p->n_items; i++)
		if (strcmp(p->items[i].name, name) == 0)
			return &p->items[i];
	return NULL;
}

// coil: the item that has this address.
static bool
find_coil(struct load *l, const struct schema_value *coil, const struct profile *p,
    struct output *o)
{
	for (uint16_t i = 0; i < p->n_items; i++) {
		const struct profile_item *item = &p->items[i];
		for (uint32_t n = item->device_min;
		     item->output && n <= item->device_max; n++) {
			if (profile_place(item, 0, (uint16_t)n).pdu !=
			    (uint32_t)coil->number)
				continue;
			o->item = item;
			o->number = (uint16_t)n;
			return true;
		}
	}
	schema_refuse(l, coil->pos, "coil", coil->text,
	    arena_printf(l->temp,
		"profile %s declares no output there; its outputs: %s", p->id,
		outputs_of(l, p)));
	return false;
}

// item and number.
static bool
find_item(struct load *l, struct pos at,
    const struct schema_value v[static OUTPUT_FIELDS], const struct profile *p,
    struct output *o)
{
	const struct schema_value *item = &v[OUTPUT_ITEM], *number = &v[OUTPUT_NUMBER];
	const struct profile_item *found = item_named(p, item->text);

	if (found == NULL || !found->output) {
		schema_refuse(l, item->pos, "item", item->text,
		    arena_printf(l->temp,
			"profile %s declares no such output; its outputs: %s", p->id,
			outputs_of(l, p)));
		return false;
	}
	if (found->device_max > 0 && number->node == NULL) {
		problem(l, at, "an output: number is missing: item %s has %u to %u",
		    found->name, found->device_min, found->device_max);
		return false;
	}
	if (number->node != NULL && (number->number < found->device_min ||
					number->number > found->device_max)) {
		schema_refuse(l, number->pos, "number", number->text,
		    arena_printf(l->temp, "must be %u to %u", found->device_min,
			found->device_max));
		return false;
	}
	o->item = found;
	o->number = (uint16_t)number->number;
	return number->node == NULL || number->ok;
}

// One unit: of one bus, or of two that connect to the same place.
static bool
is_same_unit(const struct load *l, const struct device *a, const struct device *b)
{
	const struct bus *buses = l->site->buses;

	return a->unit == b->unit &&
	       (a->bus == b->bus ||
		   buses_same_endpoint(&buses[a->bus], &buses[b->bus]));
}

static void
check_coil(struct load *l, struct pos at, const struct output *o)
{
	const struct device *d = &l->site->devices[o->device];

	for (const struct output *other = l->site->outputs; other < o; other++) {
		const struct device *its;
		if (other->item == NULL)
			continue;
		its = &l->site->devices[other->device];
		if (is_same_unit(l, its, d) && output_coil(other) == output_coil(o))
			problem(l, at,
			    "coil %u of device %s is already output %s%s%s: an output "
			    "has "
			    "a coil of its own",
			    output_coil(o), d->id, load_show(l, other->id),
			    its == d ? "" : ", as that of device ",
			    its == d ? "" : its->id);
	}
}

static void
read_device(struct load *l, struct pos at,
    const struct schema_value v[static OUTPUT_FIELDS], struct output *o)
{
	uint32_t device = UINT32_MAX;
	const struct profile *p;
	bool by_coil = v[OUTPUT_COIL].node != NULL;

	for (int i = OUTPUT_LINE; i <= OUTPUT_ACTIVE; i++)
		if (v[i].node != NULL)
			problem(l, v[i].key_pos, "%s is for an output of a gpio chip",
			    output_fields[i].key);
	if (v[OUTPUT_DEVICE].ok)
		device = section_refer(l, &l->devices, v[OUTPUT_DEVICE].pos, "device",
		    v[OUTPUT_DEVICE].text);
	if (by_coil == (v[OUTPUT_ITEM].node != NULL) ||
	    (by_coil && v[OUTPUT_NUMBER].node != NULL)) {
		problem(l, at, "an output of a device has item and number, or coil");
		return;
	}
	if (device == UINT32_MAX || l->site->devices[device].profile == NULL)
		return;
	p = l->site->devices[device].profile;
	if (by_coil ? !v[OUTPUT_COIL].ok || !find_coil(l, &v[OUTPUT_COIL], p, o)
		    : !v[OUTPUT_ITEM].ok || !find_item(l, at, v, p, o))
		return;
	o->device = (uint16_t)device;
	o->refresh_ms = (uint32_t)v[OUTPUT_REFRESH].number;
	check_coil(l, by_coil ? v[OUTPUT_COIL].pos : v[OUTPUT_ITEM].pos, o);
}

// ---- what drives it ---------------------------------------------------------------

static uint16_t
read_classes(
    struct load *l, const struct yaml_node *list, const struct schema_field *each)
{
	uint16_t mask = 0;

	for (const struct yaml_node *c = list != NULL ? list->first : NULL; c != NULL;
	     c = c->next) {
		struct schema_value v;
		if (schema_scalar(l, c, each, &v))
			mask |= (uint16_t)(1U << v.number);
	}
	return mask;
}

// A sounder is for what needs an action now; a lamp for all that is owed.
static void
default_classes(struct output *o)
{
	o->steady = 1U << CLASS_FIRE | 1U << CLASS_PREALARM | 1U << CLASS_SECURITY |
		    1U << CLASS_SUPERVISORY;
	if (o->role == OUTPUT_LAMP)
		o->steady = (1U << CLASS_COUNT) - 1;
}

static void
read_pattern(
    struct load *l, const struct schema_value v[static OUTPUT_FIELDS], struct output *o)
{
	const struct schema_value *steady = &v[OUTPUT_STEADY],
				  *blink = &v[OUTPUT_BLINK];

	if (steady->node == NULL && blink->node == NULL)
		default_classes(o);
	o->silent_alarms = v[OUTPUT_SILENT_ALARMS].number == 1;
	if (steady->ok)
		o->steady = read_classes(l, steady->node, &steady_class);
	if (blink->ok)
		o->blink = read_classes(l, blink->node, &blink_class);
	for (int c = 0; c < CLASS_COUNT; c++)
		if (o->steady & o->blink & 1U << c)
			problem(l, blink->pos, "blink: %s is steady already",
			    class_name((enum alarm_class)c));
	if ((steady->ok || blink->ok) && o->steady == 0 && o->blink == 0)
		problem(l, steady->ok ? steady->pos : blink->pos,
		    "steady and blink name no class: nothing would drive the output");
}

// A heartbeat follows no alarm, nobody waits for it to be confirmed, and at the end it
// stops: that is what it is for.
static void
read_beat(
    struct load *l, const struct schema_value v[static OUTPUT_FIELDS], struct output *o)
{
	static const int strangers[] = { OUTPUT_STEADY, OUTPUT_BLINK,
		OUTPUT_SILENT_ALARMS, OUTPUT_FEEDBACK, OUTPUT_WITHIN,
		OUTPUT_FAIL_SAFE };

	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
		if (v[strangers[i]].node != NULL)
			problem(l, v[strangers[i]].key_pos, "%s is not for a heartbeat",
			    output_fields[strangers[i]].key);
	o->period_ms = (uint32_t)v[OUTPUT_PERIOD].number;
	if (v[OUTPUT_DEVICE].node != NULL && o->period_ms < PERIOD_MS)
		schema_refuse(l, v[OUTPUT_PERIOD].pos, "period", v[OUTPUT_PERIOD].text,
		    "must be 2s or longer for a coil");
}

static bool
is_contact(const struct load *l, const struct point *p)
{
	const struct profile *profile;

	if (p->gpio != INDEX_NONE)
		return true;
	if (p->device == INDEX_NONE)
		return false;
	profile = l->site->devices[p->device].profile;
	return profile == NULL || p->item >= profile->n_items || // that is told
	       profile->decoders[profile->items[p->item].decoder].form == DECODE_BIT;
}

static void
read_feedback(
    struct load *l, const struct schema_value v[static OUTPUT_FIELDS], struct output *o)
{
	const struct schema_value *f = &v[OUTPUT_FEEDBACK];

	o->within_ms = (uint32_t)v[OUTPUT_WITHIN].number;
	if (!f->ok)
		return;
	uint32_t point = section_refer(l, &l->points, f->pos, "feedback", f->text);
	if (point == UINT32_MAX)
		return;
	if (!is_contact(l, &l->point[point]))
		schema_refuse(l, f->pos, "feedback", f->text,
		    "must be a contact: a line of a gpio chip, or one bit of a device");
	o->feedback = point;
}

static void
read_output(struct load *l, const struct yaml_node *node, size_t i)
{
	struct schema_value v[OUTPUT_FIELDS];
	struct output *o = &l->site->outputs[i];
	bool gpio, device;

	*o = (struct output){
		.gpio = INDEX_NONE,
		.device = INDEX_NONE,
		.feedback = UINT32_MAX,
		.line = "",
	};
	(void)schema_read(l, node, "an output", output_fields, OUTPUT_FIELDS, v);
	o->id = section_id(l, &l->outputs, "output", &v[OUTPUT_ID], i);
	if (node->kind != YAML_MAP)
		return;
	o->role = (enum output_role)v[OUTPUT_ROLE].number;
	o->allow_write = v[OUTPUT_ALLOW].number == 1;
	o->at_exit = (enum output_exit)v[OUTPUT_FAIL_SAFE].number;
	if (v[OUTPUT_NAME].ok) {
		o->name_zh = arena_text(l->arena, v[OUTPUT_NAME].zh);
		o->name_en = arena_text(l->arena, v[OUTPUT_NAME].en);
	}
	gpio = v[OUTPUT_GPIO].node != NULL;
	device = v[OUTPUT_DEVICE].node != NULL;
	if (gpio == device)
		problem(l, node->pos, "an output has one of gpio and device");
	else if (gpio)
		read_gpio(l, node->pos, v, o);
	else
		read_device(l, node->pos, v, o);
	if (o->role == OUTPUT_HEARTBEAT) {
		read_beat(l, v, o);
		return;
	}
	if (v[OUTPUT_PERIOD].node != NULL)
		problem(l, v[OUTPUT_PERIOD].key_pos, "period is for a heartbeat");
	read_pattern(l, v, o);
	read_feedback(l, v, o);
}

static bool
lists_points(const struct yaml_node *gpio)
{
	if (gpio->kind != YAML_MAP)
		return true; // that is told
	for (const struct yaml_node *c = gpio->first; c != NULL; c = c->next)
		if (strcmp(c->key, "points") == 0)
			return true;
	return false;
}

static bool
chip_is_used(const struct site *s, size_t chip)
{
	for (uint16_t i = 0; i < s->n_outputs; i++)
		if (s->outputs[i].gpio == chip)
			return true;
	return s->gpios[chip].n_points > 0;
}

void
outputs_read(
    struct load *l, const struct node_list *list, const struct node_list *gpios)
{
	l->site->outputs = arena_alloc(l->arena, list->n, sizeof(struct output));
	for (size_t i = 0; i < list->n; i++) {
		l->site->n_outputs++;
		read_output(l, list->items[i], i);
	}
	for (size_t i = 0; i < gpios->n; i++)
		if (!chip_is_used(l->site, i) && !lists_points(gpios->items[i]))
			problem(l, gpios->items[i]->pos,
			    "a gpio chip: points is missing: the lines that are "
			    "watched");
}
