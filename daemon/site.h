// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The running site: the drivers of its buses and GPIO chips, feeding the engine. Runs
// on the loop.
#ifndef DAEMON_SITE_H
#define DAEMON_SITE_H

#include "core/site.h"
#include "drivers/driver.h"
#include "engine.h"

struct running_site;

// Starts every driver. Nothing that is missing in the field stops it.
struct running_site *running_site_start(
    struct loop *loop, const struct site *site, struct engine *engine);
void running_site_stop(struct running_site *r); // NULL is fine

#endif
