// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See pump_exercise.h. Owns nothing; any thread.
#include "core/pump_exercise.h"

#include <assert.h>

enum {
	DAY_S = 24 * 3600,
	WEEK_S = 7 * DAY_S,
	THURSDAY = 3, // 1970-01-01 was one; Monday is 0
};

static const struct {
	const char *name;
	enum pump_mode mode;
} exercises[PUMP_EXERCISE_COUNT] = {
#define X(id, name, mode) [id] = { name, mode },
	PUMP_EXERCISES(X)
#undef X
};

const char *
pump_exercise_name(enum pump_exercise x)
{
	assert((unsigned)x < PUMP_EXERCISE_COUNT);
	return exercises[x].name;
}

bool
pump_exercise_counts(enum pump_exercise x, enum pump_mode mode)
{
	assert((unsigned)x < PUMP_EXERCISE_COUNT);
	return mode == exercises[x].mode || mode == PUMP_MODE_UNKNOWN;
}

static int64_t
days_of(int64_t local_s)
{
	return local_s >= 0 ? local_s / DAY_S : -((-local_s + DAY_S - 1) / DAY_S);
}

static bool
leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

// The day (since 1970) on which the month of `day` begins; *length of it. After 1970.
static int64_t
month_begin(int64_t day, int64_t *length)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t begin = 0, year = 1970;
	while (begin + (leap(year) ? 366 : 365) <= day) {
		begin += leap(year) ? 366 : 365;
		year++;
	}
	for (int m = 0;; m++) {
		*length = lengths[m] + (m == 1 && leap(year));
		if (m == 11 || begin + *length > day)
			return begin;
		begin += *length;
	}
}

int64_t
pump_exercise_begin(enum pump_exercise x, int64_t local_s)
{
	int64_t day = days_of(local_s), length;
	if (x == PUMP_MONTHLY_RUN)
		return month_begin(day, &length) * DAY_S;
	return (day - (day + THURSDAY) % 7) * DAY_S;
}

int64_t
pump_exercise_next(enum pump_exercise x, int64_t local_s)
{
	int64_t length;
	if (x != PUMP_MONTHLY_RUN)
		return pump_exercise_begin(x, local_s) + WEEK_S;
	int64_t begin = month_begin(days_of(local_s), &length);
	return (begin + length) * DAY_S;
}
