// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Where the lines of a curve run in a box of a given size, for whoever draws: the axis
// of values begins and ends at round figures, that of times has a mark each so many
// whole hours of local time. Pure but for local time. Inside report/ only.
#ifndef REPORT_CHART_H
#define REPORT_CHART_H

#include "report/doc.h"

enum {
	CHART_MARKS_MAX = 16
};

struct chart_mark {
	double at;     // along its axis
	char text[16]; // "0.60", "14:00"
};

struct chart_plan {
	double width, height;   // of the box; x to the right, y down
	double least, greatest; // kPa at the lower and the upper edge
	size_t n_values, n_times;
	struct chart_mark values[CHART_MARKS_MAX]; // at = y
	struct chart_mark times[CHART_MARKS_MAX];  // at = x
};

// False where the chart has no good step at all: there is nothing to draw.
bool chart_plan(
    const struct report_chart *c, double width, double height, struct chart_plan *out);
// Where so many steps from the begin are.
double chart_x(const struct chart_plan *p, const struct report_chart *c, double steps);
double chart_y(const struct chart_plan *p, double kpa);

// The run of steps with a value that begins at or after `from`: [*begin, *end). False
// where there is none.
bool chart_run(const struct report_chart *c, size_t from, size_t *begin, size_t *end);

// The line of one of a step's values (offsetof in struct chart_step) over a run:
// through the middle of each step, level to the edges of the run, so that a lone step
// is seen too. `out` has room for end - begin + 2; how many there are.
struct chart_dot {
	double x, y;
};
size_t chart_outline(const struct chart_plan *p, const struct report_chart *c,
    size_t begin, size_t end, size_t offset, struct chart_dot *out);

#endif
