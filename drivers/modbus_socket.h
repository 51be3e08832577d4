// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A bus on a socket: what modbus_tcp.c and modbus_udp.c have in common. Runs on the
// loop. Private to those two.
#ifndef DRIVERS_MODBUS_SOCKET_H
#define DRIVERS_MODBUS_SOCKET_H

#include "drivers/driver.h"
#include "drivers/modbus_bus.h"
#include "drivers/modbus_endpoint.h"

struct driver_instance {
	struct mbus bus; // first: the transport gets its address
	int fd;          // -1 = none
	struct loop_watch *watch;
	socklen_t address_len; // 0 = not a numeric address
	union modbus_endpoint address;
};

struct driver_instance *modbus_socket_of(struct mbus *b);

// Makes the instance and starts its bus. RTU frames may come in pieces.
struct driver_instance *modbus_socket_start(const struct driver_host *host,
    const struct mbus_transport *transport, uint16_t index);
void modbus_socket_stop(struct driver_instance *s);

// The transport's close.
void modbus_socket_close(struct mbus *b);

#endif
