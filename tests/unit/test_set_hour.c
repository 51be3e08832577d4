// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The reading at a set hour against a search through all samples: the nearest good one
// within a minute, told once, or why there is none. By chance, but the same each run.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/set_hour.h"
#include "test.h"

#define DUE INT64_C(1764028800000)

enum {
	SAMPLES = 40
};

static uint32_t dice;

static unsigned
chance(unsigned sides)
{
	dice = dice * 1664525u + 1013904223u;
	return (dice >> 8) % sides;
}

static struct sample
sample_at(int64_t utc_ms, enum quality q, double value)
{
	return (struct sample){
		.kind = SAMPLE_ANALOG, .quality = q, .value = value, .t_utc_ms = utc_ms
	};
}

static int64_t
far_from_due(int64_t utc_ms)
{
	return utc_ms < DUE ? DUE - utc_ms : utc_ms - DUE;
}

// Up to 40 samples in three minutes, in order; the same looked through by hand.
static void
one_by_chance(void)
{
	struct set_hour h;
	struct set_reading told = { 0 }, got;
	unsigned times = 0;
	int64_t at = DUE - 90000, best = INT64_MAX, best_at = 0;
	double best_value = 0;
	enum quality refused = QUALITY_GOOD;
	set_hour_arm(&h, DUE);
	for (unsigned i = 0, n = chance(SAMPLES); i < n; i++) {
		at += chance(12000);
		enum quality q =
		    chance(3) > 0 ? QUALITY_GOOD : (enum quality)(1 + chance(3));
		struct sample s = sample_at(at, q, chance(9) == 0 ? (double)NAN : i);
		bool good = q == QUALITY_GOOD && !isnan(s.value);
		int64_t far = far_from_due(at);
		if (far <= SET_HOUR_WITHIN_MS && good && far < best) {
			best = far;
			best_at = at;
			best_value = s.value;
		} else if (far <= SET_HOUR_WITHIN_MS && !good) {
			refused = q != QUALITY_GOOD ? q : QUALITY_BAD;
		}
		if (set_hour_feed(&h, &s, &got)) {
			told = got;
			times++;
		}
	}
	if (set_hour_end(&h, QUALITY_GOOD, &got)) {
		told = got;
		times++;
	}
	assert_int_equal(times, 1);
	assert_int_equal(told.due_utc_ms, DUE);
	assert_int_equal(told.have, best != INT64_MAX);
	if (told.have) {
		assert_int_equal(told.at_utc_ms, best_at);
		assert_true(fabs(told.value - best_value) < 1e-12);
	} else {
		assert_string_equal(told.reason,
		    refused == QUALITY_GOOD ? "no_sample" : quality_name(refused));
	}
}

static void
test_the_nearest_good_sample_within_a_minute(void **state)
{
	(void)state;
	for (dice = 1; dice < 20000; dice += 7) {
		uint32_t kept = dice;
		one_by_chance();
		dice = kept;
	}
}

static void
test_a_reason_and_never_a_value_in_between(void **state)
{
	static const struct {
		int64_t after_ms; // of the only sample
		enum quality q, now;
		const char *reason; // NULL = a reading
	} cases[] = {
		{ 0, QUALITY_GOOD, QUALITY_GOOD, NULL },
		{ -60000, QUALITY_GOOD, QUALITY_GOOD, NULL },
		{ 60000, QUALITY_GOOD, QUALITY_GOOD, NULL },
		{ -60001, QUALITY_GOOD, QUALITY_GOOD, "no_sample" },
		{ 60001, QUALITY_GOOD, QUALITY_GOOD, "no_sample" },
		{ -60001, QUALITY_GOOD, QUALITY_UNKNOWN, "unknown" },
		{ 10, QUALITY_BAD, QUALITY_UNKNOWN, "bad" },
		{ 10, QUALITY_UNCERTAIN, QUALITY_GOOD, "uncertain" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct set_hour h;
		struct set_reading r = { 0 };
		struct sample s = sample_at(DUE + cases[i].after_ms, cases[i].q, 5);
		set_hour_arm(&h, DUE);
		if (!set_hour_feed(&h, &s, &r))
			assert_true(set_hour_end(&h, cases[i].now, &r));
		assert_int_equal(r.have, cases[i].reason == NULL);
		if (cases[i].reason != NULL)
			assert_string_equal(r.reason, cases[i].reason);
		assert_false(set_hour_feed(&h, &s, &r));
		assert_false(set_hour_end(&h, QUALITY_GOOD, &r));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_nearest_good_sample_within_a_minute),
		cmocka_unit_test(test_a_reason_and_never_a_value_in_between),
	};
	return cmocka_run_group_tests_name("set_hour", tests, NULL, NULL);
}
