// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The field for the benchmarks: one epoll thread that answers Modbus TCP reads of
// holding registers on any number of connections. Register values are those of a quiet
// Notifier gateway (0x1400). Each way of being dead has a port of its own, printed
// first: "port KIND P". Then it takes lines on standard input:
//   set UNIT ADDRESS VALUE  what that unit reads from now; the moment of the first
//   reply
//                           that carries it is printed as "sent UNIT ADDRESS
//                           REALTIME_NS"
//   count                   "count N", reads answered so far
//   period MS, watch, rest  what the poller was told; begin to measure; end it
//   gaps                    those of each healthy connection (watch.h)
//   units                   the gaps of each unit behind the port "gateway"
//   dead UNIT, cure UNIT    a unit behind the gateway stops answering, or answers again
//   cure                    the port "silent" answers from now on
//   cured                   "cured N WORST_US" of those asked again since
//   storm VALUE             from now each read of unit 1 on a connection of its own
//   finds all its registers changed, from quiet to VALUE or back; calm: back to quiet
//   flips                   "flips N M": reads that found them changed, and connections
//                           that are not quiet
// Ends at end of input.
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

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
#include <time.h>
#include <unistd.h>

#include "watch.h"

enum {
	REGISTERS = 256,
	UNITS = 256,
	LINKS = 16384,
	QUIET = 0x1400,
	REQUEST = 12,
	REPLY_MAX = 9 + 250,
	EVENTS = 256,
	SLOW_US = 2000000,
	STORM_UNIT = 1,
	DRIBBLE_US = 200000,
	TICK_MS = 20,
};

enum kind {
	HEALTHY,
	GATEWAY, // many units on one connection
	SILENT,  // accepts, never answers
	SLOW,    // answers after two seconds
	DRIBBLE, // a byte each 200 ms
	RESET,   // hangs up at the first request
	GARBAGE, // answers with what is no Modbus
	REFUSE,  // nobody listens
	DROP,    // connection requests vanish: the queue is full
	KINDS
};

static const char *const kind_names[KINDS] = { "healthy", "gateway", "silent", "slow",
	"dribble", "reset", "garbage", "refuse", "drop" };

// One connection, by its descriptor.
struct link {
	enum kind kind;
	uint8_t out[REPLY_MAX]; // of the slow ones
	unsigned at, len;
	int64_t due_us; // 0 = nothing to send
	bool flipped;   // by a storm
};

static uint16_t registers[UNITS][REGISTERS];
static bool fresh[UNITS][REGISTERS];
static struct link links[LINKS];
static struct watch healthy[LINKS], silent[LINKS], behind[UNITS];
static bool unit_dead[UNITS];
static int listeners[KINDS];
static unsigned long long answered;
static int64_t period_us = 1000000, cured_at_us, cured_worst_us;
static unsigned cured, later; // links with something to send later
static unsigned long long flips;
static unsigned flipped; // links that are
static uint16_t storm_value;
static bool silent_cured, measuring, storming;

static void
die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static unsigned
u16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static void
report_sent(unsigned unit, unsigned address, unsigned count)
{
	for (unsigned i = address; i < address + count; i++) {
		if (!fresh[unit][i])
			continue;
		struct timespec t;
		(void)clock_gettime(CLOCK_REALTIME, &t);
		fresh[unit][i] = false;
		(void)printf("sent %u %u %lld\n", unit, i,
		    (long long)t.tv_sec * 1000000000 + t.tv_nsec);
		(void)fflush(stdout);
	}
}

// Length of the reply; 0 where it is an exception, which is sent at once.
static unsigned
build(const uint8_t *q, uint8_t *out)
{
	unsigned unit = q[6], address = u16(q + 8), count = u16(q + 10);
	memcpy(out, q, 8);
	if (q[7] != 3 || count == 0 || count > 125 || address + count > REGISTERS) {
		out[4] = 0, out[5] = 3, out[7] |= 0x80, out[8] = 2;
		return 0;
	}
	unsigned size = 2 * count;
	out[4] = (uint8_t)((size + 3) >> 8);
	out[5] = (uint8_t)(size + 3);
	out[8] = (uint8_t)size;
	for (unsigned i = 0; i < count; i++) {
		out[9 + 2 * i] = (uint8_t)(registers[unit][address + i] >> 8);
		out[10 + 2 * i] = (uint8_t)registers[unit][address + i];
	}
	return 9 + size;
}

// In a storm a read finds all registers of the link changed; after it, quiet again.
static void
flip(struct link *l, uint8_t *out, unsigned len)
{
	if (storming || l->flipped) {
		l->flipped = !l->flipped;
		flipped += l->flipped ? 1U : -1U;
		flips++;
	}
	for (unsigned i = 9; l->flipped && i + 1 < len; i += 2) {
		out[i] = (uint8_t)(storm_value >> 8);
		out[i + 1] = (uint8_t)storm_value;
	}
}

static void
note_cured(struct watch *w)
{
	if (!w->cured || cured_at_us == 0)
		return;
	int64_t took = watch_now_us() - cured_at_us;
	w->cured = false;
	cured++;
	if (took > cured_worst_us)
		cured_worst_us = took;
}

static void
answer_now(int fd, const uint8_t *q)
{
	uint8_t out[REPLY_MAX];
	unsigned len = build(q, out);
	if (len == 0) {
		(void)!write(fd, out, 9);
		return;
	}
	answered++;
	if (links[fd].kind == HEALTHY && q[6] == STORM_UNIT)
		flip(&links[fd], out, len);
	if (write(fd, out, len) == (ssize_t)len)
		report_sent(q[6], u16(q + 8), u16(q + 10));
}

static void
hang_up(int fd)
{
	if (links[fd].due_us != 0)
		later--;
	links[fd].due_us = 0;
	// While nobody measures, a new connection on this descriptor is another one. A
	// healthy one that is lost in a measurement has an open gap.
	if (!measuring)
		healthy[fd].last_us = 0;
	silent[fd] = (struct watch){ .cured = true };
	if (links[fd].flipped) // the next connection of this device is quiet
		flipped--, flips++;
	links[fd].flipped = false;
	(void)close(fd);
}

static void
answer_later(struct link *l, const uint8_t *q, int64_t wait_us)
{
	if (l->due_us == 0)
		later++;
	l->len = build(q, l->out);
	l->at = 0;
	l->due_us = watch_now_us() + wait_us;
}

static void
answer(int fd, const uint8_t *q)
{
	static const uint8_t noise[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	struct link *l = &links[fd];
	switch (l->kind) {
	case HEALTHY:
		watch_asked(&healthy[fd], watch_now_us(), period_us);
		answer_now(fd, q);
		return;
	case GATEWAY:
		watch_asked(&behind[q[6]], watch_now_us(), period_us);
		if (unit_dead[q[6]])
			return;
		note_cured(&behind[q[6]]);
		answer_now(fd, q);
		return;
	case SILENT:
		if (!silent_cured)
			return;
		note_cured(&silent[fd]);
		answer_now(fd, q);
		return;
	case SLOW:
		answer_later(l, q, SLOW_US);
		return;
	case DRIBBLE:
		answer_later(l, q, DRIBBLE_US);
		return;
	case GARBAGE:
		(void)!write(fd, noise, sizeof(noise) - 1);
		return;
	case RESET:
	case REFUSE:
	case DROP:
	case KINDS:
		hang_up(fd);
		return;
	}
}

static void
serve(int fd)
{
	uint8_t in[REQUEST * 64];
	ssize_t n = read(fd, in, sizeof(in));
	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			hang_up(fd);
		return;
	}
	for (ssize_t at = 0; at + REQUEST <= n; at += REQUEST)
		answer(fd, in + at);
}

// What is late by nature: whole replies of the slow ones, single bytes of the others.
static void
send_later(void)
{
	int64_t now = watch_now_us();
	for (int fd = 0; fd < LINKS && later > 0; fd++) {
		struct link *l = &links[fd];
		if (l->due_us == 0 || l->due_us > now)
			continue;
		unsigned n = l->kind == DRIBBLE ? 1 : l->len - l->at;
		(void)!write(fd, l->out + l->at, n);
		l->at += n;
		l->due_us = now + DRIBBLE_US;
		if (l->at >= l->len) {
			l->due_us = 0;
			later--;
		}
	}
}

static void
cure_silent(void)
{
	silent_cured = true;
	for (int fd = 0; fd < LINKS; fd++)
		silent[fd].cured = true;
	cured_at_us = watch_now_us();
	cured = 0;
	cured_worst_us = 0;
}

static void
cure_unit(unsigned unit)
{
	unit_dead[unit] = false;
	behind[unit].cured = true;
	cured_at_us = watch_now_us();
	cured = 0;
	cured_worst_us = 0;
}

static void
measure(const char *word)
{
	if (strcmp(word, "watch") == 0) {
		measuring = true;
		watch_reset(healthy, LINKS);
		watch_reset(behind, UNITS);
	} else if (strcmp(word, "gaps") == 0)
		watch_print(healthy, NULL, LINKS, period_us);
	else if (strcmp(word, "units") == 0)
		watch_print(behind, unit_dead, UNITS, period_us);
	else if (strcmp(word, "rest") == 0)
		measuring = false;
	else if (strcmp(word, "count") == 0)
		(void)printf("count %llu\n", answered);
	else if (strcmp(word, "calm") == 0)
		storming = false;
	else if (strcmp(word, "flips") == 0)
		(void)printf("flips %llu %u\n", flips, flipped);
	else if (strcmp(word, "cured") == 0)
		(void)printf("cured %u %" PRId64 "\n", cured, cured_worst_us);
	(void)fflush(stdout);
}

static void
command(void)
{
	struct watch_command c;
	if (!watch_command(&c))
		exit(EXIT_SUCCESS);
	if (strcmp(c.word, "set") == 0 && c.n == 3 && c.arg[0] < UNITS &&
	    c.arg[1] < REGISTERS) {
		registers[c.arg[0]][c.arg[1]] = (uint16_t)c.arg[2];
		fresh[c.arg[0]][c.arg[1]] = true;
	} else if (strcmp(c.word, "period") == 0 && c.n == 1)
		period_us = (int64_t)c.arg[0] * 1000;
	else if (strcmp(c.word, "storm") == 0 && c.n == 1) {
		storm_value = (uint16_t)c.arg[0];
		storming = true;
	} else if (strcmp(c.word, "dead") == 0 && c.n == 1 && c.arg[0] < UNITS)
		unit_dead[c.arg[0]] = true;
	else if (strcmp(c.word, "cure") == 0 && c.n == 1 && c.arg[0] < UNITS)
		cure_unit(c.arg[0]);
	else if (strcmp(c.word, "cure") == 0)
		cure_silent();
	else
		measure(c.word);
}

static struct sockaddr_in
loopback(unsigned port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

// A port whose queue of connections is full for good: what is asked is dropped.
static void
fill_queue(unsigned port)
{
	struct sockaddr_in a = loopback(port);
	for (int i = 0; i < 3; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(fd, (struct sockaddr *)&a, sizeof(a));
	}
}

static void
listen_as(int epoll, enum kind kind)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in a = loopback(0);
	socklen_t len = sizeof(a);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) != 0)
		die("bind");
	if (kind != REFUSE && listen(fd, kind == DROP ? 0 : 4096) != 0)
		die("listen");
	(void)printf("port %s %u\n", kind_names[kind], ntohs(a.sin_port));
	listeners[kind] = fd;
	if (kind == DROP)
		fill_queue(ntohs(a.sin_port));
	if (kind == DROP || kind == REFUSE)
		return;
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) != 0)
		die("epoll_ctl");
}

static void
take(int epoll, enum kind kind)
{
	int fd;
	while ((fd = accept4(listeners[kind], NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		int on = 1;
		if (fd >= LINKS) {
			(void)close(fd);
			continue;
		}
		links[fd] = (struct link){ .kind = kind };
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) != 0)
			die("epoll_ctl");
	}
}

static void
dispatch(int epoll, int fd)
{
	if (fd == STDIN_FILENO) {
		command();
		return;
	}
	for (enum kind k = HEALTHY; k < KINDS; k++) {
		if (listeners[k] == fd) {
			take(epoll, k);
			return;
		}
	}
	serve(fd);
}

int
main(void)
{
	struct rlimit l;
	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max < LINKS ? l.rlim_max : LINKS;
		(void)setrlimit(RLIMIT_NOFILE, &l);
	}
	for (unsigned u = 0; u < UNITS; u++)
		for (unsigned i = 0; i < REGISTERS; i++)
			registers[u][i] = QUIET;
	(void)setvbuf(stdin, NULL, _IONBF, 0);
	(void)signal(SIGPIPE, SIG_IGN); // a poller hangs up on the slow
	int epoll = epoll_create1(0);
	struct epoll_event input = { .events = EPOLLIN, .data.fd = STDIN_FILENO };
	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input) != 0)
		die("epoll");
	for (enum kind k = HEALTHY; k < KINDS; k++)
		listen_as(epoll, k);
	(void)printf("ready\n");
	(void)fflush(stdout);
	for (;;) {
		struct epoll_event ready[EVENTS];
		int n = epoll_wait(epoll, ready, EVENTS, later > 0 ? TICK_MS : -1);
		for (int i = 0; i < n; i++)
			dispatch(epoll, ready[i].data.fd);
		if (later > 0)
			send_later();
	}
}
