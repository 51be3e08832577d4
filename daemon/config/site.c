// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The sections site, console, engine and zones. Runs in the thread of the load
// and looks at /usr/share/zoneinfo. Refuses a time zone that this machine does not have
// and a console address that is a name. Nothing to keep over a crash.
#include <sys/stat.h>

#include <stdio.h>
#include <string.h>

#include "config/sections.h"
#include "config/units.h"
#include "lib/mem.h"

enum {
	DESK_MAX = 64,
	DAY_BEGINS_MIN = 8 * 60, // the morning handover: a night stays in one day
	NIGHT_BEGINS_MIN = 20 * 60,
	REASON_MIN = 8, // bytes: a few Chinese characters, more than "yes"
	REASON_MAX = 200,
	MINUTE_MS = 60000,
	CLOCK_FAULT_MS = 10 * MINUTE_MS, // a time service finds its peers in less
	HOUR_MS = 3600000,
	DAY_MS = 86400000,
	FLAP_CHANGES = 8, // four times gone and back
	FLAP_CHANGES_MAX = 1000,
	FLAP_WITHIN_MS = 10 * MINUTE_MS
};
enum {
	SITE_ID,
	SITE_NAME,
	SITE_TIME_ZONE,
	SITE_DAY,
	SITE_CLOCK_FAULT,
	SITE_SHIFTS,
	SITE_SET_HOURS,
	SITE_FIELDS
};
enum {
	CONSOLE_LISTEN,
	CONSOLE_DESK,
	CONSOLE_PLAIN,
	CONSOLE_FIELDS
};
enum {
	ENGINE_ACKNOWLEDGE,
	ENGINE_REALARM,
	ENGINE_RESOUND,
	ENGINE_FLAP_CHANGES,
	ENGINE_FLAP_WITHIN,
	ENGINE_CHATTER,
	ENGINE_REPEAT,
	ENGINE_FIELDS
};
enum {
	ZONE_ID,
	ZONE_NAME,
	ZONE_FIELDS
};

static const char *
acknowledge_name(size_t i)
{
	static const char *const names[] = { "here", "panel", NULL };

	return names[i];
}

static const struct schema_field shift_item = {
	.key = "shifts",
	.type = SCHEMA_TEXT,
	.shape = SHAPE_TIME_OF_DAY,
};

static const struct schema_field set_hour_item = {
	.key = "set_hours",
	.type = SCHEMA_TEXT,
	.shape = SHAPE_TIME_OF_DAY,
};

// clang-format off
static const struct schema_field site_fields[SITE_FIELDS] = {
	[SITE_ID] = { .key = "id", .type = SCHEMA_ID, .required = true,
	    .help = "the short name of the site, for example tower-a" },
	[SITE_NAME] = { .key = "name", .type = SCHEMA_NAME, .help = "what people call it" },
	[SITE_TIME_ZONE] = { .key = "time_zone", .type = SCHEMA_TEXT, .required = true,
	    .help = "for example Asia/Shanghai" },
	[SITE_DAY] = { .key = "statistics_day", .type = SCHEMA_TEXT, .shape = SHAPE_TIME_OF_DAY,
	    .help = "when a day of the books begins, default 08:00" },
	[SITE_CLOCK_FAULT] = { .key = "clock_fault_after", .type = SCHEMA_DURATION,
	    .max = DAY_MS, .fallback = CLOCK_FAULT_MS,
	    .help = "so long not synchronised is a fault, default 10min; 0s: no time service" },
	[SITE_SHIFTS] = { .key = "shifts", .type = SCHEMA_LIST, .max = SHIFTS_MAX,
	    .each = &shift_item, .help = "when each shift begins, default 08:00 and 20:00" },
	[SITE_SET_HOURS] = { .key = "set_hours", .type = SCHEMA_LIST, .max = SET_HOURS_MAX,
	    .each = &set_hour_item,
	    .help = "when each gauge is read for the sheet, default 08:00 and 20:00" },
};
const struct schema_map site_map = { site_fields, SITE_FIELDS };

static const struct schema_field desk_item = {
	.key = "desk", .type = SCHEMA_TEXT,
};

static const struct schema_field console_fields[CONSOLE_FIELDS] = {
	[CONSOLE_LISTEN] = { .key = "listen", .type = SCHEMA_TEXT,
	    .help = "numeric address and port, default 127.0.0.1:8470" },
	[CONSOLE_DESK] = { .key = "desk", .type = SCHEMA_LIST, .max = DESK_MAX,
	    .each = &desk_item, .help = "addresses that may read and silence without log-in" },
	[CONSOLE_PLAIN] = { .key = "accept_plain_http", .type = SCHEMA_TEXT,
	    .help = "why others than the desk may be answered without TLS, in words" },
};
const struct schema_map console_map = { console_fields, CONSOLE_FIELDS };

static const struct schema_field engine_fields[ENGINE_FIELDS] = {
	[ENGINE_ACKNOWLEDGE] = { .key = "acknowledge", .type = SCHEMA_CHOICE,
	    .choice = acknowledge_name,
	    .help = "whose acknowledgement counts: given here, or at the panel, too" },
	[ENGINE_REALARM] = { .key = "realarm", .type = SCHEMA_DURATION,
	    .max = DAY_MS, .help = "after so long an acknowledged alarm wants another one" },
	[ENGINE_RESOUND] = { .key = "resound", .type = SCHEMA_DURATION,
	    .min = 1000, .max = HOUR_MS, .fallback = MINUTE_MS,
	    .help = "after so long a silenced alarm sounds again" },
	[ENGINE_FLAP_CHANGES] = { .key = "flap_changes", .type = SCHEMA_INTEGER,
	    .max = FLAP_CHANGES_MAX, .fallback = FLAP_CHANGES,
	    .help = "a link that changes so often is one fault, flapping; 0: never" },
	[ENGINE_FLAP_WITHIN] = { .key = "flap_within", .type = SCHEMA_DURATION,
	    .min = 10 * 1000, .max = DAY_MS, .fallback = FLAP_WITHIN_MS,
	    .help = "within this, and until it has not changed for as long" },
	[ENGINE_CHATTER] = { .key = "chatter", .type = SCHEMA_ANY, .either = chatter_forms,
	    .help = "an alarm that comes so often is held, and one fault; none: never" },
	[ENGINE_REPEAT] = { .key = "repeat", .type = SCHEMA_ANY, .either = repeat_forms,
	    .help = "an alarm that comes so often in days is one fault; absent: never" },
};
const struct schema_map engine_map = { engine_fields, ENGINE_FIELDS };

static const struct schema_field zone_fields[ZONE_FIELDS] = {
	[ZONE_ID] = { .key = "id", .type = SCHEMA_ID, .required = true,
	    .help = "the name that points refer to" },
	[ZONE_NAME] = { .key = "name", .type = SCHEMA_NAME, .help = "what people call it" },
};
static const struct schema_map zone_map = { zone_fields, ZONE_FIELDS };
const struct schema_field zone_item = {
	.key = "a zone", .type = SCHEMA_MAP, .map = &zone_map,
};
// clang-format on

static bool
is_time_zone(const char *name)
{
	char path[256];
	struct stat st;

	if (name[0] == '/' || strstr(name, "..") != NULL || strlen(name) > 100 ||
	    strspn(name,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") !=
		strlen(name))
		return false;
	(void)snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static void
read_site(struct load *l, const struct yaml_node *node)
{
	struct schema_value v[SITE_FIELDS];
	struct site *site = l->site;
	char why[WHY_MAX];

	(void)schema_read(l, node, "site", site_fields, SITE_FIELDS, v);
	site->id = arena_text(l->arena, v[SITE_ID].ok ? v[SITE_ID].text : "");
	site->name_zh =
	    arena_text(l->arena, v[SITE_NAME].ok ? v[SITE_NAME].zh : site->id);
	site->name_en =
	    arena_text(l->arena, v[SITE_NAME].ok ? v[SITE_NAME].en : site->id);
	if (v[SITE_TIME_ZONE].ok && !is_time_zone(v[SITE_TIME_ZONE].text))
		schema_refuse(l, v[SITE_TIME_ZONE].pos, "time_zone",
		    v[SITE_TIME_ZONE].text,
		    "not in /usr/share/zoneinfo (for example Asia/Shanghai)");
	site->time_zone =
	    arena_text(l->arena, v[SITE_TIME_ZONE].ok ? v[SITE_TIME_ZONE].text : "UTC");
	site->clock_fault_after_ms = (uint32_t)v[SITE_CLOCK_FAULT].number;
	site->statistics_day_min = DAY_BEGINS_MIN;
	if (v[SITE_DAY].ok &&
	    units_time_of_day(v[SITE_DAY].text, &site->statistics_day_min, why) != 0)
		schema_refuse(
		    l, v[SITE_DAY].pos, "statistics_day", v[SITE_DAY].text, why);
	site->n_shifts = 2;
	site->shifts[0] = DAY_BEGINS_MIN;
	site->shifts[1] = NIGHT_BEGINS_MIN;
	if (v[SITE_SHIFTS].ok)
		site->n_shifts = (uint8_t)rule_times(
		    l, v[SITE_SHIFTS].node, &shift_item, site->shifts);
	site->n_set_hours = 2;
	site->set_hours_min[0] = DAY_BEGINS_MIN;
	site->set_hours_min[1] = NIGHT_BEGINS_MIN;
	if (v[SITE_SET_HOURS].ok)
		site->n_set_hours = (uint8_t)rule_times(
		    l, v[SITE_SET_HOURS].node, &set_hour_item, site->set_hours_min);
}

static void
read_desk(struct load *l, const struct yaml_node *list)
{
	struct desk_address *desk = arena_alloc(l->arena, list->n, sizeof(*desk));

	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		if (c->kind != YAML_SCALAR || !units_is_address(c->text)) {
			schema_refuse(l, c->pos, "desk",
			    c->kind == YAML_SCALAR ? c->text : "",
			    "must be a numeric address, for example 127.0.0.1");
			continue;
		}
		desk[l->site->n_desk++].address = arena_text(l->arena, c->text);
	}
	l->site->desk = desk;
}

// The console has no TLS: who is not at the desk is answered only where the site says
// why that is safe, in words.
static void
read_plain(struct load *l, const struct schema_value *v)
{
	size_t len = v->ok ? strlen(v->text) : 0;

	if (!v->ok)
		return;
	if (len < REASON_MIN || len > REASON_MAX)
		schema_refuse(l, v->pos, "accept_plain_http", v->text,
		    "must say in words why names and PINs may cross this network "
		    "unencrypted (8 to 200 bytes)");
	else
		l->site->accept_plain_http = arena_text(l->arena, v->text);
}

static void
read_console(struct load *l, const struct yaml_node *node)
{
	static const struct desk_address loopback[] = { { "127.0.0.1" }, { "::1" } };
	struct schema_value v[CONSOLE_FIELDS] = { 0 };
	char host[HOST_MAX], why[WHY_MAX];

	l->site->listen_host = "127.0.0.1";
	l->site->listen_port = 8470;
	if (node != NULL)
		(void)schema_read(
		    l, node, "console", console_fields, CONSOLE_FIELDS, v);
	const struct schema_value *listen = &v[CONSOLE_LISTEN];
	if (listen->ok) {
		if (units_endpoint(
			listen->text, -1, host, &l->site->listen_port, why) != 0)
			schema_refuse(l, listen->pos, "listen", listen->text, why);
		else
			l->site->listen_host = arena_text(l->arena, host);
	}
	read_plain(l, &v[CONSOLE_PLAIN]);
	if (v[CONSOLE_DESK].ok) {
		read_desk(l, v[CONSOLE_DESK].node);
		return;
	}
	l->site->desk = loopback;
	l->site->n_desk = 2;
}

static void
read_engine(struct load *l, const struct yaml_node *node)
{
	struct schema_value v[ENGINE_FIELDS];
	struct yaml_node none = { .kind = YAML_MAP };

	(void)schema_read(
	    l, node != NULL ? node : &none, "engine", engine_fields, ENGINE_FIELDS, v);
	l->site->acknowledge_panel = v[ENGINE_ACKNOWLEDGE].number == 1;
	l->site->realarm_ms = (uint32_t)v[ENGINE_REALARM].number;
	l->site->resound_ms = (uint32_t)v[ENGINE_RESOUND].number;
	l->site->flap.changes = (uint16_t)v[ENGINE_FLAP_CHANGES].number;
	l->site->flap.within_ms = (uint32_t)v[ENGINE_FLAP_WITHIN].number;
	l->site->chatter = chatter_read(l, &v[ENGINE_CHATTER], &chatter_defaults);
	l->site->repeat = repeat_read(l, &v[ENGINE_REPEAT]);
}

void
site_read(struct load *l, const struct sections *s)
{
	if (!s->given[SECTION_SITE])
		problem(l, s->top, "section site is missing: id, name, time_zone");
	read_console(l, s->map[SECTION_CONSOLE]);
	read_engine(l, s->map[SECTION_ENGINE]);
	if (s->map[SECTION_SITE] != NULL)
		read_site(l, s->map[SECTION_SITE]);
}

const char *
section_id(struct load *l, struct name_index *ix, const char *what,
    const struct schema_value *v, size_t number)
{
	if (!v->ok)
		return "";
	const char *id = arena_text(l->arena, v->text);
	if (index_add(ix, id, (uint32_t)number) != UINT32_MAX)
		problem(l, v->pos, "id %s is already used by another %s",
		    load_show(l, id), what);
	return id;
}

uint32_t
section_refer(struct load *l, const struct name_index *ix, struct pos at,
    const char *key, const char *name)
{
	uint32_t found = index_find(ix, name);
	struct suggestion s = suggest_begin(name);

	if (found != UINT32_MAX)
		return found;
	index_each(ix, suggest_offer_each, &s);
	problem(l, at, "%s: there is no %s%s", key, load_show(l, name),
	    suggest_text(l, &s));
	return UINT32_MAX;
}

void
zones_read(struct load *l, const struct node_list *list)
{
	struct schema_value v[ZONE_FIELDS];

	l->site->zones = arena_alloc(l->arena, list->n, sizeof(struct zone));
	for (size_t i = 0; i < list->n; i++) {
		struct zone *z = &l->site->zones[l->site->n_zones++];
		(void)schema_read(
		    l, list->items[i], "a zone", zone_fields, ZONE_FIELDS, v);
		z->id = section_id(l, &l->zones, "zone", &v[ZONE_ID], i);
		z->name_zh =
		    arena_text(l->arena, v[ZONE_NAME].ok ? v[ZONE_NAME].zh : z->id);
		z->name_en =
		    arena_text(l->arena, v[ZONE_NAME].ok ? v[ZONE_NAME].en : z->id);
	}
}
