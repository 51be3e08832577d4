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
	TRANSPORT_RTU = 1 << 1,
	TRANSPORT_RTU_TCP = 1 << 2, // RTU frames through a TCP connection
};

// What an outcome does to the other things that the same point reports.
enum decode_effect {
	EFFECT_NONE,
	EFFECT_TEST, // the alarms of the point are tests: new ones become COND_TEST,
		     // those that stand stay as they are (DESIGN I14)
	EFFECT_VOID, // the point has no value now: quality bad, nothing is cleared
	EFFECT_COUNT
};

// What one raw value means: up to two conditions hold at once (fire + supervisory).
struct decode_outcome {
	uint8_t n; // 0: known and of no consequence
	uint8_t effect;
	struct condition_code is[2];
};

// A flag of a word. `when` is the bit's value that means the condition.
struct decode_bit {
	uint16_t mask;
	bool when;
	struct decode_outcome means;
};

enum value_role {
	VALUE_LEVEL, // holds as long as it is read
	VALUE_EDGE,  // something happened: `means` goes into the journal, and of the
		     // conditions those in `ends` are over; of the others it says
		     // nothing
	VALUE_EMPTY, // says nothing, as an unused place of a list does
};

struct decode_value {
	uint16_t value;
	uint8_t role;
	uint16_t ends; // VALUE_EDGE: mask of 1 << enum condition
	struct decode_outcome means;
};

// An enumeration in neighbouring bits of a word.
struct decode_field {
	uint16_t mask;
	uint8_t shift;
	uint16_t valid_mask;  // the field counts only if (word & valid_mask) ...
	uint16_t valid_value; // ... == valid_value
	uint16_t n_values;
	const struct decode_value *values; // sorted by value
	struct decode_outcome unknown;     // for a value not in the table; n >= 1
};

enum decoder_form {
	DECODE_BIT,     // one coil, discrete input, packed bit -> SAMPLE_LEVEL, or
			// SAMPLE_CODE where the bit itself has a meaning
	DECODE_WORD,    // flags and enumerations -> SAMPLE_CODE
	DECODE_ANALOG,  // number -> SAMPLE_ANALOG
	DECODE_COUNTER, // number that counts up -> SAMPLE_COUNT
	DECODER_FORM_COUNT
};

enum number_type {
	NUMBER_INT16,
	NUMBER_UINT16,
	NUMBER_INT32,
	NUMBER_UINT32,
	NUMBER_FLOAT32,
	NUMBER_UINT48,
	NUMBER_TYPE_COUNT
};

// Letters name the order of the bytes on the wire, A the most significant of four.
// Three registers follow the same rule: which register first, which byte first.
enum word_order {
	ORDER_ABCD,
	ORDER_CDAB,
	ORDER_BADC,
	ORDER_DCBA,
	WORD_ORDER_COUNT
};

// A physical quantity; the base unit is what samples carry.
enum quantity {
	QUANTITY_NONE,
	QUANTITY_PRESSURE /* kPa */,
	QUANTITY_LEVEL /* m */,
	QUANTITY_TEMPERATURE /* degree Celsius */,
	QUANTITY_CURRENT /* mA */,
	QUANTITY_VOLTAGE /* V */,
	QUANTITY_RESISTANCE /* ohm */,
	QUANTITY_RATIO /* percent */,
	QUANTITY_DURATION /* s */,
	QUANTITY_OBSCURATION /* percent a metre */,
	QUANTITY_NUMBER /* none */,
	QUANTITY_COUNT
};

// A raw value that is no number: "not available", "burn-out". The point has none then.
struct decode_sentinel {
	uint32_t raw;
	struct decode_outcome means; // n >= 1
};

enum {
	WINDOW_MAX = 16, // requests in flight on one connection
	DECODE_BITS_MAX = 16,
	DECODE_ABSENT_MAX = 4,
	DECODE_REPEAT_MAX = 16,
	UNITS_MAX = 16
};

struct decoder {
	const char *name;
	enum decoder_form form;
	// DECODE_BIT with n_bits 1: what the bit means. DECODE_WORD: the flags.
	uint8_t n_bits;
	struct decode_bit bits[DECODE_BITS_MAX];
	// DECODE_WORD
	uint8_t
	    repeat; // so many registers of the same kind; the union of what they say
	uint8_t n_absent;
	uint16_t absent[DECODE_ABSENT_MAX]; // "not present": never normal
	uint16_t reserved_mask; // bits that are noted when set, never normal
	uint8_t n_fields;
	const struct decode_field *fields;
	struct decode_outcome if_empty; // where no bit and no value says anything
	// DECODE_ANALOG, DECODE_COUNTER
	enum number_type number;
	enum word_order order;
	uint64_t wrap; // DECODE_COUNTER: after wrap - 1 comes 0
	double scale;  // value = raw * scale + offset, in `unit`
	double offset;
	enum quantity quantity;
	double unit_factor; // unit -> base unit
	uint8_t n_sentinels;
	const struct decode_sentinel *sentinels;
	bool has_plausible; // out of [plausible_min, plausible_max] = sensor fault
	double plausible_min, plausible_max; // base unit
	bool unit_from_device; // the unit's number is read from the device
	uint16_t unit_address;
	double unit_factors[UNITS_MAX]; // by that number; 0 = no such unit
	bool decimals_from_device;      // value = raw / 10^decimals
	uint16_t decimals_address;
	bool range_from_device; // out of [zero, full] = sensor fault
	uint16_t zero_address, full_address;
};

// A further register of each point of an item, read in the same request: the status of
// a channel, the mode of the device. What it means is added to what the point is.
struct item_part {
	uint16_t base;       // PDU address
	const char *printed; // as the manual prints it
	uint16_t loop_stride, device_stride;
	uint16_t decoder; // index into decoders; DECODE_WORD
};

enum {
	ITEM_PARTS_MAX = 4
};

// A block of items with an address formula:
// pdu = base + (loop - loop_min) * loop_stride + (device - device_min) * device_stride.
// With `pack` set the strides count points of so many bits, not registers, and `skip`
// of them come before the first.
struct profile_item {
	const char *name; // "detector", "di", "pressure"
	enum area area;
	uint16_t base;                   // PDU address, 0-based
	const char *printed;             // as the manual prints it, for people
	uint16_t loop_min, loop_max;     // 0, 0 = no loop
	uint16_t device_min, device_max; // 0, 0 = no device
	uint16_t loop_stride, device_stride;
	uint16_t decoder;       // index into decoders
	uint8_t pack;           // bits of one point: 1, 2, 4, 8; 0 = whole registers
	bool pack_high_first;   // the first point is in the most significant bits
	uint16_t skip;          // points
	uint16_t max_registers; // of one read; 0 = as the profile says
	uint8_t n_parts;
	const struct item_part *parts;
	bool has_fresh; // parts[n_parts]: a register that moves with each value;
	uint32_t fresh_within_ms; // when it stands still for longer, there is no value
	bool always; // a point of it exists whether the site lists one or not
	bool output; // coils that a site may write as outputs (core/output.h)
	enum maturity maturity;
};

// A register, or text in several, that the right device answers with a known value. A
// mismatch is a fault of the device, and nothing of it is decoded.
struct profile_identity {
	enum area area;
	uint16_t address;
	uint16_t mask, min, max; // min <= (register & mask) <= max
	uint16_t registers;      // text: two characters each; 0 = one number
	bool low_byte_first;     // text
	const char *text;        // what it begins with, blanks around it left out
	const char *name;        // "" or what the site calls it, to say more than this
};

// What an exception code of this device means, where it differs from the standard.
enum refusal {
	REFUSAL_CONFIGURATION, // 01, 03: we ask wrongly; asking again does not help
	REFUSAL_ADDRESS,       // 02: illegal address, or the thing is absent
	REFUSAL_BUSY,          // 05, 06: later
	REFUSAL_LINK,          // 0A, 0B: a gateway speaks of a unit behind it
	REFUSAL_DEVICE,        // 04 and all others: the device cannot answer
};

struct profile_exception {
	uint8_t exception;
	enum refusal refusal;
	const char *code; // of the link condition, e.g. "panel-lost"
};

// Defaults of a transport, for people and for what the site leaves out.
struct profile_transport {
	uint16_t port; // TCP; 0 = not said
	uint32_t baud; // RTU; 0 = not said
	char parity;
	uint8_t stop_bits;
	int unit; // -1 = not said
};

struct profile_dialogs; // core/profile_dialog.h

struct profile {
	const char *id;
	const char *name_zh, *name_en;
	const char *source; // document, revision
	const char *firmware;
	enum maturity maturity;
	const char *evidence;   // "A", "B": how much of the register map is known
	const char *verified;   // field-proven: on which device and firmware, and when
	const char *provenance; // where the facts come from
	uint16_t n_open;
	const char *const *open; // what no source says, to verify on site
	uint8_t transports;      // mask of enum transport
	struct profile_transport tcp, rtu;
	uint16_t max_registers; // per read
	uint16_t max_bits;
	uint16_t max_of[AREA_COUNT]; // per read of an area; 0 = the two above
	uint32_t min_gap_ms;         // between requests
	uint32_t min_poll_ms;        // no poll is more often
	uint8_t window; // requests that it takes at once on a TCP connection; 0 = 1
	uint32_t timeout_ms; // default of the device's timeout
	bool probe; // a block hides registers that do not exist: each is asked alone
		    // before it is read in one
	uint16_t n_items;
	const struct profile_item *items;
	uint16_t n_decoders;
	const struct decoder *decoders;
	uint16_t n_identity;
	const struct profile_identity *identity;
	uint8_t n_exceptions;
	const struct profile_exception *exceptions;
	const struct profile_dialogs *dialogs; // NULL = points are read, and no more
	bool completed; // by a site: addresses, tables or texts of its own device
};

enum {
	// A value and the device's own unit, decimals and range come in one read where
	// they lie within this many registers: then they always belong together.
	PROFILE_INLINE_SPAN = 16,
};

// Where a point of an item is. `shift`: its lowest bit, where the item is packed.
struct item_place {
	uint32_t pdu;
	uint8_t shift;
};
struct item_place profile_place(
    const struct profile_item *item, uint16_t loop, uint16_t device);
uint32_t profile_part_pdu(const struct profile_item *item, const struct item_part *part,
    uint16_t loop, uint16_t device);

// The one item that a point may leave out: the only one there is beside outputs. -1:
// there are more.
int profile_only_item(const struct profile *p);

// Whether a signal whose range is `zero` to `full` says that its transmitter, or the
// wire to it, is broken. NAMUR NE 43: of 4 to 20 mA from 3.6 mA down and from 21 mA up.
// What lies between that and the range is a measurement: an empty pipe reads a little
// below zero, and that is low.
bool signal_is_broken(double signal, double zero, double full);
// The two ends: broken is what is no more than *low, and what is no less than *high.
void signal_ends(double zero, double full, double *low, double *high);

// Registers one value takes: 1 to DECODE_REPEAT_MAX. Bits: 1.
uint16_t decoder_width(const struct decoder *d);

// The registers of a decoder's unit, decimals and range. False where it has none.
bool decoder_helper_span(const struct decoder *d, uint16_t *low, uint16_t *high);

// All that is read for a point at `pdu`: its value, its parts, and what its decoder
// asks of the device where that is near.
struct item_span {
	uint32_t low, high;
};
struct item_span profile_span(const struct profile *p, const struct profile_item *item,
    uint32_t pdu, uint16_t loop, uint16_t device);

// Most registers, or bits, of one read in which points of the item are.
uint32_t profile_read_max(const struct profile *p, const struct profile_item *item);

bool area_is_bits(enum area a);

const char *area_name(enum area a);
const char *maturity_name(enum maturity m);
const char *transport_name(enum transport t); // "tcp", "rtu", "rtu-over-tcp"

#endif
