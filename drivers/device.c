// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The state of one device. Runs on the loop, allocates only at start and when a block
// splits. Refuses to send a value that was not read: what is refused, absent, or of a
// device that was changed, is sent once with bad quality; what is lost is reported once
// as a lost link and nothing is sent until it is read again (I6). Logs transitions
// only.

#include "drivers/device.h"

#include <math.h>
#include <stdlib.h>

#include "lib/log.h"
#include "lib/loop.h"
#include "lib/mem.h"

enum {
	BUSY_RETRY_MIN_MS = 100,
	BUSY_RETRY_MAX_MS = 1000,
	BUSY_LOST_MS = 10000, // busy for this long is as good as gone
	BUSY_LOST_PERIODS = 3,
};

int64_t
device_next_period(int64_t due_ms, int64_t period_ms, int64_t now_ms)
{
	if (due_ms > now_ms)
		return due_ms;
	return due_ms + ((now_ms - due_ms) / period_ms + 1) * period_ms;
}

static uint32_t
period_of(const struct field_device *d, const struct plan_block *b)
{
	bool slow = b->kind == PLAN_HELPER || (b->flags & PLAN_ABSENT);
	uint32_t own = b->period_ms ? b->period_ms : d->def->poll_ms;

	return slow && own < PLAN_SLOW_MS ? PLAN_SLOW_MS : own;
}

// Identity first, then what the decoders need to know, then the points.
static bool
may_ask(const struct field_device *d, const struct plan_block *b)
{
	if (b->in_flight)
		return false;
	return d->identified ? b->kind != PLAN_IDENTITY : b->kind == PLAN_IDENTITY;
}

static enum poll_class
class_of(const struct field_device *d, const struct plan_block *b, int64_t now)
{
	if (b->poll == POLL_SCAN && now - b->due_ms >= period_of(d, b))
		return POLL_CHANGED; // the classes above must not starve it
	return (enum poll_class)b->poll;
}

static bool
comes_before(const struct field_device *d, const struct plan_block *a,
    const struct plan_block *b, int64_t now)
{
	enum poll_class of_a = class_of(d, a, now), of_b = class_of(d, b, now);

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

static void
refresh_due(struct field_device *d)
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
	d->stats.requests++;
	refresh_due(d);
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
	refresh_due(d);
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
	refresh_due(d);
}

void
device_hold(struct field_device *d, int64_t until_ms)
{
	d->hold_ms = until_ms;
	refresh_due(d);
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
	refresh_due(d);
}

static struct decode_helper *
helper_of(struct field_device *d, uint16_t decoder)
{
	for (uint8_t i = 0; i < d->n_helpers; i++)
		if (d->helpers[i].decoder == decoder)
			return &d->helpers[i].state;
	return NULL;
}

static void
init_helpers(struct field_device *d)
{
	const struct profile *profile = d->def->profile;
	uint16_t low, high;

	for (uint16_t i = 0; i < profile->n_items; i++) {
		const struct profile_item *item = &profile->items[i];

		if (!decode_helper_span(
			&profile->decoders[item->decoder], &low, &high) ||
		    helper_of(d, item->decoder))
			continue;
		wr_assert(d->n_helpers < UINT8_MAX);
		d->helpers =
		    xreallocarray(d->helpers, d->n_helpers + 1U, sizeof(*d->helpers));
		d->helpers[d->n_helpers++] = (struct device_helper){
			.decoder = item->decoder,
			.area = item->area,
		};
	}
}

void
device_init(struct field_device *d, const struct driver_host *host,
    const struct decode_codes *codes, uint16_t index, int64_t first_due_ms)
{
	const struct site *site = host->site;
	const struct device *def = &site->devices[index];

	wr_assert(def->poll_ms > 0 && def->timeout_ms > 0);
	*d = (struct field_device){
		.def = def,
		.host = host,
		.codes = codes,
		.index = index,
		.identified = def->profile->n_identity == 0,
	};
	plan_build(site, def, &d->plan);
	for (uint16_t i = 0; i < d->plan.n; i++)
		d->plan.blocks[i].due_ms = first_due_ms;
	d->seen = xcalloc(def->n_points ? def->n_points : 1, sizeof(*d->seen));
	for (uint32_t i = 0; i < def->n_points; i++) {
		const struct point *p = &site->points[def->points[i]];

		d->seen[i].pdu = p->pdu;
		d->seen[i].decoder = def->profile->items[p->item].decoder;
	}
	init_helpers(d);
	refresh_due(d);
}

void
device_free(struct field_device *d)
{
	plan_free(&d->plan);
	free(d->seen);
	free(d->helpers);
}

void
device_request(const struct field_device *d, uint16_t block, struct pdu_request *out)
{
	const struct plan_block *b = &d->plan.blocks[block];

	out->write_of = NULL;
	out->unit = d->def->unit;
	out->area = (enum area)b->area;
	out->address = b->address;
	out->count = b->count;
}

static void
link_up(struct field_device *d, int64_t now)
{
	if (d->link == DEVICE_LOST)
		log_info("modbus", "device %s is back after %lld s, %u polls failed",
		    d->def->id, (long long)((now - d->lost_since_ms) / 1000),
		    d->failed_polls);
	if (d->link != DEVICE_UP && d->link != DEVICE_DOUBTFUL)
		d->host->link(d->host->ctx, d->def->link_point, false, "");
	d->link = DEVICE_UP;
	d->lost_code = NULL;
	d->misses = 0;
	d->failed_polls = 0;
	d->backoff_ms = 0;
	d->hold_ms = 0;
}

void
device_lost(struct field_device *d, const char *code)
{
	if (d->link == DEVICE_LOST) {
		log_debug("modbus", "device %s is still lost: %s, %u polls failed",
		    d->def->id, code, d->failed_polls);
		return;
	}
	log_warnx("modbus", "device %s (unit %u) is lost: %s", d->def->id,
	    (unsigned)d->def->unit, code);
	d->link = DEVICE_LOST;
	d->lost_code = code;
	d->lost_since_ms = loop_now_ms(d->host->loop);
	d->identified = d->def->profile->n_identity == 0;
	for (uint16_t i = 0; i < d->plan.n; i++)
		d->plan.blocks[i].flags &= (uint16_t)~PLAN_CHECKED;
	for (uint32_t i = 0; i < d->def->n_points; i++)
		d->seen[i].have = 0;
	refresh_due(d);
	d->host->link(d->host->ctx, d->def->link_point, true, code);
}

// Reads of the block that concern a decoder's own settings.
static void
feed_helpers(struct field_device *d, const struct plan_block *b, const uint8_t *data)
{
	const struct profile *profile = d->def->profile;

	for (uint8_t i = 0; i < d->n_helpers; i++) {
		const struct decoder *dec = &profile->decoders[d->helpers[i].decoder];
		uint16_t words[PDU_REGISTERS_MAX], low, high;
		enum decode_helper_state before = d->helpers[i].state.state, after;
		bool mine = b->kind == PLAN_HELPER ? b->first == d->helpers[i].decoder
						   : b->kind == PLAN_POINTS;

		if (!mine || !decode_helper_span(dec, &low, &high) ||
		    low < b->address || high >= b->address + b->count ||
		    d->helpers[i].area != (enum area)b->area)
			continue;
		for (uint16_t w = low; w <= high; w++)
			words[w - low] = pdu_value(
			    (enum area)b->area, data, (size_t)(w - b->address));
		after = decode_helper_feed(dec, &d->helpers[i].state, words);
		if (after != before && after != HELPER_GOOD)
			log_warnx("modbus",
			    "device %s: unit, decimals or range of %s are not %s",
			    d->def->id, dec->name,
			    after == HELPER_CHANGED ? "as at start" : "plausible");
	}
}

static void
stamp(struct field_device *d, const struct plan_block *b, uint32_t i, struct sample *s)
{
	s->point = d->def->points[i];
	s->t_mono_ms = loop_now_ms(d->host->loop);
	s->t_utc_ms = loop_utc_ms(d->host->loop);
	s->not_before_utc_ms = b->last_good_utc_ms;
}

static void
send(struct field_device *d, uint32_t i, const struct sample *s)
{
	d->seen[i].have = 1;
	d->seen[i].raw = s->raw;
	d->seen[i].quality = (uint8_t)s->quality;
	d->stats.samples++;
	d->host->sample(d->host->ctx, s);
}

static void
sample_point(
    struct field_device *d, const struct plan_block *b, uint32_t i, const uint8_t *data)
{
	struct point_seen *seen = &d->seen[i];
	const struct decoder *dec = &d->def->profile->decoders[seen->decoder];
	enum area area = (enum area)b->area;
	size_t at = (size_t)(seen->pdu - b->address);
	uint16_t words[2] = { pdu_value(area, data, at), 0 };
	struct sample s;

	if (dec->form != DECODE_ANALOG && seen->have && seen->raw == words[0])
		return;
	if (decode_width(dec, area) == 2)
		words[1] = pdu_value(area, data, at + 1);
	s = (struct sample){ 0 };
	stamp(d, b, i, &s);
	decode_point(dec, d->codes, words,
	    d->n_helpers ? helper_of(d, seen->decoder) : NULL, &s);
	send(d, i, &s);
}

// The points of the block have no value, for this reason. Sent once.
static void
refuse_points(struct field_device *d, const struct plan_block *b, code_id code)
{
	for (uint32_t i = b->first; i < (uint32_t)b->first + b->n; i++) {
		struct sample s = { 0 };

		if (d->seen[i].have && d->seen[i].quality == QUALITY_BAD &&
		    d->seen[i].raw == UINT32_MAX)
			continue;
		decode_refused(
		    &d->def->profile->decoders[d->seen[i].decoder], code, &s);
		stamp(d, b, i, &s);
		send(d, i, &s);
		d->seen[i].raw = UINT32_MAX; // no register reads like this
	}
}

static enum device_answer
check_identity(
    struct field_device *d, uint16_t block, uint16_t word, const char **reason)
{
	struct plan_block *b = &d->plan.blocks[block];
	const struct profile_identity *want = &d->def->profile->identity[b->first];

	if ((word & want->mask) != want->value) {
		if (d->link != DEVICE_LOST)
			log_warnx("modbus",
			    "device %s is not a %s: register %u holds %u", d->def->id,
			    d->def->profile->id, (unsigned)want->address,
			    (unsigned)word);
		*reason = "identity";
		return ANSWER_MISS;
	}
	b->flags |= PLAN_CHECKED;
	for (uint16_t i = 0; i < d->plan.n; i++)
		if (d->plan.blocks[i].kind == PLAN_IDENTITY &&
		    !(d->plan.blocks[i].flags & PLAN_CHECKED))
			return ANSWER_GOOD; // others are still to be read
	d->identified = true;
	return ANSWER_GOOD;
}

static enum device_answer
take_identity(
    struct field_device *d, uint16_t block, const uint8_t *data, const char **reason)
{
	struct plan_block *b = &d->plan.blocks[block];
	int64_t now = loop_now_ms(d->host->loop);
	enum device_answer answer =
	    check_identity(d, block, pdu_value((enum area)b->area, data, 0), reason);

	b->due_ms = device_next_period(b->due_ms, d->def->poll_ms, now);
	if (answer == ANSWER_GOOD && d->identified)
		link_up(d, now);
	refresh_due(d);
	return answer;
}

enum device_answer
device_good(
    struct field_device *d, uint16_t block, const uint8_t *data, const char **reason)
{
	struct plan_block *b = &d->plan.blocks[block];
	int64_t now = loop_now_ms(d->host->loop);
	bool parted =
	    b->flags & (PLAN_PARTED | PLAN_ABSENT | PLAN_REFUSED | PLAN_JOIN_LATER);
	bool again = b->flags & PLAN_AGAIN;

	d->host->heard(d->host->ctx, d->index, now);
	if (b->kind == PLAN_IDENTITY)
		return take_identity(d, block, data, reason);
	link_up(d, now);
	if (d->n_helpers)
		feed_helpers(d, b, data);
	if (b->kind == PLAN_POINTS)
		for (uint32_t i = b->first; i < (uint32_t)b->first + b->n; i++)
			sample_point(d, b, i, data);
	b->last_good_utc_ms = loop_utc_ms(d->host->loop);
	b->busy_since_ms = 0;
	b->flags &= PLAN_NO_JOIN;
	b->poll = again ? POLL_CHANGED : b->own_poll;
	if (!again)
		b->due_ms = device_next_period(b->due_ms, period_of(d, b), now);
	if (parted)
		plan_join(d->def, &d->plan, block);
	refresh_due(d);
	return ANSWER_GOOD;
}

// Illegal address: find out which. Halves are asked at once.
static void
refuse_address(struct field_device *d, uint16_t block)
{
	struct plan_block *b = &d->plan.blocks[block];
	int64_t now = loop_now_ms(d->host->loop);

	link_up(d, now);
	if (b->kind == PLAN_POINTS &&
	    plan_split(d->host->site, d->def, &d->plan, block))
		return;
	if (!(b->flags & PLAN_ABSENT))
		log_warnx("modbus", "device %s has nothing at %s %u", d->def->id,
		    area_name((enum area)b->area), (unsigned)b->address);
	b->flags |= PLAN_ABSENT;
	b->due_ms = device_next_period(b->due_ms, period_of(d, b), now);
	if (b->kind == PLAN_POINTS)
		refuse_points(d, b, d->codes->not_present);
}

static bool
all_refused(const struct field_device *d)
{
	for (uint16_t i = 0; i < d->plan.n; i++)
		if (d->plan.blocks[i].kind == PLAN_POINTS &&
		    !(d->plan.blocks[i].flags & PLAN_REFUSED))
			return false;
	return true;
}

static void
refuse_block(struct field_device *d, uint16_t block, const char *name)
{
	struct plan_block *b = &d->plan.blocks[block];
	int64_t now = loop_now_ms(d->host->loop);

	if (!(b->flags & PLAN_REFUSED))
		log_warnx("modbus", "device %s refuses to read %u at %s %u: %s",
		    d->def->id, (unsigned)b->count, area_name((enum area)b->area),
		    (unsigned)b->address, name);
	b->flags |= PLAN_REFUSED;
	b->due_ms = device_next_period(b->due_ms, period_of(d, b), now);
	if (all_refused(d)) {
		device_lost(d, name);
		return;
	}
	link_up(d, now);
	if (b->kind == PLAN_POINTS)
		refuse_points(d, b, d->codes->configuration);
}

// A device that will not say what it is.
static void
refuse_identity(struct field_device *d, uint16_t block, const char *name)
{
	struct plan_block *b = &d->plan.blocks[block];

	b->due_ms =
	    device_next_period(b->due_ms, PLAN_SLOW_MS, loop_now_ms(d->host->loop));
	device_lost(d, name);
}

static enum device_answer
refuse_busy(struct field_device *d, uint16_t block)
{
	struct plan_block *b = &d->plan.blocks[block];
	int64_t now = loop_now_ms(d->host->loop);
	int64_t wait = d->def->poll_ms / 4, most;

	most = (int64_t)d->def->poll_ms * BUSY_LOST_PERIODS;
	most = most < BUSY_LOST_MS ? BUSY_LOST_MS : most;
	if (b->busy_since_ms == 0)
		b->busy_since_ms = now;
	wait = wait < BUSY_RETRY_MIN_MS ? BUSY_RETRY_MIN_MS : wait;
	wait = wait > BUSY_RETRY_MAX_MS ? BUSY_RETRY_MAX_MS : wait;
	b->due_ms = now + wait;
	return now - b->busy_since_ms > most ? ANSWER_MISS : ANSWER_BUSY;
}

enum device_answer
device_exception(
    struct field_device *d, uint16_t block, uint8_t exception, const char **reason)
{
	enum device_answer answer = ANSWER_REFUSED;

	d->stats.exceptions++;
	*reason = pdu_exception_name(exception);
	switch (pdu_refusal_of(exception)) {
	case REFUSAL_CONFIGURATION:
		if (d->plan.blocks[block].kind == PLAN_IDENTITY)
			refuse_identity(d, block, *reason);
		else
			refuse_block(d, block, *reason);
		break;
	case REFUSAL_ADDRESS:
		if (d->plan.blocks[block].kind == PLAN_IDENTITY)
			refuse_identity(d, block, *reason);
		else
			refuse_address(d, block);
		break;
	case REFUSAL_BUSY:
		answer = refuse_busy(d, block);
		break;
	case REFUSAL_LINK:
	case REFUSAL_DEVICE:
		return ANSWER_MISS;
	}
	if (answer != ANSWER_MISS)
		d->misses = 0;
	refresh_due(d);
	return answer;
}
