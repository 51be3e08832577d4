// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The world around the real engine and outbox, so small that all of it can be explored:
// a disk that commits one unit of work when it is told to, one channel that sends one
// notice when it is told to, a detector, an operator, and a switch that cuts the power.
// Checks at each step what must never be (I3, I5); a broken rule ends the program with
// the steps that led there.
#ifndef TESTS_SIMULATION_OUTBOX_WORLD_H
#define TESTS_SIMULATION_OUTBOX_WORLD_H

#include <stdbool.h>
#include <stddef.h>

enum action {
	DO_TRUE,     // the detector reports fire
	DO_CLEAR,    // and that it is over
	DO_ACK,      // a person acknowledges what is open
	DO_COMMIT,   // the oldest unit of work becomes durable
	DO_SEND,     // the channel's next notice reaches the people
	DO_RECEIPT,  // and the daemon hears of it
	DO_FAIL,     // an attempt fails; it will be tried again
	DO_PATIENCE, // 1.1 s pass
	DO_TICK,     // 0.3 s pass
	DO_CRASH,    // the power is cut, and the daemon starts again
	DO_DISK,     // the disk fails, or works again
	DO_JAM,      // the mailbox of the delivery thread is full, or has room again
	ACTION_COUNT,
};

// How much may happen in one life of the world.
struct world_bounds {
	unsigned onsets, crashes, fails, disks, jams, ticks;
};

extern const char *const action_names[ACTION_COUNT];

// Once, at start and at end.
void world_open(const char *panels);
void world_close(void);

// A world in which nothing has happened.
void world_begin(const struct world_bounds *bounds);
void world_end(void);

// False: that cannot happen now.
bool world_do(enum action a);

// Everything that decides what can come, as text; the same text, the same future.
void world_key(char *out, size_t size);

// Whatever is still on its way arrives; then everything must be as it ought to be.
void world_finish(void);

#endif
