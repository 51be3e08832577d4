// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Resets of panels over a restart: a fire that returns within 20 s belongs to the
// incident that the reset ended, also where the daemon was started anew in between
// (I11). Part of the engine; loop only.
#ifndef DAEMON_RESETS_H
#define DAEMON_RESETS_H

#include "engine_impl.h"

// The panel of this device was reset now.
void resets_note(struct engine *e, uint16_t device);
void resets_recover(struct engine *e, const struct recovered *r);

#endif
