// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See repeat.h. The ring holds as many onsets as the rule counts: when it is full, its
// oldest is the one to look at, so that any span of the rule's length is a span.
//
// The invariant: time that nobody could hear ends nothing (I6).
#include "core/repeat.h"

void
repeat_remember(struct repeat *r, const struct repeat_rule *rule, int64_t at_ms)
{
	r->onsets_ms[r->next] = at_ms;
	r->next = (uint16_t)((r->next + 1) % rule->count);
	if (r->n < rule->count)
		r->n++;
	r->quiet_from_ms = at_ms;
}

int64_t
repeat_nth_ms(const struct repeat *r, const struct repeat_rule *rule, uint16_t i)
{
	return r->onsets_ms[(r->next + rule->count - 1 - i) % rule->count];
}

bool
repeat_onset(struct repeat *r, const struct repeat_rule *rule, int64_t now_ms)
{
	if (rule->count == 0)
		return false;
	if (r->on) {
		r->onsets++;
		r->quiet_from_ms = now_ms;
		return false;
	}
	repeat_remember(r, rule, now_ms);
	int64_t first = repeat_nth_ms(r, rule, (uint16_t)(r->n - 1));
	if (r->n < rule->count || now_ms - first > rule->within_ms)
		return false;
	r->on = true;
	r->first_ms = first;
	r->onsets = rule->count;
	return true;
}

void
repeat_unheard(struct repeat *r, int64_t ms)
{
	r->quiet_from_ms += ms;
}

bool
repeat_ends(struct repeat *r, const struct repeat_rule *rule, int64_t now_ms)
{
	if (!r->on || now_ms - r->quiet_from_ms <= rule->within_ms)
		return false;
	r->on = false;
	r->n = r->next = 0;
	return true;
}

bool
repeat_forgotten(const struct repeat *r, const struct repeat_rule *rule, int64_t now_ms)
{
	if (r->on)
		return false;
	return r->n == 0 || now_ms - repeat_nth_ms(r, rule, 0) > rule->within_ms;
}
