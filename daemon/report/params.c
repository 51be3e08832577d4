// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See params.h.
#include "report/params.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/event.h"

static const char *
value_of(const char *params, const char *key)
{
	char wanted[64];
	(void)snprintf(wanted, sizeof(wanted), "\"%s\":", key);
	const char *at = strstr(params, wanted);
	return at != NULL ? at + strlen(wanted) : NULL;
}

int64_t
params_number(const char *params, const char *key, int64_t otherwise)
{
	const char *at = value_of(params, key);
	return at != NULL ? strtoll(at, NULL, 10) : otherwise;
}

// One character after a backslash; control characters are blanks to a reader.
static char
unescaped(const char **at)
{
	char c = **at;
	if (c == 'u' && strlen(*at) > 4) {
		*at += 4;
		return ' ';
	}
	return c == '"' || c == '\\' || c == '/' ? c : ' ';
}

double
params_double(const char *params, const char *key)
{
	const char *at = value_of(params, key);
	char *end;
	double x = at != NULL ? strtod(at, &end) : (double)NAN;
	return at == NULL || end == at ? (double)NAN : x;
}

void
params_text(const char *params, const char *key, char *out, size_t size)
{
	const char *at = value_of(params, key);
	size_t n = 0;
	if (at != NULL && *at == '"') {
		for (at++; *at != '\0' && *at != '"' && n + 1 < size; at++) {
			char c = *at;
			if (c == '\\' && at[1] != '\0') {
				at++;
				c = unescaped(&at);
			}
			out[n++] = c;
		}
	}
	out[n] = '\0';
}
