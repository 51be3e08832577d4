// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Modbus frames: requests are built, replies are judged. Sources: Modbus Application
// Protocol V1.1b3 (PDU), Modbus Messaging on TCP/IP V1.0b (MBAP header), Modbus over
// Serial Line V1.02 (RTU, CRC-16). A request reads (functions 1 to 4), or it is one of
// the writes that a profile declares: address and function then come from the profile's
// table and from nowhere else; or it writes the coil of an output of the site (function
// 5), whose address comes from the profile's item and the output's number (I8). Pure:
// no I/O, no clock, no state, any thread.
#ifndef DRIVERS_MODBUS_PDU_H
#define DRIVERS_MODBUS_PDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/output.h"
#include "core/profile_dialog.h"

enum pdu_framing {
	PDU_MBAP,
	PDU_RTU
};

enum {
	PDU_REGISTERS_MAX = 125, // V1.1b3 6.3, 6.4
	PDU_BITS_MAX = 2000,     // V1.1b3 6.1, 6.2
	PDU_REQUEST_MAX = 17,    // MBAP header and a write of two registers
	PDU_FRAME_MAX = 260,     // TCP/IP V1.0b 4.1: header 7 + PDU 253
	PDU_CHARACTER_BITS = 11, // Serial Line V1.02, 2.5.1: start, 8, parity, stop
};

struct pdu_request {
	uint16_t transaction; // MBAP only
	uint8_t unit;
	enum area area;
	uint16_t address; // PDU address, 0-based
	uint16_t count;   // registers 1..125, bits 1..2000
	// A write: made by pdu_write only.
	const struct profile_dialogs *write_of;
	uint16_t write; // index into write_of->writes
	uint32_t value;
	// A write: made by pdu_output only. Both NULL = a read.
	const struct output *output;
};

// What a received frame is. Only PDU_GOOD carries values.
enum pdu_verdict {
	PDU_NEED_MORE,
	PDU_GOOD,
	PDU_EXCEPTION,      // the device refuses; reply.exception says why
	PDU_STALE,          // another transaction, or nobody asked
	PDU_WRONG_UNIT,     // a whole frame of another unit
	PDU_WRONG_FUNCTION, // neither the function asked nor its exception
	PDU_WRONG_COUNT,    // byte count, length or echo is not what was asked
	PDU_BAD_CRC,        // RTU: frame boundary is lost until the line is silent
	PDU_MALFORMED,      // not Modbus: frame boundary is lost
};

struct pdu_reply {
	size_t used; // bytes of the buffer this verdict is about; 0 for PDU_NEED_MORE
	uint8_t exception;
	const uint8_t *data; // in the buffer; PDU_GOOD only
	size_t data_len;
};

// Makes *out the write number `write` that a profile declares. A value outside the
// write's own bounds is our bug.
void pdu_write(struct pdu_request *out, uint8_t unit,
    const struct profile_dialogs *write_of, uint16_t write, uint32_t value);

// Makes *out the write of an output's coil. An output that the site has not enabled, or
// whose item the profile does not declare one, is our bug.
void pdu_output(
    struct pdu_request *out, uint8_t unit, const struct output *output, bool on);

bool pdu_is_write(const struct pdu_request *req);

// Puts the request frame and returns its length. A read's count must be within the
// limits above and address + count <= 65536: that is our bug otherwise.
size_t pdu_build(enum pdu_framing framing, const struct pdu_request *req,
    uint8_t out[static PDU_REQUEST_MAX]);

// Judges the frame at the start of `buf`. `req` is the request in flight, or NULL when
// there is none (every whole frame is then stale). Fills *out always.
enum pdu_verdict pdu_parse(enum pdu_framing framing, const struct pdu_request *req,
    const uint8_t *buf, size_t len, struct pdu_reply *out);

// The transaction number of the nth request. Each 65,536 in a row differ, and those of
// near requests lie far apart: a device that answers late and counts, its answer to
// this request under the number after this one's, does not hit the next (I6).
uint16_t pdu_transaction_of(uint16_t n);

// The transaction number of the MBAP frame at the start of `buf`; -1 while it is cut.
int pdu_transaction(const uint8_t *buf, size_t len);

// Length of the good reply to a request, in bytes on the wire.
size_t pdu_reply_size(enum pdu_framing framing, const struct pdu_request *req);

// Whether, without transaction numbers, the reply to one could pass for the reply to
// the other. The echo of a write names what was written.
bool pdu_alike(const struct pdu_request *a, const struct pdu_request *b);

// The value at `index` of a good reply's data: a register, or 0 or 1. `index` must be
// within the request's count.
uint16_t pdu_value(enum area area, const uint8_t *data, size_t index);

bool pdu_area_is_bits(enum area area);

// CRC-16 of Modbus RTU (serial line V1.02, 6.2.2), as a number; low byte goes first.
uint16_t pdu_crc(const uint8_t *data, size_t len);

// Of a serial line, `baud` > 0: a character, and the silence between two frames, in us,
// rounded up (Serial Line V1.02, 2.5.1.1: 3.5 characters, 1.75 ms above 19200 baud).
uint32_t pdu_character_us(uint32_t baud);
uint32_t pdu_silence_us(uint32_t baud);

// What an exception means for us (V1.1b3, 7), where the profile does not say.
enum refusal pdu_refusal_of(uint8_t exception);

// "exception-02"; "exception" for codes nobody defined. Static.
const char *pdu_exception_name(uint8_t exception);

#endif
