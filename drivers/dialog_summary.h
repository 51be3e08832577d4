// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What is read first: one summary of one loop (or of the whole device), whether it
// differs from before, and whether it speaks of a fire that no point shows. Pure: no
// I/O, no clock (`now` is monotonic ms), no allocation, any thread.
#ifndef DRIVERS_DIALOG_SUMMARY_H
#define DRIVERS_DIALOG_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/profile_dialog.h"

enum {
	SUMMARY_SLOW_MS = 60000, // asked again where the device has no such register
	// A scan for the point behind a fire is waited for no longer than this and
	// three periods: then the panel as a whole has the fire.
	SUMMARY_SCAN_MS = 10000,
};

// A fire that the summary speaks of.
enum summary_fire {
	FIRE_NONE,
	FIRE_SEEN,     // guarded points show it, or all that are counted
	FIRE_SOUGHT,   // they do not: the points are being read
	FIRE_UNLISTED, // nor after a scan: the panel as a whole has it
};

struct dialog_summary {
	uint8_t def;   // index into the profile's summaries
	uint16_t loop; // 0 = all
	bool known;    // words is filled
	bool absent;   // the device has no such register
	bool alone;    // not read together with other loops: that was refused
	int64_t due_ms;
	uint16_t words[SUMMARY_REGISTERS_MAX];
	enum summary_fire fire;
	int64_t sought_ms;
};

// What follows from one reading.
enum summary_outcome {
	SUMMARY_SAME,
	SUMMARY_CHANGED, // the guarded points are to be read next
	SUMMARY_SEEK,    // the same, because a fire is sought
};

uint16_t summary_address(
    const struct profile_summary *def, const struct dialog_summary *s);

// The points that a summary guards, at its reading.
struct summary_guarded {
	bool scanning;  // one is still to be read
	uint32_t fires; // so many show a fire
	uint32_t poll_ms;
};

// One reading of def->registers words.
enum summary_outcome summary_take(struct dialog_summary *s,
    const struct profile_summary *def, const uint16_t *words,
    const struct summary_guarded *guarded, int64_t now);

void summary_absent(struct dialog_summary *s, int64_t now);
void summary_lost(struct dialog_summary *s);

#endif
