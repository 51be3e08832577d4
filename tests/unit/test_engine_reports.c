// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Report plans in a running engine: which days they are of, by a calendar of the C
// library's and by hand; what is tried again, told, given up, made up for. The child is
// a script that writes down what it was asked and answers as it is told to.
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/report_plan.h"
#include "engine_journal.h"
#include "lib/buf.h"
#include "test.h"

enum {
	DAY_MS = 24 * 3600 * 1000,
	HOUR_MS = 3600 * 1000,
	CALLS_MOST = 1000,
};

#define SITE(zone, plans)                                                          \
  "site: {id: t, name: {en: T}, time_zone: " zone ", statistics_day: \"00:00\"}\n" \
  "buses: [{id: lan, modbus_tcp: \"127.0.0.1:5020\"}]\n"                           \
  "devices: [{id: fap, bus: lan, unit: 1, profile: notifier-modbus-gw,\n"          \
  "  points: [{id: s1, item: detector, loop: 1, device: 1, kind: smoke,\n"         \
  "    place: {en: A}}]}]\n"                                                       \
  "reports:\n" plans
#define PLAN(id, report, at, more) \
  "  - {id: " id ", report: " report ", at: \"" at "\", " more "}\n"

struct office {
	struct rig r;
	char script[128], calls[128], answer[128];
};

struct call {
	char plan[32], target[16], day[16], format[8], lang[4];
};

static void
answer(const struct office *o, int status, const char *words)
{
	FILE *f = fopen(o->answer, "w");
	assert_non_null(f);
	assert_true(fprintf(f, "echo '%s'; exit %d\n", words, status) > 0);
	assert_int_equal(fclose(f), 0);
}

static void
write_script(struct office *o)
{
	(void)snprintf(o->script, sizeof(o->script), "%s/tool", o->r.dir);
	(void)snprintf(o->calls, sizeof(o->calls), "%s/calls", o->r.dir);
	(void)snprintf(o->answer, sizeof(o->answer), "%s/answer", o->r.dir);
	FILE *f = fopen(o->script, "w");
	assert_non_null(f);
	// -c FILE --store DIR deliver PLAN TARGET --day D --format F --lang L
	assert_true(
	    fprintf(f, "#!/bin/sh\necho \"$6 $7 $9 ${11} ${13}\" >>'%s'\n. '%s'\n",
		o->calls, o->answer) > 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(o->script, 0700), 0);
	answer(o, 0, "3 ab /there");
}

static void
open_office(struct office *o, const char *site)
{
	char path[128];
	memset(o, 0, sizeof(*o));
	rig_make_directory(&o->r);
	write_script(o);
	(void)snprintf(path, sizeof(path), "%s/site.yaml", o->r.dir);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(site, f) >= 0);
	assert_int_equal(fclose(f), 0);
	o->r.reports_program = o->script;
	rig_start(&o->r);
}

static void
close_office(struct office *o)
{
	(void)unlink(o->script);
	(void)unlink(o->calls);
	(void)unlink(o->answer);
	rig_tear_down(&o->r);
}

// What the script was asked so far; forgotten then.
static unsigned
calls(const struct office *o, struct call out[CALLS_MOST])
{
	unsigned n = 0;
	FILE *f = fopen(o->calls, "r");
	if (f == NULL)
		return 0;
	while (n < CALLS_MOST &&
	       fscanf(f, "%31s %15s %15s %7s %3s", out[n].plan, out[n].target,
		   out[n].day, out[n].format, out[n].lang) == 5)
		n++;
	assert_int_equal(fclose(f), 0);
	assert_int_equal(unlink(o->calls), 0);
	return n;
}

// Days pass as the wall clock shows them: the loop runs for half a minute of four
// hours.
static void
pass_days(struct office *o, unsigned days)
{
	for (unsigned i = 0; i < days * 6; i++) {
		rig_pass(&o->r, 30000);
		clock_virtual_step(&o->r.clock, 4 * HOUR_MS - 30000);
	}
}

// The wall clock is set; nothing runs meanwhile.
static void
skip_hours(struct office *o, int hours)
{
	clock_virtual_step(&o->r.clock, (int64_t)hours * HOUR_MS);
}

static struct tm
date_after(const char *day, int days)
{
	struct tm t = { 0 };
	assert_non_null(strptime(day, "%Y-%m-%d", &t));
	t.tm_mday += days;
	time_t at = timegm(&t);
	(void)gmtime_r(&at, &t);
	return t;
}

static void
assert_days_follow(const struct call *c, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		char next[16];
		struct tm t = date_after(c[i - 1].day, 1);
		(void)strftime(next, sizeof(next), "%Y-%m-%d", &t);
		assert_string_equal(c[i].day, next);
	}
}

// ---- the calendar

static void
test_days_are_those_of_the_c_library(void **state)
{
	(void)state;
	for (int64_t day = 0; day < 366 * 130; day++) {
		char said[REPORT_DAY_SIZE], before[16];
		time_t at = (time_t)(day * 86400), old = at - 86400;
		struct tm t;
		(void)gmtime_r(&at, &t);
		assert_true(report_plan_falls(REPORT_DAY, at + 86399));
		assert_int_equal(report_plan_falls(REPORT_WEEK, at), t.tm_wday == 1);
		assert_int_equal(report_plan_falls(REPORT_MONTH, at), t.tm_mday == 1);
		assert_int_equal(
		    report_plan_falls(REPORT_YEAR, at + 3600), t.tm_yday == 0);
		(void)gmtime_r(&old, &t);
		(void)strftime(before, sizeof(before), "%Y-%m-%d", &t);
		report_plan_day(at + 86399, said);
		assert_string_equal(said, before);
	}
}

// Berlin, whose clocks are set forward from 02:00 to 03:00 and back: 02:30 is not there
// once, and there twice once. Each day is delivered once.
static void
test_each_day_once_also_where_clocks_change(void **state)
{
	static struct call c[CALLS_MOST];
	struct office o;
	(void)state;
	open_office(&o, SITE("Europe/Berlin", PLAN("daily", "alarms-daily", "02:30",
						  "formats: [csv], folder: r")));
	pass_days(&o, 340);
	unsigned n = calls(&o, c);
	assert_in_range(n, 338, 340);
	assert_days_follow(c, n);
	assert_string_equal(c[0].plan, "daily");
	assert_string_equal(c[0].target, "folder");
	assert_string_equal(c[0].format, "csv");
	assert_string_equal(c[0].lang, "zh");
	assert_int_equal(rig_events(&o.r, "kind = 'report.deliver'"), n);
	close_office(&o);
}

static void
test_weeks_months_and_years(void **state)
{
	static struct call c[CALLS_MOST];
	unsigned weeks = 0, months = 0, years = 0;
	struct office o;
	(void)state;
	open_office(&o,
	    SITE("Asia/Shanghai",
		PLAN("w", "alarms-weekly", "08:30", "formats: [pdf], folder: r") PLAN(
		    "m", "alarms-monthly", "08:30", "formats: [pdf], folder: r")
		    PLAN("y", "alarms-yearly", "08:30", "formats: [pdf], folder: r")));
	pass_days(&o, 400);
	unsigned n = calls(&o, c);
	for (unsigned i = 0; i < n; i++) {
		struct tm t = date_after(c[i].day, 1); // the day it was made on
		weeks += c[i].plan[0] == 'w';
		months += c[i].plan[0] == 'm';
		years += c[i].plan[0] == 'y';
		if (c[i].plan[0] == 'w')
			assert_int_equal(t.tm_wday, 1);
		else
			assert_int_equal(t.tm_mday, 1);
		if (c[i].plan[0] == 'y')
			assert_int_equal(t.tm_yday, 0);
	}
	assert_in_range(weeks, 57, 58); // 400 days from 2025-11-24
	assert_int_equal(months, 13);
	assert_int_equal(years, 1);
	close_office(&o);
}

// ---- what does not arrive

static bool
is_told(struct office *o)
{
	return rig_events(
		   &o->r, "kind = 'alarm.onset' AND code = 'report-undelivered'") >
	       rig_events(
		   &o->r, "kind = 'alarm.clear' AND code = 'report-undelivered'");
}

static void
assert_shown(const struct office *o, const char *part)
{
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	report_plans_json(o->r.report_plans, &b);
	json_close(&b, '}');
	if (strstr(b.data, part) == NULL)
		fail_msg("no %s in %s", part, b.data);
	buf_free(&b);
}

static const char daily[] = SITE("Asia/Shanghai",
    PLAN("daily", "alarms-daily", "08:30",
	"formats: [csv, pdf], languages: [zh, en], folder: r, give_up: 1h"));

static void
test_what_fails_is_tried_again_told_and_delivered(void **state)
{
	static struct call c[CALLS_MOST];
	struct office o;
	(void)state;
	open_office(&o, daily);
	answer(&o, 1, "no space left");
	// START_UTC is 2025-11-25 00:00 there; 08:30 and two rounds: nobody is told
	// yet.
	skip_hours(&o, 8);
	rig_pass(&o.r, 32 * 60000);
	assert_int_equal(calls(&o, c), 8);
	assert_false(is_told(&o));
	rig_pass(&o.r, 10 * 60000);
	assert_true(is_told(&o));
	assert_shown(&o, "\"at\":\"08:30\",\"formats\":[\"csv\",\"pdf\"],"
			 "\"languages\":[\"zh\",\"en\"],");
	assert_shown(&o, "\"arrived\":null");
	assert_shown(&o, "\"reason\":\"no space left\"");
	assert_int_equal(rig_events(&o.r, "kind LIKE 'report.%'"), 0);
	// The pauses grow: in 40 minutes no more than a handful of rounds of four.
	rig_pass(&o.r, 40 * 60000);
	assert_in_range(calls(&o, c), 12, 24);
	answer(&o, 0, "3 ab /there");
	rig_pass(&o.r, HOUR_MS);
	assert_int_equal(calls(&o, c), 4);
	assert_int_equal(
	    rig_events(&o.r, "kind = 'report.deliver' AND "
			     "json_extract(params, '$.day') = '2025-11-24' AND "
			     "json_extract(params, '$.bytes') = 3 AND "
			     "json_extract(params, '$.rounds') > 3"),
	    4);
	assert_false(is_told(&o));
	assert_shown(&o, "\"arrived\":{\"day\":\"2025-11-24\"");
	assert_shown(&o, "\"next\":{\"day\":\"2025-11-25\"");
	assert_shown(&o, "\"failing\":null");
	rig_stop(&o.r);
	rig_start(&o.r);
	assert_shown(&o, "\"arrived\":{\"day\":\"2025-11-24\"");
	close_office(&o);
}

static void
test_what_is_given_up_says_why_and_the_next_goes_on(void **state)
{
	static struct call c[CALLS_MOST];
	struct office o;
	(void)state;
	open_office(&o, daily);
	answer(&o, 1, "no space left");
	skip_hours(&o, 8);
	rig_pass(&o.r, 3 * HOUR_MS);
	assert_int_equal(
	    rig_events(&o.r, "kind = 'report.fail' AND "
			     "json_extract(params, '$.reason') = 'no space left'"),
	    4);
	assert_false(is_told(&o));
	(void)calls(&o, c);
	answer(&o, 0, "3 ab /there");
	skip_hours(&o, 22);
	rig_pass(&o.r, 60000);
	assert_int_equal(calls(&o, c), 4);
	assert_string_equal(c[0].day, "2025-11-25");
	close_office(&o);
}

// One of four arrives: it is not made again, before or after a restart.
static void
test_what_arrived_is_not_made_again(void **state)
{
	static struct call c[CALLS_MOST];
	struct office o;
	(void)state;
	open_office(&o, daily);
	answer(
	    &o, 0, "3 ab /there'; [ \"${11} ${13}\" = \"pdf en\" ] || exit 1; echo '");
	skip_hours(&o, 8);
	rig_pass(&o.r, 31 * 60000);
	assert_int_equal(rig_events(&o.r, "kind = 'report.deliver'"), 1);
	rig_stop(&o.r);
	(void)calls(&o, c);
	answer(&o, 0, "3 ab /there");
	rig_start(&o.r);
	rig_pass(&o.r, 60000);
	assert_int_equal(calls(&o, c), 3);
	assert_int_equal(rig_events(&o.r, "kind = 'report.deliver'"), 4);
	close_office(&o);
}

// ---- what passed meanwhile

static void
down_for(struct office *o, int64_t ms)
{
	rig_stop(&o->r);
	clock_virtual_advance(&o->r.clock, ms);
	rig_start(&o->r);
}

static void
test_downtime_is_made_up_for_and_no_more_than_a_month(void **state)
{
	static struct call c[CALLS_MOST];
	struct office o;
	(void)state;
	open_office(&o, daily);
	assert_int_equal(calls(&o, c), 0); // nothing of before the plan was there
	skip_hours(&o, 9);
	rig_pass(&o.r, 60000);
	assert_int_equal(calls(&o, c), 4);
	down_for(&o, INT64_C(5) * DAY_MS);
	rig_pass(&o.r, 60000);
	assert_int_equal(calls(&o, c), 5 * 4);
	assert_string_equal(c[0].day, "2025-11-25");
	assert_string_equal(c[19].day, "2025-11-29");
	down_for(&o, INT64_C(90) * DAY_MS);
	rig_pass(&o.r, 60000);
	assert_in_range(calls(&o, c), 30 * 4, 31 * 4);
	close_office(&o);
}

static void
test_a_stepped_clock_repeats_nothing(void **state)
{
	static struct call c[CALLS_MOST];
	struct office o;
	(void)state;
	open_office(&o, daily);
	skip_hours(&o, 9);
	rig_pass(&o.r, 60000);
	assert_int_equal(calls(&o, c), 4);
	clock_virtual_step(&o.r.clock, -INT64_C(2) * HOUR_MS);
	rig_pass(&o.r, 2 * HOUR_MS); // 08:30 again
	assert_int_equal(calls(&o, c), 0);
	clock_virtual_step(&o.r.clock, INT64_C(400) * DAY_MS);
	rig_pass(&o.r, 60000);
	// The one that was to come next, and a month.
	assert_in_range(calls(&o, c), 31 * 4, 32 * 4);
	close_office(&o);
}

static void
test_a_tool_that_is_not_there_is_told(void **state)
{
	struct office o;
	(void)state;
	open_office(&o, daily);
	assert_int_equal(unlink(o.script), 0);
	skip_hours(&o, 8);
	rig_pass(&o.r, 45 * 60000);
	assert_true(is_told(&o));
	rig_pass(&o.r, 3 * HOUR_MS);
	assert_int_equal(
	    rig_events(&o.r, "kind = 'report.fail' AND "
			     "json_extract(params, '$.reason') LIKE 'cannot start %'"),
	    4);
	close_office(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_days_are_those_of_the_c_library),
		cmocka_unit_test(test_each_day_once_also_where_clocks_change),
		cmocka_unit_test(test_weeks_months_and_years),
		cmocka_unit_test(test_what_fails_is_tried_again_told_and_delivered),
		cmocka_unit_test(test_what_is_given_up_says_why_and_the_next_goes_on),
		cmocka_unit_test(test_what_arrived_is_not_made_again),
		cmocka_unit_test(test_downtime_is_made_up_for_and_no_more_than_a_month),
		cmocka_unit_test(test_a_stepped_clock_repeats_nothing),
		cmocka_unit_test(test_a_tool_that_is_not_there_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
