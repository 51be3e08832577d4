// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What somebody found at the place of an alarm. The program never finds one by itself:
// a false alarm (误报) is a person's word, and so is an alarm that was missed (漏报).
// Plain data. Pure.
#ifndef CORE_VERDICT_H
#define CORE_VERDICT_H

#include <stdbool.h>

#include "core/condition.h"

enum verdict {
	VERDICT_NONE, // nobody has said
	VERDICT_REAL,
	VERDICT_FALSE, // with a cause
	VERDICT_TEST,
	VERDICT_UNKNOWN, // somebody looked and could not tell
	VERDICT_COUNT,
};

enum {
	VERDICT_NOTE_CHARACTERS = 80,
	VERDICT_NOTE_MAX = VERDICT_NOTE_CHARACTERS * 4 + 1, // bytes, with NUL
};

// Whether somebody has to say what an alarm of this class was before its day is closed:
// those that say that something happens at a place. A fault says what it is itself.
bool verdict_asked(enum alarm_class c);

const char *verdict_name(enum verdict v); // "" for VERDICT_NONE
// Of those that a person may give.
bool verdict_from_name(const char *name, enum verdict *out);

// Whether this is a cause of a false alarm: "cooking", "dust", "steam", "smoking",
// "works", "insects", "device", "mistake", "malicious", "other".
bool verdict_cause_known(const char *cause);

#endif
