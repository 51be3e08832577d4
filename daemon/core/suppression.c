// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See suppression.h.
#include "core/suppression.h"

bool
suppression_feed(struct suppression *s, const struct suppression_rule *rule,
    enum contact_state state, int64_t now_ms)
{
	bool was = s->on;

	if (state == rule->while_it_is) {
		*s = (struct suppression){ .on = true, .until_ms = -1 };
	} else if (state == CONTACT_UNKNOWN) {
		*s = (struct suppression){ .on = false, .until_ms = -1 };
	} else if (s->on) {
		if (s->until_ms < 0)
			s->until_ms = now_ms + rule->hold_ms;
		s->on = now_ms < s->until_ms;
	}
	return s->on != was;
}

int64_t
suppression_due(const struct suppression *s)
{
	return s->on ? s->until_ms : -1;
}
