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
	struct link_stats stats;

	(void)state;
	fixture_init(&f, clock_real());
	fixture_bus(&f, BUS_MODBUS_TCP, "127.0.0.1", start_tcp_peer(&p));
	fixture_device(&f, 0, 1, &profile_four, 50, 1000);
	add_points(&f, 0);
	d = driver_for_bus(BUS_MODBUS_TCP)->start(&f.host, 0);
	assert_true(fixture_run(&f, WAIT_MS, all_seen));
	check_values(&f);
	assert_int_equal(driver_modbus_tcp.stats(d, &stats, 1), 1);
	assert_in_range(stats.requests - stats.good, 0, 1); // one in flight
	assert_int_equal(stats.connects, 1);
	assert_true(stats.max_reply_us > 0);
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
	struct link_stats stats[2];

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
	assert_int_equal(driver_modbus_rtu.stats(d, stats, 2), 2);
	// One in flight, and a few late ones on a busy machine.
	assert_in_range(stats[0].requests - stats[0].good, 0, 5);
	assert_true(stats[1].timeouts >= 2);
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
