// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A record of a device's event queue, from the bytes of one read to a struct, by the
// profile's layout. What the layout does not know is passed over by its own length; a
// record whose lengths do not fit is still a record, and says so. Pure: no I/O, no
// clock, no allocation, any thread. Fuzzed (tests/fuzz/fuzz_record.c).
#ifndef DRIVERS_DIALOG_RECORD_H
#define DRIVERS_DIALOG_RECORD_H

#include <stddef.h>

#include "core/record.h"

enum record_verdict {
	RECORD_EMPTY, // the queue has none
	RECORD_READ,  // *out is filled; look at out->malformed
};

// `data` are 2 * q->registers bytes. Fills what the bytes say; device, token, point,
// means and the times of reading are the caller's.
enum record_verdict record_decode(
    const struct profile_queue *q, const uint8_t *data, struct field_record *out);

// The value of a field; false where the record has none.
bool record_value_of(
    const struct field_record *r, enum record_field field, uint32_t *out);

#endif
