// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Gauges that people read at the dial in a report's span, from their events: each
// stands on the day it was read, also where it was entered later. Inside report/ only.
// One thread.
#ifndef REPORT_HAND_READINGS_H
#define REPORT_HAND_READINGS_H

#include "report/definitions.h"

enum {
	HAND_NOTE = 400,
	HAND_WORD = 16,
};

struct hand_read {
	int64_t seq, read_ms;
	char point[ID_MAX], who[ID_MAX];
	char place_zh[PLACE_MAX], place_en[PLACE_MAX];
	double value, sensor, difference, tolerance; // kPa; NaN = not known, none
	char is[HAND_WORD];                          // core/hand.h
	char note[HAND_NOTE];
};

struct hand_reads {
	struct hand_read *all; // by when they were read; owned
	size_t n, size;
};

// 0 or -1. Free in both cases.
int hand_reads_read(
    const struct report_input *in, struct hand_reads *h, struct err *err);
void hand_reads_free(struct hand_reads *h);

// The newest of a point, or NULL.
const struct hand_read *hand_reads_newest(
    const struct hand_reads *h, const char *point);
// The nearest to a moment, an hour away at most, or NULL.
const struct hand_read *hand_reads_near(
    const struct hand_reads *h, const char *point, int64_t utc_ms);

// Adds the table "hand_readings".
void hand_reads_put(const struct hand_reads *h, struct report_doc *d);

#endif
