// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// How long the units that are well keep a shared bus after a time-out. Pure. Private to
// the budget.
#ifndef CONFIG_BUDGET_IDLE_H
#define CONFIG_BUDGET_IDLE_H

#include <stdint.h>

#include "config/budget.h"
#include "config/budget_own.h"

struct budget_idle {
	const struct bus_budget *bus;
	// Who does not ask meanwhile; NULL = nobody.
	const struct budget_own *without[2];
	double after_ms; // the time-out that they waited for
	double most_ms;  // then whoever waits goes all the same
};

// How often a request of this period is due in `ms` after the time-out: it waits
// already, and comes due again; or both together lie within a period.
double budget_times_due(const struct budget_idle *i, double ms, uint32_t period);

// Until nobody who is well waits.
double budget_idle_ms(const struct budget_idle *i);

// The same for requests of periods shorter than this alone, which takes no longer than
// the whole `idle_ms`.
double budget_idle_of_shorter_ms(
    const struct budget_idle *i, uint32_t period, double idle_ms);

#endif
