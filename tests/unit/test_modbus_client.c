// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The tools' blocking client against libmodbus' own servers: TCP, a serial line, RTU
// frames over TCP; what is asked is what comes, a refusal and a silence are no value,
// and a port that another program holds is not touched.
#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "drivers/modbus_client.h"
#include "modbus_peer.h"
#include "test.h"

enum {
	UNIT = 5,
	PATIENCE_MS = 3000, // of a loaded machine
	SHORT_MS = 150
};

static struct client_target
serial_target(const char *tty)
{
	return (struct client_target){ .kind = CLIENT_RTU,
		.serial = { .tty = tty,
		    .baud = 19200,
		    .parity = 'N',
		    .data_bits = 8,
		    .stop_bits = 1 } };
}

static struct modbus_client *
open_client(const struct client_target *t)
{
	struct err err = { 0 };
	struct modbus_client *c = modbus_client_open(t, PATIENCE_MS, &err);

	if (c == NULL)
		fail_msg("%s", err.text);
	return c;
}

static struct client_answer
ask(struct modbus_client *c, enum area area, uint16_t address, uint16_t count)
{
	const struct client_question q = {
		.unit = UNIT, .area = area, .address = address, .count = count
	};
	struct client_answer a;

	modbus_client_ask(c, &q, PATIENCE_MS, &a);
	return a;
}

// modbus_peer.c fills its registers with where they are.
static void
check_all_areas(struct modbus_client *c)
{
	struct client_answer a = ask(c, AREA_HOLDING, 3, 10);
	assert_int_equal(a.verdict, CLIENT_GOOD);
	assert_true(a.us > 0);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(a.words[i], AREA_HOLDING * 1000 + (3 + i) * 3 + 7);
	a = ask(c, AREA_INPUT, PER_AREA - 1, 1);
	assert_int_equal(a.words[0], AREA_INPUT * 1000 + (PER_AREA - 1) * 3 + 7);
	a = ask(c, AREA_COIL, 0, PER_AREA);
	assert_int_equal(a.verdict, CLIENT_GOOD);
	for (unsigned i = 0; i < PER_AREA; i++)
		assert_int_equal(a.words[i], i % 3 == 0);
	a = ask(c, AREA_DISCRETE, 5, 6);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(a.words[i], (5 + i) % 5 == 0);
	a = ask(c, AREA_HOLDING, PER_AREA, 1);
	assert_int_equal(a.verdict, CLIENT_EXCEPTION);
	assert_int_equal(a.exception, 2);
	a = ask(c, AREA_HOLDING, 0, 1);
	assert_int_equal(a.words[0], AREA_HOLDING * 1000 + 7);
	assert_int_equal(modbus_client_requests(c), 6);
}

static void
test_tcp(void **state)
{
	struct peer p;
	struct client_target t = {
		.kind = CLIENT_TCP, .host = "127.0.0.1", .port = start_tcp_peer(&p)
	};
	struct modbus_client *c = open_client(&t);

	(void)state;
	check_all_areas(c);
	modbus_client_close(c);
	stop_tcp_peer(&p);
}

static void
test_serial_line(void **state)
{
	struct line l;
	struct peer p;

	(void)state;
	open_line(&l);
	start_rtu_peer(&p, l.name[1]);
	struct client_target t = serial_target(l.name[0]);
	struct modbus_client *c = open_client(&t);
	check_all_areas(c);
	// Nobody has this unit. libmodbus then takes what comes next for the answer of
	// that other unit, so it hears us again only after that.
	const struct client_question q = {
		.unit = UNIT + 1, .area = AREA_HOLDING, .count = 1
	};
	struct client_answer a;
	modbus_client_ask(c, &q, SHORT_MS, &a);
	assert_int_equal(a.verdict, CLIENT_SILENT);
	assert_int_equal(a.us, 0);
	for (int i = 0; i < 5 && a.verdict != CLIENT_GOOD; i++)
		a = ask(c, AREA_HOLDING, 1, 1);
	assert_int_equal(a.words[0], AREA_HOLDING * 1000 + 10);
	modbus_client_close(c);
	stop_rtu_peer(&p);
	close_line(&l);
}

static void
test_rtu_over_tcp(void **state)
{
	struct line l;
	struct peer p;

	(void)state;
	struct client_target t = { .kind = CLIENT_RTU_TCP,
		.host = "127.0.0.1",
		.port = open_line_behind_port(&l) };
	start_rtu_peer(&p, l.name[1]);
	struct modbus_client *c = open_client(&t);
	check_all_areas(c);
	modbus_client_close(c);
	stop_rtu_peer(&p);
	close_line(&l);
}

static void
test_a_port_has_one_user(void **state)
{
	struct line l;
	struct err err = { 0 };

	(void)state;
	open_line(&l);
	struct client_target t = serial_target(l.name[0]);
	struct modbus_client *c = open_client(&t);
	assert_null(modbus_client_open(&t, PATIENCE_MS, &err));
	assert_int_equal(err.code, EBUSY);
	assert_non_null(strstr(err.text, "is held"));
	modbus_client_close(c);
	c = open_client(&t); // and leaves no mark behind
	modbus_client_close(c);
	close_line(&l);
}

static void
test_what_is_no_port_and_nobody(void **state)
{
	struct err err = { 0 };
	struct client_target file = serial_target("/dev/null");
	struct client_target missing = serial_target("/dev/watchroom-no-such-port");
	struct client_target nobody = {
		.kind = CLIENT_TCP, .host = "127.0.0.1", .port = 1
	};

	(void)state;
	assert_null(modbus_client_open(&file, PATIENCE_MS, &err));
	assert_string_equal(err.text, "/dev/null is no serial port");
	assert_null(modbus_client_open(&missing, PATIENCE_MS, &err));
	assert_non_null(strstr(err.text, "No such file"));
	assert_null(modbus_client_open(&nobody, PATIENCE_MS, &err));
	assert_non_null(strstr(err.text, "127.0.0.1 port 1: Connection refused"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_serial_line),
		cmocka_unit_test(test_rtu_over_tcp),
		cmocka_unit_test(test_a_port_has_one_user),
		cmocka_unit_test(test_what_is_no_port_and_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
