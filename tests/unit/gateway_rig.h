// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A gateway on a virtual clock that works on each request by itself and answers in any
// order, or one by one as its line allows. Every register holds its own address and
// unit, so that an answer given to the wrong request is seen (I6).
#ifndef TESTS_UNIT_GATEWAY_RIG_H
#define TESTS_UNIT_GATEWAY_RIG_H

#include "drivers/modbus_bus.h"
#include "field_fixture.h"

enum {
	UNITS = 32,
	PENDING = 32,
};

struct pending {
	struct loop_timer timer;
	struct gateway *g;
	bool used;
	uint8_t request[12];
};

struct gateway {
	struct mbus bus; // first: the transport gets its address
	struct field_fixture f;
	struct clock clock;
	struct profile profile;
	bool open, busy; // busy: the loop, it comes to no reply
	bool dead[UNITS];
	uint32_t latency_ms[UNITS];
	bool one_by_one;
	bool drops;       // what comes while it is busy
	uint32_t hold_ms; // so long it waits for a dead unit before it goes on
	int64_t free_ms;  // and then it does
	uint16_t absent;  // this address is refused; 0 = none
	struct pending pending[PENDING];
	unsigned in_flight, most_in_flight, of_unit[UNITS], most_of_unit;
	unsigned opens, wrong_values;
	int64_t last_ms[UNITS], worst_gap_ms[UNITS];
};

// On a connection with room for `window` requests.
void gateway_prepare(struct gateway *g, uint8_t window);
// `points` in blocks of ten, so many of them in flight.
void gateway_device(struct gateway *g, uint8_t unit, uint16_t points, uint8_t window);
void gateway_begin(struct gateway *g);
void gateway_end(struct gateway *g); // and no value was wrong

// The answer to a request, and bytes as if they came from the gateway.
size_t gateway_answer(const struct gateway *g, const uint8_t *q, uint8_t *out);
void gateway_deliver(struct gateway *g, const uint8_t *bytes, size_t n);

#endif
