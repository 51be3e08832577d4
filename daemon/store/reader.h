// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Inside of a reader (query.h has its questions): two read-only connections, and the
// time a question may take.
#ifndef STORE_READER_H
#define STORE_READER_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"
#include "store/day.h"
#include "store/query.h"

enum {
	READ_LIMIT_MS = 2000
};

struct reader {
	sqlite3 *journal, *readings;
	int64_t until_ms; // monotonic; when the present question is cut off
	bool in_job;      // one read transaction around several questions
	// The files cannot be written now. A process's connections to a file share one
	// index of its log: kept open, one that may only read would keep the writer out
	// for ever. And a file that was taken as it is may change later.
	bool passing;
	uint64_t inodes[2]; // of the files, when they were opened
	struct zone *zone;
	char zone_name[64];
};

// One read transaction on both files, at most READ_LIMIT_MS.
int reader_begin_job(struct reader *r, struct err *err);
void reader_end_job(struct reader *r);

// Whether a file was put in the place of one that it has open.
bool reader_stale(const struct reader *r, const char *directory);

// Called first by every question: outside of a job it has the limit for itself.
void reader_begin(struct reader *r);

// Prepares; NULL with *err filled.
sqlite3_stmt *reader_prepare(
    struct reader *r, sqlite3 *db, const char *sql, struct err *err);
// Finalizes after a loop of sqlite3_step that ended with rc. 0, or -1 with *err filled.
int reader_finish(sqlite3 *db, sqlite3_stmt *st, int rc, struct err *err);

// The site's rule as the journal knows it. 0 or -1.
int reader_day_rule(struct reader *r, struct day_rule *rule, struct err *err);

// Calls row() for each event of a statement that selects event_row_names, and resets
// it; returns how many, or -1. *more is false where row() had enough.
int reader_events(sqlite3 *db, sqlite3_stmt *st,
    bool (*row)(void *arg, const struct stored_event *e), void *arg, bool *more,
    struct err *err);

// Narrows a span of time to a span of seq, by event_block: every event of the span is
// in it. first > last where there is none.
int reader_seq_span(struct reader *r, int64_t from_ms, int64_t to_ms, int64_t *first,
    int64_t *last, struct err *err);

#endif
