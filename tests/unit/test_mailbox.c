// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The mailbox: order, the answer "full", the descriptor that is readable exactly while
// there is something, and many threads posting to one (run it under the thread
// sanitizer).
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "lib/loop.h"
#include "lib/mailbox.h"
#include "test.h"

enum {
	POSTERS = 4,
	EACH = 20000,
	DEADLINE_MS = 60000
};

static bool
readable(struct mailbox *m)
{
	struct pollfd p = { .fd = mailbox_fd(m), .events = POLLIN };
	return poll(&p, 1, 0) == 1;
}

static void
oldest_first_and_full_is_an_answer(void **state)
{
	(void)state;
	struct mailbox *m = mailbox_new(3);
	int n[4];
	assert_null(mailbox_take(m));
	for (int round = 0; round < 5; round++) { // round the ring
		assert_false(readable(m));
		for (int i = 0; i < 3; i++)
			assert_int_equal(mailbox_post(m, &n[i]), 0);
		errno = 0;
		assert_int_equal(mailbox_post(m, &n[3]), -1);
		assert_int_equal(errno, EAGAIN);
		assert_int_equal(mailbox_count(m), 3);
		assert_true(readable(m));
		assert_ptr_equal(mailbox_take(m), &n[0]);
		assert_ptr_equal(mailbox_take(m), &n[1]);
		assert_true(readable(m));
		assert_int_equal(mailbox_post(m, &n[3]), 0);
		assert_ptr_equal(mailbox_take(m), &n[2]);
		assert_ptr_equal(mailbox_take(m), &n[3]);
		assert_null(mailbox_take(m));
	}
	assert_int_equal(mailbox_capacity(m), 3);
	assert_null(mailbox_wait(m, 1));
	mailbox_free(m);
	mailbox_free(NULL);
}

struct letter {
	int poster, number;
};

struct poster {
	struct mailbox *box;
	int id;
	pthread_t thread;
};

static void *
post_many(void *arg)
{
	struct poster *p = arg;
	for (int i = 0; i < EACH; i++) {
		struct letter *l = malloc(sizeof *l);
		assert_non_null(l);
		*l = (struct letter){ p->id, i };
		while (mailbox_post(p->box, l) != 0)
			(void)sched_yield();
	}
	return NULL;
}

// Checks that each poster's letters come in order; returns false after the last.
struct tally {
	int next[POSTERS];
	int total;
};

static void
take_letter(struct tally *t, struct letter *l)
{
	assert_int_equal(l->number, t->next[l->poster]);
	t->next[l->poster]++;
	t->total++;
	free(l);
}

static void
start(struct poster p[POSTERS], struct mailbox *m)
{
	for (int i = 0; i < POSTERS; i++) {
		p[i] = (struct poster){ .box = m, .id = i };
		assert_int_equal(
		    pthread_create(&p[i].thread, NULL, post_many, &p[i]), 0);
	}
}

static void
join(struct poster p[POSTERS])
{
	for (int i = 0; i < POSTERS; i++)
		assert_int_equal(pthread_join(p[i].thread, NULL), 0);
}

static void
many_threads_to_one_that_waits(void **state)
{
	(void)state;
	struct mailbox *m = mailbox_new(64);
	struct poster posters[POSTERS];
	struct tally t = { 0 };
	start(posters, m);
	while (t.total < POSTERS * EACH) {
		struct letter *l = mailbox_wait(m, DEADLINE_MS);
		assert_non_null(l);
		take_letter(&t, l);
	}
	join(posters);
	assert_false(readable(m));
	mailbox_free(m);
}

struct receiver {
	struct loop *loop;
	struct mailbox *box;
	struct tally tally;
};

static void
on_letters(void *arg)
{
	struct receiver *r = arg;
	struct letter *l;
	while ((l = mailbox_take(r->box)))
		take_letter(&r->tally, l);
	if (r->tally.total == POSTERS * EACH)
		loop_stop(r->loop);
}

static void
on_deadline(void *arg)
{
	loop_stop(arg);
}

static void
many_threads_to_a_loop(void **state)
{
	(void)state;
	struct receiver r = { .loop = loop_new(clock_real()), .box = mailbox_new(64) };
	struct loop_watch *w =
	    loop_watch_mailbox(r.loop, r.box, LOOP_BUS, on_letters, &r);
	struct loop_timer deadline;
	loop_timer_init(&deadline, on_deadline, r.loop);
	loop_timer_in(r.loop, &deadline, DEADLINE_MS);
	struct poster posters[POSTERS];
	start(posters, r.box);
	assert_int_equal(loop_run(r.loop), 0);
	assert_int_equal(r.tally.total, POSTERS * EACH);
	join(posters);
	loop_timer_stop(r.loop, &deadline);
	loop_unwatch(w);
	mailbox_free(r.box);
	loop_free(r.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(oldest_first_and_full_is_an_answer),
		cmocka_unit_test(many_threads_to_one_that_waits),
		cmocka_unit_test(many_threads_to_a_loop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
