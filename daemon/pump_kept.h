// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What is kept of a pump over a restart, and its text: thirteen whole numbers,
// pressures in thousandths of a kPa. Plain data; any thread.
#ifndef DAEMON_PUMP_KEPT_H
#define DAEMON_PUMP_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/pump_exercise.h"
#include "store/store.h"

// UTC ms, 0 = never; pressures kPa, NaN = not known.
struct pump_kept {
	int64_t run;         // enum contact_state, as it was last known
	int64_t running_utc; // since then it runs
	int64_t day;         // statistics day, in days since 1970, local
	int64_t starts, ran_ms;
	int64_t start_utc, stop_utc;
	double start_kpa, stop_kpa;
	int64_t exercised_utc[PUMP_EXERCISE_COUNT];
	int64_t exercised_mode[PUMP_EXERCISE_COUNT]; // enum pump_mode
};

void pump_kept_print(const struct pump_kept *k, char out[static META_VALUE_MAX]);
// False where it is no such text; *k is then as it was.
bool pump_kept_read(struct pump_kept *k, const char *text);

#endif
