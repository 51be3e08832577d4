// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Which reads a device needs: the points' addresses merged into blocks within the
// profile's limits, blocks for what the decoders ask of the device itself, and blocks
// for the identity check. Blocks split where a device refuses an address and join again
// around it. Pure but for the memory of the table; no I/O, no clock, any thread.
#ifndef DRIVERS_PLAN_H
#define DRIVERS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/link.h"
#include "core/site.h"

enum {
	// Reading a few unlisted registers is cheaper than a further request (13 bytes
	// and two silences on a line).
	PLAN_WASTE_REGISTERS = 10,
	PLAN_WASTE_BITS = 64,
	PLAN_SLOW_MS = 60000,   // helpers elsewhere, absent addresses
	PLAN_NONE = UINT16_MAX, // no block
};

enum plan_kind {
	PLAN_IDENTITY,
	PLAN_HELPER,
	PLAN_POINTS,
	PLAN_DIALOG, // drivers/dialog.h; `first` and `n` are its own; count 0 = not
		     // asked
	PLAN_OUTPUT  // drivers/device_output.h; `first`: of the device's outputs
};

// Blocks that are due are asked in this order: what the site drives, what says whether
// anything changed, what is said to have changed, everything (DESIGN section 4), and
// what fills the time that is left.
enum poll_class {
	POLL_OUTPUT,
	POLL_SUMMARY,
	POLL_CHANGED,
	POLL_SCAN,
	POLL_SPARE // never of a block for long: device_due.c
};

// What is known of a block; a set.
enum plan_flag {
	PLAN_ABSENT = 1 << 0,     // one point, and the device refuses its address
	PLAN_REFUSED = 1 << 1,    // the device refuses the function or the amount
	PLAN_PARTED = 1 << 2,     // came from a split, not yet read well since
	PLAN_JOINED = 1 << 3,     // came from a join, not yet read well since
	PLAN_NO_JOIN = 1 << 4,    // a join of it was refused: stays as it is
	PLAN_CHECKED = 1 << 5,    // identity: read, and as expected
	PLAN_AGAIN = 1 << 6,      // hurried while in flight: what comes may be older
	PLAN_JOIN_LATER = 1 << 7, // in flight when its neighbour could have joined
};

struct plan_block {
	int64_t due_ms;        // monotonic; kept by the caller
	int64_t last_good_ms;  // 0 = never
	int64_t busy_since_ms; // 0 = not
	int64_t asked_ms;      // when it was last asked
	int64_t read_ms;       // last good, since the link was lost; 0 = not
	int64_t missed_ms;     // when the first of its misses was
	uint32_t period_ms;    // 0 = the device's
	uint32_t slow_ms;      // asked no faster, for it was refused; 0 = not
	uint16_t address, count;
	uint16_t most;     // PLAN_POINTS: registers or bits of one read
	uint16_t first, n; // PLAN_POINTS: of the device's points; PLAN_IDENTITY: its
			   // index; PLAN_HELPER: first = the decoder's index
	struct block_sums sums;
	uint16_t flags; // enum plan_flag
	uint8_t kind, area;
	uint8_t poll;     // its class now
	uint8_t own_poll; // and while nothing hurries it; POLL_SCAN unless told else
	uint8_t misses;   // in a row, with the device's whole patience
	bool in_flight;   // asked and not yet answered
	uint32_t serial;  // of the last time it was asked: indexes shift
};

struct plan {
	struct plan_block *blocks;
	uint16_t n, size;
};

// Builds the table in order identity, helpers, points. Every point of the device is in
// exactly one PLAN_POINTS block, but for those behind a selector, which are the last of
// the device's and in none. The caller frees with plan_free.
void plan_build(const struct site *site, const struct device *dev, struct plan *out);
// Puts `n` empty blocks before all others. They stay there: splits and joins are of
// points only.
void plan_prepend(struct plan *p, uint16_t n);
void plan_free(struct plan *p);

// Splits a PLAN_POINTS block of two or more points in the middle; the halves follow one
// another in the table and shed what they do not need. False for one point.
bool plan_split(
    const struct site *site, const struct device *dev, struct plan *p, uint16_t block);

// Joins the block with its neighbours in the table, as far as both were read well and
// make one block by the rules above. Indexes beyond it shift.
void plan_join(struct plan *p, uint16_t block);

// Addresses a point needs, its parts and inline helpers included: [*low, *high].
void plan_point_span(const struct site *site, const struct device *dev, uint32_t point,
    uint32_t *low, uint32_t *high);

const char *plan_kind_name(uint8_t kind); // enum plan_kind: "identity", ...

const struct decoder *plan_decoder(
    const struct device *dev, const struct point *point, enum area *area);

#endif
