// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The state of everything as one JSON text, built at most every 100 ms and shared by
// whoever asks. The loop thread only.
#ifndef CONSOLE_SNAPSHOT_H
#define CONSOLE_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "console/blob.h"
#include "console/host.h"

struct http_request;

// Where the stream stands: the number of its newest journal item, and the indexes of
// the oldest item it still has and of the next one.
struct stream_position {
	uint64_t n, oldest, next;
};

enum {
	SNAPSHOT_MIN_MS = 100,  // at most this often, but for what is said below
	SNAPSHOT_MAX_MS = 2000, // as old as it may be with nothing reported
	SNAPSHOT_ALARMS = 500,  // docs/api.md
	SNAPSHOT_READINGS = 200,
};

struct snapshots {
	struct blob *state;  // {"id": ..}, to be joined with a head
	struct blob *health; // {"counters", "devices", "hosts", "health", "readings"}
	bool dirty;
	bool urgent;      // a command was answered: the next reader must see it
	int64_t built_ms; // monotonic
	uint64_t index;   // the stream's position that `state` contains
	uint64_t version; // counts builds
};

// Brings both up to date where they are dirty and old enough, or where the stream no
// longer has the items that follow them: in a storm it turns over in less than that.
void snapshot_refresh(struct snapshots *s, const struct console_host *host,
    int64_t now_ms, const struct stream_position *at);

// Writes what differs from console to console, up to and with the comma; the bytes of
// `state` from 1 on follow.
void snapshot_head(struct buf *b, int64_t utc_ms, const struct http_request *r);

void snapshot_free(struct snapshots *s);

#endif
