// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Gathers the sections of a site over its included files. Runs in the thread of the
// load. Lists append in the order of reading; a map section given twice is refused, for
// nobody could say which one counts. Includes are bounded in depth and number.
#include <stdio.h>
#include <string.h>

#include "config/sections.h"
#include "lib/mem.h"

enum {
	ROOT_INCLUDE = SECTION_COUNT,
	ROOT_FIELDS
};

// clang-format off
static const struct schema_field include_item = { .key = "a file", .type = SCHEMA_TEXT };

static const struct schema_field root_fields[ROOT_FIELDS] = {
	[SECTION_SITE] = { .key = "site", .type = SCHEMA_MAP, .map = &site_map,
	    .help = "who this is" },
	[SECTION_STORE] = { .key = "store", .type = SCHEMA_MAP, .map = &store_map,
	    .help = "where what is recorded is kept" },
	[SECTION_CONSOLE] = { .key = "console", .type = SCHEMA_MAP, .map = &console_map,
	    .help = "the pages and the API" },
	[SECTION_ENGINE] = { .key = "engine", .type = SCHEMA_MAP, .map = &engine_map,
	    .help = "what holds for all alarms" },
	[SECTION_DEADMAN] = { .key = "deadman", .type = SCHEMA_MAP, .map = &deadman_map,
	    .help = "whether somebody is awake at the desk" },
	[SECTION_BUSES] = { .key = "buses", .type = SCHEMA_LIST, .each = &bus_item,
	    .help = "connections and serial lines" },
	[SECTION_DEVICES] = { .key = "devices", .type = SCHEMA_LIST, .each = &device_item,
	    .help = "what hangs on the buses" },
	[SECTION_GPIO] = { .key = "gpio", .type = SCHEMA_LIST, .each = &gpio_item,
	    .help = "contacts on lines of this machine" },
	[SECTION_HOSTS] = { .key = "hosts", .type = SCHEMA_LIST, .each = &host_item,
	    .help = "the room's own equipment" },
	[SECTION_LOOPS] = { .key = "loops", .type = SCHEMA_LIST, .each = &loop_item,
	    .help = "tables for contacts with resistors" },
	[SECTION_DOORS] = { .key = "doors", .type = SCHEMA_LIST, .each = &door_item,
	    .help = "doors that are guarded" },
	[SECTION_FIRE_DOORS] = { .key = "fire_doors", .type = SCHEMA_LIST,
	    .each = &fire_door_item, .help = "fire doors, normally closed and normally open" },
	[SECTION_SUPPRESSIONS] = { .key = "suppressions", .type = SCHEMA_LIST,
	    .each = &suppression_item,
	    .help = "alarms that say nothing while something else is in a known state" },
	[SECTION_EFFECTS] = { .key = "effects", .type = SCHEMA_LIST,
	    .each = &effect_item, .help = "what must follow an alarm within a time" },
	[SECTION_PUMPS] = { .key = "pumps", .type = SCHEMA_LIST, .each = &pump_item,
	    .help = "jockey and fire pumps, judged by their gauges and contacts" },
	[SECTION_PATROLS] = { .key = "patrols", .type = SCHEMA_LIST, .each = &patrol_item,
	    .help = "routes that guards walk" },
	[SECTION_ZONES] = { .key = "zones", .type = SCHEMA_LIST, .each = &zone_item,
	    .help = "parts of the building" },
	[SECTION_CHANNELS] = { .key = "channels", .type = SCHEMA_LIST, .each = &channel_item,
	    .help = "ways to reach people" },
	[SECTION_LADDERS] = { .key = "ladders", .type = SCHEMA_LIST, .each = &ladder_item,
	    .help = "who is told after how long" },
	[SECTION_REPORTS] = { .key = "reports", .type = SCHEMA_LIST, .each = &report_item,
	    .help = "reports that are made by themselves, and where they go" },
	[SECTION_OUTPUTS] = { .key = "outputs", .type = SCHEMA_LIST, .each = &output_item,
	    .help = "what the daemon may drive" },
	[ROOT_INCLUDE] = { .key = "include", .type = SCHEMA_LIST, .max = FILES_MAX,
	    .each = &include_item, .help = "further files, named from this one" },
};
const struct schema_map site_file_map = { root_fields, ROOT_FIELDS };

// How many of each a site may have: indexes are 16 bits wide and loads are bounded.
static const size_t most[SECTION_COUNT] = {
	[SECTION_BUSES] = 4096, [SECTION_DEVICES] = 8192, [SECTION_GPIO] = 64,
	[SECTION_HOSTS] = HOSTS_MAX, [SECTION_LOOPS] = 256, [SECTION_DOORS] = 4096, [SECTION_FIRE_DOORS] = 4096, [SECTION_SUPPRESSIONS] = 256, [SECTION_EFFECTS] = 256, [SECTION_PUMPS] = 64, [SECTION_PATROLS] = 64,
	[SECTION_ZONES] = 4096, [SECTION_CHANNELS] = 64, [SECTION_LADDERS] = 64,
	[SECTION_REPORTS] = 32, [SECTION_OUTPUTS] = 64,
};
// clang-format on

static void
append(struct load *l, struct node_list *list, const struct yaml_node *n)
{
	if (list->n == list->size) {
		size_t size = list->size ? list->size * 2 : 16;
		const struct yaml_node **wider =
		    arena_alloc(l->temp, size, sizeof(const struct yaml_node *));
		if (list->n > 0)
			memcpy(wider, list->items, list->n * sizeof(*wider));
		list->items = wider;
		list->size = size;
	}
	list->items[list->n++] = n;
}

const char *
section_name(enum section s)
{
	return root_fields[s].key;
}

void
sections_add(struct load *l, struct sections *s, enum section which,
    const struct yaml_node *item)
{
	struct node_list *list = &s->list[which];

	if (list->n == most[which])
		problem(l, item->pos, "more than %zu %s", most[which],
		    root_fields[which].key);
	else
		append(l, list, item);
}

static void
take_list(struct load *l, struct sections *s, enum section which,
    const struct yaml_node *node)
{
	for (const struct yaml_node *c = node->first; c != NULL; c = c->next)
		sections_add(l, s, which, c);
}

static void
take_map(struct load *l, struct sections *s, enum section which,
    const struct yaml_node *node)
{
	const struct yaml_node *before = s->map[which];

	if (before == NULL) {
		s->map[which] = node;
		return;
	}
	problem(l, node->key_pos, "section %s is given twice, first in %s:%u",
	    node->key, l->sources[before->pos.file].shown, before->key_pos.line);
}

// A file being read, with the list of files that it still includes.
struct open_file {
	uint16_t file;
	const struct yaml_node *next; // include not yet followed
};

static bool
open_file(struct load *l, struct sections *s, struct pos at, const char *name,
    struct open_file *f)
{
	struct schema_value v[ROOT_FIELDS];
	int file = source_read(l, at, name, SOURCE_SITE);

	*f = (struct open_file){ .file = (uint16_t)file };
	if (file < 0)
		return false;
	const struct yaml_node *root = yaml_parse(l, (uint16_t)file);
	if (root == NULL)
		return false;
	(void)schema_read(l, root, "the site file", root_fields, ROOT_FIELDS, v);
	for (enum section i = 0; i < SECTION_COUNT; i++) {
		if (i < SECTION_MAPS && v[i].node != NULL)
			s->given[i] = true;
		const struct yaml_node *node = v[i].ok ? v[i].node : NULL;
		if (node == NULL)
			continue;
		if (i < SECTION_MAPS)
			take_map(l, s, i, node);
		else
			take_list(l, s, i, node);
	}
	if (v[ROOT_INCLUDE].ok)
		f->next = v[ROOT_INCLUDE].node->first;
	l->sources[file].points_at_itself = true;
	return true;
}

static void
follow(struct load *l, struct sections *s, struct open_file *stack, size_t *depth)
{
	const struct yaml_node *n = stack[*depth - 1].next;

	stack[*depth - 1].next = n->next;
	if (n->kind != YAML_SCALAR || n->text[0] == '\0') {
		problem(l, n->pos, "include: must be the path of a file, found %s",
		    yaml_kind_name(n->kind));
		return;
	}
	if (*depth == INCLUDE_DEPTH_MAX) {
		problem(
		    l, n->pos, "include: more than %d files deep", INCLUDE_DEPTH_MAX);
		return;
	}
	if (open_file(l, s, n->pos, n->text, &stack[*depth]))
		++*depth;
}

bool
sections_gather(struct load *l, const char *file, struct sections *s)
{
	struct open_file stack[INCLUDE_DEPTH_MAX];
	struct pos nowhere = { .file = UINT16_MAX };
	size_t depth = 1;

	*s = (struct sections){ 0 };
	if (!open_file(l, s, nowhere, file, &stack[0]))
		return false;
	while (depth > 0) {
		if (stack[depth - 1].next != NULL)
			follow(l, s, stack, &depth);
		else
			l->sources[stack[--depth].file].points_at_itself = false;
	}
	return true;
}
