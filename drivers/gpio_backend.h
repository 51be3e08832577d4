// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The seam to libgpiod: gpio_v1.c is for version 1.6 (Debian 12). The two versions
// cannot be linked together; the build chooses one file. Lines are inputs only: nothing
// here can drive one (I8). On the loop; no call blocks.
#ifndef DRIVERS_GPIO_BACKEND_H
#define DRIVERS_GPIO_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct gpio_chip;
struct gpio_line;

struct gpio_edge {
	bool rising;
	int64_t mono_ns; // the kernel's stamp, CLOCK_MONOTONIC
};

// Events the kernel keeps for a line; more than this are lost without a sign
// (linux/gpio.h uAPI v1: the oldest are kept).
enum {
	GPIO_KERNEL_EVENTS = 16
};

// A chip by path ("/dev/gpiochip0"), label or name. NULL: *code is a static reason
// ("chip-missing", "permission", "chip") and *e says what a person must do.
struct gpio_chip *gpio_chip_take(const char *name, const char **code, struct err *e);
void gpio_chip_release(struct gpio_chip *chip);

// A line by name, or by offset where `line` is a number; watched on both edges. NULL:
// *code is "line-busy", "line-missing", "permission" or "chip-gone", and *e is filled.
struct gpio_line *gpio_line_take(
    struct gpio_chip *chip, const char *line, const char **code, struct err *e);
void gpio_line_release(struct gpio_line *line);

int gpio_line_fd(const struct gpio_line *line); // readable when there are edges
int gpio_line_level(struct gpio_line *line);    // 0, 1; -1 with errno

// Takes up to `room` edges, oldest first, without waiting. -1 with errno: the chip is
// gone.
int gpio_line_edges(struct gpio_line *line, struct gpio_edge *out, size_t room);

#endif
