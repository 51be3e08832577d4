// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See dialog_alive.h. Refuses to take a counter for alive that has stood still, only
// because the link to it came back.
#include "drivers/dialog_alive.h"

void
alive_start(struct dialog_alive *a, int64_t due_ms)
{
	*a = (struct dialog_alive){ .state = ALIVE_UNREAD, .due_ms = due_ms };
}

uint16_t
alive_address(const struct profile_alive *def, uint16_t node)
{
	if (def->nodes == 0 || node == 0)
		return def->address;
	return (uint16_t)(def->address + (node - 1) / 16);
}

static bool
value_is_good(const struct profile_alive *def, uint16_t node, uint16_t word)
{
	if (def->nodes > 0)
		return (word >> ((node - 1) % 16) & 1U) != 0;
	for (uint8_t i = 0; i < def->n_values; i++)
		if ((word & def->mask) == def->values[i])
			return true;
	return false;
}

// A counter is given its time after start; once it stood still it has to move.
static bool
has_moved(
    struct dialog_alive *a, const struct profile_alive *def, uint16_t word, int64_t now)
{
	uint16_t value = word & def->mask;

	if (a->have && value == a->value)
		return a->state != ALIVE_DEAD && now - a->moved_ms <= def->within_ms;
	a->value = value;
	a->moved_ms = now;
	a->have = true;
	return true;
}

bool
alive_take(struct dialog_alive *a, const struct profile_alive *def, uint16_t node,
    uint16_t word, uint32_t poll_ms, int64_t now)
{
	bool good = def->test == ALIVE_MOVES ? has_moved(a, def, word, now)
					     : value_is_good(def, node, word);

	a->state = good ? ALIVE_GOOD : ALIVE_DEAD;
	a->asking = false;
	a->silent = 0;
	a->due_ms = now + poll_ms;
	return good;
}

void
alive_absent(struct dialog_alive *a, int64_t now)
{
	a->state = ALIVE_UNWATCHED;
	a->asking = false;
	a->due_ms = now + ALIVE_SLOW_MS;
}

bool
alive_unanswered(struct dialog_alive *a, uint8_t retries, int64_t now)
{
	if (a->silent < UINT8_MAX)
		a->silent++;
	if (a->silent <= retries && a->state != ALIVE_UNWATCHED)
		return false;
	alive_absent(a, now);
	return true;
}

bool
alive_back(struct dialog_alive *a)
{
	a->asking = a->state == ALIVE_UNWATCHED;
	return a->asking;
}

void
alive_lost(struct dialog_alive *a)
{
	if (a->state != ALIVE_DEAD && a->state != ALIVE_UNWATCHED)
		a->state = ALIVE_UNREAD;
	if (a->state != ALIVE_DEAD)
		a->have = false;
}
