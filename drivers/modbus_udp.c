// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Modbus RTU frames in UDP datagrams, to a device server in front of a serial line. One
// socket, one bus. Some device servers want to be asked from a port of their own
// choice, and answer from another than the one that was asked: the local port is the
// site's to say, and an answer counts by its host, not by its port. There is no
// connection: who does not answer is silent, and that is all that is known of it. Runs
// on the loop.
#include <sys/socket.h>

#include <errno.h>
#include <string.h>

#include "drivers/modbus_driver.h"
#include "drivers/modbus_socket.h"

enum {
	STALE_MAX = 64,    // datagrams thrown away before one request
	DATAGRAM_MAX = 512 // more than any frame
};

// One datagram: its length, 0 for one of somebody else, -1 with errno.
static ssize_t
take_datagram(const struct driver_instance *u, uint8_t data[static DATAGRAM_MAX])
{
	union modbus_endpoint from = { 0 };
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(u->fd, data, DATAGRAM_MAX, MSG_DONTWAIT, &from.any, &len);

	if (n > 0 && !modbus_endpoint_same_host(&from, &u->address))
		return 0;
	return n;
}

static void
hand_over(struct driver_instance *u, const uint8_t *data, size_t n)
{
	const uint64_t connection = u->bus.sums.disconnects;

	while (n > 0 && u->bus.sums.disconnects == connection) {
		size_t room;
		uint8_t *at = mbus_room(&u->bus, &room);
		size_t part = n < room ? n : room;

		memcpy(at, data, part);
		data += part;
		n -= part;
		mbus_received(&u->bus, part);
	}
}

// All that came, for the loop does not tell again of what is left. A host that never
// ends is given up as a babbling one (mbus_received), which closes the socket.
static void
on_readable(void *arg)
{
	struct driver_instance *u = arg;
	const uint64_t connection = u->bus.sums.disconnects;
	uint8_t data[DATAGRAM_MAX];
	ssize_t n;

	do {
		n = take_datagram(u, data);
		if (n > 0)
			hand_over(u, data, (size_t)n);
		else if (n < 0 && errno != EAGAIN && errno != EINTR)
			mbus_broken(&u->bus, modbus_endpoint_code(errno));
	} while (u->bus.sums.disconnects == connection && (n >= 0 || errno == EINTR));
}

static enum mbus_open
udp_open(struct mbus *b, const char **code)
{
	struct driver_instance *u = modbus_socket_of(b);

	*code = "address";
	if (u->address_len == 0)
		return MBUS_OPEN_FAILED;
	u->fd = socket(
	    u->address.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (u->fd < 0 ||
	    modbus_endpoint_bind(u->fd, &u->address, b->def->local_port) != 0) {
		*code = modbus_endpoint_code(errno);
		modbus_socket_close(b);
		return MBUS_OPEN_FAILED;
	}
	u->watch = loop_watch_arrivals(b->host->loop, u->fd, LOOP_BUS, on_readable, u);
	return MBUS_OPEN_DONE;
}

// What lies there is an answer to nothing that is asked now.
static void
drop_stale(struct driver_instance *u)
{
	uint8_t stale[DATAGRAM_MAX];

	for (int i = 0; i < STALE_MAX; i++)
		if (take_datagram(u, stale) < 0)
			return;
}

static int
udp_send(struct mbus *b, const uint8_t *frame, size_t len)
{
	struct driver_instance *u = modbus_socket_of(b);

	drop_stale(u);
	ssize_t n = sendto(u->fd, frame, len, MSG_NOSIGNAL | MSG_DONTWAIT,
	    &u->address.any, u->address_len);
	return n == (ssize_t)len ? 0 : -1;
}

static void
udp_hear(struct mbus *b)
{
	on_readable(modbus_socket_of(b));
}

static const struct mbus_transport udp_transport = {
	.framing = PDU_RTU,
	.open = udp_open,
	.close = modbus_socket_close,
	.send = udp_send,
	.hear = udp_hear,
};

static struct driver_instance *
udp_start(const struct driver_host *host, uint16_t index)
{
	return modbus_socket_start(host, &udp_transport, index);
}

const struct driver driver_modbus_rtu_udp = {
	.name = "modbus-rtu-udp",
	.start = udp_start,
	.stop = modbus_socket_stop,
	MBUS_DRIVER_CALLS,
	.drive = mbus_driver_drive,
};
