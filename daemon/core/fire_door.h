// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A fire door, as GB 29364-2012 tells them apart: one that is normally closed, and one
// that stands open until it is released. Facts and `now` in, conditions and the next
// deadline out. Pure.
//
//   normally closed: open for open_ms            open (information)
//                    open for fault_ms           open-fault
//                    closed                      both end
//   normally open:   closed, not released        closed-fault, after closed_ms; where
//   it
//                                                closed under a release, after fault_ms
//                    open                        closed-fault ends
//   either:          released                    released, until the release ends
//                    released and closed         door-closed (the feedback)
//                    released, open feedback_ms  not-closed
//   a contact unknown                            what hangs on it neither begins nor
//   ends
#ifndef CORE_FIRE_DOOR_H
#define CORE_FIRE_DOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/condition.h"
#include "core/contact.h"

// X(enum, condition, code)
#define FIRE_DOOR_CONDITIONS(X)                         \
  X(FIRE_DOOR_OPEN, COND_INFO, "fire-door-open")        \
  X(FIRE_DOOR_OPEN_FAULT, COND_FAULT, "open-fault")     \
  X(FIRE_DOOR_CLOSED_FAULT, COND_FAULT, "closed-fault") \
  X(FIRE_DOOR_RELEASED, COND_ACTIVATED, "released")     \
  X(FIRE_DOOR_FEEDBACK, COND_FEEDBACK, "door-closed")   \
  X(FIRE_DOOR_NOT_CLOSED, COND_FAULT, "not-closed")

enum fire_door_condition {
#define X(id, condition, code) id,
	FIRE_DOOR_CONDITIONS(X)
#undef X
	FIRE_DOOR_CONDITION_COUNT,
};

// X(enum, name): as the API shows it.
#define FIRE_DOOR_STATES(X)                       \
  X(FIRE_DOOR_STATE_UNKNOWN, "unknown")           \
  X(FIRE_DOOR_STATE_LINE_FAULT, "line-fault")     \
  X(FIRE_DOOR_STATE_OPEN, "open")                 \
  X(FIRE_DOOR_STATE_CLOSED, "closed")             \
  X(FIRE_DOOR_STATE_OPEN_FAULT, "open-fault")     \
  X(FIRE_DOOR_STATE_CLOSED_FAULT, "closed-fault") \
  X(FIRE_DOOR_STATE_RELEASED, "released")         \
  X(FIRE_DOOR_STATE_FEEDBACK, "feedback")         \
  X(FIRE_DOOR_STATE_NOT_CLOSED, "not-closed")

enum fire_door_state {
#define X(id, name) id,
	FIRE_DOOR_STATES(X)
#undef X
	FIRE_DOOR_STATE_COUNT,
};

struct fire_door_rule {
	bool normally_open;
	uint32_t open_ms, fault_ms; // fault_ms > open_ms
	uint32_t closed_ms;
	uint32_t feedback_ms;
};

struct fire_door_facts {
	enum contact_state closed;  // active = closed
	enum contact_state release; // active = released; idle where it has none
	bool line_fault;            // the contact's line, or its module, has a fault
};

// Zeroed, it is a door of which nothing is known.
struct fire_door {
	enum contact_state closed, release;
	enum contact_state known, released; // as they were last seen
	bool line_fault;
	bool by_release;     // it closed while it was released, as far as was seen
	int64_t since_ms;    // it is as it was last seen
	int64_t released_ms; // the release acts
	uint8_t conditions;  // mask of 1 << enum fire_door_condition
};

// As it was when the daemon stopped: the conditions that stood, and whether it had
// closed under a release.
void fire_door_restore(struct fire_door *d, unsigned conditions, bool by_release);
// Feeds all that is known at `now_ms`, monotonic; also at fire_door_due.
void fire_door_feed(struct fire_door *d, const struct fire_door_rule *r,
    const struct fire_door_facts *f, int64_t now_ms);
int64_t fire_door_due(const struct fire_door *d, const struct fire_door_rule *r);

enum fire_door_state fire_door_state(const struct fire_door *d);

enum condition fire_door_condition(enum fire_door_condition c);
const char *fire_door_code(enum fire_door_condition c);
const char *fire_door_state_name(enum fire_door_state s);

#endif
