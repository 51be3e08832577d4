// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Fairness with dead units (I7) on a virtual clock: gaps of the healthy, share of the
// dead, recovery, links that come and go. No sockets.

#include "drivers/modbus_schedule.h"
#include "modbus_rig.h"
#include "test.h"

static int64_t
worst_gap(const struct rig *r)
{
	int64_t worst = 0;

	for (int i = 0; i < UNITS; i++)
		if (!r->units[i].dead && r->units[i].worst_gap_ms > worst)
			worst = r->units[i].worst_gap_ms;
	return worst;
}

static void
fairness(const struct mbus_transport *t, uint8_t n, uint8_t dead_at_start, uint8_t die)
{
	const uint32_t period = 1000, timeout = 1000;
	int64_t elapsed = 600000, wasted;
	struct rig r;

	rig_init(&r);
	r.f.keep_samples = false;
	for (uint8_t u = 1; u <= n; u++) {
		rig_add_unit(&r, u, period);
		r.units[u].dead = u <= dead_at_start;
	}
	rig_start(&r, t);
	fixture_run(&r.f, 60000, NULL);
	for (uint8_t u = 1; u <= n; u++)
		assert_true(r.units[u].dead || r.units[u].good >= 20);
	for (uint8_t u = n; u > n - die; u--)
		r.units[u].dead = true;
	r.wasted_ms = 0;
	fixture_run(&r.f, elapsed, NULL);
	wasted = r.wasted_ms;
	if (worst_gap(&r) > period * 12 / 10 + timeout)
		fail_msg("%u units, %u + %u dead: %d ms", n, dead_at_start, die,
		    (int)worst_gap(&r));
	assert_in_range(wasted, 0, elapsed / 10 + timeout);
	for (uint16_t d = 0; d < n; d++)
		assert_int_equal(
		    fixture_link(&r.f, rig_link_of(&r, d)), r.units[d + 1].dead);
	assert_int_equal(r.wrong_values, 0);
	rig_stop(&r);
}

static void
test_i7_dead_units_on_a_shared_line(void **state)
{
	(void)state;
	fairness(&rig_rtu, 30, 0, 0);
	fairness(&rig_rtu, 30, 1, 0);
	fairness(&rig_rtu, 30, 4, 0);
	fairness(&rig_rtu, 30, 1, 4);
	fairness(&rig_rtu, 10, 5, 4);
}

static void
test_i7_dead_units_behind_a_gateway(void **state)
{
	(void)state;
	fairness(&rig_tcp, 30, 1, 0);
	fairness(&rig_tcp, 30, 2, 3);
}

// Units that die at once, `die` of 32, on a bus that reckons with silent_units of them:
// from that moment on the gaps of the others stay within the bound, next to none of
// their polls are missing, and soon it is known who has gone.
static void
die_at_once(const struct mbus_transport *t, uint8_t silent_units, uint8_t die)
{
	enum {
		PERIOD = 1000,
		TIMEOUT = 1000,
		WHILE = 40 * PERIOD
	};
	const uint8_t all = 32;
	struct rig r;
	unsigned expected = (unsigned)(all - die) * (WHILE / PERIOD), good = 0;

	rig_init(&r);
	r.f.keep_samples = false;
	for (uint8_t u = 1; u <= all; u++)
		rig_add_unit(&r, u, PERIOD);
	r.f.site.buses[0].silent_units = silent_units;
	rig_start(&r, t);
	fixture_run(&r.f, 30000, NULL);
	for (uint8_t u = 1; u <= all; u++) {
		r.units[u].dead = u <= die;
		r.units[u].good = 0;
		r.units[u].worst_gap_ms = 0;
	}
	fixture_run(&r.f, WHILE / 2, NULL);
	for (uint16_t d = 0; d < all; d++)
		assert_int_equal(fixture_link(&r.f, rig_link_of(&r, d)), d < die);
	fixture_run(&r.f, WHILE / 2, NULL);
	for (uint8_t u = die + 1; u <= all; u++)
		good += r.units[u].good;
	if (worst_gap(&r) > PERIOD * 12 / 10 + TIMEOUT)
		fail_msg("%u die: a gap of %d ms", die, (int)worst_gap(&r));
	if (good < expected - expected / 20)
		fail_msg("%u die: %u polls of %u", die, good, expected);
	rig_stop(&r);
}

static void
test_i7_units_that_die_at_once(void **state)
{
	(void)state;
	for (uint8_t die = 1; die <= 16; die *= 2) {
		die_at_once(&rig_rtu, 0, die);
		die_at_once(&rig_tcp, 0, die);
	}
	// Two are not yet many where one is reckoned with.
	for (uint8_t die = 4; die <= 16; die *= 2) {
		die_at_once(&rig_rtu, 1, die);
		die_at_once(&rig_tcp, 1, die);
	}
}

// Units that answer for a while and are silent for as long. One of them harms nobody
// from the beginning, several once they are known for it: what they waste then is the
// share of the dead.
static void
flapping(uint8_t units, uint32_t flap_ms, int64_t learning_ms)
{
	struct rig r;

	rig_init(&r);
	r.f.keep_samples = false;
	for (uint8_t u = 1; u <= 30; u++)
		rig_add_unit(&r, u, 1000);
	rig_start(&r, &rig_rtu);
	fixture_run(&r.f, 10000, NULL);
	for (uint8_t u = 1; u <= units; u++)
		r.units[u].flap_ms = flap_ms + u * 10;
	fixture_run(&r.f, learning_ms, NULL);
	r.idle_ms = 0;
	for (uint8_t u = 1; u <= 30; u++)
		r.units[u].worst_gap_ms = 0;
	fixture_run(&r.f, 600000, NULL);
	for (uint8_t u = units + 1; u <= 30; u++)
		if (r.units[u].worst_gap_ms > 1200 + 1000)
			fail_msg("%u flap each %u ms: unit %u had a gap of %d ms",
			    units, flap_ms, u, (int)r.units[u].worst_gap_ms);
	if (r.idle_ms > 600000 / 10 + 3 * 1000) // its first loss comes unawares
		fail_msg(
		    "%u flap each %u ms: %d ms wasted", units, flap_ms, (int)r.idle_ms);
	rig_stop(&r);
}

static void
test_i7_flapping_units_on_a_shared_line(void **state)
{
	const uint32_t each_ms[] = { 500, 1000, 3000, 20000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(each_ms); i++) {
		flapping(1, each_ms[i], 0);
		flapping(4, each_ms[i], 300000);
	}
}

// A cut line is one fault, and soon: not one after another for each of its units.
static void
test_a_cut_line_is_told_before_its_units(void **state)
{
	struct rig r;
	int64_t cut;

	(void)state;
	rig_init(&r);
	for (uint8_t u = 1; u <= 32; u++)
		rig_add_unit(&r, u, 1000);
	rig_start(&r, &rig_rtu);
	fixture_run(&r.f, 10000, NULL);
	for (uint8_t u = 1; u <= 32; u++)
		r.units[u].dead = true;
	cut = loop_now_ms(r.f.host.loop);
	fixture_run(&r.f, 60000, NULL);
	for (size_t i = 0; i < r.f.n_links; i++)
		if (r.f.links[i].lost) {
			assert_int_equal(r.f.links[i].point, RIG_BUS_LINK);
			assert_in_range(r.f.links[i].at_ms - cut, 3000, 8000);
			break;
		}
	assert_string_equal(fixture_link_code(&r.f, RIG_BUS_LINK), "silent");
	rig_stop(&r);
}

// A device asked once a minute does not hold up those that are not known yet.
static void
test_a_slow_device_holds_nobody_up(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_add_unit(&r, 1, 60000);
	rig_add_unit(&r, 2, 1000);
	rig_add_unit(&r, 3, 1000);
	r.units[2].dead = true;
	rig_start(&r, &rig_rtu);
	fixture_run(&r.f, 10000, NULL);
	assert_int_equal(fixture_link(&r.f, rig_link_of(&r, 2)), 0);
	assert_int_equal(fixture_link(&r.f, rig_link_of(&r, 1)), 1);
	rig_stop(&r);
}

// What a profile says in min_gap, on a line that is always busy.
static void
test_quiet_between_an_answer_and_the_next_request(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	for (uint8_t u = 1; u <= 10; u++) {
		uint16_t d = rig_add_unit(&r, u, 100);

		r.f.site.devices[d].gap_ms = 20;
		r.units[u].latency_ms = 5;
	}
	rig_start(&r, &rig_rtu);
	fixture_run(&r.f, 60000, NULL);
	assert_in_range(r.least_gap_ms, 20, 22);
	rig_stop(&r);
}

static void
test_a_cured_unit_returns_within_the_ceiling(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	for (uint8_t u = 1; u <= 10; u++)
		rig_add_unit(&r, u, 1000);
	r.units[3].dead = true;
	rig_start(&r, &rig_rtu);
	fixture_run(&r.f, 300000, NULL);
	assert_int_equal(fixture_link(&r.f, rig_link_of(&r, 2)), 1);
	r.units[3].dead = false;
	fixture_run(&r.f, LINK_BACKOFF_MAX_MS + 1100, NULL);
	assert_int_equal(fixture_link(&r.f, rig_link_of(&r, 2)), 0);
	rig_stop(&r);
}

static void
test_a_unit_on_a_link_of_its_own_is_tried_each_period(void **state)
{
	struct rig r;
	unsigned before;

	(void)state;
	rig_init(&r);
	rig_add_unit(&r, 1, 1000);
	r.units[1].dead = true;
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 10000, NULL);
	assert_int_equal(fixture_link(&r.f, rig_link_of(&r, 0)), 1);
	before = r.units[1].requests;
	fixture_run(&r.f, 20000, NULL);
	assert_in_range(r.units[1].requests - before, 9, 21);
	r.units[1].dead = false;
	fixture_run(&r.f, 2100, NULL);
	assert_int_equal(fixture_link(&r.f, rig_link_of(&r, 0)), 0);
	rig_stop(&r);
}

static void
test_a_dead_line_is_one_fault_and_all_return_together(void **state)
{
	struct rig r;
	size_t told = 0;

	(void)state;
	rig_init(&r);
	for (uint8_t u = 1; u <= 8; u++)
		rig_add_unit(&r, u, 1000);
	rig_start(&r, &rig_rtu);
	fixture_run(&r.f, 5000, NULL);
	for (int u = 1; u <= 8; u++)
		r.units[u].dead = true;
	fixture_run(&r.f, 120000, NULL);
	assert_int_equal(fixture_link(&r.f, RIG_BUS_LINK), 1);
	assert_string_equal(fixture_link_code(&r.f, RIG_BUS_LINK), "silent");
	for (size_t i = 0; i < r.f.n_links; i++)
		told += r.f.links[i].point == RIG_BUS_LINK;
	assert_int_equal(told, 2); // up at start, then lost: no flapping
	for (int u = 1; u <= 8; u++)
		r.units[u].dead = false;
	fixture_run(&r.f, LINK_BACKOFF_MAX_MS + 3000, NULL);
	assert_int_equal(fixture_link(&r.f, RIG_BUS_LINK), 0);
	for (uint16_t d = 0; d < 8; d++)
		assert_int_equal(fixture_link(&r.f, rig_link_of(&r, d)), 0);
	rig_stop(&r);
}

static void
test_a_refused_connection(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_add_unit(&r, 1, 1000);
	r.refuse_open = true;
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 5000, NULL);
	assert_int_equal(fixture_link(&r.f, RIG_BUS_LINK), 1);
	assert_string_equal(fixture_link_code(&r.f, RIG_BUS_LINK), "refused");
	assert_int_equal(fixture_link(&r.f, rig_link_of(&r, 0)), 1);
	assert_int_equal(r.f.n_samples, 0);
	r.refuse_open = false;
	fixture_run(&r.f, 2000, NULL);
	assert_int_equal(fixture_link(&r.f, RIG_BUS_LINK), 0);
	assert_int_equal(fixture_link(&r.f, rig_link_of(&r, 0)), 0);
	assert_int_equal(r.f.n_samples, 3);
	rig_stop(&r);
}

static void
test_phases_are_spread(void **state)
{
	unsigned slots[10] = { 0 };

	(void)state;
	for (uint16_t bus = 0; bus < 1000; bus++)
		slots[schedule_phase_ms(bus, 1, 0, 1000) / 100]++;
	for (int i = 0; i < 10; i++)
		assert_in_range(slots[i], 90, 110);
	assert_int_equal(schedule_phase_ms(0, 10, 5, 1000), 500);
	assert_true(schedule_phase_ms(999, 1, 0, 60000) <= SCHEDULE_SPREAD_MS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i7_dead_units_on_a_shared_line),
		cmocka_unit_test(test_i7_dead_units_behind_a_gateway),
		cmocka_unit_test(test_i7_units_that_die_at_once),
		cmocka_unit_test(test_i7_flapping_units_on_a_shared_line),
		cmocka_unit_test(test_a_cut_line_is_told_before_its_units),
		cmocka_unit_test(test_a_slow_device_holds_nobody_up),
		cmocka_unit_test(test_quiet_between_an_answer_and_the_next_request),
		cmocka_unit_test(test_a_cured_unit_returns_within_the_ceiling),
		cmocka_unit_test(test_a_unit_on_a_link_of_its_own_is_tried_each_period),
		cmocka_unit_test(test_a_dead_line_is_one_fault_and_all_return_together),
		cmocka_unit_test(test_a_refused_connection),
		cmocka_unit_test(test_phases_are_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
