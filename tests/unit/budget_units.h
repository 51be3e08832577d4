// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The made-up units of budget_rig.c: what their registers and event queues hold, and
// the answers that they give. Private to the rig. Test code only.
#ifndef TESTS_UNIT_BUDGET_UNITS_H
#define TESTS_UNIT_BUDGET_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "budget_rig.h"
#include "core/profile_dialog.h"
#include "drivers/modbus_bus.h"

enum {
	FLIGHTS = 32,
	FIRE_WORD = 37,
};

struct answer {
	struct loop_timer timer;
	struct rig *rig;
	bool used, of_point;
	int64_t sampled_ms;
	uint8_t frame[PDU_FRAME_MAX];
	size_t n;
};

struct rig {
	struct mbus bus; // first: the transport gets its address
	struct clock clock;
	struct driver_host host;
	const struct site *site;
	const struct episode *e;
	const struct point *point;
	uint32_t low, high;                      // its registers
	int summary;                             // that shows its changes; -1 = none
	const struct profile_selector *selector; // or NULL
	struct answer answers[FLIGHTS];
	struct loop_timer end;
	int64_t quiet_until_ms;
	// Faults so far.
	uint32_t let_through;
	uint8_t lost;
	uint32_t silenced[RIG_SILENT];
	int64_t gateway_free_ms; // it lets nobody through before
	int64_t asked_ms;        // the unit gets the request in hand
	// Event queues and outputs.
	uint8_t coils[RIG_DEVICES];
	uint16_t record[RIG_DEVICES]; // number of the last one that was acknowledged
	struct wish {
		struct loop_timer timer;
		struct rig *rig;
		bool on;
	} wishes[RIG_OUTPUTS];
	// The contact.
	uint32_t readings;
	int64_t closed_ms;  // 0 = not yet
	bool is_open, told; // the link; the change
	int64_t last_sampled_ms;
	// Marks since the point was last read.
	uint32_t n_marks, marks_ms[RIG_MARKS];
	int64_t start_ms;
	// Behind a selector: what was written last, and what it gave then.
	uint32_t selected, selected_word;
	int64_t selected_ms;
	struct episode_result result;
};

int64_t rig_now(const struct rig *r);

// Whether the contact is closed when the unit gets the request in hand.
bool units_closed(const struct rig *r);
// That shows the changes of the watched point, or NULL.
const struct profile_summary *units_summary(const struct rig *r);
// A write reached the unit; `q` is its PDU behind the unit's number.
void units_take(struct rig *r, uint16_t device, const uint8_t *q);
// The answer to a whole frame. Returns its length.
size_t units_answer(struct rig *r, uint16_t device, const uint8_t *frame, uint8_t *out);

#endif
