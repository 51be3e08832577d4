// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See dialog_summary.h. Refuses to call a fire unlisted on one look: the summary says
// it before a scan of the points and again after it; and refuses to wait for ever for a
// scan that does not end.
#include "drivers/dialog_summary.h"

#include <string.h>

uint16_t
summary_address(const struct profile_summary *def, const struct dialog_summary *s)
{
	if (def->loop_max == 0)
		return def->address;
	return (uint16_t)(def->address + (s->loop - def->loop_min) * def->loop_stride);
}

static bool
says_fire(const struct profile_summary *def, const uint16_t *words)
{
	return (words[def->fire_at] & def->fire_mask) != 0;
}

// True where the points are to be read for it.
static bool
follow_fire(struct dialog_summary *s, bool says, const struct summary_guarded *guarded,
    int64_t now)
{
	int64_t most = SUMMARY_SCAN_MS + 3 * (int64_t)guarded->poll_ms;

	if (!says || guarded->shown) {
		s->fire = says ? FIRE_SEEN : FIRE_NONE;
		return false;
	}
	if (s->fire == FIRE_NONE || s->fire == FIRE_SEEN) {
		s->fire = FIRE_SOUGHT;
		s->sought_ms = now;
		return true;
	}
	if (s->fire == FIRE_SOUGHT && (!guarded->scanning || now - s->sought_ms > most))
		s->fire = FIRE_UNLISTED;
	return false;
}

enum summary_outcome
summary_take(struct dialog_summary *s, const struct profile_summary *def,
    const uint16_t *words, const struct summary_guarded *guarded, int64_t now)
{
	size_t bytes = def->registers * sizeof(*words);
	bool changed = s->known && memcmp(s->words, words, bytes) != 0;
	bool seek = follow_fire(s, says_fire(def, words), guarded, now);

	memcpy(s->words, words, bytes);
	s->known = true;
	s->absent = false;
	s->due_ms = now + guarded->poll_ms;
	return seek ? SUMMARY_SEEK : changed ? SUMMARY_CHANGED : SUMMARY_SAME;
}

void
summary_absent(struct dialog_summary *s, int64_t now)
{
	s->absent = true;
	s->known = false;
	s->due_ms = now + SUMMARY_SLOW_MS;
}

// What stood of a fire stays: only a reading clears it.
void
summary_lost(struct dialog_summary *s)
{
	s->known = false;
	if (s->fire == FIRE_SOUGHT)
		s->fire = FIRE_NONE;
}
