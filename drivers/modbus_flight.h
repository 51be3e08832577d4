// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Requests in flight and what becomes of them. Private to modbus_*.c. On the loop.
#ifndef DRIVERS_MODBUS_FLIGHT_H
#define DRIVERS_MODBUS_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/modbus_bus.h"

// Sends the device's next block. There must be room. -1 where the link is broken; the
// request is then in flight like any other.
int flight_send(struct mbus *b, uint16_t device);

// How many requests may linger: on a shared connection with transaction numbers a reply
// that comes after we went on, but within the time-out of its unit, is no less the
// reply. A gateway that waits for one unit holds up the next ones (I7).
uint8_t flight_may_linger(const struct mbus *b);

// Ends those whose time is up, as misses. Returns how many.
unsigned flight_expire(struct mbus *b);
// When the first of them is up; INT64_MAX: nothing is in flight.
int64_t flight_deadline_ms(const struct mbus *b);

// Ends all: as misses for this reason, or (NULL) as if they had never been sent.
void flight_drop(struct mbus *b, const char *code);

// What received bytes led to.
enum flight_take {
	TAKE_DONE,
	TAKE_LOST,   // framing is lost on a connection: no way back into a byte stream
	TAKE_BABBLE, // more bytes than any answer explains
};
enum flight_take flight_take(struct mbus *b, size_t n);

// Of modbus_bus.c. The bus answered: tells the host where it was lost.
void mbus_alive(struct mbus *b);
// It is lost, and one more try came to nothing.
void mbus_still_lost(struct mbus *b, const char *code);

#endif
