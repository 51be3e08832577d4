// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Status words of one point as the Notifier MODBUS-GW prints them (LS10015-000NF-E
// rev C2, "Active event types" and the status word table): upper byte flags, lower
// byte the event type, which counts only while the active flag stands.

#ifndef POINT_WORD_H
#define POINT_WORD_H

enum {
	WORD_TROUBLE = 1 << 13,
	WORD_INACTIVE = 1 << 12,
	WORD_ACTIVE = 1 << 11,
	WORD_ENABLED = 1 << 10,

	TYPE_FIRE = 0x10,
	TYPE_SUPERVISORY_EQUIPMENT = 0x40,

	WORD_NORMAL = WORD_ENABLED | WORD_INACTIVE,
	WORD_FAULT = WORD_NORMAL | WORD_TROUBLE,
	WORD_FIRE = WORD_ENABLED | WORD_ACTIVE | TYPE_FIRE,
	WORD_SUPERVISORY = WORD_ENABLED | WORD_ACTIVE | TYPE_SUPERVISORY_EQUIPMENT,
	WORD_ABSENT = 0x00FF,
};

#endif
