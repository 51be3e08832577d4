// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Modbus over TCP: one connection, one bus, with the framing of Modbus TCP or, to a
// device server in front of a serial line, that of RTU. A raw non-blocking socket
// watched by the loop: per poll one send and one recv. Runs on the loop. Refuses names
// (a look-up blocks, I1): the address is numeric. The link is opened when a poll is due
// and not before, is kept over a single time-out, and with Modbus TCP is given up when
// framing is lost: there is no way back into a byte stream. RTU frames are found again
// by the silence before them, and a peer that has gone without a word is noticed by TCP
// itself: silent units behind a living one cost nobody the connection.

#include <sys/socket.h>

#include <errno.h>
#include <netinet/tcp.h>

#include "drivers/modbus_driver.h"
#include "drivers/modbus_socket.h"
#include "lib/log.h"

enum {
	KEEPALIVE_IDLE_S = 60, // a peer that vanished is noticed between slow polls
	KEEPALIVE_INTERVAL_S = 10,
	KEEPALIVE_COUNT = 3,
	// What we sent and nobody took: the peer lost power, or the cable was pulled.
	UNTAKEN_MIN_MS = 5000,
	UNTAKEN_TIMEOUTS = 3,
	STALE_MAX = 4096, // bytes thrown away before one request
};

// All that came, for the loop does not tell again of what is left. A peer that never
// ends is given up as a babbling one (mbus_received), which closes the link.
static void
on_readable(void *arg)
{
	struct driver_instance *t = arg;
	const uint64_t connection = t->bus.sums.disconnects;
	ssize_t n;

	do {
		size_t room;
		uint8_t *at = mbus_room(&t->bus, &room);

		n = recv(t->fd, at, room, MSG_DONTWAIT);
		if (n > 0)
			mbus_received(&t->bus, (size_t)n);
		else if (n == 0)
			mbus_broken(&t->bus, "closed");
		else if (errno != EAGAIN && errno != EINTR)
			mbus_broken(&t->bus, modbus_endpoint_code(errno));
	} while (t->bus.sums.disconnects == connection &&
		 (n > 0 || (n < 0 && errno == EINTR)));
}

static void
tcp_hear(struct mbus *b)
{
	on_readable(modbus_socket_of(b));
}

static void
watch_for_replies(struct driver_instance *t)
{
	t->watch =
	    loop_watch_arrivals(t->bus.host->loop, t->fd, LOOP_BUS, on_readable, t);
}

static void
on_connected(void *arg)
{
	struct driver_instance *t = arg;
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error != 0) {
		modbus_socket_close(&t->bus);
		mbus_open_failed(&t->bus, modbus_endpoint_code(error));
		return;
	}
	loop_unwatch(t->watch);
	watch_for_replies(t);
	mbus_opened(&t->bus);
}

static void
set_option(int fd, int level, int name, int value)
{
	// Comfort only: a link without it still works.
	if (setsockopt(fd, level, name, &value, sizeof(value)) != 0)
		log_debug("modbus", "socket option %d not set", name);
}

static unsigned
untaken_ms(const struct mbus *b)
{
	uint32_t most = 0;

	for (uint16_t i = 0; i < b->n_devices; i++)
		if (b->devices[i].def->timeout_ms > most)
			most = b->devices[i].def->timeout_ms;
	most *= UNTAKEN_TIMEOUTS;
	return most < UNTAKEN_MIN_MS ? UNTAKEN_MIN_MS : most;
}

static void
set_options(const struct mbus *b, int fd)
{
	set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)untaken_ms(b));
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
	set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
}

static enum mbus_open
tcp_open(struct mbus *b, const char **code)
{
	struct driver_instance *t = modbus_socket_of(b);

	if (t->address_len == 0) {
		*code = "address";
		return MBUS_OPEN_FAILED;
	}
	t->fd = socket(
	    t->address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (t->fd < 0) {
		*code = modbus_endpoint_code(errno);
		return MBUS_OPEN_FAILED;
	}
	set_options(b, t->fd);
	if (connect(t->fd, &t->address.any, t->address_len) == 0) {
		watch_for_replies(t);
		return MBUS_OPEN_DONE;
	}
	if (errno != EINPROGRESS) {
		*code = modbus_endpoint_code(errno);
		modbus_socket_close(b);
		return MBUS_OPEN_FAILED;
	}
	t->watch = loop_watch_write(b->host->loop, t->fd, LOOP_BUS, on_connected, t);
	return MBUS_OPEN_LATER;
}

static int
tcp_send(struct mbus *b, const uint8_t *frame, size_t len)
{
	struct driver_instance *t = modbus_socket_of(b);
	ssize_t n = send(t->fd, frame, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	// A dozen bytes that do not fit into the socket: nobody reads over there.
	return n == (ssize_t)len ? 0 : -1;
}

// What lies there is an answer to nothing that is asked now.
static void
drop_stale(struct driver_instance *t)
{
	uint8_t stale[256];
	size_t dropped = 0;

	while (dropped < STALE_MAX) {
		ssize_t n = recv(t->fd, stale, sizeof(stale), MSG_DONTWAIT);

		if (n <= 0)
			return; // an end is seen by whoever reads next
		dropped += (size_t)n;
	}
}

static int
rtu_tcp_send(struct mbus *b, const uint8_t *frame, size_t len)
{
	drop_stale(modbus_socket_of(b));
	return tcp_send(b, frame, len);
}

static const struct mbus_transport tcp_transport = {
	.framing = PDU_MBAP,
	.open = tcp_open,
	.close = modbus_socket_close,
	.send = tcp_send,
	.hear = tcp_hear,
};

static const struct mbus_transport rtu_tcp_transport = {
	.framing = PDU_RTU,
	.open = tcp_open,
	.close = modbus_socket_close,
	.send = rtu_tcp_send,
	.hear = tcp_hear,
};

static struct driver_instance *
tcp_start(const struct driver_host *host, uint16_t index)
{
	return modbus_socket_start(host, &tcp_transport, index);
}

static struct driver_instance *
rtu_tcp_start(const struct driver_host *host, uint16_t index)
{
	return modbus_socket_start(host, &rtu_tcp_transport, index);
}

const struct driver driver_modbus_tcp = {
	.name = "modbus-tcp",
	.start = tcp_start,
	.stop = modbus_socket_stop,
	MBUS_DRIVER_CALLS,
	.drive = mbus_driver_drive,
};

const struct driver driver_modbus_rtu_tcp = {
	.name = "modbus-rtu-tcp",
	.start = rtu_tcp_start,
	.stop = modbus_socket_stop,
	MBUS_DRIVER_CALLS,
	.drive = mbus_driver_drive,
};
