// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// When a host is lost and when it is back: so many failed checks of the last so many,
// the way to it, and our own end of the network considered. Pure: no I/O, no clock.
#ifndef DRIVERS_HOST_JUDGE_H
#define DRIVERS_HOST_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/host.h"

// The way to a host, as its parent shows it.
enum host_way {
	WAY_OPEN,   // no parent, or it has answered since this check began
	WAY_UNSURE, // it has not been asked since, or did not answer just now
	WAY_CUT,    // the parent is lost, or stands behind one that is
};

struct host_judge {
	enum host_state state;
	enum host_code code;   // of the fault; kept while blind: it is the same absence
	enum host_blind blind; // why, while HOST_BLIND
	uint16_t window;       // bit i: the check i ago failed
	enum host_code pending; // would be a fault, but the way is unsure
	enum host_code other;   // a lost host fails otherwise than before,
	uint8_t n_other;        // so many times running
};

// Takes the end of one check: HOST_ANSWERS, or why it failed; `blind` where it could
// not be made. Returns true where the parent should be asked before there is a verdict.
bool host_judge_check(struct host_judge *j, const struct host *def, enum host_code code,
    enum host_blind blind, enum host_way way);

// The parent has a verdict, or has answered: settles what is pending, if anything.
void host_judge_way(struct host_judge *j, enum host_way way);

// Failed checks of the last def->of.
unsigned host_judge_misses(const struct host_judge *j, const struct host *def);

// What a parent says of the way to a host behind it. `reached`: a packet of its last
// check came back; `since`: after the host's own check began. One that cannot be asked
// for reasons of its own check hides nobody.
enum host_way host_judge_beyond(
    const struct host_judge *parent, bool reached, bool since);

#endif
