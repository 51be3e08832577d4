// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A bus on a virtual clock with a transport made of timers. Every register of the
// made-up devices holds its own address and unit, so that a value that belongs to
// another request is seen at once (I6). Test code only; one thread.
#ifndef TESTS_UNIT_MODBUS_RIG_H
#define TESTS_UNIT_MODBUS_RIG_H

#include "drivers/modbus_bus.h"
#include "field_fixture.h"

enum {
	UNITS = 64,
	ABSENT_MAX = 4,
	ASKED_MAX = 64,
};

struct unit {
	bool dead;
	uint32_t latency_ms;
	uint8_t exception; // to every request
	bool flip;         // registers hold another value
	uint8_t n_absent;
	uint16_t absent[ABSENT_MAX];
	uint16_t
	    mute_from;    // requests from this address on are not answered; 0 = all are
	uint32_t flap_ms; // answers for so long, then not for as long; 0 = always
	uint16_t fixed_at, fixed_n; // registers with given contents
	uint16_t fixed[8];
	// What was seen.
	unsigned requests;
	int64_t last_good_ms, worst_gap_ms;
	unsigned good;
};

// The bus's own point.
enum {
	RIG_BUS_LINK = 50000,
};

struct rig {
	struct mbus bus; // first: the transport gets its address
	struct field_fixture f;
	struct clock clock;
	struct unit units[UNITS];
	bool refuse_open, is_open;
	unsigned opens;
	struct loop_timer reply;
	uint8_t frame[PDU_FRAME_MAX];
	size_t n;
	bool keep_late; // a reply still comes when the next request is out
	struct loop_timer late;
	uint8_t late_frame[PDU_FRAME_MAX];
	size_t late_n;
	unsigned late_replies_sent;
	int64_t asked_ms, deadline_ms;
	int64_t answered_ms,
	    least_gap_ms;  // from an answer to the next request; 0 = none
	int64_t wasted_ms; // waiting for units that were lost already
	int64_t idle_ms;   // waiting for answers that did not come, whosever
	uint8_t waiting_unit;
	bool waiting_for_lost, replied;
	uint8_t asked_units[ASKED_MAX]; // the first so many requests since n_asked = 0
	uint16_t asked_addresses[ASKED_MAX];
	unsigned n_asked;
	// Hostility.
	uint32_t random;
	unsigned wrong_values;
	struct loop_timer noise;
	uint8_t noise_byte;
};

extern const struct mbus_transport rig_tcp, rig_rtu;
extern struct profile rig_plain; // profile_words without an identity; after rig_init

void rig_init(struct rig *r);
void rig_start(struct rig *r, const struct mbus_transport *t); // after the devices
void rig_stop(struct rig *r);

// A device with three points at 0, 1, 2.
uint16_t rig_add_unit(struct rig *r, uint8_t unit, uint32_t poll_ms);
uint32_t rig_link_of(const struct rig *r, uint16_t device);

// Bytes arrive, in pieces as large as the bus takes.
void rig_deliver(struct rig *r, const uint8_t *bytes, size_t n);
// Puts length (TCP) or CRC (RTU) right; returns the frame's length.
size_t rig_finish(struct rig *r, uint8_t *out, size_t pdu_at, size_t n);
uint32_t rig_random(struct rig *r);

#endif
