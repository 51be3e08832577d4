// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See host_find.h. The last len - 1 bytes are kept, so that a text that lies across two
// pieces is found.
#include "drivers/host_find.h"

#include <string.h>

#include "lib/mem.h"

void
host_find_init(struct host_find *f, const char *text)
{
	*f = (struct host_find){ .text = text, .len = strlen(text) };
	wr_assert(f->len > 0 && f->len < HOST_FIND_MAX);
}

// Whether it lies across the tail and the piece.
static bool
across(const struct host_find *f, const char *piece, size_t len)
{
	char both[2 * HOST_FIND_MAX];
	size_t head = len < f->len - 1 ? len : f->len - 1;
	memcpy(both, f->tail, f->kept);
	memcpy(both + f->kept, piece, head);
	return memmem(both, f->kept + head, f->text, f->len) != NULL;
}

static void
keep(struct host_find *f, const char *piece, size_t len)
{
	size_t most = f->len - 1;
	if (len >= most) {
		memcpy(f->tail, piece + len - most, most);
		f->kept = most;
		return;
	}
	size_t stay = f->kept + len > most ? most - len : f->kept;
	memmove(f->tail, f->tail + f->kept - stay, stay);
	memcpy(f->tail + stay, piece, len);
	f->kept = stay + len;
}

bool
host_find_feed(struct host_find *f, const char *piece, size_t len)
{
	if (len == 0)
		return false;
	if (across(f, piece, len) || memmem(piece, len, f->text, f->len) != NULL)
		return true;
	keep(f, piece, len);
	return false;
}
