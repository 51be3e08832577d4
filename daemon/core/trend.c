// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See trend.h. The memory of a rate is its greatest values by slots of a sixteenth of
// its time, so that it costs the same whatever the time and however often values come.
#include "core/trend.h"

#include <math.h>

// A value that does not move is a fault of its sensor; one that moves too fast is what
// it is.
enum condition
trend_condition(enum trend t)
{
	return t == TREND_STUCK ? COND_FAULT : COND_PROCESS;
}

const char *
trend_name(enum trend t)
{
	static const char *const names[TREND_COUNT] = {
		[TREND_RATE_FALL] = "rate-fall",
		[TREND_RATE_RISE] = "rate-rise",
		[TREND_STUCK] = "stuck-value",
	};

	return names[t];
}

uint32_t
trend_ms(const struct trend_rules *rules, enum trend t)
{
	const uint32_t ms[TREND_COUNT] = {
		[TREND_RATE_FALL] = rules->fall.within_ms,
		[TREND_RATE_RISE] = rules->rise.within_ms,
		[TREND_STUCK] = rules->stuck.after_ms,
	};

	return ms[t];
}

// ---- rate -------------------------------------------------------------------------

uint32_t
rate_slot_ms(const struct rate_rule *rule)
{
	uint32_t ms = rule->within_ms / RATE_SLOTS;

	return ms > 0 ? ms : 1;
}

void
rate_forget(struct rate *r)
{
	*r = (struct rate){ .from_ms = -1 };
}

// Brings the memory up to now: the last value stands in each slot in between.
static void
advance(struct rate *r, const struct rate_rule *rule, int64_t now_ms)
{
	int64_t slot = (now_ms - r->from_ms) / rate_slot_ms(rule);
	int64_t first =
	    slot - RATE_SLOTS > r->slot + 1 ? slot - RATE_SLOTS : r->slot + 1;

	for (int64_t i = first; i <= slot; i++)
		r->top[i % (RATE_SLOTS + 1)] = r->value;
	r->slot = slot > r->slot ? slot : r->slot;
}

static double
greatest(const struct rate *r)
{
	double most = r->value;

	for (int64_t i = r->slot; i >= 0 && i >= r->slot - RATE_SLOTS; i--)
		most = fmax(most, r->top[i % (RATE_SLOTS + 1)]);
	return most;
}

void
rate_feed(struct rate *r, const struct rate_rule *rule, double value, int64_t now_ms)
{
	if (isnan(value))
		return;
	if (r->from_ms < 0) {
		*r = (struct rate){ .from_ms = now_ms, .value = value };
		r->top[0] = value;
		return;
	}
	advance(r, rule, now_ms);
	r->value = value;
	r->top[r->slot % (RATE_SLOTS + 1)] =
	    fmax(r->top[r->slot % (RATE_SLOTS + 1)], value);
}

enum trend_answer
rate_look(struct rate *r, const struct rate_rule *rule, int64_t now_ms)
{
	if (r->from_ms < 0)
		return TREND_UNKNOWN;
	advance(r, rule, now_ms);
	if (greatest(r) - r->value >= rule->change)
		return TREND_YES;
	return now_ms - r->from_ms >= rule->within_ms ? TREND_NO : TREND_UNKNOWN;
}

// ---- stuck ------------------------------------------------------------------------

void
stuck_forget(struct stuck *s)
{
	*s = (struct stuck){ .from_ms = -1 };
}

void
stuck_feed(struct stuck *s, const struct stuck_rule *rule, double value, int64_t now_ms)
{
	if (isnan(value))
		return;
	if (s->from_ms < 0) {
		*s = (struct stuck){ now_ms, value, value, false };
		return;
	}
	double low = fmin(s->low, value), high = fmax(s->high, value);
	if (high - low > rule->band) {
		*s = (struct stuck){ now_ms, value, value, true };
		return;
	}
	s->low = low;
	s->high = high;
}

enum trend_answer
stuck_look(const struct stuck *s, const struct stuck_rule *rule, int64_t now_ms)
{
	if (s->from_ms < 0)
		return TREND_UNKNOWN;
	if (now_ms - s->from_ms >= rule->after_ms)
		return TREND_YES;
	return s->moved ? TREND_NO : TREND_UNKNOWN;
}
