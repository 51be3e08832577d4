// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The patrol routes of the site: begins their rounds by the clock on the wall, feeds
// core/patrol.c with visits, and makes events and alarms of what becomes of each stop.
// Part of the engine; runs on the loop.
#ifndef DAEMON_PATROLS_H
#define DAEMON_PATROLS_H

#include "engine.h"

struct patrols;

struct patrols *patrols_new(struct engine *e); // NULL where the site has none
void patrols_free(struct patrols *p);          // NULL is fine
// The round that ran when the daemon stopped goes on, if it is not over. After the
// alarms are recovered.
void patrols_recover(struct patrols *p, const struct recovered *r);

// A route of the site with its newest round, as an object.
void patrols_json(const struct patrols *p, uint16_t patrol, struct buf *out);

#endif
