// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The state of the simulated building: what the contacts and detectors of one
// small tower show at this moment. One struct, one lock; the scenario writes it,
// the Modbus servers read it. The pump room is not stored here, it is a function
// of time (pump_room.h).
//
// Knows nothing of Modbus and nothing of the daemon. Nothing survives a crash and
// nothing needs to: a started building is always calm.

#ifndef BUILDING_H
#define BUILDING_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BUILDING_DETECTORS = 12,
	BUILDING_MODULES = 6,
	BUILDING_POINTS = BUILDING_DETECTORS + BUILDING_MODULES,
	BUILDING_UNIT_MAX = 247,
};

// Lines whose units may fall silent one by one.
enum building_line {
	LINE_NONE,
	LINE_PUMP_ROOM, // serial
	LINE_RISER,     // behind a gateway
	BUILDING_LINES,
};

// Contacts of the module at the guarded door, in the order of its channels.
enum building_contact {
	CONTACT_ARCHIVE_DOOR, // closed circuit: the door is open
	CONTACT_ARCHIVE_EXIT, // the button inside
	CONTACT_PANIC,
	BUILDING_CONTACTS,
};

// One addressed device of the panel's loop 1, at its printed address.
struct panel_point {
	const char *id;
	bool module;
	int device;
};

// Detectors 1..12 first, then modules 1..6; the same ids as the demo site's CSV.
extern const struct panel_point building_points[BUILDING_POINTS];

struct building {
	pthread_mutex_t lock;
	int64_t start_ms; // CLOCK_MONOTONIC
	uint16_t word[BUILDING_POINTS];
	bool pump_door_open;
	bool contact[BUILDING_CONTACTS];
	bool silent[BUILDING_LINES][BUILDING_UNIT_MAX + 1];
};

// A calm building whose clock starts now.
void building_init(struct building *b);

// Milliseconds since building_init, from the monotonic clock; any thread.
int64_t building_now_ms(const struct building *b);

// The index of a panel point by its id, -1 when there is none.
int building_point(const char *id);

// The status word of a detector or module address of loop 1; the caller holds the
// lock. An address without a device reads "not present", never "normal".
uint16_t building_panel_word(const struct building *b, bool module, int device);

#endif
