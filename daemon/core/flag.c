// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Names of the flags, as the API and the journal use them. Owns nothing; any thread.
// They stand in journals already written and never change their meaning.
#include "core/flag.h"

#include <stddef.h>
#include <string.h>

static const struct {
	enum alarm_flag flag;
	const char *name;
} names[] = {
	{ FLAG_SHELVED, "shelved" },
	{ FLAG_ISOLATED, "isolated" },
	{ FLAG_SUPPRESSED, "suppressed" },
	{ FLAG_TEST_MODE, "test_mode" },
};

const char *
flag_name(enum alarm_flag f)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].flag == f)
			return names[i].name;
	}
	return "";
}

bool
flag_from_name(const char *name, enum alarm_flag *out)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i].name, name) == 0) {
			*out = names[i].flag;
			return true;
		}
	}
	return false;
}
