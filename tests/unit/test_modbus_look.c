// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a person is shown of a bus, its devices and their blocks adds up, whatever the
// units do: each request is in one block and ends in one of its sums, sums only grow,
// and what was not read since the link was lost is not shown as read (I6).
#include <stdio.h>
#include <string.h>

#include "core/profile_dialog.h"
#include "modbus_rig.h"
#include "test.h"

enum {
	POINTS_EACH = 40,
	DEVICES = 2,
	COUNTERS = 500,
	STEPS = 3000,
};

static struct profile_summary summaries[] = {
	{ .name = "counters",
	    .area = AREA_HOLDING,
	    .address = COUNTERS,
	    .registers = 2,
	    .kind = SUMMARY_COUNT,
	    .decoder = -1 },
	{ .name = "revision",
	    .area = AREA_HOLDING,
	    .address = COUNTERS + 40,
	    .registers = 1,
	    .kind = SUMMARY_REVISION,
	    .decoder = -1 },
};
static const struct profile_dialogs dialogs = { .n_summaries = 2,
	.summaries = summaries };
static struct profile talking; // points, summaries, and an identity that unit 1 has

static void
add_devices(struct rig *r, uint16_t n)
{
	static const struct profile_identity known = {
		.area = AREA_HOLDING, .address = 100, .mask = 0, .max = 0
	};

	talking = profile_words;
	talking.dialogs = &dialogs;
	talking.n_identity = 1;
	talking.identity = &known;
	for (uint16_t i = 0; i < n; i++)
		(void)fixture_device(&r->f, 0, (uint8_t)(i + 1), &talking, 1000, 200);
	for (uint16_t d = 0; d < n; d++)
		for (int i = 0; i < POINTS_EACH; i++)
			fixture_point(&r->f, d, 0, (uint16_t)i);
}

static struct block_look
block_of(const struct rig *r, uint16_t device, const char *kind)
{
	struct device_look d;
	struct block_look b = { 0 };

	mbus_look_device(&r->bus, device, &d);
	for (uint16_t i = 0; i < d.blocks; i++) {
		mbus_look_block(&r->bus, device, i, &b);
		if (strcmp(b.kind, kind) == 0)
			return b;
	}
	fail_msg("there is no block of kind %s", kind);
	return b;
}

static uint16_t
in_flight(const struct rig *r, uint16_t device, uint16_t nth)
{
	const struct plan *p = &r->bus.devices[device].plan;

	for (uint16_t i = 0; i < p->n; i++)
		if (p->blocks[i].count > 0 && nth-- == 0)
			return p->blocks[i].in_flight;
	return 0;
}

// Each request of the device is of one block, and has ended in one way at most.
static void
check_device(const struct rig *r, uint16_t device)
{
	uint64_t requests = 0, good = 0, refused = 0;
	struct device_look d;
	struct block_look b;

	mbus_look_device(&r->bus, device, &d);
	for (uint16_t i = 0; i < d.blocks; i++) {
		mbus_look_block(&r->bus, device, i, &b);
		assert_int_equal(b.sums.requests, b.sums.good + b.sums.refused +
						      b.sums.missed +
						      in_flight(r, device, i));
		requests += b.sums.requests;
		good += b.sums.good;
		refused += b.sums.refused;
		assert_true(b.count > 0);
		if (strcmp(b.kind, "points") == 0)
			assert_in_range(b.sums.worst_gap_ms, 0, d.worst_gap_ms);
		if (d.state[0] == 'l')
			assert_string_not_equal(b.state, "read");
	}
	assert_int_equal(requests, d.sums.requests);
	assert_int_equal(good, d.sums.good);
	assert_int_equal(refused, d.sums.exceptions);
	assert_int_equal(d.sums.replies, d.sums.good + d.sums.exceptions);
}

static void
check_grows(const struct device_look *was, const struct device_look *is)
{
	assert_true(is->sums.requests >= was->sums.requests);
	assert_true(is->sums.good >= was->sums.good);
	assert_true(is->sums.timeouts >= was->sums.timeouts);
	assert_true(is->sums.exceptions >= was->sums.exceptions);
	assert_true(is->sums.samples >= was->sums.samples);
	assert_true(is->sums.reply_us >= was->sums.reply_us);
}

static void
make_trouble(struct rig *r)
{
	static const uint8_t codes[] = { 0, 0, 0, 1, 2, 4, 6, 11 };
	struct unit *u = &r->units[1 + rig_random(r) % DEVICES];

	u->exception = codes[rig_random(r) % sizeof(codes)];
	u->dead = rig_random(r) % 6 == 0;
	u->n_absent = (uint8_t)(rig_random(r) % 3);
	u->absent[0] = (uint16_t)(rig_random(r) % POINTS_EACH);
	u->absent[1] = (uint16_t)(rig_random(r) % POINTS_EACH);
	u->latency_ms = 5 + rig_random(r) % 300;
	r->refuse_open = rig_random(r) % 16 == 0;
}

static void
walk(const struct mbus_transport *t, uint16_t devices)
{
	struct device_look was[DEVICES] = { 0 }, is;
	struct bus_look bus_was = { 0 }, bus;
	unsigned lost = 0, parted = 0;
	static struct rig r;

	rig_init(&r);
	add_devices(&r, devices);
	rig_start(&r, t);
	for (int i = 0; i < STEPS; i++) {
		if (i % 20 == 0)
			make_trouble(&r);
		if (i % 400 == 399 && r.is_open)
			mbus_broken(&r.bus, "closed");
		fixture_run(&r.f, 50 + rig_random(&r) % 200, NULL);
		for (uint16_t d = 0; d < devices; d++) {
			check_device(&r, d);
			mbus_look_device(&r.bus, d, &is);
			check_grows(&was[d], &is);
			was[d] = is;
			lost += is.state[0] == 'l';
			parted += is.blocks > 5;
		}
		mbus_look(&r.bus, &bus);
		assert_true(bus.sums.busy_us >= bus_was.sums.busy_us);
		assert_true(bus.sums.connects >= bus_was.sums.connects);
		assert_in_range(bus.sums.connects - bus.sums.disconnects, 0, 1);
		bus_was = bus;
	}
	// It was a walk through what there is.
	assert_true(lost > 10 && lost < STEPS * devices - 10U);
	assert_true(parted > 10);
	assert_true(bus.sums.connects > 3);
	rig_stop(&r);
}

static void
test_each_request_is_counted_once(void **state)
{
	(void)state;
	walk(&rig_tcp, 1);
	walk(&rig_tcp, DEVICES);
	walk(&rig_rtu, DEVICES);
}

static void
test_every_read_there_is_is_shown_with_its_place(void **state)
{
	struct block_look b;
	struct device_look d;
	struct rig r;

	(void)state;
	rig_init(&r);
	add_devices(&r, 1);
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 5000, NULL);
	mbus_look_device(&r.bus, 0, &d);
	assert_int_equal(d.blocks, 4);
	b = block_of(&r, 0, "identity");
	assert_string_equal(b.state, "read");
	assert_int_equal(b.address, 100);
	assert_int_equal(b.sums.good, 1);
	b = block_of(&r, 0, "summary");
	assert_string_equal(b.state, "read");
	assert_string_equal(b.order, "summary");
	assert_int_equal(b.area, AREA_HOLDING);
	assert_int_equal(b.address, COUNTERS);
	assert_int_equal(b.count, 2);
	assert_in_range(b.sums.good, 4, 6);
	assert_int_equal(block_of(&r, 0, "points").points, POINTS_EACH);
	rig_stop(&r);
}

static void
test_i6_what_was_not_read_since_the_loss_is_not_shown_as_read(void **state)
{
	struct bus_look bus;
	struct rig r;

	(void)state;
	rig_init(&r);
	add_devices(&r, 1);
	rig_start(&r, &rig_tcp);
	mbus_look(&r.bus, &bus);
	assert_true(bus.known); // the made-up link opens at once
	fixture_run(&r.f, 3000, NULL);
	assert_string_equal(block_of(&r, 0, "points").state, "read");
	r.units[1].dead = true;
	fixture_run(&r.f, 5000, NULL);
	assert_string_equal(block_of(&r, 0, "points").state, "unread");
	assert_string_equal(block_of(&r, 0, "summary").state, "unread");
	assert_true(block_of(&r, 0, "points").last_good_utc_ms > 0);
	rig_stop(&r);
}

static void
test_i6_a_bus_of_which_nothing_is_known(void **state)
{
	struct bus_look bus;
	struct rig r;

	(void)state;
	rig_init(&r);
	add_devices(&r, 1);
	r.refuse_open = true;
	r.f.site.devices[0].retries = 3;
	rig_start(&r, &rig_tcp);
	mbus_look(&r.bus, &bus);
	assert_false(bus.known);
	fixture_run(&r.f, 10000, NULL);
	mbus_look(&r.bus, &bus);
	assert_true(bus.known && bus.lost);
	rig_stop(&r);
}

// ---- figures in time
// --------------------------------------------------------------

static void
test_a_gap_is_told_while_it_grows(void **state)
{
	struct device_look d;
	struct rig r;

	(void)state;
	rig_init(&r);
	add_devices(&r, 1);
	r.f.site.devices[0].retries = 10;
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 3000, NULL);
	mbus_look_device(&r.bus, 0, &d);
	assert_in_range(d.worst_gap_ms, 990, 1010);
	r.units[1].dead = true;
	fixture_run(&r.f, 2000, NULL);
	mbus_look_device(&r.bus, 0, &d);
	assert_string_equal(d.state, "doubtful");
	assert_in_range(d.worst_gap_ms, 2000, 3000);
	assert_int_equal(block_of(&r, 0, "points").sums.worst_gap_ms, d.worst_gap_ms);
	r.units[1].dead = false;
	fixture_run(&r.f, 3000, NULL);
	mbus_look_device(&r.bus, 0, &d);
	assert_in_range(d.worst_gap_ms, 2000, 3500); // and is remembered
	rig_stop(&r);
}

static void
test_time_with_a_request_in_flight_is_busy(void **state)
{
	uint64_t before, busy_ms = 0;
	struct bus_look b;
	struct rig r;

	(void)state;
	rig_init(&r);
	add_devices(&r, 1);
	r.units[1].latency_ms = 150;
	rig_start(&r, &rig_tcp);
	mbus_look(&r.bus, &b);
	for (int ms = 0; ms < 10000; ms++) {
		bool flies = b.in_flight > 0;

		before = b.sums.busy_us;
		fixture_run(&r.f, 1, NULL);
		mbus_look(&r.bus, &b);
		busy_ms += flies;
		assert_int_equal(b.sums.busy_us - before, flies ? 1000 : 0);
	}
	assert_int_equal(b.sums.busy_us, busy_ms * 1000);
	assert_true(busy_ms > 2000);
	rig_stop(&r);
}

// Of the last one to two minutes, whatever was before.
static void
test_load_is_of_the_last_minutes(void **state)
{
	struct bus_look b;
	struct rig r;

	(void)state;
	rig_init(&r);
	add_devices(&r, 1);
	r.units[1].latency_ms = 190; // three requests a second
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 600000, NULL);
	mbus_look(&r.bus, &b);
	assert_float_equal(b.load, 0.57, 0.02);
	r.units[1].latency_ms = 10;
	fixture_run(&r.f, 150000, NULL);
	mbus_look(&r.bus, &b);
	assert_float_equal(b.load, 0.03, 0.005);
	rig_stop(&r);
}

// The first bound that is not exceeded, and the bound below which the share lies, both
// by looking at each reply.
static void
test_reply_times_by_their_bounds(void **state)
{
	static const uint32_t times[] = { 0, 1, 999, 1000, 1001, 2000, 2001, 5000, 5001,
		10000, 10001, 20000, 50000, 50001, 100000, 200000, 200001, 500000,
		1000000, 1000001, 2000000, 2000001, UINT32_MAX };
	static const double shares[] = { 0.01, 0.25, 0.50, 0.75, 0.99, 1.0 };
	uint32_t counts[LINK_REPLY_BOUNDS] = { 0 };

	(void)state;
	assert_int_equal(link_reply_quantile_us(counts, 0.5), 0);
	for (size_t n = 1; n <= ARRAY_LEN(times); n++) {
		unsigned slot = link_reply_slot(times[n - 1]);

		assert_true(times[n - 1] <= link_reply_bound_us(slot));
		assert_true(slot == 0 || times[n - 1] > link_reply_bound_us(slot - 1));
		counts[slot]++;
		for (size_t s = 0; s < ARRAY_LEN(shares); s++) {
			uint32_t q = link_reply_quantile_us(counts, shares[s]);
			size_t kept = 0, kept_by_less = 0;

			for (size_t i = 0; i < n; i++) {
				kept += times[i] <= q;
				kept_by_less +=
				    link_reply_slot(times[i]) < link_reply_slot(q);
			}
			assert_true((double)kept >= shares[s] * (double)n);
			assert_true((double)kept_by_less < shares[s] * (double)n);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_request_is_counted_once),
		cmocka_unit_test(test_every_read_there_is_is_shown_with_its_place),
		cmocka_unit_test(
		    test_i6_what_was_not_read_since_the_loss_is_not_shown_as_read),
		cmocka_unit_test(test_i6_a_bus_of_which_nothing_is_known),
		cmocka_unit_test(test_a_gap_is_told_while_it_grows),
		cmocka_unit_test(test_time_with_a_request_in_flight_is_busy),
		cmocka_unit_test(test_load_is_of_the_last_minutes),
		cmocka_unit_test(test_reply_times_by_their_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
