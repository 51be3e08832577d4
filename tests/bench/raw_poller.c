// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The limit of the machine: a bare single-threaded epoll poller. It sends a read of 100
// holding registers on each of its connections once a period, spread over the period,
// reads the reply, sums its registers, and does nothing else: no decoding, no rules, no
// record. A connection that does not answer within a second is opened anew at its next
// turn. With period 0 each reply is followed by the next request at once.
// `raw_poller PERIOD_MS SECONDS PORT:COUNT...`; prints "polls P" at the end.
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "watch.h"

enum {
	REPLY = 9 + 200,
	SLOT_MS = 10,
	EVENTS = 256,
	TIMEOUT_US = 1000000,
};

enum state {
	CLOSED,
	OPENING,
	IDLE,
	WAITING
};

struct connection {
	int fd;
	enum state state;
	uint16_t port, tid;
	int64_t since_us; // of OPENING and WAITING
	size_t have;
	uint8_t in[REPLY];
};

static uint64_t polls, sum;
static int epoll;
static bool closed_loop;

static void
die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void
hang_up(struct connection *c)
{
	(void)close(c->fd);
	c->state = CLOSED;
	c->have = 0;
}

static void
ask(struct connection *c)
{
	c->tid++;
	const uint8_t q[12] = { (uint8_t)(c->tid >> 8), (uint8_t)c->tid, 0, 0, 0, 6, 1,
		3, 0, 0, 0, 100 };
	c->state = WAITING;
	c->since_us = watch_now_us();
	if (write(c->fd, q, sizeof(q)) != (ssize_t)sizeof(q))
		hang_up(c);
}

static void
dial(struct connection *c)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(c->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int on = 1;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		die("socket");
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c->state = OPENING;
	c->since_us = watch_now_us();
	struct epoll_event e = { .events = EPOLLOUT, .data.ptr = c };
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e) != 0)
		die("epoll_ctl");
	if (connect(c->fd, (struct sockaddr *)&a, sizeof(a)) != 0 &&
	    errno != EINPROGRESS)
		hang_up(c);
}

static void
opened(struct connection *c)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET, .data.ptr = c };
	int error = 0;
	socklen_t len = sizeof(error);
	(void)getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0) {
		hang_up(c);
		return;
	}
	(void)epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &e);
	ask(c);
}

static void
take(struct connection *c)
{
	ssize_t n = read(c->fd, c->in + c->have, sizeof(c->in) - c->have);
	if (n <= 0) {
		hang_up(c);
		return;
	}
	c->have += (size_t)n;
	if (c->have < sizeof(c->in))
		return;
	c->have = 0;
	c->state = IDLE;
	polls++;
	for (unsigned i = 9; i < REPLY; i += 2)
		sum += (uint64_t)c->in[i] << 8 | c->in[i + 1];
	if (closed_loop)
		ask(c);
}

// The turn of a connection has come.
static void
due(struct connection *c)
{
	bool pending = c->state == OPENING || c->state == WAITING;
	if (pending && watch_now_us() - c->since_us < TIMEOUT_US)
		return;
	if (pending)
		hang_up(c);
	if (c->state == CLOSED)
		dial(c);
	else
		ask(c);
}

static void
ready(struct connection *c)
{
	if (c->state == OPENING)
		opened(c);
	else if (c->state != CLOSED)
		take(c);
}

// Reads PORT:COUNT words into a table of connections; the ports are mixed.
static struct connection *
connections(int argc, char **argv, unsigned *total)
{
	unsigned n = 0, at = 0;
	for (int i = 0; i < argc; i++) {
		char *colon = strchr(argv[i], ':');
		if (colon == NULL)
			die("PORT:COUNT");
		n += (unsigned)watch_number(colon + 1);
	}
	struct connection *c = calloc(n + 1, sizeof(*c));
	if (c == NULL)
		die("calloc");
	for (int i = 0; i < argc; i++) {
		char *colon = strchr(argv[i], ':');
		unsigned count = (unsigned)watch_number(colon + 1);
		*colon = '\0';
		while (count-- > 0)
			c[at++].port = (uint16_t)watch_number(argv[i]);
	}
	*total = n;
	return c;
}

static int
timer(long ms)
{
	const struct timespec slot = { 0, ms * 1000000L };
	const struct itimerspec every = { slot, slot };
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = NULL };
	if (fd < 0 || timerfd_settime(fd, 0, &every, NULL) != 0 ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) != 0)
		die("timer");
	return fd;
}

int
main(int argc, char **argv)
{
	if (argc < 4)
		return EXIT_FAILURE;
	unsigned n;
	long period = watch_number(argv[1]);
	int64_t end = watch_now_us() + 1000000 * watch_number(argv[2]);
	struct connection *c = connections(argc - 3, argv + 3, &n);
	struct rlimit l;
	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &l);
	}
	(void)signal(SIGPIPE, SIG_IGN);
	epoll = epoll_create1(0);
	int tick = timer(SLOT_MS);
	closed_loop = period == 0;
	uint64_t slots = closed_loop ? 100 : (uint64_t)period / SLOT_MS, at = 0;
	while (watch_now_us() < end) {
		struct epoll_event events[EVENTS];
		int k = epoll_wait(epoll, events, EVENTS, 100);
		for (int i = 0; i < k; i++) {
			uint64_t passed;
			if (events[i].data.ptr != NULL) {
				ready(events[i].data.ptr);
				continue;
			}
			if (read(tick, &passed, sizeof(passed)) != sizeof(passed))
				die("tick");
			for (; passed > 0; passed--, at++)
				for (unsigned j = (unsigned)(at % slots); j < n;
				     j += (unsigned)slots)
					if (!closed_loop || c[j].state == CLOSED)
						due(&c[j]);
		}
	}
	(void)printf("polls %" PRIu64 "\nsum %" PRIu64 "\n", polls, sum);
	free(c);
	return EXIT_SUCCESS;
}
