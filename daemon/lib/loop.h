// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The event loop: a few verbs over libevent, one instance per thread. Timers are ours,
// a heap on the loop's clock, so that virtual time works for everything: with a
// virtual clock time advances to the next timer only when no descriptor is ready, all
// mailboxes are empty and nothing is held (loop_hold).
//
// Nothing called from here may block: 5 ms of CPU is a callback's budget (I1).
#ifndef LIB_LOOP_H
#define LIB_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/clock.h"

struct event_base;
struct loop;
struct mailbox;

typedef void loop_fn(void *arg);

// Embed one per timer. Zero-initialise, then loop_timer_init.
struct loop_timer {
	loop_fn *fn;
	void *arg;
	int64_t due_ms;   // monotonic
	size_t heap_slot; // 0 = not armed
};

struct loop_watch; // opaque: a watched descriptor or signal

// Priorities of watched descriptors: low runs first. Where the field has more to say
// than this thread can hear, the console still gets its turn after 10 ms of the bus,
// for at most 5 ms: what nobody sees is of no use
// to hear.
enum loop_priority {
	LOOP_ALARM,
	LOOP_BUS,
	LOOP_CONSOLE
};

struct loop *loop_new(struct clock *clock);
void loop_free(struct loop *l); // NULL is fine; watches must be gone

// Runs until loop_stop. Returns 0, or -1 when the event base failed.
int loop_run(struct loop *l);
void loop_stop(struct loop *l);

// Runs until nothing is ready right now; for tests.
void loop_run_ready(struct loop *l);

// Time as taken when the current callback round began.
int64_t loop_now_ms(const struct loop *l); // monotonic
int64_t loop_utc_ms(const struct loop *l);
struct clock *loop_clock(struct loop *l);

// For bufferevents and evhttp only (drivers/modbus_*.c, console).
struct event_base *loop_base(struct loop *l);

void loop_timer_init(struct loop_timer *t, loop_fn *fn, void *arg);
// (Re)arms at a monotonic time, or after a delay. Not before the next round.
void loop_timer_at(struct loop *l, struct loop_timer *t, int64_t mono_ms);
void loop_timer_in(struct loop *l, struct loop_timer *t, int64_t delay_ms);
void loop_timer_stop(struct loop *l, struct loop_timer *t);
bool loop_timer_armed(const struct loop_timer *t);

// Around a callback that libevent makes past this loop (bufferevents, evhttp), so that
// its CPU time counts against the budget too; not nested. `from` is what `begins` gave.
int64_t loop_callback_begins(struct loop *l);
void loop_callback_ends(struct loop *l, int64_t from);

// Calls fn while fd is readable (level triggered). Freed with loop_unwatch.
struct loop_watch *loop_watch_read(
    struct loop *l, int fd, enum loop_priority prio, loop_fn *fn, void *arg);
// The same, called once for what arrives, not again while it lies there: `fn` reads
// until there is nothing more. Half the work for the kernel where thousands are
// watched.
struct loop_watch *loop_watch_arrivals(
    struct loop *l, int fd, enum loop_priority prio, loop_fn *fn, void *arg);
// Calls fn while fd is writable (level triggered).
struct loop_watch *loop_watch_write(
    struct loop *l, int fd, enum loop_priority prio, loop_fn *fn, void *arg);
struct loop_watch *loop_watch_signal(struct loop *l, int signo, loop_fn *fn, void *arg);
void loop_unwatch(struct loop_watch *w); // NULL is fine

// Calls fn(arg) on this loop whenever the mailbox has something; the receiver takes
// with mailbox_take until NULL.
struct loop_watch *loop_watch_mailbox(
    struct loop *l, struct mailbox *m, enum loop_priority prio, loop_fn *fn, void *arg);

// Work outside the loop that it waits for: virtual time stands still meanwhile.
void loop_hold(struct loop *l);
void loop_release(struct loop *l);

// Longest lateness of a timer (ms) since the last call of this function, and the
// longest callback in microseconds of CPU of this thread (of real time where the clock
// is virtual).
struct loop_lag {
	int64_t late_ms;
	int64_t callback_us;
};
struct loop_lag loop_take_lag(struct loop *l);

#endif
