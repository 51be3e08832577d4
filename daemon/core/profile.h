// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A device profile as data: which registers a device has and what they mean. Loaded
// from panels/*.yaml by config/profile.c, read by drivers/decode.c. Immutable once
// loaded. Plain data. Pure.
#ifndef CORE_PROFILE_H
#define CORE_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/sample.h"

// Modbus object types (Modbus Application Protocol V1.1b3, 4.3).
enum area {
	AREA_COIL,
	AREA_DISCRETE,
	AREA_HOLDING,
	AREA_INPUT,
	AREA_COUNT
};

enum maturity {
	MATURITY_INFERRED,
	MATURITY_DOCUMENTED,
	MATURITY_FIELD_PROVEN
};

enum transport {
	TRANSPORT_TCP = 1 << 0,
	TRANSPORT_RTU = 1 << 1
};

// What one raw value means: up to two conditions hold at once (fire + supervisory).
struct decode_outcome {
	uint8_t n;
	struct condition_code is[2];
};

// A flag of a word. `when` is the bit's value that means the condition.
struct decode_bit {
	uint16_t mask;
	bool when;
	struct decode_outcome means; // n == 0: known and of no consequence
};

struct decode_value {
	uint16_t value;
	struct decode_outcome means;
};

enum decoder_form {
	DECODE_BIT,    // one coil, discrete input -> SAMPLE_LEVEL
	DECODE_WORD,   // flags and an enum field -> SAMPLE_CODE
	DECODE_ANALOG, // number -> SAMPLE_ANALOG
};

enum number_type {
	NUMBER_INT16,
	NUMBER_UINT16,
	NUMBER_INT32,
	NUMBER_UINT32,
	NUMBER_FLOAT32
};

// Letters name the order of the four bytes on the wire, A the most significant.
enum word_order {
	ORDER_ABCD,
	ORDER_CDAB,
	ORDER_BADC,
	ORDER_DCBA
};

// A physical quantity; the base unit is what samples carry.
enum quantity {
	QUANTITY_NONE,
	QUANTITY_PRESSURE /* kPa */,
	QUANTITY_LEVEL /* m */,
	QUANTITY_TEMPERATURE /* degree Celsius */,
	QUANTITY_CURRENT /* mA */,
	QUANTITY_COUNT
};

enum {
	WINDOW_MAX = 16, // requests in flight on one connection
	DECODE_BITS_MAX = 16,
	DECODE_ABSENT_MAX = 4,
	UNITS_MAX = 16
};

struct decoder {
	const char *name;
	enum decoder_form form;
	// DECODE_WORD
	uint8_t n_absent;
	uint16_t absent[DECODE_ABSENT_MAX]; // "not present": never normal
	uint8_t n_bits;
	struct decode_bit bits[DECODE_BITS_MAX];
	uint16_t reserved_mask; // bits that are noted when set, never normal
	uint16_t field_mask;    // 0 = no enum field
	uint8_t field_shift;
	uint16_t valid_mask;  // the field counts only if (word & valid_mask) ...
	uint16_t valid_value; // ... == valid_value
	uint16_t n_values;
	const struct decode_value *values; // sorted by value
	struct decode_outcome unknown;     // for a value not in the table; n >= 1
	// DECODE_ANALOG
	enum number_type number;
	enum word_order order;
	double scale; // value = raw * scale + offset, in `unit`
	double offset;
	enum quantity quantity;
	double unit_factor;        // unit -> base unit
	bool zero_is_none;         // raw 0 is "no value"
	bool unit_from_device;     // unit and decimals are read from the device:
	uint16_t unit_address;     // index into unit_factors[]
	uint16_t decimals_address; // value = raw / 10^decimals
	uint8_t n_units;
	double unit_factors[UNITS_MAX];
	bool range_from_device; // out of [zero, full] = sensor fault
	uint16_t zero_address, full_address;
};

// A block of items with an address formula:
// pdu = base + (loop - loop_min) * loop_stride + (device - device_min) * device_stride.
struct profile_item {
	const char *name; // "detector", "di", "pressure"
	enum area area;
	uint16_t base;                   // PDU address, 0-based
	const char *printed;             // as the manual prints it, for people
	uint16_t loop_min, loop_max;     // 0, 0 = no loop
	uint16_t device_min, device_max; // 0, 0 = no device
	uint16_t loop_stride, device_stride;
	uint16_t decoder; // index into decoders
};

struct profile_identity { // read at start; a mismatch is a fault of the device
	enum area area;
	uint16_t address;
	uint16_t mask, value;
};

struct profile_dialogs; // core/profile_dialog.h

struct profile {
	const char *id;
	const char *name_zh, *name_en;
	const char *source; // document, revision
	const char *firmware;
	enum maturity maturity;
	const char *provenance; // where the facts come from and what is open
	uint8_t transports;     // mask of enum transport
	uint16_t max_registers; // per read
	uint16_t max_bits;
	uint32_t min_gap_ms; // between requests
	uint8_t window; // requests that it takes at once on a TCP connection; 0 = 1
	uint32_t timeout_ms; // default of the device's timeout
	uint16_t n_items;
	const struct profile_item *items;
	uint16_t n_decoders;
	const struct decoder *decoders;
	uint16_t n_identity;
	const struct profile_identity *identity;
	const struct profile_dialogs *dialogs; // NULL = points are read, and no more
};

const char *area_name(enum area a);
const char *maturity_name(enum maturity m);

#endif
