// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A store that answers what a test of the reports has put into it; linked in place of
// store's queries.
#ifndef REPORT_FIXTURE_H
#define REPORT_FIXTURE_H

#include "report/report.h"
#include "store/commission.h"
#include "store/query.h"
#include "store/revision.h"

enum {
	SEQS = 6000,
	JOURNAL_MOST = 64
};

struct fake_report_store {
	struct day_span day;
	struct store_anchor anchor;
	struct alarm_count alarms[8];
	size_t n_alarms;
	struct class_count classes;
	int64_t first_seq, last_seq;
	int wrong_class_reads; // so often the roll-up lags behind
	struct pressure_day gauges[4];
	size_t n_gauges;
	struct set_hour_row set[8];
	size_t n_set;
	int64_t silent_from_ms, silent_to_ms; // minutes without a good value
	struct stored_event events[4];
	size_t n_events;
	struct blind_sum blind[4];
	size_t n_blind;
	struct stored_event journal[JOURNAL_MOST]; // as filters ask for them
	size_t n_journal;
	int64_t begun_ms; // time of the first event of all; 0 = there is none
	const enum event_kind *asked_kinds;
	int64_t seqs[SEQS];
	struct commission_state commission[4]; // of points 0 ..
	struct revision revision;              // the only one; number 0 = none
	struct as_of as_of;
	int verdicts_meanwhile; // so often one more is given between two looks
	int n_unclassified;
	struct day_change changes[2];
	size_t n_changes;
};
extern struct fake_report_store store;

#define REPORT_DAY_FROM_MS INT64_C(1795392000000) // 2026-11-23T00:00:00Z
extern struct report_site report_who;

// Set-up of a test: an empty store with the one day 2026-11-23, the site's zone.
int report_set_up(void **ctx);
// A report of that day in English, asked two days after it.
struct report_request request(const char *name, const char *format);
// One more event of the journal, to be filled further; its seq is its place from 1 on.
struct event *journal_event(
    enum event_kind kind, int64_t time_utc_ms, const char *point);
// The output, to be freed; fails the test where there is none.
char *render(const struct report_request *q);
// Fails the test unless the request is refused with a message that holds the text, and
// nothing is written.
void assert_refused(const struct report_request *q, const char *why);
void assert_has(const char *text, const char *part);
// The checksum line says SHA-256 of all bytes above it.
void assert_checksum_holds(const char *csv);

#endif
