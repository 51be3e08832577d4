// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// An alarm that only comes and goes (ISA-18.2: chattering): after so many onsets in so
// long it chatters, until its condition has not changed for a while and is known. Then
// it stands held, and its changes are counted in place of an alarm each. Pure: `now` is
// monotonic ms; the caller gives the storage of the onsets.
#ifndef CORE_CHATTER_H
#define CORE_CHATTER_H

#include <stdbool.h>
#include <stdint.h>

enum {
	CHATTER_COUNT_MIN = 3,
	CHATTER_COUNT_MAX = 60
};

struct chatter_rule {
	uint16_t count;     // onsets; 0: never
	uint32_t within_ms; // of the first and the last of them
	uint32_t quiet_ms;  // so long without a change, and it has ended
};

// What is counted in place of an event each.
struct chatter_tally {
	uint32_t onsets, clears;
};

struct chatter {
	bool on;
	bool active; // what the field says while it is on
	bool known;  // nothing has made that doubtful since it was said (I6)
	uint16_t n, next;
	int64_t *onsets_ms;           // a ring of the last onsets, rule->count of them
	int64_t quiet_from_ms;        // while it is on and known
	struct chatter_tally tally;   // since it began
	struct chatter_tally counted; // the part of it that is told already
};

// An onset while it is off. True where the alarm chatters from now on.
bool chatter_onset(struct chatter *c, const struct chatter_rule *rule, int64_t now_ms);
// The oldest of the onsets that are remembered; there is one.
int64_t chatter_first_ms(const struct chatter *c, const struct chatter_rule *rule);
// Whether no onset is so young that it may count once more.
bool chatter_forgotten(
    const struct chatter *c, const struct chatter_rule *rule, int64_t now_ms);

// What the field says while it is on; `known` is false where its quality is no good.
// True where that is a change, which is counted.
bool chatter_told(struct chatter *c, bool active, bool known, int64_t now_ms);
// What the field said is doubtful from now on.
void chatter_lost(struct chatter *c);

// When it ends where nothing more is told; -1 = it does not.
int64_t chatter_due(const struct chatter *c, const struct chatter_rule *rule);
// Whether it has ended now.
bool chatter_ends(struct chatter *c, const struct chatter_rule *rule, int64_t now_ms);

// What was counted since the last time this was asked.
struct chatter_tally chatter_count(struct chatter *c);

#endif
