// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The head of a recording, from the site that it was taken at, and recording without a
// daemon. Private to the tool.
#ifndef CLI_RECORD_H
#define CLI_RECORD_H

#include <signal.h>
#include <stdio.h>

#include "core/site.h"

struct record_head {
	const struct site *site;
	uint16_t bus;
	const char *recorded; // who, where, when
	const char *note;     // or NULL
};

// Places are left out, for a recording may be sent to others: a point's place is its
// id. A device whose profile the site completes, and a point with a scale or a
// supervised loop, are named in a comment only: with -c `watchroom replay` has them.
void record_head_write(const struct record_head *h, FILE *out);

struct record_direct {
	const struct site *site; // its devices' dialogs are switched off
	uint16_t bus;
	uint32_t for_ms;  // 0 = until a signal
	size_t bytes_max; // ends it
	FILE *out;
	const volatile sig_atomic_t *stopped;
};

struct record_count {
	size_t lines, bytes;
	int64_t ms; // it took
};

// Runs the bus here and writes what passes over it. Blocks.
void record_direct(const struct record_direct *d, struct record_count *count);

#endif
