// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The two clocks and RFC 3339. The real clock is stateless and shared; a virtual one
// belongs to whoever set it up and to one thread. Nothing here knows a time zone: local
// time is for texts and reports only. Monotonic time never follows a step of the wall
// clock, in either clock.
#include "lib/clock.h"

#include <sys/timex.h>

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/mem.h"

enum {
	MS_PER_S = 1000,
	NS_PER_MS = 1000000
};

// Years 0000 to 9999, what four digits can say.
static const int64_t utc_ms_min = INT64_C(-62167219200000);
static const int64_t utc_ms_max = INT64_C(253402300799999);

static int64_t
read_ms(clockid_t id)
{
	struct timespec t;
	(void)clock_gettime(id, &t);
	return (int64_t)t.tv_sec * MS_PER_S + t.tv_nsec / NS_PER_MS;
}

static int64_t
real_mono(struct clock *c)
{
	(void)c;
	return read_ms(CLOCK_MONOTONIC);
}

static int64_t
real_utc(struct clock *c)
{
	(void)c;
	return read_ms(CLOCK_REALTIME);
}

struct clock *
clock_real(void)
{
	static struct clock real = { .mono_ms = real_mono, .utc_ms = real_utc };
	return &real;
}

static int64_t
virtual_mono(struct clock *c)
{
	return c->mono;
}

static int64_t
virtual_utc(struct clock *c)
{
	return c->utc;
}

void
clock_virtual_init(struct clock *c, int64_t mono_ms, int64_t utc_ms)
{
	*c = (struct clock){
		.mono_ms = virtual_mono,
		.utc_ms = virtual_utc,
		.virtual_time = true,
		.mono = mono_ms,
		.utc = utc_ms,
	};
}

void
clock_virtual_advance(struct clock *c, int64_t ms)
{
	wr_assert(c->virtual_time && ms >= 0);
	c->mono += ms;
	c->utc += ms;
}

void
clock_virtual_step(struct clock *c, int64_t ms)
{
	wr_assert(c->virtual_time);
	c->utc += ms;
}

void
clock_rfc3339(int64_t utc_ms, char out[static 25])
{
	if (utc_ms < utc_ms_min)
		utc_ms = utc_ms_min;
	if (utc_ms > utc_ms_max)
		utc_ms = utc_ms_max;
	int64_t ms = utc_ms % MS_PER_S;
	if (ms < 0)
		ms += MS_PER_S;
	time_t s = (time_t)((utc_ms - ms) / MS_PER_S);
	struct tm tm;
	(void)gmtime_r(&s, &tm);
	char text[80]; // what %d could need at most, by the compiler's count
	(void)snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec, (int)ms);
	text[24] = '\0';
	memcpy(out, text, 25);
}

// Reads exactly `digits` digits into *out and moves on; false where there are fewer.
static bool
take_number(const char **s, int digits, int *out)
{
	int n = 0;
	for (int i = 0; i < digits; i++) {
		char c = (*s)[i];
		if (c < '0' || c > '9')
			return false;
		n = n * 10 + (c - '0');
	}
	*s += digits;
	*out = n;
	return true;
}

static bool
take_char(const char **s, const char *any_of)
{
	if (**s == '\0' || !strchr(any_of, **s))
		return false;
	(*s)++;
	return true;
}

static bool
take_date_time(const char **s, struct tm *tm)
{
	return take_number(s, 4, &tm->tm_year) && take_char(s, "-") &&
	       take_number(s, 2, &tm->tm_mon) && take_char(s, "-") &&
	       take_number(s, 2, &tm->tm_mday) && take_char(s, "Tt ") &&
	       take_number(s, 2, &tm->tm_hour) && take_char(s, ":") &&
	       take_number(s, 2, &tm->tm_min) && take_char(s, ":") &&
	       take_number(s, 2, &tm->tm_sec);
}

static bool
date_time_valid(const struct tm *tm)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	if (tm->tm_mon < 1 || tm->tm_mon > 12)
		return false;
	int y = tm->tm_year;
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	int last = days[tm->tm_mon - 1] + (leap && tm->tm_mon == 2 ? 1 : 0);
	// 60 is a leap second (RFC 3339 5.6); it becomes the second that follows.
	return tm->tm_mday >= 1 && tm->tm_mday <= last && tm->tm_hour <= 23 &&
	       tm->tm_min <= 59 && tm->tm_sec <= 60;
}

// ".5", ".123456": whole milliseconds, the rest dropped.
static bool
take_fraction(const char **s, int *ms)
{
	*ms = 0;
	if (!take_char(s, ".,"))
		return true;
	int digits = 0;
	for (int weight = 100; **s >= '0' && **s <= '9'; (*s)++, digits++) {
		*ms += (**s - '0') * weight;
		weight /= 10;
	}
	return digits > 0;
}

// "Z" or "+08:00"; minutes to take off local time.
static bool
take_offset(const char **s, int *minutes)
{
	*minutes = 0;
	if (take_char(s, "Zz"))
		return true;
	int sign = **s == '-' ? -1 : 1;
	int h, m;
	if (!take_char(s, "+-") || !take_number(s, 2, &h) || !take_char(s, ":") ||
	    !take_number(s, 2, &m) || h > 23 || m > 59)
		return false;
	*minutes = sign * (h * 60 + m);
	return true;
}

int
clock_parse_rfc3339(const char *s, int64_t *utc_ms)
{
	struct tm tm = { 0 };
	int ms, offset;
	if (!take_date_time(&s, &tm) || !date_time_valid(&tm) ||
	    !take_fraction(&s, &ms) || !take_offset(&s, &offset) || *s != '\0')
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*utc_ms = ((int64_t)timegm(&tm) - offset * INT64_C(60)) * MS_PER_S + ms;
	return 0;
}

bool
clock_synchronised(const struct clock *c)
{
	if (c->virtual_time)
		return !c->unsynchronised;
	struct timex t = { .modes = 0 };
	int state = adjtimex(&t);
	return state >= 0 && state != TIME_ERROR && !(t.status & STA_UNSYNC);
}
