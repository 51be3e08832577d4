// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The guard in front of evhttp, with shortened limits: each row of the table of what
// stock evhttp lets through must be refused here, and what it does right must stay.
#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/http.h"
#include "http_client.h"
#include "lib/clock.h"
#include "lib/mem.h"
#include "test.h"

struct fixture {
	struct loop *loop;
	struct http_server *server;
	unsigned handled;
	bool hold; // keep the request, answer later
	struct http_request *held;
	struct http_request *stream;
	unsigned streams_gone;
};

static void
on_stream_gone(void *arg)
{
	struct fixture *f = arg;

	f->stream = NULL;
	f->streams_gone++;
}

enum {
	BIG = 16 * 1024 * 1024, // more than the kernel takes for a peer
	LONG = 1024 * 1024,
};

static void
send_bytes(struct http_request *r, size_t len)
{
	char *bytes = xcalloc(1, len);

	http_send(r, 200, "text/plain", blob_copy(bytes, len));
	free(bytes);
}

static void
handle(void *ctx, struct http_request *r)
{
	struct fixture *f = ctx;
	struct buf b = { 0 };

	f->handled++;
	if (strcmp(r->target.path, "/stream") == 0) {
		if (http_stream(r, "text/event-stream", on_stream_gone, NULL, f) == 0)
			f->stream = r;
		return;
	}
	if (strcmp(r->target.path, "/big") == 0 ||
	    strcmp(r->target.path, "/long") == 0) {
		send_bytes(r, r->target.path[1] == 'b' ? BIG : LONG);
		return;
	}
	if (f->hold) {
		http_takes_long(r);
		f->held = r;
		return;
	}
	buf_printf(&b, "{\"path\":\"%s\",\"body\":%zu}", r->target.path, r->body_len);
	http_send_json(r, 200, &b);
}

static bool
desk(void *ctx, const unsigned char address[16])
{
	(void)ctx;
	return address[15] == 1; // 127.0.0.1
}

static const struct guard_limits limits = {
	.connections = 8,
	.streams = 4,
	.per_address = 3,
	.per_desk_address = 10,
	.request_ms = 300,
	.idle_ms = 500,
	.reply_ms = 700,
};

static int
set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->loop = loop_new(clock_real());
	f->server = http_start(f->loop,
	    &(struct http_config){ .host = "127.0.0.1",
		.limits = limits,
		.ctx = f,
		.desk = desk,
		.handle = handle },
	    NULL);
	assert_non_null(f->server);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	http_stop(f->server);
	if (f->held != NULL)
		http_send(f->held, 204, NULL, NULL); // to nobody
	loop_free(f->loop);
	free(f);
	return 0;
}

static struct client *
connect_to(struct fixture *f)
{
	return client_open(f->loop, http_port(f->server), NULL);
}

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
test_idle_is_closed(void **state)
{
	struct fixture *f = *state;
	struct client *c = connect_to(f);
	int64_t begin = test_now_ms();

	assert_true(client_ends(c));
	assert_true(test_now_ms() - begin >= limits.idle_ms - 50);
	client_close(c);
	assert_int_equal(http_counts(f->server).connections, 0);
}

// Says the text byte by byte, faster than the idle limit, until it is cut.
static int64_t
dribble(struct fixture *f, const char *first, char byte)
{
	struct client *c = connect_to(f);
	int64_t begin = test_now_ms(), next = begin;
	char one[2] = { byte, '\0' };

	client_say(c, first);
	while (!c->closed && test_now_ms() - begin < WAIT_MS) {
		if (test_now_ms() >= next) {
			client_say(c, one);
			next = test_now_ms() + 50;
		}
		client_turn(c);
	}
	assert_true(c->closed);
	client_close(c);
	return test_now_ms() - begin;
}

static void
test_slow_header_is_cut(void **state)
{
	struct fixture *f = *state;
	int64_t took = dribble(f, "GET /x HTTP/1.1\r\nHost: localhost\r\nA: ", 'a');

	assert_in_range(took, limits.request_ms, WAIT_MS / 2);
	assert_int_equal(f->handled, 0);
	assert_int_equal(http_counts(f->server).cut, 1);
}

static void
test_slow_body_is_cut(void **state)
{
	struct fixture *f = *state;
	int64_t took = dribble(f,
	    "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n",
	    ' ');

	assert_in_range(took, limits.request_ms, WAIT_MS / 2);
	assert_int_equal(f->handled, 0);
	assert_int_equal(http_counts(f->server).cut, 1);
}

static void
test_slow_reader_of_an_answer_is_cut(void **state)
{
	struct fixture *f = *state;
	struct client *c = connect_to(f);
	int64_t begin = test_now_ms();
	int size = 65536;

	// Narrow, so that it takes little at a time, and often.
	assert_int_equal(
	    setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	client_say(c, "GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n");
	// A little now and then, so that the idle limit never comes to it.
	while (http_counts(f->server).cut == 0 && test_now_ms() - begin < WAIT_MS) {
		int64_t next = test_now_ms() + 20;
		client_turn(c);
		while (test_now_ms() < next)
			loop_run_ready(f->loop);
	}
	assert_int_equal(http_counts(f->server).cut, 1);
	assert_true(test_now_ms() - begin >= limits.reply_ms);
	client_close(c);
}

// A peer that asks on and on without reading must not fill our memory.
static void
test_flood_of_requests_behind_a_long_answer_is_cut(void **state)
{
	struct fixture *f = *state;
	struct client *c = connect_to(f);
	char noise[8192];
	size_t said = 0;

	memset(noise, 'a', sizeof(noise));
	client_say(c, "GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n");
	while (f->handled == 0)
		client_turn(c);
	while (send(c->fd, noise, sizeof(noise), MSG_NOSIGNAL | MSG_DONTWAIT) > 0 &&
	       said < 4 * BIG) {
		said += sizeof(noise);
		loop_run_ready(f->loop);
	}
	turn_until(f, http_counts(f->server).connections == 0);
	assert_true(said < BIG);
	client_close(c);
}

static void
test_fast_reader_of_a_long_answer_gets_it_whole(void **state)
{
	struct fixture *f = *state;
	struct client *c = connect_to(f);
	struct answer a;

	client_say(c, "GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_true(client_answer(c, false, &a));
	assert_int_equal(a.body_len, LONG);
	answer_free(&a);
	client_close(c);
}

static void
test_fast_requests_on_one_connection_are_not_cut(void **state)
{
	struct fixture *f = *state;
	struct client *c = connect_to(f);
	int64_t begin = test_now_ms();
	struct answer a;

	// Longer than one request may take, as many short ones.
	while (test_now_ms() - begin < 3 * limits.request_ms) {
		client_say(c, "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n");
		assert_true(client_answer(c, false, &a));
		assert_int_equal(a.status, 200);
		answer_free(&a);
	}
	client_close(c);
}

static void
test_long_answer_is_not_cut(void **state)
{
	struct fixture *f = *state;
	struct client *c = connect_to(f);
	struct answer a;

	f->hold = true;
	client_say(c, "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n");
	int64_t until = test_now_ms() + 3 * limits.idle_ms;
	while (test_now_ms() < until)
		client_turn(c);
	assert_non_null(f->held);
	http_send(f->held, 204, NULL, NULL);
	f->held = NULL;
	assert_true(client_answer(c, false, &a));
	assert_int_equal(a.status, 204);
	answer_free(&a);
	// The idle limit is back.
	assert_true(client_ends(c));
	client_close(c);
}

static void
test_peer_gone_before_the_answer(void **state)
{
	struct fixture *f = *state;
	struct client *c = connect_to(f);

	f->hold = true;
	client_say(c, "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n");
	while (f->held == NULL)
		client_turn(c);
	client_close(c);
	loop_run_ready(f->loop);
	http_send(f->held, 200, "text/plain", blob_copy("late", 4));
	f->held = NULL;
	int64_t until = test_now_ms() + WAIT_MS;
	while (http_counts(f->server).connections > 0 && test_now_ms() < until)
		loop_run_ready(f->loop);
	assert_int_equal(http_counts(f->server).connections, 0);
}

static void
test_stop_with_an_answer_owed(void **state)
{
	struct fixture *f = *state;
	struct client *c = connect_to(f);

	f->hold = true;
	client_say(c, "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n");
	while (f->held == NULL)
		client_turn(c);
	client_close(c); // tear_down stops the server, then answers
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

static unsigned
open_many(struct fixture *f, struct client **list, unsigned n, const char *from)
{
	unsigned alive = 0;

	for (unsigned i = 0; i < n; i++) {
		list[i] = client_open(f->loop, http_port(f->server), from);
		client_say(list[i], "GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
		struct answer a;
		if (client_answer(list[i], false, &a) && a.status == 200)
			alive++;
		answer_free(&a);
	}
	return alive;
}

static void
test_cap_per_address(void **state)
{
	struct client *list[6];

	assert_int_equal(open_many(*state, list, 6, "127.0.0.2"), limits.per_address);
	for (unsigned i = 0; i < 6; i++)
		client_close(list[i]);
}

static void
test_cap_is_free_again_when_connections_close(void **state)
{
	struct fixture *f = *state;
	struct client *list[3];

	for (int round = 0; round < 5; round++) {
		assert_int_equal(open_many(f, list, 3, "127.0.0.2"), 3);
		for (unsigned i = 0; i < 3; i++)
			client_close(list[i]);
		int64_t until = test_now_ms() + WAIT_MS;
		while (http_counts(f->server).connections > 0 && test_now_ms() < until)
			loop_run_ready(f->loop);
	}
	assert_int_equal(http_counts(f->server).refused, 0);
}

static void
test_cap_of_a_desk_address_is_wider(void **state)
{
	struct client *list[12];

	assert_int_equal(open_many(*state, list, 12, NULL), limits.per_desk_address);
	for (unsigned i = 0; i < 12; i++)
		client_close(list[i]);
}

static void
test_peer_that_goes_at_once(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 200; i++) {
		struct client *c = connect_to(f);
		if (i % 2)
			loop_run_ready(f->loop);
		client_close(c);
	}
	int64_t until = test_now_ms() + WAIT_MS;
	do
		loop_run_ready(f->loop);
	while (http_counts(f->server).connections > 0 && test_now_ms() < until);
	assert_int_equal(http_counts(f->server).connections, 0);
}

static void
test_stream_ends_when_the_peer_goes(void **state)
{
	struct fixture *f = *state;
	struct client *c = connect_to(f);

	client_say(c, "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
	while (f->stream == NULL)
		client_turn(c);
	client_close(c);
	// Nothing is written: the end must be seen by itself.
	int64_t until = test_now_ms() + WAIT_MS;
	while (f->streams_gone == 0 && test_now_ms() < until)
		loop_run_ready(f->loop);
	assert_int_equal(f->streams_gone, 1);
	assert_int_equal(http_counts(f->server).connections, 0);
}

static void
test_stream_outlives_the_idle_limit_and_is_ended_by_us(void **state)
{
	struct fixture *f = *state;
	struct client *c = connect_to(f);

	client_say(c, "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
	int64_t until = test_now_ms() + 3 * limits.idle_ms;
	while (test_now_ms() < until)
		client_turn(c);
	assert_non_null(f->stream);
	assert_false(c->closed);
	http_stream_end(f->stream);
	assert_int_equal(f->streams_gone, 1);
	assert_true(client_ends(c));
	client_close(c);
}

static void
test_stream_reader_that_talks_is_cut(void **state)
{
	struct fixture *f = *state;
	struct client *c = connect_to(f);
	char noise[8192];

	memset(noise, 'a', sizeof(noise));
	client_say(c, "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
	while (f->stream == NULL)
		client_turn(c);
	client_say_bytes(c, noise, sizeof(noise));
	assert_true(client_ends(c));
	assert_int_equal(f->streams_gone, 1);
	client_close(c);
}

static void
test_stop_ends_streams(void **state)
{
	struct fixture *f = *state;
	struct client *c = connect_to(f);

	client_say(c, "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
	while (f->stream == NULL)
		client_turn(c);
	client_close(c); // tear_down stops; leaks and double frees show there
}

static void
test_old_protocol_gets_no_stream(void **state)
{
	static const char bytes[] = "GET /stream HTTP/1.0\r\nHost: localhost\r\n\r\n";

	assert_int_equal(status_of(*state, bytes, sizeof(bytes) - 1), 400);
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
		.desk = desk,
		.handle = handle };

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
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_guard_table),
		T(test_bad_requests_reach_no_handler),
		T(test_header_over_8_kib),
		T(test_body_over_64_kib),
		T(test_body_of_64_kib),
		T(test_idle_is_closed),
		T(test_slow_header_is_cut),
		T(test_slow_body_is_cut),
		T(test_slow_reader_of_an_answer_is_cut),
		T(test_flood_of_requests_behind_a_long_answer_is_cut),
		T(test_fast_reader_of_a_long_answer_gets_it_whole),
		T(test_fast_requests_on_one_connection_are_not_cut),
		T(test_long_answer_is_not_cut),
		T(test_peer_gone_before_the_answer),
		T(test_stop_with_an_answer_owed),
		T(test_head_has_the_length_and_no_body),
		T(test_pipelined_requests_are_answered_in_order),
		T(test_every_reply_has_the_security_headers),
		T(test_cap_per_address),
		T(test_cap_is_free_again_when_connections_close),
		T(test_cap_of_a_desk_address_is_wider),
		T(test_peer_that_goes_at_once),
		T(test_stream_ends_when_the_peer_goes),
		T(test_stream_outlives_the_idle_limit_and_is_ended_by_us),
		T(test_stream_reader_that_talks_is_cut),
		T(test_stop_ends_streams),
		T(test_old_protocol_gets_no_stream),
		T(test_address_in_use_is_said_clearly),
		T(test_listen_address_must_be_numeric),
	};
#undef T
	return cmocka_run_group_tests(tests, NULL, NULL);
}
