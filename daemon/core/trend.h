// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a measured value does in time, beside its limits: it changes too fast, or not at
// all. A value counts as standing from one sample to the next, for samples come when it
// changes. Nothing is said over a gap: there the memory begins anew, and until it has
// seen enough the answer is unknown (I6). Pure: `now` is monotonic ms.
#ifndef CORE_TREND_H
#define CORE_TREND_H

#include <stdbool.h>
#include <stdint.h>

#include "core/condition.h"

enum trend {
	TREND_RATE_FALL,
	TREND_RATE_RISE,
	TREND_STUCK,
	TREND_COUNT,
};

enum {
	RATE_SLOTS = 16 // the memory is up to one of them longer than the rule says
};

// Of a point. A rule with its time 0 is not set.
struct rate_rule {
	double change; // > 0, in the point's base unit: so much or more
	uint32_t within_ms;
	uint32_t off_delay_ms;
};

struct stuck_rule {
	double band; // >= 0: from the least to the greatest, it moves by no more
	uint32_t after_ms;
};

struct trend_rules {
	struct rate_rule fall, rise;
	struct stuck_rule stuck;
};

enum trend_answer {
	TREND_UNKNOWN, // not seen for long enough
	TREND_NO,
	TREND_YES,
};

// The greatest value of each slot of the time of a rule; of a rise the values are
// turned round.
struct rate {
	int64_t from_ms; // of the memory; -1 = none
	int64_t slot;    // the newest, counted from zero
	double top[RATE_SLOTS + 1];
	double value;
};

struct stuck {
	int64_t from_ms; // since when it has been within the band; -1 = no value
	double low, high;
	bool moved; // since the memory began
};

void rate_forget(struct rate *r);
// A value that is good; for a rise with its sign turned.
void rate_feed(
    struct rate *r, const struct rate_rule *rule, double value, int64_t now_ms);
// How it stands now, the last value still standing.
enum trend_answer rate_look(
    struct rate *r, const struct rate_rule *rule, int64_t now_ms);
// Milliseconds until the answer may be another without a further value.
uint32_t rate_slot_ms(const struct rate_rule *rule);

void stuck_forget(struct stuck *s);
void stuck_feed(
    struct stuck *s, const struct stuck_rule *rule, double value, int64_t now_ms);
enum trend_answer stuck_look(
    const struct stuck *s, const struct stuck_rule *rule, int64_t now_ms);

enum condition trend_condition(enum trend t);
const char *trend_name(enum trend t); // "rate-fall", "rate-rise", "stuck-value"
// The time of the rule; 0 = it is not set.
uint32_t trend_ms(const struct trend_rules *rules, enum trend t);

#endif
