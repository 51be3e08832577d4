// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Consoles by name. Owns a fixed table; pure, runs on the loop thread. What a console
// said of its sound is kept over a short loss of its stream, and forgotten when others
// need the place. Not kept over a restart: a console says it again.
#include "console/presence.h"

#include <stddef.h>
#include <string.h>

#include "lib/mem.h"

bool
presence_id_is_fine(const char *id)
{
	size_t len = strlen(id);

	return len > 0 && len < PRESENCE_ID &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			  "0123456789._-") == len;
}

// Its slot; the one unused for longest goes when all are taken.
static int
find(struct presence *p, const char *id)
{
	int slot = PRESENCE_NONE;

	for (int i = 0; i < p->n; i++) {
		if (strcmp(p->list[i].id, id) == 0) {
			p->list[i].used = ++p->uses;
			return i;
		}
		if (p->list[i].streams == 0 &&
		    (slot < 0 || p->list[i].used < p->list[slot].used))
			slot = i;
	}
	if (p->n < PRESENCE_MAX)
		slot = p->n++;
	wr_assert(slot >= 0);
	p->list[slot] = (struct presence_one){ .used = ++p->uses };
	(void)str_copy(p->list[slot].id, sizeof(p->list[slot].id), id);
	return slot;
}

int
presence_enter(struct presence *p, const char *id)
{
	int which = find(p, id);

	p->list[which].streams++;
	return which;
}

void
presence_leave(struct presence *p, int which)
{
	if (which != PRESENCE_NONE)
		p->list[which].streams--;
}

bool
presence_can_sound(struct presence *p, const char *id, bool can_sound)
{
	struct presence_one *one = &p->list[find(p, id)];
	bool news = !one->said || one->can_sound != can_sound;

	one->said = true;
	one->can_sound = can_sound;
	return news;
}

unsigned
presence_sounding(const struct presence *p)
{
	unsigned n = 0;

	for (int i = 0; i < p->n; i++)
		if (p->list[i].can_sound)
			n += p->list[i].streams;
	return n;
}
