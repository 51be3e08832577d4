// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// journal.db as the writer sees it: opening, what a new file gets, and the functions
// for the writer thread. Opened once on the main thread, then owned by the writer.
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "store/append.h"
#include "store/day.h"
#include "store/writer.h"

// Site settings kept in meta: names of docs/schema.md.
struct site_meta {
	char *site_id, *name_zh, *name_en, *time_zone;
	uint16_t statistics_day_min;
	const struct site *watched; // not owned; NULL: nothing is said of points
};

struct journal {
	char *path;
	const struct site_meta *site;
	struct day_rule rule;
	int64_t opened_utc_ms, opened_ms; // the latter on the clock of db_now_ms
	const struct seal_key *key;       // NULL: no anchors, no cuts
	sqlite3 *db;                      // NULL while it cannot be opened
	struct append append;
	bool settled;   // this run's settings and day are written
	char aside[64]; // name that the file was given which stood here; "" = none
	enum store_mode aside_mode; // why
	// The newest event of a commit that failed and may be in the file all the same.
	struct {
		int64_t seq; // 0 = there is none
		uint8_t hash[CHAIN_HASH];
		int64_t next_seq; // of its events that are not confirmed yet
	} doubt;
};

extern const struct writer_ops journal_ops; // ctx: struct journal

// First opening: also writes this run's settings, and reads back what a restart needs.
// A damaged file, or one of a newer program, is set aside and a new one begun. Returns
// 0; 1 where the file cannot be opened now (*fault says why: the writer goes on
// trying); -1 where it must not be opened (*err).
int journal_first_open(
    struct journal *j, struct recovered *back, struct fault *fault, struct err *err);
void journal_close(struct journal *j);

// Opens or creates the file at j->path for writing. An SQLite code; on failure j->db is
// NULL and *fault says why.
int journal_open_file(
    struct journal *j, struct fault *fault, enum db_refusal *refused, struct err *err);

// renew.c: puts a new journal in the place of the file, which is closed: what the old
// one still owes is carried over, the old one keeps its bytes under the name j->aside.
// Returns an SQLite code with *fault; on failure the old file is where it was.
struct carried;
int journal_renew(struct journal *j, enum store_mode why, struct carried *carried,
    struct fault *fault);
// Ends a change of names that a crash cut short. Before the file is opened.
void journal_settle_names(const char *path);

// Creates the file where it is absent, for tools that add to it.
int journal_ensure_epoch(sqlite3 *db);

// Renames a database with its log files to NAME.WHY-TIME[-n]; the new base name goes to
// `aside`. 0 or -1.
int journal_set_aside(
    const char *path, const char *why, int64_t utc_ms, char *aside, size_t size);

// people.c: the people of the journal in the file `from`, as far as it can be read, and
// into another, in one transaction with their events.
struct people {
	struct person *rows; // free() ends them
	size_t n;
	bool whole; // all could be read
};
struct people people_read(const char *from);
void people_bring(sqlite3 *journal, const struct people *p, int64_t now_utc_ms);

// commission.c: the entries of the commissioning ledger, which name the epoch they are
// from. Whether all could be read and kept, as all that follow.
bool commission_bring(sqlite3 *journal, const char *from);

// verdict.c: the same for verdicts, and for missed alarms.
bool verdict_bring(sqlite3 *journal, const char *from);
bool missed_bring(sqlite3 *journal, const char *from);
// blind.c: the spans of blind time, and what hung on which link.
bool blind_bring(sqlite3 *journal, const char *from);

// watched.c: brings the table `watched` up to date. s: NULL = leaves it. SQLite code.
int watched_keep(sqlite3 *db, const struct site *s, int64_t now_ms);
// revision.c: and for signed reports.
bool revision_bring(sqlite3 *journal, const char *from);

// bring.c: the rows of a table of the journal in the file `from`, in the order of its
// key, as far as they can be read and kept. `columns`: at most BRING_COLUMNS names,
// the first that of the key.
enum {
	BRING_COLUMNS = 25
};
bool bring_rows(
    sqlite3 *journal, const char *from, const char *table, const char *columns);

// tool.c: a change of the journal by a tool, beside a running daemon or without one
// (waits for the lock at most 5 s). `change` returns an SQLite code.
int tool_change(const char *directory, int (*change)(sqlite3 *db, void *arg), void *arg,
    struct err *err);
// The times of an event that a tool makes.
void tool_stamp(struct event *e, int64_t now_utc_ms);

#endif
