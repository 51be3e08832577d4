// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The plain peer. Owns its socket and what came in; the test's only thread runs it.
// Refuses broken framing: a chunk that is not one fails the test.
#include "http_client.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/mem.h"
#include "test.h"

int64_t
test_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct client *
client_open(struct loop *l, uint16_t port, const char *from)
{
	struct client *c = xcalloc(1, sizeof(*c));
	struct sockaddr_in at = { .sin_family = AF_INET };

	c->loop = l;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(c->fd >= 0);
	if (from != NULL) {
		assert_int_equal(inet_pton(AF_INET, from, &at.sin_addr), 1);
		assert_int_equal(bind(c->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	}
	at.sin_port = htons(port);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(c->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(fcntl(c->fd, F_SETFL, O_NONBLOCK), 0);
	return c;
}

void
client_close(struct client *c)
{
	(void)close(c->fd);
	buf_free(&c->in);
	free(c);
}

void
client_turn(struct client *c)
{
	char part[8192];
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	loop_run_ready(c->loop);
	if (c->closed || poll(&p, 1, 1) <= 0)
		return;
	ssize_t n = recv(c->fd, part, sizeof(part), 0);
	if (n > 0)
		buf_add(&c->in, part, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		c->closed = true;
}

void
client_say_bytes(struct client *c, const void *bytes, size_t len)
{
	const char *p = bytes;
	int64_t until = test_now_ms() + WAIT_MS;

	while (len > 0 && test_now_ms() < until) {
		ssize_t n = send(c->fd, p, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			return; // closed on us: the test looks for that
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
		loop_run_ready(c->loop);
	}
}

void
client_say(struct client *c, const char *text)
{
	client_say_bytes(c, text, strlen(text));
}

bool
client_sees(struct client *c, const char *text)
{
	int64_t until = test_now_ms() + WAIT_MS;

	for (;;) {
		if (c->in.len > 0 &&
		    memmem(c->in.data, c->in.len, text, strlen(text)) != NULL)
			return true;
		if (c->closed || test_now_ms() >= until)
			return false;
		client_turn(c);
	}
}

bool
client_ends(struct client *c)
{
	int64_t until = test_now_ms() + WAIT_MS;

	while (!c->closed && test_now_ms() < until)
		client_turn(c);
	return c->closed;
}

static void
drop(struct buf *b, size_t len)
{
	memmove(b->data, b->data + len, b->len - len + 1);
	b->len -= len;
}

bool
client_answer(struct client *c, bool to_head, struct answer *a)
{
	size_t want = 0;
	int64_t until = test_now_ms() + WAIT_MS;

	memset(a, 0, sizeof(*a));
	if (!client_sees(c, "\r\n\r\n"))
		return false;
	size_t head = (size_t)(strstr(c->in.data, "\r\n\r\n") - c->in.data) + 4;
	a->head = xmalloc(head + 1);
	memcpy(a->head, c->in.data, head);
	a->head[head] = '\0';
	a->status = (int)strtol(a->head + strlen("HTTP/1.1 "), NULL, 10);
	const char *len = strcasestr(a->head, "\r\nContent-Length: ");
	if (len != NULL && !to_head)
		want = strtoul(len + strlen("\r\nContent-Length: "), NULL, 10);
	while (c->in.len < head + want && !c->closed && test_now_ms() < until)
		client_turn(c);
	if (c->in.len < head + want) {
		answer_free(a);
		return false;
	}
	a->body = xmalloc(want + 1);
	memcpy(a->body, c->in.data + head, want);
	a->body[want] = '\0';
	a->body_len = want;
	drop(&c->in, head + want);
	return true;
}

void
answer_free(struct answer *a)
{
	free(a->head);
	free(a->body);
	memset(a, 0, sizeof(*a));
}

bool
answer_has(const struct answer *a, const char *header_line)
{
	const char *at = strcasestr(a->head, header_line);

	return at != NULL && at > a->head && at[-1] == '\n';
}

// --- server-sent events -----------------------------------------------------------

// Moves whole chunks from the client's input to r->text.
static void
undo_chunks(struct sse_reader *r)
{
	struct buf *in = &r->client->in;

	while (in->len > 0) {
		char *end;
		const char *line = strstr(in->data, "\r\n");
		if (line == NULL)
			return;
		size_t len = strtoul(in->data, &end, 16);
		assert_ptr_equal(end, line); // a chunk begins with its length
		size_t head = (size_t)(line - in->data) + 2;
		if (in->len < head + len + 2)
			return;
		assert_memory_equal(in->data + head + len, "\r\n", 2);
		buf_add(&r->text, in->data + head, len);
		drop(in, head + len + 2);
	}
}

static void
take_lines(char *block, struct sse_event *e)
{
	char *line, *rest = block;

	while ((line = strsep(&rest, "\n")) != NULL) {
		if (strncmp(line, "id: ", 4) == 0)
			assert_true(str_copy(e->id, sizeof(e->id), line + 4));
		else if (strncmp(line, "event: ", 7) == 0)
			assert_true(str_copy(e->event, sizeof(e->event), line + 7));
		else if (strncmp(line, "data: ", 6) == 0)
			e->data = xstrdup(line + 6);
		else
			assert_true(
			    line[0] == '\0' || strncmp(line, "retry: ", 7) == 0);
	}
}

static bool
take_event(struct sse_reader *r, struct sse_event *e)
{
	const char *end = r->text.len > 0 ? strstr(r->text.data, "\n\n") : NULL;

	if (end == NULL)
		return false;
	size_t len = (size_t)(end - r->text.data);
	char *block = xmalloc(len + 1);
	memcpy(block, r->text.data, len);
	block[len] = '\0';
	drop(&r->text, len + 2);
	take_lines(block, e);
	free(block);
	return true;
}

bool
sse_next(struct sse_reader *r, struct sse_event *e)
{
	int64_t until = test_now_ms() + WAIT_MS;

	memset(e, 0, sizeof(*e));
	if (!r->headers_done) {
		struct answer a;
		if (!client_answer(r->client, true, &a))
			return false;
		assert_int_equal(a.status, 200);
		assert_true(answer_has(&a, "Content-Type: text/event-stream"));
		answer_free(&a);
		r->headers_done = true;
	}
	for (;;) {
		undo_chunks(r);
		if (take_event(r, e))
			return true;
		if (r->client->closed || test_now_ms() >= until)
			return false;
		client_turn(r->client);
	}
}

bool
sse_next_of(struct sse_reader *r, const char *kind, struct sse_event *e)
{
	while (sse_next(r, e)) {
		if (strcmp(e->event, kind) == 0)
			return true;
		free(e->data);
	}
	return false;
}

void
sse_reader_free(struct sse_reader *r)
{
	buf_free(&r->text);
	if (r->client != NULL)
		client_close(r->client);
	r->client = NULL;
}
