// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A profile of one item made of the input, and words of the input put through it:
// whatever a profile says and a device sends, a good sample has a finite value, a bad
// one has none, the set has room, a fire is never lost, and an absent pattern or a
// changed device is never good (I6).

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "drivers/decode.h"
#include "lib/cursor.h"
#include "lib/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	VALUES_MAX = 8,
	FIELDS_MAX = 2,
	SENTINELS_MAX = 3,
	DECODERS = 2, // of the value, and of the parts
	PARTS_MAX = 2,
};

// What the tables of one decoder point to.
struct tables {
	struct decode_field fields[FIELDS_MAX];
	struct decode_value values[FIELDS_MAX][VALUES_MAX];
	struct decode_sentinel sentinels[SENTINELS_MAX];
};

struct made {
	struct profile profile;
	struct decoder decoders[DECODERS];
	struct tables tables[DECODERS];
	struct profile_item item;
	struct item_part parts[PARTS_MAX];
};

static const struct decode_codes codes = { .not_present = 1, .frozen = 2 };

static struct decode_outcome
take_outcome(struct cursor *c)
{
	struct decode_outcome o = { .n = cursor_u8(c) % 3 };

	o.effect = cursor_u8(c) % EFFECT_COUNT;
	for (int i = 0; i < 2; i++) {
		o.is[i].condition = (enum condition)(cursor_u8(c) % COND_LINK);
		o.is[i].code = cursor_u8(c);
	}
	return o;
}

static void
take_field(struct cursor *c, struct decode_field *f, struct decode_value *values)
{
	f->mask = cursor_u16be(c);
	f->shift = cursor_u8(c) % 16;
	f->valid_mask = cursor_u16be(c);
	f->valid_value = cursor_u16be(c);
	f->n_values = cursor_u8(c) % (VALUES_MAX + 1);
	for (uint16_t i = 0; i < f->n_values; i++) {
		values[i].value = (uint16_t)(i * 3U + cursor_u8(c) % 3);
		values[i].role = cursor_u8(c) % 3;
		values[i].ends = cursor_u16be(c);
		values[i].means = take_outcome(c);
	}
	f->values = values;
	f->unknown = take_outcome(c);
}

static void
take_bits(struct cursor *c, struct decoder *d, uint8_t n)
{
	d->n_bits = n;
	for (uint8_t i = 0; i < n; i++) {
		d->bits[i].mask = cursor_u16be(c);
		d->bits[i].when = cursor_u8(c) & 1;
		d->bits[i].means = take_outcome(c);
	}
}

static void
take_word(struct cursor *c, struct decoder *d, struct tables *t)
{
	d->repeat = cursor_u8(c) % (DECODE_REPEAT_MAX + 1);
	d->n_absent = cursor_u8(c) % (DECODE_ABSENT_MAX + 1);
	for (uint8_t i = 0; i < d->n_absent; i++)
		d->absent[i] = cursor_u16be(c);
	take_bits(c, d, cursor_u8(c) % (DECODE_BITS_MAX + 1));
	d->reserved_mask = cursor_u16be(c);
	d->n_fields = cursor_u8(c) % (FIELDS_MAX + 1);
	for (uint8_t i = 0; i < d->n_fields; i++)
		take_field(c, &t->fields[i], t->values[i]);
	d->fields = t->fields;
	d->if_empty = take_outcome(c);
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
take_number(struct cursor *c, struct decoder *d, struct tables *t)
{
	d->number = (enum number_type)(cursor_u8(c) % NUMBER_TYPE_COUNT);
	d->order = (enum word_order)(cursor_u8(c) % WORD_ORDER_COUNT);
	d->wrap = (uint64_t)cursor_u16be(c) << (cursor_u8(c) % 32);
	d->n_sentinels = cursor_u8(c) % (SENTINELS_MAX + 1);
	for (uint8_t i = 0; i < d->n_sentinels; i++) {
		t->sentinels[i].raw = cursor_u16be(c);
		t->sentinels[i].means = take_outcome(c);
	}
	d->sentinels = t->sentinels;
	d->scale = take_double(c);
	d->offset = take_double(c);
	d->unit_factor = take_double(c);
	d->has_plausible = cursor_u8(c) & 1;
	d->plausible_min = take_double(c);
	d->plausible_max = take_double(c);
	d->unit_from_device = cursor_u8(c) & 1;
	d->unit_address = cursor_u8(c);
	for (int i = cursor_u8(c) % UNITS_MAX; i < UNITS_MAX; i += 3)
		d->unit_factors[i] = take_double(c);
	d->decimals_from_device = cursor_u8(c) & 1;
	d->decimals_address = cursor_u8(c);
	d->range_from_device = cursor_u8(c) & 1;
	d->zero_address = cursor_u8(c);
	d->full_address = cursor_u8(c);
}

static void
take_decoder(
    struct cursor *c, enum decoder_form form, struct decoder *d, struct tables *t)
{
	d->form = form;
	if (form == DECODE_BIT)
		take_bits(c, d, cursor_u8(c) % 2);
	else if (form == DECODE_WORD)
		take_word(c, d, t);
	else
		take_number(c, d, t);
}

static void
make(struct cursor *c, struct made *m)
{
	static const uint8_t packs[] = { 0, 1, 2, 4, 8 };

	take_decoder(c, (enum decoder_form)(cursor_u8(c) % DECODER_FORM_COUNT),
	    &m->decoders[0], &m->tables[0]);
	take_decoder(c, DECODE_WORD, &m->decoders[1], &m->tables[1]);
	m->item.area = AREA_HOLDING;
	m->item.n_parts = cursor_u8(c) % (PARTS_MAX + 1);
	m->item.pack = packs[cursor_u8(c) % sizeof(packs)];
	if (m->item.pack > 0 && m->decoders[0].form > DECODE_WORD)
		m->item.pack = 0;
	if (m->item.pack > 0)
		m->decoders[0].repeat = 1;
	for (uint8_t i = 0; i < m->item.n_parts; i++)
		m->parts[i].decoder = 1;
	m->item.parts = m->parts;
	m->profile = (struct profile){ .n_items = 1,
		.items = &m->item,
		.n_decoders = DECODERS,
		.decoders = m->decoders };
}

static bool
has(const struct sample *s, enum condition which)
{
	for (uint8_t i = 0; i < s->n_codes; i++)
		if (s->codes[i].condition == which)
			return true;
	return false;
}

static bool
is_absent(const struct decoder *d, uint16_t word)
{
	for (uint8_t i = 0; i < d->n_absent; i++)
		if (word == d->absent[i])
			return true;
	return false;
}

// A bit that means fire, in a word that is there.
static bool
says_fire(const struct decoder *d, uint16_t word)
{
	bool fire = false;

	for (uint8_t i = 0; i < d->n_bits; i++)
		for (uint8_t k = 0; k < d->bits[i].means.n; k++)
			fire |= ((word & d->bits[i].mask) != 0) == d->bits[i].when &&
				d->bits[i].means.is[k].condition == COND_FIRE;
	return fire;
}

static void
check_words(const struct decoder *d, const uint16_t *words, const struct sample *s)
{
	for (uint16_t i = 0; i < decoder_width(d); i++) {
		if (is_absent(d, words[i])) {
			wr_assert(s->quality == QUALITY_BAD);
			continue;
		}
		if (words[i] & d->reserved_mask)
			wr_assert(s->n_codes > 0);
		// A test keeps the standing fire, and shows the new one as a test.
		if (says_fire(d, words[i]))
			wr_assert(has(s, COND_FIRE) ||
				  (s->silent & 1 << COND_FIRE && has(s, COND_TEST)));
	}
}

static void
check(const struct made *m, const struct sample *s, const struct decode_helper *h,
    const uint16_t *words)
{
	const struct decoder *d = &m->decoders[0];
	uint16_t at = decoder_width(d);

	wr_assert(s->n_codes <= SAMPLE_CODES_MAX);
	wr_assert(s->quality == QUALITY_GOOD || s->quality == QUALITY_BAD);
	wr_assert(s->quality == QUALITY_GOOD ? isfinite(s->value) : isnan(s->value));
	if (h && h->state != HELPER_GOOD)
		wr_assert(s->quality == QUALITY_BAD);
	if (d->form == DECODE_WORD && m->item.pack == 0)
		check_words(d, words, s);
	for (uint8_t i = 0; i < m->item.n_parts; i++) {
		check_words(&m->decoders[1], words + at, s);
		at = (uint16_t)(at + decoder_width(&m->decoders[1]));
	}
}

// What comes after decoding: a counter never falls, a value that stood still is stale.
static void
check_past(const struct decoder *d, const struct sample *s,
    struct decode_counter *total, struct decode_fresh *fresh, int64_t now)
{
	uint64_t before = total->total;
	bool had = total->have;

	(void)decode_fresh_feed(fresh, (uint16_t)s->raw, now, 10);
	wr_assert(fresh->moved_ms <= now);
	if (d->form == DECODE_COUNTER && s->quality == QUALITY_GOOD && d->wrap > 0)
		wr_assert(decode_counter_feed(d, total, (uint64_t)s->value) >= before ||
			  !had);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_new(data, size);
	static struct made m;
	struct decode_helper helper = { 0 };
	struct decode_counter total = { 0 };
	struct decode_fresh fresh = { 0 };
	bool helped;
	uint16_t low, high;

	m = (struct made){ 0 };
	make(&c, &m);
	helped = decoder_helper_span(&m.decoders[0], &low, &high);
	for (int64_t now = 0; cursor_ok(&c) && cursor_left(&c) >= 4; now++) {
		uint16_t words[DECODE_WORDS_MAX], span[256] = { 0 };
		uint8_t shift = cursor_u8(&c) % 16;
		struct sample s = { 0 };
		struct decode_edge edge;

		for (size_t i = 0; i < DECODE_WORDS_MAX; i++)
			words[i] = i < 8 ? cursor_u16be(&c) : words[i % 8];
		for (uint16_t i = 0; helped && i <= high - low; i++)
			span[i] = cursor_u8(&c);
		if (helped)
			(void)decode_helper_feed(&m.decoders[0], &helper, span);
		decode_item(&(struct decode_input){ &m.profile, &m.item, words, shift,
				helped ? &helper : NULL },
		    &codes, &s, &edge);
		check(&m, &s, helped ? &helper : NULL, words);
		check_past(&m.decoders[0], &s, &total, &fresh, now);
	}
	return 0;
}
