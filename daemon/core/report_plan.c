// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See report_plan.h. Days are counted by the proleptic Gregorian calendar.
#include "core/report_plan.h"

#include <assert.h>

enum {
	DAY_S = 24 * 60 * 60,
	WEEK = 7,
	THURSDAY = 3, // 1970-01-01; Monday is 0
};

static const struct {
	const char *name;
	enum report_span span;
} reports[] = {
#define X(id, name, span) [id] = { name, span },
	REPORTS(X)
#undef X
};

static const struct {
	const char *name, *type;
} formats[] = {
#define X(id, name, type) [id] = { name, type },
	REPORT_FORMATS(X)
#undef X
};

const char *
report_name(enum report_id r)
{
	assert((unsigned)r < REPORT_COUNT);
	return reports[r].name;
}

enum report_span
report_span(enum report_id r)
{
	assert((unsigned)r < REPORT_COUNT);
	return reports[r].span;
}

const char *
report_format_name(enum report_format f)
{
	assert((unsigned)f < REPORT_FORMAT_COUNT);
	return formats[f].name;
}

const char *
report_format_type(enum report_format f)
{
	assert((unsigned)f < REPORT_FORMAT_COUNT);
	return formats[f].type;
}

const char *
report_target_name(enum report_target t)
{
	return t == REPORT_TO_FOLDER ? "folder" : "post";
}

bool
report_plan_item(const struct report_plan *p, unsigned i, struct report_item *out)
{
	assert(i < REPORT_ITEMS);
	out->format = (enum report_format)(i % REPORT_FORMAT_COUNT);
	out->lang = (uint8_t)(i / REPORT_FORMAT_COUNT % REPORT_LANGS);
	out->target = (enum report_target)(i / REPORT_FORMAT_COUNT / REPORT_LANGS);
	const char *where = out->target == REPORT_TO_FOLDER ? p->folder : p->url;
	return where[0] != '\0' && (p->langs >> out->lang & 1u) != 0 &&
	       (p->formats >> out->format & 1u) != 0;
}

// ---- the calendar -------------------------------------------------------------------

static int64_t
day_number(int64_t local_s)
{
	int64_t day = local_s / DAY_S;

	return day - (local_s % DAY_S < 0);
}

struct date {
	int year;
	unsigned month, day;
};

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

// By counting: a report is made a few times a day.
static struct date
date_of(int64_t number)
{
	static const unsigned months[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	struct date d = { 1970, 1, 1 };

	for (; number < 0; number += is_leap(d.year) ? 366 : 365)
		d.year--;
	for (; number >= (is_leap(d.year) ? 366 : 365); d.year++)
		number -= is_leap(d.year) ? 366 : 365;
	for (;; d.month++) {
		unsigned n = months[d.month - 1] + (d.month == 2 && is_leap(d.year));
		if (number < n)
			break;
		number -= n;
	}
	d.day = (unsigned)number + 1;
	return d;
}

bool
report_plan_falls(enum report_span span, int64_t local_s)
{
	int64_t number = day_number(local_s);
	struct date d = date_of(number);

	switch (span) {
	case REPORT_DAY:
		return true;
	case REPORT_WEEK:
		return ((number + THURSDAY) % WEEK + WEEK) % WEEK == 0;
	case REPORT_MONTH:
		return d.day == 1;
	case REPORT_YEAR:
		return d.day == 1 && d.month == 1;
	}
	return false;
}

static void
put_digits(char *at, unsigned n, int width)
{
	for (; width > 0; n /= 10)
		at[--width] = (char)('0' + n % 10);
}

void
report_plan_day(int64_t local_s, char out[static REPORT_DAY_SIZE])
{
	struct date d = date_of(day_number(local_s) - 1);

	put_digits(out, (unsigned)d.year, 4);
	out[4] = out[7] = '-';
	put_digits(out + 5, d.month, 2);
	put_digits(out + 8, d.day, 2);
	out[REPORT_DAY_SIZE - 1] = '\0';
}
