// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Whether the registers that name a device name the one of the profile. Pure.
#ifndef DRIVERS_IDENTITY_H
#define DRIVERS_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/profile.h"

enum {
	IDENTITY_SHOWN_MAX = 256
};

// `words` are as many as the identity reads. `found` receives what is there, for
// people: a number, or text with what cannot be printed as '?'.
bool identity_holds(const struct profile_identity *id, const uint16_t *words,
    char found[static IDENTITY_SHOWN_MAX]);

#endif
