// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Who is asked next on a bus, how long a reply is waited for, and when a unit that does
// not answer is tried again. Decides only; modbus_bus.c acts. No I/O. On the loop.
#ifndef DRIVERS_MODBUS_SCHEDULE_H
#define DRIVERS_MODBUS_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/link.h"
#include "drivers/modbus_bus.h"

enum {
	SCHEDULE_SLOT_MS = 20,     // due times are rounded up to these
	SCHEDULE_SPREAD_MS = 1000, // no first poll is later than this
	SCHEDULE_IMPATIENT_MIN_MS = 60,
	SCHEDULE_IMPATIENT_FACTOR = 4, // of the slow end of the reply times
	SCHEDULE_WHOLE_PROBE = 4,      // each so many tries the whole time-out
	SCHEDULE_HELD_MS = 10,         // beyond what the gateway waits: the network
};

struct schedule_choice {
	uint16_t device;
	int64_t when_ms; // monotonic; INT64_MAX: nothing to ask
};

// The device to ask first and when it may be asked, which may be in the past. Notes
// whether many fell silent at once.
struct schedule_choice schedule_choose(struct mbus *b);

// Milliseconds to wait for the reply to f->request. Sets f->impatient: less than the
// device's own timeout.
int64_t schedule_patience_ms(
    const struct mbus *b, const struct field_device *d, struct mbus_flight *f);

// After an answer of `d`, or a time-out (NULL): how long the bus stays quiet.
void schedule_quiet(struct mbus *b, const struct field_device *d);

// Notes that a device wasted time: from sending until now.
void schedule_wasted(struct mbus *b, const struct field_device *d, int64_t cost_ms);

// Sets when a lost device is tried again.
void schedule_back_off(struct mbus *b, struct field_device *d);

// Every lost device may be tried now: the line was dead and lives again.
void schedule_revive(struct mbus *b);

// A unit that is well again is asked within this, where the time-outs of all lost units
// add up to so much.
uint32_t schedule_ceiling_ms(const struct mbus *b, uint64_t timeouts_ms);

// The first poll of device `nth` of the bus, relative to the start.
int64_t schedule_phase_ms(
    uint16_t bus_index, uint16_t n_devices, uint16_t nth, uint32_t poll_ms);

int64_t schedule_slot(int64_t ms);

// How long the slowest of the devices is tried until it counts as lost.
int64_t schedule_longest_patience_ms(const struct mbus *b);

bool schedule_shared(const struct mbus *b); // more than one device
// Whether each device was asked, and that ended, after `since_ms`.
bool schedule_all_asked(const struct mbus *b, int64_t since_ms);
bool schedule_any_well(const struct mbus *b);

#endif
