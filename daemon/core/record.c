// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Names of the reasons of a gap, as events write them. Owns nothing; any thread.
#include "core/record.h"

#include <assert.h>

static const char *const reasons[GAP_REASON_COUNT] = {
#define X(id, name) [id] = name,
	GAP_REASONS(X)
#undef X
};

const char *
gap_reason_name(enum gap_reason r)
{
	assert((unsigned)r < GAP_REASON_COUNT);
	return reasons[r];
}
