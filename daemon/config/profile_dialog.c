// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Dialogs of a profile from YAML: the writes, and what uses them. Runs in the thread of
// the load. Refuses a write without a purpose, a dialog that uses a write for another
// purpose than its own, and a selector without the reason why it is off. The schema is
// described in watchroom-panel(5).
#include "config/profile_dialog.h"

#include <string.h>

#include "config/decoder.h"
#include "config/profile_load.h"

enum {
	SECOND_MS = 1000,
	HOUR_MS = 3600 * SECOND_MS,
	FULL_SCAN_MS = 30 * SECOND_MS,
};

enum {
	TOP_FULL_SCAN,
	TOP_WRITES,
	TOP_ALIVE,
	TOP_SUMMARIES,
	TOP_QUEUE,
	TOP_SELECTORS,
	TOP_BEAT,
	TOP_FIELDS,
};

enum {
	WRITE_NAME,
	WRITE_FOR,
	WRITE_FUNCTION,
	WRITE_ADDRESS,
	WRITE_PRINTED,
	WRITE_REGISTER_COUNT,
	WRITE_MIN,
	WRITE_MAX,
	WRITE_FIELDS,
};

enum {
	SEL_NAME,
	SEL_ITEM,
	SEL_WRITE,
	SEL_WAIT,
	SEL_AREA,
	SEL_ADDRESS,
	SEL_PRINTED,
	SEL_REGISTERS,
	SEL_EVERY,
	SEL_PATIENCE,
	SEL_PENDING,
	SEL_WHY_OFF,
	SEL_FIELDS,
};

enum {
	BEAT_WRITE,
	BEAT_PERIOD,
	BEAT_FIELDS,
};

static const char *
purpose_choice(size_t i)
{
	return i < WRITE_PURPOSE_COUNT ? write_purpose_name((enum write_purpose)i)
				       : NULL;
}

static const char *
function_choice(size_t i)
{
	static const char *const names[] = { "5", "6", "16", NULL };

	return names[i];
}

static const enum write_function functions[] = { WRITE_COIL, WRITE_REGISTER,
	WRITE_REGISTERS };

const char *
dialog_area(size_t i)
{
	return i < AREA_COUNT ? area_name((enum area)i) : NULL;
}

// clang-format off
static const struct schema_field write_fields[WRITE_FIELDS] = {
	[WRITE_NAME] = { .key = "name", .type = SCHEMA_ID, .required = true,
	    .help = "the name that dialogs and events use" },
	[WRITE_FOR] = { .key = "for", .type = SCHEMA_CHOICE, .required = true,
	    .choice = purpose_choice, .help = "acknowledge, selector or heartbeat" },
	[WRITE_FUNCTION] = { .key = "function", .type = SCHEMA_CHOICE, .required = true,
	    .choice = function_choice, .help = "5, 6 or 16" },
	[WRITE_ADDRESS] = { .key = "address", .type = SCHEMA_INTEGER, .required = true,
	    .max = UINT16_MAX, .help = "the PDU address" },
	[WRITE_PRINTED] = { .key = "printed", .type = SCHEMA_TEXT, .required = true,
	    .help = "the number that the manual prints for it" },
	[WRITE_REGISTER_COUNT] = { .key = "registers", .type = SCHEMA_INTEGER, .min = 1,
	    .max = 2, .fallback = 1, .help = "2 with function 16, high word first" },
	[WRITE_MIN] = { .key = "min", .type = SCHEMA_INTEGER, .required = true,
	    .max = UINT32_MAX, .help = "the least value that is ever written" },
	[WRITE_MAX] = { .key = "max", .type = SCHEMA_INTEGER, .required = true,
	    .max = UINT32_MAX, .help = "the greatest value that is ever written" },
};
static const struct schema_map write_map = { write_fields, WRITE_FIELDS };
static const struct schema_field write_item = {
	.key = "a write", .type = SCHEMA_MAP, .map = &write_map,
};

static const struct schema_field pending_item = {
	.key = "pending", .type = SCHEMA_INTEGER, .max = UINT8_MAX,
};

static const struct schema_field selector_fields[SEL_FIELDS] = {
	[SEL_NAME] = { .key = "name", .type = SCHEMA_ID, .required = true,
	    .help = "the name by which a site enables it" },
	[SEL_ITEM] = { .key = "item", .type = SCHEMA_TEXT, .required = true,
	    .help = "the item whose points are read through it" },
	[SEL_WRITE] = { .key = "write", .type = SCHEMA_TEXT, .required = true,
	    .help = "the name of one of the writes" },
	[SEL_WAIT] = { .key = "wait", .type = SCHEMA_DURATION, .max = 60LL * SECOND_MS,
	    .help = "before the result is read" },
	[SEL_AREA] = { .key = "area", .type = SCHEMA_CHOICE, .required = true,
	    .choice = dialog_area, .help = "holding or input" },
	[SEL_ADDRESS] = { .key = "address", .type = SCHEMA_INTEGER, .required = true,
	    .max = UINT16_MAX, .help = "the PDU address of the result" },
	[SEL_PRINTED] = { .key = "printed", .type = SCHEMA_TEXT, .required = true,
	    .help = "the number that the manual prints for it" },
	[SEL_REGISTERS] = { .key = "registers", .type = SCHEMA_INTEGER, .min = 1,
	    .max = SELECTOR_REGISTERS_MAX, .fallback = 1, .help = "of the result" },
	[SEL_EVERY] = { .key = "every", .type = SCHEMA_DURATION, .min = SECOND_MS,
	    .max = HOUR_MS, .fallback = 60LL * SECOND_MS,
	    .help = "how often one point is read at most" },
	[SEL_PATIENCE] = { .key = "patience", .type = SCHEMA_DURATION, .min = SECOND_MS,
	    .max = 60LL * SECOND_MS, .fallback = 5LL * SECOND_MS,
	    .help = "after which there is no value" },
	[SEL_PENDING] = { .key = "pending", .type = SCHEMA_LIST, .max = PENDING_MAX,
	    .each = &pending_item, .help = "exceptions upon which the same is asked again" },
	[SEL_WHY_OFF] = { .key = "why_off", .type = SCHEMA_NAME, .required = true,
	    .help = "why a site that enables it should think twice" },
};
static const struct schema_map selector_map = { selector_fields, SEL_FIELDS };
static const struct schema_field selector_item = {
	.key = "a selector", .type = SCHEMA_MAP, .map = &selector_map,
};

static const struct schema_field beat_fields[BEAT_FIELDS] = {
	[BEAT_WRITE] = { .key = "write", .type = SCHEMA_TEXT, .required = true,
	    .help = "the name of one of the writes" },
	[BEAT_PERIOD] = { .key = "period", .type = SCHEMA_DURATION, .required = true,
	    .min = SECOND_MS, .max = HOUR_MS, .help = "how often it is written" },
};
static const struct schema_map beat_map = { beat_fields, BEAT_FIELDS };

static const struct schema_field top_fields[TOP_FIELDS] = {
	[TOP_FULL_SCAN] = { .key = "full_scan", .type = SCHEMA_DURATION, .min = SECOND_MS,
	    .max = HOUR_MS, .fallback = FULL_SCAN_MS,
	    .help = "the period of points behind a summary" },
	[TOP_WRITES] = { .key = "writes", .type = SCHEMA_LIST, .max = WRITES_MAX,
	    .each = &write_item, .help = "the only writes there are" },
	[TOP_ALIVE] = { .key = "alive", .type = SCHEMA_LIST, .max = ALIVE_MAX,
	    .each = &alive_item, .help = "what shows that the source lives" },
	[TOP_SUMMARIES] = { .key = "summaries", .type = SCHEMA_LIST, .max = SUMMARIES_MAX,
	    .each = &summary_item, .help = "registers that are read before all points" },
	[TOP_QUEUE] = { .key = "queue", .type = SCHEMA_MAP, .map = &queue_map,
	    .help = "the event queue" },
	[TOP_SELECTORS] = { .key = "selectors", .type = SCHEMA_LIST, .max = SELECTORS_MAX,
	    .each = &selector_item, .help = "values that are read through a selector" },
	[TOP_BEAT] = { .key = "heartbeat", .type = SCHEMA_MAP, .map = &beat_map,
	    .help = "what is written to show that we live" },
};
const struct schema_map profile_dialogs_map = { top_fields, TOP_FIELDS };
// clang-format on

// ---- what dialogs refer to ------------------------------------------------------

int
dialog_decoder(struct load *l, const struct schema_value *name, const struct profile *p)
{
	struct suggestion s = suggest_begin(name->text);

	for (uint16_t i = 0; i < p->n_decoders; i++) {
		if (strcmp(p->decoders[i].name, name->text) == 0) {
			if (p->decoders[i].form == DECODE_ANALOG)
				problem(l, name->pos,
				    "decoder: %s is of a measured value", name->text);
			return i;
		}
		suggest_offer(&s, p->decoders[i].name);
	}
	problem(l, name->pos, "decoder: there is no %s%s", load_show(l, name->text),
	    suggest_text(l, &s));
	return -1;
}

int
dialog_item(struct load *l, struct pos at, const char *key, const char *name,
    const struct profile *p)
{
	struct suggestion s = suggest_begin(name);

	for (uint16_t i = 0; i < p->n_items; i++) {
		if (strcmp(p->items[i].name, name) == 0)
			return i;
		suggest_offer(&s, p->items[i].name);
	}
	problem(l, at, "%s: there is no item %s%s", key, load_show(l, name),
	    suggest_text(l, &s));
	return -1;
}

int
dialog_write(struct load *l, const struct schema_value *name,
    const struct profile_dialogs *d, enum write_purpose purpose)
{
	struct suggestion s = suggest_begin(name->text);

	for (uint16_t i = 0; i < d->n_writes; i++) {
		if (strcmp(d->writes[i].name, name->text) == 0) {
			if (d->writes[i].purpose != purpose)
				problem(l, name->pos, "%s is a write for %s, not %s",
				    name->text,
				    write_purpose_name(d->writes[i].purpose),
				    write_purpose_name(purpose));
			return i;
		}
		suggest_offer(&s, d->writes[i].name);
	}
	problem(l, name->pos, "write: there is no %s%s", load_show(l, name->text),
	    suggest_text(l, &s));
	return -1;
}

uint8_t
dialog_numbers(struct load *l, const struct schema_value *list, const char *key,
    int64_t most, uint16_t *out, size_t max)
{
	const struct schema_field f = {
		.key = key, .type = SCHEMA_INTEGER, .max = most
	};
	uint8_t n = 0;

	if (!list->ok)
		return 0;
	for (const struct yaml_node *c = list->node->first; c != NULL && n < max;
	     c = c->next) {
		struct schema_value v = { 0 };
		if (schema_scalar(l, c, &f, &v))
			out[n++] = (uint16_t)v.number;
	}
	if (list->node->n == 0)
		problem(l, list->pos, "%s is empty", key);
	return n;
}

const char *
dialog_text(struct load *l, const struct schema_value *v)
{
	return v->ok ? arena_text(l->arena, v->text) : "";
}

uint16_t
dialog_address(struct load *l, const struct schema_value *v, const char *name)
{
	static const struct schema_field base = {
		.key = "bases", .type = SCHEMA_INTEGER, .max = UINT16_MAX
	};
	const struct profile_override *says = l->device_says;
	const struct yaml_node *given =
	    name != NULL ? profile_child(says->bases, name) : NULL;
	struct schema_value own = { 0 };
	int64_t address = v->number + says->shift;

	if (given != NULL && schema_scalar(l, given, &base, &own))
		return (uint16_t)own.number;
	if (address >= 0 && address <= UINT16_MAX)
		return (uint16_t)address;
	problem(
	    l, v->pos, "address_shift moves the address to %lld", (long long)address);
	return 0;
}

void
dialog_span(
    struct load *l, const struct schema_value *at, uint32_t address, uint32_t registers)
{
	if (address + registers - 1 > UINT16_MAX)
		problem(l, at->pos, "address: ends beyond 65535");
}

// ---- writes ---------------------------------------------------------------------

static void
read_write(struct load *l, const struct yaml_node *node, struct profile_write *w)
{
	struct schema_value v[WRITE_FIELDS];
	uint32_t most;

	bool good = schema_read(l, node, "a write", write_fields, WRITE_FIELDS, v);
	w->name = dialog_text(l, &v[WRITE_NAME]);
	w->printed = dialog_text(l, &v[WRITE_PRINTED]);
	if (!good)
		return;
	w->purpose = (enum write_purpose)v[WRITE_FOR].number;
	w->function = functions[v[WRITE_FUNCTION].number];
	w->address = (uint16_t)v[WRITE_ADDRESS].number;
	w->registers = (uint8_t)v[WRITE_REGISTER_COUNT].number;
	w->min = (uint32_t)v[WRITE_MIN].number;
	w->max = (uint32_t)v[WRITE_MAX].number;
	most = w->function == WRITE_COIL ? 1
	       : w->registers == 2       ? UINT32_MAX
					 : UINT16_MAX;
	if (w->registers == 2 && w->function != WRITE_REGISTERS)
		problem(l, v[WRITE_REGISTER_COUNT].pos,
		    "registers: function %d writes one", (int)w->function);
	if (w->max > most)
		problem(l, v[WRITE_MAX].pos, "max: must be at most %u", most);
	if (w->min > w->max)
		problem(l, v[WRITE_MIN].pos, "min must not be above max");
	dialog_span(l, &v[WRITE_ADDRESS], w->address, w->registers);
}

static void
read_writes(struct load *l, const struct yaml_node *list, struct profile_dialogs *d)
{
	struct profile_write *all = arena_alloc(l->arena, list->n, sizeof(*all));

	d->writes = all;
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct profile_write *w = &all[d->n_writes];
		read_write(l, c, w);
		for (uint16_t i = 0; i < d->n_writes; i++)
			if (w->name[0] != '\0' && strcmp(all[i].name, w->name) == 0)
				problem(l, c->pos, "write %s is given twice", w->name);
		d->n_writes++;
	}
}

// ---- selectors, heartbeat ---------------------------------------------------------

static void
check_selector(struct load *l, const struct schema_value v[static SEL_FIELDS],
    const struct profile *p, const struct profile_dialogs *d,
    const struct profile_selector *s)
{
	const struct profile_item *item = &p->items[s->item];
	const struct profile_write *w = &d->writes[s->write];

	if (s->area == AREA_COIL || s->area == AREA_DISCRETE)
		problem(l, v[SEL_AREA].pos, "area: must be holding or input");
	if (item->loop_max > 0 || item->device_max == 0)
		problem(l, v[SEL_ITEM].pos,
		    "item: %s must have device numbers and no loops", item->name);
	else if (item->device_min < w->min || item->device_max > w->max)
		problem(l, v[SEL_ITEM].pos,
		    "item: %s has numbers that %s must not write", item->name, w->name);
	// A profile without decoders was complained of already.
	if (p->n_decoders > 0 &&
	    decoder_width(&p->decoders[item->decoder]) != s->registers)
		problem(l, v[SEL_ITEM].pos, "registers: the decoder of %s takes %u",
		    item->name, (unsigned)decoder_width(&p->decoders[item->decoder]));
	dialog_span(l, &v[SEL_ADDRESS], s->address, s->registers);
}

static void
read_pending(
    struct load *l, const struct schema_value *list, struct profile_selector *s)
{
	uint16_t numbers[PENDING_MAX];

	s->n_pending =
	    dialog_numbers(l, list, "pending", UINT8_MAX, numbers, PENDING_MAX);
	for (uint8_t i = 0; i < s->n_pending; i++)
		s->pending[i] = (uint8_t)numbers[i];
}

static void
read_selector(struct load *l, const struct yaml_node *node, const struct profile *p,
    const struct profile_dialogs *d, struct profile_selector *s)
{
	struct schema_value v[SEL_FIELDS];
	int item = -1, write = -1;

	bool good = schema_read(l, node, "a selector", selector_fields, SEL_FIELDS, v);
	s->name = dialog_text(l, &v[SEL_NAME]);
	s->printed = dialog_text(l, &v[SEL_PRINTED]);
	s->wait_ms = (uint32_t)v[SEL_WAIT].number;
	s->area = (enum area)v[SEL_AREA].number;
	s->address = dialog_address(l, &v[SEL_ADDRESS], NULL);
	s->registers = (uint16_t)v[SEL_REGISTERS].number;
	s->every_ms = (uint32_t)v[SEL_EVERY].number;
	s->patience_ms = (uint32_t)v[SEL_PATIENCE].number;
	s->why_off_zh =
	    arena_text(l->arena, v[SEL_WHY_OFF].ok ? v[SEL_WHY_OFF].zh : "");
	s->why_off_en =
	    arena_text(l->arena, v[SEL_WHY_OFF].ok ? v[SEL_WHY_OFF].en : "");
	read_pending(l, &v[SEL_PENDING], s);
	if (v[SEL_ITEM].ok)
		item = dialog_item(l, v[SEL_ITEM].pos, "item", v[SEL_ITEM].text, p);
	if (v[SEL_WRITE].ok)
		write = dialog_write(l, &v[SEL_WRITE], d, WRITE_SELECTOR);
	if (!good || item < 0 || write < 0)
		return;
	s->item = (uint16_t)item;
	s->write = (uint16_t)write;
	check_selector(l, v, p, d, s);
}

static void
read_selectors(struct load *l, const struct yaml_node *list, const struct profile *p,
    struct profile_dialogs *d)
{
	struct profile_selector *all = arena_alloc(l->arena, list->n, sizeof(*all));

	d->selectors = all;
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct profile_selector *s = &all[d->n_selectors];
		read_selector(l, c, p, d, s);
		for (uint8_t i = 0; i < d->n_selectors; i++)
			if (s->name[0] != '\0' && strcmp(all[i].name, s->name) == 0)
				problem(
				    l, c->pos, "selector %s is given twice", s->name);
			else if (all[i].item == s->item)
				problem(l, c->pos,
				    "selector %s has the item of selector %s", s->name,
				    all[i].name);
		d->n_selectors++;
	}
}

static const struct profile_beat *
read_beat(struct load *l, const struct yaml_node *node, const struct profile_dialogs *d)
{
	struct schema_value v[BEAT_FIELDS];
	struct profile_beat *b = arena_alloc(l->arena, 1, sizeof(*b));

	if (!schema_read(l, node, "heartbeat", beat_fields, BEAT_FIELDS, v))
		return b;
	int write = dialog_write(l, &v[BEAT_WRITE], d, WRITE_HEARTBEAT);
	b->write = (uint16_t)(write < 0 ? 0 : write);
	b->period_ms = (uint32_t)v[BEAT_PERIOD].number;
	return b;
}

// A write that nothing uses is one that nobody thought through.
static bool
is_used(const struct profile_dialogs *d, int write)
{
	for (uint8_t i = 0; i < d->n_selectors; i++)
		if (d->selectors[i].write == write)
			return true;
	return (d->queue != NULL && d->queue->acknowledge == write) ||
	       (d->beat != NULL && d->beat->write == write);
}

const struct profile_dialogs *
dialogs_read(struct load *l, const struct yaml_node *node, const struct profile *p)
{
	struct schema_value v[TOP_FIELDS];
	struct profile_dialogs *d = arena_alloc(l->arena, 1, sizeof(*d));

	(void)schema_read(l, node, "dialogs", top_fields, TOP_FIELDS, v);
	d->full_scan_ms = (uint32_t)v[TOP_FULL_SCAN].number;
	if (v[TOP_WRITES].ok)
		read_writes(l, v[TOP_WRITES].node, d);
	if (v[TOP_ALIVE].ok)
		alive_read(l, v[TOP_ALIVE].node, d);
	if (v[TOP_SUMMARIES].ok)
		summaries_read(l, v[TOP_SUMMARIES].node, p, d);
	if (v[TOP_QUEUE].ok)
		d->queue = dialog_queue_read(l, v[TOP_QUEUE].node, p, d);
	if (v[TOP_SELECTORS].ok)
		read_selectors(l, v[TOP_SELECTORS].node, p, d);
	if (v[TOP_BEAT].ok)
		d->beat = read_beat(l, v[TOP_BEAT].node, d);
	for (uint16_t i = 0; i < d->n_writes; i++)
		if (!is_used(d, i))
			problem(l, v[TOP_WRITES].pos, "write %s is not used",
			    d->writes[i].name);
	return d;
}
