// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Plays the recordings of a site through the whole line (bus, plan, decoding, engine,
// alarms, events, store) on a virtual clock, and prints what comes of it. For the tool;
// it blocks. What it prints depends on nothing but the files.
#ifndef PLAYER_PLAYER_H
#define PLAYER_PLAYER_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/site.h"
#include "lib/err.h"

struct player_options {
	const struct site *site; // buses that are no recordings stay closed
	const char *directory;   // for the databases of this run; empty
	unsigned speed;          // so many times as fast; 0 = as fast as it goes
	bool json;               // one object a line
	FILE *out;
	const volatile sig_atomic_t *stopped; // not 0: it ends here
};

// Until the longest recording ends. 0, or -1 with *err.
int player_run(const struct player_options *o, struct err *err);

#endif
