// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The seam to libgpiod: gpio_v1.c is for version 1.6 (Debian 12), gpio_v2.c for version
// 2 (Debian 13). The two versions cannot be linked together; the build chooses one file
// (docs/adr/0006). A line is an input, or it is a pin: an output, for gpio_output.c
// alone (I8). On the loop; no call blocks.
#ifndef DRIVERS_GPIO_BACKEND_H
#define DRIVERS_GPIO_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/point.h"

struct gpio_chip;
struct gpio_line;

struct gpio_edge {
	bool rising;
	int64_t age_ns; // when it was taken, by the kernel's stamp
};

// CLOCK_MONOTONIC, by which the kernel stamps edges; for the back ends.
int64_t gpio_kernel_now_ns(void);

// How a line is taken. The level is read as it is: active_low is the engine's.
struct gpio_wish {
	enum gpio_bias bias;
	uint32_t kernel_debounce_ms; // 0 = raw edges; needs gpio_kernel_debounces
};

// Whether this back end can have the kernel debounce a line (uAPI v2).
extern const bool gpio_kernel_debounces;

// Edges the kernel keeps for a line. Of more, version 1 keeps the oldest without a
// sign, version 2 the newest, with a gap in their numbers.
extern const size_t gpio_kernel_edges;

// The chip behind a path. NULL with errno.
struct gpio_chip *gpio_chip_open(const char *path);
bool gpio_chip_called(struct gpio_chip *chip, const char *label_or_name);
void gpio_chip_release(struct gpio_chip *chip);

// A line by name, or by offset where `line` is a number; watched on both edges. NULL
// with errno: ENOENT there is no such line; EBUSY it is held, and `holder` then has its
// name where the kernel knows it, else "".
enum {
	GPIO_HOLDER_MAX = 32
};
struct gpio_line *gpio_line_take(struct gpio_chip *chip, const char *line,
    const struct gpio_wish *wish, char holder[static GPIO_HOLDER_MAX]);
void gpio_line_release(struct gpio_line *line);

int gpio_line_fd(const struct gpio_line *line); // readable when there are edges
int gpio_line_level(struct gpio_line *line);    // 0, 1; -1 with errno

// Takes up to `room` edges, oldest first, without waiting. -1 with errno: the chip is
// gone. Edges that the kernel has debounced are stamped with the last bounce.
int gpio_line_edges(struct gpio_line *line, struct gpio_edge *out, size_t room);

// Whether edges were lost since this was last asked. `level` is what the line read
// after all edges were taken.
bool gpio_line_lost_edges(struct gpio_line *line, int level);

// A line as an output, at this level from the first moment on; else as gpio_line_take.
// Given back, the line is the kernel's: what it does then is the chip driver's affair
// (docs/outputs.md).
struct gpio_pin;
struct gpio_pin *gpio_pin_take(struct gpio_chip *chip, const char *line, bool level,
    char holder[static GPIO_HOLDER_MAX]);
int gpio_pin_set(struct gpio_pin *pin, bool level); // 0, or -1 with errno
int gpio_pin_level(struct gpio_pin *pin);           // 0, 1; -1 with errno
void gpio_pin_release(struct gpio_pin *pin);

#endif
