// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The guard in front of evhttp: each row of the table of what stock evhttp lets through
// must be refused here, and what it does right must stay.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_fixture.h"
#include "lib/mem.h"
#include "test.h"

static int
status_of(struct fixture *f, const char *bytes, size_t len)
{
	struct client *c = connect_to(f);
	struct answer a;

	client_say_bytes(c, bytes, len);
	int status =
	    client_answer(c, strncmp(bytes, "HEAD", 4) == 0, &a) ? a.status : 0;
	answer_free(&a);
	client_close(c);
	return status;
}

// clang-format off
#define R(text) text, sizeof(text) - 1
static const struct { const char *name, *bytes; size_t len; int status; } table[] = {
	{ "plain", R("GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200 },
	{ "host with port", R("GET /x HTTP/1.1\r\nHost: 127.0.0.1:8470\r\n\r\n"), 200 },
	{ "host of any case", R("GET /x HTTP/1.1\r\nhost: LocalHost\r\n\r\n"), 200 },
	{ "no host", R("GET /x HTTP/1.1\r\n\r\n"), 421 },
	{ "empty host", R("GET /x HTTP/1.1\r\nHost: \r\n\r\n"), 421 },
	{ "foreign host", R("GET /x HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 421 },
	{ "foreign address", R("GET /x HTTP/1.1\r\nHost: 127.0.0.9\r\n\r\n"), 421 },
	{ "host with a tail", R("GET /x HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n"), 421 },
	{ "host with user", R("GET /x HTTP/1.1\r\nHost: localhost:1@evil\r\n\r\n"), 421 },
	{ "two hosts", R("GET /x HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n"), 400 },
	{ "length and coding", R("POST /x HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400 },
	{ "two lengths", R("POST /x HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"), 400 },
	{ "signed length", R("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: +2\r\n\r\n{}"), 400 },
	{ "coding of another kind", R("POST /x HTTP/1.1\r\nHost: localhost\r\n"
	    "Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"), 400 },
	{ "coding of several", R("POST /x HTTP/1.1\r\nHost: localhost\r\n"
	    "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"), 400 },
	{ "coding of none", R("GET /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: identity\r\n\r\n"), 400 },
	{ "empty header name", R("GET /x HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n"), 400 },
	{ "header name with a space", R("GET /x HTTP/1.1\r\nHost: localhost\r\nA b: x\r\n\r\n"), 400 },
	{ "control byte in a header", R("GET /x HTTP/1.1\r\nHost: localhost\r\nA: \x01\r\n\r\n"), 400 },
	{ "NUL in a header", R("GET /x HTTP/1.1\r\nHost: localhost\r\nA: b\0c\r\n\r\n"), 400 },
	{ "NUL in a body", R("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n{\0}"), 400 },
	{ "encoded NUL", R("GET /hello%00x HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400 },
	{ "encoded newline", R("GET /hello%0ax HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400 },
	{ "encoded NUL in the query", R("GET /x?a=%00 HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400 },
	{ "raw control byte", R("GET /a\x01z HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400 },
	{ "broken escape", R("GET /x%2 HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400 },
	{ "dots", R("GET /a/../b HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400 },
	{ "encoded dots", R("GET /a/%2e%2e/b HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400 },
	{ "empty segment", R("GET //x HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400 },
	{ "whole address", R("GET http://localhost/x HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400 },
	{ "parameter twice", R("GET /x?a=1&a=2 HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400 },
	{ "head", R("HEAD /x HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200 },
	{ "chunked body", R("POST /x HTTP/1.1\r\nHost: localhost\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"), 200 },
	{ "nonsense", R("\x16\x03\x01\x02 nonsense\r\n\r\n"), 400 },
};
#undef R
// clang-format on

static void
test_guard_table(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		int status = status_of(*state, table[i].bytes, table[i].len);
		if (status != table[i].status)
			fail_msg(
			    "%s: %d, not %d", table[i].name, status, table[i].status);
	}
}

static void
test_bad_requests_reach_no_handler(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].status != 200)
			(void)status_of(f, table[i].bytes, table[i].len);
	assert_int_equal(f->handled, 0);
}

static void
test_header_over_8_kib(void **state)
{
	struct fixture *f = *state;
	struct buf b = { 0 };

	buf_str(&b, "GET /x HTTP/1.1\r\nHost: localhost\r\nA: ");
	for (int i = 0; i < 9000; i++)
		buf_str(&b, "a");
	buf_str(&b, "\r\n\r\n");
	assert_int_equal(status_of(f, b.data, b.len), 400);
	assert_int_equal(f->handled, 0);
	buf_free(&b);
}

static void
test_body_over_64_kib(void **state)
{
	struct fixture *f = *state;
	struct buf b = { 0 };

	buf_str(
	    &b, "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 65537\r\n\r\n");
	for (int i = 0; i < 65537; i++)
		buf_str(&b, " ");
	assert_int_equal(status_of(f, b.data, b.len), 413);
	assert_int_equal(f->handled, 0);
	buf_free(&b);
}

static void
test_body_of_64_kib(void **state)
{
	struct buf b = { 0 };

	buf_str(
	    &b, "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 65536\r\n\r\n");
	for (int i = 0; i < 65536; i++)
		buf_str(&b, " ");
	assert_int_equal(status_of(*state, b.data, b.len), 200);
	buf_free(&b);
}

static void
test_head_has_the_length_and_no_body(void **state)
{
	struct fixture *f = *state;
	struct client *c = connect_to(f);
	struct answer get, head;

	client_say(c, "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_true(client_answer(c, false, &get));
	client_say(c, "HEAD /x HTTP/1.1\r\nHost: localhost\r\n\r\n"
		      "GET /y HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_true(client_answer(c, true, &head));
	char line[64];
	(void)snprintf(line, sizeof(line), "Content-Length: %zu\r\n", get.body_len);
	assert_true(answer_has(&head, line));
	answer_free(&get);
	// What follows is the next answer, not a body.
	assert_true(client_answer(c, false, &get));
	assert_int_equal(get.status, 200);
	answer_free(&get);
	answer_free(&head);
	client_close(c);
}

static void
test_pipelined_requests_are_answered_in_order(void **state)
{
	struct fixture *f = *state;
	struct client *c = connect_to(f);
	struct answer a;
	char want[32];

	client_say(c,
	    "GET /1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
	    "POST /2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
	    "GET /3 HTTP/1.1\r\nHost: localhost\r\n\r\n");
	for (int i = 1; i <= 3; i++) {
		assert_true(client_answer(c, false, &a));
		(void)snprintf(want, sizeof(want), "\"path\":\"/%d\"", i);
		assert_non_null(strstr(a.body, want));
		answer_free(&a);
	}
	client_close(c);
}

static void
test_every_reply_has_the_security_headers(void **state)
{
	static const char *const lines[] = {
		"Content-Security-Policy: default-src 'self'",
		"X-Content-Type-Options: nosniff\r\n",
		"Referrer-Policy: ",
		"X-Frame-Options: DENY\r\n",
		"Cache-Control: no-store\r\n",
	};
	static const char *const requests[] = {
		"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET /x HTTP/1.1\r\nHost: evil\r\n\r\n",
		"GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		struct client *c = connect_to(*state);
		struct answer a;
		client_say(c, requests[i]);
		assert_true(client_answer(c, false, &a));
		for (size_t k = 0; k < ARRAY_LEN(lines); k++)
			assert_true(answer_has(&a, lines[k]));
		answer_free(&a);
		client_close(c);
	}
}

static void
test_old_protocol_gets_no_stream(void **state)
{
	static const char bytes[] = "GET /stream HTTP/1.0\r\nHost: localhost\r\n\r\n";

	assert_int_equal(status_of(*state, bytes, sizeof(bytes) - 1), 400);
}

static void
test_i1_the_work_of_a_request_counts_as_a_callback(void **state)
{
	static const char quick[] = "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n";
	static const char slow[] = "GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct fixture *f = *state;

	(void)loop_take_lag(f->loop);
	assert_int_equal(status_of(f, quick, sizeof(quick) - 1), 200);
	assert_true(loop_take_lag(f->loop).callback_us < 20000);
	assert_int_equal(status_of(f, slow, sizeof(slow) - 1), 200);
	assert_true(loop_take_lag(f->loop).callback_us >= 20000);
}

static void
test_address_in_use_is_said_clearly(void **state)
{
	struct fixture *f = *state;
	struct err err = { 0 };
	char want[80];
	struct http_config again = { .host = "127.0.0.1",
		.port = http_port(f->server),
		.limits = limits,
		.ctx = f,
		.desk = http_desk,
		.handle = http_handle };

	assert_null(http_start(f->loop, &again, &err));
	(void)snprintf(
	    want, sizeof(want), "address 127.0.0.1:%u is in use", http_port(f->server));
	assert_string_equal(err.text, want);
}

static void
test_listen_address_must_be_numeric(void **state)
{
	struct fixture *f = *state;
	struct err err = { 0 };

	assert_null(http_start(
	    f->loop, &(struct http_config){ .host = "console.example" }, &err));
	assert_string_equal(err.text, "listen address console.example is not numeric");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, http_set_up, http_tear_down)
	const struct CMUnitTest tests[] = {
		T(test_guard_table),
		T(test_bad_requests_reach_no_handler),
		T(test_header_over_8_kib),
		T(test_body_over_64_kib),
		T(test_body_of_64_kib),
		T(test_head_has_the_length_and_no_body),
		T(test_pipelined_requests_are_answered_in_order),
		T(test_every_reply_has_the_security_headers),
		T(test_old_protocol_gets_no_stream),
		T(test_i1_the_work_of_a_request_counts_as_a_callback),
		T(test_address_in_use_is_said_clearly),
		T(test_listen_address_must_be_numeric),
	};
#undef T
	return cmocka_run_group_tests(tests, NULL, NULL);
}
