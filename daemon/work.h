// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The open unit of work: everything the loop decides in one round goes to the store as
// one transaction, or as two: what is urgent (a fire, an acknowledgement, and what is
// of the same point) apart from the rest, so that in a storm it waits for no more than
// it must. An event, its alarm and its notices are never parted, and a round with a
// setting or a flag is one. Stamps events with time and stream number, tells the screen
// at once and again when they are durable, and answers commands when they are (I3).
// Runs on the loop.
#ifndef DAEMON_WORK_H
#define DAEMON_WORK_H

#include "console/host.h"
#include "core/event.h"
#include "core/notice.h"
#include "lib/loop.h"
#include "store/store.h"

struct works;

struct works_host {
	void *ctx;
	void (*event)(void *ctx, const struct event *e);   // just made, not durable
	void (*durable)(void *ctx, const struct event *e); // seq is set
	// The unit with this serial, and no other, is durable; or it was lost.
	void (*saved)(void *ctx, uint64_t serial, bool durable);
};

// `boot` is this run's number; ids are minted as "<boot>-<n>".
struct works *works_new(struct loop *loop, struct store *store, int64_t boot,
    const struct works_host *host);
// Call it after store_close, which still runs callbacks. Replies that still wait are
// answered "not durable". NULL is fine.
void works_free(struct works *w);

// Writes a new id.
void works_mint(struct works *w, char out[static MINT_MAX]);
// Number of the newest item on the live stream, and "<boot>".
uint64_t works_stream(const struct works *w);
const char *works_boot(const struct works *w);

// Adds to the open unit; it is submitted before the loop waits again. The event gets
// its times, clock quality and stream number here; the copy is valid until the next
// addition.
const struct event *works_event(struct works *w, struct event *e);
void works_alarm(struct works *w, const struct alarm_row *row);
void works_notice(struct works *w, const struct notice *n);

void works_flag(struct works *w, const struct flag_row *row);
// A report.sign with the report it is about (taken over), in a unit of its own.
void works_sign(struct works *w, struct event *e, struct revision *r);

// Sets a setting of the daemon's own in the open unit.
void works_meta(struct works *w, const char *key, const char *value);
// `done` runs once, later: the unit of the newest addition is durable, or could not be
// made so.
typedef void works_done(void *arg, bool durable);
void works_watch(struct works *w, works_done *done, void *arg);

// Serial of the unit that the newest addition is in: works_host.saved is called with
// it.
uint64_t works_serial(struct works *w);

// Answers a command once all of the round so far is durable: 200; or 202 with durable
// false when the store is degraded or takes over a second.
void works_reply(struct works *w, reply_fn *done, void *arg);

// Whether the store writes: what is added now will be durable before long.
bool works_saves(const struct works *w);

// Submits the open unit now.
void works_flush(struct works *w);

// The quality stamped on events from now on.
void works_clock_quality(struct works *w, enum clock_quality q);

#endif
