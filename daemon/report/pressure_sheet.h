// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The first table of the pressure sheet, as the pump room's paper has it (E4): a row a
// gauge, with its readings at the set hours, least, mean and greatest value, limits,
// coverage, starts of its jockey pumps, and what is to be thought of it. Inside report/
// only. One thread.
#ifndef REPORT_PRESSURE_SHEET_H
#define REPORT_PRESSURE_SHEET_H

#include "report/hand_readings.h"
#include "report/pump_days.h"

enum {
	SHEET_HOURS_MAX =
	    4 // columns; sites with more have them in a table of their own
};

// A reading at a set hour, of the gauge with this number.
struct sheet_reading {
	size_t gauge;
	struct set_hour_row row;
};
struct sheet_readings {
	struct sheet_reading *all; // owned by the caller
	size_t n, size;
};

struct sheet_gauge {
	size_t number; // as the readings have it
	const struct pressure_day *day;
	const struct point *point;    // NULL: the site does not know it
	size_t silences;              // spans without a value
	const struct hand_read *hand; // the newest of the day, or NULL
};

// Adds the table; its hours are those of the readings.
struct report_table *pressure_sheet_table(
    struct report_doc *d, const struct sheet_readings *readings);
void pressure_sheet_put(struct report_table *t, const struct sheet_gauge *g,
    const struct sheet_readings *readings, const struct occurrences *o,
    const struct pump_days *pumps, const struct site *s);

// Tenths of a percent, rounded down: 99.99 % is not all of the day.
int64_t coverage_tenths(int64_t good_ms, int64_t expected_ms);

#endif
