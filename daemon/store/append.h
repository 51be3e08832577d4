// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Adding to the journal inside one transaction: events with their seq and hash, outbox
// rows, open alarms, settings, and the roll-ups that go with them. Used by the writer
// thread, and by the command line for people. The tail of the chain is read from the
// database in each transaction, because both may run beside each other.
#ifndef STORE_APPEND_H
#define STORE_APPEND_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/day.h"
#include "store/event_row.h"
#include "store/seal.h"
#include "store/unit.h"

// X(id, sql); the statements are prepared once per connection.
enum append_statement {
	AP_TAIL,
	AP_EVENT,
	AP_ONSET_SEQ,
	AP_ALARM_CLASS,
	AP_ALARM_PUT,
	AP_ALARM_DELETE,
	AP_NOTICE,
	AP_META,
	AP_FLAG_PUT,
	AP_FLAG_DELETE,
	AP_BLOCK,
	AP_ALARM_DAY,
	AP_CLASS_DAY,
	AP_COMMISSION,
	AP_COMMISSION_WALK,
	AP_VERDICT,
	AP_MISSED,
	AP_BLIND_WHOLE,
	AP_BLIND_BEGIN,
	AP_BLIND_END,
	AP_BLIND_DOWN,
	AP_ANCHOR,
	AP_REVISION,
	AP_REVISION_LAST,
	AP_COUNT,
};

struct class_delta {
	int64_t onsets, clears, acknowledged, tests;
	bool touched;
};

// Roll-ups gathered within a transaction and written at its end.
struct alarm_deltas;
struct rollup {
	bool have_day;
	struct day day;
	struct class_delta classes[CLASS_COUNT];
	int64_t open[CLASS_COUNT]; // open alarms now
	bool open_stale;
	int64_t block; // -1 = none gathered
	int64_t min_utc_ms, max_utc_ms, last_seq;
	struct alarm_deltas *alarms; // of the day, by alarm; NULL = none yet
};

struct append {
	sqlite3 *db;
	sqlite3_stmt *st[AP_COUNT];
	const struct day_rule *rule; // NULL: no roll-ups by day
	const struct seal_key *key;  // NULL: nothing is signed, nothing cut
	struct event_frame frame;    // epoch, boot id, and the tail: seq and hash
	int64_t last_utc_ms;         // of the newest event
	int64_t now_ms;              // db_now_ms(), a few units old at most
	unsigned units;              // since it was read
	int64_t begun_seq;           // of the newest when the transaction began
	bool committing;             // COMMIT was asked for
	struct rollup rollup;
};

// All return SQLite codes. append_open needs meta.epoch.
int append_open(struct append *a, sqlite3 *db, const struct day_rule *rule);
void append_close(struct append *a);
// The statement, stepped to its end and reset.
int append_run(struct append *a, enum append_statement s);

int append_begin(struct append *a); // BEGIN IMMEDIATE; SQLITE_BUSY where locked
int append_event(struct append *a, struct event *e, const char *config_rev); // sets seq
// Rows alone. An onset's seq that is not known (0) is looked up by the occurrence.
int append_alarm(struct append *a, const struct alarm_row *row);
int append_notice(struct append *a, const struct notice *n);
int append_meta(struct append *a, const struct meta_row *m);
int append_unit(struct append *a, struct unit *u);
int append_commit(struct append *a);
void append_rollback(struct append *a);

// rollup.c
int rollup_load(struct append *a);
int rollup_event(struct append *a, const struct event *e);
// An alarm opened (+1) or closed (-1) at about this time.
int rollup_open(struct append *a, enum alarm_class c, int delta);
int rollup_flush(struct append *a);
void rollup_drop(struct append *a); // forgets what was gathered
void rollup_free(struct append *a);
// Records the day of this moment and makes it the current one.
int rollup_day(struct append *a, int64_t utc_ms);

// verdict.c: the row of the books that follows from a person's word, if any.
extern const char verdict_sql[], missed_sql[];
int verdict_append(struct append *a, const struct event *e);

// blind.c: the spans of blind time that an event begins, ends or tells.
extern const char blind_whole_sql[], blind_begin_sql[], blind_end_sql[],
    blind_down_sql[];
int blind_append(struct append *a, const struct event *e);

// commission.c: the row of the ledger that follows from an event, if any.
int commission_append(struct append *a, const struct event *e);

#endif
