// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Supervised loops: turns the analogue value of such a point into what its contact
// does, or into a fault of the line. Part of the engine; runs on the loop.
#ifndef DAEMON_LOOPS_H
#define DAEMON_LOOPS_H

#include "engine.h"

struct loops;

struct loops *loops_new(struct engine *e); // NULL where the site has none
void loops_free(struct loops *l);          // NULL is fine

// Takes a sample of a supervised point, and gives the engine what it means. False: it
// is no such point, or the sample says itself what is wrong.
bool loops_sample(struct loops *l, const struct sample *s);
// The point is unknown.
void loops_lost(struct loops *l, uint32_t point);

// "loop": {band, value}; nothing where the point has none.
void loops_json(const struct loops *l, uint32_t point, struct buf *out);

#endif
