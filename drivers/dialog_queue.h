// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The event queue of one device as a state machine: read, have it stored, acknowledge,
// read the next. A record is acknowledged on the device only after it is durable here;
// one that comes again is the same record and no second event. Pure: no I/O, no clock
// (`now` is monotonic ms), no allocation, any thread.
#ifndef DRIVERS_DIALOG_QUEUE_H
#define DRIVERS_DIALOG_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/record.h"

enum {
	QUEUE_AGAIN_MS = 500,  // before an acknowledgement without effect is repeated
	QUEUE_STUCK_TRIES = 3, // so many without effect are a fault
	QUEUE_STORE_RETRY_MS = 5000, // after a record that could not be stored
};

enum queue_state {
	QUEUE_OFF,
	QUEUE_READING,
	QUEUE_STORING,       // until dialog_queue_stored
	QUEUE_ACKNOWLEDGING, // the write is due
};

struct dialog_queue {
	enum queue_state state;
	int64_t due_ms;  // of the read or the write; QUEUE_STORING: INT64_MAX
	bool known;      // last is filled
	bool stored;     // and durable
	bool answered;   // and its acknowledgement was echoed
	bool read_first; // before it is acknowledged: the device was lost meanwhile
	struct record_mark last;
	uint64_t token;
	uint8_t tries; // acknowledgements of `last` without effect, in a row
};

enum queue_outcome {
	QUEUE_NOTHING, // the queue is empty
	QUEUE_NEW,     // hand it to the host to be stored, with q->token
	QUEUE_OFFER,   // the same as before, still not stored: hand it over again
	QUEUE_REPEAT,  // the same as before, stored: only to be acknowledged
};

// `mark` is the newest durable record of the run before, or NULL.
void dialog_queue_start(
    struct dialog_queue *q, const struct record_mark *mark, int64_t now);

// The record that was read, or NULL for an empty queue. `poll_ms` until an empty queue
// is read again. *gap: for QUEUE_NEW whether numbers are missing before it; its reason
// is GAP_REASON_COUNT where none are.
enum queue_outcome dialog_queue_take(struct dialog_queue *q,
    const struct profile_queue *def, const struct field_record *r, uint32_t poll_ms,
    int64_t now, struct record_gap *gap);

// The host answered for the record with this token; another token is an old answer.
void dialog_queue_stored(struct dialog_queue *q, const struct profile_queue *def,
    uint64_t token, bool durable, int64_t now);

// The acknowledgement was echoed, or refused, or had no answer.
void dialog_queue_acknowledged(struct dialog_queue *q, int64_t now);
void dialog_queue_refused(struct dialog_queue *q, int64_t now);
void dialog_queue_unanswered(struct dialog_queue *q, int64_t now);
// The profile's write cannot carry its number: nothing is written, and it is stuck.
void dialog_queue_unwritable(struct dialog_queue *q, uint32_t poll_ms, int64_t now);

// The device was lost: what was asked of it is asked anew.
void dialog_queue_lost(struct dialog_queue *q, int64_t now);

// Acknowledging the newest record has no effect.
bool dialog_queue_stuck(const struct dialog_queue *q);

#endif
