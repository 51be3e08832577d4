// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Verdicts and missed alarms over the API: what may be said, and what of it is taken
// from the journal.
#include <string.h>

#include "console_fixture.h"
#include "test.h"

#define VERIFY "POST /api/v1/alarms/7-12/verify"
#define MISSED "POST /api/v1/missed"
// The fixture's now is 2026-01-02T03:04:05.678Z.
#define HAPPENED "\"happened\":\"2026-01-02T02:00:00Z\""

static void
test_i3_a_verdict_is_an_event_about_the_onset(void **state)
{
	struct fixture *f = *state;
	char session[400];

	expect(
	    ask(f, VERIFY, "X-Watchroom: 1\r\n", "{\"verdict\":\"real\"}"), 401, NULL);
	log_in(f, "wang", "1234", session);
	expect(ask(f, VERIFY, session, "{\"verdict\":\"real\"}"), 200, NULL);
	assert_string_equal(fake_store.occurrence, "7-12");
	assert_string_equal(f->daemon.last,
	    "alarm.verify wang [] [] 7-12 1 {\"verdict\":\"real\"} real");
	expect(ask(f, VERIFY, session,
		   "{\"verdict\":\"false\",\"cause\":\"dust\",\"note\":\"a \\\"b\"}"),
	    200, NULL);
	assert_non_null(strstr(f->daemon.last,
	    "{\"verdict\":\"false\",\"cause\":\"dust\",\"note\":\"a \\\"b\"} false"));
	f->daemon.reply = (struct reply){ .status = 503, .code = "store_degraded" };
	expect(
	    ask(f, VERIFY, session, "{\"verdict\":\"real\"}"), 503, "store_degraded");
}

static void
test_a_verdict_that_says_too_little_or_too_much_is_refused(void **state)
{
	struct fixture *f = *state;
	char session[400];
	static const struct {
		const char *body, *field;
	} refused[] = {
		{ "{}", "verdict" },
		{ "{\"verdict\":\"missed\"}", "verdict" },
		{ "{\"verdict\":\"\"}", "verdict" },
		{ "{\"verdict\":\"false\"}", "cause" },
		{ "{\"verdict\":\"false\",\"cause\":\"magic\"}", "cause" },
		{ "{\"verdict\":\"real\",\"cause\":\"dust\"}", "cause" },
		{ "{\"verdict\":\"real\",\"who\":\"li\"}", "who" },
	};

	log_in(f, "wang", "1234", session);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		expect(ask(f, VERIFY, session, refused[i].body), 400, refused[i].field);
	expect(ask(f, "POST /api/v1/alarms/7-404/verify", session,
		   "{\"verdict\":\"real\"}"),
	    404, "occurrence");
	fake_store.fails = true;
	expect(ask(f, VERIFY, session, "{\"verdict\":\"real\"}"), 503, "unavailable");
}

static void
test_a_missed_alarm_has_place_time_and_what_was_found(void **state)
{
	struct fixture *f = *state;
	char session[400];

	log_in(f, "wang", "1234", session);
	expect(ask(f, MISSED, session,
		   "{\"place\":\"锅炉房\"," HAPPENED ",\"found\":\"burnt\"}"),
	    200, NULL);
	assert_string_equal(f->daemon.last,
	    "alarm.missed wang [] [锅炉房]  0 "
	    "{\"happened_utc_ms\":1767319200000,\"found\":\"burnt\"} ");
	expect(ask(f, MISSED, session,
		   "{\"point\":\"fap1-d-1-5\"," HAPPENED
		   ",\"found\":\"burnt\",\"occurrence\":\"7-12\"}"),
	    200, NULL);
	assert_non_null(strstr(f->daemon.last, "wang [fap1-d-1-5] ["));
	assert_non_null(strstr(f->daemon.last, "] 7-12 1 {"));
	static const struct {
		const char *body, *field;
		int status;
	} refused[] = {
		{ "{\"place\":\"x\",\"found\":\"y\"}", "happened", 400 },
		{ "{\"place\":\"x\",\"happened\":\"today\",\"found\":\"y\"}",
		    "happened", 400 },
		{ "{\"place\":\"x\",\"happened\":\"2026-01-02T03:04:06Z\","
		  "\"found\":\"y\"}",
		    "happened", 400 },
		{ "{\"place\":\"x\",\"happened\":\"2024-01-02T03:04:06Z\","
		  "\"found\":\"y\"}",
		    "happened", 400 },
		{ "{\"place\":\"x\"," HAPPENED ",\"found\":\" \"}", "found", 400 },
		{ "{" HAPPENED ",\"found\":\"y\"}", "place", 400 },
		{ "{\"place\":\"x\",\"point\":\"fap1-d-1-5\"," HAPPENED
		  ",\"found\":\"y\"}",
		    "place", 400 },
		{ "{\"point\":\"nobody\"," HAPPENED ",\"found\":\"y\"}", "point", 404 },
		{ "{\"place\":\"x\"," HAPPENED
		  ",\"found\":\"y\",\"condition\":\"link\"}",
		    "condition", 400 },
		{ "{\"place\":\"x\"," HAPPENED
		  ",\"found\":\"y\",\"occurrence\":\"7-404\"}",
		    "occurrence", 404 },
	};
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		expect(ask(f, MISSED, session, refused[i].body), refused[i].status,
		    refused[i].field);
}

static void
test_missed_alarms_are_listed(void **state)
{
	struct fixture *f = *state;

	expect(ask(f, "GET /api/v1/missed?limit=1", "", NULL), 200, "\"next\":\"1\"");
	expect(ask(f, "GET /api/v1/missed", "", NULL), 200,
	    "\"condition\":\"fire\",\"occurrence\":null,\"found\":\"burnt cable\","
	    "\"by\":\"li\"");
	expect(ask(f, "GET /api/v1/events?occurrence=7-12", "", NULL), 200, NULL);
	assert_string_equal(fake_store.occurrence, "7-12");
}

int
main(void)
{
#define T(f) \
  cmocka_unit_test_setup_teardown(f, console_set_up_virtual, console_tear_down)
	const struct CMUnitTest tests[] = {
		T(test_i3_a_verdict_is_an_event_about_the_onset),
		T(test_a_verdict_that_says_too_little_or_too_much_is_refused),
		T(test_a_missed_alarm_has_place_time_and_what_was_found),
		T(test_missed_alarms_are_listed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
