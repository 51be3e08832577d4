// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See downtime.h. Owns nothing; pure. It refuses to guess: a clock that is behind the
// journal after a boot says nothing about how long that took.
#include "core/downtime.h"

#include <assert.h>

enum {
	// Less is the drift and the grain of two clocks: then it began when the last
	// word was said, not a millisecond before it.
	MOVED_MS = 1000
};

static const char *const names[DOWNTIME_BY_COUNT] = {
	[DOWNTIME_MONOTONIC] = "monotonic",
	[DOWNTIME_WALL] = "wall",
	[DOWNTIME_UNKNOWN] = "unknown",
};

const char *
downtime_by_name(enum downtime_by by)
{
	assert((unsigned)by < DOWNTIME_BY_COUNT);
	return names[by];
}

struct downtime
downtime_of(const struct downtime_facts *f)
{
	struct downtime d = { .by = DOWNTIME_WALL,
		.from_utc_ms = f->last_utc_ms,
		.to_utc_ms = f->now_utc_ms };
	if (f->same_boot && f->now_mono_ms >= f->last_mono_ms) {
		int64_t lasted_ms = f->now_mono_ms - f->last_mono_ms;
		int64_t begin_ms = f->now_utc_ms - lasted_ms;
		int64_t moved_ms = begin_ms - f->last_utc_ms;
		d.by = DOWNTIME_MONOTONIC;
		if (moved_ms >= MOVED_MS || moved_ms <= -MOVED_MS) {
			d.from_utc_ms = begin_ms;
			d.moved_ms = moved_ms;
		} else if (f->last_utc_ms > f->now_utc_ms) {
			d.from_utc_ms = f->now_utc_ms;
		}
	} else if (f->now_utc_ms < f->last_utc_ms) {
		d.by = DOWNTIME_UNKNOWN;
		d.from_utc_ms = f->now_utc_ms;
		d.moved_ms = f->now_utc_ms - f->last_utc_ms;
	}
	return d;
}
