// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See sample_window.h. A ring that forgets its oldest. Owns nothing; pure.
#include "core/sample_window.h"

uint16_t
sample_window_room(const struct sample_window_rule *r, uint32_t poll_ms)
{
	// One more than fit: the newest is the sample that trips.
	uint32_t room = r->before_ms == 0 ? 0 : r->before_ms / poll_ms + 1;
	return (
	    uint16_t)(room < SAMPLE_WINDOW_HELD_MAX ? room : SAMPLE_WINDOW_HELD_MAX);
}

static void
hold(struct sample_window *w, const struct kept_sample *s, int64_t t_mono_ms)
{
	if (w->room == 0)
		return;
	if (w->n == w->room) {
		w->first = (uint16_t)((w->first + 1) % w->room);
		w->n--;
	}
	w->held[(w->first + w->n) % w->room] = (struct held_sample){ *s, t_mono_ms };
	w->n++;
}

bool
sample_window_feed(struct sample_window *w, const struct sample_window_rule *r,
    const struct kept_sample *s, int64_t t_mono_ms, struct kept_sample *out)
{
	*out = *s;
	out->around = t_mono_ms < w->open_until_ms;
	if (!out->around)
		hold(w, out, t_mono_ms);
	return out->around || r->every_ms > 0;
}

void
sample_window_open(
    struct sample_window *w, const struct sample_window_rule *r, int64_t now_ms)
{
	w->taken_from_ms = now_ms - r->before_ms;
	if (now_ms + r->after_ms > w->open_until_ms)
		w->open_until_ms = now_ms + r->after_ms;
}

bool
sample_window_take(struct sample_window *w, struct kept_sample *out)
{
	while (w->n > 0) {
		const struct held_sample *h = &w->held[w->first];
		w->first = (uint16_t)((w->first + 1) % w->room);
		w->n--;
		if (h->t_mono_ms < w->taken_from_ms)
			continue;
		*out = h->s;
		out->around = true;
		return true;
	}
	return false;
}
