// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What a point is made of beyond one register: places in a register, lists of codes,
// events among states, the status of a channel, the mode of a device, counters, values
// that must move; and what identifies a device.

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "drivers/decode.h"
#include "drivers/identity.h"
#include "test.h"

enum {
	CODE_NOT_PRESENT = 1,
	CODE_SENSOR_RANGE,
	CODE_FROZEN,
	CODE_RESTORED,
	CODE_FIRE,
	CODE_SMOKE,
	CODE_BROKEN,
	CODE_NO_CODE,
};

static const struct decode_codes codes = {
	.not_present = CODE_NOT_PRESENT,
	.sensor_range = CODE_SENSOR_RANGE,
	.frozen = CODE_FROZEN,
	.named = { [COND_FIRE] = CODE_FIRE },
};

#define IS(c, code)               \
  {                               \
    .n = 1, .is = { { c, code } } \
  }

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

static struct sample
decode(const struct profile *p, const uint16_t *words, uint8_t shift,
    struct decode_edge *edge)
{
	struct sample s = { 0 };

	decode_item(&(struct decode_input){ p, &p->items[0], words, shift, NULL },
	    &codes, &s, edge);
	return s;
}

// ---- GST: one register a point, states and events in one enumeration -------------

static const struct decode_value gst_values[] = {
	{ .value = 0 },
	{ .value = 1, .means = IS(COND_FIRE, 0) },
	{ .value = 2, .means = IS(COND_FAULT, 0) },
	{ .value = 4,
	    .role = VALUE_EDGE,
	    .ends = 1 << COND_FAULT,
	    .means = IS(COND_INFO, CODE_RESTORED) },
	{ .value = 9,
	    .role = VALUE_EDGE,
	    .ends = (1 << COND_COUNT) - 1,
	    .means = IS(COND_INFO, CODE_RESTORED) },
};
static const struct decode_field gst_field = { .mask = 0x00FF,
	.n_values = 5,
	.values = gst_values,
	.unknown = IS(COND_FAULT, 0) };
static const struct decoder gst_decoder = {
	.form = DECODE_WORD, .n_fields = 1, .fields = &gst_field
};
static const struct profile_item gst_item = { .area = AREA_HOLDING };
static const struct profile gst = {
	.n_items = 1, .items = &gst_item, .n_decoders = 1, .decoders = &gst_decoder
};

static void
test_an_event_ends_what_it_says_and_nothing_else(void **state)
{
	struct decode_edge edge;
	uint16_t word = 4;
	struct sample s = decode(&gst, &word, 0, &edge);

	(void)state;
	assert_true(edge.happened);
	assert_int_equal(edge.is.condition, COND_INFO);
	assert_int_equal(edge.is.code, CODE_RESTORED);
	assert_int_equal(s.n_codes, 0);
	assert_int_equal(s.quality, QUALITY_GOOD);
	// Says that the fault is over; of a fire it says nothing.
	assert_int_equal(s.silent & 1 << COND_FAULT, 0);
	assert_int_not_equal(s.silent & 1 << COND_FIRE, 0);
	word = 9;
	s = decode(&gst, &word, 0, &edge);
	assert_true(edge.happened);
	assert_int_equal(s.silent, 0);
	word = 1;
	s = decode(&gst, &word, 0, &edge);
	assert_false(edge.happened);
	assert_int_equal(s.silent, 0);
	assert_set(&s, "fire:0");
	word = 3;
	s = decode(&gst, &word, 0, &edge);
	assert_set(&s, "fault:0"); // not in the table
}

// ---- several points in a register -------------------------------------------------

static void
test_places_in_a_register(void **state)
{
	static const struct decode_value values[] = {
		{ .value = 0 },
		{ .value = 1, .means = IS(COND_FIRE, 0) },
		{ .value = 2, .means = IS(COND_FAULT, 0) },
		{ .value = 3, .means = IS(COND_DISABLED, 0) },
	};
	const struct decode_field field = {
		.mask = 3, .n_values = 4, .values = values, .unknown = IS(COND_FIRE, 0)
	};
	const struct decoder decoders[] = {
		{ .form = DECODE_WORD, .n_fields = 1, .fields = &field },
		{ .form = DECODE_BIT },
	};
	struct profile_item item = { .area = AREA_HOLDING, .pack = 2 };
	const struct profile p = { .items = &item, .decoders = decoders };
	const uint16_t word = 0x1B00; // 00 01 10 11 and four times 00
	const char *const want[] = { "", "fire:0", "fault:0", "disabled:0", "" };
	struct decode_edge edge;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		struct sample s = decode(&p, &word, (uint8_t)(14 - 2 * i), &edge);
		assert_set(&s, want[i]);
	}
	item.decoder = 1;
	item.pack = 1;
	for (uint8_t bit = 0; bit < 16; bit++) {
		struct sample s = decode(&p, &word, bit, &edge);
		assert_int_equal(s.kind, SAMPLE_LEVEL);
		assert_int_equal(s.value > 0.5, word >> bit & 1);
	}
}

static void
test_a_bit_with_a_meaning_of_its_own(void **state)
{
	const struct decoder d = { .form = DECODE_BIT,
		.n_bits = 1,
		.bits = { { 1, false, IS(COND_FAULT, CODE_BROKEN) } } };
	const struct profile_item item = { .area = AREA_DISCRETE };
	const struct profile p = { .items = &item, .decoders = &d };
	struct decode_edge edge;
	uint16_t bit = 1;
	struct sample s = decode(&p, &bit, 0, &edge);

	(void)state;
	assert_int_equal(s.kind, SAMPLE_CODE);
	assert_set(&s, "");
	bit = 0;
	s = decode(&p, &bit, 0, &edge);
	assert_set(&s, "fault:7");
}

// ---- a list of codes ----------------------------------------------------------------

static const struct decode_value list_values[] = {
	{ .value = 0, .role = VALUE_EMPTY },
	{ .value = 24 }, // armed: known, and nothing is wrong
	{ .value = 37, .means = IS(COND_FIRE, 0) },
	{ .value = 109, .means = IS(COND_DISABLED, 0) },
};

static void
test_i6_no_code_at_all_is_not_normal(void **state)
{
	const struct decode_field field = { .mask = 0x00FF,
		.n_values = 4,
		.values = list_values,
		.unknown = IS(COND_FAULT, 0) };
	const struct decoder d = { .form = DECODE_WORD,
		.repeat = 4,
		.n_fields = 1,
		.fields = &field,
		.if_empty = IS(COND_FAULT, CODE_NO_CODE) };
	const struct profile_item item = { .area = AREA_INPUT };
	const struct profile p = { .items = &item, .decoders = &d };
	const struct {
		uint16_t words[4];
		const char *set;
	} cases[] = {
		{ { 24, 0, 0, 0 }, "" },
		{ { 37, 109, 0, 0 }, "fire:0 disabled:0" },
		{ { 0, 0, 0, 37 }, "fire:0" }, // a hole hides nothing
		{ { 24, 99, 37, 37 }, "fault:0 fire:0" },
		{ { 0, 0, 0, 0 }, "fault:8" },
	};
	struct decode_edge edge;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sample s = decode(&p, cases[i].words, 0, &edge);
		assert_set(&s, cases[i].set);
	}
}

// ---- parts --------------------------------------------------------------------------

static const struct decode_value status_values[] = {
	{ .value = 0 },
	{ .value = 1,
	    .means = { .n = 1,
		.effect = EFFECT_VOID,
		.is = { { COND_FAULT, CODE_BROKEN } } } },
	{ .value = 2, .means = IS(COND_DISABLED, 0) },
};
static const struct decode_field status_field = { .mask = 0xFFFF,
	.n_values = 3,
	.values = status_values,
	.unknown = { .n = 1, .effect = EFFECT_VOID, .is = { { COND_FAULT, 0 } } } };

static void
test_a_channels_status_goes_with_its_value(void **state)
{
	const struct decoder decoders[] = {
		{ .form = DECODE_ANALOG,
		    .number = NUMBER_FLOAT32,
		    .scale = 1,
		    .unit_factor = 1 },
		{ .form = DECODE_WORD, .n_fields = 1, .fields = &status_field },
	};
	const struct item_part part = { .base = 60, .decoder = 1 };
	const struct profile_item item = {
		.area = AREA_INPUT, .n_parts = 1, .parts = &part
	};
	const struct profile p = { .items = &item, .decoders = decoders };
	const struct {
		uint16_t status;
		enum quality quality;
		const char *set;
	} cases[] = {
		{ 0, QUALITY_GOOD, "" },
		{ 1, QUALITY_BAD, "fault:7" },
		{ 2, QUALITY_GOOD, "disabled:0" }, // said beside the value
		{ 9, QUALITY_BAD, "fault:0" },
	};
	struct decode_edge edge;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const uint16_t words[] = { 0x4000, 0, cases[i].status }; // 2.0
		struct sample s = decode(&p, words, 0, &edge);
		assert_int_equal(s.kind, SAMPLE_ANALOG);
		assert_int_equal(s.quality, cases[i].quality);
		assert_set(&s, cases[i].set);
		assert_true(
		    cases[i].quality == QUALITY_GOOD ? s.value > 1.9 : isnan(s.value));
	}
}

static const struct decode_value mode_values[] = {
	{ .value = 1,
	    .means = { .n = 1,
		.effect = EFFECT_VOID,
		.is = { { COND_FAULT, CODE_BROKEN } } } },
	{ .value = 2,
	    .means = { .n = 1, .effect = EFFECT_TEST, .is = { { COND_TEST, 0 } } } },
	{ .value = 3 },
};

static void
test_i14_a_mode_never_ends_a_fire(void **state)
{
	const struct decode_field field = { .mask = 0xFFFF,
		.n_values = 3,
		.values = mode_values,
		.unknown = IS(COND_FAULT, 0) };
	const struct decoder decoders[] = {
		{ .form = DECODE_WORD,
		    .n_bits = 1,
		    .bits = { { 1, true, IS(COND_FIRE, 0) } },
		    .reserved_mask = 0xFFFE },
		{ .form = DECODE_WORD, .n_fields = 1, .fields = &field },
	};
	const struct item_part part = { .base = 60, .decoder = 1 };
	const struct profile_item item = {
		.area = AREA_HOLDING, .n_parts = 1, .parts = &part
	};
	const struct profile p = { .items = &item, .decoders = decoders };
	uint16_t words[] = { 1, 3 };
	struct decode_edge edge;
	struct sample s = decode(&p, words, 0, &edge);

	(void)state;
	assert_set(&s, "fire:0");
	assert_int_equal(s.silent, 0);
	words[1] = 2; // in test: what is new is a test, what stands stays
	s = decode(&p, words, 0, &edge);
	assert_set(&s, "test:5 test:0");
	assert_int_not_equal(s.silent & 1 << COND_FIRE, 0);
	assert_int_equal(s.silent & 1 << COND_FAULT, 0);
	words[0] = 0;
	s = decode(&p, words, 0, &edge);
	assert_set(&s, "test:0");
	assert_int_not_equal(s.silent & 1 << COND_FIRE, 0);
	words[0] = 1;
	words[1] = 1; // starting: no value, but a fire is not thrown away
	s = decode(&p, words, 0, &edge);
	assert_int_equal(s.quality, QUALITY_BAD);
	assert_set(&s, "fire:0 fault:7");
	words[0] = 0;
	s = decode(&p, words, 0, &edge);
	assert_int_equal(s.quality, QUALITY_BAD);
}

// ---- numbers
// --------------------------------------------------------------------------

static double
number(
    enum number_type type, enum word_order order, double scale, const uint16_t *words)
{
	const struct decoder d = { .form = DECODE_ANALOG,
		.number = type,
		.order = order,
		.scale = scale,
		.unit_factor = 1 };
	struct sample s = { 0 };
	struct decode_edge edge;

	decode_point(&d, &codes, words, NULL, &s, &edge);
	return s.value;
}

static void
test_48_bits_and_fixed_point(void **state)
{
	const uint16_t high[3] = { 0x0001, 0x2345, 0x6789 };
	const uint16_t low[3] = { 0x6789, 0x2345, 0x0001 };
	const uint16_t bytes[3] = { 0x0100, 0x4523, 0x8967 };
	const uint16_t both[3] = { 0x8967, 0x4523, 0x0100 };
	const uint16_t supply = 0x1B30, cold = 0xFE80;
	const double want = (double)0x123456789LL;

	(void)state;
	assert_float_equal(number(NUMBER_UINT48, ORDER_ABCD, 1, high), want, 0);
	assert_float_equal(number(NUMBER_UINT48, ORDER_CDAB, 1, low), want, 0);
	assert_float_equal(number(NUMBER_UINT48, ORDER_BADC, 1, bytes), want, 0);
	assert_float_equal(number(NUMBER_UINT48, ORDER_DCBA, 1, both), want, 0);
	// Q8.8: unsigned 0x1B30 is 27.1875, signed 0xFE80 is -1.5.
	assert_float_equal(
	    number(NUMBER_UINT16, ORDER_ABCD, 0.00390625, &supply), 27.1875, 0);
	assert_float_equal(
	    number(NUMBER_INT16, ORDER_ABCD, 0.00390625, &cold), -1.5, 0);
}

static void
test_i6_a_sentinel_and_an_impossible_number_are_no_value(void **state)
{
	const struct decode_sentinel sentinels[] = {
		{ 0xFF01, IS(COND_FAULT, CODE_BROKEN) },
		{ 0xFF00, IS(COND_DISABLED, 0) },
	};
	const struct decoder d = { .form = DECODE_ANALOG,
		.number = NUMBER_UINT16,
		.scale = 0.001,
		.unit_factor = 1,
		.n_sentinels = 2,
		.sentinels = sentinels,
		.has_plausible = true,
		.plausible_min = 3.6,
		.plausible_max = 21 };
	const struct {
		uint16_t word;
		enum quality quality;
		const char *set;
	} cases[] = {
		{ 4000, QUALITY_GOOD, "" },
		{ 3600, QUALITY_GOOD, "" },
		{ 3599, QUALITY_BAD, "fault:2" }, // a broken wire
		{ 21000, QUALITY_GOOD, "" },
		{ 21001, QUALITY_BAD, "fault:2" },
		{ 0xFF01, QUALITY_BAD, "fault:7" },
		{ 0xFF00, QUALITY_BAD, "disabled:0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sample s = { 0 };
		struct decode_edge edge;

		decode_point(&d, &codes, &cases[i].word, NULL, &s, &edge);
		assert_int_equal(s.quality, cases[i].quality);
		assert_set(&s, cases[i].set);
		assert_int_equal(s.raw, cases[i].word);
	}
}

static void
test_a_counter_only_grows(void **state)
{
	const struct decoder d = {
		.form = DECODE_COUNTER, .number = NUMBER_UINT16, .wrap = 65536
	};
	struct decode_counter c = { 0 };

	(void)state;
	assert_int_equal(decode_counter_feed(&d, &c, 65000), 65000);
	assert_int_equal(decode_counter_feed(&d, &c, 65535), 65535);
	assert_int_equal(decode_counter_feed(&d, &c, 4), 65540); // over the end
	assert_int_equal(decode_counter_feed(&d, &c, 4), 65540);
	assert_int_equal(decode_counter_feed(&d, &c, 1000), 66536);
	assert_int_equal(decode_counter_feed(&d, &c, 3), 66539); // began anew
}

static void
test_a_value_must_move(void **state)
{
	struct decode_fresh f = { 0 };
	struct sample s = { .quality = QUALITY_GOOD, .value = 5 };

	(void)state;
	assert_true(decode_fresh_feed(&f, 7, 1000, 500));
	assert_true(decode_fresh_feed(&f, 7, 1500, 500));
	assert_false(decode_fresh_feed(&f, 7, 1501, 500));
	assert_true(decode_fresh_feed(&f, 8, 2000, 500));
	assert_true(decode_fresh_feed(&f, 7, 2100, 500)); // wraps: any change counts
	decode_void(&s, codes.frozen);
	assert_int_equal(s.quality, QUALITY_BAD);
	assert_true(isnan(s.value));
	assert_set(&s, "fault:3");
}

// ---- identity
// ---------------------------------------------------------------------------

static void
test_identity(void **state)
{
	const uint16_t model[4] = { 0x4531, 0x3234, 0x3000, 0x0000 }; // "E1240"
	const uint16_t swapped[4] = { 0x3145, 0x3432, 0x0030,
		0x2020 }; // low byte first
	const uint16_t padded[4] = { 0x2020, 0x4531, 0x3234, 0x3020 };
	const uint16_t zeros[4] = { 0 };
	const uint16_t firmware = 0x012D, old = 0x00C8;
	const uint16_t first = 300, last = 399, before = 299, behind = 400;
	struct profile_identity text = { .registers = 4, .text = "E124" };
	const struct profile_identity range = {
		.mask = 0xFFFF, .min = 300, .max = 399
	};
	char found[IDENTITY_SHOWN_MAX];

	(void)state;
	assert_true(identity_holds(&text, model, found));
	assert_string_equal(found, "E1240");
	assert_true(identity_holds(&text, padded, found));
	assert_false(identity_holds(&text, swapped, found));
	assert_false(identity_holds(&text, zeros, found));
	assert_string_equal(found, "");
	text.low_byte_first = true;
	assert_true(identity_holds(&text, swapped, found));
	assert_string_equal(found, "E1240");
	text.text = "";
	assert_false(identity_holds(&text, zeros, found));
	assert_true(identity_holds(&range, &firmware, found));
	assert_string_equal(found, "301 (0x012D)");
	assert_false(identity_holds(&range, &old, found));
	assert_true(identity_holds(&range, &first, found));
	assert_true(identity_holds(&range, &last, found));
	assert_false(identity_holds(&range, &before, found));
	assert_false(identity_holds(&range, &behind, found));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_event_ends_what_it_says_and_nothing_else),
		cmocka_unit_test(test_places_in_a_register),
		cmocka_unit_test(test_a_bit_with_a_meaning_of_its_own),
		cmocka_unit_test(test_i6_no_code_at_all_is_not_normal),
		cmocka_unit_test(test_a_channels_status_goes_with_its_value),
		cmocka_unit_test(test_i14_a_mode_never_ends_a_fire),
		cmocka_unit_test(test_48_bits_and_fixed_point),
		cmocka_unit_test(
		    test_i6_a_sentinel_and_an_impossible_number_are_no_value),
		cmocka_unit_test(test_a_counter_only_grows),
		cmocka_unit_test(test_a_value_must_move),
		cmocka_unit_test(test_identity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
