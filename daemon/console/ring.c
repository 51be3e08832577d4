// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The stream's memory. Owns a reference on each item kept; runs on the loop thread.
// Alarm, durable and state items carry the number of the journal item before them, so
// going on after number n repeats some of those, and they say what is, not what
// changed: repeating them is harmless, losing one is not. Refuses to go on where one is
// lost. Nothing survives a restart; a client of another boot gets a snapshot.
#include "console/ring.h"

#include "lib/mem.h"

static void
drop_oldest(struct ring *r)
{
	struct ring_item *i = &r->items[r->begin % RING_ITEMS];

	r->bytes -= i->bytes->len;
	r->dropped_any = true;
	r->dropped_n = i->n;
	r->dropped_journal = i->journal;
	blob_unref(i->bytes);
	i->bytes = NULL;
	r->begin++;
}

void
ring_add(struct ring *r, struct blob *bytes, uint64_t n)
{
	while (r->begin < r->end &&
	       (r->end - r->begin == RING_ITEMS || r->bytes + bytes->len > RING_BYTES))
		drop_oldest(r);
	if (n > r->n)
		r->n = n;
	r->items[r->end++ % RING_ITEMS] =
	    (struct ring_item){ .bytes = bytes, .n = r->n, .journal = n != 0 };
	r->bytes += bytes->len;
}

const struct ring_item *
ring_at(const struct ring *r, uint64_t index)
{
	wr_assert(index >= r->begin && index < r->end);
	return &r->items[index % RING_ITEMS];
}

bool
ring_resume(const struct ring *r, uint64_t n, uint64_t *index)
{
	uint64_t i = r->end;

	if (n > r->n)
		return false;
	if (r->dropped_any &&
	    (n < r->dropped_n || (n == r->dropped_n && !r->dropped_journal)))
		return false;
	while (i > r->begin) {
		const struct ring_item *item = ring_at(r, i - 1);
		if (item->journal && item->n <= n)
			break;
		i--;
	}
	*index = i;
	return true;
}

void
ring_free(struct ring *r)
{
	while (r->begin < r->end)
		drop_oldest(r);
}
