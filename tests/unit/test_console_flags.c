// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The calls that shelve, isolate and test: who may, what must be said, and what reaches
// the daemon.
#include <stdio.h>
#include <string.h>

#include "console_fixture.h"
#include "test.h"

#define POINT   "POST /api/v1/points/fap1-d-1-5/"
#define WHY     "{\"minutes\":30,\"reason\":\"dust\"}"
#define WHY_HOW "{\"minutes\":30,\"reason\":\"dust\",\"measure\":\"guard\"}"

static void
log_in_as(struct fixture *f, const char *role, char headers[400])
{
	(void)snprintf(
	    fake_store.people[0].role, sizeof(fake_store.people[0].role), "%s", role);
	log_in(f, "wang", "1234", headers);
	f->daemon.reply = (struct reply){ .status = 200, .durable = true };
}

static void
test_a_condition_is_shelved_by_name_with_reason_and_end(void **state)
{
	struct fixture *f = *state;
	char session[400];
	const char *shelve = POINT "conditions/security/shelve";

	expect(ask(f, shelve, "X-Watchroom: 1\r\n", WHY), 401, NULL);
	log_in_as(f, "operator", session);
	expect(ask(f, shelve, session, WHY), 200, NULL);
	assert_string_equal(f->daemon.last, "shelved on 0 security wang 1800 dust ");
	static const char *const refused[] = { "{\"minutes\":30}", "{\"reason\":\"x\"}",
		"{\"minutes\":0,\"reason\":\"x\"}",
		"{\"minutes\":1441,\"reason\":\"x\"}",
		"{\"minutes\":30,\"reason\":\" \"}",
		"{\"minutes\":30,\"reason\":\"x\",\"measure\":\"y\"}" };
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		expect(ask(f, shelve, session, refused[i]), 400, NULL);
	expect(ask(f, POINT "conditions/smell/shelve", session, WHY), 404, "condition");
	expect(
	    ask(f, "POST /api/v1/points/nobody/conditions/fault/shelve", session, WHY),
	    404, NULL);
	expect(ask(f, POINT "conditions/security/unshelve", session, "{}"), 200, NULL);
	assert_string_equal(f->daemon.last, "shelved off 0 security wang 0  ");
}

static void
test_i14_the_refusal_to_shelve_a_fire_reaches_the_person(void **state)
{
	struct fixture *f = *state;
	char session[400];

	log_in_as(f, "leader", session);
	f->daemon.reply = (struct reply){ .status = 409, .code = "fire_not_shelved" };
	expect(ask(f, POINT "conditions/fire/shelve", session, WHY), 409,
	    "fire_not_shelved");
}

static void
test_who_isolates_is_no_operator_and_says_what_stands_in(void **state)
{
	struct fixture *f = *state;
	char session[400];

	log_in_as(f, "operator", session);
	expect(ask(f, POINT "isolate", session, WHY_HOW), 403, "role_required");
	expect(ask(f, POINT "restore", session, "{}"), 200, NULL);
	assert_string_equal(f->daemon.last, "isolated off 0 - wang 0  ");
	static const char *const roles[] = { "leader", "manager", "integrator" };
	for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
		log_in_as(f, roles[i], session);
		expect(ask(f, POINT "isolate", session, WHY_HOW), 200, NULL);
		assert_string_equal(
		    f->daemon.last, "isolated on 0 - wang 1800 dust guard");
	}
	expect(ask(f, POINT "isolate", session, WHY), 400, "measure");
	expect(ask(f, POINT "isolate", session,
		   "{\"minutes\":43201,\"reason\":\"x\",\"measure\":\"y\"}"),
	    400, "minutes");
}

static void
test_a_zone_is_tested_by_no_operator_and_ended_by_anybody(void **state)
{
	struct fixture *f = *state;
	char session[400];
	const char *call = "POST /api/v1/zones/f5/test";

	log_in_as(f, "operator", session);
	expect(ask(f, call, session, WHY), 403, "role_required");
	expect(ask(f, call, session, "{\"end\":true}"), 200, NULL);
	assert_string_equal(f->daemon.last, "test_mode off 0 - wang 0  ");
	log_in_as(f, "integrator", session);
	expect(ask(f, call, session, WHY), 200, NULL);
	assert_string_equal(f->daemon.last, "test_mode on 0 - wang 1800 dust ");
	expect(ask(f, call, session, "{}"), 400, "minutes");
	expect(ask(f, call, session, "{\"minutes\":5}"), 400, "reason");
	expect(ask(f, "POST /api/v1/zones/nowhere/test", session, WHY), 404, NULL);
}

static void
test_lists_are_paged(void **state)
{
	struct fixture *f = *state;

	expect(ask(f, "GET /api/v1/shelves", "", NULL), 200,
	    "{\"shelves\":[{\"flag\":\"shelved\",\"from\":0,\"limit\":100}],"
	    "\"next\":\"7\"}");
	expect(ask(f, "GET /api/v1/isolations?after=7&limit=5", "", NULL), 200,
	    "{\"isolations\":[{\"flag\":\"isolated\",\"from\":7,\"limit\":5}],"
	    "\"next\":null}");
	expect(ask(f, "GET /api/v1/zones", "", NULL), 200, "\"zones\":[");
	expect(ask(f, "GET /api/v1/zones?limit=501", "", NULL), 400, "limit");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, console_set_up, console_tear_down)
	const struct CMUnitTest tests[] = {
		T(test_a_condition_is_shelved_by_name_with_reason_and_end),
		T(test_i14_the_refusal_to_shelve_a_fire_reaches_the_person),
		T(test_who_isolates_is_no_operator_and_says_what_stands_in),
		T(test_a_zone_is_tested_by_no_operator_and_ended_by_anybody),
		T(test_lists_are_paged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
