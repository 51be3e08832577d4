// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// One request answered: libmodbus' server side over our register maps. Used by the
// TCP and the serial server alike; one thread per libmodbus context.

#ifndef SERVE_H
#define SERVE_H

#include <modbus.h>
#include <stdbool.h>
#include <stdint.h>

#include "registers.h"

// Answers the request of `length` bytes in `bytes` (header included) on `ctx`. False
// when the connection is of no further use: it broke, or the request was not a read,
// after which the position in the byte stream is no longer known.
bool serve_request(modbus_t *ctx, struct building *b, const struct station *station,
    const uint8_t *bytes, int length);

#endif
