// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Opens the listening socket. Owns nothing; start-up only. Refuses names: they would
// need a look-up, and "localhost" may be anything.
#include "console/listen.h"

#include <sys/socket.h>

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	BACKLOG = 512
};

static int
listen_on(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	// Accepted sockets inherit it; evhttp never sets it.
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
		int saved = errno;
		(void)close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

int
listen_open(const char *host, uint16_t port, struct err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV },
			*ai;
	char service[8];
	bool v6 = strchr(host, ':') != NULL;

	(void)snprintf(service, sizeof(service), "%u", port);
	if (getaddrinfo(host, service, &hints, &ai) != 0)
		return err_set(err, EINVAL, "listen address %s is not numeric", host);
	int fd = listen_on(ai);
	freeaddrinfo(ai);
	if (fd < 0 && errno == EADDRINUSE)
		return err_set(err, EADDRINUSE, "address %s%s%s:%u is in use",
		    v6 ? "[" : "", host, v6 ? "]" : "", port);
	if (fd < 0)
		return err_set(err, errno,
		    "address %s%s%s:%u cannot be listened on: %s", v6 ? "[" : "", host,
		    v6 ? "]" : "", port, strerror(errno));
	return fd;
}

uint16_t
listen_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at = { .any = { .sa_family = AF_UNSPEC } };
	socklen_t len = sizeof(at);

	if (getsockname(fd, &at.any, &len) < 0)
		return 0;
	return ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
}
