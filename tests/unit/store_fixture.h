// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A store in a folder of its own, and events to put into it. One thread; the loop runs
// only inside store_fixture_wait.
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event.h"
#include "lib/loop.h"
#include "store/query.h"
#include "store/store.h"

// 2026-03-01T00:00:00Z
#define FIXTURE_UTC_MS INT64_C(1772323200000)

struct store_fixture {
	char directory[64];
	struct clock clock; // virtual unless asked for the real one
	struct loop *loop;
	struct store_options options;
	struct store *store;
	struct err err;
	// What the callbacks saw.
	size_t done_units, durable_events;
	int64_t next_seq; // expected; 0 = any
	bool out_of_order;
	size_t not_durable;
	enum store_mode mode;
	char detail[80];
	unsigned unread;     // told so often
	unsigned modes_seen; // mask of 1 << enum store_mode
	uint32_t lost[CLASS_COUNT];
	size_t lost_calls;
	struct store_anchor anchor; // the newest
	size_t anchors;
	int64_t cut_seq; // of the newest run of retention
	size_t cuts;
	int poll_ms; // of virtual time between looks at a condition; 0 = 2
};

// A new empty folder and a loop. Call store_fixture_open next.
void store_fixture_new(struct store_fixture *f, bool real_clock);
bool store_fixture_open(struct store_fixture *f);
void store_fixture_close(struct store_fixture *f);
void store_fixture_free(struct store_fixture *f); // removes the folder

// Runs the loop until the condition holds or the deadline passed; returns the
// condition.
bool store_fixture_wait(struct store_fixture *f,
    bool (*until)(const struct store_fixture *f), int deadline_ms);
bool store_fixture_idle(const struct store_fixture *f); // nothing waits

// An onset of a fire at point "p<n>", place and ids filled.
void store_fixture_event(struct store_fixture *f, struct event *e, enum event_kind kind,
    enum condition condition, unsigned n);
// Submits with a callback that counts and checks the order of seq.
void store_fixture_submit(struct store_fixture *f, struct unit *u);
// One event, one unit.
void store_fixture_add(struct store_fixture *f, const struct event *e);

// "DIRECTORY/NAME"; static storage.
const char *store_fixture_path(const struct store_fixture *f, const char *name);

// Runs statements on a file of the store, beside it; fails the test where SQLite
// refuses.
void store_fixture_run_sql_on(
    const struct store_fixture *f, const char *name, const char *sql);
void store_fixture_run_sql(
    const struct store_fixture *f, const char *sql); // journal.db

// Fails the test where the journal is not sound; returns the number of events.
int64_t store_fixture_verify(const struct store_fixture *f);

#endif
