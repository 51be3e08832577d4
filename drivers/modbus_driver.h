// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The calls of driver.h that are the same for every transport of a bus. Their instance,
// `struct driver_instance`, begins with its `struct mbus`. On the loop.
#ifndef DRIVERS_MODBUS_DRIVER_H
#define DRIVERS_MODBUS_DRIVER_H

#include "drivers/driver.h"

void mbus_driver_stored(
    struct driver_instance *d, uint16_t device, uint64_t token, bool durable);
void mbus_driver_drive(struct driver_instance *d, uint16_t output, bool on);
void mbus_driver_look_bus(const struct driver_instance *d, struct bus_look *out);
void mbus_driver_look_device(
    const struct driver_instance *d, uint16_t nth, struct device_look *out);
void mbus_driver_look_block(const struct driver_instance *d, uint16_t nth,
    uint16_t block, struct block_look *out);
void mbus_driver_listen(struct driver_instance *d, const struct bus_tap *tap);

// Of a driver's initializer: all of them but `drive`, for what is played is not driven.
#define MBUS_DRIVER_CALLS                                                       \
  .stored = mbus_driver_stored, .look_bus = mbus_driver_look_bus,               \
  .look_device = mbus_driver_look_device, .look_block = mbus_driver_look_block, \
  .listen = mbus_driver_listen

#endif
