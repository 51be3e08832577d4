// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Requests in flight, what comes in, and the misses. Runs on the loop; allocates
// nothing. A reply that is not exactly the answer to a request in flight never becomes
// a value: it is counted by what is wrong with it, and the device is as silent as
// before (I6). With transaction numbers several requests may be out; without, one.

#include "drivers/modbus_flight.h"

#include <string.h>

#include "drivers/modbus_gateway.h"
#include "drivers/modbus_schedule.h"
#include "drivers/modbus_tap.h"
#include "lib/log.h"
#include "lib/mem.h"

enum {
	// A line on which nothing valid is heard for so long while bytes come that
	// nobody asked for. One fault within 10 s (I7).
	BABBLE_MS = 5000,
	BABBLE_BYTES = 64,
	LINGER_MAX = 16,
};

static int64_t
now_of(const struct mbus *b)
{
	return loop_now_ms(b->host->loop);
}

static bool
is_rtu(const struct mbus *b)
{
	return b->transport->framing == PDU_RTU;
}

// --- sending ---------------------------------------------------------------

static struct mbus_flight *
free_flight(struct mbus *b)
{
	for (uint8_t i = 0; i < b->n_flights; i++)
		if (!b->flights[i].used)
			return &b->flights[i];
	wr_unreachable("no room for a request");
}

// On a line a frame ends with the silence before the next request; in a byte stream the
// rest of a late frame is still to come and must be kept to be skipped.
static void
forget_partial(struct mbus *b)
{
	if (!is_rtu(b))
		return;
	b->n_received = 0;
	b->deaf = false;
}

int
flight_send(struct mbus *b, uint16_t device)
{
	struct field_device *d = &b->devices[device];
	struct mbus_flight *f = free_flight(b);
	uint8_t frame[PDU_REQUEST_MAX];
	size_t len;

	*f = (struct mbus_flight){
		.used = true,
		.device = device,
		.block = device_next_block(d, now_of(b)),
		.sent_ms = now_of(b),
		.sent_us = mbus_now_us(b),
	};
	device_request(d, f->block, &f->request);
	f->asked = ++b->asked;
	f->request.transaction = pdu_transaction_of(f->asked);
	gateway_asked(b, f);
	f->deadline_ms = f->sent_ms + schedule_patience_ms(b, d, f);
	f->give_up_ms = f->sent_ms + d->def->timeout_ms;
	len = pdu_build(b->transport->framing, &f->request, frame);
	forget_partial(b);
	b->answer_bytes = 0;
	b->device = device;
	if (b->n_flying++ == 0)
		b->busy_since_us = f->sent_us;
	f->serial = device_asked(d, f->block);
	if (b->tap != NULL)
		tap_request(b, f, frame, len);
	return b->transport->send(b, frame, len);
}

int64_t
flight_deadline_ms(const struct mbus *b)
{
	int64_t first = INT64_MAX;

	for (uint8_t i = 0; i < b->n_flights; i++)
		if (b->flights[i].used && b->flights[i].deadline_ms < first)
			first = b->flights[i].deadline_ms;
	return first;
}

// --- ends of a flight ------------------------------------------------------

static void
leave_window(struct mbus *b)
{
	if (--b->n_flying == 0)
		b->sums.busy_us += (uint64_t)(mbus_now_us(b) - b->busy_since_us);
}

// Returns the block it asked for.
static uint16_t
land(struct mbus *b, struct mbus_flight *f)
{
	f->used = false;
	if (!f->lingers)
		leave_window(b);
	return device_landed(&b->devices[f->device], f->block, f->serial);
}

// Without an answer that can be used. Each request ends in one sum of its block: good,
// refused or missed.
static uint16_t
land_empty(struct mbus *b, struct mbus_flight *f)
{
	uint16_t block = land(b, f);

	b->devices[f->device].plan.blocks[block].sums.missed++;
	return block;
}

// The unit did not answer, or its answer says as much.
static void
miss(struct mbus *b, const struct mbus_flight *f, uint16_t block, const char *code)
{
	struct field_device *d = &b->devices[f->device];

	d->attempt_ms = now_of(b);
	if (!f->lingers)
		schedule_wasted(b, d, now_of(b) - f->sent_ms);
	if (device_missed(d, block, !f->impatient, code, b->link_lost))
		schedule_back_off(b, d);
	if (b->link_lost)
		mbus_still_lost(b, code);
}

uint8_t
flight_may_linger(const struct mbus *b)
{
	return is_rtu(b) || !schedule_shared(b) ? 0 : LINGER_MAX;
}

static bool
has_room(const struct mbus *b)
{
	uint8_t used = 0;

	for (uint8_t i = 0; i < b->n_flights; i++)
		used += b->flights[i].used;
	return used - b->n_flying < b->n_flights - b->window;
}

// The line is for others now; only the wait for this reply goes on.
static bool
linger(struct mbus *b, struct mbus_flight *f)
{
	struct field_device *d = &b->devices[f->device];

	if (f->lingers || f->give_up_ms <= now_of(b) || !has_room(b))
		return false;
	d->attempt_ms = now_of(b);
	schedule_wasted(b, d, now_of(b) - f->sent_ms);
	f->lingers = true;
	gateway_passed(b, f);
	f->last_look = false;
	f->deadline_ms = f->give_up_ms;
	leave_window(b);
	return true;
}

static void
expire(struct mbus *b, struct mbus_flight *f)
{
	struct field_device *d = &b->devices[f->device];
	uint16_t block;

	if (b->tap != NULL)
		tap_end(b, f, BUS_TIMEOUT);
	d->sums.timeouts++;
	if (is_rtu(b) && b->n_received > 0)
		d->sums.malformed++; // a frame that never became whole
	forget_partial(b);
	if (b->transport->framing == PDU_RTU) { // else numbers tell replies apart
		d->owed = f->request;
		d->owed_again = false;
		d->owed_until_ms = now_of(b) + d->def->timeout_ms;
	}
	if (b->timeouts_in_row < UINT16_MAX)
		b->timeouts_in_row++;
	block = land_empty(b, f);
	if (gateway_dropped(b, f))
		schedule_wasted(b, d, now_of(b) - f->sent_ms);
	else
		miss(b, f, block, "timeout");
}

unsigned
flight_expire(struct mbus *b)
{
	unsigned n = 0;

	for (uint8_t i = 0; i < b->n_flights; i++) {
		struct mbus_flight *f = &b->flights[i];

		if (!f->used || f->deadline_ms > now_of(b))
			continue;
		// A loop that was held up must not take its own lateness for the
		// unit's.
		if (!f->last_look) {
			f->last_look = true;
			f->deadline_ms = now_of(b) + 1;
			if (b->transport->hear != NULL)
				b->transport->hear(b); // it may land
			continue;
		}
		if (!linger(b, f))
			expire(b, f);
		n++;
	}
	if (n > 0)
		schedule_quiet(b, NULL);
	return n;
}

void
flight_drop(struct mbus *b, const char *code)
{
	for (uint8_t i = 0; i < b->n_flights; i++) {
		struct mbus_flight *f = &b->flights[i];
		uint16_t block;

		if (!f->used)
			continue;
		if (b->tap != NULL && !code)
			tap_end(b, f, BUS_DROPPED);
		block = land_empty(b, f);
		if (!code)
			continue;
		f->impatient = false;
		miss(b, f, block, code);
		device_skip_missed(&b->devices[f->device]);
	}
}

static void
note_reply_time(const struct mbus *b, const struct mbus_flight *f, uint16_t block)
{
	int64_t us = mbus_now_us(b) - f->sent_us;

	device_reply_time(
	    &b->devices[f->device], block, us > UINT32_MAX ? UINT32_MAX : (uint32_t)us);
}

// While an earlier reply is owed, this may have been that one, and the reply to the
// request in flight is owed now. An exception does not say what was asked.
static void
note_owed(struct field_device *d, const struct mbus_flight *f, enum pdu_verdict verdict)
{
	bool other = verdict == PDU_GOOD && !pdu_alike(&f->request, &d->owed);

	if (f->sent_ms >= d->owed_until_ms || other)
		return;
	d->owed = f->request;
	d->owed_again = true;
	d->owed_until_ms = f->sent_ms + 2 * (int64_t)d->def->timeout_ms;
}

// What the device makes of a valid answer.
static enum device_answer
hand_over(struct mbus *b, const struct mbus_flight *f, uint16_t block,
    enum pdu_verdict verdict, const struct pdu_reply *r, const char **reason)
{
	struct field_device *d = &b->devices[f->device];

	if (verdict == PDU_EXCEPTION)
		return device_exception(d, block, r->exception, reason);
	d->sums.good++;
	d->plan.blocks[block].sums.good++;
	d->last_good_ms = now_of(b);
	return device_good(d, block, r->data, reason);
}

// A valid answer, a value or an exception.
static void
answered(struct mbus *b, struct mbus_flight *f, enum pdu_verdict verdict,
    const struct pdu_reply *r)
{
	struct field_device *d = &b->devices[f->device];
	bool none_well = schedule_shared(b) && !schedule_any_well(b);
	uint16_t block = land(b, f);
	uint8_t misses = d->plan.blocks[block].misses;
	const char *reason = "";

	note_owed(d, f, verdict);
	if (f->behind_ms == 0)
		note_reply_time(b, f, block);
	gateway_answered(b, f, verdict == PDU_GOOD);
	b->noise = 0;
	b->timeouts_in_row = 0;
	b->heard_here = true;
	b->open_failures = 0;
	b->heard_ms = now_of(b);
	schedule_quiet(b, d);
	mbus_alive(b);
	d->plan.blocks[block].misses = 0;
	if (hand_over(b, f, block, verdict, r, &reason) != ANSWER_MISS) {
		device_answered(d, block);
	} else {
		d->plan.blocks[block].misses = misses;
		device_skip_missed(d); // it answered: no use in asking again at once
		f->impatient = false;
		miss(b, f, block, reason);
	}
	d->attempt_ms = now_of(b);
	if (none_well && d->link == DEVICE_UP)
		schedule_revive(b);
}

// It carries our transaction, so it was the answer, and it is wrong.
static void
garbled(struct mbus *b, struct mbus_flight *f)
{
	struct field_device *d = &b->devices[f->device];

	if (b->tap != NULL)
		tap_end(b, f, BUS_GARBLED);
	uint16_t block = land_empty(b, f);

	d->sums.mismatched++;
	f->impatient = false;
	schedule_quiet(b, d);
	device_skip_missed(d);
	miss(b, f, block, "mismatched");
}

// --- what came in ----------------------------------------------------------

static void
note_noise(struct mbus *b, size_t n)
{
	if (n == 0)
		return;
	if (b->noise == 0)
		b->noise_since_ms = now_of(b);
	b->noise += (uint32_t)n;
	b->sums.noise_bytes += n;
}

static bool
babbling(const struct mbus *b)
{
	if (b->noise > b->noise_max)
		return true;
	return is_rtu(b) && b->noise >= BABBLE_BYTES &&
	       now_of(b) - b->noise_since_ms >= BABBLE_MS &&
	       now_of(b) - b->heard_ms >= BABBLE_MS;
}

// The flight whose answer the frame at the start of the buffer claims to be, if that
// was sent before the frame began to come in.
static struct mbus_flight *
claimed(const struct mbus *b)
{
	for (uint8_t i = 0; i < b->n_flights; i++) {
		struct mbus_flight *f = &b->flights[i];

		if (!f->used)
			continue;
		if (is_rtu(b))
			return f;
		if (pdu_transaction(b->received, b->n_received) ==
			f->request.transaction &&
		    (int16_t)(b->began - f->asked) >= 0)
			return f;
	}
	return NULL;
}

// The device whose fault a bad frame is: that in flight, else the last one asked.
static struct device_sums *
to_blame(struct mbus *b, const struct mbus_flight *f)
{
	return &b->devices[f ? f->device : b->device].sums;
}

// A frame that is no answer. Returns whether the buffer can be read further.
static bool
reject(struct mbus *b, struct mbus_flight *f, enum pdu_verdict verdict)
{
	struct device_sums *sums = to_blame(b, f);

	switch (verdict) {
	case PDU_STALE:
		sums->stale++;
		return true;
	case PDU_WRONG_UNIT:
	case PDU_WRONG_FUNCTION:
	case PDU_WRONG_COUNT:
		if (is_rtu(b))
			sums->mismatched++;
		else
			garbled(b, f);
		return true;
	case PDU_BAD_CRC:
		sums->bad_crc++;
		b->deaf = true;
		return false;
	case PDU_MALFORMED:
		sums->malformed++;
		b->deaf = true;
		return false;
	case PDU_NEED_MORE:
	case PDU_GOOD:
	case PDU_EXCEPTION:
		break;
	}
	wr_unreachable("pdu_verdict");
}

// Takes one frame off the buffer; false where there is none that can be read.
static bool
take_frame(struct mbus *b)
{
	struct mbus_flight *f = claimed(b);
	struct pdu_reply r;
	enum pdu_verdict v = pdu_parse(b->transport->framing, f ? &f->request : NULL,
	    b->received, b->n_received, &r);

	if (v == PDU_NEED_MORE)
		return false;
	wr_assert(f || v == PDU_STALE || v == PDU_BAD_CRC || v == PDU_MALFORMED);
	if (v == PDU_GOOD || v == PDU_EXCEPTION) {
		if (b->tap != NULL)
			tap_answer(b, f, b->received, r.used, v == PDU_EXCEPTION);
		answered(b, f, v, &r);
	} else {
		if (!is_rtu(b))
			note_noise(b, r.used);
		if (!reject(b, f, v))
			return false;
	}
	b->n_received = (uint16_t)(b->n_received - r.used);
	memmove(b->received, b->received + r.used, b->n_received);
	b->began = b->asked;
	return true;
}

// Bytes on a line beyond the answer that is awaited belong to nobody.
static void
note_line_bytes(struct mbus *b, size_t n)
{
	size_t expected = 0;

	if (b->n_flying > 0)
		expected = pdu_reply_size(PDU_RTU, &b->flights[0].request);
	expected = expected > b->answer_bytes ? expected - b->answer_bytes : 0;
	b->answer_bytes += (uint32_t)n;
	note_noise(b, n > expected ? n - expected : 0);
	schedule_quiet(b, NULL);
}

enum flight_take
flight_take(struct mbus *b, size_t n)
{
	bool silence = now_of(b) - b->byte_ms >= b->silence_ms;

	b->byte_ms = now_of(b);
	if (is_rtu(b))
		note_line_bytes(b, n);
	if (b->deaf && !silence) {
		b->n_received = 0;
		return babbling(b) ? TAKE_BABBLE : TAKE_DONE;
	}
	b->deaf = false; // and nothing was kept while it was
	if (b->n_received == 0)
		b->began = b->asked;
	b->n_received = (uint16_t)(b->n_received + n);
	while (take_frame(b))
		;
	if (babbling(b))
		return TAKE_BABBLE;
	if (b->deaf && !is_rtu(b))
		return TAKE_LOST;
	if (b->deaf)
		b->n_received = 0;
	return TAKE_DONE;
}
