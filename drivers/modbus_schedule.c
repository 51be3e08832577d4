// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The rules of a bus. On a link of its own a device is asked each period, dead or
// alive. On a shared one three rules keep units that do not answer from harming the
// others (I7):
//   1. after a unit that is not known to be well has wasted time, no other such unit is
//      asked while a healthy one that is due waits for its turn;
//   2. lost units together get at most a tenth of the line's time while any unit is
//      healthy, and each backs off with jitter up to 30 s beyond that;
//   3. in a period in which time was wasted already, a healthy unit that is late is
//      given only a few times its longest reply time before it counts as doubtful.
// Runs on the loop, keeps nothing of its own. Missed polls are skipped, never caught
// up.

#include "drivers/modbus_schedule.h"

static int64_t
now_of(const struct mbus *b)
{
	return loop_now_ms(b->host->loop);
}

bool
schedule_shared(const struct mbus *b)
{
	return b->n_devices > 1;
}

bool
schedule_any_up(const struct mbus *b)
{
	for (uint16_t i = 0; i < b->n_devices; i++)
		if (b->devices[i].link == DEVICE_UP)
			return true;
	return false;
}

bool
schedule_all_lost(const struct mbus *b)
{
	for (uint16_t i = 0; i < b->n_devices; i++)
		if (b->devices[i].link != DEVICE_LOST)
			return false;
	return true;
}

// Whether a healthy unit that is due has had no turn since time was last wasted.
static bool
someone_waits(const struct mbus *b)
{
	for (uint16_t i = 0; i < b->n_devices; i++) {
		const struct field_device *d = &b->devices[i];

		if (d->link == DEVICE_UP && d->in_flight == 0 &&
		    d->due_ms <= now_of(b) && d->attempt_ms < b->wasted_ms)
			return true;
	}
	return false;
}

// Whether the reply to one could pass for the reply to the other. The echo of a write
// names what was written.
static bool
same_shape(const struct pdu_request *a, const struct pdu_request *b)
{
	return !a->write_of && !b->write_of && a->area == b->area &&
	       a->count == b->count && a->address != b->address;
}

// When this device may be asked. INT64_MAX: not before another has had its turn.
static int64_t
may_ask_ms(const struct mbus *b, const struct field_device *d, bool healthy, bool waits)
{
	int64_t when = d->due_ms;
	struct pdu_request next;

	if (d->in_flight > 0 && d->in_flight >= d->def->window)
		return INT64_MAX;
	if (waits && d->link != DEVICE_UP)
		return INT64_MAX;
	if (healthy && d->link == DEVICE_LOST && when < b->dead_next_ms)
		when = b->dead_next_ms;
	if (b->transport->framing == PDU_RTU && when < d->owed_until_ms) {
		device_request(d, device_next_block(d, now_of(b)), &next);
		if (same_shape(&next, &d->owed))
			when = d->owed_until_ms;
	}
	return when;
}

// Of two devices that may be asked now the one whose block is of the higher class, of
// the rest the earlier one.
static bool
goes_first(const struct mbus *b, struct schedule_choice one, struct schedule_choice two)
{
	int64_t now = now_of(b);

	if (one.when_ms <= now && two.when_ms <= now) {
		enum poll_class a = device_next_class(&b->devices[one.device], now);
		enum poll_class z = device_next_class(&b->devices[two.device], now);

		if (a != z)
			return a < z;
	}
	return one.when_ms < two.when_ms;
}

struct schedule_choice
schedule_choose(const struct mbus *b)
{
	struct schedule_choice c = { 0, INT64_MAX };
	bool healthy = schedule_shared(b) && schedule_any_up(b);
	bool waits = healthy && someone_waits(b);

	for (uint16_t i = 0; i < b->n_devices; i++) {
		const struct schedule_choice one = {
			i,
			may_ask_ms(b, &b->devices[i], healthy, waits),
		};

		if (goes_first(b, one, c))
			c = one;
	}
	return c;
}

int64_t
schedule_patience_ms(
    const struct mbus *b, const struct field_device *d, struct mbus_flight *f)
{
	int64_t line_ms = 0, full = d->def->timeout_ms, less;

	f->impatient = false;
	if (b->byte_us)
		line_ms = (int64_t)((8 + pdu_reply_size(PDU_RTU, &f->request)) *
				    b->byte_us / 1000);
	if (!schedule_shared(b) || d->link != DEVICE_UP || b->wasted_long_ms == 0 ||
	    now_of(b) - b->wasted_long_ms > d->def->poll_ms)
		return full + line_ms;
	less = (int64_t)d->stats.max_reply_us / 1000 * SCHEDULE_IMPATIENT_FACTOR;
	if (less < SCHEDULE_IMPATIENT_MIN_MS)
		less = SCHEDULE_IMPATIENT_MIN_MS;
	f->impatient = less < full;
	return (f->impatient ? less : full) + line_ms;
}

void
schedule_quiet(struct mbus *b, const struct field_device *d)
{
	int64_t gap_us = d ? (int64_t)d->def->gap_ms * 1000 : 0, until;

	gap_us = gap_us > b->gap_us ? gap_us : b->gap_us;
	if (gap_us == 0)
		return;
	until = (mbus_now_us(b) + gap_us + 999) / 1000;
	if (until > b->quiet_until_ms)
		b->quiet_until_ms = until;
}

void
schedule_wasted(struct mbus *b, const struct field_device *d, int64_t cost_ms)
{
	int64_t now = now_of(b);

	b->wasted_ms = now;
	if (cost_ms >= SCHEDULE_IMPATIENT_MIN_MS)
		b->wasted_long_ms = now;
	if (d->link == DEVICE_LOST)
		b->dead_next_ms = now + cost_ms * (LINK_DEAD_SHARE - 1);
}

// Three quarters to five quarters of `ms`.
static uint32_t
jittered(struct mbus *b, uint32_t ms)
{
	b->jitter = b->jitter * 1664525U + 1013904223U; // Numerical Recipes' LCG
	return ms - ms / 4 + (uint32_t)((uint64_t)(ms / 2) * (b->jitter >> 8) >> 24);
}

void
schedule_back_off(struct mbus *b, struct field_device *d)
{
	uint32_t wait;

	if (!schedule_shared(b)) {
		device_skip_missed(d);
		return;
	}
	d->backoff_ms = d->backoff_ms ? d->backoff_ms * 2 : d->def->poll_ms;
	if (d->backoff_ms > LINK_BACKOFF_MAX_MS)
		d->backoff_ms = LINK_BACKOFF_MAX_MS;
	wait = jittered(b, d->backoff_ms);
	if (wait > LINK_BACKOFF_MAX_MS)
		wait = LINK_BACKOFF_MAX_MS;
	device_hold(d, now_of(b) + wait);
}

void
schedule_revive(struct mbus *b)
{
	for (uint16_t i = 0; i < b->n_devices; i++) {
		if (b->devices[i].link != DEVICE_LOST)
			continue;
		b->devices[i].backoff_ms = 0;
		device_hold(&b->devices[i], 0);
	}
}

int64_t
schedule_phase_ms(
    uint16_t bus_index, uint16_t n_devices, uint16_t nth, uint32_t poll_ms)
{
	uint32_t window = poll_ms < SCHEDULE_SPREAD_MS ? poll_ms : SCHEDULE_SPREAD_MS;
	uint32_t turn = (bus_index * 2654435769U) >> 16; // golden ratio of 2^32

	if (n_devices > 1)
		return (int64_t)window * nth / n_devices;
	return (int64_t)turn * window >> 16;
}

int64_t
schedule_slot(int64_t ms)
{
	return (ms + SCHEDULE_SLOT_MS - 1) / SCHEDULE_SLOT_MS * SCHEDULE_SLOT_MS;
}
