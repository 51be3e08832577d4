// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Builds requests and judges replies. A reply becomes a value only when transaction,
// protocol, length, unit, function, byte count and CRC are all what the request
// implies, and the echo of a write only when it is that write; each way to differ has a
// verdict of its own, so that each has a counter. Runs on any thread; holds no state.
// Refuses to build anything but functions 1 to 4, a profile's declared writes, and the
// coils of outputs that the site has enabled.

#include "drivers/modbus_pdu.h"

#include <string.h>

#include "lib/mem.h"

enum {
	MBAP_HEAD = 6, // transaction, protocol, length; the length counts what follows
	MBAP_LENGTH_MIN = 3,   // unit, function, one byte
	MBAP_LENGTH_MAX = 254, // unit and a PDU of 253
	RTU_OVERHEAD = 5,      // unit, function, byte count, CRC
	RTU_EXCEPTION = 5,     // unit, function, code, CRC
	RTU_ECHO = 8,          // unit, function, address, value or quantity, CRC
	EXCEPTION_BIT = 0x80,
	WRITE_ECHO = 5, // function, address, value or quantity (V1.1b3 6.5, 6.6, 6.12)
	COIL_ON = 0xFF00,
	FAST_BAUD = 19200,
	FAST_SILENCE_US = 1750,
};

static const struct {
	uint8_t function;
	bool bits;
	uint16_t max;
} areas[AREA_COUNT] = {
	[AREA_COIL] = { 1, true, PDU_BITS_MAX },
	[AREA_DISCRETE] = { 2, true, PDU_BITS_MAX },
	[AREA_HOLDING] = { 3, false, PDU_REGISTERS_MAX },
	[AREA_INPUT] = { 4, false, PDU_REGISTERS_MAX },
};

// clang-format off
static const struct {
	const char *name;
	enum refusal refusal;
} exceptions[] = {
	[0x01] = { "exception-01", REFUSAL_CONFIGURATION },
	[0x02] = { "exception-02", REFUSAL_ADDRESS },
	[0x03] = { "exception-03", REFUSAL_CONFIGURATION },
	[0x04] = { "exception-04", REFUSAL_DEVICE },
	[0x05] = { "exception-05", REFUSAL_BUSY },
	[0x06] = { "exception-06", REFUSAL_BUSY },
	[0x07] = { "exception-07", REFUSAL_DEVICE },
	[0x08] = { "exception-08", REFUSAL_DEVICE },
	[0x0A] = { "exception-0a", REFUSAL_LINK },
	[0x0B] = { "exception-0b", REFUSAL_LINK },
};
// clang-format on

bool
pdu_area_is_bits(enum area area)
{
	return areas[area].bits;
}

// The declared write a request is, or NULL for a read. What is sent comes from here and
// not from the request's own address.
static const struct profile_write *
write_of(const struct pdu_request *req)
{
	if (!req->write_of)
		return NULL;
	wr_assert(req->write < req->write_of->n_writes);
	return &req->write_of->writes[req->write];
}

bool
pdu_is_write(const struct pdu_request *req)
{
	return req->write_of || req->output;
}

static uint8_t
function_of(const struct pdu_request *req)
{
	const struct profile_write *w = write_of(req);

	if (req->output)
		return WRITE_COIL;
	return w ? (uint8_t)w->function : areas[req->area].function;
}

static void
check_output(const struct output *o)
{
	wr_assert(o->allow_write && o->item && o->item->output);
	wr_assert(o->item->area == AREA_COIL && o->number >= o->item->device_min &&
		  o->number <= o->item->device_max);
}

void
pdu_output(struct pdu_request *out, uint8_t unit, const struct output *output, bool on)
{
	check_output(output);
	out->unit = unit;
	out->area = AREA_COIL;
	out->address = output_coil(output);
	out->count = 1;
	out->write_of = NULL;
	out->output = output;
	out->value = on;
}

void
pdu_write(struct pdu_request *out, uint8_t unit, const struct profile_dialogs *dialogs,
    uint16_t write, uint32_t value)
{
	const struct profile_write *w;

	wr_assert(write < dialogs->n_writes);
	w = &dialogs->writes[write];
	wr_assert(value >= w->min && value <= w->max);
	out->unit = unit;
	out->area = w->function == WRITE_COIL ? AREA_COIL : AREA_HOLDING;
	out->address = w->address;
	out->count = w->registers;
	out->write_of = dialogs;
	out->output = NULL;
	out->write = write;
	out->value = value;
}

static size_t
data_bytes(const struct pdu_request *req)
{
	return areas[req->area].bits ? (req->count + 7U) / 8U : req->count * 2U;
}

size_t
pdu_reply_size(enum pdu_framing framing, const struct pdu_request *req)
{
	size_t around = framing == PDU_RTU ? RTU_OVERHEAD : MBAP_HEAD + 3;

	if (pdu_is_write(req)) // an echo has no byte count
		return WRITE_ECHO - 2 + around;
	return data_bytes(req) + around;
}

uint16_t
pdu_crc(const uint8_t *data, size_t len)
{
	uint16_t crc = 0xFFFF;

	for (size_t i = 0; i < len; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)((crc >> 1) ^ ((crc & 1U) ? 0xA001U : 0U));
	}
	return crc;
}

static void
put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)(value & 0xFF);
}

static uint16_t
get16(const uint8_t *at)
{
	return (uint16_t)((at[0] << 8) | at[1]);
}

// Function and what follows it. Returns the length.
static size_t
put_read(const struct pdu_request *req, uint8_t *pdu)
{
	wr_assert(req->area < AREA_COUNT);
	wr_assert(req->count >= 1 && req->count <= areas[req->area].max);
	wr_assert((uint32_t)req->address + req->count <= 0x10000);
	pdu[0] = areas[req->area].function;
	put16(pdu + 1, req->address);
	put16(pdu + 3, req->count);
	return 5;
}

// The 16 bits behind the address of a write and of its echo: a value, or how many
// registers.
static uint16_t
echo_of(const struct profile_write *w, uint32_t value)
{
	switch (w->function) {
	case WRITE_COIL:
		return value ? COIL_ON : 0;
	case WRITE_REGISTER:
		return (uint16_t)value;
	case WRITE_REGISTERS:
		return w->registers;
	}
	wr_unreachable("write_function");
}

static size_t
put_write(const struct pdu_request *req, const struct profile_write *w, uint8_t *pdu)
{
	size_t n = WRITE_ECHO;

	wr_assert(req->value >= w->min && req->value <= w->max);
	pdu[0] = (uint8_t)w->function;
	put16(pdu + 1, w->address);
	put16(pdu + 3, echo_of(w, req->value));
	if (w->function != WRITE_REGISTERS)
		return n;
	wr_assert(w->registers == 1 || w->registers == 2);
	pdu[n++] = (uint8_t)(w->registers * 2);
	if (w->registers == 2) {
		put16(pdu + n, (uint16_t)(req->value >> 16));
		n += 2;
	}
	put16(pdu + n, (uint16_t)(req->value & 0xFFFF));
	return n + 2;
}

// As in put_write: what is sent comes from the site's output.
static size_t
put_output(const struct pdu_request *req, uint8_t *pdu)
{
	check_output(req->output);
	pdu[0] = WRITE_COIL;
	put16(pdu + 1, output_coil(req->output));
	put16(pdu + 3, req->value ? COIL_ON : 0);
	return WRITE_ECHO;
}

// Function and what follows it, of whatever the request is.
static size_t
put_pdu(const struct pdu_request *req, uint8_t *pdu)
{
	const struct profile_write *w = write_of(req);

	if (req->output)
		return put_output(req, pdu);
	return w ? put_write(req, w, pdu) : put_read(req, pdu);
}

uint16_t
pdu_transaction_of(uint16_t n)
{
	// Odd, so that all 65,536 come up; 65536 divided by the golden ratio, so that
	// they come up evenly (Knuth, TAOCP 3, 6.4).
	return (uint16_t)(n * 40503U);
}

int
pdu_transaction(const uint8_t *buf, size_t len)
{
	return len < 2 ? -1 : get16(buf);
}

size_t
pdu_build(enum pdu_framing framing, const struct pdu_request *req,
    uint8_t out[static PDU_REQUEST_MAX])
{
	uint8_t *unit = framing == PDU_MBAP ? out + MBAP_HEAD : out;
	size_t n;
	uint16_t crc;

	unit[0] = req->unit;
	n = 1 + put_pdu(req, unit + 1);
	if (framing == PDU_MBAP) {
		put16(out, req->transaction);
		put16(out + 2, 0);
		put16(out + 4, (uint16_t)n);
		return MBAP_HEAD + n;
	}
	crc = pdu_crc(unit, n);
	unit[n] = (uint8_t)(crc & 0xFF);
	unit[n + 1] = (uint8_t)(crc >> 8);
	return n + 2;
}

// The echo of a write must be that of this one: another address or value is the answer
// to something else.
static enum pdu_verdict
judge_echo(const struct pdu_request *req, const uint8_t *pdu, size_t len)
{
	uint8_t sent[PDU_REQUEST_MAX];

	(void)put_pdu(req, sent);
	if (len != WRITE_ECHO || memcmp(pdu, sent, WRITE_ECHO) != 0)
		return PDU_WRONG_COUNT;
	return PDU_GOOD;
}

// `pdu` is function and what follows it, `len` bytes, already framed.
static enum pdu_verdict
judge_pdu(const struct pdu_request *req, const uint8_t *pdu, size_t len,
    struct pdu_reply *out)
{
	uint8_t function = function_of(req);

	if (pdu[0] == (function | EXCEPTION_BIT)) {
		if (len != 2)
			return PDU_WRONG_COUNT;
		out->exception = pdu[1];
		return PDU_EXCEPTION;
	}
	if (pdu[0] != function)
		return PDU_WRONG_FUNCTION;
	if (pdu_is_write(req))
		return judge_echo(req, pdu, len);
	if (len != 2 + data_bytes(req) || pdu[1] != data_bytes(req))
		return PDU_WRONG_COUNT;
	out->data = pdu + 2;
	out->data_len = len - 2;
	return PDU_GOOD;
}

static enum pdu_verdict
parse_mbap(const struct pdu_request *req, const uint8_t *buf, size_t len,
    struct pdu_reply *out)
{
	size_t body;

	if (len < MBAP_HEAD)
		return PDU_NEED_MORE;
	body = get16(buf + 4);
	if (get16(buf + 2) != 0 || body < MBAP_LENGTH_MIN || body > MBAP_LENGTH_MAX) {
		out->used = len;
		return PDU_MALFORMED;
	}
	if (len < MBAP_HEAD + body)
		return PDU_NEED_MORE;
	out->used = MBAP_HEAD + body;
	if (!req || get16(buf) != req->transaction)
		return PDU_STALE;
	if (buf[MBAP_HEAD] != req->unit)
		return PDU_WRONG_UNIT;
	return judge_pdu(req, buf + MBAP_HEAD + 1, body - 1, out);
}

// An RTU frame has no length field; what it must be follows from the function. 0 where
// it cannot be the answer to any request.
static size_t
rtu_size(const uint8_t *buf)
{
	if (buf[1] & EXCEPTION_BIT)
		return RTU_EXCEPTION;
	if (buf[1] == WRITE_COIL || buf[1] == WRITE_REGISTER ||
	    buf[1] == WRITE_REGISTERS)
		return RTU_ECHO;
	if (buf[1] < areas[AREA_COIL].function || buf[1] > areas[AREA_INPUT].function)
		return 0;
	return (size_t)RTU_OVERHEAD + buf[2];
}

static enum pdu_verdict
parse_rtu(const struct pdu_request *req, const uint8_t *buf, size_t len,
    struct pdu_reply *out)
{
	size_t size;
	uint16_t crc;

	if (len < 3)
		return PDU_NEED_MORE;
	size = rtu_size(buf);
	if (size == 0) {
		out->used = len;
		return PDU_MALFORMED;
	}
	if (len < size)
		return PDU_NEED_MORE;
	crc = (uint16_t)(buf[size - 2] | (buf[size - 1] << 8));
	if (crc != pdu_crc(buf, size - 2)) {
		out->used = len;
		return PDU_BAD_CRC;
	}
	out->used = size;
	if (!req)
		return PDU_STALE;
	if (buf[0] != req->unit)
		return PDU_WRONG_UNIT;
	return judge_pdu(req, buf + 1, size - 3, out);
}

enum pdu_verdict
pdu_parse(enum pdu_framing framing, const struct pdu_request *req, const uint8_t *buf,
    size_t len, struct pdu_reply *out)
{
	*out = (struct pdu_reply){ 0 };
	return framing == PDU_MBAP ? parse_mbap(req, buf, len, out)
				   : parse_rtu(req, buf, len, out);
}

uint16_t
pdu_value(enum area area, const uint8_t *data, size_t index)
{
	if (areas[area].bits)
		return (data[index / 8] >> (index % 8)) & 1U;
	return get16(data + 2 * index);
}

enum refusal
pdu_refusal_of(uint8_t exception)
{
	if (exception >= sizeof(exceptions) / sizeof(exceptions[0]) ||
	    !exceptions[exception].name)
		return REFUSAL_DEVICE;
	return exceptions[exception].refusal;
}

const char *
pdu_exception_name(uint8_t exception)
{
	if (exception >= sizeof(exceptions) / sizeof(exceptions[0]) ||
	    !exceptions[exception].name)
		return "exception";
	return exceptions[exception].name;
}

bool
pdu_alike(const struct pdu_request *a, const struct pdu_request *b)
{
	return !pdu_is_write(a) && !pdu_is_write(b) && a->area == b->area &&
	       data_bytes(a) == data_bytes(b);
}

uint32_t
pdu_character_us(uint32_t baud)
{
	return PDU_CHARACTER_BITS * 1000000U / baud + 1;
}

uint32_t
pdu_silence_us(uint32_t baud)
{
	return baud > FAST_BAUD ? FAST_SILENCE_US
				: PDU_CHARACTER_BITS * 3500000U / baud + 1;
}
