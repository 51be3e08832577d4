// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a device tells beside the state of its points: a record of its event queue, a
// gap in that queue, and what was written to it. Plain data, passed by address within
// the loop thread and copied where it is kept. Pure.
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/profile_dialog.h"
#include "core/sample.h"

enum {
	RECORD_BYTES_MAX = 2 * RECORD_REGISTERS_MAX,
	RECORD_MEANS_MAX = 4,
};

// The device's own time stamp, as it stands in the record.
struct record_time {
	bool given, valid;
	bool utc;      // else local time of the site
	bool trusted;  // the profile says that the clock can be believed
	uint16_t year; // 0 = the record has none
	uint8_t month, day, hour, minute, second;
	int64_t unix_s; // where the format is that; else 0
};

struct record_value {
	enum record_field field;
	uint32_t value;
};

struct field_record {
	uint16_t device; // index into site.devices
	uint64_t token;  // of this reading; names it when it has become durable
	uint32_t point;  // index into site.points, or UINT32_MAX
	bool malformed;  // the lengths in it do not fit: what came before them stands
	bool numbered;
	uint32_t sequence;
	uint16_t code; // as the device numbers it
	uint8_t n_means;
	struct condition_code means[RECORD_MEANS_MAX];
	uint8_t n_values;
	struct record_value values[RECORD_FIELD_COUNT];
	struct record_time time;
	int64_t t_mono_ms, t_utc_ms; // when it was read
	// As read: the same bytes are the same record. Number and time are among them.
	uint8_t n_bytes;
	uint8_t bytes[RECORD_BYTES_MAX];
};

// The newest record of a device that is durable.
struct record_mark {
	bool numbered;
	uint32_t sequence;
	uint8_t n_bytes;
	uint8_t bytes[RECORD_BYTES_MAX];
};

// X(enum, name): the name stands in events.
#define GAP_REASONS(X)                                              \
  X(GAP_MISSING, "missing")   /* numbers were passed over */        \
  X(GAP_RESTART, "restart")   /* the numbers began again */         \
  X(GAP_OVERFLOW, "overflow") /* the device says it lost records */ \
  X(GAP_RESYNC, "resync")     /* the device says states changed unseen */

enum gap_reason {
#define X(id, name) id,
	GAP_REASONS(X)
#undef X
	GAP_REASON_COUNT,
};

struct record_gap {
	uint16_t device;
	enum gap_reason reason;
	bool numbered;
	uint32_t after, before; // the numbers on both sides; RESYNC, OVERFLOW: before
	uint32_t missing;       // 0 = unknown
};

struct field_write {
	uint16_t device;
	const struct profile_write *write;
	uint32_t value;
	const char *refused; // NULL = goes out now; else why it had no effect; static
};

const char *gap_reason_name(enum gap_reason r);

#endif
