// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The pumps of the site: feeds core/pump.c with gauges and contacts, makes alarms of
// "@pump/ID" of what it finds, and journals each start and stop. Part of the engine;
// runs on the loop.
#ifndef DAEMON_PUMPS_H
#define DAEMON_PUMPS_H

#include "engine.h"

struct pumps;

// Takes the contacts of pumps over, and watches their gauges. NULL where the site has
// no pump.
struct pumps *pumps_new(struct engine *e);
void pumps_free(struct pumps *p); // NULL is fine
// What stood, ran and was counted when the daemon stopped; after the alarms are
// recovered.
void pumps_recover(struct pumps *p, const struct recovered *r);
// A watched gauge has a value, or none any more.
void pumps_gauge(struct pumps *p, uint32_t point);

#endif
