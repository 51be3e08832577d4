// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The control socket: a Unix socket in the state directory by which the command line
// talks with the daemon. A client sends one line, a verb and its words; it gets one
// line of JSON, {"ok": true, ..} or {"error": {"code", "message"}}, and with some verbs
// what follows it. Who may open the socket (mode 0660) may ask. Clients and their
// buffers are bounded, and one that does not read holds up nobody: what it misses is
// counted and said. On the loop.
//
// Verbs: `record BUS` goes on with the frames of that bus as lines of a recording
// (watchroom-recording(5)) until the client hangs up; `decisions POINT` with what the
// engine decided about that point lately, a line each.
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include "core/decision.h"
#include "core/site.h"
#include "drivers/driver.h"
#include "lib/err.h"
#include "lib/loop.h"

enum {
	CONTROL_CLIENTS_MAX = 8,
	CONTROL_LINE_MAX = 256,       // a request, with its end
	CONTROL_OUT_MAX = 256 * 1024, // waits for a client that does not read
	CONTROL_PATIENCE_MS = 10000,  // for a request
};

struct control;

struct control_host {
	void *ctx;
	const struct site *site;
	const char *version;
	// driver->listen of a bus.
	void (*listen)(void *ctx, uint16_t bus, const struct bus_tap *tap);
	// As console/host.h.
	unsigned (*decisions)(
	    void *ctx, uint32_t point, struct decision out[static DECISIONS_PER_POINT]);
};

// Listens at `path`; what is there is replaced, so the state directory must be ours
// alone by now. NULL with *err. `host` is copied.
struct control *control_start(struct loop *loop, const struct control_host *host,
    const char *path, struct err *err);
// Closes all clients, nobody listens to a bus any more. NULL is fine.
void control_stop(struct control *c);

#endif
