// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The alarm table: six exclusive states x events x latch kinds, as data, and the flags
// that hide an alarm without moving its state. docs/alarm-states.md explains each
// cell; a test walks them all. Pure: no clock, no allocation, no I/O.
//
// The invariant that must survive everything: no sequence of events takes an
// unacknowledged alarm to normal.
#ifndef CORE_ALARM_H
#define CORE_ALARM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/condition.h"

enum alarm_state {
	ALARM_NORMAL,
	ALARM_UNACKNOWLEDGED,
	ALARM_ACKNOWLEDGED,
	ALARM_RETURNED, // condition gone, nobody has acknowledged; has a cause
	ALARM_LATCHED_UNACKNOWLEDGED,
	ALARM_LATCHED_ACKNOWLEDGED,
	ALARM_STATE_COUNT,
};

enum alarm_cause {
	CAUSE_NONE,
	CAUSE_CLEARED,
	CAUSE_PANEL_RESET,
	CAUSE_WITHDRAWN,
	CAUSE_COUNT,
};

enum latch {
	LATCH_NONE,
	LATCH_OWN,   // we latch; reset here, after acknowledge
	LATCH_PANEL, // the panel latches; clear IS the panel's reset
	LATCH_COUNT,
};

enum alarm_event {
	ALARM_EV_TRUE,
	ALARM_EV_CLEAR,
	ALARM_EV_ACKNOWLEDGE,
	ALARM_EV_PANEL_RESET,
	ALARM_EV_OWN_RESET,
	ALARM_EV_REALARM,
	ALARM_EV_LINK_LOST,
	ALARM_EV_LINK_BACK,
	ALARM_EV_WITHDRAWN,
	ALARM_EV_UNHIDE,
	ALARM_EV_COUNT,
};

enum alarm_verdict {
	ALARM_UNCHANGED, // allowed, recorded, no move
	ALARM_MOVED,
	ALARM_REFUSED,
	ALARM_UNREACHABLE, // the caller's bug: this latch kind cannot be in this state
};

enum alarm_flag {
	FLAG_SHELVED = 1 << 0,
	FLAG_ISOLATED = 1 << 1,
	FLAG_SUPPRESSED = 1 << 2,
	FLAG_TEST_MODE = 1 << 3,
};

// What the table says about one alarm. `flags` is a mask of enum alarm_flag.
struct alarm {
	enum alarm_state state;
	enum alarm_cause cause; // other than CAUSE_NONE only in ALARM_RETURNED
	enum latch latch;       // fixed at onset, kept until the alarm closes
	enum condition condition;
	uint8_t flags;
	bool test_onset; // a fire that began in test mode keeps that label
	bool panic;      // of a panic button: it is never shelved
	bool silent;     // it makes no sound; all else of it is as ever
	// Of the class fire by the site's word, though the field reports no fire: no
	// flag hides it, and test mode neither begins over it nor makes a test of it.
	bool called_fire;
};

struct alarm_step {
	enum alarm_verdict verdict;
	bool new_occurrence; // an entry into UNACKNOWLEDGED by "condition true"
	const char
	    *reason; // code when refused (text: "error.<code>"), else NULL; static
};

// Applies `event` to `a`. `quality_good` is needed by an own reset only. A new alarm
// begins as ALARM_NORMAL with latch, condition and flags set. For ALARM_EV_UNHIDE take
// the flag off first; while another one still hides it is the caller's bug. While
// shelved, isolated or suppressed an acknowledge is recorded and changes nothing.
struct alarm_step alarm_apply(
    struct alarm *a, enum alarm_event event, bool quality_good);

// Whether setting `flag` is allowed on this alarm; *reason is a code as above when not.
// Shelving a fire or a panic is refused; test mode while a fire is open is refused
// (I14).
bool alarm_flag_allowed(
    const struct alarm *a, enum alarm_flag flag, const char **reason);

// Hidden: no sound, no ladder. A fire is never hidden, but by a test_mode onset.
bool alarm_hidden(const struct alarm *a);

// What it sounds like. A fire in test mode has a sound of its own (core/output.h).
enum alarm_voice {
	VOICE_NONE,
	VOICE_TEST,
	VOICE_ALARM,
	VOICE_COUNT
};
enum alarm_voice alarm_voice(const struct alarm *a);

// Sound: unacknowledged and latched-unacknowledged unless hidden or silent.
bool alarm_sounds(const struct alarm *a);

// Whether a person still owes this alarm an acknowledgement (U, R, LU).
bool alarm_owed(const struct alarm *a);

// The latch kind to use for a new alarm: a fire or panic asked to be `none` becomes
// `own`.
enum latch alarm_latch_for(enum condition c, bool panic, enum latch wanted);

const char *alarm_state_name(enum alarm_state s); // "unacknowledged", ...
bool alarm_state_from_name(const char *name, enum alarm_state *out);
const char *alarm_cause_name(enum alarm_cause c); // "" for CAUSE_NONE
bool alarm_cause_from_name(const char *name, enum alarm_cause *out);
const char *latch_name(enum latch l);
bool latch_from_name(const char *name, enum latch *out);

#endif
