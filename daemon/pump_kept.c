// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See pump_kept.h. Owns nothing; any thread.
#include "pump_kept.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	KPA_PARTS = 1000, // of a kPa
	KEPT_NUMBERS = 13
};

static long long
parts_of(double kpa)
{
	return isnan(kpa) ? -1LL : llround(kpa * KPA_PARTS);
}

static double
kpa_of(long long parts)
{
	return parts < 0 ? (double)NAN : (double)parts / KPA_PARTS;
}

void
pump_kept_print(const struct pump_kept *k, char out[static META_VALUE_MAX])
{
	int n = snprintf(out, META_VALUE_MAX, "%lld %lld %lld %lld %lld %lld %lld",
	    (long long)k->run, (long long)k->running_utc, (long long)k->day,
	    (long long)k->starts, (long long)k->ran_ms, (long long)k->start_utc,
	    (long long)k->stop_utc);
	(void)snprintf(out + n, META_VALUE_MAX - (size_t)n,
	    " %lld %lld %lld %lld %lld %lld", parts_of(k->start_kpa),
	    parts_of(k->stop_kpa), (long long)k->exercised_utc[PUMP_WEEKLY_START],
	    (long long)k->exercised_mode[PUMP_WEEKLY_START],
	    (long long)k->exercised_utc[PUMP_MONTHLY_RUN],
	    (long long)k->exercised_mode[PUMP_MONTHLY_RUN]);
}

bool
pump_kept_read(struct pump_kept *k, const char *text)
{
	long long v[KEPT_NUMBERS];
	char *end = NULL;
	for (unsigned i = 0; i < KEPT_NUMBERS; i++) {
		v[i] = strtoll(text, &end, 10);
		if (end == text)
			return false;
		text = end;
	}
	if (*text != '\0' || v[0] < 0 || v[0] >= CONTACT_COUNT)
		return false;
	*k = (struct pump_kept){
		.run = v[0],
		.running_utc = v[1],
		.day = v[2],
		.starts = v[3],
		.ran_ms = v[4],
		.start_utc = v[5],
		.stop_utc = v[6],
		.start_kpa = kpa_of(v[7]),
		.stop_kpa = kpa_of(v[8]),
		.exercised_utc = { v[9], v[11] },
		.exercised_mode = { v[10], v[12] },
	};
	return true;
}
