// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Limits of a gauge, proposed from its own weeks. No standard gives them (a limit is
// site data): they are put beyond what the gauge did while all was well, so that it
// would have been quiet then. Pure.
#ifndef CLI_PROPOSAL_H
#define CLI_PROPOSAL_H

#include <stddef.h>
#include <stdint.h>

#include "core/limit.h"

enum {
	PROPOSAL_DAYS = 14,          // fewer say too little
	PROPOSAL_DAY_MINUTES = 720,  // good ones that make a day count
	PROPOSAL_GOOD_MS = 30 * 1000 // of a minute that counts
};

enum proposal_refusal {
	PROPOSAL_OK,
	PROPOSAL_FEW_DAYS,
	PROPOSAL_STANDS_STILL, // it never moved: a broken sensor, or a closed valve
	PROPOSAL_LEVEL_MOVED,  // one week lay elsewhere than another
};

// The lowest and the highest value of a minute, by time.
struct proposal_minute {
	int64_t utc_ms;
	double min, max; // base unit
};

struct proposal {
	enum proposal_refusal refusal;
	unsigned days;                // that count
	double low_edge, high_edge;   // all minutes but 1 in 1,000 lie above, below
	double lowest, highest;       // of all
	double week_low, week_high;   // the least and the greatest median of a week
	struct limit of[LIMIT_COUNT]; // not `set` where it would be at 0 or below
};

// `step`: limits are whole multiples of it, rounded away from what was normal.
void proposal_make(
    struct proposal *p, const struct proposal_minute *m, size_t n, double step);

// How often this limit would have tripped in these minutes, without its delays: at most
// so often with them.
unsigned proposal_count(const struct limit *l, enum limit_kind k,
    const struct proposal_minute *m, size_t n);

#endif
