// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Loads and detection budgets against figures worked out by hand, and the number of
// requests against the driver's own plan.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/budget.h"
#include "config_fixture.h"
#include "drivers/plan.h"
#include "test.h"

static struct site *
load(const char *text)
{
	(void)fixture_folder();
	fixture_write("site.yaml", text);
	struct site *s = fixture_load(fixture_path("site.yaml"), fixture_panels);
	fixture_remove();
	return s;
}

static bool
near(double a, double b)
{
	return fabs(a - b) < 0.01;
}

static struct point_budget
first_point(const struct site *s, const struct bus_budget *b)
{
	return budget_of_point(s, &s->points[0], b);
}

// One gauge at 9600 8N1: registers 2 to 6 in one read. 8 + 5 + 10 bytes of 10 bits are
// 23.96 ms and 5 ms to answer, rounded up to 29; the profile's gap of 10 ms is longer
// than 3.5 characters.
static void
test_serial_line(void **state)
{
	struct site *s =
	    load("site: {id: s, time_zone: UTC}\n"
		 "buses: [{id: r, modbus_rtu: /dev/ttyS0, line: 9600 8N1}]\n"
		 "devices:\n"
		 "  - {id: g, bus: r, unit: 1, profile: "
		 "pressure-transmitter-ptmb, poll: 2s, points: [{id: p, item: "
		 "pressure, kind: pressure, on_delay: 1s, place: {en: P}}]}\n");
	struct bus_budget b = budget_of_bus(s, 0);
	struct device_budget d = budget_of_device(s, &s->devices[0], &b);
	struct point_budget p = first_point(s, &b);

	(void)state;
	assert_int_equal(b.devices, 1);
	assert_int_equal(b.blocks, 1);
	assert_int_equal(b.requests, 1);
	assert_true(near(b.cycle_ms, 29 + 10));
	assert_true(near(b.load * 2000, b.cycle_ms));
	assert_int_equal(d.lost_replies, 2);
	assert_int_equal(d.silent, 0);
	// Period, a slot of 20 ms, the request; its own delay.
	assert_int_equal(p.calm_ms, 2000 + 20 + 39 + 1000);
	// Two time-outs of 1 s, with 29 * 1.1 ms of the line, 2 of the clock, 5 of
	// silence; a pass after each.
	assert_int_equal(p.worst_ms, p.calm_ms + 2 * (1000 + 32 + 2 + 5 + 39));
	assert_int_equal(p.pulse_ms, p.worst_ms);
	assert_int_equal(s->devices[0].budget_ms, p.worst_ms - 1000);
	assert_int_equal(p.limit_ms, BUDGET_OTHER_MS);
	site_free(s);
}

// Without transaction numbers the late replies to two requests of one size hold up the
// other, each for twice its time-out, and one of the two may have been sent before the
// contact. A request whose size no other has is held up by none.
static void
test_late_replies_hold_up_their_own_shape(void **state)
{
	struct site *s = load(
	    "site: {id: s, time_zone: UTC}\n"
	    "buses: [{id: b, modbus_rtu_tcp: \"192.0.2.1:4001\", line: 4800 8N1}]\n"
	    "devices:\n"
	    "  - {id: a, bus: b, unit: 1, profile: gst-5000, timeout: 700ms, "
	    "accept_budget: {limit: 20s, reason: slow panel}, points: [\n"
	    "    {id: p, item: point, loop: 0, device: 1, kind: smoke, place: {en: "
	    "P}},\n"
	    "    {id: q, item: point, loop: 0, device: 90, kind: smoke, place: {en: "
	    "P}},\n"
	    "    {id: r, item: point, loop: 0, device: 181, kind: smoke, place: "
	    "{en: "
	    "P}},\n"
	    "    {id: t, item: point, loop: 0, device: 183, kind: smoke, place: "
	    "{en: "
	    "P}}]}\n");
	struct bus_budget b = budget_of_bus(s, 0);
	uint32_t worst[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		worst[i] = budget_of_point(s, &s->points[i], &b).worst_ms;
	assert_int_equal(b.blocks, 4);
	assert_int_equal(worst[0], worst[1]);
	assert_int_equal(worst[2], worst[3]);
	assert_int_equal(worst[0] - worst[2], 3 * 700);
	assert_int_equal(s->devices[0].budget_ms, worst[0]);
	site_free(s);
}

// Two devices on one line: the other may fall silent when our turn comes, and is never
// asked again before us, for its time-out is the longer one.
static void
test_shared_bus(void **state)
{
	struct site *s = load(
	    "site: {id: s, time_zone: UTC}\n"
	    "buses: [{id: t, modbus_tcp: \"192.0.2.1\"}]\n"
	    "devices:\n"
	    "  - {id: a, bus: t, unit: 1, profile: notifier-modbus-gw, timeout: 500ms, "
	    "points: [{id: p, item: detector, loop: 1, device: 1, kind: smoke, place: "
	    "{en: "
	    "P}}]}\n"
	    "  - {id: b, bus: t, unit: 2, profile: notifier-modbus-gw, timeout: 3s, "
	    "retries: 0, accept_budget: {limit: 20s, reason: slow panel}, points: "
	    "[{id: q, "
	    "item: detector, loop: 1, device: 1, kind: smoke, place: {en: Q}}]}\n");
	struct bus_budget b = budget_of_bus(s, 0);
	struct device_budget d = budget_of_device(s, &s->devices[0], &b);

	(void)state;
	assert_int_equal(b.devices, 2);
	assert_int_equal(b.blocks, 2);
	assert_int_equal(d.lost_replies, 2);
	assert_int_equal(d.silent, 1);
	assert_int_equal(budget_of_device(s, &s->devices[1], &b).lost_replies, 0);
	assert_int_equal(first_point(s, &b).limit_ms, BUDGET_FIRE_MS);
	// 1000 + 20 + 5; 2 * 502 of its own, a pass of 10 and one of its own of 5, 3002
	// of the other, a slot; and twice, until nobody else waits, the longest
	// request, the other's that waits, and once more for it comes due meanwhile;
	// and the two that try how long the gateway waits.
	assert_int_equal(first_point(s, &b).worst_ms,
	    1025 + 2 * 502 + 10 + 5 + 3002 + 20 + 2 * (5 + 5 + 5) + 2 * 5);
	assert_int_equal(s->devices[1].accept_ms, 20000);
	assert_string_equal(s->devices[1].accept_reason, "slow panel");
	assert_null(s->devices[0].accept_reason);
	site_free(s);
}

// Gauges behind one gateway, with these keys of the bus.
static struct site *
load_gateway(const char *keys)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
	    "site: {id: s, time_zone: UTC}\n"
	    "buses: [{id: t, modbus_tcp: \"192.0.2.1\"%s}]\n"
	    "devices:\n"
	    "  - {id: a, bus: t, unit: 1, profile: pressure-transmitter-ptmb, points: "
	    "[{id: p, item: pressure, kind: pressure, place: {en: P}}]}\n"
	    "  - {id: b, bus: t, unit: 2, profile: pressure-transmitter-ptmb, points: "
	    "[{id: q, item: pressure, kind: pressure, place: {en: P}}]}\n"
	    "  - {id: c, bus: t, unit: 3, profile: pressure-transmitter-ptmb, points: "
	    "[{id: r, item: pressure, kind: pressure, place: {en: P}}]}\n"
	    "  - {id: d, bus: t, unit: 4, profile: pressure-transmitter-ptmb, points: "
	    "[{id: u, item: pressure, kind: pressure, place: {en: P}}]}\n",
	    keys);
	return load(text);
}

static uint32_t
worst_of_gateway(const char *keys)
{
	struct site *s = load_gateway(keys);
	struct bus_budget b = budget_of_bus(s, 0);
	uint32_t ms = first_point(s, &b).worst_ms;

	site_free(s);
	return ms;
}

// The longest: our own reply is the first that is lost; a unit that is tried with less
// than its time-out then holds the gateway for as long as the site says, or else for
// all of the 1 s; and less than that is no miss of its own, so that it is tried once
// more before it is lost, with 120 ms for all who wait then.
static void
test_gateway_is_counted(void **state)
{
	uint32_t assumed = worst_of_gateway("");
	uint32_t told = worst_of_gateway(", gateway_timeout: 1s");
	uint32_t some = worst_of_gateway(", gateway_timeout: 300ms");
	uint32_t quick = worst_of_gateway(", gateway_timeout: 50ms");

	(void)state;
	// But for the two that try how long the gateway waits.
	assert_int_equal(told, assumed - 2 * 15);
	// And those that come due are no more than their periods allow.
	assert_in_range(some, told - (1002 - 312) + 60, told - (1002 - 312) + 120);
	assert_in_range(quick, told - (1002 - 62) + 60, told - (1002 - 62) + 120);
}

// The time-outs of units behind a gateway that asks one at a time bound its own.
static void
test_gateway_gives_up_within_the_shortest_time_out(void **state)
{
	struct site *s = load(
	    "site: {id: s, time_zone: UTC}\n"
	    "buses: [{id: t, modbus_tcp: \"192.0.2.1\"},"
	    " {id: w, modbus_tcp: \"192.0.2.2\", window: 2}]\n"
	    "devices:\n"
	    "  - {id: a, bus: t, unit: 1, profile: notifier-modbus-gw, timeout: 2s, "
	    "points: [{id: p, item: detector, loop: 1, device: 1, kind: smoke, place: "
	    "{en: P}}]}\n"
	    "  - {id: b, bus: t, unit: 2, profile: notifier-modbus-gw, timeout: 300ms, "
	    "points: [{id: q, item: detector, loop: 1, device: 1, kind: smoke, place: "
	    "{en: P}}]}\n"
	    "  - {id: c, bus: w, unit: 2, profile: notifier-modbus-gw, timeout: 300ms, "
	    "points: [{id: r, item: detector, loop: 1, device: 1, kind: smoke, place: "
	    "{en: P}}]}\n");

	(void)state;
	assert_int_equal(s->buses[0].hold_ms, 300);
	assert_int_equal(s->buses[1].hold_ms, 0);
	site_free(s);
}

static void
test_units_that_fall_silent_at_once(void **state)
{
	uint32_t none = worst_of_gateway(", silent_units: 0");
	uint32_t one = worst_of_gateway("");
	uint32_t two = worst_of_gateway(", silent_units: 2");
	struct site *s = load_gateway(", silent_units: 9");
	struct bus_budget b = budget_of_bus(s, 0);

	(void)state;
	assert_int_equal(worst_of_gateway(", silent_units: 1"), one);
	assert_true(one >= none + 1000);
	assert_true(two >= one + 1000);
	// No more than there are.
	assert_int_equal(budget_of_device(s, &s->devices[0], &b).silent, 3);
	assert_int_equal(s->devices[0].budget_silent, 3);
	site_free(s);
}

static struct site *
load_output(const char *output)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
	    "site: {id: s, time_zone: UTC}\n"
	    "buses: [{id: r, modbus_tcp: \"192.0.2.1\", line: 9600 8N1}]\n"
	    "devices:\n"
	    "  - {id: m, bus: r, unit: 1, profile: adam-6050, poll: 1s, points: "
	    "[{id: p, item: di, device: 0, kind: door, place: {en: P}}]}\n"
	    "outputs: [{id: o, device: m, item: do, number: 1%s}]\n",
	    output);
	return load(text);
}

// A refresh of three requests, a change of two, and none where nothing is written.
static void
test_writes_are_in_the_load(void **state)
{
	static const struct {
		const char *output;
		uint32_t requests;
		double changes, refreshes; // a second
	} rows[] = {
		{ ", role: lamp, steady: [fire]", 0, 0, 0 },
		{ ", role: lamp, steady: [fire], allow_write: true", 3, 0.1, 0.1 },
		{ ", role: lamp, blink: [fire], allow_write: true, refresh: 5s", 3, 2,
		    0.2 },
		{ ", role: sounder, steady: [fire], allow_write: true", 3, 1, 0.1 },
		{ ", role: heartbeat, period: 2s, allow_write: true", 3, 1, 0.1 },
	};
	struct site *none = load_output(rows[0].output);
	struct bus_budget without = budget_of_bus(none, 0);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct site *s = load_output(rows[i].output);
		struct bus_budget b = budget_of_bus(s, 0);
		// A write 26 characters with its echo, a read 14, 5 of the unit and 5
		// of the network.
		double write = 38, read = 25;
		assert_int_equal(b.requests - without.requests, rows[i].requests);
		assert_true(near((b.load - without.load) * 1000,
		    rows[i].changes * (write + read) + rows[i].refreshes * read));
		assert_true(i == 0 || b.drift_ms > without.drift_ms);
		site_free(s);
	}
	site_free(none);
}

static void
test_gpio_line(void **state)
{
	struct site *s =
	    load("site: {id: s, time_zone: UTC}\n"
		 "gpio:\n"
		 "  - {id: g, chip: c, points: [{id: a, line: x, kind: door, "
		 "debounce: 80ms, on_delay: 2s, place: {en: D}}, {id: b, line: y, "
		 "kind: panic, pulse: latch, place: {en: D}}]}\n");

	(void)state;
	assert_int_equal(budget_of_point(s, &s->points[0], NULL).worst_ms, 2080);
	assert_int_equal(budget_of_point(s, &s->points[1], NULL).worst_ms, 0);
	assert_int_equal(budget_of_point(s, &s->points[1], NULL).pulse_ms, 0);
	site_free(s);
}

static uint32_t
blocks_of_driver(const struct site *s, const struct device *d)
{
	struct plan plan;
	uint32_t n = 0;

	plan_build(s, d, &plan);
	for (uint16_t i = 0; i < plan.n; i++)
		n += plan.blocks[i].kind == PLAN_POINTS;
	plan_free(&plan);
	return n;
}

static void
test_requests_are_those_of_the_driver(void **state)
{
	static const char *const sites[] = {
		WR_SOURCE_ROOT "/conf/example/site.yaml",
		WR_SOURCE_ROOT "/conf/demo/site.yaml",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sites); i++) {
		struct site *s = fixture_load(sites[i], fixture_panels);
		for (uint16_t k = 0; k < s->n_devices; k++)
			assert_int_equal(budget_blocks(s, &s->devices[k]),
			    blocks_of_driver(s, &s->devices[k]));
		site_free(s);
	}
}

// Every pattern of holes around the widths at which blocks part.
static void
test_holes_part_blocks_alike(void **state)
{
	(void)state;
	for (unsigned step = 1; step < 20; step++) {
		char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);
		assert_non_null(out);
		(void)fprintf(out, "site: {id: s, time_zone: UTC}\n"
				   "buses: [{id: t, modbus_tcp: \"192.0.2.1\"}]\n"
				   "devices:\n  - id: a\n    bus: t\n    unit: 1\n"
				   "    profile: notifier-modbus-gw\n    points:\n");
		for (unsigned n = 1; n <= 159; n += step)
			(void)fprintf(out,
			    "      - {id: p%u, item: detector, loop: 1, device: %u, "
			    "kind: smoke, "
			    "place: {en: P}}\n",
			    n, n);
		assert_int_equal(fclose(out), 0);
		struct site *s = load(text);
		assert_int_equal(budget_blocks(s, &s->devices[0]),
		    blocks_of_driver(s, &s->devices[0]));
		site_free(s);
		free(text);
	}
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
assert_said(const char *text, const char *const *wanted, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strstr(text, wanted[i]) == NULL)
			fail_msg("no \"%s\" in:\n%s", wanted[i], text);
}

static void
test_summary_names_everything(void **state)
{
	static const char *const wanted[] = { "site tower-a (Tower A), revision ",
		"modbus_tcp 192.0.2.10 port 502", "/dev/serial/by-id/usb-1 9600 8N1",
		"notifier-modbus-gw (documented)", "limit 10 s", "door-b1-pump",
		"load ", "room-io", "duty-chat", "fire-ladder",
		"every 1 min until answered", "fap1 holding 400 (block from 40001)" };
	struct site *s =
	    fixture_load(WR_SOURCE_ROOT "/conf/example/site.yaml", fixture_panels);
	char *text = summary_of(s);

	(void)state;
	assert_said(text, wanted, ARRAY_LEN(wanted));
	for (uint32_t i = 0; i < s->n_site_points; i++)
		assert_non_null(strstr(text, s->points[i].id));
	free(text);
	site_free(s);
}

// Each rule a line of its own, with its times.
static void
test_summary_names_the_rules(void **state)
{
	static const char *const wanted[] = { "\nrules\n",
		"\n  eol                          loop              short below 1000, ",
		"open above; a fault after 2 s\n",
		"forced without a grant of exit-archive (stuck after 5 min), "
		"card-archive (stuck after 5 min) within 8 s, locked 1 s after",
		"; held after 2 min, warned 10 s before; unlocked mon tue wed thu fri "
		"07:30 to 19:00, sat 09:00 to 12:00\n",
		"never forced; held after 30 s",
		"normally closed; told open for 10 s, a fault after 1 min\n",
		"normally open; a fault closed for 3 s; released by "
		"fire-door-lobby-release, closed within 30 s; line "
		"fire-door-lobby-line\n",
		"begins each day 00:00 02:00 04:00 22:00; patrol-garage 0 ms to 20 min",
		"asks after 2 h by day, asks after 1 h by night (night each day 22:00 "
		"to "
		"07:00); an alarm 45 s after; answered at the desk, desk-button\n" };
	struct site *s =
	    fixture_load(WR_SOURCE_ROOT "/conf/contacts/site.yaml", fixture_panels);
	char *text = summary_of(s);

	(void)state;
	assert_said(text, wanted, ARRAY_LEN(wanted));
	free(text);
	site_free(s);
}

// Three misses of 10 s, one of them 10 % late, then a check of two tries of 2 s and the
// gap of 1 s. Two hosts at one address do not wait for each other, a third does.
static void
test_host(void **state)
{
	struct site *s = load(
	    "site: {id: s, time_zone: UTC}\n"
	    "hosts:\n"
	    "  - {id: a, kind: server, tcp: \"192.0.2.1:22\", place: {en: A},\n"
	    "     period: 10s, timeout: 2s, lost: {misses: 3, of: 4}}\n"
	    "  - {id: b, kind: server, ping: 192.0.2.1, place: {en: B},\n"
	    "     period: 20s, timeout: 5s, retries: 0, lost: {misses: 1, of: 1}}\n"
	    "  - {id: c, kind: server, ping: 192.0.2.2, place: {en: C},\n"
	    "     period: 20s, timeout: 1s, retries: 0, lost: {misses: 1, of: 1}}\n"
	    "  - {id: d, kind: server, ping: 192.0.2.2, place: {en: D},\n"
	    "     period: 20s, timeout: 2s, retries: 0, lost: {misses: 1, of: 1}}\n"
	    "  - {id: e, kind: server, ping: 192.0.2.2, place: {en: E},\n"
	    "     period: 20s, timeout: 1s, retries: 0, lost: {misses: 1, of: 1}}\n");
	struct host_budget b = budget_of_host(s, 0);
	struct hosts_budget all = budget_of_hosts(s);

	(void)state;
	assert_int_equal(b.check_ms, 2 * 2000 + 1000);
	assert_int_equal(b.worst_ms, 3 * 10000 + 1000 + 5000);
	assert_int_equal(b.limit_ms, BUDGET_OTHER_MS);
	assert_int_equal(budget_of_host(s, 1).worst_ms, 20000 + 2000 + 5000);
	assert_int_equal(budget_of_host(s, 2).worst_ms, 20000 + 2000 + 1000 + 2000);
	assert_true(near(all.per_second, 0.1 + 4 * 0.05));
	assert_true(near(all.at_once, 0.4 + 0.25 + 0.05 + 0.1 + 0.05));
	site_free(s);
}

// A lost reply of the exit button makes no forced door: an opening waits as long as the
// button may take to be told, unless the site says otherwise.
static void
test_a_door_waits_as_long_as_its_grant_may_take(void **state)
{
#define DOORS(more)                                                               \
  "site: {id: s, time_zone: UTC}\n"                                               \
  "buses: [{id: lan, modbus_tcp: \"192.0.2.1\"}]\n"                               \
  "devices:\n"                                                                    \
  "  - {id: io, bus: lan, unit: 1, profile: adam-6050, poll: 1s, timeout: 700ms," \
  " retries: 2, points: ["                                                        \
  "{id: d, item: di, device: 0, kind: door, place: {en: D}},"                     \
  "{id: rex, item: di, device: 1, kind: request-to-exit, place: {en: R}}]}\n"     \
  "gpio: [{id: room, chip: gpiochip0, points: [{id: key, line: \"4\", kind:"      \
  " request-to-exit, debounce: 80ms, place: {en: K}}]}]\n"                        \
  "doors: [{point: d" more "}]\n"
	struct site *s = load(DOORS(", grants: [rex, key]"));
	struct bus_budget b = budget_of_bus(s, 0);
	uint32_t rex = site_find_point(s, "rex");
	uint32_t worst = budget_of_point(s, &s->points[rex], &b).worst_ms;

	(void)state;
	assert_in_range(worst, 1000 + 700, 5000); // a lost reply is in it
	assert_int_equal(s->doors[0].rule.settle_ms, worst + 200);
	site_free(s);
	s = load(DOORS(", grants: [key]"));
	assert_int_equal(s->doors[0].rule.settle_ms, 80 + 200);
	site_free(s);
	s = load(DOORS(", grants: [rex], settle: 900ms"));
	assert_int_equal(s->doors[0].rule.settle_ms, 900);
	site_free(s);
	s = load(DOORS(""));
	assert_int_equal(s->doors[0].rule.settle_ms, 0);
	site_free(s);
#undef DOORS
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_door_waits_as_long_as_its_grant_may_take),
		cmocka_unit_test(test_serial_line),
		cmocka_unit_test(test_late_replies_hold_up_their_own_shape),
		cmocka_unit_test(test_shared_bus),
		cmocka_unit_test(test_gateway_is_counted),
		cmocka_unit_test(test_gateway_gives_up_within_the_shortest_time_out),
		cmocka_unit_test(test_units_that_fall_silent_at_once),
		cmocka_unit_test(test_writes_are_in_the_load),
		cmocka_unit_test(test_gpio_line),
		cmocka_unit_test(test_requests_are_those_of_the_driver),
		cmocka_unit_test(test_holes_part_blocks_alike),
		cmocka_unit_test(test_summary_names_everything),
		cmocka_unit_test(test_summary_names_the_rules),
		cmocka_unit_test(test_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
