// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See modbus_rs485.h. Keeps nothing.
#include "drivers/modbus_rs485.h"

#include <sys/ioctl.h>

#include <modbus/modbus-rtu.h>
#include <termios.h>

#include "lib/mem.h"

int
rs485_transmit(int fd, bool on)
{
	int rts = TIOCM_RTS;

	return ioctl(fd, on ? TIOCMBIS : TIOCMBIC, &rts);
}

int
rs485_set_up(modbus_t *port, enum rs485_mode mode)
{
	switch (mode) {
	case RS485_NONE:
		return 0;
	case RS485_RTS:
		return rs485_transmit(modbus_get_socket(port), false);
	case RS485_AUTO:
		(void)modbus_rtu_set_serial_mode(port, MODBUS_RTU_RS485);
		return 0;
	case RS485_KERNEL:
		return modbus_rtu_set_serial_mode(port, MODBUS_RTU_RS485);
	}
	wr_unreachable("rs485_mode");
}

bool
rs485_is_empty(int fd)
{
	unsigned lsr = 0;

	return ioctl(fd, TIOCSERGETLSR, &lsr) != 0 || (lsr & TIOCSER_TEMT) != 0;
}
