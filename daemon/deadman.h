// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The dead-man watch of the desk: feeds core/deadman.c, asks through the console and
// makes an alarm of @deadman of a question that nobody answered. Part of the engine;
// runs on the loop.
#ifndef DAEMON_DEADMAN_H
#define DAEMON_DEADMAN_H

#include "engine.h"

struct deadman_watch;

struct deadman_watch *deadman_watch_new(struct engine *e); // NULL: the site has none
void deadman_watch_free(struct deadman_watch *w);          // NULL is fine
// After the alarms are recovered: what was missed is still owed, and the time without
// a sign of life goes on.
void deadman_watch_recover(struct deadman_watch *w, const struct recovered *r);

// Somebody at the desk did something: `how` is "console", "point" or "alarm". True
// where it answered a question.
bool deadman_watch_alive(struct deadman_watch *w, const char *actor, const char *how);

// "deadman": null, or {asked, until, missed, next}.
void deadman_watch_json(const struct deadman_watch *w, struct buf *out);

#endif
