// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The Modbus drivers against libmodbus' own server, which nobody here wrote: over TCP,
// and over RTU on a pair of pseudo-terminals. The servers are threads; the driver runs
// on its loop with the machine's clock.

#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <modbus/modbus.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

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
	struct sockaddr_in a = { 0 };
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
		for (unsigned i = 0; i < PER_AREA; i++)
			fixture_point(f, device, item, (uint16_t)i);
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
	fixture_device(&f, 0, 5, &profile_four, 50, 100);
	fixture_point(&f, 0, 2, 0);
	d = driver_modbus_rtu.start(&f.host, 0);
	assert_true(fixture_run(&f, WAIT_MS, bus_lost));
	assert_string_equal(
	    fixture_link_code(&f, f.site.buses[0].link_point), "port-missing");
	assert_int_equal(fixture_link(&f, f.site.devices[0].link_point), 1);
	driver_modbus_rtu.stop(d);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
