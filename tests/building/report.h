// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the building says on standard output: one JSON line per thing that happens,
// flushed at once, so that whoever started it can follow. Any thread.

#ifndef REPORT_H
#define REPORT_H

#include <stdint.h>

#include "registers.h"
#include "scenario.h"

// A step that has just been played.
void report_step(int64_t t_ms, int loop_no, const struct scenario_step *step);

// Where answers of the lines are noted, as CSV: utc_ms, station, unit. 0, or -1 with
// errno. Before any server runs; without it nothing is noted.
int report_open_answers(const char *path);

// A unit of a line has answered.
void report_answer(const struct station *station, int unit);

// A client tried something other than reading. Monitors of a fire panel must never
// do that, so it is said out loud: {"refused": ...}.
void report_refused(const struct station *station, const struct request *rq);

#endif
