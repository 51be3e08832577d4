// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See bus_text.h. Registers stay together as a person reads them; nothing is left out.
#include "drivers/bus_text.h"

#include "lib/mem.h"

// The first bytes one by one, the others in pairs, as registers are.
static void
put_pdu(struct buf *b, const struct bus_frame *f, size_t lead)
{
	for (size_t i = 0; i < f->n; i++)
		buf_printf(b, "%s%02X", i <= lead || (i - lead) % 2 == 0 ? " " : "",
		    f->pdu[i]);
}

static void
put_unit(struct buf *b, char mark, const struct bus_frame *f)
{
	buf_printf(b, "%c %u", mark, f->unit);
	if (f->numbered)
		buf_printf(b, " @%u", f->transaction);
}

static void
put_end(struct buf *b, const struct bus_frame *f, const char *how)
{
	put_unit(b, '!', f);
	buf_printf(b, " %s", how);
}

void
bus_frame_text(struct buf *b, const struct bus_frame *f)
{
	switch (f->kind) {
	case BUS_REQUEST:
		put_unit(b, '>', f);
		put_pdu(b, f, 1);
		return;
	case BUS_ANSWER:
		put_unit(b, '<', f);
		put_pdu(b, f, f->n > 0 && f->pdu[0] <= 4 ? 2 : 1);
		return;
	case BUS_EXCEPTION:
		put_unit(b, 'x', f);
		put_pdu(b, f, 2);
		return;
	case BUS_TIMEOUT:
		put_end(b, f, "timeout");
		return;
	case BUS_GARBLED:
		put_end(b, f, "garbled");
		return;
	case BUS_DROPPED:
		put_end(b, f, "dropped");
		return;
	case BUS_LINK_LOST:
		buf_printf(b, "! link lost %s", f->code);
		return;
	case BUS_LINK_OPEN:
		buf_str(b, "! link open");
		return;
	}
	wr_unreachable("bus_frame_kind");
}
