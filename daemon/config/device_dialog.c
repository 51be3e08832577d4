// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The key `dialogs` of a device: which of its profile's dialogs the site uses. Runs in
// the thread of the load. Refuses a dialog that the profile does not have, and a
// selector without saying why it is off. What is not said is the safe choice: no
// selector, no heartbeat; the event queue, whose records would be lost, is read.
#include "config/device_dialog.h"

#include <string.h>

#include "core/profile_dialog.h"

enum {
	SECOND_MS = 1000,
	HOUR_MS = 3600 * SECOND_MS,
};

enum {
	DIALOG_QUEUE,
	DIALOG_ALLOW_WRITES,
	DIALOG_SELECTORS,
	DIALOG_ALIVE,
	DIALOG_GATEWAY,
	DIALOG_FULL_SCAN,
	DIALOG_FIELDS,
};

enum {
	GATEWAY_UNIT,
	GATEWAY_NODE,
	GATEWAY_FIELDS,
};

// clang-format off
static const struct schema_field name_item = { .key = "a name", .type = SCHEMA_TEXT };

static const struct schema_field gateway_fields[GATEWAY_FIELDS] = {
	[GATEWAY_UNIT] = { .key = "unit", .type = SCHEMA_INTEGER, .required = true,
	    .max = 255, .help = "the Modbus unit of the gateway itself" },
	[GATEWAY_NODE] = { .key = "node", .type = SCHEMA_INTEGER, .min = 1,
	    .max = NODES_MAX, .help = "the number of this device there" },
};
static const struct schema_map gateway_map = { gateway_fields, GATEWAY_FIELDS };

static const struct schema_field dialog_fields[DIALOG_FIELDS] = {
	[DIALOG_QUEUE] = { .key = "queue", .type = SCHEMA_BOOL, .fallback = 1,
	    .help = "false: the event queue is left to another program" },
	[DIALOG_ALLOW_WRITES] = { .key = "allow_writes", .type = SCHEMA_BOOL,
	    .help = "true: the heartbeat is written" },
	[DIALOG_SELECTORS] = { .key = "selectors", .type = SCHEMA_LIST,
	    .max = SELECTORS_MAX, .each = &name_item, .help = "those that are enabled" },
	[DIALOG_ALIVE] = { .key = "alive", .type = SCHEMA_LIST, .max = ALIVE_MAX,
	    .each = &name_item, .help = "what shows life and is off by default" },
	[DIALOG_GATEWAY] = { .key = "gateway", .type = SCHEMA_MAP,
	    .map = &gateway_map, .help = "the gateway itself, which tells of its nodes" },
	[DIALOG_FULL_SCAN] = { .key = "full_scan", .type = SCHEMA_DURATION,
	    .min = SECOND_MS, .max = HOUR_MS, .help = "of points behind a summary" },
};
const struct schema_map device_dialogs_map = { dialog_fields, DIALOG_FIELDS };
// clang-format on

static void
enable_selector(struct load *l, const struct yaml_node *node, struct device *d)
{
	const struct profile_dialogs *def = d->profile->dialogs;
	const char *name = node->kind == YAML_SCALAR ? node->text : "";
	struct suggestion s = suggest_begin(name);

	for (uint8_t i = 0; i < def->n_selectors; i++) {
		if (strcmp(def->selectors[i].name, name) == 0) {
			d->dialogs.selectors |= (uint8_t)(1u << i);
			return;
		}
		suggest_offer(&s, def->selectors[i].name);
	}
	problem(l, node->pos, "selectors: profile %s has no %s%s", d->profile->id,
	    load_show(l, name), suggest_text(l, &s));
}

static void
enable_alive(struct load *l, const struct yaml_node *node, struct device *d)
{
	const struct profile_dialogs *def = d->profile->dialogs;
	const char *name = node->kind == YAML_SCALAR ? node->text : "";
	struct suggestion s = suggest_begin(name);

	for (uint8_t i = 0; i < def->n_alive; i++) {
		if (!def->alive[i].off)
			continue;
		if (strcmp(def->alive[i].name, name) == 0) {
			d->dialogs.alive |= (uint8_t)(1u << i);
			return;
		}
		suggest_offer(&s, def->alive[i].name);
	}
	problem(l, node->pos, "alive: profile %s has no %s that is off%s",
	    d->profile->id, load_show(l, name), suggest_text(l, &s));
}

static uint16_t
nodes_of(const struct profile_dialogs *def)
{
	for (uint8_t i = 0; i < def->n_alive; i++)
		if (def->alive[i].nodes > 0)
			return def->alive[i].nodes;
	return 0;
}

static bool
has_gateway(const struct profile_dialogs *def)
{
	for (uint8_t i = 0; i < def->n_alive; i++)
		if (def->alive[i].of_gateway)
			return true;
	return false;
}

static void
read_gateway(struct load *l, const struct yaml_node *node, struct device *d)
{
	const struct profile_dialogs *def = d->profile->dialogs;
	struct schema_value v[GATEWAY_FIELDS];

	if (!schema_read(l, node, "gateway", gateway_fields, GATEWAY_FIELDS, v))
		return;
	if (!has_gateway(def)) {
		problem(l, node->key_pos, "gateway: profile %s asks nothing of one",
		    d->profile->id);
		return;
	}
	d->dialogs.gateway = true;
	d->dialogs.gateway_unit = (uint8_t)v[GATEWAY_UNIT].number;
	d->dialogs.node =
	    v[GATEWAY_NODE].ok ? (uint16_t)v[GATEWAY_NODE].number : d->unit;
	if (nodes_of(def) > 0 &&
	    (d->dialogs.node == 0 || d->dialogs.node > nodes_of(def)))
		problem(l, node->pos, "node: must be 1 to %u, found %u",
		    (unsigned)nodes_of(def), (unsigned)d->dialogs.node);
}

static void
check_given(struct load *l, const struct schema_value v[static DIALOG_FIELDS],
    const struct device *d)
{
	const struct profile_dialogs *def = d->profile->dialogs;

	if (v[DIALOG_QUEUE].node != NULL && def->queue == NULL)
		problem(l, v[DIALOG_QUEUE].key_pos, "queue: profile %s has none",
		    d->profile->id);
	if (v[DIALOG_ALLOW_WRITES].node != NULL && def->beat == NULL)
		problem(l, v[DIALOG_ALLOW_WRITES].key_pos,
		    "allow_writes: profile %s has no heartbeat", d->profile->id);
	if (v[DIALOG_FULL_SCAN].node != NULL && def->n_summaries == 0)
		problem(l, v[DIALOG_FULL_SCAN].key_pos,
		    "full_scan: profile %s has no summaries", d->profile->id);
}

void
device_dialogs_read(struct load *l, const struct yaml_node *node, struct device *d)
{
	const struct profile_dialogs *def =
	    d->profile != NULL ? d->profile->dialogs : NULL;
	struct schema_value v[DIALOG_FIELDS];
	struct yaml_node none = { .kind = YAML_MAP };

	if (def == NULL) {
		if (node != NULL && d->profile != NULL)
			problem(l, node->key_pos, "dialogs: profile %s has none",
			    d->profile->id);
		return;
	}
	(void)schema_read(
	    l, node != NULL ? node : &none, "dialogs", dialog_fields, DIALOG_FIELDS, v);
	d->dialogs.queue = def->queue != NULL && v[DIALOG_QUEUE].number == 1;
	d->dialogs.allow_writes = v[DIALOG_ALLOW_WRITES].number == 1;
	d->dialogs.full_scan_ms = v[DIALOG_FULL_SCAN].ok
				      ? (uint32_t)v[DIALOG_FULL_SCAN].number
				      : def->full_scan_ms;
	if (v[DIALOG_SELECTORS].ok)
		for (const struct yaml_node *c = v[DIALOG_SELECTORS].node->first;
		     c != NULL; c = c->next)
			enable_selector(l, c, d);
	if (v[DIALOG_ALIVE].ok)
		for (const struct yaml_node *c = v[DIALOG_ALIVE].node->first; c != NULL;
		     c = c->next)
			enable_alive(l, c, d);
	if (v[DIALOG_GATEWAY].ok)
		read_gateway(l, v[DIALOG_GATEWAY].node, d);
	check_given(l, v, d);
}

void
device_dialogs_point(struct load *l, struct pos at, const struct device *d,
    const struct profile_item *item)
{
	uint16_t index = (uint16_t)(item - d->profile->items);
	const struct profile_selector *s = profile_selector_of(d->profile, index);

	if (s == NULL ||
	    (d->dialogs.selectors & 1u << (s - d->profile->dialogs->selectors)) != 0)
		return;
	problem(l, at,
	    "item: %s is read through selector %s, which is off: %s To enable it: "
	    "dialogs: {selectors: [%s]}",
	    item->name, s->name, s->why_off_en, s->name);
}
