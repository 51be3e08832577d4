// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See decision.h. A point's decisions are a chain from the newest to the oldest, whose
// link is to itself. Slots are handed out once and from then on only change hands.
#include "core/decision.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

enum {
	TIME_BITS = 42,
	KIND_BITS = 6,
	OLDER_BITS = 17,
};

static const struct {
	const char *name;
	bool repeats, stops;
} kinds[] = {
#define X(id, name, repeats, stops) [id] = { name, (repeats) != 0, (stops) != 0 },
	DECISIONS(X)
#undef X
};

_Static_assert(DECISION_COUNT <= 1 << KIND_BITS, "a kind fits its bits");
_Static_assert(COND_COUNT < 1 << 8, "a condition fits its bits");
_Static_assert(DECISION_SLOTS == 1 << OLDER_BITS, "a slot's number fits its bits");

const char *
decision_name(enum decision_kind k)
{
	return k < DECISION_COUNT ? kinds[k].name : "";
}

bool
decision_stops(enum decision_kind k)
{
	return k < DECISION_COUNT && kinds[k].stops;
}

bool
decision_from_name(const char *name, enum decision_kind *out)
{
	for (enum decision_kind k = 0; k < DECISION_COUNT; k++) {
		if (strcmp(kinds[k].name, name) == 0) {
			*out = k;
			return true;
		}
	}
	return false;
}

// ---- a slot ---------------------------------------------------------------------

static uint32_t
older_of(const struct decision_slot *s)
{
	return s->link & (DECISION_SLOTS - 1);
}

static uint32_t
word_of(const struct decision_slot *s)
{
	return s->link >> OLDER_BITS;
}

static void
set_older(struct decision_slot *s, uint32_t older)
{
	s->link = (s->link & ~(uint32_t)(DECISION_SLOTS - 1)) | older;
}

static enum decision_kind
kind_of(const struct decision_slot *s)
{
	return (enum decision_kind)(s->what >> TIME_BITS & ((1 << KIND_BITS) - 1));
}

static enum condition
condition_of(const struct decision_slot *s)
{
	return (enum condition)(s->what >> (TIME_BITS + KIND_BITS));
}

static void
fill(struct decision_slot *s, const struct decision *d, uint32_t word)
{
	uint64_t time = (uint64_t)d->t_utc_ms & ((UINT64_C(1) << TIME_BITS) - 1);
	s->what = time | (uint64_t)d->kind << TIME_BITS |
		  (uint64_t)d->condition << (TIME_BITS + KIND_BITS);
	s->value = (float)d->value;
	s->link = word << OLDER_BITS;
}

// ---- words ----------------------------------------------------------------------

// Word 0 is none. Looks at a few places only: a full table costs no search.
static uint32_t
intern(struct decision_pool *p, const char *word)
{
	uint32_t hash = 2166136261U; // FNV-1a
	if (word == NULL || word[0] == '\0')
		return 0;
	for (const char *s = word; *s != '\0'; s++)
		hash = (hash ^ (unsigned char)*s) * 16777619U;
	for (uint32_t i = 0; i < 16; i++) {
		uint32_t at = (hash + i) & (p->n_words - 1);
		if (at == 0)
			continue;
		if (strcmp(p->words[at], word) == 0)
			return at;
		size_t len = strlen(word);
		if (p->words[at][0] == '\0' && len < CODE_MAX) {
			memcpy(p->words[at], word, len + 1);
			return at;
		}
	}
	return 0;
}

// ---- the pool -------------------------------------------------------------------

void
decision_pool_init(struct decision_pool *p)
{
	assert(p->n_slots >= 1 && p->n_slots <= DECISION_SLOTS);
	assert(p->n_words >= 2 && p->n_words <= 1U << 15 &&
	       (p->n_words & (p->n_words - 1)) == 0);
	p->used = p->holders = p->hand = 0;
}

// Takes the oldest slot of a point that has any.
static uint32_t
take_oldest(struct decision_pool *p, struct decision_head *h)
{
	uint32_t at = h->newest, newer = at;
	for (uint32_t i = 1; i < h->n; i++) {
		newer = at;
		at = older_of(&p->slots[at]);
	}
	h->n--;
	if (h->n == 0)
		p->holders--;
	else
		set_older(&p->slots[newer], newer);
	return at;
}

// Some point holds at least the mean, so the hand stops.
static uint32_t
take_from_another(struct decision_pool *p)
{
	for (;;) {
		struct decision_head *h = &p->heads[p->hand];
		p->hand = (p->hand + 1) % p->n_points;
		if (h->n > 0 && (uint64_t)h->n * p->holders >= p->n_slots)
			return take_oldest(p, h);
	}
}

static uint32_t
take_slot(struct decision_pool *p, struct decision_head *h)
{
	if (h->n == DECISIONS_PER_POINT)
		return take_oldest(p, h);
	if (p->used < p->n_slots)
		return p->used++;
	return take_from_another(p);
}

static bool
is_repeated(const struct decision_pool *p, const struct decision_head *h,
    const struct decision *d, uint32_t word)
{
	uint32_t at = h->newest;
	for (uint32_t i = 0; i < h->n; i++) {
		const struct decision_slot *s = &p->slots[at];
		if (condition_of(s) == d->condition && word_of(s) == word)
			return kind_of(s) == d->kind;
		at = older_of(s);
	}
	return false;
}

void
decision_note(struct decision_pool *p, uint32_t point, const struct decision *d)
{
	assert(point < p->n_points && d->kind < DECISION_COUNT);
	struct decision_head *h = &p->heads[point];
	uint32_t word = intern(p, d->word);
	if (kinds[d->kind].repeats && is_repeated(p, h, d, word))
		return;
	uint32_t at = take_slot(p, h);
	fill(&p->slots[at], d, word);
	set_older(&p->slots[at], h->n > 0 ? h->newest : at);
	if (h->n == 0)
		p->holders++;
	h->newest = at;
	h->n++;
}

unsigned
decision_list(const struct decision_pool *p, uint32_t point,
    struct decision out[static DECISIONS_PER_POINT])
{
	assert(point < p->n_points);
	const struct decision_head *h = &p->heads[point];
	uint32_t at = h->newest;
	for (uint32_t i = h->n; i-- > 0;) {
		const struct decision_slot *s = &p->slots[at];
		out[i] = (struct decision){
			.kind = kind_of(s),
			.t_utc_ms =
			    (int64_t)(s->what & ((UINT64_C(1) << TIME_BITS) - 1)),
			.condition = condition_of(s),
			.word = p->words[word_of(s)],
			.value = (double)s->value,
		};
		at = older_of(s);
	}
	return h->n;
}
