// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The sections channels and ladders: ways to reach people, and who is told after how
// long. Runs in the thread of the load. Refuses an address that is no http or https, a
// step that would be taken before its elder, and a class that two ladders claim. A
// secret read from a file is never shown. Nothing to keep over a crash.
#include <stdio.h>
#include <string.h>

#include "config/sections.h"
#include "config/units.h"

enum {
	URL_BYTES_MAX = 2048
};
enum {
	SECOND_MS = 1000,
	MINUTE_MS = 60LL * SECOND_MS,
	HOUR_MS = 60 * MINUTE_MS
};
enum {
	CHANNEL_ID,
	CHANNEL_WEBHOOK,
	CHANNEL_TIMEOUT,
	CHANNEL_GIVE_UP,
	CHANNEL_FIELDS
};
enum {
	LADDER_ID,
	LADDER_CLASSES,
	LADDER_STEPS,
	LADDER_FIELDS
};
enum {
	STEP_AFTER,
	STEP_CHANNELS,
	STEP_REPEAT,
	STEP_FIELDS
};

static const char *
class_choice(size_t i)
{
	return i < CLASS_COUNT ? class_name((enum alarm_class)i) : NULL;
}

// clang-format off
static const struct schema_field secret_fields[] = {
	{ .key = "file", .type = SCHEMA_TEXT, .required = true,
	    .help = "the path of the file that holds the value" },
};
const struct schema_map secret_map = { secret_fields, 1 };

const struct schema_field webhook_forms[] = {
	{ .key = "address", .type = SCHEMA_TEXT },
	{ .key = "secret", .type = SCHEMA_MAP, .map = &secret_map },
	{ .key = NULL },
};

static const struct schema_field channel_fields[CHANNEL_FIELDS] = {
	[CHANNEL_ID] = { .key = "id", .type = SCHEMA_ID, .required = true,
	    .help = "the name that ladders refer to" },
	[CHANNEL_WEBHOOK] = { .key = "webhook", .type = SCHEMA_ANY, .required = true,
	    .either = webhook_forms,
	    .help = "an http or https address, or {file: PATH} of one" },
	[CHANNEL_TIMEOUT] = { .key = "timeout", .type = SCHEMA_DURATION, .min = 100,
	    .max = MINUTE_MS, .fallback = 10LL * SECOND_MS,
	    .help = "how long an answer is waited for" },
	[CHANNEL_GIVE_UP] = { .key = "give_up", .type = SCHEMA_DURATION,
	    .min = SECOND_MS, .max = 30LL * 24LL * HOUR_MS, .fallback = 24LL * HOUR_MS,
	    .help = "how long a notice is tried" },
};
static const struct schema_map channel_map = { channel_fields, CHANNEL_FIELDS };
const struct schema_field channel_item = {
	.key = "a channel", .type = SCHEMA_MAP, .map = &channel_map,
};


static const struct schema_field class_field = {
	.key = "classes", .type = SCHEMA_CHOICE, .choice = class_choice,
};

static const struct schema_field channel_ref = { .key = "channels", .type = SCHEMA_TEXT };

static const struct schema_field step_fields[STEP_FIELDS] = {
	[STEP_AFTER] = { .key = "after", .type = SCHEMA_DURATION, .required = true,
	    .max = 24LL * HOUR_MS, .help = "how long after the onset, for example 30s" },
	[STEP_CHANNELS] = { .key = "channels", .type = SCHEMA_LIST, .required = true,
	    .max = LADDER_CHANNELS_MAX, .each = &channel_ref, .help = "a list of channel ids" },
	[STEP_REPEAT] = { .key = "repeat", .type = SCHEMA_DURATION,
	    .max = 24LL * HOUR_MS, .help = "again and again, until someone answers" },
};
static const struct schema_map step_map = { step_fields, STEP_FIELDS };
static const struct schema_field step_item = {
	.key = "a step", .type = SCHEMA_MAP, .map = &step_map,
};

static const struct schema_field ladder_fields[LADDER_FIELDS] = {
	[LADDER_ID] = { .key = "id", .type = SCHEMA_ID, .required = true,
	    .help = "the name of the ladder" },
	[LADDER_CLASSES] = { .key = "classes", .type = SCHEMA_LIST, .required = true,
	    .max = CLASS_COUNT, .each = &class_field, .help = "a list, for example [fire, security]" },
	[LADDER_STEPS] = { .key = "steps", .type = SCHEMA_LIST, .required = true,
	    .max = LADDER_STEPS_MAX, .each = &step_item, .help = "a list of {after, channels, repeat}" },
};
static const struct schema_map ladder_map = { ladder_fields, LADDER_FIELDS };
const struct schema_field ladder_item = {
	.key = "a ladder", .type = SCHEMA_MAP, .map = &ladder_map,
};
// clang-format on

// A reason, or NULL. Never shows the address: it often holds a token.
static const char *
check_url(const char *url)
{
	const char *host = NULL;

	if (strncmp(url, "http://", 7) == 0)
		host = url + 7;
	else if (strncmp(url, "https://", 8) == 0)
		host = url + 8;
	if (host == NULL)
		return "the address must begin with http:// or https://";
	if (strcspn(host, "/?#") == 0)
		return "the address has no host";
	if (strlen(url) > URL_BYTES_MAX)
		return "the address is longer than 2048 bytes";
	for (const char *c = url; *c != '\0'; c++)
		if ((unsigned char)*c <= 0x20 || *c == 0x7F)
			return "the address has a space or a control character";
	return NULL;
}

const char *
secret_read(struct load *l, const struct yaml_node *node)
{
	struct schema_value v;

	if (!schema_read(l, node, "a secret", secret_fields, 1, &v))
		return NULL;
	int file = source_read(l, v.pos, v.text, SOURCE_SECRET);
	if (file < 0)
		return NULL;
	const struct source *s = &l->sources[file];
	size_t len = strcspn(s->text, "\r\n");
	if (len == 0) {
		problem(l, v.pos, "the first line of %s is empty: it is the value",
		    load_show(l, s->shown));
		return NULL;
	}
	return arena_bytes(l->temp, s->text, len);
}

const char *
webhook_read(struct load *l, const struct yaml_node *node, const char *key)
{
	const struct schema_field text = { .key = key, .type = SCHEMA_TEXT };
	struct schema_value v = { 0 };
	const char *url;

	if (node->kind == YAML_MAP)
		url = secret_read(l, node);
	else
		url = schema_scalar(l, node, &text, &v) ? v.text : NULL;
	if (url == NULL)
		return "";
	const char *why = check_url(url);
	if (why != NULL) {
		if (node->kind != YAML_MAP)
			problem_hide_line(l, node->pos); // with the key in it
		problem(l, node->pos, "%s: %s", key, why);
	}
	return arena_text(l->arena, url);
}

void
channels_read(struct load *l, const struct node_list *list)
{
	struct schema_value v[CHANNEL_FIELDS];

	l->site->channels = arena_alloc(l->arena, list->n, sizeof(struct channel_def));
	for (size_t i = 0; i < list->n; i++) {
		struct channel_def *c = &l->site->channels[l->site->n_channels++];
		(void)schema_read(
		    l, list->items[i], "a channel", channel_fields, CHANNEL_FIELDS, v);
		c->id = section_id(l, &l->channels, "channel", &v[CHANNEL_ID], i);
		c->url = v[CHANNEL_WEBHOOK].ok
			     ? webhook_read(l, v[CHANNEL_WEBHOOK].node, "webhook")
			     : "";
		c->timeout_ms = (uint32_t)v[CHANNEL_TIMEOUT].number;
		c->give_up_ms = (uint32_t)v[CHANNEL_GIVE_UP].number;
	}
}

static uint16_t
read_classes(struct load *l, const struct yaml_node *list, uint16_t claimed)
{
	uint16_t mask = 0;

	if (list->n == 0)
		problem(l, list->pos, "classes is empty");
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct schema_value v = { 0 };
		if (!schema_scalar(l, c, &class_field, &v))
			continue;
		uint16_t bit = (uint16_t)(1u << v.number);
		if (((mask | claimed) & bit) != 0)
			problem(l, c->pos, "classes: %s is already on %s ladder",
			    v.text, (mask & bit) != 0 ? "this" : "another");
		mask |= bit;
	}
	return mask;
}

static void
read_step_channels(struct load *l, const struct yaml_node *list, struct ladder_step *s)
{
	if (list->n == 0)
		problem(l, list->pos, "channels is empty");
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct schema_value v = { 0 };
		if (!schema_scalar(l, c, &channel_ref, &v))
			continue;
		uint32_t found =
		    section_refer(l, &l->channels, c->pos, "channels", v.text);
		for (uint8_t i = 0; i < s->n_channels; i++)
			if (s->channels[i] == found)
				problem(
				    l, c->pos, "channels: %s is named twice", v.text);
		if (found != UINT32_MAX)
			s->channels[s->n_channels++] = (uint16_t)found;
	}
}

static void
read_steps(struct load *l, const struct yaml_node *list, struct ladder *ladder)
{
	if (list->n == 0)
		problem(l, list->pos, "steps is empty");
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct schema_value v[STEP_FIELDS];
		struct ladder_step *s = &ladder->steps[ladder->n_steps];
		(void)schema_read(l, c, "a step", step_fields, STEP_FIELDS, v);
		s->after_ms = (uint32_t)v[STEP_AFTER].number;
		s->repeat_ms = (uint32_t)v[STEP_REPEAT].number;
		if (v[STEP_REPEAT].ok && s->repeat_ms > 0 && s->repeat_ms < SECOND_MS)
			problem(l, v[STEP_REPEAT].pos,
			    "repeat: must be 0s (once) or at least 1 s");
		if (v[STEP_AFTER].ok && ladder->n_steps > 0 &&
		    s->after_ms <= s[-1].after_ms)
			problem(l, v[STEP_AFTER].pos,
			    "after: each step must be later than the one before");
		if (v[STEP_CHANNELS].ok)
			read_step_channels(l, v[STEP_CHANNELS].node, s);
		ladder->n_steps++;
	}
}

void
ladders_read(struct load *l, const struct node_list *list)
{
	struct name_index ids = { 0 };
	uint16_t claimed = 0;

	l->site->ladders = arena_alloc(l->arena, list->n, sizeof(struct ladder));
	for (size_t i = 0; i < list->n; i++) {
		struct schema_value v[LADDER_FIELDS];
		struct ladder *ladder = &l->site->ladders[l->site->n_ladders++];
		(void)schema_read(
		    l, list->items[i], "a ladder", ladder_fields, LADDER_FIELDS, v);
		ladder->id = section_id(l, &ids, "ladder", &v[LADDER_ID], i);
		if (v[LADDER_CLASSES].ok)
			ladder->classes =
			    read_classes(l, v[LADDER_CLASSES].node, claimed);
		if (v[LADDER_STEPS].ok)
			read_steps(l, v[LADDER_STEPS].node, ladder);
		claimed |= ladder->classes;
	}
	index_free(&ids);
}
