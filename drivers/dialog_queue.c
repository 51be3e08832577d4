// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The queue's rules. What must survive a crash: the record is in the journal before the
// device is told to drop it, and the journal's newest record is known at start, so that
// the one that comes again is recognised by its bytes (number and time are among them).
// Keeps nothing else. Refuses to acknowledge what is not known to be durable.
#include "drivers/dialog_queue.h"

#include <string.h>

void
dialog_queue_start(struct dialog_queue *q, const struct record_mark *mark, int64_t now)
{
	*q = (struct dialog_queue){ .state = QUEUE_READING, .due_ms = now };
	if (!mark)
		return;
	q->last = *mark;
	q->known = q->stored = true;
}

static bool
is_same(const struct dialog_queue *q, const struct field_record *r)
{
	return q->known && q->last.n_bytes == r->n_bytes &&
	       memcmp(q->last.bytes, r->bytes, r->n_bytes) == 0;
}

// What lies between the last number and this one. After the last number of all, any up
// to the first one follows.
static struct record_gap
gap_before(const struct dialog_queue *q, const struct profile_queue *def,
    const struct field_record *r)
{
	struct record_gap gap = {
		.reason = GAP_REASON_COUNT,
		.numbered = true,
		.after = q->last.sequence,
		.before = r->sequence,
	};

	if (!q->known || !q->last.numbered || !r->numbered)
		return gap;
	if (q->last.sequence == def->last) {
		if (r->sequence > def->first) {
			gap.reason = GAP_MISSING;
			gap.missing = r->sequence - def->first;
		}
		return gap;
	}
	if (r->sequence == q->last.sequence + 1)
		return gap;
	if (r->sequence > q->last.sequence) {
		gap.reason = GAP_MISSING;
		gap.missing = r->sequence - q->last.sequence - 1;
		return gap;
	}
	gap.reason = GAP_RESTART;
	return gap;
}

static void
remember(struct dialog_queue *q, const struct field_record *r)
{
	q->known = true;
	q->stored = q->answered = false;
	q->tries = 0;
	q->last.numbered = r->numbered;
	q->last.sequence = r->sequence;
	q->last.n_bytes = r->n_bytes;
	memcpy(q->last.bytes, r->bytes, r->n_bytes);
}

static void
wait_for_store(struct dialog_queue *q)
{
	q->token++;
	q->read_first = false;
	q->state = QUEUE_STORING;
	q->due_ms = INT64_MAX;
}

// It was acknowledged and is still there: not at once again, or a device that ignores
// the write would be written to without pause.
static enum queue_outcome
take_again(struct dialog_queue *q, const struct profile_queue *def, int64_t now)
{
	if (!q->stored) {
		wait_for_store(q);
		return QUEUE_OFFER;
	}
	if (def->acknowledge < 0) { // the read acknowledges, and it is still there
		q->tries = q->tries < UINT8_MAX ? (uint8_t)(q->tries + 1) : UINT8_MAX;
		q->due_ms = now + QUEUE_AGAIN_MS;
		return QUEUE_REPEAT;
	}
	if (q->answered && q->tries < UINT8_MAX)
		q->tries++;
	q->read_first = false;
	q->state = QUEUE_ACKNOWLEDGING;
	q->due_ms = q->answered ? now + QUEUE_AGAIN_MS : now;
	return QUEUE_REPEAT;
}

enum queue_outcome
dialog_queue_take(struct dialog_queue *q, const struct profile_queue *def,
    const struct field_record *r, uint32_t poll_ms, int64_t now, struct record_gap *gap)
{
	*gap = (struct record_gap){ .reason = GAP_REASON_COUNT };
	if (!r) {
		q->due_ms = now + poll_ms;
		q->tries = 0;
		return QUEUE_NOTHING;
	}
	if (is_same(q, r))
		return take_again(q, def, now);
	*gap = gap_before(q, def, r);
	remember(q, r);
	wait_for_store(q);
	return QUEUE_NEW;
}

void
dialog_queue_stored(struct dialog_queue *q, const struct profile_queue *def,
    uint64_t token, bool durable, int64_t now)
{
	if (q->state != QUEUE_STORING || token != q->token)
		return;
	q->stored = durable;
	q->state = durable && def->acknowledge >= 0 && !q->read_first
		       ? QUEUE_ACKNOWLEDGING
		       : QUEUE_READING;
	q->due_ms = durable ? now : now + QUEUE_STORE_RETRY_MS;
}

void
dialog_queue_acknowledged(struct dialog_queue *q, int64_t now)
{
	q->answered = true;
	q->state = QUEUE_READING;
	q->due_ms = now;
}

// It may be gone already (an echo that was lost): the next read shows.
void
dialog_queue_refused(struct dialog_queue *q, int64_t now)
{
	q->answered = true;
	q->state = QUEUE_READING;
	q->due_ms = now + QUEUE_AGAIN_MS;
}

void
dialog_queue_unanswered(struct dialog_queue *q, int64_t now)
{
	q->state = QUEUE_READING;
	q->due_ms = now;
}

void
dialog_queue_unwritable(struct dialog_queue *q, uint32_t poll_ms, int64_t now)
{
	q->tries = QUEUE_STUCK_TRIES;
	q->state = QUEUE_READING;
	q->due_ms = now + poll_ms;
}

void
dialog_queue_lost(struct dialog_queue *q, int64_t now)
{
	if (q->state == QUEUE_OFF)
		return;
	// What comes back may be another device: its number is not acknowledged before
	// the record was seen there.
	q->read_first = true;
	if (q->state == QUEUE_STORING)
		return; // the answer of the store is still to come
	q->state = QUEUE_READING;
	q->due_ms = now;
}

bool
dialog_queue_stuck(const struct dialog_queue *q)
{
	return q->tries >= QUEUE_STUCK_TRIES;
}
