// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The bounds-checked reader: every read at every length, and that one failure spoils
// the whole. Bytes end at the end of an allocation, so that the address sanitizer would
// see one byte too many.
#include <stdlib.h>
#include <string.h>

#include "lib/cursor.h"
#include "test.h"

static void
numbers_have_their_order(void **state)
{
	(void)state;
	static const uint8_t bytes[] = { 0xFE, 0x12, 0x34, 0x12, 0x34, 0xDE, 0xAD, 0xBE,
		0xEF, 1, 2 };
	struct cursor c = cursor_new(bytes, sizeof bytes);
	assert_int_equal(cursor_u8(&c), 0xFE);
	assert_int_equal(cursor_u16be(&c), 0x1234);
	assert_int_equal(cursor_u16le(&c), 0x3412);
	assert_int_equal(cursor_u32be(&c), 0xDEADBEEF);
	assert_int_equal(cursor_left(&c), 2);
	cursor_skip(&c, 1);
	assert_int_equal(cursor_u8(&c), 2);
	assert_int_equal(cursor_left(&c), 0);
	assert_true(cursor_ok(&c));
	cursor_skip(&c, 0);
	assert_true(cursor_ok(&c));
	assert_int_equal(cursor_u8(&c), 0);
	assert_false(cursor_ok(&c));
}

// Reads by width 1, 2, 3 (16 little), 4, 5 (skip 3).
static uint32_t
read_by(struct cursor *c, int how)
{
	switch (how) {
	case 1:
		return cursor_u8(c);
	case 2:
		return cursor_u16be(c);
	case 3:
		return cursor_u16le(c);
	case 4:
		return cursor_u32be(c);
	default:
		cursor_skip(c, 3);
		return 0;
	}
}

static void
a_read_past_the_end_fails_for_good(void **state)
{
	(void)state;
	static const size_t width[] = { 0, 1, 2, 2, 4, 3 };
	for (size_t len = 0; len < 6; len++) {
		for (int how = 1; how <= 5; how++) {
			uint8_t *bytes = malloc(len ? len : 1);
			assert_non_null(bytes);
			memset(bytes, 0xFF, len);
			struct cursor c = cursor_new(bytes, len);
			uint32_t value = read_by(&c, how);
			assert_int_equal(cursor_ok(&c), len >= width[how]);
			if (!cursor_ok(&c)) {
				assert_int_equal(value, 0);
				assert_int_equal(cursor_left(&c), 0);
				assert_int_equal(cursor_u8(&c), 0); // sticky
				assert_false(cursor_ok(&c));
			}
			free(bytes);
		}
	}
}

static void
huge_and_empty_are_safe(void **state)
{
	(void)state;
	struct cursor c = cursor_new(NULL, 0);
	assert_true(cursor_ok(&c));
	cursor_skip(&c, SIZE_MAX);
	assert_false(cursor_ok(&c));
	static const uint8_t one[1] = { 7 };
	c = cursor_new(one, 1);
	cursor_skip(&c, SIZE_MAX);
	assert_false(cursor_ok(&c));
	assert_null(cursor_take(&c, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_their_order),
		cmocka_unit_test(a_read_past_the_end_fails_for_good),
		cmocka_unit_test(huge_and_empty_are_safe),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
