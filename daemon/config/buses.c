// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The section buses: Modbus over TCP, serial lines, and serial lines behind a device
// server, in TCP or UDP. Runs in the thread of the load. Refuses names where a look-up
// would be needed, a serial line that Modbus RTU cannot be (7 data bits), several
// requests in flight where nothing tells their answers apart, and one port used by two
// buses.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/line.h"
#include "config/sections.h"
#include "config/units.h"

enum {
	MODBUS_PORT = 502, // Modbus Messaging on TCP/IP V1.0b, 4.2.1.1
	SETTLE_MAX_MS = 10000,
	SPEED_MAX = 1000,
	GATEWAY_MIN_MS = 10,
	GATEWAY_MAX_MS = 60000,
};
enum {
	BUS_ID,
	BUS_TCP,
	BUS_RTU,
	BUS_RTU_TCP,
	BUS_RTU_UDP,
	BUS_LOCAL_PORT,
	BUS_PLAY,
	BUS_SPEED,
	BUS_ALERTS,
	BUS_LINE,
	BUS_RS485,
	BUS_WINDOW,
	BUS_SETTLE,
	BUS_GATEWAY,
	BUS_SILENT,
	BUS_FIELDS
};

static const char *
rs485_choice(size_t i)
{
	static const char *const names[] = {
		[RS485_AUTO] = "auto",
		[RS485_KERNEL] = "kernel",
		[RS485_RTS] = "rts",
		[RS485_NONE] = "none",
	};

	return i < sizeof(names) / sizeof(names[0]) ? names[i] : NULL;
}

// clang-format off
static const struct schema_field bus_fields[BUS_FIELDS] = {
	[BUS_ID] = { .key = "id", .type = SCHEMA_ID, .required = true,
	    .help = "the name that devices refer to" },
	[BUS_TCP] = { .key = "modbus_tcp", .type = SCHEMA_TEXT,
	    .help = "Modbus TCP: numeric address and port, default 502" },
	[BUS_RTU] = { .key = "modbus_rtu", .type = SCHEMA_TEXT,
	    .help = "Modbus RTU: the path of a serial port" },
	[BUS_RTU_TCP] = { .key = "modbus_rtu_tcp", .type = SCHEMA_TEXT,
	    .help = "Modbus RTU through a device server: numeric address and port" },
	[BUS_RTU_UDP] = { .key = "modbus_rtu_udp", .type = SCHEMA_TEXT,
	    .help = "the same in UDP datagrams: numeric address and port" },
	[BUS_LOCAL_PORT] = { .key = "local_port", .type = SCHEMA_INTEGER, .min = 1,
	    .max = UINT16_MAX,
	    .help = "the port that a device server in UDP wants to be asked from" },
	[BUS_PLAY] = { .key = "replay", .type = SCHEMA_TEXT,
	    .help = "a recording that is played in place of a bus" },
	[BUS_SPEED] = { .key = "speed", .type = SCHEMA_INTEGER, .min = 1,
	    .max = SPEED_MAX, .fallback = 1,
	    .help = "how many times as fast a recording is played" },
	[BUS_ALERTS] = { .key = "alerts", .type = SCHEMA_BOOL,
	    .help = "whether a recording drives outputs and is told to people" },
	[BUS_LINE] = { .key = "line", .type = SCHEMA_TEXT, .shape = SHAPE_LINE,
	    .help = "speed and format, for example 9600 8N1" },
	[BUS_RS485] = { .key = "rs485", .type = SCHEMA_CHOICE, .choice = rs485_choice,
	    .help = "who switches the direction of the line" },
	[BUS_WINDOW] = { .key = "window", .type = SCHEMA_INTEGER, .min = 1,
	    .max = WINDOW_MAX, .help = "requests in flight at once" },
	[BUS_SETTLE] = { .key = "settle", .type = SCHEMA_DURATION, .max = SETTLE_MAX_MS,
	    .help = "quiet after the link was opened" },
	[BUS_GATEWAY] = { .key = "gateway_timeout", .type = SCHEMA_DURATION,
	    .min = GATEWAY_MIN_MS, .max = GATEWAY_MAX_MS,
	    .help = "the gateway's own, while it waits for one unit" },
	[BUS_SILENT] = { .key = "silent_units", .type = SCHEMA_INTEGER, .fallback = 1,
	    .max = SILENT_UNITS_MAX,
	    .help = "other units that fall silent at once, within the budget" },
};
static const struct schema_map bus_map = { bus_fields, BUS_FIELDS };
const struct schema_field bus_item = {
	.key = "a bus", .type = SCHEMA_MAP, .map = &bus_map,
};
// clang-format on

static void
read_address(
    struct load *l, const struct schema_value *v, const char *key, struct bus *b)
{
	char host[HOST_MAX], why[WHY_MAX];

	// A device server in UDP has no usual port.
	int fallback = b->kind == BUS_MODBUS_RTU_UDP ? -1 : MODBUS_PORT;

	if (units_endpoint(v->text, fallback, host, &b->port, why) != 0)
		schema_refuse(l, v->pos, key, v->text, why);
	else if (b->port == 0)
		schema_refuse(l, v->pos, key, v->text, "the port must be 1 to 65535");
	else
		b->host = arena_text(l->arena, host);
}

static void
read_line(struct load *l, const struct schema_value *line, struct bus *b)
{
	struct line_settings set = { 0 };
	const char *why = line->ok ? line_parse(line->text, &set) : NULL;

	b->line_told = line->ok && why == NULL;
	if (why != NULL)
		schema_refuse(l, line->pos, "line", line->text, why);
	if (set.baud == 0)
		return;
	b->baud = set.baud;
	b->parity = set.parity;
	b->data_bits = set.data_bits;
	b->stop_bits = set.stop_bits;
}

static void
assume_line(struct bus *b)
{
	b->baud = 9600;
	b->data_bits = 8;
	b->parity = 'N';
	b->stop_bits = 1;
}

// The port or the address, and the line: needed for a port, assumed behind a device
// server, and none behind a gateway unless one is told.
static void
read_kind(struct load *l, const struct schema_value v[static BUS_FIELDS], struct bus *b)
{
	static const enum bus_kind kinds[BUS_FIELDS] = {
		[BUS_TCP] = BUS_MODBUS_TCP,
		[BUS_RTU] = BUS_MODBUS_RTU,
		[BUS_RTU_TCP] = BUS_MODBUS_RTU_TCP,
		[BUS_RTU_UDP] = BUS_MODBUS_RTU_UDP,
	};
	int which = v[BUS_TCP].node != NULL       ? BUS_TCP
		    : v[BUS_RTU].node != NULL     ? BUS_RTU
		    : v[BUS_RTU_TCP].node != NULL ? BUS_RTU_TCP
						  : BUS_RTU_UDP;

	b->kind = kinds[which];
	if (b->kind != BUS_MODBUS_TCP)
		assume_line(b);
	read_line(l, &v[BUS_LINE], b);
	if (b->kind != BUS_MODBUS_RTU) {
		if (v[which].ok)
			read_address(l, &v[which], bus_fields[which].key, b);
		return;
	}
	if (v[BUS_RTU].ok)
		b->tty = source_absolute(l, v[BUS_RTU].pos.file, v[BUS_RTU].text);
	if (v[BUS_LINE].node == NULL)
		problem(l, v[BUS_RTU].key_pos,
		    "a bus: line is missing: speed and format, for example 9600 8N1");
}

static void
read_replay(struct load *l, const struct schema_value v[static BUS_FIELDS],
    struct bus *b, size_t i)
{
	b->kind = BUS_REPLAY;
	if (v[BUS_LINE].node != NULL)
		problem(l, v[BUS_LINE].key_pos, "line: a recording has none");
	if (!v[BUS_PLAY].ok)
		return;
	b->recording_name = arena_text(l->arena, v[BUS_PLAY].text);
	l->replay_of[i] = b->recording_name;
	l->replay_at[i] = v[BUS_PLAY].pos;
}

static void
read_manners(
    struct load *l, const struct schema_value v[static BUS_FIELDS], struct bus *b)
{
	b->rs485 = (enum rs485_mode)v[BUS_RS485].number;
	b->window = (uint8_t)v[BUS_WINDOW].number; // 0 = that of its devices
	b->settle_ms = (uint32_t)v[BUS_SETTLE].number;
	b->speed = (uint16_t)v[BUS_SPEED].number;
	b->gateway_ms = (uint32_t)v[BUS_GATEWAY].number;
	b->silent_units = (uint8_t)v[BUS_SILENT].number;
	if (v[BUS_SPEED].node != NULL && b->kind != BUS_REPLAY)
		problem(l, v[BUS_SPEED].key_pos, "speed is for replay only");
	b->local_port = (uint16_t)v[BUS_LOCAL_PORT].number;
	if (v[BUS_LOCAL_PORT].node != NULL && b->kind != BUS_MODBUS_RTU_UDP)
		problem(l, v[BUS_LOCAL_PORT].key_pos,
		    "local_port is for modbus_rtu_udp only");
	b->alerts = v[BUS_ALERTS].number == 1;
	if (v[BUS_ALERTS].node != NULL && b->kind != BUS_REPLAY)
		problem(l, v[BUS_ALERTS].key_pos,
		    "alerts is for replay only: any other bus has them");
	if (v[BUS_RS485].node != NULL && b->kind != BUS_MODBUS_RTU)
		problem(l, v[BUS_RS485].key_pos,
		    "rs485 is for modbus_rtu only: the line behind it is not ours");
	if (b->gateway_ms > 0 && b->kind == BUS_MODBUS_RTU)
		problem(l, v[BUS_GATEWAY].key_pos,
		    "gateway_timeout: a serial port has no gateway in front of it");
	if (b->window > 1 && b->kind != BUS_MODBUS_TCP && b->kind != BUS_REPLAY)
		schema_refuse(l, v[BUS_WINDOW].pos, "window", v[BUS_WINDOW].text,
		    "must be 1: RTU frames have no numbers that tell answers apart");
}

static bool
is_tcp(const struct bus *b)
{
	return b->kind == BUS_MODBUS_TCP || b->kind == BUS_MODBUS_RTU_TCP;
}

static bool
is_udp(const struct bus *b)
{
	return b->kind == BUS_MODBUS_RTU_UDP;
}

bool
buses_same_endpoint(const struct bus *a, const struct bus *b)
{
	return ((is_tcp(a) && is_tcp(b)) || (is_udp(a) && is_udp(b))) &&
	       a->port == b->port && units_same_address(a->host, b->host);
}

// A line has one master. A Modbus TCP endpoint may take several connections, and one
// for each unit keeps a dead unit from the others: that is the integrator's to say.
static void
check_line_is_ours_alone(struct load *l, size_t i)
{
	const struct bus *b = &l->site->buses[i];

	for (size_t k = 0; k < i; k++) {
		const struct bus *other = &l->site->buses[k];
		bool tcp = b->kind == BUS_MODBUS_TCP && other->kind == BUS_MODBUS_TCP;

		if (b->tty != NULL && other->tty != NULL &&
		    strcmp(other->tty, b->tty) == 0)
			problem(l, l->bus_pos[i], "bus %s uses the same port as bus %s",
			    b->id, other->id);
		else if (buses_same_endpoint(b, other) && !tcp)
			problem(l, l->bus_pos[i],
			    "bus %s: %s port %u is bus %s already, and the line of a "
			    "device server has one master: put the units on one bus",
			    b->id, b->host, b->port, other->id);
		else if (b->local_port != 0 && b->local_port == other->local_port)
			problem(l, l->bus_pos[i],
			    "bus %s: local_port %u is that of bus %s already", b->id,
			    b->local_port, other->id);
	}
}

static void
read_bus(struct load *l, const struct yaml_node *node, size_t i)
{
	struct schema_value v[BUS_FIELDS];
	struct bus *b = &l->site->buses[i];

	(void)schema_read(l, node, "a bus", bus_fields, BUS_FIELDS, v);
	l->bus_pos[i] = v[BUS_ID].ok ? v[BUS_ID].pos : node->pos;
	*b = (struct bus){ .host = "", .port = MODBUS_PORT };
	b->id = section_id(l, &l->buses, "bus", &v[BUS_ID], i);
	if (node->kind != YAML_MAP)
		return;
	if ((v[BUS_TCP].node != NULL) + (v[BUS_RTU].node != NULL) +
		(v[BUS_RTU_TCP].node != NULL) + (v[BUS_RTU_UDP].node != NULL) +
		(v[BUS_PLAY].node != NULL) !=
	    1) {
		problem(l, node->pos,
		    "a bus has one of modbus_tcp, modbus_rtu, modbus_rtu_tcp, "
		    "modbus_rtu_udp and replay");
		return;
	}
	if (v[BUS_PLAY].node != NULL)
		read_replay(l, v, b, i);
	else
		read_kind(l, v, b);
	read_manners(l, v, b);
	check_line_is_ours_alone(l, i);
}

void
buses_read(struct load *l, const struct node_list *list)
{
	l->site->buses = arena_alloc(l->arena, list->n, sizeof(struct bus));
	l->bus_pos = arena_alloc(l->temp, list->n, sizeof(struct pos));
	l->replay_at = arena_alloc(l->temp, list->n, sizeof(struct pos));
	l->replay_of = arena_alloc(l->temp, list->n, sizeof(*l->replay_of));
	for (size_t i = 0; i < list->n; i++) {
		l->site->n_buses++;
		read_bus(l, list->items[i], i);
	}
}

// A bus of which the site does not say how many requests may be in flight has as many
// as one of its devices takes.
static void
widen(struct site *s)
{
	for (uint16_t b = 0; b < s->n_buses; b++) {
		if (s->buses[b].window > 0)
			continue;
		for (uint16_t i = 0; i < s->n_devices; i++)
			if (s->devices[i].bus == b &&
			    s->devices[i].window > s->buses[b].window)
				s->buses[b].window = s->devices[i].window;
	}
}

static void
assume_holds(struct site *s)
{
	for (uint16_t b = 0; b < s->n_buses; b++)
		s->buses[b].hold_ms = s->buses[b].gateway_ms;
	for (uint16_t i = 0; i < s->n_devices; i++) {
		const struct device *d = &s->devices[i];

		if (d->bus >= s->n_buses)
			continue; // it names none that there is
		struct bus *b = &s->buses[d->bus];
		if (b->gateway_ms > 0 || b->kind != BUS_MODBUS_TCP || b->window > 1)
			continue;
		if (b->hold_ms == 0 || d->timeout_ms < b->hold_ms)
			b->hold_ms = d->timeout_ms;
	}
}

void
buses_settle(struct site *s)
{
	widen(s);
	assume_holds(s);
}
