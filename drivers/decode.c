// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Words to samples. Runs on any thread and keeps nothing. Refuses to guess: an absent
// pattern, a value outside the table, a reserved bit, a number outside the device's own
// range, or a device whose unit was changed each give a condition or bad quality, never
// "normal" and never a rescaled value. Wire order is handled here, independent of the
// host's own.

#include "drivers/decode.h"

#include <math.h>
#include <string.h>

#include "lib/mem.h"

enum {
	DECIMALS_MAX = 9
};

void
decode_codes_find(const struct site *site, struct decode_codes *out)
{
	*out = (struct decode_codes){
		.not_present = site_find_code(site, "not-present"),
		.sensor_range = site_find_code(site, "sensor-range"),
		.configuration = site_find_code(site, "configuration"),
		.unknown_code = site_find_code(site, "unknown-code"),
		.reserved_bits = site_find_code(site, "reserved-bits"),
		.line_busy = site_find_code(site, "line-busy"),
	};
}

// Adds to the set. A full set keeps the more urgent conditions: a fire is never the
// one that had no room.
static void
add(struct sample *out, struct condition_code c)
{
	uint8_t weakest = 0;

	for (uint8_t i = 0; i < out->n_codes; i++) {
		if (out->codes[i].condition == c.condition &&
		    out->codes[i].code == c.code)
			return;
		if (out->codes[i].condition > out->codes[weakest].condition)
			weakest = i;
	}
	if (out->n_codes < SAMPLE_CODES_MAX)
		out->codes[out->n_codes++] = c;
	else if (c.condition < out->codes[weakest].condition)
		out->codes[weakest] = c;
}

static void
add_outcome(struct sample *out, const struct decode_outcome *o)
{
	for (uint8_t i = 0; i < o->n && i < 2; i++)
		add(out, o->is[i]);
}

static void
set_bad(struct sample *out, code_id code)
{
	out->quality = QUALITY_BAD;
	out->value = NAN;
	out->n_codes = 0;
	add(out, (struct condition_code){ COND_FAULT, code });
}

static void
set_kind(const struct decoder *dec, struct sample *out)
{
	switch (dec->form) {
	case DECODE_BIT:
		out->kind = SAMPLE_LEVEL;
		return;
	case DECODE_WORD:
		out->kind = SAMPLE_CODE;
		return;
	case DECODE_ANALOG:
		out->kind = SAMPLE_ANALOG;
		return;
	}
	wr_unreachable("decoder_form");
}

static void
decode_bit(const struct decode_codes *codes, uint16_t word, struct sample *out)
{
	// A whole register may stand for one bit; other numbers are no level.
	if (word > 1) {
		set_bad(out, codes->unknown_code);
		return;
	}
	out->value = word;
}

static const struct decode_outcome *
find_value(const struct decoder *dec, uint16_t value)
{
	uint16_t low = 0, high = dec->n_values;

	while (low < high) {
		uint16_t mid = (uint16_t)(low + (high - low) / 2);

		if (dec->values[mid].value == value)
			return &dec->values[mid].means;
		if (dec->values[mid].value < value)
			low = (uint16_t)(mid + 1);
		else
			high = mid;
	}
	return NULL;
}

static void
decode_field(const struct decoder *dec, const struct decode_codes *codes, uint16_t word,
    struct sample *out)
{
	uint16_t value = (uint16_t)((word & dec->field_mask) >> dec->field_shift);
	const struct decode_outcome *means;

	if (dec->field_mask == 0 || (word & dec->valid_mask) != dec->valid_value)
		return;
	means = find_value(dec, value);
	if (means)
		add_outcome(out, means);
	else if (dec->unknown.n > 0)
		add_outcome(out, &dec->unknown);
	else
		add(out, (struct condition_code){ COND_FAULT, codes->unknown_code });
}

static void
decode_word(const struct decoder *dec, const struct decode_codes *codes, uint16_t word,
    struct sample *out)
{
	for (uint8_t i = 0; i < dec->n_absent; i++) {
		if (word == dec->absent[i]) {
			set_bad(out, codes->not_present);
			return;
		}
	}
	out->value = word;
	for (uint8_t i = 0; i < dec->n_bits; i++)
		if (((word & dec->bits[i].mask) != 0) == dec->bits[i].when)
			add_outcome(out, &dec->bits[i].means);
	decode_field(dec, codes, word, out);
	if (word & dec->reserved_mask)
		add(out, (struct condition_code){ COND_INFO, codes->reserved_bits });
}

// Which wire byte is A, B, C, D (most significant first) in each order.
static const uint8_t wire_byte[4][4] = {
	[ORDER_ABCD] = { 0, 1, 2, 3 },
	[ORDER_CDAB] = { 2, 3, 0, 1 },
	[ORDER_BADC] = { 1, 0, 3, 2 },
	[ORDER_DCBA] = { 3, 2, 1, 0 },
};

static uint32_t
join(enum word_order order, const uint16_t *words)
{
	const uint8_t wire[4] = { (uint8_t)(words[0] >> 8), (uint8_t)(words[0] & 0xFF),
		(uint8_t)(words[1] >> 8), (uint8_t)(words[1] & 0xFF) };
	uint32_t value = 0;

	for (int i = 0; i < 4; i++)
		value = (value << 8) | wire[wire_byte[order][i]];
	return value;
}

// A single register has two bytes, so only their order can differ.
static uint16_t
swap_single(enum word_order order, uint16_t word)
{
	bool swapped = order == ORDER_BADC || order == ORDER_DCBA;

	return swapped ? (uint16_t)((word >> 8) | ((word & 0xFFU) << 8)) : word;
}

static double
number_of(const struct decoder *dec, const uint16_t *words, uint32_t *raw)
{
	float f;

	switch (dec->number) {
	case NUMBER_INT16:
		*raw = swap_single(dec->order, words[0]);
		return (int16_t)*raw;
	case NUMBER_UINT16:
		*raw = swap_single(dec->order, words[0]);
		return *raw;
	case NUMBER_INT32:
		*raw = join(dec->order, words);
		return (int32_t)*raw;
	case NUMBER_UINT32:
		*raw = join(dec->order, words);
		return *raw;
	case NUMBER_FLOAT32:
		*raw = join(dec->order, words);
		memcpy(&f, raw, sizeof(f));
		return (double)f;
	}
	wr_unreachable("number_type");
}

static double
power_of_ten(uint16_t n)
{
	double p = 1;

	for (uint16_t i = 0; i < n && i < DECIMALS_MAX; i++)
		p *= 10;
	return p;
}

static void
decode_analog(const struct decoder *dec, const struct decode_codes *codes,
    const uint16_t *words, const struct decode_helper *h, struct sample *out)
{
	double number = number_of(dec, words, &out->raw);
	double factor = dec->unit_factor, divisor = 1;

	if (dec->zero_is_none && fpclassify(number) == FP_ZERO) {
		out->quality = QUALITY_BAD;
		out->value = NAN;
		return;
	}
	if (h && h->state != HELPER_GOOD) {
		set_bad(out, codes->configuration);
		return;
	}
	if (h && dec->range_from_device &&
	    (number < h->first.zero || number > h->first.full)) {
		set_bad(out, codes->sensor_range);
		return;
	}
	if (h && dec->unit_from_device) {
		divisor = power_of_ten(h->first.decimals);
		factor = dec->unit_factors[h->first.unit];
	}
	// In this order 1003 thousandths of a MPa are 1003 kPa and not a hair less,
	// which a limit of 1.003 MPa would see.
	double value = number * (dec->scale * factor) / divisor + dec->offset * factor;
	if (!isfinite(value))
		set_bad(out, codes->sensor_range);
	else
		out->value = value;
}

void
decode_point(const struct decoder *dec, const struct decode_codes *codes,
    const uint16_t *words, const struct decode_helper *h, struct sample *out)
{
	out->quality = QUALITY_GOOD;
	out->n_codes = 0;
	out->raw = words[0];
	set_kind(dec, out);
	switch (dec->form) {
	case DECODE_BIT:
		decode_bit(codes, words[0], out);
		return;
	case DECODE_WORD:
		decode_word(dec, codes, words[0], out);
		return;
	case DECODE_ANALOG:
		decode_analog(dec, codes, words, h, out);
		return;
	}
	wr_unreachable("decoder_form");
}

void
decode_refused(const struct decoder *dec, code_id code, struct sample *out)
{
	set_kind(dec, out);
	out->raw = 0;
	set_bad(out, code);
}

uint16_t
decode_width(const struct decoder *dec, enum area area)
{
	if (area == AREA_COIL || area == AREA_DISCRETE || dec->form != DECODE_ANALOG)
		return 1;
	return dec->number == NUMBER_INT16 || dec->number == NUMBER_UINT16 ? 1 : 2;
}

static void
widen(uint16_t address, uint16_t *low, uint16_t *high)
{
	if (address < *low)
		*low = address;
	if (address > *high)
		*high = address;
}

bool
decode_helper_span(const struct decoder *dec, uint16_t *low, uint16_t *high)
{
	*low = UINT16_MAX;
	*high = 0;
	if (dec->form != DECODE_ANALOG)
		return false;
	if (dec->unit_from_device) {
		widen(dec->unit_address, low, high);
		widen(dec->decimals_address, low, high);
	}
	if (dec->range_from_device) {
		widen(dec->zero_address, low, high);
		widen(dec->full_address, low, high);
	}
	return dec->unit_from_device || dec->range_from_device;
}

// A device that is not what the profile says (another map at the same addresses) mostly
// shows here: a unit out of the table, many decimals, or no span.
static bool
plausible(const struct decoder *dec, const struct decode_settings *s)
{
	if (dec->unit_from_device &&
	    (s->unit >= dec->n_units || s->unit >= UNITS_MAX ||
		s->decimals > DECIMALS_MAX || !(dec->unit_factors[s->unit] > 0)))
		return false;
	return !dec->range_from_device || s->zero < s->full;
}

enum decode_helper_state
decode_helper_feed(
    const struct decoder *dec, struct decode_helper *h, const uint16_t *words)
{
	struct decode_settings now = { 0 };
	uint16_t low, high;

	if (!decode_helper_span(dec, &low, &high))
		return h->state;
	if (dec->unit_from_device) {
		now.unit = words[dec->unit_address - low];
		now.decimals = words[dec->decimals_address - low];
	}
	if (dec->range_from_device) {
		now.zero = (int16_t)words[dec->zero_address - low];
		now.full = (int16_t)words[dec->full_address - low];
	}
	if (!plausible(dec, &now)) {
		h->state = h->state == HELPER_GOOD || h->state == HELPER_CHANGED
			       ? HELPER_CHANGED
			       : HELPER_REFUSED;
		return h->state;
	}
	if (h->state == HELPER_UNREAD || h->state == HELPER_REFUSED)
		h->first = now;
	h->state = now.unit == h->first.unit && now.decimals == h->first.decimals &&
			   now.zero == h->first.zero && now.full == h->first.full
		       ? HELPER_GOOD
		       : HELPER_CHANGED;
	return h->state;
}
