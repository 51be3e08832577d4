// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See host_expiry.h. Reads by hand: strptime would follow the locale.
#include "drivers/host_expiry.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

enum {
	YEAR_MIN = 1970,
	YEAR_MAX = 9999
};

// Moves behind `text`, which must stand here.
static bool
skip(const char **s, const char *text)
{
	size_t n = strlen(text);
	if (strncmp(*s, text, n) != 0)
		return false;
	*s += n;
	return true;
}

// A number of up to `digits` digits, a blank standing for a leading zero.
static bool
number(const char **s, int digits, int min, int max, int *out)
{
	int n = 0, seen = 0;
	while (digits > 0 && **s == ' ') {
		(*s)++;
		digits--;
	}
	for (; seen < digits && **s >= '0' && **s <= '9'; seen++, (*s)++)
		n = n * 10 + (**s - '0');
	*out = n;
	return seen > 0 && n >= min && n <= max;
}

static bool
month(const char **s, int *out)
{
	static const char *const names[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
		"Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	for (int i = 0; i < 12; i++)
		if (skip(s, names[i])) {
			*out = i;
			return true;
		}
	return false;
}

int64_t
host_expiry(const char *text)
{
	struct tm t = { 0 };
	const char *s = text + (*text == ' ');
	bool good = month(&s, &t.tm_mon) && skip(&s, " ") &&
		    number(&s, 2, 1, 31, &t.tm_mday) && skip(&s, " ") &&
		    number(&s, 2, 0, 23, &t.tm_hour) && skip(&s, ":") &&
		    number(&s, 2, 0, 59, &t.tm_min) && skip(&s, ":") &&
		    number(&s, 2, 0, 60, &t.tm_sec) && skip(&s, " ") &&
		    number(&s, 4, YEAR_MIN, YEAR_MAX, &t.tm_year) && skip(&s, " GMT") &&
		    *s == '\0';
	if (!good)
		return 0;
	t.tm_year -= 1900;
	return (int64_t)timegm(&t);
}
