// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See writer.h. The thread waits for work, gathers what is queued up to a bound, and
// commits; the loop hears of it before the checkpoint is made, so that nobody waits for
// that. A failing transaction is tried again with growing pauses, up to a second; a
// lock held by somebody else is waited for, and only named an error after five seconds.
// It refuses to give anything back as done before COMMIT returned.
#include "store/writer.h"

#include <sys/eventfd.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mailbox.h"
#include "lib/mem.h"
#include "store/checkpoint.h"

enum {
	REPORTS_SPARE = 64,     // beyond one for each piece of work
	SLOW_FORGET_MS = 10000, // no slow commit for this long: no longer slow
	RETRY_FIRST_MS = 20,    // pause after the first failure, doubled up to
	RETRY_MOST_MS = 1000,
	PROBE_MS = 1000,
	LOCKED_RETRY_MS = 10,
	LOOK_EVERY = 16, // pieces of work between looks at clock and mailbox
};

struct writer {
	const struct writer_ops *ops;
	void *ctx;
	struct mailbox *in, *out;
	pthread_t thread;
	int wake; // eventfd: ends a pause
	atomic_bool stop;
	atomic_llong busy_since_ms; // of the attempt it is in; 0 = none
	struct work stop_mark;
	// Of the thread alone:
	struct work_list batch;
	size_t batch_rows, batch_pieces;
	size_t most_rows;      // of a transaction, by what waits
	bool long_enough;      // the transaction, by the clock
	struct work_list rest; // behind the batch while a refused row is looked for
	struct checkpoint checkpoint;
	enum store_mode mode;
	char detail[64];
	bool mode_told;
	bool unread;           // to be told with the mode
	int64_t slow_ms;       // of the last slow commit
	int64_t failing_since; // 0 = not
	int64_t locked_since;  // 0 = not
	int pause_ms;
	size_t doubts;    // pieces of the batch, from its head, of a commit in doubt
	unsigned damaged; // how often it was found damaged after it was opened anew
};

// ---- reports
// ----------------------------------------------------------------------------

static struct report *
report_new(enum report_kind kind)
{
	struct report *r = xcalloc(1, sizeof(*r));
	r->kind = kind;
	STAILQ_INIT(&r->done);
	return r;
}

// Waits up to ms, or until told to stop.
static void
pause_for(const struct writer *w, int ms)
{
	struct pollfd p = { .fd = w->wake, .events = POLLIN };
	(void)poll(&p, 1, ms);
}

// There is room for a report of each piece of work, so only a flood of changes of mode
// beside a loop that stands still can make this wait.
static void
post(struct writer *w, struct report *r)
{
	while (mailbox_post(w->out, r) != 0)
		pause_for(w, LOCKED_RETRY_MS);
}

static void
set_mode(struct writer *w, enum store_mode mode, const char *detail)
{
	if (mode == w->mode && strcmp(detail, w->detail) == 0 && w->mode_told)
		return;
	struct report *r = report_new(REPORT_MODE);
	w->mode = r->mode = mode;
	(void)str_copy(w->detail, sizeof(w->detail), detail);
	(void)str_copy(r->detail, sizeof(r->detail), detail);
	r->unread = w->unread;
	w->mode_told = mailbox_post(w->out, r) == 0;
	if (w->mode_told)
		w->unread = false;
	else
		free(r); // told again at the next attempt
}

// ---- modes
// ------------------------------------------------------------------------------

// Damage found while running: what waits would wait for ever.
static void
renew(struct writer *w)
{
	char aside[sizeof(w->detail)] = "";
	if (w->ops->renew(w->ctx, aside, sizeof(aside), &w->unread) == 0) {
		set_mode(w, STORE_CORRUPT, aside);
		w->pause_ms = 0;
	}
	w->damaged = 0;
}

static void
after_failure(struct writer *w, const struct fault *f)
{
	int64_t now = db_now_ms();
	if (w->failing_since == 0)
		w->failing_since = now;
	if (f->locked) {
		if (w->locked_since == 0)
			w->locked_since = now;
		int64_t locked_ms = now - w->locked_since;
		if (locked_ms >= LOCKED_ERROR_MS)
			set_mode(w, STORE_IO_ERROR, "locked");
		else if (locked_ms >= SLOW_COMMIT_MS && w->mode == STORE_OK)
			set_mode(w, STORE_SLOW, "locked");
		w->pause_ms = LOCKED_RETRY_MS;
		return;
	}
	w->locked_since = 0;
	set_mode(w, f->mode, f->detail);
	w->pause_ms = w->pause_ms == 0 ? RETRY_FIRST_MS : w->pause_ms * 2;
	if (w->pause_ms < RETRY_MOST_MS)
		return;
	w->pause_ms = RETRY_MOST_MS;
	// These may hang as any write may.
	atomic_store(&w->busy_since_ms, now);
	// A file system that went and came back is only seen by opening again.
	if (f->mode != STORE_FULL)
		w->ops->close(w->ctx);
	if (f->mode != STORE_CORRUPT)
		w->damaged = 0;
	else if (++w->damaged > 1)
		renew(w);
	atomic_store(&w->busy_since_ms, 0);
}

static void
settle_mode(struct writer *w)
{
	bool slow = w->slow_ms != 0 && db_now_ms() - w->slow_ms < SLOW_FORGET_MS;
	set_mode(w, slow ? STORE_SLOW : STORE_OK, slow ? "slow" : "");
}

static void
after_success(struct writer *w, int64_t began_ms)
{
	int64_t now = db_now_ms();
	int64_t since = w->failing_since != 0 ? w->failing_since : began_ms;
	if (now - since >= SLOW_COMMIT_MS &&
	    (w->mode == STORE_OK || w->mode == STORE_SLOW))
		w->slow_ms = now;
	w->failing_since = w->locked_since = 0;
	w->pause_ms = 0;
	w->damaged = 0;
	settle_mode(w);
}

// ---- transactions
// -----------------------------------------------------------------------

static bool
take(struct writer *w)
{
	struct work *work = mailbox_take(w->in);
	if (work == NULL || work == &w->stop_mark)
		return false;
	STAILQ_INSERT_TAIL(&w->batch, work, next);
	w->batch_rows += work->rows;
	return true;
}

// Rows of different points share few pages, and each page is written once a
// transaction: a storm is written in larger pieces.
static bool
wants_more(struct writer *w, int64_t began_ms)
{
	if (w->batch_pieces++ % LOOK_EVERY == 0) {
		bool storm = mailbox_count(w->in) > WRITER_ROWS_MAX / 4;
		w->most_rows = storm ? WRITER_ROWS_STORM : WRITER_ROWS_MAX;
		w->long_enough = db_now_ms() - began_ms >= WRITER_MS_MAX;
	}
	return w->batch_rows < w->most_rows && STAILQ_EMPTY(&w->rest) &&
	       !w->long_enough;
}

static int
apply_all(struct writer *w, int64_t began_ms)
{
	struct work *at = STAILQ_FIRST(&w->batch);
	int rc = SQLITE_OK;
	w->batch_pieces = 0;
	while (at != NULL && rc == SQLITE_OK) {
		rc = w->ops->apply(w->ctx, at);
		if (STAILQ_NEXT(at, next) == NULL && wants_more(w, began_ms))
			(void)take(w);
		at = STAILQ_NEXT(at, next);
	}
	return rc;
}

// ---- a commit in doubt

// The pieces that the file has already are done.
static void
tell_settled(struct writer *w)
{
	struct report *r = report_new(REPORT_DONE);
	for (; w->doubts > 0; w->doubts--) {
		struct work *at = STAILQ_FIRST(&w->batch);
		STAILQ_REMOVE_HEAD(&w->batch, next);
		w->batch_rows -= at->rows;
		w->ops->confirm(w->ctx, at);
		STAILQ_INSERT_TAIL(&r->done, at, next);
	}
	log_warnx("store", "%s: a commit that failed is in the file, and stands",
	    w->ops->name);
	post(w, r);
}

// Begins a transaction. What a failed commit was of is not written again where it is in
// the file. That was never synced, and a disk that refused to sync once may say later
// that it did: so it is moved out of the log, with a sync of its own, before anybody
// hears that it is durable (I3).
static int
begin(struct writer *w, sqlite3 *db)
{
	int rc = w->ops->begin(w->ctx);
	if (rc != SQLITE_OK || w->doubts == 0 || !w->ops->was_in(w->ctx))
		return rc;
	w->ops->rollback(w->ctx);
	rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_FULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return rc;
	tell_settled(w);
	return w->ops->begin(w->ctx);
}

static void
note_doubt(struct writer *w)
{
	struct work *at;
	if (w->ops->in_doubt == NULL || !w->ops->in_doubt(w->ctx))
		return;
	w->doubts = 0;
	STAILQ_FOREACH (at, &w->batch, next)
		w->doubts++;
}

// One attempt to commit the batch and what else is queued.
static int
transact(struct writer *w, int64_t began_ms, struct fault *fault)
{
	if (w->ops->open(w->ctx, fault) != 0)
		return -1;
	sqlite3 *db = w->ops->db(w->ctx);
	checkpoint_watch(&w->checkpoint, db);
	int rc = begin(w, db);
	if (rc == SQLITE_OK)
		rc = apply_all(w, began_ms);
	if (rc == SQLITE_OK) {
		rc = w->ops->commit(w->ctx);
		if (rc != SQLITE_OK)
			note_doubt(w);
	}
	if (rc == SQLITE_OK) {
		w->doubts = 0;
		return 0;
	}
	db_fault(db, rc, fault);
	if (!fault->locked && w->failing_since == 0)
		log_warnx("store", "%s: %s: %s", w->ops->name, fault->detail,
		    sqlite3_errmsg(db));
	w->ops->rollback(w->ctx);
	return -1;
}

static void
tell_done(struct writer *w)
{
	struct report *r = report_new(REPORT_DONE);
	STAILQ_CONCAT(&r->done, &w->batch);
	w->batch_rows = 0;
	post(w, r);
}

// The next piece of what was split. false where there is none.
static bool
next_piece(struct writer *w)
{
	struct work *first = STAILQ_FIRST(&w->rest);
	if (first == NULL)
		return false;
	STAILQ_REMOVE_HEAD(&w->rest, next);
	STAILQ_INSERT_TAIL(&w->batch, first, next);
	w->batch_rows = first->rows;
	return true;
}

// The schema refuses a row of the batch: the pieces go one by one, and the one that is
// refused alone is given back. Returns whether there is more to write.
static bool
split(struct writer *w)
{
	struct work *first = STAILQ_FIRST(&w->batch);
	w->doubts = 0; // a commit comes only after all could be applied
	if (STAILQ_NEXT(first, next) == NULL) {
		log_warnx("store", "%s: a row is against the schema and was left out",
		    w->ops->name);
		first->refused = true;
		tell_done(w);
		return next_piece(w);
	}
	STAILQ_CONCAT(&w->batch, &w->rest);
	STAILQ_CONCAT(&w->rest, &w->batch);
	return next_piece(w);
}

// Commits what is in the batch. false where it was told to give up.
static bool
write_batch(struct writer *w)
{
	for (;;) {
		struct fault fault = { 0 };
		int64_t began_ms = db_now_ms();
		atomic_store(&w->busy_since_ms, began_ms);
		if (transact(w, began_ms, &fault) == 0) {
			after_success(w, began_ms);
			tell_done(w);
			checkpoint_run(&w->checkpoint, w->ops->name);
			atomic_store(&w->busy_since_ms, 0);
			if (!next_piece(w))
				return true;
			continue;
		}
		atomic_store(&w->busy_since_ms, 0);
		if (fault.refused) {
			if (!split(w))
				return true;
			continue;
		}
		after_failure(w, &fault);
		if (w->ops->db(w->ctx) == NULL)
			checkpoint_watch(&w->checkpoint, NULL);
		if (atomic_load(&w->stop))
			return false;
		pause_for(w, w->pause_ms);
	}
}

// Not well, and nothing to write that would show whether it still is so: an empty
// transaction, which opens the file where it is not open.
static void
probe(struct writer *w)
{
	struct fault fault = { 0 };
	atomic_store(&w->busy_since_ms, db_now_ms());
	int rc = transact(w, db_now_ms(), &fault);
	atomic_store(&w->busy_since_ms, 0);
	if (rc == 0) {
		w->failing_since = 0;
		settle_mode(w);
	} else {
		after_failure(w, &fault);
	}
	if (w->ops->db(w->ctx) == NULL)
		checkpoint_watch(&w->checkpoint, NULL);
}

static void *
run(void *arg)
{
	struct writer *w = arg;
	bool go_on = true;
	while (go_on) {
		struct work *work =
		    mailbox_wait(w->in, w->mode == STORE_OK ? -1 : PROBE_MS);
		if (work == NULL) {
			probe(w);
			continue;
		}
		if (work != &w->stop_mark) {
			STAILQ_INSERT_TAIL(&w->batch, work, next);
			w->batch_rows += work->rows;
			go_on = write_batch(w);
		}
		if (atomic_load(&w->stop))
			go_on = false;
	}
	post(w, report_new(REPORT_ENDED));
	return NULL;
}

// ---- the loop's side
// --------------------------------------------------------------------

struct writer *
writer_start(const struct writer_ops *ops, void *ctx, size_t capacity,
    enum store_mode mode, const char *detail)
{
	struct writer *w = xcalloc(1, sizeof(*w));
	w->ops = ops;
	w->ctx = ctx;
	w->in = mailbox_new(capacity + 1);
	w->out = mailbox_new(capacity + REPORTS_SPARE);
	w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->mode = mode;
	w->mode_told = true;
	(void)str_copy(w->detail, sizeof(w->detail), detail);
	STAILQ_INIT(&w->batch);
	STAILQ_INIT(&w->rest);
	if (w->wake < 0 || pthread_create(&w->thread, NULL, run, w) != 0)
		fatal("store", "cannot start the %s writer", ops->name);
	(void)pthread_setname_np(w->thread, ops->name);
	return w;
}

int
writer_post(struct writer *w, struct work *work)
{
	return mailbox_post(w->in, work);
}

int64_t
writer_busy_ms(const struct writer *w)
{
	int64_t since = atomic_load(&w->busy_since_ms);

	return since != 0 ? db_now_ms() - since : 0;
}

struct mailbox *
writer_reports(struct writer *w)
{
	return w->out;
}

void
writer_stop(struct writer *w)
{
	atomic_store(&w->stop, true);
	(void)eventfd_write(w->wake, 1);
	// Full means that it is not waiting, and sees the flag.
	(void)mailbox_post(w->in, &w->stop_mark);
}

void
writer_join(struct writer *w, struct work_list *left)
{
	STAILQ_INIT(left);
	(void)pthread_join(w->thread, NULL);
	STAILQ_CONCAT(left, &w->batch);
	STAILQ_CONCAT(left, &w->rest);
	while (mailbox_count(w->in) > 0) {
		struct work *work = mailbox_take(w->in);
		if (work != &w->stop_mark)
			STAILQ_INSERT_TAIL(left, work, next);
	}
	mailbox_free(w->in);
	mailbox_free(w->out);
	(void)close(w->wake);
	free(w);
}

void
writer_abandon(struct writer *w)
{
	log_warnx(
	    "store", "the %s writer hangs; what it holds may be lost", w->ops->name);
	(void)pthread_detach(w->thread);
}
