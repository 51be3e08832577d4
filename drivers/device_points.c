// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The points of one device: from the words of a good reply to samples. Runs on the
// loop, allocates only at start. A point is sent when it differs from what was sent
// last; one that takes several registers, and a number, with each good poll.

#include <stdlib.h>

#include "drivers/device.h"
#include "lib/loop.h"
#include "lib/mem.h"

static const struct profile_item *
item_of(const struct field_device *d, uint32_t i)
{
	return &d->def->profile->items[d->seen[i].item];
}

static const struct decoder *
decoder_of(const struct field_device *d, uint32_t i)
{
	return &d->def->profile->decoders[item_of(d, i)->decoder];
}

static bool
has_past(const struct profile_item *item, const struct decoder *dec)
{
	return item->has_fresh || dec->form == DECODE_COUNTER;
}

// One register or bit, and no number: nothing but a change of it is news.
static bool
is_plain(const struct profile_item *item, const struct decoder *dec)
{
	return item->n_parts == 0 && item->pack == 0 && !item->has_fresh &&
	       decoder_width(dec) == 1 &&
	       (dec->form == DECODE_BIT || dec->form == DECODE_WORD);
}

void
device_points_init(struct field_device *d)
{
	uint32_t n = d->def->n_points ? d->def->n_points : 1;

	d->seen = xcalloc(n, sizeof(*d->seen));
	for (uint32_t i = 0; i < d->def->n_points; i++) {
		const struct point *p = &d->host->site->points[d->def->points[i]];
		struct point_seen *seen = &d->seen[i];

		seen->pdu = p->pdu;
		seen->shift = p->shift;
		seen->item = p->item;
		seen->plain = is_plain(item_of(d, i), decoder_of(d, i));
		if (!d->past && has_past(item_of(d, i), decoder_of(d, i)))
			d->past = xcalloc(n, sizeof(*d->past));
	}
}

static void
stamp(struct field_device *d, const struct plan_block *b, uint32_t i, struct sample *s)
{
	s->point = d->def->points[i];
	s->t_mono_ms = loop_now_ms(d->host->loop);
	s->t_utc_ms = loop_utc_ms(d->host->loop);
	// By the clock of now: whoever takes the one from the other has the true time
	// between, though the clock was set meanwhile (I10).
	if (b->last_good_ms)
		s->not_before_utc_ms = s->t_utc_ms - (s->t_mono_ms - b->last_good_ms);
}

static bool
is_fire(const struct field_device *d, uint32_t i, const struct sample *s)
{
	const struct point *p = &d->host->site->points[d->def->points[i]];

	if (s->quality != QUALITY_GOOD)
		return false;
	if (s->kind == SAMPLE_LEVEL)
		return point_kind_condition(p->kind) == COND_FIRE &&
		       point_active(p, s->value);
	for (uint8_t k = 0; k < s->n_codes; k++)
		if (s->codes[k].condition == COND_FIRE)
			return true;
	return false;
}

static void
send(struct field_device *d, uint32_t i, const struct sample *s)
{
	d->seen[i].have = 1;
	d->seen[i].fire = is_fire(d, i, s);
	d->seen[i].raw = s->raw;
	d->seen[i].quality = (uint8_t)s->quality;
	d->sums.samples++;
	d->host->sample(d->host->ctx, s);
}

// The words of a point in the order that decode_item wants. Returns the value of the
// register that must move, or 0.
static uint16_t
gather(const struct plan_block *b, const struct profile *profile,
    const struct profile_item *item, const struct point *p, const uint8_t *data,
    uint16_t words[static DECODE_WORDS_MAX])
{
	enum area area = (enum area)b->area;
	size_t n = 0;
	uint16_t width = decoder_width(&profile->decoders[item->decoder]);

	for (uint16_t i = 0; i < width; i++)
		words[n++] = pdu_value(area, data, (size_t)p->pdu - b->address + i);
	for (uint8_t i = 0; i < item->n_parts; i++) {
		const struct item_part *part = &item->parts[i];
		size_t at = profile_part_pdu(item, part, p->loop, p->number);

		width = decoder_width(&profile->decoders[part->decoder]);
		for (uint16_t k = 0; k < width; k++)
			words[n++] = pdu_value(area, data, at - b->address + k);
	}
	if (!item->has_fresh)
		return 0;
	return pdu_value(area, data,
	    profile_part_pdu(item, &item->parts[item->n_parts], p->loop, p->number) -
		(size_t)b->address);
}

static void
scale(const struct point_scale *by, const struct decode_codes *codes, struct sample *s)
{
	if (by->full > by->zero && signal_is_broken(s->value, by->zero, by->full))
		decode_void(s, codes->sensor_range);
	else
		s->value = s->value * by->factor + by->offset;
}

// What the value's past and the site's own scale make of it.
static void
follow(struct field_device *d, uint32_t i, uint16_t moving, struct sample *s)
{
	const struct profile_item *item = item_of(d, i);
	const struct decoder *dec = &d->def->profile->decoders[item->decoder];
	const struct point *p = &d->host->site->points[d->def->points[i]];

	if (item->has_fresh && !decode_fresh_feed(&d->past[i].fresh, moving,
				   s->t_mono_ms, item->fresh_within_ms))
		decode_void(s, d->codes->frozen);
	if (s->quality != QUALITY_GOOD)
		return;
	if (dec->form == DECODE_COUNTER)
		s->value = (double)decode_counter_feed(
		    dec, &d->past[i].counter, (uint64_t)s->value);
	if (p->scale)
		scale(p->scale, d->codes, s);
}

static void
send_edge(struct field_device *d, const struct sample *from, struct condition_code is)
{
	struct sample s = *from;

	s.kind = SAMPLE_EDGE;
	s.n_codes = 1;
	s.codes[0] = is;
	d->sums.samples++;
	d->host->sample(d->host->ctx, &s);
}

void
device_sample_point(
    struct field_device *d, const struct plan_block *b, uint32_t i, const uint8_t *data)
{
	struct point_seen *seen = &d->seen[i];
	const struct profile *profile = d->def->profile;
	const struct profile_item *item = item_of(d, i);
	uint16_t words[DECODE_WORDS_MAX], moving;
	struct sample s = { 0 };
	struct decode_edge edge;

	if (seen->plain && seen->have &&
	    seen->raw ==
		pdu_value((enum area)b->area, data, (size_t)(seen->pdu - b->address)))
		return;
	moving = gather(
	    b, profile, item, &d->host->site->points[d->def->points[i]], data, words);
	stamp(d, b, i, &s);
	decode_item(&(struct decode_input){ profile, item, words, seen->shift,
			d->n_helpers ? device_helper_of(d, item->decoder) : NULL },
	    d->codes, &s, &edge);
	if (item->pack && item->n_parts == 0 && !item->has_fresh && seen->have &&
	    seen->raw == s.raw)
		return; // a neighbour in the same register changed
	follow(d, i, moving, &s);
	// An edge that was there when the point came into sight is an old one.
	if (edge.happened && seen->have && seen->raw != s.raw)
		send_edge(d, &s, edge.is);
	send(d, i, &s);
}

void
device_send_value(struct field_device *d, uint32_t i, const uint16_t *words,
    code_id refused, int64_t not_before_ms)
{
	const struct decoder *dec = decoder_of(d, i);
	const struct plan_block none = { .last_good_ms = not_before_ms };
	struct sample s = { 0 };
	struct decode_edge edge;

	stamp(d, &none, i, &s);
	if (words) {
		decode_point(dec, d->codes, words, NULL, &s, &edge);
		follow(d, i, 0, &s);
	} else {
		decode_refused(dec, refused, &s);
	}
	send(d, i, &s);
}

void
device_refuse_points(struct field_device *d, const struct plan_block *b, code_id code)
{
	for (uint32_t i = b->first; i < (uint32_t)b->first + b->n; i++) {
		struct sample s = { 0 };

		if (d->seen[i].have && d->seen[i].quality == QUALITY_BAD &&
		    d->seen[i].raw == UINT32_MAX)
			continue;
		decode_refused(decoder_of(d, i), code, &s);
		stamp(d, b, i, &s);
		send(d, i, &s);
		d->seen[i].raw = UINT32_MAX; // no register reads like this
	}
}
