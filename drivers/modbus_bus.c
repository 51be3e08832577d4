// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// One Modbus bus: the link, the request in flight, what comes in, and the misses. Runs
// on the loop; allocates at start only. Whom to ask is modbus_schedule.c's. A reply
// that is not exactly the answer to the request in flight never becomes a value: it is
// counted by what is wrong with it, and the device is as silent as before (I6). Refuses
// to open a link that nobody needs now, and to listen to a line that never stops
// talking.

#include "drivers/modbus_bus.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "drivers/modbus_schedule.h"
#include "lib/log.h"
#include "lib/mem.h"

enum {
	REOPEN_MS = 1000, // a port, or a link that several devices want
	REOPEN_AFTER_TIMEOUTS = 2,
	BABBLE_REOPEN_MS = 1000,
	NOISE_MAX = 4096, // bytes: more than any answer that is merely late
};

static void step(struct mbus *b);

static int64_t
now_of(const struct mbus *b)
{
	return loop_now_ms(b->host->loop);
}

// For the figures only; every decision is on the loop's clock.
static int64_t
fine_us(const struct mbus *b)
{
	struct timespec ts;

	if (loop_clock(b->host->loop)->virtual_time)
		return now_of(b) * 1000;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void
tell_link(struct mbus *b, bool lost, const char *code)
{
	if (b->link_told && b->link_lost == lost)
		return;
	if (lost)
		log_warnx("modbus", "bus %s is lost: %s", b->def->id, code);
	else if (b->link_told)
		log_info("modbus", "bus %s is back", b->def->id);
	b->link_told = true;
	b->link_lost = lost;
	b->lost_by_port = false;
	b->host->link(b->host->ctx, b->def->link_point, lost, code);
}

// The whole bus is gone: one report for it, then each device, so that nothing is taken
// for known.
static void
lose_bus(struct mbus *b, const char *code)
{
	tell_link(b, true, code);
	for (uint16_t i = 0; i < b->n_devices; i++)
		device_lost(&b->devices[i], code);
}

// --- one request -----------------------------------------------------------

// On a line a frame ends with the silence before the next request; in a byte stream the
// rest of a late frame is still to come and must be kept to be skipped.
static void
forget_partial(struct mbus *b)
{
	if (b->transport->framing == PDU_MBAP)
		return;
	b->noise += b->n_received;
	b->n_received = 0;
	b->deaf = false;
}

static void
ask(struct mbus *b, uint16_t device)
{
	struct field_device *d = &b->devices[device];
	uint8_t frame[PDU_REQUEST_MAX];
	size_t len;

	b->device = device;
	b->block = device_next_block(d, now_of(b));
	device_request(d, b->block, &b->request);
	b->request.transaction++;
	len = pdu_build(b->transport->framing, &b->request, frame);
	forget_partial(b);
	b->leftover = b->n_received > 0;
	b->state = MBUS_WAITING;
	b->sent_ms = now_of(b);
	b->sent_us = fine_us(b);
	b->deadline_ms = b->sent_ms + schedule_patience_ms(b, d, &b->impatient);
	d->stats.requests++;
	loop_timer_at(b->host->loop, &b->timer, b->deadline_ms);
	if (b->transport->send(b, frame, len) != 0)
		mbus_broken(b, "send");
}

static void
open_link(struct mbus *b, uint16_t device)
{
	const char *code = "port";

	b->device = device;
	b->state = MBUS_OPENING;
	b->n_received = 0;
	b->leftover = false;
	b->deaf = false;
	b->noise = 0;
	b->deadline_ms = now_of(b) + b->devices[device].def->timeout_ms;
	loop_timer_at(b->host->loop, &b->timer, b->deadline_ms);
	switch (b->transport->open(b, &code)) {
	case MBUS_OPEN_DONE:
		mbus_opened(b);
		return;
	case MBUS_OPEN_LATER:
		return;
	case MBUS_OPEN_FAILED:
		mbus_open_failed(b, code);
		return;
	}
	wr_unreachable("mbus_open");
}

// Does what is due now, or waits until something is.
static void
step(struct mbus *b)
{
	struct schedule_choice c;
	int64_t when, now = now_of(b);

	if (b->state == MBUS_OPENING || b->state == MBUS_WAITING || b->n_devices == 0)
		return;
	c = schedule_choose(b);
	when = c.when_ms;
	if (b->state == MBUS_CLOSED && when < b->reopen_ms)
		when = b->reopen_ms;
	if (when > now)
		when = schedule_slot(when);
	if (when < b->quiet_until_ms)
		when = b->quiet_until_ms;
	if (when > now) {
		loop_timer_at(b->host->loop, &b->timer, when);
		return;
	}
	if (b->state == MBUS_CLOSED)
		open_link(b, c.device);
	else
		ask(b, c.device);
}

// --- misses ----------------------------------------------------------------

// The unit in flight did not answer, or its answer says as much.
static void
miss(struct mbus *b, const char *code)
{
	struct field_device *d = &b->devices[b->device];
	int64_t now = now_of(b);
	bool was_lost = d->link == DEVICE_LOST;

	d->attempt_ms = now;
	d->failed_polls++;
	schedule_wasted(b, d, now - b->sent_ms);
	if (d->link == DEVICE_UP)
		d->link = DEVICE_DOUBTFUL;
	if (!b->impatient && d->misses < UINT8_MAX)
		d->misses++;
	if (d->misses > d->def->retries || was_lost) {
		device_lost(d, code);
		schedule_back_off(b, d);
	}
}

static void
close_link(struct mbus *b)
{
	b->transport->close(b);
	b->state = MBUS_CLOSED;
	b->n_received = 0;
	b->disconnects++;
}

static void
on_timeout(struct mbus *b)
{
	struct field_device *d = &b->devices[b->device];
	int64_t now = now_of(b);

	d->stats.timeouts++;
	if (b->transport->framing == PDU_RTU && b->n_received > 0)
		d->stats.malformed++; // a frame that never became whole
	forget_partial(b);
	d->owed = b->request;
	d->owed_until_ms = now + d->def->timeout_ms;
	b->state = MBUS_IDLE;
	if (b->timeouts_in_row < UINT8_MAX)
		b->timeouts_in_row++;
	if (b->silent_polls < UINT16_MAX)
		b->silent_polls++;
	miss(b, "timeout");
	// All units and nothing else for as many polls as there are units: the line.
	if (schedule_shared(b) && b->silent_polls >= b->n_devices &&
	    schedule_all_lost(b))
		tell_link(b, true, "silent");
	if (b->transport->framing == PDU_MBAP &&
	    b->timeouts_in_row >= REOPEN_AFTER_TIMEOUTS) {
		b->timeouts_in_row = 0;
		close_link(b);
	}
	b->quiet_until_ms = now + b->gap_ms;
	step(b);
}

static void
on_timer(void *arg)
{
	struct mbus *b = arg;

	if (b->state == MBUS_WAITING && now_of(b) >= b->deadline_ms)
		on_timeout(b);
	else if (b->state == MBUS_OPENING && now_of(b) >= b->deadline_ms) {
		b->transport->close(b);
		mbus_open_failed(b, "timeout");
	} else
		step(b);
}

// --- the link --------------------------------------------------------------

void
mbus_opened(struct mbus *b)
{
	b->state = MBUS_IDLE;
	b->connects++;
	b->open_failures = 0;
	b->timeouts_in_row = 0;
	if (!b->link_told || b->lost_by_port)
		tell_link(b, false, "");
	step(b);
}

void
mbus_open_failed(struct mbus *b, const char *code)
{
	struct field_device *d = &b->devices[b->device];

	b->state = MBUS_CLOSED;
	b->reopen_ms = now_of(b) + (schedule_shared(b) ? REOPEN_MS : 0);
	if (b->byte_us)
		b->reopen_ms = now_of(b) + REOPEN_MS;
	if (b->open_failures < UINT8_MAX)
		b->open_failures++;
	d->failed_polls++;
	if (b->open_failures > d->def->retries) {
		lose_bus(b, code);
		b->lost_by_port = true;
	}
	for (uint16_t i = 0; i < b->n_devices; i++)
		device_skip_missed(&b->devices[i]);
	step(b);
}

void
mbus_broken(struct mbus *b, const char *code)
{
	bool waiting = b->state == MBUS_WAITING;

	close_link(b);
	b->reopen_ms = now_of(b);
	if (b->byte_us)
		b->reopen_ms += REOPEN_MS;
	if (waiting) {
		b->impatient = false;
		miss(b, code);
	}
	// A serial port that breaks is gone; a peer that hangs up may take us again.
	if (b->byte_us) {
		lose_bus(b, code);
		b->lost_by_port = true;
	}
	device_skip_missed(&b->devices[b->device]);
	loop_timer_at(b->host->loop, &b->timer, now_of(b) + 1);
}

// --- what came in ----------------------------------------------------------

uint8_t *
mbus_room(struct mbus *b, size_t *room)
{
	// A full buffer that is no frame cannot become one.
	if (b->n_received == sizeof(b->received))
		b->n_received = 0;
	*room = sizeof(b->received) - b->n_received;
	return b->received + b->n_received;
}

static void
note_reply_time(struct mbus *b, struct link_stats *stats)
{
	int64_t us = fine_us(b) - b->sent_us;

	stats->last_reply_us = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
	if (stats->last_reply_us > stats->max_reply_us)
		stats->max_reply_us = stats->last_reply_us;
}

// A valid answer of the device in flight, a value or an exception.
static void
answered(struct mbus *b, enum pdu_verdict verdict, const struct pdu_reply *r)
{
	struct field_device *d = &b->devices[b->device];
	bool none_up = schedule_shared(b) && !schedule_any_up(b);
	uint32_t gap = d->def->profile->min_gap_ms;
	enum device_answer answer;
	const char *reason = "";

	// While an earlier reply is owed, this may have been that one, and the reply to
	// the request in flight is owed now.
	if (b->sent_ms < d->owed_until_ms) {
		d->owed = b->request;
		d->owed_until_ms = b->sent_ms + 2 * (int64_t)d->def->timeout_ms;
	}
	b->state = MBUS_IDLE;
	b->noise = 0;
	b->timeouts_in_row = 0;
	b->silent_polls = 0;
	b->impatient = false;
	note_reply_time(b, &d->stats);
	b->quiet_until_ms = now_of(b) + (gap > b->gap_ms ? gap : b->gap_ms);
	tell_link(b, false, "");
	if (verdict == PDU_GOOD) {
		d->stats.good++;
		d->stats.last_good_ms = now_of(b);
		answer = device_good(d, b->block, r->data, &reason);
	} else {
		answer = device_exception(d, b->block, r->exception, &reason);
	}
	if (answer == ANSWER_MISS) {
		device_skip_missed(d); // it answered: no use in asking again at once
		miss(b, reason);
	}
	d->attempt_ms = now_of(b);
	if (none_up && d->link == DEVICE_UP)
		schedule_revive(b);
}

static void
garbled(struct mbus *b)
{
	struct field_device *d = &b->devices[b->device];

	d->stats.mismatched++;
	b->state = MBUS_IDLE;
	b->impatient = false;
	b->quiet_until_ms = now_of(b) + b->gap_ms;
	device_skip_missed(d);
	miss(b, "mismatched");
}

// Takes one verdict; false where the buffer must not be read further.
static bool
take(struct mbus *b, enum pdu_verdict verdict, const struct pdu_reply *r)
{
	struct link_stats *stats = &b->devices[b->device].stats;

	switch (verdict) {
	case PDU_NEED_MORE:
		return false;
	case PDU_GOOD:
	case PDU_EXCEPTION:
		answered(b, verdict, r);
		return true;
	case PDU_STALE:
		stats->stale++;
		b->noise += (uint32_t)r->used;
		return true;
	case PDU_WRONG_UNIT:
	case PDU_WRONG_FUNCTION:
	case PDU_WRONG_COUNT:
		b->noise += (uint32_t)r->used;
		if (b->transport->framing == PDU_MBAP)
			garbled(b); // it carries our transaction: this was the answer
		else
			stats->mismatched++;
		return true;
	case PDU_BAD_CRC:
	case PDU_MALFORMED:
		b->noise += (uint32_t)r->used;
		if (verdict == PDU_BAD_CRC)
			stats->bad_crc++;
		else
			stats->malformed++;
		b->deaf = true;
		return false;
	}
	wr_unreachable("pdu_verdict");
}

// A line that never stops talking, or a peer that floods: one fault of the bus.
static bool
babbling(struct mbus *b)
{
	if (b->noise <= b->noise_max)
		return false;
	close_link(b);
	b->reopen_ms = now_of(b) + BABBLE_REOPEN_MS;
	lose_bus(b, "babble");
	for (uint16_t i = 0; i < b->n_devices; i++)
		device_skip_missed(&b->devices[i]);
	step(b);
	return true;
}

static void
drop_used(struct mbus *b, size_t used)
{
	b->n_received = (uint16_t)(b->n_received - used);
	memmove(b->received, b->received + used, b->n_received);
}

void
mbus_received(struct mbus *b, size_t n)
{
	bool silence = now_of(b) - b->byte_ms >= b->gap_ms;

	b->byte_ms = now_of(b);
	if (b->deaf && b->transport->framing == PDU_RTU && !silence) {
		b->noise += (uint32_t)n;
		b->n_received = 0;
		(void)babbling(b);
		return;
	}
	b->deaf = false; // and nothing was kept while it was
	b->n_received = (uint16_t)(b->n_received + n);
	for (;;) {
		struct pdu_reply r;
		bool asked = b->state == MBUS_WAITING && !b->leftover;
		const struct pdu_request *req = asked ? &b->request : NULL;
		enum pdu_verdict v = pdu_parse(
		    b->transport->framing, req, b->received, b->n_received, &r);

		if (!take(b, v, &r))
			break;
		b->leftover = false;
		drop_used(b, r.used);
	}
	if (babbling(b))
		return;
	if (b->deaf && b->transport->framing == PDU_MBAP) {
		mbus_broken(b, "malformed");
		return;
	}
	if (b->deaf)
		b->n_received = 0;
	step(b);
}

// --- life ------------------------------------------------------------------

static uint16_t
count_devices(const struct site *site, uint16_t bus_index)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < site->n_devices; i++)
		if (site->devices[i].bus == bus_index)
			n++;
	return n;
}

static void
start_devices(struct mbus *b, uint16_t bus_index)
{
	const struct site *site = b->host->site;
	uint16_t n = count_devices(site, bus_index), at = 0;

	b->devices = xcalloc(n ? n : 1, sizeof(*b->devices));
	b->n_devices = n;
	for (uint16_t i = 0; i < site->n_devices; i++) {
		const struct device *def = &site->devices[i];
		int64_t phase;

		if (def->bus != bus_index)
			continue;
		phase = schedule_phase_ms(bus_index, n, at, def->poll_ms);
		device_init(&b->devices[at++], b->host, &b->codes, i,
		    schedule_slot(now_of(b) + phase));
	}
}

void
mbus_start(struct mbus *b, const struct driver_host *host,
    const struct mbus_transport *transport, uint16_t bus_index)
{
	b->host = host;
	b->transport = transport;
	b->def = &host->site->buses[bus_index];
	b->jitter = bus_index * 2654435761U + 1;
	b->request = (struct pdu_request){ 0 };
	if (b->noise_max == 0)
		b->noise_max = NOISE_MAX;
	decode_codes_find(host->site, &b->codes);
	loop_timer_init(&b->timer, on_timer, b);
	start_devices(b, bus_index);
	step(b);
}

void
mbus_stop(struct mbus *b)
{
	loop_timer_stop(b->host->loop, &b->timer);
	if (b->state != MBUS_CLOSED)
		b->transport->close(b);
	b->state = MBUS_CLOSED;
	for (uint16_t i = 0; i < b->n_devices; i++)
		device_free(&b->devices[i]);
	free(b->devices);
	b->devices = NULL;
	b->n_devices = 0;
}

size_t
mbus_stats(const struct mbus *b, struct link_stats *out, size_t room)
{
	size_t n = b->n_devices < room ? b->n_devices : room;

	for (size_t i = 0; i < n; i++) {
		out[i] = b->devices[i].stats;
		out[i].connects = b->connects;
		out[i].disconnects = b->disconnects;
	}
	return n;
}
