// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The section reports: which are made by themselves, when, and where they go. Runs in
// the thread of the load. Refuses a time at which the statistics day is not over, and a
// plan that goes nowhere. An address is never shown. Nothing to keep over a crash.
#include <string.h>

#include "config/sections.h"
#include "config/units.h"
#include "core/report_plan.h"

enum {
	SECOND_MS = 1000,
	MINUTE_MS = 60 * SECOND_MS,
	HOUR_MS = 60 * MINUTE_MS,
	LANG_MASK_ZH = 1,
	PATH_BYTES_MAX = 512,
};

enum {
	PLAN_ID,
	PLAN_REPORT,
	PLAN_AT,
	PLAN_FORMATS,
	PLAN_LANGS,
	PLAN_FOLDER,
	PLAN_POST,
	PLAN_TIMEOUT,
	PLAN_GIVE_UP,
	PLAN_FIELDS
};

static const char *
report_choice(size_t i)
{
	return i < REPORT_COUNT ? report_name((enum report_id)i) : NULL;
}

static const char *
format_choice(size_t i)
{
	return i < REPORT_FORMAT_COUNT ? report_format_name((enum report_format)i)
				       : NULL;
}

static const char *
lang_choice(size_t i)
{
	static const char *const names[] = { "zh", "en" };

	return i < REPORT_LANGS ? names[i] : NULL;
}

// clang-format off
static const struct schema_field format_item = {
	.key = "formats", .type = SCHEMA_CHOICE, .choice = format_choice,
};
static const struct schema_field lang_item = {
	.key = "languages", .type = SCHEMA_CHOICE, .choice = lang_choice,
};

static const struct schema_field plan_fields[PLAN_FIELDS] = {
	[PLAN_ID] = { .key = "id", .type = SCHEMA_ID, .required = true,
	    .help = "the name of the plan" },
	[PLAN_REPORT] = { .key = "report", .type = SCHEMA_CHOICE, .required = true,
	    .choice = report_choice, .help = "which report" },
	[PLAN_AT] = { .key = "at", .type = SCHEMA_TEXT, .required = true, .shape = SHAPE_TIME_OF_DAY,
	    .help = "the time of day, for example \"08:30\": each day, on Mondays, on the first of a month or a year" },
	[PLAN_FORMATS] = { .key = "formats", .type = SCHEMA_LIST, .required = true,
	    .max = REPORT_FORMAT_COUNT, .each = &format_item, .help = "a list, for example [pdf, xlsx]" },
	[PLAN_LANGS] = { .key = "languages", .type = SCHEMA_LIST, .max = REPORT_LANGS,
	    .each = &lang_item, .help = "a list, default [zh]" },
	[PLAN_FOLDER] = { .key = "folder", .type = SCHEMA_TEXT,
	    .help = "where the files go" },
	[PLAN_POST] = { .key = "post", .type = SCHEMA_ANY, .either = webhook_forms,
	    .help = "an http or https address that takes each file, or {file: PATH} of one" },
	[PLAN_TIMEOUT] = { .key = "timeout", .type = SCHEMA_DURATION, .min = SECOND_MS,
	    .max = 5LL * MINUTE_MS, .fallback = 30LL * SECOND_MS,
	    .help = "how long an answer to a post is waited for" },
	[PLAN_GIVE_UP] = { .key = "give_up", .type = SCHEMA_DURATION, .min = MINUTE_MS,
	    .max = 30LL * 24LL * HOUR_MS, .fallback = 7LL * 24LL * HOUR_MS,
	    .help = "how long one report is tried" },
};
static const struct schema_map plan_map = { plan_fields, PLAN_FIELDS };
// clang-format on
const struct schema_field report_item = {
	.key = "a report",
	.type = SCHEMA_MAP,
	.map = &plan_map,
};

static uint8_t
read_mask(struct load *l, const struct yaml_node *list, const struct schema_field *item)
{
	uint8_t mask = 0;

	if (list->n == 0)
		problem(l, list->pos, "%s is empty", item->key);
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct schema_value v = { 0 };
		if (!schema_scalar(l, c, item, &v))
			continue;
		uint8_t bit = (uint8_t)(1u << v.number);
		if ((mask & bit) != 0)
			problem(l, c->pos, "%s: %s is named twice", item->key, v.text);
		mask |= bit;
	}
	return mask;
}

static uint16_t
read_time(struct load *l, const struct schema_value *v)
{
	char why[WHY_MAX];
	uint16_t minute = 0;

	if (!v->ok)
		return 0;
	if (units_time_of_day(v->text, &minute, why) != 0)
		schema_refuse(l, v->pos, "at", v->text, why);
	else if (minute < l->site->statistics_day_min)
		problem(l, v->pos,
		    "at: the statistics day ends at %02u:%02u; a report of it is made "
		    "then or later, found %s",
		    l->site->statistics_day_min / 60u,
		    l->site->statistics_day_min % 60u, v->text);
	return minute;
}

static const char *
read_folder(struct load *l, const struct schema_value *v)
{
	if (!v->ok)
		return "";
	const char *path = source_absolute(l, v->pos.file, v->text);
	if (strlen(path) > PATH_BYTES_MAX)
		problem(
		    l, v->pos, "folder: a path of more than %d bytes", PATH_BYTES_MAX);
	return path;
}

static void
read_plan(struct load *l, struct name_index *ids, const struct yaml_node *node)
{
	struct schema_value v[PLAN_FIELDS];
	struct report_plan *p = &l->site->report_plans[l->site->n_report_plans];

	(void)schema_read(l, node, "a report", plan_fields, PLAN_FIELDS, v);
	p->id = section_id(l, ids, "report", &v[PLAN_ID], l->site->n_report_plans++);
	p->report = (enum report_id)v[PLAN_REPORT].number;
	p->at_min = read_time(l, &v[PLAN_AT]);
	p->formats =
	    v[PLAN_FORMATS].ok ? read_mask(l, v[PLAN_FORMATS].node, &format_item) : 0;
	p->langs = v[PLAN_LANGS].ok ? read_mask(l, v[PLAN_LANGS].node, &lang_item)
				    : LANG_MASK_ZH;
	p->folder = read_folder(l, &v[PLAN_FOLDER]);
	p->url = v[PLAN_POST].ok ? webhook_read(l, v[PLAN_POST].node, "post") : "";
	p->timeout_ms = (uint32_t)v[PLAN_TIMEOUT].number;
	p->give_up_ms = (uint32_t)v[PLAN_GIVE_UP].number;
	if (v[PLAN_FOLDER].node == NULL && v[PLAN_POST].node == NULL)
		problem(l, node->pos, "a report goes to a folder, a post, or both");
}

void
report_plans_read(struct load *l, const struct node_list *list)
{
	struct name_index ids = { 0 };

	l->site->report_plans =
	    arena_alloc(l->arena, list->n, sizeof(*l->site->report_plans));
	for (size_t i = 0; i < list->n; i++)
		read_plan(l, &ids, list->items[i]);
	index_free(&ids);
}
