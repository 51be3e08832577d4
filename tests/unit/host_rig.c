// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
#include "host_rig.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"
#include "test.h"

enum {
	PATIENCE_MS = 60000, // of the test: the machine may be slow
	REQUEST_MAX = 8192,
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
read_request(struct peer *p, int fd, char data[static REQUEST_MAX], bool *word)
{
	size_t len = 0;
	while (len < REQUEST_MAX - 1) {
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

// "CSeq: ##" becomes the number of the request.
static bool
send_answer(int fd, const char *answer, const char *request)
{
	char text[1024];
	const char *number = strstr(request, "CSeq: ");
	(void)str_copy(text, sizeof text, answer); // all are short
	char *place = strstr(text, "CSeq: ##");
	if (place && number) {
		long n = strtol(number + 6, NULL, 10) % 100;
		place[6] = (char)('0' + n / 10);
		place[7] = (char)('0' + n % 10);
	}
	return send_all(fd, text, strlen(text));
}

static void
talk(struct peer *p, int fd)
{
	const struct script *s = p->script;
	char byte, data[REQUEST_MAX];
	if (s->then == THEN_DEAF) {
		while (!atomic_load(&p->stop))
			pause_ms(5);
		return;
	}
	bool word, challenged = false;
	while (read_request(p, fd, data, &word)) {
		bool known = !s->forgets || challenged;
		const char *answer =
		    word && s->to_word && known ? s->to_word : s->answer;
		challenged = challenged || answer == s->answer;
		if (answer && !send_answer(fd, answer, data))
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

void
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

void
peer_stop(struct peer *p)
{
	atomic_store(&p->stop, true);
	(void)shutdown(p->listener, SHUT_RDWR);
	assert_int_equal(pthread_join(p->thread, NULL), 0);
	(void)close(p->listener);
}

// ---- one try ----------------------------------------------------------------------

static void
on_deadline(void *arg)
{
	(void)arg;
	fail_msg("a try that never ends");
}

// What libcurl and its TLS library set up once takes longer than a first byte may.
static void
warm_up(struct rig *g)
{
	static bool warm;
	struct host h = host_new(HOST_CHECK_HTTP, "http://127.0.0.1:1/", 1);
	if (warm)
		return;
	h.timeout_ms = h.connect_ms = h.first_byte_ms = PATIENCE_MS;
	try_once(g, &h, "127.0.0.1");
	warm = true;
}

int
host_rig_setup(void **state)
{
	struct rig *g = xcalloc(1, sizeof *g);
	g->loop = loop_new(clock_real());
	g->curl = asker_curl.open(g->loop);
	g->ping = asker_ping.open(g->loop);
	loop_timer_init(&g->deadline, on_deadline, g);
	warm_up(g);
	*state = g;
	return 0;
}

int
host_rig_teardown(void **state)
{
	struct rig *g = *state;
	asker_curl.forget(g->kept);
	asker_curl.close(g->curl);
	asker_ping.close(g->ping);
	loop_free(g->loop);
	free(g);
	return 0;
}

void
host_rig_on_tried(void *arg, const struct host_outcome *o)
{
	struct rig *g = arg;
	g->outcome = *o;
	g->done = true;
	loop_stop(g->loop);
}

struct host
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

struct host_question
host_rig_question(struct rig *g, const struct host *h, const char *address)
{
	struct host_question q = { .host = h,
		.began_ms = loop_now_ms(g->loop),
		.give_word = !g->hold_back,
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

void
try_once(struct rig *g, const struct host *h, const char *address)
{
	const struct asker_kind *kind =
	    h->check == HOST_CHECK_PING ? &asker_ping : &asker_curl;
	struct host_question q = host_rig_question(g, h, address);
	g->done = false;
	loop_timer_in(g->loop, &g->deadline, PATIENCE_MS);
	(void)kind->start(
	    h->check == HOST_CHECK_PING ? g->ping : g->curl, &q, host_rig_on_tried, g);
	assert_false(g->done); // never from within start
	assert_int_equal(loop_run(g->loop), 0);
	loop_timer_stop(g->loop, &g->deadline);
	assert_true(g->done);
}
