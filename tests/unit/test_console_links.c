// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Buses, devices and blocks in the API, and their figures for Prometheus: paged, and
// made in portions, so that a thousand devices hold nothing up (I1).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_fixture.h"
#include "lib/mem.h"
#include "test.h"

enum {
	MANY = 1500
};

// Makes the site one of many devices, named "p0", "p1", ..., two on a bus in turn.
static void
grow(struct fixture *f, struct device *devices, struct bus *buses, char (*names)[12])
{
	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "p%u", i);
		devices[i] = f->daemon.site.devices[0];
		devices[i].id = names[i];
		devices[i].bus = (uint16_t)(i % 2);
	}
	buses[0] = buses[1] = f->daemon.site.buses[0];
	buses[0].id = "one";
	buses[1].id = "two";
	f->daemon.site.devices = devices;
	f->daemon.site.n_devices = MANY;
	f->daemon.site.buses = buses;
	f->daemon.site.n_buses = 2;
}

static struct device many[MANY];
static struct bus pair[2];
static char names[MANY][12];

static unsigned
count(const char *text, const char *what)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, what)) != NULL; p++)
		n++;
	return n;
}

static void
has_all(struct answer a, const char *const *parts, size_t n)
{
	assert_int_equal(a.status, 200);
	expect_strict_json(a.body);
	for (size_t i = 0; i < n; i++)
		if (strstr(a.body, parts[i]) == NULL)
			fail_msg("no %s in %s", parts[i], a.body);
	answer_free(&a);
}

static void
test_a_bus(void **state)
{
	static const char *const parts[] = {
		"{\"id\":\"panel-lan\",\"kind\":\"modbus_tcp\"",
		"\"where\":\"192.0.2.10:502\"",
		"\"state\":\"open\",\"lost\":false,\"code\":null",
		"\"devices\":1,\"devices_lost\":0,\"devices_sick\":1",
		"\"window\":2,\"in_flight\":1,\"load\":0.124,\"load_sick\":0",
		"\"retry_within_ms\":30000,\"connects\":3",
		"\"busy_ms\":1500",
		"\"next\":null",
	};

	has_all(ask(*state, "GET /api/v1/buses", "", NULL), parts, ARRAY_LEN(parts));
}

static void
test_a_device(void **state)
{
	static const char *const parts[] = {
		"{\"id\":\"fap1\",\"bus\":\"panel-lan\",\"unit\":7",
		"\"profile\":\"panel\"",
		"\"state\":\"up\",\"code\":null,\"since\":null,\"tries\":0",
		"\"last_good\":\"2026-01-02T03:04:05.678Z\"",
		"\"health\":{\"good\":15,\"of\":16},\"sick\":false,\"flaps\":false",
		"\"worst_gap_ms\":1004",
		// The last bound of the histogram is no time.
		"\"reply_ms\":{\"last\":1.5,\"p50\":2,\"p99\":null,\"max\":2500}",
		"\"requests\":100,\"good\":97,\"timeouts\":1,\"exceptions\":2",
		"\"blocks\":3",
	};
	struct fixture *f = *state;

	has_all(ask(f, "GET /api/v1/devices", "", NULL), parts, ARRAY_LEN(parts));
	has_all(ask(f, "GET /api/v1/devices?bus=panel-lan", "", NULL), parts,
	    ARRAY_LEN(parts));
	expect(ask(f, "GET /api/v1/devices?bus=none", "", NULL), 404, "\"bus\"");
	expect(ask(f, "GET /api/v1/devices?limit=501", "", NULL), 400, "\"limit\"");
	expect(
	    ask(f, "GET /api/v1/devices?unit=1", "", NULL), 400, "unknown_parameter");
	// What was never measured is null.
	f->daemon.device.sums.replies = 0;
	expect(ask(f, "GET /api/v1/devices", "", NULL), 200,
	    "\"reply_ms\":{\"last\":null,\"p50\":null,\"p99\":null,\"max\":null}");
}

static void
test_blocks_of_a_device(void **state)
{
	static const char *const parts[] = {
		"{\"kind\":\"points\",\"area\":\"holding\",\"address\":200",
		"\"count\":20,\"points\":20,\"class\":\"scan\"",
		"\"state\":\"read\",\"period_ms\":1000",
		"\"requests\":50,\"good\":49,\"missed\":1,\"refused\":0",
		"\"reply_ms\":{\"last\":2,\"max\":9}",
		"\"next\":\"2\"",
	};
	struct fixture *f = *state;

	has_all(ask(f, "GET /api/v1/devices/fap1/blocks?after=1&limit=1", "", NULL),
	    parts, ARRAY_LEN(parts));
	expect(ask(f, "GET /api/v1/devices/fap1/blocks?after=2", "", NULL), 200,
	    "\"next\":null");
	expect(ask(f, "GET /api/v1/devices/fap1/blocks?after=9", "", NULL), 200,
	    "{\"blocks\":[],\"next\":null}");
	expect(ask(f, "GET /api/v1/devices/nobody/blocks", "", NULL), 404, "\"id\"");
}

static void
test_pages_add_up(void **state)
{
	struct fixture *f = *state;
	char target[80] = "GET /api/v1/devices?bus=two&limit=500";
	unsigned n = 0, pages = 0;

	grow(f, many, pair, names);
	for (;;) {
		struct answer a = ask(f, target, "", NULL);
		char *next = strstr(a.body, "\"next\":\"");

		n += count(a.body, "\"bus\":\"two\"");
		assert_int_equal(count(a.body, "\"bus\":\"one\""), 0);
		pages++;
		if (next != NULL)
			(void)snprintf(target, sizeof(target),
			    "GET /api/v1/devices?bus=two&limit=500&after=%.*s",
			    (int)strcspn(next + 8, "\""), next + 8);
		answer_free(&a);
		if (next == NULL)
			break;
	}
	assert_int_equal(n, MANY / 2);
	assert_in_range(pages, 2, 3);
}

static void
test_figures_for_prometheus(void **state)
{
	static const char *const lines[] = {
		"\nwatchroom_bus_up{bus=\"panel-lan\"} 1\n",
		"\nwatchroom_bus_busy_seconds_total{bus=\"panel-lan\"} 1.5\n",
		"\nwatchroom_device_health_ratio{bus=\"panel-lan\",device=\"fap1\"} "
		"0.9375\n",
		"\n# TYPE watchroom_device_requests_total counter\n",
		"\nwatchroom_device_requests_total{bus=\"panel-lan\",device=\"fap1\"} "
		"100\n",
	};
	struct fixture *f = *state;
	struct answer a = ask(f, "GET /metrics", "", NULL);

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (strstr(a.body, lines[i]) == NULL)
			fail_msg("no %s in %s", lines[i], a.body);
	assert_int_equal(count(a.body, "watchroom_block_"), 0);
	assert_int_equal(a.body[a.body_len - 1], '\n');
	answer_free(&a);
	expect(ask(f, "GET /metrics?blocks=1", "", NULL), 200,
	    "\nwatchroom_block_good_total{bus=\"panel-lan\",device=\"fap1\",kind="
	    "\"points\",area=\"holding\",address=\"200\"} 49\n");
	// What is not known has no line.
	f->daemon.device.last_good_utc_ms = 0;
	a = ask(f, "GET /metrics", "", NULL);
	assert_int_equal(count(a.body, "watchroom_device_last_good_age_seconds{"), 0);
	answer_free(&a);
	expect(ask(f, "GET /metrics?blocks=2", "", NULL), 400, "\"blocks\"");
}

// The format has no two lines of the same labels.
static void
test_blocks_that_begin_at_one_address_are_one_series(void **state)
{
	static const char good[] = "watchroom_block_good_total{";
	static const char labels[] = "kind=\"points\",area=\"holding\",address=\"0\"}";
	struct fixture *f = *state;
	struct answer a;

	f->daemon.block_stride = 0;
	a = ask(f, "GET /metrics?blocks=1", "", NULL);
	assert_int_equal(count(a.body, good), 1);
	assert_int_equal(count(a.body, labels), 6);                // one of each family
	assert_non_null(strstr(a.body, "address=\"0\"} 147\n"));   // 3 x 49 good
	assert_non_null(strstr(a.body, "address=\"0\"} 1.004\n")); // the longest gap
	answer_free(&a);
}

static void
test_i6_a_link_nobody_knows_of_is_neither_up_nor_lost(void **state)
{
	struct fixture *f = *state;
	struct answer a;

	f->daemon.bus.known = false;
	f->daemon.device.state = "new";
	expect(ask(f, "GET /api/v1/buses", "", NULL), 200, "\"lost\":null");
	a = ask(f, "GET /metrics", "", NULL);
	assert_int_equal(count(a.body, "watchroom_bus_up{"), 0);
	assert_int_equal(count(a.body, "watchroom_device_up{"), 0);
	assert_int_equal(count(a.body, "watchroom_bus_devices{"), 1);
	answer_free(&a);
}

static void
test_i1_many_devices_hold_nothing_up(void **state)
{
	struct fixture *f = *state;
	struct client *long_one, *short_one;
	struct answer a;

	grow(f, many, pair, names);
	long_one = fixture_connect(f, NULL);
	short_one = fixture_connect(f, NULL);
	for (int i = 0; i < 2; i++) { // both are taken by now
		client_say(i ? long_one : short_one,
		    "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
		assert_true(client_answer(i ? long_one : short_one, false, &a));
		answer_free(&a);
	}
	client_say(
	    long_one, "GET /metrics?blocks=1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
	client_say(short_one, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_true(client_answer(short_one, false, &a));
	assert_int_equal(a.status, 200);
	answer_free(&a);
	assert_true(client_answer(long_one, false, &a));
	assert_int_equal(a.status, 200);
	// The short one was answered in the middle of it.
	assert_in_range(f->daemon.looks_at_health, 1, f->daemon.looks - 1);
	assert_int_equal(count(a.body, "watchroom_device_up{"), MANY);
	assert_int_equal(count(a.body, "# HELP watchroom_device_up "), 1);
	assert_int_equal(count(a.body, "watchroom_block_good_total{"), 3 * MANY);
	answer_free(&a);
	client_close(long_one);
	client_close(short_one);
}

// A scraper whose answer is being made. It is refused, and asks again, while that of
// one who has hung up is not yet known to be for nobody.
static struct client *
scraper(struct fixture *f)
{
	for (int tries = 0; tries < 1000; tries++) {
		struct client *c = fixture_connect(f, NULL);

		client_say(c, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
		f->daemon.looks = 0;
		while (f->daemon.looks == 0 && c->in.len == 0)
			client_turn(c);
		if (f->daemon.looks > 0)
			return c;
		client_close(c);
	}
	fail_msg("metrics are made for somebody who has gone");
	return NULL;
}

// A scraper that hangs up, or a daemon that stops, in the middle.
static void
test_a_reader_that_goes(void **state)
{
	struct fixture *f = *state;

	grow(f, many, pair, names);
	for (int i = 0; i < 3; i++)
		client_close(
		    scraper(f)); // the last one is still being made at tear-down
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, console_set_up, console_tear_down)
	const struct CMUnitTest tests[] = {
		T(test_a_bus),
		T(test_a_device),
		T(test_blocks_of_a_device),
		T(test_pages_add_up),
		T(test_figures_for_prometheus),
		T(test_blocks_that_begin_at_one_address_are_one_series),
		T(test_i6_a_link_nobody_knows_of_is_neither_up_nor_lost),
		T(test_i1_many_devices_hold_nothing_up),
		T(test_a_reader_that_goes),
	};

	return cmocka_run_group_tests(tests, console_group_set_up, NULL);
}
