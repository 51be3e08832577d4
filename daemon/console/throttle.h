// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Failed log-ins of the last minute, per name and per address. Pure: `now` is an
// argument.
#ifndef CONSOLE_THROTTLE_H
#define CONSOLE_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event.h"

enum {
	THROTTLE_FAILURES = 5,
	THROTTLE_WINDOW_MS = 60000,
	THROTTLE_ENTRIES = 512
};

struct throttle {
	size_t next;
	struct throttle_entry {
		uint64_t ticket; // 0 = free
		int64_t at_ms;
		char name[ID_MAX];
		unsigned char address[16];
	} entries[THROTTLE_ENTRIES];
	uint64_t last_ticket;
};

// Counts an attempt as failed until throttle_forgive(ticket) says otherwise, so that
// attempts in flight count. 0 = too many, do not try.
uint64_t throttle_take(struct throttle *t, const char *name,
    const unsigned char address[16], int64_t now_ms);
void throttle_forgive(struct throttle *t, uint64_t ticket);

#endif
