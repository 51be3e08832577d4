// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See chatter.h. The ring holds as many onsets as the rule counts: when it is full, its
// oldest is the one to look at, so that any span of the rule's length is a span.
//
// The invariant: what is unknown never ends a chatter (I6).
#include "core/chatter.h"

bool
chatter_onset(struct chatter *c, const struct chatter_rule *rule, int64_t now_ms)
{
	if (rule->count == 0)
		return false;
	c->onsets_ms[c->next] = now_ms;
	c->next = (uint16_t)((c->next + 1) % rule->count);
	if (c->n < rule->count)
		c->n++;
	if (c->n < rule->count || now_ms - c->onsets_ms[c->next] > rule->within_ms)
		return false;
	c->on = c->active = c->known = true;
	c->quiet_from_ms = now_ms;
	c->tally = c->counted = (struct chatter_tally){ 0 };
	return true;
}

int64_t
chatter_first_ms(const struct chatter *c, const struct chatter_rule *rule)
{
	return c->onsets_ms[(c->next + rule->count - c->n) % rule->count];
}

bool
chatter_forgotten(
    const struct chatter *c, const struct chatter_rule *rule, int64_t now_ms)
{
	if (c->on)
		return false;
	if (c->n == 0)
		return true;
	uint16_t last = (uint16_t)((c->next + rule->count - 1) % rule->count);
	return now_ms - c->onsets_ms[last] > rule->within_ms;
}

bool
chatter_told(struct chatter *c, bool active, bool known, int64_t now_ms)
{
	bool change = active != c->active;

	if (change || !c->known)
		c->quiet_from_ms = now_ms;
	c->known = known;
	if (!change)
		return false;
	c->active = active;
	if (active)
		c->tally.onsets++;
	else
		c->tally.clears++;
	return true;
}

void
chatter_lost(struct chatter *c)
{
	c->known = false;
}

int64_t
chatter_due(const struct chatter *c, const struct chatter_rule *rule)
{
	return c->on && c->known ? c->quiet_from_ms + rule->quiet_ms : -1;
}

bool
chatter_ends(struct chatter *c, const struct chatter_rule *rule, int64_t now_ms)
{
	int64_t due = chatter_due(c, rule);

	if (due < 0 || now_ms < due)
		return false;
	c->on = false;
	c->n = c->next = 0;
	return true;
}

struct chatter_tally
chatter_count(struct chatter *c)
{
	struct chatter_tally since = {
		.onsets = c->tally.onsets - c->counted.onsets,
		.clears = c->tally.clears - c->counted.clears,
	};

	c->counted = c->tally;
	return since;
}
