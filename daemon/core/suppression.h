// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Suppression by a state (ISA-18.2: designed suppression): alarms that say nothing new
// while something else is in a known state, for example a low flow while the pump
// stands. A state that is not known suppresses nothing (I6). Pure: `now` is monotonic.
#ifndef CORE_SUPPRESSION_H
#define CORE_SUPPRESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/contact.h"

struct suppression_rule {
	enum contact_state while_it_is; // ACTIVE or IDLE
	uint32_t hold_ms;               // beyond the end of that state
};

struct suppression {
	bool on;
	int64_t until_ms; // -1 = the state lasts
};

// Feeds the present state. True where `on` is another than before.
bool suppression_feed(struct suppression *s, const struct suppression_rule *rule,
    enum contact_state state, int64_t now_ms);

// When to feed the same state again; -1 = not needed.
int64_t suppression_due(const struct suppression *s);

#endif
