// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The state of the world of outbox_world.h, for the two files it is made of: what
// happens (outbox_world.c), and what must hold (outbox_rules.c).
#ifndef TESTS_SIMULATION_OUTBOX_STATE_H
#define TESTS_SIMULATION_OUTBOX_STATE_H

#include "outbox.h"
#include "outbox_world.h"
#include "store/unit.h"
#include "test.h"

enum {
	NOTICES_MAX = 24,
	WAITING_MAX = 48,
	OCCURRENCES_MAX = 8,
};

// A notice as the people and the disk know it.
struct told {
	struct notice n; // as last written, or handed over
	bool on_disk;    // with `disk`
	enum notice_state disk;
	unsigned received; // how often people got it
	bool overdue;      // it has waited longer than a notice does for the disk
	bool taken_back;   // answered, and not on its way: nobody is to get it any more
	int64_t created_ms;
	unsigned occurrence;
};

struct occurrence {
	char id[MINT_MAX];
	bool durable, answered;
};

struct outbox_state {
	struct clock clock;
	struct loop *loop;
	struct site *site;
	char file[64];
	struct world_bounds left;
	unsigned crashes;
	bool disk_was_away;
	// of one run of the daemon
	struct works *works;
	struct engine *engine;
	struct outbox *outbox;
	// the disk
	enum store_mode mode;
	struct unit *units[WAITING_MAX]; // submitted, not durable
	unsigned n_units;
	int64_t seq;
	bool has_row;
	struct alarm_row row;
	// the channel
	struct notice queue[NOTICES_MAX];
	unsigned n_queue;
	bool on_its_way, waits, jammed;
	char settling[MINT_MAX];
	// what happened
	bool fire;
	struct told told[NOTICES_MAX];
	unsigned n_told;
	struct occurrence occurrences[OCCURRENCES_MAX];
	unsigned n_occurrences;
	unsigned confirmed; // occurrences whose acknowledgement was answered 200, as 1
			    // + index
	unsigned asked;     // the same, of the answer that is waited for
};

extern struct outbox_state w;

// The channel has an alarm of its own where it cannot deliver: it is not looked at
// here.
bool of_detector(const char *point);
unsigned occurrence_of(const char *id); // its number in w.occurrences
struct told *told_of(const struct notice *n);
const struct alarm_record *detector_record(void); // NULL: normal

void detector_sample(void);
void disk_commit(void);
void channel_send(void);
void channel_receipt(void);
void let_patience_pass(void);
void check_always(void);

#endif
