// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What registers mean: from the words of one point to one sample, by the tables of a
// profile. The rule above all others (I6): what the tables do not say is never normal.
// Pure: no I/O, no clock, no allocation, any thread.
#ifndef DRIVERS_DECODE_H
#define DRIVERS_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/profile.h"
#include "core/sample.h"
#include "core/site.h"

// The driver's own codes, as the site numbers them; 0 where the site has none. They
// always come with COND_FAULT (reserved bits: COND_INFO).
struct decode_codes {
	code_id not_present;   // "not-present": the point is not there
	code_id sensor_range;  // "sensor-range": out of the device's own range
	code_id configuration; // "configuration": the device is not set as it was
	code_id unknown_code;  // "unknown-code"
	code_id reserved_bits; // "reserved-bits"
	code_id line_busy;     // "line-busy": GPIO line held by another program
};

void decode_codes_find(const struct site *site, struct decode_codes *out);

// Unit, decimals and range that the device itself holds. The first reading is what the
// site was commissioned with; a later difference is a fault, never a new scale.
enum decode_helper_state {
	HELPER_UNREAD,
	HELPER_GOOD,
	HELPER_CHANGED,
	HELPER_REFUSED
};

struct decode_settings {
	uint16_t unit, decimals;
	int16_t zero, full;
};

struct decode_helper {
	enum decode_helper_state state;
	struct decode_settings first;
};

// Registers of a decoder's helpers, as one span. False where it has none.
bool decode_helper_span(const struct decoder *dec, uint16_t *low, uint16_t *high);

// Takes one reading of the span; words[0] is at `low`. Returns the new state.
enum decode_helper_state decode_helper_feed(
    const struct decoder *dec, struct decode_helper *h, const uint16_t *words);

// Registers one value takes: 1 or 2. Bits: 1.
uint16_t decode_width(const struct decoder *dec, enum area area);

// Fills kind, quality, value, codes and raw of *out from decode_width() words as read
// from the wire; a bit is 0 or 1. `h` is NULL where the decoder has no helpers. Value
// is NaN whenever the quality is not good.
void decode_point(const struct decoder *dec, const struct decode_codes *codes,
    const uint16_t *words, const struct decode_helper *h, struct sample *out);

// The same fields for a point of which the device says that it has no value.
void decode_refused(const struct decoder *dec, code_id code, struct sample *out);

#endif
