// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// How long nobody watched, by what is known of the two moments (I10, I11). The wall
// clock may have been moved meanwhile; the monotonic clock has not, but it begins anew
// with each boot of the machine. Pure.
#ifndef CORE_DOWNTIME_H
#define CORE_DOWNTIME_H

#include <stdbool.h>
#include <stdint.h>

struct downtime_facts {
	int64_t last_utc_ms, last_mono_ms; // the last sign of life of the run before
	bool same_boot;                    // of the machine, then and now
	int64_t now_utc_ms, now_mono_ms;
};

enum downtime_by {
	DOWNTIME_MONOTONIC, // exact
	DOWNTIME_WALL,      // true where nobody set the clock meanwhile
	DOWNTIME_UNKNOWN,   // the clock is behind what the journal has seen
	DOWNTIME_BY_COUNT
};

struct downtime {
	enum downtime_by by;
	// By the clock as it is now; from is never after to. UNKNOWN: both are now.
	int64_t from_utc_ms, to_utc_ms;
	// How far the wall clock was moved meanwhile, where that is known and was a
	// second or more; UNKNOWN: at least so far back. Else 0.
	int64_t moved_ms;
};

struct downtime downtime_of(const struct downtime_facts *f);
const char *downtime_by_name(enum downtime_by by); // "monotonic", "wall", "unknown"

#endif
