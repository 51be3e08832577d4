// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The section deadman: how often the desk is asked whether somebody is awake, by day
// and by night. Runs in the thread of the load. Refuses a section that would never ask.
// Nothing to keep over a crash.
#include "config/sections.h"

enum {
	SECOND_MS = 1000,
	MINUTE_MS = 60 * SECOND_MS,
	HOUR_MS = 60 * MINUTE_MS,
	NIGHT_MS = 60 * MINUTE_MS, // as duty checks of a remote centre come
	LEAST_MS = 5 * SECOND_MS,  // to try it out
	ANSWER_LEAST_MS = 30 * SECOND_MS,
	ANSWER_MOST_MS = 60 * SECOND_MS,
};

enum {
	DEADMAN_DAY,
	DEADMAN_NIGHT,
	DEADMAN_NIGHT_HOURS,
	DEADMAN_SPREAD,
	DEADMAN_ANSWER,
	DEADMAN_POINTS,
	DEADMAN_FIELDS
};

// clang-format off
static const struct schema_field deadman_fields[DEADMAN_FIELDS] = {
	[DEADMAN_DAY] = { .key = "day", .type = SCHEMA_DURATION, .max = 12LL * HOUR_MS,
	    .help = "between signs of life by day; 0s: nobody is asked" },
	[DEADMAN_NIGHT] = { .key = "night", .type = SCHEMA_DURATION,
	    .max = 12LL * HOUR_MS, .fallback = NIGHT_MS,
	    .help = "the same by night" },
	[DEADMAN_NIGHT_HOURS] = { .key = "night_hours", .type = SCHEMA_LIST, .max = 8,
	    .each = &rule_hours_item, .help = "when it is night, default 22:00 to 06:00" },
	[DEADMAN_SPREAD] = { .key = "spread", .type = SCHEMA_DURATION,
	    .max = 12LL * HOUR_MS,
	    .help = "up to so much sooner it asks, at random; 0s: at fixed times" },
	[DEADMAN_ANSWER] = { .key = "answer", .type = SCHEMA_DURATION,
	    .min = ANSWER_LEAST_MS, .max = ANSWER_MOST_MS, .fallback = ANSWER_MOST_MS,
	    .help = "how long the desk has to answer" },
	[DEADMAN_POINTS] = { .key = "points", .type = SCHEMA_LIST,
	    .max = DEADMAN_POINTS_MAX, .each = &rule_point_item,
	    .help = "contacts that answer, of kind answer-button" },
};
const struct schema_map deadman_map = { deadman_fields, DEADMAN_FIELDS };
// clang-format on

static const struct week_span night_hours[] = {
	{ .days = (1U << WEEK_DAYS) - 1, .from_min = 22 * 60, .to_min = 6 * 60 },
};

static bool
asks_at_any_time(const struct deadman_def *d)
{
	for (unsigned minute = 0; minute < WEEK_MINUTES; minute++) {
		bool night = schedule_covers(&d->night, minute);
		if ((night ? d->rule.night_ms : d->rule.day_ms) > 0)
			return true;
	}
	return false;
}

void
deadman_read(struct load *l, const struct yaml_node *node)
{
	struct schema_value v[DEADMAN_FIELDS];

	if (node == NULL)
		return;
	struct deadman_def *d = arena_alloc(l->arena, 1, sizeof(*d));
	(void)schema_read(l, node, "deadman", deadman_fields, DEADMAN_FIELDS, v);
	d->rule.day_ms = (uint32_t)v[DEADMAN_DAY].number;
	d->rule.night_ms = (uint32_t)v[DEADMAN_NIGHT].number;
	d->rule.spread_ms = (uint32_t)v[DEADMAN_SPREAD].number;
	for (int i = DEADMAN_DAY; i <= DEADMAN_NIGHT; i++)
		if (v[i].number > 0 && v[DEADMAN_SPREAD].ok &&
		    v[DEADMAN_SPREAD].number > v[i].number - LEAST_MS)
			problem(l, v[DEADMAN_SPREAD].pos,
			    "spread: must leave at least 5 s of %s, found \"%s\"",
			    deadman_fields[i].key, v[DEADMAN_SPREAD].text);
	d->rule.answer_ms = (uint32_t)v[DEADMAN_ANSWER].number;
	d->night = (struct schedule){ 1, night_hours };
	if (v[DEADMAN_NIGHT_HOURS].ok) {
		d->night = (struct schedule){ 0 };
		rule_hours(l, v[DEADMAN_NIGHT_HOURS].node, &d->night);
	}
	if (!asks_at_any_time(d))
		problem(l, node->pos, "deadman: nobody is asked, by day or by night");
	for (int i = DEADMAN_DAY; i <= DEADMAN_NIGHT; i++)
		if (v[i].ok && v[i].number > 0 && v[i].number < LEAST_MS)
			problem(l, v[i].pos,
			    "%s: must be 0s (not asked) or at least 5 s",
			    deadman_fields[i].key);
	if (v[DEADMAN_POINTS].ok) {
		const struct yaml_node *c = v[DEADMAN_POINTS].node->first;
		for (; c != NULL; c = c->next) {
			uint32_t point = rule_point(l, c, "points", RULE_ANSWER);
			if (point != UINT32_MAX)
				d->points[d->n_points++] = point;
		}
	}
	l->site->deadman = d;
}
