// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Records of event queues, byte for byte: both layouts, every form of time stamp, and
// every way a record can be short, wrong or not known. What does not fit is said and
// never invented (I6).

#include <string.h>

#include "drivers/dialog_record.h"
#include "test.h"

// The S2000-PP's: number, length, code, then type-length-value.
static const struct profile_record_field tlv_fields[] = {
	{ .field = RECORD_USER, .type = 1 },
	{ .field = RECORD_PARTITION, .type = 2 },
	{ .field = RECORD_ZONE, .type = 3 },
	{ .field = RECORD_RELAY, .type = 5 },
	{ .field = RECORD_RELAY_STATE, .type = 7 },
	{ .field = RECORD_PARTITION_ID, .type = 24 },
};
static const struct profile_queue tlv = {
	.registers = 14,
	.empty_bytes = 4,
	.layout = RECORD_TLV,
	.sequence_bytes = 2,
	.last = 65535,
	.length_at = 2,
	.code_at = 3,
	.code_bytes = 1,
	.fields_at = 4,
	.n_fields = ARRAY_LEN(tlv_fields),
	.fields = tlv_fields,
	.stamp = { .format = STAMP_BYTES, .type = 11, .parts = "hmsDMY" },
};

static void
fill(uint8_t *data, const uint8_t *bytes, size_t n)
{
	memset(data, 0, RECORD_BYTES_MAX);
	memcpy(data, bytes, n);
}

static uint32_t
value(const struct field_record *r, enum record_field field)
{
	uint32_t v = 0;

	assert_true(record_value_of(r, field, &v));
	return v;
}

static void
test_a_fire_of_the_s2000_pp(void **state)
{
	const uint8_t bytes[] = { 0x01, 0x02, 20, 37, 3, 2, 0x00, 0x0C, 2, 2, 0x00,
		0x01, 11, 6, 14, 5, 59, 31, 12, 26, 24, 2, 0x03, 0xE9 };
	uint8_t data[RECORD_BYTES_MAX];
	struct field_record r;
	uint32_t none;

	(void)state;
	fill(data, bytes, sizeof(bytes));
	assert_int_equal(record_decode(&tlv, data, &r), RECORD_READ);
	assert_false(r.malformed);
	assert_true(r.numbered);
	assert_int_equal(r.sequence, 0x0102);
	assert_int_equal(r.code, 37);
	assert_int_equal(value(&r, RECORD_ZONE), 12);
	assert_int_equal(value(&r, RECORD_PARTITION), 1);
	assert_int_equal(value(&r, RECORD_PARTITION_ID), 1001);
	assert_false(record_value_of(&r, RECORD_USER, &none));
	assert_true(r.time.given && r.time.valid && !r.time.utc && !r.time.trusted);
	assert_int_equal(r.time.year, 2026);
	assert_int_equal(r.time.month, 12);
	assert_int_equal(r.time.day, 31);
	assert_int_equal(r.time.hour, 14);
	assert_int_equal(r.time.minute, 5);
	assert_int_equal(r.time.second, 59);
	assert_int_equal(r.n_bytes, sizeof(bytes));
	assert_memory_equal(r.bytes, bytes, sizeof(bytes));
}

static void
test_an_empty_queue(void **state)
{
	uint8_t data[RECORD_BYTES_MAX] = { 0 };
	struct field_record r;

	(void)state;
	assert_int_equal(record_decode(&tlv, data, &r), RECORD_EMPTY);
	data[20] = 7; // left over from an older record
	assert_int_equal(record_decode(&tlv, data, &r), RECORD_EMPTY);
	data[1] = 1;
	assert_int_equal(record_decode(&tlv, data, &r), RECORD_READ);
}

// Skipped by its own length, not by a fixed one.
static void
test_an_unknown_field_is_passed_over(void **state)
{
	const uint8_t bytes[] = { 0, 9, 13, 1, 99, 5, 3, 2, 0, 77, 1, 3, 2, 0, 5, 250,
		0 };
	uint8_t data[RECORD_BYTES_MAX];
	struct field_record r;

	(void)state;
	fill(data, bytes, sizeof(bytes));
	assert_int_equal(record_decode(&tlv, data, &r), RECORD_READ);
	assert_false(r.malformed);
	assert_int_equal(value(&r, RECORD_ZONE), 5);
	assert_int_equal(r.n_values, 1);
}

// Whether the length counts the code is not documented: both are read alike.
static void
test_the_length_may_count_the_code(void **state)
{
	for (uint8_t length = 4; length <= 5; length++) {
		const uint8_t bytes[] = { 0, 9, length, 3, 3, 2, 0, 44 };
		uint8_t data[RECORD_BYTES_MAX];
		struct field_record r;

		fill(data, bytes, sizeof(bytes));
		assert_int_equal(record_decode(&tlv, data, &r), RECORD_READ);
		assert_false(r.malformed);
		assert_int_equal(value(&r, RECORD_ZONE), 44);
	}
	(void)state;
}

static void
test_lengths_that_do_not_fit(void **state)
{
	static const struct {
		const char *what;
		uint8_t bytes[28];
		uint8_t zones;
	} cases[] = {
		{ "field longer than the record", { 0, 9, 24, 3, 3, 2, 0, 1, 11, 200 },
		    1 },
		{ "field longer than the length",
		    { 0, 9, 5, 3, 3, 2, 0, 1, 3, 2, 0, 2 }, 1 },
		{ "length longer than the record", { 0, 9, 26, 3, 3, 2, 0, 1 }, 1 },
		{ "length 255", { 0, 9, 255, 3, 3, 2, 0, 1 }, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t data[RECORD_BYTES_MAX];
		struct field_record r;

		fill(data, cases[i].bytes, 28);
		assert_int_equal(record_decode(&tlv, data, &r), RECORD_READ);
		if (i != 1) // one byte left over is none
			assert_true(r.malformed);
		assert_int_equal(r.sequence, 9); // it can be acknowledged all the same
		assert_int_equal(r.code, 3);
		assert_int_equal(r.n_values, cases[i].zones);
		assert_int_equal(r.n_bytes, r.malformed ? 28 : 9);
	}
}

// Bytes behind the record are of an older one and do not make it another.
static void
test_what_lies_behind_a_record_is_not_of_it(void **state)
{
	const uint8_t bytes[] = { 0, 9, 4, 3, 3, 2, 0, 44 };
	uint8_t data[RECORD_BYTES_MAX];
	struct field_record a, b;

	(void)state;
	fill(data, bytes, sizeof(bytes));
	(void)record_decode(&tlv, data, &a);
	memset(data + sizeof(bytes), 0xAA, 20);
	(void)record_decode(&tlv, data, &b);
	assert_int_equal(a.n_bytes, b.n_bytes);
	assert_memory_equal(a.bytes, b.bytes, a.n_bytes);
}

static struct record_time
stamped(struct record_stamp stamp, const uint8_t *bytes, size_t n)
{
	static const struct profile_record_field none;
	struct profile_queue q = {
		.registers = 10,
		.empty_bytes = 1,
		.layout = RECORD_FIXED,
		.code_at = 0,
		.code_bytes = 1,
		.fields = &none,
		.stamp = stamp,
	};
	uint8_t data[RECORD_BYTES_MAX];
	struct field_record r;

	fill(data, (const uint8_t[]){ 1 }, 1);
	memcpy(data + stamp.at, bytes, n);
	assert_int_equal(record_decode(&q, data, &r), RECORD_READ);
	return r.time;
}

static void
test_time_stamps(void **state)
{
	const struct record_stamp bcd = {
		.format = STAMP_BCD, .at = 4, .parts = "YMDhms"
	};
	const struct record_stamp words = {
		.format = STAMP_WORDS, .at = 4, .parts = "MDhm"
	};
	const struct record_stamp whole = {
		.format = STAMP_WORDS, .at = 4, .parts = "YMD"
	};
	const struct record_stamp second = {
		.format = STAMP_UNIX, .at = 4, .utc = true, .trusted = true
	};
	struct record_time t;

	(void)state;
	t = stamped(bcd, (const uint8_t[]){ 0x26, 0x11, 0x25, 0x23, 0x59, 0x07 }, 6);
	assert_true(t.valid);
	assert_int_equal(t.year, 2026);
	assert_int_equal(t.month, 11);
	assert_int_equal(t.day, 25);
	assert_int_equal(t.hour, 23);
	assert_int_equal(t.minute, 59);
	assert_int_equal(t.second, 7);
	t = stamped(bcd, (const uint8_t[]){ 0x26, 0x1A, 0x25, 0x23, 0x59, 0x07 }, 6);
	assert_true(t.given && !t.valid); // no digit
	t = stamped(words, (const uint8_t[]){ 0, 12, 0, 31, 0, 8, 0, 30 }, 8);
	assert_true(t.valid);
	assert_int_equal(t.year, 0); // it has none
	assert_int_equal(t.month, 12);
	assert_int_equal(t.day, 31);
	assert_int_equal(t.hour, 8);
	t = stamped(words, (const uint8_t[]){ 1, 12, 0, 31, 0, 8, 0, 30 }, 8);
	assert_false(t.valid); // month 268
	// Of a year that nobody says it may be a leap year.
	t = stamped(words, (const uint8_t[]){ 0, 2, 0, 29, 0, 8, 0, 30 }, 8);
	assert_true(t.valid);
	t = stamped(whole, (const uint8_t[]){ 0x07, 0xEA, 0, 11, 0, 30 }, 6);
	assert_true(t.valid);
	assert_int_equal(t.year, 2026); // whole, and not the 26th of a century
	t = stamped(second, (const uint8_t[]){ 0x65, 0x53, 0xF1, 0x00 }, 4);
	assert_true(t.valid && t.utc && t.trusted);
	assert_int_equal(t.unix_s, 1700000000);
	t = stamped(second, (const uint8_t[]){ 0, 0, 0, 0 }, 4);
	assert_false(t.valid);
}

static void
test_days_that_are_none(void **state)
{
	const struct record_stamp s = {
		.format = STAMP_BYTES, .at = 4, .parts = "DMYhms"
	};
	static const struct {
		uint8_t bytes[6];
		bool valid;
	} cases[] = {
		{ { 29, 2, 24, 0, 0, 0 }, true },
		{ { 29, 2, 26, 0, 0, 0 }, false },
		{ { 30, 2, 24, 0, 0, 0 }, false },
		{ { 31, 4, 26, 0, 0, 0 }, false },
		{ { 31, 12, 26, 23, 59, 59 }, true },
		{ { 0, 1, 26, 0, 0, 0 }, false },
		{ { 1, 0, 26, 0, 0, 0 }, false },
		{ { 1, 13, 26, 0, 0, 0 }, false },
		{ { 1, 1, 26, 24, 0, 0 }, false },
		{ { 1, 1, 26, 0, 60, 0 }, false },
		{ { 1, 1, 26, 0, 0, 60 }, false },
		{ { 255, 255, 255, 255, 255, 255 }, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(stamped(s, cases[i].bytes, 6).valid, cases[i].valid);
}

static void
test_fixed_fields(void **state)
{
	static const struct profile_record_field fields[] = {
		{ .field = RECORD_LOOP, .at = 4, .bytes = 1 },
		{ .field = RECORD_DEVICE, .at = 5, .bytes = 1 },
		{ .field = RECORD_VALUE, .at = 6, .bytes = 4 },
		{ .field = RECORD_USER, .at = 11, .bytes = 2 }, // beyond the record
	};
	const struct profile_queue q = {
		.registers = 6,
		.empty_bytes = 4,
		.layout = RECORD_FIXED,
		.sequence_bytes = 4,
		.last = UINT32_MAX,
		.code_at = 10,
		.code_bytes = 2,
		.n_fields = ARRAY_LEN(fields),
		.fields = fields,
	};
	const uint8_t bytes[] = { 0xFF, 0xFF, 0xFF, 0xFE, 7, 159, 0x80, 0, 0, 1, 0x12,
		0x34 };
	struct field_record r;

	(void)state;
	assert_int_equal(record_decode(&q, bytes, &r), RECORD_READ);
	assert_int_equal(r.sequence, 0xFFFFFFFE);
	assert_int_equal(r.code, 0x1234);
	assert_int_equal(value(&r, RECORD_LOOP), 7);
	assert_int_equal(value(&r, RECORD_DEVICE), 159);
	assert_int_equal(value(&r, RECORD_VALUE), 0x80000001);
	assert_int_equal(r.n_values, 3);
	assert_false(r.time.given);
	assert_int_equal(r.n_bytes, 12);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_fire_of_the_s2000_pp),
		cmocka_unit_test(test_an_empty_queue),
		cmocka_unit_test(test_an_unknown_field_is_passed_over),
		cmocka_unit_test(test_the_length_may_count_the_code),
		cmocka_unit_test(test_lengths_that_do_not_fit),
		cmocka_unit_test(test_what_lies_behind_a_record_is_not_of_it),
		cmocka_unit_test(test_time_stamps),
		cmocka_unit_test(test_days_that_are_none),
		cmocka_unit_test(test_fixed_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
