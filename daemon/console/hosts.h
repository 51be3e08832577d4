// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The room's own equipment as the API shows it.
#ifndef CONSOLE_HOSTS_H
#define CONSOLE_HOSTS_H

#include "console/host.h"
#include "lib/buf.h"

enum {
	HOSTS_DOWN_SHOWN = 50
};

// Adds how many there are and how they are, and those that are not up, at most
// HOSTS_DOWN_SHOWN of them.
void hosts_put_summary(struct buf *b, const char *key, const struct console_host *host);

uint32_t hosts_lost(const struct console_host *host);

// Adds the metrics of all hosts. What is not known of a host is left out (I6).
void hosts_put_metrics(struct buf *b, const struct console_host *host);

#endif
