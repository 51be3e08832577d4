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

enum {
	// The value and all parts of a point, in registers.
	DECODE_WORDS_MAX = DECODE_REPEAT_MAX * (1 + ITEM_PARTS_MAX),
};

// The driver's own codes, as the site numbers them; 0 where the site has none. They
// always come with COND_FAULT (reserved bits: COND_INFO).
struct decode_codes {
	code_id not_present;       // "not-present": the point is not there
	code_id sensor_range;      // "sensor-range": out of the device's own range
	code_id configuration;     // "configuration": the device is not set as it was
	code_id unknown_code;      // "unknown-code"
	code_id reserved_bits;     // "reserved-bits"
	code_id frozen;            // "frozen": the value does not move as it must
	code_id named[COND_COUNT]; // "fire", ..: of what a test would have been
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

// Takes one reading of decoder_helper_span(); words[0] is at its low end. Returns the
// new state.
enum decode_helper_state decode_helper_feed(
    const struct decoder *dec, struct decode_helper *h, const uint16_t *words);

// Something that happened rather than something that is (VALUE_EDGE).
struct decode_edge {
	bool happened;
	struct condition_code is;
};

// What was read of a point: decoder_width() words of the value, then those of each part
// in turn, as they come from the wire; a coil or discrete input is 0 or 1.
struct decode_input {
	const struct profile *profile;
	const struct profile_item *item;
	const uint16_t *words;
	uint8_t shift;                      // its place in a packed register
	const struct decode_helper *helper; // NULL where the decoder has none
};

// Fills kind, quality, value, codes, silent and raw of *out, and *edge. Value is NaN
// whenever the quality is not good.
void decode_item(const struct decode_input *in, const struct decode_codes *codes,
    struct sample *out, struct decode_edge *edge);

// The same of a value that has no parts.
void decode_point(const struct decoder *dec, const struct decode_codes *codes,
    const uint16_t *words, const struct decode_helper *h, struct sample *out,
    struct decode_edge *edge);

// The same fields for a point of which the device says that it has no value.
void decode_refused(const struct decoder *dec, code_id code, struct sample *out);

// A good sample whose value is none after all.
void decode_void(struct sample *s, code_id code);

// A counter that only grows, whatever the device's does: a step over the end of its
// range goes on, a fall to less than half of it starts again from where it was.
struct decode_counter {
	bool have;
	uint64_t last;
	uint64_t total;
};
uint64_t decode_counter_feed(
    const struct decoder *dec, struct decode_counter *c, uint64_t raw);

// Whether a register that moves with each new value still does.
struct decode_fresh {
	bool have;
	uint16_t last;
	int64_t moved_ms;
};
bool decode_fresh_feed(
    struct decode_fresh *f, uint16_t raw, int64_t now_ms, uint32_t within_ms);

#endif
