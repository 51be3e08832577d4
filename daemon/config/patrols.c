// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The section patrols: routes with their stops, the windows of these, and when a round
// begins. Runs in the thread of the load. Refuses stops out of order and rounds that
// would overlap. Nothing to keep over a crash.
#include "config/sections.h"
#include "config/units.h"

enum {
	MINUTE_MS = 60000,
	HOUR_MS = 60 * MINUTE_MS,
	REPEAT_MS = 5 * MINUTE_MS,
	EARLY_MS = 10 * MINUTE_MS,
};

enum {
	ROUTE_ID,
	ROUTE_NAME,
	ROUTE_STARTS,
	ROUTE_DAYS,
	ROUTE_REPEAT,
	ROUTE_EARLY,
	ROUTE_STOPS,
	ROUTE_FIELDS
};
enum {
	STOP_POINT,
	STOP_FROM,
	STOP_TO,
	STOP_FIELDS
};

// clang-format off
static const struct schema_field stop_fields[STOP_FIELDS] = {
	[STOP_POINT] = { .key = "point", .type = SCHEMA_TEXT, .required = true,
	    .help = "a point of kind patrol-point" },
	[STOP_FROM] = { .key = "from", .type = SCHEMA_DURATION, .max = 24LL * HOUR_MS,
	    .help = "after the round began its window begins" },
	[STOP_TO] = { .key = "to", .type = SCHEMA_DURATION, .required = true,
	    .min = MINUTE_MS, .max = 24LL * HOUR_MS,
	    .help = "after the round began its window ends, for example 15min" },
};
static const struct schema_map stop_map = { stop_fields, STOP_FIELDS };
static const struct schema_field stop_item = {
	.key = "a stop", .type = SCHEMA_MAP, .map = &stop_map,
};
static const struct schema_field start_item = { .key = "starts", .type = SCHEMA_TEXT };

static const struct schema_field route_fields[ROUTE_FIELDS] = {
	[ROUTE_ID] = { .key = "id", .type = SCHEMA_ID, .required = true,
	    .help = "the name of the route" },
	[ROUTE_NAME] = { .key = "name", .type = SCHEMA_NAME, .help = "as people call it" },
	[ROUTE_STARTS] = { .key = "starts", .type = SCHEMA_LIST, .required = true,
	    .max = PATROL_STARTS_MAX, .each = &start_item,
	    .help = "times of day at which a round begins" },
	[ROUTE_DAYS] = { .key = "days", .type = SCHEMA_LIST, .max = WEEK_DAYS,
	    .each = &rule_day_item, .help = "on which rounds begin, default all" },
	[ROUTE_REPEAT] = { .key = "repeat", .type = SCHEMA_DURATION, .max = HOUR_MS,
	    .fallback = REPEAT_MS, .help = "a second visit within so long counts for nothing" },
	[ROUTE_EARLY] = { .key = "early", .type = SCHEMA_DURATION, .max = HOUR_MS,
	    .fallback = EARLY_MS, .help = "a visit so long before the round is one of it" },
	[ROUTE_STOPS] = { .key = "stops", .type = SCHEMA_LIST, .required = true,
	    .max = PATROL_STOPS_MAX, .each = &stop_item, .help = "in their order" },
};
static const struct schema_map route_map = { route_fields, ROUTE_FIELDS };
// clang-format on
const struct schema_field patrol_item = {
	.key = "a patrol",
	.type = SCHEMA_MAP,
	.map = &route_map,
};

static void
read_stops(struct load *l, const struct yaml_node *list, struct patrol_def *d)
{
	struct patrol_stop *stops = arena_alloc(l->arena, list->n, sizeof(*stops));
	uint32_t *points = arena_alloc(l->arena, list->n, sizeof(*points));

	if (list->n == 0)
		problem(l, list->pos, "stops is empty");
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct schema_value v[STOP_FIELDS];
		unsigned i = d->rule.n++;
		(void)schema_read(l, c, "a stop", stop_fields, STOP_FIELDS, v);
		points[i] = v[STOP_POINT].ok ? rule_point(l, v[STOP_POINT].node,
						   "point", RULE_PATROL)
					     : UINT32_MAX;
		for (unsigned k = 0; k < i; k++)
			if (points[i] != UINT32_MAX && points[k] == points[i])
				problem(l, v[STOP_POINT].pos,
				    "point: the route has it already");
		stops[i].from_ms = (uint32_t)v[STOP_FROM].number;
		stops[i].to_ms = (uint32_t)v[STOP_TO].number;
		if (v[STOP_TO].ok && stops[i].to_ms < stops[i].from_ms + MINUTE_MS)
			problem(
			    l, v[STOP_TO].pos, "to: must be at least 1 min after from");
		if (v[STOP_TO].ok && i > 0 && stops[i].to_ms < stops[i - 1].to_ms)
			problem(l, v[STOP_TO].pos,
			    "to: must not be before that of the stop before");
	}
	d->rule.stops = stops;
	d->points = points;
}

static uint32_t
longest(const struct patrol_def *d)
{
	return d->rule.n > 0 ? d->rule.stops[d->rule.n - 1].to_ms : 0;
}

static void
read_starts(struct load *l, const struct yaml_node *list, struct patrol_def *d)
{
	d->n_starts = (uint8_t)rule_times(l, list, &start_item, d->starts);
	for (unsigned i = 0; i < d->n_starts; i++) {
		uint16_t next = d->starts[(i + 1) % d->n_starts];
		uint32_t gap =
		    (uint32_t)(next + DAY_MINUTES - d->starts[i] - 1) % DAY_MINUTES + 1;
		if ((uint64_t)gap * MINUTE_MS < longest(d)) {
			problem(l, list->pos,
			    "starts: a round would begin before the one before is "
			    "over");
			break;
		}
	}
}

static void
read_route(struct load *l, struct name_index *ids, const struct yaml_node *node)
{
	struct schema_value v[ROUTE_FIELDS];
	struct patrol_def *d = &l->site->patrols[l->site->n_patrols];

	(void)schema_read(l, node, "a patrol", route_fields, ROUTE_FIELDS, v);
	d->id = section_id(l, ids, "patrol", &v[ROUTE_ID], l->site->n_patrols++);
	d->name_zh = v[ROUTE_NAME].ok ? arena_text(l->arena, v[ROUTE_NAME].zh) : d->id;
	d->name_en = v[ROUTE_NAME].ok ? arena_text(l->arena, v[ROUTE_NAME].en) : d->id;
	d->days = v[ROUTE_DAYS].ok ? rule_days(l, v[ROUTE_DAYS].node)
				   : (uint8_t)((1U << WEEK_DAYS) - 1);
	d->rule.repeat_ms = (uint32_t)v[ROUTE_REPEAT].number;
	d->rule.early_ms = (uint32_t)v[ROUTE_EARLY].number;
	if (v[ROUTE_STOPS].ok)
		read_stops(l, v[ROUTE_STOPS].node, d);
	if (v[ROUTE_STARTS].ok)
		read_starts(l, v[ROUTE_STARTS].node, d);
}

void
patrols_read(struct load *l, const struct node_list *list)
{
	struct name_index ids = { 0 };

	l->site->patrols = arena_alloc(l->arena, list->n, sizeof(*l->site->patrols));
	for (size_t i = 0; i < list->n; i++)
		read_route(l, &ids, list->items[i]);
	index_free(&ids);
}
