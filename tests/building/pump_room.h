// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The pump room as pure functions of time: a hydrant main that leaks and is topped
// up by its jockey pump, a steady sprinkler main, domestic water that breathes with
// the day's use, a roof tank that stands still. No state, no clock of its own: the same
// time gives the same room.

#ifndef PUMP_ROOM_H
#define PUMP_ROOM_H

#include <stdbool.h>
#include <stdint.h>

// Pressures in kPa, so in the thousandths of a MPa the transmitters send.
struct pump_room {
	int hydrant;
	int sprinkler;
	int domestic;
	int tank; // at the outlet of the roof tank
	bool jockey_running;
	uint32_t jockey_starts;
};

// The room at `ms` since the building was started (0 and up).
struct pump_room pump_room_at(int64_t ms);

#endif
