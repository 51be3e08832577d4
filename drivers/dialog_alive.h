// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Whether the source behind a device lives: a value that says so, or a counter that
// moves. A gateway that answers proves nothing about the panel behind it. Pure: no I/O,
// no clock (`now` is monotonic ms), no allocation, any thread.
#ifndef DRIVERS_DIALOG_ALIVE_H
#define DRIVERS_DIALOG_ALIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/profile_dialog.h"

enum {
	ALIVE_SLOW_MS = 60000, // asked again where the device has no such register
};

enum alive_state {
	ALIVE_UNREAD, // nothing of the device counts before this was read
	ALIVE_GOOD,
	ALIVE_DEAD,
	ALIVE_UNWATCHED, // the device does not tell: its points count, a fault stands
};

struct dialog_alive {
	enum alive_state state;
	int64_t due_ms;
	uint16_t value;   // ALIVE_MOVES: the last one
	int64_t moved_ms; // and when it last differed
	bool have;        // value is filled
	bool asking;    // it did not tell before, and is asked before anything is said
	uint8_t silent; // in a row without an answer
};

void alive_start(struct dialog_alive *a, int64_t due_ms);

// Where it is read, for the node with this number (0 where the item has no nodes).
uint16_t alive_address(const struct profile_alive *def, uint16_t node);

// One reading. True while the source lives.
bool alive_take(struct dialog_alive *a, const struct profile_alive *def, uint16_t node,
    uint16_t word, uint32_t poll_ms, int64_t now);

// The device has no such register, or does not answer for it: asked again slowly.
void alive_absent(struct dialog_alive *a, int64_t now);

// No answer. True when it has been silent too often to be waited for.
bool alive_unanswered(struct dialog_alive *a, uint8_t retries, int64_t now);

// The device is back. True where this is to be asked at once: it did not tell before.
bool alive_back(struct dialog_alive *a);

// The device was lost for another reason. A counter that stood still still has to move.
void alive_lost(struct dialog_alive *a);

#endif
