// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The last items of the stream, formatted once and kept for whoever comes back. Bounded
// in number and in bytes. The loop thread only.
#ifndef CONSOLE_RING_H
#define CONSOLE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "console/blob.h"

enum {
	RING_ITEMS = 4096,
	RING_BYTES = 4 * 1024 * 1024
};

struct ring_item {
	struct blob *bytes; // as they go out, chunk framing included
	uint64_t n;         // number of the newest journal item up to this one
	bool journal;       // this item is it
};

struct ring {
	struct ring_item items[RING_ITEMS]; // slot = index % RING_ITEMS
	uint64_t begin, end;                // indexes, half-open
	size_t bytes;
	uint64_t n;         // of the newest journal item; 0 = none yet
	uint64_t dropped_n; // of the newest item that is gone
	bool dropped_any, dropped_journal;
};

// Adds an item that ring_frame made of *text; `n` is 0 but for a journal item.
void ring_add(struct ring *r, struct blob *bytes, uint64_t n);
const struct ring_item *ring_at(const struct ring *r, uint64_t index);

// Where somebody who has everything up to number n goes on. False where items that came
// after n are gone, or n is yet to come.
bool ring_resume(const struct ring *r, uint64_t n, uint64_t *index);

void ring_free(struct ring *r);

#endif
