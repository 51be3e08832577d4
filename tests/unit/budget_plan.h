// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Random sites of one bus, made as YAML and loaded: a connection of its own, a gateway
// with many units, a serial line, RTU frames over TCP; with and without dialogs. All
// that a plan may set is set to something. Test code only; one thread.
#ifndef TESTS_UNIT_BUDGET_PLAN_H
#define TESTS_UNIT_BUDGET_PLAN_H

#include <stdint.h>

#include "core/site.h"

// A generator that a seed fixes.
struct dice {
	uint64_t state;
};

uint32_t dice_below(struct dice *d, uint32_t n); // 0 .. n - 1; n > 0

// The site, whose load is within what --check allows. The text is kept for a failure:
// static storage, until the next call.
struct site *plan_roll(struct dice *d);
const char *plan_text(void);

// A line on which most of the time somebody waits, beside a unit with an event queue
// and the first, which has one block.
struct site *plan_with_queue(struct dice *d);

#endif
