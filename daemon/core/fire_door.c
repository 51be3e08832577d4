// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See fire_door.h. Owns nothing; any thread.
#include "core/fire_door.h"

#include <assert.h>

static const struct {
	enum condition condition;
	const char *code;
} conditions[FIRE_DOOR_CONDITION_COUNT] = {
#define X(id, condition, code) [id] = { condition, code },
	FIRE_DOOR_CONDITIONS(X)
#undef X
};

static const char *const state_names[FIRE_DOOR_STATE_COUNT] = {
#define X(id, name) [id] = name,
	FIRE_DOOR_STATES(X)
#undef X
};

static bool
has(const struct fire_door *d, enum fire_door_condition c)
{
	return (d->conditions & 1U << c) != 0;
}

static void
put(struct fire_door *d, enum fire_door_condition c, bool on)
{
	unsigned bit = 1U << c;
	d->conditions = (uint8_t)(on ? d->conditions | bit : d->conditions & ~bit);
}

void
fire_door_restore(struct fire_door *d, unsigned mask, bool by_release)
{
	d->conditions = (uint8_t)mask;
	d->by_release = by_release;
	if (has(d, FIRE_DOOR_RELEASED)) // as it was seen last
		d->released = CONTACT_ACTIVE;
}

static void
follow(struct fire_door *d, const struct fire_door_facts *f, int64_t now)
{
	if (f->release == CONTACT_ACTIVE && d->released != CONTACT_ACTIVE)
		d->released_ms = now;
	d->release = f->release;
	if (f->release != CONTACT_UNKNOWN)
		d->released = f->release;
	d->line_fault = f->line_fault;
	d->closed = f->closed;
	if (f->closed == CONTACT_UNKNOWN)
		return;
	if (f->closed != d->known)
		d->since_ms = now;
	if (f->closed == CONTACT_IDLE)
		d->by_release = false;
	else if (d->released == CONTACT_ACTIVE)
		d->by_release = true;
	d->known = f->closed;
}

// So long a closed door that stands open normally may be so without a release.
static int64_t
closed_within(const struct fire_door *d, const struct fire_door_rule *r)
{
	return d->by_release ? (int64_t)r->fault_ms : (int64_t)r->closed_ms;
}

static void
judge_release(struct fire_door *d, const struct fire_door_rule *r, int64_t now)
{
	if (d->release == CONTACT_UNKNOWN)
		return;
	bool released = d->release == CONTACT_ACTIVE;
	put(d, FIRE_DOOR_RELEASED, released);
	if (d->closed == CONTACT_UNKNOWN)
		return;
	bool closed = d->closed == CONTACT_ACTIVE;
	put(d, FIRE_DOOR_FEEDBACK, released && closed);
	if (!released || closed)
		put(d, FIRE_DOOR_NOT_CLOSED, false);
	else if (now - d->released_ms >= (int64_t)r->feedback_ms)
		put(d, FIRE_DOOR_NOT_CLOSED, true);
}

static void
judge_open(struct fire_door *d, const struct fire_door_rule *r, int64_t now)
{
	bool open = d->closed == CONTACT_IDLE;
	int64_t stands = now - d->since_ms;

	if (!open || stands >= (int64_t)r->fault_ms || has(d, FIRE_DOOR_OPEN_FAULT))
		put(d, FIRE_DOOR_OPEN, false);
	else if (stands >= (int64_t)r->open_ms)
		put(d, FIRE_DOOR_OPEN, true);
	if (!open || stands >= (int64_t)r->fault_ms)
		put(d, FIRE_DOOR_OPEN_FAULT, open);
}

static void
judge_closed(struct fire_door *d, const struct fire_door_rule *r, int64_t now)
{
	if (d->closed == CONTACT_IDLE || d->release == CONTACT_ACTIVE)
		put(d, FIRE_DOOR_CLOSED_FAULT, false);
	else if (d->release == CONTACT_IDLE && now - d->since_ms >= closed_within(d, r))
		put(d, FIRE_DOOR_CLOSED_FAULT, true);
}

void
fire_door_feed(struct fire_door *d, const struct fire_door_rule *r,
    const struct fire_door_facts *f, int64_t now_ms)
{
	enum contact_state released = d->released;

	follow(d, f, now_ms);
	// What closed under a release is as it is since that ended.
	if (released == CONTACT_ACTIVE && f->release == CONTACT_IDLE && d->by_release)
		d->since_ms = now_ms;
	judge_release(d, r, now_ms);
	if (d->closed == CONTACT_UNKNOWN)
		return;
	if (r->normally_open)
		judge_closed(d, r, now_ms);
	else
		judge_open(d, r, now_ms);
}

static void
sooner(int64_t *due, int64_t at)
{
	if (*due < 0 || at < *due)
		*due = at;
}

int64_t
fire_door_due(const struct fire_door *d, const struct fire_door_rule *r)
{
	int64_t due = -1;

	if (d->closed == CONTACT_IDLE && d->release == CONTACT_ACTIVE &&
	    !has(d, FIRE_DOOR_NOT_CLOSED))
		sooner(&due, d->released_ms + (int64_t)r->feedback_ms);
	if (!r->normally_open && d->closed == CONTACT_IDLE &&
	    !has(d, FIRE_DOOR_OPEN_FAULT))
		sooner(&due,
		    d->since_ms +
			(int64_t)(has(d, FIRE_DOOR_OPEN) ? r->fault_ms : r->open_ms));
	if (r->normally_open && d->closed == CONTACT_ACTIVE &&
	    d->release == CONTACT_IDLE && !has(d, FIRE_DOOR_CLOSED_FAULT))
		sooner(&due, d->since_ms + closed_within(d, r));
	return due;
}

enum fire_door_state
fire_door_state(const struct fire_door *d)
{
	// The worst first.
	static const struct {
		enum fire_door_condition condition;
		enum fire_door_state state;
	} shown[] = {
		{ FIRE_DOOR_NOT_CLOSED, FIRE_DOOR_STATE_NOT_CLOSED },
		{ FIRE_DOOR_OPEN_FAULT, FIRE_DOOR_STATE_OPEN_FAULT },
		{ FIRE_DOOR_CLOSED_FAULT, FIRE_DOOR_STATE_CLOSED_FAULT },
		{ FIRE_DOOR_FEEDBACK, FIRE_DOOR_STATE_FEEDBACK },
		{ FIRE_DOOR_RELEASED, FIRE_DOOR_STATE_RELEASED },
	};

	if (d->line_fault)
		return FIRE_DOOR_STATE_LINE_FAULT;
	if (d->closed == CONTACT_UNKNOWN)
		return FIRE_DOOR_STATE_UNKNOWN;
	for (unsigned i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		if (has(d, shown[i].condition))
			return shown[i].state;
	}
	return d->closed == CONTACT_ACTIVE ? FIRE_DOOR_STATE_CLOSED
					   : FIRE_DOOR_STATE_OPEN;
}

enum condition
fire_door_condition(enum fire_door_condition c)
{
	assert((unsigned)c < FIRE_DOOR_CONDITION_COUNT);
	return conditions[c].condition;
}

const char *
fire_door_code(enum fire_door_condition c)
{
	assert((unsigned)c < FIRE_DOOR_CONDITION_COUNT);
	return conditions[c].code;
}

const char *
fire_door_state_name(enum fire_door_state s)
{
	assert((unsigned)s < FIRE_DOOR_STATE_COUNT);
	return state_names[s];
}
