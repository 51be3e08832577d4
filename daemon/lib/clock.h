// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Time, swappable: the real clock, or a virtual one that a test or simulation moves.
// Monotonic for intervals, UTC for records only. A clock is used by one thread.
#ifndef LIB_CLOCK_H
#define LIB_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct clock {
	int64_t (*mono_ms)(struct clock *c); // CLOCK_MONOTONIC or virtual
	int64_t (*utc_ms)(struct clock *c);
	bool virtual_time; // the loop advances it when idle
	// State of the virtual clock.
	int64_t mono, utc;
	bool unsynchronised;
};

// The machine's clock. Shared, stateless.
struct clock *clock_real(void);

// A virtual clock that begins at these times.
void clock_virtual_init(struct clock *c, int64_t mono_ms, int64_t utc_ms);

// Moves monotonic and UTC time forward together.
void clock_virtual_advance(struct clock *c, int64_t ms);

// Moves UTC time only: a step of the wall clock, forward or back.
void clock_virtual_step(struct clock *c, int64_t ms);

// Writes "2026-01-02T03:04:05.678Z" (25 bytes with NUL).
void clock_rfc3339(int64_t utc_ms, char out[static 25]);

// Parses RFC 3339 (any offset). 0 or -1.
int clock_parse_rfc3339(const char *s, int64_t *utc_ms);

// Whether the clock is known to be right: of the machine's, what the kernel says
// (adjtimex); a virtual one is unless `unsynchronised`.
bool clock_synchronised(const struct clock *c);

#endif
