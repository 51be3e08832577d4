// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A recording of one bus: what was asked, what came of it, and when. Read from a file
// by config/recording.c (watchroom-recording(5)), played by drivers/replay.c. Times are
// milliseconds since the recording began. Immutable once loaded; lives as long as its
// site. Plain data. Pure.
#ifndef CORE_RECORDING_H
#define CORE_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

enum recorded_end {
	RECORDED_ANSWER,
	RECORDED_EXCEPTION,
	RECORDED_NOTHING, // no answer in time, or one that was none
};

// A request and its end. Those that the end of the recording cut off are left out.
struct recorded_exchange {
	uint32_t asked_ms, ended_ms;
	uint8_t unit;
	uint8_t function; // Modbus: 1 to 6, 16
	uint8_t end;      // enum recorded_end
	uint8_t exception;
	uint16_t address, count; // PDU address, 0-based; of a write: registers
	uint32_t value;          // of a write
	uint8_t n_data;          // of the answer to a read
	const uint8_t *data;
};

// The link of the bus went, or came.
struct recorded_link {
	uint32_t at_ms;
	bool lost;
	const char *code; // why; "" where it came
};

struct recording {
	uint32_t length_ms; // its last line
	uint32_t n_exchanges;
	const struct recorded_exchange *exchanges; // in the order of asked_ms
	uint32_t n_links;
	const struct recorded_link *links; // in order of time
};

#endif
