// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The watch over hosts: places, phases, retries, passwords held back; and that the
// detection budget that --check prints is kept by random plans with random faults.
#include <string.h>

#include "config/budget.h"
#include "host_watch_rig.h"
#include "lib/mem.h"

// ---- when and how many ------------------------------------------------------------

static void
every_host_is_asked_within_seconds_and_then_by_its_period(void **state)
{
	struct host_rig *g = *state;
	host_rig_add_many(g, 200);
	host_rig_start(g);
	host_rig_run(g, 5 * SECOND + 10);
	assert_int_equal(host_rig_count(g, HOST_UP), 200);
	host_rig_run(g, 10 * MINUTE);
	for (unsigned i = 0; i < 200; i++) {
		assert_in_range(g->tries[i], 20, 22);
		assert_true(g->longest_gap_ms[i] <= 33 * SECOND);
	}
}

// 200 answers at the same moment would be a burst in the network; spread, few meet.
static void
phases_are_spread(void **state)
{
	struct host_rig *g = *state;
	host_rig_add_many(g, 300);
	for (unsigned i = 0; i < 300; i++)
		g->behaviour[i].after_ms = 100;
	host_rig_start(g);
	host_rig_run(g, MINUTE);
	g->most_busy = 0;
	host_rig_run(g, 10 * MINUTE);
	// 300 in 30 s: one in 100 ms on average.
	assert_true(g->most_busy <= 10);
}

// I7: what is gone delays nobody who is there.
static void
i7_dead_hosts_harm_no_healthy_one(void **state)
{
	struct host_rig *g = *state;
	host_rig_add_many(g, 380);
	host_rig_start(g);
	host_rig_run(g, MINUTE);
	for (unsigned i = 0; i < 360; i++) {
		host_rig_dies(g, i);
		g->tries[i] = 0;
	}
	host_rig_run(g, 10 * MINUTE);
	assert_int_equal(host_rig_count(g, HOST_LOST), 360);
	assert_int_equal(host_rig_count(g, HOST_UP), 20);
	assert_true(g->most_busy <= HOST_CHECKS_MAX);
	for (unsigned i = 360; i < 380; i++)
		assert_true(g->longest_gap_ms[i] <= 33 * SECOND);
	for (unsigned i = 0; i < 360; i++) // no retries for what is known to be gone
		assert_in_range(g->tries[i], 20, 24);
}

// More than the bound are gone from the start: those who answer go before them.
static void
i7_who_answers_goes_before_who_is_lost(void **state)
{
	struct host_rig *g = *state;
	host_rig_add_many(g, 400);
	for (unsigned i = 0; i < 400; i++)
		g->hosts[i].period_ms = 6 * SECOND;
	for (unsigned i = 0; i < 380; i++)
		host_rig_dies(g, i);
	host_rig_start(g);
	host_rig_run(g, 2 * MINUTE);
	memset(g->longest_gap_ms, 0, sizeof g->longest_gap_ms);
	host_rig_run(g, 10 * MINUTE);
	assert_int_equal(host_rig_count(g, HOST_UP), 20);
	assert_true(g->most_busy <= HOST_CHECKS_MAX);
	for (unsigned i = 380; i < 400; i++)
		assert_true(g->longest_gap_ms[i] <= 7 * SECOND);
}

static void
no_more_than_two_are_asked_at_one_address(void **state)
{
	struct host_rig *g = *state;
	host_rig_add_many(g, 16);
	for (unsigned i = 0; i < 16; i++) {
		(void)str_copy(g->addresses[i], sizeof g->addresses[i], "127.0.1.1");
		g->hosts[i].period_ms = MINUTE;
		host_rig_dies(g, i);
	}
	host_rig_start(g);
	host_rig_run(g, HOUR);
	assert_int_equal(g->most_at_one_address, HOST_CHECKS_PER_ADDRESS);
	assert_int_equal(host_rig_count(g, HOST_LOST), 16);
	for (unsigned i = 0; i < 16; i++)
		assert_true(g->longest_gap_ms[i] <= 66 * SECOND + 16 * 5 * SECOND / 2);
}

static void
a_check_has_its_tries(void **state)
{
	struct host_rig *g = *state;
	unsigned i = host_rig_add(g);
	g->hosts[i].retries = 3;
	g->hosts[i].misses = g->hosts[i].of = 1;
	g->behaviour[i] =
	    (struct behaviour){ .code = HOST_REFUSED, .reached = true, .after_ms = 1 };
	host_rig_start(g);
	host_rig_run(g, 10 * SECOND);
	assert_int_equal(g->tries[i], 4);
	assert_int_equal(g->status[i].checks, 1);
	assert_int_equal(g->status[i].state, HOST_LOST);
	assert_int_equal(g->status[i].code, HOST_REFUSED);
}

static void
a_lost_host_that_answers_is_back_soon(void **state)
{
	struct host_rig *g = *state;
	unsigned i = host_rig_add(g);
	host_rig_dies(g, i);
	host_rig_start(g);
	host_rig_run(g, 2 * MINUTE);
	assert_int_equal(g->status[i].state, HOST_LOST);
	host_rig_lives(g, i);
	host_rig_run(g, 32 * SECOND + 3 * SECOND);
	assert_int_equal(g->status[i].state, HOST_UP);
	assert_int_equal(g->status[i].code, HOST_ANSWERS);
	assert_true(g->status[i].answered_ms > 0);
	assert_int_equal(g->status[i].round_trip_us, 100);
}

// ---- passwords --------------------------------------------------------------------

// Devices lock accounts: a wrong password is put to the host a few times an hour, while
// it goes on being asked whether it is there.
static void
a_refused_password_is_held_back(void **state)
{
	struct host_rig *g = *state;
	unsigned i = host_rig_add(g);
	g->hosts[i].user = "monitor";
	g->hosts[i].password = "wrong";
	g->behaviour[i] = (struct behaviour){ .code = HOST_AUTH, .after_ms = 2 };
	host_rig_start(g);
	host_rig_run(g, 40 * SECOND);
	assert_int_equal(g->status[i].state, HOST_LOST);
	assert_int_equal(g->status[i].code, HOST_AUTH);
	assert_int_equal(g->words[i], 1);
	assert_true(g->tries[i] >= 2);
	host_rig_run(g, 24 * HOUR);
	assert_in_range(g->words[i], 40, 52); // each half hour, after 5, 10 and 20 min
	assert_in_range(g->tries[i], 24 * 119, 24 * 121 + 60);
	// It goes altogether, and is gone; it comes back, and its password is right.
	host_rig_dies(g, i);
	host_rig_run(g, 2 * MINUTE);
	assert_int_equal(g->status[i].code, HOST_TIMEOUT);
	g->behaviour[i] = (struct behaviour){ .after_ms = 2, .wants_word = true };
	host_rig_run(g, HOUR);
	assert_int_equal(g->status[i].state, HOST_UP);
	assert_int_equal(g->status[i].held_until_ms, 0);
	unsigned before = g->words[i];
	host_rig_run(g, HOUR);
	assert_in_range(g->words[i] - before, 118, 122);
}

static void
a_certificate_that_ends_is_a_warning(void **state)
{
	struct host_rig *g = *state;
	unsigned i = host_rig_add(g);
	int64_t day = 24 * 3600;
	g->behaviour[i].certificate_end_s = 1700000000 + 22 * day;
	host_rig_start(g);
	host_rig_run(g, MINUTE);
	assert_false(g->status[i].warned);
	host_rig_run(g, 24 * HOUR);
	assert_true(g->status[i].warned);
	assert_int_equal(g->status[i].state, HOST_UP);
	g->behaviour[i].certificate_end_s = 1700000000 + 400 * day;
	host_rig_run(g, MINUTE);
	assert_false(g->status[i].warned);
}

// ---- the detection budget ---------------------------------------------------------

static uint32_t
below(uint32_t n)
{
	static uint64_t x = 88172645463325252;
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 33) % n;
}

static void
plan(struct host_rig *g, unsigned n)
{
	for (unsigned k = 0; k < n; k++) {
		struct host *h = &g->hosts[host_rig_add(g)];
		h->retries = (uint8_t)below(4);
		h->timeout_ms = 100 + below(5000);
		h->period_ms = (h->retries + 1u) * (h->timeout_ms + HOST_RETRY_GAP_MS) +
			       below(60 * SECOND);
		h->of = (uint8_t)(1 + below(5));
		h->misses = (uint8_t)(1 + below(h->of));
	}
}

// From gone to fault never later than --check says, and the figure is not far off.
static void
the_detection_budget_is_kept(void **state)
{
	struct host_rig *g = *state;
	double worst = 0;
	plan(g, 50);
	host_rig_start(g);
	host_rig_run(g, 10 * MINUTE);
	for (int round = 0; round < 20; round++) {
		unsigned i = below(50);
		struct host_budget b = budget_of_host(&g->site, (uint16_t)i);
		for (unsigned k = 0; k < 50; k++)
			host_rig_lives(g, k);
		host_rig_run(g, 10 * MINUTE + below(10 * MINUTE));
		assert_int_equal(host_rig_count(g, HOST_UP), 50);
		// Others die with it: a third of all.
		for (unsigned k = 0; k < 50; k++)
			if (k == i || below(3) == 0)
				host_rig_dies(g, k);
		int64_t died = loop_now_ms(g->loop);
		g->lost_at_ms[i] = 0;
		host_rig_run(g, b.worst_ms + 1);
		if (g->lost_at_ms[i] == 0)
			fail_msg("not within %u ms", b.worst_ms);
		double share = (double)(g->lost_at_ms[i] - died) / (double)b.worst_ms;
		worst = share > worst ? share : worst;
	}
	print_message("worst seen: %.2f of the bound\n", worst);
	assert_true(worst > 1 / 1.5);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, host_rig_setup, host_rig_teardown)
	const struct CMUnitTest tests[] = {
		T(every_host_is_asked_within_seconds_and_then_by_its_period),
		T(phases_are_spread),
		T(i7_dead_hosts_harm_no_healthy_one),
		T(i7_who_answers_goes_before_who_is_lost),
		T(no_more_than_two_are_asked_at_one_address),
		T(a_check_has_its_tries),
		T(a_lost_host_that_answers_is_back_soon),
		T(a_refused_password_is_held_back),
		T(a_certificate_that_ends_is_a_warning),
		T(the_detection_budget_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
