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
	uint32_t spread_ms; // a question may come so much sooner, by chance
};

struct deadman {
	bool asked, missed;
	int64_t alive_ms; // the newest sign of life
	uint32_t
	    sooner_ms; // by so much the next question comes before its interval ends
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

// How much sooner the next question comes, by a random number, so that nobody learns
// when: after each sign of life.
void deadman_draw(struct deadman *d, const struct deadman_rule *r, uint32_t random);

// What time brings; also at deadman_due. At most one step a call, the due of which is
// then not after `now_ms` where there is another.
enum deadman_step deadman_feed(
    struct deadman *d, const struct deadman_rule *r, bool night, int64_t now_ms);
int64_t deadman_due(
    const struct deadman *d, const struct deadman_rule *r, bool night); // -1 = none

// A sign of life. True where it answers a question, and how long that took.
bool deadman_alive(struct deadman *d, int64_t now_ms, int64_t *took_ms);

#endif
