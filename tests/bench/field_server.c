// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The field for the benchmarks: one epoll thread that answers Modbus TCP reads of
// holding registers on any number of connections. Register values are those of a quiet
// Notifier gateway (0x1400). A line "set UNIT ADDRESS VALUE" on standard input changes
// the value that unit id reads; the moment of the first reply that carries it is
// printed as "sent UNIT ADDRESS REALTIME_NS". "count" prints "count N", the reads
// answered so far. Prints "port P" first. Ends at end of input.
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	REGISTERS = 256,
	UNITS = 256,
	QUIET = 0x1400,
	REQUEST = 12,
	EVENTS = 256
};

static uint16_t registers[UNITS][REGISTERS];
static bool fresh[UNITS][REGISTERS];
static unsigned long long answered;

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

static void
answer(int fd, const uint8_t *q)
{
	uint8_t out[9 + 2 * REGISTERS];
	unsigned unit = q[6], address = u16(q + 8), count = u16(q + 10);
	if (q[7] != 3 || count == 0 || count > 125 || address + count > REGISTERS) {
		memcpy(out, q, 8);
		out[4] = 0, out[5] = 3, out[7] |= 0x80, out[8] = 2;
		(void)!write(fd, out, 9);
		return;
	}
	answered++;
	unsigned size = 2 * count;
	memcpy(out, q, 8);
	out[4] = (uint8_t)((size + 3) >> 8);
	out[5] = (uint8_t)(size + 3);
	out[8] = (uint8_t)size;
	for (unsigned i = 0; i < count; i++) {
		out[9 + 2 * i] = (uint8_t)(registers[unit][address + i] >> 8);
		out[10 + 2 * i] = (uint8_t)registers[unit][address + i];
	}
	ssize_t len = 9 + (ssize_t)size;
	if (write(fd, out, (size_t)len) == len)
		report_sent(unit, address, count);
}

static void
serve(int fd)
{
	uint8_t in[REQUEST * 16];
	ssize_t n = read(fd, in, sizeof(in));
	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			(void)close(fd);
		return;
	}
	for (ssize_t at = 0; at + REQUEST <= n; at += REQUEST)
		answer(fd, in + at);
}

static void
command(void)
{
	static char line[256];
	if (fgets(line, sizeof(line), stdin) == NULL)
		exit(EXIT_SUCCESS);
	unsigned unit, address, value;
	if (strcmp(line, "count\n") == 0) {
		(void)printf("count %llu\n", answered);
		(void)fflush(stdout);
		return;
	}
	// Our own runner writes these lines. NOLINTNEXTLINE(cert-err34-c)
	if (sscanf(line, "set %u %u %u", &unit, &address, &value) == 3 &&
	    unit < UNITS && address < REGISTERS) {
		registers[unit][address] = (uint16_t)value;
		fresh[unit][address] = true;
	}
}

static int
listen_here(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    listen(fd, 4096) != 0 || getsockname(fd, (struct sockaddr *)&a, &len) != 0)
		die("listen");
	(void)printf("port %u\n", ntohs(a.sin_port));
	(void)fflush(stdout);
	return fd;
}

static void
take(int epoll, int listener)
{
	int fd;
	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		int on = 1;
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) != 0)
			die("epoll_ctl");
	}
}

int
main(void)
{
	struct rlimit l;
	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &l);
	}
	for (unsigned u = 0; u < UNITS; u++)
		for (unsigned i = 0; i < REGISTERS; i++)
			registers[u][i] = QUIET;
	(void)setvbuf(stdin, NULL, _IONBF, 0);
	int listener = listen_here();
	int epoll = epoll_create1(0);
	struct epoll_event e = { .events = EPOLLIN, .data.fd = listener };
	struct epoll_event input = { .events = EPOLLIN, .data.fd = STDIN_FILENO };
	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e) != 0 ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input) != 0)
		die("epoll");
	for (;;) {
		struct epoll_event ready[EVENTS];
		int n = epoll_wait(epoll, ready, EVENTS, -1);
		for (int i = 0; i < n; i++) {
			if (ready[i].data.fd == listener)
				take(epoll, listener);
			else if (ready[i].data.fd == STDIN_FILENO)
				command();
			else
				serve(ready[i].data.fd);
		}
	}
}
