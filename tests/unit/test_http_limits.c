// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The guard's limits, shortened: time for a request, for an answer, between requests;
// connections in all and from one address; and the life of a stream.
#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_fixture.h"
#include "lib/mem.h"
#include "test.h"

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

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, http_set_up, http_tear_down)
	const struct CMUnitTest tests[] = {
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
		T(test_cap_per_address),
		T(test_cap_is_free_again_when_connections_close),
		T(test_cap_of_a_desk_address_is_wider),
		T(test_peer_that_goes_at_once),
		T(test_stream_ends_when_the_peer_goes),
		T(test_stream_outlives_the_idle_limit_and_is_ended_by_us),
		T(test_stream_reader_that_talks_is_cut),
		T(test_stop_ends_streams),
	};
#undef T
	return cmocka_run_group_tests(tests, NULL, NULL);
}
