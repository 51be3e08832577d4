// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The schemas as text, made from schema/*.sql by embed.py, and their versions.
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

enum {
	JOURNAL_VERSION = 5,
	READINGS_VERSION = 5,
	// PRAGMA application_id, so that file(1) and we know our own: "WRj1", "WRr1".
	JOURNAL_APPLICATION_ID = 0x57526a31,
	READINGS_APPLICATION_ID = 0x57527231,
};

extern const char schema_journal_1[];
extern const char schema_journal_2[];
extern const char schema_journal_3[];
extern const char schema_journal_4[];
extern const char schema_journal_5[];
extern const char schema_readings_1[];
extern const char schema_readings_2[];
extern const char schema_readings_3[];
extern const char schema_readings_4[];
extern const char schema_readings_5[];

#endif
