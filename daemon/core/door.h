// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A guarded door: forced, held, opened lawfully. Also the contacts that grant an
// opening (a request-to-exit button, the lock relay of an access-control unit). Facts
// and `now` in, conditions and the next deadline out. Pure.
//
// The rule, in one table:
//
//   closed -> open, permitted (unlocked hours, bypass)    nothing
//   closed -> open, a grant acts or its window is open    access
//   closed -> open, no grant within `settle_ms` that may
//   have acted before the door was seen open              forced
//   the same, but the door was not known, or the grant
//   within its window before it                           unproven
//   open and not permitted for held_ms - held_soon_ms     held-soon, then held
//   closed, and forced for forced_least_ms                forced ends
//   closed, or permitted while open                       held ends
//   bypassed                                              all of them end
//   the contact is unknown                                nothing begins, nothing ends
#ifndef CORE_DOOR_H
#define CORE_DOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/contact.h"

// ---- a contact that grants ----------------------------------------------------------

struct grant {
	enum contact_state contact;
	int64_t since_ms; // it acts
	bool stuck;       // it acted too long: it opens nothing until it is released
};

// Feeds what is known of it. `stuck_ms` 0 = it may act for ever. Returns what doors go
// by: a stuck grant counts as idle, an unknown one is unknown.
enum contact_state grant_feed(
    struct grant *g, enum contact_state contact, uint32_t stuck_ms, int64_t now_ms);
// When it should be fed again with the same contact; -1 = not needed.
int64_t grant_due(const struct grant *g, uint32_t stuck_ms);

// ---- the door -----------------------------------------------------------------------

// X(enum, code): what stands of a door; the code is the alarm's.
#define DOOR_CONDITIONS(X)     \
  X(DOOR_FORCED, "forced")     \
  X(DOOR_UNPROVEN, "unproven") \
  X(DOOR_HELD, "held")         \
  X(DOOR_HELD_SOON, "held-soon")

enum door_condition {
#define X(id, code) id,
	DOOR_CONDITIONS(X)
#undef X
	DOOR_CONDITION_COUNT,
};

// X(enum, name): as the API and the page show it.
#define DOOR_STATES(X)                                                      \
  X(DOOR_STATE_UNKNOWN, "unknown")                                          \
  X(DOOR_STATE_CLOSED, "closed")                                            \
  X(DOOR_STATE_GRANTED, "granted") /* closed, and may be opened now */      \
  X(DOOR_STATE_OPENING, "opening") /* open, not yet known whether lawful */ \
  X(DOOR_STATE_OPEN, "open")                                                \
  X(DOOR_STATE_HELD_SOON, "held-soon")                                      \
  X(DOOR_STATE_HELD, "held")                                                \
  X(DOOR_STATE_FORCED, "forced")

enum door_state {
#define X(id, name) id,
	DOOR_STATES(X)
#undef X
	DOOR_STATE_COUNT,
};

struct door_rule {
	bool forced;        // off where an inner handle is free and tells nobody
	uint32_t window_ms; // a grant opens for this long after it acted
	uint32_t relock_ms; // the window ends this long after an opening
	uint32_t settle_ms; // so long an opening waits for a grant that is read later
	uint32_t held_ms;   // 0 = it may stay open
	uint32_t held_soon_ms;    // the warning before it; below held_ms
	uint32_t forced_least_ms; // forced stands at least so long
};

struct door_facts {
	enum contact_state contact; // active = open
	int64_t earliest_ms;        // it took this state not before; <= now
	enum contact_state
	    grant; // over all of the door's grants; idle where it has none
	int64_t grant_earliest_ms; // one that acts began to not before
	bool unlocked;             // by the hours
	bool bypassed;             // by a person
};

// Zeroed, it is a door of which nothing is known.
struct door {
	enum contact_state contact, known; // now; the last that was not unknown
	enum contact_state grant;
	bool permitted, bypassed;
	bool pending, unseen; // an opening to be judged; it fell into a gap
	bool blind;           // a grant may have allowed it that was not seen
	bool grant_unknown;
	int64_t blind_until_ms; // openings until then are; 0 = none
	int64_t judge_ms, opened_ms;
	int64_t window_until_ms; // 0 = there was no grant
	int64_t open_ms;    // it stands open unpermitted since then; -1 = it does not
	int64_t raised_ms;  // forced or unproven
	uint8_t conditions; // mask of 1 << enum door_condition
};

// What was standing when the daemon stopped (a mask of conditions) stands on; `known`
// is how the door was then.
void door_restore(
    struct door *d, unsigned conditions, enum contact_state known, int64_t now_ms);
// How the door is for who asks after a restart: an opening that is not judged yet is
// none.
enum contact_state door_to_keep(const struct door *d);

// Feeds all that is known at `now_ms`, monotonic, never falling; also at door_due.
// Returns true where the door was opened lawfully under a grant just now.
bool door_feed(struct door *d, const struct door_rule *r, const struct door_facts *f,
    int64_t now_ms);
int64_t door_due(const struct door *d, const struct door_rule *r); // -1 = none

enum door_state door_state(const struct door *d, int64_t now_ms);
// When time alone changes it next; -1 = not before something is fed.
int64_t door_state_due(const struct door *d, int64_t now_ms);

// What a person orders who takes a door out of its rule for a while.
struct bypass_order {
	const char *actor;
	uint32_t seconds;
	const char *reason;
};

const char *door_condition_code(enum door_condition c);
const char *door_state_name(enum door_state s);

#endif
