// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Expected effects (core/effect.h): what must follow an alarm within a time. Where it
// does not, its point has the fault `no-effect`, which names the rule and the alarm
// that asked for it. Part of the engine; runs on the loop.
//
// What asks for an effect is an alarm that stands or is latched. Flags that hide it
// change nothing: what must happen must happen unseen too. Alarms of a test are judged
// apart: what came, and when, is told; what did not is no alarm.
#ifndef DAEMON_EFFECTS_H
#define DAEMON_EFFECTS_H

#include "engine.h"
#include "point_names.h"

struct effects;

struct effects *effects_new(struct engine *e); // NULL where the site has none
void effects_free(struct effects *s);          // NULL is fine

// An alarm changed. Raises and ends no alarm before the loop goes round again.
void effects_alarm(struct effects *s, struct alarm_record *r);
// A point shows something else than before, maybe. May raise and end alarms.
void effects_look(struct effects *s, uint32_t point);
// Nobody knows what it shows.
void effects_lost(struct effects *s, uint32_t point);
// After all else is recovered.
void effects_recover(
    struct engine *e, const struct recovered *r, const struct point_names *names);

// "effects": [..], the rules of which this point is the effect; nothing where it is
// none.
void effects_json(const struct effects *s, uint32_t point, struct buf *out);
// Of an alarm `no-effect`: what did not come, and why it should have; `rule` is NULL
// for others.
struct effect_miss effects_miss(const struct effects *s, const struct alarm_record *r);
// The same as the journal has it, as members of an open object.
void effects_put_miss(const struct effect_miss *m, struct buf *out);

#endif
