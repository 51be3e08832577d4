// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Values behind a selector: write which one, wait, read the result. One at a time, at
// most one start a period, and what is not obtained yet is asked for again without
// beginning anew. Pure: no I/O, no clock (`now` is monotonic ms); the times of the
// points are the caller's memory. Any thread.
#ifndef DRIVERS_DIALOG_CURSOR_H
#define DRIVERS_DIALOG_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/profile_dialog.h"

enum {
	CURSOR_RETRY_MS = 250, // "not obtained yet" is asked again after this
};

enum cursor_state {
	CURSOR_OFF, // nothing is behind an enabled selector
	CURSOR_IDLE,
	CURSOR_SELECTING,
	CURSOR_READING,
};

// A point that is read so.
struct cursor_point {
	uint32_t index; // into the device's points
	uint16_t number;
	uint8_t selector;
	int64_t next_ms; // not started before this
	int64_t good_ms; // last value; 0 = never
};

struct dialog_cursor {
	enum cursor_state state;
	int64_t due_ms; // of the write or the read; CURSOR_IDLE: of the next start
	int64_t begun_ms;
	int64_t start_ms; // no start before this
	uint32_t n, at;   // points, and the one in hand or next
	struct cursor_point *points;
};

// What an answer led to.
enum cursor_outcome {
	CURSOR_GOES_ON,
	CURSOR_VALUE,    // the read's data are the value of points[at_before]
	CURSOR_NO_VALUE, // given up
};

void cursor_start(
    struct dialog_cursor *c, struct cursor_point *points, uint32_t n, int64_t first_ms);

// The write goes out now: a start is counted.
void cursor_begin(struct dialog_cursor *c, const struct profile_selector *def,
    uint32_t poll_ms, int64_t now);

// The selector was echoed, or the result was read. CURSOR_VALUE: then call cursor_next.
enum cursor_outcome cursor_good(
    struct dialog_cursor *c, const struct profile_selector *def, int64_t now);

// An exception to either.
enum cursor_outcome cursor_exception(struct dialog_cursor *c,
    const struct profile_selector *def, uint8_t exception, int64_t now);

// No answer to either: it is asked again. Who has asked often enough calls cursor_next.
void cursor_unanswered(struct dialog_cursor *c, int64_t now);

// Goes to the next point.
void cursor_next(struct dialog_cursor *c, int64_t now);

// The device was lost: the one in hand begins anew.
void cursor_lost(struct dialog_cursor *c, int64_t now);

#endif
