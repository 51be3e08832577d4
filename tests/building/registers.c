// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Register maps of the simulated devices; see registers.h. Each map is one table of
// areas, from the makers' documents:
//   panel and gateway  Notifier MODBUS-GW, LS10015-000NF-E rev C2: PDU = number - 40001
//                      (holding) and number - 30001 (input)
//   input modules      Moxa ioLogik E1200, default address mapping (E1210, 16 DI)
// The pressure transmitters are in transmitters.c.
// Refuses every range that is not wholly inside one area (exception 02).

#include "registers.h"

#include <modbus.h>

#include "point_word.h"
#include "pump_room.h"

enum {
	PANEL_MODULES_FROM = 200, // 40201: modules of a loop, after its detectors
	PANEL_LOOP_STRIDE = 400,
	PANEL_LOOPS = 10,
	PANEL_STATUS = 9499, // 49500
	PANEL_MAX_READ = 100,
	GATEWAY_UNIT = 250,
	GATEWAY_NODES = 5099,   // 35100: bit 0 = node 1
	GATEWAY_VERSION = 5115, // 35116
	GATEWAY_STATUS = 5118,  // 35119
	IO_CHANNELS = 16,
	IO_COUNTERS = 16,
	IO_DI_WORD = 48,
	IO_UPTIME = 5020,
	IO_MODEL = 5000,
	IO_FIRMWARE = 5029,
};

// Channels of the input module as they are wired in this building.
enum io_channel {
	IO_PUMP_DOOR,
	IO_JOCKEY_RUN,
	IO_HYDRANT_PUMP_RUN,
	IO_SPRINKLER_PUMP_RUN,
	IO_HYDRANT_PUMP_AUTO,
	IO_SPRINKLER_PUMP_AUTO,
};

static uint16_t
panel_point_word(const struct reading *r, int address)
{
	int in_loop = address % PANEL_LOOP_STRIDE;

	if (address >= PANEL_LOOP_STRIDE)
		return WORD_ABSENT;
	if (in_loop >= PANEL_MODULES_FROM)
		return building_panel_word(
		    r->building, true, in_loop - PANEL_MODULES_FROM + 1);
	return building_panel_word(r->building, false, in_loop + 1);
}

static uint16_t
panel_status(const struct reading *r, int address)
{
	(void)r;
	(void)address;
	return 0;
}

static uint16_t
gateway_word(const struct reading *r, int address)
{
	(void)r;
	if (address == GATEWAY_NODES || address == GATEWAY_STATUS)
		return 1;
	return address == GATEWAY_VERSION ? 3 : 0;
}

static uint16_t
io_bit(const struct reading *r, int address)
{
	struct pump_room room = pump_room_at(r->now_ms);

	switch ((enum io_channel)address) {
	case IO_PUMP_DOOR:
		return r->building->pump_door_open;
	case IO_JOCKEY_RUN:
		return room.jockey_running;
	case IO_HYDRANT_PUMP_AUTO:
	case IO_SPRINKLER_PUMP_AUTO:
		return 1;
	case IO_HYDRANT_PUMP_RUN:
	case IO_SPRINKLER_PUMP_RUN:
		return 0;
	}
	return 0;
}

static uint16_t
io_word(const struct reading *r, int address)
{
	unsigned int word = 0;

	(void)address;
	for (int channel = 0; channel < IO_CHANNELS; channel++)
		word |= (unsigned int)io_bit(r, channel) << channel;
	return (uint16_t)word;
}

// 32-bit counters, high word first; only the jockey pump's contact is counted.
static uint16_t
io_counter(const struct reading *r, int address)
{
	int channel = (address - IO_COUNTERS) / 2;
	uint32_t count = 0;

	if (channel == IO_JOCKEY_RUN)
		count = pump_room_at(r->now_ms).jockey_starts;
	return (uint16_t)((address - IO_COUNTERS) % 2 == 0 ? count >> 16 : count);
}

static uint16_t
io_uptime(const struct reading *r, int address)
{
	uint32_t seconds = (uint32_t)(r->now_ms / 1000);

	return (uint16_t)(address == IO_UPTIME ? seconds >> 16 : seconds);
}

static uint16_t
io_model(const struct reading *r, int address)
{
	static const char name[20] = "E1210";
	size_t at = (size_t)(address - IO_MODEL) * 2;

	(void)r;
	return (uint16_t)((unsigned char)name[at] << 8 | (unsigned char)name[at + 1]);
}

static uint16_t
io_firmware(const struct reading *r, int address)
{
	(void)r;
	return address == IO_FIRMWARE ? 0x0302 : 0x0000;
}

static uint16_t
contact_bit(const struct reading *r, int address)
{
	return address < BUILDING_CONTACTS && r->building->contact[address];
}

// clang-format off
static const struct area panel_areas[] = {
	{MODBUS_FC_READ_HOLDING_REGISTERS, 0, PANEL_LOOPS * PANEL_LOOP_STRIDE, panel_point_word},
	{MODBUS_FC_READ_HOLDING_REGISTERS, PANEL_STATUS, 1, panel_status},
};

static const struct area gateway_areas[] = {
	{MODBUS_FC_READ_INPUT_REGISTERS, GATEWAY_NODES, GATEWAY_STATUS - GATEWAY_NODES + 1, gateway_word},
};

static const struct area io_areas[] = {
	{MODBUS_FC_READ_DISCRETE_INPUTS, 0, IO_CHANNELS, io_bit},
	{MODBUS_FC_READ_INPUT_REGISTERS, IO_COUNTERS, 2 * IO_CHANNELS, io_counter},
	{MODBUS_FC_READ_INPUT_REGISTERS, IO_DI_WORD, 1, io_word},
	{MODBUS_FC_READ_INPUT_REGISTERS, IO_MODEL, 10, io_model},
	{MODBUS_FC_READ_INPUT_REGISTERS, IO_UPTIME, 2, io_uptime},
	{MODBUS_FC_READ_INPUT_REGISTERS, IO_FIRMWARE, 2, io_firmware},
};

static const struct area contact_areas[] = {
	{MODBUS_FC_READ_DISCRETE_INPUTS, 0, IO_CHANNELS, contact_bit},
	{MODBUS_FC_READ_INPUT_REGISTERS, IO_MODEL, 10, io_model},
	{MODBUS_FC_READ_INPUT_REGISTERS, IO_UPTIME, 2, io_uptime},
	{MODBUS_FC_READ_INPUT_REGISTERS, IO_FIRMWARE, 2, io_firmware},
};

#define AREAS(table) table, sizeof(table) / sizeof((table)[0])

static const struct unit panel_units[] = {
	{1, PANEL_MAX_READ, AREAS(panel_areas)},
	{GATEWAY_UNIT, PANEL_MAX_READ, AREAS(gateway_areas)},
};

static const struct unit io_units[] = {
	{1, REGISTERS_MAX_READ, AREAS(io_areas)},
};

static const struct unit contact_units[] = {
	{1, REGISTERS_MAX_READ, AREAS(contact_areas)},
};

const struct station station_panel = {"panel", UNKNOWN_UNIT_REFUSED, AREAS(panel_units), LINE_NONE, NULL};
const struct station station_io = {"io", UNKNOWN_UNIT_ANSWERS, AREAS(io_units), LINE_NONE, NULL};
const struct station station_contacts = {"contacts", UNKNOWN_UNIT_ANSWERS, AREAS(contact_units), LINE_NONE, NULL};
// clang-format on

static const struct unit *
find_unit(const struct station *station, int id)
{
	for (size_t i = 0; i < station->n_units; i++) {
		if (station->units[i].id == id)
			return &station->units[i];
	}
	return station->unknown_unit == UNKNOWN_UNIT_ANSWERS ? &station->units[0]
							     : NULL;
}

static const struct area *
find_area(const struct unit *unit, const struct request *rq, bool *function_known)
{
	*function_known = false;
	for (size_t i = 0; i < unit->n_areas; i++) {
		const struct area *a = &unit->areas[i];

		if (a->function != rq->function)
			continue;
		*function_known = true;
		if (rq->first >= a->first &&
		    rq->first + rq->count <= a->first + a->count)
			return a;
	}
	return NULL;
}

static bool
falls_silent(struct building *b, const struct station *station, const struct unit *unit)
{
	bool silent;

	(void)pthread_mutex_lock(&b->lock);
	silent = b->silent[station->line][unit->id];
	(void)pthread_mutex_unlock(&b->lock);
	return silent;
}

int
registers_read(struct building *b, const struct station *station,
    const struct request *rq, uint16_t *out)
{
	const struct unit *unit = find_unit(station, rq->unit);
	const struct area *area;
	struct reading reading = { .building = b, .now_ms = building_now_ms(b) };
	bool function_known;

	if (unit != NULL && falls_silent(b, station, unit))
		return REGISTERS_SILENT;
	if (unit == NULL)
		return station->unknown_unit == UNKNOWN_UNIT_SILENT
			   ? REGISTERS_SILENT
			   : MODBUS_EXCEPTION_GATEWAY_PATH;
	area = find_area(unit, rq, &function_known);
	if (!function_known)
		return MODBUS_EXCEPTION_ILLEGAL_FUNCTION;
	if (rq->count < 1 || rq->count > unit->max_read)
		return MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE;
	if (area == NULL)
		return MODBUS_EXCEPTION_ILLEGAL_DATA_ADDRESS;
	reading.unit = unit->id;
	(void)pthread_mutex_lock(&b->lock);
	for (int i = 0; i < rq->count; i++)
		out[i] = area->value(&reading, rq->first + i);
	(void)pthread_mutex_unlock(&b->lock);
	return 0;
}
