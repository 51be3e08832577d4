// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Points from spreadsheets as people keep them: Chinese and English headings, the three
// separators, encodings told by their bytes or stated, what is put up with and what is
// refused, and a file tried in the place where it would be used.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/trial.h"
#include "config_fixture.h"
#include "test.h"

// The tables themselves are looked at, not only what they answer.
// NOLINTNEXTLINE(bugprone-suspicious-include)
#include "config/sheet_words.c"

static const char head[] = "site: {id: s, time_zone: UTC}\n"
			   "buses: [{id: b, modbus_tcp: \"192.0.2.1\"}]\n"
			   "zones: [{id: z1, name: {zh: 地下一层, en: Basement}},\n"
			   "        {id: z2, name: {zh: 一层, en: Floor}},\n"
			   "        {id: z3, name: {zh: 二层, en: Floor}}]\n"
			   "devices:\n"
			   "  - {id: d, bus: b, unit: 1, profile: notifier-modbus-gw, ";

static int
set_up(void **state)
{
	(void)state;
	(void)fixture_folder();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	fixture_remove();
	return 0;
}

static void
write_site(const char *points, const char *more)
{
	char text[2048];

	(void)snprintf(text, sizeof(text), "%spoints: %s}\n%s", head, points, more);
	fixture_write("site.yaml", text);
}

static struct site *
load_bytes(const void *data, size_t len)
{
	write_site("p.csv", "");
	fixture_write_bytes("p.csv", data, len);
	return fixture_load(fixture_path("site.yaml"), fixture_panels);
}

static struct site *
load_csv(const char *text)
{
	return load_bytes(text, strlen(text));
}

static void
refuse_bytes(const char *points, const void *data, size_t len, const char *why)
{
	write_site(points, "");
	fixture_write_bytes("p.csv", data, len);
	char *text = fixture_refusal(fixture_path("site.yaml"), fixture_panels);
	if (strstr(text, why) == NULL)
		fail_msg("wanted: %s\nfound: %s", why, text);
	free(text);
}

static void
refuse_csv(const char *text, const char *why)
{
	refuse_bytes("p.csv", text, strlen(text), why);
}

static void
test_every_word_of_the_tables_is_folded_and_means_one_thing(void **state)
{
	char folded[SHEET_WORD_MAX];

	(void)state;
	for (size_t i = 0; i < N_HEADINGS; i++) {
		assert_true(fold(headings[i].word, folded));
		assert_string_equal(folded, headings[i].word);
		assert_int_equal(sheet_column(headings[i].word), headings[i].column);
		assert_false(sheet_column_left_out(headings[i].word));
	}
	for (size_t i = 0; i < N_LEFT_OUT; i++) {
		assert_true(fold(left_out[i], folded));
		assert_string_equal(folded, left_out[i]);
		assert_int_equal(sheet_column(left_out[i]), CELL_COUNT);
	}
	for (size_t i = 0; i < N_KINDS; i++) {
		enum point_kind kind;
		assert_true(fold(kinds[i].word, folded));
		assert_string_equal(folded, kinds[i].word);
		assert_true(point_kind_from_name(kinds[i].ours, &kind));
		assert_string_equal(sheet_kind(kinds[i].word), kinds[i].ours);
	}
	for (size_t i = 0; i < N_LATCHES; i++)
		assert_string_equal(sheet_latch(latches[i].word), latches[i].ours);
	for (enum point_cell c = 0; c < CELL_COUNT; c++)
		assert_int_equal(sheet_column(cell_names[c]), c);
	assert_int_equal(sheet_column("Place (ZH)"), CELL_PLACE_ZH);
	assert_string_equal(sheet_kind("Manual Call Point"), "manual-call-point");
	assert_null(sheet_kind("烟"));
}

// What a panel's own program writes so that a spreadsheet keeps the zeros, and kinds as
// they stand in the table of a building.
static void
test_a_panels_own_table(void **state)
{
	(void)state;
	struct site *s = load_csv("编号,条目,回路,地址,类型,部位\r\n"
				  "a,detector,=\"1\",=\"007\",消火栓按钮,一层\r\n"
				  "b,module,1,1,防火卷帘,一层\r\n"
				  "c,detector,1,2,缆式感温,一层\r\n"
				  "d,detector,1,3,线型光束感烟探测器,一层\r\n");
	assert_int_equal(s->points[0].number, 7);
	assert_int_equal(s->points[0].kind, KIND_MANUAL_CALL_POINT);
	assert_int_equal(s->points[1].kind, KIND_MODULE);
	assert_int_equal(s->points[2].kind, KIND_HEAT);
	assert_int_equal(s->points[3].kind, KIND_SMOKE);
	site_free(s);
	refuse_csv("编号,条目,回路,地址,类型,部位\na,detector,1,1,液位开关,一层\n",
	    "p.csv:2:16: error: kind: unknown value \"液位开关\", known are, among "
	    "others, 感烟探测器, 感温探测器, 手动报警按钮,");
	refuse_csv("编号,条目,回路,地址,类型,部位\na,detector,1,=1,烟感,一层\n",
	    "device: item detector: not a whole number");
}

static void
test_a_chinese_sheet_with_semicolons_and_a_title(void **state)
{
	struct site *s =
	    load_csv("\xEF\xBB\xBF科技大厦火灾报警点表;;;;;;;;\r\n"
		     "2026 年 11 月;;;;;;;;\r\n"
		     "序号;编号;回路号;地址;条目;设备类型;防火分区;安装部位;备注\r\n"
		     "1;a-001;01;007;detector;点型光电感烟火灾探测器;地下一层;"
		     "\"水泵房\n东侧\";查\r\n"
		     "2;a-002;1;０８;detector;感温;z2;走廊;\r\n"
		     "3;a-003;10;159;module;输入模块;;机房;\r\n");

	(void)state;
	assert_int_equal(s->n_site_points, 3);
	assert_string_equal(s->points[0].id, "a-001");
	assert_int_equal(s->points[0].kind, KIND_SMOKE);
	assert_int_equal(s->points[0].pdu, 6);
	assert_int_equal(s->points[0].zone, 0);
	assert_string_equal(s->points[0].place_zh, "水泵房 东侧");
	assert_int_equal(s->points[1].kind, KIND_HEAT);
	assert_int_equal(s->points[1].number, 8);
	assert_int_equal(s->points[1].zone, 1);
	assert_int_equal(s->points[2].kind, KIND_MODULE);
	assert_int_equal(s->points[2].pdu, 200 + 9 * 400 + 158);
	assert_int_equal(s->points[2].zone, INDEX_NONE);
	site_free(s);
}

static void
test_tabs_and_a_stated_separator(void **state)
{
	static const char *const sheets[] = {
		"ID\tItem\tLoop\tDevice No.\tType\tLocation\n"
		"a\tdetector\t2\t3\tSmoke Detector\tLobby, east; north\n",
		"sep=;\nid;item;loop;device;kind;place,\n"
		"a;detector;2;3;smoke;Lobby, east; north\n",
	};

	(void)state;
	struct site *s = load_csv(sheets[0]);
	assert_int_equal(s->points[0].pdu, 402);
	assert_string_equal(s->points[0].place_en, "Lobby, east; north");
	site_free(s);
	// The heading is read by the stated separator alone, so "place," is no column.
	refuse_csv(sheets[1], "p.csv:2:26: error: unknown column \"place,\"");
}

static void
test_cells_that_the_program_left_off_or_added(void **state)
{
	struct site *s = load_csv("id,item,loop,device,kind,place_en,zone,,\n"
				  "a,detector,1,1,smoke,Lobby\n"
				  "b,detector,1,2,smoke,Lobby,z1,,,,\n");

	(void)state;
	assert_int_equal(s->n_site_points, 2);
	assert_int_equal(s->points[0].zone, INDEX_NONE);
	assert_int_equal(s->points[1].zone, 0);
	site_free(s);
	refuse_csv("id,item,loop,device,kind,place_en\na,detector,1,1,smoke,Lobby,z1\n",
	    "p.csv:2:1: error: 7 cells, the row of headings has 6");
	refuse_csv("id,item,loop,device,kind,,place_en\na,detector,1,1,smoke,x,L\n",
	    "p.csv:2:22: error: a cell below no heading: \"x\"");
}

static void
test_zones_by_name(void **state)
{
	(void)state;
	refuse_csv("id,item,loop,device,kind,place_en,zone\n"
		   "a,detector,1,1,smoke,L,Floor\n",
	    "p.csv:2:24: error: zone: \"Floor\" is the name of zone z2 and of zone z3: "
	    "write the id");
	// A character of four bytes, and one that begins with E0.
	refuse_csv("id,item,loop,device,kind,place_en,zone\n"
		   "a,detector,1,1,smoke,L,𠮷ࠀ\n",
	    "p.csv:2:24: error: zone: there is no \"𠮷ࠀ\"");
	refuse_csv("id,item,loop,device,kind,place_en,zone\n"
		   "a,detector,1,1,smoke,L,z\n",
	    "p.csv:2:24: error: zone: there is no \"z\", did you mean \"z1\"?");
}

static void
test_i12_a_broken_row_does_not_hide_the_faults_of_the_next(void **state)
{
	(void)state;
	write_site("p.csv", "");
	fixture_write("p.csv", "id,item,loop,device,kind,place_en\n"
			       "a,detector,1,1,smoke,\"x\"y\n"
			       "b,detector,1,160,smoke,L\n"
			       "c,detector,1,\x07,smoke,L\n"
			       "d,detector,1,2,smoke,L\rnext\n"
			       "e,detector,1,2,smok,L\n");
	char *text = fixture_refusal(fixture_path("site.yaml"), fixture_panels);
	static const char *const wanted[] = {
		"p.csv:2:25: error: text behind the closing quote",
		"p.csv:3:14: error: device: item detector: must be 1 to 159",
		"p.csv:4:14: error: control character 0x07 in a cell",
		"p.csv:5:23: error: a carriage return alone",
		"p.csv:6:16: error: kind: unknown value \"smok\", did you mean",
	};
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (strstr(text, wanted[i]) == NULL)
			fail_msg("wanted: %s\nfound: %s", wanted[i], text);
	free(text);
}

static void
test_encodings_told_by_their_bytes(void **state)
{
	// 大厅, then U+3400, which GB 18030 writes in four bytes.
	static const char gb[] =
	    "id,item,loop,device,kind,place_zh\n"
	    "a,detector,1,1,smoke,\xB4\xF3\xCC\xFC\x81\x39\xEE\x39\n";
	static const char marked[] = "\x84\x31\x95\x33"
				     "id,item,loop,device,kind,place_zh\n"
				     "a,detector,1,1,smoke,\xB4\xF3\xCC\xFC\n";
	struct site *s = load_bytes(gb, sizeof(gb) - 1);

	(void)state;
	assert_string_equal(s->points[0].place_zh, "大厅㐀");
	site_free(s);
	s = load_bytes(marked, sizeof(marked) - 1);
	assert_string_equal(s->points[0].place_zh, "大厅");
	site_free(s);
}

#define LINE "id,item,loop,device,kind,place_en\na,detector,1,1,smoke,"

static void
test_i12_bytes_that_do_not_tell_are_refused_until_the_site_does(void **state)
{
	// One word, two readings: "Å·" in UTF-8 is 脜路 in GB 18030.
	static const char both[] = LINE "\xC3\x85\xC2\xB7\n";

	(void)state;
	refuse_bytes("p.csv", both, sizeof(both) - 1,
	    "p.csv:2:22: error: \"\xC3\x85\xC2\xB7\" in UTF-8 or \"脜路\" in GB 18030: "
	    "both "
	    "are possible");
	write_site("{file: p.csv, encoding: utf-8}", "");
	struct site *s = fixture_load(fixture_path("site.yaml"), fixture_panels);
	assert_string_equal(s->points[0].place_en, "\xC3\x85\xC2\xB7");
	site_free(s);
	write_site("{file: p.csv, encoding: gb18030}", "");
	s = fixture_load(fixture_path("site.yaml"), fixture_panels);
	assert_string_equal(s->points[0].place_en, "脜路");
	site_free(s);
}

static void
test_i12_other_encodings_are_named(void **state)
{
	static const struct {
		const char *points, *bytes;
		size_t len;
		const char *why;
	} bad[] = {
		{ "p.csv", "PK\x03\x04", 4, "p.csv: error: a workbook (.xlsx)" },
		{ "p.csv", "\xD0\xCF\x11\xE0", 4,
		    "p.csv: error: a workbook (.xls, .et)" },
		{ "p.csv", "\xFF\xFEi\0d\0", 6, "p.csv: error: UTF-16" },
		{ "{file: p.csv, encoding: gb18030}", "\xEF\xBB\xBFid", 5,
		    "p.csv: error: encoding gb18030 is stated, the file begins with" },
		{ "{file: p.csv, encoding: utf-8}", LINE "\xB4\xF3", sizeof(LINE) + 1,
		    "p.csv:2:22: error: not UTF-8: byte 0xB4" },
		// The second half of the last character is missing.
		{ "{file: p.csv, encoding: gb18030}", LINE "\xB4\xF3\xCC",
		    sizeof(LINE) + 2,
		    "p.csv:2:23: error: not GB 18030: cut off inside a character "
		    "(0xCC)\n"
		    "    a,detector,1,1,smoke,大\n" },
		// A sheet in GB 18030 with one byte of neither.
		{ "p.csv", LINE "\xB4\xF3\xCC\xFC,\xFF", sizeof(LINE) + 5,
		    "p.csv:2:25: error: neither UTF-8 (2:22: byte 0xB4) nor GB 18030 "
		    "(2:25: byte 0xFF)" },
		// A sheet in UTF-8 with one byte of neither.
		{ "p.csv", LINE "大厅\xFF", sizeof(LINE) + 6,
		    "p.csv:2:24: error: neither UTF-8 (2:24: byte 0xFF) nor GB 18030 "
		    "(" },
		{ "{file: p.csv, encoding: utf8}", "", 0,
		    "encoding: unknown value \"utf8\", did you mean \"utf-8\"?" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		refuse_bytes(bad[i].points, bad[i].bytes, bad[i].len, bad[i].why);
}

static struct points_trial *
try_sheet(const char *device, bool good, char **text)
{
	struct points_trial *t = calloc(1, sizeof(*t));
	struct problems *p = calloc(1, sizeof(*p));
	size_t size;

	assert_non_null(t);
	assert_non_null(p);
	t->device = device;
	t->file = fixture_path("new.csv");
	struct site *s =
	    site_try_points(fixture_path("site.yaml"), fixture_panels, t, p);
	assert_int_equal(s != NULL, good);
	FILE *out = open_memstream(text, &size);
	assert_non_null(out);
	problems_print(p, out);
	problems_print_as(&t->notes, "note", out);
	if (s != NULL)
		(void)fprintf(out, "%u points of the site\n", s->n_site_points);
	assert_int_equal(fclose(out), 0);
	site_free(s);
	problems_free(p);
	free(p);
	return t;
}

static void
expect_trial(const char *device, bool good, const char *why)
{
	char *text;
	struct points_trial *t = try_sheet(device, good, &text);

	if (strstr(text, why) == NULL)
		fail_msg("wanted: %s\nfound: %s", why, text);
	free(text);
	points_trial_free(t);
	free(t);
}

// A site whose device d has broken points of its own, beside one that is good.
static const char other_device[] =
    "  - {id: e, bus: b, unit: 2, profile: notifier-modbus-gw, points: [\n"
    "     {id: taken, item: module, loop: 1, device: 1, kind: module,\n"
    "      place: {en: Roof}}]}\n";

static void
test_a_sheet_is_tried_where_it_would_be_used(void **state)
{
	char *text;

	(void)state;
	write_site("broken.csv", other_device);
	fixture_write("new.csv", "编号,条目,回路,地址,类型,部位,备注\n"
				 "a,detector,1,１２,烟感,大厅𠮷,x\n"
				 "\n"
				 "b,detector,1,013,手报,走廊\n");
	struct points_trial *t = try_sheet("d", true, &text);
	assert_true(t->met);
	assert_string_equal(t->was_in, "utf-8");
	assert_string_equal(t->separator, "comma");
	assert_int_equal(t->heading_line, 1);
	assert_int_equal(t->rows, 2);
	assert_int_equal(t->n_lines, 2);
	assert_int_equal(t->lines[0], 2);
	assert_int_equal(t->lines[1], 4);
	assert_string_equal(t->columns,
	    "编号 = id, 条目 = item, 回路 = loop, 地址 = device, 类型 = kind, "
	    "部位 = place_zh, 备注 left out");
	static const char *const notes[] = {
		"new.csv:1:19: note: column \"备注\" is left out",
		"new.csv:2:14: note: device: \"１２\" is read as \"12\"",
		"new.csv:4:14: note: device: \"013\" is read as 13",
		"new.csv:4:1: note: 6 cells, the row of headings has 7",
		"3 points of the site",
	};
	for (size_t i = 0; i < ARRAY_LEN(notes); i++)
		if (strstr(text, notes[i]) == NULL)
			fail_msg("wanted: %s\nfound: %s", notes[i], text);
	free(text);
	points_trial_free(t);
	free(t);
}

static void
test_i12_a_tried_sheet_meets_the_whole_site(void **state)
{
	(void)state;
	write_site("broken.csv", other_device);
	fixture_write("new.csv", "id,item,loop,device,kind,place_en\n"
				 "taken,detector,1,1,smoke,Lobby\n");
	expect_trial(
	    "d", false, "error: id \"taken\" is already used by the point in ");
	expect_trial("dd", false, "device: there is no \"dd\", did you mean \"d\"?");
	fixture_write("new.csv", "id,item,loop,device,kind,place_en\n"
				 "a,detector,1,1,smoke,Lobby\n"
				 "b,detector,01,001,heat,Attic\n");
	expect_trial("d", false,
	    "new.csv:3:1: error: point \"b\" has the address of point \"a\"");
}

static uint64_t
load_many_ms(unsigned n)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct timespec from, to;

	assert_non_null(out);
	(void)fprintf(out, "编号,条目,回路,地址,类型,分区,部位\n");
	for (unsigned i = 0; i < n; i++)
		(void)fprintf(out, "p%05u,%s,%02u,%03u,%s,地下一层,%u 层走廊东侧\n", i,
		    i % 318 < 159 ? "detector" : "module", 1 + i / 318 % 10,
		    1 + i % 159, i % 318 < 159 ? "点型感烟火灾探测器" : "输入模块",
		    i / 50);
	assert_int_equal(fclose(out), 0);
	write_site("p.csv", "");
	fixture_write_bytes("p.csv", text, size);
	free(text);
	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from), 0);
	struct site *s = fixture_load(fixture_path("site.yaml"), fixture_panels);
	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to), 0);
	assert_int_equal(s->n_site_points, n);
	site_free(s);
	return (uint64_t)((to.tv_sec - from.tv_sec) * 1000000LL +
			  (to.tv_nsec - from.tv_nsec) / 1000);
}

// A plan of 2,000 points: the time grows with the points, not with their square.
static void
test_two_thousand_points(void **state)
{
	uint64_t few = 0, many = 0;

	(void)state;
	for (int i = 0; i < 5; i++) {
		few += load_many_ms(300);
		many += load_many_ms(3000);
	}
	print_message("300 points %llu us, 3,000 points %llu us of CPU\n",
	    (unsigned long long)few / 5, (unsigned long long)many / 5);
	assert_true(many < few * 30);
}

int
main(void)
{
#define SHEET_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_every_word_of_the_tables_is_folded_and_means_one_thing),
		SHEET_TEST(test_a_chinese_sheet_with_semicolons_and_a_title),
		SHEET_TEST(test_a_panels_own_table),
		SHEET_TEST(test_tabs_and_a_stated_separator),
		SHEET_TEST(test_cells_that_the_program_left_off_or_added),
		SHEET_TEST(test_zones_by_name),
		SHEET_TEST(test_i12_a_broken_row_does_not_hide_the_faults_of_the_next),
		SHEET_TEST(test_encodings_told_by_their_bytes),
		SHEET_TEST(
		    test_i12_bytes_that_do_not_tell_are_refused_until_the_site_does),
		SHEET_TEST(test_i12_other_encodings_are_named),
		SHEET_TEST(test_a_sheet_is_tried_where_it_would_be_used),
		SHEET_TEST(test_i12_a_tried_sheet_meets_the_whole_site),
		SHEET_TEST(test_two_thousand_points),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
