// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See interval.h.
#include "report/interval.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/zone.h"

static struct civil
date_of(const char *name)
{
	char *end;
	struct civil c = { .year = strtol(name, &end, 10) };
	c.month = (unsigned)strtoul(end + 1, &end, 10);
	c.day = (unsigned)strtoul(end + 1, NULL, 10);
	return c;
}

// The first date of the span that holds the date, or of the one after it.
static struct civil
edge(enum report_span span, struct civil c, unsigned after)
{
	int64_t days = civil_to_days(c);
	switch (span) {
	case REPORT_WEEK: // day 0, 1970-01-01, was a Thursday
		return civil_from_days(days - (days + 3) % 7 + (int64_t)after * 7);
	case REPORT_MONTH:
		c.day = 1;
		c.month += after;
		break;
	case REPORT_YEAR:
		c.day = c.month = 1;
		c.year += after;
		break;
	case REPORT_DAY:
		return civil_from_days(days + after);
	}
	if (c.month > 12) {
		c.month = 1;
		c.year++;
	}
	return c;
}

static int
day_of(struct reader *r, struct civil c, int64_t now_utc_ms, struct day_span *out,
    struct err *err)
{
	char name[40];
	(void)snprintf(
	    name, sizeof(name), "%04lld-%02u-%02u", (long long)c.year, c.month, c.day);
	return query_day(r, name, now_utc_ms, out, err);
}

int
interval_find(struct reader *r, enum report_span span, const char *day,
    int64_t now_utc_ms, struct day_span *out, struct err *err)
{
	struct day_span end;
	if (query_day(r, day, now_utc_ms, out, err) < 0)
		return -1;
	if (span == REPORT_DAY)
		return 0;
	struct civil c = date_of(out->day);
	if (day_of(r, edge(span, c, 0), now_utc_ms, out, err) < 0 ||
	    day_of(r, edge(span, c, 1), now_utc_ms, &end, err) < 0)
		return -1;
	out->to_ms = end.from_ms;
	out->closed = out->to_ms <= now_utc_ms;
	return 0;
}

int
interval_day_at(struct reader *r, int64_t utc_ms, int64_t now_utc_ms,
    struct day_span *out, struct err *err)
{
	if (query_day(r, "today", utc_ms, out, err) < 0)
		return -1;
	out->closed = out->to_ms <= now_utc_ms;
	return 0;
}

int
interval_before(struct reader *r, enum report_span span, const struct day_span *d,
    int64_t now_utc_ms, struct day_span *out, struct err *err)
{
	struct day_span last;
	if (interval_day_at(r, d->from_ms - 1, now_utc_ms, &last, err) < 0)
		return -1;
	return interval_find(r, span, last.day, now_utc_ms, out, err);
}
