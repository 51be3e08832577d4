// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The far end of a bus on the network, and what its errors are called. Pure.
#ifndef DRIVERS_MODBUS_ENDPOINT_H
#define DRIVERS_MODBUS_ENDPOINT_H

#include <sys/socket.h>

#include <netinet/in.h>

#include "core/site.h"

union modbus_endpoint {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

// Fills *out with the bus's address and port. Returns its length, 0 where the address
// is not numeric: a look-up would block (I1), and that is logged.
socklen_t modbus_endpoint(const struct bus *def, union modbus_endpoint *out);

// The same host, whatever the ports.
bool modbus_endpoint_same_host(
    const union modbus_endpoint *a, const union modbus_endpoint *b);

// Gives the socket a port of ours, where a device server wants to be asked from one of
// its choice; 0 = any. Returns 0, or -1 with errno.
int modbus_endpoint_bind(int fd, const union modbus_endpoint *far, uint16_t port);

// The code of a link that is lost for this errno; static.
const char *modbus_endpoint_code(int error);

#endif
