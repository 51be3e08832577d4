// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Samples of a gauge around alarms, as they arrived: those before are held in memory
// until an alarm says that they matter, those after are passed on for a while. Pure;
// the caller gives the storage and the time.
#ifndef CORE_SAMPLE_WINDOW_H
#define CORE_SAMPLE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "core/sample.h"

enum {
	SAMPLE_WINDOW_HELD_MAX = 600 // of one gauge; 32 bytes each
};

// What a site keeps, for all of its gauges.
struct sample_window_rule {
	uint32_t before_ms, after_ms; // an alarm's begin or end
	unsigned keep_months;         // those around alarms
	uint32_t every_ms;            // every sample stays so long; 0 = only those
};

struct kept_sample {
	int64_t at_utc_ms;
	double value; // base unit; NaN = there was none
	enum quality quality;
	bool around; // an alarm; else it is one of all
};

struct held_sample {
	struct kept_sample s;
	int64_t t_mono_ms;
};

struct sample_window {
	int64_t open_until_ms; // monotonic; 0 = it was never open
	int64_t taken_from_ms; // what was held before this matters to nobody
	uint16_t room, n, first;
	struct held_sample held[]; // a ring
};

// How many samples before an alarm are held, for a poll of so many ms (> 0).
uint16_t sample_window_room(const struct sample_window_rule *r, uint32_t poll_ms);

// A sample that arrived, or (value NaN) that none does any more. true: it is to be
// written, as *out.
bool sample_window_feed(struct sample_window *w, const struct sample_window_rule *r,
    const struct kept_sample *s, int64_t t_mono_ms, struct kept_sample *out);

// An alarm began or ended now: open for as long as the rule says, from now on.
void sample_window_open(
    struct sample_window *w, const struct sample_window_rule *r, int64_t now_ms);
// After it, until false: what was held of the time before, oldest first.
bool sample_window_take(struct sample_window *w, struct kept_sample *out);

#endif
