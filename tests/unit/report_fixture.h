// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A store that answers what a test of the reports has put into it; linked in place of
// store's queries.
#ifndef REPORT_FIXTURE_H
#define REPORT_FIXTURE_H

#include "store/commission.h"
#include "store/query.h"

enum {
	SEQS = 6000
};

struct fake_report_store {
	struct day_span day;
	struct store_anchor anchor;
	struct alarm_count alarms[8];
	size_t n_alarms;
	struct class_count classes;
	int wrong_class_reads; // so often the roll-up lags behind
	struct pressure_day gauges[4];
	size_t n_gauges;
	int64_t silent_from_ms, silent_to_ms; // minutes without a good value
	struct stored_event events[4];
	size_t n_events;
	uint64_t asked_kinds;
	int64_t seqs[SEQS];
	struct commission_state commission[4]; // of points 0 ..
};
extern struct fake_report_store store;

#endif
