// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The parts of the store on the loop's side. All of it belongs to the loop thread.
#ifndef STORE_STORE_IMPL_H
#define STORE_STORE_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/loop.h"
#include "store/journal.h"
#include "store/minutes.h"
#include "store/queue.h"
#include "store/read_thread.h"
#include "store/reader.h"
#include "store/readings.h"
#include "store/store.h"
#include "store/writer.h"

enum {
	// In the writer's hands: what it writes, and as much again. A fire comes
	// behind it, so it is no more than that; one larger unit goes alone.
	WINDOW_UNITS = 4096,
	WINDOW_ROWS = 2 * WRITER_ROWS_STORM,
	WINDOW_URGENT = 64,  // of the units, kept for what is urgent
	PUMP_ROWS = 512,     // handed over at once: unpacking takes time of the loop
	CALLBACKS_US = 2000, // time for callbacks at once (I1: 5 ms)
	// A disk that is only slow takes seconds; a device that is gone without a word
	// takes for ever (30 s is Linux's own patience with a SCSI command).
	WRITER_LOST_MS = 10000,
};

// One file, its writer, and how it is.
struct lane {
	struct writer *writer;
	struct loop_watch *watch;
	enum store_mode mode;
	char detail[64];
	bool ended;
	bool held; // loop_hold is in force for it
};

// Anchors and retention (upkeep.c).
struct upkeep {
	int64_t anchor_every_ms;
	unsigned keep_events_months, keep_minutes_months, keep_samples_months;
	uint32_t keep_every_sample_ms;
	struct loop_timer anchor_timer, cut_timer;
	bool cutting;
	struct cut_done run; // sums of the run that goes on
};

struct store {
	struct loop *loop;
	struct store_host host;
	struct site_meta site;
	struct zone *zone;
	char config_rev[17];
	char *directory;
	int lock_fd;
	bool read_only, closing, closed;

	struct lane journal_lane, readings_lane;
	struct journal journal;
	struct readings readings;
	struct read_thread *reader;
	struct recovered recovered;

	// Units: in the writer's hands, then the queue behind them.
	size_t in_hand, in_hand_rows;
	size_t waiting_events;
	int64_t handed_ms[WINDOW_UNITS]; // ring: when each was submitted
	size_t handed_first;
	struct unit_queue queue;
	struct work_list done; // durable, callbacks owed
	struct loop_timer done_timer;
	struct unit_line dropped; // their callbacks are owed
	struct loop_timer drop_timer;

	struct minute_queue minutes;
	bool minutes_in_hand;
	struct loop_timer minute_timer;

	struct seal_key key;
	bool keyless; // it was wanted and could not be had
	struct upkeep upkeep;

	enum store_mode told_mode;
	char told_detail[80];
	struct loop_timer mode_timer; // how it began is told from the loop
};

// submit.c
void store_pump(struct store *s);
void store_pump_minutes(struct store *s);
// upkeep.c
void upkeep_start(struct store *s, const struct store_options *o);
void upkeep_stop(struct store *s);
void upkeep_readings_cut(struct store *s, const struct minute_batch *b);

void store_tell_mode(void *store);
void store_on_journal(void *store);
void store_on_readings(void *store);
void store_on_dropped(void *store);
void store_on_done(void *store);
void store_on_minutes(void *store);
void store_finish_unit(struct store *s, struct unit *u, bool durable);
void store_hold_update(struct store *s);
bool store_mode_writes(enum store_mode m); // work gets through

#endif
