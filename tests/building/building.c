// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// State of the simulated building; see building.h. Any thread may ask, the one
// lock is the caller's to hold. Refuses nothing: it is a table and a clock.

#include "building.h"

#include <string.h>
#include <time.h>

#include "point_word.h"

// clang-format off
const struct panel_point building_points[BUILDING_POINTS] = {
	{"smoke-b1-garage-east", false, 1},
	{"smoke-b1-garage-west", false, 2},
	{"smoke-b1-power-room",  false, 3},
	{"smoke-1f-lobby",       false, 4},
	{"smoke-1f-corridor",    false, 5},
	{"heat-1f-kitchen",      false, 6},
	{"smoke-2f-office-201",  false, 7},
	{"smoke-2f-corridor",    false, 8},
	{"smoke-3f-office-301",  false, 9},
	{"smoke-3f-corridor",    false, 10},
	{"smoke-3f-server-room", false, 11},
	{"heat-b1-boiler-room",  false, 12},
	{"mcp-1f-lobby",         true,  1},
	{"mcp-3f-stairs",        true,  2},
	{"flow-3f-sprinkler",    true,  3},
	{"flow-b1-sprinkler",    true,  4},
	{"module-lift-recall",   true,  5},
	{"module-smoke-damper",  true,  6},
};
// clang-format on

static int64_t
monotonic_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
building_init(struct building *b)
{
	memset(b, 0, sizeof(*b));
	(void)pthread_mutex_init(&b->lock, NULL);
	b->start_ms = monotonic_ms();
	for (size_t i = 0; i < BUILDING_POINTS; i++)
		b->word[i] = WORD_NORMAL;
}

int64_t
building_now_ms(const struct building *b)
{
	return monotonic_ms() - b->start_ms;
}

int
building_point(const char *id)
{
	for (int i = 0; i < BUILDING_POINTS; i++) {
		if (strcmp(building_points[i].id, id) == 0)
			return i;
	}
	return -1;
}

uint16_t
building_panel_word(const struct building *b, bool module, int device)
{
	for (size_t i = 0; i < BUILDING_POINTS; i++) {
		const struct panel_point *p = &building_points[i];

		if (p->module == module && p->device == device)
			return b->word[i];
	}
	return WORD_ABSENT;
}
