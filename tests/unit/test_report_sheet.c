// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The pressure sheet as the paper has it (E4) and its pumps, over a store that is made
// up here: hours as columns, what is to be thought of a gauge, starts and runs by the
// events, and what nobody watched (I6, I13).
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/reading.h"
#include "lib/mem.h"
#include "report/unwatched.h"
#include "report_fixture.h"
#include "test.h"

#define DAY  REPORT_DAY_FROM_MS // a Monday, 08:00 on the wall
#define MIN  INT64_C(60000)
#define HOUR INT64_C(3600000)

enum {
	GAUGE,
	RUN,
	AUTO,
	JOCKEY,
	MAIN,
	N_POINTS
};

static struct limit limits[LIMIT_COUNT];
static struct point points[N_POINTS];
static struct device devices[] = { { .id = "io1", .bus = 0 } };
static struct bus buses[] = { { .id = "lan2" } };
static struct pump_def pumps[2];
static struct site site;

static void
set_up_site(void)
{
	memset(limits, 0, sizeof(limits));
	limits[LIMIT_LOW] = (struct limit){ .set = true, .value = 600.0 };
	limits[LIMIT_LOW_LOW] = (struct limit){ .set = true, .value = 500.0 };
	limits[LIMIT_HIGH_HIGH] = (struct limit){ .set = true, .value = 1000.0 };
	static const char *const ids[] = { "hydrant-main", "jockey-run", "main-auto",
		"@pump/jockey", "@pump/main" };
	for (int i = 0; i < N_POINTS; i++)
		points[i] = (struct point){ .id = ids[i],
			.place_zh = "",
			.place_en = "Pump room",
			.kind = KIND_PUMP_RUN,
			.zone = INDEX_NONE,
			.device = INDEX_NONE,
			.gpio = INDEX_NONE };
	points[GAUGE].kind = KIND_PRESSURE;
	points[GAUGE].daily_log = true;
	points[GAUGE].limits = limits;
	points[RUN].device = 0;
	pumps[0] = (struct pump_def){ .id = "jockey",
		.name_zh = "稳压泵",
		.name_en = "Jockey",
		.gauge = GAUGE,
		.second_gauge = UINT32_MAX,
		.run = RUN,
		.auto_contact = UINT32_MAX,
		.manual_contact = UINT32_MAX,
		.point = JOCKEY };
	pumps[0].rule.has_run = true;
	pumps[0].rule.bounds[PUMP_SHORT_CYCLING].set = true;
	pumps[1] = pumps[0];
	pumps[1].id = "main";
	pumps[1].name_en = "Main";
	pumps[1].rule.role = PUMP_MAIN;
	pumps[1].rule.has_auto = true;
	pumps[1].auto_contact = AUTO;
	pumps[1].weekly_start = pumps[1].monthly_run = true;
	pumps[1].point = MAIN;
	site = (struct site){ .points = points,
		.n_points = N_POINTS,
		.n_site_points = JOCKEY,
		.devices = devices,
		.n_devices = 1,
		.buses = buses,
		.n_buses = 1,
		.pumps = pumps,
		.n_pumps = 2 };
}

static int
set_up(void **ctx)
{
	set_up_site();
	int result = report_set_up(ctx);
	store.n_gauges = 1;
	store.gauges[0] = (struct pressure_day){ .point = "hydrant-main",
		.min = 610.0,
		.max = 712.0,
		.mean = 655.25,
		.min_at_ms = DAY + HOUR,
		.max_at_ms = DAY + 2 * HOUR,
		.good_ms = 86400000,
		.expected_ms = 86400000,
		.minutes = 1440,
		.samples = 86000 };
	return result;
}

static char *
sheet(const char *format)
{
	struct report_request q = request("pressure-daily", format);
	q.points = &site;
	return render(&q);
}

static void
put_set(int64_t due_ms, double value)
{
	store.set[store.n_set++] = (struct set_hour_row){ .due_utc_ms = due_ms,
		.value = value,
		.at_utc_ms = isnan(value) ? 0 : due_ms + 400 };
}

// --- the sheet ----------------------------------------------------------------------

static void
test_the_set_hours_are_columns_in_their_order(void **ctx)
{
	(void)ctx;
	put_set(DAY + 12 * HOUR, (double)NAN);
	put_set(DAY, 650.0);
	char *csv = sheet("csv");
	assert_has(
	    csv, "Place,Point,08:00,20:00,Minimum (MPa),Time-weighted mean (MPa)");
	assert_has(csv,
	    "Pump room,hydrant-main,0.650,none (无),0.610,0.655,0.712,0.600,"
	    "1.000,100.0,none (无),none (无),0,0:00:00,normal,");
	free(csv);
	for (int i = 1; i <= 3; i++)
		put_set(DAY + i * HOUR, 650.0);
	csv = sheet("csv"); // five are a table of their own
	assert_has(csv, "Place,Point,Minimum (MPa)");
	assert_has(csv, "Pump room,hydrant-main,0.610,0.655,");
	free(csv);
}

static void
onset(const char *point, enum condition c, const char *code, int64_t at_ms)
{
	struct event *e = journal_event(EVENT_ALARM_ONSET, at_ms, point);
	e->condition = (int)c;
	e->alarm_class = CLASS_PROCESS;
	(void)str_copy(e->code, sizeof(e->code), code);
	(void)snprintf(
	    e->occurrence_id, sizeof(e->occurrence_id), "b-%lld", (long long)e->seq);
}

// All there is to know of a gauge's day, against the rule in words: a value beyond a
// limit is out of limits; else an alarm is one; else what was not seen is not judged.
static void
test_I6_a_gauge_is_normal_only_where_all_of_it_is_known(void **ctx)
{
	for (unsigned bits = 0; bits < 64; bits++) {
		bool below = bits & 1, above = bits & 2, alarm = bits & 4,
		     none = bits & 8, hole = bits & 16, unlimited = bits & 32;
		set_up(ctx);
		if (unlimited)
			points[GAUGE].limits = NULL;
		if (below)
			store.gauges[0].min = 599.9;
		if (above)
			store.gauges[0].max = 1000.1;
		if (none)
			store.gauges[0].good_ms = 0;
		if (alarm)
			onset("hydrant-main", COND_PROCESS, "rate-fall", DAY + HOUR);
		if (hole) {
			store.silent_from_ms = DAY + 5 * MIN;
			store.silent_to_ms = DAY + 7 * MIN;
		}
		const char *want = "normal";
		if (unlimited)
			want = "no_limits";
		if (hole)
			want = "incomplete";
		if (none)
			want = "no_value";
		if (alarm)
			want = "alarm";
		if ((below || above) && !none && !unlimited)
			want = "out_of_limits";
		char *json = sheet("json");
		char *part = xasprintf("\"judgement\":\"%s\"", want);
		assert_has(json, part);
		free(part);
		assert_has(
		    json, alarm ? "\"alarm_events\":[1]" : "\"alarm_events\":[]");
		free(json);
	}
}

static void
test_alarms_of_others_and_tests_are_not_the_gauges(void **ctx)
{
	(void)ctx;
	onset("elsewhere", COND_PROCESS, "low", DAY + HOUR);
	onset("hydrant-main", COND_INFO, "isolation-ending", DAY + HOUR);
	onset("hydrant-main", COND_PROCESS, "low", DAY + HOUR);
	(void)str_copy(store.journal[2].event.params,
	    sizeof(store.journal[2].event.params), "{\"test\":true}");
	char *json = sheet("json");
	assert_has(json, "\"judgement\":\"normal\"");
	free(json);
	onset("hydrant-main", COND_PROCESS, "low", DAY - HOUR); // stands since before
	json = sheet("json");
	assert_has(json, "\"judgement\":\"alarm\"");
	free(json);
}

// --- read by hand -------------------------------------------------------------------

static void
hand(int64_t read_ms, int64_t entered_ms, double kpa, const char *rest)
{
	struct event *e = journal_event(EVENT_READING_HAND, entered_ms, "hydrant-main");
	e->value = kpa;
	(void)str_copy(e->actor, sizeof(e->actor), "wang");
	(void)snprintf(e->params, sizeof(e->params), "{\"read_utc_ms\":%lld,%s}",
	    (long long)read_ms, rest);
}

static void
test_a_reading_stands_on_the_day_and_beside_the_hour_it_was_read(void **ctx)
{
	static const char agrees[] = "\"unit\":\"bar\",\"sensor\":660.5,\"difference\":"
				     "10.5,\"tolerance\":20,\"is\":\"agrees\"";
	static const char unjudged[] =
	    "\"unit\":\"MPa\",\"sensor\":null,\"difference\":"
	    "null,\"tolerance\":20,\"is\":\"no_sensor\"";
	(void)ctx;
	put_set(DAY, 655.0);
	put_set(DAY + 12 * HOUR, 651.0);
	hand(DAY - MIN, DAY + MIN, 600.0, agrees);                   // yesterday's
	hand(DAY + 24 * HOUR, DAY + 24 * HOUR, 601.0, agrees);       // tomorrow's
	hand(DAY + 2 * HOUR, DAY + 2 * HOUR, 640.0, unjudged);       // of no set hour
	hand(DAY + 24 * HOUR - MIN, DAY + 25 * HOUR, 645.0, agrees); // entered late
	hand(DAY + 11 * HOUR, DAY + 13 * HOUR, 650.0, agrees);
	char *json = sheet("json");
	assert_has(json, "\"hand\":645,\"hand_difference\":10.5,");
	assert_has(json, "\"hand_events\":[4]}");
	assert_has(json, "\"reason\":null,\"hand\":null,\"hand_at\":null,");
	assert_has(json, "\"reason\":null,\"hand\":650,\"hand_at\":"
			 "\"2026-11-23T11:00:00.000Z\",\"hand_difference\":10.5}");
	assert_has(json, "\"hand_readings\":[{\"read\":\"2026-11-23T02:00:00.000Z\","
			 "\"by\":\"wang\",");
	assert_has(json, "\"value\":640,\"sensor\":null,\"difference\":null,"
			 "\"tolerance\":20,\"unit\":\"kPa\",\"is\":\"no_sensor\","
			 "\"note\":null,\"events\":[3]}");
	assert_null(strstr(json, "\"value\":600,"));
	assert_null(strstr(json, "\"value\":601,"));
	free(json);
}

// --- the pumps ----------------------------------------------------------------------

static void
turn(
    const char *pump, enum event_kind kind, int64_t at_ms, double kpa, const char *more)
{
	struct event *e = journal_event(kind, at_ms, pump);
	e->value = kpa;
	(void)snprintf(e->params, sizeof(e->params),
	    "{\"pump\":\"x\",\"by\":\"contact\"%s}", more);
}

static void
test_I13_starts_stops_and_run_time_are_those_of_the_events(void **ctx)
{
	(void)ctx;
	// Runs over the begin of the day, once within it, and over its end.
	turn("@pump/jockey", EVENT_PUMP_START, DAY - 10 * MIN, 590.0, "");
	turn("@pump/jockey", EVENT_PUMP_STOP, DAY + 2 * MIN, 700.0, "");
	turn("@pump/jockey", EVENT_PUMP_START, DAY + HOUR, 601.5, "");
	turn("@pump/jockey", EVENT_PUMP_STOP, DAY + HOUR + 3 * MIN, 702.0, "");
	turn("@pump/jockey", EVENT_PUMP_START, DAY + 24 * HOUR - MIN, 598.0, "");
	char *json = sheet("json");
	assert_has(json,
	    "{\"pump\":\"jockey\",\"name\":{\"zh\":\"稳压泵\",\"en\":\"Jockey\"},"
	    "\"role\":\"jockey\",\"gauge\":\"hydrant-main\",\"starts\":2,\"automatic\":"
	    "null,\"manual\":null,\"mode_unknown\":2,\"start_min\":598,\"start_max\":"
	    "601.5,\"stop_min\":700,\"stop_max\":702,\"unit\":\"kPa\",\"ran_ms\":"
	    "360000,"
	    "\"unwatched_ms\":0,\"short_cycling\":\"not_found\",\"leak_down\":"
	    "\"unwatched\",\"alarms\":0,\"start_events\":[3,5],\"stop_events\":[2,4],"
	    "\"alarm_events\":[]}");
	assert_has(json, "\"jockey_starts\":2,\"jockey_unwatched_ms\":0,");
	assert_has(
	    json, "\"start_events\":[3,5],\"alarm_events\":[],\"hand_events\":[]}");
	free(json);
}

static void
test_I6_time_nobody_watched_is_no_run_and_no_rest(void **ctx)
{
	(void)ctx;
	turn("@pump/jockey", EVENT_PUMP_START, DAY + HOUR, 600.0, "");
	struct event *e = journal_event(EVENT_BLIND, DAY + 3 * HOUR, "@device/io1");
	(void)snprintf(e->params, sizeof(e->params),
	    "{\"reason\":\"link\",\"from_utc_ms\":%lld,\"to_utc_ms\":%lld}",
	    (long long)(DAY + 2 * HOUR), (long long)(DAY + 3 * HOUR));
	e = journal_event(EVENT_PUMP_STOP, DAY + 3 * HOUR, "@pump/jockey");
	e->not_before_utc_ms = DAY + 2 * HOUR;
	onset("@pump/jockey", COND_PROCESS, "pump-short-cycling", DAY + 4 * HOUR);
	char *json = sheet("json");
	assert_has(json, "\"ran_ms\":3600000,\"unwatched_ms\":3600000,"
			 "\"short_cycling\":\"found\",");
	assert_has(json, "\"alarms\":1,");
	assert_has(json, "\"jockey_starts\":1,\"jockey_unwatched_ms\":3600000,");
	free(json);
}

// The link was lost before the day and is lost still: there is no number of starts.
static void
test_I6_a_pump_that_nobody_watched_has_no_starts(void **ctx)
{
	(void)ctx;
	onset("@bus/lan2", COND_LINK, "", DAY - 2 * 24 * HOUR);
	char *json = sheet("json");
	assert_has(json, "\"starts\":null,");
	assert_has(json, "\"ran_ms\":null,\"unwatched_ms\":86400000,"
			 "\"short_cycling\":\"not_found_gaps\",");
	assert_has(json, "\"jockey_starts\":null,\"jockey_unwatched_ms\":86400000,");
	assert_null(strstr(json, "\"starts\":0"));
	free(json);
}

// --- what GB 50974 asks for ---------------------------------------------------------

static void
assert_exercises(const char *weekly, const char *monthly)
{
	char *json = sheet("json");
	const char *week = strstr(json, "\"exercise\":\"weekly_start\"");
	const char *month = strstr(json, "\"exercise\":\"monthly_run\"");
	assert_non_null(week);
	assert_non_null(month);
	char *part = xasprintf("\"is\":\"%s\"", weekly);
	assert_int_equal(strncmp(strstr(week, "\"is\":"), part, strlen(part)), 0);
	free(part);
	part = xasprintf("\"is\":\"%s\"", monthly);
	assert_int_equal(strncmp(strstr(month, "\"is\":"), part, strlen(part)), 0);
	free(part);
	free(json);
}

static void
test_the_weekly_start_and_the_monthly_run_are_said_in_words(void **ctx)
{
	(void)ctx;
	// The day begins on Monday 23 November at 08:00, its week eight hours earlier.
	int64_t week = DAY - 8 * HOUR, month = week - INT64_C(22) * 24 * HOUR;
	assert_exercises("not_seen_week", "not_seen_month");
	turn("@pump/main", EVENT_PUMP_START, week - 1, 1.0, ",\"mode\":\"automatic\"");
	turn("@pump/main", EVENT_PUMP_START, month - 1, 1.0, ",\"mode\":\"manual\"");
	assert_exercises("not_seen_week", "not_seen_month");
	turn("@pump/main", EVENT_PUMP_START, month, 1.0, ",\"mode\":\"manual\"");
	assert_exercises("not_seen_week", "seen");
	turn("@pump/main", EVENT_PUMP_START, week, 1.0, ",\"mode\":\"manual\"");
	assert_exercises("not_seen_week", "seen");
	turn("@pump/main", EVENT_PUMP_START, week + 1, 1.0, ",\"mode\":\"unknown\"");
	assert_exercises("mode_unknown", "mode_unknown");
	turn(
	    "@pump/main", EVENT_PUMP_START, DAY + HOUR, 1.0, ",\"mode\":\"automatic\"");
	assert_exercises("seen", "mode_unknown");
	char *csv = sheet("csv");
	assert_has(csv, "main,Main,automatic start each week,2026-11-23T00:00:00+08:00,"
			"seen,2026-11-23T09:00:00+08:00,0:00:00,6");
	free(csv);
}

// The sheet of a Sunday goes on until Monday 08:00, and is of the week that ends.
static void
test_a_sundays_sheet_is_of_its_own_week(void **ctx)
{
	(void)ctx;
	store.day.from_ms -= 24 * HOUR;
	store.day.to_ms -= 24 * HOUR;
	turn("@pump/main", EVENT_PUMP_START, DAY - 8 * HOUR, 1.0,
	    ",\"mode\":\"automatic\"");
	assert_exercises("not_seen_week", "not_seen_month");
	turn("@pump/main", EVENT_PUMP_START, DAY - 8 * HOUR - 1, 1.0,
	    ",\"mode\":\"automatic\"");
	assert_exercises("seen", "not_seen_month");
}

static void
test_I6_not_seen_is_no_word_for_not_watched(void **ctx)
{
	(void)ctx;
	struct event *e = journal_event(EVENT_DAEMON_DOWN, DAY - 5 * HOUR, "");
	(void)snprintf(e->params, sizeof(e->params),
	    "{\"from_utc_ms\":%lld,\"to_utc_ms\":%lld}", (long long)(DAY - 6 * HOUR),
	    (long long)(DAY - 5 * HOUR));
	assert_exercises("not_seen_week_gaps", "not_seen_month_gaps");
	store.n_journal = 0;
	store.begun_ms = DAY - 30 * 24 * HOUR; // before the month and the week
	assert_exercises("not_seen_week", "not_seen_month");
	store.begun_ms = DAY - 3 * 24 * HOUR; // a month of which nobody knows the begin
	assert_exercises("not_seen_week", "not_seen_month_gaps");
	store.begun_ms = DAY - HOUR;
	assert_exercises("not_seen_week_gaps", "not_seen_month_gaps");
	char *csv = sheet("csv");
	assert_has(csv, "not seen this week (not watched all the time)");
	assert_has(csv, "not seen this month (not watched all the time)");
	free(csv);
}

// --- spans --------------------------------------------------------------------------

// Against an array in which each moment is ticked off by itself.
static void
test_spans_merge_as_moments_do(void **ctx)
{
	enum {
		LENGTH = 60,
		FROM = 7,
		TO = 49
	};
	unsigned seed = 1;
	(void)ctx;
	for (int round = 0; round < 2000; round++) {
		bool ticked[LENGTH] = { false };
		struct time_spans s = { 0 };
		int64_t covered = 0;
		for (int i = 0; i < round % 9; i++) {
			seed = seed * 1103515245 + 12345;
			int64_t from = seed / 65536 % LENGTH;
			seed = seed * 1103515245 + 12345;
			int64_t to = seed / 65536 % LENGTH;
			time_spans_add(&s, from, to);
			for (int64_t t = from; t < to; t++)
				ticked[t] = true;
		}
		time_spans_merge(&s, FROM, TO);
		for (int t = FROM; t < TO; t++)
			covered += ticked[t];
		assert_int_equal(time_spans_within(&s, 0, LENGTH), covered);
		for (int t = 0; t < LENGTH; t++)
			assert_int_equal(time_spans_within(&s, t, t + 1),
			    t >= FROM && t < TO && ticked[t]);
		for (size_t i = 1; i < s.n; i++)
			assert_true(s.all[i - 1].to_ms < s.all[i].from_ms);
		time_spans_free(&s);
	}
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup(test, set_up)
	const struct CMUnitTest tests[] = {
		T(test_the_set_hours_are_columns_in_their_order),
		T(test_I6_a_gauge_is_normal_only_where_all_of_it_is_known),
		T(test_alarms_of_others_and_tests_are_not_the_gauges),
		T(test_a_reading_stands_on_the_day_and_beside_the_hour_it_was_read),
		T(test_I13_starts_stops_and_run_time_are_those_of_the_events),
		T(test_I6_time_nobody_watched_is_no_run_and_no_rest),
		T(test_I6_a_pump_that_nobody_watched_has_no_starts),
		T(test_the_weekly_start_and_the_monthly_run_are_said_in_words),
		T(test_a_sundays_sheet_is_of_its_own_week),
		T(test_I6_not_seen_is_no_word_for_not_watched),
		T(test_spans_merge_as_moments_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
