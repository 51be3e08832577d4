// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The store: the journal and the readings on disk. The loop hands over units of work
// and never waits; a writer thread per file groups them into transactions
// (synchronous=FULL); a reader thread answers queries. Opening recovers.
//
// Invariants: event rows are only ever added, seq has no gap and is given by the
// committing transaction, an event and its outbox rows are one transaction (I3-I5).
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/alarm.h"
#include "core/event.h"
#include "core/flag.h"
#include "core/notice.h"
#include "core/reading.h"
#include "core/sample_window.h"
#include "core/set_hour.h"
#include "core/verdict.h"
#include "lib/err.h"
#include "lib/loop.h"

struct store;
struct store_anchor;
struct reader;
struct site;
struct revision;

enum store_mode {
	STORE_OK,
	STORE_SLOW, // a commit took over 1 s
	STORE_FULL, // SQLITE_FULL / ENOSPC; work is kept in memory and retried
	STORE_READ_ONLY,
	STORE_IO_ERROR,
	STORE_WRITER_LOST, // the writer thread has not come back from the disk for 10 s
	// The file was set aside; until the one begun in its place works.
	STORE_NEWER, // a newer program's
	STORE_CORRUPT,
	STORE_MODE_COUNT,
};

const char *store_mode_name(enum store_mode m); // "ok", "slow", "full", ...

// One open alarm as kept for a restart; the row goes when `close` is set.
struct alarm_row {
	bool close;
	char point[ID_MAX];
	enum condition condition;
	char code[CODE_MAX];
	enum alarm_class alarm_class;
	enum alarm_state state;
	enum alarm_cause cause;
	enum latch latch;
	uint8_t flags;
	bool test_onset;
	char occurrence_id[MINT_MAX]; // the newest
	char incident_id[MINT_MAX];
	uint32_t occurrences;
	int64_t raised_utc_ms;       // of the newest occurrence
	int64_t first_utc_ms;        // of the first
	int64_t acknowledged_utc_ms; // 0 = not
	char acknowledged_by[ID_MAX];
	char ladder[ID_MAX]; // "" = none
	uint8_t ladder_next; // struct ladder_climb, onset in UTC
	uint16_t ladder_rounds;
	int64_t ladder_onset_utc_ms;
	double value;      // at onset, NaN = none
	int quality;       // at the time of writing
	int64_t onset_seq; // of the newest occurrence, 0 = not yet known
	// Not kept here, read from the journal:
	bool first_out;       // began its incident
	enum verdict verdict; // the newest on the occurrence
};

// A setting the daemon keeps for itself.
enum {
	META_KEY_MAX = 80,
	META_VALUE_MAX = 256
};

struct meta_row {
	char key[META_KEY_MAX];
	char value[META_VALUE_MAX];
};

// Settings under these are handed back at the next start (struct recovered). Behind it
// the id of a device: the newest record of its event queue (daemon/field.c).
#define META_QUEUE "queue/"
// Behind it what the rules of points keep for themselves (daemon/bypass.c).
#define META_RULE "rule/"

// What a person set; the row goes when `end` is set. Key: flag, target, condition.
struct flag_row {
	bool end;
	struct flag_entry entry;
};

// A unit of work: all of it in one transaction, in order. Built on the loop, owned by
// the store from store_submit on.
struct unit;
struct unit *unit_new(void);
// Copies. The returned event is valid until the next addition to the unit.
struct event *unit_event(struct unit *u, const struct event *e);
void unit_alarm(struct unit *u, const struct alarm_row *row);
// A new outbox row, or a new state of a known one (same id).
void unit_notice(struct unit *u, const struct notice *n);
// Sets a setting; key and value must fit into struct meta_row. STORE_META_ALIVE: UTC ms
// at which the daemon was alive.
#define STORE_META_ALIVE "alive_utc_ms"
// The same moment by the monotonic clock, in ms.
#define STORE_META_ALIVE_MONO "alive_mono_ms"
void unit_meta(struct unit *u, const char *key, const char *value);
void unit_flag(struct unit *u, const struct flag_row *row);
// The report that a report.sign of the unit is about (store/revision.h). Taken over.
void unit_revision(struct unit *u, struct revision *r);
// `done` runs on the loop after the commit, in the order in which units were written:
// as they were submitted, but that urgent ones overtake those of other points.
// `durable` is false at shutdown with a store that cannot write, and for a unit that
// was lost whole because the queue is full (its events are counted into the events_lost
// row). The unit is freed after it.
void unit_on_done(struct unit *u,
    void (*done)(void *arg, const struct unit *u, bool durable), void *arg);
size_t unit_events(
    const struct unit *u, const struct event **events); // after commit: seq set
// Adds all rows of the other unit behind its own; the other, never submitted, is freed.
void unit_join(struct unit *u, struct unit *other);
// What overtakes others in the queue: fires and what is done about them, people's words
// and what the system says of itself, but not its stop, which is the last word.
bool unit_event_urgent(const struct event *e);
void unit_free(struct unit *u); // only for a unit never submitted

struct store_options {
	const char *directory;
	const char *site_id;
	const char *site_name_zh, *site_name_en; // NULL = ""
	const char *time_zone;
	uint16_t statistics_day_min;
	const char *config_rev;
	// Whose points are watched: the sums of blind time are theirs. Outlives the
	// store; NULL = nobody says.
	const struct site *watched;
	size_t queue_events; // default 1,000,000 where 0
	bool read_only;      // for the command line
	// Where the key of the anchors is kept, or made; NULL: no anchors and no cuts.
	const char *key_directory;
	int64_t anchor_every_ms; // 0 = never
	// Whole months that stay, by the site's calendar; 0 = all.
	unsigned keep_events_months, keep_minutes_months, keep_samples_months;
	uint32_t keep_every_sample_ms; // of gauges; 0 = only those around alarms
};

// What the loop is told. Called on the loop, never from within store_open.
// mode: the worse of journal and readings; `detail` is a code ("locked", "full (sqlite
// 13)"), with "readings: " before it where only that file is concerned. lost: an
// events_lost row was made; its event stands in the journal after the next commit.
// unread: a damaged journal was set aside, and not all that it held open, or people
// entered, could be read. NULL: nobody asks.
struct store_host {
	void *ctx;
	void (*mode)(void *ctx, enum store_mode mode, const char *detail);
	void (*lost)(void *ctx, int64_t from_utc_ms, int64_t to_utc_ms,
	    const uint32_t lost[CLASS_COUNT]);
	void (*unread)(void *ctx);
	// An anchor is durable; a run of retention has deleted events. NULL: nobody
	// asks.
	void (*anchored)(void *ctx, const struct store_anchor *a);
	void (*cut)(void *ctx, int64_t before_utc_ms, int64_t events, int64_t last_seq);
};

// Opens or creates journal.db and readings.db in the directory, locks them (a second
// daemon is refused with a clear message), migrates, recovers, starts the threads.
// NULL with *err filled. Blocks: start-up only.
struct store *store_open(const struct store_options *o, struct loop *loop,
    const struct store_host *host, struct err *err);

// Writes what is queued (at most wait_ms), stops the threads, closes. NULL is fine.
void store_close(struct store *s, int wait_ms);

// Hands a unit over. Never blocks, never fails: beyond the bound non-fire events are
// counted into one `events_lost` row.
void store_submit(struct store *s, struct unit *u);

// A finished minute of a point. Coalesced, never blocks.
void store_minute(struct store *s, const char *point, const struct minute *m);
// The reading of a point at a set hour, or why there is none. Of two for one hour the
// nearer stays. Never blocks.
void store_set_reading(struct store *s, const char *point, const struct set_reading *r);
// A sample as it arrived. Written within seconds; many of them with the disk away are
// dropped before any minute is.
void store_sample(struct store *s, const char *point, const struct kept_sample *k);

// The revision written with units submitted from now on.
void store_set_config_rev(struct store *s, const char *config_rev);

// Of the journal: what I3 goes by. After a file was set aside it is STORE_CORRUPT or
// STORE_NEWER until the first commit into the new one. STORE_WRITER_LOST is told by
// nobody but this: whoever should tell hangs.
enum store_mode store_current_mode(const struct store *s);
// Events handed over and not yet durable.
size_t store_waiting(const struct store *s);
// Age in ms of the oldest unit not yet durable; 0 where none.
int64_t store_waiting_ms(const struct store *s);

// Whether the key of the anchors could not be had: nothing is signed, nothing deleted.
bool store_keyless(const struct store *s);
// Whether there is a key to sign with.
bool store_seals(const struct store *s);

// How long the journal's writer has been in the attempt it is in, in ms of real time; 0
// between attempts. An attempt that fails ends: a disk that says no is no silence.
int64_t store_silent_ms(const struct store *s);

// What a restart needs, read while opening. Valid until store_recovered_free.
struct recovered {
	size_t n_alarms;
	struct alarm_row *alarms;
	size_t n_notices; // still owed
	struct notice *notices;
	size_t n_metas; // those under META_QUEUE and META_RULE
	struct meta_row *metas;
	size_t n_flags; // in the order of their keys
	struct flag_entry *flags;
	int64_t last_utc_ms; // of the last event, minute or sign of life; 0 = none
	// Monotonic time of the same moment, where it was in this boot of the machine.
	int64_t last_mono_ms;
	bool same_boot;
	int64_t last_seq;
	bool clean_stop; // the last event is daemon.stop
	bool unread;     // a file was set aside and not all it held open could be read
	int64_t
	    last_boot; // counter; this run's number, already taken, is last_boot + 1
	char epoch[33];
};
const struct recovered *store_recovered(struct store *s);
void store_recovered_free(struct store *s);

// Runs `job` in the reader thread with a read transaction of at most 2 s, then
// `done` on the loop. `job` returns 0 or -1; it must not touch loop data.
typedef int store_job(struct reader *r, void *arg);
void store_read(
    struct store *s, store_job *job, void (*done)(void *arg, int result), void *arg);

#endif
