// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a server of the benchmarks sees of its poller: how long each unit was left
// unasked, how many polls are missing, and how soon a cured unit is asked again. One
// thread. Times are CLOCK_MONOTONIC microseconds.
#ifndef TESTS_BENCH_WATCH_H
#define TESTS_BENCH_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct watch {
	int64_t last_us;  // 0 = never asked
	int64_t worst_us; // longest time between two requests since the last reset
	uint64_t missing; // polls that did not come within one period and a half
	uint64_t asked;
	bool cured; // was dead; not asked since
};

int64_t watch_now_us(void);

// `period_us` is what the poller was told.
void watch_asked(struct watch *w, int64_t now_us, int64_t period_us);

// Begins to measure: what was asked before stays the start of the first gap.
void watch_reset(struct watch *all, unsigned n);

// Prints "gaps UNITS WORST_US MEDIAN_US MISSING" over those that were ever asked and
// are not marked in `skip` (which may be NULL); a gap that is still open counts.
void watch_print(struct watch *all, const bool *skip, unsigned n, int64_t period_us);

// Reads "WORD [a [b [c]]]" lines of the runner from standard input.
struct watch_command {
	char word[16];
	unsigned n, arg[3];
};
// False at the end of input.
bool watch_command(struct watch_command *c);

// A whole decimal number of a command line, 0 to 10 million; ends the program if bad.
long watch_number(const char *text);

#endif
