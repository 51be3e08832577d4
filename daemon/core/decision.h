// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the engine decided about a point, lately: up to 64 decisions of each point in
// one pool that all share, for `explain`. When the pool is full a point that holds at
// least its share gives up its oldest, so that one that chatters never pushes out the
// quiet. The caller gives the storage, once; nothing here allocates. Pure.
#ifndef CORE_DECISION_H
#define CORE_DECISION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/condition.h"
#include "core/event.h"

// X(enum, name, repeats, stops): the name is what the API and the catalogue use
// ("decision.<name>"). Of one that repeats only the first is kept, as long as nothing
// else is decided about the same condition and word. One that stops says why no alarm
// stands now ("explain.why.<name>").
#define DECISIONS(X)                                                             \
  X(DECISION_SEEN, "seen", 0, 0)                       /* a good sample again */ \
  X(DECISION_FOUND_AFTER_GAP, "found_after_gap", 0, 0) /* unknown until now */   \
  X(DECISION_UNKNOWN, "unknown", 1, 1)                 /* nobody knows: kept */  \
  X(DECISION_NO_VALUE, "no_value", 1, 1)               /* quality bad: kept */   \
  X(DECISION_EDGE, "edge", 0, 0)                       /* an event, no state */  \
  X(DECISION_WITHIN_ON_DELAY, "within_on_delay", 0, 1)                           \
  X(DECISION_WITHIN_OFF_DELAY, "within_off_delay", 0, 0)                         \
  X(DECISION_GONE_WITHIN_DELAY, "gone_within_delay", 0, 1)                       \
  X(DECISION_BACK_WITHIN_DELAY, "back_within_delay", 0, 0)                       \
  X(DECISION_DELAY_STOPPED, "delay_stopped", 0, 1) /* by the unknown */          \
  X(DECISION_HYSTERESIS_HELD, "hysteresis_held", 1, 0)                           \
  X(DECISION_CHATTERS, "chatters", 0, 0)           /* from now on */             \
  X(DECISION_HELD_CHATTERS, "held_chatters", 1, 0) /* a change, counted */       \
  X(DECISION_CHATTER_OVER, "chatter_over", 0, 0)                                 \
  X(DECISION_ONSET, "onset", 0, 0)                                               \
  X(DECISION_CLEARED, "cleared", 0, 0)                                           \
  X(DECISION_CLOSED, "closed", 0, 0)                                             \
  X(DECISION_WITHDRAWN, "withdrawn", 0, 0)                                       \
  X(DECISION_REALARM, "realarm", 0, 0) /* word: why */                           \
  X(DECISION_ACKNOWLEDGED, "acknowledged", 0, 0)                                 \
  X(DECISION_HIDDEN_SHELVED, "hidden_shelved", 0, 0)                             \
  X(DECISION_HIDDEN_ISOLATED, "hidden_isolated", 0, 0)                           \
  X(DECISION_HIDDEN_SUPPRESSED, "hidden_suppressed", 0, 0)                       \
  X(DECISION_HIDDEN_TEST, "hidden_test", 0, 0)                                   \
  X(DECISION_FLAG_OFF, "flag_off", 0, 0) /* word: which */                       \
  X(DECISION_SOUNDS, "sounds", 0, 0)                                             \
  X(DECISION_SILENT, "silent", 0, 0)             /* by its kind */               \
  X(DECISION_ASKS_NOTHING, "asks_nothing", 0, 0) /* class info */                \
  X(DECISION_EFFECT_WAITS, "effect_waits", 0, 0) /* word: the rule */            \
  X(DECISION_EFFECT_CAME, "effect_came", 0, 0)   /* value: s, if known */        \
  X(DECISION_EFFECT_MISSED, "effect_missed", 0, 0)                               \
  X(DECISION_EFFECT_OVER, "effect_over", 0, 0) /* the cause ended */             \
  X(DECISION_LADDER, "ladder", 0, 0)           /* word: its id */                \
  X(DECISION_NO_LADDER, "no_ladder", 0, 0)                                       \
  X(DECISION_RULE_UNKNOWN, "rule_unknown", 0, 0)     /* word: which; kept */     \
  X(DECISION_RULE_KNOWN, "rule_known", 0, 0)         /* it tells again */        \
  X(DECISION_SUPPRESSION_ON, "suppression_on", 0, 0) /* word: its id */          \
  X(DECISION_SUPPRESSION_OFF, "suppression_off", 0, 0)                           \
  X(DECISION_DOOR_ALLOWED, "door_allowed", 0, 0) /* word: by which point */      \
  X(DECISION_DOOR_UNLOCKED, "door_unlocked", 0, 0)                               \
  X(DECISION_DOOR_LOCKED, "door_locked", 0, 0)

enum decision_kind {
#define X(id, name, repeats, stops) id,
	DECISIONS(X)
#undef X
	DECISION_COUNT,
};

enum {
	DECISIONS_PER_POINT = 64,
	DECISION_SLOTS = 131072, // of 16 bytes: 2 MiB
};

// As it is told, and as it is read.
struct decision {
	enum decision_kind kind;
	int64_t t_utc_ms;         // below 2^42: the year 2109
	enum condition condition; // COND_COUNT = of no condition
	const char *word;         // code, flag or ladder; "" = none
	double value;             // kept in single precision; NaN = none
};

struct decision_slot {
	uint64_t what; // time, kind, condition
	float value;
	uint32_t link; // the older one, and the word
};
_Static_assert(sizeof(struct decision_slot) == 16, "as the pool's bound says");

struct decision_head {
	uint32_t newest;
	uint32_t n;
};

struct decision_pool {
	struct decision_slot *slots;
	uint32_t n_slots; // 1 .. DECISION_SLOTS
	uint32_t used;
	struct decision_head *heads; // one per point
	uint32_t n_points;
	uint32_t holders; // points that have any
	uint32_t hand;
	char (*words)[CODE_MAX];
	uint32_t n_words; // a power of two, at most 32,768; the table is open-addressed
};

// Takes storage that is all zero: `slots`, `heads` and `words` with their counts.
void decision_pool_init(struct decision_pool *p);

// A word for which the table has no room is kept as none.
void decision_note(struct decision_pool *p, uint32_t point, const struct decision *d);

// The point's decisions, oldest first; their words stay as long as the pool. Returns
// how many.
unsigned decision_list(const struct decision_pool *p, uint32_t point,
    struct decision out[static DECISIONS_PER_POINT]);

const char *decision_name(enum decision_kind k);
bool decision_stops(enum decision_kind k);
bool decision_from_name(const char *name, enum decision_kind *out);

#endif
