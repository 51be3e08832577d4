// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See pump_leak.h. Owns nothing; any thread.
#include "core/pump_leak.h"

#include <math.h>

#include "core/pump_cycle.h"

static void
end_span(struct pump_leak *l)
{
	if (!l->in_span)
		return;
	l->fell_kpa += l->from_kpa - l->last_kpa;
	l->still_ms += l->last_ms - l->from_ms;
	l->in_span = false;
}

static void
begin_night(struct pump_leak *l, bool night)
{
	if (night == l->night)
		return;
	l->night = night;
	l->fell_kpa = 0;
	l->still_ms = 0;
	if (night)
		l->measured = false;
}

// The span so far is long enough, with those before it.
static bool
measure(struct pump_leak *l, int64_t over_ms)
{
	int64_t still = l->still_ms + l->last_ms - l->from_ms;
	if (still < over_ms || still <= 0)
		return false;
	double fell = l->fell_kpa + l->from_kpa - l->last_kpa;
	l->per_hour = fell > 0 ? fell * PUMP_HOUR_MS / (double)still : 0;
	l->measured = true;
	l->fell_kpa = 0;
	l->still_ms = 0;
	l->from_kpa = l->last_kpa;
	l->from_ms = l->last_ms;
	return true;
}

bool
pump_leak_feed(struct pump_leak *l, enum contact_state running, bool night, double kpa,
    int64_t over_ms, int64_t now_ms)
{
	bool still = running == CONTACT_IDLE && night && !isnan(kpa);
	if (!still)
		end_span(l);
	begin_night(l, night);
	if (!still)
		return false;
	if (!l->in_span) {
		l->in_span = true;
		l->from_kpa = kpa;
		l->from_ms = now_ms;
	}
	l->last_kpa = kpa;
	l->last_ms = now_ms;
	return measure(l, over_ms);
}
