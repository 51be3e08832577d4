// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See patrol.h. Owns nothing; any thread. The invariant: a stop that could not be seen
// is never missed, and never visited either (I6).
#include "core/patrol.h"

#include <assert.h>

static const struct {
	const char *name;
	char letter;
} results[PATROL_RESULT_COUNT] = {
#define X(id, name, letter) [id] = { name, letter },
	PATROL_RESULTS(X)
#undef X
};

static bool
open_still(const struct patrol *p, unsigned stop)
{
	return p->results[stop] == PATROL_WAITS || p->results[stop] == PATROL_SKIPPED;
}

uint64_t
patrol_begin(struct patrol *p, const struct patrol_rule *r, int64_t begin_ms)
{
	uint64_t early = 0;

	p->runs = true;
	p->begin_ms = begin_ms;
	for (unsigned i = 0; i < r->n; i++) {
		int64_t before = begin_ms - p->visited_ms[i];

		p->results[i] = PATROL_WAITS;
		p->blind[i] = false;
		if (!p->spare[i] || before < 0 || before > (int64_t)r->early_ms)
			continue;
		p->results[i] = PATROL_EARLY;
		p->spare[i] = false;
		early |= 1ULL << i;
	}
	return early;
}

uint64_t
patrol_cut(struct patrol *p, const struct patrol_rule *r)
{
	uint64_t cut = 0;

	for (unsigned i = 0; p->runs && i < r->n; i++) {
		if (!open_still(p, i))
			continue;
		p->results[i] = PATROL_UNWATCHED;
		cut |= 1ULL << i;
	}
	return cut;
}

static enum patrol_result
result_of(const struct patrol *p, const struct patrol_stop *s, int64_t now)
{
	int64_t since = now - p->begin_ms;

	if (since < (int64_t)s->from_ms)
		return PATROL_EARLY;
	return since < (int64_t)s->to_ms ? PATROL_ON_TIME : PATROL_LATE;
}

enum patrol_result
patrol_visit(struct patrol *p, const struct patrol_rule *r, unsigned stop,
    int64_t now_ms, uint64_t *skipped)
{
	assert(stop < r->n);
	bool repeat =
	    p->visited[stop] && now_ms - p->visited_ms[stop] < (int64_t)r->repeat_ms;

	*skipped = 0;
	if (repeat)
		return PATROL_WAITS;
	p->visited[stop] = true;
	p->visited_ms[stop] = now_ms;
	bool owed = open_still(p, stop) || p->results[stop] == PATROL_MISSED ||
		    p->results[stop] == PATROL_UNWATCHED;
	p->spare[stop] = !p->runs || !owed;
	if (p->spare[stop])
		return PATROL_WAITS;
	p->results[stop] = (uint8_t)result_of(p, &r->stops[stop], now_ms);
	for (unsigned i = 0; i < stop; i++) {
		if (p->results[i] != PATROL_WAITS)
			continue;
		p->results[i] = PATROL_SKIPPED;
		*skipped |= 1ULL << i;
	}
	return (enum patrol_result)p->results[stop];
}

void
patrol_blind(
    struct patrol *p, const struct patrol_rule *r, unsigned stop, int64_t now_ms)
{
	assert(stop < r->n);
	int64_t since = now_ms - p->begin_ms;

	if (p->runs && since >= (int64_t)r->stops[stop].from_ms &&
	    since < (int64_t)r->stops[stop].to_ms)
		p->blind[stop] = true;
}

uint64_t
patrol_feed(struct patrol *p, const struct patrol_rule *r, int64_t now_ms)
{
	uint64_t ended = 0;

	for (unsigned i = 0; p->runs && i < r->n; i++) {
		if (!open_still(p, i) ||
		    now_ms - p->begin_ms < (int64_t)r->stops[i].to_ms)
			continue;
		p->results[i] = p->blind[i] ? PATROL_UNWATCHED : PATROL_MISSED;
		ended |= 1ULL << i;
	}
	return ended;
}

int64_t
patrol_due(const struct patrol *p, const struct patrol_rule *r)
{
	int64_t due = -1;

	for (unsigned i = 0; p->runs && i < r->n; i++) {
		int64_t at = p->begin_ms + (int64_t)r->stops[i].to_ms;
		if (open_still(p, i) && (due < 0 || at < due))
			due = at;
	}
	return due;
}

bool
patrol_over(const struct patrol *p, const struct patrol_rule *r)
{
	return patrol_due(p, r) < 0;
}

const char *
patrol_result_name(enum patrol_result r)
{
	assert((unsigned)r < PATROL_RESULT_COUNT);
	return results[r].name;
}

char
patrol_result_letter(enum patrol_result r)
{
	assert((unsigned)r < PATROL_RESULT_COUNT);
	return results[r].letter;
}

bool
patrol_result_from_letter(char letter, enum patrol_result *out)
{
	for (unsigned i = 0; i < PATROL_RESULT_COUNT; i++) {
		if (results[i].letter == letter) {
			*out = (enum patrol_result)i;
			return true;
		}
	}
	return false;
}
