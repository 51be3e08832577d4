// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The heap under the loop's timers. Due time and serial are kept in the heap itself, so
// that sifting does not touch the timers' own memory but for their slot. That is the
// costly part, one timer far away in memory for each level: hence eight children where
// a binary heap has two. It refuses nothing and calls nobody: running a timer is the
// loop's work.
#include "lib/timers.h"

#include <stdlib.h>

#include "lib/mem.h"

enum {
	CHILDREN = 8,
};

static bool
earlier(const struct timer_entry *a, const struct timer_entry *b)
{
	if (a->due_ms != b->due_ms)
		return a->due_ms < b->due_ms;
	return a->serial < b->serial;
}

static void
put(struct timers *h, size_t slot, struct timer_entry e)
{
	h->heap[slot] = e;
	e.timer->heap_slot = slot;
}

static size_t
parent_of(size_t slot)
{
	return (slot - 2) / CHILDREN + 1;
}

static bool
before_parent(const struct timers *h, size_t slot, const struct timer_entry *e)
{
	return slot > 1 && earlier(e, &h->heap[parent_of(slot)]);
}

static void
sift_up(struct timers *h, size_t slot, struct timer_entry e)
{
	while (before_parent(h, slot, &e)) {
		put(h, slot, h->heap[parent_of(slot)]);
		slot = parent_of(slot);
	}
	put(h, slot, e);
}

// The earliest child of a slot, 0 where it has none.
static size_t
first_child(const struct timers *h, size_t slot)
{
	size_t child = (slot - 1) * CHILDREN + 2, end = child + CHILDREN;
	size_t first = child > h->n ? 0 : child;

	while (++child < end && child <= h->n)
		if (earlier(&h->heap[child], &h->heap[first]))
			first = child;
	return first;
}

static void
sift_down(struct timers *h, size_t slot, struct timer_entry e)
{
	size_t child;

	while ((child = first_child(h, slot)) != 0 && earlier(&h->heap[child], &e)) {
		put(h, slot, h->heap[child]);
		slot = child;
	}
	put(h, slot, e);
}

// Puts e where the entry of `slot` was.
static void
settle(struct timers *h, size_t slot, struct timer_entry e)
{
	if (before_parent(h, slot, &e))
		sift_up(h, slot, e);
	else
		sift_down(h, slot, e);
}

void
timers_arm(struct timers *h, struct loop_timer *t, int64_t due_ms)
{
	struct timer_entry e = { .due_ms = due_ms, .serial = h->serial++, .timer = t };
	t->due_ms = due_ms;
	if (t->heap_slot) {
		settle(h, t->heap_slot, e);
		return;
	}
	if (h->n + 1 >= h->size) {
		h->size = h->size ? h->size * 2 : 64;
		h->heap = xreallocarray(h->heap, h->size, sizeof h->heap[0]);
	}
	h->n++;
	sift_up(h, h->n, e);
}

void
timers_disarm(struct timers *h, struct loop_timer *t)
{
	size_t slot = t->heap_slot;
	if (!slot)
		return;
	t->heap_slot = 0;
	struct timer_entry last = h->heap[h->n--];
	if (last.timer != t)
		settle(h, slot, last);
}

int64_t
timers_next(const struct timers *h)
{
	return h->n ? h->heap[1].due_ms : -1;
}

uint64_t
timers_mark(const struct timers *h)
{
	return h->serial;
}

struct loop_timer *
timers_take(struct timers *h, int64_t now_ms, uint64_t mark)
{
	if (h->n == 0 || h->heap[1].due_ms > now_ms || h->heap[1].serial >= mark)
		return NULL;
	struct loop_timer *t = h->heap[1].timer;
	timers_disarm(h, t);
	return t;
}

void
timers_clear(struct timers *h)
{
	for (size_t slot = 1; slot <= h->n; slot++)
		h->heap[slot].timer->heap_slot = 0;
	free(h->heap);
	*h = (struct timers){ 0 };
}
