// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Answers one request; see serve.h. Everything but the four reads gets exception 01
// and a line on standard output: nothing in this building may be written to.

#include "serve.h"

#include "report.h"

enum {
	READ_REQUEST_PDU = 5, // function, address, count
	READ_REQUEST_ADU = 8, // the same on a serial line: unit before, CRC after
	ANSWER_ADU = 5,       // unit, function, length or exception, CRC
};

static bool
is_read(int function)
{
	return function == MODBUS_FC_READ_COILS ||
	       function == MODBUS_FC_READ_DISCRETE_INPUTS ||
	       function == MODBUS_FC_READ_HOLDING_REGISTERS ||
	       function == MODBUS_FC_READ_INPUT_REGISTERS;
}

static bool
reply_exception(modbus_t *ctx, const uint8_t *bytes, int exception)
{
	return modbus_reply_exception(ctx, bytes, (unsigned int)exception) != -1;
}

// modbus_reply wants its whole mapping; here it is just what was asked for.
static bool
reply_values(modbus_t *ctx, const uint8_t *bytes, int length, const struct request *rq,
    uint16_t *values)
{
	uint8_t bits[BITS_MAX_READ];
	modbus_mapping_t map = { 0 };

	if (rq->function == MODBUS_FC_READ_HOLDING_REGISTERS) {
		map.start_registers = rq->first;
		map.nb_registers = rq->count;
		map.tab_registers = values;
	} else if (rq->function == MODBUS_FC_READ_INPUT_REGISTERS) {
		map.start_input_registers = rq->first;
		map.nb_input_registers = rq->count;
		map.tab_input_registers = values;
	} else {
		for (int i = 0; i < rq->count; i++)
			bits[i] = values[i] != 0;
		map.start_input_bits = rq->first;
		map.nb_input_bits = rq->count;
		map.tab_input_bits = bits;
	}
	return modbus_reply(ctx, bytes, length, &map) != -1;
}

// As long as the line would, for the request, and for the answer of so many registers.
static void
take_time(const struct station *station, const struct request *rq, int exception)
{
	if (station->wire == NULL)
		return;
	if (exception == REGISTERS_SILENT)
		wire_wait_in_vain(station->wire);
	else
		wire_carry(station->wire, READ_REQUEST_ADU + ANSWER_ADU +
					      (exception == 0 ? 2 * rq->count : 0));
}

bool
serve_request(modbus_t *ctx, struct building *b, const struct station *station,
    const uint8_t *bytes, int length)
{
	const int header = modbus_get_header_length(ctx);
	const uint8_t *pdu = bytes + header;
	uint16_t values[BITS_MAX_READ];
	struct request rq;
	int exception;

	if (length < header + READ_REQUEST_PDU)
		return false;
	rq = (struct request){
		.unit = bytes[header - 1],
		.function = pdu[0],
		.first = pdu[1] << 8 | pdu[2],
		.count = pdu[3] << 8 | pdu[4],
	};
	if (!is_read(rq.function)) {
		report_refused(station, &rq);
		(void)reply_exception(ctx, bytes, MODBUS_EXCEPTION_ILLEGAL_FUNCTION);
		return false;
	}
	exception = registers_read(b, station, &rq, values);
	take_time(station, &rq, exception);
	if (exception == REGISTERS_SILENT)
		return true;
	if (station->wire != NULL)
		report_answer(station, rq.unit);
	if (exception != 0)
		return reply_exception(ctx, bytes, exception);
	return reply_values(ctx, bytes, length, &rq, values);
}
