// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Shared by control.c (socket, clients, requests) and control_record.c (frames of buses
// to those that asked for them). Not for others.
#ifndef DAEMON_CONTROL_IMPL_H
#define DAEMON_CONTROL_IMPL_H

#include "control.h"
#include "lib/buf.h"

struct client {
	struct control *control;
	int fd; // -1 = free
	struct loop_watch *in, *out;
	struct loop_timer patience; // until it has asked
	bool asked;
	size_t n_line;
	char line[CONTROL_LINE_MAX];
	size_t sent, len; // of data
	char *data;       // CONTROL_OUT_MAX
	// record
	bool recording, waits; // waits: for a moment when nothing is in flight
	uint16_t bus;
	int64_t since_ms;
	uint32_t missed; // frames, since it began to wait
};

struct ear {
	struct bus_tap tap;
	struct control *control;
	uint16_t bus;
	unsigned listeners;
};

struct control {
	struct loop *loop;
	struct control_host host;
	char *path;
	int fd;
	struct loop_watch *watch;
	struct client clients[CONTROL_CLIENTS_MAX];
	struct ear *ears; // of each bus
	struct buf frame; // scratch: a line without its time
};

size_t control_room(const struct client *cl);
// Puts what fits whole. False where it does not.
bool control_put(struct client *cl, const char *text, size_t len);
void control_refuse(struct client *cl, const char *code, const char *message);

void control_decisions(struct client *cl, const char *point);

void record_init(struct control *c);
void record_free(struct control *c);
void record_begin(struct client *cl, const char *bus);
void record_end(struct client *cl); // fine where it does not record

#endif
