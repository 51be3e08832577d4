// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The scenario: one table of what happens in the building and what a monitor must
// have recorded of it. The demonstration and the tests judge from this table alone
// (printed by --list), never from a second list.

#ifndef SCENARIO_H
#define SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "building.h"

enum scenario_action {
	ACTION_WORD,    // the point's status word becomes `value`
	ACTION_DOOR,    // the pump room's door: 1 open, 0 closed
	ACTION_GATEWAY, // the panel's gateway: 1 answers, 0 is gone from the network
	ACTION_CONTACT, // contact `where` of the guarded door's module: 1 or 0
	ACTION_GAUGE,   // unit `where` of the pump room's line: 1 answers, 0 is silent
	ACTION_RISER,   // unit `where` behind the riser's gateway: the same
	ACTION_NONE,    // time has passed, and a monitor must say so
};

struct scenario_step {
	unsigned int at_ms; // in the loop, ascending
	const char *id;
	enum scenario_action action;
	int where;
	uint16_t value;
	const char *point;     // the id a monitor must use
	const char *condition; // what its event must say; "": it has none
	const char *code;      // NULL: whatever the monitor calls it
	const char *event;
	unsigned int within_ms; // of the step, at a poll period of one second
};

enum {
	SCENARIO_PERIOD_MS = 55000
};

extern const struct scenario_step scenario_steps[];
extern const size_t scenario_n_steps;

// Applies every step of [from, to) to the building in one go, so that a reader sees
// a panel reset whole. Gateway steps change nothing here, the caller does them.
void scenario_apply(struct building *b, size_t from, size_t to);

// The table with its expectations, as one JSON document.
void scenario_list(FILE *out);

#endif
