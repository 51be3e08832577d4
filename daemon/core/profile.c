// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Names of a profile's enumerations as panels/*.yaml and the API write them, and where
// the points of an item are. Owns nothing; any thread. What registers mean is
// drivers/decode.c.
#include "core/profile.h"

#include <assert.h>

enum {
	REGISTER_BITS = 16,
	// Modbus Application Protocol V1.1b3, 6.1 and 6.3.
	READ_BITS_MAX = 2000,
	READ_REGISTERS_MAX = 125,
};

static const char *const areas[AREA_COUNT] = {
	[AREA_COIL] = "coil",
	[AREA_DISCRETE] = "discrete",
	[AREA_HOLDING] = "holding",
	[AREA_INPUT] = "input",
};

static const char *const maturities[] = {
	[MATURITY_INFERRED] = "inferred",
	[MATURITY_DOCUMENTED] = "documented",
	[MATURITY_FIELD_PROVEN] = "field-proven",
};

const char *
area_name(enum area a)
{
	assert((unsigned)a < AREA_COUNT);
	return areas[a];
}

bool
area_is_bits(enum area a)
{
	return a == AREA_COIL || a == AREA_DISCRETE;
}

const char *
maturity_name(enum maturity m)
{
	assert((unsigned)m < sizeof(maturities) / sizeof(maturities[0]));
	return maturities[m];
}

const char *
transport_name(enum transport t)
{
	switch (t) {
	case TRANSPORT_TCP:
		return "tcp";
	case TRANSPORT_RTU:
		return "rtu";
	case TRANSPORT_RTU_TCP:
		return "rtu-over-tcp";
	}
	return "";
}

static uint32_t
steps(const struct profile_item *item, uint16_t loop, uint16_t device,
    uint16_t loop_stride, uint16_t device_stride)
{
	uint32_t n = 0;

	if (loop > item->loop_min)
		n += (uint32_t)(loop - item->loop_min) * loop_stride;
	if (device > item->device_min)
		n += (uint32_t)(device - item->device_min) * device_stride;
	return n;
}

struct item_place
profile_place(const struct profile_item *item, uint16_t loop, uint16_t device)
{
	uint32_t n = steps(item, loop, device, item->loop_stride, item->device_stride);
	uint32_t a_register, place;

	if (item->pack == 0)
		return (struct item_place){ .pdu = item->base + n };
	a_register = REGISTER_BITS / item->pack;
	n += item->skip;
	place = n % a_register;
	if (item->pack_high_first)
		place = a_register - 1 - place;
	return (struct item_place){
		.pdu = item->base + n / a_register,
		.shift = (uint8_t)(place * item->pack),
	};
}

uint32_t
profile_part_pdu(const struct profile_item *item, const struct item_part *part,
    uint16_t loop, uint16_t device)
{
	return part->base +
	       steps(item, loop, device, part->loop_stride, part->device_stride);
}

uint16_t
decoder_width(const struct decoder *d)
{
	static const uint16_t widths[NUMBER_TYPE_COUNT] = {
		[NUMBER_INT16] = 1,
		[NUMBER_UINT16] = 1,
		[NUMBER_INT32] = 2,
		[NUMBER_UINT32] = 2,
		[NUMBER_FLOAT32] = 2,
		[NUMBER_UINT48] = 3,
	};

	if (d->form == DECODE_ANALOG || d->form == DECODE_COUNTER)
		return widths[d->number];
	return d->form == DECODE_WORD && d->repeat > 1 ? d->repeat : 1;
}

void
signal_ends(double zero, double full, double *low, double *high)
{
	const double below = 0.4 / 16, above = 1.0 / 16; // of the span, NE 43
	double span = full - zero;

	*low = zero - below * span;
	*high = full + above * span;
}

bool
signal_is_broken(double signal, double zero, double full)
{
	double low, high;

	signal_ends(zero, full, &low, &high);
	return signal <= low || signal >= high;
}

static void
widen(struct item_span *s, uint32_t address)
{
	s->low = address < s->low ? address : s->low;
	s->high = address > s->high ? address : s->high;
}

bool
decoder_helper_span(const struct decoder *d, uint16_t *low, uint16_t *high)
{
	struct item_span s = { .low = UINT16_MAX };

	if (d->form == DECODE_ANALOG && d->unit_from_device)
		widen(&s, d->unit_address);
	if (d->form == DECODE_ANALOG && d->decimals_from_device)
		widen(&s, d->decimals_address);
	if (d->form == DECODE_ANALOG && d->range_from_device) {
		widen(&s, d->zero_address);
		widen(&s, d->full_address);
	}
	*low = (uint16_t)s.low;
	*high = (uint16_t)s.high;
	return s.low <= s.high;
}

// The parts, and the register that must move, which is one and of no decoder.
static void
widen_by_parts(const struct profile *p, const struct profile_item *item, uint16_t loop,
    uint16_t device, struct item_span *s)
{
	for (uint8_t i = 0; i < item->n_parts + item->has_fresh; i++) {
		const struct item_part *part = &item->parts[i];
		uint32_t at = profile_part_pdu(item, part, loop, device);

		widen(s, at);
		if (i < item->n_parts)
			widen(s, at + decoder_width(&p->decoders[part->decoder]) - 1);
	}
}

struct item_span
profile_span(const struct profile *p, const struct profile_item *item, uint32_t pdu,
    uint16_t loop, uint16_t device)
{
	const struct decoder *d = &p->decoders[item->decoder];
	uint16_t width = area_is_bits(item->area) ? 1 : decoder_width(d), a, b;
	struct item_span s = { .low = pdu, .high = pdu + width - 1U }, all;

	widen_by_parts(p, item, loop, device, &s);
	if (!decoder_helper_span(d, &a, &b))
		return s;
	all = s;
	widen(&all, a);
	widen(&all, b);
	if (all.high - all.low >= PROFILE_INLINE_SPAN ||
	    all.high - all.low >= profile_read_max(p, item))
		return s;
	return all;
}

uint32_t
profile_read_max(const struct profile *p, const struct profile_item *item)
{
	bool bits = area_is_bits(item->area);
	uint32_t hard = bits ? READ_BITS_MAX : READ_REGISTERS_MAX;
	uint32_t own = p->max_of[item->area];

	if (own == 0)
		own = bits ? p->max_bits : p->max_registers;
	if (item->max_registers > 0 && (own == 0 || item->max_registers < own))
		own = item->max_registers;
	return own == 0 || own > hard ? hard : own;
}

int
profile_only_item(const struct profile *p)
{
	int found = -1;

	for (uint16_t i = 0; i < p->n_items; i++) {
		if (p->items[i].output)
			continue;
		if (found >= 0)
			return -1;
		found = i;
	}
	return found;
}
