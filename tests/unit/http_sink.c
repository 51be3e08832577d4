// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See http_sink.h. One thread with poll; a connection serves any number of requests.
// What it was sent is behind a lock. It refuses requests over 64 KiB and more than 128
// connections, by closing them.
#include "http_sink.h"

#include <sys/eventfd.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"

enum {
	CONNECTIONS_MAX = 128,
	REQUEST_MAX = 65536
};

struct connection {
	int fd;
	size_t len;
	bool flooding;
	char bytes[REQUEST_MAX];
};

struct request {
	char *text;
};

struct http_sink {
	pthread_t thread;
	int listener, stop;
	uint16_t port;
	size_t n_open;
	struct connection *open[CONNECTIONS_MAX];
	pthread_mutex_t lock; // of what follows
	size_t n_requests, size, flooded;
	struct request *requests;
};

static bool
path_begins(const char *request, const char *path)
{
	const char *at = strchr(request, ' ');
	return at && strncmp(at + 1, path, strlen(path)) == 0;
}

static size_t
count_locked(const struct http_sink *s, const char *path)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n_requests; i++)
		n += path_begins(s->requests[i].text, path);
	return n;
}

static void
keep(struct http_sink *s, const char *text, size_t len)
{
	(void)pthread_mutex_lock(&s->lock);
	if (s->n_requests == s->size) {
		s->size = s->size ? s->size * 2 : 16;
		s->requests =
		    xreallocarray(s->requests, s->size, sizeof s->requests[0]);
	}
	char *copy = xcalloc(1, len + 1);
	memcpy(copy, text, len);
	s->requests[s->n_requests++].text = copy;
	(void)pthread_mutex_unlock(&s->lock);
}

// What to answer to this request; NULL for nothing.
static const char *
answer_to(struct http_sink *s, struct connection *c, const char *request)
{
	static const char *const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	if (path_begins(request, "/never"))
		return NULL;
	if (path_begins(request, "/gone"))
		return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
	if (path_begins(request, "/moved"))
		return "HTTP/1.1 302 Found\r\nLocation: /ok\r\n"
		       "Content-Length: 0\r\n\r\n";
	if (path_begins(request, "/flood")) {
		c->flooding = true;
		return "HTTP/1.1 200 OK\r\n\r\n";
	}
	if (path_begins(request, "/flaky")) {
		(void)pthread_mutex_lock(&s->lock);
		size_t n = count_locked(s, "/flaky");
		(void)pthread_mutex_unlock(&s->lock);
		if (n <= 2)
			return "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n";
	}
	return ok;
}

// Takes one whole request off the connection's bytes; false where there is none.
static bool
take_request(struct http_sink *s, struct connection *c)
{
	char *end = memmem(c->bytes, c->len, "\r\n\r\n", 4);
	if (!end)
		return false;
	size_t head = (size_t)(end - c->bytes) + 4;
	size_t body = 0;
	char *length = memmem(c->bytes, head, "Content-Length: ", 16);
	if (length)
		body = strtoul(length + 16, NULL, 10);
	if (c->len < head + body)
		return false;
	keep(s, c->bytes, head + body);
	c->bytes[head - 1] = '\0';
	const char *answer = answer_to(s, c, c->bytes);
	c->len -= head + body;
	memmove(c->bytes, c->bytes + head + body, c->len);
	if (answer)
		(void)send(c->fd, answer, strlen(answer), MSG_NOSIGNAL);
	return true;
}

// False where the connection is over.
static bool
serve(struct http_sink *s, struct connection *c)
{
	if (c->len == sizeof c->bytes)
		return false;
	ssize_t n =
	    recv(c->fd, c->bytes + c->len, sizeof c->bytes - c->len, MSG_DONTWAIT);
	if (n <= 0)
		return false;
	c->len += (size_t)n;
	while (take_request(s, c)) {
	}
	return true;
}

static bool
flood(struct http_sink *s, const struct connection *c)
{
	static const char zeros[4096];
	ssize_t n = send(c->fd, zeros, sizeof zeros, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0) {
		(void)pthread_mutex_lock(&s->lock);
		s->flooded += (size_t)n;
		(void)pthread_mutex_unlock(&s->lock);
	}
	return n != 0;
}

static void
drop(struct http_sink *s, size_t i)
{
	(void)close(s->open[i]->fd);
	free(s->open[i]);
	s->open[i] = s->open[--s->n_open];
}

static void
take_connection(struct http_sink *s)
{
	int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	if (s->n_open == CONNECTIONS_MAX) {
		(void)close(fd);
		return;
	}
	struct connection *c = xcalloc(1, sizeof *c);
	c->fd = fd;
	s->open[s->n_open++] = c;
}

static void *
run(void *arg)
{
	struct http_sink *s = arg;
	for (;;) {
		struct pollfd p[2 + CONNECTIONS_MAX] = {
			{ .fd = s->stop, .events = POLLIN },
			{ .fd = s->listener, .events = POLLIN },
		};
		for (size_t i = 0; i < s->n_open; i++) {
			short flooding = s->open[i]->flooding ? POLLOUT : 0;
			p[2 + i].fd = s->open[i]->fd;
			p[2 + i].events = (short)(POLLIN | flooding);
		}
		(void)poll(p, 2 + s->n_open, -1);
		if (p[0].revents)
			break;
		for (size_t i = s->n_open; i-- > 0;) {
			bool alive = true;
			if (p[2 + i].revents & (POLLIN | POLLHUP | POLLERR))
				alive = serve(s, s->open[i]);
			else if (p[2 + i].revents & POLLOUT)
				alive = flood(s, s->open[i]);
			if (!alive)
				drop(s, i);
		}
		if (p[1].revents)
			take_connection(s);
	}
	while (s->n_open > 0)
		drop(s, 0);
	return NULL;
}

struct http_sink *
http_sink_start(void)
{
	struct http_sink *s = xcalloc(1, sizeof *s);
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	s->stop = eventfd(0, EFD_CLOEXEC);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	wr_assert(s->stop >= 0 && s->listener >= 0);
	wr_assert(bind(s->listener, (struct sockaddr *)&a, sizeof a) == 0);
	wr_assert(listen(s->listener, 64) == 0);
	wr_assert(getsockname(s->listener, (struct sockaddr *)&a, &len) == 0);
	s->port = ntohs(a.sin_port);
	wr_assert(pthread_mutex_init(&s->lock, NULL) == 0);
	wr_assert(pthread_create(&s->thread, NULL, run, s) == 0);
	return s;
}

void
http_sink_stop(struct http_sink *s)
{
	wr_assert(eventfd_write(s->stop, 1) == 0);
	wr_assert(pthread_join(s->thread, NULL) == 0);
	for (size_t i = 0; i < s->n_requests; i++)
		free(s->requests[i].text);
	free(s->requests);
	(void)close(s->listener);
	(void)close(s->stop);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}

char *
http_sink_url(const struct http_sink *s, const char *path)
{
	return xasprintf("http://127.0.0.1:%u%s", s->port, path);
}

size_t
http_sink_count(struct http_sink *s, const char *path)
{
	(void)pthread_mutex_lock(&s->lock);
	size_t n = count_locked(s, path);
	(void)pthread_mutex_unlock(&s->lock);
	return n;
}

char *
http_sink_request(struct http_sink *s, const char *path, size_t index)
{
	char *found = NULL;
	(void)pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->n_requests && !found; i++)
		if (path_begins(s->requests[i].text, path) && index-- == 0)
			found = xstrdup(s->requests[i].text);
	(void)pthread_mutex_unlock(&s->lock);
	return found;
}

size_t
http_sink_flooded(struct http_sink *s)
{
	(void)pthread_mutex_lock(&s->lock);
	size_t n = s->flooded;
	(void)pthread_mutex_unlock(&s->lock);
	return n;
}
