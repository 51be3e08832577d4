// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Every occurrence whose onset lies in a report's span, or up to 31 days before it and
// is not over at its begin, with what followed: acknowledgement, end, verdicts. From
// the journal's events, each with its seq, so that every figure made of them opens
// (I13). Inside report/ only. One thread.
#ifndef REPORT_OCCURRENCES_H
#define REPORT_OCCURRENCES_H

#include "report/definitions.h"

enum {
	OCCURRENCE_TEXT = 24
};

struct occurrence {
	char id[MINT_MAX];
	int64_t seq, time_ms; // of the onset
	bool inside;          // the onset lies in the span
	bool test;            // began in test mode
	char point[ID_MAX], code[CODE_MAX];
	char place_zh[PLACE_MAX], place_en[PLACE_MAX];
	int alarm_class, condition;                // -1 = none
	int64_t acknowledged_ms, acknowledged_seq; // the first; 0 = nobody has
	int64_t end_ms;                            // first clear or close; 0 = none
	char verdict[OCCURRENCE_TEXT], cause[OCCURRENCE_TEXT]; // the newest; "" = none
	int64_t *verdicts;                                     // seqs, owned
	size_t n_verdicts;
	char key[ID_MAX]; // scratch of who groups them
};

// The onset of one that is an alarm and counts, apart: a year's are looked through for
// each of its days.
struct onset {
	int64_t time_ms, seq;
};

struct occurrences {
	size_t n, size, n_onsets;
	struct occurrence *all; // by seq of the onset
	struct onset *onsets;   // the same order
	int64_t until_ms;       // end of the span, or now
};

// 0 or -1. Free in both cases.
int occurrences_read(
    const struct report_input *in, struct occurrences *o, struct err *err);
void occurrences_free(struct occurrences *o);

// The seqs of the alarms that count with an onset in [from, to); `ids` has room for
// all.
size_t occurrences_within(
    const struct occurrences *o, int64_t from_ms, int64_t to_ms, int64_t *ids);

// Whether it counts as new in the span: inside, and no test.
static inline bool
occurrence_counts(const struct occurrence *o)
{
	return o->inside && !o->test;
}

// Whether it is an alarm besides: information asks nothing of anybody (a pump that runs
// as it should), and would drown what does.
static inline bool
occurrence_is_alarm(const struct occurrence *o)
{
	return occurrence_counts(o) && o->alarm_class != CLASS_INFO;
}

#endif
