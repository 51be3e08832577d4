// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See rule_items.h. Owns a bit for each point and each patrol; runs on the loop thread.
// At most ITEMS_AT_ONCE are formatted in one callback (I1).
#include "console/rule_items.h"

#include <stdlib.h>

#include "console/console_int.h"
#include "lib/mem.h"

enum {
	WORD_BITS = 64,
	ITEMS_AT_ONCE = 64,
};

// A set of numbers below `n`.
struct number_set {
	uint64_t *words;
	uint32_t n_words;
};

struct rule_items {
	struct console *c;
	struct number_set points, patrols;
	struct loop_timer due;
};

static void
set_init(struct number_set *s, uint32_t n)
{
	s->n_words = (n + WORD_BITS - 1) / WORD_BITS;
	s->words = xcalloc(s->n_words + 1U, sizeof(*s->words));
}

static void
set_put(struct number_set *s, uint32_t number)
{
	wr_assert(number / WORD_BITS < s->n_words);
	s->words[number / WORD_BITS] |= 1ULL << number % WORD_BITS;
}

// The least of the set, taken out of it. False: it is empty.
static bool
set_take(struct number_set *s, uint32_t *number)
{
	for (uint32_t i = 0; i < s->n_words; i++) {
		if (s->words[i] == 0)
			continue;
		*number = i * WORD_BITS + (uint32_t)__builtin_ctzll(s->words[i]);
		s->words[i] &= s->words[i] - 1;
		return true;
	}
	return false;
}

static bool
push_next(struct rule_items *q)
{
	struct console *c = q->c;
	struct buf b = { 0 };
	uint32_t number;

	if (set_take(&q->points, &number)) {
		api_put_point(c, number, &b);
		sse_push(c->sse, SSE_POINT, 0, &b);
		return true;
	}
	if (set_take(&q->patrols, &number)) {
		c->host.patrol_json(c->host.ctx, (uint16_t)number, &b);
		sse_push(c->sse, SSE_PATROL, 0, &b);
		return true;
	}
	return false;
}

static void
on_due(void *arg)
{
	struct rule_items *q = arg;

	for (int i = 0; i < ITEMS_AT_ONCE; i++) {
		if (!push_next(q))
			return;
	}
	loop_timer_in(q->c->loop, &q->due, 0);
}

struct rule_items *
rule_items_new(struct console *c)
{
	const struct site *site = c->host.site(c->host.ctx);
	struct rule_items *q = xcalloc(1, sizeof(*q));

	q->c = c;
	set_init(&q->points, site->n_points);
	set_init(&q->patrols, site->n_patrols);
	loop_timer_init(&q->due, on_due, q);
	return q;
}

void
rule_items_free(struct rule_items *q)
{
	if (q == NULL)
		return;
	loop_timer_stop(q->c->loop, &q->due);
	free(q->points.words);
	free(q->patrols.words);
	free(q);
}

static void
soon(struct rule_items *q)
{
	if (!loop_timer_armed(&q->due))
		loop_timer_in(q->c->loop, &q->due, 0);
}

void
rule_items_point(struct rule_items *q, uint32_t point)
{
	set_put(&q->points, point);
	soon(q);
}

void
rule_items_patrol(struct rule_items *q, uint16_t patrol)
{
	set_put(&q->patrols, patrol);
	soon(q);
}
