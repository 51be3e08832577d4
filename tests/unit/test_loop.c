// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The loop: order and re-arming of timers, virtual time (a month in seconds), what
// holds it, watched descriptors, mailboxes and signals. Real time is only waited for by
// condition, with a deadline.
#include <sys/socket.h>

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/loop.h"
#include "lib/mailbox.h"
#include "test.h"

enum {
	SECOND = 1000,
	MINUTE = 60 * SECOND,
	DEADLINE = 20 * SECOND
};

static const int64_t DAY = INT64_C(24) * 60 * MINUTE;

struct rig {
	struct clock clock;
	struct loop *loop;
	char log[64]; // names of timers in the order they ran
	size_t n;
	struct loop_timer timers[8];
	struct loop_timer end;
	int64_t ran_at_ms;
};

struct named {
	struct rig *rig;
	char name;
	int64_t again_ms; // re-arms after this, 0 = not
	struct loop_timer *stops;
};

static void
on_named(void *arg)
{
	struct named *a = arg;
	struct rig *r = a->rig;
	assert_true(r->n < sizeof r->log - 1);
	r->log[r->n++] = a->name;
	r->ran_at_ms = loop_now_ms(r->loop);
	if (a->stops)
		loop_timer_stop(r->loop, a->stops);
	if (a->again_ms)
		loop_timer_in(r->loop, &r->timers[a->name - 'a'], a->again_ms);
}

static void
on_end(void *arg)
{
	loop_stop(((struct rig *)arg)->loop);
}

static struct rig *
rig_new(bool virtual_time)
{
	struct rig *r = calloc(1, sizeof *r);
	assert_non_null(r);
	clock_virtual_init(&r->clock, 5000, INT64_C(1767225600000));
	r->loop = loop_new(virtual_time ? &r->clock : clock_real());
	loop_timer_init(&r->end, on_end, r);
	return r;
}

static void
rig_free(struct rig *r)
{
	loop_free(r->loop);
	free(r);
}

static void
rig_arm(struct rig *r, struct named *a, int64_t delay_ms)
{
	struct loop_timer *t = &r->timers[a->name - 'a'];
	a->rig = r;
	loop_timer_init(t, on_named, a);
	loop_timer_in(r->loop, t, delay_ms);
}

static void
rig_run(struct rig *r, int64_t ms)
{
	loop_timer_in(r->loop, &r->end, ms);
	assert_int_equal(loop_run(r->loop), 0);
}

static void
timers_run_in_order_of_time_then_of_arming(void **state)
{
	(void)state;
	struct rig *r = rig_new(true);
	struct named a = { .name = 'a' }, b = { .name = 'b' }, c = { .name = 'c' },
		     d = { .name = 'd' };
	rig_arm(r, &c, 20);
	rig_arm(r, &a, 10);
	rig_arm(r, &b, 10);
	rig_arm(r, &d, 20);
	rig_run(r, 100);
	assert_string_equal(r->log, "abcd");
	assert_int_equal(r->ran_at_ms, 5020);
	assert_int_equal(loop_now_ms(r->loop), 5100);
	assert_int_equal(loop_utc_ms(r->loop), INT64_C(1767225600100));
	rig_free(r);
}

static void
random_timers_run_in_order(void **state)
{
	(void)state;
	struct rig *r = rig_new(true);
	enum {
		N = 2000
	};
	struct loop_timer *t = calloc(N, sizeof *t);
	assert_non_null(t);
	uint32_t seed = 12345;
	for (size_t round = 0; round < 3; round++) {
		for (size_t i = 0; i < N; i++) {
			seed = seed * 1664525 + 1013904223;
			if (!loop_timer_armed(&t[i]))
				loop_timer_init(&t[i], on_end, r);
			loop_timer_in(r->loop, &t[i], 1 + (seed >> 16) % 5000);
			if (seed % 7 == 0)
				loop_timer_stop(r->loop, &t[i]);
		}
	}
	size_t armed = 0, ran = 0;
	for (size_t i = 0; i < N; i++)
		armed += loop_timer_armed(&t[i]);
	for (int64_t before = 0; ran < armed; ran++) {
		// Each run ends at the next timer: on_end stops the loop.
		assert_int_equal(loop_run(r->loop), 0);
		assert_true(loop_now_ms(r->loop) >= before);
		before = loop_now_ms(r->loop);
	}
	for (size_t i = 0; i < N; i++)
		assert_false(loop_timer_armed(&t[i]));
	free(t);
	rig_free(r);
}

static void
rearming_within_the_callback_waits_for_the_next_round(void **state)
{
	(void)state;
	struct rig *r = rig_new(true);
	struct named a = { .name = 'a', .again_ms = 30 }, b = { .name = 'b' };
	rig_arm(r, &a, 30);
	rig_arm(r, &b, 65);
	rig_run(r, 100);
	assert_string_equal(r->log, "aaba");
	assert_true(loop_timer_armed(&r->timers[0]));
	loop_timer_stop(r->loop, &r->timers[0]);
	rig_free(r);
}

static int greedy_ran;

static void
on_greedy(void *arg)
{
	struct rig *r = arg;
	assert_true(greedy_ran++ < 1000);         // else it starves the others
	loop_timer_at(r->loop, &r->timers[0], 0); // the past, again and again
}

static void
a_timer_that_asks_for_the_past_starves_nobody(void **state)
{
	(void)state;
	struct rig *r = rig_new(true);
	struct named b = { .name = 'b' };
	greedy_ran = 0;
	loop_timer_init(&r->timers[0], on_greedy, r);
	loop_timer_at(r->loop, &r->timers[0], 0);
	rig_arm(r, &b, 0);
	rig_run(r, 0);
	assert_string_equal(r->log, "b");
	assert_in_range(greedy_ran, 1, 3);
	loop_timer_stop(r->loop, &r->timers[0]);
	rig_free(r);
}

static void
a_timer_stopped_within_a_callback_does_not_run(void **state)
{
	(void)state;
	struct rig *r = rig_new(true);
	struct named b = { .name = 'b' }, c = { .name = 'c' };
	struct named a = { .name = 'a', .stops = &r->timers[1] };
	rig_arm(r, &a, 10);
	rig_arm(r, &b, 10); // same round as a
	rig_arm(r, &c, 20);
	rig_run(r, 50);
	assert_string_equal(r->log, "ac");
	assert_false(loop_timer_armed(&r->timers[1]));
	rig_free(r);
}

static void
moving_a_timer_keeps_one_of_it(void **state)
{
	(void)state;
	struct rig *r = rig_new(true);
	struct named a = { .name = 'a' }, b = { .name = 'b' };
	rig_arm(r, &a, 10);
	rig_arm(r, &b, 20);
	loop_timer_in(r->loop, &r->timers[0], 30);
	loop_timer_in(r->loop, &r->timers[1], 5);
	rig_run(r, 50);
	assert_string_equal(r->log, "ba");
	rig_free(r);
}

static int month_ticks;
static struct loop_timer seconds_timer;

static void
on_second(void *arg)
{
	struct rig *r = arg;
	month_ticks++;
	loop_timer_in(r->loop, &seconds_timer, SECOND);
}

static double
monotonic_s(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
cpu_s(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
a_month_of_seconds_takes_seconds(void **state)
{
	(void)state;
	struct rig *r = rig_new(true);
	month_ticks = 0;
	loop_timer_init(&seconds_timer, on_second, r);
	loop_timer_in(r->loop, &seconds_timer, SECOND);
	double from = cpu_s(); // a busy machine proves nothing
	rig_run(r, 30 * DAY + 1);
	double took = cpu_s() - from;
	assert_int_equal(month_ticks, 30 * 24 * 60 * 60);
	print_message("a month of virtual time: %.2f s of CPU\n", took);
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
	assert_true(took < 2.0);
#endif
	loop_timer_stop(r->loop, &seconds_timer);
	rig_free(r);
}

struct chatter {
	struct rig *rig;
	struct mailbox *box, *work;
	pthread_t thread;
	int taken;
	int64_t at_ms;
};

// A worker that is asked by the running loop, and answers it.
static void *
answer_work(void *arg)
{
	struct chatter *c = arg;
	void *work = mailbox_wait(c->work, DEADLINE);
	assert_non_null(work);
	assert_int_equal(mailbox_post(c->box, work), 0);
	return NULL;
}

static void
on_ask(void *arg)
{
	struct chatter *c = arg;
	static char message;
	loop_hold(c->rig->loop);
	assert_int_equal(mailbox_post(c->work, &message), 0);
}

static void
on_mail(void *arg)
{
	struct chatter *c = arg;
	while (mailbox_take(c->box))
		c->taken++;
	c->at_ms = loop_now_ms(c->rig->loop);
	loop_release(c->rig->loop);
}

static void
virtual_time_stands_still_while_held(void **state)
{
	(void)state;
	struct rig *r = rig_new(true);
	struct chatter c = { .rig = r, .box = mailbox_new(4), .work = mailbox_new(4) };
	struct loop_watch *w =
	    loop_watch_mailbox(r->loop, c.box, LOOP_BUS, on_mail, &c);
	loop_timer_init(&r->timers[0], on_ask, &c);
	loop_timer_in(r->loop, &r->timers[0], 0);
	assert_int_equal(pthread_create(&c.thread, NULL, answer_work, &c), 0);
	rig_run(r, DAY);
	assert_int_equal(pthread_join(c.thread, NULL), 0);
	assert_int_equal(c.taken, 1);
	assert_int_equal(c.at_ms, 5000); // the day had not begun
	assert_int_equal(loop_now_ms(r->loop), 5000 + DAY);
	loop_unwatch(w);
	mailbox_free(c.box);
	mailbox_free(c.work);
	rig_free(r);
}

struct reader {
	struct rig *rig;
	int fd;
	size_t got;
	struct loop_watch *watch;
	int64_t at_ms;
};

static void
on_readable(void *arg)
{
	struct reader *r = arg;
	char bytes[16];
	ssize_t n = read(r->fd, bytes, sizeof bytes);
	assert_true(n > 0);
	r->got += (size_t)n;
	r->at_ms = loop_now_ms(r->rig->loop);
	if (bytes[n - 1] == 'q') {
		loop_unwatch(r->watch); // within its own callback
		r->watch = NULL;
	}
}

static void
virtual_time_waits_for_what_is_ready(void **state)
{
	(void)state;
	struct rig *r = rig_new(true);
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	struct reader reader = { .rig = r, .fd = pair[0] };
	reader.watch =
	    loop_watch_read(r->loop, pair[0], LOOP_ALARM, on_readable, &reader);
	assert_int_equal(write(pair[1], "xxxxxxxxxxxxxxxxxxxxq", 21), 21);
	rig_run(r, MINUTE);
	assert_int_equal(reader.got, 21);
	assert_int_equal(reader.at_ms, 5000);
	assert_null(reader.watch);
	(void)close(pair[0]);
	(void)close(pair[1]);
	rig_free(r);
}

static void
on_bytes_end(void *arg)
{
	struct reader *r = arg;
	loop_stop(r->rig->loop);
}

static void
a_timer_that_never_rests_leaves_room_for_descriptors(void **state)
{
	(void)state;
	struct rig *r = rig_new(true);
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	struct reader reader = { .rig = r, .fd = pair[0] };
	reader.watch =
	    loop_watch_read(r->loop, pair[0], LOOP_CONSOLE, on_bytes_end, &reader);
	assert_int_equal(write(pair[1], "x", 1), 1);
	greedy_ran = 0;
	loop_timer_init(&r->timers[0], on_greedy, r);
	loop_timer_at(r->loop, &r->timers[0], 0);
	assert_int_equal(loop_run(r->loop), 0);
	assert_in_range(greedy_ran, 1, 3);
	loop_timer_stop(r->loop, &r->timers[0]);
	loop_unwatch(reader.watch);
	(void)close(pair[0]);
	(void)close(pair[1]);
	rig_free(r);
}

static int writable_calls;

static void
on_writable(void *arg)
{
	struct reader *r = arg;
	writable_calls++;
	loop_unwatch(r->watch);
	r->watch = NULL;
	loop_stop(r->rig->loop);
}

static void
writable_is_seen(void **state)
{
	(void)state;
	struct rig *r = rig_new(false);
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	struct reader reader = { .rig = r, .fd = pair[0] };
	writable_calls = 0;
	reader.watch =
	    loop_watch_write(r->loop, pair[0], LOOP_BUS, on_writable, &reader);
	rig_run(r, DEADLINE);
	assert_int_equal(writable_calls, 1);
	loop_timer_stop(r->loop, &r->end);
	(void)close(pair[0]);
	(void)close(pair[1]);
	rig_free(r);
}

static void
real_timers_come_in_time(void **state)
{
	(void)state;
	struct rig *r = rig_new(false);
	struct named a = { .name = 'a' }, b = { .name = 'b' };
	int64_t from = loop_now_ms(r->loop);
	rig_arm(r, &a, 30);
	rig_arm(r, &b, 10);
	rig_run(r, 50);
	assert_string_equal(r->log, "ba");
	assert_true(r->ran_at_ms >= from + 30);
	int64_t end = loop_now_ms(r->loop);
	assert_true(end >= from + 50 && end < from + DEADLINE);
	rig_free(r);
}

static void
on_slow(void *arg)
{
	(void)arg;
	struct timespec t;
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	int64_t from = t.tv_sec * 1000000 + t.tv_nsec / 1000;
	do {
		(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	} while (t.tv_sec * 1000000 + t.tv_nsec / 1000 < from + 20000);
}

static void
i1_lag_is_measured(void **state)
{
	(void)state;
	struct rig *r = rig_new(false);
	struct named b = { .name = 'b' };
	(void)loop_take_lag(r->loop);
	loop_timer_init(&r->timers[0], on_slow, NULL);
	loop_timer_in(r->loop, &r->timers[0], 1);
	rig_arm(r, &b, 5); // is late by what the slow one took
	rig_run(r, 100);
	struct loop_lag lag = loop_take_lag(r->loop);
	assert_true(lag.callback_us >= 20000);
	assert_true(lag.late_ms >= 10);
	lag = loop_take_lag(r->loop);
	assert_int_equal(lag.callback_us, 0);
	assert_int_equal(lag.late_ms, 0);
	rig_free(r);
}

static void
signals_arrive_as_callbacks(void **state)
{
	(void)state;
	struct rig *r = rig_new(false);
	struct loop_watch *w = loop_watch_signal(r->loop, SIGUSR1, on_end, r);
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
	double from = monotonic_s();
	rig_run(r, DEADLINE);
	assert_true(monotonic_s() - from < DEADLINE / 1000.0);
	assert_true(loop_timer_armed(&r->end)); // it was the signal that ended it
	loop_timer_stop(r->loop, &r->end);
	loop_unwatch(w);
	rig_free(r);
}

static void
run_ready_never_advances_the_clock(void **state)
{
	(void)state;
	struct rig *r = rig_new(true);
	struct named a = { .name = 'a' }, b = { .name = 'b' };
	rig_arm(r, &a, 0);
	rig_arm(r, &b, 1);
	loop_run_ready(r->loop);
	assert_string_equal(r->log, "a");
	clock_virtual_advance(&r->clock, 1);
	loop_run_ready(r->loop);
	assert_string_equal(r->log, "ab");
	rig_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_run_in_order_of_time_then_of_arming),
		cmocka_unit_test(random_timers_run_in_order),
		cmocka_unit_test(rearming_within_the_callback_waits_for_the_next_round),
		cmocka_unit_test(a_timer_that_asks_for_the_past_starves_nobody),
		cmocka_unit_test(a_timer_stopped_within_a_callback_does_not_run),
		cmocka_unit_test(moving_a_timer_keeps_one_of_it),
		cmocka_unit_test(a_month_of_seconds_takes_seconds),
		cmocka_unit_test(virtual_time_stands_still_while_held),
		cmocka_unit_test(virtual_time_waits_for_what_is_ready),
		cmocka_unit_test(a_timer_that_never_rests_leaves_room_for_descriptors),
		cmocka_unit_test(writable_is_seen),
		cmocka_unit_test(real_timers_come_in_time),
		cmocka_unit_test(i1_lag_is_measured),
		cmocka_unit_test(signals_arrive_as_callbacks),
		cmocka_unit_test(run_ready_never_advances_the_clock),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
