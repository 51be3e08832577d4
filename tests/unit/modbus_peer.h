// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// libmodbus' own servers as threads, and serial lines made of pseudo-terminals, for
// tests of the drivers on the machine's clock. Every register's contents say where it
// is. Test code only.
#ifndef TESTS_UNIT_MODBUS_PEER_H
#define TESTS_UNIT_MODBUS_PEER_H

#include <modbus/modbus.h>
#include <pthread.h>
#include <stdatomic.h>

#include "field_fixture.h"

enum {
	PER_AREA = 40, // points of each of the four areas
	WAIT_MS = 8000,
};

extern const struct profile profile_four; // items: coil, discrete, holding, input

struct peer {
	modbus_t *ctx;
	modbus_mapping_t *map;
	int listener; // TCP
	atomic_int client;
	atomic_bool stop;
	pthread_t thread;
};

uint16_t start_tcp_peer(struct peer *p); // returns its port
void stop_tcp_peer(struct peer *p);
void start_rtu_peer(struct peer *p, const char *tty); // unit 5
void stop_rtu_peer(struct peer *p);

// Two ends and a thread that carries bytes between them. Each end is a pseudo-terminal,
// or the first one a TCP port that takes one connection after another.
struct line {
	int end[2];   // masters, or the connection; -1 = none
	int slave[2]; // kept open, else a line is hung up; -1 = none
	int listener; // -1 = none
	char name[2][64];
	bool stopped;
	atomic_bool stop;
	pthread_t thread;
};

void open_line(struct line *l);
uint16_t open_line_behind_port(struct line *l); // the far end is name[1]
void hang_up_line(struct line *l); // as if the adapter of name[1] were pulled out
void close_line(struct line *l);

void add_points(struct field_fixture *f, uint16_t device); // all of them
bool all_seen(struct field_fixture *f);
void check_values(const struct field_fixture *f);
bool bus_lost(struct field_fixture *f);
bool bus_up(struct field_fixture *f);
const char *bus_code(const struct field_fixture *f);

#endif
