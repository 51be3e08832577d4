// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Files of a site in a temporary folder, and loading them, for the tests of config.
#ifndef TESTS_UNIT_CONFIG_FIXTURE_H
#define TESTS_UNIT_CONFIG_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

// Folder of the test, made anew; removed by fixture_remove. Static storage.
const char *fixture_folder(void);
void fixture_remove(void);

// Writes a file below the folder, its own folders included.
void fixture_write(const char *name, const char *text);
void fixture_write_bytes(const char *name, const void *data, size_t len);

// Path of a file below the folder; static storage, valid until the fourth further call.
const char *fixture_path(const char *name);

// Profiles and sites of the source tree.
extern const char fixture_panels[], fixture_source_root[];

// Loads a file that must be good; its problems are printed where it is not.
struct site *fixture_load(const char *file, const char *panels);

// Loads a file that must be refused; returns the problems as printed, caller frees.
char *fixture_refusal(const char *file, const char *panels);

#endif
