// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See local_time.h. Reads one file when it is made; immutable after that.
#include "local_time.h"

#include <stdlib.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "store/zone.h"

struct local_time {
	struct zone *zone; // NULL = UTC
};

struct local_time *
local_time_new(const char *name)
{
	struct local_time *t = xcalloc(1, sizeof(*t));
	struct err e = { 0 };
	t->zone = zone_load(name, &e);
	if (t->zone == NULL)
		log_warnx("clock", "%s; hours go by UTC", e.text);
	return t;
}

void
local_time_free(struct local_time *t)
{
	if (t == NULL)
		return;
	zone_free(t->zone);
	free(t);
}

int64_t
local_time_s(const struct local_time *t, int64_t utc_ms)
{
	int64_t utc_s = utc_ms / 1000 - (utc_ms % 1000 < 0);
	return utc_s + (t->zone != NULL ? zone_offset_s(t->zone, utc_s) : 0);
}

static int64_t
utc_of(const struct local_time *t, int64_t local_s)
{
	return t->zone != NULL ? zone_local_to_utc_s(t->zone, local_s) : local_s;
}

int64_t
local_time_next(
    const struct local_time *t, const uint16_t *minutes, unsigned n, int64_t utc_ms)
{
	const int64_t day_s = 86400;
	int64_t today = local_time_s(t, utc_ms) / day_s, next = INT64_MAX;
	// Clocks turned back show an hour of yesterday's date again.
	for (int64_t day = today - 1; day <= today + 2; day++) {
		for (unsigned i = 0; i < n; i++) {
			int64_t at =
			    utc_of(t, day * day_s + (int64_t)minutes[i] * 60) * 1000;
			if (at > utc_ms && at < next)
				next = at;
		}
	}
	return next;
}
