// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See modbus_driver.h. Keeps nothing.
#include "drivers/modbus_driver.h"

#include "drivers/modbus_bus.h"

static struct mbus *
bus_of(struct driver_instance *d)
{
	return (struct mbus *)d;
}

static const struct mbus *
bus_seen(const struct driver_instance *d)
{
	return (const struct mbus *)d;
}

void
mbus_driver_stored(
    struct driver_instance *d, uint16_t device, uint64_t token, bool durable)
{
	mbus_stored(bus_of(d), device, token, durable);
}

void
mbus_driver_drive(struct driver_instance *d, uint16_t output, bool on)
{
	mbus_drive(bus_of(d), output, on);
}

void
mbus_driver_look_bus(const struct driver_instance *d, struct bus_look *out)
{
	mbus_look(bus_seen(d), out);
}

void
mbus_driver_look_device(
    const struct driver_instance *d, uint16_t nth, struct device_look *out)
{
	mbus_look_device(bus_seen(d), nth, out);
}

void
mbus_driver_look_block(const struct driver_instance *d, uint16_t nth, uint16_t block,
    struct block_look *out)
{
	mbus_look_block(bus_seen(d), nth, block, out);
}

void
mbus_driver_listen(struct driver_instance *d, const struct bus_tap *tap)
{
	mbus_listen(bus_of(d), tap);
}
