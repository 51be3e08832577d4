// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A points file tried out before it is used: read in place of the points of one device,
// with all the checks of a load, the whole site's ids, addresses and budgets included.
// Runs in any thread; blocks on files. Changes nothing.
#ifndef CONFIG_TRIAL_H
#define CONFIG_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

struct points_trial {
	const char *device, *file; // asked; the path is seen from the working directory
	const char *encoding;      // "utf-8", "gb18030", or NULL: told by the bytes
	// Found; what is allocated is freed by points_trial_free.
	bool met;           // the device is there
	const char *was_in; // the encoding, or NULL where the file could not be read
	const char
	    *separator; // "comma", "semicolon", "tab"; NULL: no heading was found
	char *columns;  // "编号 = id, 备注 is left out", or NULL
	unsigned heading_line; // 0 where none was found
	unsigned rows;         // below it, empty ones left out
	uint32_t *lines; // where each point of the device stands, in order of the file
	uint32_t n_lines, lines_size;
	struct problems notes; // what was put up with
};

// As site_load: NULL with problems. What was found stands even then.
struct site *site_try_points(
    const char *file, const char *panels, struct points_trial *t, struct problems *p);
void points_trial_free(struct points_trial *t); // not *t itself

#endif
