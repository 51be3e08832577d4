// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a device costs on its bus by itself: its requests, and its replies that do not
// come. Pure. Private to the budget.
#ifndef CONFIG_BUDGET_OWN_H
#define CONFIG_BUDGET_OWN_H

#include <stdbool.h>
#include <stdint.h>

#include "config/budget.h"
#include "config/requests.h"
#include "core/site.h"

enum {
	BUDGET_SHAPES = 32, // told apart
};

// Reads of one area whose replies are of one size.
struct budget_shape {
	enum area area;
	uint32_t bytes, address; // the latter of the last
	unsigned n;
	bool of_plan; // not only looks at outputs: those keep no others waiting
};

// Of the device itself.
struct budget_own {
	// What it asks in each of its periods; those beyond so many are left out.
	uint8_t n_periods;
	struct {
		uint32_t ms;
		double busy_ms;
	} periods[BUDGET_PERIODS];
	double cycle_ms, longest_ms, longest_reply_ms;
	uint32_t blocks, requests;
	// Reads of one shape, and the most there are of one that is of the plan.
	struct budget_shape shapes[BUDGET_SHAPES];
	unsigned n_shapes;
	unsigned alike;
	bool owes; // a late reply to one would pass for the reply to another
};

struct budget_own budget_own(const struct site *s, const struct device *d);

// No other read has its shape: it waits for no late reply.
bool budget_own_of_one_shape(const struct budget_own *o, const struct request *r);

// What waits because a late reply would pass for its own, with so many lost. ms.
double budget_owed_ms(
    const struct device *d, const struct budget_own *o, unsigned losses);

// How long the bus waits for a reply that does not come. ms.
double budget_loss_ms(
    const struct site *s, const struct device *d, const struct budget_own *o);

// The same right after another time-out, for a unit that was well until then. ms.
double budget_hasty_ms(
    const struct site *s, const struct device *d, const struct budget_own *o);

#endif
