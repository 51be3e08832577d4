// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The TCP driver on real sockets against a server that misbehaves in every way it can.
// No value is accepted that it did not honestly send (I6), and each time the driver is
// back by itself. The server is a thread; the driver runs on the machine's clock.

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "field_fixture.h"
#include "test.h"

enum {
	WAIT_MS = 8000,
};

// clang-format off
static const struct decode_field one_fields[] = {
	{ .mask = 0xFFFF, .unknown = { .n = 1, .is = { { COND_INFO, CODE_UNKNOWN_EVENT } } } },
};
static const struct decoder one_decoders[] = {
	{ .name = "word", .form = DECODE_WORD, .n_fields = 1,
		.fields = one_fields },
};
static const struct profile_item one_items[] = {
	{ .name = "holding", .area = AREA_HOLDING, .printed = "", .device_max = 999, .device_stride = 1,
		.decoder = 0 },
};
static const struct profile profile_one = {
	.id = "one-word", .transports = TRANSPORT_TCP, .max_registers = 125,
	.n_items = 1, .items = one_items, .n_decoders = 1, .decoders = one_decoders,
};
// clang-format on

static uint16_t
port_of(int fd)
{
	struct sockaddr_in a = { 0 };
	socklen_t len = sizeof(a);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	return ntohs(a.sin_port);
}

static bool
bus_lost(struct field_fixture *f)
{
	return fixture_link(f, f->site.buses[0].link_point) == 1;
}

enum mischief {
	HONEST,
	WRONG_TRANSACTION,
	WRONG_PROTOCOL,
	WRONG_LENGTH,
	WRONG_UNIT,
	WRONG_FUNCTION,
	WRONG_COUNT,
	TOO_SHORT,
	TOO_LONG,
	CUT_AND_CLOSE,
	CUT_AND_SILENT,
	SILENT,
	CLOSE_AT_ONCE,
	RESET,
	GARBAGE,
	LATE,
	STALE_FLOOD,
	EXCEPTION_BUSY,
	EXCEPTION_GATEWAY,
	EXCEPTION_ODD,
	DRIBBLE,   // slow, but right
	DUPLICATE, // right, twice
	MISCHIEFS,
};

struct rogue {
	int listener, client;
	atomic_int mischief;
	atomic_int value; // what register 0 holds; only honest answers carry it
	atomic_bool stop;
	pthread_t thread;
};

static void
rogue_write(struct rogue *r, const void *data, size_t n)
{
	(void)send(r->client, data, n, MSG_NOSIGNAL);
}

static void
pause_ms(long ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	(void)nanosleep(&t, NULL);
}

static void
flood(struct rogue *r, uint8_t *reply, size_t n)
{
	reply[0] ^= 0x80;
	for (int i = 0; i < 2000; i++)
		rogue_write(r, reply, n);
}

// `reply` holds the honest answer with a lie as its value, unless the mischief lets
// the value through. False: close the connection.
static bool
misbehave(struct rogue *r, enum mischief m, uint8_t *reply, size_t n)
{
	uint8_t noise[64];
	const struct linger hard = { 1, 0 };

	switch (m) {
	case WRONG_TRANSACTION:
		reply[1] ^= 1;
		break;
	case WRONG_PROTOCOL:
		reply[3] = 1;
		break;
	case WRONG_LENGTH:
		reply[4] = 4;
		break;
	case WRONG_UNIT:
		reply[6] ^= 1;
		break;
	case WRONG_FUNCTION:
		reply[7] = 4;
		break;
	case WRONG_COUNT:
		reply[8] = 4;
		break;
	case TOO_SHORT:
		reply[5] = 4;
		n -= 1;
		break;
	case TOO_LONG:
		reply[5] = 7;
		memset(reply + n, 0x55, 2);
		n += 2;
		break;
	case CUT_AND_CLOSE:
		rogue_write(r, reply, n - 1);
		return false;
	case CUT_AND_SILENT:
		n -= 1;
		break;
	case SILENT:
		return true;
	case CLOSE_AT_ONCE:
		return false;
	case RESET:
		(void)setsockopt(r->client, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		return false;
	case GARBAGE:
		for (size_t i = 0; i < sizeof(noise); i++)
			noise[i] = (uint8_t)(i * 37 + 11);
		rogue_write(r, noise, sizeof(noise));
		return true;
	case LATE:
		pause_ms(90);
		break;
	case STALE_FLOOD:
		flood(r, reply, n);
		return true;
	case EXCEPTION_BUSY:
	case EXCEPTION_GATEWAY:
	case EXCEPTION_ODD:
		reply[5] = 3;
		reply[7] |= 0x80;
		reply[8] = m == EXCEPTION_BUSY ? 6 : m == EXCEPTION_GATEWAY ? 11 : 99;
		n = 9;
		break;
	case DRIBBLE:
		for (size_t i = 0; i < n; i++) {
			rogue_write(r, reply + i, 1);
			pause_ms(1);
		}
		return true;
	case DUPLICATE:
		rogue_write(r, reply, n);
		break;
	case HONEST:
	case MISCHIEFS:
		break;
	}
	rogue_write(r, reply, n);
	return true;
}

static bool
lets_value_through(enum mischief m)
{
	return m == HONEST || m == DRIBBLE || m == DUPLICATE;
}

static void
rogue_talk(struct rogue *r)
{
	uint8_t q[12], reply[32] = { 0 };

	while (!atomic_load(&r->stop) && recv(r->client, q, 12, MSG_WAITALL) == 12) {
		enum mischief m = (enum mischief)atomic_load(&r->mischief);
		unsigned value = 0xDEAD;

		if (lets_value_through(m))
			value = (unsigned)atomic_load(&r->value);
		memcpy(reply, q, 8);
		reply[5] = 5;
		reply[8] = 2;
		reply[9] = (uint8_t)(value >> 8);
		reply[10] = (uint8_t)value;
		if (!misbehave(r, m, reply, 11))
			return;
	}
}

static void *
rogue_main(void *arg)
{
	struct rogue *r = arg;

	while (!atomic_load(&r->stop)) {
		r->client = accept(r->listener, NULL, NULL);
		if (r->client < 0)
			return NULL;
		rogue_talk(r);
		(void)close(r->client);
	}
	return NULL;
}

static uint16_t
start_rogue(struct rogue *r)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	*r = (struct rogue){ 0 };
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(r->listener >= 0);
	assert_int_equal(bind(r->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(r->listener, 8), 0);
	assert_int_equal(pthread_create(&r->thread, NULL, rogue_main, r), 0);
	return port_of(r->listener);
}

static bool
value_seen(struct field_fixture *f)
{
	struct rogue *r = f->user;
	const struct sample *s = fixture_last(f, 0);

	return s && s->raw == (uint32_t)atomic_load(&r->value);
}

static void
test_i6_a_server_that_misbehaves_in_every_way(void **state)
{
	struct field_fixture f;
	struct rogue r;
	struct driver_instance *d;
	struct device_look look;
	struct bus_look bus;

	(void)state;
	fixture_init(&f, clock_real());
	fixture_bus(&f, BUS_MODBUS_TCP, "127.0.0.1", start_rogue(&r));
	fixture_device(&f, 0, 1, &profile_one, 20, 60);
	fixture_point(&f, 0, 0, 0);
	f.user = &r;
	d = driver_modbus_tcp.start(&f.host, 0);
	for (int m = HONEST; m < MISCHIEFS; m++) {
		size_t before;

		// While it misbehaves nothing is learned; when it is honest again, the
		// new value is there.
		atomic_store(&r.mischief, m);
		if (!lets_value_through((enum mischief)m)) {
			fixture_run(&f, 70, NULL); // what was in flight
			before = f.n_samples;
			fixture_run(&f, 200, NULL);
			if (f.n_samples != before)
				fail_msg("mischief %d: a value was accepted", m);
			atomic_store(&r.mischief, HONEST);
		}
		atomic_store(&r.value, 100 + m);
		if (!fixture_run(&f, WAIT_MS, value_seen))
			fail_msg("mischief %d: not back", m);
	}
	for (size_t i = 0; i < f.n_samples; i++)
		if (f.samples[i].quality == QUALITY_GOOD)
			assert_int_not_equal(f.samples[i].raw, 0xDEAD);
	driver_modbus_tcp.look_device(d, 0, &look);
	driver_modbus_tcp.look_bus(d, &bus);
	assert_true(look.sums.stale > 0);
	assert_true(look.sums.mismatched > 0);
	assert_true(look.sums.malformed > 0);
	assert_true(look.sums.exceptions > 0);
	assert_true(look.sums.timeouts > 0);
	assert_true(bus.sums.disconnects > 0);
	driver_modbus_tcp.stop(d);
	atomic_store(&r.stop, true);
	(void)shutdown(r.listener, SHUT_RDWR);
	assert_int_equal(pthread_join(r.thread, NULL), 0);
	(void)close(r.listener);
	fixture_free(&f);
}

static void
test_a_refused_port(void **state)
{
	struct field_fixture f;
	struct driver_instance *d;
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	fixture_init(&f, clock_real());
	fixture_bus(&f, BUS_MODBUS_TCP, "127.0.0.1", port_of(fd)); // not listening
	fixture_device(&f, 0, 1, &profile_one, 20, 60);
	fixture_point(&f, 0, 0, 0);
	d = driver_modbus_tcp.start(&f.host, 0);
	assert_true(fixture_run(&f, WAIT_MS, bus_lost));
	assert_string_equal(
	    fixture_link_code(&f, f.site.buses[0].link_point), "refused");
	driver_modbus_tcp.stop(d);
	(void)close(fd);
	fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i6_a_server_that_misbehaves_in_every_way),
		cmocka_unit_test(test_a_refused_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
