// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Every request that a device's plan needs, its dialogs included: how often it is sent
// and how long the bus is busy with it. Formed as drivers/plan.c and drivers/dialog.c
// form them: tests compare the two. Pure. Private to config, but for tests.
#ifndef CONFIG_REQUESTS_H
#define CONFIG_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/site.h"

enum {
	// Assumed, for no document gives them: what a unit takes to answer, and what
	// the network takes there and back.
	REQUEST_TURNAROUND_MS = 5,
	REQUEST_NETWORK_MS = 5,
};

struct request {
	enum area area;
	uint32_t address, count; // registers or bits; 0 = a write
	uint32_t period_ms;
	// Sent so long after the answer before, and not at times that are fixed.
	bool drifts;
	bool first_of_all; // goes before whatever else is due
	bool of_points;    // the device's points[first] and n - 1 that follow
	uint32_t first, n;
	double ms;       // from sending until the bus may be used again
	double reply_ms; // of that until the answer is here
};

typedef void request_fn(void *ctx, const struct request *r);

// Calls `fn` for each. A selector and its result are one, for they are never sent at
// once. An output is counted as it is while it changes most.
void requests_each(
    const struct site *s, const struct device *d, request_fn *fn, void *ctx);

// Characters of `bits` of a line, in ms; 0 where the bus has none.
double request_character_ms(const struct bus *b);

// How often one point behind a selector is read, or 0 where the device has none, when
// each step waits `wait_ms` for the bus.
uint32_t request_selector_ms(
    const struct site *s, const struct device *d, double wait_ms);

// Of a point's item, or NULL: a summary that shows each of its changes.
const struct profile_summary *request_revision_of(
    const struct device *d, const struct point *p);

#endif
