// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Statistics days: which day a moment belongs to. A day begins at the site's statistics
// time and is named by the date it starts on. The table `day` is the record: once a day
// stands there, a change of the site's zone or statistics time does not move it; the
// new rule begins where the last recorded day ends.
#ifndef STORE_DAY_H
#define STORE_DAY_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/zone.h"

struct day_rule {
	const struct zone *zone;
	uint16_t start_min; // minutes after local midnight, 0..1439
};

struct day {
	char name[11];          // "YYYY-MM-DD"
	int64_t from_ms, to_ms; // UTC, half-open
};

// By the rule alone: the day that contains the moment; the day with this name (0, or -1
// where it is not a date).
void day_natural(const struct day_rule *rule, int64_t utc_ms, struct day *out);
int day_named(const struct day_rule *rule, const char *name, struct day *out);

// By the rule alone: when the month begins that lies so many months after that of the
// moment (negative: before), that is the day named by its first. UTC ms.
int64_t day_month(const struct day_rule *rule, int64_t utc_ms, int months);

// The day that contains the moment, recorded days first. *known says whether it stands
// in the table. Returns an SQLite code.
int day_find(sqlite3 *db, const struct day_rule *rule, int64_t utc_ms, struct day *out,
    bool *known);
// The same by name: recorded, else by the rule without overlapping a recorded one.
int day_find_named(sqlite3 *db, const struct day_rule *rule, const char *name,
    struct day *out, bool *is_date);

// Records a day; nothing happens where it stands already. Returns an SQLite code.
int day_record(sqlite3 *db, const struct day *d);

#endif
