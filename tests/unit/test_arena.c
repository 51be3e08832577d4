// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The arena of the configuration: things from the front of a chunk and texts from its
// back meet and never overlap, whatever their sizes; short texts take no more than
// their bytes.
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/arena.h"
#include "lib/mem.h"
#include "test.h"

enum {
	PIECES = 20000,
	BIG = 100000,
};

struct piece {
	uint8_t *data;
	size_t len;
	bool text;
};

static uint8_t
fill_of(size_t i)
{
	return (uint8_t)(1 + i % 255);
}

static struct piece
put(struct arena *a, size_t i)
{
	size_t len = i % 997 == 0 ? BIG : 1 + i * 7919 % 61;
	struct piece p = { .len = len, .text = i % 3 != 0 };

	if (!p.text) {
		p.data = arena_alloc(a, 1, len);
		assert_int_equal((uintptr_t)p.data % alignof(max_align_t), 0);
		for (size_t k = 0; k < len; k++)
			assert_int_equal(p.data[k], 0);
		memset(p.data, fill_of(i), len);
		return p;
	}
	char *text = xcalloc(1, len + 1);
	memset(text, fill_of(i), len);
	p.data = (uint8_t *)arena_bytes(a, text, len);
	free(text);
	return p;
}

static void
pieces_never_overlap(void **state)
{
	(void)state;
	struct arena *a = arena_new();
	struct piece *all = xcalloc(PIECES, sizeof(*all));

	for (size_t i = 0; i < PIECES; i++)
		all[i] = put(a, i);
	for (size_t i = 0; i < PIECES; i++) {
		for (size_t k = 0; k < all[i].len; k++)
			assert_int_equal(all[i].data[k], fill_of(i));
		if (all[i].text)
			assert_int_equal(all[i].data[all[i].len], 0);
	}
	free(all);
	arena_free(a);
}

static void
short_texts_lie_side_by_side(void **state)
{
	(void)state;
	struct arena *a = arena_new();
	const char *first = arena_text(a, "p1"), *second = arena_text(a, "p22");

	assert_string_equal(first, "p1");
	assert_string_equal(second, "p22");
	assert_ptr_equal(second + 4, first);
	assert_null(arena_text(a, NULL));
	assert_string_equal(arena_bytes(a, NULL, 0), "");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_never_overlap),
		cmocka_unit_test(short_texts_lie_side_by_side),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
