// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Local time of a site, from the system's tz database (TZif, RFC 8536), without
// touching the process' own TZ. A zone is immutable once loaded: any thread.
#ifndef STORE_ZONE_H
#define STORE_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct zone;

// A tz database name, e.g. "Asia/Shanghai", from $TZDIR or /usr/share/zoneinfo. NULL
// with *err filled where there is none, or it is not to be trusted.
struct zone *zone_load(const char *name, struct err *err);
// The same from bytes of a TZif file, which are not kept.
struct zone *zone_parse(const void *data, size_t len, struct err *err);
void zone_free(struct zone *z); // NULL is fine

// Seconds east of UTC at this moment.
int32_t zone_offset_s(const struct zone *z, int64_t utc_s);

// The moment at which clocks show `local_s` (seconds since 1970-01-01 00:00 local).
// Where they show it twice, the first; where never, the moment that as many seconds
// after the gap began (PEP 495, fold 0).
int64_t zone_local_to_utc_s(const struct zone *z, int64_t local_s);

// Proleptic Gregorian calendar, days since 1970-01-01.
struct civil {
	int64_t year;
	unsigned month, day; // 1..12, 1..31
};
int64_t civil_to_days(struct civil c);
struct civil civil_from_days(int64_t days);

#endif
