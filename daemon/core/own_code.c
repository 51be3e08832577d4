// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See own_code.h.
#include "core/own_code.h"

#include <stddef.h>
#include <string.h>

bool
own_code(enum condition c, const char *code)
{
	static const struct {
		enum condition condition;
		const char *code;
	} all[] = {
#define X(id, cond, name) { cond, name },
		OWN_CODES(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].condition == c && strcmp(all[i].code, code) == 0)
			return true;
	return false;
}
