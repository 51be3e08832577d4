// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Suppression of alarms by the state of another point (core/suppression.h): sets and
// takes away the flag `suppressed` on the alarms of the points a rule names. Never on a
// fire (I14). Part of the engine; runs on the loop.
#ifndef DAEMON_SUPPRESSIONS_H
#define DAEMON_SUPPRESSIONS_H

#include "engine.h"

struct suppressions;

struct suppressions *suppressions_new(struct engine *e); // NULL where the site has none
void suppressions_free(struct suppressions *s);          // NULL is fine

// The state of this point may be another than before; it may be no source of a rule.
void suppressions_look(struct suppressions *s, uint32_t point);

// A rule suppresses such an alarm now.
bool suppressions_over(
    const struct suppressions *s, uint32_t point, enum condition c, const char *code);
// After the alarms are recovered: those that no rule names any more are suppressed no
// longer. One that some rule may be over stays so until the state is known again, a
// minute at most.
void suppressions_recover(struct engine *e);

// "suppressions": [{rule, by, on, reason}]; nothing where no rule names the point.
void suppressions_json(const struct suppressions *s, uint32_t point, struct buf *out);

#endif
