// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Who is logged in: at most 64 sessions in memory. The cookie's token is kept as a hash
// only. The loop thread only.
#ifndef CONSOLE_SESSION_H
#define CONSOLE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event.h"

enum {
	SESSIONS_MAX = 64,
	SESSION_IDLE_MS = 12 * 3600 * 1000, // the longest shift
	SESSION_TOKEN_BYTES = 32,
	SESSION_HEX = 2 * SESSION_TOKEN_BYTES + 1,
};

struct session {
	uint64_t serial; // 0 = free slot; never used twice
	unsigned char token_hash[32];
	char csrf[SESSION_HEX];
	char user[ID_MAX];
	char name_zh[ID_MAX], name_en[ID_MAX];
	char role[16];
	char pin_mark[16]; // tail of the PIN's hash: a new PIN ends old sessions
	int64_t used_ms;   // monotonic; of the last command
};

struct sessions {
	uint64_t last_serial;
	struct session slots[SESSIONS_MAX];
};

// Opens one for the person in *who (user, names, role, pin_mark); the one unused for
// longest goes when all are taken. Writes the cookie's value. Valid until the next
// call.
const struct session *sessions_open(struct sessions *all, const struct session *who,
    int64_t now_ms, char token[static SESSION_HEX]);

// The session that a Cookie header names; NULL where there is none or it was idle for
// too long. `used`: a person does something. A page that only looks does not count, or
// a screen left on would stay logged in for ever.
const struct session *sessions_find(
    struct sessions *all, const char *cookie_header, int64_t now_ms, bool used);
const struct session *sessions_by_serial(const struct sessions *all, uint64_t serial);
void sessions_close(struct sessions *all, uint64_t serial);

bool session_csrf_is(const struct session *s, const char *header);

#endif
