// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Samples as they arrived, in readings.db: one that matters later is marked, those that
// nobody asked for leave first, and they never push out a minute.
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "store/minutes.h"
#include "store_fixture.h"
#include "test.h"

#define DAY  INT64_C(86400000)
#define DAYS 70

struct rows {
	size_t n;
	struct kept_sample row[64];
};

static bool
collect(void *arg, const char *point, const struct kept_sample *s)
{
	struct rows *all = arg;
	assert_string_equal(point, "g");
	assert_true(all->n < ARRAY_LEN(all->row));
	all->row[all->n++] = *s;
	return true;
}

static struct rows
ask(struct store_fixture *f, int64_t from_ms, int64_t to_ms, int page)
{
	struct rows rows = { .n = 0 };
	struct reader *r = reader_open(f->directory, &f->err);
	struct reading_walk w = {
		.only = "g", .from_ms = from_ms, .to_ms = to_ms, .page = page
	};
	assert_non_null(r);
	while (!w.done)
		assert_true(query_samples(r, &w, collect, &rows, &f->err) >= 0);
	reader_close(r);
	return rows;
}

static void
put(struct store_fixture *f, int64_t at_ms, double value, enum quality q, bool around)
{
	const struct kept_sample s = { at_ms, value, q, around };
	store_sample(f->store, "g", &s);
}

static void
test_one_that_matters_later_is_marked(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_new(&f, false);
	assert_true(store_fixture_open(&f));
	for (int i = 0; i < 10; i++)
		put(&f, FIXTURE_UTC_MS + i * 1000, 700 + i, QUALITY_GOOD, false);
	put(&f, FIXTURE_UTC_MS + 10000, (double)NAN, QUALITY_UNKNOWN, false);
	// An alarm: those before are told again.
	for (int i = 7; i < 10; i++)
		put(&f, FIXTURE_UTC_MS + i * 1000, 700 + i, QUALITY_GOOD, true);
	store_fixture_close(&f); // nothing waits for more
	for (int page = 1; page <= 11; page += 5) {
		struct rows r = ask(&f, 0, 0, page);
		assert_int_equal(r.n, 11);
		for (int i = 0; i < 10; i++) {
			assert_int_equal(r.row[i].at_utc_ms, FIXTURE_UTC_MS + i * 1000);
			assert_true(fabs(r.row[i].value - (700 + i)) < 1e-9);
			assert_int_equal(r.row[i].quality, QUALITY_GOOD);
			assert_int_equal(r.row[i].around, i >= 7);
		}
		assert_true(isnan(r.row[10].value));
		assert_int_equal(r.row[10].quality, QUALITY_UNKNOWN);
	}
	assert_int_equal(ask(&f, FIXTURE_UTC_MS + 2000, FIXTURE_UTC_MS + 5000, 0).n, 3);
	store_fixture_free(&f);
}

static bool
an_hour_later(const struct store_fixture *f)
{
	return loop_now_ms(f->loop) > 3600000 && store_fixture_idle(f);
}

// Two days are asked for of all, a month of those around alarms: the one that has begun
// and the one before.
static void
test_they_leave_in_their_time(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_new(&f, false);
	f.options.key_directory = f.directory;
	f.poll_ms = 600000;
	assert_true(store_fixture_open(&f));
	for (int day = 0; day < DAYS; day++) {
		put(&f, FIXTURE_UTC_MS + day * DAY, day, QUALITY_GOOD, false);
		put(&f, FIXTURE_UTC_MS + day * DAY + 1, day, QUALITY_GOOD, true);
	}
	store_fixture_close(&f);
	loop_free(f.loop);
	// 2026-05-10; it began on the first of March.
	clock_virtual_init(&f.clock, 1000, FIXTURE_UTC_MS + DAYS * DAY);
	f.loop = loop_new(&f.clock);
	f.options.keep_samples_months = 1;
	f.options.keep_every_sample_ms = 2 * DAY;
	assert_true(store_fixture_open(&f));
	assert_true(store_fixture_wait(&f, an_hour_later, 20000));
	store_fixture_close(&f);
	struct rows r = ask(&f, 0, 0, 0);
	size_t around = 0, rest = 0;
	for (size_t i = 0; i < r.n; i++) {
		*(r.row[i].around ? &around : &rest) += 1;
		int64_t day = (r.row[i].at_utc_ms - FIXTURE_UTC_MS) / DAY;
		assert_true(day >= (r.row[i].around ? 31 : DAYS - 1));
	}
	// April and May; whole months leave.
	assert_int_equal(around, DAYS - 31);
	assert_int_equal(rest, 1); // the other was two days old a moment ago
	store_fixture_free(&f);
}

// However many wait, the minutes that wait with them all stay.
static void
test_i4_they_push_out_no_minute(void **state)
{
	(void)state;
	struct minute_queue q = { 0 };
	const struct kept_sample s = { 1, 1.0, QUALITY_GOOD, true };
	const struct minute m = { .minute_utc_ms = 60000 };
	size_t taken = 0, minutes = 0, samples = 0;
	minutes_add(&q, "g", &m);
	for (int i = 0; i < 200000; i++)
		taken += minutes_add_sample(&q, "g", &s);
	for (int i = 0; i < 1000; i++)
		minutes_add(&q, "g", &m);
	assert_int_equal(taken, 50000);
	assert_int_equal(q.dropped, 0);
	struct minute_batch *b;
	while ((b = minutes_take(&q)) != NULL) {
		for (size_t i = 0; i < b->n; i++)
			*(b->rows[i].kind == ROW_SAMPLE ? &samples : &minutes) += 1;
		free(b);
	}
	assert_int_equal(minutes, 1001);
	assert_int_equal(samples, 50000);
	assert_int_equal(q.n_samples, 0);
	assert_true(minutes_add_sample(&q, "g", &s)); // there is room again
	minutes_free(&q);
}

// As many minutes as ever wait beside all the samples there is room for.
static void
test_i4_minutes_have_their_room_beside_samples(void **state)
{
	(void)state;
	struct minute_queue q = { 0 };
	const struct kept_sample s = { 1, 1.0, QUALITY_GOOD, true };
	const struct minute m = { .minute_utc_ms = 60000 };
	for (int i = 0; i < 50000; i++)
		assert_true(minutes_add_sample(&q, "g", &s));
	for (int i = 0; i < 100000; i++)
		minutes_add(&q, "g", &m);
	assert_int_equal(q.dropped, 0);
	minutes_add(&q, "g", &m);
	assert_true(q.dropped > 0);
	minutes_free(&q);
}

// A few samples that stream in do not keep retention waiting, minutes do; and many are
// not held back for more.
static void
test_retention_has_its_turn_beside_samples(void **state)
{
	(void)state;
	struct minute_queue q = { 0 };
	const struct kept_sample s = { 1, 1.0, QUALITY_GOOD, true };
	const struct minute m = { .minute_utc_ms = 60000 };
	assert_true(minutes_add_sample(&q, "g", &s));
	assert_true(minutes_may_wait(&q));
	struct minute_batch *cut = xcalloc(1, sizeof(*cut));
	q.cut = cut;
	assert_false(minutes_may_wait(&q));
	assert_ptr_equal(minutes_take(&q), cut);
	assert_true(minutes_may_wait(&q));
	q.cut = cut;
	minutes_add(&q, "g", &m);
	struct minute_batch *rows = minutes_take(&q);
	assert_ptr_not_equal(rows, cut);
	assert_int_equal(rows->n, 2);
	free(rows);
	assert_ptr_equal(minutes_take(&q), cut);
	free(cut);
	for (int i = 0; i < 2000; i++)
		assert_true(minutes_add_sample(&q, "g", &s));
	assert_false(minutes_may_wait(&q));
	minutes_free(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_that_matters_later_is_marked),
		cmocka_unit_test(test_they_leave_in_their_time),
		cmocka_unit_test(test_i4_they_push_out_no_minute),
		cmocka_unit_test(test_i4_minutes_have_their_room_beside_samples),
		cmocka_unit_test(test_retention_has_its_turn_beside_samples),
	};
	return cmocka_run_group_tests_name("store_samples", tests, NULL, NULL);
}
