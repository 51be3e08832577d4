// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A back end of the GPIO driver (drivers/gpio_backend.h) without a library: one chip
// whose lines, edges and misfortunes a test makes. Test code only; one thread.
#ifndef TESTS_UNIT_FAKE_GPIO_H
#define TESTS_UNIT_FAKE_GPIO_H

#include "drivers/gpio_backend.h"

enum {
	FAKE_LINES = 4
};

struct fake_line {
	bool level;
	bool lost;     // edges were lost
	bool endless;  // there are always more edges
	int taken;     // 0 free, 1 by the driver, 2 by somebody else
	bool output;   // taken as an output; `level` is what it drives
	int set_fails; // errno of setting it; 0 = it can be set
	unsigned sets;
	struct gpio_wish wish;
	unsigned waiting; // edges not yet read
	bool first;       // the direction of the first of them
	int64_t age_ms;   // of them when they are read
	unsigned reads;   // calls of gpio_line_edges
	int fd;
};

struct fake_gpio {
	int missing; // errno of opening the chip; 0 = it is there
	bool gone;   // the chip vanished under its lines
	unsigned opens;
	struct fake_line lines[FAKE_LINES];
};

extern struct fake_gpio fake_gpio;

void fake_gpio_reset(void);
// The level changes `n` times, quickly.
void fake_gpio_edges(unsigned line, unsigned n);
void fake_gpio_vanish(void);
void fake_gpio_return(void);

#endif
