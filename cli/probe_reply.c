// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Figures of reply times. Keeps nothing. Refuses to propose a time-out from a handful
// of answers: the slow ones are rare.
#include "cli/probe_reply.h"

#include <math.h>
#include <stdlib.h>

#include "lib/mem.h"

enum {
	ANSWERS_LEAST = 20
};

static const uint32_t edges[TIME_BUCKETS] = { 1, 2, 5, 10, 20, 50, 100, 200, 300, 500,
	1000, 2000, 5000, UINT32_MAX };

// Time-outs that people write. None is so short that a busy switch, or this machine
// when it is busy, would make a good device silent.
static const uint32_t round_ms[] = { 100, 150, 200, 250, 300, 400, 500, 600, 800, 1000,
	1200, 1500, 2000, 2500, 3000, 4000, 5000, 6000, 8000, 10000, 15000, 20000,
	30000 };

uint32_t
time_bucket_edge(unsigned i)
{
	wr_assert(i < TIME_BUCKETS);
	return edges[i];
}

unsigned
time_bucket(uint32_t us)
{
	unsigned i = 0;

	while (i + 1 < TIME_BUCKETS && us > (uint64_t)edges[i] * 1000)
		i++;
	return i;
}

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

void
time_sort(struct reply_times *t)
{
	qsort(t->us, t->answered, sizeof(t->us[0]), compare);
}

uint32_t
time_percentile(const struct reply_times *t, double percent)
{
	if (t->answered == 0)
		return 0;
	unsigned at = (unsigned)ceil(t->answered * percent / 100);
	return t->us[at == 0 ? 0 : at - 1];
}

// Twice what 99 of 100 need and a quarter above the slowest, to the next round figure;
// 100 ms at least.
uint32_t
time_propose_ms(const struct reply_times *t)
{
	if (t->answered < ANSWERS_LEAST)
		return 0;
	double ms =
	    fmax(time_percentile(t, 99) * 2.0, time_percentile(t, 100) * 1.25) / 1000.0;
	for (size_t i = 0; i < sizeof(round_ms) / sizeof(round_ms[0]); i++)
		if (ms <= round_ms[i])
			return round_ms[i];
	return round_ms[sizeof(round_ms) / sizeof(round_ms[0]) - 1];
}
