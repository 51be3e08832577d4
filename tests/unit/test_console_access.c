// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Who may do what: the desk, a session, a proxy, another site; logging in and out.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/routes.h"
#include "console_fixture.h"
#include "test.h"

#define OURS "X-Watchroom: 1\r\n"

// --- who may ----------------------------------------------------------------------

static void
fill_pattern(const struct route *r, char *out, size_t size)
{
	const char *id = strstr(r->path, "{id}");
	const char *verb = r->method == METHOD_GET    ? "GET"
			   : r->method == METHOD_POST ? "POST"
						      : "DELETE";

	if (id == NULL)
		(void)snprintf(out, size, "%s %s", verb, r->path);
	else
		(void)snprintf(out, size, "%s %.*sx%s", verb, (int)(id - r->path),
		    r->path, id + 4);
}

static void
test_without_tls_only_the_desk_is_answered(void **state)
{
	static const char log_in_body[] = "{\"user\":\"wang\",\"pin\":\"1234\"}";
	struct fixture *f = *state;
	size_t n;
	const struct route *table = routes_table(&n);
	char target[100], session[400];

	log_in(f, "wang", "1234", session);
	unsigned reads = fake_store.reads;
	for (size_t i = 0; i < n; i++) {
		const char *body = table[i].method == METHOD_POST ? log_in_body : NULL;
		fill_pattern(&table[i], target, sizeof(target));
		// From an address that is not the desk, whatever it knows.
		expect(
		    ask_from(f, "127.0.0.2", target, OURS, body), 403, "\"desk_only\"");
		expect(ask_from(f, "127.0.0.2", target, session, body), 403,
		    "\"desk_only\"");
		// From the desk's address through a proxy.
		expect(ask(f, target, OURS "X-Forwarded-For: 10.0.0.1\r\n", body), 403,
		    "\"desk_only\"");
	}
	expect(ask_from(f, "127.0.0.2", "GET /", "", NULL), 403, "\"desk_only\"");
	expect(ask_from(f, "127.0.0.2", "GET /no", "", NULL), 403, "\"desk_only\"");
	assert_int_equal(f->daemon.commands, 0);
	assert_int_equal(fake_store.reads, reads); // no PIN was looked at
}

static void
accept_plain_http(struct fixture *f)
{
	f->daemon.site.accept_plain_http = "a cable of our own";
}

static void
test_every_route_refuses_who_may_not(void **state)
{
	struct fixture *f = *state;
	size_t n;
	const struct route *table = routes_table(&n);
	char target[100];

	accept_plain_http(f);
	for (size_t i = 0; i < n; i++) {
		const struct route *r = &table[i];
		const char *body = r->method == METHOD_POST ? "{}" : NULL;
		fill_pattern(r, target, sizeof(target));
		if (r->access == ACCESS_OPEN || r->access == ACCESS_LOG_IN)
			continue;
		// From an address that is not the desk.
		expect(ask_from(f, "127.0.0.2", target, OURS, body), 401,
		    "\"no_session\"");
		// From the desk's address through a proxy.
		expect(ask(f, target, OURS "X-Forwarded-For: 10.0.0.1\r\n", body), 401,
		    "\"no_session\"");
		if (r->access == ACCESS_SESSION)
			expect(ask(f, target, OURS, body), 401, "\"no_session\"");
	}
	assert_int_equal(f->daemon.commands, 0);
}

static void
test_a_site_may_accept_plain_http_in_words(void **state)
{
	struct fixture *f = *state;
	char session[400];

	accept_plain_http(f);
	expect(ask_from(f, "127.0.0.2", "GET /", "", NULL), 200, "watch");
	expect(
	    ask_from(f, "127.0.0.2", "GET /api/v1/text?lang=zh", "", NULL), 200, NULL);
	expect(ask_from(f, "127.0.0.2", "POST /api/v1/session", OURS,
		   "{\"user\":\"wang\",\"pin\":\"1234\"}"),
	    200, "\"csrf\"");
	assert_string_equal(f->daemon.audit, "session.open wang 127.0.0.2");
	log_in(f, "wang", "1234", session);
	expect(ask_from(f, "127.0.0.2", "GET /api/v1/state", session, NULL), 200,
	    "\"desk\":false");
	expect(ask_from(f, "127.0.0.2", "POST /api/v1/alarms/7-1/acknowledge", session,
		   "{}"),
	    200, "\"durable\":true");
	assert_string_equal(f->daemon.last, "acknowledge 7-1 wang elsewhere");
	expect(ask_from(f, "127.0.0.2", "POST /api/v1/silence", session, "{}"), 200,
	    "\"durable\":true");
	assert_string_equal(f->daemon.last, "silence wang elsewhere");
	// Our header is the desk's right, not a session's.
	expect(ask_from(f, "127.0.0.2", "POST /api/v1/silence", OURS, "{}"), 401, NULL);
}

static void
test_every_forwarding_header_takes_the_desk_away(void **state)
{
	static const char *const headers[] = { "X-Forwarded-For: 1.2.3.4\r\n",
		"x-forwarded-host: a\r\n", "Forwarded: for=1.2.3.4\r\n",
		"Via: 1.1 proxy\r\n", "X-Real-IP: 1.2.3.4\r\n" };

	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		expect(ask(*state, "GET /api/v1/state", headers[i], NULL), 403,
		    "\"desk_only\"");
}

static void
test_every_route_refuses_an_unknown_parameter(void **state)
{
	struct fixture *f = *state;
	size_t n;
	const struct route *table = routes_table(&n);
	char target[100], with[120], session[400], headers[500];

	log_in(f, "wang", "1234", session);
	(void)snprintf(headers, sizeof(headers), "%s%s", session, OURS);
	for (size_t i = 0; i < n; i++) {
		fill_pattern(&table[i], target, sizeof(target));
		(void)snprintf(with, sizeof(with), "%s?pint=5", target);
		expect(
		    ask(f, with, headers, table[i].method == METHOD_POST ? "{}" : NULL),
		    400, "\"unknown_parameter\",");
	}
	assert_int_equal(f->daemon.commands, 0);
}

static void
test_methods(void **state)
{
	struct fixture *f = *state;

	struct answer a = ask(f, "PUT /api/v1/session", "", "{}");
	assert_true(answer_has(&a, "Allow: POST, DELETE\r\n"));
	expect(a, 405, "\"method_not_allowed\"");
	expect(ask(f, "DELETE /api/v1/state", "", NULL), 405, NULL);
	expect(ask(f, "OPTIONS /api/v1/state", "", NULL), 405, NULL);
	expect(ask(f, "POST /", "", "{}"), 405, NULL);
	expect(ask(f, "HEAD /api/v1/state", "", NULL), 200, NULL);
	expect(ask(f, "HEAD /", "", NULL), 200, NULL);
	expect(ask(f, "GET /api/v1/nothing", "", NULL), 404, NULL);
	expect(ask(f, "GET /api/v1/alarms/7-1/acknowledge/x", "", NULL), 404, NULL);
}

static void
test_desk_writes_need_our_header_and_origin(void **state)
{
	struct fixture *f = *state;

	expect(ask(f, "POST /api/v1/silence", "", "{}"), 403, "\"header_missing\"");
	expect(ask(f, "POST /api/v1/silence", OURS "Origin: http://evil.example\r\n",
		   "{}"),
	    403, "\"bad_origin\"");
	expect(ask(f, "POST /api/v1/silence", OURS "Origin: null\r\n", "{}"), 403,
	    "\"bad_origin\"");
	expect(
	    ask(f, "POST /api/v1/silence", OURS "Sec-Fetch-Site: cross-site\r\n", "{}"),
	    403, "\"bad_origin\"");
	assert_int_equal(f->daemon.commands, 0);
	expect(
	    ask(f, "POST /api/v1/silence", OURS "Origin: http://localhost\r\n", "{}"),
	    200, "\"durable\":true");
	assert_string_equal(f->daemon.last, "silence desk");
}

static void
test_session_writes_need_the_token(void **state)
{
	struct fixture *f = *state;
	char session[400], cookie[200];

	log_in(f, "wang", "1234", session);
	(void)snprintf(cookie, sizeof(cookie), "%.*s",
	    (int)(strstr(session, "\r\n") + 2 - session), session);
	expect(ask(f, "POST /api/v1/alarms/7-1/acknowledge", cookie, "{}"), 403,
	    "\"bad_csrf\"");
	char wrong[400];
	(void)snprintf(wrong, sizeof(wrong), "%s", session);
	char *last = wrong + strlen(wrong) - 3;
	*last = *last == '0' ? '1' : '0';
	expect(ask(f, "POST /api/v1/alarms/7-1/acknowledge", wrong, "{}"), 403,
	    "\"bad_csrf\"");
	char foreign[500];
	(void)snprintf(foreign, sizeof(foreign), "%sOrigin: http://evil\r\n", session);
	expect(ask(f, "POST /api/v1/alarms/7-1/acknowledge", foreign, "{}"), 403,
	    "\"bad_origin\"");
	assert_int_equal(f->daemon.commands, 0);
	expect(ask(f, "POST /api/v1/alarms/7-1/acknowledge", session, "{}"), 200,
	    "{\"durable\":true,\"seq\":43}");
	assert_string_equal(f->daemon.last, "acknowledge 7-1 wang");
}

// --- sessions ---------------------------------------------------------------------

static void
test_session_life(void **state)
{
	struct fixture *f = *state;
	char session[400];

	log_in(f, "wang", "1234", session);
	assert_string_equal(f->daemon.audit, "session.open wang 127.0.0.1");
	expect(ask(f, "GET /api/v1/state", session, NULL), 200,
	    "\"session\":{\"user\":\"wang\",\"name\":{\"zh\":\"王\",\"en\":\"Wang\"},"
	    "\"role\":\"operator\",\"csrf\":\"");
	// A proxy on this machine: the session counts, the desk does not.
	accept_plain_http(f);
	char forwarded[500];
	(void)snprintf(
	    forwarded, sizeof(forwarded), "%sX-Forwarded-For: 1.2.3.4\r\n", session);
	expect(ask(f, "GET /api/v1/state", forwarded, NULL), 200, "\"desk\":false");
	struct answer a = ask(f, "DELETE /api/v1/session", session, NULL);
	assert_true(answer_has(&a, "Set-Cookie: watchroom=; "));
	expect(a, 204, NULL);
	assert_string_equal(f->daemon.audit, "session.close wang 127.0.0.1");
	expect(ask(f, "POST /api/v1/alarms/7-1/acknowledge", session, "{}"), 401,
	    "\"no_session\"");
}

static void
test_another_person_at_the_desk_ends_the_first_ones_session(void **state)
{
	struct fixture *f = *state;
	char session[400];

	log_in(f, "wang", "1234", session);
	unsigned before = f->daemon.audits;
	expect(ask(f, "POST /api/v1/session", session,
		   "{\"user\":\"wang\",\"pin\":\"1234\"}"),
	    200, "\"csrf\"");
	assert_int_equal(f->daemon.audits, before + 2); // closed, and opened
	expect(ask(f, "GET /api/v1/state", session, NULL), 200, "\"session\":null");
}

static void
test_cookie_is_closed_to_scripts_and_other_sites(void **state)
{
	struct answer a = ask(*state, "POST /api/v1/session", OURS,
	    "{\"user\":\"wang\",\"pin\":\"1234\"}");

	assert_non_null(strstr(a.head, "; HttpOnly; SameSite=Strict; Path=/\r\n"));
	expect(a, 200, "\"csrf\"");
}

static void
test_log_in_refusals_look_alike(void **state)
{
	struct fixture *f = *state;
	static const char *const bodies[] = {
		"{\"user\":\"wang\",\"pin\":\"0000\"}",
		"{\"user\":\"nobody\",\"pin\":\"1234\"}",
		"{\"user\":\"li\",\"pin\":\"5678\"}", // switched off
	};
	char *first = NULL;

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct answer a = ask(f, "POST /api/v1/session", OURS, bodies[i]);
		assert_int_equal(a.status, 401);
		assert_null(strstr(a.head, "Set-Cookie"));
		if (first == NULL)
			first = strdup(a.body);
		assert_string_equal(a.body, first);
		answer_free(&a);
	}
	free(first);
	assert_int_equal(f->daemon.audits, 3);
	assert_string_equal(f->daemon.audit, "session.refused li 127.0.0.1");
}

static void
test_log_in_is_not_for_other_sites(void **state)
{
	struct fixture *f = *state;
	struct client *c = fixture_connect(f, NULL);
	struct answer a;

	// What a form of another site can send: no header of ours, a simple content
	// type.
	client_say(c, "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\n"
		      "Content-Type: text/plain\r\nContent-Length: 28\r\n\r\n"
		      "{\"user\":\"wang\",\"pin\":\"1234\"}");
	assert_true(client_answer(c, false, &a));
	expect(a, 403, "\"header_missing\"");
	client_close(c);
	expect(ask(f, "POST /api/v1/session", "Origin: http://evil\r\n",
		   "{\"user\":\"wang\",\"pin\":\"1234\"}"),
	    403, "\"bad_origin\"");
}

static void
test_the_sixth_failure_of_a_minute_is_not_tried(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 5; i++)
		expect(ask(f, "POST /api/v1/session", OURS,
			   "{\"user\":\"wang\",\"pin\":\"0000\"}"),
		    401, "\"bad_login\"");
	unsigned reads = fake_store.reads;
	// Not even with the right PIN, nor under another name from the same address.
	struct answer a = ask(
	    f, "POST /api/v1/session", OURS, "{\"user\":\"wang\",\"pin\":\"1234\"}");
	assert_true(answer_has(&a, "Retry-After: 60\r\n"));
	expect(a, 429, "\"too_many\"");
	expect(ask(f, "POST /api/v1/session", OURS, "{\"user\":\"li\",\"pin\":\"1\"}"),
	    429, "\"too_many\"");
	assert_int_equal(fake_store.reads, reads);
}

static void
test_attempts_in_flight_count(void **state)
{
	struct fixture *f = *state;
	struct client *c[8];
	unsigned tried = 0;

	for (int i = 0; i < 8; i++) {
		c[i] = fixture_connect(f, NULL);
		client_say(c[i], "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\n"
				 "X-Watchroom: 1\r\nContent-Length: 28\r\n\r\n"
				 "{\"user\":\"wang\",\"pin\":\"0000\"}");
	}
	for (int i = 0; i < 8; i++) {
		struct answer a;
		assert_true(client_answer(c[i], false, &a));
		tried += a.status == 401;
		answer_free(&a);
		client_close(c[i]);
	}
	assert_int_equal(tried, 5);
}

static void
test_store_that_cannot_be_read_is_no_failed_attempt(void **state)
{
	struct fixture *f = *state;
	char session[400];

	fake_store.fails = true;
	for (int i = 0; i < 7; i++)
		expect(ask(f, "POST /api/v1/session", OURS,
			   "{\"user\":\"wang\",\"pin\":\"1234\"}"),
		    503, "\"unavailable\"");
	fake_store.fails = false;
	log_in(f, "wang", "1234", session);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, console_set_up, console_tear_down)
	const struct CMUnitTest tests[] = {
		T(test_without_tls_only_the_desk_is_answered),
		T(test_every_route_refuses_who_may_not),
		T(test_a_site_may_accept_plain_http_in_words),
		T(test_every_forwarding_header_takes_the_desk_away),
		T(test_every_route_refuses_an_unknown_parameter),
		T(test_methods),
		T(test_desk_writes_need_our_header_and_origin),
		T(test_session_writes_need_the_token),
		T(test_session_life),
		T(test_another_person_at_the_desk_ends_the_first_ones_session),
		T(test_cookie_is_closed_to_scripts_and_other_sites),
		T(test_log_in_refusals_look_alike),
		T(test_log_in_is_not_for_other_sites),
		T(test_the_sixth_failure_of_a_minute_is_not_tried),
		T(test_attempts_in_flight_count),
		T(test_store_that_cannot_be_read_is_no_failed_attempt),
	};
#undef T
	return cmocka_run_group_tests(tests, console_group_set_up, NULL);
}
