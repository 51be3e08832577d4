// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The daemon watching itself: store, clock, loop lag, sounding consoles, and the
// service manager's watchdog. What it finds becomes alarms on the built-in points. Runs
// on the loop.
#ifndef DAEMON_SUPERVISE_H
#define DAEMON_SUPERVISE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "store/store.h"
#include "work.h"

struct supervise;

struct supervise *supervise_new(struct loop *loop, const struct site *site,
    struct engine *engine, struct works *works, struct store *store);
void supervise_free(struct supervise *s); // NULL is fine

// `detail` is the store's (store.h), "" for none.
void supervise_store(struct supervise *s, enum store_mode mode, const char *detail);
void supervise_consoles(struct supervise *s, uint32_t consoles, uint32_t sounding);

// The clock was behind the journal when the daemon started: times in it go back here.
void supervise_clock_behind(struct supervise *s);

// Told each second from now on, and at once: the judgement of core/alive.h. The service
// manager's watchdog is fed by the same.
void supervise_tell_alive(
    struct supervise *s, void (*alive)(void *ctx, const char *why), void *ctx);

struct supervise_view {
	enum store_mode store; // SLOW also while a commit is overdue, and WRITER_LOST
	int64_t late_ms;       // worst lateness of the last 10 s
	int64_t callback_us;   // longest callback of the loop in them (I1: 5 ms)
	bool clock_synchronised;
	uint32_t consoles, sounding;
};
void supervise_look(const struct supervise *s, struct supervise_view *out);

#endif
