// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The commands of docs/api.md against a daemon that is not there: what is asked of it,
// when 200 is said (I3), and what is refused.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_fixture.h"
#include "test.h"

#define OURS "X-Watchroom: 1\r\n"

// Asks with a host that holds its answer back: nothing is said before it is given.
static struct answer
ask_held(struct fixture *f, const char *method_and_target, const char *headers,
    const char *body, const struct reply *reply)
{
	char request[1000];
	struct answer a;

	f->daemon.hold = true;
	f->daemon.held = NULL;
	struct client *c = fixture_connect(f, NULL);
	(void)snprintf(request, sizeof(request),
	    "%s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n%s",
	    method_and_target, headers, strlen(body), body);
	client_say(c, request);
	while (f->daemon.held == NULL)
		client_turn(c);
	for (int i = 0; i < 20; i++)
		client_turn(c);
	assert_int_equal(c->in.len, 0);
	f->daemon.held(f->daemon.held_arg, reply);
	f->daemon.hold = false;
	assert_true(client_answer(c, false, &a));
	client_close(c);
	return a;
}

static const struct reply saved = { .status = 200, .durable = true, .seq = 44 };
static const struct reply not_saved = { .status = 202 };

static void
test_I3_commands_say_200_only_when_durable(void **state)
{
	static const char *const commands[] = {
		"POST /api/v1/alarms/7-1/acknowledge",
		"POST /api/v1/points/fap1-d-1-5/reset",
		"POST /api/v1/silence",
	};
	struct fixture *f = *state;
	char session[400];

	log_in(f, "wang", "1234", session);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		expect(ask_held(f, commands[i], session, "{}", &saved), 200,
		    "{\"durable\":true,\"seq\":44}");
		expect(ask_held(f, commands[i], session, "{}", &not_saved), 202,
		    "{\"durable\":false,\"seq\":null}");
	}
}

static void
test_I3_log_in_and_out_say_200_only_when_durable(void **state)
{
	static const char *const log_in_call = "POST /api/v1/session";
	static const char *const log_in_body = "{\"user\":\"wang\",\"pin\":\"1234\"}";
	static const char *const type = "Content-Type: application/json\r\n";
	struct fixture *f = *state;
	char session[400];

	expect(ask_held(f, log_in_call, type, log_in_body, &saved), 200, "\"csrf\"");
	expect(
	    ask_held(f, log_in_call, type, log_in_body, &not_saved), 202, "\"csrf\"");
	log_in(f, "wang", "1234", session);
	expect(ask_held(f, "DELETE /api/v1/session", session, "", &saved), 204, NULL);
	log_in(f, "wang", "1234", session);
	expect(ask_held(f, "DELETE /api/v1/session", session, "", &not_saved), 202,
	    "{\"durable\":false}");
	expect(ask(f, "GET /api/v1/state", session, NULL), 200, "\"session\":null");
}

static void
test_refused_command_says_why(void **state)
{
	struct fixture *f = *state;
	char session[400];

	log_in(f, "wang", "1234", session);
	f->daemon.reply = (struct reply){
		.status = 409, .code = "newer_occurrence", .field = "occurrence"
	};
	expect(ask(f, "POST /api/v1/alarms/7-1/acknowledge", session, "{}"), 409,
	    "\"code\":\"newer_occurrence\"");
	expect(ask(f, "POST /api/v1/points/nobody/reset", session, "{}"), 404,
	    "\"not_found\"");
	f->daemon.reply = (struct reply){ .status = 200, .durable = true };
	expect(
	    ask(f, "POST /api/v1/points/fap1-d-1-5/reset", session, NULL), 200, NULL);
	assert_string_equal(f->daemon.last, "reset 0 wang");
}

static void
test_a_bypass_has_a_name_an_end_and_a_reason(void **state)
{
	struct fixture *f = *state;
	char session[400];
	const char *start = "POST /api/v1/points/fap1-d-1-5/bypass";
	const char *end = "DELETE /api/v1/points/fap1-d-1-5/bypass";

	expect(ask(f, start, "X-Watchroom: 1\r\n", "{\"minutes\":30,\"reason\":\"x\"}"),
	    401, NULL);
	log_in(f, "wang", "1234", session);
	f->daemon.reply = (struct reply){ .status = 200, .durable = true };
	expect(
	    ask(f, start, session, "{\"minutes\":30,\"reason\":\"lock\"}"), 200, NULL);
	assert_string_equal(f->daemon.last, "bypass 0 wang 1800 lock");
	static const char *const refused[] = { "{\"minutes\":30}", "{\"reason\":\"x\"}",
		"{\"minutes\":0,\"reason\":\"x\"}",
		"{\"minutes\":1441,\"reason\":\"x\"}",
		"{\"minutes\":1.5,\"reason\":\"x\"}",
		"{\"minutes\":\"30\",\"reason\":\"x\"}",
		"{\"minutes\":30,\"reason\":\"  \"}",
		"{\"minutes\":30,\"reason\":\"x\",\"until\":1}" };
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		expect(ask(f, start, session, refused[i]), 400, NULL);
	expect(ask(f, "POST /api/v1/points/nobody/bypass", session,
		   "{\"minutes\":30,\"reason\":\"x\"}"),
	    404, NULL);
	expect(ask(f, end, session, NULL), 200, NULL);
	assert_string_equal(f->daemon.last, "bypass-end 0 wang");
	expect(ask(f, "DELETE /api/v1/points/nobody/bypass", session, NULL), 404, NULL);
}

static void
test_bodies_are_read_strictly(void **state)
{
	struct fixture *f = *state;
	char session[400], body[1400], text[1300] = "";
	static const struct {
		const char *body, *code, *field;
	} bad[] = {
		{ "{\"text\":\"a\",\"txet\":1}", "unknown_member", "txet" },
		{ "{\"text\":5}", "bad_member", "text" },
		{ "{\"text\":\"a\\u0007\"}", "bad_member", "text" },
		{ "{\"text\":\"  \"}", "bad_member", "text" },
		{ "{}", "missing_member", "text" },
		{ "", "missing_member", "text" },
		{ "[1]", "bad_body", NULL },
		{ "{\"text\":\"a\",\"text\":\"b\"}", "bad_body", NULL },
		{ "{\"text\":\"a\"} x", "bad_body", NULL },
		{ "{\"text\":[[[[[[[[[[[[]]]]]]]]]]]]}", "bad_body", NULL },
		{ "{\"text\":\"\xff\"}", "bad_body", NULL },
	};

	log_in(f, "wang", "1234", session);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct answer a =
		    ask(f, "POST /api/v1/alarms/7-1/note", session, bad[i].body);
		if (a.status != 400 || strstr(a.body, bad[i].code) == NULL ||
		    (bad[i].field != NULL && strstr(a.body, bad[i].field) == NULL))
			fail_msg("%s: %d %s", bad[i].body, a.status, a.body);
		answer_free(&a);
	}
	assert_int_equal(f->daemon.commands, 0);
	for (size_t i = 0; i < 200; i++)
		memcpy(text + 3 * i, "火", 4);
	(void)snprintf(body, sizeof(body), "{\"text\":\"%s\"}", text);
	expect(ask(f, "POST /api/v1/alarms/7-1/note", session, body), 200, NULL);
	(void)snprintf(body, sizeof(body), "{\"text\":\"%s!\"}", text);
	expect(ask(f, "POST /api/v1/alarms/7-1/note", session, body), 400,
	    "\"bad_member\"");
	assert_int_equal(f->daemon.commands, 1);
}

static void
test_peer_gone_before_the_command_is_done(void **state)
{
	struct fixture *f = *state;
	char session[400], headers[1000];

	log_in(f, "wang", "1234", session);
	f->daemon.hold = true;
	struct client *c = fixture_connect(f, NULL);
	(void)snprintf(headers, sizeof(headers),
	    "POST /api/v1/alarms/7-1/acknowledge HTTP/1.1\r\nHost: localhost\r\n%s\r\n",
	    session);
	client_say(c, headers);
	while (f->daemon.held == NULL)
		client_turn(c);
	client_close(c); // tear-down stops the console, then the command is done
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, console_set_up, console_tear_down)
	const struct CMUnitTest tests[] = {
		T(test_I3_commands_say_200_only_when_durable),
		T(test_I3_log_in_and_out_say_200_only_when_durable),
		T(test_refused_command_says_why),
		T(test_a_bypass_has_a_name_an_end_and_a_reason),
		T(test_bodies_are_read_strictly),
		T(test_peer_gone_before_the_command_is_done),
	};
#undef T
	return cmocka_run_group_tests(tests, console_group_set_up, NULL);
}
