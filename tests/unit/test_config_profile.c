// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The profiles of the tree, table by table, against the facts they are made from.
#include <stdio.h>
#include <string.h>

#include "config_fixture.h"
#include "test.h"

struct fixture {
	struct site *site;
	const struct profile *notifier, *ptmb, *iologik;
};

static int
set_up(void **state)
{
	static struct fixture f;

	(void)fixture_folder();
	fixture_write("site.yaml",
	    "site: {id: s, time_zone: UTC}\n"
	    "buses: [{id: t, modbus_tcp: \"192.0.2.1\"},"
	    " {id: r, modbus_rtu: /dev/ttyS0, line: 9600 8N1}]\n"
	    "devices:\n"
	    "  - {id: a, bus: t, unit: 1, profile: notifier-modbus-gw}\n"
	    "  - {id: b, bus: r, unit: 1, profile: pressure-transmitter-ptmb}\n"
	    "  - {id: c, bus: t, unit: 0, profile: iologik-e1200}\n");
	f.site = fixture_load(fixture_path("site.yaml"), fixture_panels);
	f.notifier = f.site->devices[0].profile;
	f.ptmb = f.site->devices[1].profile;
	f.iologik = f.site->devices[2].profile;
	*state = &f;
	return 0;
}

static int
tear_down(void **state)
{
	const struct fixture *f = *state;

	site_free(f->site);
	fixture_remove();
	return 0;
}

// "fire/co supervisory" of an outcome.
static void
show(const struct site *s, const struct decode_outcome *o, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (uint8_t i = 0; i < o->n; i++) {
		const char *code = s->codes[o->is[i].code];
		used += (size_t)snprintf(out + used, size - used, "%s%s%s%s",
		    i > 0 ? " " : "", condition_name(o->is[i].condition),
		    code[0] != '\0' ? "/" : "", code);
	}
}

static void
test_notifier_event_types(void **state)
{
	static const struct {
		uint16_t value;
		const char *means;
	} table[] = {
		{ 0x05, "security" },
		{ 0x10, "fire" },
		{ 0x11, "security" },
		{ 0x12, "process" },
		{ 0x13, "security" },
		{ 0x14, "fire/co" },
		{ 0x15, "security" },
		{ 0x20, "security" },
		{ 0x21, "process" },
		{ 0x25, "supervisory" },
		{ 0x30, "supervisory" },
		{ 0x40, "supervisory" },
		{ 0x45, "supervisory" },
		{ 0x52, "disabled supervisory" },
		{ 0x55, "disabled activated" },
		{ 0x71, "activated" },
		{ 0x72, "activated" },
		{ 0xEA, "fire" },
		{ 0xEB, "supervisory" },
		{ 0xEC, "supervisory" },
		{ 0xED, "fire supervisory" },
		{ 0xEE, "fire/co supervisory" },
		{ 0xFF, "fault/not-present" },
	};
	const struct fixture *f = *state;
	const struct decoder *d = &f->notifier->decoders[0];
	char found[100];

	const struct decode_field *field = &d->fields[0];
	assert_int_equal(d->form, DECODE_WORD);
	assert_int_equal(d->n_fields, 1);
	assert_int_equal(field->mask, 0x00FF);
	assert_int_equal(field->shift, 0);
	assert_int_equal(field->valid_mask, 0x0800);
	assert_int_equal(field->valid_value, 0x0800);
	assert_int_equal(field->n_values, ARRAY_LEN(table));
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		assert_int_equal(field->values[i].value, table[i].value);
		assert_int_equal(field->values[i].role, VALUE_LEVEL);
		show(f->site, &field->values[i].means, found, sizeof(found));
		assert_string_equal(found, table[i].means);
	}
	show(f->site, &field->unknown, found, sizeof(found));
	assert_string_equal(found, "fire/unknown-code");
	assert_int_equal(d->absent[0], 0x00FF);
}

static void
test_notifier_flags(void **state)
{
	static const char *const means[16] = { [15] = "info/block-acknowledged",
		[14] = "prealarm",
		[13] = "fault",
		[12] = "",
		[11] = "",
		[10] = "",
		[9] = "disabled",
		[8] = "info/panel-acknowledged" };
	const struct fixture *f = *state;
	const struct decoder *d = &f->notifier->decoders[0];
	uint16_t covered = d->fields[0].mask | d->reserved_mask;
	char found[100];

	for (uint8_t i = 0; i < d->n_bits; i++) {
		unsigned bit = (unsigned)__builtin_ctz(d->bits[i].mask);
		assert_int_equal(d->bits[i].mask, 1 << bit);
		assert_true(d->bits[i].when);
		assert_non_null(means[bit]);
		show(f->site, &d->bits[i].means, found, sizeof(found));
		assert_string_equal(found, means[bit]);
		covered |= d->bits[i].mask;
	}
	assert_int_equal(covered, 0xFFFF);
}

static void
test_notifier_layout(void **state)
{
	const struct fixture *f = *state;
	const struct profile *p = f->notifier;

	assert_int_equal(p->transports, TRANSPORT_TCP);
	assert_int_equal(p->max_registers, 100);
	assert_int_equal(p->maturity, MATURITY_DOCUMENTED);
	assert_non_null(strstr(p->source, "LS10015-000NF-E rev C2"));
	assert_string_equal(p->evidence, "A");
	assert_true(p->n_open >= 3);
	assert_non_null(strstr(p->open[0], "verify"));
	assert_int_equal(p->n_items, 3);
	assert_string_equal(p->items[2].name, "panel-status");
	assert_int_equal(p->items[2].base, 9499); // 49500
	for (uint16_t i = 0; i < 2; i++) {
		const struct profile_item *item = &p->items[i];
		assert_string_equal(item->name, i == 0 ? "detector" : "module");
		assert_string_equal(item->printed, i == 0 ? "40001" : "40201");
		assert_int_equal(item->area, AREA_HOLDING);
		assert_int_equal(item->base, i == 0 ? 0 : 200);
		assert_int_equal(item->loop_min, 1);
		assert_int_equal(item->loop_max, 10);
		assert_int_equal(item->loop_stride, 400);
		assert_int_equal(item->device_min, 1);
		assert_int_equal(item->device_max, 159);
		assert_int_equal(item->device_stride, 1);
	}
}

static void
test_transmitter(void **state)
{
	static const double factors[] = { 1000, 1, 0.001, 100, 0.1, 98.0665,
		6.894757293168, 9.80665, 0.00980665 };
	const struct fixture *f = *state;
	const struct profile *p = f->ptmb;
	const struct decoder *d = &p->decoders[0];

	assert_int_equal(p->transports, TRANSPORT_RTU);
	assert_int_equal(p->items[0].base, 4);
	assert_int_equal(p->items[0].loop_max, 0);
	assert_int_equal(p->items[0].device_max, 0);
	assert_int_equal(d->form, DECODE_ANALOG);
	assert_int_equal(d->number, NUMBER_INT16);
	assert_int_equal(d->quantity, QUANTITY_PRESSURE);
	assert_true(d->unit_from_device);
	assert_int_equal(d->unit_address, 2);
	assert_true(d->decimals_from_device);
	assert_int_equal(d->decimals_address, 3);
	assert_true(d->range_from_device);
	assert_int_equal(d->zero_address, 5);
	assert_int_equal(d->full_address, 6);
	for (size_t i = ARRAY_LEN(factors); i < UNITS_MAX; i++)
		assert_true(d->unit_factors[i] <= 0); // no such unit
	for (size_t i = 0; i < ARRAY_LEN(factors); i++) {
		double off = d->unit_factors[i] / factors[i] - 1;
		assert_true(off < 1e-12 && off > -1e-12);
	}
}

static void
test_input_module(void **state)
{
	const struct fixture *f = *state;
	const struct profile *p = f->iologik;

	assert_int_equal(p->transports, TRANSPORT_TCP);
	assert_int_equal(p->n_items, 2);
	assert_int_equal(profile_only_item(p), 0); // what a point may leave out
	assert_true(p->items[1].output);
	assert_int_equal(p->items[1].area, AREA_COIL);
	assert_false(p->items[0].output);
	assert_string_equal(p->items[0].name, "di");
	assert_int_equal(p->items[0].area, AREA_DISCRETE);
	assert_int_equal(p->items[0].base, 0);
	assert_int_equal(p->items[0].device_min, 0);
	assert_int_equal(p->items[0].device_max, 15);
	assert_int_equal(p->decoders[p->items[0].decoder].form, DECODE_BIT);
	assert_int_equal(p->max_bits, 16);
}

static void
test_codes_are_one_list(void **state)
{
	static const char *const wanted[] = { "", "not-present", "sensor-range",
		"configuration", "unknown-code", "reserved-bits", "line-busy", "frozen",
		"line-missing", "line", "overflow", "fire", "prealarm", "security",
		"supervisory", "activated", "feedback", "process", "unlisted",
		"queue-gap", "queue-stuck", "queue-unreadable", "source-unwatched",
		"summary-unreadable", "heartbeat-refused", "no-value", "co",
		"panel-acknowledged", "block-acknowledged", "no-state",
		"panel-silenced", "loop-short", "loop-open", "loop-out-of-band" };
	const struct fixture *f = *state;

	// And those of hosts: all but HOST_ANSWERS and HOST_SEEN, and the warning.
	assert_int_equal(f->site->n_codes,
	    ARRAY_LEN(wanted) + HOST_CODE_COUNT + HOST_BLIND_COUNT - 1);
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		unsigned found = 0;
		for (uint16_t k = 0; k < f->site->n_codes; k++)
			found += strcmp(f->site->codes[k], wanted[i]) == 0;
		assert_int_equal(found, 1);
	}
}

static const struct profile *
load_x(struct site **site, const char *profile, const char *device)
{
	char text[512];

	fixture_write("panels/x.yaml", profile);
	(void)snprintf(text, sizeof(text),
	    "site: {id: s, time_zone: UTC}\n"
	    "buses: [{id: t, modbus_tcp: \"192.0.2.1\"}]\n"
	    "devices: [{id: a, bus: t, profile: x%s}]\n",
	    device);
	fixture_write("x.yaml", text);
	*site = fixture_load(fixture_path("x.yaml"), fixture_path("panels"));
	return (*site)->devices[0].profile;
}

#define HEAD                 \
  "profile: x\n"             \
  "name: {zh: 甲, en: X}\n" \
  "source: s\n"              \
  "firmware: '1.2'\n"        \
  "maturity: documented\n"   \
  "evidence: B\n"            \
  "provenance: p\n"

static void
test_head_transports_and_limits(void **state)
{
	struct site *s;
	const struct profile *p = load_x(&s,
	    "profile: x\n"
	    "name: {zh: 甲, en: X}\n"
	    "source: s\n"
	    "firmware: '1.2'\n"
	    "maturity: field-proven\n"
	    "evidence: A\n"
	    "verified: on a device of firmware 1.2, 2026-01-01\n"
	    "provenance: whose\n"
	    "open: [one, two]\n"
	    "transports: [rtu-over-tcp, {kind: tcp, port: 1502, unit: 3},"
	    " {kind: rtu, line: 4800 8E2, unit: 9}]\n"
	    "limits: {max_registers: 50, max_of: {input: 10, coil: 7}, min_gap: 20ms,"
	    " min_poll: 3s, timeout: 2s, window: 4, probe: true}\n"
	    "exceptions: [{exception: 0x0B, means: link, code: panel-lost},"
	    " {exception: 2, means: busy}]\n"
	    "decoders: [{name: b, form: bit}]\n"
	    "items: [{name: b, area: coil, base: 0, printed: '1', decoder: b}]\n",
	    "");

	(void)state;
	assert_int_equal(
	    p->transports, TRANSPORT_TCP | TRANSPORT_RTU | TRANSPORT_RTU_TCP);
	assert_int_equal(p->tcp.port, 1502);
	assert_int_equal(p->tcp.unit, 3);
	assert_int_equal(s->devices[0].unit, 3);
	assert_int_equal(p->rtu.unit, 9);
	assert_int_equal(p->rtu.baud, 4800);
	assert_int_equal(p->rtu.parity, 'E');
	assert_int_equal(p->rtu.stop_bits, 2);
	assert_int_equal(p->maturity, MATURITY_FIELD_PROVEN);
	assert_string_equal(p->source, "s");
	assert_string_equal(p->firmware, "1.2");
	assert_string_equal(p->evidence, "A");
	assert_string_equal(p->provenance, "whose");
	assert_string_equal(p->verified, "on a device of firmware 1.2, 2026-01-01");
	assert_int_equal(p->n_open, 2);
	assert_string_equal(p->open[0], "one");
	assert_string_equal(p->open[1], "two");
	assert_int_equal(p->max_registers, 50);
	assert_int_equal(p->max_of[AREA_INPUT], 10);
	assert_int_equal(p->max_of[AREA_HOLDING], 0);
	assert_int_equal(profile_read_max(p, &p->items[0]), 7);
	assert_int_equal(p->min_gap_ms, 20);
	assert_int_equal(p->timeout_ms, 2000);
	assert_int_equal(s->devices[0].poll_ms, 3000); // no less than min_poll
	assert_int_equal(p->window, 4);
	assert_true(p->probe);
	assert_int_equal(p->n_exceptions, 2);
	assert_int_equal(p->exceptions[0].refusal, REFUSAL_LINK);
	assert_string_equal(p->exceptions[0].code, "panel-lost");
	assert_int_equal(p->exceptions[1].refusal, REFUSAL_BUSY);
	site_free(s);
}

static void
test_words_of_flags_and_fields(void **state)
{
	struct site *s;
	const struct profile *p = load_x(&s,
	    HEAD
	    "transports: [{kind: tcp, unit: 1}]\n"
	    "tables:\n"
	    "  - {name: t, unknown: fault/unknown-code, values: [{value: 4, edge: "
	    "info/restored,\n"
	    "     ends: [fault, disabled]}, {value: 0, means: empty}, {value: 1, "
	    "means: [fire/heat,\n"
	    "     test], effect: test}, {value: 9, edge: info/restored, ends: "
	    "all}]}\n"
	    "decoders:\n"
	    "  - {name: w, form: word, repeat: 3, if_empty: fault/not-present,\n"
	    "     bits: [{bit: 0, means: test, when: 0, effect: no-value}], "
	    "reserved: [1, 2, 3],\n"
	    "     fields: [{mask: 0x0FF0, table: t}, {mask: 0xF000, values: "
	    "[{value: 2, means: none}],\n"
	    "       unknown: fault/unknown-code, valid: {mask: 0x11, value: 0x10}}]}\n"
	    "  - {name: two, form: word, width: 2, fields: [{mask: 3, values: "
	    "[{value: 0, means: none}],\n"
	    "     unknown: fire}]}\n"
	    "  - {name: b, form: bit, means: fault/supply, when: 0}\n"
	    "items:\n"
	    "  - {name: w, area: input, base: 0, printed: '1', decoder: w, "
	    "always: true}\n"
	    "  - {name: z, area: holding, base: 30, printed: '2', decoder: two,\n"
	    "     pack: {bits: 2, first: high-bits}, skip: 2, maturity: inferred,\n"
	    "     device: {from: 1, to: 242, stride: 1}}\n"
	    "  - {name: m, area: holding, base: 10, printed: '3', decoder: w,\n"
	    "     device: {from: 1, to: 2, stride: 4},\n"
	    "     with: [{base: 40, printed: '4', decoder: w, device_stride: 3}],\n"
	    "     fresh: {base: 50, printed: '5', within: 5s, device_stride: 1}}\n"
	    "  - {name: b, area: coil, base: 10, printed: '6', decoder: b}\n",
	    "");
	const struct decoder *d = &p->decoders[0];

	(void)state;
	assert_int_equal(d->repeat, 3);
	assert_false(d->bits[0].when);
	assert_int_equal(d->bits[0].means.effect, EFFECT_VOID);
	assert_int_equal(d->reserved_mask, 0x000E);
	assert_int_equal(d->if_empty.n, 1);
	assert_int_equal(d->n_fields, 2);
	assert_int_equal(d->fields[0].shift, 4);
	assert_int_equal(d->fields[0].n_values, 4);
	assert_int_equal(d->fields[0].values[0].role, VALUE_EMPTY); // sorted
	assert_int_equal(d->fields[0].values[1].means.n, 2);
	assert_int_equal(d->fields[0].values[1].means.effect, EFFECT_TEST);
	assert_int_equal(d->fields[0].values[2].role, VALUE_EDGE);
	assert_int_equal(
	    d->fields[0].values[2].ends, 1 << COND_FAULT | 1 << COND_DISABLED);
	assert_int_equal(d->fields[0].values[3].ends, (1 << COND_COUNT) - 1);
	assert_int_equal(d->fields[1].valid_mask, 0x11);
	assert_int_equal(d->fields[1].valid_value, 0x10);
	assert_int_equal(p->decoders[2].n_bits, 1);
	assert_false(p->decoders[2].bits[0].when);
	assert_int_equal(p->items[0].maturity, MATURITY_DOCUMENTED);
	assert_int_equal(p->items[1].maturity, MATURITY_INFERRED);
	assert_int_equal(p->items[2].n_parts, 1);
	assert_true(p->items[2].has_fresh);
	assert_int_equal(p->items[2].fresh_within_ms, 5000);
	// The point that nobody listed is there, at panel level.
	assert_int_equal(s->n_site_points, 1);
	assert_string_equal(s->points[0].id, "a.w");
	assert_int_equal(s->points[0].kind, KIND_PANEL);
	assert_string_equal(s->points[0].place_zh, "甲");
	site_free(s);
}

static void
test_places_of_points(void **state)
{
	// GST T8B: pair index 242 * loop + device - 1, most significant first; device 1
	// of loop 1 is register 40031, bits 11-10.
	const struct profile_item t8b = { .base = 30,
		.pack = 2,
		.pack_high_first = true,
		.skip = 2,
		.device_min = 1,
		.device_max = 242,
		.device_stride = 1 };
	const struct profile_item low = {
		.base = 5, .pack = 4, .device_max = 9, .device_stride = 1
	};
	// High byte loop, low byte device: label 0133, hexadecimal,
	// is loop 1 device 51, register 307.
	const struct profile_item bytes = { .base = 0x0101,
		.loop_min = 1,
		.loop_max = 255,
		.loop_stride = 256,
		.device_min = 1,
		.device_max = 255,
		.device_stride = 1 };

	(void)state;
	assert_int_equal(profile_place(&t8b, 0, 1).pdu, 30);
	assert_int_equal(profile_place(&t8b, 0, 1).shift, 10);
	assert_int_equal(profile_place(&t8b, 0, 6).shift, 0);
	assert_int_equal(profile_place(&t8b, 0, 7).pdu, 31);
	assert_int_equal(profile_place(&t8b, 0, 7).shift, 14);
	assert_int_equal(profile_place(&low, 0, 0).shift, 0);
	assert_int_equal(profile_place(&low, 0, 3).shift, 12);
	assert_int_equal(profile_place(&low, 0, 4).pdu, 6);
	assert_int_equal(profile_place(&bytes, 1, 51).pdu, 307);
	assert_int_equal(profile_place(&bytes, 2, 115).pdu, 627);
}

// GST T8B: device 1 of the loop is register 40031, bits 11-10.
static void
test_what_a_manual_prints_is_where_a_site_finds_it(void **state)
{
	struct site *s;

	(void)state;
	fixture_write("found.yaml",
	    "site: {id: s, time_zone: UTC}\n"
	    "buses: [{id: t, modbus_tcp: \"192.0.2.1\"}]\n"
	    "devices:\n"
	    "  - {id: a, bus: t, unit: 7, profile: gst-t8b, points: ["
	    "{id: p1, item: point, loop: 1, device: 1, kind: smoke, place: {en: A}},"
	    " {id: p6, item: point, loop: 1, device: 6, kind: smoke, place: {en: B}},"
	    " {id: p7, item: point, loop: 1, device: 7, kind: smoke, place: {en: C}}]}"
	    "\n");
	s = fixture_load(fixture_path("found.yaml"), fixture_panels);
	assert_int_equal(s->points[0].pdu, 30);
	assert_int_equal(s->points[0].shift, 10);
	assert_int_equal(s->points[1].pdu, 30);
	assert_int_equal(s->points[1].shift, 0);
	assert_int_equal(s->points[2].pdu, 31);
	assert_int_equal(s->points[2].shift, 14);
	assert_int_equal(s->devices[0].unit, 7);
	site_free(s);
}

// What the manual prints for the transport that the bus is.
static void
test_the_unit_as_delivered_is_that_of_the_transport(void **state)
{
	struct site *s;

	(void)state;
	fixture_write("panels/x.yaml",
	    HEAD "transports: [{kind: tcp, unit: 3}, {kind: rtu, unit: 9}]\n"
		 "decoders: [{name: b, form: bit}]\n"
		 "items: [{name: b, area: coil, base: 0, printed: '1', decoder: b}]\n");
	fixture_write("delivered.yaml",
	    "site: {id: s, time_zone: UTC}\n"
	    "buses: [{id: t, modbus_tcp: \"192.0.2.1\"},"
	    " {id: r, modbus_rtu: /dev/ttyS1, line: 9600 8E1},"
	    " {id: n, modbus_rtu_tcp: \"192.0.2.2\"}]\n"
	    "devices: [{id: a, bus: t, profile: x}, {id: b, bus: r, profile: x},"
	    " {id: c, bus: n, profile: x}, {id: d, bus: r, unit: 4, profile: x}]\n");
	s = fixture_load(fixture_path("delivered.yaml"), fixture_path("panels"));
	assert_int_equal(s->devices[0].unit, 3);
	assert_int_equal(s->devices[1].unit, 9);
	assert_int_equal(s->devices[2].unit, 9);
	assert_int_equal(s->devices[3].unit, 4);
	site_free(s);
}

static void
test_numbers(void **state)
{
	struct site *s;
	const struct profile *p = load_x(&s,
	    HEAD
	    "transports: [{kind: tcp, unit: 1}]\n"
	    "decoders:\n"
	    "  - {name: t, form: analog, type: float32, order: cdab, scale: 0.1, "
	    "offset: -40,\n"
	    "     quantity: temperature, unit: degC, plausible: {from: -40degC, to: "
	    "85degC},\n"
	    "     sentinels: [{value: 0xFFFFFFFF, means: fault/not-available}]}\n"
	    "  - {name: u, form: analog, type: uint16, quantity: pressure,\n"
	    "     unit_from_device: {address: 40, units: {0: kPa, 9: bar}},\n"
	    "     decimals_from_device: 41}\n"
	    "  - {name: n, form: analog, type: uint16, quantity: number}\n"
	    "  - {name: c, form: counter, type: uint32, order: cdab, wrap: 1000000}\n"
	    "items:\n"
	    "  - {name: t, area: holding, base: 65534, printed: '2', decoder: t}\n"
	    "  - {name: u, area: holding, base: 30, printed: '2', decoder: u}\n"
	    "  - {name: n, area: holding, base: 50, printed: '2', decoder: n}\n"
	    "  - {name: c, area: holding, base: 60, printed: '2', decoder: c}\n",
	    ", points: [{id: n1, item: n, kind: pressure, scale: {4000: 0MPa, 20000: "
	    "1.6MPa}, place: {en: N}}]");
	const struct decoder *d = &p->decoders[0];

	(void)state;
	assert_int_equal(d->number, NUMBER_FLOAT32);
	assert_int_equal(d->order, ORDER_CDAB);
	assert_float_equal(d->scale, 0.1, 1e-9);
	assert_float_equal(d->offset, -40, 1e-9);
	assert_true(d->has_plausible);
	assert_float_equal(d->plausible_min, -40, 1e-9);
	assert_int_equal(d->n_sentinels, 1);
	assert_int_equal(d->sentinels[0].raw, UINT32_MAX);
	assert_float_equal(p->decoders[1].unit_factors[9], 100, 1e-9);
	assert_true(p->decoders[1].unit_factors[1] <= 0);
	assert_int_equal(p->decoders[1].decimals_address, 41);
	assert_int_equal(p->decoders[2].quantity, QUANTITY_NUMBER);
	assert_int_equal(p->decoders[3].form, DECODE_COUNTER);
	assert_int_equal(p->decoders[3].wrap, 1000000);
	assert_float_equal(s->points[0].scale->factor, 0.1, 1e-9);
	assert_float_equal(s->points[0].scale->offset, -400, 1e-9);
	assert_float_equal(s->points[0].scale->zero, 4000, 1e-9);
	assert_float_equal(s->points[0].scale->full, 20000, 1e-9);
	site_free(s);
}

static void
test_a_site_moves_and_completes_a_profile(void **state)
{
	struct site *s;
	const struct profile *p = load_x(&s,
	    HEAD
	    "transports: [{kind: tcp, unit: 1}]\n"
	    "identity:\n"
	    "  - {area: input, address: 100, mask: 0x0FFF, from: 300, to: 399, "
	    "printed: '1'}\n"
	    "  - {name: model, area: input, address: 200, registers: 4, bytes: "
	    "low-first}\n"
	    "  - {name: serial, area: input, address: 210, registers: 4}\n"
	    "tables: [{name: state, from_site: true, unknown: fire/unknown-code}]\n"
	    "decoders:\n"
	    "  - {name: w, form: word, fields: [{mask: 0xFFFF, table: state}]}\n"
	    "  - {name: u, form: analog, type: uint16, quantity: pressure,\n"
	    "     unit_from_device: {address: 40, units: {0: kPa}}}\n"
	    "items:\n"
	    "  - {name: w, area: holding, base: 10, printed: '2', decoder: w}\n"
	    "  - {name: v, area: holding, base: 20, printed: '2', decoder: w}\n"
	    "  - {name: u, area: holding, base: 30, printed: '2', decoder: u}\n",
	    ", address_shift: -1, bases: {v: 500}, identity: {model: ABC},"
	    " tables: {state: [{value: 7, means: fire}, {value: 0, means: none}]}");

	(void)state;
	assert_int_equal(p->items[0].base, 9);
	assert_int_equal(p->items[1].base, 500); // absolute
	assert_int_equal(p->decoders[1].unit_address, 39);
	assert_int_equal(p->n_identity, 2); // nobody knows the serial number
	assert_int_equal(p->identity[0].address, 99);
	assert_int_equal(p->identity[0].min, 300);
	assert_int_equal(p->identity[0].max, 399);
	assert_int_equal(p->identity[0].mask, 0x0FFF);
	assert_int_equal(p->identity[1].registers, 4);
	assert_true(p->identity[1].low_byte_first);
	assert_string_equal(p->identity[1].text, "ABC");
	assert_int_equal(p->decoders[0].fields[0].n_values, 2);
	assert_int_equal(p->decoders[0].fields[0].values[1].value, 7);
	site_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notifier_event_types),
		cmocka_unit_test(test_notifier_flags),
		cmocka_unit_test(test_notifier_layout),
		cmocka_unit_test(test_transmitter),
		cmocka_unit_test(test_input_module),
		cmocka_unit_test(test_codes_are_one_list),
		cmocka_unit_test(test_head_transports_and_limits),
		cmocka_unit_test(test_words_of_flags_and_fields),
		cmocka_unit_test(test_places_of_points),
		cmocka_unit_test(test_what_a_manual_prints_is_where_a_site_finds_it),
		cmocka_unit_test(test_the_unit_as_delivered_is_that_of_the_transport),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_a_site_moves_and_completes_a_profile),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
