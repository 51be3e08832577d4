// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// How proposed limits are shown: as a table for a person with a line for the site file,
// or as JSON.
#ifndef CLI_LIMITS_SHOW_H
#define CLI_LIMITS_SHOW_H

#include "cli/proposal.h"
#include "core/point.h"
#include "lib/buf.h"
#include "lib/text.h"

// A gauge, its minutes, and what comes of them.
struct limits_of {
	const char *id;
	const struct point *point; // NULL: the site has it no more
	const struct proposal_minute *minutes;
	size_t n, without_value, pump_ran, isolated; // minutes: that count, and not
	struct proposal proposal;
};

void limits_text(const struct limits_of *g, enum lang lang, struct buf *out);
void limits_json(const struct limits_of *g, struct buf *out); // one object

#endif
