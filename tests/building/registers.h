// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Which registers each simulated device has and what they hold now: the panel and
// its gateway, the two input modules, the pressure transmitters. Pure look-up, any
// thread; takes the building's lock for the length of one read, so that one answer
// shows one moment.

#ifndef REGISTERS_H
#define REGISTERS_H

#include <stddef.h>
#include <stdint.h>

#include "building.h"
#include "wire.h"

enum {
	REGISTERS_MAX_READ = 125, // Modbus Application Protocol 1.1b3, 6.3
	BITS_MAX_READ = 2000,     // the same, 6.2
};

// What a station does with a unit id it does not have.
enum unknown_unit {
	UNKNOWN_UNIT_ANSWERS, // there is one device, whatever the id (ioLogik)
	UNKNOWN_UNIT_REFUSED, // exception 0x0A (a gateway)
	UNKNOWN_UNIT_SILENT,  // nobody on the line feels meant
};

struct reading {
	const struct building *building;
	int64_t now_ms;
	int unit;
};

// A run of registers or bits of one function code; `value` is called with the PDU
// address, the building's lock held.
struct area {
	int function;
	int first;
	int count;
	uint16_t (*value)(const struct reading *r, int address);
};

struct unit {
	int id;
	int max_read;
	const struct area *areas;
	size_t n_areas;
};

struct station {
	const char *name;
	enum unknown_unit unknown_unit;
	const struct unit *units;
	size_t n_units;
	enum building_line line; // whose units may fall silent
	struct wire *wire;       // NULL: an answer takes no time
};

extern const struct station station_panel;
extern const struct station station_io;
extern const struct station station_contacts;
extern const struct station station_pump_room;
extern const struct station station_riser;

struct request {
	int unit;
	int function;
	int first;
	int count;
};

enum {
	REGISTERS_SILENT = -1
};

// Fills `out` (room for BITS_MAX_READ) with rq->count values. 0, a Modbus exception
// code, or REGISTERS_SILENT when nobody answers this unit id.
int registers_read(struct building *b, const struct station *station,
    const struct request *rq, uint16_t *out);

#endif
