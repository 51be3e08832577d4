// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What can be seen of an engine from outside, as lines; only what changed since the
// last look. For the simulation, whose oracle is written in another language.
#ifndef TESTS_SIMULATION_LOOK_H
#define TESTS_SIMULATION_LOOK_H

#include <stdio.h>

#include "engine_rig.h"

struct look; // what was seen last

struct look *look_new(void);
void look_free(struct look *l);

// Writes a line for each alarm that is new or changed ("+ KEY ..."), for each that is
// gone ("- KEY"), and for each figure that changed ("~ NAME VALUE").
void look_print(struct look *l, const struct rig *r, FILE *out);

// The occurrence that the alarm had before its newest one, as seen; NULL: none.
const char *look_older(
    const struct look *l, const char *point, const char *condition, const char *code);

#endif
