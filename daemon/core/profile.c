// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Names of a profile's enumerations as panels/*.yaml and the API write them. Owns
// nothing; any thread. The decoding itself is drivers/decode.c.
#include "core/profile.h"

#include <assert.h>

static const char *const areas[AREA_COUNT] = {
	[AREA_COIL] = "coil",
	[AREA_DISCRETE] = "discrete",
	[AREA_HOLDING] = "holding",
	[AREA_INPUT] = "input",
};

static const char *const maturities[] = {
	[MATURITY_INFERRED] = "inferred",
	[MATURITY_DOCUMENTED] = "documented",
	[MATURITY_FIELD_PROVEN] = "field-proven",
};

const char *
area_name(enum area a)
{
	assert((unsigned)a < AREA_COUNT);
	return areas[a];
}

const char *
maturity_name(enum maturity m)
{
	assert((unsigned)m < sizeof(maturities) / sizeof(maturities[0]));
	return maturities[m];
}
