// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See read_thread.h. The loop's side keeps a list of questions beyond the mailbox, so
// that asking never fails and never waits; the number is bounded by the consoles'
// connections. Opens its files when first asked, and again after an error or where
// another file was put in the place of one; files that cannot be written now are opened
// for each question. The loop is
// held (virtual time stands still) while an answer is owed. It refuses nothing but late
// answers: those are cut off by the reader's deadline.
#include "store/read_thread.h"

#include <sys/queue.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "lib/log.h"
#include "lib/mailbox.h"
#include "lib/mem.h"
#include "store/reader.h"

enum {
	WINDOW = 64
};

struct question {
	STAILQ_ENTRY(question) next;
	store_job *job;
	void (*done)(void *arg, int result);
	void *arg;
	int result;
};

struct read_thread {
	struct loop *loop;
	struct loop_watch *watch;
	struct mailbox *in, *out;
	STAILQ_HEAD(question_list, question) waiting;
	unsigned asked; // in the thread's hands
	pthread_t thread;
	atomic_bool stop; // what is left is not answered any more
	char *directory;
	struct question end; // the last one it takes
};

static struct reader *
reopen(const struct read_thread *t)
{
	struct err err = { 0 };
	struct reader *r = reader_open(t->directory, &err);
	if (r == NULL)
		log_warnx("store", "reader: %s", err.text);
	return r;
}

static int
answer(struct reader *r, const struct question *q)
{
	struct err err = { 0 };
	int result = reader_begin_job(r, &err);
	if (result == 0)
		result = q->job(r, q->arg);
	else
		log_warnx("store", "reader: %s", err.text);
	reader_end_job(r);
	return result;
}

static void *
run(void *arg)
{
	struct read_thread *t = arg;
	struct reader *r = NULL;
	struct question *q;
	while ((q = mailbox_wait(t->in, -1)) != &t->end) {
		if (q == NULL)
			continue;
		bool stop = atomic_load(&t->stop);
		if (r != NULL && reader_stale(r, t->directory)) {
			reader_close(r);
			r = NULL;
		}
		if (r == NULL && !stop)
			r = reopen(t);
		q->result = r == NULL || stop ? -1 : answer(r, q);
		if (r != NULL && (q->result != 0 || r->passing)) {
			reader_close(r);
			r = NULL;
		}
		// There is room for as many as may be asked.
		wr_assert(mailbox_post(t->out, q) == 0);
	}
	reader_close(r);
	return NULL;
}

static void
pump(struct read_thread *t)
{
	struct question *q;
	while (t->asked < WINDOW && (q = STAILQ_FIRST(&t->waiting)) != NULL) {
		STAILQ_REMOVE_HEAD(&t->waiting, next);
		wr_assert(mailbox_post(t->in, q) == 0);
		t->asked++;
	}
}

static void
finish(struct read_thread *t, struct question *q)
{
	loop_release(t->loop);
	q->done(q->arg, q->result);
	free(q);
}

static void
on_answers(void *arg)
{
	struct read_thread *t = arg;
	struct question *q;
	while ((q = mailbox_take(t->out)) != NULL) {
		t->asked--;
		pump(t);
		finish(t, q);
	}
}

struct read_thread *
read_thread_start(const char *directory, struct loop *loop)
{
	struct read_thread *t = xcalloc(1, sizeof(*t));
	t->loop = loop;
	t->directory = xstrdup(directory);
	t->in = mailbox_new(WINDOW + 1);
	t->out = mailbox_new(WINDOW);
	STAILQ_INIT(&t->waiting);
	t->watch = loop_watch_mailbox(loop, t->out, LOOP_CONSOLE, on_answers, t);
	if (pthread_create(&t->thread, NULL, run, t) != 0)
		fatal("store", "cannot start the reader");
	(void)pthread_setname_np(t->thread, "reader");
	return t;
}

void
read_thread_stop(struct read_thread *t)
{
	if (t == NULL)
		return;
	loop_unwatch(t->watch);
	atomic_store(&t->stop, true);
	wr_assert(mailbox_post(t->in, &t->end) == 0);
	(void)pthread_join(t->thread, NULL);
	struct question *q;
	while ((q = mailbox_take(t->out)) != NULL)
		finish(t, q);
	while ((q = STAILQ_FIRST(&t->waiting)) != NULL) {
		STAILQ_REMOVE_HEAD(&t->waiting, next);
		q->result = -1;
		finish(t, q);
	}
	mailbox_free(t->in);
	mailbox_free(t->out);
	free(t->directory);
	free(t);
}

void
read_thread_ask(struct read_thread *t, store_job *job,
    void (*done)(void *arg, int result), void *arg)
{
	if (atomic_load(&t->stop)) {
		done(arg, -1);
		return;
	}
	struct question *q = xcalloc(1, sizeof(*q));
	q->job = job;
	q->done = done;
	q->arg = arg;
	loop_hold(t->loop);
	STAILQ_INSERT_TAIL(&t->waiting, q, next);
	pump(t);
}
