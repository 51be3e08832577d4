// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A loaded site's first bus on a virtual clock, through the real scheduler, bus, plan
// and device code, in front of made-up units that answer exactly as fast as a plan
// counts on, or, where the faults say so, not at all. One run is one episode: a quiet
// time, then the faults, and how long a change of one point took to be seen. Test code
// only; one thread.
#ifndef TESTS_UNIT_BUDGET_RIG_H
#define TESTS_UNIT_BUDGET_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/site.h"

enum {
	RIG_DEVICES = 24,
	RIG_BLOCKS = 40, // of one device, dialogs included
	RIG_LOSSES = 8,
	RIG_SILENT = 4, // other units that fall silent
	RIG_MARKS = 32,
	RIG_OUTPUTS = 4,
	RIG_ANY_BLOCK = UINT8_MAX,
};

// Another unit that falls silent from then on, for so many requests.
struct silent_unit {
	uint16_t device; // INDEX_NONE = none
	uint32_t from_ms, requests;
};

// What an adversary may choose. Times are milliseconds after the quiet time.
struct episode {
	uint32_t point; // that is watched
	uint16_t phases[RIG_DEVICES]
		       [RIG_BLOCKS]; // of each block, of 65536 of its period
	bool dead[RIG_DEVICES];      // all the time, and known to be
	uint32_t probe_ms; // the first of them is tried then, with its whole time-out
	// Replies of the point's device that are lost: how many are let through before
	// each, and to which of its blocks.
	uint8_t n_losses, before[RIG_LOSSES], loss_block[RIG_LOSSES];
	uint32_t losses_from_ms;
	uint32_t losses_after; // and not before the silent unit was silent so often
	bool losses_of_point;  // only of readings of the point
	struct silent_unit silent[RIG_SILENT];
	uint16_t records; // that wait in each event queue when the quiet time ends
	// Each output changes at the pace of its plan and so much more, all the time,
	// and then.
	bool wishes;
	uint32_t wishes_more_ms, wishes_ms[RIG_OUTPUTS];
	// The change follows so many readings of what shows it.
	uint32_t change_after;
	// A pulse of so many ms instead of a change that stays; 0 = it stays.
	uint32_t pulse_ms;
	bool trace; // each request after the quiet time is printed
};

struct episode_result {
	bool lost;        // a device that should not be, or the bus: it does not count
	bool seen;        // the change was reported
	bool overdue;     // the driver said so
	uint32_t took_ms; // from the change to its sample, without own delays
	uint32_t gap_ms;  // the longest from one reading of the point to the answer of
			  // the next, that ends after the quiet time
	// For who wants to know where more would hurt. From the start to the end of the
	// quiet time; when, after that, the point's device was asked within the longest
	// gap or somebody did not answer; and the period of each block.
	uint32_t quiet_ms, n_marks, marks_ms[RIG_MARKS];
	uint32_t periods_ms[RIG_DEVICES][RIG_BLOCKS]; // 0 = none
};

// Runs the episode for `span_ms` after the quiet time.
struct episode_result episode_run(
    const struct site *s, const struct episode *e, uint32_t span_ms);

#endif
