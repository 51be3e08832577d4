// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A file that appears whole or not at all: written beside its place under a name that
// nobody can have laid a link at, flushed to the disk, renamed, and the folder flushed
// too. One thread; blocks, so it is for tools.
#ifndef CLI_WHOLE_FILE_H
#define CLI_WHOLE_FILE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdio.h>

struct whole_file {
	FILE *out;        // to write to
	const char *path; // borrowed; NULL = standard output
	char *temporary;
};

// 0, or -1 with errno; nothing is left behind then.
int whole_file_open(struct whole_file *w, const char *path);

// Ends the writing. With `keep` the file takes its place, with `mode` less the umask;
// otherwise, and on failure, nothing of it stays. 0, or -1 with errno.
int whole_file_close(struct whole_file *w, bool keep, mode_t mode);

#endif
