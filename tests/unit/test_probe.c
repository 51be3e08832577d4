// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The decode bench and the reply times of `watchroom probe`: for each way a number may
// lie in registers, the bench beside a gauge names that way first.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/probe_decode.h"
#include "cli/probe_reply.h"
#include "test.h"

enum {
	ASKED = 100,
	ROOM = 12
};

static struct window
window_of(const uint16_t *words, size_t n, uint32_t first)
{
	struct window w = { .first = first, .n = n };

	for (size_t i = 0; i < n; i++) {
		w.words[i] = words[i];
		w.given[i] = true;
	}
	return w;
}

static struct gauge
gauge_of(const char *text)
{
	struct gauge g;
	char why[200];

	if (gauge_parse(text, &g, why) != 0)
		fail_msg("%s: %s", text, why);
	return g;
}

static void
test_a_gauge_is_a_number_and_a_unit(void **state)
{
	static const struct {
		const char *text;
		enum quantity quantity;
		double value, resolution;
	} good[] = {
		{ "0.62MPa", QUANTITY_PRESSURE, 620, 5 },
		{ "6.2 bar", QUANTITY_PRESSURE, 620, 5 },
		{ "620kPa", QUANTITY_PRESSURE, 620, 0.5 },
		{ "-0.05MPa", QUANTITY_PRESSURE, -50, 5 },
		{ "3.41m", QUANTITY_LEVEL, 3.41, 0.005 },
		{ "21.5degC", QUANTITY_TEMPERATURE, 21.5, 0.05 },
		{ "12mA", QUANTITY_CURRENT, 12, 0.5 },
	};
	static const char *const bad[] = { "0.62", "MPa", "0.62MPA", "", "1e3kPa",
		"0MPa", "0.00kPa", "-kPa", "1.2.3kPa" };
	char why[200];
	struct gauge g;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		g = gauge_of(good[i].text);
		assert_int_equal(g.quantity, good[i].quantity);
		assert_float_equal(g.value, good[i].value, 1e-9);
		assert_float_equal(g.resolution, good[i].resolution, 1e-9);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (gauge_parse(bad[i], &g, why) == 0)
			fail_msg("\"%s\" was taken", bad[i]);
}

// The wire bytes of a float in each order.
static void
put_float(float value, const char *order, uint16_t out[static 2])
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	uint8_t b[4] = { (uint8_t)(bits >> 24), (uint8_t)(bits >> 16),
		(uint8_t)(bits >> 8), (uint8_t)bits };
	uint8_t wire[4];
	for (int i = 0; i < 4; i++)
		wire[i] = b[order[i] - 'a'];
	out[0] = (uint16_t)(wire[0] << 8 | wire[1]);
	out[1] = (uint16_t)(wire[2] << 8 | wire[3]);
}

struct expected {
	uint32_t address;
	const char *type, *order;
	double scale;
	const char *unit;
};

static void
expect_first(const struct window *w, const char *gauge, struct expected e)
{
	struct candidate c[ROOM];
	struct gauge g = gauge_of(gauge);

	if (gauge_match(w, ASKED, &g, c, ROOM) == 0)
		fail_msg("%s %s: no candidate", e.type, e.order);
	if (c[0].address != e.address || strcmp(c[0].form->type, e.type) != 0 ||
	    strcmp(c[0].form->order, e.order) != 0 ||
	    fabs(c[0].scale - e.scale) > 1e-12 || strcmp(c[0].unit, e.unit) != 0)
		fail_msg("wanted %u %s %s %g %s, found %u %s %s %g %s", e.address,
		    e.type, e.order, e.scale, e.unit, c[0].address, c[0].form->type,
		    c[0].form->order, c[0].scale, c[0].unit);
}

static void
test_w1_every_order_of_a_float_is_named(void **state)
{
	static const char *const orders[] = { "abcd", "cdab", "badc", "dcba" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		uint16_t words[4] = { 0x1234, 0, 0, 0x4321 };
		put_float(617.3F, orders[i], words + 1);
		struct window w = window_of(words, 4, ASKED - 1);
		expect_first(&w, "0.62MPa",
		    (struct expected){ ASKED, "float32", orders[i], 1, "kPa" });
	}
}

static void
test_common_scales_and_whole_numbers(void **state)
{
	static const struct {
		uint16_t words[4]; // from ASKED - 1
		const char *gauge, *type, *order;
		double scale;
		const char *unit;
	} cases[] = {
		{ { 9, 62, 7, 7 }, "0.62MPa", "int16", "abcd", 0.01, "MPa" },
		{ { 9, 617, 7, 7 }, "0.617MPa", "int16", "abcd", 1, "kPa" },
		{ { 9, 617, 7, 7 }, "617kPa", "int16", "abcd", 1, "kPa" },
		{ { 9, 617, 7, 7 }, "6.17bar", "int16", "abcd", 1, "kPa" },
		{ { 9, 45000, 7, 7 }, "450.0kPa", "uint16", "abcd", 0.01, "kPa" },
		{ { 9, 0xFFCE, 7, 7 }, "-50kPa", "int16", "abcd", 1, "kPa" },
		{ { 9, 0x6902, 7, 7 }, "617kPa", "int16", "badc", 1, "kPa" },
		{ { 9, 0x0617, 7, 7 }, "617kPa", "bcd16", "abcd", 1, "kPa" },
		{ { 9, 9, 0x69A0, 7 }, "617.8kPa", "int32", "abcd", 0.001, "kPa" },
		{ { 9, 0x6D48, 9, 7 }, "617.8kPa", "int32", "cdab", 0.001, "kPa" },
		{ { 9, 0x0061, 0x7800, 7 }, "617.8kPa", "bcd32", "abcd", 0.001, "kPa" },
		{ { 9, 341, 7, 7 }, "3.41m", "int16", "abcd", 0.01, "m" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct window w = window_of(cases[i].words, 4, ASKED - 1);
		expect_first(&w, cases[i].gauge,
		    (struct expected){ ASKED, cases[i].type, cases[i].order,
			cases[i].scale, cases[i].unit });
	}
}

// The address is off by one, as manuals and tools that count from 0 and from 1 make it.
static void
test_w4_a_neighbour_is_named_with_its_address(void **state)
{
	uint16_t before[5] = { 617, 4000, 8, 8, 8 };
	uint16_t behind[5] = { 8, 4000, 617, 8, 8 };

	(void)state;
	struct window w = window_of(before, 5, ASKED - 1);
	expect_first(
	    &w, "617kPa", (struct expected){ ASKED - 1, "int16", "abcd", 1, "kPa" });
	w = window_of(behind, 5, ASKED - 1);
	expect_first(
	    &w, "617kPa", (struct expected){ ASKED + 1, "int16", "abcd", 1, "kPa" });
}

static void
test_nothing_near_is_nothing(void **state)
{
	uint16_t words[4] = { 1, 2, 3, 0xABCD };
	struct window w = window_of(words, 4, ASKED - 1);
	struct gauge g = gauge_of("617kPa");
	struct candidate c[ROOM];
	double v;

	(void)state;
	assert_int_equal(gauge_match(&w, ASKED, &g, c, ROOM), 0);
	// A hole is no register, and no number reaches over one or beyond the end.
	uint16_t here[3] = { 617, 617, 617 };
	w = window_of(here, 3, ASKED - 1);
	w.given[1] = false;
	const struct number_form *forms;
	size_t n = number_forms(&forms);
	for (size_t i = 0; i < n; i++) {
		assert_false(number_at(&w, ASKED, &forms[i], &v));
		if (forms[i].width == 2)
			assert_false(number_at(&w, ASKED - 1, &forms[i], &v));
		assert_false(number_at(&w, ASKED + 2, &forms[i], &v));
	}
	size_t found = gauge_match(&w, ASKED, &g, c, ROOM);
	for (size_t i = 0; i < found; i++)
		assert_int_not_equal(c[i].address, ASKED);
	assert_true(found >= 2);
}

// What is a percent off is not shown beside what fits.
static void
test_the_near_hide_the_far(void **state)
{
	uint16_t words[4] = { 605, 617, 0, 0 };
	struct window w = window_of(words, 4, ASKED - 1);
	struct gauge g = gauge_of("617kPa");
	struct candidate c[ROOM];

	(void)state;
	size_t n = gauge_match(&w, ASKED, &g, c, ROOM);
	assert_true(n >= 1);
	for (size_t i = 0; i < n; i++)
		assert_false(c[i].far);
	words[1] = 0;
	w = window_of(words, 4, ASKED - 1);
	n = gauge_match(&w, ASKED, &g, c, ROOM);
	assert_true(n >= 1 && c[0].far);
}

static void
test_b17_the_time_out_follows_the_slow_answers(void **state)
{
	struct reply_times *t = calloc(1, sizeof(*t));

	(void)state;
	assert_non_null(t);
	assert_int_equal(time_propose_ms(t), 0);
	for (unsigned i = 0; i < 19; i++)
		t->us[t->answered++] = 1000;
	assert_int_equal(time_propose_ms(t), 0); // too few
	for (unsigned i = 19; i < 1000; i++)
		t->us[t->answered++] =
		    390000 + i * 200; // up to 590 ms, as in the field
	time_sort(t);
	assert_int_equal(time_percentile(t, 0), 1000);
	assert_int_equal(time_percentile(t, 100), 589800);
	assert_int_equal(time_percentile(t, 50), t->us[499]);
	assert_int_equal(time_propose_ms(t), 1200);
	// One late answer among fast ones is not lost.
	t->answered = 0;
	for (unsigned i = 0; i < 200; i++)
		t->us[t->answered++] = 5000;
	t->us[7] = 240000;
	time_sort(t);
	assert_int_equal(time_propose_ms(t), 300);
	// Fast ones only: nobody is helped by a time-out that a busy moment exceeds.
	t->us[199] = 5000;
	assert_int_equal(time_propose_ms(t), 100);
	assert_int_equal(time_bucket(1000), 0);
	assert_int_equal(time_bucket(1001), 1);
	assert_int_equal(time_bucket(240000), 8);
	assert_int_equal(time_bucket_edge(8), 300);
	assert_int_equal(time_bucket(UINT32_MAX), TIME_BUCKETS - 1);
	free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_gauge_is_a_number_and_a_unit),
		cmocka_unit_test(test_w1_every_order_of_a_float_is_named),
		cmocka_unit_test(test_common_scales_and_whole_numbers),
		cmocka_unit_test(test_w4_a_neighbour_is_named_with_its_address),
		cmocka_unit_test(test_nothing_near_is_nothing),
		cmocka_unit_test(test_the_near_hide_the_far),
		cmocka_unit_test(test_b17_the_time_out_follows_the_slow_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
