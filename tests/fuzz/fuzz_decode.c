// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Decoders made of the input, and words of the input put through them: whatever a
// profile says and a device sends, a good sample has a finite value, a bad one has
// none, the set has room, and an absent pattern or a changed device is never good (I6).

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "drivers/decode.h"
#include "lib/cursor.h"
#include "lib/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	VALUES_MAX = 8
};

static const struct decode_codes codes = { 1, 2, 3, 4, 5, 6 };

static struct decode_outcome
take_outcome(struct cursor *c)
{
	struct decode_outcome o = { .n = cursor_u8(c) % 3 };

	for (int i = 0; i < 2; i++) {
		o.is[i].condition = (enum condition)(cursor_u8(c) % COND_LINK);
		o.is[i].code = cursor_u8(c);
	}
	return o;
}

static void
take_word(struct cursor *c, struct decoder *d, struct decode_value *values)
{
	d->n_absent = cursor_u8(c) % (DECODE_ABSENT_MAX + 1);
	for (uint8_t i = 0; i < d->n_absent; i++)
		d->absent[i] = cursor_u16be(c);
	d->n_bits = cursor_u8(c) % (DECODE_BITS_MAX + 1);
	for (uint8_t i = 0; i < d->n_bits; i++) {
		d->bits[i].mask = cursor_u16be(c);
		d->bits[i].when = cursor_u8(c) & 1;
		d->bits[i].means = take_outcome(c);
	}
	d->reserved_mask = cursor_u16be(c);
	d->field_mask = cursor_u16be(c);
	d->field_shift = cursor_u8(c) % 16;
	d->valid_mask = cursor_u16be(c);
	d->valid_value = cursor_u16be(c);
	d->n_values = cursor_u8(c) % (VALUES_MAX + 1);
	for (uint16_t i = 0; i < d->n_values; i++) {
		values[i].value = (uint16_t)(i * 3U + cursor_u8(c) % 3);
		values[i].means = take_outcome(c);
	}
	d->values = values;
	d->unknown = take_outcome(c);
}

static double
take_double(struct cursor *c)
{
	uint64_t bits = 0;
	double d;

	for (int i = 0; i < 4; i++)
		bits = bits << 16 | cursor_u16be(c);
	memcpy(&d, &bits, sizeof(d));
	return d;
}

static void
take_analog(struct cursor *c, struct decoder *d)
{
	d->number = (enum number_type)(cursor_u8(c) % 5);
	d->order = (enum word_order)(cursor_u8(c) % 4);
	d->scale = take_double(c);
	d->offset = take_double(c);
	d->unit_factor = take_double(c);
	d->zero_is_none = cursor_u8(c) & 1;
	d->unit_from_device = cursor_u8(c) & 1;
	d->unit_address = cursor_u8(c);
	d->decimals_address = cursor_u8(c);
	d->n_units = cursor_u8(c) % (UNITS_MAX + 1);
	for (uint8_t i = 0; i < d->n_units; i++)
		d->unit_factors[i] = take_double(c);
	d->range_from_device = cursor_u8(c) & 1;
	d->zero_address = cursor_u8(c);
	d->full_address = cursor_u8(c);
}

static void
check(const struct decoder *d, const struct sample *s, const struct decode_helper *h,
    const uint16_t *words)
{
	wr_assert(s->n_codes <= SAMPLE_CODES_MAX);
	wr_assert(s->quality == QUALITY_GOOD || s->quality == QUALITY_BAD);
	wr_assert(s->quality == QUALITY_GOOD ? isfinite(s->value) : isnan(s->value));
	if (h && h->state != HELPER_GOOD)
		wr_assert(s->quality == QUALITY_BAD);
	if (d->form != DECODE_WORD)
		return;
	for (uint8_t i = 0; i < d->n_absent; i++)
		wr_assert(words[0] != d->absent[i] || s->quality == QUALITY_BAD);
	if (words[0] & d->reserved_mask)
		wr_assert(s->n_codes > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_new(data, size);
	struct decode_value values[VALUES_MAX];
	struct decoder d = { .name = "fuzz" };
	struct decode_helper helper = { 0 };
	bool helped;
	uint16_t low, high;

	d.form = (enum decoder_form)(cursor_u8(&c) % 3);
	if (d.form == DECODE_WORD)
		take_word(&c, &d, values);
	if (d.form == DECODE_ANALOG)
		take_analog(&c, &d);
	helped = decode_helper_span(&d, &low, &high);
	while (cursor_ok(&c) && cursor_left(&c) >= 4) {
		uint16_t words[2] = { cursor_u16be(&c), cursor_u16be(&c) };
		uint16_t span[256] = { 0 };
		struct sample s = { 0 };

		for (uint16_t i = 0; helped && i <= high - low; i++)
			span[i] = cursor_u8(&c);
		if (helped)
			(void)decode_helper_feed(&d, &helper, span);
		decode_point(&d, &codes, words, helped ? &helper : NULL, &s);
		check(&d, &s, helped ? &helper : NULL, words);
	}
	return 0;
}
