// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The section hosts: the room's own equipment and how each is asked. Runs in the thread
// of the load. Refuses a check that takes longer than its period, and a parent that is
// its own descendant. Nothing to keep over a crash.
#include <stdio.h>
#include <string.h>

#include "config/host_target.h"
#include "config/sections.h"
#include "config/units.h"
#include "config/url.h"

enum {
	SECOND_MS = 1000,
	MINUTE_MS = 60 * SECOND_MS,
	HOUR_MS = 60 * MINUTE_MS,
	DAY_MS = 24 * HOUR_MS,
};

// Those up to FIELD_HTTP are the checks, in the order of enum host_check.
enum {
	FIELD_PING,
	FIELD_TCP,
	FIELD_HTTP,
	FIELD_RTSP,
	FIELD_ID,
	FIELD_KIND,
	FIELD_PLACE,
	FIELD_ZONE,
	FIELD_PARENT,
	FIELD_PERIOD,
	FIELD_TIMEOUT,
	FIELD_DEADLINES,
	FIELD_RETRIES,
	FIELD_LOST,
	FIELD_ACCEPT,
	FIELDS,
};

enum {
	DEADLINE_LOOK_UP,
	DEADLINE_CONNECT,
	DEADLINE_FIRST_BYTE,
	DEADLINE_FIELDS
};

enum {
	LOST_MISSES,
	LOST_OF,
	LOST_FIELDS
};

static const char *
kind_choice(size_t i)
{
	return i < KIND_LINK - KIND_CAMERA
		   ? point_kind_name((enum point_kind)(KIND_CAMERA + i))
		   : NULL;
}

// clang-format off
static const struct schema_field deadline_fields[DEADLINE_FIELDS] = {
	[DEADLINE_LOOK_UP] = { .key = "look_up", .type = SCHEMA_DURATION, .min = 50,
	    .max = MINUTE_MS, .help = "of its name" },
	[DEADLINE_CONNECT] = { .key = "connect", .type = SCHEMA_DURATION, .min = 50,
	    .max = MINUTE_MS, .help = "until it takes the connection" },
	[DEADLINE_FIRST_BYTE] = { .key = "first_byte", .type = SCHEMA_DURATION,
	    .min = 50, .max = MINUTE_MS, .help = "until it begins to answer" },
};
static const struct schema_map deadline_map = { deadline_fields, DEADLINE_FIELDS };

static const struct schema_field lost_fields[LOST_FIELDS] = {
	[LOST_MISSES] = { .key = "misses", .type = SCHEMA_INTEGER, .required = true,
	    .min = 1, .max = HOST_WINDOW_MAX,
	    .help = "how many failed checks make a fault" },
	[LOST_OF] = { .key = "of", .type = SCHEMA_INTEGER, .required = true,
	    .min = 1, .max = HOST_WINDOW_MAX,
	    .help = "among how many of the last checks" },
};
static const struct schema_map lost_map = { lost_fields, LOST_FIELDS };

static const struct schema_field fields[FIELDS] = {
	[FIELD_PING] = { .key = "ping", .type = SCHEMA_TEXT,
	    .help = "an address that answers an echo" },
	[FIELD_TCP] = { .key = "tcp", .type = SCHEMA_TEXT,
	    .help = "an address and port that takes a connection" },
	[FIELD_HTTP] = { .key = "http", .type = SCHEMA_ANY, .either = host_http_forms,
	    .help = "a page, or {url, user, ..}" },
	[FIELD_RTSP] = { .key = "rtsp", .type = SCHEMA_ANY, .either = host_rtsp_forms,
	    .help = "a stream, or {url, user, ..}" },
	[FIELD_ID] = { .key = "id", .type = SCHEMA_TEXT,
	    .help = "the name of its point, stable for ever" },
	[FIELD_KIND] = { .key = "kind", .type = SCHEMA_CHOICE, .required = true,
	    .choice = kind_choice,
	    .help = "what it is, for example camera or recorder" },
	[FIELD_PLACE] = { .key = "place", .type = SCHEMA_NAME,
	    .help = "where it is, in words that an operator knows" },
	[FIELD_ZONE] = { .key = "zone", .type = SCHEMA_TEXT, .help = "the id of its zone" },
	[FIELD_PARENT] = { .key = "parent", .type = SCHEMA_TEXT,
	    .help = "the host it stands behind" },
	[FIELD_PERIOD] = { .key = "period", .type = SCHEMA_DURATION, .min = SECOND_MS,
	    .max = HOUR_MS, .fallback = 30LL * SECOND_MS, .help = "how often it is asked" },
	[FIELD_TIMEOUT] = { .key = "timeout", .type = SCHEMA_DURATION, .min = 100,
	    .max = MINUTE_MS, .fallback = 5LL * SECOND_MS, .help = "for one try" },
	[FIELD_DEADLINES] = { .key = "deadlines", .type = SCHEMA_MAP,
	    .map = &deadline_map, .help = "for each step of a try" },
	[FIELD_RETRIES] = { .key = "retries", .type = SCHEMA_INTEGER, .max = 10,
	    .fallback = 1, .help = "further tries of one check" },
	[FIELD_LOST] = { .key = "lost", .type = SCHEMA_MAP, .map = &lost_map,
	    .help = "when it counts as lost: {misses: 2, of: 3}" },
	[FIELD_ACCEPT] = { .key = "accept_budget", .type = SCHEMA_MAP,
	    .map = &accept_map, .help = "a detection time beyond the limit of a class, and why" },
};
static const struct schema_map host_map = { fields, FIELDS };
const struct schema_field host_item = {
	.key = "a host", .type = SCHEMA_MAP, .map = &host_map,
};
// clang-format on

static void
read_ping(struct load *l, const struct schema_value *v, struct host *h)
{
	char host[URL_HOST_MAX], why[WHY_MAX];

	if (url_host(v->text, host, why) != 0)
		schema_refuse(l, v->pos, "ping", v->text, why);
	else
		h->address = h->shown = arena_text(l->arena, host);
}

static void
read_tcp(struct load *l, const struct schema_value *v, struct host *h)
{
	char host[URL_HOST_MAX], why[WHY_MAX];

	if (url_endpoint(v->text, host, &h->port, why) != 0) {
		schema_refuse(l, v->pos, "tcp", v->text, why);
		return;
	}
	h->address = arena_text(l->arena, host);
	h->shown = arena_text(l->arena, v->text);
}

static void
read_check(struct load *l, const struct yaml_node *node,
    const struct schema_value v[static FIELDS], struct host *h)
{
	unsigned n = 0;

	for (unsigned i = 0; i < HOST_CHECK_COUNT; i++) {
		if (v[i].node == NULL)
			continue;
		h->check = (enum host_check)i;
		if (++n > 1)
			problem(l, v[i].key_pos, "a host has one check only");
	}
	if (n == 0 && node->kind == YAML_MAP)
		problem(l, node->pos,
		    "a host: the check is missing: ping, tcp, http or rtsp");
	const struct schema_value *check = &v[h->check];
	if (!check->ok)
		return;
	switch (h->check) {
	case HOST_CHECK_PING:
		read_ping(l, check, h);
		break;
	case HOST_CHECK_TCP:
		read_tcp(l, check, h);
		break;
	case HOST_CHECK_HTTP:
	case HOST_CHECK_RTSP:
		host_target_read(l, check->node, h);
		break;
	case HOST_CHECK_COUNT:
		break;
	}
}

static uint32_t
deadline(struct load *l, const struct schema_value *v, const struct host *h)
{
	if (!v->ok)
		return h->timeout_ms;
	if (v->number > h->timeout_ms)
		problem(l, v->pos, "%s: longer than the timeout", v->node->key);
	return (uint32_t)v->number;
}

static void
read_deadlines(struct load *l, const struct schema_value *map, struct host *h)
{
	struct schema_value v[DEADLINE_FIELDS] = { 0 };

	if (map->ok)
		(void)schema_read(
		    l, map->node, "deadlines", deadline_fields, DEADLINE_FIELDS, v);
	h->look_up_ms = deadline(l, &v[DEADLINE_LOOK_UP], h);
	h->connect_ms = deadline(l, &v[DEADLINE_CONNECT], h);
	h->first_byte_ms = deadline(l, &v[DEADLINE_FIRST_BYTE], h);
}

static void
read_lost(struct load *l, const struct schema_value *map, struct host *h)
{
	struct schema_value v[LOST_FIELDS];

	h->misses = 2;
	h->of = 3;
	if (!map->ok || !schema_read(l, map->node, "lost", lost_fields, LOST_FIELDS, v))
		return;
	h->misses = (uint8_t)v[LOST_MISSES].number;
	h->of = (uint8_t)v[LOST_OF].number;
	if (h->misses > h->of)
		problem(l, v[LOST_MISSES].pos, "misses: more than of");
}

static void
read_timing(struct load *l, const struct schema_value v[static FIELDS], struct host *h)
{
	h->period_ms = (uint32_t)v[FIELD_PERIOD].number;
	h->timeout_ms = (uint32_t)v[FIELD_TIMEOUT].number;
	h->retries = (uint8_t)v[FIELD_RETRIES].number;
	read_deadlines(l, &v[FIELD_DEADLINES], h);
	read_lost(l, &v[FIELD_LOST], h);
	if (v[FIELD_ACCEPT].ok)
		accept_read(l, v[FIELD_ACCEPT].node, &h->accept_ms, &h->accept_reason);
}

static struct cell
cell_of(const struct schema_value *v)
{
	return (struct cell){
		.text = v->text,
		.pos = v->node != NULL ? v->pos : (struct pos){ 0 },
	};
}

// The point of a host has the host's id.
static void
add_point(struct load *l, const struct yaml_node *node,
    const struct schema_value v[static FIELDS], struct host *h)
{
	struct cell cells[CELL_COUNT] = {
		[CELL_ID] = cell_of(&v[FIELD_ID]),
		[CELL_KIND] = { .text =
				    v[FIELD_KIND].ok ? v[FIELD_KIND].text : "server" },
		[CELL_ZONE] = cell_of(&v[FIELD_ZONE]),
		[CELL_PLACE_ZH] = { .text = v[FIELD_PLACE].zh },
		[CELL_PLACE_EN] = { .text = v[FIELD_PLACE].en },
	};
	struct point p =
	    point_from_cells(l, node->pos, cells, INDEX_NONE, INDEX_NONE, false);

	h->id = p.id;
	h->point = (uint32_t)l->n_points;
	point_add(l, v[FIELD_ID].ok ? v[FIELD_ID].pos : node->pos, &p);
}

static void
read_host(struct load *l, const struct yaml_node *node, size_t i)
{
	struct schema_value v[FIELDS];
	struct host *h = &l->site->hosts[i];

	(void)schema_read(l, node, "a host", fields, FIELDS, v);
	l->host_pos[i] = v[FIELD_ID].ok ? v[FIELD_ID].pos : node->pos;
	*h = (struct host){ .parent = INDEX_NONE,
		.address = "",
		.url = "",
		.shown = "",
		.user = "",
		.password = "",
		.marker = "",
		.ca = "",
		.pin = "",
		.verify = true,
		.warn_ms = 21u * DAY_MS };
	if (node->kind != YAML_MAP)
		return;
	add_point(l, node, v, h);
	if (h->id[0] != '\0')
		(void)index_add(&l->hosts, h->id, (uint32_t)i);
	read_check(l, node, v, h);
	read_timing(l, v, h);
}

// ---- parents: any order, so after all hosts are known -----------------------------

static bool
leads_to(const struct site *s, uint16_t from, uint16_t to)
{
	// Bounded: a circle that does not pass through `to` is reported elsewhere.
	for (unsigned steps = 0; from != INDEX_NONE && steps <= s->n_hosts; steps++) {
		if (from == to)
			return true;
		from = s->hosts[from].parent;
	}
	return false;
}

static void
read_parent(struct load *l, const struct yaml_node *node, uint16_t i)
{
	const struct yaml_node *c = node->first;

	while (c != NULL && strcmp(c->key, "parent") != 0)
		c = c->next;
	if (c == NULL || c->kind != YAML_SCALAR || c->text[0] == '\0')
		return;
	uint32_t parent = section_refer(l, &l->hosts, c->pos, "parent", c->text);
	if (parent == UINT32_MAX)
		return;
	if (leads_to(l->site, (uint16_t)parent, i))
		problem(l, c->pos, "parent: %s depends on %s itself",
		    load_show(l, c->text), load_show(l, l->site->hosts[i].id));
	else
		l->site->hosts[i].parent = (uint16_t)parent;
}

void
hosts_read(struct load *l, const struct node_list *list)
{
	l->site->hosts = arena_alloc(l->arena, list->n, sizeof(struct host));
	l->host_pos = arena_alloc(l->temp, list->n, sizeof(struct pos));
	for (size_t i = 0; i < list->n; i++) {
		l->site->n_hosts++;
		read_host(l, list->items[i], i);
	}
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i]->kind == YAML_MAP)
			read_parent(l, list->items[i], (uint16_t)i);
}
