// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// How long answers took: histogram, percentiles, and the time-out that follows. Pure.
#ifndef CLI_PROBE_REPLY_H
#define CLI_PROBE_REPLY_H

#include <stdint.h>

enum {
	TIME_BUCKETS = 14
};
struct reply_times {
	unsigned asked, answered, silent, garbled;
	uint32_t us[10000]; // of the answered ones
};
// Upper edges of the histogram in ms, the last one open; which one a time falls into.
uint32_t time_bucket_edge(unsigned i);
unsigned time_bucket(uint32_t us);
// The time under which `percent` of the answers came, in us; `t` must be sorted.
uint32_t time_percentile(const struct reply_times *t, double percent);
void time_sort(struct reply_times *t);
// A time-out that would have lost none of them, with room for a bad day; 0 where too
// few were answered to say.
uint32_t time_propose_ms(const struct reply_times *t);

#endif
