// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// CSV points: quotes, line ends, byte order mark, GB 18030, columns in any order,
// bounds.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_fixture.h"
#include "test.h"

static const char site_text[] =
    "site: {id: s, time_zone: UTC}\n"
    "buses: [{id: b, modbus_tcp: \"192.0.2.1\"}]\n"
    "zones: [{id: z1}]\n"
    "devices: [{id: d, bus: b, unit: 1, profile: notifier-modbus-gw, points: p.csv}]\n";

static int
set_up(void **state)
{
	(void)state;
	(void)fixture_folder();
	fixture_write("site.yaml", site_text);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	fixture_remove();
	return 0;
}

static struct site *
load_csv(const char *text)
{
	fixture_write("p.csv", text);
	return fixture_load(fixture_path("site.yaml"), fixture_panels);
}

static void
test_quotes_and_line_ends(void **state)
{
	struct site *s = load_csv(
	    "id,item,loop,device,kind,zone,latch,place_zh,place_en\r\n"
	    "a,detector,1,1,smoke,z1,,\"大厅, 东侧\",\"Say \"\"hi\"\", then\r\n"
	    "leave\"\r\n"
	    "\r\n"
	    ",,,,,,,,\r\n"
	    "c,detector,1,3,smoke,,own,A,B\r\n"
	    "  b , detector ,1,2,heat,,panel,厨房,"); // no line end, one language

	(void)state;
	assert_int_equal(s->n_site_points, 3);
	assert_string_equal(s->points[0].place_zh, "大厅, 东侧");
	assert_string_equal(s->points[0].place_en, "Say \"hi\", then leave");
	assert_int_equal(s->points[0].zone, 0);
	assert_int_equal(s->points[0].latch, LATCH_PANEL); // its kind's
	assert_int_equal(s->points[1].latch, LATCH_OWN);
	assert_string_equal(s->points[2].id, "b");
	assert_string_equal(s->points[2].place_en, "厨房");
	assert_int_equal(s->points[2].latch, LATCH_PANEL);
	assert_int_equal(s->points[2].zone, INDEX_NONE);
	site_free(s);
}

static void
test_byte_order_mark_and_column_order(void **state)
{
	struct site *s = load_csv("\xEF\xBB\xBFplace_en,kind,device,loop,item,id\n"
				  "Lobby,smoke,159,10,detector,a\n");

	(void)state;
	assert_int_equal(s->points[0].pdu, 9 * 400 + 158);
	assert_string_equal(s->points[0].place_zh, "Lobby");
	site_free(s);
}

static void
test_gb18030(void **state)
{
	// "大厅" as a Chinese spreadsheet saves it.
	struct site *s = load_csv("id,item,loop,device,kind,place_zh\n"
				  "a,detector,1,1,smoke,\xB4\xF3\xCC\xFC\n");

	(void)state;
	assert_string_equal(s->points[0].place_zh, "大厅");
	site_free(s);
}

static void
test_columns_of_problems_are_characters(void **state)
{
	(void)state;
	fixture_write("p.csv",
	    "place_zh,id,item,loop,device,kind\n大厅东侧,a,detector,1,160,smoke\n");
	char *text = fixture_refusal(fixture_path("site.yaml"), fixture_panels);
	assert_non_null(
	    strstr(text, "p.csv:2:19: error: device: item detector: must be 1 to "
			 "159, found \"160\"\n"
			 "    大厅东侧,a,detector,1,160,smoke\n"
			 "                          ^\n"));
	free(text);
}

static void
test_too_many_points(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	(void)fprintf(out, "id,item,loop,device,kind,place_en\n");
	for (unsigned i = 0; i < 65001; i++)
		(void)fprintf(out, "p%u,detector,1,1,smoke,L\n", i);
	assert_int_equal(fclose(out), 0);
	fixture_write_bytes("p.csv", text, size);
	free(text);
	text = fixture_refusal(fixture_path("site.yaml"), fixture_panels);
	assert_non_null(strstr(text, "more than 65000 points"));
	free(text);
}

static void
test_too_large(void **state)
{
	size_t size = (4u << 20) + 1;
	char *data = calloc(size, 1);

	(void)state;
	assert_non_null(data);
	memset(data, 'a', size);
	fixture_write_bytes("p.csv", data, size);
	free(data);
	char *text = fixture_refusal(fixture_path("site.yaml"), fixture_panels);
	assert_non_null(strstr(text, "p.csv\": larger than 4 MiB"));
	free(text);
}

static void
test_broken_bytes(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *why;
	} bad[] = {
		{ "id\0,item\n", 9, "p.csv:1:3: error: a NUL byte: not a text file" },
		{ "", 0, "p.csv:1:1: error: the file is empty" },
		{ "\n", 1, "p.csv:1:1: error: the file is empty" },
		{ "id,item,kind\n\"", 14,
		    "p.csv:2:1: error: the quote is never closed" },
		{ "id,item,kind\na\"b\"", 17,
		    "p.csv:2:2: error: a quote inside a cell" },
		{ "id,kind,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,"
		  ",,,,,,,,,",
		    77, "p.csv:1:71: error: more than 64 columns" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		fixture_write_bytes("p.csv", bad[i].text, bad[i].len);
		char *text = fixture_refusal(fixture_path("site.yaml"), fixture_panels);
		if (strstr(text, bad[i].why) == NULL)
			fail_msg("case %zu: %s", i, text);
		free(text);
	}
}

static void
test_endless_cell(void **state)
{
	char text[4096] = "id,item,kind\n";

	(void)state;
	memset(text + 13, 'x', sizeof(text) - 14);
	fixture_write("p.csv", text);
	char *found = fixture_refusal(fixture_path("site.yaml"), fixture_panels);
	assert_non_null(
	    strstr(found, "p.csv:2:1: error: a cell of more than 1024 bytes"));
	free(found);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_quotes_and_line_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_byte_order_mark_and_column_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_gb18030, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_columns_of_problems_are_characters, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_too_many_points, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_too_large, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_broken_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_endless_cell, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
