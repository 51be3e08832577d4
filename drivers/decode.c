// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Words to samples. Runs on any thread and keeps nothing. Refuses to guess: an absent
// pattern, a value outside the table, a reserved bit each give a condition or bad
// quality, never "normal". Bad quality never takes a fire out of the set: what one
// register says is not lost because another has no value.

#include "drivers/decode.h"

#include <math.h>
#include <string.h>

#include "drivers/decode_pass.h"
#include "lib/mem.h"

// What EFFECT_TEST turns into a test. A fault is one in a test, too.
enum {
	TESTED = 1 << COND_FIRE | 1 << COND_PREALARM | 1 << COND_SECURITY |
		 1 << COND_SUPERVISORY | 1 << COND_ACTIVATED | 1 << COND_FEEDBACK |
		 1 << COND_PROCESS,
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
		.frozen = site_find_code(site, "frozen"),
	};
	for (int c = 0; c < COND_LINK; c++)
		if (TESTED & 1 << c)
			out->named[c] =
			    site_find_code(site, condition_name((enum condition)c));
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

void
pass_add(struct decode_pass *p, struct condition_code c)
{
	p->said = true;
	add(p->out, c);
}

void
pass_outcome(struct decode_pass *p, const struct decode_outcome *o)
{
	p->said = true;
	for (uint8_t i = 0; i < o->n && i < 2; i++)
		add(p->out, o->is[i]);
	p->is_test |= o->effect == EFFECT_TEST;
	p->no_value |= o->effect == EFFECT_VOID;
}

void
pass_void(struct decode_pass *p, code_id fault)
{
	p->no_value = true;
	pass_add(p, (struct condition_code){ COND_FAULT, fault });
}

static enum sample_kind
kind_of(const struct decoder *dec)
{
	switch (dec->form) {
	case DECODE_BIT:
		return dec->n_bits > 0 ? SAMPLE_CODE : SAMPLE_LEVEL;
	case DECODE_WORD:
		return SAMPLE_CODE;
	case DECODE_ANALOG:
		return SAMPLE_ANALOG;
	case DECODE_COUNTER:
		return SAMPLE_COUNT;
	case DECODER_FORM_COUNT:
		break;
	}
	wr_unreachable("decoder_form");
}

static void
pass_bit(struct decode_pass *p, const struct decoder *dec, uint16_t word)
{
	// A whole register may stand for one bit; other numbers are no level.
	if (word > 1) {
		pass_void(p, p->codes->unknown_code);
		return;
	}
	p->out->value = word;
	if (dec->n_bits > 0 && (word == 1) == dec->bits[0].when)
		pass_outcome(p, &dec->bits[0].means);
}

static const struct decode_value *
find_value(const struct decode_field *f, uint16_t value)
{
	uint16_t low = 0, high = f->n_values;

	while (low < high) {
		uint16_t mid = (uint16_t)(low + (high - low) / 2);

		if (f->values[mid].value == value)
			return &f->values[mid];
		if (f->values[mid].value < value)
			low = (uint16_t)(mid + 1);
		else
			high = mid;
	}
	return NULL;
}

static void
pass_value(struct decode_pass *p, const struct decode_value *v)
{
	if (v->role == VALUE_EMPTY)
		return;
	if (v->role == VALUE_LEVEL) {
		pass_outcome(p, &v->means);
		return;
	}
	p->said = true;
	p->ends |= v->ends;
	*p->edge = (struct decode_edge){ .happened = true, .is = v->means.is[0] };
}

static void
pass_field(struct decode_pass *p, const struct decode_field *f, uint16_t word)
{
	const struct decode_value *v;

	if ((word & f->valid_mask) != f->valid_value)
		return;
	v = find_value(f, (uint16_t)((word & f->mask) >> f->shift));
	if (v)
		pass_value(p, v);
	else if (f->unknown.n > 0)
		pass_outcome(p, &f->unknown);
	else
		pass_add(
		    p, (struct condition_code){ COND_FAULT, p->codes->unknown_code });
}

static void
pass_register(struct decode_pass *p, const struct decoder *dec, uint16_t word)
{
	for (uint8_t i = 0; i < dec->n_absent; i++) {
		if (word == dec->absent[i]) {
			pass_void(p, p->codes->not_present);
			return;
		}
	}
	for (uint8_t i = 0; i < dec->n_bits; i++)
		if (((word & dec->bits[i].mask) != 0) == dec->bits[i].when)
			pass_outcome(p, &dec->bits[i].means);
	for (uint8_t i = 0; i < dec->n_fields; i++)
		pass_field(p, &dec->fields[i], word);
	if (word & dec->reserved_mask)
		pass_add(
		    p, (struct condition_code){ COND_INFO, p->codes->reserved_bits });
}

static void
pass_word(struct decode_pass *p, const struct decoder *dec, const uint16_t *words)
{
	p->said = false;
	for (uint16_t i = 0; i < decoder_width(dec); i++)
		pass_register(p, dec, words[i]);
	if (!p->said && dec->if_empty.n > 0)
		pass_outcome(p, &dec->if_empty);
}

static void
relabel(struct decode_pass *p)
{
	struct sample *out = p->out;
	struct condition_code was[SAMPLE_CODES_MAX];
	uint8_t n = out->n_codes;

	memcpy(was, out->codes, sizeof(was));
	out->n_codes = 0;
	for (uint8_t i = 0; i < n; i++) {
		if (TESTED & 1 << was[i].condition) {
			if (was[i].code == 0)
				was[i].code = p->codes->named[was[i].condition];
			was[i].condition = COND_TEST;
		}
		add(out, was[i]);
	}
	out->silent |= TESTED;
}

static void
settle(struct decode_pass *p)
{
	if (p->edge->happened)
		p->out->silent =
		    (uint16_t)(((1U << COND_COUNT) - 1) & ~(unsigned)p->ends);
	if (p->is_test)
		relabel(p);
	if (!p->no_value)
		return;
	p->out->quality = QUALITY_BAD;
	p->out->value = NAN;
}

static void
pass_main(struct decode_pass *p, const struct decoder *dec, const uint16_t *words,
    const struct decode_helper *h)
{
	*p->edge = (struct decode_edge){ 0 };
	p->out->kind = kind_of(dec);
	p->out->quality = QUALITY_GOOD;
	p->out->value = words[0];
	p->out->n_codes = 0;
	p->out->silent = 0;
	p->out->raw = words[0];
	switch (dec->form) {
	case DECODE_BIT:
		pass_bit(p, dec, words[0]);
		return;
	case DECODE_WORD:
		pass_word(p, dec, words);
		return;
	case DECODE_ANALOG:
		pass_analog(p, dec, words, h);
		return;
	case DECODE_COUNTER:
		pass_counter(p, dec, words);
		return;
	case DECODER_FORM_COUNT:
		break;
	}
	wr_unreachable("decoder_form");
}

void
decode_point(const struct decoder *dec, const struct decode_codes *codes,
    const uint16_t *words, const struct decode_helper *h, struct sample *out,
    struct decode_edge *edge)
{
	struct decode_pass p = { .codes = codes, .out = out, .edge = edge };

	pass_main(&p, dec, words, h);
	settle(&p);
}

void
decode_item(const struct decode_input *in, const struct decode_codes *codes,
    struct sample *out, struct decode_edge *edge)
{
	struct decode_pass p = { .codes = codes, .out = out, .edge = edge };
	const struct profile_item *item = in->item;
	const struct decoder *dec = &in->profile->decoders[item->decoder];
	const uint16_t *words = in->words;
	uint16_t place = (uint16_t)(words[0] >> in->shift & ((1U << item->pack) - 1));

	pass_main(&p, dec, item->pack ? &place : words, in->helper);
	words += area_is_bits(item->area) ? 1 : decoder_width(dec);
	for (uint8_t i = 0; i < item->n_parts; i++) {
		const struct decoder *part =
		    &in->profile->decoders[item->parts[i].decoder];

		wr_assert(part->form == DECODE_WORD);
		pass_word(&p, part, words);
		words += decoder_width(part);
	}
	settle(&p);
}

void
decode_void(struct sample *s, code_id code)
{
	s->quality = QUALITY_BAD;
	s->value = NAN;
	add(s, (struct condition_code){ COND_FAULT, code });
}

void
decode_refused(const struct decoder *dec, code_id code, struct sample *out)
{
	out->kind = kind_of(dec);
	out->raw = 0;
	out->n_codes = 0;
	out->silent = 0;
	decode_void(out, code);
}
