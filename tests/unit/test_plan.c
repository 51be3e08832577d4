// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Blocks from points: limits of the profile, gaps, helpers; splitting and joining keep
// every point in exactly one block that covers it, whatever the order of refusals.

#include <string.h>

#include "drivers/decode.h"
#include "drivers/plan.h"
#include "field_fixture.h"
#include "test.h"

static void
assert_sound(struct field_fixture *f, const struct device *d, const struct plan *p)
{
	uint16_t next = 0;

	for (uint16_t i = 0; i < p->n; i++) {
		const struct plan_block *b = &p->blocks[i];

		if (b->kind != PLAN_POINTS)
			continue;
		assert_int_equal(b->first, next);
		assert_true(b->n > 0);
		assert_in_range(b->count, 1, d->profile->max_registers);
		for (uint16_t k = b->first; k < b->first + b->n; k++) {
			uint32_t low, high;

			plan_point_span(&f->site, d, d->points[k], &low, &high);
			assert_true(low >= b->address && high < b->address + b->count);
		}
		next = (uint16_t)(next + b->n);
	}
	assert_int_equal(next, d->n_points);
}

static struct plan
plan_of(struct field_fixture *f, const struct profile *profile, const uint16_t *pdus,
    size_t n)
{
	struct plan p;

	fixture_init(f, clock_real());
	fixture_bus(f, BUS_MODBUS_TCP, "127.0.0.1", 502);
	fixture_device(f, 0, 1, profile, 1000, 1000);
	for (size_t i = 0; i < n; i++)
		fixture_point(f, 0, 0, pdus[i]);
	plan_build(&f->site, &f->site.devices[0], &p);
	assert_sound(f, &f->site.devices[0], &p);
	return p;
}

static void
test_blocks_keep_to_limits_and_gaps(void **state)
{
	const struct {
		size_t n;
		uint16_t pdus[6];
		uint16_t blocks, count0;
	} cases[] = {
		{ 3, { 0, 1, 2 }, 1, 3 },
		{ 2, { 0, 11 }, 1, 12 }, // ten wasted registers
		{ 2, { 0, 12 }, 2, 1 },
		{ 2, { 0, 200 }, 2, 1 },
		{ 3, { 5, 5, 6 }, 1, 2 },    // two points on one register
		{ 3, { 20, 10, 11 }, 2, 1 }, // out of order: more blocks, still right
		{ 1, { 65535 }, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct field_fixture f;
		struct plan p =
		    plan_of(&f, &profile_notifier, cases[i].pdus, cases[i].n);

		assert_int_equal(p.n, cases[i].blocks);
		assert_int_equal(p.blocks[0].count, cases[i].count0);
		plan_free(&p);
		fixture_free(&f);
	}
}

static void
test_a_hundred_registers_at_most(void **state)
{
	struct field_fixture f;
	uint16_t pdus[159];
	struct plan p;

	(void)state;
	for (uint16_t i = 0; i < 159; i++)
		pdus[i] = i;
	p = plan_of(&f, &profile_notifier, pdus, 159);
	assert_int_equal(p.n, 2);
	assert_int_equal(p.blocks[0].count, 100);
	assert_int_equal(p.blocks[1].count, 59);
	plan_free(&p);
	fixture_free(&f);
}

static void
test_near_settings_are_read_with_the_value(void **state)
{
	const uint16_t pressure = 4, value = 0;
	struct field_fixture f;
	struct plan p = plan_of(&f, &profile_ptmb, &pressure, 1);

	(void)state;
	assert_int_equal(p.n, 1);
	assert_int_equal(p.blocks[0].address, 2);
	assert_int_equal(p.blocks[0].count, 5);
	plan_free(&p);
	fixture_free(&f);
	p = plan_of(&f, &profile_gauge, &value, 1);
	assert_int_equal(p.n, 2);
	assert_int_equal(p.blocks[0].kind, PLAN_HELPER);
	assert_int_equal(p.blocks[0].address, 500);
	assert_int_equal(p.blocks[1].count, 2);
	plan_free(&p);
	fixture_free(&f);
}

static void
test_identity_comes_first(void **state)
{
	const uint16_t pdu = 0;
	struct field_fixture f;
	struct plan p = plan_of(&f, &profile_words, &pdu, 1);

	(void)state;
	assert_int_equal(p.n, 3);
	assert_int_equal(p.blocks[0].kind, PLAN_IDENTITY);
	assert_int_equal(p.blocks[1].address, 9010);
	plan_free(&p);
	fixture_free(&f);
}

static void
test_random_splits_and_joins_lose_no_point(void **state)
{
	struct field_fixture f;
	uint16_t pdus[60];
	uint32_t seed = 99;
	struct plan p;

	(void)state;
	for (uint16_t i = 0; i < 60; i++)
		pdus[i] = (uint16_t)(i * 2 + i / 20 * 30);
	p = plan_of(&f, &profile_notifier, pdus, 60);
	for (int i = 0; i < 20000; i++) {
		uint16_t at;

		seed = seed * 1664525U + 1013904223U;
		at = (uint16_t)((seed >> 16) % p.n);
		if (seed & 0x8000) {
			bool could = p.blocks[at].n > 1;

			assert_int_equal(
			    plan_split(&f.site, &f.site.devices[0], &p, at), could);
		} else {
			p.blocks[at].flags &= PLAN_NO_JOIN;
			p.blocks[at].last_good_ms = 1 + i;
			plan_join(&p, at);
		}
		if (i % 500 == 0) // as after a restart, so that joins go on
			for (uint16_t k = 0; k < p.n; k++)
				p.blocks[k].flags = 0;
		assert_sound(&f, &f.site.devices[0], &p);
	}
	plan_free(&p);
	fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks_keep_to_limits_and_gaps),
		cmocka_unit_test(test_a_hundred_registers_at_most),
		cmocka_unit_test(test_near_settings_are_read_with_the_value),
		cmocka_unit_test(test_identity_comes_first),
		cmocka_unit_test(test_random_splits_and_joins_lose_no_point),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
