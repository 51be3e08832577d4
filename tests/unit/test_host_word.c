// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A host with a password: how often the password is put to it, and what is kept of it
// from one try to the next.
#include <sys/socket.h>

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host_rig.h"
#include "test.h"

// A device that wants a digest is asked twice the first time, and once from then on.
// One that refuses the password gets it once in a try, however often it is tried.
static void
a_nonce_is_used_again(void **state)
{
	struct rig *g = *state;
	struct peer p;
	const struct script s = { .answer = "HTTP/1.1 401 No\r\n" DIGEST
					    "Content-Length: 0\r\n\r\n",
		.to_word = OK_HEAD "Content-Length: 0\r\n\r\n" };
	char url[64];
	peer_start(&p, &s);
	(void)snprintf(url, sizeof url, "http://127.0.0.1:%u/x", p.port);
	struct host h = host_new(HOST_CHECK_HTTP, url, p.port);
	h.user = "u";
	h.password = "p";
	for (unsigned i = 1; i < 5; i++) {
		try_once(g, &h, "127.0.0.1");
		assert_int_equal(g->outcome.code, HOST_ANSWERS);
		assert_int_equal(atomic_load(&p.requests), i + 1);
		assert_int_equal(atomic_load(&p.with_word), i);
	}
	peer_stop(&p);
}

// The nonce ends with its connection, and the refusal of an old one does not say that
// it is stale (live555, which many cameras have in them). The password was right all
// the while, and from the third try on no old nonce is shown any more.
static void
a_nonce_may_end_with_its_connection(void **state)
{
	static const struct {
		enum host_check check;
		const char *scheme;
		struct script script;
	} peers[] = {
		{ HOST_CHECK_HTTP, "http",
		    { .answer =
			    "HTTP/1.1 401 No\r\n" DIGEST "Content-Length: 0\r\n\r\n",
			.to_word = OK_HEAD "Content-Length: 0\r\n\r\n",
			.forgets = true } },
		{ HOST_CHECK_RTSP, "rtsp",
		    { .answer = "RTSP/1.0 401 No\r\nCSeq: ##\r\n" DIGEST "\r\n",
			.to_word = "RTSP/1.0 200 OK\r\nCSeq: ##\r\nContent-Length: "
				   "50\r\n\r\n" VIDEO,
			.forgets = true } },
	};
	struct rig *g = *state;
	for (size_t i = 0; i < ARRAY_LEN(peers); i++) {
		struct peer p;
		char url[64];
		peer_start(&p, &peers[i].script);
		(void)snprintf(
		    url, sizeof url, "%s://127.0.0.1:%u/x", peers[i].scheme, p.port);
		struct host h = host_new(peers[i].check, url, p.port);
		h.user = "u";
		h.password = "p";
		for (unsigned n = 1; n <= 6; n++) {
			try_once(g, &h, "127.0.0.1");
			if (g->outcome.code != HOST_ANSWERS)
				fail_msg("%s, try %u: %s", peers[i].scheme, n,
				    host_code_name(g->outcome.code));
			unsigned old = n < 3 ? n - 1 : 2;
			assert_int_equal(atomic_load(&p.with_word), n + old);
		}
		peer_stop(&p);
		asker_curl.forget(g->kept);
		g->kept = NULL;
	}
}

static void
a_refused_password_is_given_once_in_a_try(void **state)
{
	struct rig *g = *state;
	struct peer p;
	const struct script s = { .answer = "HTTP/1.1 401 No\r\n" DIGEST
					    "Content-Length: 0\r\n\r\n" };
	char url[64];
	peer_start(&p, &s);
	(void)snprintf(url, sizeof url, "http://127.0.0.1:%u/x", p.port);
	struct host h = host_new(HOST_CHECK_HTTP, url, p.port);
	h.user = "u";
	h.password = "p";
	for (unsigned i = 1; i < 4; i++) {
		try_once(g, &h, "127.0.0.1");
		assert_int_equal(g->outcome.code, HOST_AUTH);
		assert_int_equal(atomic_load(&p.with_word), i);
	}
	peer_stop(&p);
}

static void
a_refusal_says_what_is_missing(void **state)
{
#define BASIC                                                                   \
  "HTTP/1.1 401 No\r\nwww-authenticate:  basic realm=\"x\"\r\nContent-Length: " \
  "0\r\n\r\n"
	static const struct {
		const char *user, *answer, *detail;
		bool give;
	} cases[] = {
		{ "", BASIC, "status 401: it wants a user and a password", true },
		{ "u", BASIC, "status 401: it knows auth: basic only", true },
		{ "u", BASIC, "status 401: the password is held back", false },
		{ "u", "HTTP/1.1 401 No\r\n" DIGEST "Content-Length: 0\r\n\r\n",
		    "status 401", true },
	};
	struct rig *g = *state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct peer p;
		const struct script s = { .answer = cases[i].answer };
		char url[64];
		peer_start(&p, &s);
		(void)snprintf(url, sizeof url, "http://127.0.0.1:%u/x", p.port);
		struct host h = host_new(HOST_CHECK_HTTP, url, p.port);
		h.user = cases[i].user;
		h.password = "p";
		g->hold_back = !cases[i].give;
		try_once(g, &h, "127.0.0.1");
		assert_int_equal(g->outcome.code, HOST_AUTH);
		assert_string_equal(g->outcome.detail, cases[i].detail);
		peer_stop(&p);
	}
}

// A listener whose queue is full: what wants a connection gets no answer.
struct hole {
	int listener, queued[4];
	uint16_t port;
};

static void
hole_open(struct hole *o)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;
	o->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(o->listener, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(o->listener, 0), 0);
	assert_int_equal(getsockname(o->listener, (struct sockaddr *)&at, &len), 0);
	o->port = ntohs(at.sin_port);
	for (size_t i = 0; i < ARRAY_LEN(o->queued); i++) {
		o->queued[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(o->queued[i], (struct sockaddr *)&at, sizeof at);
	}
}

static void
hole_close(const struct hole *o)
{
	for (size_t i = 0; i < ARRAY_LEN(o->queued); i++)
		(void)close(o->queued[i]);
	(void)close(o->listener);
}

// What is kept of the last try says "connected"; it is not this one's.
static void
a_host_that_was_there_keeps_its_deadline_to_connect(void **state)
{
	struct rig *g = *state;
	struct peer p;
	struct hole hole;
	const struct script s = { .answer = OK_HEAD "Content-Length: 0\r\n\r\n" };
	char url[64];
	peer_start(&p, &s);
	(void)snprintf(url, sizeof url, "http://127.0.0.1:%u/x", p.port);
	struct host h = host_new(HOST_CHECK_HTTP, url, p.port);
	h.user = "u";
	h.password = "p";
	try_once(g, &h, "127.0.0.1");
	assert_int_equal(g->outcome.code, HOST_ANSWERS);
	peer_stop(&p);

	hole_open(&hole);
	(void)snprintf(url, sizeof url, "http://127.0.0.1:%u/x", hole.port);
	h.port = hole.port;
	h.timeout_ms = h.first_byte_ms = 20000;
	h.connect_ms = 300;
	int64_t began_ms = loop_now_ms(g->loop);
	try_once(g, &h, "127.0.0.1");
	assert_int_equal(g->outcome.code, HOST_TIMEOUT);
	assert_string_equal(g->outcome.detail, "no connection");
	assert_true(loop_now_ms(g->loop) - began_ms < 10000);
	hole_close(&hole);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, host_rig_setup, host_rig_teardown)
	const struct CMUnitTest tests[] = {
		T(a_nonce_is_used_again),
		T(a_nonce_may_end_with_its_connection),
		T(a_refused_password_is_given_once_in_a_try),
		T(a_refusal_says_what_is_missing),
		T(a_host_that_was_there_keeps_its_deadline_to_connect),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
