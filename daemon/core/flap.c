// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See flap.h. Counts in spans that begin with a change, so that the events of a link
// are at most twice its changes in any span of the rule's.
#include "core/flap.h"

bool
flap_change(struct flap *f, const struct flap_rule *rule, int64_t now_ms)
{
	f->last_ms = now_ms;
	if (f->on) {
		f->changes++;
		return false;
	}
	if (f->n == 0 || now_ms - f->from_ms > rule->within_ms) {
		f->from_ms = now_ms;
		f->n = 0;
	}
	f->n++;
	if (rule->changes == 0 || f->n < rule->changes)
		return false;
	f->on = true;
	f->changes = f->n;
	return true;
}

bool
flap_ends(struct flap *f, const struct flap_rule *rule, int64_t now_ms)
{
	if (!f->on || now_ms - f->last_ms < rule->within_ms)
		return false;
	f->on = false;
	f->n = 0;
	return true;
}
