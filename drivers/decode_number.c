// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Numbers of a device: wire order, scale, unit, decimals and range that the device
// holds itself, counters, and values that stand still. Runs on any thread. Refuses to
// rescale: a device whose unit was changed, a number outside its own range and a number
// that no sensor can have give bad quality. Wire order is handled here, independent of
// the host's own.

#include <math.h>
#include <string.h>

#include "drivers/decode_pass.h"
#include "lib/mem.h"

enum {
	DECIMALS_MAX = 9
};

static uint16_t
swap_bytes(uint16_t word)
{
	return (uint16_t)((word >> 8) | ((word & 0xFFU) << 8));
}

// Registers in order of the wire to one number. The order's letters say which register
// is the more significant, and which byte of each.
static uint64_t
join(const struct decoder *dec, const uint16_t *words)
{
	bool low_word_first = dec->order == ORDER_CDAB || dec->order == ORDER_DCBA;
	bool low_byte_first = dec->order == ORDER_BADC || dec->order == ORDER_DCBA;
	uint16_t n = decoder_width(dec);
	uint64_t value = 0;

	for (uint16_t i = 0; i < n; i++) {
		uint16_t word = words[low_word_first ? n - 1 - i : i];

		value = value << 16 | (low_byte_first ? swap_bytes(word) : word);
	}
	return value;
}

static double
number_of(const struct decoder *dec, uint64_t raw)
{
	uint32_t bits = (uint32_t)raw;
	float f;

	switch (dec->number) {
	case NUMBER_INT16:
		return (int16_t)raw;
	case NUMBER_INT32:
		return (int32_t)bits;
	case NUMBER_UINT16:
	case NUMBER_UINT32:
	case NUMBER_UINT48:
		return (double)raw; // 48 bits are exact
	case NUMBER_FLOAT32:
		memcpy(&f, &bits, sizeof(f));
		return (double)f;
	case NUMBER_TYPE_COUNT:
		break;
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

static bool
is_sentinel(struct decode_pass *p, const struct decoder *dec, uint64_t raw)
{
	for (uint8_t i = 0; i < dec->n_sentinels; i++) {
		if (dec->sentinels[i].raw != raw)
			continue;
		pass_outcome(p, &dec->sentinels[i].means);
		p->no_value = true;
		return true;
	}
	return false;
}

// In base units. In this order 1003 thousandths of a MPa are 1003 kPa and not a hair
// less, which a limit of 1.003 MPa would see.
static double
physical(const struct decoder *dec, const struct decode_settings *set, double number)
{
	double factor = dec->unit_factor, divisor = 1;

	if (dec->decimals_from_device)
		divisor = power_of_ten(set->decimals);
	if (dec->unit_from_device)
		factor = dec->unit_factors[set->unit];
	return number * (dec->scale * factor) / divisor + dec->offset * factor;
}

static bool
in_range(const struct decoder *dec, const struct decode_settings *set, double number,
    double value)
{
	if (!isfinite(value))
		return false;
	if (dec->range_from_device && signal_is_broken(number, set->zero, set->full))
		return false;
	return !dec->has_plausible ||
	       (value >= dec->plausible_min && value <= dec->plausible_max);
}

void
pass_analog(struct decode_pass *p, const struct decoder *dec, const uint16_t *words,
    const struct decode_helper *h)
{
	struct decode_settings set = { 0 };
	uint64_t raw = join(dec, words);
	uint16_t low, high;

	p->out->raw = (uint32_t)raw;
	if (is_sentinel(p, dec, raw))
		return;
	if (decoder_helper_span(dec, &low, &high)) {
		if (h == NULL || h->state != HELPER_GOOD) {
			pass_void(p, p->codes->configuration);
			return;
		}
		set = h->first;
	}
	p->out->value = physical(dec, &set, number_of(dec, raw));
	if (!in_range(dec, &set, number_of(dec, raw), p->out->value))
		pass_void(p, p->codes->sensor_range);
}

void
pass_counter(struct decode_pass *p, const struct decoder *dec, const uint16_t *words)
{
	uint64_t raw = join(dec, words);

	p->out->raw = (uint32_t)raw;
	if (is_sentinel(p, dec, raw))
		return;
	p->out->value = (double)raw;
	if (dec->wrap > 0 && raw >= dec->wrap)
		pass_void(p, p->codes->sensor_range);
}

uint64_t
decode_counter_feed(const struct decoder *dec, struct decode_counter *c, uint64_t raw)
{
	uint64_t step;

	if (!c->have) {
		*c = (struct decode_counter){ .have = true, .last = raw, .total = raw };
		return c->total;
	}
	step = raw >= c->last ? raw - c->last : raw + dec->wrap - c->last;
	// Backwards by little is over the end; by much is a device that began anew.
	if (raw < c->last && step > dec->wrap / 2)
		step = raw;
	c->last = raw;
	c->total += step;
	return c->total;
}

bool
decode_fresh_feed(
    struct decode_fresh *f, uint16_t raw, int64_t now_ms, uint32_t within_ms)
{
	if (!f->have || raw != f->last)
		*f = (struct decode_fresh){
			.have = true, .last = raw, .moved_ms = now_ms
		};
	return now_ms - f->moved_ms <= within_ms;
}

// A device that is not what the profile says (another map at the same addresses) mostly
// shows here: a unit out of the table, many decimals, or no span.
static bool
plausible(const struct decoder *dec, const struct decode_settings *s)
{
	if (dec->unit_from_device &&
	    (s->unit >= UNITS_MAX || !(dec->unit_factors[s->unit] > 0)))
		return false;
	if (dec->decimals_from_device && s->decimals > DECIMALS_MAX)
		return false;
	return !dec->range_from_device || s->zero < s->full;
}

static struct decode_settings
settings_of(const struct decoder *dec, const uint16_t *words, uint16_t low)
{
	struct decode_settings s = { 0 };

	if (dec->unit_from_device)
		s.unit = words[dec->unit_address - low];
	if (dec->decimals_from_device)
		s.decimals = words[dec->decimals_address - low];
	if (dec->range_from_device) {
		s.zero = (int16_t)words[dec->zero_address - low];
		s.full = (int16_t)words[dec->full_address - low];
	}
	return s;
}

enum decode_helper_state
decode_helper_feed(
    const struct decoder *dec, struct decode_helper *h, const uint16_t *words)
{
	struct decode_settings now;
	uint16_t low, high;

	if (!decoder_helper_span(dec, &low, &high))
		return h->state;
	now = settings_of(dec, words, low);
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
