// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What is known of a contact: two states and the lack of both, which is never one of
// them (DESIGN I6). Plain data. Pure.
#ifndef CORE_CONTACT_H
#define CORE_CONTACT_H

enum contact_state {
	CONTACT_UNKNOWN, // not seen yet, or no longer
	CONTACT_IDLE,    // a door closed, a button released
	CONTACT_ACTIVE,  // a door open, a button pressed
	CONTACT_COUNT,
};

#endif
