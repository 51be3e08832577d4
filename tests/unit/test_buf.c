// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The buffer, the JSON writer, and the string helpers under them: commas, escapes, what
// is not UTF-8, numbers that read back.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "test.h"

static void
buffer_grows_and_stays_terminated(void **state)
{
	(void)state;
	struct buf b = { 0 };
	for (int i = 0; i < 10000; i++)
		buf_printf(&b, "%d,", i % 10);
	assert_int_equal(b.len, 20000);
	assert_int_equal(strlen(b.data), 20000);
	assert_memory_equal(b.data + 19996, "8,9,", 5);
	buf_clear(&b);
	assert_int_equal(b.len, 0);
	assert_string_equal(b.data, "");
	char *long_text = xcalloc(1, 5001);
	memset(long_text, 'x', 5000);
	buf_printf(&b, "<%s>", long_text);
	assert_int_equal(b.len, 5002);
	char *stolen = buf_steal(&b);
	assert_int_equal(strlen(stolen), 5002);
	assert_null(b.data);
	free(stolen);
	free(long_text);
	stolen = buf_steal(&b);
	assert_string_equal(stolen, "");
	free(stolen);
	buf_free(&b);
}

static void
commas_stand_between(void **state)
{
	(void)state;
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	json_int(&b, "a", -1);
	json_open(&b, "b", '[');
	json_open(&b, NULL, '{');
	json_close(&b, '}');
	json_open(&b, NULL, '[');
	json_close(&b, ']');
	json_bool(&b, NULL, true);
	json_none(&b, NULL);
	json_close(&b, ']');
	json_str(&b, "c", NULL);
	json_raw(&b, "d", "{\"x\":1}");
	json_bool(&b, "e", false);
	json_int(&b, "f", INT64_MIN);
	json_time(&b, "g", INT64_C(1767323045678));
	json_time(&b, "h", 0);
	json_close(&b, '}');
	assert_string_equal(b.data,
	    "{\"a\":-1,\"b\":[{},[],true,null],\"c\":null,\"d\":{\"x\":1},"
	    "\"e\":false,\"f\":-9223372036854775808,"
	    "\"g\":\"2026-01-02T03:04:05.678Z\",\"h\":null}");
	buf_free(&b);
}

#define BAD "\xEF\xBF\xBD"

static void
strings_are_escaped(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "a\"b\\c/", "a\\\"b\\\\c/" },
		{ "\b\f\n\r\t", "\\b\\f\\n\\r\\t" },
		{ "\x01\x1f\x7f", "\\u0001\\u001f\x7f" },
		{ "火警 é 🔥", "火警 é 🔥" },
		{ "\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF" }, // U+10FFFF
		{ "a\xFFz", "a" BAD "z" },
		{ "\x80", BAD },
		{ "\xC0\x80", BAD BAD },                 // overlong NUL
		{ "\xE0\x9F\xBF", BAD BAD BAD },         // overlong
		{ "\xED\xA0\x80", BAD BAD BAD },         // surrogate
		{ "\xF4\x90\x80\x80", BAD BAD BAD BAD }, // beyond U+10FFFF
		{ "\xE7\x81", BAD BAD },                 // cut at the end
		{ "\xE7\x81\"", BAD BAD "\\\"" },        // cut before a quote
		{ "\xB9\xFA", BAD BAD },                 // GB 18030
		{ "\xF0\x9F\x94", BAD BAD BAD },
	};
	struct buf b = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_clear(&b);
		json_str(&b, NULL, rows[i].in);
		char *expected = xasprintf("\"%s\"", rows[i].out);
		assert_string_equal(b.data, expected);
		free(expected);
	}
	buf_free(&b);
}

static void
numbers_read_back(void **state)
{
	(void)state;
	static const struct {
		double in;
		const char *out;
	} rows[] = {
		{ 0, "0" },
		{ 0.1, "0.1" },
		{ 712, "712" },
		{ -1.5e300, "-1.5e+300" },
		{ 1.0 / 3.0, "0.3333333333333333" },
		{ 0.1 + 0.2, "0.30000000000000004" },
		{ NAN, "null" },
		{ INFINITY, "null" },
	};
	struct buf b = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_clear(&b);
		json_double(&b, NULL, rows[i].in);
		assert_string_equal(b.data, rows[i].out);
	}
	uint32_t seed = 1;
	for (int i = 0; i < 20000; i++) {
		seed = seed * 1664525 + 1013904223;
		double v = (double)(int32_t)seed * pow(10, (int)(seed % 40) - 20);
		buf_clear(&b);
		json_double(&b, NULL, v);
		double back = strtod(b.data, NULL);
		assert_memory_equal(&back, &v, sizeof v);
	}
	buf_free(&b);
}

static void
copies_never_cut_a_character(void **state)
{
	(void)state;
	char out[8];
	assert_true(str_copy(out, sizeof out, "1234567"));
	assert_string_equal(out, "1234567");
	assert_false(str_copy(out, sizeof out, "12345678"));
	assert_string_equal(out, "1234567");
	assert_false(str_copy(out, sizeof out, "火警火")); // 9 bytes
	assert_string_equal(out, "火警");
	assert_false(str_copy(out, sizeof out, "12345火"));
	assert_string_equal(out, "12345");
	assert_false(str_copy(out, 1, "火"));
	assert_string_equal(out, "");
	assert_true(str_copy(out, 1, ""));
}

static void
errors_are_filled_where_seen(void **state)
{
	(void)state;
	struct err e;
	assert_int_equal(err_set(&e, 5, "value %d", 7), -1);
	assert_int_equal(e.code, 5);
	assert_string_equal(e.text, "value 7");
	assert_string_equal(e.file, "");
	assert_int_equal(err_at(&e, "a.yaml", 3, 9, "unknown key '%s'", "x"), -1);
	assert_string_equal(e.file, "a.yaml");
	assert_int_equal(e.line, 3);
	assert_int_equal(e.column, 9);
	assert_int_equal(err_set(NULL, 0, "nobody asks"), -1);
	char *flood = xcalloc(1, 5000);
	memset(flood, 'y', 4999);
	assert_int_equal(err_set(&e, 0, "%s", flood), -1);
	assert_int_equal(strlen(e.text), ERR_TEXT - 1);
	free(flood);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffer_grows_and_stays_terminated),
		cmocka_unit_test(commas_stand_between),
		cmocka_unit_test(strings_are_escaped),
		cmocka_unit_test(numbers_read_back),
		cmocka_unit_test(copies_never_cut_a_character),
		cmocka_unit_test(errors_are_filled_where_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
