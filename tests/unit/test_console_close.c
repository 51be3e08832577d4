// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The day close over the API: what a day lacks, who may sign, what is refused and in
// which words, and what goes into the books.
#include <stdio.h>
#include <string.h>

#include "console_fixture.h"
#include "lib/mem.h"
#include "test.h"

#define SIGN   "POST /api/v1/reports/alarms-daily/sign"
#define CLOSE  "GET /api/v1/reports/alarms-daily/close?day=2026-01-01"
#define DAYS   "GET /api/v1/reports/alarms-daily/days"
#define BODY   "{\"day\":\"2026-01-01\"}"
#define REASON "{\"day\":\"2026-01-01\",\"note\":\" n \",\"reason\":\"guard is ill\"}"

static void
as(struct fixture *f, const char *role, char session[400])
{
	(void)str_copy(
	    fake_store.people[0].role, sizeof(fake_store.people[0].role), role);
	f->daemon.reply = (struct reply){ .durable = true, .status = 200, .seq = 77 };
	log_in(f, "wang", "1234", session);
	f->daemon.commands = 0;
	f->daemon.held = NULL;
}

static void
test_i3_a_leader_signs_and_hears_when_it_is_durable(void **state)
{
	struct fixture *f = *state;
	char session[400];

	as(f, "leader", session);
	expect(ask(f, SIGN, session, BODY), 200,
	    "{\"durable\":true,\"seq\":77,\"revision\":1}");
	assert_string_equal(f->daemon.last,
	    "sign alarms-daily 2026-01-01 wang/王/leader n=0 [] [] 41,7,3 aaaa "
	    "{\"document\":1,\"data_");
	// One who signs is not kept from signing the next day.
	fake_store.close.unclassified = 2;
	expect(ask(f, SIGN, session, REASON), 200, "\"revision\":1");
	assert_non_null(strstr(f->daemon.last, "n=0 [] [ n ] 41"));
	// The tool counted two: the reason is kept.
	expect(ask(f, SIGN, session,
		   "{\"day\":\"2025-12-31\",\"reason\":\"guard is ill\"}"),
	    200, NULL);
	assert_non_null(strstr(f->daemon.last, "n=2 [guard is ill] [] 41"));
	f->daemon.reply = (struct reply){ .durable = false, .status = 202 };
	expect(ask(f, SIGN, session, REASON), 202, "\"durable\":false");
	as(f, "manager", session);
	expect(ask(f, SIGN, session, REASON), 200, NULL);
	assert_non_null(strstr(f->daemon.last, "/manager "));
}

static void
test_who_may_sign(void **state)
{
	struct fixture *f = *state;
	char session[400];

	expect(ask(f, SIGN, "X-Watchroom: 1\r\n", BODY), 401, NULL);
	as(f, "operator", session);
	expect(ask(f, SIGN, session, BODY), 403, "leader_required");
	as(f, "integrator", session);
	expect(ask(f, SIGN, session, BODY), 403, "leader_required");
	as(f, "leader", session);
	char *csrf = strstr(session, "X-CSRF-Token");
	assert_non_null(csrf);
	*csrf = '\0';
	expect(ask(f, SIGN, session, BODY), 403, "bad_csrf");
	assert_int_equal(f->daemon.commands, 0);
}

static void
test_unclassified_alarms_are_asked_for(void **state)
{
	struct fixture *f = *state;
	char session[400];

	as(f, "leader", session);
	fake_store.close.unclassified = 2;
	struct answer a = ask(f, SIGN, session, BODY);
	assert_non_null(strstr(a.body, "\"code\":\"unclassified\""));
	expect_strict_json(a.body);
	expect(a, 409,
	    "\"unclassified_alarms\":[{\"seq\":5,\"occurrence\":\"7-12\",\"point\":"
	    "\"fap1-d-1-5\",\"place\":{\"zh\":\"大厅\",\"en\":\"Lobby\"}");
	expect(ask(f, SIGN, session, "{\"day\":\"2026-01-01\",\"reason\":\"  \"}"), 409,
	    "unclassified");
	assert_int_equal(f->daemon.commands, 0);
	// A second alarm came while the report was made, and nobody gave a reason.
	fake_store.close.unclassified = 0;
	expect(ask(f, SIGN, session, "{\"day\":\"2025-12-31\"}"), 409, "unclassified");
	assert_int_equal(f->daemon.commands, 0);
}

static void
test_what_cannot_be_signed(void **state)
{
	struct fixture *f = *state;
	char session[400];
	static const struct {
		const char *what, *body, *code;
		int status;
	} refused[] = {
		{ SIGN, "{\"day\":\"today\"}", "day_running", 409 },
		{ SIGN, "{\"day\":\"2026-01-02\"}", "day_running", 409 },
		{ SIGN, "{\"day\":\"2025-12-29\"}", "day_gone", 409 },
		{ SIGN, "{\"day\":\"2026-02-30\"}", "bad_member", 400 },
		{ SIGN, "{\"day\":\"2026-13-01\"}", "bad_member", 400 },
		{ SIGN, "{\"day\":\"--store\"}", "bad_member", 400 },
		{ SIGN, "{}", "missing_member", 400 },
		{ SIGN, "{\"day\":\"2026-01-01\",\"revision\":1}", "unknown_member",
		    400 },
		{ SIGN, "{\"day\":\"2026-01-09\"}", "day_running", 409 },
		{ "POST /api/v1/reports/commissioning/sign", BODY, "not_found", 404 },
		{ "POST /api/v1/reports/passwd/sign", BODY, "not_found", 404 },
		{ SIGN, "{\"day\":\"2025-12-30\"}", "report_failed", 503 },
	};

	as(f, "leader", session);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		expect(ask(f, refused[i].what, session, refused[i].body),
		    refused[i].status, refused[i].code);
	fake_store.close.newest.revision = 3;
	expect(ask(f, SIGN, session, BODY), 409, "already_signed");
	assert_int_equal(f->daemon.commands, 0);
	fake_store.close.changes = 1;
	expect(ask(f, SIGN, session, BODY), 200, "\"revision\":4");
	fake_store.fails = true;
	expect(ask(f, SIGN, session, BODY), 503, "unavailable");
	fake_store.fails = false;
	expect(ask(f, SIGN, session, BODY), 200, NULL);
}

static void
test_i3_nothing_is_signed_while_the_store_is_degraded(void **state)
{
	struct fixture *f = *state;
	char session[400];

	as(f, "leader", session);
	f->daemon.cannot_sign = "store_degraded";
	expect(ask(f, SIGN, session, BODY), 503, "store_degraded");
	expect(ask(f, CLOSE, "", NULL), 200, "\"cannot_sign\":\"store_degraded\"");
	f->daemon.cannot_sign = "no_key";
	expect(ask(f, SIGN, session, BODY), 503, "no_key");
	assert_int_equal(f->daemon.commands, 0);
	// It became so while the report was made.
	f->daemon.cannot_sign = NULL;
	f->daemon.reply = (struct reply){ .status = 503, .code = "store_degraded" };
	expect(ask(f, SIGN, session, BODY), 503, "store_degraded");
}

static void
test_one_signs_at_a_time(void **state)
{
	struct fixture *f = *state;
	char session[400];

	as(f, "leader", session);
	f->daemon.hold = true;
	struct client *c = fixture_connect(f, NULL);
	char request[900];
	(void)snprintf(request, sizeof(request),
	    SIGN " HTTP/1.1\r\nHost: localhost\r\n%sContent-Type: application/json\r\n"
		 "Content-Length: %zu\r\n\r\n" BODY,
	    session, strlen(BODY));
	client_say(c, request);
	for (int i = 0; i < 3000 && f->daemon.held == NULL; i++)
		client_turn(c);
	assert_non_null(f->daemon.held);
	expect(ask(f, SIGN, session, BODY), 503, "signing_busy");
	f->daemon.hold = false;
	f->daemon.held(f->daemon.held_arg, &f->daemon.reply);
	for (int i = 0; i < 10; i++)
		client_turn(c);
	client_close(c);
	expect(ask(f, SIGN, session, BODY), 200, NULL);
}

static void
test_stop_while_somebody_signs(void **state)
{
	struct fixture *f = *state;
	char session[400], request[900];
	unsigned reads;

	as(f, "leader", session);
	reads = fake_store.reads;
	struct client *c = fixture_connect(f, NULL);
	(void)snprintf(request, sizeof(request),
	    SIGN " HTTP/1.1\r\nHost: localhost\r\n%sContent-Type: application/json\r\n"
		 "Content-Length: %zu\r\n\r\n" BODY,
	    session, strlen(BODY));
	client_say(c, request);
	while (fake_store.reads == reads)
		client_turn(c);
	client_close(c); // tear-down stops the console, then the store answers
}

static void
test_how_a_day_stands(void **state)
{
	struct fixture *f = *state;

	fake_store.close.unclassified = 1;
	fake_store.close.still_open = 1;
	expect(ask(f, CLOSE, "", NULL), 200,
	    "\"state\":\"open\",\"unclassified\":1,\"open\":1,\"changes\":0,"
	    "\"revision\":null,\"unclassified_alarms\":[{");
	expect(ask(f, CLOSE, "", NULL), 200,
	    "\"open_alarms\":[{\"seq\":6,\"occurrence\":null");
	expect(ask(f, CLOSE, "", NULL), 200, "\"refused\":null,\"cannot_sign\":null}");
	expect(ask(f, "GET /api/v1/reports/alarms-daily/close", "", NULL), 200,
	    "\"day\":\"2026-01-02\"");
	expect(ask(f, "GET /api/v1/reports/alarms-daily/close?day=today", "", NULL),
	    200, "\"state\":\"running\"");
	expect(ask(f, "GET /api/v1/reports/alarms-daily/close?day=today", "", NULL),
	    200, "\"refused\":\"day_running\"");
	fake_store.close.newest.revision = 2;
	(void)strcpy(fake_store.close.newest.who, "li");
	expect(ask(f, CLOSE, "", NULL), 200, "\"state\":\"signed\"");
	fake_store.close.changes = 1;
	struct answer a = ask(f, CLOSE, "", NULL);
	expect_strict_json(a.body);
	assert_non_null(strstr(a.body, "\"state\":\"changed\""));
	assert_non_null(strstr(a.body, "\"revision\":{\"number\":2,\"by\":\"li\""));
	expect(a, 200,
	    "\"changed\":[{\"what\":\"verdict\",\"seq\":9,\"time\":null,\"by\":"
	    "\"wang\","
	    "\"before\":\"pending\",\"after\":\"real\",\"occurrence\":\"7-12\"");
	expect(
	    ask(f, "GET /api/v1/reports/alarms-daily/close?day=2026-02-30", "", NULL),
	    400, "\"day\"");
	expect(
	    ask(f, "GET /api/v1/reports/alarms-weekly/close", "", NULL), 404, "name");
	expect(ask(f, "GET /api/v1/reports/pressure-daily/close", "", NULL), 200,
	    "\"report\":\"pressure-daily\"");
	fake_store.fails = true;
	expect(ask(f, CLOSE, "", NULL), 503, "unavailable");
}

static void
test_many_unclassified_alarms_are_counted_and_not_all_listed(void **state)
{
	struct fixture *f = *state;
	unsigned n = 0;

	fake_store.close.unclassified = 5000;
	struct answer a = ask(f, CLOSE, "", NULL);
	assert_non_null(strstr(a.body, "\"unclassified\":5000,"));
	for (const char *p = a.body; (p = strstr(p, "\"seq\":5,")) != NULL; p++)
		n++;
	assert_int_equal(n, 200);
	expect(a, 200, NULL);
}

static void
test_the_days_newest_first(void **state)
{
	struct fixture *f = *state;

	struct answer a = ask(f, DAYS, "", NULL);
	expect_strict_json(a.body);
	// The journal begins on 30 December.
	assert_non_null(strstr(a.body, "[{\"day\":\"2026-01-02\""));
	assert_non_null(strstr(a.body, "{\"day\":\"2026-01-01\""));
	assert_non_null(strstr(a.body, "{\"day\":\"2025-12-31\""));
	assert_non_null(strstr(a.body, "{\"day\":\"2025-12-30\""));
	assert_null(strstr(a.body, "2025-12-29"));
	expect(a, 200, "\"next\":null}");
	expect(ask(f, DAYS "?limit=2", "", NULL), 200, "\"next\":\"2026-01-01\"}");
	expect(ask(f, DAYS "?limit=1&before=2026-01-01", "", NULL), 200,
	    "\"days\":[{\"day\":\"2025-12-31\"");
	expect(ask(f, DAYS "?limit=1&before=2024-03-01", "", NULL), 200, "\"days\":[]");
	expect(ask(f, DAYS "?limit=0", "", NULL), 400, "limit");
	expect(ask(f, DAYS "?before=today", "", NULL), 400, "before");
	expect(ask(f, DAYS "?before=2026-13-01", "", NULL), 400, "before");
	// What is signed stays on the list, however old.
	fake_store.close.newest.revision = 1;
	expect(ask(f, DAYS "?limit=1&before=2024-03-01", "", NULL), 200,
	    "\"days\":[{\"day\":\"2024-02-29\"");
}

static void
test_a_copy_is_asked_of_the_tool(void **state)
{
	struct fixture *f = *state;

	struct answer a = ask(f,
	    "GET /api/v1/reports/alarms-daily?day=2026-01-01&format=csv&revision=2", "",
	    NULL);
	assert_true(answer_has(&a, "Content-Disposition: attachment; "
				   "filename=\"alarms-daily-2026-01-01-r2.csv\""));
	expect(a, 200, "--day 2026-01-01 --format csv --lang zh --revision 2");
	expect(ask(f, "GET /api/v1/reports/alarms-daily?revision=0", "", NULL), 400,
	    "revision");
	expect(ask(f, "GET /api/v1/reports/alarms-daily?revision=x", "", NULL), 400,
	    "revision");
	expect(ask(f, "GET /api/v1/reports/alarms-daily?day=2026-01-04&revision=9", "",
		   NULL),
	    404, "revision");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, console_set_up, console_tear_down)
	const struct CMUnitTest tests[] = {
		T(test_i3_a_leader_signs_and_hears_when_it_is_durable),
		T(test_who_may_sign),
		T(test_unclassified_alarms_are_asked_for),
		T(test_what_cannot_be_signed),
		T(test_i3_nothing_is_signed_while_the_store_is_degraded),
		T(test_one_signs_at_a_time),
		T(test_stop_while_somebody_signs),
		T(test_how_a_day_stands),
		T(test_many_unclassified_alarms_are_counted_and_not_all_listed),
		T(test_the_days_newest_first),
		T(test_a_copy_is_asked_of_the_tool),
	};
	return cmocka_run_group_tests(tests, console_group_set_up, NULL);
}
