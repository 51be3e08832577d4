// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Alarms that only come and go (core/chatter.h): such an alarm stands held, without an
// onset and a sound for each change, and one fault of its point, `chatter`, asks for
// somebody who mends the sensor. Never a fire, a prealarm, a panic or info, and none of
// a built-in point: one that comes again must be heard again (I14). Part of the engine;
// runs on the loop.
#ifndef DAEMON_CHATTERS_H
#define DAEMON_CHATTERS_H

#include "engine_impl.h"

struct chatters;

enum {
	CONDITIONS_ALL = (1 << COND_COUNT) - 1
};

struct chatters *chatters_new(struct engine *e);
void chatters_free(struct chatters *all); // NULL is fine

// A new occurrence of an alarm that does not chatter; it may from now on.
void chatters_onset(struct engine *e, struct alarm_record *r);
// What the field says of one that chatters: its condition moves no state.
void chatters_told(
    struct engine *e, const struct alarm_record *r, bool active, const struct facts *f);
// The same where a delay has let nothing new through.
void chatters_still(struct engine *e, const struct filter *fl, const struct facts *f);
// Of the conditions in `conditions` (mask) the field says nothing any more (I6).
void chatters_lost(struct engine *e, uint32_t point, unsigned conditions);
// The record leaves its states for another reason; `why` is a static code.
void chatters_drop(struct engine *e, struct alarm_record *r, const char *why);

// After a start: what is read, then for each record, then for what is left.
void chatters_load(struct chatters *all, const struct recovered *r);
void chatters_restore(struct chatters *all, struct alarm_record *r);
void chatters_recovered(struct chatters *all);

// At a stop: nothing that was counted is lost.
void chatters_close(struct chatters *all);

// What is held of an alarm: since when, and its onsets that were counted. False: it
// does not chatter.
bool chatters_view(
    const struct alarm_record *r, int64_t *since_utc_ms, uint32_t *onsets);
// "chatter": [{condition, code, since, onsets}]; nothing where the point has none.
void chatters_json(const struct engine *e, uint32_t point, struct buf *out);

#endif
