// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The scenario's table; see scenario.h. 55 seconds: a dirty detector, a fire seen by
// two detectors and a flow switch, a door, the reset at the panel, a gateway that
// falls off the network and comes back. Steps of the same time happen together.

#include "scenario.h"

#include "point_word.h"

enum {
	SEEN_MS = 3000,
	LOST_MS = 5000, // a gateway is lost when three polls in a row have failed
};

// clang-format off
const struct scenario_step scenario_steps[] = {
	{5000, "fault-1", ACTION_WORD, WORD_FAULT,
	 "smoke-b1-garage-west", "fault", "", "alarm.onset", SEEN_MS},
	{9000, "fault-1-cleared", ACTION_WORD, WORD_NORMAL,
	 "smoke-b1-garage-west", "fault", "", "alarm.clear", SEEN_MS},
	{12000, "smoke-1", ACTION_WORD, WORD_FIRE,
	 "smoke-3f-office-301", "fire", "", "alarm.onset", SEEN_MS},
	{18000, "smoke-2", ACTION_WORD, WORD_FIRE,
	 "smoke-3f-corridor", "fire", "", "alarm.onset", SEEN_MS},
	{22000, "flow-1", ACTION_WORD, WORD_SUPERVISORY,
	 "flow-3f-sprinkler", "supervisory", "", "alarm.onset", SEEN_MS},
	{26000, "door-opened", ACTION_DOOR, 1,
	 "door-pump-room", "security", "", "alarm.onset", SEEN_MS},
	{29000, "door-closed", ACTION_DOOR, 0,
	 "door-pump-room", "security", "", "alarm.clear", SEEN_MS},
	{32000, "reset-smoke-1", ACTION_WORD, WORD_NORMAL,
	 "smoke-3f-office-301", "fire", "", "alarm.clear", SEEN_MS},
	{32000, "reset-smoke-2", ACTION_WORD, WORD_NORMAL,
	 "smoke-3f-corridor", "fire", "", "alarm.clear", SEEN_MS},
	{32000, "reset-flow-1", ACTION_WORD, WORD_NORMAL,
	 "flow-3f-sprinkler", "supervisory", "", "alarm.clear", SEEN_MS},
	{38000, "gateway-lost", ACTION_GATEWAY, 0,
	 "@bus/panel-lan", "link", NULL, "alarm.onset", LOST_MS},
	{46000, "gateway-back", ACTION_GATEWAY, 1,
	 "@bus/panel-lan", "link", NULL, "alarm.clear", SEEN_MS},
};
// clang-format on

const size_t scenario_n_steps = sizeof(scenario_steps) / sizeof(scenario_steps[0]);

void
scenario_apply(struct building *b, size_t from, size_t to)
{
	(void)pthread_mutex_lock(&b->lock);
	for (size_t i = from; i < to; i++) {
		const struct scenario_step *s = &scenario_steps[i];

		switch (s->action) {
		case ACTION_WORD:
			b->word[building_point(s->point)] = s->value;
			break;
		case ACTION_DOOR:
			b->pump_door_open = s->value != 0;
			break;
		case ACTION_GATEWAY:
			break;
		}
	}
	(void)pthread_mutex_unlock(&b->lock);
}

// A JSON string, or null; our own table's plain ASCII needs no escaping.
static void
list_text(FILE *out, const char *name, const char *text, const char *after)
{
	if (text == NULL)
		(void)fprintf(out, "\"%s\": null%s", name, after);
	else
		(void)fprintf(out, "\"%s\": \"%s\"%s", name, text, after);
}

static void
list_step(FILE *out, const struct scenario_step *s)
{
	(void)fprintf(
	    out, "    {\"at_s\": %u.%03u, ", s->at_ms / 1000, s->at_ms % 1000);
	list_text(out, "step", s->id, ", ");
	list_text(out, "point", s->point, ", ");
	list_text(out, "condition", s->condition, ", ");
	list_text(out, "code", s->code, ", ");
	list_text(out, "event", s->event, ", ");
	(void)fprintf(
	    out, "\"within_s\": %u.%03u}", s->within_ms / 1000, s->within_ms % 1000);
}

static void
list_points(FILE *out)
{
	for (size_t i = 0; i < BUILDING_POINTS; i++) {
		const struct panel_point *p = &building_points[i];

		(void)fprintf(out,
		    "    {\"id\": \"%s\", \"item\": \"%s\", \"loop\": 1, "
		    "\"device\": %d}%s\n",
		    p->id, p->module ? "module" : "detector", p->device,
		    i + 1 < BUILDING_POINTS ? "," : "");
	}
}

void
scenario_list(FILE *out)
{
	(void)fprintf(
	    out, "{\n  \"period_s\": %d,\n  \"steps\": [\n", SCENARIO_PERIOD_MS / 1000);
	for (size_t i = 0; i < scenario_n_steps; i++) {
		list_step(out, &scenario_steps[i]);
		(void)fputs(i + 1 < scenario_n_steps ? ",\n" : "\n", out);
	}
	(void)fputs("  ],\n  \"points\": [\n", out);
	list_points(out);
	(void)fputs("  ]\n}\n", out);
}
