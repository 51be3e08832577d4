// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Hostile replies by the hundred thousand, late ones, noise: values accepted that the
// device never sent must be none (I6), and a babbling line is one fault (I7).

#include <string.h>

#include "modbus_rig.h"
#include "test.h"

// One of many ways to be wrong, then perhaps the truth.
static void
on_hostile_reply(void *arg)
{
	struct rig *r = arg;
	uint8_t bad[PDU_FRAME_MAX];
	bool tcp = r->bus.transport->framing == PDU_MBAP;
	size_t n = r->n, at, head = tcp ? 9 : r->n;

	memcpy(bad, r->frame, n);
	switch (rig_random(r) % 10) {
	case 0: // cut
		rig_deliver(r, bad, rig_random(r) % n);
		return;
	case 1: // a bit of the header (RTU: anywhere) turned
		bad[rig_random(r) % head] ^= (uint8_t)(1U << rig_random(r) % 8);
		break;
	case 2: // garbage
		n = 1 + rig_random(r) % 60;
		for (size_t i = 0; i < n; i++)
			bad[i] = (uint8_t)rig_random(r);
		break;
	case 3: // another unit, with all else right
		bad[tcp ? 6 : 0] ^= 1;
		n = tcp ? n : rig_finish(r, bad, 0, n - 2);
		break;
	case 4: // a shorter answer
		at = tcp ? 8 : 2;
		bad[at] = (uint8_t)(bad[at] - 2);
		n = rig_finish(r, bad, 0, tcp ? n - 2 : n - 4);
		break;
	case 5: // twice
		rig_deliver(r, bad, n);
		break;
	case 6: // one byte at a time
		for (size_t i = 0; i < n; i++)
			rig_deliver(r, bad + i, 1);
		return;
	case 7: // another transaction or function
		bad[1] ^= 1;
		n = tcp ? n : rig_finish(r, bad, 0, n - 2);
		break;
	case 8: // nothing
		return;
	default: // the truth
		break;
	}
	rig_deliver(r, bad, n);
}

// A line has no transaction numbers. A reply that is late by less than a time-out must
// not be taken for the answer to another block of the same shape.
static void
late_replies(const struct mbus_transport *t)
{
	struct rig r;

	rig_init(&r);
	r.keep_late = true;
	fixture_device(&r.f, 0, 1, &rig_plain, 1000, 200);
	for (uint16_t block = 0; block < 4; block++) // four blocks of one shape
		for (uint16_t i = 0; i < 5; i++)
			fixture_point(&r.f, 0, 0, (uint16_t)(block * 100 + i));
	rig_start(&r, t);
	for (int i = 0; i < 5000; i++) {
		r.units[1].latency_ms = rig_random(&r) % 3 ? 20 : 230;
		fixture_run(&r.f, 50 + rig_random(&r) % 200, NULL);
	}
	assert_int_equal(r.wrong_values, 0);
	assert_true(r.late_replies_sent > 100);
	assert_true(r.bus.devices[0].sums.good > 1000);
	assert_true(r.bus.devices[0].sums.timeouts > 100);
	rig_stop(&r);
}

static void
test_i6_a_late_reply_is_not_another_blocks(void **state)
{
	(void)state;
	late_replies(&rig_rtu);
	late_replies(&rig_tcp);
}

// After noise the start of a frame is known only by the silence before it.
static void
test_i6_a_frame_inside_noise_is_not_taken(void **state)
{
	struct rig r;
	const uint8_t noise[4] = { 0x01, 0x55, 0x00, 0xFF };

	(void)state;
	rig_init(&r);
	rig_add_unit(&r, 1, 1000);
	r.units[1].latency_ms = 100000; // ours to deliver
	rig_start(&r, &rig_rtu);
	fixture_run(&r.f, 50, NULL);
	assert_int_equal(r.units[1].requests, 1);
	rig_deliver(&r, noise, sizeof(noise));
	rig_deliver(&r, r.frame, r.n);
	assert_int_equal(r.f.n_samples, 0);
	fixture_run(&r.f, 10, NULL); // silence
	rig_deliver(&r, r.frame, r.n);
	assert_int_equal(r.f.n_samples, 3);
	assert_int_equal(r.bus.devices[0].sums.malformed, 1);
	rig_stop(&r);
}

static void
hostile(const struct mbus_transport *t)
{
	struct rig r;
	struct device_sums sums[3];

	rig_init(&r);
	r.f.keep_samples = false;
	for (uint8_t u = 1; u <= 3; u++) {
		rig_add_unit(&r, u, 20);
		r.f.site.devices[u - 1].timeout_ms = 30;
		r.units[u].latency_ms = 1;
	}
	loop_timer_init(&r.reply, on_hostile_reply, &r);
	rig_start(&r, t);
	for (int i = 0; i < 1500; i++) {
		while (loop_timer_armed(&r.reply)) // it carries what was then
			fixture_run(&r.f, 1, NULL);
		r.units[1 + i % 3].flip ^= true;
		fixture_run(&r.f, 2000, NULL);
	}
	for (int i = 0; i < 3; i++)
		sums[i] = r.bus.devices[i].sums;
	// On TCP it waits now and then: a peer that breaks framing again and again is
	// not dialled without a pause.
	assert_true(sums[0].requests + sums[1].requests + sums[2].requests >
		    (t->framing == PDU_MBAP ? 40000 : 100000));
	assert_true(sums[0].good > 100);
	assert_true(sums[0].timeouts > 100);
	assert_true(sums[0].mismatched > 10);
	if (t->framing == PDU_MBAP) {
		assert_true(sums[0].stale > 10);
		assert_true(sums[0].malformed > 10);
	} else {
		assert_true(sums[0].bad_crc > 10);
	}
	assert_int_equal(r.wrong_values, 0);
	rig_stop(&r);
}

static void
test_i6_hostile_replies_on_tcp(void **state)
{
	(void)state;
	hostile(&rig_tcp);
}

static void
test_i6_hostile_replies_on_rtu(void **state)
{
	(void)state;
	hostile(&rig_rtu);
}

static void
on_noise(void *arg)
{
	struct rig *r = arg;
	uint8_t bytes[12];

	memset(bytes, r->noise_byte++, sizeof(bytes));
	rig_deliver(r, bytes, sizeof(bytes));
	loop_timer_in(r->f.host.loop, &r->noise, 1); // 115200 baud
}

static void
test_i7_a_babbling_line_is_one_fault(void **state)
{
	struct rig r;
	size_t told = 0;

	(void)state;
	rig_init(&r);
	rig_add_unit(&r, 1, 1000);
	rig_add_unit(&r, 2, 1000);
	rig_start(&r, &rig_rtu);
	fixture_run(&r.f, 5000, NULL);
	r.units[1].dead = r.units[2].dead = true;
	loop_timer_init(&r.noise, on_noise, &r);
	loop_timer_in(r.f.host.loop, &r.noise, 0);
	fixture_run(&r.f, 10000, NULL);
	assert_int_equal(fixture_link(&r.f, RIG_BUS_LINK), 1);
	fixture_run(&r.f, 60000, NULL);
	for (size_t i = 0; i < r.f.n_links; i++)
		told += r.f.links[i].point == RIG_BUS_LINK;
	assert_int_equal(told, 2); // up, then lost: not again and again
	loop_timer_stop(r.f.host.loop, &r.noise);
	r.units[1].dead = r.units[2].dead = false;
	fixture_run(&r.f, 35000, NULL);
	assert_int_equal(fixture_link(&r.f, RIG_BUS_LINK), 0);
	rig_stop(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i6_a_late_reply_is_not_another_blocks),
		cmocka_unit_test(test_i6_a_frame_inside_noise_is_not_taken),
		cmocka_unit_test(test_i6_hostile_replies_on_tcp),
		cmocka_unit_test(test_i6_hostile_replies_on_rtu),
		cmocka_unit_test(test_i7_a_babbling_line_is_one_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
