// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the other units of a shared bus cost one of its devices, when they fall silent
// or are dead already. Pure. Private to the budget.
#ifndef CONFIG_BUDGET_OTHERS_H
#define CONFIG_BUDGET_OTHERS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/budget.h"
#include "config/budget_own.h"

// Whose replies are lost, and what it waits for.
struct budget_loser {
	const struct site *s;
	const struct device *d;
	const struct bus_budget *bus;
	const struct budget_own *own;
	unsigned losses;
	bool owed;      // it waits for late replies to be over
	double most_ms; // it waits for those who are well
};

struct budget_others {
	uint8_t silent;  // at once
	unsigned wastes; // so often may a whole time-out of others be wasted first
	double total_ms; // until the device was asked again after its last loss
	double all_ms;   // all tries of the silent, until they are lost, and
			 // one of the dead
};

// `idle_ms`: until nobody who is well waits.
struct budget_others budget_others(const struct budget_loser *l, double idle_ms);

// Whether there is a place in flight for the device whatever the others do.
bool budget_others_leave_room(const struct site *s, const struct device *d);

#endif
