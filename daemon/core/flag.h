// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a person sets beside the states: a shelved (point, condition), an isolated
// point, a zone in test mode. One entry says who, why and until when; the same row is
// held by the engine, kept in the journal and shown by the API. Plain data. Pure.
#ifndef CORE_FLAG_H
#define CORE_FLAG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/alarm.h"
#include "core/event.h"

enum {
	FLAG_CHARACTERS = 48, // of a reason, of a stand-in measure
	FLAG_TEXT_MAX = 160,  // the same in bytes, with NUL
};

struct flag_entry {
	enum alarm_flag flag; // shelved, isolated or test mode
	char target[ID_MAX];  // id of the point; of test mode of the zone
	int condition;        // enum condition of a shelved one, else -1
	int64_t from_utc_ms, until_utc_ms;
	char actor[ID_MAX];
	char reason[FLAG_TEXT_MAX];
	char measure[FLAG_TEXT_MAX]; // what stands in for an isolated one
};

// What a person orders. `target` is the index of the point, or of the zone.
struct flag_order {
	enum alarm_flag flag;
	bool on; // set it, or prolong it; false: take it away
	uint32_t target;
	enum condition condition; // of a shelved one only
	uint32_t seconds;
	const char *actor;
	const char *reason, *measure; // texts within FLAG_TEXT_MAX; "" = none
};

const char *flag_name(enum alarm_flag f); // "shelved", ...
bool flag_from_name(const char *name, enum alarm_flag *out);

#endif
