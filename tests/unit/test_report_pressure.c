// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The pressure sheet over a store that is made up here: figures, units, coverage, and
// the times without a value in words (I6).
#include <stdlib.h>
#include <string.h>

#include "core/reading.h"
#include "lib/mem.h"
#include "report/report.h"
#include "report_fixture.h"
#include "test.h"

static void
one_gauge(int64_t good_ms)
{
	store.n_gauges = 1;
	store.gauges[0] = (struct pressure_day){ .point = "hydrant-main",
		.min = 598.4,
		.max = 712.0,
		.mean = 655.25,
		.min_at_ms = REPORT_DAY_FROM_MS + 3600000,
		.max_at_ms = REPORT_DAY_FROM_MS + 7200000,
		.good_ms = good_ms,
		.expected_ms = 86400000,
		.minutes = 1440,
		.samples = 86000 };
	store.last_seq = 17;
}

static void
test_pressure_csv_is_in_mpa_json_in_kpa(void **ctx)
{
	(void)ctx;
	struct point points[] = { { .id = "hydrant-main",
	    .kind = KIND_PRESSURE,
	    .daily_log = true,
	    .place_zh = "消防泵房",
	    .place_en = "Fire pump room" } };
	struct site site = { .points = points, .n_points = 1, .n_site_points = 1 };
	one_gauge(86400000);
	struct report_request q = request("pressure-daily", "csv");
	q.points = &site;
	char *csv = render(&q);
	assert_has(csv,
	    "Fire pump room,hydrant-main,0.598,2026-11-23T09:00:00+08:00,0.655,0.712,"
	    "2026-11-23T10:00:00+08:00,100.0,24:00:00,24:00:00,86000,1440,,,,\r\n");
	assert_has(csv, "Times without a value,");
	assert_has(csv, "none (无)");
	assert_checksum_holds(csv);
	free(csv);
	q.format = "json";
	char *json = render(&q);
	assert_has(json,
	    "\"point\":\"hydrant-main\",\"min\":598.4,\"min_at\":"
	    "\"2026-11-23T01:00:00.000Z\",\"mean\":655.25,\"max\":712,\"max_at\":"
	    "\"2026-11-23T02:00:00.000Z\",\"unit\":\"kPa\",\"coverage_percent\":100,"
	    "\"good_ms\":86400000,\"expected_ms\":86400000,\"samples\":86000,"
	    "\"minutes\":"
	    "1440,\"maturity\":null}");
	free(json);
}

static void
test_what_the_site_keeps_off_the_sheet_is_left_out(void **ctx)
{
	(void)ctx;
	struct point points[] = { { .id = "hydrant-main", .kind = KIND_PRESSURE },
		{ .id = "silent", .kind = KIND_PRESSURE } };
	struct site site = { .points = points, .n_points = 2, .n_site_points = 2 };
	one_gauge(86400000);
	struct report_request q = request("pressure-daily", "csv");
	q.points = &site;
	char *csv = render(&q);
	assert_null(strstr(csv, "hydrant-main"));
	assert_null(strstr(csv, "silent"));
	free(csv);
	site.n_points = site.n_site_points = 0; // the site knows it no longer
	csv = render(&q);
	assert_has(csv, ",hydrant-main,0.598,");
	free(csv);
}

static void
test_coverage_is_rounded_down(void **ctx)
{
	(void)ctx;
	static const struct {
		int64_t good_ms;
		const char *percent;
	} cases[] = {
		{ 86400000, "100.0" },
		{ 86399999, "99.9" },
		{ 86391360, "99.9" }, // 99.99 %
		{ 43200000, "50.0" },
		{ 86399, "0.0" },
		{ 86400, "0.1" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		one_gauge(cases[i].good_ms);
		struct report_request q = request("pressure-daily", "csv");
		char *csv = render(&q);
		char *part = xasprintf("T10:00:00+08:00,%s,", cases[i].percent);
		assert_has(csv, part);
		free(part);
		free(csv);
	}
}

// I6: a gauge that nobody heard has no mean, and is not left out.
static void
test_I6_a_silent_gauge_is_listed_without_figures(void **ctx)
{
	(void)ctx;
	struct point points[] = { { .id = "silent",
				      .kind = KIND_PRESSURE,
				      .daily_log = true,
				      .place_zh = "",
				      .place_en = "Roof tank" },
		{ .id = "door", .kind = KIND_DOOR } };
	struct site site = { .points = points, .n_points = 2, .n_site_points = 2 };
	store.silent_from_ms = REPORT_DAY_FROM_MS;
	store.silent_to_ms = store.day.to_ms;
	struct report_request q = request("pressure-daily", "csv");
	q.points = &site;
	char *csv = render(&q);
	assert_has(csv, "Roof tank,silent,none (无),none (无),none (无),none (无),none "
			"(无),0.0,0:00:00,24:00:00,0,0,,,,\r\n");
	assert_has(csv,
	    "Roof tank,silent,2026-11-23T08:00:00+08:00,2026-11-24T08:00:00+"
	    "08:00,24:00:00,");
	assert_null(strstr(csv, "door"));
	free(csv);
	q.format = "json";
	char *json = render(&q);
	assert_has(json, "\"min\":null,\"min_at\":null,\"mean\":null,\"max\":null");
	free(json);
}

static void
test_times_without_a_value_are_said(void **ctx)
{
	(void)ctx;
	one_gauge(84600000);
	store.silent_from_ms = REPORT_DAY_FROM_MS + INT64_C(65) * MINUTE_MS;
	store.silent_to_ms = REPORT_DAY_FROM_MS + INT64_C(95) * MINUTE_MS;
	struct report_request q = request("pressure-daily", "csv");
	char *csv = render(&q);
	assert_has(csv, ",hydrant-main,2026-11-23T09:05:00+08:00,2026-11-23T09:35:00+"
			"08:00,0:30:00,");
	free(csv);
}

static void
test_a_running_day_says_so_and_misses_nothing_of_the_future(void **ctx)
{
	(void)ctx;
	one_gauge(3600000);
	store.gauges[0].expected_ms = 3600000;
	store.day.closed = false;
	struct report_request q = request("pressure-daily", "csv");
	q.day = "today";
	q.now_utc_ms = REPORT_DAY_FROM_MS + 3600000 + 30000;
	char *csv = render(&q);
	assert_has(
	    csv, "State,\"day still running, up to\",2026-11-23T09:00:30+08:00,");
	assert_has(csv, ",100.0,1:00:00,1:00:00,");
	assert_has(csv, "Length,,,,,,,,,,,\r\nnone (无),");
	free(csv);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    test_pressure_csv_is_in_mpa_json_in_kpa, report_set_up),
		cmocka_unit_test_setup(
		    test_what_the_site_keeps_off_the_sheet_is_left_out, report_set_up),
		cmocka_unit_test_setup(test_coverage_is_rounded_down, report_set_up),
		cmocka_unit_test_setup(
		    test_I6_a_silent_gauge_is_listed_without_figures, report_set_up),
		cmocka_unit_test_setup(
		    test_times_without_a_value_are_said, report_set_up),
		cmocka_unit_test_setup(
		    test_a_running_day_says_so_and_misses_nothing_of_the_future,
		    report_set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
