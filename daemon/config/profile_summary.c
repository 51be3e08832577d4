// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a profile reads before all points, from YAML: what shows that the source is
// alive, and summaries. Runs in the thread of the load. Refuses a test of life that
// tests nothing, and a summary that guards nothing and means nothing.
#include <string.h>

#include "config/profile_dialog.h"

enum {
	SECOND_MS = 1000,
	HOUR_MS = 3600 * SECOND_MS,
	GUARDS_MAX = 64,
};

enum {
	ALIVE_NAME,
	ALIVE_AREA,
	ALIVE_ADDRESS,
	ALIVE_PRINTED,
	ALIVE_CODE,
	ALIVE_OF,
	ALIVE_NODES,
	ALIVE_MASK,
	ALIVE_VALUES,
	ALIVE_WITHIN,
	ALIVE_WHY_OFF,
	ALIVE_FIELDS,
};

enum {
	SUM_NAME,
	SUM_AREA,
	SUM_ADDRESS,
	SUM_PRINTED,
	SUM_REGISTERS,
	SUM_LOOP,
	SUM_KIND,
	SUM_OPTIONAL,
	SUM_GUARDS,
	SUM_FIRE,
	SUM_DECODER,
	SUM_FIELDS,
};

enum {
	RUN_FROM,
	RUN_TO,
	RUN_STRIDE,
	RUN_FIELDS,
};

enum {
	FIRE_REGISTERS,
	FIRE_MASK,
	FIRE_FIELDS,
};

static const char *
code_choice(size_t i)
{
	return i < ALIVE_CODE_COUNT ? alive_code_name((enum alive_code)i) : NULL;
}

static const char *
of_choice(size_t i)
{
	static const char *const names[] = { "device", "gateway", NULL };

	return names[i];
}

static const char *
kind_choice(size_t i)
{
	static const char *const names[] = {
		[SUMMARY_FLAGS] = "flags",
		[SUMMARY_COUNT] = "count",
		[SUMMARY_REVISION] = "revision",
		NULL,
	};

	return names[i];
}

// clang-format off
static const struct schema_field number_item = {
	.key = "values", .type = SCHEMA_INTEGER, .max = UINT16_MAX,
};
static const struct schema_field fire_register = {
	.key = "registers", .type = SCHEMA_INTEGER, .max = SUMMARY_REGISTERS_MAX - 1,
};
static const struct schema_field guard_item = { .key = "guards", .type = SCHEMA_TEXT };

static const struct schema_field alive_fields[ALIVE_FIELDS] = {
	[ALIVE_NAME] = { .key = "name", .type = SCHEMA_ID, .required = true,
	    .help = "what it is called in messages" },
	[ALIVE_AREA] = { .key = "area", .type = SCHEMA_CHOICE, .required = true,
	    .choice = dialog_area, .help = "coil, discrete, holding or input" },
	[ALIVE_ADDRESS] = { .key = "address", .type = SCHEMA_INTEGER, .required = true,
	    .max = UINT16_MAX, .help = "the PDU address" },
	[ALIVE_PRINTED] = { .key = "printed", .type = SCHEMA_TEXT, .required = true,
	    .help = "the number that the manual prints for it" },
	[ALIVE_CODE] = { .key = "code", .type = SCHEMA_CHOICE, .required = true,
	    .choice = code_choice, .help = "source, heartbeat or mode: why it is lost" },
	[ALIVE_OF] = { .key = "of", .type = SCHEMA_CHOICE, .choice = of_choice,
	    .help = "device, or gateway: its own unit, which the site names" },
	[ALIVE_NODES] = { .key = "nodes", .type = SCHEMA_INTEGER, .min = 1,
	    .max = NODES_MAX, .help = "how many nodes the gateway tells of, a bit each" },
	[ALIVE_MASK] = { .key = "mask", .type = SCHEMA_INTEGER, .min = 1,
	    .max = UINT16_MAX, .fallback = UINT16_MAX,
	    .help = "the bits that are compared" },
	[ALIVE_VALUES] = { .key = "values", .type = SCHEMA_LIST, .max = ALIVE_VALUES_MAX,
	    .each = &number_item, .help = "what the register holds while it lives" },
	[ALIVE_WITHIN] = { .key = "within", .type = SCHEMA_DURATION, .min = SECOND_MS,
	    .max = HOUR_MS, .help = "it must differ within this time" },
	[ALIVE_WHY_OFF] = { .key = "why_off", .type = SCHEMA_NAME,
	    .help = "it is asked only where the site enables it, and why" },
};
static const struct schema_map alive_map = { alive_fields, ALIVE_FIELDS };
const struct schema_field alive_item = {
	.key = "an alive", .type = SCHEMA_MAP, .map = &alive_map,
};

static const struct schema_field run_fields[RUN_FIELDS] = {
	[RUN_FROM] = { .key = "from", .type = SCHEMA_INTEGER, .required = true,
	    .min = 1, .max = UINT16_MAX, .help = "the first loop" },
	[RUN_TO] = { .key = "to", .type = SCHEMA_INTEGER, .required = true,
	    .min = 1, .max = UINT16_MAX, .help = "the last loop" },
	[RUN_STRIDE] = { .key = "stride", .type = SCHEMA_INTEGER, .required = true,
	    .min = 1, .max = UINT16_MAX, .help = "registers from one to the next" },
};
static const struct schema_map run_map = { run_fields, RUN_FIELDS };

static const struct schema_field fire_fields[FIRE_FIELDS] = {
	[FIRE_REGISTERS] = { .key = "registers", .type = SCHEMA_LIST, .required = true,
	    .max = SUMMARY_REGISTERS_MAX, .each = &fire_register,
	    .help = "which of them, from 0" },
	[FIRE_MASK] = { .key = "mask", .type = SCHEMA_INTEGER, .min = 1,
	    .max = UINT16_MAX, .fallback = UINT16_MAX, .help = "their bits" },
};
static const struct schema_map fire_map = { fire_fields, FIRE_FIELDS };

static const struct schema_field summary_fields[SUM_FIELDS] = {
	[SUM_NAME] = { .key = "name", .type = SCHEMA_ID, .required = true,
	    .help = "what it is called in messages" },
	[SUM_AREA] = { .key = "area", .type = SCHEMA_CHOICE, .required = true,
	    .choice = dialog_area, .help = "holding or input" },
	[SUM_ADDRESS] = { .key = "address", .type = SCHEMA_INTEGER, .required = true,
	    .max = UINT16_MAX, .help = "the PDU address of the first register" },
	[SUM_PRINTED] = { .key = "printed", .type = SCHEMA_TEXT, .required = true,
	    .help = "the number that the manual prints for it" },
	[SUM_REGISTERS] = { .key = "registers", .type = SCHEMA_INTEGER, .min = 1,
	    .max = SUMMARY_REGISTERS_MAX, .fallback = 1,
	    .help = "registers of one loop, or of all" },
	[SUM_LOOP] = { .key = "loop", .type = SCHEMA_MAP, .map = &run_map,
	    .help = "where each loop has its own" },
	[SUM_KIND] = { .key = "kind", .type = SCHEMA_CHOICE, .required = true,
	    .choice = kind_choice, .help = "flags, count or revision" },
	[SUM_OPTIONAL] = { .key = "optional", .type = SCHEMA_BOOL,
	    .help = "true: not all devices have it" },
	[SUM_GUARDS] = { .key = "guards", .type = SCHEMA_LIST, .max = GUARDS_MAX,
	    .each = &guard_item, .help = "items whose points are read next when it differs" },
	[SUM_FIRE] = { .key = "fire", .type = SCHEMA_MAP, .map = &fire_map,
	    .help = "bits that say that a fire stands somewhere, of a count: how many" },
	[SUM_DECODER] = { .key = "decoder", .type = SCHEMA_TEXT,
	    .help = "what the first register means for the device as a whole" },
};
static const struct schema_map summary_map = { summary_fields, SUM_FIELDS };
const struct schema_field summary_item = {
	.key = "a summary", .type = SCHEMA_MAP, .map = &summary_map,
};
// clang-format on

// ---- alive ----------------------------------------------------------------------

static void
check_alive(struct load *l, const struct yaml_node *node,
    const struct schema_value v[static ALIVE_FIELDS], const struct profile_alive *a)
{
	bool bits = a->area == AREA_COIL || a->area == AREA_DISCRETE;

	if ((v[ALIVE_VALUES].node != NULL) + (v[ALIVE_WITHIN].node != NULL) +
		(v[ALIVE_NODES].node != NULL) !=
	    1)
		problem(l, node->pos,
		    "alive %s: one of values, within and nodes is needed", a->name);
	if (a->nodes > 0 && !a->of_gateway)
		problem(l, v[ALIVE_NODES].pos, "nodes: only of a gateway");
	if (bits && a->nodes > 0)
		problem(l, v[ALIVE_NODES].pos, "nodes: are bits of registers");
	if (bits && v[ALIVE_MASK].node != NULL)
		problem(l, v[ALIVE_MASK].pos, "mask: a single bit has none");
	for (uint8_t i = 0; i < a->n_values; i++)
		if ((a->values[i] & ~a->mask) != 0 || (bits && a->values[i] > 1))
			problem(l, v[ALIVE_VALUES].pos,
			    "values: %u has bits outside the mask",
			    (unsigned)a->values[i]);
	dialog_span(l, &v[ALIVE_ADDRESS], a->address,
	    a->nodes > 0 ? (a->nodes + 15u) / 16u : 1u);
}

static void
read_alive(struct load *l, const struct yaml_node *node, struct profile_alive *a)
{
	struct schema_value v[ALIVE_FIELDS];

	bool good = schema_read(l, node, "an alive", alive_fields, ALIVE_FIELDS, v);
	a->name = dialog_text(l, &v[ALIVE_NAME]);
	a->printed = dialog_text(l, &v[ALIVE_PRINTED]);
	a->area = (enum area)v[ALIVE_AREA].number;
	a->address = dialog_address(l, &v[ALIVE_ADDRESS], a->name);
	a->code = (enum alive_code)v[ALIVE_CODE].number;
	a->of_gateway = v[ALIVE_OF].number == 1;
	a->nodes = v[ALIVE_NODES].ok ? (uint16_t)v[ALIVE_NODES].number : 0;
	a->mask = (uint16_t)v[ALIVE_MASK].number;
	a->n_values = dialog_numbers(
	    l, &v[ALIVE_VALUES], "values", UINT16_MAX, a->values, ALIVE_VALUES_MAX);
	a->within_ms = v[ALIVE_WITHIN].ok ? (uint32_t)v[ALIVE_WITHIN].number : 0;
	a->off = v[ALIVE_WHY_OFF].ok;
	a->why_off_zh = arena_text(l->arena, a->off ? v[ALIVE_WHY_OFF].zh : "");
	a->why_off_en = arena_text(l->arena, a->off ? v[ALIVE_WHY_OFF].en : "");
	a->test = a->within_ms > 0 ? ALIVE_MOVES : ALIVE_VALUE;
	if (good)
		check_alive(l, node, v, a);
}

// ---- summaries ------------------------------------------------------------------

static void
read_guards(struct load *l, const struct yaml_node *list, const struct profile *p,
    struct profile_summary *s)
{
	uint16_t *all = arena_alloc(l->arena, list->n, sizeof(*all));

	s->guards = all;
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		int item = c->kind != YAML_SCALAR
			       ? -1
			       : dialog_item(l, c->pos, "guards", c->text, p);
		if (c->kind != YAML_SCALAR)
			problem(l, c->pos, "guards: must be names of items");
		if (item < 0)
			continue;
		if (s->loop_max > 0 && (p->items[item].loop_min < s->loop_min ||
					   p->items[item].loop_max > s->loop_max))
			problem(l, c->pos,
			    "guards: item %s has other loops than the summary",
			    p->items[item].name);
		all[s->n_guards++] = (uint16_t)item;
	}
}

static void
read_summary_loop(
    struct load *l, const struct yaml_node *node, struct profile_summary *s)
{
	struct schema_value v[RUN_FIELDS];

	if (!schema_read(l, node, "loop", run_fields, RUN_FIELDS, v))
		return;
	s->loop_min = (uint16_t)v[RUN_FROM].number;
	s->loop_max = (uint16_t)v[RUN_TO].number;
	s->loop_stride = (uint16_t)v[RUN_STRIDE].number;
	if (s->loop_min > s->loop_max) {
		problem(l, v[RUN_TO].pos, "loop: to must not be below from");
		s->loop_max = s->loop_min;
	}
	if (s->loop_stride < s->registers)
		problem(l, v[RUN_STRIDE].pos, "stride: the loops overlap");
}

static void
read_summary_fire(
    struct load *l, const struct yaml_node *node, struct profile_summary *s)
{
	struct schema_value v[FIRE_FIELDS];

	uint16_t at[SUMMARY_REGISTERS_MAX];

	if (!schema_read(l, node, "fire", fire_fields, FIRE_FIELDS, v))
		return;
	s->fire_mask = (uint16_t)v[FIRE_MASK].number;
	uint8_t n = dialog_numbers(l, &v[FIRE_REGISTERS], "registers",
	    SUMMARY_REGISTERS_MAX - 1, at, SUMMARY_REGISTERS_MAX);
	for (uint8_t i = 0; i < n; i++)
		if (at[i] < s->registers)
			s->fire_registers |= (uint16_t)(1u << at[i]);
		else
			problem(l, v[FIRE_REGISTERS].pos,
			    "registers: the summary has %u", (unsigned)s->registers);
	if (s->n_guards == 0)
		problem(l, node->pos, "fire: the summary guards nothing");
}

static void
read_summary(struct load *l, const struct yaml_node *node, const struct profile *p,
    struct profile_summary *s)
{
	struct schema_value v[SUM_FIELDS];

	bool good = schema_read(l, node, "a summary", summary_fields, SUM_FIELDS, v);
	s->name = dialog_text(l, &v[SUM_NAME]);
	s->printed = dialog_text(l, &v[SUM_PRINTED]);
	s->area = (enum area)v[SUM_AREA].number;
	s->address = dialog_address(l, &v[SUM_ADDRESS], s->name);
	s->registers = (uint16_t)v[SUM_REGISTERS].number;
	s->kind = (enum summary_kind)v[SUM_KIND].number;
	s->optional = v[SUM_OPTIONAL].number == 1;
	s->decoder = v[SUM_DECODER].ok ? dialog_decoder(l, &v[SUM_DECODER], p) : -1;
	if (v[SUM_LOOP].ok)
		read_summary_loop(l, v[SUM_LOOP].node, s);
	if (v[SUM_GUARDS].ok)
		read_guards(l, v[SUM_GUARDS].node, p, s);
	if (v[SUM_FIRE].ok)
		read_summary_fire(l, v[SUM_FIRE].node, s);
	if (!good)
		return;
	if (s->area == AREA_COIL || s->area == AREA_DISCRETE)
		problem(l, v[SUM_AREA].pos, "area: must be holding or input");
	if (s->registers > p->max_registers)
		problem(l, v[SUM_REGISTERS].pos, "registers: one read takes %u",
		    (unsigned)p->max_registers);
	if (s->n_guards == 0 && s->decoder < 0)
		problem(l, node->pos,
		    "summary %s: neither guards points nor means anything", s->name);
	dialog_span(l, &v[SUM_ADDRESS],
	    s->address + (uint32_t)(s->loop_max - s->loop_min) * s->loop_stride,
	    s->registers);
}

void
alive_read(struct load *l, const struct yaml_node *list, struct profile_dialogs *d)
{
	struct profile_alive *all = arena_alloc(l->arena, list->n, sizeof(*all));

	d->alive = all;
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next)
		read_alive(l, c, &all[d->n_alive++]);
}

void
summaries_read(struct load *l, const struct yaml_node *list, const struct profile *p,
    struct profile_dialogs *d)
{
	struct profile_summary *all = arena_alloc(l->arena, list->n, sizeof(*all));

	d->summaries = all;
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next)
		read_summary(l, c, p, &all[d->n_summaries++]);
}
