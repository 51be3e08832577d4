// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The state of one device. Runs on the loop, allocates only at start and when a block
// splits. Refuses to send a value that was not read: what is refused, absent, or of a
// device that was changed, is sent once with bad quality; what is lost is reported once
// as a lost link and nothing is sent until it is read again (I6). Logs transitions
// only.

#include "drivers/device.h"

#include <stdlib.h>

#include "drivers/device_output.h"
#include "drivers/dialog.h"
#include "drivers/identity.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/mem.h"

enum {
	BUSY_RETRY_MIN_MS = 100,
	BUSY_RETRY_MAX_MS = 1000,
	BUSY_LOST_MS = 10000, // busy for this long is as good as gone
	BUSY_LOST_PERIODS = 3,
};

struct decode_helper *
device_helper_of(struct field_device *d, uint16_t decoder)
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

		if (!decoder_helper_span(
			&profile->decoders[item->decoder], &low, &high) ||
		    device_helper_of(d, item->decoder))
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
	device_points_init(d);
	init_helpers(d);
	device_outputs_init(d);
	dialog_init(d, first_due_ms);
	device_refresh_due(d);
}

void
device_free(struct field_device *d)
{
	dialog_free(d);
	plan_free(&d->plan);
	free(d->seen);
	free(d->past);
	free(d->helpers);
	free(d->outputs);
}

void
device_request(const struct field_device *d, uint16_t block, struct pdu_request *out)
{
	const struct plan_block *b = &d->plan.blocks[block];

	out->write_of = NULL;
	out->output = NULL;
	if (b->kind == PLAN_DIALOG) {
		dialog_request(d, block, out);
		return;
	}
	if (b->kind == PLAN_OUTPUT) {
		device_output_request(d, block, out);
		return;
	}
	out->unit = d->def->unit;
	out->area = (enum area)b->area;
	out->address = b->address;
	out->count = b->count;
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

		if (!mine || !decoder_helper_span(dec, &low, &high) ||
		    low < b->address || high >= b->address + b->count ||
		    d->helpers[i].area != (enum area)b->area)
			continue;
		for (uint16_t w = low; w <= high; w++)
			words[w - low] = pdu_value(
			    (enum area)b->area, data, (size_t)(w - b->address));
		after = decode_helper_feed(dec, &d->helpers[i].state, words);
		if (after != before && after != HELPER_GOOD && device_may_say(d))
			log_warnx("modbus",
			    "device %s: unit, decimals or range of %s are not %s",
			    d->def->id, dec->name,
			    after == HELPER_CHANGED ? "as at start" : "plausible");
	}
}

static enum device_answer
check_identity(
    struct field_device *d, uint16_t block, const uint16_t *words, const char **reason)
{
	struct plan_block *b = &d->plan.blocks[block];
	const struct profile_identity *want = &d->def->profile->identity[b->first];
	char found[IDENTITY_SHOWN_MAX];

	if (!identity_holds(want, words, found)) {
		if (d->link != DEVICE_LOST && device_may_say(d))
			log_warnx("modbus", "device %s is not a %s: %s %u holds %s",
			    d->def->id, d->def->profile->id, area_name(want->area),
			    (unsigned)want->address, found);
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
	uint16_t words[PDU_REGISTERS_MAX];
	enum device_answer answer;

	for (uint16_t i = 0; i < b->count; i++)
		words[i] = pdu_value((enum area)b->area, data, i);
	answer = check_identity(d, block, words, reason);
	b->due_ms = device_next_period(b->due_ms, d->def->poll_ms, now);
	if (answer == ANSWER_GOOD && d->identified && dialog_source_lives(d))
		device_up(d);
	device_refresh_due(d);
	return answer;
}

static void
note_good(struct plan_block *b, int64_t now)
{
	int64_t gap = b->read_ms ? now - b->read_ms : 0;

	b->read_ms = now;
	if (gap > b->sums.worst_gap_ms)
		b->sums.worst_gap_ms = gap > UINT32_MAX ? UINT32_MAX : (uint32_t)gap;
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

	if (b->kind == PLAN_DIALOG || b->kind == PLAN_IDENTITY)
		b->last_good_ms = b->read_ms = now;
	if (b->kind == PLAN_DIALOG) {
		enum device_answer answer = dialog_good(d, block, data, reason);

		device_refresh_due(d);
		return answer;
	}
	d->host->heard(d->host->ctx, d->index, now);
	if (b->kind == PLAN_IDENTITY)
		return take_identity(d, block, data, reason);
	device_up(d);
	if (b->kind == PLAN_OUTPUT) {
		device_output_good(d, block, data);
		device_refresh_due(d);
		return ANSWER_GOOD;
	}
	if (d->n_helpers)
		feed_helpers(d, b, data);
	if (b->kind == PLAN_POINTS)
		for (uint32_t i = b->first; i < (uint32_t)b->first + b->n; i++)
			device_sample_point(d, b, i, data);
	b->last_good_ms = now;
	note_good(b, now);
	b->busy_since_ms = 0;
	b->slow_ms = 0;
	b->flags &= PLAN_NO_JOIN;
	b->poll = again ? POLL_CHANGED : b->own_poll;
	if (!again)
		b->due_ms = device_next_period(b->due_ms, device_period(d, b), now);
	if (b->kind == PLAN_POINTS && !again)
		dialog_scanned(d, b);
	if (parted)
		plan_join(&d->plan, block);
	device_refresh_due(d);
	return ANSWER_GOOD;
}

// What a point needs in one read is not parted: its value and status are of one moment.
static void
say_absent(const struct field_device *d, const struct plan_block *b)
{
	const char *area = area_name((enum area)b->area);

	if (b->count == 1)
		log_warnx("modbus", "device %s has nothing at %s %u", d->def->id, area,
		    (unsigned)b->address);
	else
		log_warnx("modbus",
		    "device %s does not have all of %s %u to %u, which belong to one "
		    "point",
		    d->def->id, area, (unsigned)b->address,
		    (unsigned)b->address + b->count - 1U);
}

// Illegal address: find out which. Halves are asked at once.
static void
refuse_address(struct field_device *d, uint16_t block)
{
	struct plan_block *b = &d->plan.blocks[block];

	device_up(d);
	if (b->kind == PLAN_POINTS &&
	    plan_split(d->host->site, d->def, &d->plan, block))
		return;
	if (!(b->flags & PLAN_ABSENT) && device_may_say(d))
		say_absent(d, b);
	b->flags |= PLAN_ABSENT;
	device_slow_down(d, b);
	if (b->kind == PLAN_POINTS)
		device_refuse_points(d, b, d->codes->not_present);
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

bool
device_refuse_block(struct field_device *d, struct plan_block *b, const char *name)
{
	if (!(b->flags & PLAN_REFUSED) && device_may_say(d))
		log_warnx("modbus", "device %s does not give %u at %s %u: %s",
		    d->def->id, (unsigned)b->count, area_name((enum area)b->area),
		    (unsigned)b->address, name);
	b->flags |= PLAN_REFUSED;
	if (all_refused(d)) {
		b->slow_ms = 0; // a lost device is tried at its own pace
		b->due_ms = device_next_period(
		    b->due_ms, device_period(d, b), loop_now_ms(d->host->loop));
		return false;
	}
	device_slow_down(d, b);
	if (b->kind == PLAN_POINTS)
		device_refuse_points(d, b, d->codes->configuration);
	return true;
}

static void
refuse_block(struct field_device *d, uint16_t block, const char *name)
{
	if (device_refuse_block(d, &d->plan.blocks[block], name))
		device_up(d);
	else
		device_lost(d, name);
}

// A device that will not say what it is.
static void
refuse_identity(struct field_device *d, uint16_t block, const char *name)
{
	device_slow_down(d, &d->plan.blocks[block]);
	device_lost(d, name);
}

enum device_answer
device_busy(struct field_device *d, struct plan_block *b)
{
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

static enum refusal
refusal_of(const struct field_device *d, uint8_t exception, const char **reason)
{
	const struct profile *profile = d->def->profile;

	*reason = pdu_exception_name(exception);
	for (uint8_t i = 0; i < profile->n_exceptions; i++) {
		const struct profile_exception *e = &profile->exceptions[i];

		if (e->exception != exception)
			continue;
		if (e->code[0] != '\0')
			*reason = e->code;
		return e->refusal;
	}
	return pdu_refusal_of(exception);
}

enum device_answer
device_exception(
    struct field_device *d, uint16_t block, uint8_t exception, const char **reason)
{
	enum device_answer answer = ANSWER_REFUSED;
	enum refusal refusal = refusal_of(d, exception, reason);

	d->sums.exceptions++;
	d->plan.blocks[block].sums.refused++;
	if (d->plan.blocks[block].kind == PLAN_DIALOG) {
		answer = dialog_exception(d, block, exception, refusal, reason);
		device_refresh_due(d);
		return answer;
	}
	if (d->plan.blocks[block].kind == PLAN_OUTPUT && refusal != REFUSAL_BUSY &&
	    refusal != REFUSAL_LINK) {
		device_up(d);
		device_output_refused(d, block, *reason);
		device_refresh_due(d);
		return answer;
	}
	switch (refusal) {
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
		answer = device_busy(d, &d->plan.blocks[block]);
		break;
	case REFUSAL_LINK:
	case REFUSAL_DEVICE:
		return ANSWER_MISS;
	}
	device_refresh_due(d);
	return answer;
}

void
device_stored(struct field_device *d, uint64_t token, bool durable)
{
	dialog_stored(d, token, durable);
	device_refresh_due(d);
}
