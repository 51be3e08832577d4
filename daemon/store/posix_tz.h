// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The rule at the end of a TZif file: a POSIX TZ string with the extension of RFC 8536
// 3.3.1 (hours from -167 to 167). Pure; any thread.
#ifndef STORE_POSIX_TZ_H
#define STORE_POSIX_TZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tz_day_form {
	TZ_JULIAN_NO_LEAP,
	TZ_DAY_OF_YEAR,
	TZ_MONTH_WEEK_DAY
};

struct tz_change {
	enum tz_day_form form;
	int month, week, day;
	int32_t time_s; // local time of the change, after midnight
};

struct posix_tz {
	int32_t standard_s, daylight_s; // east of UTC
	bool has_daylight;
	struct tz_change begin, end;
};

// `text` needs no NUL. Returns 0, or -1 where it is not such a rule.
int posix_tz_parse(const char *text, size_t len, struct posix_tz *out);

// Seconds east of UTC at this moment.
int32_t posix_tz_offset_s(const struct posix_tz *tz, int64_t utc_s);

#endif
