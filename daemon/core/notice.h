// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A notice: what is owed to one channel about one alarm at one ladder step. It is a row
// of the outbox first (I5) and a message on the wire later; its id never changes, so a
// receiver can drop a repeat. Plain data. Pure.
#ifndef CORE_NOTICE_H
#define CORE_NOTICE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"

enum notice_state {
	NOTICE_OWED,
	NOTICE_DELIVERED,
	NOTICE_FAILED,    // gave up
	NOTICE_CANCELLED, // answered before it went out
	NOTICE_STATE_COUNT,
};

struct notice {
	char id[MINT_MAX]; // "<boot>-<n>", minted on the loop
	char channel[ID_MAX];
	char ladder[ID_MAX];
	uint8_t step;   // 0-based step of the ladder
	uint16_t round; // 0, then 1.. for repeats of the last step
	enum notice_state state;
	uint16_t attempts;
	int64_t created_utc_ms;
	int64_t next_utc_ms;  // next attempt; a pure function of creation and attempts
	bool repeated;        // sent before a restart, maybe: marked in the message
	bool saved;           // false: went out before it was durable (I5)
	struct event subject; // the onset this is about, as it was
};

const char *notice_state_name(enum notice_state s);
bool notice_state_from_name(const char *name, enum notice_state *out);

#endif
