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

enum {
	SNAPSHOT_MIN_MS = 100,  // at most this often
	SNAPSHOT_MAX_MS = 2000, // as old as it may be with nothing reported
	SNAPSHOT_ALARMS = 500,  // docs/api.md
	SNAPSHOT_READINGS = 200,
};

struct snapshots {
	struct blob *state;  // {"id": ..}, to be joined with a head
	struct blob *health; // {"counters", "devices", "health", "readings"}
	bool dirty;
	bool urgent;      // a command was answered: the next reader must see it
	int64_t built_ms; // monotonic
	uint64_t index;   // the stream's position that `state` contains
	uint64_t version; // counts builds
};

// Brings both up to date where they are dirty and old enough. `n` and `index` are where
// the stream stands.
void snapshot_refresh(struct snapshots *s, const struct console_host *host,
    int64_t now_ms, uint64_t n, uint64_t index);

// Writes what differs from console to console, up to and with the comma; the bytes of
// `state` from 1 on follow.
void snapshot_head(struct buf *b, int64_t utc_ms, const struct http_request *r);

void snapshot_free(struct snapshots *s);

#endif
