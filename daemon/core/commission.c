// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Names of the commissioning ledger. They stand in journals and never change their
// meaning. Owns nothing; any thread.
#include "core/commission.h"

#include <assert.h>
#include <string.h>

static const char *const verdicts[COMMISSION_VERDICT_COUNT] = {
	[COMMISSION_PROVEN] = "proven",
	[COMMISSION_FAILED] = "failed",
};

static const char *const statuses[STATUS_COUNT] = {
	[STATUS_UNTESTED] = "untested",
	[STATUS_SEEN] = "seen",
	[STATUS_PROVEN] = "proven",
	[STATUS_FAILED] = "failed",
	[STATUS_CHANGED] = "changed",
};

const char *
commission_verdict_name(enum commission_verdict v)
{
	assert((unsigned)v < COMMISSION_VERDICT_COUNT);
	return verdicts[v];
}

bool
commission_verdict_from_name(const char *name, enum commission_verdict *out)
{
	for (unsigned i = 0; i < COMMISSION_VERDICT_COUNT; i++) {
		if (strcmp(name, verdicts[i]) == 0) {
			*out = (enum commission_verdict)i;
			return true;
		}
	}
	return false;
}

const char *
commission_status_name(enum commission_status s)
{
	assert((unsigned)s < STATUS_COUNT);
	return statuses[s];
}

bool
commission_status_from_name(const char *name, enum commission_status *out)
{
	for (unsigned i = 0; i < STATUS_COUNT; i++) {
		if (strcmp(name, statuses[i]) == 0) {
			*out = (enum commission_status)i;
			return true;
		}
	}
	return false;
}
