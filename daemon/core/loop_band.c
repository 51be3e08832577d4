// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See loop_band.h. Owns nothing; any thread. The invariant: a value outside the normal
// band is never reported as normal, whatever it was before (I6).
#include "core/loop_band.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

static const struct {
	const char *name;
	unsigned severity;
	const char *code;
} bands[LOOP_BAND_COUNT] = {
#define X(id, name, severity, code) [id] = { name, severity, code },
	LOOP_BANDS(X)
#undef X
};

static uint8_t
step_of(const struct loop_table *t, double value)
{
	uint8_t i = 0;

	while (i + 1 < t->n && value >= t->steps[i].below)
		i++;
	return i;
}

// Inside the step by a tenth of each limit that it has.
static bool
well_inside(const struct loop_table *t, uint8_t step, double value)
{
	const double part = LOOP_HYSTERESIS_PERCENT / 100.0;

	if (step > 0) {
		double lower = t->steps[step - 1].below;
		if (value < lower + fabs(lower) * part)
			return false;
	}
	if (step + 1 < t->n) {
		double upper = t->steps[step].below;
		if (value > upper - fabs(upper) * part)
			return false;
	}
	return true;
}

static enum loop_band
next_band(const struct loop_state *l, const struct loop_table *t, double value)
{
	uint8_t step = step_of(t, value);
	enum loop_band band = t->steps[step].band;
	bool better = l->seen && bands[band].severity < bands[l->band].severity;

	// A fault that does not count yet holds back nothing that the contact does.
	if (band == LOOP_ACTIVE && !(l->told && l->reported == l->band))
		return band;
	return better && !well_inside(t, step, value) ? l->band : band;
}

// A loose wire goes from fault to fault: none lasts, and all together count.
static bool
still_waits(const struct loop_state *l, enum loop_band next)
{
	bool faulty = bands[l->band].code != NULL && bands[next].code != NULL;

	return faulty && !(l->told && bands[l->reported].code != NULL);
}

bool
loop_feed(
    struct loop_state *l, const struct loop_table *t, double value, int64_t now_ms)
{
	if (isnan(value))
		return false;
	enum loop_band band = next_band(l, t, value);
	if (!l->seen || (band != l->band && !still_waits(l, band)))
		l->since_ms = now_ms;
	l->seen = true;
	l->band = band;
	if (l->told && l->reported == band)
		return false;
	if (bands[band].code != NULL &&
	    now_ms - l->since_ms < (int64_t)t->fault_delay_ms)
		return false;
	l->told = true;
	l->reported = band;
	return true;
}

int64_t
loop_due(const struct loop_state *l, const struct loop_table *t)
{
	if (!l->seen || (l->told && l->reported == l->band))
		return -1;
	return l->since_ms + (int64_t)t->fault_delay_ms;
}

void
loop_forget(struct loop_state *l)
{
	*l = (struct loop_state){ 0 };
}

const char *
loop_band_name(enum loop_band b)
{
	assert((unsigned)b < LOOP_BAND_COUNT);
	return bands[b].name;
}

const char *
loop_band_code(enum loop_band b)
{
	assert((unsigned)b < LOOP_BAND_COUNT);
	return bands[b].code;
}
