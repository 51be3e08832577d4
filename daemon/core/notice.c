// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Names of notice states as the outbox table stores them. Owns nothing; any thread.
// A name, once written to an outbox, never changes its meaning: a restart reads what
// an older run wrote.
#include "core/notice.h"

#include <assert.h>
#include <string.h>

static const char *const states[NOTICE_STATE_COUNT] = {
	[NOTICE_OWED] = "owed",
	[NOTICE_DELIVERED] = "delivered",
	[NOTICE_FAILED] = "failed",
	[NOTICE_CANCELLED] = "cancelled",
};

const char *
notice_state_name(enum notice_state s)
{
	assert((unsigned)s < NOTICE_STATE_COUNT);
	return states[s];
}

bool
notice_state_from_name(const char *name, enum notice_state *out)
{
	for (unsigned i = 0; i < NOTICE_STATE_COUNT; i++) {
		if (strcmp(name, states[i]) == 0) {
			*out = (enum notice_state)i;
			return true;
		}
	}
	return false;
}
