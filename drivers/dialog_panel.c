// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The point "@panel/ID": what summaries say of the panel as a whole, a fire that no
// point shows, and what is wrong with the dialogs. Runs on the loop. Refuses to say
// anything before all summaries were read, for half a set would clear the other half.

#include <math.h>
#include <string.h>

#include "drivers/dialog.h"

void
panel_fault(struct field_device *d, enum panel_code code, bool on)
{
	struct dialog_panel *p = &d->dialog->panel;

	p->faults = on ? p->faults | 1U << code : p->faults & ~(1U << code);
}

static void
add(struct sample *s, enum condition c, code_id code)
{
	for (uint8_t i = 0; i < s->n_codes; i++)
		if (s->codes[i].condition == c && s->codes[i].code == code)
			return;
	if (s->n_codes < SAMPLE_CODES_MAX)
		s->codes[s->n_codes++] = (struct condition_code){ c, code };
}

// What the first register means by the summary's decoder. A fire of guarded points is
// theirs, or unlisted.
static void
add_meaning(
    const struct field_device *d, const struct dialog_summary *s, struct sample *out)
{
	const struct profile_summary *def = &d->dialog->def->summaries[s->def];
	struct sample one = { 0 };
	struct decode_edge edge;

	if (def->decoder < 0)
		return;
	decode_point(&d->def->profile->decoders[def->decoder], d->codes, s->words, NULL,
	    &one, &edge);
	for (uint8_t i = 0; i < one.n_codes; i++)
		if (one.codes[i].condition != COND_FIRE || def->fire_mask == 0)
			add(out, one.codes[i].condition, one.codes[i].code);
}

static bool
is_unlisted(const struct dialog *g, int64_t now)
{
	for (uint16_t i = 0; i < g->n_summaries; i++)
		if (g->summaries[i].fire == FIRE_UNLISTED)
			return true;
	return g->panel.unlisted_until_ms > now;
}

// Summaries, and whether the source lives where that is asked anew.
static bool
all_read(const struct dialog *g)
{
	for (uint8_t i = 0; i < g->def->n_alive; i++)
		if (g->alive[i].asking)
			return false;
	for (uint16_t i = 0; i < g->n_summaries; i++)
		if (!g->summaries[i].known && !g->summaries[i].absent)
			return false;
	return true;
}

static void
compose(const struct field_device *d, int64_t now, struct sample *s)
{
	const struct dialog *g = d->dialog;

	if (is_unlisted(g, now)) // first: it must not be the one without room
		add(s, COND_FIRE, g->codes[PANEL_UNLISTED]);
	for (int code = PANEL_QUEUE_GAP; code < PANEL_NO_VALUE; code++)
		if (g->panel.faults & 1U << code)
			add(s, COND_FAULT, g->codes[code]);
	for (uint16_t i = 0; i < g->n_summaries; i++)
		if (g->summaries[i].known)
			add_meaning(d, &g->summaries[i], s);
}

static bool
is_same(const struct dialog_panel *p, const struct sample *s)
{
	if (!p->have || p->n != s->n_codes)
		return false;
	for (uint8_t i = 0; i < s->n_codes; i++)
		if (p->means[i].condition != s->codes[i].condition ||
		    p->means[i].code != s->codes[i].code)
			return false;
	return true;
}

void
panel_update(struct field_device *d)
{
	struct dialog_panel *p = &d->dialog->panel;
	int64_t now = loop_now_ms(d->host->loop);
	struct sample s = {
		.point = d->def->panel_point,
		.kind = SAMPLE_CODE,
		.quality = QUALITY_GOOD,
		.value = NAN,
		.t_mono_ms = now,
		.t_utc_ms = loop_utc_ms(d->host->loop),
	};

	if (d->link == DEVICE_LOST || d->link == DEVICE_NEW || !all_read(d->dialog))
		return;
	if (p->gap_until_ms != 0 && p->gap_until_ms <= now) {
		p->gap_until_ms = 0;
		panel_fault(d, PANEL_QUEUE_GAP, false);
	}
	compose(d, now, &s);
	if (is_same(p, &s))
		return;
	p->have = true;
	p->n = s.n_codes;
	memcpy(p->means, s.codes, sizeof(p->means));
	d->sums.samples++;
	d->host->sample(d->host->ctx, &s);
}
