// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See modbus_gateway.h. Some gateways ask others while a unit does not answer, some
// wait a tenth of a second and some a whole one, and none says so. So where one unit
// after another is late, the next to be asked is one that answered just now, then one
// far from those that are late, and nobody else until one of the two has answered:
//   - at once: the gateway is through with the unit that is late, and nobody need
//     reckon with more than the usual time of a reply;
//   - later: the gateway was waiting. That long it is reckoned with from now on;
//   - not at all, or with an exception: it takes one request at a time, and is reckoned
//     with as if nothing had been tried. Where neither answers that is no miss of
//     theirs.
// Never are more than these waited for beside the one that is late, so that what piles
// up in a gateway that waits is next to nothing. Each is a poll of its unit like any
// other, and the loss of one a miss; the detection budget counts them
// (config/budget.c). Transaction numbers tell late replies apart: a hope that was wrong
// costs time and never a wrong value (I6). Keeps what it knows in the bus.
#include "drivers/modbus_gateway.h"

#include "lib/log.h"

static int64_t
now_of(const struct mbus *b)
{
	return loop_now_ms(b->host->loop);
}

// Of a gateway of which the site says nothing.
static bool
is_untold(const struct mbus *b)
{
	return b->def->gateway_ms == 0 && b->def->hold_ms > 0;
}

static bool
is_known(const struct mbus *b)
{
	const struct mbus_gateway *g = &b->gateway;

	return g->known && (g->slow_until_ms == 0 || now_of(b) < g->slow_until_ms);
}

int64_t
gateway_hold_ms(const struct mbus *b)
{
	return is_untold(b) && is_known(b) ? b->gateway.hold_ms : b->def->hold_ms;
}

// What is written is not written for this, nor is a dialog led; and one that one miss
// makes lost is not put at risk.
static bool
may_try(const struct mbus *b, const struct field_device *d)
{
	uint16_t next;

	if (!device_well(d) || d->def->retries == 0 || d->in_flight > 0 ||
	    d->hold_ms > now_of(b) || d->last_good_ms == 0 ||
	    now_of(b) - d->last_good_ms > 2 * d->def->poll_ms)
		return false;
	next = device_next_block(d, now_of(b));
	return next != PLAN_NONE && d->plan.blocks[next].kind == PLAN_POINTS &&
	       !(d->plan.blocks[next].flags & (PLAN_REFUSED | PLAN_ABSENT));
}

// The one that answered last.
static const struct field_device *
who_answered(const struct mbus *b, const struct field_device *late)
{
	const struct field_device *last = NULL;

	for (uint16_t i = 0; i < b->n_devices; i++) {
		const struct field_device *d = &b->devices[i];

		if (d != late &&
		    (last == NULL || d->last_good_ms > last->last_good_ms) &&
		    may_try(b, d))
			last = d;
	}
	return last;
}

static unsigned
distance(const struct mbus *b, unsigned one, unsigned two)
{
	unsigned apart = one > two ? one - two : two - one;

	return apart < b->n_devices - apart ? apart : b->n_devices - apart;
}

// Units that fall silent together are neighbours more often than not.
static const struct field_device *
who_is_far(const struct mbus *b, uint16_t late)
{
	const struct field_device *far = NULL;
	unsigned most = 0;

	for (uint16_t i = 0; i < b->n_devices; i++) {
		unsigned apart = distance(b, i, late);

		if (apart <= most || !may_try(b, &b->devices[i]))
			continue;
		most = apart;
		far = &b->devices[i];
	}
	return far;
}

int64_t
gateway_hoped_ms(const struct mbus *b, const struct field_device *d)
{
	if (is_untold(b) && !is_known(b) && who_answered(b, d) != NULL)
		return 0;
	return gateway_hold_ms(b);
}

bool
gateway_waits_beside(const struct mbus *b)
{
	unsigned open = 0;

	for (uint8_t i = 0; i < b->n_flights; i++)
		open += b->flights[i].used && b->flights[i].lingers;
	return is_untold(b) && open + b->window < b->n_flights;
}

void
gateway_passed(struct mbus *b, const struct mbus_flight *f)
{
	if (!is_untold(b))
		return;
	if (f->behind_ms == 0)
		b->gateway.tries = GATEWAY_TRIES;
	else if (b->gateway.tries > 0) // a late answer may have ended them
		b->gateway.tries--;
}

// The last that was sent and is not answered; of those that are waited for beside
// others, and not to try the gateway.
static const struct mbus_flight *
last_open(const struct mbus *b)
{
	const struct mbus_flight *last = NULL;

	for (uint8_t i = 0; i < b->n_flights; i++) {
		const struct mbus_flight *f = &b->flights[i];

		if (f->used && f->lingers && f->behind_ms == 0 &&
		    (last == NULL || (int16_t)(f->asked - last->asked) > 0))
			last = f;
	}
	return last;
}

bool
gateway_tries(const struct mbus *b, uint16_t *device)
{
	const struct mbus_flight *open = last_open(b);
	const struct field_device *d;

	if (b->gateway.tries == 0 || b->n_flying > 0 || open == NULL)
		return false;
	d = b->gateway.tries == GATEWAY_TRIES ? who_answered(b, NULL)
					      : who_is_far(b, open->device);
	if (d == NULL)
		return false;
	*device = (uint16_t)(d - b->devices);
	return true;
}

static void
note_try(struct mbus *b, struct mbus_flight *f)
{
	f->behind_ms = last_open(b)->sent_ms;
	if (b->gateway.tries == GATEWAY_TRIES)
		b->gateway.first = f->device;
}

void
gateway_asked(struct mbus *b, struct mbus_flight *f)
{
	uint16_t tries;

	if (gateway_tries(b, &tries) && tries == f->device)
		note_try(b, f);
	else
		b->gateway.tries = 0;
}

bool
gateway_last_try(const struct mbus *b)
{
	return b->gateway.tries <= 1;
}

// At most what is assumed where nothing is seen.
static void
note_hold(struct mbus *b, int64_t ms, bool slow)
{
	struct mbus_gateway *g = &b->gateway;
	bool known = is_known(b);

	if (ms > b->def->hold_ms)
		ms = b->def->hold_ms;
	if (known && (slow ? ms <= g->hold_ms : ms >= g->hold_ms))
		return;
	if (known && !slow && g->slow_until_ms != 0)
		return;
	g->known = true;
	g->hold_ms = ms;
	g->slow_until_ms = slow ? now_of(b) + GATEWAY_SLOW_MS : 0;
	log_info("modbus",
	    "bus %s: its gateway waits %lld ms for a unit that is silent", b->def->id,
	    (long long)ms);
}

void
gateway_answered(struct mbus *b, const struct mbus_flight *f, bool value)
{
	const struct field_device *d = &b->devices[f->device];
	int64_t now = now_of(b), took = now - f->sent_ms;

	if (f->behind_ms == 0)
		return;
	b->gateway.tries = 0;
	if (!value)
		note_hold(b, b->def->hold_ms, true);
	else if (took <= d->usual_us / 500 + GATEWAY_AT_ONCE_MS)
		note_hold(b, is_known(b) ? f->sent_ms - f->behind_ms : 0, false);
	else
		note_hold(b, now - f->behind_ms,
		    took > d->def->timeout_ms / GATEWAY_SLOW_PART);
}

// Two that lived just now, and more than the site reckons with.
static bool
both_unanswered(const struct mbus *b, const struct mbus_flight *f)
{
	const struct field_device *first = &b->devices[b->gateway.first];

	return b->gateway.first != f->device && first->link == DEVICE_DOUBTFUL &&
	       first->misses == 1 && b->def->silent_units < GATEWAY_TRIES;
}

bool
gateway_dropped(struct mbus *b, const struct mbus_flight *f)
{
	if (f->behind_ms == 0 || b->heard_ms > f->sent_ms)
		return false;
	note_hold(b, b->def->hold_ms, true);
	if (!both_unanswered(b, f))
		return false;
	device_up(&b->devices[b->gateway.first]);
	return true;
}
