// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Hours of the week in local time: when a door may stand open, when it is night. Plain
// data; the caller turns a moment into local time. Pure.
#ifndef CORE_SCHEDULE_H
#define CORE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	DAY_MINUTES = 24 * 60,
	WEEK_DAYS = 7,
	WEEK_MINUTES = WEEK_DAYS * DAY_MINUTES,
};

// From one time of day to another; where `to` is not later it is of the next day, and
// the days are those on which it begins.
struct week_span {
	uint8_t days; // mask of 1 << day, Monday is 0
	uint16_t from_min, to_min;
};

struct schedule {
	uint8_t n;
	const struct week_span *spans;
};

// Minutes since Monday 00:00 of a local time in seconds since 1970-01-01 00:00 local
// (a Thursday).
unsigned schedule_minute(int64_t local_s);

// Whether the minute of the week lies within a span.
bool schedule_covers(const struct schedule *s, unsigned week_minute);

const char *schedule_day_name(unsigned day); // "mon", ...

#endif
