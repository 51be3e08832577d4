// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Several requests in flight on one connection: to units behind a gateway, on a virtual
// clock.

#include <string.h>

#include "gateway_rig.h"
#include "test.h"

// 16 units at 50 ms each: 0.8 s one by one.
static void
test_units_behind_a_gateway_side_by_side(void **state)
{
	struct gateway g;

	(void)state;
	gateway_prepare(&g, 4);
	for (uint8_t u = 1; u <= 16; u++) {
		gateway_device(&g, u, 20, 1); // two blocks each: 1.6 s one by one
		g.latency_ms[u] = 20 + u * 10;
	}
	gateway_begin(&g);
	fixture_run(&g.f, 60000, NULL);
	assert_int_equal(g.most_in_flight, 4);
	assert_int_equal(g.most_of_unit, 1);
	for (uint8_t u = 1; u <= 16; u++)
		assert_in_range(g.worst_gap_ms[u], 20, 1100);
	gateway_end(&g);
}

static void
test_blocks_of_one_device_side_by_side(void **state)
{
	struct gateway g;

	(void)state;
	gateway_prepare(&g, 3);
	gateway_device(&g, 1, 300, 3); // thirty blocks, 1.5 s one by one
	gateway_begin(&g);
	fixture_run(&g.f, 30000, NULL);
	assert_int_equal(g.most_of_unit, 3);
	assert_in_range(g.bus.devices[0].sums.good, 28 * 30, 31 * 30);
	gateway_end(&g);
}

// A storm on other links: the loop comes to none of the replies in time, yet they are
// there. It does not take its own lateness for the units'.
static void
test_i6_what_lies_in_the_socket_is_no_silence(void **state)
{
	struct gateway g;

	(void)state;
	gateway_prepare(&g, 4);
	for (uint8_t u = 1; u <= 8; u++)
		gateway_device(&g, u, 10, 1);
	g.busy = true;
	gateway_begin(&g);
	fixture_run(&g.f, 30000, NULL);
	assert_int_equal(g.opens, 1);
	for (unsigned d = 0; d < 8; d++) {
		assert_int_equal(g.bus.devices[d].sums.timeouts, 0);
		assert_true(g.bus.devices[d].sums.good > 5);
		assert_int_equal(fixture_link(&g.f, g.f.site.devices[d].link_point), 0);
	}
	gateway_end(&g);
}

// A block is halved while its neighbours are in flight, and joined again.
static void
test_i6_a_plan_that_changes_under_way(void **state)
{
	struct gateway g;

	(void)state;
	gateway_prepare(&g, 8);
	gateway_device(&g, 1, 200, 8);
	g.absent = 37;
	gateway_begin(&g);
	fixture_run(&g.f, 20000, NULL);
	assert_int_equal(fixture_link(&g.f, g.f.site.devices[0].link_point), 0);
	assert_true(g.bus.devices[0].plan.n > 20);
	g.absent = 0;
	fixture_run(&g.f, PLAN_SLOW_MS + 10000, NULL);
	assert_int_equal(g.bus.devices[0].plan.n, 20);
	assert_int_equal(g.bus.devices[0].in_flight, 0);
	gateway_end(&g);
}

// The connection stays, and the others keep their period.
static void
test_i7_silent_units_behind_a_gateway(void **state)
{
	struct gateway g;

	(void)state;
	gateway_prepare(&g, 4);
	for (uint8_t u = 1; u <= 16; u++)
		gateway_device(&g, u, 10, 1);
	gateway_begin(&g);
	fixture_run(&g.f, 5000, NULL);
	g.dead[3] = g.dead[4] = g.dead[5] = true;
	fixture_run(&g.f, 300000, NULL);
	assert_int_equal(g.opens, 1);
	for (uint8_t u = 1; u <= 16; u++) {
		int lost = fixture_link(&g.f, g.f.site.devices[u - 1].link_point);

		assert_int_equal(lost, g.dead[u]);
		if (!g.dead[u])
			assert_in_range(g.worst_gap_ms[u], 900, 1200);
	}
	gateway_end(&g);
}

// Units that each may have as many requests in flight as the connection: one that falls
// silent leaves room for the others at once, and so do all the dead when they are
// tried.
static void
test_i7_no_unit_takes_the_last_place(void **state)
{
	struct gateway g;

	(void)state;
	gateway_prepare(&g, 3);
	for (uint8_t u = 1; u <= 12; u++) {
		gateway_device(&g, u, 40, 3); // four blocks
		g.f.site.devices[u - 1].timeout_ms = 900;
		g.latency_ms[u] = 10;
	}
	gateway_begin(&g);
	fixture_run(&g.f, 5000, NULL);
	g.dead[3] = true;
	fixture_run(&g.f, 60000, NULL);
	for (uint8_t u = 1; u <= 12; u++)
		if (!g.dead[u])
			assert_in_range(g.worst_gap_ms[u], 900, 1300);
	for (uint8_t u = 4; u <= 8; u++)
		g.dead[u] = true;
	fixture_run(&g.f, 10000, NULL);
	memset(g.worst_gap_ms, 0, sizeof(g.worst_gap_ms));
	fixture_run(&g.f, 300000, NULL);
	for (uint8_t u = 1; u <= 12; u++)
		if (!g.dead[u])
			assert_in_range(g.worst_gap_ms[u], 900, 1300);
	gateway_end(&g);
}

// A gateway with one line behind it waits for a dead unit and holds up who comes next:
// what is answered late for that reason is answered all the same.
static void
test_i7_a_gateway_that_waits_for_the_dead(void **state)
{
	const uint8_t units = 30, die = 4;
	struct gateway g;

	(void)state;
	gateway_prepare(&g, 1);
	g.one_by_one = true;
	g.hold_ms = 100;
	for (uint8_t u = 1; u <= units; u++) {
		gateway_device(&g, u, 5, 1);
		g.f.site.devices[u - 1].poll_ms = 2000;
		g.f.site.devices[u - 1].timeout_ms = 500;
		g.latency_ms[u] = 25;
	}
	gateway_begin(&g);
	fixture_run(&g.f, 10000, NULL);
	for (uint8_t u = 15; u < 15 + die; u++)
		g.dead[u] = true;
	fixture_run(&g.f, 120000, NULL);
	for (uint8_t u = 1; u <= units; u++) {
		assert_int_equal(
		    fixture_link(&g.f, g.f.site.devices[u - 1].link_point), g.dead[u]);
		if (!g.dead[u])
			assert_in_range(g.worst_gap_ms[u], 1900, 2000 * 12 / 10 + 500);
	}
	assert_int_equal(g.opens, 1);
	for (uint8_t u = 15; u < 15 + die; u++)
		g.dead[u] = false;
	fixture_run(&g.f, 35000, NULL);
	for (uint8_t u = 15; u < 15 + die; u++)
		assert_int_equal(
		    fixture_link(&g.f, g.f.site.devices[u - 1].link_point), 0);
	gateway_end(&g);
}

// Where all are silent the connection itself is tried anew, not at each time-out.
static void
test_a_gateway_that_hangs_is_dialled_anew(void **state)
{
	struct gateway g;

	(void)state;
	gateway_prepare(&g, 4);
	for (uint8_t u = 1; u <= 8; u++)
		gateway_device(&g, u, 10, 1);
	gateway_begin(&g);
	fixture_run(&g.f, 5000, NULL);
	for (uint8_t u = 1; u <= 8; u++)
		g.dead[u] = true;
	fixture_run(&g.f, 120000, NULL);
	assert_in_range(g.opens, 2, 40);
	for (uint8_t u = 1; u <= 8; u++)
		g.dead[u] = false;
	fixture_run(&g.f, 35000, NULL);
	for (uint16_t d = 0; d < 8; d++)
		assert_int_equal(fixture_link(&g.f, g.f.site.devices[d].link_point), 0);
	gateway_end(&g);
}

// An answer that began to come before its question was asked is none.
// An answer of unit 1 under any number, with values that it never had.
static size_t
lie(const struct gateway *g, uint16_t transaction, uint8_t *out)
{
	const uint8_t question[12] = { (uint8_t)(transaction >> 8),
		(uint8_t)transaction, 0, 0, 0, 6, 1, 3, 0, 0, 0, 10 };
	size_t n = gateway_answer(g, question, out);

	memset(out + 9, 0x5A, n - 9);
	return n;
}

// What comes when the next request is out, and counts on from the one before.
static void
test_i6_a_late_answer_that_counts_on(void **state)
{
	struct gateway g;
	uint8_t out[PDU_FRAME_MAX];
	uint16_t first;
	const struct pdu_request *now = NULL;

	(void)state;
	gateway_prepare(&g, 1);
	gateway_device(&g, 1, 10, 1);
	g.dead[1] = true;
	gateway_begin(&g);
	fixture_run(&g.f, 40, NULL);
	now = &g.bus.flights[0].request;
	first = now->transaction;
	for (int i = 0; i < 100 && now->transaction == first; i++)
		fixture_run(&g.f, 20, NULL);
	assert_int_not_equal(now->transaction, first);
	for (uint16_t ahead = 1; ahead < 200 && g.open; ahead++)
		gateway_deliver(&g, out, lie(&g, (uint16_t)(first + ahead), out));
	assert_int_equal(g.bus.devices[0].sums.good, 0);
	g.dead[1] = false;
	fixture_run(&g.f, 5000, NULL);
	assert_true(g.bus.devices[0].sums.good >= 3);
	gateway_end(&g);
}

static void
test_i6_an_answer_before_its_question(void **state)
{
	struct gateway g;
	uint8_t out[PDU_FRAME_MAX];
	size_t n;

	(void)state;
	gateway_prepare(&g, 1);
	gateway_device(&g, 1, 10, 1);
	gateway_begin(&g);
	fixture_run(&g.f, 40, NULL); // the first question is out
	n = lie(&g, pdu_transaction_of(2), out);
	gateway_deliver(&g, out, n - 1);
	fixture_run(&g.f, 1000, NULL); // the second is asked meanwhile
	gateway_deliver(&g, out + n - 1, 1);
	fixture_run(&g.f, 5000, NULL);
	assert_true(g.bus.devices[0].sums.good >= 3);
	gateway_end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_units_behind_a_gateway_side_by_side),
		cmocka_unit_test(test_blocks_of_one_device_side_by_side),
		cmocka_unit_test(test_i6_what_lies_in_the_socket_is_no_silence),
		cmocka_unit_test(test_i6_a_plan_that_changes_under_way),
		cmocka_unit_test(test_i7_silent_units_behind_a_gateway),
		cmocka_unit_test(test_i7_no_unit_takes_the_last_place),
		cmocka_unit_test(test_i7_a_gateway_that_waits_for_the_dead),
		cmocka_unit_test(test_a_gateway_that_hangs_is_dialled_anew),
		cmocka_unit_test(test_i6_an_answer_before_its_question),
		cmocka_unit_test(test_i6_a_late_answer_that_counts_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
