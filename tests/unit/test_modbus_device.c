// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What replies lead to, on a virtual clock: samples, refusals, absent addresses, busy,
// identity, and settings that the device holds. Nothing refused is ever a value (I6).

#include <math.h>
#include <string.h>

#include "modbus_rig.h"
#include "test.h"

static void
test_a_sample_per_change_and_after_a_loss(void **state)
{
	struct rig r;
	const struct sample *s;
	int64_t before;

	(void)state;
	rig_init(&r);
	rig_add_unit(&r, 1, 1000);
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 5500, NULL);
	assert_int_equal(r.f.n_samples, 3);
	assert_int_equal(r.f.samples[0].not_before_utc_ms, 0);
	assert_in_range(r.f.heard, 5, 6);
	before = r.units[1].last_good_ms;
	r.units[1].flip = true;
	fixture_run(&r.f, 1000, NULL);
	assert_int_equal(r.f.n_samples, 6);
	s = fixture_last(&r.f, 0);
	assert_int_equal(s->raw, 1024 + 512);
	// The true time lies after the previous good poll.
	assert_int_equal(s->t_utc_ms - s->not_before_utc_ms, s->t_mono_ms - before);
	r.units[1].dead = true;
	fixture_run(&r.f, 10000, NULL);
	assert_int_equal(r.f.n_samples, 6);
	assert_int_equal(fixture_link(&r.f, rig_link_of(&r, 0)), 1);
	before = r.units[1].last_good_ms;
	r.units[1].dead = false;
	fixture_run(&r.f, 2500, NULL);
	assert_int_equal(r.f.n_samples, 9);
	s = fixture_last(&r.f, 0);
	assert_int_equal(s->t_utc_ms - s->not_before_utc_ms, s->t_mono_ms - before);
	rig_stop(&r);
}

// The clock is set forward between two polls: the change is not older for that (I10).
static void
test_i10_a_step_of_the_clock_does_not_age_a_change(void **state)
{
	struct rig r;
	const struct sample *s;
	int64_t before;

	(void)state;
	rig_init(&r);
	rig_add_unit(&r, 1, 1000);
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 5500, NULL);
	before = r.units[1].last_good_ms;
	clock_virtual_step(&r.clock, 3600000);
	r.units[1].flip = true;
	fixture_run(&r.f, 1000, NULL);
	s = fixture_last(&r.f, 0);
	assert_int_equal(s->raw, 1024 + 512);
	assert_int_equal(s->t_utc_ms - s->not_before_utc_ms, s->t_mono_ms - before);
	rig_stop(&r);
}

// A device that is lost stays lost when it says so in another way: the host hears the
// present reason, and nothing of being back.
static void
test_a_lost_device_tells_the_present_reason(void **state)
{
	struct rig r;
	size_t links;

	(void)state;
	rig_init(&r);
	rig_add_unit(&r, 1, 1000);
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 3000, NULL);
	r.units[1].dead = true;
	fixture_run(&r.f, 10000, NULL);
	assert_string_equal(fixture_link_code(&r.f, rig_link_of(&r, 0)), "timeout");
	links = r.f.n_links;
	r.units[1].dead = false;
	r.units[1].exception = 4;
	fixture_run(&r.f, 30000, NULL);
	assert_int_equal(fixture_link(&r.f, rig_link_of(&r, 0)), 1);
	assert_string_equal(
	    fixture_link_code(&r.f, rig_link_of(&r, 0)), "exception-04");
	assert_int_equal(r.f.n_links, links + 1);
	assert_string_equal(r.bus.devices[0].lost_code, "exception-04");
	rig_stop(&r);
}

static uint16_t
add_wide(struct rig *r, uint16_t points)
{
	uint16_t d = fixture_device(&r->f, 0, 1, &rig_plain, 1000, 1000);

	for (uint16_t i = 0; i < points; i++)
		fixture_point(&r->f, d, 0, i);
	return d;
}

static void
test_a_refused_block_is_halved_until_the_address_is_known(void **state)
{
	struct rig r;
	unsigned before;

	(void)state;
	rig_init(&r);
	add_wide(&r, 100);
	r.units[1].n_absent = 2;
	r.units[1].absent[0] = 37;
	r.units[1].absent[1] = 80;
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 2000, NULL);
	for (uint32_t p = 0; p < 100; p++) {
		const struct sample *s = fixture_last(&r.f, p);

		assert_non_null(s);
		assert_int_equal(fixture_count(&r.f, p), 1);
		if (p != 37 && p != 80) {
			assert_int_equal(s->quality, QUALITY_GOOD);
			continue;
		}
		assert_int_equal(s->quality, QUALITY_BAD);
		assert_true(isnan(s->value));
		assert_int_equal(s->codes[0].condition, COND_FAULT);
		assert_int_equal(s->codes[0].code, CODE_NOT_PRESENT);
	}
	assert_int_equal(fixture_link(&r.f, rig_link_of(&r, 0)), 0);
	// What is left are three blocks around the two absent addresses, and those now
	// and then: after 2, 4, 8 s and so on.
	before = r.units[1].requests;
	fixture_run(&r.f, 10000, NULL);
	assert_in_range(r.units[1].requests - before, 30, 39);
	// The thing is mounted: found again within a minute, with all in one read.
	r.units[1].n_absent = 0;
	fixture_run(&r.f, 61000, NULL);
	assert_int_equal(fixture_last(&r.f, 37)->quality, QUALITY_GOOD);
	before = r.units[1].requests;
	fixture_run(&r.f, 10000, NULL);
	assert_in_range(r.units[1].requests - before, 10, 11);
	assert_int_equal(r.wrong_values, 0);
	rig_stop(&r);
}

static void
test_a_gap_nobody_asked_for_does_not_go_on_for_ever(void **state)
{
	struct rig r;
	unsigned before;

	(void)state;
	rig_init(&r);
	fixture_device(&r.f, 0, 1, &rig_plain, 1000, 1000);
	for (uint16_t i = 0; i < 40; i++)
		fixture_point(&r.f, 0, 0, (uint16_t)(i < 20 ? i : i + 5));
	r.units[1].n_absent = 1;
	r.units[1].absent[0] = 22; // between the points
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 5000, NULL);
	for (uint32_t p = 0; p < 40; p++)
		assert_int_equal(fixture_last(&r.f, p)->quality, QUALITY_GOOD);
	before = r.units[1].requests;
	fixture_run(&r.f, 10000, NULL);
	assert_in_range(r.units[1].requests - before, 20, 44);
	before = (unsigned)r.bus.devices[0].sums.exceptions;
	fixture_run(&r.f, 60000, NULL);
	assert_int_equal(r.bus.devices[0].sums.exceptions, before);
	rig_stop(&r);
}

static void
test_i6_busy_is_never_a_value(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_add_unit(&r, 1, 1000);
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 3000, NULL);
	r.units[1].exception = 6;
	r.units[1].flip = true;
	fixture_run(&r.f, 5000, NULL);
	assert_int_equal(fixture_link(&r.f, rig_link_of(&r, 0)), 0);
	assert_int_equal(r.f.n_samples, 3);
	r.units[1].exception = 0;
	fixture_run(&r.f, 600, NULL); // asked again soon, not a period later
	assert_int_equal(r.f.n_samples, 6);
	r.units[1].exception = 5;
	fixture_run(&r.f, 30000, NULL); // for ever is as good as gone
	assert_int_equal(fixture_link(&r.f, rig_link_of(&r, 0)), 1);
	assert_string_equal(
	    fixture_link_code(&r.f, rig_link_of(&r, 0)), "exception-05");
	rig_stop(&r);
}

static void
test_exceptions_of_a_gateway_concern_one_unit(void **state)
{
	const uint8_t codes[] = { 0x04, 0x0A, 0x0B, 0x77 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		struct rig r;

		rig_init(&r);
		rig_add_unit(&r, 1, 1000);
		rig_add_unit(&r, 2, 1000);
		r.units[1].exception = codes[i];
		rig_start(&r, &rig_tcp);
		fixture_run(&r.f, 10000, NULL);
		assert_int_equal(fixture_link(&r.f, rig_link_of(&r, 0)), 1);
		assert_string_equal(fixture_link_code(&r.f, rig_link_of(&r, 0)),
		    pdu_exception_name(codes[i]));
		assert_int_equal(fixture_link(&r.f, rig_link_of(&r, 1)), 0);
		assert_int_equal(fixture_link(&r.f, RIG_BUS_LINK), 0);
		assert_int_equal(r.f.n_samples, 3);
		assert_in_range(r.units[2].worst_gap_ms, 900, 1200);
		rig_stop(&r);
	}
}

static void
test_all_units_behind_a_living_gateway_gone(void **state)
{
	struct rig r;
	size_t told = 0;

	(void)state;
	rig_init(&r);
	rig_add_unit(&r, 1, 1000);
	rig_add_unit(&r, 2, 1000);
	rig_add_unit(&r, 3, 1000);
	r.units[1].exception = 0x0B;
	r.units[2].exception = 0x0B;
	r.units[3].dead = true;
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 120000, NULL);
	for (size_t i = 0; i < r.f.n_links; i++)
		told += r.f.links[i].point == RIG_BUS_LINK;
	assert_in_range(told, 1, 4); // no flapping of the bus
	for (uint16_t d = 0; d < 3; d++)
		assert_int_equal(fixture_link(&r.f, rig_link_of(&r, d)), 1);
	rig_stop(&r);
}

static void
test_a_function_that_is_refused(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_add_unit(&r, 1, 1000);
	r.units[1].exception = 1;
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 3000, NULL);
	assert_int_equal(fixture_link(&r.f, rig_link_of(&r, 0)), 1);
	assert_string_equal(
	    fixture_link_code(&r.f, rig_link_of(&r, 0)), "exception-01");
	assert_int_equal(r.f.n_samples, 0);
	rig_stop(&r);
}

static void
test_the_identity_is_checked_first(void **state)
{
	struct rig r;
	struct unit *u;

	(void)state;
	rig_init(&r);
	fixture_device(&r.f, 0, 1, &profile_words, 1000, 1000);
	fixture_point(&r.f, 0, 0, 0);
	u = &r.units[1];
	u->fixed_at = 9000;
	u->fixed_n = 1;
	u->fixed[0] = 0x5017; // another model
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 10000, NULL);
	assert_int_equal(fixture_link(&r.f, rig_link_of(&r, 0)), 1);
	assert_string_equal(fixture_link_code(&r.f, rig_link_of(&r, 0)), "identity");
	assert_int_equal(r.f.n_samples, 0);
	u->fixed[0] = 0x6017;
	fixture_run(&r.f, 5000, NULL); // the second register is still wrong
	assert_int_equal(r.f.n_samples, 0);
	u->fixed_at = 9000; // 9000 and 9010 both right
	rig_stop(&r);
}

static void
test_the_right_identity_lets_values_pass(void **state)
{
	static const struct profile_identity one[] = {
		{ .area = AREA_HOLDING,
		    .address = 9000,
		    .mask = 0xFF00,
		    .min = 0x6000,
		    .max = 0x6000 },
		{ .area = AREA_HOLDING,
		    .address = 9001,
		    .mask = 0xFFFF,
		    .min = 0x004F,
		    .max = 0x0050 },
	};
	struct profile profile = profile_words;
	struct rig r;

	(void)state;
	rig_init(&r);
	profile.identity = one;
	fixture_device(&r.f, 0, 1, &profile, 1000, 1000);
	fixture_point(&r.f, 0, 0, 0);
	r.units[1].fixed_at = 9000;
	r.units[1].fixed_n = 2;
	r.units[1].fixed[0] = 0x60FF;
	r.units[1].fixed[1] = 0x0050;
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 3000, NULL);
	assert_int_equal(fixture_link(&r.f, rig_link_of(&r, 0)), 0);
	assert_int_equal(r.f.n_samples, 1);
	// Lost, replaced by another model, back: checked again.
	r.units[1].dead = true;
	fixture_run(&r.f, 10000, NULL);
	r.units[1].dead = false;
	r.units[1].fixed[1] = 0x0051;
	fixture_run(&r.f, 5000, NULL);
	assert_int_equal(fixture_link(&r.f, rig_link_of(&r, 0)), 1);
	assert_int_equal(r.f.n_samples, 1);
	rig_stop(&r);
}

static void
test_a_gauge_is_read_with_its_settings(void **state)
{
	struct rig r;
	const struct sample *s;

	(void)state;
	rig_init(&r);
	fixture_device(&r.f, 0, 3, &profile_ptmb, 1000, 1000);
	fixture_point(&r.f, 0, 0, 4);
	r.units[3].fixed_at = 2;
	r.units[3].fixed_n = 5;
	memcpy(r.units[3].fixed, (uint16_t[]){ 0, 3, 785, 0, 1600 }, 10);
	rig_start(&r, &rig_rtu);
	fixture_run(&r.f, 5500, NULL);
	assert_in_range(r.f.n_samples, 5, 6); // analog: each good poll
	s = fixture_last(&r.f, 0);
	assert_float_equal(s->value, 785, 1e-9);
	r.units[3].fixed[0] = 1; // someone sets it to kPa
	fixture_run(&r.f, 1100, NULL);
	s = fixture_last(&r.f, 0);
	assert_int_equal(s->quality, QUALITY_BAD);
	assert_int_equal(s->codes[0].code, CODE_CONFIGURATION);
	rig_stop(&r);
}

static void
test_settings_far_away_are_read_now_and_then(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	fixture_device(&r.f, 0, 1, &profile_gauge, 1000, 1000);
	fixture_point(&r.f, 0, 0, 0);
	r.units[1].fixed_at = 500;
	r.units[1].fixed_n = 2;
	memcpy(r.units[1].fixed, (uint16_t[]){ 1, 0 }, 4);
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 2500, NULL);
	assert_int_equal(fixture_last(&r.f, 0)->quality, QUALITY_GOOD);
	assert_int_equal(r.units[1].requests, 1 + r.f.n_samples);
	r.units[1].fixed[0] = 0;
	fixture_run(&r.f, PLAN_SLOW_MS + 1000, NULL);
	assert_int_equal(fixture_last(&r.f, 0)->quality, QUALITY_BAD);
	rig_stop(&r);
}

// Blocks at 0, 100 and 200 of one device.
static void
add_three_blocks(struct rig *r, uint8_t unit, uint32_t poll_ms)
{
	uint16_t d = fixture_device(&r->f, 0, unit, &rig_plain, poll_ms, 1000);

	for (uint16_t i = 0; i < 3; i++)
		fixture_point(&r->f, d, 0, (uint16_t)(i * 100));
}

static void
test_a_summary_goes_first_and_at_its_own_pace(void **state)
{
	struct plan_block *b;
	struct rig r;
	unsigned summaries = 0;

	(void)state;
	rig_init(&r);
	add_three_blocks(&r, 1, 1000);
	add_three_blocks(&r, 2, 1000);
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 3000, NULL);
	// Unit 2 gets a summary; everything is due at once.
	b = r.bus.devices[1].plan.blocks;
	b[2].own_poll = b[2].poll = POLL_SUMMARY;
	b[2].period_ms = 200;
	for (uint16_t d = 0; d < 2; d++) {
		for (uint16_t i = 0; i < 3; i++)
			r.bus.devices[d].plan.blocks[i].due_ms =
			    loop_now_ms(r.f.host.loop) + 10;
		device_hold(&r.bus.devices[d], 0);
	}
	r.n_asked = 0;
	fixture_run(&r.f, 500, NULL);
	assert_int_equal(r.asked_units[0], 2);
	assert_int_equal(r.asked_addresses[0], 200);
	r.n_asked = 0;
	fixture_run(&r.f, 4000, NULL);
	for (unsigned i = 0; i < r.n_asked; i++)
		summaries += r.asked_units[i] == 2 && r.asked_addresses[i] == 200;
	assert_in_range(summaries, 18, 21);
	assert_in_range(r.n_asked - summaries, 19, 21); // the others as before
	rig_stop(&r);
}

static void
test_what_changed_is_read_before_the_scan(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	add_three_blocks(&r, 1, 10000);
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 3000, NULL);
	r.n_asked = 0;
	device_hurry(
	    &r.bus.devices[0], 2, 1); // as if by a reply: nothing wakes the bus
	fixture_run(&r.f, 20, NULL);
	device_hurry(&r.bus.devices[0], 1, 1);
	fixture_run(&r.f, 10000, NULL);
	assert_int_equal(r.asked_addresses[0], 200);
	assert_int_equal(r.asked_addresses[1], 100);
	assert_int_equal(r.asked_addresses[2], 0);
	assert_int_equal(r.bus.devices[0].plan.blocks[1].poll, POLL_SCAN);
	rig_stop(&r);
}

// Summaries that are always due leave a scan waiting for one period at most.
static void
test_a_scan_is_not_starved(void **state)
{
	struct plan_block *b;
	struct rig r;

	(void)state;
	rig_init(&r);
	add_three_blocks(&r, 1, 1000);
	rig_start(&r, &rig_tcp);
	b = r.bus.devices[0].plan.blocks;
	for (int i = 0; i < 2; i++) {
		b[i].own_poll = b[i].poll = POLL_CHANGED;
		b[i].period_ms = 10; // a reply takes 20 ms
	}
	fixture_run(&r.f, 3000, NULL);
	r.n_asked = 0;
	fixture_run(&r.f, 2500, NULL);
	unsigned scans = 0;
	for (unsigned i = 0; i < r.n_asked; i++)
		scans += r.asked_addresses[i] == 200;
	assert_true(scans >= 1);
	rig_stop(&r);
}

// A device that says nothing to some reads, where it should refuse them, lives; and
// what it does not give is bad, not unknown for ever and not as before (I6).
static void
test_i6_a_block_that_is_not_answered(void **state)
{
	struct rig r;
	size_t links;

	(void)state;
	rig_init(&r);
	add_three_blocks(&r, 1, 1000);
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 3000, NULL);
	assert_int_equal(fixture_last(&r.f, 2)->quality, QUALITY_GOOD);
	links = r.f.n_links;
	r.units[1].mute_from = 200;
	fixture_run(&r.f, 10000, NULL);
	assert_int_equal(fixture_last(&r.f, 2)->quality, QUALITY_BAD);
	assert_int_equal(fixture_last(&r.f, 2)->codes[0].condition, COND_FAULT);
	assert_int_equal(r.f.n_links, links); // the device was not lost for it
	assert_int_equal(fixture_last(&r.f, 0)->quality, QUALITY_GOOD);
	fixture_run(&r.f, 200000, NULL);
	assert_int_equal(r.f.n_links, links);
	// The others keep their period but for a time-out a minute.
	assert_in_range(r.bus.devices[0].sums.timeouts, 5, 14);
	r.units[1].mute_from = 0;
	fixture_run(&r.f, PLAN_SLOW_MS + 1000, NULL);
	assert_int_equal(fixture_last(&r.f, 2)->quality, QUALITY_GOOD);
	r.units[1].dead = true; // and dead is dead
	fixture_run(&r.f, 6000, NULL);
	assert_int_equal(fixture_link(&r.f, rig_link_of(&r, 0)), 1);
	rig_stop(&r);
}

// The figure that the plan promises is kept, or said to be broken.
static void
test_a_device_that_is_read_too_seldom(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	rig_add_unit(&r, 1, 1000);
	r.f.site.devices[0].budget_ms = 4000;
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 60000, NULL);
	assert_int_equal(r.f.overdue, 0);
	r.units[1].exception = 6; // busy, for up to 10 s
	fixture_run(&r.f, 3000, NULL);
	assert_int_equal(r.f.overdue, 0);
	fixture_run(&r.f, 3000, NULL);
	assert_int_equal(r.f.overdue, 1);
	assert_int_equal(fixture_link(&r.f, rig_link_of(&r, 0)), 0);
	r.units[1].exception = 0;
	fixture_run(&r.f, 3000, NULL);
	assert_int_equal(r.f.in_time, 1);
	r.units[1].dead = true; // lost says more
	fixture_run(&r.f, 60000, NULL);
	assert_int_equal(r.f.overdue, 1);
	assert_int_equal(fixture_link(&r.f, rig_link_of(&r, 0)), 1);
	r.units[1].dead = false;
	fixture_run(&r.f, 60000, NULL);
	assert_int_equal(r.f.overdue, 1);
	rig_stop(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_sample_per_change_and_after_a_loss),
		cmocka_unit_test(test_i10_a_step_of_the_clock_does_not_age_a_change),
		cmocka_unit_test(test_a_lost_device_tells_the_present_reason),
		cmocka_unit_test(
		    test_a_refused_block_is_halved_until_the_address_is_known),
		cmocka_unit_test(test_a_gap_nobody_asked_for_does_not_go_on_for_ever),
		cmocka_unit_test(test_i6_busy_is_never_a_value),
		cmocka_unit_test(test_exceptions_of_a_gateway_concern_one_unit),
		cmocka_unit_test(test_all_units_behind_a_living_gateway_gone),
		cmocka_unit_test(test_a_function_that_is_refused),
		cmocka_unit_test(test_the_identity_is_checked_first),
		cmocka_unit_test(test_the_right_identity_lets_values_pass),
		cmocka_unit_test(test_a_gauge_is_read_with_its_settings),
		cmocka_unit_test(test_settings_far_away_are_read_now_and_then),
		cmocka_unit_test(test_a_summary_goes_first_and_at_its_own_pace),
		cmocka_unit_test(test_what_changed_is_read_before_the_scan),
		cmocka_unit_test(test_a_scan_is_not_starved),
		cmocka_unit_test(test_i6_a_block_that_is_not_answered),
		cmocka_unit_test(test_a_device_that_is_read_too_seldom),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
