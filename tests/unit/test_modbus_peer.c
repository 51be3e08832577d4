// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The Modbus drivers against libmodbus' own server, which nobody here wrote: over TCP,
// and over RTU on a pair of pseudo-terminals. The servers are threads; the driver runs
// on its loop with the machine's clock.

#include "modbus_peer.h"
#include "test.h"

static void
test_libmodbus_server_over_tcp(void **state)
{
	struct field_fixture f;
	struct peer p;
	struct driver_instance *d;
	struct device_look look;
	struct bus_look bus;

	(void)state;
	fixture_init(&f, clock_real());
	fixture_bus(&f, BUS_MODBUS_TCP, "127.0.0.1", start_tcp_peer(&p));
	fixture_device(&f, 0, 1, &profile_four, 50, 1000);
	add_points(&f, 0);
	d = driver_for_bus(BUS_MODBUS_TCP)->start(&f.host, 0);
	assert_true(fixture_run(&f, WAIT_MS, all_seen));
	check_values(&f);
	driver_modbus_tcp.look_device(d, 0, &look);
	assert_in_range(look.sums.requests - look.sums.good, 0, 1); // one in flight
	assert_true(look.max_reply_us > 0);
	assert_true(look.reply_p99_us >= look.reply_p50_us);
	assert_string_equal(look.state, "up");
	assert_int_equal(look.health_good, look.health_of);
	assert_int_equal(look.blocks, 4);
	driver_modbus_tcp.look_bus(d, &bus);
	assert_string_equal(bus.state, "open");
	assert_int_equal(bus.sums.connects, 1);
	assert_true(bus.sums.busy_us > 0 && bus.load > 0);
	assert_int_equal(fixture_link(&f, f.site.devices[0].link_point), 0);
	assert_int_equal(fixture_link(&f, f.site.buses[0].link_point), 0);
	driver_modbus_tcp.stop(d);
	stop_tcp_peer(&p);
	fixture_free(&f);
}

static bool
absent_lost(struct field_fixture *f)
{
	return fixture_link(f, f->site.devices[1].link_point) == 1;
}

static void
test_libmodbus_server_over_rtu(void **state)
{
	struct field_fixture f;
	struct peer p;
	struct line l;
	struct driver_instance *d;
	struct device_look look[2];

	(void)state;
	open_line(&l);
	start_rtu_peer(&p, l.name[0]);
	fixture_init(&f, clock_real());
	fixture_bus(&f, BUS_MODBUS_RTU, l.name[1], 0);
	fixture_device(&f, 0, 5, &profile_four, 50, 300);
	fixture_device(&f, 0, 6, &profile_four, 50, 100); // nobody there
	add_points(&f, 0);
	fixture_point(&f, 1, 2, 0);
	d = driver_for_bus(BUS_MODBUS_RTU)->start(&f.host, 0);
	assert_true(fixture_run(&f, WAIT_MS, all_seen));
	check_values(&f);
	assert_true(fixture_run(&f, WAIT_MS, absent_lost));
	assert_int_equal(fixture_link(&f, f.site.devices[0].link_point), 0);
	driver_modbus_rtu.look_device(d, 0, &look[0]);
	driver_modbus_rtu.look_device(d, 1, &look[1]);
	// One in flight, and a few late ones on a busy machine.
	assert_in_range(look[0].sums.requests - look[0].sums.good, 0, 5);
	assert_true(look[1].sums.timeouts >= 2);
	assert_string_equal(look[1].state, "lost");
	assert_string_equal(look[1].code, "timeout");
	assert_true(look[1].next_try_utc_ms > 0 && look[1].last_good_utc_ms == 0);
	driver_modbus_rtu.stop(d);
	stop_rtu_peer(&p);
	close_line(&l);
	fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_libmodbus_server_over_tcp),
		cmocka_unit_test(test_libmodbus_server_over_rtu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
