// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Reading a site: YAML with our schema, panel profiles and CSV points into one
// immutable struct site, or all errors at once. Runs in any thread; blocks on files.
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stddef.h>
#include <stdio.h>

#include "core/site.h"
#include "lib/err.h"

// All errors found, in order of file and line. Bounded; `more` counts those beyond.
enum {
	PROBLEMS_MAX = 200
};
struct problems {
	size_t n;
	size_t more;
	struct err items[PROBLEMS_MAX];
	char *source[PROBLEMS_MAX]; // the source line for the caret, or NULL
};

// Loads FILE and all it includes. `panels` is the directory of profiles. Returns NULL
// with at least one problem. On success the caller frees with site_free. `p` is
// caller's, zeroed; free its lines with problems_free.
struct site *site_load(const char *file, const char *panels, struct problems *p);
// The same, with the bus that the recording `replay` was taken from being played from
// that file (watchroom-recording(5)).
struct site *site_load_replay(
    const char *file, const char *panels, const char *replay, struct problems *p);
// The same as site_load, and where it loads, what it changes against the site AGAINST
// (most often a saved copy) on `out`: "revision OLD -> NEW" (OLD is "unknown" where
// AGAINST does not load), then a line for each change, or "nothing changes".
struct site *site_load_changes(const char *file, const char *panels,
    const char *against, struct problems *p, FILE *out);
void site_free(struct site *s); // NULL is fine

// "file:line:col: error: text", the line and a caret, for each; as a person reads it.
void problems_print(const struct problems *p, FILE *out);
void problems_print_as(const struct problems *p, const char *word, FILE *out);
void problems_free(struct problems *p);

// Copies every file that FILE needs (includes, CSV, used profiles, secrets) to DIR
// atomically: a new directory takes the old one's place. 0, or -1 with *err. The copy
// is loaded with site_load("DIR/site.yaml", ..): any file name in DIR will do, `panels`
// is not looked at, and paths mean what they meant where the copy was made.
int site_save_copy(
    const char *file, const char *panels, const char *dir, struct err *err);

// Prints buses, loads, devices, points and detection budgets for --check.
void site_print_summary(const struct site *s, FILE *out);

// Where profiles are: $WATCHROOM_PANELS, else the build's installed directory.
const char *panels_directory(void);

#endif
