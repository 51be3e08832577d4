// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See names.h. A query waits in a list until one of the threads is free; the thread
// posts its job into one mailbox and ends. The mailbox belongs to the loop and to every
// thread that runs: the last of them frees it, so that nobody waits for a resolver that
// hangs. The loop alone touches queries; a thread sees its job only.
#include "lib/names.h"

#include <sys/queue.h>

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mailbox.h"
#include "lib/mem.h"

enum {
	STACK_BYTES = 256 * 1024 // getaddrinfo and the plug-ins of nsswitch.conf
};

struct meeting {
	atomic_uint users; // the loop, and each thread that runs
	struct mailbox *answers;
};

struct job {
	struct meeting *meeting;
	struct names_query *query; // the loop's
	char *name;
	struct names_answer answer;
};

struct names_query {
	TAILQ_ENTRY(names_query) entry; // while it waits
	struct names *names;
	char *name;
	names_done *done; // NULL = cancelled while its thread runs
	void *arg;
	bool running;
};

struct names {
	struct loop *loop;
	unsigned at_once, running;
	struct meeting *meeting;
	struct loop_watch *watch;
	TAILQ_HEAD(, names_query) waiting;
	TAILQ_HEAD(, names_query) under_way;
};

static void
job_free(struct job *j)
{
	free(j->name);
	free(j);
}

static void
meeting_leave(struct meeting *m)
{
	struct job *j;
	if (atomic_fetch_sub(&m->users, 1) > 1)
		return;
	while ((j = mailbox_take(m->answers)))
		job_free(j);
	mailbox_free(m->answers);
	free(m);
}

static void
look_up(const char *name, int flags, struct names_answer *out)
{
	const struct addrinfo hints = { .ai_flags = flags, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	*out = (struct names_answer){ 0 };
	out->error = getaddrinfo(name, NULL, &hints, &found);
	if (out->error == 0 && found->ai_addrlen <= sizeof out->address) {
		memcpy(&out->address, found->ai_addr, found->ai_addrlen);
		out->len = found->ai_addrlen;
	} else if (out->error == 0) {
		out->error = EAI_FAMILY;
	}
	if (found)
		freeaddrinfo(found);
}

static void *
run(void *arg)
{
	struct job *j = arg;
	struct meeting *m = j->meeting;
	look_up(j->name, AI_ADDRCONFIG, &j->answer);
	// There is room for every thread that may run.
	wr_assert(mailbox_post(m->answers, j) == 0);
	meeting_leave(m);
	return NULL;
}

// Signals are the main loop's: the thread is born with all of them blocked.
static int
start_thread(struct job *j)
{
	sigset_t all, before;
	pthread_attr_t how;
	pthread_t thread;
	wr_assert(pthread_attr_init(&how) == 0);
	(void)pthread_attr_setdetachstate(&how, PTHREAD_CREATE_DETACHED);
	(void)pthread_attr_setstacksize(&how, STACK_BYTES);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int e = pthread_create(&thread, &how, run, j);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&how);
	return e;
}

static void
start(struct names *n, struct names_query *q)
{
	struct job *j = xcalloc(1, sizeof *j);
	*j =
	    (struct job){ .meeting = n->meeting, .query = q, .name = xstrdup(q->name) };
	TAILQ_REMOVE(&n->waiting, q, entry);
	TAILQ_INSERT_TAIL(&n->under_way, q, entry);
	q->running = true;
	n->running++;
	(void)atomic_fetch_add(&n->meeting->users, 1);
	if (start_thread(j) == 0)
		return;
	j->answer.error = EAI_MEMORY;
	wr_assert(mailbox_post(n->meeting->answers, j) == 0);
	(void)atomic_fetch_sub(&n->meeting->users, 1);
}

static void
start_more(struct names *n)
{
	struct names_query *q;
	while (n->running < n->at_once && (q = TAILQ_FIRST(&n->waiting)))
		start(n, q);
}

static void
query_free(struct names_query *q)
{
	free(q->name);
	free(q);
}

static void
on_answers(void *arg)
{
	struct names *n = arg;
	struct job *j = mailbox_take(n->meeting->answers);
	if (!j)
		return;
	struct names_query q = *j->query;
	TAILQ_REMOVE(&n->under_way, j->query, entry);
	query_free(j->query);
	n->running--;
	start_more(n);
	struct names_answer a = j->answer;
	job_free(j);
	if (q.done)
		q.done(q.arg, &a); // may free n
}

struct names *
names_new(struct loop *l, unsigned at_once)
{
	struct names *n = xcalloc(1, sizeof *n);
	n->loop = l;
	n->at_once = at_once;
	n->meeting = xcalloc(1, sizeof *n->meeting);
	atomic_init(&n->meeting->users, 1);
	n->meeting->answers = mailbox_new(at_once);
	TAILQ_INIT(&n->waiting);
	TAILQ_INIT(&n->under_way);
	n->watch = loop_watch_mailbox(l, n->meeting->answers, LOOP_BUS, on_answers, n);
	return n;
}

void
names_free(struct names *n)
{
	struct names_query *q;
	if (!n)
		return;
	loop_unwatch(n->watch);
	while ((q = TAILQ_FIRST(&n->waiting))) {
		TAILQ_REMOVE(&n->waiting, q, entry);
		query_free(q);
	}
	while ((q = TAILQ_FIRST(&n->under_way))) {
		TAILQ_REMOVE(&n->under_way, q, entry);
		query_free(q);
	}
	meeting_leave(n->meeting);
	free(n);
}

struct names_query *
names_ask(struct names *n, const char *name, names_done *done, void *arg)
{
	struct names_query *q = xcalloc(1, sizeof *q);
	*q = (struct names_query){
		.names = n, .name = xstrdup(name), .done = done, .arg = arg
	};
	TAILQ_INSERT_TAIL(&n->waiting, q, entry);
	start_more(n);
	return q;
}

void
names_cancel(struct names_query *q)
{
	if (q->running) {
		q->done = NULL;
		return;
	}
	TAILQ_REMOVE(&q->names->waiting, q, entry);
	query_free(q);
}

bool
names_numeric(const char *text, struct names_answer *out)
{
	look_up(text, AI_NUMERICHOST, out);
	return out->error == 0;
}
