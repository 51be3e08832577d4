// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A serial port for one program alone: opened and configured by libmodbus, refused
// where another program holds it. For tools; the daemon's bus opens its port itself.
#ifndef DRIVERS_MODBUS_PORT_H
#define DRIVERS_MODBUS_PORT_H

#include <stddef.h>
#include <stdint.h>

#include "core/site.h"
#include "lib/err.h"

struct modbus_port;

struct port_settings {
	const char *tty; // a path; one below /dev/serial/by-id is followed
	uint32_t baud;
	char parity; // 'N', 'E', 'O'
	uint8_t data_bits, stop_bits;
	enum rs485_mode rs485;
};

// NULL with *err, which says who holds the port where that can be seen.
struct modbus_port *modbus_port_open(const struct port_settings *s, struct err *err);
int modbus_port_fd(const struct modbus_port *p); // stays the port's
// Sends a whole frame and returns when it has left; 0 or -1.
int modbus_port_write(const struct modbus_port *p, const uint8_t *frame, size_t len);
void modbus_port_close(struct modbus_port *p); // NULL is fine

#endif
