// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The listening socket of the console. Start-up only.
#ifndef CONSOLE_LISTEN_H
#define CONSOLE_LISTEN_H

#include <stdint.h>

#include "lib/err.h"

// A non-blocking listening socket, the caller's; -1 with *err. Port 0 = any.
int listen_open(const char *host, uint16_t port, struct err *err);

uint16_t listen_port(int fd);

#endif
