// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// When the blocks of a device are due, which is read next, and whether they are read as
// often as the plan promises. Runs on the loop, allocates nothing, sends nothing but
// that last. There is no queue: a block is due or not, and what was missed is not
// caught up.

#include "drivers/device.h"
#include "drivers/device_output.h"
#include "drivers/dialog.h"
#include "lib/log.h"
#include "lib/mem.h"

int64_t
device_next_period(int64_t due_ms, int64_t period_ms, int64_t now_ms)
{
	if (due_ms > now_ms)
		return due_ms;
	return due_ms + ((now_ms - due_ms) / period_ms + 1) * period_ms;
}

uint32_t
device_period(const struct field_device *d, const struct plan_block *b)
{
	uint32_t own = b->period_ms ? b->period_ms : d->def->poll_ms;
	uint32_t slow = b->kind == PLAN_HELPER ? PLAN_SLOW_MS : b->slow_ms;

	return own < slow ? slow : own;
}

// What is refused is asked again soon, for the device may be starting, then less and
// less often.
void
device_slow_down(struct field_device *d, struct plan_block *b)
{
	b->slow_ms = 2 * (b->slow_ms ? b->slow_ms : device_period(d, b));
	if (b->slow_ms > PLAN_SLOW_MS)
		b->slow_ms = PLAN_SLOW_MS;
	b->due_ms = device_next_period(
	    b->due_ms, device_period(d, b), loop_now_ms(d->host->loop));
}

// Identity first, then what the decoders need to know, then the points.
static bool
may_ask(const struct field_device *d, const struct plan_block *b)
{
	if (b->in_flight)
		return false;
	if (!d->identified || b->kind == PLAN_IDENTITY)
		return !d->identified && b->kind == PLAN_IDENTITY;
	return dialog_lets(d, b);
}

// An event queue that is being emptied is due again at once, more often than the plan
// counts on. It fills the time that nobody else needs, or on a busy line units would
// wait for one another and for it without end; and has its two requests a period, one
// to read and one to acknowledge, like anybody.
static bool
is_spare(const struct field_device *d, const struct plan_block *b, int64_t now)
{
	int64_t half = d->def->poll_ms / 2;

	return b->kind == PLAN_DIALOG && b->first == STEP_QUEUE &&
	       d->link == DEVICE_UP && b->due_ms - b->asked_ms < half &&
	       now - b->due_ms < half;
}

static enum poll_class
class_of(const struct field_device *d, const struct plan_block *b, int64_t now)
{
	if (b->poll == POLL_SCAN && now - b->due_ms >= device_period(d, b))
		return POLL_CHANGED; // the classes above must not starve it
	if (is_spare(d, b, now))
		return POLL_SPARE;
	return (enum poll_class)b->poll;
}

// The last try before a device counts as lost is with another block than that which was
// not answered: the block alone may be to blame. Not with a dialog: what answers may be
// the gateway.
static bool
is_suspect(const struct field_device *d, const struct plan_block *b)
{
	return d->link == DEVICE_DOUBTFUL && d->misses > 0 &&
	       d->misses >= d->def->retries &&
	       (b->misses > 0 || b->kind == PLAN_DIALOG ||
		   (b->flags & (PLAN_ABSENT | PLAN_REFUSED)));
}

bool
device_block_owed(const struct field_device *d, uint16_t block, int64_t now_ms)
{
	struct pdu_request r;

	if (d->owed_until_ms <= now_ms)
		return false;
	device_request(d, block, &r);
	if (!pdu_alike(&r, &d->owed))
		return false;
	return r.address != d->owed.address ||
	       ((d->owed_again || d->link == DEVICE_UP) &&
		   device_waits_alike(d, &d->owed));
}

int64_t
device_unowed_due_ms(const struct field_device *d, int64_t now_ms)
{
	int64_t due = d->owed_until_ms;

	for (uint16_t i = 0; i < d->plan.n; i++) {
		const struct plan_block *b = &d->plan.blocks[i];

		if (may_ask(d, b) && b->due_ms < due &&
		    !device_block_owed(d, i, now_ms))
			due = b->due_ms;
	}
	return due;
}

// Of two that are due one has to wait, and the other need not.
static bool
is_held(const struct field_device *d, const struct plan_block *b,
    const struct plan_block *other, int64_t now)
{
	const struct plan_block *blocks = d->plan.blocks;

	return d->owed_until_ms > now && other->due_ms <= now &&
	       device_block_owed(d, (uint16_t)(b - blocks), now) &&
	       !device_block_owed(d, (uint16_t)(other - blocks), now);
}

static bool
comes_before(const struct field_device *d, const struct plan_block *a,
    const struct plan_block *b, int64_t now)
{
	enum poll_class of_a = class_of(d, a, now), of_b = class_of(d, b, now);

	if (is_held(d, a, b, now))
		return false;
	if (is_held(d, b, a, now))
		return true;
	if (is_suspect(d, a) != is_suspect(d, b))
		return is_suspect(d, b);
	if (a->due_ms <= now && b->due_ms <= now && of_a != of_b)
		return of_a < of_b;
	// A block that made the device lost is not the only one it is tried with.
	if (a->due_ms == b->due_ms && d->link == DEVICE_LOST)
		return a->asked_ms < b->asked_ms;
	return a->due_ms < b->due_ms;
}

uint16_t
device_next_block(const struct field_device *d, int64_t now_ms)
{
	uint16_t best = PLAN_NONE;

	for (uint16_t i = 0; i < d->plan.n; i++) {
		const struct plan_block *b = &d->plan.blocks[i];

		if (!may_ask(d, b))
			continue;
		if (best == PLAN_NONE ||
		    comes_before(d, b, &d->plan.blocks[best], now_ms))
			best = i;
	}
	return best;
}

enum poll_class
device_next_class(const struct field_device *d, int64_t now_ms)
{
	uint16_t next = device_next_block(d, now_ms);

	if (next == PLAN_NONE)
		return POLL_SCAN;
	return class_of(d, &d->plan.blocks[next], now_ms);
}

bool
device_waits(const struct field_device *d, int64_t now_ms)
{
	for (uint16_t i = 0; i < d->plan.n; i++) {
		const struct plan_block *b = &d->plan.blocks[i];

		if (b->due_ms <= now_ms && may_ask(d, b) &&
		    (b->kind != PLAN_DIALOG || b->first != STEP_QUEUE))
			return true;
	}
	return false;
}

bool
device_waits_alike(const struct field_device *d, const struct pdu_request *r)
{
	int64_t now = loop_now_ms(d->host->loop);

	for (uint16_t i = 0; i < d->plan.n; i++) {
		const struct plan_block *b = &d->plan.blocks[i];
		struct pdu_request other;

		if (b->due_ms > now || !may_ask(d, b))
			continue;
		device_request(d, i, &other);
		if (pdu_alike(&other, r) && other.address != r->address)
			return true;
	}
	return false;
}

void
device_refresh_due(struct field_device *d)
{
	int64_t due = INT64_MAX;

	for (uint16_t i = 0; i < d->plan.n; i++) {
		const struct plan_block *b = &d->plan.blocks[i];

		if (may_ask(d, b) && b->due_ms < due)
			due = b->due_ms;
	}
	d->due_ms = due > d->hold_ms ? due : d->hold_ms;
}

uint32_t
device_asked(struct field_device *d, uint16_t block)
{
	struct plan_block *b = &d->plan.blocks[block];

	b->in_flight = true;
	b->asked_ms = loop_now_ms(d->host->loop);
	d->in_flight++;
	b->serial = ++d->serial;
	b->sums.requests++;
	d->sums.requests++;
	if (b->kind == PLAN_DIALOG)
		dialog_sent(d, block);
	if (b->kind == PLAN_OUTPUT)
		device_output_sent(d, block);
	device_refresh_due(d);
	return b->serial;
}

static bool
flies_as(const struct field_device *d, uint16_t block, uint32_t serial)
{
	const struct plan_block *b = &d->plan.blocks[block];

	return b->in_flight && b->serial == serial;
}

uint16_t
device_landed(struct field_device *d, uint16_t block, uint32_t serial)
{
	// What is in flight is neither split nor joined, but its neighbours may be.
	if (block >= d->plan.n || !flies_as(d, block, serial)) {
		for (block = 0; !flies_as(d, block, serial); block++)
			wr_assert(block + 1 < d->plan.n);
	}
	d->plan.blocks[block].in_flight = false;
	d->in_flight--;
	device_refresh_due(d);
	return block;
}

void
device_hurry(struct field_device *d, uint32_t first, uint32_t n)
{
	int64_t now = loop_now_ms(d->host->loop);

	for (uint16_t i = 0; i < d->plan.n; i++) {
		struct plan_block *b = &d->plan.blocks[i];

		if (b->kind != PLAN_POINTS || b->first >= first + n ||
		    first >= (uint32_t)b->first + b->n)
			continue;
		if (b->poll > POLL_CHANGED)
			b->poll = POLL_CHANGED;
		if (b->in_flight)
			b->flags |= PLAN_AGAIN;
		if (b->due_ms > now)
			b->due_ms = now;
	}
	device_refresh_due(d);
}

void
device_hold(struct field_device *d, int64_t until_ms)
{
	d->hold_ms = until_ms;
	device_refresh_due(d);
}

void
device_skip_missed(struct field_device *d)
{
	int64_t now = loop_now_ms(d->host->loop);

	for (uint16_t i = 0; i < d->plan.n; i++) {
		struct plan_block *b = &d->plan.blocks[i];

		b->due_ms = device_next_period(
		    b->due_ms, b->period_ms ? b->period_ms : d->def->poll_ms, now);
	}
	device_refresh_due(d);
}

// A point changes just after a read, and is seen by the next.
static bool
unread_too_long(const struct field_device *d, const struct plan_block *b, int64_t now)
{
	int64_t bound =
	    (int64_t)d->def->budget_ms - d->def->poll_ms + device_period(d, b);

	return b->kind == PLAN_POINTS && !(b->flags & (PLAN_ABSENT | PLAN_REFUSED)) &&
	       b->read_ms != 0 && now - b->read_ms > bound;
}

void
device_audit(struct field_device *d)
{
	int64_t now = loop_now_ms(d->host->loop);
	bool overdue = false;

	// While it is being tried again it is lost soon, or back: one fault, not two.
	if (d->def->budget_ms == 0 || d->link != DEVICE_UP)
		return;
	for (uint16_t i = 0; i < d->plan.n && !overdue; i++)
		overdue = unread_too_long(d, &d->plan.blocks[i], now);
	if (overdue == d->overdue)
		return;
	d->overdue = overdue;
	if (overdue && device_may_say(d))
		log_warnx(
		    "modbus", "device %s is read more seldom than planned", d->def->id);
	d->host->overdue(d->host->ctx, d->index, overdue);
}
