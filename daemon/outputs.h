// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The site's outputs: sounder, lamp, heartbeat. They follow the alarm state directly on
// the loop, never through the outbox and never through the store (I2); each change is
// an event. One owner: nobody else drives an output. What is driven is compared with
// what is read back; an output that does not follow, or is out of reach, is an alarm on
// its own built-in point "@output/ID" (I9). An output that the site does not enable is
// left alone (I8). On the loop.
#ifndef DAEMON_OUTPUTS_H
#define DAEMON_OUTPUTS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/output.h"
#include "engine.h"
#include "work.h"

struct outputs;

enum {
	// At the end the daemon waits this long for a coil to take its last state.
	OUTPUTS_END_MS = 2000
};

// After engine_recover: alarms that are open are counted in. Faults of a run before
// this one end here, unless they are found again.
struct outputs *outputs_new(struct loop *loop, const struct site *site,
    struct engine *engine, struct works *works);
void outputs_free(struct outputs *o); // NULL is fine

// The way to the field: from now on every enabled output has its state; NULL: none.
typedef void outputs_drive(void *ctx, uint16_t output, bool on);
void outputs_attach(struct outputs *o, outputs_drive *way, void *ctx);
// What the field says of it; also from within `drive`.
void outputs_report(struct outputs *o, const struct output_report *r);

// From the engine: a record changed, or is about to go; the wish for sound changed.
void outputs_alarm(struct outputs *o, struct alarm_record *r, bool closed);
void outputs_sound(struct outputs *o);
// Who does what follows; NULL: nobody any more. `actor` is copied.
void outputs_by(struct outputs *o, const char *actor);

// The judgement of core/alive.h, each second: NULL, or why the daemon cannot alert
// people. Heartbeats beat on it and on nothing else.
void outputs_alive(struct outputs *o, const char *why);

// Drives the state that the site has for the end. `done` runs later, once: when all
// that can be reached have it, or after OUTPUTS_END_MS.
void outputs_end(struct outputs *o, loop_fn *done, void *arg);

void outputs_look(const struct outputs *o, uint16_t output, struct output_look *out);

#endif
