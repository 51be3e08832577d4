// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Limits with hysteresis, and the delay filter of any condition. Keeps no state of its
// own; any thread. Refuses to conclude anything from a value that is none: NaN neither
// trips a limit nor clears one (I6). A limit trips beyond its value and clears at its
// value moved back by the hysteresis, so with no hysteresis it cannot flutter on
// equality.
#include "core/limit.h"

#include <assert.h>
#include <math.h>

static const struct {
	const char *name;
	bool low;
} kinds[LIMIT_COUNT] = {
	[LIMIT_LOW_LOW] = { "low_low", true },
	[LIMIT_LOW] = { "low", true },
	[LIMIT_HIGH] = { "high", false },
	[LIMIT_HIGH_HIGH] = { "high_high", false },
};

bool
limit_tripped(const struct limit *l, enum limit_kind k, double value, bool was_tripped)
{
	assert((unsigned)k < LIMIT_COUNT);
	if (!l->set)
		return false;
	if (isnan(value))
		return was_tripped;
	double back = was_tripped ? l->hysteresis : 0.0;
	return kinds[k].low ? value < l->value + back : value > l->value - back;
}

bool
delay_feed(struct delay *d, bool raw, int64_t now_ms, uint32_t on_delay_ms,
    uint32_t off_delay_ms)
{
	if (raw == d->active) {
		d->pending = false;
		return false;
	}
	if (!d->pending) {
		d->pending = true;
		d->since_ms = now_ms;
	}
	if (now_ms < delay_due(d, on_delay_ms, off_delay_ms))
		return false;
	d->active = raw;
	d->pending = false;
	return true;
}

int64_t
delay_due(const struct delay *d, uint32_t on_delay_ms, uint32_t off_delay_ms)
{
	if (!d->pending)
		return -1;
	return d->since_ms + (d->active ? off_delay_ms : on_delay_ms);
}

const char *
limit_name(enum limit_kind k)
{
	assert((unsigned)k < LIMIT_COUNT);
	return kinds[k].name;
}
