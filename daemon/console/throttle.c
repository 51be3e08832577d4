// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The brake on guessing PINs. Owns a fixed ring of recent attempts; pure, runs on the
// loop thread. Refuses the sixth attempt of a minute for a name or an address; a full
// ring overwrites the oldest. Not kept over a restart.
#include "console/throttle.h"

#include <string.h>

#include "lib/mem.h"

uint64_t
throttle_take(struct throttle *t, const char *name, const unsigned char address[16],
    int64_t now_ms)
{
	unsigned by_name = 0, by_address = 0;

	for (size_t i = 0; i < THROTTLE_ENTRIES; i++) {
		const struct throttle_entry *e = &t->entries[i];
		if (e->ticket == 0 || now_ms - e->at_ms >= THROTTLE_WINDOW_MS)
			continue;
		by_name += strcmp(e->name, name) == 0;
		by_address += memcmp(e->address, address, sizeof(e->address)) == 0;
	}
	if (by_name >= THROTTLE_FAILURES || by_address >= THROTTLE_FAILURES)
		return 0;
	struct throttle_entry *e = &t->entries[t->next];
	t->next = (t->next + 1) % THROTTLE_ENTRIES;
	e->ticket = ++t->last_ticket;
	e->at_ms = now_ms;
	(void)str_copy(e->name, sizeof(e->name), name);
	memcpy(e->address, address, sizeof(e->address));
	return e->ticket;
}

void
throttle_forgive(struct throttle *t, uint64_t ticket)
{
	for (size_t i = 0; i < THROTTLE_ENTRIES; i++)
		if (ticket != 0 && t->entries[i].ticket == ticket)
			t->entries[i].ticket = 0;
}
