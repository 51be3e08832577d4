// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// An alarm that comes again and again over hours or days: after so many onsets in so
// long it is a repeat offender, until none has come for as long. It is counted and
// said, and nothing else: chatter (chatter.h) is of seconds, and holds. Pure: `now` is
// monotonic ms, of the run before negative; the caller gives the storage of the onsets.
#ifndef CORE_REPEAT_H
#define CORE_REPEAT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	REPEAT_COUNT_MIN = 3,
	REPEAT_COUNT_MAX = 20
};

struct repeat_rule {
	uint16_t count;     // onsets; 0: never
	uint32_t within_ms; // of the first and the last of them
};

struct repeat {
	bool on;
	uint16_t n, next;
	int64_t *onsets_ms;    // a ring of the last onsets before, rule->count of them
	int64_t first_ms;      // while it is on: of those that are counted
	uint32_t onsets;       // while it is on: how many, since the first
	int64_t quiet_from_ms; // the last onset, and what was not heard since
};

// An onset. True where it is a repeat offender from now on.
bool repeat_onset(struct repeat *r, const struct repeat_rule *rule, int64_t now_ms);
// Puts back what is remembered of the time before, oldest first; it begins nothing.
void repeat_remember(struct repeat *r, const struct repeat_rule *rule, int64_t at_ms);
// The onset that is remembered `i` before the last; i < r->n.
int64_t repeat_nth_ms(
    const struct repeat *r, const struct repeat_rule *rule, uint16_t i);

// So long nobody could have heard it: that was no quiet time (I6).
void repeat_unheard(struct repeat *r, int64_t ms);
// Whether it has ended now.
bool repeat_ends(struct repeat *r, const struct repeat_rule *rule, int64_t now_ms);
// Whether no onset is so young that it may count once more.
bool repeat_forgotten(
    const struct repeat *r, const struct repeat_rule *rule, int64_t now_ms);

#endif
