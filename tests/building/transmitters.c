// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Pressure transmitters (PTMB variant A, function 03): the four of the pump room on a
// line of their own, and the 32 of the hydrants behind a gateway. The gateway has one
// line of 19200 8N1 behind it, waits 100 ms for a unit while nobody else is asked, and
// then says nothing: exceptions of its own are off, as such gateways are delivered.

#include <modbus.h>

#include "building.h"
#include "pump_room.h"
#include "registers.h"

enum {
	UNIT_HYDRANT = 3,
	UNIT_SPRINKLER = 4,
	UNIT_DOMESTIC = 5,
	UNIT_TANK = 6,
	UNITS_PER_FLOOR = 8,
	KPA_PER_FLOOR = 35, // 3.5 m of water
	WORD_VALUE = 4,
};

static uint16_t
transmitter_word(const struct reading *r, int address, int kpa)
{
	enum {
		MPA = 0,
		DECIMALS = 3,
		BAUD_9600 = 3,
		FULL_SCALE = 1600
	};
	const uint16_t words[] = {
		(uint16_t)r->unit,
		BAUD_9600,
		MPA,
		DECIMALS,
		(uint16_t)kpa,
		0,
		FULL_SCALE,
	};

	return words[address];
}

static uint16_t
pump_room_word(const struct reading *r, int address)
{
	struct pump_room room = pump_room_at(r->now_ms);
	int kpa = room.domestic;

	if (r->unit == UNIT_HYDRANT)
		kpa = room.hydrant;
	else if (r->unit == UNIT_SPRINKLER)
		kpa = room.sprinkler;
	else if (r->unit == UNIT_TANK)
		kpa = room.tank;
	return transmitter_word(r, address, kpa);
}

// Units 1 to 8 hang in the basement, beside the pump room; each floor has less.
static uint16_t
riser_word(const struct reading *r, int address)
{
	int floor = (r->unit - 1) / UNITS_PER_FLOOR;
	int kpa = pump_room_at(r->now_ms).hydrant - KPA_PER_FLOOR * floor;

	return transmitter_word(r, address, kpa);
}

static uint16_t
transmitter_offset(const struct reading *r, int address)
{
	(void)r;
	(void)address;
	return 0;
}

#define MAP(words)                                                           \
  {                                                                          \
    { MODBUS_FC_READ_HOLDING_REGISTERS, 0x0000, 7, words },                  \
	{ MODBUS_FC_READ_HOLDING_REGISTERS, 0x000C, 1, transmitter_offset }, \
  }

static const struct area pump_room_areas[] = MAP(pump_room_word);
static const struct area riser_areas[] = MAP(riser_word);

// clang-format off
#define UNIT(id, areas) {id, REGISTERS_MAX_READ, areas, sizeof(areas) / sizeof((areas)[0])}
#define RISER(id) UNIT(id, riser_areas)
#define RISER_FLOOR(f) RISER(f + 1), RISER(f + 2), RISER(f + 3), RISER(f + 4), \
	RISER(f + 5), RISER(f + 6), RISER(f + 7), RISER(f + 8)

static const struct unit pump_room_units[] = {
	UNIT(UNIT_HYDRANT, pump_room_areas),
	UNIT(UNIT_SPRINKLER, pump_room_areas),
	UNIT(UNIT_DOMESTIC, pump_room_areas),
	UNIT(UNIT_TANK, pump_room_areas),
};

static const struct unit riser_units[] = {
	RISER_FLOOR(0), RISER_FLOOR(8), RISER_FLOOR(16), RISER_FLOOR(24),
};
// clang-format on

static struct wire pump_room_wire = {
	.baud = 9600,
	.turnaround_us = 5000,
	.lock = PTHREAD_MUTEX_INITIALIZER,
};

static struct wire riser_wire = {
	.baud = 19200,
	.turnaround_us = 5000,
	.silence_ms = 100,
	.lock = PTHREAD_MUTEX_INITIALIZER,
};

const struct station station_pump_room = {
	.name = "pump-room",
	.unknown_unit = UNKNOWN_UNIT_SILENT,
	.units = pump_room_units,
	.n_units = sizeof(pump_room_units) / sizeof(pump_room_units[0]),
	.line = LINE_PUMP_ROOM,
	.wire = &pump_room_wire,
};

const struct station station_riser = {
	.name = "riser",
	.unknown_unit = UNKNOWN_UNIT_SILENT,
	.units = riser_units,
	.n_units = sizeof(riser_units) / sizeof(riser_units[0]),
	.line = LINE_RISER,
	.wire = &riser_wire,
};
