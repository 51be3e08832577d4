// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The running daemon: every part in the order it is started, for the two files that
// know them all (main.c starts and stops them, host.c answers the console). Not for
// others.
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "channels/delivery.h"
#include "console/console.h"
#include "control.h"
#include "core/site.h"
#include "engine.h"
#include "field.h"
#include "lib/loop.h"
#include "outbox.h"
#include "outputs.h"
#include "report_plans.h"
#include "site.h"
#include "store/store.h"
#include "supervise.h"
#include "work.h"

#define WATCHROOM_VERSION "0.1.0"

struct daemon {
	// Options
	const char *config_file;
	const char *state_directory;
	bool check_only;
	const char *against; // what --check compares with, or NULL
	bool debug;
	// Parts, in order of start
	char *panels;
	char *web;
	char *reports_program;
	char *loaded_file;           // config_file, or its last good copy
	const char *store_directory; // the site's, or the state directory
	bool last_good;
	struct site *site;
	struct loop *loop;
	char *running_file; // the saved copy of the site as it runs
	struct recheck *recheck;
	struct store *store;
	struct works *works;
	struct engine *engine;
	struct outbox *outbox;
	struct outputs *outputs;
	struct field *field;
	struct supervise *supervise;
	struct report_plans *report_plans;
	struct delivery *delivery;
	struct console *console; // NULL while it cannot listen
	struct loop_timer console_retry;
	struct running_site *running;
	struct control *control; // NULL where it cannot listen
	int64_t started_utc_ms;
	bool clock_behind; // at the start it was behind what the journal has seen
	bool renews;       // ends only to begin anew
};

// main.c: ends the loop in order, once the outputs are at rest.
void daemon_end(struct daemon *d);

// last_good.c: loads the site, or its last good copy; false where neither loads, which
// has been said.
bool last_good_or_new(struct daemon *d);
// Copies what was loaded, unless it is a copy. Not before the store is ours: a second
// daemon that is refused must not replace the copy of the one that runs (I12).
void last_good_keep(const struct daemon *d);
// Where the copy is; caller frees.
char *last_good_file(const struct daemon *d);

// host.c: starts the console; while its address cannot be listened on, that is an alarm
// and it is tried again: nothing else waits for it.
void host_start_console(struct daemon *d);
void host_stop_console(struct daemon *d);
// What the engine says of rules, for the console (ctx is the daemon).
void host_point_rule(void *ctx, uint32_t point);
void host_round(void *ctx, uint16_t patrol);
// The API's view of a record; pointers into the record.
void host_alarm_view(
    const struct daemon *d, const struct alarm_record *r, struct alarm_view *v);

// life.c: the events of a start and of a stop. Returns what engine_recover wants: since
// when nobody watched.
int64_t life_begins(struct daemon *d, const struct recovered *r);
// An event of the daemon itself. Closes the object `params` and frees it.
void life_event(struct daemon *d, enum event_kind kind, struct buf *params);
void life_ends(struct daemon *d);

// journal.c: of struct store_host; ctx is the daemon.
void journal_anchored(void *ctx, const struct store_anchor *a);
void journal_cut(void *ctx, int64_t before_utc_ms, int64_t events, int64_t last_seq);

#endif
