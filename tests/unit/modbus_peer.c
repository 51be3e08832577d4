// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See modbus_peer.h. Test code only.

#include "modbus_peer.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "test.h"

// clang-format off
static const struct decode_field four_fields[] = {
	{ .mask = 0xFFFF, .unknown = { .n = 1, .is = { { COND_INFO, CODE_UNKNOWN_EVENT } } } },
};
static const struct decoder four_decoders[] = {
	{ .name = "bit", .form = DECODE_BIT },
	{ .name = "word", .form = DECODE_WORD, .n_fields = 1,
		.fields = four_fields },
};
static const struct profile_item four_items[] = {
	{ .name = "coil", .area = AREA_COIL, .printed = "", .device_max = 999, .device_stride = 1,
		.decoder = 0 },
	{ .name = "discrete", .area = AREA_DISCRETE, .printed = "", .device_max = 999, .device_stride = 1,
		.decoder = 0 },
	{ .name = "holding", .area = AREA_HOLDING, .printed = "", .device_max = 999, .device_stride = 1,
		.decoder = 1 },
	{ .name = "input", .area = AREA_INPUT, .printed = "", .device_max = 999, .device_stride = 1,
		.decoder = 1 },
};
const struct profile profile_four = {
	.id = "four-areas", .transports = TRANSPORT_TCP | TRANSPORT_RTU,
	.max_registers = 125, .max_bits = 2000, .n_items = 4, .items = four_items,
	.n_decoders = 2, .decoders = four_decoders,
};
// clang-format on

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

uint16_t
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

void
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
carry_from(struct line *l, int i)
{
	uint8_t buf[300];
	ssize_t n = read(l->end[i], buf, sizeof(buf));

	if (n > 0) {
		(void)!write(l->end[1 - i], buf, (size_t)n);
	} else if (i == 0 && l->listener >= 0) {
		(void)close(l->end[0]);
		l->end[0] = -1;
	}
}

static void *
carry(void *arg)
{
	struct line *l = arg;

	while (!atomic_load(&l->stop)) {
		struct pollfd fds[3] = { { l->end[0], POLLIN, 0 },
			{ l->end[1], POLLIN, 0 }, { -1, POLLIN, 0 } };

		if (l->end[0] < 0)
			fds[2].fd = l->listener;
		if (poll(fds, 3, 50) <= 0)
			continue;
		if (fds[2].revents & POLLIN)
			l->end[0] = accept(l->listener, NULL, NULL);
		for (int i = 0; i < 2; i++)
			if (fds[i].revents & POLLIN)
				carry_from(l, i);
	}
	return NULL;
}

static void
open_end(struct line *l, int i)
{
	struct termios t;

	l->end[i] = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(l->end[i] >= 0);
	assert_int_equal(grantpt(l->end[i]), 0);
	assert_int_equal(unlockpt(l->end[i]), 0);
	(void)snprintf(l->name[i], sizeof(l->name[i]), "%s", ptsname(l->end[i]));
	l->slave[i] = open(l->name[i], O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(l->slave[i] >= 0);
	assert_int_equal(tcgetattr(l->slave[i], &t), 0);
	cfmakeraw(&t);
	assert_int_equal(tcsetattr(l->slave[i], TCSANOW, &t), 0);
}

void
open_line(struct line *l)
{
	*l = (struct line){ .listener = -1 };
	open_end(l, 0);
	open_end(l, 1);
	assert_int_equal(pthread_create(&l->thread, NULL, carry, l), 0);
}

uint16_t
open_line_behind_port(struct line *l)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	*l = (struct line){ .end = { -1, -1 }, .slave = { -1, -1 } };
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	l->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(l->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(l->listener, 1), 0);
	open_end(l, 1);
	assert_int_equal(pthread_create(&l->thread, NULL, carry, l), 0);
	return port_of(l->listener);
}

static void
close_fd(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

static void
stop_carrying(struct line *l)
{
	if (!l->stopped) {
		atomic_store(&l->stop, true);
		assert_int_equal(pthread_join(l->thread, NULL), 0);
	}
	l->stopped = true;
}

void
hang_up_line(struct line *l)
{
	stop_carrying(l);
	close_fd(l->end[1]);
	l->end[1] = -1;
}

void
close_line(struct line *l)
{
	stop_carrying(l);
	close_fd(l->listener);
	for (int i = 0; i < 2; i++) {
		close_fd(l->slave[i]);
		close_fd(l->end[i]);
	}
}

static void *
rtu_peer(void *arg)
{
	serve_requests(arg);
	return NULL;
}

void
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

void
stop_rtu_peer(struct peer *p)
{
	atomic_store(&p->stop, true);
	assert_int_equal(pthread_join(p->thread, NULL), 0);
	modbus_close(p->ctx);
	modbus_free(p->ctx);
	modbus_mapping_free(p->map);
}

void
add_points(struct field_fixture *f, uint16_t device)
{
	for (uint16_t item = 0; item < 4; item++)
		for (unsigned i = 0; i < PER_AREA; i++)
			fixture_point(f, device, item, (uint16_t)i);
}

bool
all_seen(struct field_fixture *f)
{
	return f->n_samples >= 4 * PER_AREA;
}

void
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

bool
bus_lost(struct field_fixture *f)
{
	return fixture_link(f, f->site.buses[0].link_point) == 1;
}

bool
bus_up(struct field_fixture *f)
{
	return fixture_link(f, f->site.buses[0].link_point) == 0;
}

const char *
bus_code(const struct field_fixture *f)
{
	return fixture_link_code(f, f->site.buses[0].link_point);
}
