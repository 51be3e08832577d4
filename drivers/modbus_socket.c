// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See modbus_socket.h.
#include "drivers/modbus_socket.h"

#include <stdlib.h>
#include <unistd.h>

#include "lib/mem.h"

enum {
	PIECES_MS = 20 // a network brings a frame in pieces, its jitter apart
};

struct driver_instance *
modbus_socket_of(struct mbus *b)
{
	return (struct driver_instance *)b;
}

void
modbus_socket_close(struct mbus *b)
{
	struct driver_instance *s = modbus_socket_of(b);

	loop_unwatch(s->watch);
	s->watch = NULL;
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
}

struct driver_instance *
modbus_socket_start(const struct driver_host *host,
    const struct mbus_transport *transport, uint16_t index)
{
	struct driver_instance *s = xcalloc(1, sizeof(*s));
	const struct bus *def = &host->site->buses[index];

	s->fd = -1;
	s->address_len = modbus_endpoint(def, &s->address);
	if (transport->framing == PDU_RTU) {
		s->bus.silence_ms = PIECES_MS;
		if (def->baud > 0)
			s->bus.byte_us = pdu_character_us(def->baud);
	}
	mbus_start(&s->bus, host, transport, index);
	return s;
}

void
modbus_socket_stop(struct driver_instance *s)
{
	mbus_stop(&s->bus);
	free(s);
}
