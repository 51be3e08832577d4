// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// One temporary folder per test program; the tests of a program run one after another.
#include "config_fixture.h"

#include <sys/stat.h>

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

const char fixture_panels[] = WR_SOURCE_ROOT "/panels";
const char fixture_source_root[] = WR_SOURCE_ROOT;

static char folder[64];

const char *
fixture_folder(void)
{
	fixture_remove();
	// In memory where there is such a place: the fuzz test writes 40,000 files.
	(void)snprintf(folder, sizeof(folder), "%s/watchroom-config-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(folder));
	return folder;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
fixture_remove(void)
{
	if (folder[0] != '\0')
		assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	folder[0] = '\0';
}

const char *
fixture_path(const char *name)
{
	static char paths[4][256];
	static unsigned turn;
	char *path = paths[turn++ % ARRAY_LEN(paths)];

	assert_true(folder[0] != '\0');
	(void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

void
fixture_write_bytes(const char *name, const void *data, size_t len)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s", fixture_path(name));
	for (char *c = path + strlen(folder) + 1; (c = strchr(c, '/')) != NULL; c++) {
		*c = '\0';
		assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
		*c = '/';
	}
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

void
fixture_write(const char *name, const char *text)
{
	fixture_write_bytes(name, text, strlen(text));
}

struct site *
fixture_load(const char *file, const char *panels)
{
	struct problems *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	struct site *s = site_load(file, panels, p);
	if (s == NULL)
		problems_print(p, stderr);
	assert_non_null(s);
	assert_int_equal(p->n, 0);
	problems_free(p);
	free(p);
	return s;
}

char *
fixture_refusal(const char *file, const char *panels)
{
	struct problems *p = calloc(1, sizeof(*p));
	char *text = NULL;
	size_t size = 0;

	assert_non_null(p);
	struct site *s = site_load(file, panels, p);
	assert_null(s);
	assert_true(p->n > 0);
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	problems_print(p, out);
	assert_int_equal(fclose(out), 0);
	problems_free(p);
	free(p);
	return text;
}
