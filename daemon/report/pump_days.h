// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the journal says of each pump of the site in a statistics day: starts, stops,
// pressures, run time, findings, and the runs that GB 50974-2014 14.0.4 asks for; with
// the numbers of the events (I13) and how much of the day it was not watched (I6).
// Inside report/ only. One thread.
#ifndef REPORT_PUMP_DAYS_H
#define REPORT_PUMP_DAYS_H

#include "core/pump_exercise.h"
#include "report/unwatched.h"

// Event numbers; owned.
struct seqs {
	int64_t *all;
	size_t n, size;
};
void seqs_add(struct seqs *s, int64_t seq);

// The newest run of the week or month that counts for an exercise, up to the end of the
// report's span.
struct pump_exercised {
	int64_t begin_ms, end_ms; // of the week or month in which the span begins
	int64_t at_ms, seq;       // 0 = none was seen
	enum pump_mode mode;
	int64_t unwatched_ms; // of that week or month so far
};

struct pump_day {
	const struct pump_def *def;
	int64_t by_mode[PUMP_MODE_COUNT];  // starts
	struct seqs starts, stops, alarms; // of the day
	double start_min, start_max;       // kPa; NaN = none known
	double stop_min, stop_max;
	int64_t ran_ms, unwatched_ms; // of the day so far
	int64_t passed_ms;
	unsigned found; // mask of findings that stood in the day
	struct pump_exercised exercised[PUMP_EXERCISE_COUNT];
};

struct pump_days {
	size_t n;
	struct pump_day *all; // in the order of the site; owned
};

// 0 or -1; no pumps where the site is not known. Free in both cases.
int pump_days_read(const struct report_input *in, const struct occurrences *o,
    struct pump_days *p, struct err *err);
void pump_days_free(struct pump_days *p);

// Whether there is a number of starts: some were seen, or a part of the day was
// watched.
bool pump_day_known(const struct pump_day *p);

// Adds the tables "pumps" and "exercises", where the site has pumps.
void pump_days_put(
    const struct report_input *in, const struct pump_days *p, struct report_doc *d);

#endif
