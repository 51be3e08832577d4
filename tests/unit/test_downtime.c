// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// How long nobody watched, whatever was done to the clock meanwhile.
#include "core/downtime.h"
#include "test.h"

#define T    INT64_C(1772323200000) // 2026-03-01T00:00:00Z
#define HOUR INT64_C(3600000)

static void
test_i10_i11_downtime(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		struct downtime_facts f;
		struct downtime d;
	} cases[] = {
		{ "an ordinary restart", { T, 5000, true, T + HOUR, 5000 + HOUR },
		    { DOWNTIME_MONOTONIC, T, T + HOUR, 0 } },
		{ "the grain of the clocks is no step",
		    { T, 5000, true, T + HOUR + 900, 5000 + HOUR },
		    { DOWNTIME_MONOTONIC, T, T + HOUR + 900, 0 } },
		{ "nor does it begin before the last word",
		    { T, 5000, true, T + HOUR - 1, 5000 + HOUR },
		    { DOWNTIME_MONOTONIC, T, T + HOUR - 1, 0 } },
		{ "and not after now", { T, 5000, true, T - 1, 5000 },
		    { DOWNTIME_MONOTONIC, T - 1, T - 1, 0 } },
		{ "put back by a day while down",
		    { T, 5000, true, T - 23 * HOUR, 5000 + HOUR },
		    { DOWNTIME_MONOTONIC, T - 24 * HOUR, T - 23 * HOUR, -24 * HOUR } },
		{ "put forward by a day while down",
		    { T, 5000, true, T + 25 * HOUR, 5000 + HOUR },
		    { DOWNTIME_MONOTONIC, T + 24 * HOUR, T + 25 * HOUR, 24 * HOUR } },
		{ "a boot in between", { T, 90 * HOUR, false, T + HOUR, 5000 },
		    { DOWNTIME_WALL, T, T + HOUR, 0 } },
		{ "a boot, and the clock is behind the journal",
		    { T, 90 * HOUR, false, T - HOUR, 5000 },
		    { DOWNTIME_UNKNOWN, T - HOUR, T - HOUR, -HOUR } },
		{ "no time at boot: 1970", { T, 90 * HOUR, false, 3000, 5000 },
		    { DOWNTIME_UNKNOWN, 3000, 3000, 3000 - T } },
		{ "the same boot id, and a monotonic clock that went back (a copied "
		  "file)",
		    { T, 90 * HOUR, true, T + HOUR, 5000 },
		    { DOWNTIME_WALL, T, T + HOUR, 0 } },
		{ "at once", { T, 5000, true, T, 5000 },
		    { DOWNTIME_MONOTONIC, T, T, 0 } },
	};
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct downtime d = downtime_of(&cases[i].f);
		const struct downtime *want = &cases[i].d;
		if (d.by != want->by || d.from_utc_ms != want->from_utc_ms ||
		    d.to_utc_ms != want->to_utc_ms || d.moved_ms != want->moved_ms)
			fail_msg("%s: %s from %lld to %lld moved %lld", cases[i].what,
			    downtime_by_name(d.by), (long long)d.from_utc_ms,
			    (long long)d.to_utc_ms, (long long)d.moved_ms);
		assert_true(d.from_utc_ms <= d.to_utc_ms);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i10_i11_downtime),
	};
	return cmocka_run_group_tests_name("downtime", tests, NULL, NULL);
}
