// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// How fast a header loses pressure at night while its pump stands still: what it falls
// between a stop and the next start, over as many of those spans as make `over_ms` of
// standing still. Times are monotonic ms, pressures kPa. Pure.
//
// A span ends where the pump starts, the night ends, or pump or gauge are not known;
// what it fell up to there counts. A night that ends before `over_ms` is reached says
// nothing.
#ifndef CORE_PUMP_LEAK_H
#define CORE_PUMP_LEAK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/contact.h"

struct pump_leak {
	bool night, in_span;
	double from_kpa, last_kpa;
	int64_t from_ms, last_ms;
	double fell_kpa;  // over the spans before
	int64_t still_ms; // their length
	bool measured;    // this night, or the last one up to its end
	double per_hour;  // kPa/h, newest; NaN = none yet
};

// `kpa` NaN = not known. Returns whether per_hour is new.
bool pump_leak_feed(struct pump_leak *l, enum contact_state running, bool night,
    double kpa, int64_t over_ms, int64_t now_ms);

#endif
