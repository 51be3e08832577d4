// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See modbus_endpoint.h.
#include "drivers/modbus_endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "lib/log.h"

socklen_t
modbus_endpoint(const struct bus *def, union modbus_endpoint *out)
{
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, def->host, &out->v4.sin_addr) == 1) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons(def->port);
		return sizeof(out->v4);
	}
	if (inet_pton(AF_INET6, def->host, &out->v6.sin6_addr) == 1) {
		out->v6.sin6_family = AF_INET6;
		out->v6.sin6_port = htons(def->port);
		return sizeof(out->v6);
	}
	log_warnx(
	    "modbus", "bus %s: \"%s\" is not a numeric address", def->id, def->host);
	return 0;
}

bool
modbus_endpoint_same_host(
    const union modbus_endpoint *a, const union modbus_endpoint *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET)
		return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
	return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof(a->v6.sin6_addr)) == 0;
}

int
modbus_endpoint_bind(int fd, const union modbus_endpoint *far, uint16_t port)
{
	union modbus_endpoint own = { 0 };

	own.any.sa_family = far->any.sa_family;
	if (port == 0)
		return 0;
	if (own.any.sa_family == AF_INET) {
		own.v4.sin_port = htons(port);
		return bind(fd, &own.any, sizeof(own.v4));
	}
	own.v6.sin6_port = htons(port);
	return bind(fd, &own.any, sizeof(own.v6));
}

const char *
modbus_endpoint_code(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return "refused";
	case ETIMEDOUT:
		return "timeout";
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
		return "unreachable";
	case ECONNRESET:
	case EPIPE:
		return "reset";
	case EADDRINUSE:
		return "port-taken";
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		return "resources";
	default:
		return "connect";
	}
}
