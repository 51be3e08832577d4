// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The minute accumulator against a brute-force integrator that looks at every single
// millisecond, over random samples with gaps, bad quality and clock steps; and the
// cases that a person would check by hand. Random, but the same each run.
#include <math.h>
#include <string.h>

#include "core/reading.h"
#include "test.h"

enum {
	SPAN_MIN = 12,
	SPAN_MS = SPAN_MIN * MINUTE_MS,
	ROWS = 64,
};

static uint32_t random_state;

static uint32_t
random_next(void)
{
	random_state = random_state * 1664525U + 1013904223U;
	return random_state >> 8;
}

static struct sample
sample_at(int64_t utc_ms, double value, enum quality q)
{
	return (struct sample){
		.kind = SAMPLE_ANALOG, .quality = q, .value = value, .t_utc_ms = utc_ms
	};
}

struct rows {
	struct minute row[ROWS];
	unsigned n;
};

static void
feed(struct minute_acc *a, struct rows *r, int64_t utc_ms, double value, enum quality q,
    uint32_t hold_ms)
{
	struct sample s = sample_at(utc_ms, value, q);
	assert_true(r->n + 2 <= ROWS);
	r->n += minute_feed(a, &s, hold_ms, &r->row[r->n], 2);
}

static void
close_all(struct minute_acc *a, struct rows *r, int64_t utc_ms)
{
	while (minute_close(a, utc_ms, &r->row[r->n])) {
		r->n++;
		assert_true(r->n < ROWS);
	}
}

static void
assert_close_to(double a, double b)
{
	if (fabs(a - b) > 1e-6 * (1.0 + fabs(b)))
		print_error("%.12g, expected %.12g\n", a, b);
	assert_true(fabs(a - b) <= 1e-6 * (1.0 + fabs(b)));
}

static void
test_one_minute_by_hand(void **ctx)
{
	(void)ctx;
	struct minute_acc a = { 0 };
	struct rows r = { 0 };
	const int64_t t = 100 * (int64_t)MINUTE_MS;
	feed(&a, &r, t, 700, QUALITY_GOOD, 60000);
	feed(&a, &r, t + 15000, 500, QUALITY_GOOD, 60000);
	feed(&a, &r, t + 30000, 800, QUALITY_GOOD, 60000);
	assert_int_equal(r.n, 0);
	feed(&a, &r, t + 61000, 700, QUALITY_GOOD, 60000);
	assert_int_equal(r.n, 1);
	const struct minute *m = &r.row[0];
	assert_int_equal(m->minute_utc_ms, t);
	assert_int_equal(m->samples, 3);
	assert_int_equal(m->good_ms, 60000);
	assert_close_to(m->min, 500);
	assert_close_to(m->max, 800);
	assert_int_equal(m->min_at_ms, t + 15000);
	assert_int_equal(m->max_at_ms, t + 30000);
	assert_close_to(m->integral, 700.0 * 15000 + 500.0 * 15000 + 800.0 * 30000);
	assert_close_to(m->last, 800);
}

static void
test_a_value_carries_into_the_next_minute(void **ctx)
{
	(void)ctx;
	struct minute_acc a = { 0 };
	struct rows r = { 0 };
	feed(&a, &r, 59000, 5, QUALITY_GOOD, 60000);
	feed(&a, &r, 61000, 9, QUALITY_GOOD, 60000);
	feed(&a, &r, 62000, 9, QUALITY_GOOD, 60000);
	close_all(&a, &r, 62000);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.row[0].good_ms, 1000);
	assert_int_equal(r.row[1].good_ms, 2000);
	assert_close_to(r.row[1].min, 5);
	assert_int_equal(r.row[1].min_at_ms, 60000);
	assert_int_equal(r.row[1].samples, 2);
}

// I6: what nobody measured is in no minute.
static void
test_I6_a_gap_counts_for_nothing(void **ctx)
{
	(void)ctx;
	struct minute_acc a = { 0 };
	struct rows r = { 0 };
	feed(&a, &r, 10000, 5, QUALITY_GOOD, 3000);
	feed(&a, &r, 400000, 6, QUALITY_GOOD, 3000);
	close_all(&a, &r, 401000);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.row[0].minute_utc_ms, 0);
	assert_int_equal(r.row[0].good_ms, 3000);
	assert_int_equal(r.row[1].minute_utc_ms, 360000);
	assert_int_equal(r.row[1].good_ms, 1000);
}

static void
test_I6_bad_quality_and_nan_end_the_hold(void **ctx)
{
	(void)ctx;
	static const enum quality q[] = { QUALITY_UNCERTAIN, QUALITY_BAD,
		QUALITY_UNKNOWN, QUALITY_GOOD };
	for (size_t i = 0; i < ARRAY_LEN(q); i++) {
		struct minute_acc a = { 0 };
		struct rows r = { 0 };
		double second = q[i] == QUALITY_GOOD ? NAN : 99;
		feed(&a, &r, 10000, 5, QUALITY_GOOD, 60000);
		feed(&a, &r, 12000, second, q[i], 60000);
		close_all(&a, &r, 50000);
		assert_int_equal(r.n, 1);
		assert_int_equal(r.row[0].good_ms, 2000);
		assert_int_equal(r.row[0].samples, 1);
		assert_close_to(r.row[0].max, 5);
	}
}

static void
test_bad_samples_alone_make_no_row(void **ctx)
{
	(void)ctx;
	struct minute_acc a = { 0 };
	struct rows r = { 0 };
	feed(&a, &r, 10000, 5, QUALITY_BAD, 60000);
	feed(&a, &r, 200000, 5, QUALITY_UNKNOWN, 60000);
	close_all(&a, &r, 300000);
	assert_int_equal(r.n, 0);
}

// I10: a step back closes the minute and opens another of the same start; no span is
// counted twice within one row.
static void
test_I10_a_clock_step_back_counts_no_span_twice(void **ctx)
{
	(void)ctx;
	struct minute_acc a = { 0 };
	struct rows r = { 0 };
	for (int64_t t = 0; t < 50000; t += 1000)
		feed(&a, &r, t, 5, QUALITY_GOOD, 60000);
	for (int64_t t = 9000; t < 59000; t += 1000)
		feed(&a, &r, t, 6, QUALITY_GOOD, 60000);
	close_all(&a, &r, 59000);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.row[0].minute_utc_ms, 0);
	assert_int_equal(r.row[1].minute_utc_ms, 0);
	assert_int_equal(r.row[0].good_ms, 49000);
	assert_int_equal(r.row[1].good_ms, 50000);
	assert_close_to(r.row[0].max, 5);
	assert_close_to(r.row[1].min, 6);
}

static void
test_I10_a_step_back_seen_at_a_close_ends_the_hold(void **ctx)
{
	(void)ctx;
	struct minute_acc a = { 0 };
	struct rows r = { 0 };
	feed(&a, &r, 40000, 5, QUALITY_GOOD, 60000);
	feed(&a, &r, 50000, 5, QUALITY_GOOD, 60000);
	close_all(&a, &r, 10000);
	feed(&a, &r, 20000, 5, QUALITY_GOOD, 60000);
	close_all(&a, &r, 21000);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.row[0].good_ms, 10000);
	assert_int_equal(r.row[1].good_ms, 1000);
}

static void
test_I10_a_clock_step_forward_is_a_gap(void **ctx)
{
	(void)ctx;
	struct minute_acc a = { 0 };
	struct rows r = { 0 };
	feed(&a, &r, 1000, 5, QUALITY_GOOD, 2000);
	feed(&a, &r, 3600000, 5, QUALITY_GOOD, 2000);
	close_all(&a, &r, 3601000);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.row[0].good_ms, 2000);
	assert_int_equal(r.row[1].good_ms, 1000);
}

static void
test_closing_at_the_minutes_end_keeps_the_held_value(void **ctx)
{
	(void)ctx;
	struct minute_acc a = { 0 };
	struct minute m;
	struct rows r = { 0 };
	feed(&a, &r, 50000, 5, QUALITY_GOOD, 60000);
	assert_true(minute_close(&a, 60020, &m));
	assert_int_equal(m.good_ms, 10000);
	feed(&a, &r, 65000, 6, QUALITY_GOOD, 60000);
	close_all(&a, &r, 65000);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.row[0].minute_utc_ms, 60000);
	assert_int_equal(r.row[0].good_ms, 5000);
	assert_false(minute_close(&a, 65000, &m));
}

static void
test_times_before_1970_have_minutes_too(void **ctx)
{
	(void)ctx;
	struct minute_acc a = { .held_from_ms = -1000000 };
	struct rows r = { 0 };
	feed(&a, &r, -90000, 5, QUALITY_GOOD, 60000);
	feed(&a, &r, -50000, 5, QUALITY_GOOD, 60000);
	close_all(&a, &r, -50000);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.row[0].minute_utc_ms, -120000);
	assert_int_equal(r.row[0].good_ms, 30000);
	assert_int_equal(r.row[1].good_ms, 10000);
}

// --- brute force
// ----------------------------------------------------------------------

static struct brute {
	double value[SPAN_MS]; // NaN = nobody knows
	bool sampled[SPAN_MIN];
	uint32_t samples[SPAN_MIN];
	double sample_min[SPAN_MIN], sample_max[SPAN_MIN];
} brute;

static void
brute_clear(void)
{
	memset(&brute, 0, sizeof(brute));
	for (int i = 0; i < SPAN_MS; i++)
		brute.value[i] = NAN;
}

// From this sample on: its value for hold_ms, or nothing.
static void
brute_sample(int64_t at, double value, bool good, uint32_t hold_ms)
{
	for (int64_t t = at; t < SPAN_MS; t++)
		brute.value[t] = good && t < at + hold_ms ? value : (double)NAN;
	if (!good)
		return;
	int64_t m = at / MINUTE_MS;
	bool first = brute.samples[m]++ == 0;
	if (first || value < brute.sample_min[m])
		brute.sample_min[m] = value;
	if (first || value > brute.sample_max[m])
		brute.sample_max[m] = value;
}

static bool
brute_minute(int minute, int64_t end, struct minute *m)
{
	memset(m, 0, sizeof(*m));
	m->minute_utc_ms = (int64_t)minute * MINUTE_MS;
	m->samples = brute.samples[minute];
	m->min = m->samples > 0 ? brute.sample_min[minute] : (double)INFINITY;
	m->max = m->samples > 0 ? brute.sample_max[minute] : -(double)INFINITY;
	for (int64_t t = m->minute_utc_ms; t < m->minute_utc_ms + MINUTE_MS; t++) {
		if (t >= end || isnan(brute.value[t]))
			continue;
		m->good_ms++;
		m->integral += brute.value[t];
		m->min = fmin(m->min, brute.value[t]);
		m->max = fmax(m->max, brute.value[t]);
	}
	return m->good_ms > 0 || m->samples > 0;
}

static void
assert_same_minute(const struct minute *have, const struct minute *want)
{
	assert_int_equal(have->minute_utc_ms, want->minute_utc_ms);
	assert_int_equal(have->samples, want->samples);
	assert_int_equal(have->good_ms, want->good_ms);
	assert_close_to(have->integral, want->integral);
	assert_close_to(have->min, want->min);
	assert_close_to(have->max, want->max);
}

static uint32_t
random_gap(void)
{
	switch (random_next() % 8) {
	case 0:
		return 1 + random_next() % 150000;
	case 1:
		return MINUTE_MS;
	case 2:
		return random_next() % 3;
	default:
		return 200 + random_next() % 5000;
	}
}

static void
run_brute(uint32_t seed)
{
	static const uint32_t holds[] = { 1, 999, 3000, 30000, 60000 };
	struct minute_acc a = { 0 };
	struct rows r = { 0 };
	random_state = seed;
	brute_clear();
	uint32_t hold_ms = holds[random_next() % ARRAY_LEN(holds)];
	int64_t t = random_next() % 5000;
	int64_t end = t;
	while (t < SPAN_MS - 1) {
		bool good = random_next() % 10 != 0;
		double value = (double)(random_next() % 2000) - 500.0;
		feed(&a, &r, t, value, good ? QUALITY_GOOD : QUALITY_BAD, hold_ms);
		brute_sample(t, value, good, hold_ms);
		end = t;
		t += random_gap();
	}
	end += random_next() % 1000;
	if (end >= SPAN_MS)
		end = SPAN_MS - 1;
	close_all(&a, &r, end);

	unsigned n = 0;
	for (int m = 0; m < SPAN_MIN; m++) {
		struct minute want;
		if (!brute_minute(m, end, &want))
			continue;
		assert_true(n < r.n);
		assert_same_minute(&r.row[n], &want);
		n++;
	}
	assert_int_equal(n, r.n);
}

static void
test_minutes_equal_the_sum_of_their_milliseconds(void **ctx)
{
	(void)ctx;
	for (uint32_t seed = 1; seed <= 25; seed++)
		run_brute(seed);
}

// Whatever the clock does, a row stays within its minute and its own extremes.
static void
test_rows_stay_sane_under_random_clock_steps(void **ctx)
{
	(void)ctx;
	for (uint32_t seed = 1; seed <= 200; seed++) {
		struct minute_acc a = { 0 };
		struct rows r = { 0 };
		int64_t t = 1000000000000;
		random_state = seed;
		for (int i = 0; i < 2000; i++) {
			t += (int64_t)random_gap();
			if (random_next() % 20 == 0)
				t -= random_next() % 400000;
			r.n = 0;
			feed(&a, &r, t, (double)(random_next() % 100),
			    random_next() % 5 ? QUALITY_GOOD : QUALITY_BAD, 60000);
			if (random_next() % 10 == 0)
				close_all(&a, &r, t + random_next() % 1000);
			for (unsigned k = 0; k < r.n; k++) {
				const struct minute *m = &r.row[k];
				assert_int_equal(m->minute_utc_ms % MINUTE_MS, 0);
				assert_in_range(m->good_ms, 0, MINUTE_MS);
				assert_true(m->good_ms > 0 || m->samples > 0);
				assert_true(m->min <= m->max);
				assert_true(m->integral >= m->min * m->good_ms - 1e-3);
				assert_true(m->integral <= m->max * m->good_ms + 1e-3);
				assert_in_range(
				    m->min_at_ms - m->minute_utc_ms, 0, MINUTE_MS - 1);
			}
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_minute_by_hand),
		cmocka_unit_test(test_a_value_carries_into_the_next_minute),
		cmocka_unit_test(test_I6_a_gap_counts_for_nothing),
		cmocka_unit_test(test_I6_bad_quality_and_nan_end_the_hold),
		cmocka_unit_test(test_bad_samples_alone_make_no_row),
		cmocka_unit_test(test_I10_a_clock_step_back_counts_no_span_twice),
		cmocka_unit_test(test_I10_a_step_back_seen_at_a_close_ends_the_hold),
		cmocka_unit_test(test_I10_a_clock_step_forward_is_a_gap),
		cmocka_unit_test(test_closing_at_the_minutes_end_keeps_the_held_value),
		cmocka_unit_test(test_times_before_1970_have_minutes_too),
		cmocka_unit_test(test_minutes_equal_the_sum_of_their_milliseconds),
		cmocka_unit_test(test_rows_stay_sane_under_random_clock_steps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
