// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the parts of `watchroom probe` share: who is asked, where and how, and how an
// answer is said. Read-only, one request in flight. One thread; every call blocks.
#ifndef CLI_PROBE_H
#define CLI_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/cli.h"
#include "cli/probe_decode.h"
#include "cli/probe_reply.h"
#include "drivers/modbus_client.h"
#include "lib/buf.h"

struct probe {
	const struct cli *c;
	struct client_target target;
	struct modbus_client *client;
	char where[160]; // the target as a person names it
	uint8_t unit;
	enum area area;
	uint16_t address, count;
	uint32_t timeout_ms;
	const struct profile *profile; // of the site's device, or NULL
	const struct site *site;
	const struct point *point; // asked by --point, or NULL
};

// The parts. Each prints text or JSON and returns the exit code.
enum cli_exit probe_registers(struct probe *p, const struct gauge *g); // g may be NULL
enum cli_exit probe_scan(struct probe *p, unsigned from, unsigned to);
enum cli_exit probe_time(struct probe *p, unsigned samples);
enum cli_exit probe_find(struct probe *p, unsigned from, unsigned to);

// Asks at the probe's unit and time-out.
void probe_ask(struct probe *p, enum area area, uint16_t address, uint16_t count,
    struct client_answer *out);

// "exception 02, illegal data address", "no answer within 500 ms", ... `out` of at
// least PROBE_SAID bytes; nothing for a good answer.
enum {
	PROBE_SAID = 160
};
const char *probe_say(
    const struct probe *p, const struct client_answer *a, char out[static PROBE_SAID]);
// The meaning of an exception, or "" for one that nobody defined.
const char *probe_exception(uint8_t code);

// The number that manuals print for a PDU address: 40001 is holding register 0.
uint32_t probe_printed(enum area area, uint32_t address);

// The head of every JSON answer: target, unit.
void probe_json_head(struct buf *b, const struct probe *p);
void probe_json_answer(struct buf *b, const struct client_answer *a);

#endif
