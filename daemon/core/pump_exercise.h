// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The runs of a fire pump that GB 50974-2014 14.0.4 asks for: started by itself once a
// week, by hand once a month. Weeks begin on Monday and months on the first, local
// time. Plain data; the caller turns moments into local time. Pure.
#ifndef CORE_PUMP_EXERCISE_H
#define CORE_PUMP_EXERCISE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/pump.h"

// X(enum, name, how a run must have begun)
#define PUMP_EXERCISES(X)                                   \
  X(PUMP_WEEKLY_START, "weekly_start", PUMP_MODE_AUTOMATIC) \
  X(PUMP_MONTHLY_RUN, "monthly_run", PUMP_MODE_MANUAL)

enum pump_exercise {
#define X(id, name, mode) id,
	PUMP_EXERCISES(X)
#undef X
	PUMP_EXERCISE_COUNT,
};

const char *pump_exercise_name(enum pump_exercise x);

// Whether a start counts for it: one of which nobody knows how it began counts for
// both.
bool pump_exercise_counts(enum pump_exercise x, enum pump_mode mode);

// Local seconds (since 1970-01-01 00:00 local) of the begin of the week or month in
// which `local_s` lies, and of the next.
int64_t pump_exercise_begin(enum pump_exercise x, int64_t local_s);
int64_t pump_exercise_next(enum pump_exercise x, int64_t local_s);

#endif
