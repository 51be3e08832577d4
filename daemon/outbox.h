// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The outbox on the loop's side: which notices are owed, when a ladder's next step is
// due, when a notice may go out (after its commit, or after 1 s without one: I5), and
// what became of it. The rows live in the store, the sending in the delivery thread.
// Runs on the loop.
#ifndef DAEMON_OUTBOX_H
#define DAEMON_OUTBOX_H

#include "channels/delivery.h"
#include "engine.h"
#include "work.h"

struct outbox;

struct outbox *outbox_new(struct loop *loop, const struct site *site,
    struct works *works, struct engine *engine);
void outbox_free(struct outbox *o); // NULL is fine

// From now on notices go to this delivery thread.
void outbox_attach(struct outbox *o, struct delivery *d);

// Takes over the notices still owed: they go out again at once, marked as repeats.
void outbox_recover(struct outbox *o, const struct recovered *r);

// An alarm needs people: its class's ladder starts. Or needs them no more.
void outbox_raised(struct outbox *o, struct alarm_record *r);
void outbox_answered(struct outbox *o, struct alarm_record *r);

// A notice of no alarm to one channel, about this event: its times may be 0.
void outbox_tell(struct outbox *o, const char *channel, const struct event *subject);

// This unit of work, and no other, is durable; or it was lost.
void outbox_saved(struct outbox *o, uint64_t serial, bool durable);

void outbox_receipt(struct outbox *o, const struct receipt *r);

size_t outbox_owed(const struct outbox *o);

#endif
