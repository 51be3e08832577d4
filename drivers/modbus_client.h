// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A Modbus client for tools: one request in flight, then its answer or the reason why
// there is none. Reads only (functions 1 to 4). Every call blocks, so the daemon has no
// use for it (I1); its frames are built and judged by the same code (modbus_pdu.h).
#ifndef DRIVERS_MODBUS_CLIENT_H
#define DRIVERS_MODBUS_CLIENT_H

#include <stdint.h>

#include "core/profile.h"
#include "drivers/modbus_port.h"
#include "lib/err.h"

enum client_kind {
	CLIENT_TCP,     // Modbus TCP
	CLIENT_RTU,     // a serial port
	CLIENT_RTU_TCP, // RTU frames over TCP, to a device server
	CLIENT_RTU_UDP  // the same in UDP datagrams
};

struct client_target {
	enum client_kind kind;
	const char *host;          // numeric
	uint16_t port, local_port; // the latter of UDP; 0 = any
	struct port_settings serial;
	uint32_t gap_ms; // silence after an answer, beside what the line itself needs
};

enum client_verdict {
	CLIENT_GOOD,
	CLIENT_EXCEPTION, // the device refuses
	CLIENT_SILENT,    // nothing in time
	CLIENT_GARBLED,   // something, but not the answer to what was asked
	CLIENT_BROKEN,    // no link
};

enum {
	CLIENT_COUNT_MAX = 125
};

struct client_answer {
	enum client_verdict verdict;
	uint8_t exception;
	const char *why; // of garbled and broken; static
	uint32_t us;     // from the request sent to the answer whole; 0 = none
	uint16_t words[CLIENT_COUNT_MAX]; // registers, or 0 and 1
};

struct client_question {
	uint8_t unit;
	enum area area;
	uint16_t address; // PDU address, 0-based
	uint16_t count;   // 1..CLIENT_COUNT_MAX, address + count <= 65536
};

struct modbus_client;

// Opens the link. NULL with *err. `t` and its strings must outlive the client.
struct modbus_client *modbus_client_open(
    const struct client_target *t, uint32_t timeout_ms, struct err *err);

// Asks once and waits for at most timeout_ms. A link that broke is opened again first.
void modbus_client_ask(struct modbus_client *c, const struct client_question *q,
    uint32_t timeout_ms, struct client_answer *out);

uint64_t modbus_client_requests(const struct modbus_client *c); // sent so far
void modbus_client_close(struct modbus_client *c);              // NULL is fine

#endif
