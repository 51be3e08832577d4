// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The dead-man watch: is somebody awake at the desk. After so long without a sign of
// life it asks; who does not answer in time is an alarm that lasts until somebody does.
// Pure.
//
//   asked, not yet over          -> an answer: an event with its seconds, the interval
//                                   begins anew
//   answer_ms after the question -> missed: an alarm; an answer ends it
//   a sign of life otherwise     -> the interval begins anew; where it was asked, that
//   is
//                                   an answer
//   the interval becomes 0       -> the question is taken back, unless it was missed
#ifndef CORE_DEADMAN_H
#define CORE_DEADMAN_H

#include <stdbool.h>
#include <stdint.h>

struct deadman_rule {
	uint32_t day_ms, night_ms; // between signs of life; 0 = nobody is asked
	uint32_t answer_ms;
};

struct deadman {
	bool asked, missed;
	int64_t alive_ms; // the newest sign of life
	int64_t asked_ms;
};

enum deadman_step {
	DEADMAN_NOTHING,
	DEADMAN_ASK,
	DEADMAN_TAKE_BACK,
	DEADMAN_MISS,
};

// `missed`, and `alive_ms`, the newest sign of life: as they were when the daemon
// stopped. A stop is none.
void deadman_start(struct deadman *d, bool missed, int64_t alive_ms, int64_t now_ms);

// What time brings; also at deadman_due. At most one step a call, the due of which is
// then not after `now_ms` where there is another.
enum deadman_step deadman_feed(
    struct deadman *d, const struct deadman_rule *r, bool night, int64_t now_ms);
int64_t deadman_due(
    const struct deadman *d, const struct deadman_rule *r, bool night); // -1 = none

// A sign of life. True where it answers a question, and how long that took.
bool deadman_alive(struct deadman *d, int64_t now_ms, int64_t *took_ms);

#endif
