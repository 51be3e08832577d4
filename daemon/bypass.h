// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A bypass: a named person takes a door out of its rule until a time. It is kept as a
// setting of the daemon, so that it outlives a restart, and its beginning and its end
// are events. Part of the engine; runs on the loop.
#ifndef DAEMON_BYPASS_H
#define DAEMON_BYPASS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"
#include "lib/buf.h"
#include "store/store.h"
#include "work.h"

enum {
	BYPASS_MOST_S = 24 * 3600,
	BYPASS_REASON_BYTES = 150, // with NUL
	BYPASS_WARNING_MS = 5 * 60 * 1000,
};

struct bypass {
	bool on;
	int64_t from_utc_ms, until_utc_ms;
	int64_t until_ms; // monotonic: a step of the clock puts nothing off (I10)
	char by[ID_MAX];
	char reason[BYPASS_REASON_BYTES];
};

// Begins, or takes the place of, a bypass of the point, with its event.
void bypass_start(struct bypass *b, struct works *works, const struct loop *loop,
    const struct point *p, const struct bypass_order *order);
// Ends it with its event. `actor` "" = it ran out.
void bypass_end(
    struct bypass *b, struct works *works, const struct point *p, const char *actor);
// Takes it over from the run before; one that ran out meanwhile is on, and due.
void bypass_recover(struct bypass *b, const struct loop *loop, const struct point *p,
    const struct recovered *r);

// It ends within BYPASS_WARNING_MS, and was to last longer than that.
bool bypass_ends_soon(const struct bypass *b, int64_t now_ms);
int64_t bypass_due(const struct bypass *b, int64_t now_ms); // -1 = none

// "bypass": null or {by, from, until, reason}.
void bypass_json(const struct bypass *b, struct buf *out);

#endif
