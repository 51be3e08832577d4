// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The site's sounder, lamp and heartbeat as the API shows them.
#ifndef CONSOLE_OUTPUTS_H
#define CONSOLE_OUTPUTS_H

#include "console/host.h"
#include "lib/buf.h"

// Adds each output in short: what it shows, and whether it does.
void outputs_put_summary(
    struct buf *b, const char *key, const struct console_host *host);

// How many are driven and do not follow, or are out of reach.
uint32_t outputs_failed(const struct console_host *host);

// Adds the metrics of all outputs. What was not read back is left out (I6).
void outputs_put_metrics(struct buf *b, const struct console_host *host);

#endif
