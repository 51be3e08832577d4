// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The limit of the machine: a bare single-threaded epoll poller. It sends a read of 100
// holding registers on each of N connections once a period, spread over the period,
// reads the reply, sums its registers, and does nothing else: no decoding, no rules, no
// record. `raw_poller PORT N PERIOD_MS SECONDS`; prints "polls P" at the end.
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	REPLY = 9 + 200,
	SLOT_MS = 10,
	EVENTS = 256
};

struct connection {
	int fd;
	uint16_t tid;
	size_t have;
	uint8_t in[REPLY];
};

static uint64_t polls, sum;

static void
die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static int
dial(unsigned port)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		die("connect");
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void
ask(struct connection *c)
{
	c->tid++;
	const uint8_t q[12] = { (uint8_t)(c->tid >> 8), (uint8_t)c->tid, 0, 0, 0, 6, 1,
		3, 0, 0, 0, 100 };
	if (write(c->fd, q, sizeof(q)) != (ssize_t)sizeof(q))
		die("write");
}

static void
take(struct connection *c)
{
	ssize_t n = read(c->fd, c->in + c->have, sizeof(c->in) - c->have);
	if (n <= 0)
		die("read");
	c->have += (size_t)n;
	if (c->have < sizeof(c->in))
		return;
	c->have = 0;
	polls++;
	for (unsigned i = 9; i < REPLY; i += 2)
		sum += (uint64_t)c->in[i] << 8 | c->in[i + 1];
}

static int64_t
now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static long
number(const char *text)
{
	char *tail;
	long value = strtol(text, &tail, 10);
	if (*text == '\0' || *tail != '\0' || value <= 0 || value > 1000000) {
		(void)fprintf(stderr, "bad number: %s\n", text);
		exit(EXIT_FAILURE);
	}
	return value;
}

int
main(int argc, char **argv)
{
	if (argc != 5)
		return EXIT_FAILURE;
	unsigned port = (unsigned)number(argv[1]), n = (unsigned)number(argv[2]);
	int64_t period = number(argv[3]),
		end = now_ms() + 1000 * (int64_t)number(argv[4]);
	struct rlimit l;
	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &l);
	}
	struct connection *c = calloc(n, sizeof(*c));
	int epoll = epoll_create1(0), tick = timerfd_create(CLOCK_MONOTONIC, 0);
	if (c == NULL || epoll < 0 || tick < 0)
		die("set-up");
	for (unsigned i = 0; i < n; i++) {
		c[i].fd = dial(port);
		struct epoll_event e = { .events = EPOLLIN, .data.ptr = &c[i] };
		(void)epoll_ctl(epoll, EPOLL_CTL_ADD, c[i].fd, &e);
	}
	const struct timespec slot = { 0, SLOT_MS * 1000000L };
	const struct itimerspec every = { slot, slot };
	(void)timerfd_settime(tick, 0, &every, NULL);
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = NULL };
	(void)epoll_ctl(epoll, EPOLL_CTL_ADD, tick, &e);

	uint64_t slots = (uint64_t)(period / SLOT_MS), at = 0;
	while (now_ms() < end) {
		struct epoll_event ready[EVENTS];
		int k = epoll_wait(epoll, ready, EVENTS, 100);
		for (int i = 0; i < k; i++) {
			uint64_t passed;
			if (ready[i].data.ptr != NULL) {
				take(ready[i].data.ptr);
				continue;
			}
			if (read(tick, &passed, sizeof(passed)) != sizeof(passed))
				die("tick");
			for (; passed > 0; passed--, at++)
				for (unsigned j = (unsigned)(at % slots); j < n;
				     j += (unsigned)slots)
					ask(&c[j]);
		}
	}
	(void)printf("polls %llu\nsum %llu\n", (unsigned long long)polls,
	    (unsigned long long)sum);
	free(c);
	return EXIT_SUCCESS;
}
