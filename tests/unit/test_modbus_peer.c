// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The Modbus drivers on real sockets and terminals: against libmodbus' own server,
// which nobody here wrote, over TCP and over RTU on a pair of pseudo-terminals; and
// against a TCP server that misbehaves in every way it can. The servers are threads;
// the driver runs on its loop with the machine's clock.

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <modbus/modbus.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "drivers/modbus_pdu.h"
#include "field_fixture.h"
#include "test.h"

enum {
	PER_AREA = 40, // points of each of the four areas
	WAIT_MS = 8000,
};

// clang-format off
static const struct decoder four_decoders[] = {
	{ .name = "bit", .form = DECODE_BIT },
	{ .name = "word", .form = DECODE_WORD, .field_mask = 0xFFFF,
		.unknown = { 1, { { COND_INFO, CODE_UNKNOWN_EVENT } } } },
};
static const struct profile_item four_items[] = {
	{ "coil", AREA_COIL, 0, "", 0, 0, 0, 999, 0, 1, 0 },
	{ "discrete", AREA_DISCRETE, 0, "", 0, 0, 0, 999, 0, 1, 0 },
	{ "holding", AREA_HOLDING, 0, "", 0, 0, 0, 999, 0, 1, 1 },
	{ "input", AREA_INPUT, 0, "", 0, 0, 0, 999, 0, 1, 1 },
};
static const struct profile profile_four = {
	.id = "four-areas", .transports = TRANSPORT_TCP | TRANSPORT_RTU,
	.max_registers = 125, .max_bits = 2000, .n_items = 4, .items = four_items,
	.n_decoders = 2, .decoders = four_decoders,
};
// clang-format on

// --- libmodbus as the peer ---

struct peer {
	modbus_t *ctx;
	modbus_mapping_t *map;
	int listener; // TCP
	atomic_int client;
	atomic_bool stop;
	pthread_t thread;
};

static uint16_t
word_at(unsigned area, unsigned i)
{
	return (uint16_t)(area * 1000 + i * 3 + 7);
}

static void
fill_map(struct peer *p)
{
	p->map = modbus_mapping_new(PER_AREA, PER_AREA, PER_AREA, PER_AREA);
	assert_non_null(p->map);
	for (unsigned i = 0; i < PER_AREA; i++) {
		p->map->tab_bits[i] = i % 3 == 0;
		p->map->tab_input_bits[i] = i % 5 == 0;
		p->map->tab_registers[i] = word_at(AREA_HOLDING, i);
		p->map->tab_input_registers[i] = word_at(AREA_INPUT, i);
	}
}

static void
serve_requests(struct peer *p)
{
	uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];

	while (!atomic_load(&p->stop)) {
		int n = modbus_receive(p->ctx, query);

		if (n > 0)
			(void)modbus_reply(p->ctx, query, n, p->map);
		else if (n < 0 && errno != EMBBADCRC && errno != ETIMEDOUT)
			return;
	}
}

static void *
tcp_peer(void *arg)
{
	struct peer *p = arg;

	while (!atomic_load(&p->stop)) {
		int fd = modbus_tcp_accept(p->ctx, &p->listener);

		if (fd < 0)
			return NULL;
		atomic_store(&p->client, fd);
		serve_requests(p);
		modbus_close(p->ctx);
	}
	return NULL;
}

static uint16_t
port_of(int fd)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	return ntohs(a.sin_port);
}

static uint16_t
start_tcp_peer(struct peer *p)
{
	*p = (struct peer){ 0 };
	atomic_store(&p->client, -1);
	fill_map(p);
	p->ctx = modbus_new_tcp("127.0.0.1", 0);
	assert_non_null(p->ctx);
	p->listener = modbus_tcp_listen(p->ctx, 1);
	assert_true(p->listener >= 0);
	assert_int_equal(pthread_create(&p->thread, NULL, tcp_peer, p), 0);
	return port_of(p->listener);
}

static void
stop_tcp_peer(struct peer *p)
{
	int fd = atomic_load(&p->client);

	atomic_store(&p->stop, true);
	(void)shutdown(p->listener, SHUT_RDWR);
	if (fd >= 0)
		(void)shutdown(fd, SHUT_RDWR);
	assert_int_equal(pthread_join(p->thread, NULL), 0);
	(void)close(p->listener);
	modbus_mapping_free(p->map);
	modbus_free(p->ctx);
}

static void
add_points(struct field_fixture *f, uint16_t device)
{
	for (uint16_t item = 0; item < 4; item++)
		for (uint16_t i = 0; i < PER_AREA; i++)
			fixture_point(f, device, item, i);
}

static bool
all_seen(struct field_fixture *f)
{
	return f->n_samples >= 4 * PER_AREA;
}

static void
check_values(const struct field_fixture *f)
{
	for (uint32_t p = 0; p < 4 * PER_AREA; p++) {
		const struct sample *s = fixture_last(f, p);
		unsigned area = p / PER_AREA, i = p % PER_AREA;
		const unsigned want[] = { i % 3 == 0, i % 5 == 0,
			word_at(AREA_HOLDING, i), word_at(AREA_INPUT, i) };

		assert_non_null(s);
		assert_int_equal(s->quality, QUALITY_GOOD);
		assert_int_equal(s->raw, want[area]);
	}
}

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
	fixture_device(&f, 0, 1, &profile_four, 50, 1000, 2);
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

// Two pseudo-terminals and a thread that carries bytes between their masters.
struct line {
	int master[2], slave[2]; // slaves kept open: else a line is hung up
	char name[2][64];
	atomic_bool stop;
	pthread_t thread;
};

static void *
carry(void *arg)
{
	struct line *l = arg;
	uint8_t buf[300];

	while (!atomic_load(&l->stop)) {
		struct pollfd fds[2] = { { l->master[0], POLLIN, 0 },
			{ l->master[1], POLLIN, 0 } };

		if (poll(fds, 2, 50) <= 0)
			continue;
		for (int i = 0; i < 2; i++) {
			ssize_t n;

			if (!(fds[i].revents & POLLIN))
				continue;
			n = read(l->master[i], buf, sizeof(buf));
			if (n > 0 && write(l->master[1 - i], buf, (size_t)n) != n)
				return NULL;
		}
	}
	return NULL;
}

static void
open_line(struct line *l)
{
	*l = (struct line){ 0 };
	for (int i = 0; i < 2; i++) {
		struct termios t;

		l->master[i] = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
		assert_true(l->master[i] >= 0);
		assert_int_equal(grantpt(l->master[i]), 0);
		assert_int_equal(unlockpt(l->master[i]), 0);
		(void)snprintf(
		    l->name[i], sizeof(l->name[i]), "%s", ptsname(l->master[i]));
		l->slave[i] = open(l->name[i], O_RDWR | O_NOCTTY | O_CLOEXEC);
		assert_true(l->slave[i] >= 0);
		assert_int_equal(tcgetattr(l->slave[i], &t), 0);
		cfmakeraw(&t);
		assert_int_equal(tcsetattr(l->slave[i], TCSANOW, &t), 0);
	}
	assert_int_equal(pthread_create(&l->thread, NULL, carry, l), 0);
}

static void
close_line(struct line *l)
{
	atomic_store(&l->stop, true);
	assert_int_equal(pthread_join(l->thread, NULL), 0);
	for (int i = 0; i < 2; i++) {
		(void)close(l->slave[i]);
		if (l->master[i] >= 0)
			(void)close(l->master[i]);
	}
}

static void *
rtu_peer(void *arg)
{
	serve_requests(arg);
	return NULL;
}

static void
start_rtu_peer(struct peer *p, const char *tty)
{
	*p = (struct peer){ 0 };
	fill_map(p);
	p->ctx = modbus_new_rtu(tty, 115200, 'N', 8, 1);
	assert_non_null(p->ctx);
	assert_int_equal(modbus_set_slave(p->ctx, 5), 0);
	assert_int_equal(modbus_connect(p->ctx), 0);
	modbus_set_indication_timeout(p->ctx, 0, 200000);
	assert_int_equal(pthread_create(&p->thread, NULL, rtu_peer, p), 0);
}

static void
stop_rtu_peer(struct peer *p)
{
	atomic_store(&p->stop, true);
	assert_int_equal(pthread_join(p->thread, NULL), 0);
	modbus_close(p->ctx);
	modbus_free(p->ctx);
	modbus_mapping_free(p->map);
}

static bool
absent_lost(struct field_fixture *f)
{
	return fixture_link(f, f->site.devices[1].link_point) == 1;
}

static bool
bus_lost(struct field_fixture *f)
{
	return fixture_link(f, f->site.buses[0].link_point) == 1;
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
	fixture_device(&f, 0, 5, &profile_four, 50, 300, 1);
	fixture_device(&f, 0, 6, &profile_four, 50, 100, 1); // nobody there
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
	fixture_device(&f, 0, 5, &profile_four, 50, 100, 1);
	fixture_point(&f, 0, 2, 0);
	d = driver_modbus_rtu.start(&f.host, 0);
	fixture_run(&f, 150, NULL);
	assert_int_equal(fixture_link(&f, f.site.buses[0].link_point), 0);
	atomic_store(&l.stop, true);
	assert_int_equal(pthread_join(l.thread, NULL), 0);
	(void)close(l.master[1]);
	l.master[1] = -1;
	assert_true(fixture_run(&f, WAIT_MS, bus_lost));
	assert_string_equal(
	    fixture_link_code(&f, f.site.buses[0].link_point), "port-gone");
	cpu = cpu_ms();
	fixture_run(&f, 1500, NULL);
	assert_true(cpu_ms() - cpu < 300);
	driver_modbus_rtu.stop(d);
	assert_int_equal(pthread_create(&l.thread, NULL, carry, &l), 0);
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
	fixture_device(&f, 0, 5, &profile_four, 50, 100, 0);
	fixture_point(&f, 0, 2, 0);
	d = driver_modbus_rtu.start(&f.host, 0);
	assert_true(fixture_run(&f, WAIT_MS, bus_lost));
	assert_string_equal(
	    fixture_link_code(&f, f.site.buses[0].link_point), "port-missing");
	assert_int_equal(fixture_link(&f, f.site.devices[0].link_point), 1);
	driver_modbus_rtu.stop(d);
	fixture_free(&f);
}

// --- a server that misbehaves ---

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
	struct link_stats stats;

	(void)state;
	fixture_init(&f, clock_real());
	fixture_bus(&f, BUS_MODBUS_TCP, "127.0.0.1", start_rogue(&r));
	fixture_device(&f, 0, 1, &profile_four, 20, 60, 2);
	fixture_point(&f, 0, 2, 0);
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
	driver_modbus_tcp.stats(d, &stats, 1);
	assert_true(stats.stale > 0);
	assert_true(stats.mismatched > 0);
	assert_true(stats.malformed > 0);
	assert_true(stats.exceptions > 0);
	assert_true(stats.timeouts > 0);
	assert_true(stats.disconnects > 0);
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
	fixture_device(&f, 0, 1, &profile_four, 20, 60, 2);
	fixture_point(&f, 0, 2, 0);
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
		cmocka_unit_test(test_libmodbus_server_over_tcp),
		cmocka_unit_test(test_libmodbus_server_over_rtu),
		cmocka_unit_test(test_an_unplugged_port),
		cmocka_unit_test(test_a_port_that_is_not_there),
		cmocka_unit_test(test_i6_a_server_that_misbehaves_in_every_way),
		cmocka_unit_test(test_a_refused_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
