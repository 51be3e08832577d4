// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Every site below tests/integration/bad_config is refused whole (I12) with exactly the
// output in its file "expected": all problems at once, in order, with place and caret.
// The folder is the working directory, so that paths are relative; profiles come from
// its own panels/ where it has one.
#include <sys/stat.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_fixture.h"
#include "test.h"

enum {
	CASES_MAX = 160,
	CASES_MIN = 71
};

static char *
read_whole(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (f == NULL)
		return NULL;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	for (int c = fgetc(f); c != EOF; c = fgetc(f))
		assert_int_not_equal(fputc(c, out), EOF);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void
test_case(void **state)
{
	const char *folder = *state;
	struct stat st;

	assert_int_equal(chdir(folder), 0);
	bool own = stat("panels", &st) == 0;
	char *expected = read_whole("expected");
	assert_non_null(expected);
	char *found = fixture_refusal("site.yaml", own ? "panels" : fixture_panels);
	assert_string_equal(found, expected);
	free(found);
	free(expected);
}

static int
is_case(const struct dirent *e)
{
	return e->d_name[0] >= '0' && e->d_name[0] <= '9';
}

int
main(void)
{
	static char folders[CASES_MAX][512];
	static struct CMUnitTest tests[CASES_MAX];
	struct dirent **list;
	char root[256];
	size_t n = 0;

	(void)snprintf(
	    root, sizeof(root), "%s/tests/integration/bad_config", fixture_source_root);
	int found = scandir(root, &list, is_case, alphasort);
	if (found < CASES_MIN || found > CASES_MAX) {
		(void)fprintf(stderr, "%d cases in %s\n", found, root);
		return 1;
	}
	for (int i = 0; i < found; i++) {
		(void)snprintf(
		    folders[n], sizeof(folders[n]), "%s/%s", root, list[i]->d_name);
		tests[n] = (struct CMUnitTest){
			.name = strrchr(folders[n], '/') + 1,
			.test_func = test_case,
			.initial_state = folders[n],
		};
		n++;
		free(list[i]);
	}
	free(list);
	return _cmocka_run_group_tests("bad_config", tests, n, NULL, NULL);
}
