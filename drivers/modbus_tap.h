// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What passes over a bus, for one who listens (struct bus_tap of driver.h). Private to
// modbus_*.c. Called only where there is a listener: nobody else pays more than the
// question whether there is. On the loop.
#ifndef DRIVERS_MODBUS_TAP_H
#define DRIVERS_MODBUS_TAP_H

#include <stddef.h>
#include <stdint.h>

#include "drivers/modbus_bus.h"

// The whole frame of a request that goes out now, in flight already.
void tap_request(const struct mbus *b, const struct mbus_flight *f,
    const uint8_t *frame, size_t len);
// The whole frame that is its answer or exception.
void tap_answer(const struct mbus *b, const struct mbus_flight *f, const uint8_t *frame,
    size_t len, bool exception);
// It ended without one. `what`: BUS_TIMEOUT, BUS_GARBLED, BUS_DROPPED.
void tap_end(
    const struct mbus *b, const struct mbus_flight *f, enum bus_frame_kind what);
// The link went (why) or came (NULL).
void tap_link(const struct mbus *b, const char *code);

#endif
