// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// An expected effect: B must follow A within a time. What the point of B shows and
// `now` in, steps and the next deadline out. Times are monotonic ms. Pure.
//
// Unknown is never "it happened" (DESIGN I6): only a sight of the effect itself is one.
// A wait that ran out while nobody watched (I11) is judged once the effect is known
// again, a minute after the start at the latest, and its length is then not known.
#ifndef CORE_EFFECT_H
#define CORE_EFFECT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/condition.h"

enum {
	EFFECT_GRACE_MS = 60000 // after a start, at most as long as the wait itself
};

// X(enum, name): what the point of the effect shows. The name is the reason of a miss.
#define EFFECT_SIGHTS(X)                                                         \
  X(EFFECT_SIGHT_SEEN, "seen")                                                   \
  X(EFFECT_SIGHT_ABSENT, "not-seen")   /* it is known not to have happened */    \
  X(EFFECT_SIGHT_UNKNOWN, "unknown")   /* nobody knows */                        \
  X(EFFECT_SIGHT_BAD, "no-value")      /* its quality is bad */                  \
  X(EFFECT_SIGHT_FAULT, "fault")       /* not seen, and its point has a fault */ \
  X(EFFECT_SIGHT_DISABLED, "disabled") /* whatever it shows proves nothing */    \
  X(EFFECT_SIGHT_TEST, "in-test")      /* the same */

enum effect_sight {
#define X(id, name) id,
	EFFECT_SIGHTS(X)
#undef X
	EFFECT_SIGHT_COUNT,
};

// X(enum, name)
#define EFFECT_STATES(X)                                      \
  X(EFFECT_IDLE, "idle") /* no cause stands */                \
  X(EFFECT_WAITS, "waits")                                    \
  X(EFFECT_CAME, "came")     /* seen; a cause still stands */ \
  X(EFFECT_MISSED, "missed") /* the time is over, and it was not seen */

enum effect_state {
#define X(id, name) id,
	EFFECT_STATES(X)
#undef X
	EFFECT_STATE_COUNT,
};

// X(enum, name): what happened; the name is the result in the event.
#define EFFECT_STEPS(X)                                                             \
  X(EFFECT_STEP_NONE, "")                                                           \
  X(EFFECT_STEP_BEGAN, "waits")                                                     \
  X(EFFECT_STEP_PRESENT, "present") /* it was there before its cause */             \
  X(EFFECT_STEP_IN_TIME, "in-time")                                                 \
  X(EFFECT_STEP_FOUND, "found") /* there when it was known again: in time or not */ \
  X(EFFECT_STEP_LATE, "late")                                                       \
  X(EFFECT_STEP_MISSED, "missed")                                                   \
  X(EFFECT_STEP_OVER, "over")   /* the cause ended first: nothing to judge */       \
  X(EFFECT_STEP_ENDED, "ended") /* the cause ended, and it was missed until then */

enum effect_step {
#define X(id, name) id,
	EFFECT_STEPS(X)
#undef X
	EFFECT_STEP_COUNT,
};

// Zeroed, it is one without a cause.
struct effect {
	enum effect_state state;
	enum effect_sight why; // of EFFECT_MISSED: what was seen when the time was over
	int64_t since_ms;      // the first cause began; while not idle
	int64_t due_ms;        // while it waits
	bool blind; // when it was looked at last, or right before it came, nobody knew
	bool unwatched; // nobody watched when its time was over, or nobody knew
};

// A cause began (again). One that begins while a wait runs, or after a miss, joins it.
enum effect_step effect_cause(
    struct effect *e, uint32_t within_ms, enum effect_sight sight, int64_t now_ms);
// The last cause ended.
enum effect_step effect_over(struct effect *e);
// Feeds what is seen now; also at effect_due.
enum effect_step effect_look(
    struct effect *e, uint32_t within_ms, enum effect_sight sight, int64_t now_ms);
int64_t effect_due(const struct effect *e); // -1 = never

// As it was when the daemon stopped, while a cause still stands. `since_ms` may lie
// before the start of this run's clock.
void effect_restore(struct effect *e, enum effect_state state, enum effect_sight why,
    int64_t since_ms, uint32_t within_ms, int64_t now_ms);

// A miss, as it is told to people: the rule and the alarm that asked for the effect.
// Texts of the caller's.
struct effect_miss {
	const char *rule; // NULL = none
	const char *message_zh, *message_en;
	const char *reason;
	uint32_t within_ms;
	const char *point, *place_zh, *place_en; // of the cause; places "" = not known
	enum condition condition;
	const char *code, *occurrence;
};

const char *effect_sight_name(enum effect_sight s);
const char *effect_state_name(enum effect_state s);
const char *effect_step_name(enum effect_step s);

#endif
