// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// One try at a peer that behaves well and badly, by table: what it sends, and the code
// that must come of it, in time and within bounds of memory whatever it sends. The peer
// is a thread with blocking sockets; ping asks the loopback interface. Run it under the
// address sanitizer.
#include <sys/resource.h>
#include <sys/socket.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host_rig.h"
#include "test.h"

enum {
	GROWTH_MAX_KIB = 16 * 1024,
};

// ---- the table --------------------------------------------------------------------

#define RTSP_OK "RTSP/1.0 200 OK\r\nCSeq: 1\r\n"
#define AUDIO   "v=0\r\no=- 1 1 IN IP4 x\r\ns=x\r\nm=audio 0 RTP/AVP 0\r\n"
#define LINE \
  "X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"
#define FILL "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

enum {
	WITH_WORD = 1,
	WITH_MARKER = 2,
	OPTIONS_ONLY = 4,
};

// clang-format off
static const struct {
	const char *name;
	enum host_check check;
	unsigned how;
	enum host_code code;
	struct script script;
} cases[] = {
	// TCP: a connection is all that is asked for.
	{ "tcp, deaf", HOST_CHECK_TCP, 0, HOST_ANSWERS, { .then = THEN_DEAF } },
	{ "tcp, closing", HOST_CHECK_TCP, 0, HOST_ANSWERS, { .then = THEN_CLOSE } },

	// HTTP
	{ "good", HOST_CHECK_HTTP, 0, HOST_ANSWERS, { .answer = OK_HEAD "Content-Length: 2\r\n\r\nok" } },
	{ "good, empty", HOST_CHECK_HTTP, 0, HOST_ANSWERS, { .answer = "HTTP/1.1 204 No\r\n\r\n" } },
	{ "marker", HOST_CHECK_HTTP, WITH_MARKER, HOST_ANSWERS,
	    { .answer = OK_HEAD "Content-Length: 12\r\n\r\n{\"ok\": true}" } },
	{ "no marker", HOST_CHECK_HTTP, WITH_MARKER, HOST_NO_MARKER,
	    { .answer = OK_HEAD "Content-Length: 13\r\n\r\n{\"ok\": false}" } },
	{ "404", HOST_CHECK_HTTP, 0, HOST_WRONG_STATUS, { .answer = "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n" } },
	{ "500 with the marker", HOST_CHECK_HTTP, WITH_MARKER, HOST_WRONG_STATUS,
	    { .answer = "HTTP/1.1 500 No\r\nContent-Length: 10\r\n\r\n\"ok\": true" } },
	{ "redirect to a file", HOST_CHECK_HTTP, 0, HOST_WRONG_STATUS,
	    { .answer = "HTTP/1.1 302 Go\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n" } },
	{ "never answers", HOST_CHECK_HTTP, 0, HOST_TIMEOUT, { .then = THEN_HOLD } },
	{ "deaf", HOST_CHECK_HTTP, 0, HOST_TIMEOUT, { .then = THEN_DEAF } },
	{ "closes", HOST_CHECK_HTTP, 0, HOST_CLOSED, { .then = THEN_CLOSE } },
	{ "resets", HOST_CHECK_HTTP, 0, HOST_CLOSED, { .then = THEN_RESET } },
	{ "garbage", HOST_CHECK_HTTP, 0, HOST_MALFORMED, { .answer = "\x01\x02\xff\xfegarbage\r\n\r\n", .then = THEN_CLOSE } },
	{ "garbage without end", HOST_CHECK_HTTP, 0, HOST_MALFORMED, { .answer = "x", .more = FILL } },
	{ "another protocol", HOST_CHECK_HTTP, 0, HOST_MALFORMED, { .answer = "SSH-2.0-x\r\n" } },
	{ "half a head", HOST_CHECK_HTTP, 0, HOST_CLOSED, { .answer = OK_HEAD "X: y\r\n", .then = THEN_CLOSE } },
	{ "a head without end", HOST_CHECK_HTTP, 0, HOST_OVERSIZE, { .answer = OK_HEAD, .more = LINE } },
	{ "a line without end", HOST_CHECK_HTTP, 0, HOST_OVERSIZE, { .answer = OK_HEAD "X: ", .more = FILL } },
	{ "a head that dribbles", HOST_CHECK_HTTP, 0, HOST_TIMEOUT, { .answer = OK_HEAD, .more = "X", .every_ms = 50 } },
	{ "100 without end", HOST_CHECK_HTTP, 0, HOST_OVERSIZE, { .more = "HTTP/1.1 100 Continue\r\n\r\n" } },
	{ "a body without end, not asked for", HOST_CHECK_HTTP, 0, HOST_ANSWERS, { .answer = OK_HEAD "\r\n", .more = FILL } },
	{ "a body without end", HOST_CHECK_HTTP, WITH_MARKER, HOST_NO_MARKER, { .answer = OK_HEAD "\r\n", .more = FILL } },
	{ "a body that dribbles", HOST_CHECK_HTTP, WITH_MARKER, HOST_TIMEOUT,
	    { .answer = OK_HEAD "\r\n", .more = "x", .every_ms = 50 } },
	{ "a marker that dribbles", HOST_CHECK_HTTP, WITH_MARKER, HOST_ANSWERS,
	    { .answer = OK_HEAD "\r\n{\"ok\": t", .more = "rue", .every_ms = 50 } },
	{ "a huge length", HOST_CHECK_HTTP, WITH_MARKER, HOST_TIMEOUT,
	    { .answer = OK_HEAD "Content-Length: 99999999999999\r\n\r\nx", .then = THEN_HOLD } },
	{ "less than promised", HOST_CHECK_HTTP, WITH_MARKER, HOST_CLOSED,
	    { .answer = OK_HEAD "Content-Length: 100\r\n\r\nx", .then = THEN_CLOSE } },
	{ "bad chunks", HOST_CHECK_HTTP, WITH_MARKER, HOST_MALFORMED,
	    { .answer = OK_HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\n", .then = THEN_CLOSE } },
	{ "a chunk of 2^63", HOST_CHECK_HTTP, WITH_MARKER, HOST_TIMEOUT,
	    { .answer = OK_HEAD "Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\nx", .then = THEN_HOLD } },
	{ "401, no user", HOST_CHECK_HTTP, 0, HOST_AUTH, { .answer = "HTTP/1.1 401 No\r\n" DIGEST "Content-Length: 0\r\n\r\n" } },
	{ "401, no challenge", HOST_CHECK_HTTP, WITH_WORD, HOST_AUTH, { .answer = "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n" } },
	{ "401, basic only", HOST_CHECK_HTTP, WITH_WORD, HOST_AUTH,
	    { .answer = "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n" } },
	{ "401, whatever is given", HOST_CHECK_HTTP, WITH_WORD, HOST_AUTH,
	    { .answer = "HTTP/1.1 401 No\r\n" DIGEST "Content-Length: 0\r\n\r\n" } },
	{ "401, an unknown algorithm", HOST_CHECK_HTTP, WITH_WORD, HOST_AUTH,
	    { .answer = "HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"x\", nonce=\"1\", algorithm=ROT13\r\n"
	      "Content-Length: 0\r\n\r\n" } },

	// RTSP
	{ "a stream", HOST_CHECK_RTSP, 0, HOST_ANSWERS,
	    { .answer = RTSP_OK "Content-Type: application/sdp\r\nContent-Length: 50\r\n\r\n" VIDEO } },
	{ "no video", HOST_CHECK_RTSP, 0, HOST_NO_STREAM,
	    { .answer = RTSP_OK "Content-Type: application/sdp\r\nContent-Length: 49\r\n\r\n" AUDIO } },
	{ "an empty description", HOST_CHECK_RTSP, 0, HOST_NO_STREAM, { .answer = RTSP_OK "Content-Length: 0\r\n\r\n" } },
	{ "options", HOST_CHECK_RTSP, OPTIONS_ONLY, HOST_ANSWERS, { .answer = RTSP_OK "Public: DESCRIBE\r\n\r\n" } },
	{ "no such channel", HOST_CHECK_RTSP, 0, HOST_NO_STREAM, { .answer = "RTSP/1.0 404 No\r\nCSeq: 1\r\n\r\n" } },
	{ "out of streams", HOST_CHECK_RTSP, 0, HOST_BUSY, { .answer = "RTSP/1.0 453 No\r\nCSeq: 1\r\n\r\n" } },
	{ "RTSP 500", HOST_CHECK_RTSP, 0, HOST_WRONG_STATUS, { .answer = "RTSP/1.0 500 No\r\nCSeq: 1\r\n\r\n" } },
	{ "RTSP 401", HOST_CHECK_RTSP, 0, HOST_AUTH, { .answer = "RTSP/1.0 401 No\r\nCSeq: 1\r\n\r\n" } },
	{ "hangs in the description", HOST_CHECK_RTSP, 0, HOST_TIMEOUT, { .then = THEN_HOLD } },
	{ "the wrong number", HOST_CHECK_RTSP, 0, HOST_MALFORMED, { .answer = "RTSP/1.0 200 OK\r\nCSeq: 99\r\nContent-Length: 0\r\n\r\n" } },
	{ "RTSP garbage", HOST_CHECK_RTSP, 0, HOST_MALFORMED, { .answer = "\xff\xfe\x01garbage\r\n\r\n", .then = THEN_CLOSE } },
	{ "RTSP head without end", HOST_CHECK_RTSP, 0, HOST_OVERSIZE, { .answer = RTSP_OK, .more = LINE } },
	{ "RTSP head that dribbles", HOST_CHECK_RTSP, 0, HOST_TIMEOUT, { .answer = RTSP_OK, .more = "X", .every_ms = 50 } },
	{ "a description without end", HOST_CHECK_RTSP, 0, HOST_OVERSIZE,
	    { .answer = RTSP_OK "Content-Length: 99999999\r\n\r\n", .more = FILL } },
	{ "RTSP closes", HOST_CHECK_RTSP, 0, HOST_CLOSED, { .then = THEN_CLOSE } },
	{ "RTSP resets", HOST_CHECK_RTSP, 0, HOST_CLOSED, { .then = THEN_RESET } },
};
// clang-format on

static long
memory_kib(void)
{
	struct rusage u;
	(void)getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

static void
run_case(struct rig *g, size_t i)
{
	struct peer p;
	char url[64];
	peer_start(&p, &cases[i].script);
	(void)snprintf(url, sizeof url, "%s://127.0.0.1:%u/x",
	    cases[i].check == HOST_CHECK_RTSP ? "rtsp" : "http", p.port);
	struct host h = host_new(cases[i].check, url, p.port);
	if (cases[i].how & WITH_WORD) {
		h.user = "u";
		h.password = "p";
	}
	if (cases[i].how & WITH_MARKER)
		h.marker = "\"ok\": true";
	h.options_only = cases[i].how & OPTIONS_ONLY;
	try_once(g, &h, "127.0.0.1");
	if (g->outcome.code != cases[i].code || g->outcome.blind != HOST_SEEN)
		fail_msg("%s: %s%s (%s), not %s", cases[i].name,
		    host_code_name(g->outcome.code), host_blind_name(g->outcome.blind),
		    g->outcome.detail, host_code_name(cases[i].code));
	if (cases[i].code != HOST_ANSWERS)
		assert_true(g->outcome.detail[0] != '\0');
	else
		assert_true(g->outcome.round_trip_us > 0);
	assert_int_equal(g->outcome.word_used, h.user[0] != '\0');
	// A password is put to a host once in a try, not as often as the host likes.
	assert_true(atomic_load(&p.with_word) <= 1);
	peer_stop(&p);
	asker_curl.forget(g->kept);
	g->kept = NULL;
}

static void
every_peer_brings_its_code_within_bounds(void **state)
{
	struct rig *g = *state;
	run_case(g, 0); // what libcurl and TLS set up once
	long before = memory_kib();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		run_case(g, i);
	assert_true(memory_kib() - before < GROWTH_MAX_KIB);
}

static void
nobody_listens(void **state)
{
	struct rig *g = *state;
	struct peer p;
	const struct script s = { .then = THEN_CLOSE };
	peer_start(&p, &s);
	uint16_t port = p.port;
	peer_stop(&p);
	struct host h = host_new(HOST_CHECK_TCP, "", port);
	try_once(g, &h, "127.0.0.1");
	assert_int_equal(g->outcome.code, HOST_REFUSED);
	assert_int_equal(g->outcome.blind, HOST_SEEN);
	assert_string_equal(g->outcome.detail, "Connection refused");
}

static void
a_try_can_be_cancelled(void **state)
{
	struct rig *g = *state;
	struct peer p;
	const struct script s = { .then = THEN_DEAF };
	char url[64];
	peer_start(&p, &s);
	(void)snprintf(url, sizeof url, "rtsp://127.0.0.1:%u/x", p.port);
	struct host h = host_new(HOST_CHECK_RTSP, url, p.port);
	struct host_question q = host_rig_question(g, &h, "127.0.0.1");
	struct host_try *t = asker_curl.start(g->curl, &q, host_rig_on_tried, g);
	loop_run_ready(g->loop);
	asker_curl.cancel(t);
	loop_run_ready(g->loop);
	assert_false(g->done);
	h = host_new(HOST_CHECK_PING, "", 0);
	q = host_rig_question(g, &h, "127.0.0.1");
	t = asker_ping.start(g->ping, &q, host_rig_on_tried, g);
	asker_ping.cancel(t);
	loop_run_ready(g->loop);
	assert_false(g->done);
	peer_stop(&p);
}

// ---- ping -------------------------------------------------------------------------

// Where neither kind of socket is allowed (a build machine) there is nothing to ask.
static bool
may_ping(int family, int protocol)
{
	int fd = socket(family, SOCK_DGRAM, protocol);
	if (fd < 0)
		fd = socket(family, SOCK_RAW, protocol);
	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

static void
loopback_answers(void **state)
{
	struct rig *g = *state;
	struct host h = host_new(HOST_CHECK_PING, "", 0);
	bool allowed = may_ping(AF_INET, IPPROTO_ICMP);
	try_once(g, &h, "127.0.0.1");
	assert_int_equal(g->outcome.blind, allowed ? HOST_SEEN : HOST_NO_PERMISSION);
	if (!allowed)
		skip();
	assert_int_equal(g->outcome.code, HOST_ANSWERS);
	assert_in_range(g->outcome.round_trip_us, 1, 1500000);
	assert_int_equal(g->outcome.detail[0], '\0');
}

static void
loopback_answers_by_ipv6(void **state)
{
	struct rig *g = *state;
	struct host h = host_new(HOST_CHECK_PING, "", 0);
	if (!may_ping(AF_INET6, IPPROTO_ICMPV6))
		skip();
	try_once(g, &h, "::1");
	assert_int_equal(g->outcome.blind, HOST_SEEN);
	assert_int_equal(g->outcome.code, HOST_ANSWERS);
}

static void
our_own_side_is_known(void **state)
{
	struct rig *g = *state;
	struct host h = host_new(HOST_CHECK_PING, "", 0);
	struct host_question q = host_rig_question(g, &h, "127.0.0.1");
	assert_int_equal(host_own_side(&q.to, q.to_len), HOST_SEEN);
	struct host_outcome o = { 0 };
	host_outcome_errno(&o, EMFILE);
	assert_int_equal(o.blind, HOST_NO_RESOURCES);
	o = (struct host_outcome){ 0 };
	host_outcome_errno(&o, EHOSTUNREACH);
	assert_int_equal(o.blind, HOST_SEEN);
	assert_int_equal(o.code, HOST_UNREACHABLE);
	assert_string_equal(o.detail, "No route to host");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, host_rig_setup, host_rig_teardown)
	const struct CMUnitTest tests[] = {
		T(every_peer_brings_its_code_within_bounds),
		T(nobody_listens),
		T(a_try_can_be_cancelled),
		T(loopback_answers),
		T(loopback_answers_by_ipv6),
		T(our_own_side_is_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
