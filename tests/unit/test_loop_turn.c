// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Turns of the loop between a field and a console that both never rest. Real time is
// only waited for by condition, with a deadline.
#include <sys/socket.h>

#include <limits.h>
#include <time.h>
#include <unistd.h>

#include "lib/loop.h"
#include "test.h"

enum {
	DEADLINE = 20000
};

static void
on_end(void *arg)
{
	loop_stop(arg);
}

enum {
	BUSES = 4,
	BUSY_US = 2000,
	TURNS = 20,
};

// The field that always has something to say: nobody ever reads it empty.
static struct flood {
	struct loop *loop;
	struct loop_timer end;
	struct loop_watch *buses[BUSES], *console;
	int fds[BUSES];
	unsigned heard[BUSES], turns;
} flood;

static int64_t
now_us(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
on_bus(void *arg)
{
	unsigned *heard = arg;
	int64_t from = now_us();
	while (now_us() - from < BUSY_US)
		continue;
	(*heard)++;
}

static void
on_console(void *arg)
{
	struct flood *f = arg;
	if (++f->turns == TURNS)
		loop_stop(f->loop);
}

// I2: what is on the screen is not the bus's to hold up, and the bus is not the
// console's.
static void
i2_a_bus_that_never_rests_leaves_the_console_its_turn(void **state)
{
	(void)state;
	int pair[2];
	flood = (struct flood){ .loop = loop_new(clock_real()) };
	struct loop *l = flood.loop;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(write(pair[1], "x", 1), 1);
	for (unsigned i = 0; i < BUSES; i++) {
		flood.fds[i] = dup(pair[0]);
		flood.buses[i] =
		    loop_watch_read(l, flood.fds[i], LOOP_BUS, on_bus, &flood.heard[i]);
	}
	flood.console = loop_watch_read(l, pair[0], LOOP_CONSOLE, on_console, &flood);
	loop_timer_init(&flood.end, on_end, flood.loop);
	loop_timer_in(l, &flood.end, DEADLINE);
	assert_int_equal(loop_run(l), 0);
	assert_int_equal(flood.turns, TURNS);
	unsigned most = 0, least = UINT_MAX;
	for (unsigned i = 0; i < BUSES; i++) {
		most = flood.heard[i] > most ? flood.heard[i] : most;
		least = flood.heard[i] < least ? flood.heard[i] : least;
	}
	// Each in its turn, and at least one of them for each turn of the console.
	assert_true(most - least <= 2);
	assert_true(most * BUSES >= TURNS / 2);
	loop_timer_stop(l, &flood.end);
	for (unsigned i = 0; i < BUSES; i++) {
		loop_unwatch(flood.buses[i]); // some of them wait
		(void)close(flood.fds[i]);
	}
	loop_unwatch(flood.console);
	(void)close(pair[0]);
	(void)close(pair[1]);
	loop_free(flood.loop);
}

enum {
	DESKS = 200,
	DESK_US = 100,
	DESK_CALLS = 2000,
};

static void
on_desk(void *arg)
{
	int64_t from = now_us();
	while (now_us() - from < DESK_US)
		continue;
	struct flood *f = arg;
	if (++f->turns == DESK_CALLS)
		loop_stop(f->loop);
}

// I7: a console that is never done, with more to do in each look than a look is long,
// has its 5 ms and no more.
static void
i7_a_console_that_never_rests_leaves_the_bus_its_turn(void **state)
{
	(void)state;
	int pair[2], fds[DESKS];
	struct loop_watch *desks[DESKS];
	flood = (struct flood){ .loop = loop_new(clock_real()) };
	struct loop *l = flood.loop;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(write(pair[1], "x", 1), 1);
	for (unsigned i = 0; i < BUSES; i++) {
		flood.fds[i] = dup(pair[0]);
		flood.buses[i] =
		    loop_watch_read(l, flood.fds[i], LOOP_BUS, on_bus, &flood.heard[i]);
	}
	for (unsigned i = 0; i < DESKS; i++) {
		fds[i] = dup(pair[0]);
		desks[i] = loop_watch_read(l, fds[i], LOOP_CONSOLE, on_desk, &flood);
	}
	loop_timer_init(&flood.end, on_end, flood.loop);
	loop_timer_in(l, &flood.end, DEADLINE);
	assert_int_equal(loop_run(l), 0);
	assert_int_equal(flood.turns, DESK_CALLS);
	unsigned heard = 0;
	for (unsigned i = 0; i < BUSES; i++)
		heard += flood.heard[i];
	// 200 ms of the console are 40 turns, 5 of the bus after each; half of one at
	// least, on a machine that has others to run.
	assert_true(heard >= 100);
	loop_timer_stop(l, &flood.end);
	for (unsigned i = 0; i < BUSES; i++) {
		loop_unwatch(flood.buses[i]);
		(void)close(flood.fds[i]);
	}
	for (unsigned i = 0; i < DESKS; i++) {
		loop_unwatch(desks[i]);
		(void)close(fds[i]);
	}
	(void)close(pair[0]);
	(void)close(pair[1]);
	loop_free(flood.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(i2_a_bus_that_never_rests_leaves_the_console_its_turn),
		cmocka_unit_test(i7_a_console_that_never_rests_leaves_the_bus_its_turn),
	};
	return cmocka_run_group_tests_name("loop_turn", tests, NULL, NULL);
}
