// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The last good copy: it loads alike from wherever it lies, with the files it was made
// from gone or broken; a new one takes the old one's place whole.
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_fixture.h"
#include "test.h"

static void
write_site(void)
{
	fixture_write("etc/site.yaml", "site: {id: s, time_zone: UTC}\n"
				       "store: {directory: data}\n"
				       "buses:\n"
				       "  - {id: b, modbus_tcp: \"192.0.2.1\"}\n"
				       "devices: [{id: d, bus: b, unit: 1, profile: "
				       "iologik-e1200, points: ../p.csv}]\n"
				       "hosts: [{id: h, kind: camera, place: {en: H}, "
				       "rtsp: {url: \"rtsp://192.0.2.8/\", user: u, "
				       "password: {file: h.word}}}]\n"
				       "include: [sub/more.yaml]\n");
	fixture_write("etc/h.word", "mellon\n");
	fixture_write(
	    "etc/sub/more.yaml", "channels: [{id: c, webhook: {file: c.url}}]\n");
	fixture_write("etc/sub/c.url", "http://192.0.2.7/hook\n");
	fixture_write("p.csv", "id,item,device,kind,place_en\nx,di,0,door,Door\n");
}

static int
set_up(void **state)
{
	(void)state;
	(void)fixture_folder();
	write_site();
	assert_int_equal(mkdir(fixture_path("state"), 0755), 0);
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
save(void)
{
	struct err e = { 0 };

	if (site_save_copy(fixture_path("etc/site.yaml"), fixture_panels,
		fixture_path("state/last-good"), &e) != 0)
		fail_msg("%s", e.text);
}

static void
test_copy_loads_without_the_originals(void **state)
{
	char revision[17];

	(void)state;
	struct site *s = fixture_load(fixture_path("etc/site.yaml"), fixture_panels);
	memcpy(revision, s->revision, sizeof(revision));
	site_free(s);
	save();
	assert_int_equal(unlink(fixture_path("p.csv")), 0);
	assert_int_equal(unlink(fixture_path("etc/sub/c.url")), 0);
	assert_int_equal(unlink(fixture_path("etc/sub/more.yaml")), 0);
	assert_int_equal(unlink(fixture_path("etc/h.word")), 0);
	fixture_write("etc/site.yaml", "broken: [\n");
	// No folder of profiles, and moved: nothing but the copy is read.
	assert_int_equal(
	    rename(fixture_path("state/last-good"), fixture_path("moved")), 0);
	s = fixture_load(fixture_path("moved/site.yaml"), "/nowhere");
	assert_string_equal(s->revision, revision);
	assert_int_equal(s->n_site_points, 2);
	assert_string_equal(s->hosts[0].password, "mellon");
	assert_string_equal(s->channels[0].url, "http://192.0.2.7/hook");
	// Relative paths mean what they meant where the copy was made.
	assert_string_equal(s->store_directory, fixture_path("etc/data"));
	site_free(s);
}

static void
test_copy_is_private(void **state)
{
	struct stat st;

	(void)state;
	save();
	assert_int_equal(stat(fixture_path("state/last-good"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(fixture_path("state/last-good/site.yaml"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(fixture_path("state/last-good/0005-h.word"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
test_new_copy_takes_the_place(void **state)
{
	(void)state;
	save();
	fixture_write("p.csv", "id,item,device,kind,place_en\ny,di,1,door,Gate\n");
	// What a crash between writing and exchanging would leave.
	fixture_write("state/last-good.new/site.yaml", "half");
	save();
	struct site *s =
	    fixture_load(fixture_path("state/last-good/site.yaml"), "/nowhere");
	assert_string_equal(s->points[0].id, "y");
	site_free(s);
	assert_int_not_equal(access(fixture_path("state/last-good.new"), F_OK), 0);
	assert_int_not_equal(access(fixture_path("state/last-good.old"), F_OK), 0);
}

static void
test_i12_bad_site_leaves_the_copy_alone(void **state)
{
	struct err e = { 0 };

	(void)state;
	save();
	fixture_write("p.csv", "id,item,device,kind,place_en\nx,di,99,door,Door\n");
	assert_int_equal(site_save_copy(fixture_path("etc/site.yaml"), fixture_panels,
			     fixture_path("state/last-good"), &e),
	    -1);
	assert_non_null(strstr(e.text, "must be 0 to 15"));
	assert_int_equal(e.line, 2);
	struct site *s =
	    fixture_load(fixture_path("state/last-good/site.yaml"), "/nowhere");
	assert_string_equal(s->points[0].id, "x");
	site_free(s);
}

static void
test_copy_that_lacks_a_file_says_so(void **state)
{
	(void)state;
	save();
	assert_int_equal(unlink(fixture_path("state/last-good/0001-more.yaml")), 0);
	char *text =
	    fixture_refusal(fixture_path("state/last-good/site.yaml"), "/nowhere");
	assert_non_null(strstr(text, "cannot read"));
	free(text);
	fixture_write(
	    "state/last-good/watchroom-copy.map", "watchroom-copy 1\n../x\t/y\n");
	text = fixture_refusal(fixture_path("state/last-good/site.yaml"), "/nowhere");
	assert_non_null(strstr(text, "watchroom-copy.map is damaged"));
	free(text);
}

static void
test_unwritable_folder_is_an_error(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(site_save_copy(fixture_path("etc/site.yaml"), fixture_panels,
			     fixture_path("nowhere/last-good"), &e),
	    -1);
	assert_non_null(strstr(e.text, "cannot save a copy in"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_copy_loads_without_the_originals, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_copy_is_private, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_new_copy_takes_the_place, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_i12_bad_site_leaves_the_copy_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_copy_that_lacks_a_file_says_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_unwritable_folder_is_an_error, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
