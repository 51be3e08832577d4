// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The outputs on the lines of one GPIO chip: those that the site has enabled, each
// taken as an output when somebody first wishes for a state, and set to that at once.
// Private to gpio*.c. On the loop; no call blocks.
#ifndef DRIVERS_GPIO_OUTPUT_H
#define DRIVERS_GPIO_OUTPUT_H

#include "drivers/driver.h"
#include "drivers/gpio_backend.h"

struct gpio_drive {
	const struct output *def;
	uint16_t index;       // into site.outputs
	struct gpio_pin *pin; // NULL = not held
	bool wished, on;
	const char *why; // it could not be had or set, as told; static
};

struct gpio_drives {
	const struct driver_host *host;
	const char *chip; // for the log
	uint16_t n;
	struct gpio_drive *drives;
};

void gpio_drives_init(
    struct gpio_drives *d, const struct driver_host *host, uint16_t gpio);
void gpio_drives_free(struct gpio_drives *d); // gives the lines back as they are

// driver->drive. `chip` NULL: it is set when the chip is there. False: the chip is
// gone.
bool gpio_drives_set(
    struct gpio_drives *d, struct gpio_chip *chip, uint16_t output, bool on);
// Takes lines that are not held, reads back those that are. False: the chip is gone.
bool gpio_drives_tick(struct gpio_drives *d, struct gpio_chip *chip);
// The chip cannot be had, for this reason; told once.
void gpio_drives_lost(struct gpio_drives *d, const char *code);

#endif
