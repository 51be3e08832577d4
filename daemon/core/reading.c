// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Minutes of an analog point: turns samples into the rows that are the record. A value
// holds until the next sample, for at most `hold_ms`, and only while the quality is
// good; what nobody measured is in no minute. The caller owns the accumulator; loop
// thread. Refuses to count a span twice: when the wall clock steps back, the held
// value ends and a new minute of the same start begins.
//
// Invariant: 0 <= good_ms <= 60,000, and min <= integral / good_ms <= max.
#include "core/reading.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static int64_t
minute_start(int64_t utc_ms)
{
	int64_t over = utc_ms % MINUTE_MS;
	return utc_ms - (over < 0 ? over + MINUTE_MS : over);
}

static int64_t
minute_end(const struct minute_acc *a)
{
	return a->m.minute_utc_ms + MINUTE_MS;
}

static void
open_minute(struct minute_acc *a, int64_t utc_ms)
{
	memset(&a->m, 0, sizeof(a->m));
	a->m.minute_utc_ms = minute_start(utc_ms);
	a->open = true;
}

static void
take_minute(struct minute_acc *a, struct minute *out)
{
	*out = a->m;
	a->open = false;
}

// Minimum, maximum and last value of the running minute.
static void
note_value(struct minute_acc *a, double value, int64_t at_ms)
{
	struct minute *m = &a->m;
	bool first = m->samples == 0 && m->good_ms == 0;
	if (first || value < m->min) {
		m->min = value;
		m->min_at_ms = at_ms;
	}
	if (first || value > m->max) {
		m->max = value;
		m->max_at_ms = at_ms;
	}
	m->last = value;
}

// Counts the held value up to `utc_ms`, at most to the end of one minute. Returns false
// where nothing of it is left.
static bool
hold_piece(struct minute_acc *a, int64_t utc_ms)
{
	int64_t end = utc_ms < a->held_until_ms ? utc_ms : a->held_until_ms;
	if (!a->have || a->held_from_ms >= end)
		return false;
	if (!a->open)
		open_minute(a, a->held_from_ms);
	if (end > minute_end(a))
		end = minute_end(a);
	note_value(a, a->held, a->held_from_ms);
	a->m.good_ms += (int32_t)(end - a->held_from_ms);
	a->m.integral += a->held * (double)(end - a->held_from_ms);
	a->held_from_ms = end;
	return true;
}

// Brings the accumulator to `utc_ms`; each minute that ends before it goes to out[].
static unsigned
advance(struct minute_acc *a, int64_t utc_ms, struct minute *out, unsigned room)
{
	unsigned n = 0;
	bool more = true;
	while (more) {
		more = hold_piece(a, utc_ms);
		bool over =
		    a->open && (more ? a->held_from_ms : utc_ms) >= minute_end(a);
		if (over) {
			assert(n < room);
			take_minute(a, &out[n++]);
		}
	}
	a->held_from_ms = utc_ms;
	return n;
}

static void
hold(struct minute_acc *a, const struct sample *s, uint32_t hold_ms)
{
	a->have = s->quality == QUALITY_GOOD && !isnan(s->value);
	if (!a->have)
		return;
	if (!a->open)
		open_minute(a, s->t_utc_ms);
	note_value(a, s->value, s->t_utc_ms);
	a->m.samples++;
	a->held = s->value;
	a->held_until_ms =
	    s->t_utc_ms + (hold_ms < MINUTE_MS ? (int64_t)hold_ms : MINUTE_MS);
}

unsigned
minute_feed(struct minute_acc *a, const struct sample *s, uint32_t hold_ms,
    struct minute *out, unsigned room)
{
	unsigned n = 0;
	assert(room >= 2);
	if (s->t_utc_ms < a->held_from_ms) {
		a->held_from_ms = s->t_utc_ms;
		if (a->open)
			take_minute(a, &out[n++]);
	} else {
		n = advance(a, s->t_utc_ms, out, room);
	}
	hold(a, s, hold_ms);
	return n;
}

bool
minute_close(struct minute_acc *a, int64_t utc_ms, struct minute *out)
{
	if (utc_ms < a->held_from_ms) {
		a->have = false;
		a->held_from_ms = utc_ms;
	}
	(void)hold_piece(a, utc_ms);
	if (!a->open)
		return false;
	take_minute(a, out);
	return true;
}

enum reading_rows
reading_rows_of(int64_t step_ms)
{
	if (step_ms % READING_DAY_MS == 0)
		return ROWS_DAY;
	return step_ms % READING_HOUR_MS == 0 ? ROWS_HOUR : ROWS_MINUTE;
}

int64_t
reading_steps(int64_t from_ms, int64_t to_ms, int64_t step_ms)
{
	return (to_ms - from_ms + step_ms - 1) / step_ms;
}
