// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// readings.db as its writer sees it. Minutes of a point that meet in one row are
// merged, so that a restart inside a minute loses nothing and counts nothing twice.
#ifndef STORE_READINGS_H
#define STORE_READINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event.h"
#include "core/reading.h"
#include "core/sample_window.h"
#include "core/set_hour.h"
#include "store/day.h"
#include "store/writer.h"

enum reading_row_kind {
	ROW_MINUTE,
	ROW_SET, // a reading at a set hour
	ROW_SAMPLE
};

struct minute_row {
	char point[ID_MAX];
	enum reading_row_kind kind;
	union {
		struct minute m;
		struct set_reading set;
		struct kept_sample sample;
	};
};

// What retention takes, in this order.
enum readings_cut {
	CUT_SAMPLES, // that are around no alarm
	CUT_SAMPLES_AROUND,
	CUT_MINUTES, // with what leaves with them
	CUT_COUNT
};

// A piece of work: rows in the order in which they came.
struct minute_batch {
	struct work work; // first
	// Deletes up to `most` rows of this kind before this; 0 = nothing. Then n is 0.
	enum readings_cut what;
	int64_t cut_before_ms;
	unsigned most;
	int64_t cut; // how many it were
	size_t n;
	struct minute_row rows[];
};

enum readings_statement {
	RD_POINT,
	RD_MINUTE,
	RD_SET,
	RD_SAMPLE,
	RD_COUNT
};

struct readings {
	char *path;
	struct day_rule rule;
	int64_t opened_utc_ms;
	sqlite3 *db;
	sqlite3_stmt *st[RD_COUNT];
	bool have_day;
	struct day day;
	char aside[64]; // as in struct journal
	enum store_mode aside_mode;
};

extern const struct writer_ops readings_ops; // ctx: struct readings

// As journal_first_open. `journal` may be NULL; where it is not, both files get the
// days that either has.
int readings_first_open(
    struct readings *r, sqlite3 *journal, struct fault *fault, struct err *err);
void readings_close(struct readings *r);

#endif
