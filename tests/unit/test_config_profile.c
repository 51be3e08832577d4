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

	assert_int_equal(d->form, DECODE_WORD);
	assert_int_equal(d->field_mask, 0x00FF);
	assert_int_equal(d->field_shift, 0);
	assert_int_equal(d->valid_mask, 0x0800);
	assert_int_equal(d->valid_value, 0x0800);
	assert_int_equal(d->n_values, ARRAY_LEN(table));
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		assert_int_equal(d->values[i].value, table[i].value);
		show(f->site, &d->values[i].means, found, sizeof(found));
		assert_string_equal(found, table[i].means);
	}
	show(f->site, &d->unknown, found, sizeof(found));
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
	uint16_t covered = d->field_mask | d->reserved_mask;
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
	assert_non_null(strstr(p->provenance, "verify"));
	assert_int_equal(p->n_items, 2);
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
	assert_int_equal(d->decimals_address, 3);
	assert_true(d->range_from_device);
	assert_int_equal(d->zero_address, 5);
	assert_int_equal(d->full_address, 6);
	assert_int_equal(d->n_units, ARRAY_LEN(factors));
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
	assert_int_equal(p->n_items, 1);
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
		"configuration", "unknown-code", "reserved-bits", "line-busy",
		"unlisted", "queue-gap", "queue-stuck", "queue-unreadable",
		"source-unwatched", "summary-unreadable", "heartbeat-refused",
		"no-value", "co", "panel-acknowledged", "block-acknowledged" };
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

static void
test_every_form_of_a_profile(void **state)
{
	const struct fixture *f = *state;

	(void)f;
	fixture_write("panels/x.yaml",
	    "profile: x\n"
	    "name: {zh: 甲, en: X}\n"
	    "source: s\n"
	    "firmware: '1.2'\n"
	    "maturity: field-proven\n"
	    "provenance: p\n"
	    "transports: [tcp, rtu]\n"
	    "identity: [{area: input, address: 0x1388, value: 0x1210, mask: 0xFFF0}]\n"
	    "decoders:\n"
	    "  - name: w\n"
	    "    form: word\n"
	    "    bits: [{bit: 0, means: test, when: 0}]\n"
	    "    reserved: [1, 2, 3, 12, 13, 14, 15]\n"
	    "    field: {mask: 0x0FF0, values: [{value: 9, means: none}, {value: 2, "
	    "means: "
	    "[fire/heat, test]}], unknown: fault/unknown-code}\n"
	    "  - {name: t, form: analog, type: float32, order: cdab, scale: 0.1, "
	    "offset: -40,\n"
	    "     quantity: temperature, unit: degC, zero_is_none: true}\n"
	    "items:\n"
	    "  - {name: w, area: input, base: 0, printed: '1', decoder: w,\n"
	    "     device: {from: 0, to: 3, stride: 2}}\n"
	    "  - {name: t, area: holding, base: 65534, printed: '2', decoder: t}\n");
	fixture_write("x.yaml", "site: {id: s, time_zone: UTC}\n"
				"buses: [{id: t, modbus_tcp: \"192.0.2.1\"}]\n"
				"devices: [{id: a, bus: t, unit: 255, profile: x}]\n");
	struct site *s = fixture_load(fixture_path("x.yaml"), fixture_path("panels"));
	const struct profile *p = s->devices[0].profile;
	assert_int_equal(p->transports, TRANSPORT_TCP | TRANSPORT_RTU);
	assert_int_equal(p->maturity, MATURITY_FIELD_PROVEN);
	assert_int_equal(p->max_registers, 125);
	assert_int_equal(p->max_bits, 2000);
	assert_int_equal(p->timeout_ms, 1000);
	assert_int_equal(p->n_identity, 1);
	assert_int_equal(p->identity[0].area, AREA_INPUT);
	assert_int_equal(p->identity[0].address, 5000);
	assert_int_equal(p->identity[0].mask, 0xFFF0);
	assert_int_equal(p->identity[0].value, 0x1210);
	const struct decoder *d = &p->decoders[0];
	assert_false(d->bits[0].when);
	assert_int_equal(d->reserved_mask, 0xF00E);
	assert_int_equal(d->field_shift, 4);
	assert_int_equal(d->valid_mask, 0);
	assert_int_equal(d->values[0].value, 2); // sorted
	assert_int_equal(d->values[0].means.n, 2);
	assert_int_equal(d->values[1].means.n, 0);
	assert_int_equal(d->unknown.n, 1);
	d = &p->decoders[1];
	assert_int_equal(d->number, NUMBER_FLOAT32);
	assert_int_equal(d->order, ORDER_CDAB);
	assert_true(d->scale > 0.0999 && d->scale < 0.1001);
	assert_true(d->offset > -40.1 && d->offset < -39.9);
	assert_int_equal(d->quantity, QUANTITY_TEMPERATURE);
	assert_true(d->zero_is_none);
	assert_false(d->unit_from_device);
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
		cmocka_unit_test(test_every_form_of_a_profile),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
