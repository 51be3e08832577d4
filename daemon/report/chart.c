// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The geometry of a curve; see chart.h.
#include "report/chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/mem.h"

static const int64_t HOUR_MS = 3600 * 1000;

enum {
	VALUE_MARKS = 5, // about so many
	TIME_MARKS = 13, // at most so many
};

// The least of 1, 2 or 5 times a power of ten that is not below x.
static double
round_up(double x)
{
	double unit = pow(10.0, floor(log10(x)));
	static const double steps[] = { 1.0, 2.0, 5.0 };
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (steps[i] * unit >= x * (1.0 - 1e-9))
			return steps[i] * unit;
	}
	return 10.0 * unit;
}

static bool
span_of_values(const struct report_chart *c, double *least, double *greatest)
{
	bool any = false;
	for (size_t i = 0; i < c->n; i++) {
		if (!isfinite(c->steps[i].mean))
			continue;
		*least = any ? fmin(*least, c->steps[i].min) : c->steps[i].min;
		*greatest = any ? fmax(*greatest, c->steps[i].max) : c->steps[i].max;
		any = true;
	}
	return any;
}

static void
plan_values(struct chart_plan *p, double least, double greatest)
{
	double room = fmax(greatest - least, 1.0); // a flat line is not made a mountain
	double step = round_up(room / VALUE_MARKS);
	p->least = floor(least / step) * step;
	p->greatest = ceil(greatest / step) * step;
	if (p->greatest - p->least < step / 2)
		p->greatest = p->least + step;
	int decimals = step < 1.0 ? 4 : step < 10.0 ? 3 : 2;
	for (int i = 0; p->n_values < CHART_MARKS_MAX; i++) {
		double value = p->least + i * step;
		if (value > p->greatest + step / 2)
			return;
		struct chart_mark *m = &p->values[p->n_values++];
		m->at = chart_y(p, value);
		(void)snprintf(
		    m->text, sizeof(m->text), "%.*f", decimals, value / 1000.0);
	}
}

static void
plan_times(struct chart_plan *p, const struct report_chart *c)
{
	int64_t span = c->to_ms - c->from_ms;
	int64_t every = HOUR_MS;
	static const int64_t hours[] = { 1, 2, 3, 6, 12, 24, 48, 168 };
	for (size_t i = 0; i < sizeof(hours) / sizeof(hours[0]); i++) {
		every = hours[i] * HOUR_MS;
		if (span / every < TIME_MARKS)
			break;
	}
	for (int64_t t = c->from_ms; t <= c->to_ms && p->n_times < CHART_MARKS_MAX;
	     t += every) {
		struct chart_mark *m = &p->times[p->n_times++];
		time_t s = (time_t)(t / 1000);
		struct tm tm;
		(void)localtime_r(&s, &tm);
		m->at = p->width * (double)(t - c->from_ms) / (double)span;
		(void)strftime(m->text, sizeof(m->text),
		    every < 24 * HOUR_MS ? "%H:%M" : "%m-%d", &tm);
	}
}

bool
chart_plan(
    const struct report_chart *c, double width, double height, struct chart_plan *out)
{
	double least = 0.0, greatest = 0.0;

	*out = (struct chart_plan){ .width = width, .height = height };
	if (!span_of_values(c, &least, &greatest))
		return false;
	plan_values(out, least, greatest);
	plan_times(out, c);
	return true;
}

double
chart_x(const struct chart_plan *p, const struct report_chart *c, double steps)
{
	return p->width * steps * (double)c->step_ms / (double)(c->to_ms - c->from_ms);
}

double
chart_y(const struct chart_plan *p, double kpa)
{
	return p->height * (p->greatest - kpa) / (p->greatest - p->least);
}

bool
chart_run(const struct report_chart *c, size_t from, size_t *begin, size_t *end)
{
	while (from < c->n && !isfinite(c->steps[from].mean))
		from++;
	*begin = from;
	while (from < c->n && isfinite(c->steps[from].mean))
		from++;
	*end = from;
	return *begin < *end;
}

size_t
chart_outline(const struct chart_plan *p, const struct report_chart *c, size_t begin,
    size_t end, size_t offset, struct chart_dot *out)
{
	size_t n = 0;
	for (size_t i = begin; i < end; i++) {
		double kpa;
		memcpy(&kpa, (const char *)&c->steps[i] + offset, sizeof(kpa));
		double y = chart_y(p, kpa);
		if (i == begin)
			out[n++] = (struct chart_dot){ chart_x(p, c, (double)i), y };
		out[n++] = (struct chart_dot){ chart_x(p, c, (double)i + 0.5), y };
		if (i + 1 == end)
			out[n++] = (struct chart_dot){ chart_x(p, c, (double)end), y };
	}
	return n;
}
