// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Measured values that change too fast or not at all (core/trend.h): feeds the rules of
// a point and raises its alarms. Part of the engine; runs on the loop.
#ifndef DAEMON_TRENDS_H
#define DAEMON_TRENDS_H

#include "engine_impl.h"

void trends_init(struct engine *e);
void trends_free(struct engine *e);

// A value that is good or uncertain.
void trend_feed(struct engine *e, const struct sample *s, const struct facts *f);
// The value is bad or unknown from now on: what was seen before says nothing of later.
void trend_lost(struct engine *e, uint32_t point);

#endif
