// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Units that wait on the loop's side because the writer is behind or cannot write.
// Packed, bounded by rows and by bytes; what is beyond is counted, by class, until it
// can be said in an event. Runs on the loop.
#ifndef STORE_QUEUE_H
#define STORE_QUEUE_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/unit.h"

// What may wait (DESIGN 1), where the site says nothing else.
enum {
	STORE_QUEUE_ROWS = 1000000,
	STORE_QUEUE_BYTES = 256 * 1024 * 1024
};

struct lost_events {
	bool any;
	int64_t from_utc_ms, to_utc_ms;
	uint32_t n[CLASS_COUNT]; // events without a class count as info
};

struct unit_queue {
	STAILQ_HEAD(, unit) units;
	size_t rows, bytes;
	size_t rows_max, bytes_max;
	struct lost_events lost;
};

void queue_init(struct unit_queue *q, size_t rows_max, size_t bytes_max);

// Takes the unit, without those of its events for which there is no room. Nine tenths
// are for all, the last tenth for fire, acknowledge and system events and for rows of
// alarms and notices. false where nothing of it could be kept: it stays the caller's.
bool queue_add(struct unit_queue *q, struct unit *u);
void queue_add_first(struct unit_queue *q, struct unit *u);
// The oldest, unpacked; NULL where there is none.
struct unit *queue_take(struct unit_queue *q);

// Counts all events of a unit that will not be written.
void queue_count_lost(struct unit_queue *q, const struct unit *u);

// The event that says what was lost, and a new account.
void queue_lost_event(struct unit_queue *q, struct event *e, int64_t now_utc_ms);

#endif
