// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What --check prints of what a person cannot see in the YAML: which signal of an input
// is a broken wire, and where the wiring is not as the maker delivers it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_fixture.h"
#include "test.h"

static char *text;

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
	free(text);
	text = NULL;
	fixture_remove();
	return 0;
}

static void
summarise(const char *buses_and_devices)
{
	size_t size = 0;
	char yaml[4096];

	(void)snprintf(
	    yaml, sizeof(yaml), "site: {id: s, time_zone: UTC}\n%s", buses_and_devices);
	fixture_write("site.yaml", yaml);
	struct site *s = fixture_load(fixture_path("site.yaml"), fixture_panels);
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	site_print_summary(s, out);
	assert_int_equal(fclose(out), 0);
	site_free(s);
}

static unsigned
count(const char *what)
{
	unsigned n = 0;

	for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
		n++;
	return n;
}

static void
says(const char *what)
{
	if (count(what) != 1)
		fail_msg("%u times \"%s\" in\n%s", count(what), what, text);
}

static void
test_what_a_live_zero_means(void **state)
{
	(void)state;
	summarise(
	    "buses: [{id: lan, modbus_tcp: \"192.0.2.1\"},"
	    " {id: lan2, modbus_tcp: \"192.0.2.2\"}]\n"
	    "devices:\n"
	    "  - id: a\n"
	    "    bus: lan\n"
	    "    unit: 1\n"
	    "    profile: iologik-e1240\n"
	    "    points:\n"
	    "      - {id: up, item: ai, device: 0, kind: pressure, place: {en: A},"
	    " scale: {4: 0MPa, 20: 1.6MPa}}\n"
	    "      - {id: down, item: ai, device: 1, kind: level, place: {en: B},"
	    " scale: {20: 0m, 4: 3.5m}}\n"
	    "      - {id: dead, item: ai, device: 2, kind: pressure, place: {en: C},"
	    " scale: {0: 0MPa, 20: 1.6MPa}}\n"
	    "      - {id: part, item: ai-current, device: 3, kind: pressure,"
	    " place: {en: D}, scale: {4: 0MPa, 12: 0.8MPa}}\n"
	    "      - {id: bare, item: ai, device: 4, kind: number, place: {en: E}}\n"
	    "  - id: b\n"
	    "    bus: lan2\n"
	    "    unit: 1\n"
	    "    profile: adam-6024\n"
	    "    points: [{id: raw, item: ai, device: 0, kind: pressure, place: {en: "
	    "F},"
	    " scale: {13107: -100kPa, 65535: 1500kPa}}]\n");
	says("4 is 0 kPa, 20 is 1600 kPa; a broken sensor or wire (NE 43): 3.6 and "
	     "less, 21 and more\n");
	says("4 is 3.5 m, 20 is 0 m; a broken sensor");
	says("13107 is -100 kPa, 65535 is 1500 kPa; a broken sensor or wire (NE 43): "
	     "11796.3 and less, 68811.8 and more\n");
	assert_int_equal(count(" live zero "), 3 + 2);
	assert_int_equal(count(" no live zero "), 2);
	says("a broken wire is told by item ai, or by nothing\n");
	says("a broken wire is told by item ai-current, or by nothing\n");
	// Each below its own point.
	assert_true(strstr(text, "  raw ") < strstr(text, "13107 is"));
	assert_true(strstr(text, "  up ") < strstr(text, "4 is 0 kPa"));
	assert_true(strstr(text, "4 is 0 kPa") < strstr(text, "  down "));
}

static void
test_where_the_wiring_is_not_as_delivered(void **state)
{
	(void)state;
	summarise("buses:\n"
		  "  - {id: line, modbus_rtu: /dev/ttyS0, line: 9600 8N1}\n"
		  "  - {id: same, modbus_rtu: /dev/ttyS1, line: 4800 8N1}\n"
		  "  - {id: lan, modbus_tcp: \"192.0.2.1:1502\"}\n"
		  "  - {id: usual, modbus_tcp: \"192.0.2.2\"}\n"
		  "devices:\n"
		  "  - {id: a, bus: line, unit: 1, profile: gst-200}\n"
		  "  - {id: b, bus: line, unit: 2, profile: gst-200}\n"
		  "  - {id: c, bus: same, unit: 1, profile: gst-200}\n"
		  "  - {id: d, bus: lan, unit: 1, profile: honeywell-clss}\n"
		  "  - {id: e, bus: usual, unit: 1, profile: honeywell-clss}\n");
	says("as delivered gst-200 speaks 4800 8N1\n");
	says("as delivered honeywell-clss is at port 502\n");
	assert_int_equal(count("as delivered"), 2);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_what_a_live_zero_means),
		TEST(test_where_the_wiring_is_not_as_delivered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
