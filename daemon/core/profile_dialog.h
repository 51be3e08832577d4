// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The conversations a profile may declare beyond reading points: what shows that the
// source is alive, what is read first, an event queue, values behind a selector, a
// heartbeat that the client writes. Loaded by config/profile_dialog.c, carried out by
// drivers/dialog*.c. The writes listed here are the only ones there are (I8). Immutable
// once loaded. Plain data. Pure.
#ifndef CORE_PROFILE_DIALOG_H
#define CORE_PROFILE_DIALOG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/profile.h"

enum {
	WRITES_MAX = 16,
	ALIVE_MAX = 4,
	ALIVE_VALUES_MAX = 8,
	SUMMARIES_MAX = 16,
	SUMMARY_REGISTERS_MAX = 16,
	SELECTORS_MAX = 8,
	SELECTOR_REGISTERS_MAX = 4,
	PENDING_MAX = 4,
	RECORD_REGISTERS_MAX = 60,
	RECORD_FIELDS_MAX = 16,
	RECORD_CODES_MAX = 8, // that ask for a full scan, of each kind
	STAMP_PARTS_MAX = 8,
	NODES_MAX = 256,
};

// ---- writes -------------------------------------------------------------------

// What a write is for. There is no other.
enum write_purpose {
	WRITE_ACKNOWLEDGE, // the device may drop the event that was stored
	WRITE_SELECTOR,    // which value the next read of a result register gives
	WRITE_HEARTBEAT,   // the device sees that its client lives
	WRITE_PURPOSE_COUNT,
};

// Modbus Application Protocol V1.1b3, 6.5, 6.6, 6.12.
enum write_function {
	WRITE_COIL = 5,
	WRITE_REGISTER = 6,
	WRITE_REGISTERS = 16,
};

struct profile_write {
	const char *name;
	enum write_purpose purpose;
	enum write_function function;
	uint16_t address;    // PDU address
	uint8_t registers;   // 1; with WRITE_REGISTERS also 2, high word first
	uint32_t min, max;   // no other value is written
	const char *printed; // as the manual prints the address
};

// ---- is the source alive ------------------------------------------------------

enum alive_test {
	ALIVE_VALUE, // (register & mask) is one of values[]
	ALIVE_MOVES, // (register & mask) differs within within_ms
};

// Why a device counts as lost although something answers for it.
enum alive_code {
	ALIVE_SOURCE,    // a live gateway in front of a dead source
	ALIVE_HEARTBEAT, // its counter stands still
	ALIVE_MODE,      // it says itself that it is not watching
	ALIVE_CODE_COUNT,
};

struct profile_alive {
	const char *name;
	enum area area;
	uint16_t address;
	bool of_gateway; // asked of the gateway's own unit, which the site names
	uint16_t nodes;  // 0, or the bit of the site's node number, 1 to `nodes`:
			 // bit 0 of `address` is node 1
	enum alive_test test;
	uint16_t mask;
	uint8_t n_values;
	uint16_t values[ALIVE_VALUES_MAX];
	uint32_t within_ms;
	enum alive_code code;
	bool off; // asked only where the site enables it
	const char *why_off_zh, *why_off_en;
	const char *printed;
};

// ---- read first ---------------------------------------------------------------

enum summary_kind {
	SUMMARY_FLAGS,    // what stands somewhere
	SUMMARY_COUNT,    // how many stand: one comes, one goes, and it is the same
	SUMMARY_REVISION, // differs after each change: nothing is missed behind it
};

// Registers that are read each period before all points. When they differ from what
// they were, the points they guard are read next; those are otherwise read at the
// slower period of the full scan only.
struct profile_summary {
	const char *name;
	enum area area;
	uint16_t address, registers; // of the first loop
	uint16_t loop_min, loop_max; // 0, 0 = one for the whole device
	uint16_t loop_stride;
	enum summary_kind kind;
	bool optional; // not all devices of the profile have it
	uint16_t n_guards;
	const uint16_t *guards; // indexes of items; of the same loop
	// Not 0: bits that mean a fire somewhere, in each register whose bit is set in
	// fire_registers (bit 0 = the first); of SUMMARY_COUNT they count them. Where
	// guarded points do not show as many after a scan, the panel as a whole has it.
	uint16_t fire_mask, fire_registers;
	int decoder; // of the first register, for the panel as a whole; -1 = none
	const char *printed;
};

// ---- event queue --------------------------------------------------------------

enum record_layout {
	RECORD_FIXED, // each field at its place
	RECORD_TLV,   // type, length, value
};

// X(enum, name): the name is the key in profiles and in an event's params.
#define RECORD_FIELDS(X)                 \
  X(RECORD_USER, "user")                 \
  X(RECORD_PARTITION, "partition")       \
  X(RECORD_ZONE, "zone")                 \
  X(RECORD_RELAY, "relay")               \
  X(RECORD_RELAY_STATE, "relay_state")   \
  X(RECORD_PARTITION_ID, "partition_id") \
  X(RECORD_LOOP, "loop")                 \
  X(RECORD_DEVICE, "device")             \
  X(RECORD_VALUE, "value")

enum record_field {
#define X(id, name) id,
	RECORD_FIELDS(X)
#undef X
	RECORD_FIELD_COUNT,
};

struct profile_record_field {
	enum record_field field;
	uint8_t type; // RECORD_TLV
	uint8_t at;   // RECORD_FIXED: byte
	uint8_t
	    bytes; // RECORD_FIXED: 1, 2 or 4, high byte first; RECORD_TLV: as it says
};

enum stamp_format {
	STAMP_NONE,
	STAMP_BYTES, // a byte each
	STAMP_BCD,   // a byte each, two decimal digits
	STAMP_WORDS, // a register each
	STAMP_UNIX,  // seconds since 1970, four bytes, high byte first
};

// A time stamp of the device. parts[] in order of the wire, of the letters h m s (time)
// and D M Y (day, month, year; a year below 100 is 2000 and that), '-' = passed over.
struct record_stamp {
	enum stamp_format format;
	uint8_t type; // RECORD_TLV
	uint8_t at;   // RECORD_FIXED: byte
	char parts[STAMP_PARTS_MAX + 1];
	bool utc;     // else local time of the site
	bool trusted; // else shown as what the device claims
};

// Which point a record is about: the item whose device number is the field's value
// (and whose loop number is the record's RECORD_LOOP, where the item has loops).
struct record_point {
	enum record_field field;
	uint16_t item;
};

struct profile_queue {
	enum area area;
	uint16_t address, registers; // where the oldest unread record stands
	uint8_t empty_bytes;         // that many leading bytes are 0: no record
	enum record_layout layout;
	uint8_t sequence_at, sequence_bytes; // 0 bytes = not numbered
	// Numbers run from `first` to `last`; after `last` any up to `first` follows.
	uint32_t first, last;
	uint8_t length_at; // RECORD_TLV: bytes behind the code
	uint8_t code_at, code_bytes;
	uint8_t fields_at; // RECORD_TLV
	uint8_t n_fields;
	const struct profile_record_field *fields;
	struct record_stamp stamp;
	uint16_t decoder; // of the code
	int acknowledge;  // index into writes; -1 = the read itself acknowledges
	uint8_t n_points;
	struct record_point points[RECORD_FIELD_COUNT];
	uint8_t n_resync, n_overflow;
	uint16_t resync[RECORD_CODES_MAX];   // states may have changed unseen
	uint16_t overflow[RECORD_CODES_MAX]; // the device lost records
	const char *printed;
};

// ---- values behind a selector -------------------------------------------------

// Off unless the site enables it. The number of a point of `item` is written, and its
// value is read from one place.
struct profile_selector {
	const char *name;
	uint16_t item;
	uint16_t write;
	uint32_t wait_ms; // between the two
	enum area area;
	uint16_t address, registers;
	uint32_t every_ms;    // one point at most this often
	uint32_t patience_ms; // "not obtained yet" after this: there is no value
	uint8_t n_pending;
	uint8_t pending[PENDING_MAX]; // exceptions: the same request again, later
	const char *why_off_zh, *why_off_en;
	const char *printed;
};

// ---- heartbeat written by the client ------------------------------------------

// The write's values from min to max, one after the other. Off unless the site allows.
struct profile_beat {
	uint16_t write;
	uint32_t period_ms;
};

struct profile_dialogs {
	uint16_t n_writes;
	const struct profile_write *writes;
	uint8_t n_alive;
	const struct profile_alive *alive;
	uint32_t full_scan_ms; // of guarded points; default of the device's own
	uint8_t n_summaries;
	const struct profile_summary *summaries;
	const struct profile_queue *queue; // NULL = none
	uint8_t n_selectors;
	const struct profile_selector *selectors;
	const struct profile_beat *beat; // NULL = none
};

const char *write_purpose_name(enum write_purpose p); // "acknowledge", ...
const char *record_field_name(enum record_field f);
const char *alive_code_name(enum alive_code c); // "source", "heartbeat", "mode"

// The selector through which an item is read, or NULL where it has registers of its
// own.
const struct profile_selector *profile_selector_of(
    const struct profile *p, uint16_t item);

#endif
