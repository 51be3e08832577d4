// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What passes over a bus as text: a line of a recording without its time
// (watchroom-recording(5)). Pure but for the buffer; any thread.
#ifndef DRIVERS_BUS_TEXT_H
#define DRIVERS_BUS_TEXT_H

#include "drivers/driver.h"
#include "lib/buf.h"

enum {
	BUS_TEXT_MAX = 1024, // longest line, with its time and its end
};

// Appends "> 1 03 0000 0002".
void bus_frame_text(struct buf *b, const struct bus_frame *f);

#endif
