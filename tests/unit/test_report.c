// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Reports over a store that is made up here: what is printed for which figures, in
// which format, and what is refused. Whole outputs are compared, since a report is what
// somebody signs.
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/mem.h"
#include "report/report.h"
#include "report_fixture.h"
#include "store/query.h"
#include "test.h"

static void
one_fire_one_fault(void)
{
	store.n_alarms = 2;
	store.alarms[0] = (struct alarm_count){ .alarm_class = CLASS_FAULT,
		.condition = COND_LINK,
		.point = "@bus/panel-lan",
		.onsets = 1,
		.n_seqs = 1,
		.seqs = store.seqs + 8 };
	store.alarms[1] = (struct alarm_count){ .alarm_class = CLASS_FIRE,
		.condition = COND_FIRE,
		.point = "fap1-d-1-5",
		.code = "fire/smoke",
		.place_zh = "五层走廊",
		.place_en = "Corridor, floor 5",
		.onsets = 2,
		.clears = 1,
		.acknowledged = 1,
		.tests = 1,
		.n_seqs = 2,
		.seqs = store.seqs + 3,
		.n_clear_seqs = 1,
		.clear_seqs = store.seqs + 6,
		.n_acknowledge_seqs = 1,
		.acknowledge_seqs = store.seqs + 5,
		.n_test_seqs = 1,
		.test_seqs = store.seqs + 10 };
	store.classes.onsets[CLASS_FAULT] = 1;
	store.classes.onsets[CLASS_FIRE] = 2;
	store.classes.clears[CLASS_FIRE] = 1;
	store.classes.acknowledged[CLASS_FIRE] = 1;
	store.classes.open[CLASS_FAULT] = 1;
	store.first_seq = 2;
	store.last_seq = 17;
}

// --- alarms-daily -------------------------------------------------------------------

static void
test_alarms_csv_word_for_word(void **ctx)
{
	(void)ctx;
	one_fire_one_fault();
	struct report_request q = request("alarms-daily", "csv");
	char *csv = render(&q);
	static const char expected[] =
	    "\xEF\xBB\xBF"
	    "Daily alarm statistics,,,,,,,,,,,,,\r\n"
	    "Site,Tower A,tower-a,,,,,,,,,,,\r\n"
	    "Statistics day,2026-11-23,2026-11-23T08:00:00+08:00,"
	    "2026-11-24T08:00:00+08:00,Asia/Shanghai,,,,,,,,,\r\n"
	    "State,day closed,,,,,,,,,,,,\r\n"
	    "Signature,not signed,,,,,,,,,,,,\r\n"
	    ",,,,,,,,,,,,,\r\n"
	    "By class,,,,,,,,,,,,,\r\n"
	    "Class,New,Restored,Acknowledged,Tests (counted apart),Still "
	    "open,,,,,,,,\r\n"
	    "Fire,2,1,1,1,0,,,,,,,,\r\n"
	    "Pre-alarm,0,0,0,0,0,,,,,,,,\r\n"
	    "Security,0,0,0,0,0,,,,,,,,\r\n"
	    "Supervisory,0,0,0,0,0,,,,,,,,\r\n"
	    "Fault,1,0,0,0,1,,,,,,,,\r\n"
	    "Disabled,0,0,0,0,0,,,,,,,,\r\n"
	    "Process,0,0,0,0,0,,,,,,,,\r\n"
	    "Information,0,0,0,0,0,,,,,,,,\r\n"
	    "System,0,0,0,0,0,,,,,,,,\r\n"
	    "Total without information,3,1,1,1,1,,,,,,,,\r\n"
	    ",,,,,,,,,,,,,\r\n"
	    "By class and place,,,,,,,,,,,,,\r\n"
	    "Class,Condition,Place,Point,Code,New,Restored,Acknowledged,Tests (counted "
	    "apart),Events: new,Events: restored,Events: acknowledged,Events: "
	    "tests,Register map\r\n"
	    "Fire,fire alarm,\"Corridor, floor 5\",fap1-d-1-5,smoke detector,2,1,1,1,4 "
	    "5,7,6,11,\r\n"
	    "Fault,link lost,,'@bus/panel-lan,,1,0,0,0,9,,,,\r\n"
	    ",,,,,,,,,,,,,\r\n"
	    "Times not watched,,,,,,,,,,,,,\r\n"
	    "Reason,From,To,Length,Place,Point,Event numbers,,,,,,,\r\n"
	    "none (无),,,,,,,,,,,,,\r\n"
	    ",,,,,,,,,,,,,\r\n"
	    "How long not watched,,,,,,,,,,,,,\r\n"
	    "Place,Point,Points,Not watched (overlaps once),Link lost,No value,"
	    "Isolated,System down,Clock set forward,Storage trouble,Times of unknown "
	    "length,Event numbers,,\r\n"
	    "none (无),,,,,,,,,,,,,\r\n"
	    ",,,,,,,,,,,,,\r\n"
	    "Compared with the span before,,,,,,,,,,,,,\r\n"
	    "Class,New,Span before,Mean of 7 days before,,,,,,,,,,\r\n"
	    "Fire,2,2,2.0,,,,,,,,,,\r\n";
	assert_memory_equal(csv, expected, sizeof(expected) - 1);
	assert_has(csv, "Ten points that came most often,,,,,,,,,,,,,\r\n"
			"Point,Place,New,Share (%),Event numbers,,,,,,,,,\r\n"
			"fap1-d-1-5,,2,66.7,4 5,,,,,,,,,\r\n");
	assert_has(csv, "Last event counted,17,,,,,,,,,,,,\r\n");
	assert_checksum_holds(csv);
	assert_has(csv, "Produced,2026-11-25T08:00:00+08:00,Watchroom ");
	free(csv);
}

static void
test_alarms_csv_in_chinese(void **ctx)
{
	(void)ctx;
	one_fire_one_fault();
	struct report_request q = request("alarms-daily", "csv");
	q.lang = LANG_ZH;
	char *csv = render(&q);
	assert_has(csv, "消防中控室报警情况日统计表,");
	assert_has(csv, "单位,科技大厦,tower-a,");
	assert_has(
	    csv, "火警,火警,五层走廊,fap1-d-1-5,感烟探测器,2,1,1,1,4 5,7,6,11,\r\n");
	assert_has(csv, "无");
	free(csv);
}

static void
test_alarms_json_has_exact_numbers_and_ids(void **ctx)
{
	(void)ctx;
	one_fire_one_fault();
	struct report_request q = request("alarms-daily", "json");
	char *json = render(&q);
	assert_has(json,
	    "{\"report\":\"alarms-daily\",\"site\":{\"id\":\"tower-a\",\"name\":{"
	    "\"zh\":"
	    "\"科技大厦\",\"en\":\"Tower "
	    "A\"},\"time_zone\":\"Asia/Shanghai\"},\"span\":\"day\",\"day\":"
	    "\"2026-11-23\",\"from\":\"2026-11-23T00:00:00.000Z\"");
	assert_has(json,
	    "\"data\":{\"first_seq\":2,\"last_seq\":17,\"classes\":[{"
	    "\"class\":\"fire\",\"onsets\":2,\"clears\":1,\"acknowledged\":"
	    "1,\"tests\":1,\"open\":0},");
	assert_has(json, "\"total\":{\"onsets\":3,\"clears\":1,\"acknowledged\":1,"
			 "\"tests\":1,\"open\":1}");
	assert_has(json,
	    "{\"class\":\"fire\",\"condition\":\"fire\",\"place\":{\"zh\":\"五层走廊\","
	    "\"en\":\"Corridor, floor 5\"},\"point\":\"fap1-d-1-5\",\"code\":"
	    "\"fire/smoke\",\"onsets\":2,\"clears\":1,\"acknowledged\":1,\"tests\":1,"
	    "\"events\":[4,5],\"clear_events\":[7],\"acknowledge_events\":[6],"
	    "\"test_events\":[11],\"maturity\":null}");
	assert_has(json, "\"gaps\":[],");
	assert_has(json, "\"rows\":28,\"revision\":null,\"signed\":null,\"newest\":"
			 "null,\"sha256\":\"");
	assert_null(strstr(json, "\"anchor\""));
	free(json);
}

static void
test_json_checksum_covers_the_data(void **ctx)
{
	(void)ctx;
	unsigned char hash[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof(hash) + 1];
	one_fire_one_fault();
	struct report_request q = request("alarms-daily", "json");
	char *json = render(&q);
	const char *from = strstr(json, "\"data\":") + strlen("\"data\":");
	const char *to = strstr(json, ",\"rows\":28,");
	assert_non_null(to);
	(void)crypto_hash_sha256(
	    hash, (const unsigned char *)from, (unsigned long long)(to - from));
	(void)sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	assert_has(json, hex);
	free(json);
}

// I13: totals reconcile, or there is no report.
static void
test_I13_figures_that_do_not_add_up_are_refused(void **ctx)
{
	(void)ctx;
	struct report_request q = request("alarms-daily", "csv");
	one_fire_one_fault();
	store.classes.onsets[CLASS_FIRE] = 3;
	assert_refused(&q, "class fire do not add up: onsets 3, in rows 2, events 2");
	one_fire_one_fault();
	store.alarms[1].n_seqs = 1;
	assert_refused(&q, "class fire do not add up: onsets 2, in rows 2, events 1");
	one_fire_one_fault();
	store.classes.acknowledged[CLASS_FAULT] = 1;
	assert_refused(&q, "class fault do not add up: acknowledged 1, in rows 0");
	one_fire_one_fault();
	store.alarms[1].n_test_seqs = 0;
	assert_refused(&q, "class fire do not add up: tests 1, in rows 1, events 0");
}

static void
test_I13_an_event_between_two_reads_is_no_fault(void **ctx)
{
	(void)ctx;
	one_fire_one_fault();
	store.wrong_class_reads = 3;
	struct report_request q = request("alarms-daily", "csv");
	char *csv = render(&q);
	assert_has(csv, "Fire,2,1,1,1,0");
	assert_has(csv, "\r\nFire,fire alarm,");
	free(csv);
}

static void
test_an_empty_day_says_none(void **ctx)
{
	(void)ctx;
	struct report_request q = request("alarms-daily", "csv");
	char *csv = render(&q);
	assert_has(csv, "Events: tests,Register map\r\nnone (无),,,,,,,,,,,,,\r\n");
	assert_has(csv, "Total without information,0,0,0,0,0,");
	assert_checksum_holds(csv);
	free(csv);
}

static void
test_many_ids_go_on_in_further_lines(void **ctx)
{
	(void)ctx;
	one_fire_one_fault();
	store.alarms[1].onsets = SEQS;
	store.alarms[1].n_seqs = SEQS;
	store.alarms[1].seqs = store.seqs;
	store.classes.onsets[CLASS_FIRE] = SEQS;
	struct report_request q = request("alarms-daily", "csv");
	char *csv = render(&q);
	assert_has(csv, ",smoke detector,6000,1,1,1,1 2 3 ");
	assert_has(csv, " 2500,7,6,11,\r\n,,,,,,,,,2501 2502 ");
	assert_has(csv, " 5000,,,,\r\n,,,,,,,,,5001 5002 ");
	assert_has(csv, " 6000,,,,\r\nFault,");
	size_t longest = 0;
	for (const char *p = csv; *p != '\0';) {
		size_t n = strcspn(p, ",\r");
		longest = n > longest ? n : longest;
		p += n + (p[n] != '\0');
	}
	assert_true(longest < 32767); // a cell of a spreadsheet
	free(csv);
}

static void
test_outages_are_said_and_cut_to_the_day(void **ctx)
{
	(void)ctx;
	one_fire_one_fault();
	store.n_events = 3;
	struct event *down = &store.events[0].event, *blind = &store.events[1].event;
	struct event *elsewhere = &store.events[2].event;
	event_init(down, EVENT_DAEMON_DOWN);
	down->seq = 3;
	down->time_utc_ms = REPORT_DAY_FROM_MS + 600000;
	(void)str_copy(down->params, sizeof(down->params),
	    "{\"from_utc_ms\":1795388400000,\"to_utc_ms\":1795392600000,\"clean\":"
	    "true}");
	event_init(blind, EVENT_BLIND);
	blind->seq = 12;
	(void)str_copy(blind->point, sizeof(blind->point), "@device/fap1");
	(void)str_copy(blind->params, sizeof(blind->params),
	    "{\"reason\":\"link\",\"from_utc_ms\":1795399200000,\"to_utc_ms\":"
	    "1795401000000,\"points\":3}");
	event_init(elsewhere, EVENT_BLIND);
	(void)str_copy(elsewhere->params, sizeof(elsewhere->params),
	    "{\"from_utc_ms\":1795478400000,\"to_utc_ms\":1795479000000}");
	struct report_request q = request("alarms-daily", "csv");
	char *csv = render(&q);
	assert_has(csv,
	    "Event numbers,,,,,,,\r\n"
	    "system was "
	    "down,2026-11-23T08:00:00+08:00,2026-11-23T08:10:00+08:00,0:10:00,"
	    ",,3,,,,,,,\r\n"
	    "blind time,2026-11-23T10:00:00+08:00,2026-11-23T10:30:00+08:00,0:30:00,,"
	    "'@device/fap1,12,,,,,,,\r\n"
	    ",,,,,,,,,,,,,\r\n");
	assert_true(event_kind_among(store.asked_kinds, EVENT_BLIND));
	assert_false(event_kind_among(store.asked_kinds, EVENT_ALARM_ONSET));
	free(csv);
}

static void
test_i13_blind_time_is_summed_in_words_and_opens(void **ctx)
{
	(void)ctx;
	static const int64_t seqs[] = { 3, 12 };
	one_fire_one_fault();
	struct report_request q = request("alarms-daily", "csv");
	char *csv = render(&q);
	assert_has(csv, "How long not watched,,,,,,,,,,,,,\r\n");
	free(csv);
	store.n_blind = 2;
	store.blind[0] = (struct blind_sum){ .point = "@device/fap1",
		.points = 3,
		.blind_ms = 5400000,
		.by_ms = { [BLIND_LINK] = 3600000, [BLIND_DOWN] = 2700000 },
		.n_seqs = 2,
		.seqs = seqs };
	store.blind[1] = (struct blind_sum){ .points = 20,
		.blind_ms = 2700000,
		.by_ms = { [BLIND_DOWN] = 2700000 },
		.unmeasured = 1,
		.n_seqs = 1,
		.seqs = seqs };
	csv = render(&q);
	assert_has(csv,
	    ",'@device/fap1,3,1:30:00,1:00:00,0:00:00,0:00:00,0:45:00,0:00:00,"
	    "0:00:00,0,3 12,,\r\n");
	assert_has(csv, "Whole site (and every point not listed),,20,0:45:00,0:00:00,"
			"0:00:00,0:00:00,0:45:00,0:00:00,0:00:00,1,3,,\r\n");
	free(csv);
	q.format = "json";
	char *json = render(&q);
	assert_has(json, "\"blind_ms\":5400000,\"link_ms\":3600000");
	assert_has(json, "\"events\":[3,12]");
	free(json);
}

static void
test_data_never_acts_as_a_formula(void **ctx)
{
	(void)ctx;
	static const struct {
		const char *place, *field;
	} cases[] = {
		{ "=1+1", "'=1+1" },
		{ "+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0" },
		{ "-2+3", "'-2+3" },
		{ "@SUM(A1)", "'@SUM(A1)" },
		{ "\tx", "'\tx" },
		{ "\rx", "\"'\rx\"" },
		{ "-12.5", "-12.5" },
		{ "+7", "+7" },
		{ "-1e3", "-1e3" },
		{ "-", "'-" },
		{ "＝1+1", "'＝1+1" },
		{ "－2", "'－2" },
		{ "＠SUM(A1)", "'＠SUM(A1)" },
		{ "=\"a\",b", "\"'=\"\"a\"\",b\"" },
		{ "say \"hi\"", "\"say \"\"hi\"\"\"" },
		{ "two\nlines", "\"two\nlines\"" },
		{ " edge", "\" edge\"" },
		{ "plain", "plain" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		one_fire_one_fault();
		(void)str_copy(store.alarms[1].place_en,
		    sizeof(store.alarms[1].place_en), cases[i].place);
		struct report_request q = request("alarms-daily", "csv");
		char *csv = render(&q);
		char *part =
		    xasprintf("Fire,fire alarm,%s,fap1-d-1-5,", cases[i].field);
		assert_has(csv, part);
		free(part);
		free(csv);
	}
}

static void
test_local_times_follow_daylight_saving(void **ctx)
{
	(void)ctx;
	assert_int_equal(setenv("TZ", "Europe/Berlin", 1), 0);
	tzset();
	(void)str_copy(
	    report_who.time_zone, sizeof(report_who.time_zone), "Europe/Berlin");
	// The night on which clocks go back: a day of 25 hours.
	store.day = (struct day_span){ .day = "2026-10-25",
		.closed = true,
		.from_ms = INT64_C(1792879200000),
		.to_ms = INT64_C(1792969200000) };
	struct report_request q = request("alarms-daily", "csv");
	q.day = "2026-10-25";
	char *csv = render(&q);
	assert_has(csv,
	    "2026-10-25,2026-10-25T00:00:00+02:00,2026-10-26T00:00:00+01:00,"
	    "Europe/Berlin,");
	free(csv);
}

// --- requests -----------------------------------------------------------------------

static void
test_unknown_requests_name_what_is_allowed(void **ctx)
{
	(void)ctx;
	struct report_request q = request("alarms", "csv");
	assert_refused(&q,
	    "report: found \"alarms\", allowed: alarms-daily, alarms-weekly, "
	    "alarms-monthly, alarms-yearly, pressure-daily, actions-daily, "
	    "commissioning");
	q = request("alarms-daily", "docx");
	assert_refused(
	    &q, "format: found \"docx\", allowed: csv, json, html, pdf, xlsx");
	q = request("alarms-daily", "csv");
	q.day = "2026-02-30";
	assert_refused(&q, "2026-02-30");
}

static void
test_the_site_is_known_from_the_journal_alone(void **ctx)
{
	(void)ctx;
	struct report_site s;
	assert_int_equal(report_site_read(NULL, NULL, &s, NULL), 0);
	assert_string_equal(s.id, "site_id");
	assert_string_equal(s.name_zh, "site_name_zh");
	assert_string_equal(s.time_zone, "Asia/Shanghai");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_alarms_csv_word_for_word, report_set_up),
		cmocka_unit_test_setup(test_alarms_csv_in_chinese, report_set_up),
		cmocka_unit_test_setup(
		    test_alarms_json_has_exact_numbers_and_ids, report_set_up),
		cmocka_unit_test_setup(
		    test_json_checksum_covers_the_data, report_set_up),
		cmocka_unit_test_setup(
		    test_I13_figures_that_do_not_add_up_are_refused, report_set_up),
		cmocka_unit_test_setup(
		    test_I13_an_event_between_two_reads_is_no_fault, report_set_up),
		cmocka_unit_test_setup(test_an_empty_day_says_none, report_set_up),
		cmocka_unit_test_setup(
		    test_many_ids_go_on_in_further_lines, report_set_up),
		cmocka_unit_test_setup(
		    test_i13_blind_time_is_summed_in_words_and_opens, report_set_up),
		cmocka_unit_test_setup(
		    test_outages_are_said_and_cut_to_the_day, report_set_up),
		cmocka_unit_test_setup(
		    test_data_never_acts_as_a_formula, report_set_up),
		cmocka_unit_test_setup(
		    test_local_times_follow_daylight_saving, report_set_up),
		cmocka_unit_test_setup(
		    test_unknown_requests_name_what_is_allowed, report_set_up),
		cmocka_unit_test_setup(
		    test_the_site_is_known_from_the_journal_alone, report_set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
