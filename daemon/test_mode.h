// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Test mode of a zone: what begins in it is labelled as a test, a fire among it has a
// sound of its own and no ladder. Refused while a fire of the zone is open; ends by
// itself; a fire still open then is a real one (I14). Part of the engine; runs on the
// loop.
#ifndef DAEMON_TEST_MODE_H
#define DAEMON_TEST_MODE_H

#include "core/flag.h"
#include "engine.h"

// As shelves_order. Setting one that is set gives it a new end.
enum engine_answer test_mode_order(
    struct engine *e, const struct flag_order *o, const char **reason);

// The zones from index `from` on: id, name, coverage (isolations.h), and "test": who,
// from, until, why, or null. As shelves_page.
uint32_t test_mode_page(
    const struct engine *e, uint32_t from, unsigned limit, struct buf *out);

// "flags": how many points are shelved and isolated, and the zones in test mode (at
// most 50), for the health message.
void test_mode_summary(const struct engine *e, struct buf *out);

#endif
