// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See modbus_tap.h. Takes the PDU out of a frame, whatever the framing; copies nothing.
#include "drivers/modbus_tap.h"

enum {
	MBAP_PDU = 7, // behind transaction, protocol, length, unit
	RTU_PDU = 1,  // behind the unit
	RTU_CRC = 2,
};

static void
tell(const struct mbus *b, const struct mbus_flight *f, struct bus_frame *out)
{
	out->mono_ms = loop_now_ms(b->host->loop);
	if (f != NULL) {
		out->unit = f->request.unit;
		out->transaction = f->request.transaction;
		out->numbered = b->n_flights > 1;
	}
	b->tap->frame(b->tap->ctx, out);
}

static void
take_pdu(const struct mbus *b, const uint8_t *frame, size_t len, struct bus_frame *out)
{
	bool rtu = b->transport->framing == PDU_RTU;
	size_t before = rtu ? RTU_PDU : MBAP_PDU, behind = rtu ? RTU_CRC : 0;

	if (len < before + behind)
		return;
	out->pdu = frame + before;
	out->n = len - before - behind;
}

void
tap_request(
    const struct mbus *b, const struct mbus_flight *f, const uint8_t *frame, size_t len)
{
	struct bus_frame out = { .kind = BUS_REQUEST, .alone = b->n_flying == 1 };

	take_pdu(b, frame, len, &out);
	tell(b, f, &out);
}

void
tap_answer(const struct mbus *b, const struct mbus_flight *f, const uint8_t *frame,
    size_t len, bool exception)
{
	struct bus_frame out = { .kind = exception ? BUS_EXCEPTION : BUS_ANSWER };

	take_pdu(b, frame, len, &out);
	tell(b, f, &out);
}

void
tap_end(const struct mbus *b, const struct mbus_flight *f, enum bus_frame_kind kind)
{
	struct bus_frame out = { .kind = kind };

	tell(b, f, &out);
}

void
tap_link(const struct mbus *b, const char *code)
{
	struct bus_frame out = {
		.kind = code != NULL ? BUS_LINK_LOST : BUS_LINK_OPEN,
		.code = code,
		.alone = b->n_flying == 0,
	};

	tell(b, NULL, &out);
}
