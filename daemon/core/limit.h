// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Limits on an analog value: four of them, each with hysteresis and delays, each an
// alarm of its own (the code is the limit's name). Hysteresis applies per tripped
// limit. Also the delay filter used for any condition. Pure: `now` is an argument.
#ifndef CORE_LIMIT_H
#define CORE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

enum limit_kind {
	LIMIT_LOW_LOW,
	LIMIT_LOW,
	LIMIT_HIGH,
	LIMIT_HIGH_HIGH,
	LIMIT_COUNT,
};

struct limit {
	bool set;
	double value;      // in the point's base unit
	double hysteresis; // >= 0: a tripped low limit clears at value + hysteresis
	uint32_t on_delay_ms;
	uint32_t off_delay_ms;
};

// On- and off-delay of one condition.
struct delay {
	bool active;      // what is reported
	bool pending;     // the raw state differs from `active`
	int64_t since_ms; // monotonic, when it began to differ
};

// Whether the raw value trips (or keeps tripped) limit `k`: strictly beyond its value,
// and back again at its value moved by the hysteresis. NaN trips nothing and clears
// nothing.
bool limit_tripped(
    const struct limit *l, enum limit_kind k, double value, bool was_tripped);

// Feeds the raw state at `now_ms`. Returns true when `d->active` changed.
bool delay_feed(struct delay *d, bool raw, int64_t now_ms, uint32_t on_delay_ms,
    uint32_t off_delay_ms);

// When delay_feed should be called again with the same raw state; -1 = not needed.
int64_t delay_due(const struct delay *d, uint32_t on_delay_ms, uint32_t off_delay_ms);

const char *limit_name(enum limit_kind k); // "low_low", "low", "high", "high_high"

#endif
