// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Which lines the log gets of a link that goes, stays away, comes back, or does nothing
// but go and come: one when it went, more and more seldom one that it still is, one
// when it is back, with counts. However it flaps, the lines of a day are few. Decides
// only; who knows the link's name writes. Pure.
#ifndef DRIVERS_LINK_LOG_H
#define DRIVERS_LINK_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum {
	LINK_LOG_FIRST_MS = 60000,     // until the first "still lost"
	LINK_LOG_LONGEST_MS = 3600000, // between two of them, in the end
	LINK_LOG_CALM_MS = 600000,     // up for so long: what was is forgotten
	LINK_LOG_BURST = 3, // losses that are told at once, each with its return
};

struct link_log {
	bool lost, told;      // and whether the loss was told
	uint8_t burst;        // losses told since it was last calm
	uint32_t times;       // lost, since a line was written
	uint32_t tries;       // that failed, since it went
	uint32_t interval_ms; // until the next line beyond the burst
	int64_t since_ms;     // lost or up
	int64_t next_ms;      // no such line before this
};

// Each returns whether to write. After a line of going: `times` losses are in it; of
// staying away or coming back: `tries` failed.
bool link_log_went(struct link_log *l, int64_t now_ms);
bool link_log_still(struct link_log *l, int64_t now_ms); // counts a try
bool link_log_back(struct link_log *l, int64_t now_ms);

// Lost together with what the log has been told of already: no lines of its own, unless
// it stays away longer.
void link_log_with(struct link_log *l, int64_t now_ms);

// Whether it went and came back several times without having been calm since.
bool link_log_flaps(const struct link_log *l, int64_t now_ms);

#endif
