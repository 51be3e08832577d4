// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the units of a recording say at a moment of it. Pure but for its memory; no I/O,
// no clock; one thread.
//
// - The very request that was recorded gets the answers that it got, in their order:
//   none of them that differs is passed over, each is given once its time has come; but
//   after it was not asked for long, it gets what holds then.
// - Another request is answered out of what was last read of its registers.
// - A unit that gave two or more bad answers running, or none, is out for every request
//   until it is recorded to answer again.
// - Before something was first asked it is taken to be what it then was: a recorder
//   comes into a bus that runs.
// - What was never recorded has no answer (I6).
#ifndef DRIVERS_REPLAY_IMAGE_H
#define DRIVERS_REPLAY_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/recording.h"

enum {
	REPLAY_DATA_MAX = 250, // V1.1b3 6.1 to 6.4
};

struct replay_question {
	uint8_t unit, function;
	uint16_t address, count; // of a write: registers
	uint32_t at_ms;          // of the recording
	bool hasty; // time runs faster than requests do: what is over is passed over
};

struct replay_answer {
	enum recorded_end end; // RECORDED_ANSWER to a write: its echo
	uint8_t exception;
	uint8_t n_data;
	uint32_t took_ms;
	uint8_t data[REPLAY_DATA_MAX];
};

struct replay_image;

// `r` must outlive it.
struct replay_image *replay_image_new(const struct recording *r);
void replay_image_free(struct replay_image *i); // NULL is fine

void replay_image_ask(
    struct replay_image *i, const struct replay_question *q, struct replay_answer *out);

#endif
