// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A Modbus TCP server on loopback: one thread accepts, one thread per client answers,
// so that no client can hold up another. Can fall off the network and come back on
// the same port.

#ifndef TCP_SERVER_H
#define TCP_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "registers.h"

enum {
	TCP_CLIENTS_MAX = 8
};

struct tcp_server;

struct tcp_client {
	pthread_t thread;
	struct tcp_server *server;
	int fd;
	bool used;
	atomic_bool ended;
};

// All fields belong to the accepting thread but `wanted_up`, `stopping` and `wake_fd`.
struct tcp_server {
	struct building *building;
	const struct station *station;
	int port;
	int listen_fd;
	int wake_fd;
	bool up;
	atomic_bool wanted_up;
	atomic_bool stopping;
	pthread_t thread;
	struct tcp_client clients[TCP_CLIENTS_MAX];
};

// Listens on 127.0.0.1:port (0 = the kernel chooses; s->port then says which) and
// serves until tcp_server_stop. 0, or -1 with errno.
int tcp_server_start(
    struct tcp_server *s, struct building *b, const struct station *station, int port);

// False: connections are closed and new ones refused. True: back on the same port.
// Takes effect within milliseconds, not before it returns.
void tcp_server_set_up(struct tcp_server *s, bool up);

// Ends and joins every thread.
void tcp_server_stop(struct tcp_server *s);

#endif
