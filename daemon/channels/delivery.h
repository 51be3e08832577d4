// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The delivery thread: owns everything that talks outward to people, with a loop of its
// own. The main loop posts notices that may go out (durable, or late by I5) and gets
// receipts. Retries and back-off happen here; the ladder and the outbox do not.
#ifndef CHANNELS_DELIVERY_H
#define CHANNELS_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/notice.h"
#include "core/site.h"
#include "lib/loop.h"

struct delivery;

struct receipt {
	char notice_id[MINT_MAX];
	char channel[ID_MAX];
	enum notice_state state; // OWED = failed once, will be tried again
	uint16_t attempts;
	int status; // HTTP status, 0 = none
	int64_t at_utc_ms;
	int64_t next_utc_ms; // of the next attempt where state is OWED
	// The channel's next notice waits for delivery_settled, 1 s at most: this one
	// was on its way.
	bool settle;
	char detail[120]; // reason in codes or the library's words
};

// Called on the main loop.
struct delivery_host {
	void *ctx;
	void (*receipt)(void *ctx, const struct receipt *r);
};

// Starts the thread. The site must outlive it. Never fails for a channel that is down.
struct delivery *delivery_start(
    const struct site *site, struct loop *main_loop, const struct delivery_host *host);

// Hands a copy of the notice over. 0, or -1 where the mailbox is full (the caller keeps
// it and tries later).
int delivery_send(struct delivery *d, const struct notice *n);

// Drops a notice that was answered before it went out. Its receipt is CANCELLED, or
// what became of it where it is on its way now.
void delivery_cancel(struct delivery *d, const char *notice_id);

// Runs fn(loop, arg) on the thread, with its loop, in the order of the calls: for what
// else talks outward. What was given before delivery_stop is run before the thread
// ends.
void delivery_run(
    struct delivery *d, void (*fn)(struct loop *delivery_loop, void *arg), void *arg);

// What became of this notice is durable, or cannot be now: its channel goes on.
void delivery_settled(struct delivery *d, const char *channel, const char *notice_id);

// Stops the thread at once; unsent notices stay owed in the outbox. Receipts that are
// there already are handed over first. NULL is fine.
void delivery_stop(struct delivery *d);

#endif
