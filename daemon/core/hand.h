// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A gauge read by a person at its dial, beside what the sensor says. Pressures are kPa
// inside; people write kPa, MPa or bar. Pure.
#ifndef CORE_HAND_H
#define CORE_HAND_H

#include <stdbool.h>
#include <stdint.h>

#include "core/verdict.h"

// X(enum, name, kPa in one of it)
#define HAND_UNITS(X)        \
  X(HAND_KPA, "kPa", 1.0)    \
  X(HAND_MPA, "MPa", 1000.0) \
  X(HAND_BAR, "bar", 100.0)

enum hand_unit {
#define X(id, name, kpa) id,
	HAND_UNITS(X)
#undef X
	HAND_UNIT_COUNT,
};

enum {
	HAND_LIVE_MS =
	    120000, // a reading no older is of now; minutes before it are on file
	HAND_TEXT_MAX = 16, // of a number as it was written, with NUL
};
// What a dial of a pump room can show, kPa. Beyond it a unit was mistaken.
#define HAND_LEAST (-100.0)
#define HAND_MOST  10000.0

struct hand_rule {
	double tolerance; // kPa, > 0
};

// X(enum, name): what the two say together.
#define HAND_ANSWERS(X)                                                \
  X(HAND_NO_SENSOR, "no_sensor")       /* it had no good value then */ \
  X(HAND_NO_TOLERANCE, "no_tolerance") /* the site has set none */     \
  X(HAND_AGREES, "agrees")                                             \
  X(HAND_DIFFERS, "differs")

enum hand_answer {
#define X(id, name) id,
	HAND_ANSWERS(X)
#undef X
	HAND_ANSWER_COUNT,
};

// What somebody entered.
struct hand_entry {
	uint32_t point;      // a pressure
	double value;        // kPa
	enum hand_unit unit; // as it was written
	int64_t read_utc_ms;
	bool live;     // of now: the engine knows what the sensor says
	double sensor; // else: kPa, NaN = it had no good value then
	bool newest;   // nobody has read the gauge later
	char note[VERDICT_NOTE_MAX];
	const char *actor;
};

bool hand_unit_from_name(const char *name, enum hand_unit *out);
const char *hand_unit_name(enum hand_unit u);
// A decimal as people write it ("0.652", "-1"): digits, at most one dot, no exponent;
// at most 9 digits. *out in kPa. False: it is none, or beyond what a dial can show.
bool hand_parse(const char *text, enum hand_unit u, double *out);

// `sensor` NaN: not known. `rule` NULL: no tolerance.
enum hand_answer hand_compare(
    double value, double sensor, const struct hand_rule *rule);
const char *hand_answer_name(enum hand_answer a);

// The code of the fault while the newest comparison differs.
extern const char hand_code[];

#endif
