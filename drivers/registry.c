// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The one list of drivers by kind of bus. GPIO has no bus and is started by name. Holds
// no state; any thread.

#include "drivers/driver.h"
#include "lib/mem.h"

static const struct driver *const by_kind[] = {
	[BUS_MODBUS_TCP] = &driver_modbus_tcp,
	[BUS_MODBUS_RTU] = &driver_modbus_rtu,
	[BUS_MODBUS_RTU_TCP] = &driver_modbus_rtu_tcp,
	[BUS_MODBUS_RTU_UDP] = &driver_modbus_rtu_udp,
	[BUS_REPLAY] = &driver_replay,
};

const struct driver *
driver_for_bus(enum bus_kind kind)
{
	wr_assert((size_t)kind < sizeof(by_kind) / sizeof(by_kind[0]));
	return by_kind[kind];
}
