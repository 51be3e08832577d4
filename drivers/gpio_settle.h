// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Debounce: edges of one line in, changes out. A change is reported when the level has
// been steady for the debounce time, stamped with the first edge of the bouncing. A
// pulse that is latched is reported at its first active edge, and its end after the
// bouncing. Pure: time is an argument (monotonic ms).
#ifndef DRIVERS_GPIO_SETTLE_H
#define DRIVERS_GPIO_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	// A contact that never settles is looked at after this many debounce times.
	SETTLE_PATIENCE = 10,
};

struct settle {
	bool level;   // as reported
	bool pending; // edges came that are not yet judged
	bool away;    // one of them left the reported level, first at first_ms
	int64_t first_ms, last_ms; // of those edges
};

// What to report; at most one change a call.
struct settle_change {
	bool changed;
	bool level;
	int64_t t_ms;
};

// The level as read at start.
void settle_init(struct settle *s, bool level);

// An edge to `level` at t_ms. `latch`: the level that is reported at once, or -1.
struct settle_change settle_edge(
    struct settle *s, bool level, int64_t t_ms, uint32_t debounce_ms, int latch);

// When settle_judge is due; -1 = not.
int64_t settle_due(const struct settle *s, uint32_t debounce_ms);

// The level as read now: edges may have been lost, so it is the truth.
struct settle_change settle_judge(
    struct settle *s, bool level, int64_t now_ms, uint32_t debounce_ms);

#endif
