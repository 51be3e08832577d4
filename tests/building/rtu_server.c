// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Modbus RTU server; see rtu_server.h. libmodbus takes requests for one unit id only,
// so frames are read here: bytes up to a silence, CRC checked, then answered through
// libmodbus. A frame that is damaged or for nobody gets no answer, as on a real line.

#include "rtu_server.h"

#include <sys/eventfd.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "serve.h"

enum {
	READ_REQUEST_ADU = 8, // unit, function, address, count, CRC
	SHORTEST_ADU = 4,
	GAP_MS = 5, // at 9600: 3.5 characters are 3.6 ms (Modbus over serial 2.5.1.1)
};

struct frame {
	uint8_t bytes[MODBUS_RTU_MAX_ADU_LENGTH];
	int length;
};

static uint16_t
crc16(const uint8_t *bytes, int length)
{
	unsigned int crc = 0xFFFF;

	for (int i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc & 1) != 0 ? crc >> 1 ^ 0xA001 : crc >> 1;
	}
	return (uint16_t)crc;
}

static bool
crc_good(const struct frame *f)
{
	uint16_t crc;

	if (f->length < SHORTEST_ADU)
		return false;
	crc = crc16(f->bytes, f->length - 2);
	return f->bytes[f->length - 2] == (crc & 0xFF) &&
	       f->bytes[f->length - 1] == crc >> 8;
}

static void
answer(struct rtu_server *s, modbus_t *ctx, struct frame *f)
{
	if (crc_good(f))
		(void)serve_request(ctx, s->building, s->station, f->bytes, f->length);
	f->length = 0;
}

static bool
complete(const struct frame *f)
{
	return (f->length == READ_REQUEST_ADU && crc_good(f)) ||
	       f->length == MODBUS_RTU_MAX_ADU_LENGTH;
}

static void *
server_main(void *arg)
{
	struct rtu_server *s = arg;
	modbus_t *ctx = modbus_new_rtu(s->tty, 9600, 'N', 8, 1);
	struct frame frame = { .length = 0 };

	if (ctx == NULL || modbus_set_socket(ctx, s->master_fd) == -1)
		return NULL;
	while (!s->stopping) {
		struct pollfd fds[2] = {
			{ .fd = s->wake_fd, .events = POLLIN },
			{ .fd = s->master_fd, .events = POLLIN },
		};
		int ready = poll(fds, 2, frame.length > 0 ? GAP_MS : -1);
		ssize_t n = 0;

		if (ready > 0 && (fds[1].revents & POLLIN) != 0)
			n = read(s->master_fd, frame.bytes + frame.length,
			    sizeof(frame.bytes) - (size_t)frame.length);
		if (n > 0)
			frame.length += (int)n;
		if (ready == 0 || complete(&frame))
			answer(s, ctx, &frame);
	}
	modbus_free(ctx);
	return NULL;
}

static int
open_line(struct rtu_server *s)
{
	struct termios line;

	s->master_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (s->master_fd == -1)
		return -1;
	if (grantpt(s->master_fd) == -1 || unlockpt(s->master_fd) == -1)
		goto close_master;
	errno = ptsname_r(s->master_fd, s->tty, sizeof(s->tty));
	if (errno != 0)
		goto close_master;
	s->slave_fd = open(s->tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (s->slave_fd == -1)
		goto close_master;
	if (tcgetattr(s->slave_fd, &line) == -1)
		goto close_slave;
	cfmakeraw(&line);
	(void)cfsetspeed(&line, B9600);
	if (tcsetattr(s->slave_fd, TCSANOW, &line) == -1)
		goto close_slave;
	return 0;
close_slave:
	(void)close(s->slave_fd);
close_master:
	(void)close(s->master_fd);
	return -1;
}

int
rtu_server_start(
    struct rtu_server *s, struct building *b, const struct station *station)
{
	memset(s, 0, sizeof(*s));
	s->building = b;
	s->station = station;
	s->wake_fd = eventfd(0, EFD_CLOEXEC);
	if (s->wake_fd == -1)
		return -1;
	if (open_line(s) == 0) {
		errno = pthread_create(&s->thread, NULL, server_main, s);
		if (errno == 0)
			return 0;
		(void)close(s->slave_fd);
		(void)close(s->master_fd);
	}
	(void)close(s->wake_fd);
	return -1;
}

void
rtu_server_stop(struct rtu_server *s)
{
	const uint64_t one = 1;

	s->stopping = true;
	(void)!write(s->wake_fd, &one, sizeof(one));
	(void)pthread_join(s->thread, NULL);
	(void)close(s->slave_fd);
	(void)close(s->master_fd);
	(void)close(s->wake_fd);
}
