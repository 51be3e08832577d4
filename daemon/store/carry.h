// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a journal that must be set aside still owes: open alarms with their flags, the
// ladder they are on and who acknowledged them, notices to people, settings of rules.
// It goes into the journal that is begun in its place, with events that say from where.
#ifndef STORE_CARRY_H
#define STORE_CARRY_H

#include <stdbool.h>
#include <stdint.h>

#include "store/append.h"

struct carried {
	bool whole; // nothing but events could not be read
	// Of the old journal, as in struct recovered.
	int64_t last_utc_ms, last_mono_ms;
	bool same_boot, clean_stop;
};

// What was brought over beside it, before: whether all of it could be read and kept.
struct brought {
	bool people, flags, verdicts, missed, commissioning, blind, reports;
};

// The journal that is set aside: its file, the name that this will have, why, and when.
struct carry_origin {
	const char *path, *aside, *why;
	int64_t now_utc_ms;
	struct brought brought;
};

// Reads the old journal as far as that can be done, and appends to `a`, in one
// transaction of its own: `journal.carry`, then for each open alarm its row with an
// `alarm.carry`, the notices owed, the settings. Returns an SQLite code of the new
// file; damage of the old one is in *out.
int carry_over(struct append *a, const struct carry_origin *from, struct carried *out);

#endif
