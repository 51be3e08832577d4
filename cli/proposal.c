// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See proposal.h. low and high lie a margin beyond the edges of the normal band, a
// tenth of its width and a hundredth of the value at least; low_low and high_high a
// margin beyond the extreme, and three beyond the edge. The hysteresis is half a
// margin: a limit that tripped is over before the band begins.
#include "cli/proposal.h"

#include <math.h>
#include <stdlib.h>

#include "lib/mem.h"

static const int64_t day_ms = INT64_C(24) * 3600 * 1000;

static const struct {
	double rare;          // share of minutes beyond an edge
	double of_width;      // a margin, of the band's width
	double of_value;      // and of the value, at least
	double far;           // margins from an edge to low_low and high_high
	double of_hysteresis; // of a margin
	double moved; // of the band: weeks that lie farther apart are two levels
} rule = { .rare = 0.001,
	.of_width = 0.1,
	.of_value = 0.01,
	.far = 3,
	.of_hysteresis = 0.5,
	.moved = 0.5 };

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

// values: sorted by it.
static double
quantile(double *values, size_t n, double q)
{
	qsort(values, n, sizeof(*values), by_value);
	return values[(size_t)(q * (double)(n - 1))];
}

static unsigned
days_that_count(const struct proposal_minute *m, size_t n)
{
	unsigned days = 0;

	for (size_t i = 0, first = 0; i < n; i++) {
		bool last =
		    i + 1 == n || m[i + 1].utc_ms / day_ms != m[first].utc_ms / day_ms;
		if (!last)
			continue;
		days += i + 1 - first >= PROPOSAL_DAY_MINUTES;
		first = i + 1;
	}
	return days;
}

// The least and the greatest median of whole weeks, counted back from the end.
static void
medians(struct proposal *p, const struct proposal_minute *m, size_t n, double *values)
{
	const int64_t week_ms = 7 * day_ms;
	int64_t end = m[n - 1].utc_ms + 1;
	size_t i = n;

	p->week_low = INFINITY;
	p->week_high = -INFINITY;
	for (int64_t from = end - week_ms; i > 0; from -= week_ms) {
		size_t used = 0;
		for (; i > 0 && m[i - 1].utc_ms >= from; i--)
			values[used++] = (m[i - 1].min + m[i - 1].max) / 2;
		if (used < 2 * PROPOSAL_DAY_MINUTES)
			continue;
		double median = quantile(values, used, 0.5);
		p->week_low = fmin(p->week_low, median);
		p->week_high = fmax(p->week_high, median);
	}
}

static void
edges(struct proposal *p, const struct proposal_minute *m, size_t n, double *values)
{
	for (size_t i = 0; i < n; i++)
		values[i] = m[i].min;
	p->low_edge = quantile(values, n, rule.rare);
	p->lowest = values[0];
	for (size_t i = 0; i < n; i++)
		values[i] = m[i].max;
	p->high_edge = quantile(values, n, 1 - rule.rare);
	p->highest = values[n - 1];
}

static void
set(struct limit *l, double value, double hysteresis)
{
	*l = (struct limit){
		.set = value > 0, .value = value, .hysteresis = hysteresis
	};
}

static double
down(double value, double step)
{
	return floor(value / step + 1e-9) * step;
}

static double
up(double value, double step)
{
	return ceil(value / step - 1e-9) * step;
}

static void
propose(struct proposal *p, double step)
{
	double width = p->high_edge - p->low_edge;
	double margin = fmax(width * rule.of_width, p->high_edge * rule.of_value);
	double hysteresis = fmax(down(margin * rule.of_hysteresis, step), step);

	set(&p->of[LIMIT_LOW], down(p->low_edge - margin, step), hysteresis);
	set(&p->of[LIMIT_HIGH], up(p->high_edge + margin, step), hysteresis);
	set(&p->of[LIMIT_LOW_LOW], down(p->low_edge - rule.far * margin, step),
	    hysteresis);
	set(&p->of[LIMIT_HIGH_HIGH], up(p->high_edge + rule.far * margin, step),
	    hysteresis);
}

void
proposal_make(
    struct proposal *p, const struct proposal_minute *m, size_t n, double step)
{
	*p = (struct proposal){ .days = days_that_count(m, n) };
	if (p->days < PROPOSAL_DAYS) {
		p->refusal = PROPOSAL_FEW_DAYS;
		return;
	}
	double *values = xcalloc(n, sizeof(*values));
	edges(p, m, n, values);
	medians(p, m, n, values);
	free(values);
	double width = p->high_edge - p->low_edge;
	if (width <= 0)
		p->refusal = PROPOSAL_STANDS_STILL;
	else if (p->week_high - p->week_low > rule.moved * width)
		p->refusal = PROPOSAL_LEVEL_MOVED;
	else
		propose(p, step);
}

unsigned
proposal_count(
    const struct limit *l, enum limit_kind k, const struct proposal_minute *m, size_t n)
{
	bool low = k == LIMIT_LOW_LOW || k == LIMIT_LOW, tripped = false;
	unsigned times = 0;

	for (size_t i = 0; l->set && i < n; i++) {
		bool now = limit_tripped(l, k, low ? m[i].min : m[i].max, tripped);
		times += now && !tripped;
		tripped = now;
	}
	return times;
}
