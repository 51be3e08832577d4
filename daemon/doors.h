// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The guarded doors of the site: feeds core/door.c with samples, hours and bypasses,
// and makes alarms and events of what it says. Part of the engine; runs on the loop.
#ifndef DAEMON_DOORS_H
#define DAEMON_DOORS_H

#include "engine.h"

struct doors;

// Takes the points of doors and grants over. NULL where the site has no door.
struct doors *doors_new(struct engine *e);
void doors_free(struct doors *d); // NULL is fine

// What stood when the daemon stopped stands on; after the alarms are recovered.
void doors_recover(struct doors *d, const struct recovered *r);

// A person takes a door out of its rule, or puts it back.
enum engine_answer doors_bypass(
    struct doors *d, uint32_t point, const struct bypass_order *order);
enum engine_answer doors_bypass_end(
    struct doors *d, uint32_t point, const char *actor, const char **reason);

#endif
