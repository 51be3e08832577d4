// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Alarms that come again and again over hours or days (core/repeat.h): such an alarm is
// marked with its count, and one fault of its point, `repeat`, asks for somebody who
// looks for the cause. It advises: no alarm is held, hidden or lowered by it (I14), so
// that it counts a fire as any other. Not counted are tests, what is isolated, and what
// a rule explains (suppressed). Part of the engine; runs on the loop.
#ifndef DAEMON_REPEATS_H
#define DAEMON_REPEATS_H

#include "engine_impl.h"
#include "point_names.h"

struct repeats;

struct repeats *repeats_new(struct engine *e);
void repeats_free(struct repeats *all); // NULL is fine

// A new occurrence of an alarm.
void repeats_onset(struct engine *e, struct alarm_record *r);

// After the alarms are recovered.
void repeats_recover(
    struct repeats *all, const struct recovered *r, const struct point_names *names);
// At a stop: the time that was not heard is kept.
void repeats_close(struct repeats *all);

// Since when it comes again, and its onsets since; of the fault that says so those of
// the worst alarm of its point. False: it is none.
bool repeats_view(const struct engine *e, const struct alarm_record *r,
    int64_t *since_utc_ms, uint32_t *onsets);
// "repeat": [{condition, code, since, onsets}]; nothing where the point has none.
void repeats_json(const struct engine *e, uint32_t point, struct buf *out);

#endif
