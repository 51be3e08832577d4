// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See device_output.h. Runs on the loop, allocates at start only. Refuses to write an
// output that the site has not enabled, or before somebody wished for a state (I8); the
// coil's address is the pdu layer's. A device is known to be the right one before it is
// written to: identity goes first (device_due.c).

#include "drivers/device_output.h"

#include <stdlib.h>

#include "lib/log.h"
#include "lib/mem.h"

enum {
	REFUSED_AGAIN_MS = 1000,
	MUTE_TIMEOUTS = 9 // of rest after one that is waited for in vain
};

static int64_t
now_of(const struct field_device *d)
{
	return loop_now_ms(d->host->loop);
}

static void
tell(const struct field_device *d, const struct device_output *o, enum output_told what,
    bool on, const char *code)
{
	const struct output_report r = {
		.output = o->index, .told = what, .on = on, .code = code
	};

	if (d->host->output)
		d->host->output(d->host->ctx, &r);
}

static struct device_output *
output_at(const struct field_device *d, uint16_t block)
{
	wr_assert(d->plan.blocks[block].kind == PLAN_OUTPUT);
	return &d->outputs[d->plan.blocks[block].first];
}

static struct plan_block *
block_of(struct field_device *d, const struct device_output *o)
{
	for (uint16_t i = 0; i < d->plan.n; i++)
		if (d->plan.blocks[i].kind == PLAN_OUTPUT &&
		    &d->outputs[d->plan.blocks[i].first] == o)
			return &d->plan.blocks[i];
	wr_unreachable("output without a block");
}

void
device_outputs_init(struct field_device *d)
{
	const struct site *site = d->host->site;

	for (uint16_t i = 0; i < site->n_outputs; i++) {
		const struct output *def = &site->outputs[i];

		if (def->device != d->index || !def->allow_write)
			continue;
		d->outputs =
		    xreallocarray(d->outputs, d->n_outputs + 1U, sizeof(*d->outputs));
		d->outputs[d->n_outputs++] =
		    (struct device_output){ .def = def, .index = i };
	}
	plan_prepend(&d->plan, d->n_outputs);
	for (uint16_t i = 0; i < d->n_outputs; i++)
		d->plan.blocks[i] = (struct plan_block){
			.kind = PLAN_OUTPUT,
			.first = i,
			.area = AREA_COIL,
			.address = output_coil(d->outputs[i].def),
			.count = 1,
			.poll = POLL_OUTPUT,
			.own_poll = POLL_OUTPUT,
			.due_ms = INT64_MAX,
		};
}

bool
device_drive(struct field_device *d, uint16_t output, bool on)
{
	for (uint16_t i = 0; i < d->n_outputs; i++) {
		struct device_output *o = &d->outputs[i];
		struct plan_block *b;

		if (o->index != output)
			continue;
		b = block_of(d, o);
		o->wished = true;
		o->on = on;
		o->again = true;
		o->reading = o->looking = false;
		b->period_ms = 0;
		if (!o->mute)
			b->due_ms = now_of(d);
		device_refresh_due(d);
		return true;
	}
	return false;
}

void
device_output_request(
    const struct field_device *d, uint16_t block, struct pdu_request *out)
{
	const struct device_output *o = output_at(d, block);

	if (!o->reading && !o->looking) {
		pdu_output(out, d->def->unit, o->def, o->on);
		return;
	}
	out->unit = d->def->unit;
	out->area = AREA_COIL;
	out->address = output_coil(o->def);
	out->count = 1;
}

void
device_output_sent(struct field_device *d, uint16_t block)
{
	struct device_output *o = output_at(d, block);

	o->sent_read = o->reading || o->looking;
	o->sent_look = o->looking;
	o->again = false;
	o->sent_on = o->on;
	d->plan.blocks[block].period_ms = 0; // what is not answered is soon asked again
}

// The device has taken the present wish, or another one has come up since.
static void
taken(struct field_device *d, struct plan_block *b, struct device_output *o)
{
	if (!o->unread)
		tell(d, o, OUTPUT_TAKEN, o->sent_on, NULL);
	o->reading = o->sent_on == o->on;
	b->due_ms = now_of(d);
}

// What differs is written again, at the pace of the device.
static void
read_back(
    struct field_device *d, struct plan_block *b, struct device_output *o, bool on)
{
	o->reading = o->looking = false;
	if (o->again) // a new wish came meanwhile
		return;
	if (o->unread)
		tell(d, o, OUTPUT_TAKEN, o->on, NULL);
	o->unread = false;
	if (o->sent_look) {
		tell(d, o, on == o->on ? OUTPUT_READ : OUTPUT_CHANGED, on, NULL);
		b->due_ms = now_of(d);
		return;
	}
	tell(d, o, OUTPUT_READ, on, NULL);
	o->looking = on == o->on;
	b->period_ms = o->looking ? o->def->refresh_ms : 0;
	b->due_ms = now_of(d) + device_period(d, b);
}

void
device_output_good(struct field_device *d, uint16_t block, const uint8_t *data)
{
	struct plan_block *b = &d->plan.blocks[block];
	struct device_output *o = output_at(d, block);

	o->lost = o->mute = false;
	b->misses = 0;
	b->busy_since_ms = 0;
	b->last_good_ms = b->read_ms = now_of(d);
	if (o->sent_read)
		read_back(d, b, o, pdu_value(AREA_COIL, data, 0) != 0);
	else
		taken(d, b, o);
}

void
device_output_refused(struct field_device *d, uint16_t block, const char *code)
{
	struct plan_block *b = &d->plan.blocks[block];
	struct device_output *o = output_at(d, block);
	uint32_t wait = device_period(d, b);

	o->lost = o->mute = false;
	o->unread = o->unread || o->sent_read;
	o->reading = o->looking = false;
	b->misses = 0;
	b->period_ms = 0;
	b->due_ms =
	    now_of(d) + (wait < REFUSED_AGAIN_MS ? (uint32_t)REFUSED_AGAIN_MS : wait);
	if (device_may_say(d))
		log_warnx("modbus", "device %s refuses output %s at coil %u: %s",
		    d->def->id, o->def->id, (unsigned)b->address, code);
	tell(d, o, OUTPUT_REFUSED, o->sent_on, code);
}

static void
lose(const struct field_device *d, struct device_output *o, const char *code)
{
	o->reading = o->looking = false;
	if (!o->lost)
		tell(d, o, OUTPUT_LOST, o->on, code);
	o->lost = true;
}

void
device_output_mute(struct field_device *d, uint16_t block, const char *code)
{
	struct plan_block *b = &d->plan.blocks[block];
	struct device_output *o = output_at(d, block);
	uint32_t rest = MUTE_TIMEOUTS * d->def->timeout_ms;
	uint32_t wait = device_period(d, b);

	if (!o->mute && device_may_say(d))
		log_warnx("modbus",
		    "device %s answers, but not for output %s at coil %u: %s",
		    d->def->id, o->def->id, (unsigned)b->address, code);
	o->mute = true;
	b->due_ms = now_of(d) + (wait < rest ? rest : wait);
	lose(d, o, code);
}

void
device_outputs_lost(struct field_device *d, const char *code)
{
	for (uint16_t i = 0; i < d->n_outputs; i++) {
		struct device_output *o = &d->outputs[i];
		struct plan_block *b = block_of(d, o);

		o->mute = false;
		b->period_ms = 0;
		if (o->wished)
			b->due_ms = now_of(d);
		lose(d, o, code);
	}
}
