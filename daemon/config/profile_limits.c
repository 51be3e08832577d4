// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// How a device is reached and how much it can be asked: transports, limits and what
// its exceptions mean. Runs in the thread of the load. Refuses an amount beyond the
// Modbus specification. Nothing to keep over a crash.
#include <stdio.h>
#include <string.h>

#include "config/line.h"
#include "config/profile_load.h"
#include "config/units.h"

// Quantities of one read, MODBUS Application Protocol V1.1b3, 6.1 and 6.3.
enum {
	READ_REGISTERS_MAX = 125,
	READ_BITS_MAX = 2000
};
enum {
	SECOND_MS = 1000,
	HOUR_MS = 3600LL * SECOND_MS
};

enum {
	LIM_REGISTERS,
	LIM_BITS,
	LIM_AREAS,
	LIM_GAP,
	LIM_POLL,
	LIM_TIMEOUT,
	LIM_WINDOW,
	LIM_PROBE,
	LIM_FIELDS
};
enum {
	TRANSPORT_KIND,
	TRANSPORT_PORT,
	TRANSPORT_LINE,
	TRANSPORT_UNIT,
	TRANSPORT_FIELDS
};
enum {
	EXCEPTION_EXCEPTION,
	EXCEPTION_MEANS,
	EXCEPTION_CODE,
	EXCEPTION_NOTE,
	EXCEPTION_FIELDS
};

static const char *
transport_choice(size_t i)
{
	return i < TRANSPORTS_MAX ? transport_name((enum transport)(1 << i)) : NULL;
}

static const char *
refusal_choice(size_t i)
{
	static const char *const names[] = {
		[REFUSAL_CONFIGURATION] = "configuration",
		[REFUSAL_ADDRESS] = "absent",
		[REFUSAL_BUSY] = "busy",
		[REFUSAL_LINK] = "link",
		[REFUSAL_DEVICE] = "failed",
		NULL,
	};

	return names[i];
}

// clang-format off
static const struct schema_field area_fields[AREA_COUNT] = {
	[AREA_COIL] = { .key = "coil", .type = SCHEMA_INTEGER, .min = 1, .max = READ_BITS_MAX,
	    .help = "of one read" },
	[AREA_DISCRETE] = { .key = "discrete", .type = SCHEMA_INTEGER, .min = 1,
	    .max = READ_BITS_MAX,
	    .help = "of one read" },
	[AREA_HOLDING] = { .key = "holding", .type = SCHEMA_INTEGER, .min = 1,
	    .max = READ_REGISTERS_MAX,
	    .help = "of one read" },
	[AREA_INPUT] = { .key = "input", .type = SCHEMA_INTEGER, .min = 1,
	    .max = READ_REGISTERS_MAX,
	    .help = "of one read" },
};
static const struct schema_map areas_map = { area_fields, AREA_COUNT };

static const struct schema_field limits_fields[LIM_FIELDS] = {
	[LIM_REGISTERS] = { .key = "max_registers", .type = SCHEMA_INTEGER, .min = 1,
	    .max = READ_REGISTERS_MAX, .fallback = READ_REGISTERS_MAX,
	    .help = "registers of one read" },
	[LIM_BITS] = { .key = "max_bits", .type = SCHEMA_INTEGER, .min = 1,
	    .max = READ_BITS_MAX, .fallback = READ_BITS_MAX, .help = "bits of one read" },
	[LIM_AREAS] = { .key = "max_of", .type = SCHEMA_MAP, .map = &areas_map,
	    .help = "the same of one area, where they differ: {input: 10}" },
	[LIM_GAP] = { .key = "min_gap", .type = SCHEMA_DURATION, .max = 10LL * SECOND_MS,
	    .help = "between two requests" },
	[LIM_POLL] = { .key = "min_poll", .type = SCHEMA_DURATION, .max = HOUR_MS,
	    .help = "no site may poll more often" },
	[LIM_TIMEOUT] = { .key = "timeout", .type = SCHEMA_DURATION, .min = 10,
	    .max = 60LL * SECOND_MS, .fallback = SECOND_MS, .help = "default of the device's" },
	[LIM_WINDOW] = { .key = "window", .type = SCHEMA_INTEGER, .min = 1, .max = WINDOW_MAX,
	    .fallback = 1, .help = "requests that it takes at once on a TCP connection" },
	[LIM_PROBE] = { .key = "probe", .type = SCHEMA_BOOL,
	    .help = "true: a block hides registers that do not exist, each is asked alone first" },
};
const struct schema_map limits_map = { limits_fields, LIM_FIELDS };

static const struct schema_field transport_fields[TRANSPORT_FIELDS] = {
	[TRANSPORT_KIND] = { .key = "kind", .type = SCHEMA_CHOICE, .required = true,
	    .choice = transport_choice, .help = "tcp, rtu or rtu-over-tcp" },
	[TRANSPORT_PORT] = { .key = "port", .type = SCHEMA_INTEGER, .min = 1,
	    .max = UINT16_MAX, .help = "the TCP port that the manual names" },
	[TRANSPORT_LINE] = { .key = "line", .type = SCHEMA_TEXT, .shape = SHAPE_LINE,
	    .help = "speed and format that the manual names, for example 9600 8N1" },
	[TRANSPORT_UNIT] = { .key = "unit", .type = SCHEMA_INTEGER, .max = 255,
	    .fallback = -1, .help = "the unit as delivered; a device may leave it out then" },
};
static const struct schema_map transport_map = { transport_fields, TRANSPORT_FIELDS };
static const struct schema_field transport_forms[] = {
	{ .key = "kind", .type = SCHEMA_CHOICE, .choice = transport_choice },
	{ .key = "map", .type = SCHEMA_MAP, .map = &transport_map },
	{ .key = NULL },
};
const struct schema_field transports_item = {
	.key = "transports", .type = SCHEMA_ANY, .either = transport_forms,
};

static const struct schema_field exception_fields[EXCEPTION_FIELDS] = {
	[EXCEPTION_EXCEPTION] = { .key = "exception", .type = SCHEMA_INTEGER, .required = true,
	    .min = 1, .max = 255, .help = "the code, for example 0x0B" },
	[EXCEPTION_MEANS] = { .key = "means", .type = SCHEMA_CHOICE, .required = true,
	    .choice = refusal_choice,
	    .help = "link, absent, busy, configuration or failed; never a value" },
	[EXCEPTION_CODE] = { .key = "code", .type = SCHEMA_ID,
	    .help = "of the link alarm, for example panel-lost" },
	[EXCEPTION_NOTE] = { .key = "note", .type = SCHEMA_TEXT, .help = "for people" },
};
static const struct schema_map exception_map = { exception_fields, EXCEPTION_FIELDS };
const struct schema_field exceptions_item = {
	.key = "an exception", .type = SCHEMA_MAP, .map = &exception_map,
};
// clang-format on

static void
read_transport_map(struct profile_load *pl, const struct yaml_node *node)
{
	struct schema_value v[TRANSPORT_FIELDS];

	if (!schema_read(
		pl->l, node, "a transport", transport_fields, TRANSPORT_FIELDS, v))
		return;
	enum transport kind = (enum transport)(1 << v[TRANSPORT_KIND].number);
	bool rtu = kind == TRANSPORT_RTU;
	struct profile_transport *t = rtu ? &pl->p->rtu : &pl->p->tcp;
	struct line_settings line;
	pl->p->transports |= (uint8_t)kind;
	t->port = (uint16_t)v[TRANSPORT_PORT].number;
	t->unit = (int)v[TRANSPORT_UNIT].number;
	if (v[rtu ? TRANSPORT_PORT : TRANSPORT_LINE].node != NULL)
		problem(pl->l, v[rtu ? TRANSPORT_PORT : TRANSPORT_LINE].key_pos,
		    "%s has no %s", transport_name(kind), rtu ? "port" : "line");
	if (!rtu || !v[TRANSPORT_LINE].ok)
		return;
	const char *why = line_parse(v[TRANSPORT_LINE].text, &line);
	if (why != NULL)
		schema_refuse(
		    pl->l, v[TRANSPORT_LINE].pos, "line", v[TRANSPORT_LINE].text, why);
	else
		t->baud = line.baud, t->parity = line.parity,
		t->stop_bits = line.stop_bits;
}

void
profile_read_transports(struct profile_load *pl, const struct yaml_node *list)
{
	pl->p->tcp.unit = pl->p->rtu.unit = -1;
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct schema_value v = { 0 };
		if (c->kind == YAML_MAP)
			read_transport_map(pl, c);
		else if (schema_scalar(pl->l, c,
			     &(struct schema_field){ .key = "transports",
				 .type = SCHEMA_CHOICE,
				 .choice = transport_choice },
			     &v))
			pl->p->transports |= (uint8_t)(1 << v.number);
	}
	if (list->n == 0)
		problem(pl->l, list->pos, "transports is empty");
}

static void
read_areas(struct profile_load *pl, const struct yaml_node *node)
{
	struct schema_value v[AREA_COUNT];

	(void)schema_read(pl->l, node, "max_of", area_fields, AREA_COUNT, v);
	for (int i = 0; i < AREA_COUNT; i++)
		pl->p->max_of[i] = (uint16_t)v[i].number;
}

void
profile_read_limits(struct profile_load *pl, const struct yaml_node *node)
{
	struct schema_value v[LIM_FIELDS];
	struct yaml_node none = { .kind = YAML_MAP };
	struct profile *p = pl->p;

	(void)schema_read(
	    pl->l, node != NULL ? node : &none, "limits", limits_fields, LIM_FIELDS, v);
	p->max_registers = (uint16_t)v[LIM_REGISTERS].number;
	p->max_bits = (uint16_t)v[LIM_BITS].number;
	if (v[LIM_AREAS].ok)
		read_areas(pl, v[LIM_AREAS].node);
	p->min_gap_ms = (uint32_t)v[LIM_GAP].number;
	p->min_poll_ms = (uint32_t)v[LIM_POLL].number;
	p->timeout_ms = (uint32_t)v[LIM_TIMEOUT].number;
	p->window = (uint8_t)v[LIM_WINDOW].number;
	p->probe = v[LIM_PROBE].number == 1;
}

void
profile_read_exceptions(struct profile_load *pl, const struct yaml_node *list)
{
	struct load *l = pl->l;
	struct profile *p = pl->p;
	struct profile_exception *all = arena_alloc(l->arena, list->n, sizeof(*all));

	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct schema_value v[EXCEPTION_FIELDS];
		if (!schema_read(
			l, c, "an exception", exception_fields, EXCEPTION_FIELDS, v))
			continue;
		struct profile_exception *e = &all[p->n_exceptions];
		e->exception = (uint8_t)v[EXCEPTION_EXCEPTION].number;
		e->refusal = (enum refusal)v[EXCEPTION_MEANS].number;
		e->code = v[EXCEPTION_CODE].ok
			      ? arena_text(l->arena, v[EXCEPTION_CODE].text)
			      : "";
		for (uint8_t i = 0; i < p->n_exceptions; i++)
			if (all[i].exception == e->exception)
				problem(l, c->pos, "exception 0x%02X is given twice",
				    (unsigned)e->exception);
		p->n_exceptions++;
	}
	p->exceptions = all;
}
