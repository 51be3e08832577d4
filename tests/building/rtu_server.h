// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A Modbus RTU line on a pseudo-terminal of its own: one thread answers for every
// unit on it. The line is told to be 9600 8N1, and takes the time such a wire takes.

#ifndef RTU_SERVER_H
#define RTU_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

#include "registers.h"

enum {
	RTU_TTY_MAX = 128
};

struct rtu_server {
	struct building *building;
	const struct station *station;
	int master_fd;
	int slave_fd; // kept open, so that the master never sees a hang-up
	int wake_fd;
	char tty[RTU_TTY_MAX]; // the path a client opens
	atomic_bool stopping;
	pthread_t thread;
};

// 0, or -1 with errno.
int rtu_server_start(
    struct rtu_server *s, struct building *b, const struct station *station);

void rtu_server_stop(struct rtu_server *s);

#endif
