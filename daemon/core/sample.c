// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The names of sample qualities as journal and API carry them. Owns nothing; any
// thread. A name, once written to a journal, never changes its meaning.
#include "core/sample.h"

#include <assert.h>

static const char *const qualities[QUALITY_COUNT] = {
	[QUALITY_GOOD] = "good",
	[QUALITY_UNCERTAIN] = "uncertain",
	[QUALITY_BAD] = "bad",
	[QUALITY_UNKNOWN] = "unknown",
};

const char *
quality_name(enum quality q)
{
	assert((unsigned)q < QUALITY_COUNT);
	return qualities[q];
}
