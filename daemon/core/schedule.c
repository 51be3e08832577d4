// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See schedule.h. Owns nothing; any thread.
#include "core/schedule.h"

#include <assert.h>

enum {
	MINUTE_S = 60,
	DAY_S = DAY_MINUTES * MINUTE_S,
	EPOCH_DAY = 3, // 1970-01-01 was a Thursday
};

unsigned
schedule_minute(int64_t local_s)
{
	int64_t days = local_s / DAY_S, rest = local_s % DAY_S;

	if (rest < 0) {
		rest += DAY_S;
		days--;
	}
	int64_t day = (days + EPOCH_DAY) % WEEK_DAYS;
	if (day < 0)
		day += WEEK_DAYS;
	return (unsigned)(day * DAY_MINUTES + rest / MINUTE_S);
}

bool
schedule_covers(const struct schedule *s, unsigned week_minute)
{
	for (unsigned i = 0; i < s->n; i++) {
		const struct week_span *span = &s->spans[i];
		unsigned from = span->from_min;
		unsigned length =
		    (span->to_min + DAY_MINUTES - from - 1) % DAY_MINUTES + 1;
		for (unsigned day = 0; day < WEEK_DAYS; day++) {
			unsigned begin = day * DAY_MINUTES + from;
			unsigned since =
			    (week_minute + WEEK_MINUTES - begin) % WEEK_MINUTES;
			if ((span->days & 1U << day) != 0 && since < length)
				return true;
		}
	}
	return false;
}

const char *
schedule_day_name(unsigned day)
{
	static const char *const names[WEEK_DAYS] = { "mon", "tue", "wed", "thu", "fri",
		"sat", "sun" };

	assert(day < WEEK_DAYS);
	return names[day];
}
