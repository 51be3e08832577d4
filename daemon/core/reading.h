// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A minute of one analog point: the record of what a gauge did. Hours and days are
// sums of minutes. `integral` is over good time only, so mean = integral / good_ms.
// Accumulation is pure: the value holds from one sample to the next, for at most
// `hold_ms`, and only while the quality is good.
#ifndef CORE_READING_H
#define CORE_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/sample.h"

enum {
	MINUTE_MS = 60000,
	READING_HOUR_MS = 3600000,
	READING_DAY_MS = 86400000, // as a step; the day itself may be 23 or 25 h long
};

struct minute {
	int64_t minute_utc_ms; // start; a multiple of 60,000
	uint32_t samples;      // good ones
	int32_t good_ms;       // 0..60,000
	double min, max; // base unit; undefined while samples == 0 and good_ms == 0
	int64_t min_at_ms, max_at_ms; // UTC
	double integral;              // value x ms over good time
	double last;
};

// Per point, zeroed at start.
struct minute_acc {
	struct minute m;
	bool open; // m holds a minute
	bool have; // held value valid
	double held;
	int64_t held_from_ms;  // UTC
	int64_t held_until_ms; // the held value counts up to here at most
};

// Feeds one sample. Writes each finished minute to out[] (at most `room`) and returns
// how many; `room` is at least 2, and 2 are enough: hold_ms counts as 60,000 at most. A
// step back of the wall clock closes the minute and opens a new one of the same start.
unsigned minute_feed(struct minute_acc *a, const struct sample *s, uint32_t hold_ms,
    struct minute *out, unsigned room);

// Closes the running minute at `utc_ms` (stop, reload, or the minute's end with no
// sample). Returns true where *out was filled. A value held beyond the minute goes on
// in the next: at a stop, call until false.
bool minute_close(struct minute_acc *a, int64_t utc_ms, struct minute *out);

// Which rows a chart's step is the sum of: a multiple of 24 h takes so many statistics
// days, a multiple of 1 h hours, anything else minutes.
enum reading_rows {
	ROWS_MINUTE,
	ROWS_HOUR,
	ROWS_DAY
};
enum {
	READING_STEPS_MAX = 5000 // in one answer: ten years of days, a wide screen
};
enum reading_rows reading_rows_of(int64_t step_ms);
// How many steps cover the span, all in ms; step_ms > 0, from_ms < to_ms.
int64_t reading_steps(int64_t from_ms, int64_t to_ms, int64_t step_ms);

#endif
