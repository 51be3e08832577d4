// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Rounds over libevent: run the timers that are due, then whatever descriptors are
// ready, and so on. Timers live in timers.c on the loop's clock; libevent only holds
// one alarm for the earliest of them. With a virtual clock nothing of libevent's time
// is used: when a round finds nothing to do and nothing is held, the clock jumps to the
// next timer. A loop belongs to the thread that runs it; it refuses to be called from
// another (mailboxes are for that).
#include "lib/loop.h"

#include <sys/queue.h>

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <time.h>

#include "lib/mailbox.h"
#include "lib/mem.h"
#include "lib/timers.h"

enum {
	PRIORITIES = 3,
	// After this many callbacks or microseconds at a lower priority, libevent looks
	// again for something more urgent.
	DISPATCH_CALLBACKS = 64,
	DISPATCH_US = 5000,
	// After so long of the bus without a pause the console has a turn; it has ended
	// when nothing of the bus came in a look, after so many looks, and after so
	// long.
	BUS_TURN_US = 10000,
	CONSOLE_LOOKS = 8,
	CONSOLE_TURN_MS = 5,
	READY_ROUNDS_MAX = 100000,
	SHORT_US = 1000, // a fifth of what a callback may take (I1)
};

// The longest callback, in CPU time. The thread's own clock is a system call, three a
// poll and a fifth of what a poll costs, where real time is none. A callback cannot
// have used more CPU than real time went by: only one that took longer than all before
// it, and longer than SHORT_US, is held against the thread's clock.
struct stopwatch {
	int64_t cpu_us;   // the thread's clock when it was last read
	int64_t since_us; // of real time, in callbacks since
	bool stale;       // what the thread did between callbacks would be counted too
};

// The time of the round, taken when it is first asked for.
struct round_time {
	bool running, taken;
	int64_t mono_ms, utc_ms;
};

// What the bus has to say while the console has its turn waits here, in order.
struct bus_turn {
	TAILQ_HEAD(deferred_list, loop_watch) deferred;
	int64_t used_us;   // by the bus since the console's last turn
	unsigned looks;    // of the console's turn; 0 = it is the bus's
	struct event *end; // of the turn
	bool came;         // something of the bus, in this look
};

struct loop {
	struct event_base *base;
	struct clock *clock;
	struct round_time *time; // apart, so that asking is const
	struct timers timers;
	struct event *tick;  // real clock: armed for the earliest timer
	int64_t tick_due_ms; // -1 = not armed
	unsigned held;
	bool stop;
	struct loop_lag lag;
	struct stopwatch watch;
	struct bus_turn bus;
	LIST_HEAD(watches, loop_watch) watches;
};

struct loop_watch {
	struct event event; // within: one place in memory less to go to
	struct loop *loop;
	loop_fn *fn;
	void *arg;
	bool of_bus, waits;
	LIST_ENTRY(loop_watch) entry;
	TAILQ_ENTRY(loop_watch) turn; // while it waits
};

static void
take_time(const struct loop *l)
{
	struct round_time *t = l->time;
	if (t->taken && !l->clock->virtual_time)
		return;
	t->mono_ms = l->clock->mono_ms(l->clock);
	t->utc_ms = l->clock->utc_ms(l->clock);
	t->taken = t->running;
}

int64_t
loop_now_ms(const struct loop *l)
{
	take_time(l);
	return l->time->mono_ms;
}

int64_t
loop_utc_ms(const struct loop *l)
{
	take_time(l);
	return l->time->utc_ms;
}

struct clock *
loop_clock(struct loop *l)
{
	return l->clock;
}

struct event_base *
loop_base(struct loop *l)
{
	return l->base;
}

static int64_t
read_us(clockid_t id)
{
	struct timespec t;
	(void)clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

// With a virtual clock real time has to do: a simulated month has millions of
// callbacks.
static bool
measures_cpu(const struct loop *l)
{
	return !l->clock->virtual_time;
}

// A callback begins; the first after a pause of the thread reads its clock.
static int64_t
begin_callback(struct loop *l)
{
	struct stopwatch *w = &l->watch;
	if (w->stale && measures_cpu(l)) {
		*w = (struct stopwatch){ .cpu_us = read_us(CLOCK_THREAD_CPUTIME_ID) };
	}
	return read_us(CLOCK_MONOTONIC);
}

// Counts a callback that began at `from_us`; returns when it ended.
static int64_t
count_callback(struct loop *l, int64_t from_us)
{
	struct stopwatch *w = &l->watch;
	int64_t now = read_us(CLOCK_MONOTONIC), took = now - from_us;
	if (took > SHORT_US && took > l->lag.callback_us && measures_cpu(l)) {
		int64_t cpu = read_us(CLOCK_THREAD_CPUTIME_ID);
		int64_t used = cpu - w->cpu_us - w->since_us;
		if (used < took)
			took = used;
		*w = (struct stopwatch){ .cpu_us = cpu };
	} else {
		w->since_us += took;
	}
	if (took > l->lag.callback_us)
		l->lag.callback_us = took;
	return now;
}

int64_t
loop_callback_begins(struct loop *l)
{
	return begin_callback(l);
}

void
loop_callback_ends(struct loop *l, int64_t from)
{
	(void)count_callback(l, from);
}

struct loop_lag
loop_take_lag(struct loop *l)
{
	struct loop_lag lag = l->lag;
	l->lag = (struct loop_lag){ 0 };
	return lag;
}

// Runs the timers due now that were armed before this call. Returns whether any ran.
static bool
run_timers(struct loop *l)
{
	int64_t now = loop_now_ms(l);
	uint64_t before = timers_mark(&l->timers);
	struct loop_timer *t = timers_take(&l->timers, now, before);
	if (!t)
		return false;
	int64_t us = begin_callback(l);
	for (; t; t = timers_take(&l->timers, now, before)) {
		// Not the round's time: an earlier timer of it may have been slow.
		int64_t late = l->clock->mono_ms(l->clock) - t->due_ms;
		if (late > l->lag.late_ms)
			l->lag.late_ms = late;
		t->fn(t->arg);
		us = count_callback(l, us);
		if (l->stop)
			break;
	}
	return true;
}

// Real clock: libevent's one alarm follows the earliest timer.
static void
arm_tick(struct loop *l)
{
	int64_t due = timers_next(&l->timers);
	if (l->clock->virtual_time || due < 0 || due == l->tick_due_ms)
		return;
	int64_t wait = due - loop_now_ms(l);
	if (wait < 0)
		wait = 0;
	struct timeval tv = { .tv_sec = (time_t)(wait / 1000),
		.tv_usec = (suseconds_t)(wait % 1000 * 1000) };
	wr_assert(event_add(l->tick, &tv) == 0);
	l->tick_due_ms = due;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct loop *l = arg;
	l->tick_due_ms = -1;
	l->time->taken = false;
	(void)run_timers(l);
	arm_tick(l);
}

static struct event_base *
base_new(bool virtual_time)
{
	struct event_config *c = event_config_new();
	wr_assert(c);
	// Not for virtual time, where each look at the descriptors would set a timerfd.
	if (!virtual_time)
		wr_assert(event_config_set_flag(c, EVENT_BASE_FLAG_PRECISE_TIMER) == 0);
	// One thread per base: no locks needed.
	wr_assert(event_config_set_flag(c, EVENT_BASE_FLAG_NOLOCK) == 0);
	struct timeval most = { .tv_usec = DISPATCH_US };
	wr_assert(event_config_set_max_dispatch_interval(
		      c, &most, DISPATCH_CALLBACKS, LOOP_BUS) == 0);
	struct event_base *base = event_base_new_with_config(c);
	event_config_free(c);
	wr_assert(base);
	wr_assert(event_base_priority_init(base, PRIORITIES) == 0);
	return base;
}

static void
begin_turn(struct bus_turn *bus)
{
	static const struct timeval turn = { .tv_usec = CONSOLE_TURN_MS * 1000 };
	bus->looks = CONSOLE_LOOKS;
	wr_assert(event_add(bus->end, &turn) == 0);
}

static void
end_turn(struct bus_turn *bus)
{
	bus->looks = 0;
	bus->used_us = 0;
	(void)event_del(bus->end);
}

// libevent does not come back by itself while the console has more to do.
static void
on_turn_end(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct loop *l = arg;
	end_turn(&l->bus);
	wr_assert(event_base_loopbreak(l->base) == 0);
}

struct loop *
loop_new(struct clock *clock)
{
	struct loop *l = xcalloc(1, sizeof *l);
	l->clock = clock;
	l->time = xcalloc(1, sizeof *l->time);
	l->base = base_new(clock->virtual_time);
	l->tick_due_ms = -1;
	l->tick = event_new(l->base, -1, 0, on_tick, l);
	wr_assert(l->tick && event_priority_set(l->tick, LOOP_ALARM) == 0);
	l->bus.end = event_new(l->base, -1, 0, on_turn_end, l);
	wr_assert(l->bus.end && event_priority_set(l->bus.end, LOOP_ALARM) == 0);
	LIST_INIT(&l->watches);
	TAILQ_INIT(&l->bus.deferred);
	return l;
}

void
loop_free(struct loop *l)
{
	if (!l)
		return;
	wr_assert(LIST_EMPTY(&l->watches));
	event_free(l->tick);
	event_free(l->bus.end);
	event_base_free(l->base);
	timers_clear(&l->timers);
	free(l->time);
	free(l);
}

static void
call(struct loop_watch *w)
{
	struct loop *l = w->loop; // the callback may free the watch
	int64_t from = begin_callback(l);
	l->time->taken = false;
	w->fn(w->arg);
	(void)count_callback(l, from);
}

// Its share of time is used up: the console's turn. Not in virtual time, where nothing
// takes any.
static void
call_of_bus(struct loop_watch *w)
{
	struct loop *l = w->loop;
	int64_t from = begin_callback(l);
	l->time->taken = false;
	w->fn(w->arg);
	l->bus.used_us += count_callback(l, from) - from;
	if (l->bus.used_us > BUS_TURN_US && measures_cpu(l))
		begin_turn(&l->bus);
}

// Whether something waits.
static bool
run_deferred(struct loop *l)
{
	struct bus_turn *bus = &l->bus;
	struct loop_watch *w;
	while (
	    bus->looks == 0 && !l->stop && (w = TAILQ_FIRST(&bus->deferred)) != NULL) {
		TAILQ_REMOVE(&bus->deferred, w, turn);
		w->waits = false;
		if ((event_get_events(&w->event) & EV_ET) == 0)
			wr_assert(event_add(&w->event, NULL) == 0);
		call_of_bus(w);
	}
	return bus->looks > 0 || !TAILQ_EMPTY(&bus->deferred);
}

// After a look: where nothing of the bus came, the console had its turn.
static void
end_look(struct loop *l)
{
	struct bus_turn *bus = &l->bus;
	if (bus->looks > 0 && (!bus->came || --bus->looks == 0))
		end_turn(bus);
}

// One turn of libevent. Returns 1 where a callback may have run, 0 where none was
// ready, -1 on failure.
static int
poll_base(struct loop *l, bool wait)
{
	l->bus.came = false;
	if (!wait && event_base_get_num_events(l->base,
			 EVENT_BASE_COUNT_ADDED | EVENT_BASE_COUNT_ACTIVE) == 0) {
		end_look(l);
		return 0; // timers only: spare the system call
	}
	(void)event_base_get_max_events(l->base, EVENT_BASE_COUNT_ACTIVE, 1);
	l->time->taken = false;
	l->watch.stale = true;
	int flags = EVLOOP_ONCE | (wait ? EVLOOP_NO_EXIT_ON_EMPTY : EVLOOP_NONBLOCK);
	// A turn that begins in this look has its own looks after it.
	bool turn = l->bus.looks > 0;
	if (event_base_loop(l->base, flags) < 0)
		return -1;
	if (turn)
		end_look(l);
	return event_base_get_max_events(l->base, EVENT_BASE_COUNT_ACTIVE, 1) > 0;
}

// Nothing was ready: a virtual clock moves on, or the loop waits.
static int
go_on(struct loop *l)
{
	int64_t due = timers_next(&l->timers);
	if (!l->clock->virtual_time || l->held > 0 || due < 0) {
		arm_tick(l);
		return poll_base(l, true);
	}
	int64_t now = loop_now_ms(l);
	if (due > now)
		clock_virtual_advance(l->clock, due - now);
	return 0;
}

int
loop_run(struct loop *l)
{
	int result = 0;
	l->stop = false;
	l->time->running = true;
	while (!l->stop && result >= 0) {
		l->time->taken = false;
		bool ran = run_timers(l);
		ran = run_deferred(l) || ran;
		if (l->stop)
			break;
		if (l->clock->virtual_time || ran)
			result = poll_base(l, false);
		else
			result = 0;
		if (result == 0 && !ran && !l->stop)
			result = go_on(l);
	}
	l->time->running = l->time->taken = false;
	return result < 0 ? -1 : 0;
}

void
loop_stop(struct loop *l)
{
	l->stop = true;
	(void)event_base_loopbreak(l->base);
}

void
loop_run_ready(struct loop *l)
{
	l->stop = false;
	l->time->running = true;
	bool ran = true;
	for (int round = 0; ran && !l->stop && round < READY_ROUNDS_MAX; round++) {
		l->time->taken = false;
		ran = run_timers(l);
		ran = run_deferred(l) || ran;
		if (!l->stop && poll_base(l, false) > 0)
			ran = true;
	}
	l->time->running = l->time->taken = false;
}

void
loop_timer_init(struct loop_timer *t, loop_fn *fn, void *arg)
{
	*t = (struct loop_timer){ .fn = fn, .arg = arg };
}

void
loop_timer_at(struct loop *l, struct loop_timer *t, int64_t mono_ms)
{
	wr_assert(t->fn);
	// A time gone by means now: else a timer that keeps asking for the past would
	// go before all others for ever.
	int64_t now = loop_now_ms(l);
	timers_arm(&l->timers, t, mono_ms > now ? mono_ms : now);
	// Not only between rounds: libevent may stay in one for long under a flood.
	if (l->tick_due_ms < 0 || t->due_ms < l->tick_due_ms)
		arm_tick(l);
}

void
loop_timer_in(struct loop *l, struct loop_timer *t, int64_t delay_ms)
{
	int64_t due;
	if (__builtin_add_overflow(loop_now_ms(l), delay_ms, &due))
		due = INT64_MAX;
	loop_timer_at(l, t, due);
}

void
loop_timer_stop(struct loop *l, struct loop_timer *t)
{
	timers_disarm(&l->timers, t);
}

bool
loop_timer_armed(const struct loop_timer *t)
{
	return t->heap_slot != 0;
}

// It is put off. One that is told for as long as something lies there is not asked
// meanwhile, or nothing below it would ever be looked at.
static void
put_off(struct loop_watch *w)
{
	struct bus_turn *bus = &w->loop->bus;
	bus->came = true;
	if (w->waits)
		return;
	w->waits = true;
	TAILQ_INSERT_TAIL(&bus->deferred, w, turn);
	if ((event_get_events(&w->event) & EV_ET) == 0)
		wr_assert(event_del(&w->event) == 0);
}

static void
on_watch(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct loop_watch *w = arg;
	const struct bus_turn *bus = &w->loop->bus;
	if (!w->of_bus)
		call(w);
	else if (bus->looks == 0 && TAILQ_EMPTY(&bus->deferred))
		call_of_bus(w);
	else
		put_off(w);
}

static struct loop_watch *
watch(
    struct loop *l, int fd, short what, enum loop_priority prio, loop_fn *fn, void *arg)
{
	struct loop_watch *w = xcalloc(1, sizeof *w);
	w->loop = l;
	w->of_bus = prio == LOOP_BUS && (what & EV_SIGNAL) == 0;
	w->fn = fn;
	w->arg = arg;
	wr_assert(event_assign(&w->event, l->base, fd, (short)(what | EV_PERSIST),
		      on_watch, w) == 0);
	wr_assert(event_priority_set(&w->event, (int)prio) == 0);
	wr_assert(event_add(&w->event, NULL) == 0);
	LIST_INSERT_HEAD(&l->watches, w, entry);
	return w;
}

struct loop_watch *
loop_watch_read(struct loop *l, int fd, enum loop_priority prio, loop_fn *fn, void *arg)
{
	return watch(l, fd, EV_READ, prio, fn, arg);
}

struct loop_watch *
loop_watch_arrivals(
    struct loop *l, int fd, enum loop_priority prio, loop_fn *fn, void *arg)
{
	return watch(l, fd, EV_READ | EV_ET, prio, fn, arg);
}

struct loop_watch *
loop_watch_write(
    struct loop *l, int fd, enum loop_priority prio, loop_fn *fn, void *arg)
{
	return watch(l, fd, EV_WRITE, prio, fn, arg);
}

struct loop_watch *
loop_watch_signal(struct loop *l, int signo, loop_fn *fn, void *arg)
{
	return watch(l, signo, EV_SIGNAL, LOOP_BUS, fn, arg);
}

struct loop_watch *
loop_watch_mailbox(
    struct loop *l, struct mailbox *m, enum loop_priority prio, loop_fn *fn, void *arg)
{
	return watch(l, mailbox_fd(m), EV_READ, prio, fn, arg);
}

void
loop_unwatch(struct loop_watch *w)
{
	if (!w)
		return;
	LIST_REMOVE(w, entry);
	if (w->waits)
		TAILQ_REMOVE(&w->loop->bus.deferred, w, turn);
	(void)event_del(&w->event);
	free(w);
}

void
loop_hold(struct loop *l)
{
	l->held++;
}

void
loop_release(struct loop *l)
{
	wr_assert(l->held > 0);
	l->held--;
}
