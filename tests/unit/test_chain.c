// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The canonical bytes and their hash, against bytes written out by hand and hashes made
// by another program. These must never change for version 1.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "store/chain.h"
#include "store/event_row.h"
#include "store/hex.h"
#include "test.h"

static void
assert_canonical(const struct cell *cells, size_t n, const char *hex)
{
	struct buf b = { 0 };
	char text[1024];
	chain_canonical(cells, n, &b);
	assert_true(b.len * 2 < sizeof(text));
	hex_encode(b.data, b.len, text);
	assert_string_equal(text, hex);
	buf_free(&b);
}

static void
test_each_type(void **state)
{
	(void)state;
	const uint8_t bytes[] = { 0x00, 0xff };
	const struct {
		struct cell cell;
		const char *hex;
	} cases[] = {
		{ cell_absent(), "010000000000" },
		{ cell_integer(1), "0101000000080000000000000001" },
		{ cell_integer(-2), "010100000008fffffffffffffffe" },
		{ cell_integer(INT64_MIN), "0101000000088000000000000000" },
		{ cell_real(1.5), "0102000000083ff8000000000000" },
		{ cell_real(-0.0), "0102000000080000000000000000" },
		{ cell_real((double)INFINITY), "0102000000087ff0000000000000" },
		{ cell_text("ab"), "0103000000026162" },
		{ cell_text("火"), "010300000003e781ab" },
		{ cell_bytes(bytes, 2), "01040000000200ff" },
		{ cell_bytes(bytes, 0), "010400000000" },
	};
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++)
		assert_canonical(&cases[i].cell, 1, cases[i].hex);
}

static void
test_nan_is_not_absent(void **state)
{
	(void)state;
	struct cell absent = cell_absent();
	struct cell nan = { .type = CELL_REAL, .real = (double)NAN };
	struct cell other_nan = { .type = CELL_REAL, .real = -(double)NAN };
	uint8_t a[CHAIN_HASH], b[CHAIN_HASH], c[CHAIN_HASH];
	chain_hash(&absent, 1, a);
	chain_hash(&nan, 1, b);
	chain_hash(&other_nan, 1, c);
	assert_memory_not_equal(a, b, CHAIN_HASH);
	assert_memory_equal(b, c, CHAIN_HASH);
	assert_canonical(&nan, 1, "0102000000087ff8000000000000");
	// An event's NaN means that there is no value.
	assert_int_equal(cell_real((double)NAN).type, CELL_ABSENT);
}

static void
test_borders_between_fields_count(void **state)
{
	(void)state;
	const struct cell ab_c[] = { cell_text("ab"), cell_text("c") };
	const struct cell a_bc[] = { cell_text("a"), cell_text("bc") };
	const struct cell swapped[] = { cell_text("c"), cell_text("ab") };
	uint8_t x[CHAIN_HASH], y[CHAIN_HASH], z[CHAIN_HASH];
	chain_hash(ab_c, 2, x);
	chain_hash(a_bc, 2, y);
	chain_hash(swapped, 2, z);
	assert_memory_not_equal(x, y, CHAIN_HASH);
	assert_memory_not_equal(x, z, CHAIN_HASH);
}

// The hash of a whole event; the same row was hashed with Python's hashlib.
static void
test_hash_of_an_event(void **state)
{
	(void)state;
	struct event e;
	struct event_frame f = { .seq = 1 };
	struct cell cells[COL_COUNT];
	event_init(&e, EVENT_ALARM_ONSET);
	e.time_utc_ms = 1772323200000;
	e.mono_ms = 1000;
	e.clock_quality = CLOCK_SYNCED;
	(void)str_copy(e.point, sizeof(e.point), "p1");
	(void)str_copy(e.place_zh, sizeof(e.place_zh), "走廊");
	e.condition = COND_FIRE;
	e.alarm_class = CLASS_FIRE;
	e.value = 1.5;
	memset(f.epoch, 0x11, sizeof(f.epoch));
	memset(f.boot_id, 0x22, sizeof(f.boot_id));
	(void)str_copy(f.config_rev, sizeof(f.config_rev), "r1");
	event_row_cells(&e, &f, cells);
	char hex[2 * CHAIN_HASH + 1];
	hex_encode(f.hash, CHAIN_HASH, hex);
	assert_string_equal(
	    hex, "9e6e5499315c7b4a6dcb515eb2d20f867fa06dca18cbd5f5f1860e356bb74468");
	assert_null(event_row_check(cells));
}

static void
test_check_sees_type_and_hash(void **state)
{
	(void)state;
	struct event e;
	struct event_frame f = { .seq = 7 };
	struct cell cells[COL_COUNT], bad[COL_COUNT];
	event_init(&e, EVENT_POINT_CHANGE);
	event_row_cells(&e, &f, cells);
	for (unsigned i = 0; i < COL_COUNT; i++) {
		memcpy(bad, cells, sizeof(bad));
		bad[i] = bad[i].type == CELL_TEXT ? cell_integer(5) : cell_text("x");
		assert_non_null(event_row_check(bad));
	}
	uint8_t hash[CHAIN_HASH];
	memcpy(hash, f.hash, sizeof(hash));
	hash[31] ^= 1;
	memcpy(bad, cells, sizeof(bad));
	bad[COL_HASH] = cell_bytes(hash, sizeof(hash));
	assert_string_equal(event_row_check(bad), "hash");
}

static void
test_hex(void **state)
{
	(void)state;
	uint8_t out[2];
	assert_true(hex_decode("00Ff", out, 2));
	assert_int_equal(out[1], 0xff);
	assert_false(hex_decode("00f", out, 2));
	assert_false(hex_decode("00fg", out, 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_type),
		cmocka_unit_test(test_nan_is_not_absent),
		cmocka_unit_test(test_borders_between_fields_count),
		cmocka_unit_test(test_hash_of_an_event),
		cmocka_unit_test(test_check_sees_type_and_hash),
		cmocka_unit_test(test_hex),
	};
	return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}
