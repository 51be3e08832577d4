// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Finding a chip and a line, and saying in words a person can act on why one cannot be
// had. Over gpio_backend.h, the same for both versions of libgpiod. On the loop.
#ifndef DRIVERS_GPIO_FIND_H
#define DRIVERS_GPIO_FIND_H

#include "drivers/gpio_backend.h"
#include "lib/err.h"

// A chip by path ("/dev/gpiochip0"), label or name. NULL: *code is a static reason
// ("chip-missing", "permission", "chip") and *e says what a person must do.
struct gpio_chip *gpio_chip_find(const char *name, const char **code, struct err *e);

// The line of a chip. NULL: *code is "line-busy", "line-missing", "line" (it cannot be
// watched as asked), "permission" or "chip-gone", and *e is filled.
struct gpio_line *gpio_line_find(struct gpio_chip *chip, const char *line,
    const struct gpio_wish *wish, const char **code, struct err *e);

// The same for an output at this level.
struct gpio_pin *gpio_pin_find(struct gpio_chip *chip, const char *line, bool level,
    const char **code, struct err *e);

#endif
