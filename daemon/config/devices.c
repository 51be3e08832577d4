// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The sections devices and gpio. Runs in the thread of the load. Refuses a unit that
// the bus cannot address, a profile that does not speak over the bus, one unit polled
// twice by one profile. A device that is refused still has its points read, so that all
// problems are told at once.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/device_dialog.h"
#include "config/outcome.h"
#include "config/sections.h"
#include "config/units.h"

enum {
	SECOND_MS = 1000,
	HOUR_MS = 3600LL * SECOND_MS
};
// The last unit of a serial line, MODBUS over Serial Line V1.02, 2.2.
enum {
	RTU_UNIT_MAX = 247
};

enum {
	DEVICE_ID,
	DEVICE_NAME,
	DEVICE_BUS,
	DEVICE_UNIT,
	DEVICE_PROFILE,
	DEVICE_BASES,
	DEVICE_SHIFT,
	DEVICE_TABLES,
	DEVICE_IDENTITY,
	DEVICE_POLL,
	DEVICE_TIMEOUT,
	DEVICE_RETRIES,
	DEVICE_GAP,
	DEVICE_WINDOW,
	DEVICE_POINTS,
	DEVICE_ACCEPT,
	DEVICE_DIALOGS,
	DEVICE_FIELDS,
};

enum {
	GPIO_ID,
	GPIO_CHIP,
	GPIO_POINTS,
	GPIO_FIELDS
};
enum {
	SHEET_FILE,
	SHEET_ENCODING,
	SHEET_FIELDS
};
enum {
	ACCEPT_LIMIT,
	ACCEPT_REASON,
	ACCEPT_FIELDS
};

static const char *
encoding_choice(size_t i)
{
	return i + 1 < ENCODING_COUNT ? encoding_name((enum encoding)(i + 1)) : NULL;
}

// clang-format off
static const struct schema_field base_item = {
	.key = "base", .type = SCHEMA_INTEGER, .max = UINT16_MAX,
};
static const struct schema_field table_values = {
	.key = "values", .type = SCHEMA_LIST, .each = &value_item,
};
static const struct schema_field identity_text = {
	.key = "text", .type = SCHEMA_TEXT,
};

static const struct schema_field accept_fields[ACCEPT_FIELDS] = {
	[ACCEPT_LIMIT] = { .key = "limit", .type = SCHEMA_DURATION, .required = true,
	    .min = 1, .max = HOUR_MS, .help = "the detection time that is accepted" },
	[ACCEPT_REASON] = { .key = "reason", .type = SCHEMA_TEXT, .required = true,
	    .help = "why, as the screen will show it" },
};
const struct schema_map accept_map = { accept_fields, ACCEPT_FIELDS };

static const struct schema_field sheet_fields[SHEET_FIELDS] = {
	[SHEET_FILE] = { .key = "file", .type = SCHEMA_TEXT, .required = true,
	    .help = "the path of a CSV file" },
	[SHEET_ENCODING] = { .key = "encoding", .type = SCHEMA_CHOICE,
	    .choice = encoding_choice, .fallback = -1,
	    .help = "of the file, where its bytes can be read in both" },
};
static const struct schema_map sheet_map = { sheet_fields, SHEET_FIELDS };

static const struct schema_field points_forms[] = {
	{ .key = "list", .type = SCHEMA_LIST, .each = &points_item },
	{ .key = "file", .type = SCHEMA_TEXT },
	{ .key = "sheet", .type = SCHEMA_MAP, .map = &sheet_map },
	{ .key = NULL },
};

static const struct schema_field device_fields[DEVICE_FIELDS] = {
	[DEVICE_ID] = { .key = "id", .type = SCHEMA_ID, .required = true,
	    .help = "the name of the device, stable for ever" },
	[DEVICE_NAME] = { .key = "name", .type = SCHEMA_NAME,
	    .help = "what people call it, else the profile's name" },
	[DEVICE_BUS] = { .key = "bus", .type = SCHEMA_TEXT, .required = true,
	    .help = "the id of its bus" },
	[DEVICE_UNIT] = { .key = "unit", .type = SCHEMA_INTEGER, .max = 255,
	    .help = "its Modbus unit (slave) address, where it is not the profile's" },
	[DEVICE_PROFILE] = { .key = "profile", .type = SCHEMA_ID, .required = true,
	    .help = "the name of a file in panels/" },
	[DEVICE_BASES] = { .key = "bases", .type = SCHEMA_MAP, .each = &base_item,
	    .help = "items that this device has at another address: {ITEM: PDU address}" },
	[DEVICE_SHIFT] = { .key = "address_shift", .type = SCHEMA_INTEGER,
	    .min = -UINT16_MAX, .max = UINT16_MAX,
	    .help = "added to every address of the profile" },
	[DEVICE_TABLES] = { .key = "tables", .type = SCHEMA_MAP, .each = &table_values,
	    .help = "values that the profile leaves to the site: {TABLE: [{value, means}]}" },
	[DEVICE_IDENTITY] = { .key = "identity", .type = SCHEMA_MAP, .each = &identity_text,
	    .help = "what this very device says of itself: {NAME: text}" },
	[DEVICE_POLL] = { .key = "poll", .type = SCHEMA_DURATION, .min = 50,
	    .max = HOUR_MS, .help = "how often its points are read" },
	[DEVICE_TIMEOUT] = { .key = "timeout", .type = SCHEMA_DURATION, .min = 10,
	    .max = 60LL * SECOND_MS, .help = "how long an answer is waited for" },
	[DEVICE_RETRIES] = { .key = "retries", .type = SCHEMA_INTEGER, .max = 10,
	    .fallback = 2, .help = "further tries before it counts as lost" },
	[DEVICE_GAP] = { .key = "gap", .type = SCHEMA_DURATION, .max = 10LL * SECOND_MS,
	    .help = "quiet before each of its requests" },
	[DEVICE_WINDOW] = { .key = "window", .type = SCHEMA_INTEGER, .min = 1,
	    .max = WINDOW_MAX, .help = "requests in flight at once" },
	[DEVICE_POINTS] = { .key = "points", .type = SCHEMA_ANY, .either = points_forms,
	    .help = "a list, the path of a CSV file, or {file, encoding} of one" },
	[DEVICE_ACCEPT] = { .key = "accept_budget", .type = SCHEMA_MAP, .map = &accept_map,
	    .help = "a detection time beyond the limit of a class, and why" },
	[DEVICE_DIALOGS] = { .key = "dialogs", .type = SCHEMA_MAP,
	    .map = &device_dialogs_map, .help = "which of its profile's dialogs are used" },
};
static const struct schema_map device_map = { device_fields, DEVICE_FIELDS };
const struct schema_field device_item = {
	.key = "a device", .type = SCHEMA_MAP, .map = &device_map,
};

static const struct schema_field gpio_fields[GPIO_FIELDS] = {
	[GPIO_ID] = { .key = "id", .type = SCHEMA_ID, .required = true,
	    .help = "the name of the chip here" },
	[GPIO_CHIP] = { .key = "chip", .type = SCHEMA_TEXT, .required = true,
	    .help = "its label, name or path, for example gpiochip0" },
	[GPIO_POINTS] = { .key = "points", .type = SCHEMA_LIST, .each = &lines_item,
	    .help = "the lines that are watched" },
};
static const struct schema_map gpio_map = { gpio_fields, GPIO_FIELDS };
const struct schema_field gpio_item = {
	.key = "a chip", .type = SCHEMA_MAP, .map = &gpio_map,
};
// clang-format on

// A serial line, at our own end or behind a device server.
static bool
is_line(const struct bus *b)
{
	return b->kind == BUS_MODBUS_RTU || b->kind == BUS_MODBUS_RTU_TCP ||
	       b->kind == BUS_MODBUS_RTU_UDP;
}

static void
check_unit(struct load *l, const struct schema_value *v, const struct bus *b)
{
	if (!is_line(b) || (v->number >= 1 && v->number <= RTU_UNIT_MAX))
		return;
	schema_refuse(l, v->pos, "unit", v->text,
	    v->number == 0
		? "0 is the broadcast address of a serial line: must be 1 to 247"
		: "248 to 255 are reserved on a serial line and refused by "
		  "libmodbus: must be 1 to 247");
}

// A device with a serial port may stand behind a gateway or a device server; one with a
// network port only has no serial line.
static void
check_transport(
    struct load *l, struct pos at, const struct profile *profile, const struct bus *b)
{
	unsigned rtu = TRANSPORT_RTU;

	if (b->kind != BUS_MODBUS_RTU) // through whatever network
		rtu |= TRANSPORT_RTU_TCP;
	if (!is_line(b) || (profile->transports & rtu) != 0)
		return;
	problem(l, at, "profile %s is for modbus_tcp only: it has no serial port",
	    profile->id);
}

static void
check_not_twice(struct load *l, struct pos at, size_t i)
{
	const struct device *d = &l->site->devices[i];

	for (size_t k = 0; k < i; k++) {
		const struct device *other = &l->site->devices[k];
		if (other->bus == d->bus && other->unit == d->unit &&
		    d->profile != NULL && other->profile != NULL &&
		    strcmp(other->profile->id, d->profile->id) == 0) {
			problem(l, at, "unit %u of bus %s is already device %s",
			    d->unit, l->site->buses[d->bus].id, other->id);
			return;
		}
	}
}

void
accept_read(struct load *l, const struct yaml_node *node, uint32_t *limit_ms,
    const char **reason)
{
	struct schema_value v[ACCEPT_FIELDS];

	if (!schema_read(l, node, "accept_budget", accept_fields, ACCEPT_FIELDS, v))
		return;
	*limit_ms = (uint32_t)v[ACCEPT_LIMIT].number;
	*reason = arena_text(l->arena, v[ACCEPT_REASON].text);
}

static const struct profile *
read_profile(struct load *l, const struct schema_value v[static DEVICE_FIELDS])
{
	struct profile_override site = {
		.bases = v[DEVICE_BASES].ok ? v[DEVICE_BASES].node : NULL,
		.tables = v[DEVICE_TABLES].ok ? v[DEVICE_TABLES].node : NULL,
		.identity = v[DEVICE_IDENTITY].ok ? v[DEVICE_IDENTITY].node : NULL,
		.shift = v[DEVICE_SHIFT].number,
	};
	bool differs = site.bases != NULL || site.tables != NULL ||
		       site.identity != NULL || site.shift != 0;

	if (!v[DEVICE_PROFILE].ok)
		return NULL;
	return profile_get(
	    l, v[DEVICE_PROFILE].pos, v[DEVICE_PROFILE].text, differs ? &site : NULL);
}

// As the site says, else as the profile's transport does. False where nobody says.
static bool
read_unit(struct load *l, struct pos at, const struct schema_value *unit,
    const struct bus *b, struct device *d)
{
	const struct profile *p = d->profile;
	int own = p == NULL ? -1 : is_line(b) ? p->rtu.unit : p->tcp.unit;

	if (unit->node != NULL) {
		d->unit = (uint8_t)unit->number;
		if (unit->ok)
			check_unit(l, unit, b);
		return unit->ok;
	}
	if (own < 0 && p != NULL)
		problem(l, at,
		    "a device: unit is missing: its Modbus unit (slave) address");
	d->unit = own < 0 ? 0 : (uint8_t)own;
	return own >= 0;
}

// Bus, unit and profile fit each other.
static void
read_wiring(struct load *l, struct pos at,
    const struct schema_value v[static DEVICE_FIELDS], size_t i)
{
	struct device *d = &l->site->devices[i];
	const struct schema_value *bus = &v[DEVICE_BUS];
	uint32_t found = UINT32_MAX;

	d->profile = read_profile(l, v);
	if (bus->ok)
		found = section_refer(l, &l->buses, bus->pos, "bus", bus->text);
	d->bus = found == UINT32_MAX ? INDEX_NONE : (uint16_t)found;
	if (found == UINT32_MAX)
		return;
	const struct bus *b = &l->site->buses[found];
	if (d->profile != NULL)
		check_transport(l, v[DEVICE_PROFILE].pos, d->profile, b);
	if (read_unit(l, at, &v[DEVICE_UNIT], b, d))
		check_not_twice(
		    l, v[DEVICE_UNIT].node != NULL ? v[DEVICE_UNIT].pos : at, i);
}

static void
read_poll(struct load *l, const struct schema_value *poll, struct device *d)
{
	const struct profile *p = d->profile;
	char shown[32];

	d->poll_ms = poll->ok ? (uint32_t)poll->number : SECOND_MS;
	if (p == NULL || d->poll_ms >= p->min_poll_ms)
		return;
	if (poll->ok)
		problem(l, poll->pos,
		    "poll: a device of profile %s is asked no more often than every "
		    "%s",
		    p->id, units_show_ms(p->min_poll_ms, shown));
	d->poll_ms = p->min_poll_ms;
}

static void
read_name(struct load *l, const struct schema_value *name, struct device *d)
{
	d->name_zh = name->ok             ? arena_text(l->arena, name->zh)
		     : d->profile != NULL ? d->profile->name_zh
					  : "";
	d->name_en = name->ok             ? arena_text(l->arena, name->en)
		     : d->profile != NULL ? d->profile->name_en
					  : "";
}

// points: {file: .., encoding: ..}: a spreadsheet whose bytes do not tell.
static void
read_sheet(struct load *l, const struct yaml_node *node, size_t i)
{
	struct schema_value v[SHEET_FIELDS];

	if (!schema_read(l, node, "points", sheet_fields, SHEET_FIELDS, v))
		return;
	points_read_csv(l, v[SHEET_FILE].pos, v[SHEET_FILE].text,
	    (enum encoding)(v[SHEET_ENCODING].number + 1), (uint16_t)i);
}

static void
read_points(struct load *l, const struct yaml_node *node, size_t i)
{
	if (node->kind == YAML_SCALAR && node->text[0] != '\0')
		points_read_csv(l, node->pos, node->text, ENCODING_DETECT, (uint16_t)i);
	else if (node->kind == YAML_MAP)
		read_sheet(l, node, i);
	else if (node->kind == YAML_LIST)
		points_read_list(l, node, (uint16_t)i, INDEX_NONE);
	else
		problem(l, node->pos,
		    "points must be the path of a CSV file, {file: .., encoding: ..} "
		    "or "
		    "a list");
}

// Whether a points file is tried in place of this device's own points.
static bool
read_trial(struct load *l, size_t i)
{
	struct points_trial *t = l->asked;
	enum encoding stated = ENCODING_DETECT;

	if (t == NULL || strcmp(t->device, l->site->devices[i].id) != 0)
		return false;
	for (size_t e = 0; t->encoding != NULL && encoding_choice(e) != NULL; e++)
		if (strcmp(encoding_choice(e), t->encoding) == 0)
			stated = (enum encoding)(e + 1);
	t->met = true;
	l->trial = t;
	points_read_csv(
	    l, (struct pos){ .file = UINT16_MAX }, t->file, stated, (uint16_t)i);
	l->trial = NULL;
	return true;
}

// What it takes at once and how soon after an answer: the site's word, else the
// profile's.
static void
read_manners(
    struct load *l, const struct schema_value v[static DEVICE_FIELDS], struct device *d)
{
	const struct schema_value *gap = &v[DEVICE_GAP], *window = &v[DEVICE_WINDOW];
	bool numbered = d->bus == INDEX_NONE || !is_line(&l->site->buses[d->bus]);

	if (gap->ok || d->profile != NULL)
		d->gap_ms = gap->ok ? (uint32_t)gap->number : d->profile->min_gap_ms;
	if (window->ok && window->number > 1 && !numbered)
		schema_refuse(l, window->pos, "window", window->text,
		    "must be 1: RTU frames have no numbers that tell answers apart");
	else if (window->ok)
		d->window = (uint8_t)window->number;
	else if (numbered && d->profile != NULL)
		d->window = d->profile->window;
}

static void
read_device(struct load *l, const struct yaml_node *node, size_t i)
{
	struct schema_value v[DEVICE_FIELDS];
	struct device *d = &l->site->devices[i];
	size_t first = l->n_points;

	(void)schema_read(l, node, "a device", device_fields, DEVICE_FIELDS, v);
	l->device_pos[i] = v[DEVICE_ID].ok ? v[DEVICE_ID].pos : node->pos;
	*d = (struct device){ .bus = INDEX_NONE };
	d->id = section_id(l, &l->devices, "device", &v[DEVICE_ID], i);
	read_wiring(l, node->pos, v, i);
	read_name(l, &v[DEVICE_NAME], d);
	read_poll(l, &v[DEVICE_POLL], d);
	d->retries = (uint8_t)v[DEVICE_RETRIES].number;
	d->timeout_ms = v[DEVICE_TIMEOUT].ok ? (uint32_t)v[DEVICE_TIMEOUT].number
			: d->profile != NULL ? d->profile->timeout_ms
					     : SECOND_MS;
	read_manners(l, v, d);
	if (v[DEVICE_ACCEPT].ok)
		accept_read(l, v[DEVICE_ACCEPT].node, &d->accept_ms, &d->accept_reason);
	device_dialogs_read(l, v[DEVICE_DIALOGS].ok ? v[DEVICE_DIALOGS].node : NULL, d);
	if (!read_trial(l, i) && v[DEVICE_POINTS].ok)
		read_points(l, v[DEVICE_POINTS].node, i);
	points_always(l, (uint16_t)i, first);
	d->points = points_run(l, first, &d->n_points);
}

void
devices_read(struct load *l, const struct node_list *list)
{
	l->site->devices = arena_alloc(l->arena, list->n, sizeof(struct device));
	l->device_pos = arena_alloc(l->temp, list->n, sizeof(struct pos));
	for (size_t i = 0; i < list->n; i++) {
		l->site->n_devices++;
		read_device(l, list->items[i], i);
	}
	buses_settle(l->site);
}

static void
check_lines_once(struct load *l, const struct gpio *g)
{
	struct name_index lines = { 0 };

	for (uint32_t i = 0; i < g->n_points; i++) {
		const struct point *p = &l->point[g->points[i]];
		uint32_t before = index_add(&lines, p->line, g->points[i]);
		if (before != UINT32_MAX && p->line[0] != '\0')
			problem(l, l->point_pos[g->points[i]],
			    "point %s has the line of point %s", load_show(l, p->id),
			    load_show(l, l->point[before].id));
	}
	index_free(&lines);
}

static void
read_gpio(struct load *l, const struct yaml_node *node, size_t i)
{
	struct schema_value v[GPIO_FIELDS];
	struct gpio *g = &l->site->gpios[i];
	size_t first = l->n_points;

	(void)schema_read(l, node, "a gpio chip", gpio_fields, GPIO_FIELDS, v);
	g->id = section_id(l, &l->gpios, "gpio chip", &v[GPIO_ID], i);
	g->chip = arena_text(l->arena, v[GPIO_CHIP].ok ? v[GPIO_CHIP].text : "");
	for (size_t k = 0; k < i && v[GPIO_CHIP].ok; k++)
		if (strcmp(l->site->gpios[k].chip, g->chip) == 0)
			problem(l, v[GPIO_CHIP].pos, "chip %s is already used by %s",
			    load_show(l, g->chip), l->site->gpios[k].id);
	if (v[GPIO_POINTS].ok)
		points_read_list(l, v[GPIO_POINTS].node, INDEX_NONE, (uint16_t)i);
	g->points = points_run(l, first, &g->n_points);
	check_lines_once(l, g);
}

void
gpios_read(struct load *l, const struct node_list *list)
{
	l->site->gpios = arena_alloc(l->arena, list->n, sizeof(struct gpio));
	for (size_t i = 0; i < list->n; i++) {
		l->site->n_gpios++;
		read_gpio(l, list->items[i], i);
	}
}
