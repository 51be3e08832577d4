// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A sample: what a driver saw of one point at one moment. Plain data, passed by
// address within the loop thread and copied where it is kept. Pure.
#ifndef CORE_SAMPLE_H
#define CORE_SAMPLE_H

#include <stdint.h>

#include "core/condition.h"

enum sample_kind {
	// value 0 or 1; the point's kind says which condition 1 means. Codes, where
	// there are any, stand beside it: what the driver has to say of the line
	// itself.
	SAMPLE_LEVEL,
	SAMPLE_ANALOG, // value in the point's base unit (pressure: kPa)
	SAMPLE_EDGE,   // something happened; makes an event, moves no state
	SAMPLE_COUNT,  // value is a counter
	SAMPLE_CODE,   // the set in codes[] is the point's whole state now
};

enum quality {
	QUALITY_GOOD,
	QUALITY_UNCERTAIN,
	QUALITY_BAD,     // the device answers, but says or shows that the value is none
	QUALITY_UNKNOWN, // nothing heard since a time
	QUALITY_COUNT,
};

enum {
	SAMPLE_CODES_MAX = 16
};

// A symbolic code, an index into site.codes (core/site.h). 0 is the code without a
// name, for conditions that need none.
typedef uint16_t code_id;

struct condition_code {
	enum condition condition;
	code_id code;
};

struct sample {
	uint32_t point; // index into site.points
	enum sample_kind kind;
	enum quality quality;
	double value;
	uint8_t n_codes;
	struct condition_code codes[SAMPLE_CODES_MAX];
	uint16_t silent;   // mask of 1 << enum condition: of these it says nothing, so
			   // none of them is raised or cleared by not being in codes[]
	int64_t t_mono_ms; // when the reply or edge was received
	int64_t t_utc_ms;
	int64_t not_before_utc_ms; // the previous good poll; 0 where there was none
	int64_t device_time_ms;    // the device's own stamp, UTC ms; 0 = none
	uint32_t raw;              // as read, for `explain` and notes
};

// "good", "uncertain", "bad", "unknown".
const char *quality_name(enum quality q);

#endif
