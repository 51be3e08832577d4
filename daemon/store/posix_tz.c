// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Reads the rule with a scanner that never goes past the end, then answers by comparing
// with the two changes of the year. Pure: no state, no allocation, any thread. It
// refuses a rule it does not understand whole, so that no time is ever computed by half
// of one.
#include "store/posix_tz.h"

#include <ctype.h>

#include "store/zone.h"

enum {
	DAY_S = 86400,
	HOUR_S = 3600,
	HOURS_MAX = 167
};

struct scan {
	const char *at, *end;
};

static char
peek(const struct scan *s)
{
	return s->at < s->end ? *s->at : '\0';
}

static bool
accept(struct scan *s, char c)
{
	if (peek(s) != c || c == '\0')
		return false;
	s->at++;
	return true;
}

static bool
number(struct scan *s, int min, int max, int *out)
{
	int n = 0, digits = 0;
	while (isdigit((unsigned char)peek(s)) && digits < 4) {
		n = n * 10 + (*s->at++ - '0');
		digits++;
	}
	*out = n;
	return digits > 0 && n >= min && n <= max;
}

static bool
name(struct scan *s)
{
	const char *from = s->at;
	if (accept(s, '<')) {
		while (peek(s) != '\0' && peek(s) != '>')
			s->at++;
		return accept(s, '>');
	}
	while (isalpha((unsigned char)peek(s)))
		s->at++;
	return s->at - from >= 3;
}

// [+-]hh[:mm[:ss]]
static bool
clock_time(struct scan *s, int32_t *out)
{
	int sign = accept(s, '-') ? -1 : 1;
	if (sign > 0)
		(void)accept(s, '+');
	int h = 0, m = 0, sec = 0;
	if (!number(s, 0, HOURS_MAX, &h))
		return false;
	if (accept(s, ':')) {
		if (!number(s, 0, 59, &m))
			return false;
		if (accept(s, ':') && !number(s, 0, 59, &sec))
			return false;
	}
	*out = sign * (h * HOUR_S + m * 60 + sec);
	return true;
}

static bool
change(struct scan *s, struct tz_change *c)
{
	*c = (struct tz_change){ .time_s = 2 * HOUR_S };
	bool ok;
	if (accept(s, 'M')) {
		c->form = TZ_MONTH_WEEK_DAY;
		ok = number(s, 1, 12, &c->month) && accept(s, '.') &&
		     number(s, 1, 5, &c->week) && accept(s, '.') &&
		     number(s, 0, 6, &c->day);
	} else if (accept(s, 'J')) {
		c->form = TZ_JULIAN_NO_LEAP;
		ok = number(s, 1, 365, &c->day);
	} else {
		c->form = TZ_DAY_OF_YEAR;
		ok = number(s, 0, 365, &c->day);
	}
	return ok && (!accept(s, '/') || clock_time(s, &c->time_s));
}

int
posix_tz_parse(const char *text, size_t len, struct posix_tz *out)
{
	struct scan s = { text, text + len };
	int32_t west = 0;
	*out = (struct posix_tz){ 0 };
	if (!name(&s) || !clock_time(&s, &west))
		return -1;
	out->standard_s = -west;
	if (s.at == s.end)
		return 0;
	if (!name(&s))
		return -1;
	out->has_daylight = true;
	out->daylight_s = out->standard_s + HOUR_S;
	if (peek(&s) != ',') {
		if (!clock_time(&s, &west))
			return -1;
		out->daylight_s = -west;
	}
	if (!accept(&s, ',') || !change(&s, &out->begin) || !accept(&s, ',') ||
	    !change(&s, &out->end) || s.at != s.end)
		return -1;
	return 0;
}

static bool
leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

// Local seconds since 1970 of a change in this year.
static int64_t
change_local_s(const struct tz_change *c, int64_t year)
{
	int64_t day = civil_to_days((struct civil){ year, 1, 1 });
	switch (c->form) {
	case TZ_JULIAN_NO_LEAP:
		day += c->day - 1 + (leap(year) && c->day >= 60 ? 1 : 0);
		break;
	case TZ_DAY_OF_YEAR:
		day += c->day;
		break;
	case TZ_MONTH_WEEK_DAY: {
		unsigned month = (unsigned)c->month;
		int64_t first = civil_to_days((struct civil){ year, month, 1 });
		int64_t next =
		    month == 12 ? civil_to_days((struct civil){ year + 1, 1, 1 })
				: civil_to_days((struct civil){ year, month + 1, 1 });
		int64_t weekday = ((first + 4) % 7 + 7) % 7; // 1970-01-01: Thursday
		day = first + (c->day - weekday + 7) % 7 + 7 * (c->week - 1);
		if (day >= next)
			day -= 7;
		break;
	}
	}
	return day * DAY_S + c->time_s;
}

int32_t
posix_tz_offset_s(const struct posix_tz *tz, int64_t utc_s)
{
	if (!tz->has_daylight)
		return tz->standard_s;
	int64_t local = utc_s + tz->standard_s;
	int64_t days = local / DAY_S - (local % DAY_S < 0 ? 1 : 0);
	int64_t year = civil_from_days(days).year;
	int64_t begin = change_local_s(&tz->begin, year) - tz->standard_s;
	int64_t end = change_local_s(&tz->end, year) - tz->daylight_s;
	bool daylight =
	    begin < end ? utc_s >= begin && utc_s < end : utc_s >= begin || utc_s < end;
	return daylight ? tz->daylight_s : tz->standard_s;
}
