// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See hand.h. Refuses a number that could be read in two ways: a comma, an exponent, a
// hexadecimal, blanks.
#include "core/hand.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
	DIGITS_MAX = 9
};

const char hand_code[] = "hand-differs";

static const struct {
	const char *name;
	double kpa;
} units[HAND_UNIT_COUNT] = {
#define X(id, name, kpa) [id] = { name, kpa },
	HAND_UNITS(X)
#undef X
};

static const char *const answers[HAND_ANSWER_COUNT] = {
#define X(id, name) [id] = name,
	HAND_ANSWERS(X)
#undef X
};

bool
hand_unit_from_name(const char *name, enum hand_unit *out)
{
	for (enum hand_unit u = 0; u < HAND_UNIT_COUNT; u++) {
		if (strcmp(units[u].name, name) == 0) {
			*out = u;
			return true;
		}
	}
	return false;
}

const char *
hand_unit_name(enum hand_unit u)
{
	assert((unsigned)u < HAND_UNIT_COUNT);
	return units[u].name;
}

bool
hand_parse(const char *text, enum hand_unit u, double *out)
{
	bool negative = *text == '-', dot = false;
	double n = 0.0, scale = 1.0;
	unsigned digits = 0;

	for (const char *c = text + negative; *c != '\0'; c++) {
		if (*c == '.' && !dot && digits > 0) {
			dot = true;
			continue;
		}
		if (*c < '0' || *c > '9' || ++digits > DIGITS_MAX)
			return false;
		n = n * 10.0 + (*c - '0');
		scale *= dot ? 10.0 : 1.0;
	}
	if (digits == 0 || text[strlen(text) - 1] == '.')
		return false;
	*out = n * units[u].kpa / scale * (negative ? -1.0 : 1.0);
	return *out >= HAND_LEAST && *out <= HAND_MOST;
}

enum hand_answer
hand_compare(double value, double sensor, const struct hand_rule *rule)
{
	static const double rounding = 1e-6; // of decimals in binary, kPa

	if (isnan(sensor))
		return HAND_NO_SENSOR;
	if (rule == NULL)
		return HAND_NO_TOLERANCE;
	return fabs(sensor - value) <= rule->tolerance + rounding ? HAND_AGREES
								  : HAND_DIFFERS;
}

const char *
hand_answer_name(enum hand_answer a)
{
	assert((unsigned)a < HAND_ANSWER_COUNT);
	return answers[a];
}
