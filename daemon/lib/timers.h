// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A heap of timers ordered by due time, then by when they were armed, so that equal
// times run in order. For lib/loop.c only. One thread.
#ifndef LIB_TIMERS_H
#define LIB_TIMERS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/loop.h"

struct timer_entry {
	int64_t due_ms;
	uint64_t serial; // of the arming
	struct loop_timer *timer;
};

struct timers {
	struct timer_entry *heap; // from slot 1
	size_t n, size;
	uint64_t serial;
};

// Arms, or moves an armed timer. Sets due_ms and heap_slot.
void timers_arm(struct timers *h, struct loop_timer *t, int64_t due_ms);
void timers_disarm(struct timers *h, struct loop_timer *t); // armed or not

// Due time of the earliest, -1 where there is none.
int64_t timers_next(const struct timers *h);

// A mark: timers armed from now on are not "before" it.
uint64_t timers_mark(const struct timers *h);

// Takes the earliest off where it is due at now_ms and was armed before the mark.
struct loop_timer *timers_take(struct timers *h, int64_t now_ms, uint64_t mark);

// Disarms all and frees the heap.
void timers_clear(struct timers *h);

#endif
