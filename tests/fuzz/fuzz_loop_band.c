// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A supervised loop: the input is a table, as config/loops.c accepts it, and a walk of
// values through it. What lies in the normal band alone is normal (I6), a contact
// counts at once, a fault after its delay whatever other faults it passes, and what is
// due has come when it is fed at that time.
#include <math.h>
#include <string.h>

#include "core/loop_band.h"
#include "lib/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	STEP_BYTES = 2, // how far up the band ends, what it is
	TICK_MS = 20,
	FEED_BYTES = 3, // a tenth of a unit in two bytes, ticks since the one before
	NO_VALUE = 0xFFFF,
};

struct walk {
	const struct loop_table *t;
	struct loop_state l;
	int64_t now_ms, faulty_ms; // since when all values are of faults; -1 = not
};

// Without the bands that config/loops.c refuses.
static bool
is_accepted(const struct loop_table *t)
{
	const double less = (100.0 - LOOP_HYSTERESIS_PERCENT) / 100.0;
	const double more = (100.0 + LOOP_HYSTERESIS_PERCENT) / 100.0;
	const unsigned needed = 1U << LOOP_NORMAL | 1U << LOOP_ACTIVE | 1U << LOOP_OPEN;
	unsigned seen = 0;

	for (uint8_t i = 0; i < t->n; i++) {
		seen |= 1U << t->steps[i].band;
		if (loop_band_code(t->steps[i].band) == NULL && i > 0 && i + 1 < t->n &&
		    t->steps[i - 1].below * more > t->steps[i].below * less)
			return false;
	}
	return (seen & needed) == needed && t->steps[0].band != LOOP_NORMAL &&
	       t->steps[t->n - 1].band != LOOP_NORMAL;
}

// Returns the bytes read; 0 = no table.
static size_t
read_table(const uint8_t *data, size_t size, struct loop_table *t)
{
	size_t head = 2;
	double below = 0;

	if (size < head)
		return 0;
	t->n = (uint8_t)(1 + data[0] % LOOP_STEPS_MAX);
	t->fault_delay_ms = data[1] * (uint32_t)TICK_MS;
	if (size < head + (size_t)t->n * STEP_BYTES)
		return 0;
	for (uint8_t i = 0; i < t->n; i++) {
		below += 1 + data[head];
		t->steps[i].below = i + 1 == t->n ? (double)INFINITY : below;
		t->steps[i].band = (enum loop_band)(data[head + 1] % LOOP_BAND_COUNT);
		head += STEP_BYTES;
	}
	return is_accepted(t) ? head : 0;
}

static enum loop_band
band_of(const struct loop_table *t, double value)
{
	uint8_t i = 0;

	while (!(value < t->steps[i].below) && i + 1 < t->n)
		i++;
	return t->steps[i].band;
}

static void
check(const struct walk *w, enum loop_band band)
{
	const struct loop_state *l = &w->l;
	bool faulty = loop_band_code(band) != NULL;
	bool told_faulty = l->told && loop_band_code(l->reported) != NULL;

	wr_assert(l->seen && (unsigned)l->band < LOOP_BAND_COUNT);
	// Normal is only what is, or what waits to be a fault.
	if (l->told && l->reported == LOOP_NORMAL)
		wr_assert(band == LOOP_NORMAL || faulty);
	if (band == LOOP_ACTIVE)
		wr_assert(l->told && (l->reported == LOOP_ACTIVE || told_faulty));
	if (faulty && w->now_ms - w->faulty_ms >= w->t->fault_delay_ms)
		wr_assert(told_faulty);
}

static void
feed(struct walk *w, double value)
{
	struct loop_state before = w->l;
	bool is_new = loop_feed(&w->l, w->t, value, w->now_ms);

	if (isnan(value)) {
		wr_assert(!is_new);
		wr_assert(before.told == w->l.told && before.band == w->l.band);
		return;
	}
	if (loop_band_code(band_of(w->t, value)) == NULL)
		w->faulty_ms = -1;
	else if (w->faulty_ms < 0)
		w->faulty_ms = w->now_ms;
	wr_assert(is_new ==
		  (w->l.told && (!before.told || before.reported != w->l.reported)));
	check(w, band_of(w->t, value));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct loop_table t = { 0 };
	struct walk w = { .t = &t, .now_ms = 1, .faulty_ms = -1 };
	size_t at = read_table(data, size, &t);

	for (; at > 0 && at + FEED_BYTES <= size; at += FEED_BYTES) {
		unsigned tenths = (unsigned)data[at] << 8 | data[at + 1];
		double value = tenths == NO_VALUE ? (double)NAN : tenths / 10.0;
		int64_t due, next = w.now_ms + (int64_t)data[at + 2] * TICK_MS;

		feed(&w, value);
		due = loop_due(&w.l, &t);
		if (due >= 0 && due <= next && !isnan(value)) {
			w.now_ms = due > w.now_ms ? due : w.now_ms;
			feed(&w, value);
			wr_assert(loop_due(&w.l, &t) == -1);
		}
		w.now_ms = next;
	}
	return 0;
}
