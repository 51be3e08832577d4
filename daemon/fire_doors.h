// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The fire doors of the site: feeds core/fire_door.c with samples, and makes alarms of
// what it says. Part of the engine; runs on the loop.
#ifndef DAEMON_FIRE_DOORS_H
#define DAEMON_FIRE_DOORS_H

#include "engine.h"

struct fire_doors;

// Takes the points of fire doors over. NULL where the site has none.
struct fire_doors *fire_doors_new(struct engine *e);
void fire_doors_free(struct fire_doors *d); // NULL is fine
// What stood when the daemon stopped stands on; after the alarms are recovered.
void fire_doors_recover(struct fire_doors *d, const struct recovered *r);

#endif
