// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a person can see of a bus, of a device on it, and of a block of its registers:
// filled by the drivers, shown by the API and /metrics. And the figures that the
// scheduler keeps and --check prints. Sums run since the start. Plain data. Pure.
#ifndef CORE_LINK_H
#define CORE_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/profile.h"

enum {
	// On a shared bus a dead unit is tried less and less often, down to this ...
	LINK_BACKOFF_MAX_MS = 30000,
	// ... and all dead units together get one part in so many of the time (I7).
	LINK_DEAD_SHARE = 10,
	// Reply times are counted by their upper bounds: link_reply_bound_us.
	LINK_REPLY_BOUNDS = 12,
};

struct bus_sums {
	uint64_t connects, disconnects, open_failures;
	uint64_t babbles;     // times it was closed for talking without being asked
	uint64_t noise_bytes; // that no answer explains
	uint64_t busy_us;     // with a request in flight
	uint64_t wasted_us; // waiting for answers that did not come, side by side added
	uint64_t sick_us;   // of that for units that are sick
};

struct bus_look {
	const char *state; // "closed", "opening", "open"
	bool known;        // a link was opened, or was lost
	bool lost;         // its own link point
	const char *code;  // why; NULL = it is not
	uint16_t devices, devices_lost, devices_sick;
	uint8_t window, in_flight;
	double load, load_sick; // shares of the last one to two minutes
	// A unit that is well again is asked within this, as things stand.
	uint32_t retry_within_ms;
	struct bus_sums sums;
};

struct device_sums {
	uint64_t requests, good, timeouts, exceptions;
	uint64_t stale;      // whole frames that answer nothing asked now
	uint64_t mismatched; // of another unit, function, count
	uint64_t malformed, bad_crc;
	uint64_t samples;
	uint64_t replies, reply_us; // valid ones, and their times added
};

struct device_look {
	const char *state;                         // "new", "up", "doubtful", "lost"
	const char *code;                          // why it is lost; NULL = it is not
	int64_t since_utc_ms;                      // lost, or back; 0 = since the start
	int64_t last_good_utc_ms, next_try_utc_ms; // 0 = never, not known
	uint32_t tries;                            // that failed since it went
	uint8_t health_good, health_of;            // answered of the last polls
	bool sick, flaps, overdue;
	uint16_t blocks;
	uint32_t worst_gap_ms; // longest a block went unread while the device was up
	uint32_t last_reply_us, max_reply_us;
	uint32_t reply_p50_us, reply_p99_us; // bounds that so many replies kept
	struct device_sums sums;
};

// Each request ends in one of three; those of all blocks add up to the device's.
struct block_sums {
	uint32_t requests, good, missed, refused;
	uint32_t last_reply_us, max_reply_us;
	uint32_t worst_gap_ms;
};

struct block_look {
	const char *kind;  // "points", "identity", "helper", "output", "summary", ...
	const char *order; // "summary", "changed", "scan": its class now
	const char *state; // "read", "unread", "absent", "refused"
	enum area area;
	uint16_t address, count, points;
	uint32_t period_ms;
	int64_t last_good_utc_ms; // 0 = never
	struct block_sums sums;
};

// The bounds of the histogram of reply times; the last is UINT32_MAX.
uint32_t link_reply_bound_us(unsigned i);
unsigned link_reply_slot(uint32_t us);
// The bound that this share (0..1) of the counted replies kept; 0 = none counted.
uint32_t link_reply_quantile_us(
    const uint32_t counts[static LINK_REPLY_BOUNDS], double share);

#endif
