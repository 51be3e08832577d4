// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The reading of a gauge at a set hour (08:00, 20:00: the pump room's sheet): the good
// sample nearest to it within a minute, or why there is none. Never interpolated. Pure;
// the caller owns the state and gives the time.
#ifndef CORE_SET_HOUR_H
#define CORE_SET_HOUR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/sample.h"

enum {
	SET_HOUR_WITHIN_MS = 60000, // a sample farther away is none of that hour
	SET_HOURS_MAX = 24          // a day
};

struct set_reading {
	int64_t due_utc_ms;
	bool have;
	double value;       // base unit; undefined without have
	int64_t at_utc_ms;  // of the sample
	const char *reason; // without have: "no_sample", "uncertain", "bad", "unknown"
};

// Per gauge, zeroed at start.
struct set_hour {
	int64_t due_utc_ms; // 0 = none
	bool told;          // nothing nearer can come
	struct set_reading near;
	enum quality seen; // of the newest sample that was not good; GOOD = none was
};

// Waits for that moment from now on, and forgets the one before.
void set_hour_arm(struct set_hour *h, int64_t due_utc_ms);

// Looks at a sample. true: it settles the hour, *out is filled; once for each.
bool set_hour_feed(struct set_hour *h, const struct sample *s, struct set_reading *out);

// The hour is over, or the daemon stops: what there is, with the point's quality now
// for the reason. false where it was told already or none was awaited.
bool set_hour_end(struct set_hour *h, enum quality now, struct set_reading *out);

#endif
