// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Escalation policy: who is told after how long, until somebody answered. Pure: given
// the ladder and how far an alarm has climbed, it says what is due and when.
#ifndef CORE_LADDER_H
#define CORE_LADDER_H

#include <stdbool.h>
#include <stdint.h>

enum {
	LADDER_STEPS_MAX = 8,
	LADDER_CHANNELS_MAX = 8
};

struct ladder_step {
	uint32_t after_ms;
	uint32_t repeat_ms; // 0 = once; repeats until answered
	uint8_t n_channels;
	uint16_t channels[LADDER_CHANNELS_MAX]; // indexes into site.channels
};

struct ladder {
	const char *id;
	uint16_t classes; // mask of 1 << enum alarm_class
	uint8_t n_steps;
	struct ladder_step steps[LADDER_STEPS_MAX]; // ordered by after_ms
};

// How far one alarm has climbed. Zeroed at onset.
struct ladder_climb {
	int64_t onset_ms; // monotonic or UTC, as the caller uses `now`
	uint8_t next_step;
	uint16_t rounds; // repeats already due of the newest taken step that repeats
};

struct ladder_due {
	bool due;
	uint8_t step;
	uint16_t round;
};

// Takes one due step off the climb, oldest first; call until `due` is false. The newest
// taken step that repeats goes on repeating until the caller stops asking; repeats that
// were missed come as one.
struct ladder_due ladder_take(
    const struct ladder *l, struct ladder_climb *c, int64_t now_ms);

// When ladder_take will next have something, same clock as onset_ms; -1 = never.
int64_t ladder_next(const struct ladder *l, const struct ladder_climb *c);

// Delay before attempt number `attempts` (1 = the first retry), with the notice id's
// hash as jitter: 1 s doubling to 60 s, +-25 %. A pure function, so that a restart
// recomputes instead of remembering.
uint32_t ladder_backoff_ms(uint16_t attempts, uint32_t seed);

#endif
