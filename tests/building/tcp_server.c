// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Modbus TCP server; see tcp_server.h. The accepting thread owns the sockets and the
// table of clients; other threads only set a wish and wake it. A server that is down
// keeps its port bound without listening, so that connects are refused and nobody
// else can take the port meanwhile.

#include "tcp_server.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "serve.h"

enum {
	SEND_TIMEOUT_S = 2,
	BACKLOG = 8
};

static int
bind_port(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int on = 1;

	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) == -1) {
		int saved = errno;

		(void)close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static int
bound_port(int fd)
{
	struct sockaddr_in address = { 0 };
	socklen_t length = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &length) == -1)
		return -1;
	return ntohs(address.sin_port);
}

static void *
client_main(void *arg)
{
	struct tcp_client *c = arg;
	struct tcp_server *s = c->server;
	uint8_t request[MODBUS_TCP_MAX_ADU_LENGTH];
	modbus_t *ctx = modbus_new_tcp("127.0.0.1", s->port);
	bool useful = ctx != NULL && modbus_set_socket(ctx, c->fd) == 0;

	while (useful) {
		int length = modbus_receive(ctx, request);

		useful = length > 0 &&
			 serve_request(ctx, s->building, s->station, request, length);
	}
	(void)shutdown(c->fd, SHUT_RDWR);
	modbus_free(ctx);
	c->ended = true;
	return NULL;
}

static void
client_reap(struct tcp_client *c)
{
	(void)pthread_join(c->thread, NULL);
	(void)close(c->fd);
	c->used = false;
}

static struct tcp_client *
client_slot(struct tcp_server *s)
{
	struct tcp_client *slot = NULL;

	for (size_t i = 0; i < TCP_CLIENTS_MAX; i++) {
		struct tcp_client *c = &s->clients[i];

		if (c->used && c->ended)
			client_reap(c);
		if (!c->used)
			slot = c;
	}
	return slot;
}

static void
accept_client(struct tcp_server *s)
{
	const struct timeval send_timeout = { .tv_sec = SEND_TIMEOUT_S };
	struct tcp_client *c = client_slot(s);
	int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd == -1)
		return;
	(void)setsockopt(
	    fd, SOL_SOCKET, SO_SNDTIMEO, &send_timeout, sizeof(send_timeout));
	if (c == NULL) {
		(void)close(fd);
		return;
	}
	c->server = s;
	c->fd = fd;
	c->ended = false;
	c->used = pthread_create(&c->thread, NULL, client_main, c) == 0;
	if (!c->used)
		(void)close(fd);
}

static void
drop_clients(struct tcp_server *s)
{
	for (size_t i = 0; i < TCP_CLIENTS_MAX; i++) {
		if (s->clients[i].used)
			(void)shutdown(s->clients[i].fd, SHUT_RDWR);
	}
	for (size_t i = 0; i < TCP_CLIENTS_MAX; i++) {
		if (s->clients[i].used)
			client_reap(&s->clients[i]);
	}
}

static void
follow_wish(struct tcp_server *s)
{
	bool up = s->wanted_up;

	if (s->up == up)
		return;
	if (up) {
		if (s->listen_fd == -1)
			s->listen_fd = bind_port(s->port);
		s->up = listen(s->listen_fd, BACKLOG) == 0;
		if (!s->up)
			perror("simulated-building: the gateway cannot come back");
		return;
	}
	s->up = false;
	(void)close(s->listen_fd);
	s->listen_fd = bind_port(s->port);
	drop_clients(s);
}

static void *
server_main(void *arg)
{
	struct tcp_server *s = arg;

	while (!s->stopping) {
		struct pollfd fds[2] = {
			{ .fd = s->wake_fd, .events = POLLIN },
			{ .fd = s->up ? s->listen_fd : -1, .events = POLLIN },
		};
		uint64_t wakes;

		if (poll(fds, 2, -1) == -1)
			continue;
		if ((fds[0].revents & POLLIN) != 0)
			(void)!read(s->wake_fd, &wakes, sizeof(wakes));
		if ((fds[1].revents & POLLIN) != 0)
			accept_client(s);
		follow_wish(s);
	}
	drop_clients(s);
	return NULL;
}

static void
wake(struct tcp_server *s)
{
	const uint64_t one = 1;

	(void)!write(s->wake_fd, &one, sizeof(one));
}

int
tcp_server_start(
    struct tcp_server *s, struct building *b, const struct station *station, int port)
{
	int error;

	memset(s, 0, sizeof(*s));
	s->building = b;
	s->station = station;
	s->up = true;
	s->wanted_up = true;
	s->wake_fd = eventfd(0, EFD_CLOEXEC);
	if (s->wake_fd == -1)
		return -1;
	s->listen_fd = bind_port(port);
	if (s->listen_fd == -1)
		goto close_wake;
	s->port = bound_port(s->listen_fd);
	if (s->port == -1 || listen(s->listen_fd, BACKLOG) == -1)
		goto close_listen;
	errno = pthread_create(&s->thread, NULL, server_main, s);
	if (errno == 0)
		return 0;
close_listen:
	error = errno;
	(void)close(s->listen_fd);
	errno = error;
close_wake:
	error = errno;
	(void)close(s->wake_fd);
	errno = error;
	return -1;
}

void
tcp_server_set_up(struct tcp_server *s, bool up)
{
	s->wanted_up = up;
	wake(s);
}

void
tcp_server_stop(struct tcp_server *s)
{
	s->stopping = true;
	wake(s);
	(void)pthread_join(s->thread, NULL);
	(void)close(s->listen_fd);
	(void)close(s->wake_fd);
}
