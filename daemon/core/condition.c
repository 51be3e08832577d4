// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Condition and class names, and the one table that maps a condition to its class.
// Owns nothing; any thread. Refuses to guess: an unknown name is no condition.
// The names stand in journals already written, so a name never changes its meaning.
#include "core/condition.h"

#include <assert.h>
#include <string.h>

// clang-format off
static const struct {
	const char *name;
	enum alarm_class alarm_class;
} conditions[COND_COUNT] = {
	[COND_FIRE]        = { "fire",        CLASS_FIRE },
	[COND_PREALARM]    = { "prealarm",    CLASS_PREALARM },
	[COND_SECURITY]    = { "security",    CLASS_SECURITY },
	[COND_SUPERVISORY] = { "supervisory", CLASS_SUPERVISORY },
	[COND_ACTIVATED]   = { "activated",   CLASS_INFO },
	[COND_FEEDBACK]    = { "feedback",    CLASS_INFO },
	[COND_PROCESS]     = { "process",     CLASS_PROCESS },
	[COND_FAULT]       = { "fault",       CLASS_FAULT },
	[COND_DISABLED]    = { "disabled",    CLASS_DISABLED },
	[COND_TEST]        = { "test",        CLASS_INFO },
	[COND_INFO]        = { "info",        CLASS_INFO },
	[COND_LINK]        = { "link",        CLASS_FAULT },
};

static const char *const classes[CLASS_COUNT] = {
	[CLASS_FIRE]        = "fire",
	[CLASS_PREALARM]    = "prealarm",
	[CLASS_SECURITY]    = "security",
	[CLASS_SUPERVISORY] = "supervisory",
	[CLASS_FAULT]       = "fault",
	[CLASS_DISABLED]    = "disabled",
	[CLASS_PROCESS]     = "process",
	[CLASS_INFO]        = "info",
	[CLASS_SYSTEM]      = "system",
};
// clang-format on

const char *
condition_name(enum condition c)
{
	assert((unsigned)c < COND_COUNT);
	return conditions[c].name;
}

bool
condition_from_name(const char *name, enum condition *out)
{
	for (unsigned i = 0; i < COND_COUNT; i++) {
		if (strcmp(name, conditions[i].name) == 0) {
			*out = (enum condition)i;
			return true;
		}
	}
	return false;
}

enum alarm_class
condition_class(enum condition c)
{
	assert((unsigned)c < COND_COUNT);
	return conditions[c].alarm_class;
}

const char *
class_name(enum alarm_class c)
{
	assert((unsigned)c < CLASS_COUNT);
	return classes[c];
}

bool
class_from_name(const char *name, enum alarm_class *out)
{
	for (unsigned i = 0; i < CLASS_COUNT; i++) {
		if (strcmp(name, classes[i]) == 0) {
			*out = (enum alarm_class)i;
			return true;
		}
	}
	return false;
}
