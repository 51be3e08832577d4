// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Starts and stops of a pump, with the pressure at each: from its run contact, or,
// where it has none, from the turns of its header's pressure. Plain data; times are
// monotonic ms, pressures kPa. Pure.
//
//   contact:  it acts = runs. The start pressure is the lowest that was seen in the
//             10 s before the start, the stop pressure the highest in those before the
//             stop, each since the turn before it: a gauge is polled less often than a
//             jockey pump is quick.
//   trend:    up by `swing` from its lowest = it started there; down by `swing` from
//   its
//             highest = it stopped there. Less than that is noise.
//   unknown:  nothing starts or stops. What differs when it is known again happened in
//             between: a step with `after_gap` and without a pressure. By the trend the
//             first turn after a gap only says how it is now.
#ifndef CORE_PUMP_CYCLE_H
#define CORE_PUMP_CYCLE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/contact.h"

enum {
	PUMP_STARTS_MAX = 128,        // of an hour that are counted
	PUMP_HOUR_MS = 3600 * 1000,   // a jockey pump's starts are counted by the hour
	PUMP_LOOK_BACK_MS = 10 * 1000 // from a contact's change to its pressure
};

enum pump_step {
	PUMP_STEP_NONE,
	PUMP_STEP_START,
	PUMP_STEP_STOP,
};

struct pump_turn {
	enum pump_step step;
	int64_t at_ms;
	double kpa;     // NaN = not known
	int64_t ran_ms; // at a stop: since its start; 0 = not known
	bool after_gap; // some time since it was last known
};

// The lowest or highest value of the newest PUMP_LOOK_BACK_MS.
struct pump_extreme {
	bool have;
	double kpa;
	int64_t at_ms;
};

// Zeroed, it is a pump of which nothing is known.
struct pump_cycle {
	enum contact_state running; // as it is known now
	enum contact_state was;     // as it was last known
	int64_t started_ms;         // of the run that lasts; 0 = not seen
	struct pump_extreme low, high;
	double peak;             // highest since the start; NaN = none
	double start_kpa;        // of the run that lasts; NaN = not known
	int64_t watched_ms;      // since then no start can have been missed
	uint8_t n_starts, first; // a ring, oldest first
	int64_t starts[PUMP_STARTS_MAX];
};

// As it was when the daemon stopped. `started_ms` may lie before this boot (negative);
// 0 where it did not run.
void pump_cycle_restore(
    struct pump_cycle *c, enum contact_state was, int64_t started_ms);

// By the contact: `run` as it is known at `now_ms`, with the pressure (NaN = not
// known).
struct pump_turn pump_cycle_contact(
    struct pump_cycle *c, enum contact_state run, double kpa, int64_t now_ms);
// By the trend.
struct pump_turn pump_cycle_trend(
    struct pump_cycle *c, double kpa, double swing, int64_t now_ms);

// Of a pump that runs: since when it surely has, its start or when that came to be
// known.
int64_t pump_cycle_runs_since(const struct pump_cycle *c);

// Starts in the hour before `now_ms`, at most PUMP_STARTS_MAX. Forgets older ones.
unsigned pump_cycle_starts(struct pump_cycle *c, int64_t now_ms);
// Whether all of that hour was watched.
bool pump_cycle_watched_hour(const struct pump_cycle *c, int64_t now_ms);
// When the oldest start leaves the hour, or the hour is watched; -1 = never.
int64_t pump_cycle_due(const struct pump_cycle *c, int64_t now_ms);

#endif
