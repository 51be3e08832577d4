// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A collected trace, between explain.c and explain_show.c. Not for others.
#ifndef STORE_EXPLAIN_IMPL_H
#define STORE_EXPLAIN_IMPL_H

#include "store/explain.h"
#include "store/rows.h"

enum {
	EXPLAIN_ALARMS_MAX = 32, // of one point
	EXPLAIN_FLAGS_MAX = 16,
};

// In the order in which they stand in one millisecond.
enum explain_source {
	EXPLAIN_EVENT,
	EXPLAIN_DECISION,
	EXPLAIN_NOTICE,
};

struct explain_step {
	enum explain_source source;
	const char *what;   // kind of event, name of the decision, "notice.owed"
	unsigned order;     // among decisions
	struct event event; // seq 0: not of the journal
};

struct explanation {
	char point[ID_MAX], occurrence[MINT_MAX];
	int64_t now_utc_ms;
	bool live;
	enum decision_kind last_decision; // DECISION_COUNT = none
	bool stands;                      // an alarm, by what a running engine decided
	struct explain_step *steps;
	size_t n_steps, room;
	struct alarm_row alarms[EXPLAIN_ALARMS_MAX];
	unsigned n_alarms;
	struct flag_entry flags[EXPLAIN_FLAGS_MAX];
	unsigned n_flags;
};

#endif
