// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The serial port: pulled out, put back under another name, taken, without permission
// to switch the direction of an RS-485 line; and a line behind a device server. Real
// pseudo-terminals and sockets on the machine's clock; only RTS, which those do not
// have, is played by a wrapped ioctl.

#include <sys/ioctl.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "modbus_peer.h"
#include "test.h"

enum {
	RTS_MAX = 4096,
};

// What the driver did with RTS; a port that has it, and that says for the first two
// questions that its transmitter is not empty yet.
static struct {
	bool there;
	unsigned n, questions;
	struct {
		bool on;
		int64_t us;
	} change[RTS_MAX];
} rts;

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);

static int64_t
now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
note_rts(bool on)
{
	if (rts.n == RTS_MAX)
		return;
	rts.change[rts.n].on = on;
	rts.change[rts.n++].us = now_us();
	rts.questions = 0;
}

int
__wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (rts.there && (request == TIOCMBIS || request == TIOCMBIC)) {
		note_rts(request == TIOCMBIS);
		return 0;
	}
	if (rts.there && request == TIOCSERGETLSR) {
		*(unsigned *)arg = rts.questions++ < 2 ? 0 : TIOCSER_TEMT;
		return 0;
	}
	return __real_ioctl(fd, request, arg);
}

static int64_t
cpu_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// The other end goes: the port stays readable for ever. No busy loop, one fault.
static void
test_an_unplugged_port(void **state)
{
	struct field_fixture f;
	struct line l;
	struct driver_instance *d;
	int64_t cpu;

	(void)state;
	open_line(&l);
	fixture_init(&f, clock_real());
	fixture_bus(&f, BUS_MODBUS_RTU, l.name[1], 0);
	fixture_device(&f, 0, 5, &profile_four, 50, 100);
	f.site.devices[0].retries = 0;
	fixture_point(&f, 0, 2, 0);
	d = driver_modbus_rtu.start(&f.host, 0);
	assert_true(fixture_run(&f, WAIT_MS, bus_up));
	hang_up_line(&l);
	assert_true(fixture_run(&f, WAIT_MS, bus_lost));
	assert_string_equal(
	    fixture_link_code(&f, f.site.buses[0].link_point), "port-gone");
	cpu = cpu_ms();
	fixture_run(&f, 1500, NULL);
	assert_true(cpu_ms() - cpu < 300);
	driver_modbus_rtu.stop(d);
	close_line(&l);
	fixture_free(&f);
}

static void
test_a_port_that_is_not_there(void **state)
{
	struct field_fixture f;
	struct driver_instance *d;

	(void)state;
	fixture_init(&f, clock_real());
	fixture_bus(&f, BUS_MODBUS_RTU, "/nonexistent/tty", 0);
	fixture_device(&f, 0, 5, &profile_four, 50, 100);
	f.site.devices[0].retries = 0;
	fixture_point(&f, 0, 2, 0);
	d = driver_modbus_rtu.start(&f.host, 0);
	assert_true(fixture_run(&f, WAIT_MS, bus_lost));
	assert_string_equal(
	    fixture_link_code(&f, f.site.buses[0].link_point), "port-missing");
	assert_int_equal(fixture_link(&f, f.site.devices[0].link_point), 1);
	driver_modbus_rtu.stop(d);
	fixture_free(&f);
}

// An adapter that is plugged in again gets another number; what leads to it is its name
// below /dev/serial/by-id.
static void
test_a_port_that_comes_back_elsewhere(void **state)
{
	char folder[] = "/tmp/serialXXXXXX", name[64];
	struct field_fixture f;
	struct line one, two;
	struct peer p;
	struct driver_instance *d;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(name, sizeof(name), "%s/usb-1", folder);
	open_line(&one);
	open_line(&two);
	assert_string_not_equal(one.name[1], two.name[1]);
	assert_int_equal(symlink(one.name[1], name), 0);
	start_rtu_peer(&p, two.name[0]);
	fixture_init(&f, clock_real());
	fixture_bus(&f, BUS_MODBUS_RTU, name, 0);
	fixture_device(&f, 0, 5, &profile_four, 50, 300);
	add_points(&f, 0);
	d = driver_modbus_rtu.start(&f.host, 0);
	assert_true(fixture_run(&f, WAIT_MS, bus_up));
	hang_up_line(&one);
	assert_int_equal(unlink(name), 0);
	assert_true(fixture_run(&f, WAIT_MS, bus_lost));
	assert_int_equal(f.n_samples, 0); // nobody was at the first one
	assert_int_equal(symlink(two.name[1], name), 0);
	assert_true(fixture_run(&f, WAIT_MS, all_seen));
	check_values(&f);
	assert_true(bus_up(&f));
	assert_int_equal(fixture_link(&f, f.site.devices[0].link_point), 0);
	driver_modbus_rtu.stop(d);
	stop_rtu_peer(&p);
	close_line(&one);
	close_line(&two);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(rmdir(folder), 0);
	fixture_free(&f);
}

static void
run_rs485(enum rs485_mode mode, bool has_rts, bool works)
{
	struct field_fixture f;
	struct line l;
	struct peer p;
	struct driver_instance *d;

	memset(&rts, 0, sizeof(rts));
	rts.there = has_rts;
	open_line(&l);
	start_rtu_peer(&p, l.name[0]);
	fixture_init(&f, clock_real());
	fixture_bus(&f, BUS_MODBUS_RTU, l.name[1], 0);
	f.site.buses[0].rs485 = mode;
	f.site.buses[0].baud = 9600;
	fixture_device(&f, 0, 5, &profile_four, 50, 300);
	f.site.devices[0].retries = works ? 2 : 0;
	f.site.devices[0].gap_ms =
	    40; // a pseudo-terminal answers before the frame left
	add_points(&f, 0);
	d = driver_modbus_rtu.start(&f.host, 0);
	assert_true(fixture_run(&f, WAIT_MS, works ? all_seen : bus_lost));
	if (works)
		check_values(&f);
	else
		assert_string_equal(bus_code(&f), "port-rs485");
	driver_modbus_rtu.stop(d);
	stop_rtu_peer(&p);
	close_line(&l);
	fixture_free(&f);
}

// A pseudo-terminal has no RS-485. Where the site does not insist, the adapter switches
// by itself; where it does, the line would be dumb or jammed: the port is not used.
static void
test_who_switches_the_direction(void **state)
{
	(void)state;
	run_rs485(RS485_AUTO, false, true);
	run_rs485(RS485_NONE, false, true);
	run_rs485(RS485_KERNEL, false, false);
	run_rs485(RS485_RTS, false, false);
}

// RTS is raised for the time of the frame and falls once the last bit has left.
static void
test_rts_is_raised_while_sending(void **state)
{
	const int64_t frame_us = 8 * 10 * 1000000LL / 9600; // a request, 8N1

	(void)state;
	run_rs485(RS485_RTS, true, true);
	assert_false(rts.change[0].on); // silent once opened
	assert_true(rts.n >= 9);        // four blocks at least, and released at the end
	for (unsigned i = 1; i + 1 < rts.n; i += 2) {
		int64_t us = rts.change[i + 1].us - rts.change[i].us;

		assert_true(rts.change[i].on);
		assert_false(rts.change[i + 1].on);
		assert_true(us >= frame_us || i + 2 >= rts.n); // or the port was closed
	}
}

static bool
absent_lost(struct field_fixture *f)
{
	return fixture_link(f, f->site.devices[1].link_point) == 1;
}

// libmodbus' RTU server on a line behind a TCP port, as device servers have it.
static void
test_rtu_frames_over_tcp(void **state)
{
	struct field_fixture f;
	struct line l;
	struct peer p;
	struct driver_instance *d;
	struct device_look look;
	struct bus_look bus;

	(void)state;
	fixture_init(&f, clock_real());
	fixture_bus(&f, BUS_MODBUS_RTU_TCP, "127.0.0.1", open_line_behind_port(&l));
	start_rtu_peer(&p, l.name[1]);
	fixture_device(&f, 0, 5, &profile_four, 50, 1000);
	// Nobody there. libmodbus' server waits 0.5 s for the answer of another unit
	// and hears nothing else meanwhile.
	fixture_device(&f, 0, 6, &profile_four, 50, 700);
	add_points(&f, 0);
	fixture_point(&f, 1, 2, 0);
	d = driver_for_bus(BUS_MODBUS_RTU_TCP)->start(&f.host, 0);
	assert_true(fixture_run(&f, WAIT_MS, all_seen));
	check_values(&f);
	assert_true(fixture_run(&f, WAIT_MS, absent_lost));
	assert_int_equal(fixture_link(&f, f.site.devices[0].link_point), 0);
	driver_modbus_rtu_tcp.look_device(d, 1, &look);
	driver_modbus_rtu_tcp.look_bus(d, &bus);
	assert_true(look.sums.timeouts >= 3);
	assert_int_equal(bus.sums.connects, 1); // a silent unit costs nobody the link
	assert_int_equal(bus.devices_lost, 1);
	assert_int_equal(bus.retry_within_ms, LINK_BACKOFF_MAX_MS);
	driver_modbus_rtu_tcp.stop(d);
	stop_rtu_peer(&p);
	close_line(&l);
	fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_unplugged_port),
		cmocka_unit_test(test_a_port_that_is_not_there),
		cmocka_unit_test(test_a_port_that_comes_back_elsewhere),
		cmocka_unit_test(test_who_switches_the_direction),
		cmocka_unit_test(test_rts_is_raised_while_sending),
		cmocka_unit_test(test_rtu_frames_over_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
