// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Decoding by the tables of three real profiles, all number types and word orders on
// wire bytes, and every way a value can be none. What is not in a table is never
// normal.

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "drivers/decode.h"
#include "field_fixture.h"
#include "test.h"

static const struct decode_codes codes = {
	.not_present = CODE_NOT_PRESENT,
	.sensor_range = CODE_SENSOR_RANGE,
	.configuration = CODE_CONFIGURATION,
	.unknown_code = CODE_UNKNOWN_CODE,
	.reserved_bits = CODE_RESERVED_BITS,
};

static struct sample
decode1(const struct decoder *dec, uint16_t word)
{
	struct sample s = { 0 };
	struct decode_edge edge;

	decode_point(dec, &codes, &word, NULL, &s, &edge);
	return s;
}

// "fire:1 fault:0" in the order of the set.
static void
assert_set(const struct sample *s, const char *want)
{
	char got[512] = "";

	for (uint8_t i = 0; i < s->n_codes; i++) {
		size_t n = strlen(got);

		(void)snprintf(got + n, sizeof(got) - n, "%s%s:%u", n ? " " : "",
		    condition_name(s->codes[i].condition), (unsigned)s->codes[i].code);
	}
	assert_string_equal(got, want);
}

static void
test_notifier_point_word(void **state)
{
	const struct {
		uint16_t word;
		enum quality quality;
		const char *set;
	} cases[] = {
		{ 0x1400, QUALITY_GOOD, "" }, // inactive, enabled
		{ 0x0C10, QUALITY_GOOD, "fire:1" },
		{ 0x0C14, QUALITY_GOOD, "fire:2" },
		{ 0x0CED, QUALITY_GOOD, "fire:0 supervisory:0" },
		{ 0x0C30, QUALITY_GOOD, "supervisory:0" },
		{ 0x2400, QUALITY_GOOD, "fault:0" },
		{ 0x4400, QUALITY_GOOD, "prealarm:0" },
		{ 0x0200, QUALITY_GOOD, "disabled:0" },
		{ 0x2C10, QUALITY_GOOD, "fault:0 fire:1" }, // fault and alarm at once
		{ 0x0A52, QUALITY_GOOD, "disabled:0 supervisory:0" },
		{ 0x0D10, QUALITY_GOOD, "info:0 fire:1" },
		{ 0x0C99, QUALITY_GOOD, "fire:3" }, // unknown code: fire priority
		{ 0x0C00, QUALITY_GOOD, "fire:3" }, // active without a type
		{ 0x1410, QUALITY_GOOD, "" },       // type counts only while active
		{ 0x00FF, QUALITY_BAD, "fault:4" },
		{ 0xFFFF, QUALITY_BAD, "fault:4" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sample s = decode1(&profile_notifier.decoders[0], cases[i].word);

		assert_int_equal(s.kind, SAMPLE_CODE);
		assert_int_equal(s.quality, cases[i].quality);
		assert_set(&s, cases[i].set);
		assert_int_equal(s.raw, cases[i].word);
	}
}

// All 65,536 words: absent is bad, active is never an empty set.
static void
test_i6_no_active_notifier_word_is_normal(void **state)
{
	const struct decoder *dec = &profile_notifier.decoders[0];

	(void)state;
	for (uint32_t word = 0; word <= 0xFFFF; word++) {
		struct sample s = decode1(dec, (uint16_t)word);

		if (word == 0x00FF || word == 0xFFFF)
			assert_int_equal(s.quality, QUALITY_BAD);
		else if (word & 0x6A00)
			assert_true(s.n_codes > 0);
	}
}

static void
test_reserved_and_healthy_when_set(void **state)
{
	const struct decoder dec = {
		.form = DECODE_WORD,
		.n_bits = 1,
		.bits = { { 0x0001, false,
		    { .n = 1, .is = { { COND_SUPERVISORY, 0 } } } } },
		.reserved_mask = 0xF000,
	};
	struct sample s = decode1(&dec, 0x0001);

	(void)state;
	assert_set(&s, "");
	s = decode1(&dec, 0x0000);
	assert_set(&s, "supervisory:0");
	s = decode1(&dec, 0x8001);
	assert_set(&s, "info:8");
}

static void
test_an_unknown_value_without_a_rule_is_a_fault(void **state)
{
	const struct decode_value known[] = { { .value = 3 } };
	const struct decode_field field = {
		.mask = 0x0F00, .shift = 8, .n_values = 1, .values = known
	};
	const struct decoder dec = {
		.form = DECODE_WORD,
		.n_fields = 1,
		.fields = &field,
	};
	struct sample s = decode1(&dec, 0x0300);

	(void)state;
	assert_set(&s, "");
	s = decode1(&dec, 0x0400);
	assert_set(&s, "fault:7");
}

static void
test_a_full_set_keeps_the_fire(void **state)
{
	struct decoder dec = { .form = DECODE_WORD, .n_bits = DECODE_BITS_MAX };
	const struct decode_value fire = { .value = 1,
		.means = { .n = 1, .is = { { COND_FIRE, CODE_SMOKE } } } };
	const struct decode_field field = { .mask = 1, .n_values = 1, .values = &fire };
	struct sample s;
	bool fire_found = false, fault_found = false;

	(void)state;
	for (unsigned i = 0; i < DECODE_BITS_MAX; i++)
		dec.bits[i] = (struct decode_bit){ 0x8000, true,
			{ .n = 2,
			    .is = { { COND_INFO, (code_id)(100 + i) },
				{ COND_TEST, (code_id)(200 + i) } } } };
	dec.bits[1].means.is[0] = (struct condition_code){ COND_FAULT, 99 };
	dec.n_fields = 1;
	dec.fields = &field;
	s = decode1(&dec, 0x8001);
	assert_int_equal(s.n_codes, SAMPLE_CODES_MAX);
	for (int i = 0; i < SAMPLE_CODES_MAX; i++) {
		fire_found |= s.codes[i].condition == COND_FIRE;
		fault_found |= s.codes[i].condition == COND_FAULT;
	}
	assert_true(fire_found);
	assert_true(fault_found); // what had no room any more was the least urgent
}

static void
test_bits_and_registers_as_levels(void **state)
{
	const struct decoder *dec = &profile_iologik.decoders[0];
	struct sample s = decode1(dec, 1);

	(void)state;
	assert_int_equal(s.kind, SAMPLE_LEVEL);
	assert_float_equal(s.value, 1, 0);
	s = decode1(dec, 0);
	assert_float_equal(s.value, 0, 0);
	assert_int_equal(s.quality, QUALITY_GOOD);
	s = decode1(dec, 2); // a whole register that is neither
	assert_int_equal(s.quality, QUALITY_BAD);
	assert_true(isnan(s.value));
}

static double
analog(enum number_type type, enum word_order order, uint16_t a, uint16_t b)
{
	const struct decoder dec = {
		.form = DECODE_ANALOG,
		.number = type,
		.order = order,
		.scale = 1,
		.unit_factor = 1,
	};
	const uint16_t words[2] = { a, b };
	struct sample s = { 0 };
	struct decode_edge edge;

	decode_point(&dec, &codes, words, NULL, &s, &edge);
	return s.value;
}

static void
test_number_types_and_word_orders(void **state)
{
	// 123456.0f is 47 F1 20 00; -2 is FF FF FF FE; 0x00012345.
	const struct {
		enum number_type type;
		enum word_order order;
		uint16_t a, b;
		double want;
	} cases[] = {
		{ NUMBER_INT16, ORDER_ABCD, 0xFFFE, 0, -2 },
		{ NUMBER_INT16, ORDER_ABCD, 0x8000, 0, -32768 },
		{ NUMBER_UINT16, ORDER_ABCD, 0xFFFE, 0, 65534 },
		{ NUMBER_UINT16, ORDER_BADC, 0x3412, 0, 0x1234 },
		{ NUMBER_FLOAT32, ORDER_ABCD, 0x47F1, 0x2000, 123456 },
		{ NUMBER_FLOAT32, ORDER_CDAB, 0x2000, 0x47F1, 123456 },
		{ NUMBER_FLOAT32, ORDER_BADC, 0xF147, 0x0020, 123456 },
		{ NUMBER_FLOAT32, ORDER_DCBA, 0x0020, 0xF147, 123456 },
		{ NUMBER_INT32, ORDER_ABCD, 0xFFFF, 0xFFFE, -2 },
		{ NUMBER_INT32, ORDER_CDAB, 0xFFFE, 0xFFFF, -2 },
		{ NUMBER_INT32, ORDER_BADC, 0xFFFF, 0xFEFF, -2 },
		{ NUMBER_INT32, ORDER_DCBA, 0xFEFF, 0xFFFF, -2 },
		{ NUMBER_INT32, ORDER_ABCD, 0x8000, 0x0000, -2147483648.0 },
		{ NUMBER_UINT32, ORDER_ABCD, 0xFFFF, 0xFFFE, 4294967294.0 },
		{ NUMBER_UINT32, ORDER_ABCD, 0x0001, 0x2345, 0x12345 },
		{ NUMBER_UINT32, ORDER_CDAB, 0x2345, 0x0001, 0x12345 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_float_equal(
		    analog(cases[i].type, cases[i].order, cases[i].a, cases[i].b),
		    cases[i].want, 0);
}

static void
test_scale_offset_and_unit(void **state)
{
	const struct decoder dec = {
		.form = DECODE_ANALOG,
		.number = NUMBER_INT16,
		.scale = 0.1,
		.offset = -5,
		.unit_factor = 1000,
	};
	struct sample s = decode1(&dec, 100);

	(void)state;
	assert_float_equal(s.value, 5000, 1e-9);
}

static void
test_i6_no_value_is_not_zero(void **state)
{
	const struct decode_sentinel none[] = {
		{ 0, { .n = 1, .is = { { COND_FAULT, 9 } } } },
		{ 0x80000000, { .n = 1, .is = { { COND_FAULT, 9 } } } }, // -0.0
	};
	struct decoder dec = {
		.form = DECODE_ANALOG,
		.number = NUMBER_INT16,
		.scale = 1,
		.unit_factor = 1,
		.n_sentinels = 2,
		.sentinels = none,
	};
	const uint16_t nan_words[2] = { 0x7FC0, 0 }, inf_words[2] = { 0xFF80, 0 };
	const uint16_t minus_zero[2] = { 0x8000, 0 };
	struct sample s = decode1(&dec, 0);
	struct decode_edge edge;

	(void)state;
	assert_int_equal(s.quality, QUALITY_BAD);
	assert_true(isnan(s.value));
	assert_set(&s, "fault:9");
	s = decode1(&dec, 1);
	assert_int_equal(s.quality, QUALITY_GOOD);
	dec.number = NUMBER_FLOAT32;
	decode_point(&dec, &codes, minus_zero, NULL, &s, &edge);
	assert_int_equal(s.quality, QUALITY_BAD);
	dec.n_sentinels = 0;
	decode_point(&dec, &codes, nan_words, NULL, &s, &edge);
	assert_int_equal(s.quality, QUALITY_BAD);
	decode_point(&dec, &codes, inf_words, NULL, &s, &edge);
	assert_int_equal(s.quality, QUALITY_BAD);
	assert_true(isnan(s.value));
}

// --- unit, decimals and range of the device ---

static struct sample
gauge(struct decode_helper *h, const uint16_t registers[5])
{
	const struct decoder *dec = &profile_ptmb.decoders[0];
	struct sample s = { 0 };
	struct decode_edge edge;

	decode_helper_feed(dec, h, registers); // 2..6
	decode_point(dec, &codes, registers + 2, h, &s, &edge);
	return s;
}

static void
test_pressure_gauge_in_its_own_unit(void **state)
{
	const struct {
		uint16_t unit, decimals, value;
		double kpa;
	} cases[] = {
		{ 0, 3, 785, 785 },      // 0.785 MPa
		{ 1, 0, 785, 785 },      // kPa
		{ 3, 2, 785, 785 },      // 7.85 bar
		{ 1, 1, 65526, -1 },     // -1.0 kPa
		{ 7, 2, 1000, 98.0665 }, // 10 mH2O
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct decode_helper h = { 0 };
		const uint16_t r[5] = { cases[i].unit, cases[i].decimals,
			cases[i].value, (uint16_t)-100, 1600 };
		struct sample s = gauge(&h, r);

		assert_int_equal(s.quality, QUALITY_GOOD);
		assert_float_equal(s.value, cases[i].kpa, 1e-6);
	}
}

// A limit of 1.003 MPa is 1003 kPa: a register of 1003 must reach it.
static void
test_a_pressure_is_as_exact_as_its_register(void **state)
{
	const uint16_t own[5] = { 0, 3, 0, 0, 1600 };
	struct decoder by_profile = { .form = DECODE_ANALOG,
		.number = NUMBER_UINT16,
		.scale = 0.001,
		.unit_factor = 1000 };

	(void)state;
	for (uint16_t raw = 0; raw <= 1600; raw++) {
		struct decode_helper h = { 0 };
		uint16_t r[5];
		memcpy(r, own, sizeof(r));
		r[2] = raw;
		struct sample s = gauge(&h, r);
		assert_int_equal(s.quality, QUALITY_GOOD);
		assert_true(!(s.value < raw) && !(s.value > raw));
		struct decode_edge edge = { 0 };
		decode_point(&by_profile, &codes, &raw, NULL, &s, &edge);
		assert_true(!(s.value < raw) && !(s.value > raw));
	}
}

static void
test_a_changed_unit_is_a_fault_not_a_new_scale(void **state)
{
	const uint16_t first[5] = { 0, 3, 785, 0, 1600 };
	const uint16_t unit[5] = { 1, 3, 785, 0, 1600 };
	const uint16_t decimals[5] = { 0, 2, 785, 0, 1600 };
	const uint16_t range[5] = { 0, 3, 785, 0, 1000 };
	const uint16_t *const changed[] = { unit, decimals, range };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(changed); i++) {
		struct decode_helper h = { 0 };
		struct sample s = gauge(&h, first);

		assert_int_equal(s.quality, QUALITY_GOOD);
		s = gauge(&h, changed[i]);
		assert_int_equal(s.quality, QUALITY_BAD);
		assert_true(isnan(s.value));
		assert_set(&s, "fault:6");
		s = gauge(&h, first); // set back
		assert_int_equal(s.quality, QUALITY_GOOD);
	}
}

static void
test_out_of_the_devices_range(void **state)
{
	struct decode_helper h = { 0 };
	// NE 43: 3.6 mA and 21 mA are 40 below and 100 above a range of 1600.
	const uint16_t above[5] = { 0, 3, 1700, 0, 1600 };
	const uint16_t below[5] = { 0, 3, (uint16_t)-40, 0, 1600 };
	const uint16_t within[][5] = { { 0, 3, 1699, 0, 1600 }, { 0, 3, 1600, 0, 1600 },
		{ 0, 3, (uint16_t)-39, 0, 1600 }, { 0, 3, (uint16_t)-1, 0, 1600 } };
	struct sample s = gauge(&h, above);

	(void)state;
	assert_int_equal(s.quality, QUALITY_BAD);
	assert_set(&s, "fault:5");
	s = gauge(&h, below);
	assert_int_equal(s.quality, QUALITY_BAD);
	for (size_t i = 0; i < ARRAY_LEN(within); i++) {
		s = gauge(&h, within[i]);
		assert_int_equal(s.quality, QUALITY_GOOD);
		assert_set(&s, "");
	}
	assert_true(s.value < 0.0); // which is below every low limit
}

// The other transmitter with another map at the same addresses: parity, unit, decimals,
// filter. Read by this profile its decimals would be the pressure.
static void
test_another_makers_map_is_refused(void **state)
{
	const uint16_t variant_b[5] = { 0, 1, 3, 0, 0 };
	const uint16_t bad_unit[5] = { 9, 3, 785, 0, 1600 };
	const uint16_t bad_decimals[5] = { 0, 10, 785, 0, 1600 };
	const uint16_t no_span[5] = { 0, 3, 785, 1600, 1600 };
	const uint16_t *const all[] = { variant_b, bad_unit, bad_decimals, no_span };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct decode_helper h = { 0 };
		struct sample s = gauge(&h, all[i]);

		assert_int_equal(h.state, HELPER_REFUSED);
		assert_int_equal(s.quality, QUALITY_BAD);
		assert_set(&s, "fault:6");
	}
}

static void
test_no_value_before_the_settings_are_known(void **state)
{
	struct decode_helper h = { 0 };
	const uint16_t word = 785;
	struct sample s = { 0 };
	struct decode_edge edge;

	(void)state;
	decode_point(&profile_ptmb.decoders[0], &codes, &word, &h, &s, &edge);
	assert_int_equal(s.quality, QUALITY_BAD);
}

static void
test_codes_are_found_by_name(void **state)
{
	struct field_fixture f;
	struct decode_codes found;

	(void)state;
	fixture_init(&f, clock_real());
	decode_codes_find(&f.site, &found);
	assert_int_equal(found.not_present, CODE_NOT_PRESENT);
	assert_int_equal(found.reserved_bits, CODE_RESERVED_BITS);
	f.site.n_codes = 1;
	decode_codes_find(&f.site, &found);
	assert_int_equal(found.not_present, 0);
	fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notifier_point_word),
		cmocka_unit_test(test_i6_no_active_notifier_word_is_normal),
		cmocka_unit_test(test_reserved_and_healthy_when_set),
		cmocka_unit_test(test_an_unknown_value_without_a_rule_is_a_fault),
		cmocka_unit_test(test_a_full_set_keeps_the_fire),
		cmocka_unit_test(test_bits_and_registers_as_levels),
		cmocka_unit_test(test_number_types_and_word_orders),
		cmocka_unit_test(test_scale_offset_and_unit),
		cmocka_unit_test(test_i6_no_value_is_not_zero),
		cmocka_unit_test(test_pressure_gauge_in_its_own_unit),
		cmocka_unit_test(test_a_pressure_is_as_exact_as_its_register),
		cmocka_unit_test(test_a_changed_unit_is_a_fault_not_a_new_scale),
		cmocka_unit_test(test_out_of_the_devices_range),
		cmocka_unit_test(test_another_makers_map_is_refused),
		cmocka_unit_test(test_no_value_before_the_settings_are_known),
		cmocka_unit_test(test_codes_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
