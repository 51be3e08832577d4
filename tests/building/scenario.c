// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The scenario's table; see scenario.h. 55 seconds: a dirty detector, a guarded door
// used, forced and held, four gauges behind a gateway and one on a line that fall
// silent, a fire seen by two detectors and a flow switch, a door, the reset at the
// panel, a panic button, a gateway that falls off the network and comes back. Steps of
// the same time happen together.

#include "scenario.h"

#include "point_word.h"
#include "registers.h"

enum {
	SEEN_MS = 3000,
	LOST_MS = 5000, // a gateway is lost when three polls in a row have failed
	// On a shared line a unit that misses three polls is lost, its polls behind
	// those of the healthy; one that was lost for a quarter of a minute is tried
	// again within half a minute at the latest.
	UNIT_LOST_MS = 14000,
	UNIT_BACK_MS = 22000,
	ANSWERS = 1,
	SILENT = 0,
};

#define WORD         ACTION_WORD, 0
#define DOOR         ACTION_DOOR, 0
#define GATEWAY      ACTION_GATEWAY, 0
#define ARCHIVE_DOOR ACTION_CONTACT, CONTACT_ARCHIVE_DOOR
#define EXIT_BUTTON  ACTION_CONTACT, CONTACT_ARCHIVE_EXIT
#define PANIC_BUTTON ACTION_CONTACT, CONTACT_PANIC
#define TIME_PASSED  ACTION_NONE, 0, 0
#define TANK_GAUGE   ACTION_GAUGE, 6
#define RISER(unit)  ACTION_RISER, unit

// clang-format off
const struct scenario_step scenario_steps[] = {
	{5000, "fault-1", WORD, WORD_FAULT,
	 "smoke-b1-garage-west", "fault", "", "alarm.onset", SEEN_MS},
	{6000, "exit-button", EXIT_BUTTON, 1,
	 "exit-archive", NULL, NULL, NULL, 0},
	{7000, "door-used", ARCHIVE_DOOR, 1,
	 "door-archive", "", "", "door.access", SEEN_MS},
	{7500, "exit-button-released", EXIT_BUTTON, 0,
	 "exit-archive", NULL, NULL, NULL, 0},
	{8000, "riser-lost-1", RISER(21), SILENT,
	 "@device/hydrant-f2-5", "link", NULL, "alarm.onset", UNIT_LOST_MS},
	{8000, "riser-lost-2", RISER(22), SILENT,
	 "@device/hydrant-f2-6", "link", NULL, "alarm.onset", UNIT_LOST_MS},
	{8000, "riser-lost-3", RISER(23), SILENT,
	 "@device/hydrant-f2-7", "link", NULL, "alarm.onset", UNIT_LOST_MS},
	{8000, "riser-lost-4", RISER(24), SILENT,
	 "@device/hydrant-f2-8", "link", NULL, "alarm.onset", UNIT_LOST_MS},
	{9000, "fault-1-cleared", WORD, WORD_NORMAL,
	 "smoke-b1-garage-west", "fault", "", "alarm.clear", SEEN_MS},
	{10000, "door-shut", ARCHIVE_DOOR, 0,
	 "door-archive", NULL, NULL, NULL, 0},
	{11000, "tank-gauge-lost", TANK_GAUGE, SILENT,
	 "@device/tank-gauge", "link", NULL, "alarm.onset", UNIT_LOST_MS},
	{12000, "smoke-1", WORD, WORD_FIRE,
	 "smoke-3f-office-301", "fire", "", "alarm.onset", SEEN_MS},
	{14000, "door-forced", ARCHIVE_DOOR, 1,
	 "door-archive", "security", "forced", "alarm.onset", SEEN_MS},
	{18000, "smoke-2", WORD, WORD_FIRE,
	 "smoke-3f-corridor", "fire", "", "alarm.onset", SEEN_MS},
	{19000, "door-held-soon", TIME_PASSED,
	 "door-archive", "info", "held-soon", "alarm.onset", SEEN_MS},
	{22000, "flow-1", WORD, WORD_SUPERVISORY,
	 "flow-3f-sprinkler", "supervisory", "", "alarm.onset", SEEN_MS},
	{22000, "door-held", TIME_PASSED,
	 "door-archive", "security", "held", "alarm.onset", SEEN_MS},
	{22000, "door-held-soon-over", TIME_PASSED,
	 "door-archive", "info", "held-soon", "alarm.clear", SEEN_MS},
	{24000, "riser-back-1", RISER(21), ANSWERS,
	 "@device/hydrant-f2-5", "link", NULL, "alarm.clear", UNIT_BACK_MS},
	{24000, "riser-back-2", RISER(22), ANSWERS,
	 "@device/hydrant-f2-6", "link", NULL, "alarm.clear", UNIT_BACK_MS},
	{24000, "riser-back-3", RISER(23), ANSWERS,
	 "@device/hydrant-f2-7", "link", NULL, "alarm.clear", UNIT_BACK_MS},
	{24000, "riser-back-4", RISER(24), ANSWERS,
	 "@device/hydrant-f2-8", "link", NULL, "alarm.clear", UNIT_BACK_MS},
	{25000, "door-closed-at-last", ARCHIVE_DOOR, 0,
	 "door-archive", "security", "held", "alarm.clear", SEEN_MS},
	{26000, "door-opened", DOOR, 1,
	 "door-pump-room", "security", "", "alarm.onset", SEEN_MS},
	{27000, "tank-gauge-back", TANK_GAUGE, ANSWERS,
	 "@device/tank-gauge", "link", NULL, "alarm.clear", UNIT_BACK_MS},
	{29000, "door-closed", DOOR, 0,
	 "door-pump-room", "security", "", "alarm.clear", SEEN_MS},
	{32000, "reset-smoke-1", WORD, WORD_NORMAL,
	 "smoke-3f-office-301", "fire", "", "alarm.clear", SEEN_MS},
	{32000, "reset-smoke-2", WORD, WORD_NORMAL,
	 "smoke-3f-corridor", "fire", "", "alarm.clear", SEEN_MS},
	{32000, "reset-flow-1", WORD, WORD_NORMAL,
	 "flow-3f-sprinkler", "supervisory", "", "alarm.clear", SEEN_MS},
	{34000, "panic-pressed", PANIC_BUTTON, 1,
	 "panic-reception", "security", "", "alarm.onset", SEEN_MS},
	{36000, "panic-released", PANIC_BUTTON, 0,
	 "panic-reception", "security", "", "alarm.clear", SEEN_MS},
	{38000, "gateway-lost", GATEWAY, 0,
	 "@bus/panel-lan", "link", NULL, "alarm.onset", LOST_MS},
	{44000, "door-forced-over", TIME_PASSED,
	 "door-archive", "security", "forced", "alarm.clear", SEEN_MS},
	{46000, "gateway-back", GATEWAY, 1,
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
		case ACTION_CONTACT:
			b->contact[s->where] = s->value != 0;
			break;
		case ACTION_GAUGE:
			b->silent[LINE_PUMP_ROOM][s->where] = s->value == SILENT;
			break;
		case ACTION_RISER:
			b->silent[LINE_RISER][s->where] = s->value == SILENT;
			break;
		case ACTION_GATEWAY:
		case ACTION_NONE:
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

// Which unit of which line falls silent, or answers again.
static void
list_unit(FILE *out, const struct scenario_step *s)
{
	const struct station *line = s->action == ACTION_RISER   ? &station_riser
				     : s->action == ACTION_GAUGE ? &station_pump_room
								 : NULL;

	if (line != NULL)
		(void)fprintf(out, "\"line\": \"%s\", \"unit\": %d, \"answers\": %s, ",
		    line->name, s->where, s->value == ANSWERS ? "true" : "false");
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
	list_unit(out, s);
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
