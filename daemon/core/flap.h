// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A link that only comes and goes: after so many changes in so long it flaps, until it
// has not changed for as long. Then it is one fault instead of an event for each
// change, and it counts as lost all the while. Pure: `now` is monotonic ms.
#ifndef CORE_FLAP_H
#define CORE_FLAP_H

#include <stdbool.h>
#include <stdint.h>

struct flap_rule {
	uint16_t changes;   // 0: never
	uint32_t within_ms; // and quiet for so long: it ends
};

struct flap {
	bool on;
	uint16_t n;       // changes since from_ms, while not on
	uint32_t changes; // since it began to flap
	int64_t from_ms, last_ms;
};

// Notes a change. True where the link flaps from now on.
bool flap_change(struct flap *f, const struct flap_rule *rule, int64_t now_ms);

// Whether it has ended now.
bool flap_ends(struct flap *f, const struct flap_rule *rule, int64_t now_ms);

#endif
