// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See effect.h. Owns nothing; any thread.
#include "core/effect.h"

static const char *const sight_names[EFFECT_SIGHT_COUNT] = {
#define X(id, name) [id] = name,
	EFFECT_SIGHTS(X)
#undef X
};

static const char *const state_names[EFFECT_STATE_COUNT] = {
#define X(id, name) [id] = name,
	EFFECT_STATES(X)
#undef X
};

static const char *const step_names[EFFECT_STEP_COUNT] = {
#define X(id, name) [id] = name,
	EFFECT_STEPS(X)
#undef X
};

// Whether anybody knows: what a disabled point shows is known to prove nothing.
static bool
is_known(enum effect_sight s)
{
	return s != EFFECT_SIGHT_UNKNOWN && s != EFFECT_SIGHT_BAD;
}

enum effect_step
effect_cause(
    struct effect *e, uint32_t within_ms, enum effect_sight sight, int64_t now_ms)
{
	bool first = e->state == EFFECT_IDLE, seen = sight == EFFECT_SIGHT_SEEN;

	if (e->state == EFFECT_WAITS || e->state == EFFECT_MISSED || (seen && !first))
		return EFFECT_STEP_NONE;
	*e = (struct effect){
		.state = seen ? EFFECT_CAME : EFFECT_WAITS,
		.since_ms = now_ms,
		.due_ms = now_ms + (int64_t)within_ms,
		.blind = !is_known(sight),
	};
	return seen ? EFFECT_STEP_PRESENT : EFFECT_STEP_BEGAN;
}

enum effect_step
effect_over(struct effect *e)
{
	enum effect_state was = e->state;

	*e = (struct effect){ .state = EFFECT_IDLE };
	return was == EFFECT_WAITS    ? EFFECT_STEP_OVER
	       : was == EFFECT_MISSED ? EFFECT_STEP_ENDED
				      : EFFECT_STEP_NONE;
}

static enum effect_step
came(struct effect *e, uint32_t within_ms, int64_t now_ms)
{
	bool late =
	    e->state == EFFECT_MISSED || now_ms - e->since_ms > (int64_t)within_ms;

	e->state = EFFECT_CAME;
	if (late)
		return e->unwatched ? EFFECT_STEP_FOUND : EFFECT_STEP_LATE;
	return EFFECT_STEP_IN_TIME;
}

// Its time is over; or was, while nobody watched, and now it is known.
static bool
is_over(const struct effect *e, enum effect_sight sight, int64_t now_ms)
{
	return now_ms >= e->due_ms || (e->unwatched && is_known(sight));
}

enum effect_step
effect_look(
    struct effect *e, uint32_t within_ms, enum effect_sight sight, int64_t now_ms)
{
	bool known = is_known(sight);

	if (e->state != EFFECT_WAITS && e->state != EFFECT_MISSED)
		return EFFECT_STEP_NONE;
	if (sight == EFFECT_SIGHT_SEEN)
		return came(e, within_ms, now_ms);
	e->blind = !known;
	if (e->state == EFFECT_MISSED) {
		e->unwatched = e->unwatched && !known; // from now on it would be late
		return EFFECT_STEP_NONE;
	}
	if (!is_over(e, sight, now_ms))
		return EFFECT_STEP_NONE;
	e->state = EFFECT_MISSED;
	e->why = sight;
	e->unwatched = !known;
	return EFFECT_STEP_MISSED;
}

int64_t
effect_due(const struct effect *e)
{
	return e->state == EFFECT_WAITS ? e->due_ms : -1;
}

void
effect_restore(struct effect *e, enum effect_state state, enum effect_sight why,
    int64_t since_ms, uint32_t within_ms, int64_t now_ms)
{
	*e = (struct effect){
		.state = state,
		.why = why,
		.since_ms = since_ms,
		.due_ms = since_ms + (int64_t)within_ms,
		.blind = true,
		.unwatched = state == EFFECT_MISSED && !is_known(why),
	};
	if (state != EFFECT_WAITS || e->due_ms > now_ms)
		return;
	e->unwatched = true;
	e->due_ms =
	    now_ms + (within_ms < EFFECT_GRACE_MS ? within_ms : EFFECT_GRACE_MS);
}

const char *
effect_sight_name(enum effect_sight s)
{
	return s < EFFECT_SIGHT_COUNT ? sight_names[s] : "";
}

const char *
effect_state_name(enum effect_state s)
{
	return s < EFFECT_STATE_COUNT ? state_names[s] : "";
}

const char *
effect_step_name(enum effect_step s)
{
	return s < EFFECT_STEP_COUNT ? step_names[s] : "";
}
