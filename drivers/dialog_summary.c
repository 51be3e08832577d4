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

// How many fires it speaks of; of flags 1 for any number.
static uint32_t
fires_said(const struct profile_summary *def, const uint16_t *words)
{
	uint16_t mask = def->fire_mask;
	uint32_t n = 0;

	for (uint16_t i = 0; i < def->registers; i++)
		if (def->fire_registers & 1u << i)
			n += (words[i] & mask) / (mask & (~mask + 1u));
	return def->kind == SUMMARY_COUNT ? n : n != 0;
}

// True where the points are to be read for it.
static bool
follow_fire(struct dialog_summary *s, uint32_t said,
    const struct summary_guarded *guarded, int64_t now)
{
	int64_t most = SUMMARY_SCAN_MS + 3 * (int64_t)guarded->poll_ms;

	if (said <= guarded->fires) {
		s->fire = said > 0 ? FIRE_SEEN : FIRE_NONE;
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
	bool seek = follow_fire(s, fires_said(def, words), guarded, now);

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
