// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See requests.h. Refuses nothing: a plan that asks too much is budget.c's affair.
#include "config/requests.h"

#include <math.h>
#include <stddef.h>

#include "core/profile_dialog.h"

enum {
	// drivers/plan.h: reading a few unlisted ones is cheaper than another request.
	WASTE_REGISTERS = 10,
	WASTE_BITS = 64,
	HELPER_MS = 60000, // drivers/plan.h: PLAN_SLOW_MS
	// MODBUS over Serial Line V1.02, 2.5.1.1: above this a fixed 1.75 ms.
	FAST_BAUD = 19200,
	// Of a frame: unit, function, CRC; request adds address and quantity. A write
	// of one register is echoed; one of two is 13 bytes.
	RTU_REQUEST_BYTES = 8,
	RTU_REPLY_BYTES = 5,
	RTU_WRITE_BYTES = 13,
	// core/output.c: half a period of PATTERN_BLINK, and what PATTERN_TEST has of
	// changes on average.
	BLINK_MS = 500,
	TEST_MS = 1000,
};

struct walk {
	const struct site *s;
	const struct device *d;
	request_fn *fn;
	void *ctx;
};

double
request_character_ms(const struct bus *b)
{
	if (b->baud == 0)
		return 0;
	return 1000.0 * (1.0 + b->data_bits + (b->parity != 'N') + b->stop_bits) /
	       b->baud;
}

static uint32_t
reply_bytes(enum area area, uint32_t n)
{
	return RTU_REPLY_BYTES + (area_is_bits(area) ? (n + 7) / 8 : n * 2);
}

// The clock of the loop has a grain of 1 ms, and both the answer and the silence after
// it are rounded up to it.
static void
send(const struct walk *w, struct request r)
{
	const struct bus *b = &w->s->buses[w->d->bus];
	double character_ms = request_character_ms(b), silence_ms = 0;
	uint32_t bytes = r.count == 0
			     ? 2 * RTU_WRITE_BYTES
			     : RTU_REQUEST_BYTES + reply_bytes(r.area, r.count);

	if (b->kind != BUS_MODBUS_TCP)
		silence_ms = b->baud > FAST_BAUD ? 1.75 : 3.5 * character_ms;
	r.reply_ms = b->kind == BUS_MODBUS_RTU ? 0 : REQUEST_NETWORK_MS;
	if (b->baud > 0)
		r.reply_ms += bytes * character_ms + REQUEST_TURNAROUND_MS;
	r.reply_ms = ceil(r.reply_ms);
	r.ms = r.reply_ms + ceil(fmax(silence_ms, w->d->gap_ms));
	w->fn(w->ctx, &r);
}

// ---- points ------------------------------------------------------------------------

static bool
guards(const struct profile_summary *s, uint16_t item)
{
	for (uint16_t i = 0; i < s->n_guards; i++)
		if (s->guards[i] == item)
			return true;
	return false;
}

static bool
is_guarded(const struct device *d, const struct point *p)
{
	const struct profile_dialogs *g = d->profile->dialogs;

	for (uint8_t i = 0; g != NULL && i < g->n_summaries; i++)
		if (guards(&g->summaries[i], p->item))
			return true;
	return false;
}

const struct profile_summary *
request_revision_of(const struct device *d, const struct point *p)
{
	const struct profile_dialogs *g = d->profile->dialogs;

	for (uint8_t i = 0; g != NULL && i < g->n_summaries; i++)
		if (g->summaries[i].kind == SUMMARY_REVISION &&
		    guards(&g->summaries[i], p->item))
			return &g->summaries[i];
	return NULL;
}

// One that is being formed.
struct block {
	struct request r;
	uint32_t most; // of one read
	bool guarded;  // all of its points are
};

static bool
joins(const struct block *b, enum area area, uint32_t most, const struct item_span *s)
{
	uint32_t waste = area_is_bits(area) ? WASTE_BITS : WASTE_REGISTERS;

	return b->r.n > 0 && b->r.area == area && b->most == most &&
	       s->low >= b->r.address && s->low <= b->r.address + b->r.count + waste &&
	       s->high - b->r.address + 1 <= most;
}

static void
end_block(const struct walk *w, struct block *b)
{
	uint32_t full = w->d->dialogs.full_scan_ms;

	b->r.period_ms = b->guarded && full > w->d->poll_ms ? full : w->d->poll_ms;
	if (b->r.n > 0)
		send(w, b->r);
}

static void
send_points(const struct walk *w)
{
	const struct profile *profile = w->d->profile;
	struct block b = { 0 };

	for (uint32_t i = 0; i < w->d->n_points; i++) {
		const struct point *p = &w->s->points[w->d->points[i]];
		const struct profile_item *item = &profile->items[p->item];
		uint32_t most = profile_read_max(profile, item);
		struct item_span s =
		    profile_span(profile, item, p->pdu, p->loop, p->number);

		if (profile_selector_of(profile, p->item) != NULL)
			break; // these are the last, and have no registers
		if (!joins(&b, item->area, most, &s)) {
			end_block(w, &b);
			b = (struct block){ .most = most, .guarded = true };
			b.r.of_points = true;
			b.r.area = item->area;
			b.r.address = s.low;
			b.r.first = i;
		}
		if (s.high >= b.r.address + b.r.count)
			b.r.count = s.high - b.r.address + 1;
		b.r.n++;
		b.guarded &= is_guarded(w->d, p);
	}
	end_block(w, &b);
}

// ---- what the decoders ask of the device
// -----------------------------------------------

static bool
is_inline(const struct walk *w, const struct point *p, uint16_t low, uint16_t high)
{
	const struct profile *profile = w->d->profile;
	struct item_span s =
	    profile_span(profile, &profile->items[p->item], p->pdu, p->loop, p->number);

	return s.low <= low && high <= s.high;
}

// Whether a point before this one, with the same decoder, has settings elsewhere too.
static bool
is_asked(const struct walk *w, uint32_t before, uint16_t decoder, uint16_t low,
    uint16_t high)
{
	for (uint32_t i = 0; i < before; i++) {
		const struct point *p = &w->s->points[w->d->points[i]];

		if (w->d->profile->items[p->item].decoder == decoder &&
		    !is_inline(w, p, low, high))
			return true;
	}
	return false;
}

static void
send_helpers(const struct walk *w)
{
	const struct profile *profile = w->d->profile;

	for (uint32_t i = 0; i < w->d->n_points; i++) {
		const struct point *p = &w->s->points[w->d->points[i]];
		const struct profile_item *item = &profile->items[p->item];
		uint16_t low, high;

		if (!decoder_helper_span(
			&profile->decoders[item->decoder], &low, &high) ||
		    profile_selector_of(profile, p->item) != NULL ||
		    is_inline(w, p, low, high) ||
		    is_asked(w, i, item->decoder, low, high))
			continue;
		send(w, (struct request){ .area = item->area,
			    .address = low,
			    .count = high - low + 1U,
			    .period_ms = w->d->poll_ms > HELPER_MS ? w->d->poll_ms
								   : HELPER_MS });
	}
}

// ---- dialogs
// -------------------------------------------------------------------------

static bool
loop_is_used(const struct walk *w, const struct profile_summary *s, uint32_t loop)
{
	for (uint32_t i = 0; i < w->d->n_points; i++) {
		const struct point *p = &w->s->points[w->d->points[i]];

		if (p->loop == loop && guards(s, p->item))
			return true;
	}
	return s->loop_max == 0;
}

// The loops that have points, as many in one read as fit.
static void
send_summary(const struct walk *w, const struct profile_summary *s)
{
	struct request r = { .area = s->area, .period_ms = w->d->poll_ms };

	for (uint32_t loop = s->loop_min; loop <= s->loop_max; loop++) {
		uint32_t at = s->address + (loop - s->loop_min) * s->loop_stride;
		uint32_t end = at + s->registers;

		if (!loop_is_used(w, s, loop))
			continue;
		if (r.count > 0 && end - r.address > w->d->profile->max_registers) {
			send(w, r);
			r.count = 0;
		}
		r.address = r.count == 0 ? at : r.address;
		r.count = end - r.address;
	}
	if (r.count > 0)
		send(w, r);
}

static uint32_t
selected_points(const struct walk *w)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->d->n_points; i++)
		n += profile_selector_of(
			 w->d->profile, w->s->points[w->d->points[i]].item) != NULL;
	return n;
}

uint32_t
request_selector_ms(const struct site *s, const struct device *d, double wait_ms)
{
	const struct walk w = { .s = s, .d = d };
	const struct profile_dialogs *g = d->profile->dialogs;
	uint32_t n = selected_points(&w);
	double longest = 0, step = 0;

	for (uint8_t i = 0; n > 0 && i < g->n_selectors; i++) {
		const struct profile_selector *sel = &g->selectors[i];
		double own = sel->wait_ms + wait_ms;

		if ((d->dialogs.selectors & 1u << i) == 0)
			continue;
		longest = fmax(longest, sel->every_ms);
		step = fmax(step, fmax(own, d->poll_ms));
	}
	return (uint32_t)ceil(fmax(longest, n * (step + wait_ms)));
}

static void
send_selectors(const struct walk *w)
{
	const struct profile_dialogs *g = w->d->profile->dialogs;
	uint32_t period = request_selector_ms(w->s, w->d, 0), n = selected_points(w);

	for (uint8_t i = 0; period > 0 && n > 0 && i < g->n_selectors; i++) {
		const struct profile_selector *s = &g->selectors[i];

		if ((w->d->dialogs.selectors & 1u << i) == 0)
			continue;
		// Of each point a write and a read in one period of all.
		send(w, (struct request){ .area = s->area,
			    .address = s->address,
			    .count = s->registers,
			    .drifts = true,
			    .period_ms = period / (2 * n) });
		return;
	}
}

static void
send_dialogs(const struct walk *w)
{
	const struct profile_dialogs *g = w->d->profile->dialogs;
	const struct device *d = w->d;

	for (uint8_t i = 0; i < g->n_alive; i++)
		if (!g->alive[i].of_gateway || d->dialogs.gateway)
			send(w, (struct request){ .area = g->alive[i].area,
				    .address = g->alive[i].address,
				    .count = 1,
				    .period_ms = d->poll_ms });
	for (uint8_t i = 0; i < g->n_summaries; i++)
		send_summary(w, &g->summaries[i]);
	if (g->beat != NULL && d->dialogs.allow_writes)
		send(w, (struct request){
			    .drifts = true, .period_ms = g->beat->period_ms });
	if (g->queue != NULL && d->dialogs.queue)
		send(w, (struct request){ .area = g->queue->area,
			    .address = g->queue->address,
			    .count = g->queue->registers,
			    .drifts = true,
			    .period_ms = d->poll_ms });
	if (g->queue != NULL && d->dialogs.queue && g->queue->acknowledge >= 0)
		send(w, (struct request){ .drifts = true, .period_ms = d->poll_ms });
	send_selectors(w);
}

// ---- outputs -----------------------------------------------------------------------

// How often its state changes at most, in ms; 0 = it stands.
static uint32_t
change_ms(const struct output *o)
{
	if (o->role == OUTPUT_HEARTBEAT)
		return o->period_ms / 2;
	if (o->blink != 0)
		return BLINK_MS;
	return o->role == OUTPUT_SOUNDER ? TEST_MS : 0;
}

// Each change is written and read back; one that stands is looked at each refresh,
// written and read back (drivers/device_output.c).
static void
send_outputs(const struct walk *w)
{
	for (uint16_t i = 0; i < w->s->n_outputs; i++) {
		const struct output *o = &w->s->outputs[i];
		uint32_t change = change_ms(o), period = o->refresh_ms;

		if (o->device == INDEX_NONE || &w->s->devices[o->device] != w->d ||
		    !o->allow_write)
			continue;
		struct request r = { .area = AREA_COIL,
			.address = output_coil(o),
			.drifts = true,
			.first_of_all = true };
		r.period_ms = change > 0 && change < period ? change : period;
		send(w, r);
		r.count = 1;
		send(w, r);
		r.period_ms = period;
		send(w, r);
	}
}

void
requests_each(const struct site *s, const struct device *d, request_fn *fn, void *ctx)
{
	const struct walk w = { .s = s, .d = d, .fn = fn, .ctx = ctx };

	if (d->profile->dialogs != NULL)
		send_dialogs(&w);
	send_outputs(&w);
	send_helpers(&w);
	send_points(&w);
}
