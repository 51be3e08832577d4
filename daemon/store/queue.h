// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Units that wait on the loop's side because the writer is behind or cannot write.
// Packed, bounded by rows and by bytes; what is beyond is counted, by class, until it
// can be said in an event. Runs on the loop.
//
// Two lines: what is urgent (unit_urgent) goes before the others, in its own order, and
// takes along those of the others that must not come after it (order.h). Where too many
// would have to come along it waits in line, and so does what is urgent behind it.
#ifndef STORE_QUEUE_H
#define STORE_QUEUE_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/order.h"
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

TAILQ_HEAD(unit_line, unit);

struct unit_queue {
	struct unit_line urgent, others;
	struct order order; // of the others
	size_t held_back;   // urgent ones among the others
	size_t rows, bytes;
	size_t rows_max, bytes_max;
	struct lost_events lost;
};

// Zeroes it; queue_free after the last has left.
void queue_init(struct unit_queue *q, size_t rows_max, size_t bytes_max);

// Takes the unit, without those of its events for which there is no room. Nine tenths
// are for all, the last tenth for fire, acknowledge and system events and for rows of
// alarms and notices. false where nothing of it could be kept: it stays the caller's.
bool queue_add(struct unit_queue *q, struct unit *u);
void queue_add_first(struct unit_queue *q, struct unit *u);
// The next to be written, still packed; NULL where there is none.
struct unit *queue_next(const struct unit_queue *q);
// It leaves, unpacked; NULL where there is none.
struct unit *queue_take(struct unit_queue *q);
// The next is urgent, or goes before something that is.
bool queue_urgent(const struct unit_queue *q);
// Since when the oldest waits, by the loop's clock; INT64_MAX where none does.
int64_t queue_since_ms(const struct unit_queue *q);

void queue_free(struct unit_queue *q);

// Counts all events of a unit that will not be written.
void queue_count_lost(struct unit_queue *q, const struct unit *u);

// The event that says what was lost, and a new account.
void queue_lost_event(struct unit_queue *q, struct event *e, int64_t now_utc_ms);

#endif
