// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// How long a gateway lets nobody through for a unit that does not answer, where the
// site does not say: found out by asking one that has just answered, once units fall
// silent. Decides only. On the loop.
#ifndef DRIVERS_MODBUS_GATEWAY_H
#define DRIVERS_MODBUS_GATEWAY_H

#include "drivers/modbus_bus.h"

enum {
	// What a gateway was seen to need, where that is much, is reckoned with for so
	// long; then it is tried anew.
	GATEWAY_SLOW_MS = 600000,
	// Much is beyond this part of the time-out of the unit that waited for it.
	GATEWAY_SLOW_PART = 4,
	GATEWAY_TRIES = 2,
	GATEWAY_AT_ONCE_MS = 10, // beyond twice what is usual
};

// To be reckoned with: told by the site, seen, or assumed.
int64_t gateway_hold_ms(const struct mbus *b);

// The same for `d`, which is well, while little is known: no time where another can be
// asked to try it.
int64_t gateway_hoped_ms(const struct mbus *b, const struct field_device *d);

// Whether the reply to a request is waited for beside the next for as long as it would
// be alone: the gateway was free when it was asked, and nobody else's wait shortens its
// own.
bool gateway_waits_beside(const struct mbus *b);

// Another is asked while the reply to `f` is waited for: first of all one that tries
// the gateway.
void gateway_passed(struct mbus *b, const struct mbus_flight *f);

// Whether that is to be asked now, and whom.
bool gateway_tries(const struct mbus *b, uint16_t *device);

// `f` is about to be sent. Sets f->behind_ms where it tries the gateway.
void gateway_asked(struct mbus *b, struct mbus_flight *f);
// Then whether no other would.
bool gateway_last_try(const struct mbus *b);

// `f` was answered, with a value or an exception.
void gateway_answered(struct mbus *b, const struct mbus_flight *f, bool value);

// `f` was not. Whether the gateway has dropped it, and its unit is not to blame.
bool gateway_dropped(struct mbus *b, const struct mbus_flight *f);

#endif
