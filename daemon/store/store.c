// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Opening and closing the store. Opening may block, runs before the loop, and refuses
// only what a person must mend (a directory that is not there or in use, a file of
// another program, an unknown time zone); a damaged, full or read-only disk and a file
// of a newer program are modes to start in, because alarms come first. Closing writes
// what is queued within a bound.
#include "store/store.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mailbox.h"
#include "lib/mem.h"
#include "store/copy.h"
#include "store/lock.h"
#include "store/recover.h"
#include "store/store_impl.h"
#include "store/wal_tail.h"

enum {
	END_PATIENCE_MS = 2000, // for a writer to end after it was told to
};

static const char *const mode_names[STORE_MODE_COUNT] = {
	[STORE_OK] = "ok",
	[STORE_SLOW] = "slow",
	[STORE_FULL] = "full",
	[STORE_READ_ONLY] = "read_only",
	[STORE_IO_ERROR] = "io_error",
	[STORE_WRITER_LOST] = "writer_lost",
	[STORE_NEWER] = "newer",
	[STORE_CORRUPT] = "corrupt",
};

const char *
store_mode_name(enum store_mode m)
{
	wr_assert((unsigned)m < STORE_MODE_COUNT);
	return mode_names[m];
}

void
store_set_config_rev(struct store *s, const char *config_rev)
{
	(void)str_copy(
	    s->config_rev, sizeof(s->config_rev), config_rev != NULL ? config_rev : "");
}

static struct store *
store_new(
    const struct store_options *o, struct loop *loop, const struct store_host *host)
{
	struct store *s = xcalloc(1, sizeof(*s));
	s->loop = loop;
	s->host = *host;
	s->lock_fd = -1;
	s->read_only = o->read_only;
	s->directory = xstrdup(o->directory);
	s->site = (struct site_meta){
		.site_id = xstrdup(o->site_id != NULL ? o->site_id : ""),
		.name_zh = xstrdup(o->site_name_zh != NULL ? o->site_name_zh : ""),
		.name_en = xstrdup(o->site_name_en != NULL ? o->site_name_en : ""),
		.time_zone = xstrdup(o->time_zone != NULL ? o->time_zone : "UTC"),
		.statistics_day_min = o->statistics_day_min,
		.watched = o->watched,
	};
	store_set_config_rev(s, o->config_rev);
	size_t rows = o->queue_events != 0 ? o->queue_events : STORE_QUEUE_ROWS;
	queue_init(&s->queue, rows, STORE_QUEUE_BYTES);
	TAILQ_INIT(&s->dropped);
	loop_timer_init(&s->drop_timer, store_on_dropped, s);
	loop_timer_init(&s->minute_timer, store_on_minutes, s);
	loop_timer_init(&s->mode_timer, store_tell_mode, s);
	loop_timer_init(&s->done_timer, store_on_done, s);
	STAILQ_INIT(&s->done);
	return s;
}

static void
store_free(struct store *s)
{
	recover_free(&s->recovered);
	minutes_free(&s->minutes);
	queue_free(&s->queue);
	zone_free(s->zone);
	if (s->lock_fd >= 0)
		(void)close(s->lock_fd);
	free(s->journal.path);
	free(s->readings.path);
	free(s->site.site_id);
	free(s->site.name_zh);
	free(s->site.name_en);
	free(s->site.time_zone);
	free(s->directory);
	free(s);
}

static void
note_fault(struct lane *l, const struct fault *f, const char *name)
{
	l->mode = f->mode != STORE_OK ? f->mode : STORE_IO_ERROR;
	(void)str_copy(l->detail, sizeof(l->detail), f->detail);
	log_warnx(
	    "store", "%s cannot be opened: %s; starting without it", name, f->detail);
}

static void
note_aside(struct lane *l, enum store_mode why, const char *aside)
{
	if (aside[0] == '\0' || (l->mode != STORE_OK && l->mode != STORE_CORRUPT))
		return;
	l->mode = why;
	(void)str_copy(l->detail, sizeof(l->detail), aside);
}

// Takes this run's boot number before anything is minted with it: a crash in the next
// instant must not let the next run use it again. Where it cannot be written, the
// number is one that was never used.
static void
take_boot(struct store *s, int64_t now_utc_ms)
{
	char number[24];
	(void)snprintf(
	    number, sizeof(number), "%lld", (long long)s->recovered.last_boot + 1);
	if (s->journal.db != NULL &&
	    db_set_meta(s->journal.db, "boot", number) == SQLITE_OK)
		return;
	if (s->recovered.last_boot < now_utc_ms)
		s->recovered.last_boot = now_utc_ms;
}

static void
keep_log(struct store *s, const char *path, char *name, size_t size)
{
	char stamp[32];
	time_t t = (time_t)(loop_utc_ms(s->loop) / 1000);
	struct tm tm;
	(void)strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&t, &tm));
	char *log = xasprintf("%s-wal", path);
	char *kept = xasprintf("%s.corrupt-%s", log, stamp);
	if (copy_bytes(log, kept) != 0)
		log_warn("store", "cannot keep %s", kept);
	(void)str_copy(name, size, strrchr(kept, '/') + 1);
	free(log);
	free(kept);
}

// A log whose end SQLite will pass over: it is kept once, and said at each start that
// finds it so: the start before may have died before anybody heard. Before the file is
// opened.
static void
note_lost_tail(struct store *s, struct lane *l, const char *path)
{
	long from = 0;
	if (access(path, F_OK) != 0 || !wal_tail_lost(path, &from))
		return;
	if (!wal_tail_kept(path, from, l->detail, sizeof(l->detail)))
		keep_log(s, path, l->detail, sizeof(l->detail));
	log_warnx("store",
	    "the log of %s is damaged: what was committed behind the damage is lost; "
	    "it "
	    "was kept as %s",
	    path, l->detail);
	l->mode = STORE_CORRUPT;
}

static int
open_files(struct store *s, struct err *err)
{
	struct fault fault = { 0 };
	struct day_rule rule = { s->zone, s->site.statistics_day_min };
	int64_t now = loop_utc_ms(s->loop);
	s->journal.path = xasprintf("%s/journal.db", s->directory);
	s->journal.site = &s->site;
	s->journal.key = s->key.there ? &s->key : NULL;
	s->journal.rule = s->readings.rule = rule;
	s->journal.opened_utc_ms = s->readings.opened_utc_ms = now;
	s->journal.opened_ms = db_now_ms();
	s->readings.path = xasprintf("%s/readings.db", s->directory);
	note_lost_tail(s, &s->journal_lane, s->journal.path);
	note_lost_tail(s, &s->readings_lane, s->readings.path);
	int journal = journal_first_open(&s->journal, &s->recovered, &fault, err);
	if (journal < 0)
		return -1;
	bool known = journal == 0 && s->journal.aside[0] == '\0';
	if (journal > 0) {
		note_fault(&s->journal_lane, &fault, "journal.db");
		known = recover_unwritable(s->journal.path, &s->recovered);
	}
	note_aside(&s->journal_lane, s->journal.aside_mode, s->journal.aside);
	fault = (struct fault){ 0 };
	int readings = readings_first_open(&s->readings, s->journal.db, &fault, err);
	if (readings < 0)
		return -1;
	if (readings > 0)
		note_fault(&s->readings_lane, &fault, "readings.db");
	note_aside(&s->readings_lane, s->readings.aside_mode, s->readings.aside);
	if (readings == 0)
		recover_readings(s->readings.db, now, &s->recovered);
	// Somebody took the journal away: loud, as readings tell that there was one.
	if (known && s->recovered.last_seq == 0 && s->recovered.last_utc_ms != 0)
		note_aside(&s->journal_lane, STORE_CORRUPT,
		    "journal.db was missing: a new one was begun");
	// Ids are minted as "<boot>-<n>", and receivers drop what they have seen: where
	// the counter is lost or new, one that was never used: no two starts share a
	// millisecond.
	if (!known || s->recovered.last_boot == 0)
		s->recovered.last_boot = now;
	take_boot(s, now);
	return 0;
}

// A key that cannot be had is no reason not to watch.
static bool
load_key(struct store *s, const struct store_options *o)
{
	struct err err = { 0 };
	s->keyless = o->key_directory != NULL &&
		     seal_key_load(o->key_directory, &s->key, &err) != 0;
	if (s->keyless)
		log_warnx("store", "no anchors, and nothing is deleted: %s", err.text);
	return true;
}

bool
store_seals(const struct store *s)
{
	return s->key.there;
}

bool
store_keyless(const struct store *s)
{
	return s->keyless;
}

static int
open_read_only(struct store *s, struct err *err)
{
	struct reader *r = reader_open(s->directory, err);
	if (r == NULL)
		return -1;
	int rc = recover_journal(r->journal, &s->recovered);
	recover_readings(r->readings, loop_utc_ms(s->loop), &s->recovered);
	reader_close(r);
	return rc == SQLITE_OK ? 0 : err_set(err, EIO, "cannot read the journal");
}

static void
start_threads(struct store *s)
{
	struct lane *j = &s->journal_lane, *r = &s->readings_lane;
	loop_timer_in(s->loop, &s->mode_timer, 0);
	j->writer =
	    writer_start(&journal_ops, &s->journal, WINDOW_UNITS, j->mode, j->detail);
	r->writer = writer_start(&readings_ops, &s->readings, 1, r->mode, r->detail);
	j->watch = loop_watch_mailbox(
	    s->loop, writer_reports(j->writer), LOOP_ALARM, store_on_journal, s);
	r->watch = loop_watch_mailbox(
	    s->loop, writer_reports(r->writer), LOOP_CONSOLE, store_on_readings, s);
}

struct store *
store_open(const struct store_options *o, struct loop *loop,
    const struct store_host *host, struct err *err)
{
	if (sodium_init() < 0)
		fatalx("store", "libsodium cannot start");
	struct store *s = store_new(o, loop, host);
	s->zone = zone_load(s->site.time_zone, err);
	bool ok = s->zone != NULL;
	if (ok && o->read_only)
		ok = open_read_only(s, err) == 0;
	else if (ok)
		ok = store_lock(s->directory, &s->lock_fd, err) == 0 &&
		     load_key(s, o) && open_files(s, err) == 0;
	if (!ok) {
		journal_close(&s->journal);
		readings_close(&s->readings);
		store_free(s);
		return NULL;
	}
	if (!o->read_only) {
		start_threads(s);
		upkeep_start(s, o);
	}
	s->reader = read_thread_start(s->directory, loop);
	return s;
}

const struct recovered *
store_recovered(struct store *s)
{
	return &s->recovered;
}

void
store_recovered_free(struct store *s)
{
	recover_free(&s->recovered);
}

void
store_read(
    struct store *s, store_job *job, void (*done)(void *arg, int result), void *arg)
{
	if (s->reader == NULL)
		done(arg, -1);
	else
		read_thread_ask(s->reader, job, done, arg);
}

// ---- closing
// ----------------------------------------------------------------------------

static bool
all_written(const struct store *s)
{
	return s->in_hand == 0 && queue_next(&s->queue) == NULL && s->minutes.n == 0 &&
	       !s->minutes_in_hand;
}

static bool
both_ended(const struct store *s)
{
	return s->journal_lane.ended && s->readings_lane.ended;
}

// Takes reports until `done` says so or the time is over.
static void
wait_reports(struct store *s, bool (*done)(const struct store *s), int64_t until_ms)
{
	struct pollfd fds[] = {
		{ .fd = mailbox_fd(writer_reports(s->journal_lane.writer)),
		    .events = POLLIN },
		{ .fd = mailbox_fd(writer_reports(s->readings_lane.writer)),
		    .events = POLLIN },
	};
	for (;;) {
		store_on_journal(s);
		store_on_readings(s);
		store_pump_minutes(s); // samples too: nothing is gathered any more
		store_on_dropped(s);
		store_on_done(s);
		int64_t left = until_ms - db_now_ms();
		if (done(s) || left <= 0)
			return;
		// Callbacks that are still owed are not waited for.
		(void)poll(fds, 2, STAILQ_EMPTY(&s->done) ? (int)left : 0);
	}
}

static void
end_units(struct store *s, struct work_list *left)
{
	struct work *w;
	while ((w = STAILQ_FIRST(left)) != NULL) {
		STAILQ_REMOVE_HEAD(left, next);
		store_finish_unit(s, (struct unit *)w, false);
	}
	struct unit *u;
	while ((u = queue_take(&s->queue)) != NULL)
		store_finish_unit(s, u, false);
	store_on_dropped(s);
}

// Returns whether both threads are gone.
static bool
end_threads(struct store *s)
{
	struct lane *j = &s->journal_lane, *r = &s->readings_lane;
	struct work_list left = STAILQ_HEAD_INITIALIZER(left);
	writer_stop(j->writer);
	writer_stop(r->writer);
	wait_reports(s, both_ended, db_now_ms() + END_PATIENCE_MS);
	s->closed = true;
	store_hold_update(s);
	loop_unwatch(j->watch);
	loop_unwatch(r->watch);
	if (j->ended)
		writer_join(j->writer, &left);
	else
		writer_abandon(j->writer);
	if (s->in_hand > 0)
		log_warnx("store", "%zu events were not written", s->waiting_events);
	end_units(s, &left);
	STAILQ_INIT(&left);
	if (r->ended)
		writer_join(r->writer, &left);
	else
		writer_abandon(r->writer);
	struct work *w;
	while ((w = STAILQ_FIRST(&left)) != NULL) {
		STAILQ_REMOVE_HEAD(&left, next);
		free(w);
	}
	return both_ended(s);
}

static void
stop_timers(struct store *s)
{
	loop_timer_stop(s->loop, &s->minute_timer);
	loop_timer_stop(s->loop, &s->drop_timer);
	loop_timer_stop(s->loop, &s->mode_timer);
	loop_timer_stop(s->loop, &s->done_timer);
	upkeep_stop(s);
}

void
store_close(struct store *s, int wait_ms)
{
	if (s == NULL)
		return;
	// Retention goes on after the next start.
	s->closing = true;
	free(s->minutes.cut);
	s->minutes.cut = NULL;
	stop_timers(s);
	read_thread_stop(s->reader);
	s->reader = NULL;
	bool gone = true;
	if (!s->read_only) {
		wait_reports(s, all_written, db_now_ms() + wait_ms);
		gone = end_threads(s);
	}
	stop_timers(s);
	if (!gone)
		return; // a thread that hangs still uses it
	journal_close(&s->journal);
	readings_close(&s->readings);
	store_free(s);
}
