// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See set_hour.h. Loop thread. Refuses what is not good: a value that the gauge itself
// doubts is a reason, no reading.
#include "core/set_hour.h"

#include <math.h>

static int64_t
distance(int64_t a, int64_t b)
{
	return a < b ? b - a : a - b;
}

void
set_hour_arm(struct set_hour *h, int64_t due_utc_ms)
{
	*h = (struct set_hour){ .due_utc_ms = due_utc_ms, .seen = QUALITY_GOOD };
	h->near.due_utc_ms = due_utc_ms;
}

bool
set_hour_feed(struct set_hour *h, const struct sample *s, struct set_reading *out)
{
	int64_t far = distance(s->t_utc_ms, h->due_utc_ms);
	if (h->due_utc_ms == 0 || h->told || far > SET_HOUR_WITHIN_MS)
		return false;
	if (s->quality != QUALITY_GOOD || isnan(s->value)) {
		h->seen = s->quality != QUALITY_GOOD ? s->quality : QUALITY_BAD;
		return false;
	}
	if (!h->near.have || far < distance(h->near.at_utc_ms, h->due_utc_ms)) {
		h->near.have = true;
		h->near.value = s->value;
		h->near.at_utc_ms = s->t_utc_ms;
	}
	h->told = s->t_utc_ms >= h->due_utc_ms;
	*out = h->near;
	return h->told;
}

bool
set_hour_end(struct set_hour *h, enum quality now, struct set_reading *out)
{
	if (h->due_utc_ms == 0 || h->told)
		return false;
	h->told = true;
	*out = h->near;
	if (!out->have)
		out->reason = h->seen != QUALITY_GOOD ? quality_name(h->seen)
			      : now != QUALITY_GOOD   ? quality_name(now)
						      : "no_sample";
	return true;
}
