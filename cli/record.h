// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The head of a recording, from the site that it was taken at. Private to the tool.
#ifndef CLI_RECORD_H
#define CLI_RECORD_H

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

#endif
