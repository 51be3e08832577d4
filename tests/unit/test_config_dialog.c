// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Dialogs of a profile and of a device as loaded, and what --check says of them. What
// is refused: tests/integration/bad_config.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/budget.h"
#include "config_fixture.h"
#include "core/profile_dialog.h"
#include "drivers/device.h"
#include "drivers/dialog.h"
#include "test.h"

static const char profile_text[] =
    "profile: x\n"
    "name: {zh: 控制器, en: Panel}\n"
    "source: a manual\n"
    "firmware: any\n"
    "maturity: inferred\n"
    "provenance: made for a test\n"
    "transports: [tcp]\n"
    "limits: {max_registers: 40}\n"
    "decoders:\n"
    "  - {name: code, form: word, fields: [{mask: 0xFFFF,"
    " values: [{value: 37, means: fire}], unknown: fault}]}\n"
    "  - {name: number, form: analog, type: int16, quantity: pressure, unit: kPa}\n"
    "items:\n"
    "  - {name: zone, area: holding, base: 0, printed: \"1\", decoder: code,"
    " device: {from: 1, to: 500, stride: 1}}\n"
    "  - {name: detector, area: holding, base: 1000, printed: \"1\", decoder: code,"
    " loop: {from: 1, to: 4, stride: 100}, device: {from: 1, to: 50, stride: 1}}\n"
    "  - {name: module, area: holding, base: 2000, printed: \"1\", decoder: code,"
    " loop: {from: 1, to: 4, stride: 100}, device: {from: 1, to: 50, stride: 1}}\n"
    "  - {name: heat, area: holding, base: 5000, printed: \"1\", decoder: number,"
    " device: {from: 1, to: 500, stride: 1}}\n"
    "  - {name: cold, area: holding, base: 5000, printed: \"1\", decoder: number,"
    " device: {from: 1, to: 500, stride: 1}}\n"
    "dialogs:\n"
    "  full_scan: 45s\n"
    "  writes:\n"
    "    - {name: handled, for: acknowledge, function: 6, address: 46163,"
    " printed: \"46163\", min: 0, max: 65535}\n"
    "    - {name: select, for: selector, function: 16, address: 46179,"
    " printed: \"46179\", min: 1, max: 512}\n"
    "    - {name: beat, for: heartbeat, function: 5, address: 7, printed: \"8\","
    " min: 0, max: 1}\n"
    "  alive:\n"
    "    - {name: orion, area: discrete, address: 9, printed: \"9\", code: source,"
    " values: [1]}\n"
    "    - {name: node, area: input, address: 5099, printed: \"35100\","
    " code: source, of: gateway, nodes: 256}\n"
    "    - {name: counter, area: holding, address: 107, printed: \"40108\","
    " code: heartbeat, mask: 0x00FF, within: 15s}\n"
    "  summaries:\n"
    "    - {name: counters, area: holding, address: 14100, printed: \"414101\","
    " registers: 11, loop: {from: 1, to: 4, stride: 11}, kind: count,"
    " optional: true, guards: [detector], fire: {registers: [2], mask: 0x00FF}}\n"
    "    - {name: revision, area: input, address: 20, printed: \"21\","
    " kind: revision, guards: [module], decoder: code}\n"
    "  queue:\n"
    "    area: holding\n"
    "    address: 46264\n"
    "    printed: \"46264\"\n"
    "    registers: 14\n"
    "    empty: 4\n"
    "    layout: tlv\n"
    "    sequence: {at: 0, bytes: 2, first: 1, last: 65535}\n"
    "    length: 2\n"
    "    code: {at: 3, bytes: 1, decoder: code}\n"
    "    fields_from: 4\n"
    "    fields: [{type: 3, is: zone}, {type: 24, is: partition_id}]\n"
    "    stamp: {type: 11, format: bytes, parts: hms-DMY, zone: utc, trusted: true}\n"
    "    acknowledge: handled\n"
    "    points: [{field: zone, item: zone}]\n"
    "    resync: [250, 251]\n"
    "    overflow: [69]\n"
    "  selectors:\n"
    "    - {name: numeric, item: heat, write: select, wait: 200ms, area: holding,"
    " address: 46328, printed: \"46328\", every: 90s, patience: 7s, pending: [15],"
    " why_off: {zh: 曾影响其他探测器。, en: it harmed others once.}}\n"
    "    - {name: other, item: cold, write: select, area: holding, address: 46328,"
    " printed: \"46328\", why_off: {en: nobody tried it.}}\n"
    "  heartbeat: {write: beat, period: 10s}\n";

static const char points_text[] =
    "    points:\n"
    "      - {id: z1, item: zone, device: 1, kind: smoke, place: {en: A}}\n"
    "      - {id: h9, item: heat, device: 9, kind: pressure, place: {en: B}}\n"
    "      - {id: d1, item: detector, loop: 2, device: 1, kind: smoke,"
    " place: {en: C}}\n"
    "      - {id: m1, item: module, loop: 2, device: 1, kind: smoke,"
    " place: {en: D}}\n"
    "      - {id: z300, item: zone, device: 300, kind: smoke, place: {en: E}}\n";

static struct site *
load(const char *dialogs)
{
	char text[4096];

	(void)fixture_folder();
	fixture_write("panels/x.yaml", profile_text);
	(void)snprintf(text, sizeof(text),
	    "site: {id: s, time_zone: UTC}\n"
	    "buses: [{id: t, modbus_tcp: \"192.0.2.1\"}]\n"
	    "devices:\n"
	    "  - id: a\n"
	    "    bus: t\n"
	    "    unit: 3\n"
	    "    profile: x\n"
	    "    poll: 1s\n"
	    "    accept_budget: {limit: 10min, reason: a test}\n"
	    "    dialogs: %s\n%s",
	    dialogs, points_text);
	fixture_write("site.yaml", text);
	return fixture_load(fixture_path("site.yaml"), fixture_path("panels"));
}

static void
test_a_profile_with_every_dialog(void **state)
{
	struct site *s = load("{selectors: [numeric]}");
	const struct profile_dialogs *g = s->devices[0].profile->dialogs;

	(void)state;
	assert_int_equal(g->full_scan_ms, 45000);
	assert_int_equal(g->n_writes, 3);
	assert_int_equal(g->writes[0].purpose, WRITE_ACKNOWLEDGE);
	assert_int_equal(g->writes[0].function, WRITE_REGISTER);
	assert_int_equal(g->writes[0].address, 46163);
	assert_int_equal(g->writes[1].function, WRITE_REGISTERS);
	assert_int_equal(g->writes[1].min, 1);
	assert_int_equal(g->writes[1].max, 512);
	assert_int_equal(g->writes[2].function, WRITE_COIL);
	assert_int_equal(g->n_alive, 3);
	assert_int_equal(g->alive[0].test, ALIVE_VALUE);
	assert_int_equal(g->alive[0].values[0], 1);
	assert_true(g->alive[1].of_gateway);
	assert_int_equal(g->alive[1].nodes, 256);
	assert_int_equal(g->alive[2].test, ALIVE_MOVES);
	assert_int_equal(g->alive[2].within_ms, 15000);
	assert_int_equal(g->alive[2].mask, 0x00FF);
	assert_int_equal(g->alive[2].code, ALIVE_HEARTBEAT);
	assert_int_equal(g->n_summaries, 2);
	assert_int_equal(g->summaries[0].kind, SUMMARY_COUNT);
	assert_true(g->summaries[0].optional);
	assert_int_equal(g->summaries[0].fire_registers, 1 << 2);
	assert_int_equal(g->summaries[0].fire_mask, 0x00FF);
	assert_int_equal(g->summaries[0].loop_stride, 11);
	assert_int_equal(g->summaries[0].decoder, -1);
	assert_int_equal(g->summaries[1].decoder, 0);
	assert_int_equal(g->summaries[1].guards[0], 2);
	assert_int_equal(g->queue->acknowledge, 0);
	assert_int_equal(g->queue->registers, 14);
	assert_int_equal(g->queue->empty_bytes, 4);
	assert_int_equal(g->queue->first, 1);
	assert_int_equal(g->queue->last, 65535);
	assert_string_equal(g->queue->stamp.parts, "hms-DMY");
	assert_true(g->queue->stamp.utc && g->queue->stamp.trusted);
	assert_int_equal(g->queue->n_resync, 2);
	assert_int_equal(g->queue->overflow[0], 69);
	assert_int_equal(g->n_selectors, 2);
	assert_int_equal(g->selectors[0].item, 3);
	assert_int_equal(g->selectors[0].wait_ms, 200);
	assert_int_equal(g->selectors[0].pending[0], 15);
	assert_int_equal(g->selectors[1].every_ms, 60000);
	assert_int_equal(g->beat->write, 2);
	assert_int_equal(g->beat->period_ms, 10000);
	site_free(s);
	fixture_remove();
}

static void
test_what_a_site_does_not_say_is_safe(void **state)
{
	struct site *s = load("{selectors: [numeric]}");
	const struct device *d = &s->devices[0];

	(void)state;
	assert_true(d->dialogs.queue);
	assert_false(d->dialogs.allow_writes);
	assert_int_equal(d->dialogs.selectors, 1);
	assert_false(d->dialogs.gateway);
	assert_int_equal(d->dialogs.full_scan_ms, 45000);
	site_free(s);
	fixture_remove();
	s = load("{queue: false, allow_writes: true, selectors: [numeric, other],"
		 " full_scan: 20s, gateway: {unit: 200}}");
	d = &s->devices[0];
	assert_false(d->dialogs.queue);
	assert_true(d->dialogs.allow_writes);
	assert_int_equal(d->dialogs.selectors, 3);
	assert_int_equal(d->dialogs.gateway_unit, 200);
	assert_int_equal(d->dialogs.node, 3); // its unit
	assert_int_equal(d->dialogs.full_scan_ms, 20000);
	site_free(s);
	fixture_remove();
}

static void
test_the_panel_is_a_point_and_points_behind_selectors_are_last(void **state)
{
	static const char *const order[] = { "z1", "z300", "d1", "m1", "h9" };
	struct site *s = load("{selectors: [numeric]}");
	const struct device *d = &s->devices[0];
	const struct point *p = &s->points[d->panel_point];

	(void)state;
	assert_string_equal(p->id, "@panel/a");
	assert_int_equal(p->kind, KIND_PANEL);
	assert_int_equal(p->device, 0);
	assert_true(point_builtin(p));
	assert_string_equal(p->place_en, "Panel");
	assert_int_equal(point_class(p, COND_FIRE), CLASS_FIRE);
	assert_int_equal(point_class(p, COND_FAULT), CLASS_FAULT);
	assert_int_equal(d->n_points, ARRAY_LEN(order));
	for (uint32_t i = 0; i < d->n_points; i++)
		assert_string_equal(s->points[d->points[i]].id, order[i]);
	site_free(s);
	fixture_remove();
}

static void
test_the_budget_behind_a_summary(void **state)
{
	struct site *s = load("{selectors: [numeric]}");
	struct bus_budget bus = budget_of_bus(s, 0);
	const struct point *z1 = &s->points[site_find_point(s, "z1")];
	const struct point *d1 = &s->points[site_find_point(s, "d1")];
	const struct point *m1 = &s->points[site_find_point(s, "m1")];
	uint32_t plain = budget_of_point(s, z1, &bus).worst_ms;

	(void)state;
	// Counts can be the same before and after; a revision cannot. What is asked
	// each second comes before the full scan of 45 s each time.
	assert_in_range(
	    budget_of_point(s, d1, &bus).worst_ms, plain + 43000, plain + 44000);
	assert_in_range(budget_of_point(s, m1, &bus).worst_ms, plain, plain + 200);
	site_free(s);
	fixture_remove();
}

static unsigned
steps_of_driver(struct site *s)
{
	struct clock clock;
	struct driver_host host = { .site = s };
	struct decode_codes codes = { 0 };
	struct field_device d;
	unsigned n = 0;

	clock_virtual_init(&clock, 1000, 1000);
	host.loop = loop_new(&clock);
	device_init(&d, &host, &codes, 0, 0);
	d.link = DEVICE_UP;
	for (uint8_t i = 0; i < d.dialog->def->n_alive; i++)
		d.dialog->alive[i].state = ALIVE_GOOD;
	for (uint16_t i = 0; i < d.plan.n; i++)
		n += d.plan.blocks[i].kind != PLAN_IDENTITY &&
		     dialog_lets(&d, &d.plan.blocks[i]);
	device_free(&d);
	loop_free(host.loop);
	return n;
}

// The load counts all that the driver asks, but for the queue, which a host without a
// journal does not read.
static void
test_the_load_counts_dialogs(void **state)
{
	static const char *const dialogs[] = { "{queue: false, selectors: [numeric]}",
		"{queue: false, allow_writes: true, selectors: [numeric]}",
		"{queue: false, gateway: {unit: 200, node: 4}, selectors: [numeric]}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(dialogs); i++) {
		struct site *s = load(dialogs[i]);
		struct bus_budget bus = budget_of_bus(s, 0);

		// Loops of one summary that one read takes are a block each there.
		assert_int_equal(bus.requests, steps_of_driver(s));
		site_free(s);
		fixture_remove();
	}
	struct site *with = load("{selectors: [numeric]}");
	struct site *without = load("{queue: false, selectors: [numeric]}");
	// The reading and its acknowledgement.
	assert_int_equal(
	    budget_of_bus(with, 0).requests, budget_of_bus(without, 0).requests + 2);
	assert_true(budget_of_bus(with, 0).load > budget_of_bus(without, 0).load);
	site_free(with);
	site_free(without);
	fixture_remove();
}

static char *
summary_of(const struct site *s)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	site_print_summary(s, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void
test_check_prints_every_write_and_every_reason(void **state)
{
	static const char *const wanted[] = {
		"writes handled (acknowledge): function 6 to 46163 (printed 46163)",
		"values 0 to 65535",
		"writes select (selector): function 16 to 46179",
		"this must be its only client",
		"selector numeric: ENABLED; off by default, for it harmed others once.",
		"selector other: off; off by default, for nobody tried it.",
		"node is not watched: the gateway's unit is missing",
		"orion is watched",
		"heartbeat: off",
		"each 45 s",
	};
	struct site *s = load("{selectors: [numeric]}");
	char *text = summary_of(s);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (strstr(text, wanted[i]) == NULL)
			fail_msg("%s is missing in:\n%s", wanted[i], text);
	assert_null(strstr(text, "writes beat"));
	free(text);
	site_free(s);
	fixture_remove();
	s = load("{queue: false, allow_writes: true, selectors: [numeric]}");
	text = summary_of(s);
	assert_null(strstr(text, "writes handled"));
	assert_non_null(strstr(text, "event queue: off"));
	assert_non_null(strstr(text, "writes beat (heartbeat): function 5 to 7"));
	free(text);
	site_free(s);
	fixture_remove();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_profile_with_every_dialog),
		cmocka_unit_test(test_what_a_site_does_not_say_is_safe),
		cmocka_unit_test(
		    test_the_panel_is_a_point_and_points_behind_selectors_are_last),
		cmocka_unit_test(test_the_budget_behind_a_summary),
		cmocka_unit_test(test_the_load_counts_dialogs),
		cmocka_unit_test(test_check_prints_every_write_and_every_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
