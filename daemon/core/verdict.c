// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Names of verdicts and of the causes of false alarms. They stand in journals and never
// change their meaning. Owns nothing; any thread.
#include "core/verdict.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static const char *const names[VERDICT_COUNT] = {
	[VERDICT_NONE] = "",
	[VERDICT_REAL] = "real",
	[VERDICT_FALSE] = "false",
	[VERDICT_TEST] = "test",
	[VERDICT_UNKNOWN] = "unknown",
};

// What an owner can do something about, one by one.
static const char *const causes[] = {
	"cooking",
	"dust",
	"steam",
	"smoking",
	"works",
	"insects",
	"device",
	"mistake",
	"malicious",
	"other",
};

const char *
verdict_name(enum verdict v)
{
	assert((unsigned)v < VERDICT_COUNT);
	return names[v];
}

bool
verdict_from_name(const char *name, enum verdict *out)
{
	for (unsigned i = VERDICT_REAL; i < VERDICT_COUNT; i++) {
		if (strcmp(name, names[i]) == 0) {
			*out = (enum verdict)i;
			return true;
		}
	}
	return false;
}

bool
verdict_cause_known(const char *cause)
{
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		if (strcmp(cause, causes[i]) == 0)
			return true;
	}
	return false;
}

bool
verdict_asked(enum alarm_class c)
{
	return c == CLASS_FIRE || c == CLASS_PREALARM || c == CLASS_SECURITY ||
	       c == CLASS_SUPERVISORY;
}
