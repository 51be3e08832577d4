// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Shelving: a named person hides one (point, condition) until a time; it then ends by
// itself. Never a fire (I14), never a panic button's alarm, never a fault of this
// system. Part of the engine; runs on the loop.
#ifndef DAEMON_SHELVES_H
#define DAEMON_SHELVES_H

#include "core/flag.h"
#include "engine.h"

// ENGINE_REFUSED with *reason, a catalogue key without "error.".
enum engine_answer shelves_order(
    struct engine *e, const struct flag_order *o, const char **reason);

// Entries of points from index `from` on, into an open array, at most `limit`. The
// index to go on from, UINT32_MAX = no more.
uint32_t shelves_page(
    const struct engine *e, uint32_t from, unsigned limit, struct buf *out);

#endif
