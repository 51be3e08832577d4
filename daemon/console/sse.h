// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The live stream: one ring of items, up to 1,200 readers at their own pace. The loop
// thread only.
#ifndef CONSOLE_SSE_H
#define CONSOLE_SSE_H

#include <stdbool.h>
#include <stdint.h>

#include "console/snapshot.h"
#include "lib/buf.h"

struct console;
struct http_request;
struct sse;

enum {
	SSE_STREAMS_MAX = 1200,
	SSE_OUTPUT_MAX = 65536, // queued for one reader, beside a snapshot
	SSE_BEAT_MS = 2000,
	SSE_STALL_BEATS = 4,      // a reader that takes nothing for so long is cut
	SSE_STATE_EVERY_MS = 500, // snapshots for one reader that cannot keep up
	SSE_HEALTH_EVERY_MS = 500,
	SSE_SLICE = 100, // streams served in one callback
};

enum sse_kind {
	SSE_JOURNAL,
	SSE_ALARM,
	SSE_DURABLE,
	SSE_POINT,
	SSE_PATROL,
};

struct sse *sse_new(struct console *c);
// Before http_stop: streams that end now are not reported.
void sse_stop(struct sse *q);
void sse_free(struct sse *q); // after http_stop; NULL is fine

// Makes r a stream. `console` is its id or NULL; `last` is "<boot>-<n>" or NULL.
void sse_open(
    struct sse *q, struct http_request *r, const char *console, const char *last);

// Adds an item. `n` is the journal item's number, 0 for others; *json is emptied.
void sse_push(struct sse *q, enum sse_kind kind, uint64_t n, struct buf *json);
// Health changed: one message at most each 500 ms.
void sse_push_health(struct sse *q);

struct stream_position sse_position(const struct sse *q);

// True where that is news.
bool sse_can_sound(struct sse *q, const char *console, bool can_sound);

struct sse_counts {
	unsigned streams, sounding;
	uint64_t cut; // slow readers, since start
};
struct sse_counts sse_counts(const struct sse *q);

#endif
