// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The console: HTTP server behind a guard, JSON API, one SSE stream, static pages.
// Runs on the loop. docs/api.md is its contract with the pages and with others.
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include "console/host.h"
#include "lib/err.h"
#include "lib/loop.h"

struct console;

// Binds (a port in use is a clear error; the caller may try again) and serves. `web` is
// the directory of the pages; reports run as `reports_program --store store_directory
// report NAME ...`. The three may be NULL: no pages, no reports. Copies all it keeps.
// NULL with *err.
struct console *console_start(struct loop *loop, const struct console_host *host,
    const char *web, const char *reports_program, const char *store_directory,
    struct err *err);
void console_stop(struct console *c); // NULL is fine

// The bound port (for port 0).
uint16_t console_port(const struct console *c);

// Tells all streams. The event carries stream_n; seq 0 = not durable yet.
void console_push_event(struct console *c, const struct event *e);
// An alarm's view changed (also when it closes: state normal).
void console_push_alarm(struct console *c, const struct alarm_view *a);
// stream_n's event became durable with this seq.
void console_push_durable(struct console *c, uint64_t stream_n, int64_t seq);
// What a rule says of a point changed, or the newest round of a patrol (its index in
// the site): told once for all that changes in one round of the loop.
void console_push_point(struct console *c, uint32_t point);
void console_push_patrol(struct console *c, uint16_t patrol);
// Health, devices or counters changed: one merged message at most every 500 ms.
void console_push_health(struct console *c);

#endif
