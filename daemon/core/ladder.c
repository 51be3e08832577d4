// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Escalation as arithmetic: which step of a ladder is due, and when the next one will
// be. The climb is the caller's and is stored with the alarm, so a restart goes on
// where the last run stopped and skips nothing: a step missed while we were down is
// due at once. Repeats missed meanwhile are one repeat, not a burst of them.
// Refuses to fall silent: repeats go on until the caller stops asking (an answer).
#include "core/ladder.h"

#include <assert.h>

enum {
	BACKOFF_FIRST_MS = 1000,
	BACKOFF_MOST_MS = 60000,
};

// The newest step taken that repeats: somebody is being told until somebody answers,
// even where a later step speaks only once. -1 = none.
static int
repeating_step(const struct ladder *l, const struct ladder_climb *c)
{
	// The count is full until the next step: no repeat can be told from the last.
	if (c->rounds == UINT16_MAX && c->next_step < l->n_steps)
		return -1;
	for (int i = c->next_step - 1; i >= 0; i--) {
		if (l->steps[i].repeat_ms > 0)
			return i;
	}
	return -1;
}

static int64_t
step_time(const struct ladder *l, const struct ladder_climb *c)
{
	if (c->next_step >= l->n_steps)
		return -1;
	return c->onset_ms + l->steps[c->next_step].after_ms;
}

static int64_t
repeat_time(const struct ladder *l, const struct ladder_climb *c, int step)
{
	const struct ladder_step *s = &l->steps[step];
	return c->onset_ms + s->after_ms + ((int64_t)c->rounds + 1) * s->repeat_ms;
}

static struct ladder_due
take_step(const struct ladder *l, struct ladder_climb *c)
{
	struct ladder_due due = { .due = true, .step = c->next_step };
	if (l->steps[c->next_step].repeat_ms > 0)
		c->rounds = 0;
	c->next_step++;
	return due;
}

static struct ladder_due
take_repeat(const struct ladder *l, struct ladder_climb *c, int step, int64_t until_ms)
{
	const struct ladder_step *s = &l->steps[step];
	int64_t first = c->onset_ms + s->after_ms;
	int64_t rounds = (until_ms - first) / s->repeat_ms;
	// Nothing counts past 16 bits: the climb starts again from here instead.
	if (rounds >= UINT16_MAX && c->next_step >= l->n_steps) {
		c->onset_ms += rounds * s->repeat_ms;
		rounds = 0;
	}
	c->rounds = (uint16_t)(rounds < UINT16_MAX ? rounds : UINT16_MAX);
	return (struct ladder_due){ true, (uint8_t)step, c->rounds };
}

struct ladder_due
ladder_take(const struct ladder *l, struct ladder_climb *c, int64_t now_ms)
{
	assert(l->n_steps <= LADDER_STEPS_MAX);
	int64_t step_at = step_time(l, c);
	int step = repeating_step(l, c);
	if (step >= 0) {
		int64_t at = repeat_time(l, c, step);
		bool before_step = step_at < 0 || at < step_at;
		if (at <= now_ms && before_step) {
			int64_t until = now_ms;
			if (step_at >= 0 && step_at - 1 < until)
				until = step_at - 1;
			return take_repeat(l, c, step, until);
		}
	}
	if (step_at >= 0 && step_at <= now_ms)
		return take_step(l, c);
	return (struct ladder_due){ .due = false };
}

int64_t
ladder_next(const struct ladder *l, const struct ladder_climb *c)
{
	int64_t step_at = step_time(l, c);
	int step = repeating_step(l, c);
	if (step < 0)
		return step_at;
	int64_t repeat_at = repeat_time(l, c, step);
	return step_at >= 0 && step_at <= repeat_at ? step_at : repeat_at;
}

// Finaliser of MurmurHash3 (public domain): every input bit reaches every output bit.
static uint32_t
mix(uint32_t h)
{
	h ^= h >> 16;
	h *= 0x85ebca6bU;
	h ^= h >> 13;
	h *= 0xc2b2ae35U;
	h ^= h >> 16;
	return h;
}

uint32_t
ladder_backoff_ms(uint16_t attempts, uint32_t seed)
{
	uint32_t base = BACKOFF_FIRST_MS;
	for (unsigned i = 1; i < attempts && base < BACKOFF_MOST_MS; i++)
		base *= 2;
	if (base > BACKOFF_MOST_MS)
		base = BACKOFF_MOST_MS;
	uint32_t spread = base / 2;
	return base - base / 4 + mix(seed ^ mix(attempts)) % (spread + 1);
}
