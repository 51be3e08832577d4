// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The direction of an RS-485 line: the kernel switches the transmitter, we do with RTS,
// or the adapter does. For the daemon's bus and for the tools. Any thread.
#ifndef DRIVERS_MODBUS_RS485_H
#define DRIVERS_MODBUS_RS485_H

#include <modbus/modbus.h>
#include <stdbool.h>

#include "core/site.h"

// Of a port that libmodbus has opened. -1 with errno where the site says how it is to
// be and it cannot be so: the port is not used then.
int rs485_set_up(modbus_t *port, enum rs485_mode mode);

// RS485_RTS: the transmitter on or off; 0, or -1.
int rs485_transmit(int fd, bool on);

// Whether the last stop bit has left, where the port can tell.
bool rs485_is_empty(int fd);

#endif
