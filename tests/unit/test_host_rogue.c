// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// One try at a peer that behaves well and badly, by table: what it sends, and the code
// that must come of it, in time and within bounds of memory whatever it sends. The peer
// is a thread with blocking sockets; ping asks the loopback interface. Run it under the
// address sanitizer.
#include <sys/resource.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/host_try.h"
#include "lib/mem.h"
#include "test.h"

enum {
	PATIENCE_MS = 60000, // of the test: the machine may be slow
	GROWTH_MAX_KIB = 16 * 1024,
};

// What the peer does once a request has come (up to its empty line).
struct script {
	const char *answer;  // to each request; NULL = none
	const char *to_word; // to one with a password; NULL = the same
	const char *more; // again and again after it, until the peer is left; NULL = no
	unsigned every_ms;
	enum {
		THEN_HOLD, // waits to be left
		THEN_CLOSE,
		THEN_RESET,
		THEN_DEAF, // accepts and never reads
	} then;
};

struct peer {
	int listener;
	uint16_t port;
	pthread_t thread;
	atomic_bool stop;
	const struct script *script; // before the first connection
	atomic_uint requests, with_word;
};

static void
pause_ms(unsigned ms)
{
	(void)usleep(ms * 1000);
}

static bool
send_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

// Reads up to an empty line; false where the connection ended.
static bool
read_request(struct peer *p, int fd, bool *word)
{
	char data[8192];
	size_t len = 0;
	while (len < sizeof(data) - 1) {
		ssize_t n = recv(fd, data + len, 1, 0);
		if (n <= 0)
			return false;
		data[++len] = '\0';
		if (len >= 4 && memcmp(data + len - 4, "\r\n\r\n", 4) == 0)
			break;
	}
	(void)atomic_fetch_add(&p->requests, 1);
	*word = strstr(data, "\nAuthorization:") != NULL;
	if (*word)
		(void)atomic_fetch_add(&p->with_word, 1);
	return true;
}

static void
talk(struct peer *p, int fd)
{
	const struct script *s = p->script;
	char byte;
	if (s->then == THEN_DEAF) {
		while (!atomic_load(&p->stop))
			pause_ms(5);
		return;
	}
	bool word;
	while (read_request(p, fd, &word)) {
		const char *answer = word && s->to_word ? s->to_word : s->answer;
		if (answer && !send_all(fd, answer, strlen(answer)))
			return;
		while (s->more && send_all(fd, s->more, strlen(s->more)))
			if (s->every_ms > 0)
				pause_ms(s->every_ms);
		if (s->then != THEN_HOLD)
			return;
		if (!s->answer && recv(fd, &byte, 1, 0) <= 0)
			return;
	}
}

static void *
serve(void *arg)
{
	struct peer *p = arg;
	for (;;) {
		int fd = accept(p->listener, NULL, NULL);
		if (atomic_load(&p->stop) || fd < 0)
			break;
		int one = 1;
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		talk(p, fd);
		struct linger hard = { .l_onoff = 1 };
		if (p->script->then == THEN_RESET)
			(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
		(void)close(fd);
	}
	return NULL;
}

static void
peer_start(struct peer *p, const struct script *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;
	memset(p, 0, sizeof *p);
	p->script = s;
	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(p->listener >= 0);
	assert_int_equal(bind(p->listener, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(p->listener, 8), 0);
	assert_int_equal(getsockname(p->listener, (struct sockaddr *)&at, &len), 0);
	p->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&p->thread, NULL, serve, p), 0);
}

static void
peer_stop(struct peer *p)
{
	atomic_store(&p->stop, true);
	(void)shutdown(p->listener, SHUT_RDWR);
	assert_int_equal(pthread_join(p->thread, NULL), 0);
	(void)close(p->listener);
}

// ---- one try ----------------------------------------------------------------------

struct rig {
	struct loop *loop;
	struct loop_timer deadline;
	struct asker *curl, *ping;
	void *kept;
	struct host_outcome outcome;
	bool done;
};

static void
on_deadline(void *arg)
{
	(void)arg;
	fail_msg("a try that never ends");
}

static int
setup(void **state)
{
	struct rig *g = xcalloc(1, sizeof *g);
	g->loop = loop_new(clock_real());
	g->curl = asker_curl.open(g->loop);
	g->ping = asker_ping.open(g->loop);
	loop_timer_init(&g->deadline, on_deadline, g);
	*state = g;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *g = *state;
	asker_curl.forget(g->kept);
	asker_curl.close(g->curl);
	asker_ping.close(g->ping);
	loop_free(g->loop);
	free(g);
	return 0;
}

static void
on_tried(void *arg, const struct host_outcome *o)
{
	struct rig *g = arg;
	g->outcome = *o;
	g->done = true;
	loop_stop(g->loop);
}

static struct host
host_new(enum host_check check, const char *url, uint16_t port)
{
	return (struct host){
		.id = "h",
		.check = check,
		.address = "127.0.0.1",
		.port = port,
		.url = url,
		.shown = "",
		.user = "",
		.password = "",
		.marker = "",
		.ca = "",
		.pin = "",
		.verify = true,
		.timeout_ms = 1500,
		.connect_ms = 1500,
		.first_byte_ms = 700,
	};
}

static struct host_question
question(struct rig *g, const struct host *h, const char *address)
{
	struct host_question q = { .host = h,
		.began_ms = loop_now_ms(g->loop),
		.give_word = true,
		.kept = &g->kept };
	struct sockaddr_in *v4 = (struct sockaddr_in *)&q.to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&q.to;
	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		q.to_len = sizeof *v4;
	} else {
		assert_int_equal(inet_pton(AF_INET6, address, &v6->sin6_addr), 1);
		v6->sin6_family = AF_INET6;
		q.to_len = sizeof *v6;
	}
	return q;
}

static void
try_once(struct rig *g, const struct host *h, const char *address)
{
	const struct asker_kind *kind =
	    h->check == HOST_CHECK_PING ? &asker_ping : &asker_curl;
	struct host_question q = question(g, h, address);
	g->done = false;
	loop_timer_in(g->loop, &g->deadline, PATIENCE_MS);
	(void)kind->start(
	    h->check == HOST_CHECK_PING ? g->ping : g->curl, &q, on_tried, g);
	assert_false(g->done); // never from within start
	assert_int_equal(loop_run(g->loop), 0);
	loop_timer_stop(g->loop, &g->deadline);
	assert_true(g->done);
}

// ---- the table --------------------------------------------------------------------

#define OK_HEAD "HTTP/1.1 200 OK\r\n"
#define RTSP_OK "RTSP/1.0 200 OK\r\nCSeq: 1\r\n"
#define VIDEO   "v=0\r\no=- 1 1 IN IP4 x\r\ns=x\r\nm=video 0 RTP/AVP 26\r\n"
#define AUDIO   "v=0\r\no=- 1 1 IN IP4 x\r\ns=x\r\nm=audio 0 RTP/AVP 0\r\n"
#define DIGEST  "WWW-Authenticate: Digest realm=\"x\", nonce=\"1\", qop=\"auth\"\r\n"
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
		assert_null(g->kept);
	}
	peer_stop(&p);
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
	struct host_question q = question(g, &h, "127.0.0.1");
	struct host_try *t = asker_curl.start(g->curl, &q, on_tried, g);
	loop_run_ready(g->loop);
	asker_curl.cancel(t);
	loop_run_ready(g->loop);
	assert_false(g->done);
	h = host_new(HOST_CHECK_PING, "", 0);
	q = question(g, &h, "127.0.0.1");
	t = asker_ping.start(g->ping, &q, on_tried, g);
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
	struct host_question q = question(g, &h, "127.0.0.1");
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
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(every_peer_brings_its_code_within_bounds),
		T(nobody_listens),
		T(a_nonce_is_used_again),
		T(a_refused_password_is_given_once_in_a_try),
		T(a_try_can_be_cancelled),
		T(loopback_answers),
		T(loopback_answers_by_ipv6),
		T(our_own_side_is_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
