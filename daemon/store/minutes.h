// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Finished minutes on their way to the readings' writer: gathered on the loop, sent as
// one piece of work at a time. Runs on the loop.
#ifndef STORE_MINUTES_H
#define STORE_MINUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "store/readings.h"

struct minute_queue {
	struct minute_row *rows;
	size_t n, size;
	uint64_t dropped;         // since the start
	size_t n_samples;         // among the rows
	bool samples_refused;     // there were too many, and that was said
	struct minute_batch *cut; // retention, when nothing else waits; or NULL
};

void minutes_add(struct minute_queue *q, const char *point, const struct minute *m);
void minutes_add_set(
    struct minute_queue *q, const char *point, const struct set_reading *s);
// false: too many wait already; minutes are the record and go first.
bool minutes_add_sample(
    struct minute_queue *q, const char *point, const struct kept_sample *s);
// The oldest as a piece of work, else the retention that waits (before a few samples,
// too), else NULL.
struct minute_batch *minutes_take(struct minute_queue *q);
// Whether all that waits may wait for more: a few samples.
bool minutes_may_wait(const struct minute_queue *q);
void minutes_free(struct minute_queue *q);

#endif
