// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Finds the program's own read-only files, from a build tree as well as installed. Used
// at start-up, by one thread. It refuses to search: each place is named in paths.h,
// and the working directory is never one of them.
#include "lib/paths.h"

#include <sys/stat.h>

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"

static bool
is_directory(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

// Takes the last component off; false at the root.
static bool
go_up(char *path)
{
	char *slash = strrchr(path, '/');
	if (!slash || slash == path)
		return false;
	*slash = '\0';
	return true;
}

// The folder of the running program; false where /proc does not tell.
static bool
program_folder(char out[static PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
	if (n <= 0)
		return false;
	out[n] = '\0';
	return go_up(out);
}

char *
paths_data(const char *sub)
{
	const char *set = getenv("WATCHROOM_DATA");
	if (set && *set)
		return xasprintf("%s/%s", set, sub);
	char folder[PATH_MAX];
	bool have = program_folder(folder);
	for (int level = 0; have && level < 3; level++) {
		char *path = xasprintf("%s/%s", folder, sub);
		if (is_directory(path))
			return path;
		free(path);
		have = go_up(folder);
	}
	return xasprintf("%s/%s", WATCHROOM_DATADIR, sub);
}

char *
paths_control(const char *state_directory)
{
	return xasprintf("%s/control", state_directory);
}

// The path where it can be run, else NULL. Takes `path` over.
static char *
if_runnable(char *path)
{
	struct stat st;
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0)
		return path;
	free(path);
	return NULL;
}

char *
paths_program(const char *name)
{
	char folder[PATH_MAX];
	char *found = NULL;
	if (program_folder(folder)) {
		found = if_runnable(xasprintf("%s/%s", folder, name));
		if (!found)
			found = if_runnable(xasprintf("%s/../cli/%s", folder, name));
		if (!found)
			found = if_runnable(xasprintf("%s/../daemon/%s", folder, name));
	}
	if (!found)
		found = if_runnable(xasprintf("%s/%s", WATCHROOM_BINDIR, name));
	return found;
}
