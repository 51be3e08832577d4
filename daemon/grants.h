// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The contacts that grant an opening (request to exit, card readers), shared by the
// doors of the site. One that does not end is a fault of its point, and counts no more.
// Part of the engine; runs on the loop.
#ifndef DAEMON_GRANTS_H
#define DAEMON_GRANTS_H

#include "core/contact.h"
#include "engine.h"

struct grants;

// A grant, by its index in site.grants, was told of or counts otherwise than before.
typedef void grant_changed(void *ctx, uint16_t grant);

// Takes the points of the grants over.
struct grants *grants_new(struct engine *e, grant_changed *changed, void *ctx);
void grants_free(struct grants *g);

// The faults that stood when the daemon stopped stand on; after the alarms are
// recovered.
void grants_recover(struct grants *g);

// What doors go by. Of one that acts: since when at the earliest, monotonic; 0 = no
// sample says so.
enum contact_state grants_state(
    const struct grants *g, uint16_t grant, int64_t *earliest_ms);

#endif
