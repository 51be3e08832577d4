// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Buses that are played from a recording: those of which the site says so, and the one
// that a tool plays in place of a real bus. Runs in the thread of the load.
#include <string.h>

#include "config/recording.h"

// The bus that a device names, or NULL.
static const char *
bus_of(const struct yaml_node *device)
{
	const struct yaml_node *c = device->kind == YAML_MAP ? device->first : NULL;

	for (; c != NULL; c = c->next)
		if (strcmp(c->key, "bus") == 0 && c->kind == YAML_SCALAR)
			return c->text;
	return NULL;
}

static bool
has_devices(const struct sections *s, const char *bus)
{
	const struct node_list *list = &s->list[SECTION_DEVICES];

	for (size_t i = 0; i < list->n; i++) {
		const char *named = bus_of(list->items[i]);
		if (named != NULL && strcmp(named, bus) == 0)
			return true;
	}
	return false;
}

// The device with `bus: BUS` in front of what the recording says of it.
static const struct yaml_node *
device_on(struct load *l, const struct yaml_node *device, const char *bus)
{
	struct yaml_node *out = arena_alloc(l->temp, 1, sizeof(*out));
	struct yaml_node *key = arena_alloc(l->temp, 1, sizeof(*key));

	*out = *device;
	if (device->kind != YAML_MAP)
		return out; // the schema says so
	*key = (struct yaml_node){
		.kind = YAML_SCALAR,
		.pos = device->pos,
		.key = "bus",
		.key_pos = device->pos,
		.text = bus,
		.next = device->first,
	};
	out->first = key;
	out->n++;
	return out;
}

static void
play(struct load *l, struct sections *s, struct bus *b, const struct recording_head *h)
{
	b->recording = h->frames;
	if (has_devices(s, b->id))
		return;
	for (const struct yaml_node *c = h->devices != NULL ? h->devices->first : NULL;
	     c != NULL; c = c->next) {
		if (bus_of(c) != NULL)
			problem(l, c->pos,
			    "a device of a recording names no bus: it is on the one "
			    "that "
			    "was recorded");
		sections_add(l, s, SECTION_DEVICES, device_on(l, c, b->id));
	}
}

// The file that a tool plays in place of the bus that it was recorded from.
static void
play_instead(struct load *l, struct sections *s)
{
	struct pos nowhere = { .file = UINT16_MAX };
	struct recording_head head;

	if (recording_read(l, nowhere, l->replay, &head) != 0)
		return;
	uint32_t found = index_find(&l->buses, head.bus);
	if (found == UINT32_MAX) {
		problem(l, nowhere,
		    "the recording is of bus %s, which this site does not have",
		    head.bus[0] != '\0' ? load_show(l, head.bus) : "(not said)");
		return;
	}
	l->site->buses[found].kind = BUS_REPLAY;
	l->site->buses[found].speed = 1;
	l->site->buses[found].recording_name = arena_text(l->arena, l->replay);
	play(l, s, &l->site->buses[found], &head);
}

void
recordings_read(struct load *l, struct sections *s)
{
	for (uint16_t i = 0; i < l->site->n_buses; i++) {
		struct bus *b = &l->site->buses[i];
		struct recording_head head;

		if (b->kind == BUS_REPLAY && l->replay_of[i] != NULL &&
		    recording_read(l, l->replay_at[i], l->replay_of[i], &head) == 0)
			play(l, s, b, &head);
	}
	if (l->replay != NULL)
		play_instead(l, s);
}
